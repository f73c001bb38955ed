"""Stamps: shapes of power-law sizes, painted one after another over a batch of canvases, each within its own window.

Knows fields; must never know what the shapes are painted with, labels or the network. Called by the kinds
of picture that are made of things in front of other things.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.training import fields

GRAIN = 4
"""Windows are multiples of this many pixels."""


@dataclass(frozen=True)
class Sizes:
    """Radii from `small` to `large` (b,) pixels, ever rarer by `steepness` (b,); `stretch` (b,) long over short.

    `cover` (b,) is the area of all shapes over that of the canvas.
    """

    small: Tensor
    large: Tensor
    steepness: Tensor
    stretch: Tensor
    cover: Tensor

    @classmethod
    def invent(cls, count: int, small: tuple[float, float], generator: torch.Generator) -> "Sizes":
        """`count` families whose smallest shapes lie within `small`."""
        least = fields.spread(count, *small, generator)
        return cls(
            small=least,
            large=(least * fields.spread(count, 1.5, 9.0, generator)).clamp_max(32),
            steepness=fields.spread(count, 0.7, 3.0, generator),
            stretch=fields.spread(count, 1.0, 3.6, generator).sub(0.4).clamp_min(1),
            cover=fields.spread(count, 0.5, 4.0, generator),
        )

    def radius(self, share: Tensor, members: Tensor) -> Tensor:
        """The radius (b, k) that the part `share` (b, k) of a family's shapes exceeds."""
        small, large, power = (v[members, None] for v in (self.small, self.large, self.steepness))
        return small * (1 - (1 - share) * (1 - (small / large) ** power)) ** (-1 / power)


@dataclass(frozen=True)
class Stamp:
    """One shape on each of some canvases `rows` (b,) of the families `members` (b,).

    Its window's pixels (b, w, w) come as an index into the batch; `u` along and `v` across it are 1 at its ends.
    """

    number: int
    rows: Tensor
    members: Tensor
    index: tuple[Tensor, Tensor, Tensor]
    u: Tensor
    v: Tensor
    radius: Tensor
    turn: Tensor

    def own(self, values: Tensor) -> Tensor:
        """This shape's entry of `values` (batch, k, ...), as (b, 1, 1, ...)."""
        return values[self.rows, self.number, None, None]

    def family(self, values: Tensor) -> Tensor:
        """Its family's entry of `values` (families, ...), as (b, 1, 1, ...)."""
        return values[self.members, None, None]

    def canvas(self, values: Tensor) -> Tensor:
        """Its canvas's entry of `values` (batch, ...), as (b, 1, 1, ...)."""
        return values[self.rows, None, None]


@dataclass(frozen=True)
class Scatter:
    """`place` (b, k, 2), `radius`, `turn` and `stretch` (b, k) of all shapes, from back to front."""

    members: Tensor
    wanted: Tensor
    place: Tensor
    radius: Tensor
    turn: Tensor
    stretch: Tensor
    side: int

    @classmethod
    def strew(cls, sizes: Sizes, members: Tensor, most: int, side: int, generator: torch.Generator) -> "Scatter":
        """As many shapes, `most` at most, as the family's cover asks for, anywhere and turned anyhow."""
        count = len(members)
        scale = fields.spread(count, 0.8, 1.25, generator)[:, None]
        cover = sizes.cover[members, None] * fields.spread(count, 0.75, 1.3, generator)[:, None]
        middles = (torch.arange(64) + 0.5).expand(count, -1) / 64
        area = math.pi * (sizes.radius(middles, members) * scale).square().mean(1, keepdim=True)
        wanted = (cover * side**2 / area).clamp(6, most)
        share = (torch.arange(most) + torch.rand(count, most, generator=generator)) / wanted
        radius = sizes.radius(share.clamp_max(1), members) * scale
        place = torch.rand(count, most, 2, generator=generator) * side
        # One order for the whole batch: shapes of like rank are like in size, so that windows stay small.
        order = torch.randperm(most, generator=generator)
        wobble = torch.exp(torch.randn(count, most, generator=generator) * 0.15)
        stretch = (sizes.stretch[members, None] * wobble).clamp_min(1).sqrt()
        turn = torch.rand(count, most, generator=generator) * 2 * math.pi
        return cls(members, share[:, order] < 1, place[:, order], radius[:, order], turn, stretch, side)

    def stamps(self, reach: float) -> Iterator[Stamp]:
        """The shapes one by one, each in a window of `reach` times its longer radius."""
        need = (self.radius * self.stretch * reach * 2 + 3) * self.wanted
        windows = ((need.amax(0) / GRAIN).ceil() * GRAIN).long().clamp_max(self.side).tolist()
        for number, window in enumerate(windows):
            if window:
                yield self._stamp(number, window)

    def _stamp(self, number: int, window: int) -> Stamp:
        rows = self.wanted[:, number].nonzero()[:, 0]
        place, line = self.place[rows, number], torch.arange(window)
        # Shifted inside the canvas, a window still holds all of its shape that can be seen.
        corner = (place - window / 2).round().long().clamp(0, self.side - window)
        across, down = corner[:, :1] + line, corner[:, 1:] + line
        dx = (across + 0.5 - place[:, :1])[:, None, :]
        dy = (down + 0.5 - place[:, 1:])[:, :, None]
        radius, turn, stretch = (v[rows, number, None, None] for v in (self.radius, self.turn, self.stretch))
        cos, sin = turn.cos(), turn.sin()
        u = dx * (cos / (radius * stretch)) + dy * (sin / (radius * stretch))
        v = dy * (cos * stretch / radius) - dx * (sin * stretch / radius)
        index = (rows.view(-1, 1, 1), down[:, :, None], across[:, None, :])
        return Stamp(number, rows, self.members[rows], index, u, v, radius / stretch, turn)


def polygon(u: Tensor, v: Tensor, angle: Tensor, sides: Tensor, rounding: Tensor) -> Tensor:
    """How far out a place at u, v and their `angle` (b, w, w) lies: 1 on a polygon's rim, on a disc's where round."""
    sector = 2 * math.pi / sides
    from_edge = torch.remainder(angle + sector / 2, sector) - sector / 2
    reach = (sector / 2).cos() / from_edge.cos()
    return torch.hypot(u, v) / (reach + (1 - reach) * rounding)


def pick(choices: Tensor, shapes: int, generator: torch.Generator) -> Tensor:
    """For each shape (b, shapes) one of its family's `choices` (b, n)."""
    which = torch.randint(0, choices.shape[1], (len(choices), shapes), generator=generator)
    return choices.gather(1, which)


def coats(palette: Tensor, shapes: int, variety: Tensor, generator: torch.Generator) -> Tensor:
    """A colour (b, shapes, 3) for each shape: mostly one of the palette (b, COLOURS, 3), off by `variety` (b,)."""
    count = len(palette)
    mix = torch.softmax(torch.randn(count, shapes, fields.COLOURS, generator=generator) * 4, 2)
    # One shift for all three channels: things differ in lightness more than in hue.
    off = torch.randn(count, shapes, 1, generator=generator) + torch.randn(count, shapes, 3, generator=generator) * 0.3
    return (mix @ palette + off * variety.view(-1, 1, 1)).clamp(0.02, 1)
