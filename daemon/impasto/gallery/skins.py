"""What the still life is made of: glass and its label, painted glazes, peels, bloom.

A skin gives the colour of a surface at its own coordinates, around and up; light is no matter of it. Called by
the still life alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, mix, step
from impasto.gallery.noise import smooth
from impasto.gallery.palette import ink, ramp
from impasto.gallery.solids import Matter, Skin


def bottle_glass(x: Field, y: Field) -> Field:
    """Green glass with a printed label, and foil over the neck."""
    label = step(0.12, 0.13, y) * step(0.42, 0.41, y) * step(0.78, 0.76, np.abs(x))
    lines = (
        step(0.004, 0.002, np.abs(y - 0.38))
        + step(0.004, 0.002, np.abs(y - 0.16))
        + step(0.5, 0.6, np.sin(y * 260)) * step(0.2, 0.21, y) * step(0.27, 0.26, y) * step(0.5, 0.45, np.abs(x))
    )
    crest = step(0.052, 0.045, np.hypot((y - 0.325), x * 0.09))
    paper = mix(mix(ink("e8dcc0"), ink("5a4a3a"), np.clip(lines, 0, 1) * 0.8), ink("9a2f2a"), crest)
    foil = step(0.80, 0.81, y)
    glass = ramp("0f2a18 1f4f2a 16381f", 0.5 + 0.5 * x) * np.float32(0.8)
    return mix(mix(glass, paper, label), ink("7a1f2a"), foil)


def jug_glaze(x: Field, y: Field) -> Field:
    """White tin glaze with a blue painted band of leaves."""
    turn = np.arcsin(np.clip(x, -1, 1)) * 2.2
    vine = np.abs(y - 0.36 - 0.035 * np.sin(turn * 4))
    leaf = step(0.2, 0.5, np.sin(turn * 8 + 1.5) * np.sin((y - 0.36) * 46 + 0.9 * np.sin(turn * 4))) * step(
        0.115, 0.10, np.abs(y - 0.36)
    )
    rings = sum(
        step(w, w * 0.6, np.abs(y - at))
        for at, w in ((0.50, 0.010), (0.22, 0.010), (0.525, 0.004), (0.80, 0.008), (0.97, 0.02), (0.06, 0.015))
    )
    blue = np.clip(leaf + step(0.012, 0.008, vine) + rings, 0, 1) * 0.85
    return mix(ink("eef0ea"), ink("274f9a"), blue)


def bowl_glaze(x: Field, y: Field) -> Field:
    """Green glaze with dark strokes and a pale rim."""
    turn = np.arcsin(np.clip(x, -1, 1))
    wave = step(0.1, 0.3, np.sin(turn * 22)) * step(0.62, 0.60, y) * step(0.36, 0.38, y)
    rim = step(0.90, 0.92, y) + step(0.018, 0.012, np.abs(y - 0.72))
    return mix(mix(ink("3f8a80"), ink("1f4f55"), wave), ink("e8d49a"), np.clip(rim, 0, 1) * 0.8)


def peel(codes: str, frame: Frame, rng: Generator) -> Skin:
    """A pitted peel, a little uneven in ripeness."""
    turn, pits = rng.uniform(0, 6), smooth(frame, 0.0045, rng)

    def skin(x: Field, y: Field) -> Field:
        ripe = 0.55 + 0.22 * np.sin(3 * x + turn) * np.cos(4 * y + turn)
        grain = pits[: x.shape[0], : x.shape[1]]
        return ramp(codes, ripe + 0.10 * grain)

    return skin


def apple(rng: Generator) -> Skin:
    """Red over yellow in streaks that run to the stalk."""
    turn = rng.uniform(0, 6)

    def skin(x: Field, y: Field) -> Field:
        streak = np.sin(np.arctan2(x, 1.02 - y) * 26 + turn + 2 * np.sin(9 * y + turn))
        ripe = 0.62 + 0.40 * np.sin(2.2 * x + turn) + 0.10 * streak - 0.5 * step(0.80, 1.0, y)
        return ramp("c9c24f e0b03f d8502f b01f2a 8a1224", ripe)

    return skin


def pear(rng: Generator) -> Skin:
    """Yellow over green, freckled."""
    turn = rng.uniform(0, 6)
    return lambda x, y: ramp(
        "8a9a3a c4c04a e0cc5f d89a4a",
        0.5 + 0.3 * np.sin(2 * x + turn) - 0.25 * (y - 0.4) + 0.05 * np.sin(70 * x) * np.sin(90 * y),
    )


def grape(ripeness: float) -> Matter:
    """A dark skin under a pale bloom, and light going through."""
    dark = ramp("2a1238 5a1f4a 7a2f5a 4a2a6a", ripeness)

    def skin(x: Field, y: Field) -> Field:
        return mix(dark, ink("8f8fb8"), 0.30 * np.clip(0.2 + 0.5 * y + 0.2 * np.sin(5 * x), 0, 1))

    return Matter(skin, gloss=0.75, glow=0.9)
