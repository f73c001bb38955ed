"""Colours by name and number: hex inks, ramps between them, and the small differences between two loads of a brush.

Knows arrays of sRGB values only. Called by the painters of this room.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from impasto.gallery.canvas import Field

_SHADES = 4096


def ink(code: str) -> Field:
    """The colour of a hex code such as `1d3f8a`, (3,)."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def inks(codes: str) -> Field:
    """Several hex codes, separated by blanks, (N, 3)."""
    return np.stack([ink(code) for code in codes.split()])


def ramp(codes: str, position: ArrayLike) -> Field:
    """The colour at a position from 0 to 1 along evenly spaced hex codes."""
    shade = np.clip(np.asarray(position, np.float32) * _SHADES, 0, _SHADES - 1).astype(np.intp)
    return np.asarray(_shades(codes)[shade], np.float32)


@cache
def _shades(codes: str) -> Field:
    """A ramp as a table, fine enough that no step shows in 8 bits."""
    stops, places = inks(codes), np.linspace(0, 1, _SHADES)
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(places, at, stops[:, channel]) for channel in range(3)], -1).astype(np.float32)


def varied(colour: Field, rng: Generator, *, light: float = 0.08, hue: float = 0.05) -> Field:
    """Each colour a little lighter or darker, warmer or cooler than given."""
    brightness = 1 + light * rng.standard_normal((*colour.shape[:-1], 1), np.float32)
    tint = hue * rng.standard_normal(colour.shape, np.float32)
    return np.asarray(np.clip(colour * brightness + tint - tint.mean(-1, keepdims=True), 0, 1), np.float32)


def luminance(rgb: Field) -> Field:
    """How light a colour is."""
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def vivid(rgb: Field, amount: float) -> Field:
    """Push a colour away from its own grey."""
    grey = luminance(rgb)[..., None]
    return np.clip(grey + (rgb - grey) * amount, 0, 1).astype(np.float32)
