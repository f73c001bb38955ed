"""`ink-wash`: peaks in mist above a river, pines and bamboo, brushed with more water than ink; one red seal.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, blur, mix, step
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.foliage import branches
from impasto.gallery.noise import clouds, profile, ridges, scatter
from impasto.gallery.palette import ink, ramp

_PAPER, _INK, _SEAL = ink("eee4cf"), ink("17181c"), ink("b5352a")
_RANGES = ((0.34, 0.22, 0.22, 0.26), (0.46, 0.26, 0.40, 0.30), (0.60, 0.30, 0.62, 0.36), (0.80, 0.22, 0.88, 0.42))
"""Level, rise, darkness and width of the peaks, from the far range to the near one."""

_Stroke = tuple[float, float, float, float, float, float]
"""Place, heading, length, width, and how much water is in the ink."""


def ink_wash(frame: Frame, rng: Generator) -> Field:
    """Wash, wait, and brush dry over it."""
    fibre = 0.5 + 0.22 * clouds(frame, (0.012, 0.006), rng, octaves=4, gain=0.8)
    canvas = Canvas.primed(frame, _PAPER * (1 + 0.05 * (fibre - 0.5) + 0.02 * clouds(frame, 0.3, rng))[..., None])
    for level, rise, dark, wide in _RANGES:
        crest = _crest(level, rise, wide, rng)
        _wash(canvas, np.interp(frame.u, STUDY.u[0], crest[0]).astype(np.float32), dark, rng)
        _texture_strokes(canvas, crest, dark, fibre, rng)
    _water(canvas, fibre, rng)
    _pine(canvas, fibre, rng)
    _bamboo(canvas, fibre, rng)
    _seal(canvas, rng)
    return canvas.rgb


def _crest(level: float, rise: float, wide: float, rng: Generator) -> Field:
    """Steep peaks apart from one another, on the study, (1, W)."""
    rough = profile(STUDY.width, wide, rng, octaves=6, gain=0.42)
    return np.asarray((level - rise * np.clip(0.25 + 0.55 * rough, -0.4, 1.1))[None, :], np.float32)


def _wash(canvas: Canvas, crest: Field, dark: float, rng: Generator) -> None:
    """Ink let run down from the crest into the mist, dark along its upper edge, with a few backruns."""
    frame = canvas.frame
    below = frame.v - crest + 0.004 * clouds(frame, 0.02, rng, octaves=4, gain=0.8)
    pools = clouds(frame, 0.08, rng, octaves=6, gain=0.6)
    runs = ridges(frame, (0.07, 0.25), rng, octaves=4)
    fall = np.exp(-np.clip(below, 0, 1) / (0.10 + 0.05 * dark)) + 0.9 * np.exp(-np.clip(below, 0, 1) / 0.006)
    density = dark * fall * np.clip(0.62 + 0.20 * pools - 0.45 * (runs - 0.5), 0.05, 1.4)
    canvas.veil(mix(_INK, ink("4a5560"), 0.5), np.clip(density, 0, 0.93) * step(-0.001, 0.0015, below))


def _texture_strokes(canvas: Canvas, crest: Field, dark: float, fibre: Field, rng: Generator) -> None:
    """Split-brush strokes that follow the fall of the rock."""
    u, v = scatter(0.0125, rng)
    level = STUDY.pick(crest.repeat(STUDY.height, 0), u, v)
    depth = v - level
    kept = (depth > 0.0) & (rng.random(u.size) < 0.75 * np.exp(-depth / 0.09))
    u, v, depth = u[kept], v[kept], depth[kept]
    slope = STUDY.pick(np.gradient(blur(crest.repeat(STUDY.height, 0), 5), axis=1) * STUDY.unit, u, v)
    heading = (
        np.arctan2(1.0, 0.25 * np.sign(slope)) + 0.35 * rng.standard_normal(u.size) - 0.5 * np.arctan(slope)
    ).astype(np.float32)
    length = (rng.uniform(0.025, 0.085, u.size) * (0.5 + dark)).astype(np.float32)
    colour = ramp("17181c 4a4f55", rng.random(u.size)).astype(np.float32)
    bend = rng.normal(0, 6, u.size).astype(np.float32)
    dabs = Dabs(u, v, heading, bend, length, (length * rng.uniform(0.10, 0.22, u.size)).astype(np.float32), colour)
    paint(
        canvas,
        dabs,
        Brush(bristle=0.0016, ragged=0.9, roundness=1.7, streak=0.1, opacity=0.25 + 0.55 * dark),
        rng,
        tooth=fibre + 0.35,
    )


def _water(canvas: Canvas, fibre: Field, rng: Generator) -> None:
    """Long dry strokes for the river, and empty paper for its light."""
    u, v = scatter(0.022, rng)
    kept = (v > 0.80) & (rng.random(u.size) < 0.55)
    u, v = u[kept], v[kept]
    length = rng.uniform(0.10, 0.30, u.size).astype(np.float32)
    dabs = Dabs(
        u,
        v,
        (0.03 * rng.standard_normal(u.size)).astype(np.float32),
        np.zeros_like(u),
        length,
        np.full_like(u, 0.010),
        ramp("2a3036 6a747a", rng.random(u.size)),
    )
    paint(canvas, dabs, Brush(bristle=0.0016, ragged=0.95, roundness=2, opacity=0.55), rng, tooth=fibre + 0.55)


def _pine(canvas: Canvas, fibre: Field, rng: Generator) -> None:
    """A leaning pine: knotted limbs and fans of needles."""
    tips = np.asarray(branches(canvas, (1.30, 1.02), -2.05, 0.21, 0.030, rng, bark="1c1d20 3a3d40 8a857a"), np.float32)
    tips = tips[rng.permutation(len(tips))[:170]]
    fan = np.repeat(tips, 22, axis=0)
    angle = rng.uniform(-np.pi, 0, len(fan)).astype(np.float32)
    length = rng.uniform(0.016, 0.034, len(fan)).astype(np.float32)
    u, v = fan[:, 0] + 0.5 * length * np.cos(angle), fan[:, 1] + 0.5 * length * np.sin(angle)
    dabs = Dabs(
        u, v, angle, np.zeros_like(u), length, np.full_like(u, 0.0026), ramp("0f1114 3a4046", rng.random(len(u)) ** 2)
    )
    paint(canvas, dabs, Brush(bristle=0.001, ragged=0.3, roundness=1.5), rng, tooth=fibre)


def _bamboo(canvas: Canvas, fibre: Field, rng: Generator) -> None:
    """Three canes in jointed strokes, and leaves in single presses of the brush."""
    canes: list[_Stroke] = []
    leaves: list[_Stroke] = []
    for foot, lean, wide, dark in ((0.10, 0.045, 0.030, 0.35), (0.19, 0.10, 0.021, 0.15), (0.035, 0.02, 0.017, 0.6)):
        for joint in np.arange(1.02, -0.05, -0.135).tolist():
            place = foot + lean * max(0.0, 1 - joint) ** 1.4
            canes.append((place, joint - 0.063, lean - np.pi / 2, 0.124, wide, dark))
            leaves += [_leaf(place, joint, rng) for _ in range(5)]
    _press(canvas, canes, Brush(0.0022, ragged=0.55, roundness=7, streak=0.2, opacity=0.9), fibre, rng)
    _press(canvas, leaves, Brush(0.0018, ragged=0.6, roundness=1.35, opacity=0.95), fibre, rng)


def _leaf(u: float, v: float, rng: Generator) -> _Stroke:
    """One leaf that hangs from a joint, to the left or to the right."""
    turn, long = rng.choice([0.5, 2.5]) + 0.5 * rng.standard_normal(), rng.uniform(0.07, 0.15)
    u, v = u + rng.normal(0, 0.035) + 0.5 * long * np.cos(turn), v + rng.normal(0, 0.03) + 0.5 * long * np.sin(turn)
    return u, v, turn, long, long * 0.16, rng.uniform(0, 0.75)


def _press(canvas: Canvas, strokes: list[_Stroke], brush: Brush, fibre: Field, rng: Generator) -> None:
    u, v, heading, length, width, dilution = np.asarray(strokes, np.float32).T
    bend = rng.normal(0, 1.0, u.size).astype(np.float32)
    dabs = Dabs(u, v, heading, bend, length, width, ramp("0f1114 2f353a 5f696f", dilution))
    paint(canvas, dabs, brush, rng, tooth=fibre + 0.25)


def _seal(canvas: Canvas, rng: Generator) -> None:
    """A square seal, its signs invented."""
    left, top, side = 1.235, 0.07, 0.052
    rough = 1 - 0.5 * step(0.8, 1.6, clouds(canvas.frame, 0.006, rng, octaves=3))
    canvas.lay([(left, top), (left + side, top), (left + side, top + side), (left, top + side)], _SEAL, rough)
    for x, y, w, h in (
        (0.14, 0.14, 0.30, 0.07),
        (0.25, 0.14, 0.07, 0.70),
        (0.12, 0.45, 0.34, 0.07),
        (0.12, 0.77, 0.30, 0.07),
        (0.56, 0.14, 0.07, 0.40),
        (0.56, 0.14, 0.30, 0.07),
        (0.79, 0.14, 0.07, 0.70),
        (0.56, 0.50, 0.28, 0.07),
        (0.56, 0.77, 0.16, 0.07),
    ):
        a, b = left + side * x, top + side * y
        canvas.lay([(a, b), (a + side * w, b), (a + side * w, b + side * h), (a, b + side * h)], _PAPER, 0.9)
