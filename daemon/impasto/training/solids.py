"""Solids: balls, cones, cushions, cubes and tubes under one lamp, that hide one another and throw soft shadows.

Knows fields and stamps; must never know labels or the network. Called by the world. Light is Blinn's: diffuse, ambient
and a highlight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields, stamps

SHAPES = 48
BALL, CONE, CUSHION, TUBE = range(4)
STRIPED, SPOTTED, GRAINED, _PLAIN = range(4)
SLOPE = torch.tensor(0.75)
# Sides of the outline, how round it is, flat faces (0: none), profile. A hexagon of three faces is a cube seen from
# its corner.
PROTOTYPES = torch.tensor(
    [
        [4, 1.0, 0, BALL],
        [4, 1.0, 0, BALL],
        [4, 1.0, 0, CONE],
        [4, 0.2, 4, CUSHION],
        [4, 1.0, 0, CUSHION],
        [6, 0.0, 3, CONE],
        [4, 0.0, 4, CONE],
        [5, 0.0, 5, CUSHION],
        [4, 0.0, 0, TUBE],
        [3, 0.3, 3, CUSHION],
    ]
)


@dataclass(frozen=True)
class Solids:
    """Families of solids; each attribute has one row per family."""

    sizes: stamps.Sizes
    shape: Tensor
    bevel: Tensor
    softness: Tensor
    gloss: Tensor
    shine: Tensor
    ambient: Tensor
    shadow: Tensor
    surface: Tensor
    marks: Tensor
    ground: Tensor
    variety: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Solids":
        """`count` random families."""

        def even(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=generator)

        return cls(
            sizes=stamps.Sizes.invent(count, (4.0, 15.0), generator),
            shape=torch.randint(0, len(PROTOTYPES), (count, 3), generator=generator),
            bevel=even(0.3, 0.85),
            softness=fields.spread(count, 0.8, 3.0, generator),
            gloss=fields.spread(count, 4.0, 60.0, generator),
            shine=even(-0.4, 1.0).clamp_min(0),
            ambient=even(0.05, 0.55),
            shadow=even(0.1, 0.9),
            surface=torch.randint(0, 4, (count,), generator=generator),
            marks=fields.spread(count, 3.0, 14.0, generator),
            ground=torch.randint(0, 3, (count,), generator=generator),
            variety=even(0.02, 0.12),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        palette = fields.palettes(self.palette[members], generator)
        grain = fields.even_noise(count, 1, side // 3, side, generator)[:, 0]
        canvas = self._ground(members, palette, grain, generator)
        scatter = stamps.Scatter.strew(self.sizes, members, SHAPES, side, generator)
        coat = stamps.coats(palette, SHAPES, self.variety[members], generator)
        shape = PROTOTYPES[stamps.pick(self.shape[members], SHAPES, generator)]
        lamp = _lamp(count, generator)
        for stamp in scatter.stamps(1.4):
            sides, rounding, faces, profile = stamp.own(shape).unbind(-1)
            angle = torch.atan2(stamp.v, stamp.u)
            far = stamps.polygon(stamp.u, stamp.v, angle, sides, rounding)
            towards = _turned(stamp.canvas(lamp), stamp.turn)
            normal = _normal(angle, stamp.v, far, (faces, profile, stamp.family(self.bevel)))
            diffuse, highlight = self._light(stamp, normal, towards)
            cover = (0.5 + (1 - far) * stamp.radius / stamp.family(self.softness)).clamp(0, 1)
            kept = (1 - self._shadow(stamp, towards)) * (1 - cover)
            coloured = stamp.own(coat) * (self._surface(stamp, grain) * diffuse * cover)[..., None]
            canvas[stamp.index] = canvas[stamp.index] * kept[..., None] + coloured + (highlight * cover)[..., None]
        return fields.blank_flow(canvas.permute(0, 3, 1, 2).clamp(0, 1))

    def _ground(self, members: Tensor, palette: Tensor, grain: Tensor, generator: torch.Generator) -> Tensor:
        """Two colours that run into one another, plain, grained or chequered, (b, side, side, 3)."""
        count, side = len(members), grain.shape[-1]
        wind = torch.rand(count, 1, 1, generator=generator) * 6.3
        grid = fields.pixel_grid(side) / side - 0.5
        along, across = (
            grid[..., 0] * a + grid[..., 1] * b for a, b in ((wind.cos(), wind.sin()), (-wind.sin(), wind.cos()))
        )
        kind, marks = self.ground[members, None, None], self.marks[members, None, None]
        tiles = ((along * marks * 2).sin() * (across * marks * 2).sin() * 12).tanh()
        tone = 1 + torch.where(kind == 0, torch.zeros(()), torch.where(kind == 1, grain * 0.12, tiles * 0.15))
        mix = (along + 0.5).clamp(0, 1)[..., None]
        first, second = palette[:, None, None, 0], palette[:, None, None, 1]
        return ((first + (second - first) * mix) * tone[..., None]).clamp(0, 1)

    def _light(self, stamp: stamps.Stamp, normal: Sequence[Tensor], lamp: Tensor) -> tuple[Tensor, Tensor]:
        """Factor of the colour, and highlight on top, (b, w, w) each."""
        ambient = stamp.family(self.ambient)
        half = F.normalize(lamp + torch.tensor([0.0, 0.0, 1.0]), dim=-1)
        highlight = _dot(normal, half).clamp(1e-3, 1) ** stamp.family(self.gloss) * stamp.family(self.shine)
        return ambient + 1.25 * (1 - ambient) * _dot(normal, lamp).clamp_min(0), highlight

    def _surface(self, stamp: stamps.Stamp, grain: Tensor) -> Tensor:
        """Stripes, spots or grain; one formula for all, of which families leave out parts."""
        kind, marks = stamp.family(self.surface), stamp.family(self.marks)
        waves = (stamp.u * marks).sin() * (stamp.v * (marks * (kind == SPOTTED))).cos()
        marked = (waves * 5).tanh() * (0.35 * ((kind == STRIPED) | (kind == SPOTTED)))
        return 1 + marked + grain[stamp.index] * (0.15 * (kind == GRAINED))

    def _shadow(self, stamp: stamps.Stamp, lamp: Tensor) -> Tensor:
        """Darkness (b, w, w) of a blurred ellipse that lies away from the lamp."""
        far = torch.hypot(stamp.u + 0.3 * lamp[..., 0], stamp.v + 0.3 * lamp[..., 1])
        return ((1.2 - far) / 0.5).clamp(0, 1) * stamp.family(self.shadow)


def _lamp(count: int, generator: torch.Generator) -> Tensor:
    """Unit vectors (b, 3) towards a lamp at any side, from low to nearly overhead."""
    turn = torch.rand(count, generator=generator) * 2 * torch.pi
    height = 0.35 + 0.5 * torch.rand(count, generator=generator)
    flat = (1 - height**2).sqrt()
    return torch.stack([turn.cos() * flat, turn.sin() * flat, height], 1)


def _turned(lamp: Tensor, turn: Tensor) -> Tensor:
    """The lamp (b, 1, 1, 3) as seen from shapes that lie at the angle `turn` (b, 1, 1)."""
    x, y, z = lamp.unbind(-1)
    cos, sin = turn.cos(), turn.sin()
    return torch.stack([x * cos + y * sin, y * cos - x * sin, z], -1)


def _dot(normal: Sequence[Tensor], lamp: Tensor) -> Tensor:
    x, y, z = lamp.unbind(-1)
    return normal[0] * x + normal[1] * y + normal[2] * z


def _normal(
    angle: Tensor, v: Tensor, far: Tensor, form: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Unit normals along, across and up, (b, w, w) each, of a form of some `faces`, a `profile` and a `bevel`."""
    faces, profile, bevel = form
    sector = 2 * torch.pi / faces.clamp_min(1)
    angle = torch.where(faces > 0, (angle / sector).round() * sector, angle)
    rim = ((far - bevel) / (1 - bevel)).clamp(0, 1)
    tilt = torch.where(profile == BALL, far.clamp_max(0.98), torch.where(profile == CONE, SLOPE, 0.85 * rim * rim))
    tube = profile == TUBE
    along = angle.cos() * tilt * ~tube
    across = torch.where(tube, v.clamp(-0.7, 0.7) * 1.3, angle.sin() * tilt)
    return along, across, (1 - along**2 - across**2).clamp_min(0.02).sqrt()
