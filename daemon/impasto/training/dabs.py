"""Dabs: shaded discs, boxes, diamonds and rings on a jittered lattice that cover one another, like leaves or touches.

Knows fields; must never know labels or the network. Called by the world. Dead leaves as a model of pictures: Ruderman
1997; Lee, Mumford and Huang 2001.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.training import fields

REACH = 2
"""Lattice cells that a dab may reach from its own."""


@dataclass(frozen=True)
class Dabs:
    """Families of dabs; each attribute has one row per family, `spacing` in pixels."""

    spacing: Tensor
    size: Tensor
    aspect: Tensor
    variety: Tensor
    shape: Tensor
    order: Tensor
    presence: Tensor
    softness: Tensor
    shading: Tensor
    curls: Tensor
    loyalty: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Dabs":
        """`count` random families."""

        def even(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=generator)

        return cls(
            spacing=fields.spread(count, 2.5, 22.0, generator),
            size=even(0.45, 1.1),
            aspect=fields.spread(count, 1.0, 7.0, generator).clamp_max(5.0),
            variety=even(0.0, 0.5),
            shape=torch.randint(0, 4, (count,), generator=generator),
            order=torch.randint(0, 3, (count,), generator=generator),
            presence=even(0.3, 1.3),
            softness=fields.spread(count, 0.03, 0.4, generator),
            shading=even(-0.3, 0.9).clamp_min(0),
            curls=fields.spread(count, 2.5, 9.0, generator),
            loyalty=even(0.0, 3.0),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,): colour, and doubled angle where known."""
        count = len(members)
        directions = fields.flow(self.curls[members], torch.zeros(count), side, generator)
        lattice = Lattice.scatter(self, members, directions, generator)
        palette = fields.palettes(self.palette[members], generator)
        scene = fields.even_noise(count, fields.COLOURS, 4, side, generator)
        ground = fields.paint(scene * 3, palette)
        cover, u, v, chosen = lattice.topmost(self, members, side)
        own = torch.randn(count, fields.COLOURS, lattice.cells**2, generator=generator).gather(
            2, chosen.flatten(1)[:, None].expand(-1, fields.COLOURS, -1)
        )
        local = own.view(count, fields.COLOURS, side, side) + scene * fields.column(self.loyalty[members])
        lit = 1 + fields.column(self.shading[members]) * (-0.5 * u - 0.4 * v).clamp(-1, 1)[:, None]
        colours = ground + cover[:, None] * (fields.paint(local * 3, palette) * lit - ground)
        known = fields.column((self.order[members] == 0) & (self.aspect[members] > 1.6))
        return torch.cat([colours.clamp(0, 1), fields.double_angle(directions) * known], 1)


@dataclass(frozen=True)
class Lattice:
    """One dab in every cell of a square lattice: five numbers each, (b, 5, cells, cells)."""

    dabs: Tensor
    spacing: Tensor

    @property
    def cells(self) -> int:
        """Cells along one side, the margin of REACH included."""
        return self.dabs.shape[-1]

    @classmethod
    def scatter(cls, kind: Dabs, members: Tensor, directions: Tensor, generator: torch.Generator) -> "Lattice":
        """Place x, y (pixels), angle, size factor and rank (absent: negative) at random within each cell."""
        count, side, spacing = len(members), directions.shape[-1], kind.spacing[members]
        cells = int(side / float(spacing.min())) + 2 * REACH + 1
        corner = fields.pixel_grid(cells) - 0.5 - REACH
        jitter = torch.rand(count, cells, cells, 2, generator=generator)
        place = (corner + jitter) * fields.column(spacing)
        along = fields.sample(directions, place)
        order = kind.order[members].view(-1, 1, 1)
        lawless = torch.rand(count, cells, cells, generator=generator) * 2 * torch.pi
        common = torch.rand(count, 1, 1, generator=generator) * 2 * torch.pi + lawless * 0.05
        angle = torch.where(order == 0, torch.atan2(along[:, 1], along[:, 0]), torch.where(order == 1, common, lawless))
        size = torch.exp(torch.randn(count, cells, cells, generator=generator) * kind.variety[members].view(-1, 1, 1))
        rank = torch.rand(count, cells, cells, generator=generator)
        absent = torch.rand(count, cells, cells, generator=generator) > kind.presence[members].view(-1, 1, 1)
        rank = torch.where(absent, -torch.ones(()), rank)
        return cls(torch.stack([*place.unbind(-1), angle, size, rank], 1), spacing)

    def topmost(self, kind: Dabs, members: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """For every pixel the highest-ranked dab over it: cover, place within the dab u and v, and its flat index.

        Each is (b, side, side); only the (2 REACH + 1)² cells around a pixel are looked at, so long dabs are cut there.
        """
        count, grid = len(members), fields.pixel_grid(side)
        home = (grid / fields.column(self.spacing)).floor().long() + REACH
        best = [torch.zeros(count, side, side) for _ in range(4)]
        chosen = torch.zeros(count, side, side, dtype=torch.long)
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                index = ((home[..., 1] + dy) * self.cells + home[..., 0] + dx).clamp(0, self.cells**2 - 1)
                dab = self.dabs.flatten(2).gather(2, index.flatten(1)[:, None].expand(-1, 5, -1))
                cover, u, v, rank = self._over(kind, members, dab.view(count, 5, side, side), grid)
                above = (rank > best[3]) & (cover > 0.02)
                # A soft rim shows what lies below it only roughly: the ground. Half-covered pixels are few.
                for slot, value in enumerate((cover, u, v, rank)):
                    best[slot] = torch.where(above, value, best[slot])
                chosen = torch.where(above, index, chosen)
        return best[0], best[1], best[2], chosen

    def _over(self, kind: Dabs, members: Tensor, dab: Tensor, grid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x, y, angle, size, rank = dab.unbind(1)
        radius = size * (self.spacing * kind.size[members]).view(-1, 1, 1)
        stretch = kind.aspect[members].sqrt().view(-1, 1, 1)
        dx, dy, cos, sin = grid[..., 0] - x, grid[..., 1] - y, torch.cos(angle), torch.sin(angle)
        u, v = (dx * cos + dy * sin) / (radius * stretch), (dy * cos - dx * sin) / (radius / stretch)
        disc, shape = (u * u + v * v).sqrt(), kind.shape[members].view(-1, 1, 1)
        box, diamond = torch.maximum(u.abs(), v.abs()), u.abs() + v.abs()
        far = torch.where(shape == 0, disc, torch.where(shape == 1, box, diamond))
        far = torch.where(shape == 3, (disc - 0.7).abs() * 3, far)
        return torch.sigmoid((1 - far) / kind.softness[members].view(-1, 1, 1)), u, v, rank
