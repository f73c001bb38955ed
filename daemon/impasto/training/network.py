"""VGG-19 up to relu5_1 at a fraction of its width, with batch norm while it learns, and the heads that teach it.

Knows layers and the tasks' losses; must never know how pictures are drawn or files are written. Called by the loop and
the export. The topology is the engine's.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.encoder import VGG, VGG19_CHANNELS, vgg19_layers

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
TAUGHT = {"relu2_1": 0.25, "relu3_1": 0.25, "relu4_1": 0.5, "relu5_1": 1.0}
"""Layers whose statistics must tell the families apart, with the weight of that loss."""
DENSE = {"relu3_1": 4, "relu4_1": 8, "relu5_1": 16}
"""Layers that must tell, position by position, what was there, with their stride in pixels."""
SUBCELLS = 4
MIXED = 16
PICTURE_VARIANCE, TRAIT_VARIANCE = 0.05, 1 / 3
FAMILY, TRAITS = 0.3, 3.0
"""How much it counts to name the family, and to tell what it is like; naming its kind counts 1."""


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
        """Leave to the first filters means and slopes alone, products of (1, 2, 1) and (1, 0, -1); after each step.

        What the first filters cannot see, no gradient can paint. Left free they answer loudest to the finest frequency
        that pixels can hold, and a stylised picture is covered by a fine regular grain; with the product of two slopes
        among them, which is finest along the diagonals, by a weave of diagonals.
        """
        mean, slope = torch.tensor([1.0, 2.0, 1.0]) / 6**0.5, torch.tensor([1.0, 0.0, -1.0]) / 2**0.5
        products = [torch.outer(mean, mean), torch.outer(mean, slope), torch.outer(slope, mean)]
        basis = torch.stack(products).flatten(1)  # (3, 9), orthonormal
        weight = next(self.convolutions["conv1_1"].parameters())  # its only one: batch norm has the bias
        weight.copy_(((weight.flatten(2) @ basis.T) @ basis).view_as(weight))

    @torch.no_grad()
    def adopt(self, encoder: VGG, pictures: Tensor) -> None:
        """Compute what `encoder` does, at first, over `pictures` (b, 3, h, w): go on from where others ended.

        Raises:
            ValueError: it has another width or prepares its pictures otherwise.
        """
        spec = encoder.spec
        if (spec.pooling, spec.padding, spec.mean, spec.std) != ("avg", "replicate", MEAN, STD):
            raise ValueError(f"encoder {spec.name} was not made here: {encoder}")
        x = prepared(pictures)
        for name, step in encoder.steps.items():
            if isinstance(step, nn.Conv2d):
                self._adopt(name, step, step(x))
            x = step(x)

    def _adopt(self, name: str, taught: nn.Conv2d, answers: Tensor) -> None:
        """The convolution's weights, and a batch norm that undoes itself over these `answers`."""
        own, norm = self.convolutions[name], self.norms[name]
        assert isinstance(own, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert taught.bias is not None
        if own.weight.shape != taught.weight.shape:
            raise ValueError(f"{name} has shape {tuple(taught.weight.shape)}, must be {tuple(own.weight.shape)}")
        # As long as a fresh filter: batch norm takes lengths out, but Adam's steps are large or small beside them.
        scale = 2**0.5 / taught.weight.flatten(1).norm(dim=1).clamp_min(1e-9)
        own.weight.copy_(taught.weight * scale.view(-1, 1, 1, 1))
        variance, mean = torch.var_mean(answers, (0, 2, 3))
        norm.weight.copy_((variance + norm.eps / scale**2).sqrt())
        norm.bias.copy_(mean)
        norm.running_mean, norm.running_var = (mean - taught.bias) * scale, variance * scale**2

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Activations after every ReLU."""
        x, taps = prepared(pictures), {}
        for name in vgg19_layers():
            if name.startswith("conv"):
                x = self.norms[name](self.convolutions[name](F.pad(x, (1, 1, 1, 1), mode="replicate")))
            elif name.startswith("pool"):
                x = F.avg_pool2d(x, 2)
            else:
                x = taps[name] = F.relu(x)
        return taps


def prepared(pictures: Tensor) -> Tensor:
    """Pictures (b, 3, h, w) in [0, 1] as the first convolution wants them."""
    mean, std = (pictures.new_tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return (pictures - mean) / std


class Heads(nn.Module):
    """What is read off the activations while they learn, and thrown away afterwards."""

    traits: Tensor
    kinds: Tensor

    def __init__(self, width: float, traits: Tensor, kinds: Tensor) -> None:
        """One reading of each taught layer's style, one 1x1 convolution for each dense one.

        Args:
            width: fraction of VGG-19's channels.
            traits: (families, traits) in [-1, 1], not a number where a family has no such trait.
            kinds: (families,) the number of each one's kind.
        """
        super().__init__()
        self.register_buffer("traits", traits, persistent=False)
        self.register_buffer("kinds", kinds, persistent=False)
        self._sizes = (*traits.shape, int(kinds.max()) + 1)
        self.style = nn.ModuleDict({n: StyleHead(channels(n, width), sum(self._sizes)) for n in TAUGHT})
        self.dense = nn.ModuleDict({n: nn.Conv2d(channels(n, width), 3 * SUBCELLS**2 + 2, 1) for n in DENSE})

    def forward(self, taps: dict[str, Tensor], clean: Tensor, families: Tensor) -> "Lessons":
        """Losses of one batch: activations, clean pictures (b, 5, h, w) and labels (b,)."""
        losses: dict[str, Tensor] = {}
        for name, head in self.style.items():
            read = head(taps[name])
            losses |= {f"{lesson} {name}": TAUGHT[name] * loss for lesson, loss in self._style(read, families).items()}
        for name, head in self.dense.items():
            losses[f"dense {name}"] = dense_loss(head(taps[name]), clean, DENSE[name])
        guess = read[:, : self._sizes[0]]
        return Lessons(losses, (guess.argmax(1) == families).float().mean().item())

    def _style(self, read: Tensor, families: Tensor) -> dict[str, Tensor]:
        """Which family it is, of which kind, and what it is like."""
        family, traits, kind = read.split(self._sizes, 1)
        wanted = self.traits[families]
        known = ~wanted.isnan()
        return {
            "family": FAMILY * F.cross_entropy(family, families, label_smoothing=0.05),
            "kind": F.cross_entropy(kind, self.kinds[families]),
            "traits": TRAITS * F.mse_loss(traits[known], wanted[known]) / TRAIT_VARIANCE,
        }


class StyleHead(nn.Module):
    """Reads something off what style is made of: channels' means, deviations, and how mixtures of them go together.

    The last is bilinear pooling (Lin, RoyChowdhury and Maji 2015, arXiv 1504.07889) with its signed square root: it
    makes the Gram matrix itself worth learning, which is what a stylisation will match.
    """

    def __init__(self, channels: int, answers: int) -> None:
        """That many answers, from activations of that many channels."""
        super().__init__()
        self.mix = nn.Conv2d(channels, MIXED, 1, bias=False)
        inputs = 2 * channels + MIXED * (MIXED + 1) // 2
        # Centred and scaled, because families differ by little around a large common mean. Shrunk, because Adam moves
        # all weights of a row alike: hundreds of inputs of deviation one throw an answer about by one in every step,
        # and losses rise over chance (LOG.md, run 8).
        self.shrink = inputs**-0.5
        self.centre, self.read = nn.BatchNorm1d(inputs, affine=False), nn.Linear(inputs, answers)

    def forward(self, activations: Tensor) -> Tensor:
        """(b, c, h, w) to answers (b, answers)."""
        mixed = self.mix(activations).flatten(2)
        mixed = mixed - mixed.mean(2, keepdim=True)
        together = mixed @ mixed.transpose(1, 2) / mixed.shape[2]
        down, across = torch.triu_indices(MIXED, MIXED)
        pairs = together[:, down, across]
        rooted = pairs / (pairs.abs() + 1e-3).sqrt()
        centred = self.centre(torch.cat([statistics(activations), rooted], 1))
        answers: Tensor = self.read(centred * self.shrink)
        return answers


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
