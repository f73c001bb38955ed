"""Dead leaves: many opaque shapes of power-law sizes that hide one another, shaded, outlined or veined.

Knows fields and stamps; must never know labels or the network. Called by the world. The model of pictures is that of
Ruderman 1997 and Lee, Mumford and Huang 2001; as teacher of a network: Baradad et al. 2021 (none of their code).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.training import fields, stamps

SHAPES = 150
STRIPED, MOTTLED, VEINED, _PLAIN = range(4)
"""What is drawn on a leaf; any other number: nothing."""
LENS = 2
"""Sides of a shape that is pointed at both ends."""


@dataclass(frozen=True)
class Leaves:
    """Families of leaves; each attribute has one row per family."""

    sizes: stamps.Sizes
    sides: Tensor
    rounding: Tensor
    lobes: Tensor
    softness: Tensor
    shading: Tensor
    outline: Tensor
    halo: Tensor
    inside: Tensor
    stripes: Tensor
    variety: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Leaves":
        """`count` random families."""

        def even(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=generator)

        return cls(
            sizes=stamps.Sizes.invent(count, (2.5, 12.0), generator),
            sides=torch.tensor([2, 2, 3, 4, 4, 5, 6])[torch.randint(0, 7, (count, 2), generator=generator)],
            rounding=even(-0.6, 1.6).clamp(0, 1),
            lobes=torch.stack([torch.randint(2, 8, (count,), generator=generator), even(-0.3, 0.35).clamp_min(0)], 1),
            softness=fields.spread(count, 0.8, 3.0, generator),
            shading=even(-0.2, 0.8).clamp_min(0),
            outline=even(-2.5, 2.5).clamp_min(0),
            halo=even(-0.5, 0.8).clamp_min(0),
            inside=torch.randint(0, 4, (count,), generator=generator),
            stripes=fields.spread(count, 4.0, 14.0, generator),
            variety=even(0.02, 0.12),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        palette = fields.palettes(self.palette[members], generator)
        canvas = fields.paint(fields.even_noise(count, fields.COLOURS, 4, side, generator) * 3, palette)
        canvas = canvas.permute(0, 2, 3, 1).contiguous()
        scatter = stamps.Scatter.strew(self.sizes, members, SHAPES, side, generator)
        coat = stamps.coats(palette, SHAPES, self.variety[members], generator)
        sides = stamps.pick(self.sides[members], SHAPES, generator)
        mottle = fields.even_noise(count, 1, side // 3, side, generator)[:, 0]
        lamp = torch.rand(count, generator=generator) * 2 * math.pi
        for stamp in scatter.stamps(1.2):
            depth = (1 - self._far(stamp, stamp.own(sides))) * stamp.radius
            lit = self._shade(stamp, stamp.canvas(lamp)) * self._inside(stamp, mottle) * self._outline(stamp, depth)
            cover = (0.5 + depth / stamp.family(self.softness)).clamp(0, 1)
            halo = (1 + depth / (stamp.radius * 0.25)).clamp(0, 1) * stamp.family(self.halo)
            below = canvas[stamp.index]
            # What lies below is darkened near the rim and then covered: one weight for each of the two.
            kept = ((1 - halo) * (1 - cover))[..., None]
            canvas[stamp.index] = below * kept + stamp.own(coat) * (cover * lit)[..., None]
        return fields.blank_flow(canvas.permute(0, 3, 1, 2).clamp(0, 1))

    def _far(self, stamp: stamps.Stamp, sides: Tensor) -> Tensor:
        """1 on the rim: a polygon with waves cut into it, or a lens."""
        number, depth = stamp.family(self.lobes).unbind(-1)
        angle = torch.atan2(stamp.v, stamp.u)
        rounded = stamps.polygon(stamp.u, stamp.v, angle, sides.clamp_min(3), stamp.family(self.rounding))
        wavy = 1 - depth * (0.5 + 0.5 * (angle * number).cos())
        return torch.where(sides == LENS, stamp.v.abs() * 1.2 + stamp.u**2, rounded / wavy)

    def _shade(self, stamp: stamps.Stamp, lamp: Tensor) -> Tensor:
        """Lighter towards the lamp, the same side for all."""
        angle, strength = lamp - stamp.turn, stamp.family(self.shading)
        return (1 + stamp.u * (angle.cos() * strength) + stamp.v * (angle.sin() * strength)).clamp(0.2, 1.8)

    def _inside(self, stamp: stamps.Stamp, mottle: Tensor) -> Tensor:
        """Bars, or a rib with veins, or mottles; one formula for all, of which families leave out parts."""
        kind, stripes = stamp.family(self.inside), stamp.family(self.stripes)
        veined, beside = (kind == VEINED).float(), stamp.v.abs()
        phase = stamp.u * (stripes * veined) + stamp.v * (stripes * (1 - veined)) - beside * (stripes * veined * 0.7)
        waves = phase.sin() * (0.3 * (kind == STRIPED) + 0.15 * veined)
        rib = (1 - beside * 7).clamp_min(0) * (veined * 0.4)
        return 1 + waves - rib + mottle[stamp.index] * (0.18 * (kind == MOTTLED))

    def _outline(self, stamp: stamps.Stamp, depth: Tensor) -> Tensor:
        width = stamp.family(self.outline)
        return 1 - (1 + width - depth).clamp(0, 1) * (0.85 * (width > 0))
