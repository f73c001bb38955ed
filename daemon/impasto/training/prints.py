"""Made things that repeat: cloth, knitting, halftone, hatching, engraving, masonry, planks and scales, all a bit worn.

Knows fields; must never know labels or the network. Called by the world. The direction of single hatching and of the
grain of planks is known, that of everything else is not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields

GENES = 6


@dataclass(frozen=True)
class Sheet:
    """What a press works on: places (b, s, s, 2) in periods, tones (b, s, s), the family's `genes` (b, GENES)."""

    place: Tensor
    tone: Tensor
    genes: Tensor
    blur: Tensor

    def gene(self, number: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One gene (b, 1, 1), stretched from `low` to `high`."""
        return low + (high - low) * self.genes[:, number, None, None]

    def ink(self, inside: Tensor) -> Tensor:
        """Cover of places `inside` (in periods) a mark, with a rim of about a pixel."""
        return (0.5 + inside / self.blur[:, None, None]).clamp(0, 1)


@dataclass(frozen=True)
class Mark:
    """Cover of the marks, which of two coats they have, brightness, and direction known or zero (b, 2, s, s)."""

    cover: Tensor
    coat: Tensor
    lit: Tensor
    angle: Tensor


Press = Callable[[Sheet], Mark]


def _unknown(cover: Tensor) -> Tensor:
    return torch.zeros(len(cover), 2, *cover.shape[1:])


def _hash(x: Tensor, y: Tensor, genes: Tensor) -> Tensor:
    """A number in [0, 1) that looks random for each pair of whole numbers."""
    return torch.remainder(torch.sin(x * 12.9898 + y * 78.233 + genes[:, :1, None] * 40) * 437.58, 1)


def _along(phase: Tensor) -> Tensor:
    """Doubled angle (b, 2, s, s) of the lines on which `phase` (b, s, s) is constant."""
    padded = F.pad(phase[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    dx, dy = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2], padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    return fields.double_angle(F.normalize(torch.stack([-dy, dx], 1), dim=1))


def _lines(sheet: Sheet, phase: Tensor, width: Tensor) -> Tensor:
    return sheet.ink(width / 2 - (torch.remainder(phase, 1) - 0.5).abs())


def _hatch(sheet: Sheet) -> Mark:
    """Lines that swell where it is dark, as in an engraving."""
    width = (0.45 + sheet.tone * sheet.gene(0, 0.02, 0.35)).clamp(0.06, 0.9)
    phase = sheet.place[..., 1]
    cover = _lines(sheet, phase, width)
    broken = torch.remainder(
        sheet.place[..., 0] * sheet.gene(2, 0.05, 0.4) + _hash(phase.floor(), phase * 0, sheet.genes), 1
    )
    cover = cover * torch.where(sheet.gene(1) > 0.6, sheet.ink(sheet.gene(3, 0.5, 0.95) - broken), torch.ones(()))
    return Mark(cover, sheet.gene(4) * (sheet.tone > 0), torch.ones_like(cover), _along(phase))


def _crosshatch(sheet: Sheet) -> Mark:
    """A second and a third set of lines over the first, where it is darker still."""
    x, y = sheet.place.unbind(-1)
    slope, width = sheet.gene(1, 0.3, 1.6), sheet.gene(0, 0.18, 0.5)
    second, third = (y * slope.cos() + x * slope.sin()), (y * slope.cos() - x * slope.sin())
    cover = _lines(sheet, y, width)
    dark = [torch.sigmoid((sheet.tone - sheet.gene(2, -1.2, 0.3) - step) * 12) for step in (0.0, 0.7)]
    for phase, where in zip((second, third), dark, strict=True):
        cover = torch.maximum(cover, _lines(sheet, phase, width) * where)
    return Mark(cover, sheet.gene(4) * dark[0], torch.ones_like(cover), _along(y) * (dark[0] < 0.05)[:, None])


def _halftone(sheet: Sheet) -> Mark:
    """Dots that grow where it is dark, round or diamonds, of one ink or two."""
    x, y = sheet.place.unbind(-1)
    dots = ((2 * math.pi * x).cos() + (2 * math.pi * y).cos()) / 2
    other = ((2 * math.pi * (x * 0.87 + y * 0.5)).cos() + (2 * math.pi * (y * 0.87 - x * 0.5)).cos()) / 2
    shape = torch.where(sheet.gene(1) > 0.7, dots.abs() * 2 - 1, dots)
    cover = sheet.ink((shape + sheet.tone * 0.3 + sheet.gene(0, -0.5, 0.3)) * 0.3)
    second = sheet.ink((other - sheet.tone * 0.3 - 0.3) * 0.3) * (sheet.gene(2) > 0.5)
    return Mark(torch.maximum(cover, second), second * (1 - cover), torch.ones_like(cover), _unknown(cover))


def _weave(sheet: Sheet) -> Mark:
    """Threads over and under: plain, basket or twill; threads of either way may come in stripes."""
    x, y = sheet.place.unbind(-1)
    i, j = x.floor(), y.floor()
    step = (sheet.gene(1) * 3.99).floor()
    twill = torch.remainder(i + j * torch.where(step == 2, -1, 1), 2 + step) < 1 + (step > 1)
    basket = torch.remainder((i / 2).floor() + (j / 2).floor(), 2) < 1
    over = torch.where(step == 1, basket, twill)
    across, along = torch.where(over, x - i, y - j) * 2 - 1, torch.where(over, y - j, x - i) * 2 - 1
    width = sheet.gene(0, 0.7, 1.0)
    round_lit = (1 - (across / width).square() * 0.9).clamp_min(0.05).sqrt() * (1 - along.square() * 0.35)
    thread = torch.where(over, i, j + 57)
    stripes = torch.remainder((thread / (2 + (sheet.gene(2) * 5).floor())).floor(), 2) * (sheet.gene(3) > 0.5)
    fibre = 1 + 0.15 * ((along + across * sheet.gene(4, -1.0, 1.0)) * 9).sin() * (sheet.gene(5) > 0.4)
    coat = (over * sheet.gene(4) + stripes * 0.8).clamp(0, 1)
    return Mark(sheet.ink((width - across.abs()) / 2), coat, round_lit * fibre * 1.15, _unknown(x))


def _knit(sheet: Sheet) -> Mark:
    """Columns of V, row upon row; whole rows change colour."""
    x, y = sheet.place[..., 0], sheet.place[..., 1] * sheet.gene(0, 1.0, 1.8)
    column = torch.remainder(x, 1) - 0.5
    row = y + column.abs() * sheet.gene(1, 0.7, 1.8)
    leg = (column.abs() - 0.25) * 4
    bulge = torch.remainder(row, 1) * 2 - 1
    lit = (1 - leg.square() * 0.85).clamp_min(0.03).sqrt() * (1 - bulge.square() * 0.6)
    motif = torch.sin(x.floor() * 2 * math.pi / (3 + (sheet.gene(3) * 6).floor())) * 2 * (sheet.gene(5) > 0.5)
    coat = torch.remainder(((row.floor() + motif.round()) / (1 + (sheet.gene(2) * 4).floor())).floor(), 2)
    fibre = 1 + 0.15 * ((leg + bulge) * 8).sin() * (sheet.gene(4) > 0.5)
    return Mark(sheet.ink((1.02 - leg.abs()) / 4), coat * (sheet.gene(2) > 0.3), lit * fibre * 1.2, _unknown(x))


def _masonry(sheet: Sheet) -> Mark:
    """Bricks, tiles or planks with mortar between; planks have a grain along them."""
    x, y = sheet.place.unbind(-1)
    plank = sheet.gene(4) > 0.6
    long, j = torch.where(plank, sheet.gene(0, 5.0, 12.0), sheet.gene(0, 1.0, 3.2)), y.floor()
    offset = torch.where(plank, _hash(j, j * 0, sheet.genes), j * ((sheet.gene(1) * 3).floor() / 3 + 0.001))
    across = x / long + offset
    i = across.floor()
    rim = torch.minimum((0.5 - (across - i - 0.5).abs()) * long, 0.5 - (y - j - 0.5).abs())
    own = _hash(i, j, sheet.genes)
    grain = torch.sin(y * 24 + sheet.tone * 5 + own * 50 + torch.sin(x * 1.5 + own * 9)) * 0.22
    lit = 0.7 + 0.55 * own + torch.where(plank, grain, sheet.tone * 0.05)
    joint = sheet.gene(2, 0.02, 0.14)
    bevel = (1 - (rim - joint) / 0.12).clamp(0, 1) * torch.where(y - j < 0.5, 1, -1) * sheet.gene(3, 0.0, 0.5)
    return Mark(sheet.ink(rim - joint), own * sheet.gene(5), lit + bevel, _along(y) * plank[:, None])


def _scales(sheet: Sheet) -> Mark:
    """Rows of discs, each over the row before, as on fish and roofs."""
    x, y = sheet.place[..., 0], sheet.place[..., 1] * sheet.gene(0, 1.4, 2.4)
    best, own, lit = torch.full_like(x, 9.0), torch.zeros_like(x), torch.ones_like(x)
    # From the row that lies lowest to that on top: the last one that holds a place is seen.
    for step in (1, 0, -1, -2):
        row = y.floor() - step
        shift = torch.remainder(row, 2) / 2
        column = (x - shift).floor()
        dx, dy = (x - shift - column - 0.5), (y - row - 0.5) / sheet.gene(0, 1.4, 2.4)
        far = torch.hypot(dx, dy * sheet.gene(1, 0.6, 1.1)) / 0.62
        here = far < 1
        best = torch.where(here, far, best)
        own = torch.where(here, _hash(column, row, sheet.genes), own)
        lit = torch.where(here, 0.95 + sheet.gene(2, -0.9, 0.9) * dy + sheet.gene(5, 0.0, 0.4) * (dx * 30).sin(), lit)
    rim = sheet.ink((1 - sheet.gene(3, 0.0, 0.14) - best) * 0.62)
    return Mark(rim, own * sheet.gene(4), lit * (0.85 + 0.3 * own), _unknown(x))


def _contrasting(palette: Tensor, generator: torch.Generator) -> Tensor:
    """The palette (b, COLOURS, 3, 1, 1) with its darkest or palest colour, the ground, first and the opposite next."""
    order = palette.mean(2).argsort(1)
    order = torch.where(torch.rand(len(order), 1, generator=generator) < 0.4, order, order.flip(1))
    order = order[:, torch.tensor([0, 4, 2, 1, 3])]
    return palette.gather(1, order[..., None].expand(-1, -1, 3))[..., None, None]


PRESSES: tuple[Press, ...] = (_hatch, _hatch, _crosshatch, _halftone, _weave, _knit, _masonry, _scales)


@dataclass(frozen=True)
class Prints:
    """Families of prints; the press is the label's remainder, each attribute has one row per family."""

    genes: Tensor
    period: Tensor
    bend: Tensor
    scene: Tensor
    wear: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Prints":
        """`count` random families."""
        return cls(
            genes=torch.rand(count, GENES, generator=generator),
            period=fields.spread(count, 4.0, 18.0, generator),
            bend=torch.rand(count, generator=generator) ** 2,
            scene=fields.spread(count, 3.0, 12.0, generator),
            wear=torch.rand(count, generator=generator) ** 2,
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,): colour, and doubled angle where known."""
        sheet = self._sheet(members, side, generator)
        palette = _contrasting(fields.palettes(self.palette[members], generator), generator)
        pictures = torch.empty(len(members), 5, side, side)
        for number, press in enumerate(PRESSES):
            rows = (members % len(PRESSES) == number).nonzero()[:, 0]
            if len(rows):
                mark = press(Sheet(sheet.place[rows], sheet.tone[rows], sheet.genes[rows], sheet.blur[rows]))
                ground, first, second = palette[rows, 0], palette[rows, 1], palette[rows, 2]
                coat = (first + (second - first) * mark.coat[:, None]) * mark.lit[:, None]
                colours = ground + (coat - ground) * mark.cover[:, None]
                pictures[rows] = torch.cat([colours, mark.angle], 1)
        pictures[:, :3] = self._worn(pictures[:, :3], palette[:, 0], members, generator)
        return pictures

    def _sheet(self, members: Tensor, side: int, generator: torch.Generator) -> Sheet:
        count = len(members)
        period = (self.period[members] * fields.spread(count, 0.8, 1.25, generator)).clamp_min(4)
        turn = torch.rand(count, generator=generator) * 2 * math.pi
        # Bent lines keep their distance roughly: the bend is long and goes with the period.
        bend = fields.even_noise(count, 2, 3, side, generator).permute(0, 2, 3, 1) * fields.column(
            self.bend[members] * 16
        )
        cos, sin = turn.cos(), turn.sin()
        matrix = torch.stack([cos, -sin, sin, cos], 1).view(count, 1, 2, 2) / period.view(-1, 1, 1, 1)
        shift = torch.rand(count, 1, 1, 2, generator=generator) * 60
        tone = fields.smooth_noise(1, self.scene[members], side, generator)[:, 0]
        return Sheet((fields.pixel_grid(side) + bend) @ matrix + shift, tone, self.genes[members], 1.3 / period)

    def _worn(self, colours: Tensor, ground: Tensor, members: Tensor, generator: torch.Generator) -> Tensor:
        """Uneven light and grain on all, and the ground showing through where it is rubbed off."""
        count, side, wear = len(members), colours.shape[-1], fields.column(self.wear[members])
        broad = fields.even_noise(count, 1, 5, side, generator)
        fine = fields.even_noise(count, 1, side // 2, side, generator)
        rubbed = torch.sigmoid((fine + broad * 2 - 4.2 + 3 * wear) * 4) * 0.7
        colours = colours + (ground - colours) * rubbed
        return (colours * (1 + broad * 0.08 + fine * (0.02 + 0.08 * wear))).clamp(0, 1)
