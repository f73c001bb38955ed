"""Brush strokes by the thousand: each an arc with its own colour, bristles and relief.

All dabs of a pass are stamped into one buffer of numbers (Pillow fills the polygons, later ones on top); then every
pixel looks up its own dab, finds its place along and across that arc in closed form, and takes colour, coverage and
height from it: no loop over dabs touches a pixel. Knows canvases, not subjects. Called by the painters of this room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.gallery.canvas import Canvas, Field, Frame
from impasto.gallery.noise import bristle_texture

Heading = Callable[[Field, Field], Field]
"""The direction (radians, clockwise from the right) of the flow at places (u, v)."""

_OUTLINE_POINTS = 9
_TEXELS_PER_BRISTLE = 4.0


@dataclass(frozen=True)
class Dabs:
    """Strokes to be painted in this order; every array has one entry (a colour: one row) per stroke."""

    u: Field
    v: Field
    heading: Field
    bend: Field
    """Curvature, 1 / radius."""
    length: Field
    width: Field
    colour: Field

    @classmethod
    def along(
        cls, flow: Heading, u: Field, v: Field, colour: Field, *, length: float | Field, width: float | Field
    ) -> Dabs:
        """Strokes that follow a flow, curved as it curves."""
        heading = flow(u, v)
        long, wide = (np.broadcast_to(np.asarray(x, np.float32), u.shape) for x in (length, width))
        reach_u, reach_v = np.cos(heading) * long * 0.4, np.sin(heading) * long * 0.4
        turn = flow(u + reach_u, v + reach_v) - flow(u - reach_u, v - reach_v)
        turn = np.clip((turn + np.pi) % (2 * np.pi) - np.pi, -1.6, 1.6)
        return cls(u, v, heading, (turn / (0.8 * long)).astype(np.float32), long, wide, colour)

    def __len__(self) -> int:
        """How many strokes."""
        return len(self.u)


@dataclass(frozen=True)
class Brush:
    """How a stroke looks, whatever its place and colour."""

    bristle: float = 0.004
    """Width of one bristle's trace, in design units."""
    streak: float = 0.10
    """How much single bristles differ in lightness."""
    ragged: float = 0.5
    """How early the paint breaks up towards the end of the stroke; 0 ends it cleanly."""
    roundness: float = 3.0
    """2 is an ellipse, large values a rectangle."""
    thickness: float = 0.003
    """How high the paint stands."""
    furrow: float = 0.5
    """How much of that height the bristles plough."""
    rim: float = 0.5
    """How much more paint is pushed to the two edges."""
    opacity: float = 1.0


def paint(canvas: Canvas, dabs: Dabs, brush: Brush, rng: Generator, *, tooth: Field | None = None) -> None:
    """Paint the strokes over the canvas; `tooth`, 0 to 1 over the frame, is ground that takes no paint where high."""
    texture = bristle_texture(rng)
    phase = rng.integers(0, texture.shape[0], (2, len(dabs)))
    numbers = _stamp(canvas.frame, dabs, brush.roundness)
    spots = np.flatnonzero(numbers)
    if spots.size == 0:
        return
    which = numbers.ravel()[spots] - 1
    along, across = _place_in_dab(canvas.frame, dabs, spots, which)
    bristle = _bristles(texture, phase, which, along * dabs.length[which], across * dabs.width[which], brush.bristle)
    cover = _coverage(along, bristle, brush)
    if tooth is not None:
        cover *= np.clip((cover * 1.6 + 0.22 * bristle - tooth.ravel()[spots]) * 3, 0, 1)
    _apply(canvas, spots, dabs.colour[which] * (1 + brush.streak * bristle)[:, None], cover, across, bristle, brush)


def _stamp(frame: Frame, dabs: Dabs, roundness: float) -> NDArray[np.int32]:
    """Which dab is on top at each pixel: its number from 1, or 0 for bare canvas."""
    sheet = Image.new("I", (frame.width, frame.height))
    draw = ImageDraw.Draw(sheet)
    outlines = frame.pixels(_outlines(dabs, roundness)) - 0.5
    seen = (outlines.max(1) > 0).all(1) & (outlines.min(1) < (frame.width, frame.height)).all(1)
    flat = outlines.reshape(len(dabs), -1).tolist()
    for number in np.flatnonzero(seen).tolist():
        draw.polygon(flat[number], fill=number + 1)
    return np.asarray(sheet, np.int32)


def _outlines(dabs: Dabs, roundness: float) -> NDArray[np.float64]:
    """The arcs' outlines, (dabs, corners, 2): along one side and back on the other."""
    t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, _OUTLINE_POINTS))
    half = (1 - np.abs(t) ** roundness) ** (1 / roundness) / 2
    along = np.concatenate([t, t[::-1]])[None, :] * dabs.length[:, None] / 2
    across = np.concatenate([half, -half[::-1]])[None, :] * dabs.width[:, None]
    bend = _curved(dabs.bend)[:, None]
    turn = along * bend
    x = np.sin(turn) / bend - across * np.sin(turn)
    y = (1 - np.cos(turn)) / bend + across * np.cos(turn)
    cos, sin = np.cos(dabs.heading)[:, None], np.sin(dabs.heading)[:, None]
    return np.stack([dabs.u[:, None] + x * cos - y * sin, dabs.v[:, None] + x * sin + y * cos], -1)


def _curved(bend: Field) -> Field:
    """Curvatures kept off zero, where the formulas of an arc divide by them."""
    return np.where(np.abs(bend) < 1e-2, np.float32(1e-2), bend)


def _place_in_dab(frame: Frame, dabs: Dabs, spots: NDArray[np.intp], which: NDArray[np.int32]) -> tuple[Field, Field]:
    """Each pixel's place in its dab: from -1 to 1 along the arc and across it."""
    row, column = np.divmod(spots, frame.width)
    east = frame.u[0][column] - dabs.u[which]
    south = frame.v[:, 0][row] - dabs.v[which]
    cos, sin = np.cos(dabs.heading)[which], np.sin(dabs.heading)[which]
    x, y = east * cos + south * sin, south * cos - east * sin
    bend = _curved(dabs.bend)[which]
    ahead, aside = bend * x, 1 - bend * y
    along = np.arctan2(ahead, aside) / bend
    across = (2 * y - bend * (x * x + y * y)) / (1 + np.hypot(ahead, aside))
    return along * 2 / dabs.length[which], across * 2 / dabs.width[which]


def _bristles(
    texture: Field, phase: NDArray[np.int64], which: NDArray[np.int32], along: Field, across: Field, bristle: float
) -> Field:
    """The bristles' trace at each pixel, of unit deviation."""
    scale = _TEXELS_PER_BRISTLE / 2 / bristle
    fine = (across * scale).astype(np.int32) + phase[0][which]
    drawn = (along * scale).astype(np.int32) + phase[1][which]
    return np.asarray(texture[fine % texture.shape[0], drawn % texture.shape[1]], np.float32)


def _coverage(along: Field, bristle: Field, brush: Brush) -> Field:
    """How much paint lies: whole at the start, broken bristle by bristle towards the end."""
    left = 1 - brush.ragged * np.clip(along * 0.75 + 0.25, 0, 1) ** 2 * 1.6
    return np.asarray(brush.opacity * np.clip((left + brush.ragged * 0.35 * bristle) * 3, 0, 1), np.float32)


def _apply(
    canvas: Canvas, spots: NDArray[np.intp], colour: Field, cover: Field, across: Field, bristle: Field, brush: Brush
) -> None:
    """Blend colour over colour, and height over height."""
    rgb, relief = canvas.rgb.reshape(-1, 3), canvas.relief.ravel()
    rgb[spots] += (colour - rgb[spots]) * cover[:, None]
    body = 1 - across**4 + brush.rim * np.exp(-(((np.abs(across) - 0.78) / 0.14) ** 2)) + brush.furrow * 0.5 * bristle
    relief[spots] += (0.4 * relief[spots] + brush.thickness * body - relief[spots]) * cover
    canvas.rgb, canvas.relief = rgb.reshape(canvas.rgb.shape), relief.reshape(canvas.relief.shape)
