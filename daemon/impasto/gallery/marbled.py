"""`marbled`: endpaper of a fine book: colours floated on size, drawn with a comb into feathers and scrolls.

The bath is undone backwards: every pixel asks where the comb and the stylus fetched it from (after Lu, Jaffer,
Jin, Zhao and Mao, "Mathematical Marbling", 2012). Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import Field, Frame, mix, step
from impasto.gallery.noise import clouds, smooth
from impasto.gallery.palette import ink, inks

_BATH = inks("1d2f5f c23a2f f3e6c8 2f7f7a e0a83a 14182a 8fb8b8 8a1f3a f3e6c8 3a5fa0")
_SCROLLS = ((0.22, 0.24, 0.10), (0.67, 0.20, 0.11), (1.11, 0.25, 0.10), (0.44, 0.52, 0.10), (0.89, 0.51, 0.105),
            (0.20, 0.79, 0.105), (0.66, 0.83, 0.10), (1.12, 0.79, 0.11))  # fmt: skip


def marbled(frame: Frame, rng: Generator) -> Field:
    """Float the colours, comb them, turn the scrolls, lift the paper off."""
    u, v = _fetched(frame, rng)
    colour, vein = _bath(u, v, rng)
    thin = 1 + 0.05 * clouds(frame, 0.05, rng, octaves=5, gain=0.7) + 0.03 * clouds(frame, 0.004, rng, octaves=2)
    page = mix(colour * thin[..., None], ink("f6ecd4"), 0.75 * vein)
    drops = step(2.55, 2.75, clouds(frame, 0.016, rng, octaves=2, gain=0.3))
    return mix(page, ink("f8efd8"), drops * 0.9)


def _fetched(frame: Frame, rng: Generator) -> tuple[Field, Field]:
    """Where each pixel's colour floated before comb and stylus moved it."""
    shape = (frame.height, frame.width)
    u = np.broadcast_to(frame.u, shape) + 0.004 * smooth(frame, 0.06, rng)
    v = np.broadcast_to(frame.v, shape) + 0.004 * smooth(frame, 0.06, rng)
    for place_u, place_v, radius in _SCROLLS:
        east, south = u - place_u, v - place_v
        turn = 5.2 * np.exp(-((np.hypot(east, south) / radius) ** 2) * 1.3) * rng.uniform(0.85, 1.15)
        cos, sin = np.cos(turn), np.sin(turn)
        u, v = place_u + east * cos - south * sin, place_v + east * sin + south * cos
    for pitch, pull, upright in ((0.040, 0.075, True), (0.088, 0.12, False), (0.17, 0.16, True)):
        if upright:
            u, v = _combed(u, v, pitch, pull, rng)
        else:
            v, u = _combed(v, u, pitch, pull, rng)
    return u, v


def _combed(across: Field, along: Field, pitch: float, pull: float, rng: Generator) -> tuple[Field, Field]:
    """Undo one passage of a comb whose teeth pull the size along, every other tooth the other way."""
    place = across / pitch + rng.random()
    tooth = np.floor(place)
    reach = np.exp(-np.abs(place - tooth - 0.5) * 5.5) - 0.25
    return across, along - pull * reach * np.where(tooth % 2 > 0, 1, -1)


def _bath(u: Field, v: Field, rng: Generator) -> tuple[Field, Field]:
    """The colours before combing: bands of drops, each pressed by its neighbours; and the pale veins between."""
    bands = v / 0.030 + 0.9 * np.sin(u * 7 + 2 * np.sin(v * 5)) + 0.6 * np.sin(u * 17 + v * 11)
    index = np.floor(bands).astype(np.intp)
    order = rng.integers(0, len(_BATH), 512)
    within = bands - index
    vein = step(0.07, 0.02, np.minimum(within, 1 - within))
    blob = np.sin(u * 90 + 3 * np.sin(v * 70) + index) * np.sin(v * 95 + 3 * np.sin(u * 60))
    shade = 1 + 0.16 * np.sin(within * np.pi) - 0.10 * (blob > 0.55)
    return np.asarray(_BATH[order[index % 512]] * shade[..., None], np.float32), vein
