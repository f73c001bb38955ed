"""`harbour`: a content scene of an old town at the water, late in the afternoon.

Sky, hills, three rows of houses in perspective, a church, a quay, boats, and everything once more in the water. Knows
the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.boats import Boat, Mirrored, sail
from impasto.gallery.canvas import ASPECT, Canvas, Field, Frame, mix, step
from impasto.gallery.foliage import branches, leaves
from impasto.gallery.houses import Builder, Street
from impasto.gallery.noise import clouds, receding, smooth
from impasto.gallery.palette import ink
from impasto.gallery.weather import broken, far_hills, glitter, mirror, sky

_SUN = (0.335, 0.285)
_QUAY_START = 0.40
_BOATS = (
    Boat(0.315, 0.662, 0.075, "e8e2d4", "2f5a7a", sail="f6efdc"),
    Boat(0.205, 0.652, 0.045, "7a3a2a", "e0c890", sail="d8764a"),
    Boat(0.52, 0.725, 0.125, "2f6a78", "f0e0b8"),
    Boat(0.80, 0.800, 0.175, "b03a2c", "f4ead0"),
    Boat(0.60, 0.872, 0.215, "f0ead8", "24507a", sail="f4e3c0"),
)


def harbour(frame: Frame, rng: Generator) -> Field:
    """Draw the town, then its reflection, then what floats and hangs before both."""
    air, land, town, stone, water, tree = rng.spawn(6)
    canvas = Canvas.primed(frame, sky(frame, _SUN, air))
    _hills(canvas, land)
    _town(canvas, town)
    _quay(canvas, stone)
    _water(canvas, water)
    for boat in _BOATS:
        sail(canvas, boat)
    tips = branches(canvas, (0.0, 1.05), -1.66, 0.185, 0.040, tree)
    leaves(canvas, tips, 2800, 0.017, 0.0125, "1c2a14 3f4f1c 7a7a24 c9962f f0c85a", tree)
    return _developed(canvas.rgb, frame, rng)


def _hills(canvas: Canvas, rng: Generator) -> None:
    u = canvas.frame.u
    far_hills(canvas, 0.53 - 0.05 * np.exp(-(((u - 0.22) / 0.22) ** 2)), "7f95aa 9dafba c3c9c6", rng)
    far_hills(canvas, 0.60 - 0.12 * np.exp(-(((u - 0.62) / 0.30) ** 2)), "557a7c 7a9a8a a9b595", rng)
    far_hills(canvas, 0.64 - 0.30 * np.exp(-(((u - 1.12) / 0.36) ** 2)), "274a3c 4a6e46 8f9c58", rng)


def _shore(u: Field | float) -> Field:
    """The waterline: level at the far shore, then coming nearer along the quay."""
    along = np.clip((np.asarray(u, np.float32) - _QUAY_START) / (ASPECT - _QUAY_START), 0, 1)
    return np.asarray(0.64 + 0.15 * along**1.15, np.float32)


def _wall_height(u: Field | float) -> Field:
    along = np.clip((np.asarray(u, np.float32) - _QUAY_START) / (ASPECT - _QUAY_START), 0, 1)
    return np.asarray(0.012 + 0.065 * along, np.float32)


def _town(canvas: Canvas, rng: Generator) -> None:
    """Three rows up the hill, the church between them, gardens before each."""
    stains, air = clouds(canvas.frame, 0.03, rng, octaves=5, gain=0.7), ink("cdc8be")
    back = Street(lambda u: 0.500 - 0.16 * (u - 0.6), lambda u: 0.016 + 0.014 * max(0.0, u - 0.4), 0.36)
    middle = Street(lambda u: 0.575 - 0.10 * (u - 0.5), lambda u: 0.022 + 0.024 * max(0.0, u - 0.4), 0.20)
    front = Street(lambda u: float(_shore(u) - _wall_height(u)), lambda u: 0.028 + 0.052 * max(0.0, u - 0.38), 0.05)
    Builder(canvas, back, stains, air, rng).row(0.74, 1.40, (1.5, 2.6), (1, 2))
    _gardens(canvas, back, 0.70, 0.012, rng)
    Builder(canvas, middle, stains, air, rng).church(0.905, 0.50)
    Builder(canvas, middle, stains, air, rng).row(0.56, 1.40, (1.5, 2.4), (2, 3))
    _gardens(canvas, middle, 0.52, 0.014, rng)
    Builder(canvas, front, stains, air, rng).row(_QUAY_START + 0.05, 1.45, (1.5, 2.5), (2, 4))
    leaves(
        canvas,
        [(0.30 + 0.15 * t, 0.632 - 0.012 * t) for t in np.linspace(0, 1, 16).tolist()],
        900,
        0.008,
        0.007,
        "16281a 2f4f26 5f7a30 a8a84a",
        rng,
    )


def _gardens(canvas: Canvas, street: Street, start: float, size: float, rng: Generator) -> None:
    """Trees and hedges at the foot of a row."""
    spots = [(u, street.foot(u) + 0.012) for u in rng.uniform(start, 1.38, 60).tolist()]
    leaves(canvas, spots, 5000, size, 0.0075, "14261a 2a4a28 547030 93984a cdbb6a", rng)


def _quay(canvas: Canvas, rng: Generator) -> None:
    """A wall of dressed stones in perspective, wet and green at its foot, with rings and steps of shade."""
    frame = canvas.frame
    shore, height = _shore(frame.u), _wall_height(frame.u)
    up = (shore - frame.v) / height
    row = up * 5
    course = np.floor(row)
    place = 46 * np.log(0.35 + np.clip(frame.u - 0.2, 0, 2)) + 0.5 * (course % 2) + 0.12 * smooth(frame, 0.02, rng)
    block = np.floor(place)
    tone = np.sin(block * 12.9898 + course * 78.233) * 43758.5453
    tone = 0.85 + 0.26 * (tone - np.floor(tone)) + 0.09 * clouds(frame, 0.012, rng, octaves=4, gain=0.8)
    joint = np.minimum(
        np.abs(row - np.round(row)) * height / 5, np.abs(place - np.round(place)) * 0.020 * (0.15 + frame.u)
    )
    tone = tone * (1 - 0.45 * step(0.0020, 0.0006, joint))
    stone = mix(ink("a8977f"), ink("4a5238"), step(0.42, 0.0, up + 0.12 * clouds(frame, 0.02, rng, octaves=3)))
    stone = mix(stone, ink("d9cbb0"), step(0.86, 0.90, up))
    inside = step(-0.0008, 0.0008, frame.v - shore + height) * step(_QUAY_START - 0.001, _QUAY_START + 0.001, frame.u)
    canvas.veil(stone * tone[..., None], inside * step(0.001, -0.001, frame.v - shore - 0.002))


def _water(canvas: Canvas, rng: Generator) -> None:
    frame, shore = canvas.frame, _shore(canvas.frame.u)
    below = step(-0.0006, 0.0006, frame.v - shore)
    canvas.veil(mirror(canvas, shore), below)
    for boat in _BOATS:
        sail(Mirrored(canvas, boat.v), boat)
    waves = receding(frame, 0.60, rng)
    canvas.veil(broken(frame, canvas.rgb.copy(), shore, waves), below)
    canvas.veil(ink("fff0c4"), 0.85 * glitter(frame, _SUN, shore, waves))
    canvas.veil(ink("20302f"), 0.55 * step(0.006, 0.0, frame.v - shore) * below * (frame.u > _QUAY_START))


def _developed(rgb: Field, frame: Frame, rng: Generator) -> Field:
    """The warmth of the hour, a falling off to the corners, a fine grain."""
    corner = np.hypot((frame.u - 0.66) / 1.0, (frame.v - 0.5) / 0.8)
    grain = 1 + 0.012 * clouds(frame, 0.0035, rng, octaves=2, gain=0.9)
    toned = mix(rgb, rgb * np.array([1.10, 1.0, 0.84], np.float32), 0.6)
    return np.asarray(toned * ((1.05 - 0.22 * corner**2) * grain)[..., None], np.float32)
