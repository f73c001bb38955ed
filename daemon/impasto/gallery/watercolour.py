"""`watercolour`: loose flowers, wash over wash, with wet edges, blooms, granulation and spatter.

A wash is a shape that absorbs: pigments multiply, water carries them to the rim. Knows the tools of this room;
called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, blur, mask, step
from impasto.gallery.noise import clouds, ridges, scatter
from impasto.gallery.palette import ink, inks

_PETALS = inks("d8345f e8663f c2327a f09a3a 8a3fa8 e2506f f2b83f 5f4fb8")
_LEAVES = inks("3f7a4a 6f9a3a 2f6a6a 8aa84f 4a8a7a")
_FLOWERS = (
    *((0.42, 0.36, 0.20), (0.86, 0.30, 0.17), (0.66, 0.62, 0.19), (1.12, 0.58, 0.15), (0.20, 0.62, 0.15)),
    *((0.16, 0.20, 0.11), (1.20, 0.16, 0.10), (0.42, 0.86, 0.12), (0.95, 0.88, 0.13), (0.64, 0.13, 0.09)),
)
"""Place and size."""


def watercolour(frame: Frame, rng: Generator) -> Field:
    """Wet the paper, lay the washes, let them dry."""
    sheet = _Sheet(frame, rng)
    sheet.mist(rng)
    for u, v, size in _FLOWERS:
        for _ in range(5):
            sheet.leaf(u, v, size, rng)
        sheet.flower(u, v, size, rng)
    sheet.spatter(rng)
    return sheet.dried(rng)


class _Sheet:
    """Wet paper: how much light each channel has lost so far, and the fields that steer the water."""

    def __init__(self, frame: Frame, rng: Generator) -> None:
        self.frame = frame
        self.density = np.zeros((frame.height, frame.width, 3), np.float32)
        self.pools = clouds(frame, 0.07, rng, octaves=5, gain=0.65)
        self.blooms = ridges(frame, (0.10, 0.10), rng, octaves=4)

    def wash(self, outline: Field, colour: Field, strength: float) -> None:
        """One transparent layer: uneven inside, darkest along its edge."""
        window = mask(self.frame, outline)
        if window is None:
            return
        rows, columns, cover = window
        soft = blur(cover, self.frame.unit * 0.0045)
        rim = np.clip(cover - soft, 0, 1) * 1.7
        inside = cover * np.clip(
            0.55 + 0.24 * self.pools[rows, columns] - 0.35 * step(0.82, 0.95, self.blooms[rows, columns]), 0.06, 2
        )
        self.density[rows, columns] += ((inside + rim) * strength)[..., None] * -np.log(np.clip(colour, 0.03, 0.99))

    def mist(self, rng: Generator) -> None:
        """First washes, wet in wet: no edges at all."""
        for colour in inks("9cc4dc f0c9a8 c4b4dc b4d4b0 f2dca0"):
            veil = step(0.1, 1.8, clouds(self.frame, 0.32, rng, octaves=4))
            self.density += (veil * 0.9)[..., None] * -np.log(colour)

    def leaf(self, u: float, v: float, size: float, rng: Generator) -> None:
        """A leaf that springs from under a flower, in two strokes of different green."""
        angle = rng.uniform(0, 2 * np.pi)
        u, v = u + 0.75 * size * np.cos(angle), v + 0.75 * size * np.sin(angle)
        length, width = size * rng.uniform(0.7, 1.3), size * rng.uniform(0.12, 0.22)
        t = np.linspace(0, 1, 40)
        spine = np.stack([u + t * length * np.cos(angle + 0.7 * t), v + t * length * np.sin(angle + 0.7 * t)], -1)
        normal = np.stack([-np.sin(angle + 1.4 * t), np.cos(angle + 1.4 * t)], -1)
        for side in (-1, 1):
            bulge = (width * np.sin(np.pi * t**0.8) * (1 + 0.10 * np.sin(t * rng.uniform(5, 12) + rng.uniform(0, 6))))[
                :, None
            ]
            self.wash(
                np.concatenate([spine, (spine + side * bulge * normal)[::-1]]),
                rng.choice(_LEAVES),
                rng.uniform(0.45, 0.95),
            )

    def flower(self, u: float, v: float, size: float, rng: Generator) -> None:
        """Two rings of petals, each petal in two washes, and a dark heart."""
        colour, turn = rng.choice(_PETALS), rng.uniform(0, 6)
        for reach, petals in ((1.0, 7), (0.68, 6)):
            for petal in range(petals):
                angle = turn + reach * 2 + 2 * np.pi * petal / petals + 0.15 * rng.standard_normal()
                tint = np.clip(colour + 0.07 * rng.standard_normal(3), 0.02, 0.98)
                for layer in (1.0, 0.72):
                    length = size * reach * layer * rng.uniform(0.85, 1.1)
                    self.wash(_petal(u, v, angle, length, 0.42, rng), tint, 0.30)
        for _ in range(14):
            angle, far = rng.uniform(0, 2 * np.pi), size * 0.2 * rng.random() ** 0.5
            spot = _petal(u + far * np.cos(angle), v + far * np.sin(angle), angle, size * 0.09, 0.6, rng)
            self.wash(spot, ink("5a2f1f") if rng.random() < 0.6 else ink("e8b02f"), 0.8)

    def spatter(self, rng: Generator) -> None:
        """Drops flicked from the brush."""
        for u, v in zip(*scatter(0.11, rng), strict=True):
            if rng.random() < 0.8:
                size = 0.0025 + 0.011 * rng.random() ** 4
                t = np.linspace(0, 2 * np.pi, 18)
                drop = np.stack([u + size * np.cos(t), v + size * np.sin(t) * rng.uniform(0.8, 1.2)], -1)
                self.wash(drop, rng.choice(_PETALS), rng.uniform(0.4, 1.0))

    def dried(self, rng: Generator) -> Field:
        """Light through pigment on rough paper, the rims feathered by the paper's fibres."""
        frame, shape = self.frame, self.pools.shape
        feather = (
            0.0025 * clouds(frame, 0.02, rng, octaves=4, gain=0.8),
            0.0025 * clouds(frame, 0.02, rng, octaves=4, gain=0.8),
        )
        density = frame.pick(self.density, np.broadcast_to(frame.u, shape) + feather[0], frame.v + feather[1])
        tooth = clouds(frame, 0.006, rng, octaves=3, gain=0.8)
        grains = np.clip(1 + 0.15 * tooth + 0.10 * self.pools, 0.2, 2)
        light = ink("fbf6ea") * np.exp(-density * grains[..., None])
        facing = np.gradient(tooth, axis=0) + np.gradient(tooth, axis=1)
        return np.asarray(light * (1 - 0.05 * np.tanh(facing))[..., None], np.float32)


def _petal(u: float, v: float, angle: float, length: float, wide: float, rng: Generator) -> Field:
    """A petal's outline from its root at (u, v): broad towards the end, ragged as wet paint is."""
    t = np.linspace(0, 2 * np.pi, 44, endpoint=False)
    ragged = 1 + 0.05 * np.cumsum(rng.standard_normal(44)) / 3 * np.sin(t / 2)
    ahead = (0.5 - 0.5 * np.cos(t)) ** 0.75 * length * ragged
    aside = np.sin(t) * (0.35 + 0.65 * (0.5 - 0.5 * np.cos(t))) * length * wide * ragged
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([u + ahead * cos - aside * sin, v + ahead * sin + aside * cos], -1).astype(np.float32)
