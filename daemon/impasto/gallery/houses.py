"""Houses along a street in perspective: walls, windows, shutters, roofs, towers.

A `Street` says how large and how low things stand at each place along it; a facade is drawn in its own coordinates
(a across from 0 to 1, b up in wall heights). Light comes from the left. Called by scenes of this room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Canvas, Field, mix
from impasto.gallery.palette import ink, inks, varied

_WALLS = inks("e8c98a d98f5c efe3cc c9714f f1d7a8 b7c3bd dfa79a e6ddd0 cfa35f a9b9c4 f0e2b6 c2876b")
_ROOFS = inks("a4472f 8a3d2c b5583a 7a4a3c 96503a 6d4038")
_SHUTTERS = inks("3f6b55 7b2f2a 2f5573 5d4a36 6f8a7a 8a5a3a")
_GLASS = inks("26343f 3a4c58 1c2730 54707f 9fb6bd f3d28a")


@dataclass(frozen=True)
class Street:
    """Where a row of houses stands."""

    foot: Callable[[float], float]
    """The level (v) of the ground at u."""
    scale: Callable[[float], float]
    """The height of one storey at u, in design units."""
    haze: float
    """How much air lies before it."""


@dataclass(frozen=True)
class Facade:
    """A wall on a street, from `left` to `right`, `storeys` high."""

    street: Street
    left: float
    right: float
    storeys: int

    def at(self, a: float, b: float) -> tuple[float, float]:
        """The design place of wall coordinates; b counts storeys up from the ground."""
        u = self.left + (self.right - self.left) * a
        return u, self.street.foot(u) - b * self.street.scale(u)

    def quad(self, a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
        """The corners of a panel of the wall."""
        return [self.at(a[0], b[0]), self.at(a[1], b[0]), self.at(a[1], b[1]), self.at(a[0], b[1])]


class Builder:
    """Builds houses onto a canvas: one bag of stains and one generator for a whole street."""

    def __init__(self, canvas: Canvas, street: Street, stains: Field, air: Field, rng: Generator) -> None:
        self.canvas, self.street, self.stains, self.air, self.rng = canvas, street, stains, air, rng

    def row(self, start: float, stop: float, widths: tuple[float, float], storeys: tuple[int, int]) -> None:
        """Houses from start to stop, far ones (left) first."""
        left = start
        while left < stop:
            width = self.rng.uniform(*widths) * self.street.scale(left)
            self.house(Facade(self.street, left, left + width, int(self.rng.integers(storeys[0], storeys[1] + 1))))
            left += width * self.rng.uniform(0.97, 1.0)

    def house(self, wall: Facade) -> None:
        """One house: roof behind, wall, storeys of windows, a door."""
        colour = varied(self.rng.choice(_WALLS), self.rng, light=0.05, hue=0.02)
        roof = varied(self.rng.choice(_ROOFS), self.rng, light=0.08, hue=0.02)
        top, gabled = wall.storeys + 0.15, self.rng.random() < 0.55
        if gabled:
            self._gable(wall, top, colour, roof)
        else:
            self._eaves(wall, top, roof)
        self._lay(wall.quad((0, 1), (0, top)), colour, wall, 0.26)
        if not gabled:
            self._lay(wall.quad((0, 1), (top - 0.22, top)), colour * 0.6, wall, 0.0, opacity=0.55)
        self._lay(wall.quad((0.9, 1), (0, top)), ink("2a2430"), wall, 0.0, opacity=0.16)
        self._lay(wall.quad((0, 0.10), (0, top * 0.8)), ink("2a2430"), wall, 0.0, opacity=0.22)
        self._lay(wall.quad((0, 1), (0, 0.25)), colour * 0.62, wall, 0.1)
        self._storeys(wall, colour)

    def church(self, middle: float, tall: float) -> None:
        """A tower with belfry, clock and slate spire; its right side lies in shade."""
        half = tall * 0.075
        wall = Facade(self.street, middle - half, middle + half, 1)
        top = 0.52 * tall / self.street.scale(wall.left)
        self._lay(wall.quad((0, 1), (0, top)), ink("cdb592"), wall, 0.15)
        self._lay(wall.quad((0.62, 1), (0, top)), ink("7d6a58"), wall, 0.15)
        for b in np.linspace(0.3, 0.98, 5).tolist():
            self._lay(wall.quad((-0.05, 1.05), (b * top - 0.12, b * top)), ink("b39c7c"), wall, 0.4)
        for b in (0.46, 0.84):
            for a in (0.2, 0.42, 0.8):
                self._belfry_window(wall, a, b * top)
        self._clock(wall, 0.66 * top, tall)
        self._spire(wall, top)

    def _belfry_window(self, wall: Facade, a: float, b: float) -> None:
        left, right = a - 0.07, a + 0.07
        corners = ((left, b - 0.9), (left, b), (a, b + 0.45), (right, b), (right, b - 0.9))
        self._lay([wall.at(*corner) for corner in corners], ink("2f2a2c"), wall, 0.3)

    def _clock(self, wall: Facade, b: float, tall: float) -> None:
        u, v = wall.at(0.31, b)
        turn = np.linspace(0, 2 * np.pi, 28).tolist()
        for size, code in ((0.036 * tall, "3a3430"), (0.031 * tall, "f0e6cc")):
            self._lay([(u + size * np.cos(t), v + size * np.sin(t)) for t in turn], ink(code), wall, 0.0)

    def _spire(self, wall: Facade, top: float) -> None:
        peak, waist = wall.at(0.5, top * 1.72), top * 1.13
        slates = [wall.at(-0.08, top), wall.at(0.16, waist), peak, wall.at(0.84, waist), wall.at(1.08, top)]
        self._lay(slates, ink("55636c"), wall, 0.2, tiles=True)
        shaded = [wall.at(0.60, top), peak, wall.at(0.84, waist), wall.at(1.08, top)]
        self._lay(shaded, ink("333d45"), wall, 0.2, tiles=True)
        rod = [
            (peak[0] + x, peak[1] + y) for x, y in ((-0.0012, -0.03), (0.0012, -0.03), (0.002, 0.01), (-0.002, 0.01))
        ]
        self._lay(rod, ink("c9a24a"), wall, 0.0)

    def _gable(self, wall: Facade, top: float, colour: Field, roof: Field) -> None:
        peak = top + self.rng.uniform(1.1, 1.7)
        back = 0.55
        apex, behind = wall.at(0.5, peak), wall.at(0.5 + back, peak * 0.985)
        right, eave = wall.at(1.06, top - 0.12), wall.at(1.06 + back, top)
        self._lay([apex, behind, eave, right], roof, wall, 0.18, tiles=True)
        self._chimney(wall, 0.72, peak - 0.55)
        self._lay(
            [wall.at(-0.07, top - 0.2), wall.at(0.5, peak + 0.16), right, wall.at(1.06, top - 0.2)],
            roof * 0.55,
            wall,
            0.1,
        )
        self._lay(
            [wall.at(0, top - 0.1), wall.at(0, top), apex, wall.at(1, top), wall.at(1, top - 0.1)],
            colour * 1.03,
            wall,
            0.1,
        )
        self._window(wall, 0.5, top + 0.32, 0.085, 0.42, self.rng.choice(_SHUTTERS))

    def _eaves(self, wall: Facade, top: float, roof: Field) -> None:
        ridge = top + self.rng.uniform(0.9, 1.35)
        self._chimney(wall, self.rng.uniform(0.2, 0.8), ridge - 0.2)
        outline = [wall.at(-0.05, top - 0.08), wall.at(0.06, ridge), wall.at(0.95, ridge), wall.at(1.05, top - 0.08)]
        self._lay(outline, roof, wall, -0.2, tiles=True)
        for a in np.linspace(0.25, 0.75, int(self.rng.integers(1, 4))).tolist():
            self._dormer(wall, a, top + 0.25, roof)

    def _dormer(self, wall: Facade, a: float, b: float, roof: Field) -> None:
        self._lay(wall.quad((a - 0.07, a + 0.07), (b, b + 0.42)), ink("d8cdb8"), wall, 0.1)
        self._lay(wall.quad((a - 0.045, a + 0.045), (b + 0.06, b + 0.36)), self.rng.choice(_GLASS[:4]), wall, 0.0)
        self._lay(
            [wall.at(a - 0.1, b + 0.38), wall.at(a, b + 0.68), wall.at(a + 0.1, b + 0.38)], roof * 0.72, wall, 0.0
        )

    def _chimney(self, wall: Facade, a: float, b: float) -> None:
        self._lay(wall.quad((a - 0.045, a + 0.045), (b - 0.4, b + 0.55)), ink("8d5a46"), wall, 0.2)
        self._lay(wall.quad((a + 0.015, a + 0.045), (b - 0.4, b + 0.55)), ink("5a382e"), wall, 0.2)
        self._lay(wall.quad((a - 0.06, a + 0.06), (b + 0.5, b + 0.62)), ink("4d3a34"), wall, 0.0)

    def _storeys(self, wall: Facade, colour: Field) -> None:
        aspect = (wall.right - wall.left) / self.street.scale(wall.left)
        columns = max(2, round(aspect / 0.62))
        shutter = varied(self.rng.choice(_SHUTTERS), self.rng, light=0.1)
        half = 0.17 / aspect
        for storey in range(wall.storeys):
            self._lay(wall.quad((0, 1), (storey + 0.97, storey + 1.02)), colour * 0.8, wall, 0.0, opacity=0.7)
            for column in range(columns):
                a = (column + 0.5) / columns
                if storey == 0 and self.rng.random() < 0.35:
                    self._lay(wall.quad((a - half * 1.1, a + half * 1.1), (0.0, 0.78)), shutter * 0.7, wall, 0.4)
                else:
                    self._window(wall, a, storey + 0.25, half, 0.52, shutter)

    def _window(self, wall: Facade, a: float, b: float, half: float, tall: float, shutter: Field) -> None:
        rng, cream = self.rng, ink("f3ead8")
        self._lay(
            wall.quad((a - half * 0.8, a + half * 1.6), (b - 0.1, b + tall)), ink("3d342f"), wall, 0.0, opacity=0.35
        )
        self._lay(wall.quad((a - half * 1.18, a + half * 1.18), (b - 0.05, b + tall + 0.05)), cream, wall, 0.1)
        self._lay(
            wall.quad((a - half, a + half), (b, b + tall)),
            rng.choice(_GLASS, p=(0.3, 0.24, 0.22, 0.14, 0.07, 0.03)),
            wall,
            -0.9,
        )
        for low, high in (
            ((a - half * 0.09, a + half * 0.09), (b, b + tall)),
            ((a - half, a + half), (b + tall * 0.6, b + tall * 0.66)),
        ):
            self._lay(wall.quad(low, high), cream * 0.95, wall, 0.0)
        if rng.random() < 0.75:
            for side in (-1, 1):
                span = sorted((a + side * half * 1.25, a + side * half * 2.0))
                self._lay(wall.quad((span[0], span[1]), (b - 0.02, b + tall + 0.02)), shutter, wall, 0.3)

    def _lay(
        self,
        outline: list[tuple[float, float]],
        colour: Field,
        wall: Facade,
        fall: float,
        *,
        tiles: bool = False,
        opacity: float = 1.0,
    ) -> None:
        """Cover a panel: darker by `fall` from its top to its foot, stained, behind its share of air."""
        levels = [v for _, v in outline]
        top, tall = min(levels), max(max(levels) - min(levels), 1e-4)
        pitch = 0.16 * self.street.scale(wall.left)

        def surface(u: Field, v: Field) -> Field:
            tone = 1 + 0.075 * self.canvas.frame.pick(self.stains, u, v) - fall * ((v - top) / tall - 0.35)
            if tiles:
                tone = tone * (
                    1 + 0.16 * np.sin((v - 0.35 * u * 0) * 2 * np.pi / pitch) + 0.05 * np.sin(u * 2 * np.pi / pitch)
                )
            return mix(colour * tone[..., None], self.air, self.street.haze)

        self.canvas.lay(outline, surface, opacity)
