"""`palette-knife`: an autumn avenue in the rain, in slabs of half-mixed paint.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit, mix, step
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import along_field
from impasto.gallery.noise import clouds, scatter, smooth
from impasto.gallery.palette import ink, ramp, varied

_HORIZON = 0.56
_CENTRE = 0.66
_LAYERS = ((0.050, 0.150, 0.090), (0.040, 0.115, 0.060), (0.034, 0.080, 0.036), (0.036, 0.050, 0.016))
_TRUNKS = (
    (0.10, 0.052),
    (0.33, 0.030),
    (0.46, 0.018),
    (0.54, 0.011),
    (0.79, 0.012),
    (0.88, 0.020),
    (1.02, 0.034),
    (1.25, 0.058),
)


def palette_knife(frame: Frame, rng: Generator) -> Field:
    """Spread the slabs, the broad ones first; every slab drags a second colour along."""
    angle, study = _avenue(rng)
    flow, canvas = along_field(angle), Canvas.primed(frame, ink("3a2a2a"))
    for spacing, length, width in _LAYERS:
        u, v = scatter(spacing, rng)
        colour = varied(STUDY.pick(study, u, v), rng, light=0.11, hue=0.05)
        slabs = Dabs.along(
            flow,
            u,
            v,
            colour,
            length=length * rng.uniform(0.6, 1.3, u.shape),
            width=width * rng.uniform(0.6, 1.2, u.shape),
        )
        brush = Brush(
            bristle=max(0.006, width * 0.20),
            streak=0.15,
            ragged=0.8,
            roundness=10,
            thickness=0.006,
            furrow=0.12,
            rim=0.7,
        )
        paint(canvas, slabs, brush, rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=1.0, gloss=0.55)


def _avenue(rng: Generator) -> tuple[Field, Field]:
    """The study: foliage over a wet road that repeats it."""
    u, v = STUDY.u, STUDY.v
    away = np.hypot((u - _CENTRE) * 0.9, v - _HORIZON + 0.05)
    leaves = ramp(
        "fff3d0 ffd76a f7a52f e8641f b02f1f 6a1f2a 3a1f3a", away / 0.85 + 0.15 * clouds(STUDY, 0.09, rng, gain=0.7)
    )
    leaves = mix(
        leaves, ramp("1f5f6a 3f9a8a", 0.5 + 0.3 * smooth(STUDY, 0.04, rng)), step(0.9, 1.5, clouds(STUDY, 0.11, rng))
    )
    road = ramp("1f2f4a 2f5a7a 5f9fb0 cfe0d8", 0.42 + 0.18 * clouds(STUDY, (0.2, 0.03), rng) - 0.35 * (v - 0.75))
    rows = np.clip(2 * _HORIZON - v, 0, 1)
    mirrored = STUDY.pick(
        leaves, np.broadcast_to(u, leaves.shape[:2]) + 0.02 * smooth(STUDY, (0.2, 0.02), rng), rows + 0 * u
    )
    ground = mix(road, mirrored * 0.92, 0.62 * step(-0.8, 0.8, clouds(STUDY, (0.12, 0.02), rng)))
    colour = np.where((v > _HORIZON)[..., None], ground, leaves)
    angle = np.where(
        v > _HORIZON,
        np.where(smooth(STUDY, 0.05, rng) > 0.5, np.pi / 2, 0) + 0.2 * smooth(STUDY, 0.1, rng),
        np.arctan2(v - _HORIZON, u - _CENTRE) + 1.5 * smooth(STUDY, 0.10, rng),
    )
    for place, width in _TRUNKS:
        angle, colour = _trunk(angle, colour, place, width, rng)
    return _walker(angle.astype(np.float32), colour.astype(np.float32))


def _trunk(angle: Field, colour: Field, place: float, width: float, rng: Generator) -> tuple[Field, Field]:
    """A dark trunk, light on the side of the gap, and its image in the wet."""
    foot = _HORIZON + 1.9 * width
    lean = place + 0.1 * width * np.sin(STUDY.v * 14 + place * 30)
    aside = (STUDY.u - lean) / (0.5 * width)
    up, down = (STUDY.v < foot) & (STUDY.v > 0.03), (STUDY.v >= foot) & (STUDY.v < foot + 7 * width)
    side = aside * np.sign(_CENTRE - place)
    bark = ramp("1a1424 3a2434 7a4a3f f0b56a", 0.38 + 0.42 * side + 0.12 * smooth(STUDY, (0.02, 0.06), rng))
    inside = np.abs(aside) < 1
    colour = mix(colour, bark, (inside & up).astype(np.float32))
    colour = mix(colour, bark * 0.8, 0.7 * (inside & down & (np.sin(STUDY.v * 130) > -0.5)))
    return np.where(inside & up, np.pi / 2 + 0.1, angle), colour


def _walker(angle: Field, colour: Field) -> tuple[Field, Field]:
    """Somebody under a red umbrella, far down the road."""
    east, south = STUDY.u - 0.69, STUDY.v - 0.55
    dome = (np.hypot(east / 0.045, south / 0.04) < 1) & (south < 0)
    coat = (np.abs(east) < 0.016 + 0.12 * south) & (south >= 0) & (south < 0.10)
    image = (np.abs(east) < 0.02) & (south >= 0.11) & (south < 0.2) & (np.sin(south * 260) > -0.2)
    for where, code in ((dome, "e02a2a"), (coat, "1a1f3a"), (image, "a0303a")):
        colour = mix(colour, ink(code), where.astype(np.float32))
    return np.where(coat, np.pi / 2, angle), colour
