"""Voronoi cells: which of many places is nearest to each pixel, and how far the border is.

Knows frames and places only. Called by the painters of this room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.gallery.canvas import Field

_BLOCK = 24
"""Side, in pixels, of the blocks that share one short list of candidate places."""


@dataclass(frozen=True)
class Cells:
    """The cells of the places (u, v) over a frame."""

    u: Field
    v: Field
    nearest: NDArray[np.intp]
    """The number of the place that owns each pixel."""
    edge: Field
    """The distance to the cell's border, in design units."""


def cells(east: Field, south: Field, u: Field, v: Field) -> Cells:
    """Find the cell of every pixel, from the pixels' own places (H, W).

    Every block of pixels is compared with those places alone that can be first or second nearest somewhere in it.
    """
    nearest, edge = np.zeros(east.shape, np.intp), np.zeros(east.shape, np.float32)
    for top in range(0, east.shape[0], _BLOCK):
        for left in range(0, east.shape[1], _BLOCK):
            block = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
            nearest[block], edge[block] = _block(east[block], south[block], u, v)
    return Cells(u, v, nearest, edge)


def _block(east: Field, south: Field, u: Field, v: Field) -> tuple[NDArray[np.intp], Field]:
    middle = np.hypot(u - east.mean(), v - south.mean())
    reach = np.partition(middle, 2)[2] + 0.5 * np.hypot(np.ptp(east), np.ptp(south)) + 0.02
    near = np.flatnonzero(middle <= reach)
    gap = (east[..., None] - u[near]) ** 2 + (south[..., None] - v[near]) ** 2
    first = gap.argmin(-1)
    own = np.take_along_axis(gap, first[..., None], -1)
    apart = np.hypot(u[near][first][..., None] - u[near], v[near][first][..., None] - v[near])
    border = np.where(apart > 0, (gap - own) / np.maximum(2 * apart, 1e-6), np.inf).min(-1)
    return near[first], border.astype(np.float32)
