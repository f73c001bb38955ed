"""VGG-19 up to relu5_1 at a fraction of its width, with batch norm while it learns, and the heads that teach it.

Knows layers and the tasks' losses; must never know how pictures are drawn or files are written. Called by the loop and
the export. The topology is the engine's.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.encoder import VGG19_CHANNELS, vgg19_layers

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
TAUGHT = {"relu2_1": 0.25, "relu3_1": 0.25, "relu4_1": 0.5, "relu5_1": 1.0}
"""Layers whose statistics must tell the families apart, with the weight of that loss."""
DENSE = {"relu3_1": 4, "relu4_1": 8, "relu5_1": 16}
"""Layers that must tell, position by position, what was there, with their stride in pixels."""
SUBCELLS = 4
PICTURE_VARIANCE = 0.05


def channels(name: str, width: float) -> int:
    """Channels of the named layer at the given fraction of full width, at least 4."""
    return max(4, round(VGG19_CHANNELS[int(name[4]) - 1] * width))


class Network(nn.Module):
    """Pictures (b, 3, h, w) in [0, 1] → {name: (b, c, h', w')} of all its ReLU layers."""

    def __init__(self, width: float) -> None:
        """Build it with PyTorch's own random start; `initialise` makes that a function of a seed."""
        super().__init__()
        self.width = width
        self.convolutions, self.norms = nn.ModuleDict(), nn.ModuleDict()
        before = 3
        for name in vgg19_layers():
            if name.startswith("conv"):
                after = channels(name, width)
                self.convolutions[name] = nn.Conv2d(before, after, 3, bias=False)
                self.norms[name] = nn.BatchNorm2d(after)
                before = after

    @torch.no_grad()
    def calm(self) -> None:
        """Take out of the first filters what they answer to the finest frequency that pixels can hold; after each step.

        What the first filters cannot see, no gradient can paint: without this a stylised picture is covered by a fine
        regular grain. They stay sums of products of (1, 2, 1) and (1, 0, -1), across and down.
        """
        basis = torch.tensor([[1.0, 2.0, 1.0], [1.0, 0.0, -1.0]])
        basis = basis / basis.norm(dim=1, keepdim=True)
        projection = basis.T @ basis
        weight = next(self.convolutions["conv1_1"].parameters())  # its only one: batch norm has the bias
        weight.copy_(torch.einsum("oiyx,yv,xw->oivw", weight, projection, projection))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Activations after every ReLU."""
        mean, std = (pictures.new_tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
        x, taps = (pictures - mean) / std, {}
        for name in vgg19_layers():
            if name.startswith("conv"):
                x = self.norms[name](self.convolutions[name](F.pad(x, (1, 1, 1, 1), mode="replicate")))
            elif name.startswith("pool"):
                x = F.avg_pool2d(x, 2)
            else:
                x = taps[name] = F.relu(x)
        return taps


class Heads(nn.Module):
    """What is read off the activations while they learn, and thrown away afterwards."""

    def __init__(self, width: float, families: int) -> None:
        """One linear reading of each taught layer's mean and deviation, one 1x1 convolution for each dense one."""
        super().__init__()
        self.family = nn.ModuleDict({n: reading(2 * channels(n, width), families) for n in TAUGHT})
        self.dense = nn.ModuleDict({n: nn.Conv2d(channels(n, width), 3 * SUBCELLS**2 + 2, 1) for n in DENSE})

    def forward(self, taps: dict[str, Tensor], clean: Tensor, families: Tensor) -> "Lessons":
        """Losses of one batch: activations, clean pictures (b, 5, h, w) and labels (b,)."""
        losses = {}
        for name, head in self.family.items():
            guess = head(statistics(taps[name]))
            losses[name] = TAUGHT[name] * F.cross_entropy(guess, families, label_smoothing=0.05)
        for name, head in self.dense.items():
            losses[f"dense {name}"] = dense_loss(head(taps[name]), clean, DENSE[name])
        accuracy = (guess.argmax(1) == families).float().mean().item()
        return Lessons(losses, accuracy)


def reading(inputs: int, families: int) -> nn.Module:
    """Linear, of inputs centred and scaled: families differ by little around a large common mean."""
    return nn.Sequential(nn.BatchNorm1d(inputs, affine=False), nn.Linear(inputs, families))


@dataclass(frozen=True)
class Lessons:
    """Weighted losses by name, and the share of families that the deepest head named."""

    losses: dict[str, Tensor]
    accuracy: float

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return torch.stack(list(self.losses.values())).sum()


def statistics(activations: Tensor) -> Tensor:
    """Mean and deviation of each channel, (b, c, h, w) → (b, 2c): what style is made of."""
    deviation = (activations.var((2, 3)) + 1e-5).sqrt()
    return torch.cat([activations.mean((2, 3)), deviation], 1)


def dense_loss(told: Tensor, clean: Tensor, stride: int) -> Tensor:
    """Error of `told` (b, 50, h/stride, w/stride) about colour in 4x4 sub-cells, and the angle where it is known."""
    fine = F.pixel_unshuffle(F.avg_pool2d(clean[:, :3], stride // SUBCELLS), SUBCELLS)
    angle = F.avg_pool2d(clean[:, 3:], stride)
    colour_error = F.mse_loss(told[:, :-2], fine) / PICTURE_VARIANCE
    known = angle.abs().sum(1, keepdim=True) > 0
    angle_error = ((told[:, -2:] - angle) ** 2 * known).mean()
    return colour_error + angle_error


def initialise(module: nn.Module, generator: torch.Generator, gain: float = 1.0) -> None:
    """Draw every convolution and linear weight anew (He et al. 2015, times `gain`), biases zero."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            fan = part.weight[0].numel()
            with torch.no_grad():
                part.weight.normal_(0, gain * (2 / fan) ** 0.5, generator=generator)
                if part.bias is not None:
                    part.bias.zero_()
