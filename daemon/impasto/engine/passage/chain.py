"""The chain: VGG as units of convolution, ReLU and pooling, which can be run forward and back a few rows at a time.

Knows weights and how borders are padded. Must not know losses, which layers are wanted or what is kept. ``passage``
runs it. There is no gradient to weights, as they never move: the way back of a convolution is a convolution with its
weights turned around, in whatever precision it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.encoder import VGG

INNERMOST = torch.channels_last  # the layout that processors' matrix units want, and rows are slices of memory in it


@dataclass(frozen=True)
class Unit:
    """A 3x3 convolution, its ReLU, and the 2x2 pooling after it, if there is one.

    Attributes:
        name: of the ReLU, by which its features are known.
        pool: ``max`` or ``avg``.
        padding: ``zeros``, ``replicate`` or ``circular``.
        weight: (out, in, 3, 3).
        bias: (out,).
        turned: (in, out, 3, 3): the weights of the way back, in its precision.
    """

    name: str
    pool: Literal["max", "avg"] | None
    padding: str
    weight: Tensor
    bias: Tensor
    turned: Tensor

    @property
    def channels(self) -> int:
        """Of the output."""
        return len(self.bias)

    def ahead(self, x: Tensor, first: int, rows: range, height: int) -> Tensor:
        """The layer's `rows`, after the ReLU.

        Args:
            x: rows of the input from `first` on, one more on either side than `rows` where there is one.
            first: see above.
            rows: wanted; all of them where the padding goes around.
            height: of the whole layer.
        """
        top, bottom = rows.start == 0, rows.stop == height
        piece = x[:, :, max(rows.start - 1, 0) - first : min(rows.stop + 1, height) - first]
        if self.padding != "zeros":
            piece = F.pad(piece, (1, 1, int(top), int(bottom)), mode=self.padding).contiguous(memory_format=INNERMOST)
            return F.conv2d(piece, self.weight, self.bias).relu_()
        if piece.is_cuda and top and bottom and piece.dtype is torch.float32 and torch.backends.cudnn.is_available():
            # Bias and ReLU at no cost, while the sums are still in registers; by themselves they take as long again.
            return torch.cudnn_convolution_relu(piece, self.weight, self.bias, (1, 1), (1, 1), (1, 1), 1)
        return _convolved(piece, self.weight, self.bias, 1, top, bottom).relu_()

    def back(self, gradient: Tensor, first: int, rows: range, height: int) -> Tensor:
        """The gradient of the input's `rows` from that of the convolution's output; arguments as for `ahead`."""
        top, bottom = rows.start == 0, rows.stop == height
        piece = gradient[:, :, max(rows.start - 1, 0) - first : min(rows.stop + 1, height) - first]
        if self.padding == "zeros":
            return _convolved(piece, self.turned, None, 1, top, bottom)
        wide = _convolved(piece, self.turned, None, 2, top, bottom)
        folded = _folded(wide, int(top), int(bottom), around=self.padding == "circular")
        return folded.contiguous(memory_format=INNERMOST)


def _convolved(piece: Tensor, weight: Tensor, bias: Tensor | None, padding: int, top: bool, bottom: bool) -> Tensor:  # noqa: FBT001
    """With so many zeros on the left and on the right, and above and below where the picture ends there."""
    if top and bottom:
        return F.conv2d(piece, weight, bias, padding=padding)
    if top or bottom:
        piece = F.pad(piece, (0, 0, padding * top, padding * bottom))
    return F.conv2d(piece, weight, bias, padding=(0, padding))


def _folded(wide: Tensor, top: int, bottom: int, *, around: bool) -> Tensor:
    """The way back of padding: what the border got goes to the pixels that it was copied from; then it is cut."""
    height, width = wide.shape[2] - top - bottom, wide.shape[3] - 2
    left, right = (width, 1) if around else (1, width)
    wide[..., left] += wide[..., 0]
    wide[..., right] += wide[..., width + 1]
    if top:
        wide[:, :, height if around else 1] += wide[:, :, 0]
    if bottom:
        wide[:, :, top if around else top + height - 1] += wide[:, :, top + height]
    return wide[:, :, top : top + height, 1 : width + 1]


class Chain:
    """The units of an encoder, ready for a precision of the way back; `tf32` says that a GPU may go there in TF32."""

    def __init__(self, encoder: VGG, dtype: torch.dtype, *, tf32: bool = False) -> None:
        """Takes the weights as they are, beside their turned copies in `dtype`."""
        self.units, self.dtype, self.tf32 = tuple(_units(encoder, dtype)), dtype, tf32
        self.names = frozenset(unit.name for unit in self.units)

    def upto(self, layers: Sequence[str]) -> tuple[Unit, ...]:
        """The units up to the deepest of `layers`; its pooling is no longer needed."""
        deepest = max(index for index, unit in enumerate(self.units) if unit.name in layers)
        return self.units[: deepest + 1]

    def sizes(self, height: int, width: int) -> dict[str, tuple[int, int]]:
        """Of each layer, for a picture of that size."""
        found = {}
        for unit in self.units:
            found[unit.name] = height, width
            if unit.pool:
                height, width = height // 2, width // 2
        return found

    @property
    def strides(self) -> dict[str, int]:
        """How many pixels lie between two positions of each layer."""
        found, stride = {}, 1
        for unit in self.units:
            found[unit.name] = stride
            stride *= 2 if unit.pool else 1
        return found

    def __repr__(self) -> str:
        return f"<Chain of {len(self.units)} units [back in {self.dtype}]>"


def _units(encoder: VGG, dtype: torch.dtype) -> list[Unit]:
    layers, units = encoder.spec.layers, list[Unit]()
    for index, name in enumerate(layers):
        if not name.startswith("conv"):
            continue
        layer = encoder.steps[name]
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        pooled = layers[index + 2 : index + 3] and layers[index + 2].startswith("pool")
        weight = layer.weight.detach().contiguous(memory_format=INNERMOST)
        turned = weight.flip(2, 3).transpose(0, 1).to(dtype).contiguous(memory_format=INNERMOST)
        pool: Literal["max", "avg"] | None = ("max" if encoder.spec.pooling == "max" else "avg") if pooled else None
        units.append(Unit(layers[index + 1], pool, layer.padding_mode, weight, layer.bias.detach(), turned))
    return units


_CHAINS: WeakKeyDictionary[VGG, dict[tuple[torch.dtype, bool, int], Chain]] = WeakKeyDictionary()


def chain_of(encoder: object, dtype: torch.dtype, layers: Sequence[str] = (), *, tf32: bool = False) -> Chain | None:
    """The chain of an encoder that is one, for features of `layers`; kept as long as the encoder lives.

    None where the encoder is another module, does something else between its convolutions, or other layers than ReLUs
    are wanted: then autograd finds the gradient, in full precision.
    """
    if not isinstance(encoder, VGG) or not _alternates(encoder.spec.layers):
        return None
    first = next(encoder.parameters())
    key = dtype, tf32, first.data_ptr()  # moved to another device or type it has other weights
    found = _CHAINS.setdefault(encoder, {})
    if key not in found:
        found[key] = Chain(encoder, dtype, tf32=tf32)
    return found[key] if found[key].names.issuperset(layers) else None


def _alternates(layers: Sequence[str]) -> bool:
    """Whether every convolution has its ReLU and every pooling follows one."""
    kinds = [name.rstrip("_0123456789") for name in layers]
    before = {"conv": ("", "relu", "pool"), "relu": ("conv",), "pool": ("relu",)}
    complete = not kinds or kinds[-1] != "conv"
    return complete and all(one in before[other] for one, other in zip(["", *kinds], kinds, strict=False))
