"""The losses: content, Gram, total variation; small modules, each with its paper at the line.

Knows features and targets as tensors. Must not know where they come from, which encoder made them, how they are
weighted against each other or how X is moved. ``objective`` composes them.
"""

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

GATYS_STYLE_SCALE = 1e3  # Gatys' notebook (PytorchNeuralStyleTransfer): style weights are 1e3 / C**2


def gram_matrix(features: Tensor, guide: Tensor | None = None) -> Tensor:
    """Correlations between channels over the whole picture: G = F diag(w) F^T / sum(w).

    Gatys et al. 2015 (arXiv 1508.06576) eq. 3, divided by the number of positions as in their notebook. With a guide
    it is the guided Gram matrix of Gatys et al. 2017 (arXiv 1611.07865) eq. 5, T = sqrt(w) normalised to mean square 1.

    Args:
        features: (1, C, H, W).
        guide: (1, 1, H, W) weights ≥ 0 of each position; none means all alike.

    Returns:
        (C, C).
    """
    flat = features.flatten(2).squeeze(0)  # (C, H*W); not [0], whose way back fills a tensor with zeros first
    if guide is None:
        return (flat @ flat.T) / flat.shape[1]
    weight = guide.flatten(2).squeeze(0)  # (1, H*W)
    return (flat * weight) @ flat.T / weight.sum().clamp_min(1e-12)


class ContentLoss(nn.Module):
    """mean(w (F - C)²): the same objects in the same places. Gatys et al. 2015 eq. 1, as a mean instead of half a sum.

    w is 1, or an emphasis on some places.
    """

    target: Tensor
    emphasis: Tensor | None

    def __init__(self, target: Tensor, emphasis: Tensor | None = None) -> None:
        """Takes the content's features (1, C, H, W) and what each position counts, (1, 1, H, W)."""
        super().__init__()
        self.register_buffer("target", target)
        self.register_buffer("emphasis", emphasis)

    def forward(self, features: Tensor) -> Tensor:
        """Scalar; `features` has the shape of the target."""
        if self.emphasis is None:
            return F.mse_loss(features, self.target)
        return (self.emphasis * (features - self.target) ** 2).mean()

    def of_channels(self, features: Tensor, first: int) -> Tensor:
        """The part that some channels have in it, from `first` on."""
        target = self.target[:, first : first + features.shape[1]]
        apart = (features - target) ** 2
        return (apart if self.emphasis is None else self.emphasis * apart).sum() / self.target.numel()

    def extra_repr(self) -> str:
        """Shape of the target."""
        return f"{tuple(self.target.shape)}"


class GramLoss(nn.Module):
    """(1e3 / C²) · mean((G - A)²): the same use of colour and texture, wherever it happens.

    Gatys et al. 2015 eq. 4-5 with the weights of their notebook, which make layers of different width count alike.
    """

    target: Tensor

    def __init__(self, target: Tensor, scale: float = GATYS_STYLE_SCALE) -> None:
        """`scale` in the place of 1e3, for programs with another."""
        super().__init__()
        self.register_buffer("target", target)
        self.scale = scale

    def forward(self, features: Tensor, guide: Tensor | None = None) -> Tensor:
        """Scalar; `features` (1, C, H, W), any H and W; `guide` as in `gram_matrix`."""
        return self.of(gram_matrix(features, guide))

    def of(self, gram: Tensor) -> Tensor:
        """The same, of a Gram matrix."""
        return self.scale / len(gram) ** 2 * F.mse_loss(gram, self.target)

    def extra_repr(self) -> str:
        """Width of the layer."""
        return f"{self.target.shape[0]} channels"


class Variation(nn.Module, ABC):
    """How much a picture varies from pixel to pixel, where colour may cost more than light: what both kinds share."""

    def __init__(self, colour: float = 1.0, wraps: bool = False) -> None:  # noqa: FBT001, FBT002  # as a preset calls it
        """Says what counts.

        Args:
            colour: how many times as much variation of colour costs as variation of light; 1 is the paper's.
            wraps: whether each border is a neighbour of the opposite one.
        """
        super().__init__()
        self.colour, self.wraps = colour, wraps

    def forward(self, image: Tensor) -> Tensor:
        """Scalar; `image` (1, 3, H, W)."""
        total = self._variation(image)
        if self.colour == 1:
            return total
        light = image.mean(1, keepdim=True).expand_as(image)
        return total + (self.colour - 1) * self._variation(image - light)

    @abstractmethod
    def _variation(self, image: Tensor) -> Tensor:
        """Of all of `image`, colour counting as light does."""

    def of_rows(self, rows: Tensor, above: int, height: int) -> Tensor:
        """The part that some rows have in that of a picture of `height`; `above` says whether one more is on top."""
        found = self._of_rows(rows, above, height)
        if self.colour == 1:
            return found
        light = rows.mean(1, keepdim=True)
        return found + (self.colour - 1) * self._of_rows(rows - light, above, height)

    @abstractmethod
    def _of_rows(self, rows: Tensor, above: int, height: int) -> Tensor:
        """Likewise the part that some rows have."""

    def extra_repr(self) -> str:
        """What colour costs."""
        return f"colour {self.colour}"


class TotalVariation(Variation):
    """mean(dx²) + mean(dy²) of the picture itself: smoothness where nothing speaks against it.

    Mahendran and Vedaldi 2015 (arXiv 1412.0035) eq. 4 with beta = 2, as means: its weight does not depend on size.
    Eyes resolve colour far less finely than light, and coloured grain is what they forgive least: a variation of colour
    may be made to cost more than the same variation of light.
    """

    def _variation(self, image: Tensor) -> Tensor:
        dy, dx = slopes(image, wraps=self.wraps)
        return dy.pow(2).mean() + dx.pow(2).mean()

    def _of_rows(self, rows: Tensor, above: int, height: int) -> Tensor:
        dy, dx = row_slopes(rows, above, wraps=self.wraps)
        channels, width = rows.shape[1], rows.shape[3]
        down, right = (height, width) if self.wraps else (height - 1, width - 1)
        return dy.pow(2).sum() / (channels * down * width) + dx.pow(2).sum() / (channels * height * right)


class AbsoluteVariation(Variation):
    """1e-3 Σ(|dx| + |dy|) of a picture that reaches 255: neural-style-pt's; it grows with the picture."""

    def _variation(self, image: Tensor) -> Tensor:
        dy, dx = slopes(image, wraps=self.wraps)
        return 1e-3 * 255 * (dy.abs().sum() + dx.abs().sum())

    def _of_rows(self, rows: Tensor, above: int, _height: int) -> Tensor:
        dy, dx = row_slopes(rows, above, wraps=self.wraps)
        return 1e-3 * 255 * (dy.abs().sum() + dx.abs().sum())


class Gamut(nn.Module):
    """mean of the squared distance from [0, 1], sample by sample: X is a picture, and no paint is blacker than black.

    What lies outside is cut off when the picture is shown, so a descent that may go there makes statistics fit with
    what nobody sees: spots of colours that none of the pictures has. The bound on the range of Mahendran and Vedaldi
    2015 (arXiv 1412.0035, section 3.1), and zero inside it. X itself is not clamped, which L-BFGS would not survive.
    """

    def forward(self, image: Tensor) -> Tensor:
        """Scalar; `image` (1, 3, H, W)."""
        return (image - image.clamp(0, 1)).pow(2).mean()

    def of_rows(self, rows: Tensor, height: int) -> Tensor:
        """The part that some rows have in that of a picture of `height`."""
        return (rows - rows.clamp(0, 1)).pow(2).mean() * (rows.shape[2] / height)


def slopes(image: Tensor, *, wraps: bool) -> tuple[Tensor, Tensor]:
    """Differences to the neighbour above and to the left, the border's own left out or taken across it."""
    if wraps:
        return image - image.roll(1, 2), image - image.roll(1, 3)
    return image[:, :, 1:] - image[:, :, :-1], image[:, :, :, 1:] - image[:, :, :, :-1]


def row_slopes(rows: Tensor, above: int, *, wraps: bool) -> tuple[Tensor, Tensor]:
    """`slopes` of some rows, the first of which is only the neighbour of the second where `above` is 1.

    The topmost rows of a picture that goes around have the last one above.
    """
    own = rows[:, :, above:]
    across = own - own.roll(1, 3) if wraps else own[:, :, :, 1:] - own[:, :, :, :-1]
    return rows[:, :, 1:] - rows[:, :, :-1], across
