"""`pointillist`: a river bank at noon in dots of pure colour.

The study holds the colour that the eye is to see; every dot takes a purer one beside it, and the dots together make up
for it. Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit, mix, step
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ink, inks, ramp, varied, vivid

_PURE = inks("f7d038 f08a24 d9382c c23a7a 6a3fa0 2f4fb5 2f8fd0 2fa88a 6cbf3c c9dc3f fff6e0 f5b8c4")
_LAYERS = ((0.0120, 0.0190, 0.20), (0.0100, 0.0125, 0.50), (0.0105, 0.0085, 0.80))
"""Spacing and size of the dots, and how far they go from the seen colour to a pure one."""


def pointillist(frame: Frame, rng: Generator) -> Field:
    """Paint the dots, large ones first."""
    canvas, study = Canvas.primed(frame, ink("e9dcc3")), _bank(rng)
    for spacing, size, purity in _LAYERS:
        u, v = scatter(spacing, rng)
        colour = _divided(STUDY.pick(study, u, v), purity, rng)
        angle = rng.uniform(0, np.pi, u.size).astype(np.float32)
        length = (size * rng.uniform(0.8, 1.3, u.size)).astype(np.float32)
        dots = Dabs(u, v, angle, np.zeros_like(u), length, length * np.float32(0.84), colour)
        paint(canvas, dots, Brush(roundness=2.0, ragged=0.0, streak=0.05, thickness=0.0022, rim=0.15, furrow=0.25), rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=0.8, gloss=0.25)


def _divided(seen: Field, purity: float, rng: Generator) -> Field:
    """For each seen colour one of the pure colours near it, the nearer the likelier."""
    distance = np.linalg.norm(seen[:, None] - _PURE, axis=-1)
    noisy = distance - 0.17 * rng.gumbel(size=distance.shape)
    pure = _PURE[np.argmin(noisy, axis=1)]
    return varied(mix(vivid(seen, 1.35), pure, np.float32(purity)), rng, light=0.05, hue=0.02)


def _bank(rng: Generator) -> Field:
    """The study: sky, far trees, river, meadow, and two large trees with violet shade."""
    u, v = STUDY.u, STUDY.v
    colour = ramp("3f8fd0 7fb8e0 c8dce0 f8e0b0 f5b890", v / 0.40 + 0.07 * clouds(STUDY, (0.2, 0.05), rng))
    colour = mix(colour, ink("fff6e6"), 0.8 * step(0.5, 1.3, clouds(STUDY, (0.22, 0.07), rng)))
    woods = 0.36 + 0.03 * clouds(STUDY, (0.12, 2), rng)
    colour = mix(
        colour, ramp("2f5f7f 4f8a6a 9cb85a", 0.5 + 0.25 * clouds(STUDY, 0.04, rng)), step(-0.005, 0.005, v - woods)
    )
    water = ramp("2f6fb0 5fa3cf bfe0e4", 0.5 + 0.3 * clouds(STUDY, (0.12, 0.012), rng))
    water = mix(water, ink("3f6f5a"), 0.7 * step(0.62, 0.46, v + 0.02 * smooth(STUDY, (0.03, 0.2), rng)))
    colour = mix(colour, water, step(-0.003, 0.003, v - 0.46))
    edge = 0.90 - 0.42 * u + 0.02 * clouds(STUDY, 0.1, rng)
    meadow = ramp("3f7f3a 86b83f d9d450 f4e06a", 0.55 + 0.3 * clouds(STUDY, (0.2, 0.05), rng))
    meadow = mix(meadow, ink("d9382c"), step(1.3, 1.6, clouds(STUDY, 0.03, rng, octaves=3)))
    colour = mix(colour, meadow, step(-0.004, 0.004, v - edge))
    colour = _sails(colour)
    for place, tall, wide in ((1.10, 0.24, 0.26), (0.80, 0.36, 0.13)):
        colour = _tree(colour, place, tall, wide, edge, rng)
    return colour


def _sails(colour: Field) -> Field:
    """Three white sails and their broken images in the water."""
    for place, base, tall in ((0.22, 0.53, 0.16), (0.42, 0.485, 0.08), (0.52, 0.475, 0.05)):
        up = (base - STUDY.v) / tall
        wing = (
            (up > 0)
            & (up < 1)
            & (STUDY.u > place - 0.3 * tall * (1 - up))
            & (STUDY.u < place + 0.5 * tall * np.clip(1 - up, 0, 2) ** 1.3)
        )
        image = (
            (up < 0)
            & (up > -0.9)
            & (np.abs(STUDY.u - place - 0.1 * tall) < 0.32 * tall * (1 + up))
            & (np.sin(up * 40) > -0.3)
        )
        hull = (np.abs(up + 0.03) < 0.07) & (np.abs(STUDY.u - place) < 0.5 * tall)
        for where, code in ((wing, "fff3d6"), (image, "f5dcc0"), (hull, "8a3a2f")):
            colour = mix(colour, ink(code), where.astype(np.float32))
    return colour


def _tree(colour: Field, place: float, tall: float, wide: float, edge: Field, rng: Generator) -> Field:
    """A crown of leaves lit from the left, a trunk, a pool of violet shade."""
    east, south = (STUDY.u - place) / wide, (STUDY.v - tall) / (wide * 1.05)
    ground = float(np.median(edge[:, int(place * STUDY.unit)])) + 0.10
    shade = np.hypot((STUDY.u - place - 0.5 * wide) / (1.5 * wide), (STUDY.v - ground) / 0.05)
    colour = mix(colour, ramp("4a3f8a 3f5f7a", 0.5 + 0.3 * smooth(STUDY, 0.02, rng)), 0.85 * step(1.1, 0.8, shade))
    bark = np.abs(STUDY.u - place - 0.02 * np.sin(9 * STUDY.v)) < 0.09 * wide * (1 + 0.5 * np.abs(STUDY.v - 0.5))
    trunk = bark & (STUDY.v > tall) & (STUDY.v < ground)
    colour = mix(colour, ramp("8a4a3a 4a2f5a", (STUDY.u - place) / (0.1 * wide) + 0.5), trunk.astype(np.float32))
    leaves = 1 - np.hypot(east, south) + 0.22 * clouds(STUDY, 0.09, rng)
    light = 0.5 - 0.35 * east - 0.3 * south + 0.28 * clouds(STUDY, 0.05, rng)
    return mix(
        colour,
        ramp("2a2f6a 1f5a4a 3f8a3a 9cc43f f2e05a", light + 0.12 * clouds(STUDY, 0.02, rng, octaves=2)),
        step(-0.02, 0.05, leaves),
    )
