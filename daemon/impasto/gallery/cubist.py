"""`cubist`: a guitar, a bottle and a table, cut into planes of ochre, slate and rose and put together again.

Knows the tools of this room; called by its face alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from impasto.gallery.canvas import STUDY, Canvas, Field, Frame, lit, mix
from impasto.gallery.dab import Brush, Dabs, paint
from impasto.gallery.flow import along_field
from impasto.gallery.noise import clouds, scatter
from impasto.gallery.palette import ink, inks, varied, vivid

_WOOD = inks("d9a04a b86f2f 8a4a2a e8c884 c9803f 6a3a28 e0b06a a8552f")
_SLATE = inks("3f5560 6f8f98 a8bcb8 2a3038 f0e6cc 54707f c98f86 8a9a78 d8d0bc")
_SHARDS = 64
_EDGE_INK = ink("1f1a18")


@dataclass(frozen=True)
class _Plane:
    """A flat piece: light on one side, dark on the other, half open to what lies behind."""

    outline: Field
    colour: Field
    slant: float
    """The direction in which it grows lighter."""
    opacity: float
    weight: float
    """Half the width of its edges in charcoal; 0 leaves them undrawn."""

    def lay(self, canvas: Canvas) -> None:
        """Paint it flat."""
        middle, reach = self.outline.mean(0), float(np.hypot(*np.ptp(self.outline, axis=0))) / 2
        dark, light = self.colour**1.2 * 0.30, mix(vivid(self.colour, 1.25), ink("fff4d8"), 0.66)

        def faceted(u: Field, v: Field) -> Field:
            across = ((u - middle[0]) * np.cos(self.slant) + (v - middle[1]) * np.sin(self.slant)) / reach
            return mix(dark, light, np.clip(0.50 + 0.85 * across, 0, 1)[..., None])

        canvas.lay(self.outline, faceted, self.opacity)


def cubist(frame: Frame, rng: Generator) -> Field:
    """Build the planes, hatch every plane its own way, draw the edges over."""
    planes = _composed(rng)
    canvas, study = Canvas.primed(frame, ink("8a7350")), Canvas.primed(STUDY, ink("8a7350"))
    turned = Canvas.primed(STUDY, ink("ff8080"))
    for plane in planes:
        plane.lay(canvas)
        plane.lay(study)
        hatching = plane.slant + np.pi / 2
        turned.lay(plane.outline, np.array([np.cos(hatching), np.sin(hatching), 0], np.float32))
    flow = along_field(np.arctan2(turned.rgb[..., 1], turned.rgb[..., 0]))
    for spacing, length, width, opacity in ((0.0190, 0.042, 0.015, 0.42), (0.0150, 0.026, 0.0080, 0.60)):
        u, v = scatter(spacing, rng)
        colour = varied(STUDY.pick(study.rgb, u, v), rng, light=0.11, hue=0.03)
        dabs = Dabs.along(flow, u, v, colour, length=length * rng.uniform(0.6, 1.2, u.shape), width=width)
        hatch = Brush(0.0028, streak=0.10, ragged=0.6, roundness=8, thickness=0.0026, furrow=0.6, opacity=opacity)
        paint(canvas, dabs, hatch, rng)
    _drawn(canvas, planes, rng)
    return lit(canvas.rgb, canvas.relief, frame.unit, depth=0.9, gloss=0.15)


def _drawn(canvas: Canvas, planes: list[_Plane], rng: Generator) -> None:
    """The edges in charcoal, and the guitar's strings."""
    grain = np.clip(0.62 + 0.30 * clouds(canvas.frame, 0.01, rng, octaves=4, gain=0.8), 0, 0.95)
    for plane in planes:
        for start, end in zip(plane.outline, np.roll(plane.outline, -1, axis=0), strict=True):
            if plane.weight > 0:
                _charcoal(canvas, start, end, plane.weight, grain, rng)
    for string in range(5):
        aside = np.array([0.010, 0.006]) * (string - 2)
        _charcoal(canvas, np.array([0.515, 0.70]) + aside, np.array([0.885, 0.11]) + aside * 0.8, 0.0011, grain, rng)


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


def _composed(rng: Generator) -> list[_Plane]:
    """All planes from the back forward: shards around the things, the things, shards over them."""
    planes = [_shard_plane(number, rng) for number in range(_SHARDS)]
    for outlines, colours in ((_table(), _WOOD), (_bottle(), _SLATE), (_guitar(), _WOOD)):
        for outline in outlines:
            slant, opacity = rng.uniform(0, 2 * np.pi), rng.uniform(0.88, 1.0)
            planes.append(_Plane(outline, rng.choice(colours), slant, opacity, 0.0026))
    over = [_shard_plane(_SHARDS - 8, rng) for _ in range(9)]
    return planes + [replace(plane, opacity=0.50, weight=0.0014) for plane in over]


def _shard_plane(number: int, rng: Generator) -> _Plane:
    size = 0.62 * (1 - number / _SHARDS) ** 0.7 + 0.10
    middle = np.array([0.667, 0.5]) + rng.uniform(-1, 1, 2) * (0.66, 0.50)
    colours = _WOOD if rng.random() < 0.5 else _SLATE
    weight = 0.0016 if rng.random() < 0.4 else 0.0
    slant, opacity = rng.uniform(0, 2 * np.pi), rng.uniform(0.75, 1.0)
    return _Plane(_shard(middle, size, rng), rng.choice(colours), slant, opacity, weight)


def _shard(middle: Field, size: float, rng: Generator) -> Field:
    """A plane of three to five corners, mostly upright or on the diagonals."""
    corners = int(rng.integers(3, 6))
    lean = rng.choice([0.0, 0.35, -0.35, 0.78, -0.78]) + 0.1 * rng.standard_normal()
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    x, y = np.cos(turn) * size * 0.45, np.sin(turn) * size * rng.uniform(0.6, 1.2)
    return np.stack(
        [middle[0] + x * np.cos(lean) - y * np.sin(lean), middle[1] + x * np.sin(lean) + y * np.cos(lean)], -1
    )


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
    return [shape, shape[:4] + np.array([0.03, 0.02]), label, glass, glass * (1, 0.5) + (0.01, 0.26)]


def _table() -> list[Field]:
    sheet = np.array([[0.34, 0.83], [0.62, 0.76], [0.70, 0.92], [0.42, 0.99]])
    return [
        np.array([[0.10, 0.86], [1.25, 0.80], [1.34, 0.90], [0.05, 0.97]]),
        sheet,
        sheet * (0.8, 0.9) + (0.45, 0.06),
    ]
