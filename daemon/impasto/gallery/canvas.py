"""The ground that every picture stands on: a frame of design units, soft masks, light on relief.

A picture is designed once, on a sheet 4/3 wide and 1 high; a `Frame` says which pixels look at which part of that
sheet, so that one design drawn at two sizes is one composition. Fields are float32 arrays of a frame's shape; colours
are sRGB values from 0 to 1. Knows numpy and Pillow, never what is painted. Called by the other files of this room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

Field = NDArray[np.floating[Any]]
"""(H, W) or (H, W, 3), or anything that broadcasts to it; float32 wherever it is as large as the picture."""

Outline = Sequence[tuple[float, float]] | NDArray[np.floating]
"""The corners of a shape, in design units."""

ASPECT = 4 / 3
_MASK_OVERSAMPLING = 4


@dataclass(frozen=True)
class Frame:
    """The pixels of one drawing and the part of the design sheet that they show."""

    width: int
    height: int
    unit: float
    """Pixels per design unit."""
    left: float
    top: float

    @classmethod
    def cover(cls, width: int, height: int) -> Frame:
        """The frame of these pixels that fills itself from the middle of the sheet."""
        unit = max(width / ASPECT, float(height))
        return cls(width, height, unit, (ASPECT - width / unit) / 2, (1 - height / unit) / 2)

    def finer(self, factor: int) -> Frame:
        """The same view with `factor` times as many pixels each way."""
        return Frame(self.width * factor, self.height * factor, self.unit * factor, self.left, self.top)

    @cached_property
    def u(self) -> Field:
        """Where the columns lie, in design units, (1, W)."""
        return (self.left + (np.arange(self.width, dtype=np.float32)[None, :] + 0.5) / self.unit).astype(np.float32)

    @cached_property
    def v(self) -> Field:
        """Where the rows lie, in design units, (H, 1)."""
        return (self.top + (np.arange(self.height, dtype=np.float32)[:, None] + 0.5) / self.unit).astype(np.float32)

    def pixels(self, outline: Outline) -> NDArray[np.float64]:
        """An outline in this frame's pixel coordinates."""
        return (np.asarray(outline, np.float64) - (self.left, self.top)) * self.unit

    def pick(self, field: Field, u: Field, v: Field) -> Field:
        """Read a field of this frame at scattered places (bilinear, edges held)."""
        x = np.clip((u - self.left) * self.unit - 0.5, 0, self.width - 1.001)
        y = np.clip((v - self.top) * self.unit - 0.5, 0, self.height - 1.001)
        column, row = x.astype(np.intp), y.astype(np.intp)
        a, b = (x - column).astype(np.float32), (y - row).astype(np.float32)
        if field.ndim == 3:
            a, b = a[..., None], b[..., None]
        upper = field[row, column] * (1 - a) + field[row, column + 1] * a
        lower = field[row + 1, column] * (1 - a) + field[row + 1, column + 1] * a
        return np.asarray(upper * (1 - b) + lower * b, np.float32)


STUDY = Frame.cover(384, 288)
"""The one size at which painters make their colour study; dabs take colour and heading from it at every size."""


def mix(below: ArrayLike, above: ArrayLike, amount: ArrayLike) -> Field:
    """Blend linearly; an (H, W) amount serves an (H, W, 3) colour."""
    a, b, t = (np.asarray(x, np.float32) for x in (below, above, amount))
    coloured = max(a.ndim, b.ndim) == 3 or a.shape == b.shape == (3,)
    if t.ndim == 2 and coloured:
        t = t[..., None]
    return np.asarray(a + (b - a) * t, np.float32)


def step(edge_low: ArrayLike, edge_high: ArrayLike, field: ArrayLike) -> Field:
    """Rise smoothly from 0 to 1 between two values (falls when they are given in falling order)."""
    low, high = np.asarray(edge_low, np.float32), np.asarray(edge_high, np.float32)
    t = np.clip((np.asarray(field, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blur(field: Field, radius: float) -> Field:
    """A near Gaussian of standard deviation `radius` pixels: three box filters each way."""
    width = max(1, round(radius * 1.0 / 0.5) // 2 * 2 + 1)
    if width == 1:
        return field
    for axis in (0, 1) * 3:
        field = _box(field, min(width, field.shape[axis] // 2 * 2 - 1), axis)
    return field


def _box(field: Field, width: int, axis: int) -> Field:
    if width < 3:
        return field
    pad = [(0, 0)] * field.ndim
    pad[axis] = (width // 2 + 1, width // 2)
    total = np.cumsum(np.pad(field, pad, mode="edge"), axis=axis, dtype=np.float64)
    count = field.shape[axis]
    ahead = np.take(total, np.arange(width, width + count), axis=axis)
    return np.asarray((ahead - np.take(total, np.arange(count), axis=axis)) / width, np.float32)


def mask(frame: Frame, outline: Outline) -> tuple[slice, slice, Field] | None:
    """Rasterise a polygon, antialiased, in the smallest window that holds it; None where it is out of view."""
    corners = frame.pixels(outline)
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (frame.width, frame.height))
    if (high <= low).any():
        return None
    size = (high - low) * _MASK_OVERSAMPLING
    sheet = Image.new("L", (int(size[0]), int(size[1])))
    ImageDraw.Draw(sheet).polygon(((corners - low) * _MASK_OVERSAMPLING - 0.5).ravel().tolist(), fill=255)
    cover = np.asarray(sheet.reduce(_MASK_OVERSAMPLING), np.float32) / 255
    return slice(low[1], high[1]), slice(low[0], high[0]), cover


Paint = ArrayLike | Callable[[Field, Field], Field]
"""A colour, or what gives one at each place (u, v)."""


@dataclass
class Canvas:
    """A picture in the making: colour, and the height of the paint for the light to catch."""

    frame: Frame
    rgb: Field
    relief: Field

    @classmethod
    def primed(cls, frame: Frame, colour: ArrayLike) -> Canvas:
        """A canvas of one colour (or of a whole field of colours) with a flat surface."""
        shape = (frame.height, frame.width)
        rgb = np.broadcast_to(np.asarray(colour, np.float32), (*shape, 3)).copy()
        return cls(frame, rgb, np.zeros(shape, np.float32))

    def lay(self, outline: Outline, paint: Paint, opacity: ArrayLike = 1.0) -> None:
        """Cover a polygon with paint."""
        window = mask(self.frame, outline)
        if window is None:
            return
        rows, columns, cover = window
        if callable(paint):
            paint = paint(self.frame.u[:, columns], self.frame.v[rows])
        opacity = np.asarray(opacity, np.float32)
        if opacity.ndim == 2:
            opacity = opacity[rows, columns]
        self.rgb[rows, columns] = mix(self.rgb[rows, columns], paint, cover * opacity)

    def part(self, low: tuple[float, float], high: tuple[float, float]) -> Canvas | None:
        """The window between two places as a canvas of its own, on the same paint; None where it is out of view."""
        left, top = np.maximum(np.floor(self.frame.pixels([low])[0]).astype(int), 0).tolist()
        right, bottom = np.ceil(self.frame.pixels([high])[0]).astype(int).tolist()
        window = slice(top, max(bottom, 0)), slice(left, max(right, 0))
        rgb, unit = self.rgb[window], self.frame.unit
        if rgb.size == 0:
            return None
        place = self.frame.left + left / unit, self.frame.top + top / unit
        return Canvas(Frame(rgb.shape[1], rgb.shape[0], unit, *place), rgb, self.relief[window])

    def veil(self, paint: ArrayLike, amount: ArrayLike) -> None:
        """Blend paint over the whole canvas."""
        self.rgb[:] = mix(self.rgb, paint, amount)


def lit(rgb: Field, relief: Field, unit: float, *, depth: float, gloss: float = 0.0) -> Field:
    """Light a relief (design units, `depth` times) from the upper left: slopes facing it brighten, others dim."""
    down, right = np.gradient(relief * (depth * unit))
    facing = -(right * 0.6 + down * 0.8)
    facing = facing / np.sqrt(1 + right * right + down * down)
    shaded = rgb * (1 + 0.55 * facing)[..., None]
    glint = np.clip(facing - 0.35, 0, None) ** 2
    return np.asarray(shaded + (gloss * glint)[..., None], np.float32)
