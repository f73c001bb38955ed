"""Brush strokes: noise dragged along a random flow, coloured by a palette and lit like thick paint.

Knows fields; must never know labels or the network. Called by the world. Line integral convolution is Cabral and
Leedom's (SIGGRAPH 1993).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields

STEPS = 9


@dataclass(frozen=True)
class Strokes:
    """Families of strokes; each attribute has one row per family, lengths in pixels."""

    width: Tensor
    length: Tensor
    curls: Tensor
    drift: Tensor
    sharpness: Tensor
    scene: Tensor
    relief: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Strokes":
        """`count` random families."""
        width = fields.spread(count, 1.0, 6.0, generator)
        return cls(
            width=width,
            length=width * fields.spread(count, 2.0, 14.0, generator),
            curls=fields.spread(count, 2.5, 16.0, generator),
            drift=torch.rand(count, generator=generator) * 3 - 1,
            sharpness=fields.spread(count, 0.5, 8.0, generator),
            scene=torch.rand(count, generator=generator) * 1.5,
            relief=torch.rand(count, generator=generator) ** 2 * 0.6,
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,): colour and doubled stroke angle."""
        count = len(members)
        directions = fields.flow(self.curls[members], self.drift[members].clamp_min(0), side, generator)
        cells = side / self.width[members]
        dragged = drag(fields.smooth_noise(4, cells, side, generator), directions, self.length[members])
        dragged = dragged / dragged.std((2, 3), keepdim=True)
        scene = fields.even_noise(count, fields.COLOURS, 4, side, generator) * fields.column(self.scene[members])
        logits = torch.cat([dragged, -dragged[:, :1]], 1) + scene
        palette = fields.palettes(self.palette[members], generator)
        colours = fields.paint(logits * fields.column(self.sharpness[members]), palette)
        lit = light(dragged[:, 1:2], self.relief[members], generator)
        return torch.cat([(colours * lit).clamp(0, 1), fields.double_angle(directions)], 1)


def drag(noise: Tensor, directions: Tensor, length: Tensor) -> Tensor:
    """Mean of `noise` (b, c, s, s) along `directions` (b, 2, s, s), `length` (b,) pixels each way."""
    count, _, side, _ = noise.shape
    total, stride = noise, fields.column(length / STEPS)
    for sign in (1.0, -1.0):
        place = fields.pixel_grid(side).expand(count, -1, -1, -1)
        for _ in range(STEPS):
            place = place + sign * stride * fields.sample(directions, place).permute(0, 2, 3, 1)
            total = total + fields.sample(noise, place)
    return total / (2 * STEPS + 1)


def light(height: Tensor, relief: Tensor, generator: torch.Generator) -> Tensor:
    """Factor (b, 1, s, s) by which a lamp at a random side brightens slopes of `height` (b, 1, s, s)."""
    lamp = F.normalize(torch.randn(len(height), 2, 1, 1, generator=generator), dim=1)
    padded = F.pad(height, (1, 1, 1, 1), mode="replicate")
    slope_x = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    slope_y = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    slope = slope_x * lamp[:, :1] + slope_y * lamp[:, 1:]
    slope = slope / slope.std((1, 2, 3), keepdim=True).clamp_min(1e-3)
    return 1 + fields.column(relief) * slope.clamp(-1.5, 1.5)
