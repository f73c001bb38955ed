"""`swirl`: a windy night in thick paint, blue and gold, over hills and a bay.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit, mix, step
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import Whirl, along_field, combed, whirling
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ink, ramp, varied

_WHIRLS = (
    Whirl(0.52, 0.27, 0.17, 3.4, 0.25),
    Whirl(0.84, 0.41, 0.11, -3.0, 0.25),
    Whirl(0.17, 0.43, 0.09, -2.4, 0.2),
    Whirl(1.05, 0.52, 0.08, 2.2, 0.2),
)
_LAMPS = ((1.13, 0.19, 0.13), (0.13, 0.15, 0.075), (0.30, 0.08, 0.05), (0.79, 0.11, 0.06), (0.93, 0.29, 0.04),
          (0.32, 0.50, 0.05), (0.62, 0.52, 0.042), (0.045, 0.33, 0.04), (1.26, 0.44, 0.05))  # fmt: skip
"""Moon and stars: place and radius of the glow."""
_SHORE = 0.76
_LAYERS = ((0.030, 0.150, 0.034, 0.10), (0.0155, 0.085, 0.0165, 0.15), (0.0120, 0.050, 0.0085, 0.20))
"""Spacing, length and width of the dabs, and how much they differ in lightness: a block-in, the body, the accents."""


def swirl(frame: Frame, rng: Generator) -> Field:
    """Paint the night."""
    angle, study = _night(rng)
    flow, canvas = along_field(angle), Canvas.primed(frame, ink("12214d"))
    for spacing, length, width, light in _LAYERS:
        u, v = scatter(spacing, rng)
        colour = varied(STUDY.pick(study, u, v), rng, light=light, hue=0.04)
        dabs = Dabs.along(flow, u, v, colour, length=length * rng.uniform(0.6, 1.25, u.shape), width=width)
        paint(canvas, dabs, Brush(bristle=0.0032, thickness=width * 0.22, streak=0.11), rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=1.0, gloss=0.5)


def _night(rng: Generator) -> tuple[Field, Field]:
    """The study: the strokes' direction and their colour everywhere."""
    wind = whirling(_WHIRLS, _breeze, 0.2 * smooth(STUDY, 0.09, rng))
    angle = wind(STUDY.u, STUDY.v)
    bands = combed(clouds(STUDY, 0.07, rng, octaves=4, gain=0.8), angle, reach=0.12)
    colour = ramp("081440 0f2a70 1a4a9c 2f74c0 74b0d6 d5e5d2 f6e9ad", 0.38 + 0.2 * bands)
    angle, colour = _with_lamps(angle, colour, rng)
    angle, colour = _with_hills(angle, colour, rng)
    return _with_bay(angle, colour, rng)


def _breeze(u: Field, v: Field) -> Field:
    return np.asarray(0.5 * np.sin(5.2 * u + 3 * v) - 0.1, np.float32)


def _with_lamps(angle: Field, colour: Field, rng: Generator) -> tuple[Field, Field]:
    """Rings of light, painted round and round."""
    ripple = smooth(STUDY, 0.012, rng)
    for u, v, radius in _LAMPS:
        east, south = STUDY.u - u, STUDY.v - v
        far = np.hypot(east, south) / radius
        angle = np.where(far < 1.15, np.arctan2(east, -south), angle)
        ring = ramp("fffbe2 ffe27a f5b531 f3d977 c9d9a4 5f9cc4", far + 0.09 * ripple)
        colour = mix(colour, ring, step(1.2, 0.75, far + 0.06 * ripple))
    return angle, colour


def _with_hills(angle: Field, colour: Field, rng: Generator) -> tuple[Field, Field]:
    """Three ranges, the nearer the darker, with lit windows at the foot."""
    for level, wave, codes in (
        (0.60, 5.0, "27548f 3f7cb0 86b4c0"),
        (0.66, 7.5, "14305f 2a5a86 5d8f8f"),
        (0.72, 4.0, "08122e 12305a 2f6a6a"),
    ):
        top = level + 0.035 * np.sin(wave * STUDY.u + level * 40) + 0.02 * smooth(STUDY, (0.15, 2.0), rng)
        inside = top < STUDY.v
        tone = ramp(codes, 0.5 + 0.3 * clouds(STUDY, (0.08, 0.03), rng) - 4 * (STUDY.v - top))
        slope = np.gradient(top, axis=1) * STUDY.unit + 6 * (STUDY.v - top)
        angle = np.where(inside, np.arctan(slope), angle)
        colour = np.where(inside[..., None], tone, colour)
    return angle, colour


def _with_bay(angle: Field, colour: Field, rng: Generator) -> tuple[Field, Field]:
    """Dark water that repeats the lights as broken columns."""
    wave = smooth(STUDY, (0.06, 0.012), rng)
    water = ramp("060f2c 0d2350 1b4a86 3c83ad", 0.42 + 0.24 * wave + 0.5 * (STUDY.v - _SHORE))
    for u, _, radius in _LAMPS:
        near = np.exp(-(((STUDY.u - u + 0.01 * wave) / (0.5 * radius)) ** 2))
        water = mix(water, ramp("f5b531 ffe9a0", 0.5 + 0.4 * wave), near * step(0.0, 0.9, wave + 0.25))
    inside = np.broadcast_to(STUDY.v > _SHORE, angle.shape)
    return np.where(inside, 0.18 * wave, angle), np.where(inside[..., None], water, colour)
