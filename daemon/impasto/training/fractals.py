"""Fractals: Julia sets with smooth bands, and hills of 1/f noise coloured as photographs are, mostly by light.

Knows fields; must never know labels or the network. Called by the world. Spectra of natural pictures: Field 1987;
colours that go together: Ruderman, Cronin and Chiao 1998.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.training import fields

ROUNDS, BACKWARDS, LAYERS = 28, 14, 3


@dataclass(frozen=True)
class Fractals:
    """Families of Julia sets (even) and of hills (odd); each attribute has one row per family."""

    seed: Tensor
    zoom: Tensor
    bands: Tensor
    trap: Tensor
    steep: Tensor
    border: Tensor
    long: Tensor
    layers: Tensor
    chroma: Tensor
    contrast: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Fractals":
        """`count` random families."""

        def even(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=generator)

        # Constants just outside the large heart of the Mandelbrot set: no set there is empty or dull.
        turn = even(0.3, 2 * math.pi - 0.3)
        heart = torch.stack([turn.cos() / 2 - (2 * turn).cos() / 4, turn.sin() / 2 - (2 * turn).sin() / 4], 1)
        return cls(
            seed=heart * even(1.01, 1.12)[:, None],
            zoom=fields.spread(count, 0.25, 1.6, generator),
            bands=fields.spread(count, 0.15, 1.2, generator),
            trap=even(-1.0, 1.0).clamp_min(0) * 3,
            steep=even(0.7, 1.6),
            border=even(1.4, 2.4),
            long=fields.spread(count, 0.3, 3.5, generator),
            layers=torch.randint(0, LAYERS + 1, (count,), generator=generator),
            chroma=even(0.01, 0.07),
            contrast=fields.spread(count, 0.12, 0.45, generator),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        palette = fields.palettes(self.palette[members], generator)
        colours = torch.empty(len(members), 3, side, side)
        for part, paint in ((members % 2 == 0, self._julia), (members % 2 == 1, self._hills)):
            if part.any():
                colours[part] = paint(members[part], palette[part], side, generator)
        return fields.blank_flow(colours.clamp(0, 1))

    def _julia(self, members: Tensor, palette: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Colours (b, 3, side, side) by the time until a point flies away, and by how near it came to an axis."""
        count, seed = len(members), torch.view_as_complex(self.seed[members])[:, None, None]
        turn = torch.rand(count, generator=generator) * 2 * math.pi
        zoom = self.zoom[members] * fields.spread(count, 0.75, 1.3, generator)
        grid = torch.view_as_complex(fields.pixel_grid(side) / side - 0.5)
        place = grid * torch.polar(zoom, turn)[:, None, None] + _on_the_set(seed, generator)
        x, y, (a, b) = place.real.clone(), place.imag.clone(), (seed.real, seed.imag)
        time, near = torch.zeros(count, side, side), torch.ones(count, side, side)
        for _ in range(ROUNDS):
            x, y = x * x - y * y + a, 2 * x * y + b
            # Counting by a soft threshold makes smooth bands; points that flew away are held where it counts nothing.
            size = x * x + y * y
            time += torch.sigmoid((4 - size) * 2)
            near = torch.minimum(near, x.abs() + 0.05 * size)
            x, y = x.clamp(-6, 6), y.clamp(-6, 6)
        phase = time * self.bands[members, None, None] + near * self.trap[members, None, None] * 4
        levels = torch.arange(fields.COLOURS).view(1, -1, 1, 1) * (2 * math.pi / fields.COLOURS)
        return fields.paint(3 * (phase[:, None] - levels).cos(), palette)

    def _hills(self, members: Tensor, palette: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Colours (b, 3, side, side): coats of 1/f noise before one another, each in its own tint."""
        count = len(members)
        wind = torch.rand(count, generator=generator) * 2 * math.pi
        long = self.long[members]
        tones = _noise(self.steep[members], long, wind, (LAYERS + 1, side), generator)
        rims = _noise(self.border[members], long, wind, (LAYERS, side), generator)
        tints = _noise(self.border[members], long, wind, (3, side), generator)
        contrast = fields.column(self.contrast[members])
        colours = palette[:, 0, :, None, None] * (1 + tones[:, :1] * contrast)
        for layer in range(LAYERS):
            coat = palette[:, layer + 1, :, None, None] * (1 + tones[:, layer + 1 : layer + 2] * contrast)
            shift = torch.randn(count, 1, 1, 1, generator=generator) * 0.5
            present = fields.column(self.layers[members] > layer)
            cover = torch.sigmoid((rims[:, layer : layer + 1] + shift) * 18) * present
            colours = colours + cover * (coat - colours)
        return colours + tints * fields.column(self.chroma[members])


def _on_the_set(seed: Tensor, generator: torch.Generator) -> Tensor:
    """A point (b, 1, 1) of each Julia set: roots taken over and over, either sign, lead there from anywhere."""
    point = torch.ones_like(seed)
    for _ in range(BACKWARDS):
        sign = torch.randint(0, 2, seed.shape, generator=generator) * 2 - 1
        point = (point - seed).sqrt() * sign
    return point


def _noise(steep: Tensor, long: Tensor, wind: Tensor, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Noise (b, n, side, side) of unit variance whose amplitude falls as 1/f^`steep`; `long` is along over across."""
    number, side = shape
    across, down = torch.fft.rfftfreq(side), torch.fft.fftfreq(side)[:, None]
    cos, sin = wind.cos().view(-1, 1, 1), wind.sin().view(-1, 1, 1)
    root = long.view(-1, 1, 1).sqrt()
    frequency = torch.hypot((across * cos + down * sin) * root, (down * cos - across * sin) / root)
    weight = frequency.clamp_min(0.7 / side) ** -steep.view(-1, 1, 1)
    white = torch.fft.rfft2(torch.randn(len(steep), number, side, side, generator=generator))
    noise: Tensor = torch.fft.irfft2(white * weight[:, None], s=(side, side))
    return noise / noise.std((2, 3), keepdim=True).clamp_min(1e-6)
