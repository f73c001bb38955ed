"""Trees: branches that fork, and leaves by the thousand.

Knows canvases and dabs. Called by scenes of this room.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Canvas, Field
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.palette import inks, ramp, varied

_THINNEST = 0.0013
_FINEST_PIXELS = 0.5
_BARK = "2a1d18 7a5a42 c9a070"
"""Shade, half light and light on a limb."""


def branches(
    canvas: Canvas,
    start: tuple[float, float],
    angle: float,
    length: float,
    width: float,
    rng: Generator,
    bark: str = _BARK,
) -> list[tuple[float, float]]:
    """Grow a branch and all that springs from it; returns where the twigs end."""
    if width < _THINNEST:
        return [start]
    turn = angle + np.cumsum(rng.normal(0, 0.13, 6))
    ahead = np.stack([np.cos(turn), np.sin(turn)], -1) * length / 6
    spine = np.concatenate([[start], start + np.cumsum(ahead, axis=0)])
    _bark(canvas, spine, width, width * 0.72, inks(bark))
    tips: list[tuple[float, float]] = []
    forks = [
        (6, rng.uniform(-0.35, 0.35), 0.82),
        (6, rng.choice([-1, 1]) * rng.uniform(0.45, 0.9), 0.66),
        (int(rng.integers(2, 5)), rng.choice([-1, 1]) * rng.uniform(0.6, 1.1), 0.58),
    ]
    for joint, lean, share in forks:
        place = float(spine[joint][0]), float(spine[joint][1])
        tips += branches(
            canvas, place, turn[-1] + lean, length * rng.uniform(0.66, 0.84), width * share * 0.86, rng, bark
        )
    return tips


def _bark(canvas: Canvas, spine: Field, start_width: float, end_width: float, colours: Field) -> None:
    """A tapering limb, lit along its left side; nothing where it is too thin to be seen."""
    if start_width * canvas.frame.unit < _FINEST_PIXELS:
        return
    ahead = np.gradient(spine, axis=0)
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], -1) / np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    half = np.linspace(start_width, end_width, len(spine))[:, None] / 2
    canvas.lay(np.concatenate([spine + aside * half, (spine - aside * half)[::-1]]), colours[0])
    if start_width > 0.006:
        canvas.lay(np.concatenate([spine - aside * half * 0.9, (spine - aside * half * 0.25)[::-1]]), colours[1], 0.7)
        canvas.lay(np.concatenate([spine - aside * half * 0.95, (spine - aside * half * 0.75)[::-1]]), colours[2], 0.6)


def leaves(
    canvas: Canvas,
    tips: Sequence[tuple[float, float]],
    count: int,
    spread: float,
    size: float,
    codes: str,
    rng: Generator,
) -> None:
    """Leaves around places: the lower right ones in shade are painted first, the lit ones over them."""
    root = np.asarray(tips, np.float32)[rng.integers(0, len(tips), count)]
    place = root + rng.normal(0, spread, (count, 2)).astype(np.float32)
    light = 0.45 - 5.0 * (place - root).sum(1) * 0.03 / spread * 0.2 + 0.22 * rng.standard_normal(count)
    order = np.argsort(light)
    place, light = place[order], light[order]
    length = (size * rng.uniform(0.6, 1.3, count)).astype(np.float32)
    colour = varied(ramp(codes, light), rng, light=0.08, hue=0.03)
    angle = rng.uniform(0, np.pi, count).astype(np.float32)
    dabs = Dabs(place[:, 0], place[:, 1], angle, np.zeros(count, np.float32), length, length * np.float32(0.55), colour)
    paint(canvas, dabs, Brush(roundness=1.6, ragged=0, streak=0.05), rng)
