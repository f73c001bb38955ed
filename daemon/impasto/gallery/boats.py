"""Boats: hull, cabin, mast, sail and rigging, upright or turned over for their image in the water.

Knows how to lay outlines, on a canvas or on its mirror image. Called by scenes of this room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from impasto.gallery.canvas import Canvas, Field, Outline
from impasto.gallery.palette import ink


@dataclass(frozen=True)
class Boat:
    """Where a boat lies and how it looks."""

    u: float
    v: float
    """Its waterline."""
    size: float
    """The length of the hull."""
    hull: str
    stripe: str
    sail: str = ""
    """The colour of a set sail; none when empty."""


@dataclass
class Mirrored:
    """A canvas on which everything lands upside down below a waterline."""

    canvas: Canvas
    waterline: float

    def lay(
        self, outline: Outline, paint: ArrayLike | Callable[[Field, Field], Field], opacity: ArrayLike = 1.0
    ) -> None:
        """Cover the mirror image of a polygon."""
        turned = np.asarray(outline, np.float64) * (1, -1) + (0, 2 * self.waterline)
        if callable(paint):
            upright = paint
            self.canvas.lay(turned, lambda u, v: upright(u, 2 * self.waterline - v), opacity)
        else:
            self.canvas.lay(turned, paint, opacity)


def sail(canvas: Canvas | Mirrored, boat: Boat) -> None:
    """Draw the boat."""
    _Rig(canvas, boat).draw()


@dataclass
class _Rig:
    canvas: Canvas | Mirrored
    boat: Boat

    def draw(self) -> None:
        """From the sails, behind all, to the hull."""
        if self.boat.sail:
            self._sails()
        self._mast()
        self._cabin()
        self._hull()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place on the boat: x from stern (-0.5) to bow (0.5), y up, in hull lengths."""
        return self.boat.u + x * self.boat.size, self.boat.v - y * self.boat.size

    def _lay(self, places: list[tuple[float, float]], code: str, fall: float = 0.5) -> None:
        """A panel that is darker towards its right and its foot."""
        outline = [self.at(x, y) for x, y in places]
        middle, colour = np.mean(outline, axis=0), ink(code)

        def shaded(u: Field, v: Field) -> Field:
            tone = 1 - fall * ((u - middle[0]) + 1.3 * (v - middle[1])) / self.boat.size
            return np.asarray(colour * np.clip(tone, 0.35, 1.3)[..., None], np.float32)

        self.canvas.lay(outline, shaded)

    def _line(self, start: tuple[float, float], end: tuple[float, float], width: float, code: str) -> None:
        ahead = np.subtract(end, start)
        aside = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead) * max(width, 0.0009 / self.boat.size) / 2
        corners = [start + aside, end + aside, end - aside, start - aside]
        self._lay([(float(x), float(y)) for x, y in corners], code, fall=0.1)

    def _hull(self) -> None:
        t = np.linspace(-0.5, 0.5, 17)
        sheer = 0.115 + 0.10 * (t + 0.12) ** 2 + 0.16 * np.clip(t, 0, 1) ** 2
        keel = np.linspace(0.40, -0.46, 9)
        side = [*zip(t.tolist(), sheer.tolist(), strict=True), *((x, -0.012) for x in keel.tolist())]
        self._lay(side, self.boat.hull, fall=1.1)
        band = [
            *zip(t.tolist(), (sheer - 0.012).tolist(), strict=True),
            *zip(t[::-1].tolist(), (sheer[::-1] - 0.038).tolist(), strict=True),
        ]
        self._lay(band, self.boat.stripe, fall=0.4)
        self._lay([(0.415, 0.012), (-0.47, 0.012), (-0.46, -0.012), (0.40, -0.012)], "4a1f1a", fall=0.2)

    def _cabin(self) -> None:
        self._lay([(-0.28, 0.10), (-0.26, 0.235), (0.02, 0.235), (0.06, 0.10)], "efe6d2", fall=1.0)
        self._lay([(-0.29, 0.228), (-0.29, 0.25), (0.04, 0.25), (0.04, 0.228)], self.boat.stripe, fall=0.3)
        for x in (-0.215, -0.125, -0.035):
            self._lay([(x - 0.028, 0.16), (x - 0.028, 0.21), (x + 0.028, 0.21), (x + 0.028, 0.16)], "22323c", fall=2.0)

    def _mast(self) -> None:
        self._line((0.10, 0.1), (0.10, 1.12), 0.020, "6a4a30")
        self._line((0.10, 0.34), (-0.42, 0.36), 0.016, "6a4a30")
        if not self.boat.sail:
            self._lay([(0.09, 0.345), (0.08, 0.40), (-0.18, 0.41), (-0.40, 0.385), (-0.41, 0.36)], "d8ccb4", fall=0.7)
        for end in ((0.49, 0.20), (-0.49, 0.15), (0.30, 0.15), (-0.06, 0.22)):
            self._line((0.10, 1.10), end, 0.0035, "3a332c")
        self._lay([(0.11, 1.12), (0.11, 1.06), (0.20, 1.08)], "c8402f", fall=0.0)

    def _sails(self) -> None:
        code, t = self.boat.sail, np.linspace(0, 1, 9)
        leech = [(-0.43 + 0.51 * float(x) ** 1.25, 0.38 + 0.70 * float(x)) for x in t]
        self._lay([(0.085, 0.37), *leech, (0.085, 1.08)], code, fall=0.55)
        for x in (0.2, 0.42, 0.64, 0.84):
            self._line((0.085, 0.38 + 0.70 * x), (-0.43 + 0.51 * x**1.25, 0.38 + 0.70 * x), 0.004, "8a7a60")
        self._lay([(0.12, 0.34), (0.12, 0.98), (0.25, 0.55), (0.47, 0.235)], code, fall=0.9)
