"""`pastel`: dunes and poppies at dusk, chalk hatched over chalk on rough dark paper.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, mix, step
from impasto.gallery.dab import Brush, Dabs, Heading, paint
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ink, ramp, varied

_HATCHINGS = (
    (0.022, 0.16, 0.020, 0.75),
    (0.021, 0.120, 0.0110, -0.80),
    (0.020, 0.095, 0.0080, 0.62),
    (0.024, 0.060, 0.0065, 0.9),
)
"""Spacing, length, width of the chalk marks and the angle they are hatched at."""


def pastel(frame: Frame, rng: Generator) -> Field:
    """Rub the ground in, hatch over it one way and the other, and leave the paper to show."""
    study = _dusk(rng)
    tooth = (
        0.5
        + 0.19 * clouds(frame, 0.0042, rng, octaves=2, gain=0.9)
        + 0.05 * np.sin(frame.v * 900 + 0.6 * smooth(frame, 0.05, rng))
    )
    rubbed = STUDY.pick(study, np.broadcast_to(frame.u, tooth.shape), np.broadcast_to(frame.v, tooth.shape))
    canvas = Canvas.primed(frame, mix(ink("4a3a52"), rubbed, 0.55) * (0.86 + 0.25 * (tooth - 0.5))[..., None])
    for layer, (spacing, length, width, slant) in enumerate(_HATCHINGS):
        u, v = scatter(spacing, rng)
        colour = varied(STUDY.pick(study, u, v), rng, light=0.09 + 0.03 * layer, hue=0.05 + 0.015 * layer)
        flow = _hatching(slant, 0.35 * smooth(STUDY, 0.25, rng))
        marks = Dabs.along(flow, u, v, colour, length=length * rng.uniform(0.5, 1.2, u.shape), width=width)
        chalk = Brush(bristle=0.0030, streak=0.09, ragged=0.6, roundness=6, thickness=0.0, opacity=0.95)
        paint(canvas, marks, chalk, rng, tooth=tooth + 0.68 + 0.07 * layer)
    return canvas.rgb


def _hatching(slant: float, waver: Field) -> Heading:
    """Parallel marks that lean a little, as the arm turns."""
    return lambda u, v: (slant + STUDY.pick(waver, u, v)).astype(np.float32)


def _dusk(rng: Generator) -> Field:
    """The study: a glowing sky, ranges of dunes lit from the left, poppies in front."""
    u, v = STUDY.u, STUDY.v
    glow = np.hypot((u - 0.36) * 0.8, v - 0.40)
    colour = ramp(
        "fff0a8 ffc45f ff8a5a f0627f b04f9c 6a4fb0 3a4a9c", glow / 0.75 + 0.10 * clouds(STUDY, (0.3, 0.06), rng)
    )
    colour = mix(colour, ramp("ffe0b0 ff9f8a c06fb0", glow / 0.6), step(0.3, 1.1, clouds(STUDY, (0.35, 0.06), rng)))
    colour = mix(colour, ink("fffbe0"), step(0.075, 0.065, np.hypot(u - 0.36, v - 0.36)))
    for level, height, waves, codes in (
        (0.44, 0.04, 5.0, "6a5fb8 9c7fc8 e0a0b8"),
        (0.53, 0.07, 3.6, "3f5fa0 5f9fb0 f0c08a"),
        (0.64, 0.08, 2.9, "2a4f7a 4f9a8a d8d06a"),
        (0.77, 0.09, 3.3, "1f4a4a 3f8a4f c8d04f"),
    ):
        crest = level + height * np.sin(waves * u + level * 23) + 0.010 * smooth(STUDY, (0.12, 2.0), rng)
        slope = np.cos(waves * u + level * 23)
        tone = 0.5 - 0.38 * slope + 0.16 * clouds(STUDY, (0.12, 0.05), rng) - 1.3 * (v - crest)
        colour = mix(colour, ramp(codes, tone), step(-0.003, 0.003, v - crest))
    field = step(0.70, 0.86, v + 0.05 * smooth(STUDY, 0.15, rng))
    poppies = step(0.75, 1.0, clouds(STUDY, 0.05, rng, octaves=3)) * field
    colour = mix(colour, ramp("a01f2f f03a2a ff8a4f", 0.5 + 0.35 * smooth(STUDY, 0.02, rng)), poppies)
    return mix(
        colour,
        ramp("fff0c0 f0b0e0", rng.random(poppies.shape, np.float32)),
        step(1.2, 1.4, clouds(STUDY, 0.03, rng, octaves=2)) * field,
    )
