"""Patterns that nobody brushed: random shaders, wallpapers and clouds with their contours.

Knows fields; must never know labels or the network. Called by the world. Small random programs as teachers: Baradad
et al., "Procedural image programs for representation learning", NeurIPS 2022 (the idea, none of its code).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.training import fields

HIDDEN, INPUTS, SEEDS, WAVES, OCTAVES = 12, 10, 24, 7, 5


def _turned(side: int, scale: Tensor, generator: torch.Generator, warp: Tensor) -> Tensor:
    """Warped, turned and shifted places (b, side, side, 2); without warp a canvas spans `scale` (b, 2) units."""
    count = len(scale)
    angle = torch.rand(count, generator=generator) * 2 * math.pi
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(count, 1, 2, 2)
    bent = fields.even_noise(count, 2, 5, side, generator).permute(0, 2, 3, 1) * fields.column(warp)
    place = (fields.pixel_grid(side) / side + bent) @ turn
    shift = torch.rand(count, 1, 1, 2, generator=generator) * 7
    return place * scale.view(-1, 1, 1, 2) + shift


@dataclass(frozen=True)
class Shaders:
    """Families of tiny random networks of place, cells and noise; each attribute has one row per family."""

    first: Tensor
    second: Tensor
    last: Tensor
    bends: Tensor
    scale: Tensor
    warp: Tensor
    cells: Tensor
    hardness: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Shaders":
        """`count` random families."""

        def normal(*shape: int) -> Tensor:
            return torch.randn(count, *shape, generator=generator)

        # Inputs matter unevenly, so that families differ in what they are made of and not only in how.
        uneven = torch.rand(count, INPUTS, 1, generator=generator) ** 2 * 2
        return cls(
            first=normal(INPUTS, HIDDEN) * uneven,
            second=normal(HIDDEN, HIDDEN) * 0.8,
            last=normal(HIDDEN, fields.COLOURS) * 0.7,
            bends=torch.randint(0, 3, (count, 2), generator=generator),
            scale=fields.spread(count, 3.0, 14.0, generator)[:, None]
            * fields.spread(count * 2, 0.6, 1.7, generator).view(count, 2),
            warp=torch.rand(count, generator=generator) * 0.12,
            cells=(torch.rand(count, generator=generator) < 0.4).float(),
            hardness=fields.spread(count, 1.5, 20.0, generator),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        place = _turned(side, self.scale[members] * math.pi, generator, self.warp[members])
        noises = [fields.even_noise(count, 1, n, side, generator).permute(0, 2, 3, 1) for n in (5, 14, 32)]
        near = self._cells(members, side, generator)
        inputs = torch.cat([place.sin(), (place * 1.7).cos(), near, *noises, place[..., :1].sin() * noises[0]], 3)
        hidden = _bend(inputs.flatten(1, 2) @ self.first[members], self.bends[members, 0])
        hidden = _bend(hidden @ self.second[members], self.bends[members, 1])
        logits = (hidden @ self.last[members]).transpose(1, 2).reshape(count, -1, side, side)
        palette = fields.palettes(self.palette[members], generator)
        return fields.blank_flow(fields.paint(logits * fields.column(self.hardness[members]), palette))

    def _cells(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Distance to the nearest of some seeds, and to the rim of its cell, (b, side, side, 2)."""
        seeds = torch.rand(len(members), SEEDS * 2, 2, generator=generator)
        flat = fields.pixel_grid(side).flatten(0, 1)[None] / side
        near = torch.cdist(flat.expand(len(members), -1, -1), seeds).topk(2, largest=False).values
        both = torch.stack([near[..., 0] * 12, (near[..., 1] - near[..., 0]) * 18], -1)
        return both.view(-1, side, side, 2) * fields.column(self.cells[members])


def _bend(hidden: Tensor, kinds: Tensor) -> Tensor:
    kinds = kinds.view(-1, 1, 1)
    folded = hidden.abs().clamp(max=2)
    return torch.where(kinds == 0, torch.sin(1.5 * hidden), torch.where(kinds == 1, torch.tanh(hidden), folded))


@dataclass(frozen=True)
class Wallpapers:
    """Families of periodic patterns, a few waves to each colour; each attribute has one row per family."""

    waves: Tensor
    weight: Tensor
    phase: Tensor
    scale: Tensor
    warp: Tensor
    hardness: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Wallpapers":
        """`count` random families."""
        shape = (count, fields.COLOURS, WAVES)
        return cls(
            waves=torch.randint(-3, 4, (count, fields.COLOURS * WAVES, 2), generator=generator).float(),
            weight=torch.randn(shape, generator=generator),
            phase=torch.rand(shape, generator=generator) * 2 * math.pi,
            scale=fields.spread(count, 2.0, 12.0, generator)[:, None]
            * fields.spread(count * 2, 0.7, 1.4, generator).view(count, 2),
            warp=torch.rand(count, generator=generator) ** 2 * 0.1,
            hardness=fields.spread(count, 0.7, 6.0, generator),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        place = _turned(side, self.scale[members], generator, self.warp[members]).flatten(1, 2)
        angles = 2 * math.pi * place @ self.waves[members].transpose(1, 2) + self.phase[members].flatten(1)[:, None]
        waves = angles.cos().unflatten(2, (fields.COLOURS, WAVES)) * self.weight[members][:, None]
        logits = waves.sum(3).transpose(1, 2).reshape(count, -1, side, side)
        palette = fields.palettes(self.palette[members], generator)
        return fields.blank_flow(fields.paint(logits * fields.column(self.hardness[members]), palette))


@dataclass(frozen=True)
class Clouds:
    """Families of fractal noise: plain, ridged or banded; each attribute has one row per family."""

    roughness: Tensor
    bands: Tensor
    ridged: Tensor
    scale: Tensor
    warp: Tensor
    hardness: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Clouds":
        """`count` random families."""
        return cls(
            roughness=0.25 + torch.rand(count, generator=generator) * 0.7,
            bands=fields.spread(count, 1.0, 7.0, generator),
            ridged=torch.randint(0, 3, (count,), generator=generator),
            scale=fields.spread(count * 2, 0.3, 1.0, generator).view(count, 2),
            warp=torch.rand(count, generator=generator) * 0.2,
            hardness=fields.spread(count, 1.0, 10.0, generator),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        place = _turned(side, self.scale[members] * side, generator, self.warp[members])
        height = torch.zeros(count, fields.COLOURS, side, side)
        for octave in range(OCTAVES):
            noise = fields.sample(fields.even_noise(count, fields.COLOURS, 3 * 2**octave, side, generator), place)
            height = height + noise * fields.column(self.roughness[members] ** octave)
        kind, bands = fields.column(self.ridged[members]), fields.column(self.bands[members])
        ridged = 1 - 2 * height.abs()
        height = torch.where(kind == 0, height, torch.where(kind == 1, ridged, torch.sin(height * bands)))
        palette = fields.palettes(self.palette[members], generator)
        return fields.blank_flow(fields.paint(height * fields.column(self.hardness[members]), palette))
