"""Colour: whose colours the result has. Pure functions on pictures, and the plan that applies them around a run.

Knows pictures (1, 3, H, W) in perceptual RGB. Must not know encoders, losses or how X is moved. ``stylize`` shows the
network what `Colouring` makes of content and styles, and shows people what it makes of X.

- ``content-luminance``: only light is transferred (Gatys et al. 2016, "Preserving Color in Neural Artistic Style
  Transfer", arXiv 1606.05897 §3.2): content and style lose their colours, the style's luminance takes the
  content's mean and deviation (eq. 2), and X gets the content's colours back.
- ``content-match-rgb``, ``content-match-lab``: the style is recoloured first, so that its colours have the content's
  mean and covariance (§3.1 eq. 1), in RGB or in CIE Lab.

`strength` goes from the style's colours to the content's. Recolouring mixes by it; luminance transfer shows the network
colours weakened by sqrt(1 - s) and weakens those of X once more, so that 1 - s of the style's are left beside s of the
content's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from impasto.engine.room import MEMORY, Room
from impasto.method import Colour

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in Gatys' notebook
COVARIANCE_FLOOR = 1e-5  # likewise: on each variance, so that a flat picture has a root
# IEC 61966-2-1: linear sRGB to CIE XYZ under D65; the white of CIE Lab is what it makes of (1, 1, 1).
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
BAND = 1 << 20  # positions at a time
LAB_LINEAR = 6 / 29  # CIE 15: below its cube the root goes on as a straight line


@dataclass(frozen=True)
class Colouring:
    """What the network is shown, and what people are shown."""

    colour: Colour = "style"
    strength: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether nothing is changed."""
        return self.colour == "style" or self.strength == 0

    def shown(self, content: Tensor) -> Tensor:
        """The content, or a picture to start from, as the network is to see it."""
        if self.plain or self.colour != "content-luminance":
            return content
        return faded(content, self._left)

    def recoloured(self, style: Tensor, content: Tensor, *masks: Tensor | None, room: Room = MEMORY) -> Tensor:
        """The style as the network is to see it.

        Args:
            style: (1, 3, h, w).
            content: (1, 3, H, W), with its own colours.
            masks: (1, 1, H, W) each, their product being which of its colours count; missing ones count for all.
            room: in which the content lies: of a hundred megapixels some rows are in memory at a time.
        """
        if self.plain:
            return style
        if self.colour == "content-luminance":
            return faded(with_luminance_of(style, content, *masks, strength=self.strength, room=room), self._left)
        in_lab = self.colour == "content-match-lab"
        found = (matched_lab if in_lab else matched)(style, content, *masks, room=room).clamp(0, 1)
        return style + self.strength * (found - style)

    def restored(self, image: Tensor, content: Tensor) -> Tensor:
        """X as people are to see it; `content` with its own colours, of X's size."""
        if self.plain or self.colour != "content-luminance":
            return image
        return faded(image, self._left) + self.strength * (content - luminance(content))

    @property
    def _left(self) -> float:
        return float((1 - self.strength) ** 0.5)


def luminance(image: Tensor) -> Tensor:
    """(1, 3, H, W) to (1, 1, H, W)."""
    luma = image.new_tensor(LUMA).view(3, 1, 1)
    bands = [(rows * luma).sum(1, keepdim=True) for rows in image.split(max(1, BAND // image.shape[3]), 2)]
    return bands[0] if len(bands) == 1 else torch.cat(bands, 2)


def faded(image: Tensor, left: float) -> Tensor:
    """The picture with so much of its colours left, 1 all and 0 none; light stays."""
    gray = luminance(image)
    return gray + left * (image - gray)


def with_luminance_of(
    style: Tensor, content: Tensor, *masks: Tensor | None, strength: float, room: Room = MEMORY
) -> Tensor:
    """The style with a luminance that has the content's mean and deviation (Gatys et al. 2016 eq. 2), by `strength`."""
    light, (centre, spread) = luminance(style), _mean_and_covariance(content, *masks, seen=luminance, room=room)
    mean, variance = _mean_and_covariance(light)
    gain = ((spread + COVARIANCE_FLOOR) / (variance + COVARIANCE_FLOOR)).sqrt()
    return style + strength * (gain.to(light) * (light - mean.to(light)) + centre.to(light) - light)


def matched(style: Tensor, content: Tensor, *masks: Tensor | None, room: Room = MEMORY) -> Tensor:
    """The style with the content's mean and covariance: M (s - mean_s) + mean_c, M = cov_c^½ cov_s^-½; not clamped.

    Gatys et al. 2016 eq. 1 with symmetric roots. Matched to its former self it is itself again, up to the floor.
    """
    return _moved(style, *_mean_and_covariance(content, *masks, room=room))


def matched_lab(style: Tensor, content: Tensor, *masks: Tensor | None, room: Room = MEMORY) -> Tensor:
    """Likewise by mean and covariance in CIE Lab, a hundredth of its units being one of ours."""
    wanted = _mean_and_covariance(content, *masks, seen=_hundredths, room=room)
    return rgb_from_lab(100 * _moved(_hundredths(style), *wanted))


def _hundredths(image: Tensor) -> Tensor:
    return lab_from_rgb(image) / 100


def _moved(style: Tensor, centre: Tensor, target: Tensor) -> Tensor:
    """The style with that mean and covariance."""
    mean, own = _mean_and_covariance(style)
    matrix = (_power(target, 0.5) @ _power(own, -0.5)).to(style)
    moved = matrix @ (style - mean.to(style).view(1, 3, 1, 1)).flatten(2) + centre.to(style).view(1, 3, 1)
    return moved.view_as(style)


def lab_from_rgb(image: Tensor) -> Tensor:
    """CIE Lab (CIE 15:2004 §8.2) under D65 of sRGB in [0, 1]."""
    linear = torch.where(image <= 0.04045, image / 12.92, ((image.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)
    matrix = image.new_tensor(XYZ)
    ratio = torch.einsum("ij,bjhw->bihw", matrix / matrix.sum(1, keepdim=True), linear)
    straight = ratio / (3 * LAB_LINEAR**2) + 4 / 29
    x, y, z = torch.where(ratio > LAB_LINEAR**3, ratio.clamp_min(LAB_LINEAR**3) ** (1 / 3), straight).split(1, 1)
    return torch.cat([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def rgb_from_lab(lab: Tensor) -> Tensor:
    """The inverse of `lab_from_rgb`; not clamped."""
    light, a, b = lab.split(1, 1)
    y = (light + 16) / 116
    root = torch.cat([y + a / 500, y, y - b / 200], 1)
    ratio = torch.where(root > LAB_LINEAR, root**3, 3 * LAB_LINEAR**2 * (root - 4 / 29))
    matrix = lab.new_tensor(XYZ)
    linear = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(matrix / matrix.sum(1, keepdim=True)), ratio)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055)


def _mean_and_covariance(
    image: Tensor, *masks: Tensor | None, seen: Callable[[Tensor], Tensor] | None = None, room: Room = MEMORY
) -> tuple[Tensor, Tensor]:
    """Of the colours, in float64: (C,) and (C, C), masked positions by their weight; all of them if none is.

    `seen` makes of some rows the values that are meant, as light; of the picture only those rows are in memory.
    """
    (height, width), given = image.shape[2:], [mask for mask in masks if mask is not None]
    count = max(1, BAND // width)
    bands = [slice(first, first + count) for first in range(0, height, count)]

    def weight(rows: slice) -> Tensor:
        return prod((mask[:, :, rows] for mask in given), start=image.new_ones(()))

    def values(rows: slice) -> Tensor:
        room.rest()
        part = image[:, :, rows]
        return (part if seen is None else seen(part)).double()

    total = sum(float(weight(rows).sum(dtype=torch.float64)) for rows in bands) if given else 0.0
    if total == 0:
        given, total = [], float(height * width)
    mean = torch.stack([(values(rows) * weight(rows) / total).sum((0, 2, 3)) for rows in bands]).sum(0)
    covariance = torch.zeros(len(mean), len(mean), dtype=torch.float64, device=image.device)
    for rows in bands:
        centred = values(rows) - mean.view(1, -1, 1, 1)
        covariance += (centred * (weight(rows) / total)).flatten(2).squeeze(0) @ centred.flatten(2).squeeze(0).T
    room.rest()
    return mean, covariance


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """A power of a covariance, symmetric; the floor on its diagonal first."""
    values, vectors = torch.linalg.eigh(covariance + COVARIANCE_FLOOR * torch.eye(len(covariance)).to(covariance))
    power: Tensor = (vectors * values**exponent) @ vectors.T
    return power
