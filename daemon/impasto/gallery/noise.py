"""Random fields that keep their shape at every size: spline noise, clouds, ridges, warps, and scattered places.

Lattices live in design units and are drawn before pixels are known, so that a larger picture only sees more of the
same field. Knows frames and a generator of random numbers, nothing of paint. Called by the painters of this room.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from impasto.gallery.canvas import ASPECT, Field, Frame

_SPLINE_DEVIATION = 0.479
"""Standard deviation of unit white noise after a cubic B-spline each way."""
_DENSE_NODES = 48
"""Up to this many lattice rows a product of matrices is quicker than gathering."""


_FINEST_PIXELS = 0.75
"""Octaves finer than this are not to be seen, and are left out."""


def smooth(frame: Frame, cell: float | tuple[float, float], rng: Generator) -> Field:
    """Smooth noise of unit deviation whose bumps are about `cell` design units wide (and high)."""
    across, down = cell if isinstance(cell, tuple) else (cell, cell)
    lattice = rng.standard_normal((int(1 / down) + 5, int(ASPECT / across) + 5), np.float32)
    combed = _interpolated(lattice, frame.v[:, 0] / down)
    return _interpolated(combed.T, frame.u[0] / across).T / np.float32(_SPLINE_DEVIATION)


def _interpolated(nodes: Field, place: Field) -> Field:
    """Cubic B-spline through the rows of `nodes`, read at fractional rows."""
    place = np.clip(place, 0, len(nodes) - 4.001)
    first = place.astype(np.intp)
    weights = _spline_weights(place - first)
    if len(nodes) <= _DENSE_NODES:
        table = np.zeros((place.size, len(nodes)), np.float32)
        for offset, weight in enumerate(weights):
            table[np.arange(place.size), first + offset] = weight
        return np.asarray(table @ nodes, np.float32)
    total = nodes[first] * weights[0][:, None]
    for offset in (1, 2, 3):
        total += nodes[first + offset] * weights[offset][:, None]
    return np.asarray(total, np.float32)


def _spline_weights(t: Field) -> Field:
    """The four weights of a cubic B-spline at fractions t, (4, places)."""
    return (
        np.stack([(1 - t) ** 3, 4 + 3 * t**3 - 6 * t**2, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3]).astype(np.float32) / 6
    )


def receding(frame: Frame, horizon: float, rng: Generator) -> Field:
    """Noise on a plane that runs away to a horizon: all its bumps shrink with the distance, flat as waves look."""
    depth = np.maximum(frame.v[:, 0] - horizon, 0.004)
    rows = np.log(depth / 0.004)
    total = np.zeros((frame.height, frame.width), np.float32)
    for octave in range(10):
        cell = 0.32 / 2**octave
        lattice = rng.standard_normal((int(5.6 * 30) + 5, int(ASPECT / cell) + 5), np.float32)
        share = np.exp(-((np.log2(np.maximum(cell / (depth * 0.26), 1e-6)) / 1.5) ** 2))
        if cell * frame.unit > _FINEST_PIXELS:
            combed = _interpolated(lattice, rows * 30 + octave * 0.37)
            total += share[:, None] * _interpolated(combed.T, frame.u[0] / cell).T
    return total / np.float32(0.66)


def clouds(
    frame: Frame, cell: float | tuple[float, float], rng: Generator, *, octaves: int = 5, gain: float = 0.5
) -> Field:
    """Noise summed over halving cells (1/f), of about unit deviation."""
    across, down = cell if isinstance(cell, tuple) else (cell, cell)
    weights = gain ** np.arange(octaves)
    total = np.zeros((frame.height, frame.width), np.float32)
    for octave, (weight, child) in enumerate(zip(weights, rng.spawn(octaves), strict=True)):
        if down / 2**octave * frame.unit > _FINEST_PIXELS:
            total += np.float32(weight) * smooth(frame, (across / 2**octave, down / 2**octave), child)
    return total / np.float32(np.sqrt((weights**2).sum()))


def ridges(frame: Frame, cell: float | tuple[float, float], rng: Generator, *, octaves: int = 5) -> Field:
    """Sharp crests, as on mountains and folded cloth: 0 in the valleys, 1 on the crests."""
    across, down = cell if isinstance(cell, tuple) else (cell, cell)
    total, weight = np.zeros((frame.height, frame.width), np.float32), 1.0
    for octave in range(octaves):
        total += weight * np.exp(-2 * np.abs(smooth(frame, (across / 2**octave, down / 2**octave), rng)))
        weight *= 0.55
    return total / np.float32((1 - 0.55**octaves) / 0.45)


def profile(length: int, cell: float, rng: Generator, *, octaves: int = 5, gain: float = 0.5) -> Field:
    """1/f noise along a line of `length` samples over the sheet's width: skylines and torn edges."""
    total = np.zeros(length, np.float32)
    place = np.linspace(0, ASPECT, length, dtype=np.float32)
    for octave in range(octaves):
        nodes = rng.standard_normal((int(ASPECT / cell * 2**octave) + 5, 1), np.float32)
        total += gain**octave * _interpolated(nodes, place / cell * 2**octave)[:, 0]
    return total


def bristle_texture(rng: Generator, *, length: float = 14.0, fineness: float = 1.3, size: int = 256) -> Field:
    """A tileable (size, size) texture of unit deviation, fine down the rows and drawn out along them."""
    pull = np.exp(-2 * (np.pi * np.fft.fftfreq(size)[:, None] * fineness) ** 2)
    pull = pull * np.exp(-2 * (np.pi * np.fft.rfftfreq(size)[None, :] * length) ** 2)
    texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * pull, (size, size))
    return np.asarray(texture / texture.std(), np.float32)


def scatter(spacing: float, rng: Generator, *, jitter: float = 1.0) -> tuple[Field, Field]:
    """Places all over the sheet, one in each square of `spacing`, in random order."""
    columns, rows = np.arange(-1, ASPECT / spacing + 1), np.arange(-1, 1 / spacing + 1)
    grid: NDArray[np.float64] = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    grid = (grid + 0.5 + jitter * (rng.random(grid.shape) - 0.5)) * spacing
    grid = grid[rng.permutation(len(grid))].astype(np.float32)
    return grid[:, 0], grid[:, 1]
