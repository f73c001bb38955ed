"""`mosaic`: a sun over waves in small stones and gold, rows hugging every contour.

Each region has its own pair of coordinates, across its rows and along them, in tesserae; whole numbers are joints.
Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, lit, mix, step
from impasto.gallery.noise import clouds, smooth
from impasto.gallery.palette import ink, ramp

_SUN = (0.70, 0.36)
_STONE = 0.0165
"""The side of a tessera in design units."""
_BANDS = (
    (0.600, 0.030, 6.0, 0.3, "0d4a5e 167a86 3fa7a4 8fd0bd"),
    (0.680, 0.040, 5.0, 2.1, "12305f 1f5a94 3d8cba 9cc9d6"),
    (0.775, 0.045, 4.2, 4.0, "0b3b4a 0f6470 2d9a94 bfe0c4"),
    (0.880, 0.040, 5.5, 5.5, "0a1f45 173f78 2b6ea6 7fb6cf"),
)
"""Waves: level, height, how many, phase, colours."""


def mosaic(frame: Frame, rng: Generator) -> Field:
    """Set the stones."""
    rows, along, colour = _cartoon(frame, rng)
    rows, along = rows + 0.10 * smooth(frame, 0.03, rng), along + 0.10 * smooth(frame, 0.03, rng)
    row = np.floor(rows)
    along = along + _chance(row, row * 0, 7)
    column = np.floor(along + 0.12 * (_chance(row, np.round(along), 3) - 0.5))
    across, beside = (rows - row - 0.5) * 2, (along - column - 0.5) * 2
    inside = 1 - (np.abs(across) ** 5 + np.abs(beside) ** 5) ** 0.2
    stone = step(0.06, 0.17, inside + 0.05 * smooth(frame, 0.005, rng))
    picked = [_chance(row, column, salt) for salt in range(11, 17)]
    colour = _glazed(colour, picked) * (0.94 + 0.06 * clouds(frame, 0.008, rng, octaves=3))[..., None]
    grout = ink("cbbfa8") * (0.52 + 0.07 * clouds(frame, 0.006, rng, octaves=3))[..., None]
    tilt = 0.35 * ((picked[4] - 0.5) * across + (picked[5] - 0.5) * beside)
    relief = stone * (0.5 + np.clip(inside, 0, 0.5) * 0.7 + tilt + 0.06 * smooth(frame, 0.007, rng)) * _STONE * 0.42
    return lit(mix(grout, colour, stone), relief, frame.unit, depth=1.0, gloss=1.1)


def _chance(row: Field, column: Field, salt: int) -> Field:
    """A number from 0 to 1 that belongs to one stone (an integer hash)."""
    mixed = (row.astype(np.int64) * 73856093) ^ (column.astype(np.int64) * 19349663) ^ (salt * 83492791)
    mixed = (mixed ^ (mixed >> 13)) * 1274126177
    return np.asarray(((mixed ^ (mixed >> 16)) & 0xFFFF) / 65536, np.float32)


def _glazed(colour: Field, picked: list[Field]) -> Field:
    """No two stones alike: lighter, darker, warmer; here and there one of gold or of white."""
    warmer = np.array([0.10, 0.01, -0.10], np.float32) * (picked[1] - 0.5)[..., None]
    colour = colour * (0.72 + 0.55 * picked[0])[..., None] + warmer
    colour = mix(colour, ramp("b8862b f0cf6a", picked[2]), (picked[3] > 0.955).astype(np.float32))
    return mix(colour, ink("f3ecd8"), (picked[3] < 0.03).astype(np.float32))


def _cartoon(frame: Frame, rng: Generator) -> tuple[Field, Field, Field]:
    """The design: row and place along it, in stones, and the colour."""
    east, south = frame.u - _SUN[0], frame.v - _SUN[1]
    far, angle = np.hypot(east, south), np.arctan2(south, east)
    rows, along, colour = _sky(far, angle, clouds(frame, 0.12, rng, octaves=3))
    swell = 0.008 * smooth(frame, (0.25, 2.0), rng)
    for level, height, waves, phase, codes in _BANDS:
        crest = level + height * _breaker(frame.u * waves + phase) + swell
        depth = (frame.v - crest) / _STONE
        inside = depth > 0
        rows = np.where(inside, depth + level * 1000, rows)
        along = np.where(inside, frame.u / _STONE + 0.25 * depth, along)
        tone = ramp(
            codes,
            1 - 0.16 * depth + 0.10 * smooth(frame, 0.05, rng) + 0.35 * (np.sin(depth * 1.1 + 9 * frame.u) > 0.75),
        )
        colour = np.where(inside[..., None], np.where((depth < 1)[..., None], ink("f4efdf"), tone), colour)
    return rows, along, colour


def _breaker(phase: Field) -> Field:
    """A wave with a steep crest."""
    return np.asarray(0.3 * np.sin(2 * phase + 0.6) - np.abs(np.sin(phase)) ** 0.7, np.float32)


def _sky(far: Field, angle: Field, drift: Field) -> tuple[Field, Field, Field]:
    """Rings around the sun: its disc, its rays, then the evening."""
    rows = far / _STONE
    along = angle * np.maximum(np.floor(rows), 1) * 0.9
    rays = np.cos(angle * 16) > (far - 0.155) / 0.10
    disc = ramp("fff3c4 f9d65c f2a93b d9672b", far / 0.16 + 0.06 * np.sin(rows * np.pi))
    evening = ramp("f6c26a e98a4b c9524a 8f3b5e 4b2e63 2a2352", (far - 0.2) / 0.62 + 0.09 * drift)
    flame = ramp("f4b73e d4532c a62f2b", (far - 0.15) / 0.11)
    colour = np.where((far < 0.15)[..., None], disc, np.where((rays & (far < 0.26))[..., None], flame, evening))
    colour = np.where(((far > 0.15) & (far < 0.15 + _STONE))[..., None], ink("7a1f22"), colour)
    return rows, along, colour.astype(np.float32)
