"""The encoder: VGG's convolutions as a function from a picture to the activations of named layers.

Knows a topology (`EncoderSpec` and thirteen weights) and how to run it up to the deepest layer asked for. Must not know
losses, files, jobs or pixels of any depth but float. ``stylize`` calls it through the `Encoder` protocol, which any
`nn.Module` of the user's own can satisfy.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.pulse import Pulse, steady

# Simonyan and Zisserman 2015 (arXiv 1409.1556), table 1, configuration E, up to the last layer that Gatys uses.
VGG19_BLOCKS = (2, 2, 4, 4, 1)
VGG19_CHANNELS = (64, 128, 256, 512, 512)
MOST_SHRUNK = 32  # times on CUDA, whose kernel has the weights of a pixel in shared memory: it refuses about 47
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def vgg19_layers() -> tuple[str, ...]:
    """The layers' names in order: conv1_1, relu1_1, conv1_2, relu1_2, pool1, …, pool4, conv5_1, relu5_1."""
    names: list[str] = []
    for block, convolutions in enumerate(VGG19_BLOCKS, 1):
        for index in range(1, convolutions + 1):
            names += [f"conv{block}_{index}", f"relu{block}_{index}"]
        names += [f"pool{block}"] if block < len(VGG19_BLOCKS) else []
    return tuple(names)


class Encoder(Protocol):
    """Anything that turns a picture into features; a typed `nn.Module` with this call is one."""

    def __call__(self, image: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """Activations of `layers` for an image (1, 3, H, W) in [0, 1] RGB; each value is (1, C, h, w).

        Raises:
            KeyError: a layer of that name does not exist.
        """
        ...


@dataclass(frozen=True)
class EncoderSpec:
    """What an encoder file says about itself beside its weights.

    Attributes:
        name: e.g. ``vgg19-slim``.
        layers: names in order of execution; conv*, relu* and pool* are understood.
        pooling: ``max`` or ``avg``, 2x2 with stride 2 (Gatys 2015 §2: average pooling gives slightly smoother results).
        padding: ``zeros`` or ``replicate`` at every convolution.
        scale, channel_order, mean, std: an image u in [0, 1] enters as (u[channel_order] * scale - mean) / std.
        card: how the weights came to be, for people.
    """

    name: str
    layers: tuple[str, ...] = field(default_factory=vgg19_layers)
    pooling: str = "max"
    padding: str = "zeros"
    scale: float = 1.0
    channel_order: str = "rgb"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    card: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("pooling", self.pooling, ("max", "avg")),
            ("padding", self.padding, ("zeros", "replicate")),
            ("channel_order", self.channel_order, ("rgb", "bgr")),
        ):
            if value not in allowed:
                raise ValueError(f"encoder {self.name}: {name} is {value!r}; {' and '.join(allowed)} are understood")
        if any(layer.rstrip("_0123456789") not in ("conv", "relu", "pool") for layer in self.layers):
            raise ValueError(f"encoder {self.name}: layers are named conv*, relu* or pool*, not {self.layers}")

    @property
    def convolutions(self) -> tuple[str, ...]:
        """Names of the convolutions, in order."""
        return tuple(name for name in self.layers if name.startswith("conv"))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the form that encoder files carry; unknown keys are refused, as they could change what is computed."""
        known = dict(data)
        if known.pop("format", 1) != 1:
            raise ValueError(f"encoder file of format {data['format']}; this version reads format 1")
        for name in ("layers", "mean", "std"):
            known[name] = tuple(known[name])
        return cls(**known)


class VGG(nn.Module):
    """A chain of 3x3 convolutions, ReLUs and 2x2 poolings with fixed weights (W, b never move; X is what moves)."""

    mean: Tensor
    std: Tensor

    def __init__(self, spec: EncoderSpec, weights: Mapping[str, Tensor]) -> None:
        """Takes `<conv>.weight` (out, in, 3, 3) and `<conv>.bias` (out,) for each convolution of `spec`.

        Raises:
            ValueError: a weight is missing or of the wrong shape; says which and what was expected.
        """
        super().__init__()
        self.spec = spec
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(spec.std).view(1, -1, 1, 1))
        self.steps = nn.ModuleDict()
        self.pulse: Pulse = steady  # whoever runs the chain itself calls it, see `pulsing`
        channels = 3
        for name in spec.layers:
            self.steps[name], channels = self._layer(name, channels, weights)
        self.requires_grad_(requires_grad=False).eval()

    def _layer(self, name: str, channels: int, weights: Mapping[str, Tensor]) -> tuple[nn.Module, int]:
        if name.startswith("relu"):
            return nn.ReLU(inplace=True), channels
        if name.startswith("pool"):
            return (nn.MaxPool2d(2) if self.spec.pooling == "max" else nn.AvgPool2d(2)), channels
        weight, bias = weights.get(f"{name}.weight"), weights.get(f"{name}.bias")
        if weight is None or bias is None:
            raise ValueError(f"encoder {self.spec.name}: weights of {name} are missing")
        expected = (len(bias), channels, 3, 3)
        if tuple(weight.shape) != expected:
            raise ValueError(f"encoder {self.spec.name}: {name} has shape {tuple(weight.shape)}, expected {expected}")
        mode: Literal["zeros", "replicate"] = "zeros" if self.spec.padding == "zeros" else "replicate"
        layer = nn.Conv2d(channels, len(bias), 3, padding=1, padding_mode=mode)
        layer.weight.data, layer.bias.data = weight.float(), bias.float()  # type: ignore[union-attr]  # bias exists
        return layer, len(bias)

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Activations of `layers` for (1, 3, H, W) in [0, 1] RGB; runs no further than the deepest of them."""
        for name in layers:
            if name not in self.steps:
                raise KeyError(f"encoder {self.spec.name} has no layer {name!r}; it has {', '.join(self.spec.layers)}")
        wanted, found, x = set(layers), {}, self.entered(image)
        for name, step in self.steps.items():
            x = step(x)
            if name in wanted:
                wanted.remove(name)
                # The next ReLU works in place: features taken before it must be a copy of their own.
                found[name] = x.clone() if name.startswith("conv") else x
            if not wanted:
                break
        return found

    def entered(self, image: Tensor) -> Tensor:
        """An image as the first layer takes it."""
        x = image if self.spec.channel_order == "rgb" else image.flip(1)
        return (x * self.spec.scale - self.mean) / self.std

    def extra_repr(self) -> str:
        """Name and width, for logs."""
        widths = [int(layer.out_channels) for layer in self.steps.values() if isinstance(layer, nn.Conv2d)]
        return f"{self.spec.name}, channels {widths}, {self.spec.pooling} pooling, {self.spec.padding} padding"


@contextmanager
def pulsing(encoder: Encoder, pulse: Pulse) -> Iterator[None]:
    """While open, `pulse` is called after every layer, forward and backward, of any encoder that is an `nn.Module`.

    It may raise to stop the computation between two layers: that is how a cancel is seen inside a step.
    """
    if not isinstance(encoder, nn.Module):
        yield
        return

    def after_forward(_layer: nn.Module, _inputs: object, output: object) -> None:
        pulse()
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(lambda _gradient: pulse())

    leaves = [layer for layer in encoder.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(after_forward) for layer in leaves]
    if isinstance(encoder, VGG):
        encoder.pulse = pulse
    try:
        yield
    finally:
        if isinstance(encoder, VGG):
            encoder.pulse = steady
        for hook in hooks:
            hook.remove()


def resize(image: Tensor, height: int, width: int) -> Tensor:
    """Antialiased bicubic resampling of (1, C, H, W) in floats; the same tensor where nothing changes."""
    if tuple(image.shape[2:]) == (height, width):
        return image
    if image.is_cuda and max(image.shape[2] / height, image.shape[3] / width) > MOST_SHRUNK:
        return resize(image.cpu(), height, width).to(image.device)
    return F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False)
