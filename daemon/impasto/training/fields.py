"""Smooth random fields, flows and palettes: what every kind of picture is drawn from.

Knows tensors and its own arguments; must never know which kind of picture asks, nor keep any random state: each
function takes the generator it draws from. Called by the kinds of the world alone.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

COLOURS = 5
"""Colours in one palette."""


def pixel_grid(side: int) -> Tensor:
    """Pixel centres (side, side, 2), x then y, in pixels."""
    line = torch.arange(side, dtype=torch.float32) + 0.5
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1)


def sample(field: Tensor, place: Tensor) -> Tensor:
    """Values of `field` (b, c, side, side) at `place` (b, h, w, 2) in pixels, bilinear, mirrored outside."""
    normalised = place * (2 / field.shape[-1]) - 1
    return F.grid_sample(field, normalised, padding_mode="reflection", align_corners=False)


def smooth_noise(channels: int, cells: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Bicubic value noise (b, channels, side, side), `cells` (b,) knots to a side, of unit variance."""
    pictures = [torch.randn(1, channels, n, n, generator=generator) for n in cells.long().clamp(2, side).tolist()]
    return torch.cat([F.interpolate(p, size=(side, side), mode="bicubic", align_corners=False) for p in pictures])


def even_noise(count: int, channels: int, cells: int, side: int, generator: torch.Generator) -> Tensor:
    """Like `smooth_noise` with as many cells in every one of `count` pictures."""
    knots = torch.randn(count, channels, cells, cells, generator=generator)
    return F.interpolate(knots, size=(side, side), mode="bicubic", align_corners=False)


def flow(cells: Tensor, drift: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Unit vectors (b, 2, side, side): random curls, `cells` (b,) to a side, blown one way by `drift` (b,)."""
    curls = smooth_noise(2, cells, side, generator)
    wind = torch.rand(len(cells), generator=generator) * 2 * math.pi
    blown = torch.stack([torch.cos(wind), torch.sin(wind)], 1) * drift[:, None]
    return F.normalize(curls + blown[:, :, None, None], dim=1)


def double_angle(directions: Tensor) -> Tensor:
    """Orientation without sign: (cos 2a, sin 2a) of unit vectors (b, 2, h, w)."""
    x, y = directions.unbind(1)
    return torch.stack([x * x - y * y, 2 * x * y], 1)


def palettes(own: Tensor, generator: torch.Generator) -> Tensor:
    """A palette (b, COLOURS, 3) for each picture: half keep near their family's `own`, half are drawn afresh.

    Colour alone must not give the family away, and colour that belongs to a texture must stay worth seeing. Half of
    both are muted, as paint and photographs mostly are.
    """
    count = len(own)
    fresh = torch.rand(count, COLOURS, 3, generator=generator)
    # Pictures of few hues are common in paint and rare among independent colours: pull some towards one tint.
    common = torch.rand(count, 1, 3, generator=generator)
    fresh = fresh + (common - fresh) * torch.rand(count, 1, 1, generator=generator) * 0.8
    near = own + torch.randn(count, COLOURS, 3, generator=generator) * 0.1
    keep, calm = (torch.rand(count, 1, 1, generator=generator) < 0.5 for _ in range(2))
    loud = torch.where(keep, near, fresh).clamp(0, 1)
    return torch.where(calm, muted(loud, generator), loud)


def muted(palette: Tensor, generator: torch.Generator) -> Tensor:
    """The palette (b, COLOURS, 3) with little colour, of few hues, and with its lightness spread well."""
    count = len(palette)
    light = palette.mean(2, keepdim=True)
    # Levels keep the order of the colours' own lightness, so that what was dark stays dark.
    levels = (light.argsort(1).argsort(1) + torch.rand(count, COLOURS, 1, generator=generator)) / COLOURS
    level = light + (levels - light) * torch.rand(count, 1, 1, generator=generator)
    colour = palette - light
    common = colour.mean(1, keepdim=True)
    colour = colour + (common - colour) * torch.rand(count, 1, 1, generator=generator) * 0.7
    saturation = 0.08 + 0.5 * torch.rand(count, 1, 1, generator=generator)
    # A ground tone under all colours: old varnish, evening light.
    tint = torch.randn(count, 1, 3, generator=generator) * 0.04
    return (level + colour * saturation + tint).clamp(0, 1)


def paint(logits: Tensor, palette: Tensor) -> Tensor:
    """Colours (b, 3, h, w): softmax of `logits` (b, COLOURS, h, w) mixes the palette (b, COLOURS, 3)."""
    return torch.einsum("bkhw,bkc->bchw", torch.softmax(logits, 1), palette)


def blank_flow(colours: Tensor) -> Tensor:
    """Append two zero channels to (b, 3, h, w): a picture whose orientation is not known."""
    return F.pad(colours, (0, 0, 0, 0, 0, 2))


def spread(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """`count` numbers from `low` to `high`, even in their logarithm."""
    return low * (high / low) ** torch.rand(count, generator=generator)


def column(values: Tensor) -> Tensor:
    """(b,) as (b, 1, 1, 1), to multiply pictures."""
    return values.view(-1, 1, 1, 1)
