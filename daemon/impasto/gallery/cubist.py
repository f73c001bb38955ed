"""`cubist`: a guitar, a bottle and a table, cut into planes of ochre, slate and rose and put together again.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit, mix
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import along_field
from impasto.gallery.noise import clouds, scatter
from impasto.gallery.palette import ink, inks, ramp, varied

_EARTH = inks("c9a05a 8a5f34 5a4030 d9c08a 3f4a4f 6f7f82 a8b0a4 e6dcc0 2a2624 b8734a 93804f 4f6a70 c98f7a 7a3a2f")
_PLANES = 120
_EDGE_INK = ink("1f1a18")


def cubist(frame: Frame, rng: Generator) -> Field:
    """Build the planes in a study, hatch every plane its own way, draw the edges over."""
    study, angle, outlines = _planes(rng)
    canvas, flow = Canvas.primed(frame, ink("6a5a44")), along_field(angle)
    for spacing, length, width in ((0.024, 0.070, 0.030), (0.0150, 0.050, 0.0145), (0.0125, 0.030, 0.0080)):
        u, v = scatter(spacing, rng)
        colour = varied(STUDY.pick(study, u, v), rng, light=0.075, hue=0.02)
        dabs = Dabs.along(flow, u, v, colour, length=length * rng.uniform(0.6, 1.2, u.shape), width=width)
        paint(
            canvas,
            dabs,
            Brush(bristle=0.0028, streak=0.08, ragged=0.55, roundness=8, thickness=0.0024, furrow=0.6),
            rng,
        )
    grain = 0.55 + 0.30 * clouds(frame, 0.01, rng, octaves=4, gain=0.8)
    for outline, weight in outlines:
        for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            if rng.random() < 0.7:
                _charcoal(canvas, start, end, weight, np.clip(grain, 0, 0.95), rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=0.9, gloss=0.12)


def _charcoal(canvas: Canvas, start: Field, end: Field, weight: float, grain: Field, rng: Generator) -> None:
    """An edge drawn by hand: it swells, overshoots and wanders."""
    ahead = end - start
    long = float(np.hypot(*ahead))
    if long < 0.01:
        return
    aside = np.array([-ahead[1], ahead[0]]) / long
    t = np.linspace(-0.04, 1.05, 12)[:, None]
    spine = start + ahead * t + aside * 0.0015 * np.cumsum(rng.standard_normal(12))[:, None]
    half = weight * (0.35 + 0.65 * np.abs(np.sin(2.3 * t + rng.uniform(0, 3))))
    canvas.lay(np.concatenate([spine + aside * half, (spine - aside * half)[::-1]]), _EDGE_INK, grain)


def _planes(rng: Generator) -> tuple[Field, Field, list[tuple[Field, float]]]:
    """The study: colours, hatching angles, and the outlines to be drawn."""
    sheet = Canvas.primed(STUDY, ink("7a6a50"))
    turned = Canvas.primed(STUDY, 0.0)
    outlines: list[tuple[Field, float]] = []
    for number in range(_PLANES):
        size = 0.42 * (1 - number / _PLANES) ** 0.7 + 0.07
        middle = np.array([0.667, 0.5]) + rng.normal(0, 1, 2) * (0.42, 0.30)
        _plane(sheet, turned, outlines, _shard(middle, size, rng), rng)
    for outline in _guitar() + _bottle() + _table():
        _plane(sheet, turned, outlines, outline, rng, weight=0.0030)
    angle = np.arctan2(turned.rgb[..., 1], turned.rgb[..., 0])
    return sheet.rgb, angle.astype(np.float32), outlines


def _shard(middle: Field, size: float, rng: Generator) -> Field:
    """A plane of three to five corners, mostly upright or on the diagonals."""
    corners = int(rng.integers(3, 6))
    lean = rng.choice([0.0, 0.35, -0.35, 0.78, -0.78]) + 0.1 * rng.standard_normal()
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    x, y = np.cos(turn) * size * 0.45, np.sin(turn) * size * rng.uniform(0.6, 1.2)
    return np.stack(
        [middle[0] + x * np.cos(lean) - y * np.sin(lean), middle[1] + x * np.sin(lean) + y * np.cos(lean)], -1
    )


def _plane(
    sheet: Canvas,
    turned: Canvas,
    outlines: list[tuple[Field, float]],
    outline: Field,
    rng: Generator,
    *,
    weight: float = 0.0018,
) -> None:
    """One plane: light on one side, dark on the other, half open to what lies behind."""
    colour, slant = rng.choice(_EARTH), rng.uniform(0, 2 * np.pi)
    low, high = outline.min(0), outline.max(0)
    middle, reach = (low + high) / 2, max(float(np.hypot(*(high - low))) / 2, 1e-3)

    def faceted(u: Field, v: Field) -> Field:
        across = ((u - middle[0]) * np.cos(slant) + (v - middle[1]) * np.sin(slant)) / reach
        return mix(
            ramp("14110f", across) * 0.2 + colour * 0.45,
            mix(colour, ink("f4ead0"), 0.45),
            np.clip(0.5 + 0.75 * across, 0, 1),
        )

    sheet.lay(outline, faceted, rng.uniform(0.72, 1.0))
    hatching = slant + np.pi / 2
    turned.lay(outline, np.float32([np.cos(hatching), np.sin(hatching), 0]))
    outlines.append((np.asarray(outline, np.float32), weight))


def _guitar() -> list[Field]:
    """A body in two views, a sound hole, a neck, strings' shadow."""
    t = np.linspace(0, 2 * np.pi, 26, endpoint=False)
    waist = 0.155 * (1 + 0.30 * np.cos(2 * t) - 0.10 * np.cos(t))
    body = np.stack([0.56 + waist * np.cos(t) * 0.95, 0.58 + waist * np.sin(t) * 1.25], -1)
    hole = np.stack([0.58 + 0.05 * np.cos(t), 0.56 + 0.058 * np.sin(t)], -1)
    left = body[(t > np.pi / 2) & (t < 3 * np.pi / 2)] - (0.035, 0.03)
    neck = np.array([[0.615, 0.50], [0.665, 0.52], [0.90, 0.13], [0.86, 0.105]])
    head = np.array([[0.85, 0.13], [0.915, 0.155], [0.965, 0.06], [0.90, 0.035]])
    bridge = np.array([[0.47, 0.68], [0.57, 0.735], [0.56, 0.755], [0.46, 0.70]])
    return [body, left, hole, neck, head, bridge]


def _bottle() -> list[Field]:
    shape = np.array(
        [
            [0.90, 0.82],
            [0.90, 0.48],
            [0.935, 0.42],
            [0.94, 0.25],
            [0.985, 0.25],
            [0.99, 0.42],
            [1.03, 0.48],
            [1.03, 0.82],
        ]
    )
    label = np.array([[0.905, 0.56], [1.02, 0.54], [1.035, 0.70], [0.91, 0.72]])
    glass = np.array([[0.25, 0.52], [0.38, 0.50], [0.36, 0.74], [0.28, 0.76]])
    return [shape, shape[:4] + (0.03, 0.02), label, glass, glass * (1, 0.5) + (0.01, 0.26)]


def _table() -> list[Field]:
    sheet = np.array([[0.34, 0.83], [0.62, 0.76], [0.70, 0.92], [0.42, 0.99]])
    return [
        np.array([[0.10, 0.86], [1.25, 0.80], [1.34, 0.90], [0.05, 0.97]]),
        sheet,
        sheet * (0.8, 0.9) + (0.45, 0.06),
    ]
