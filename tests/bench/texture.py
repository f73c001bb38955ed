"""How far apart the textures of two pictures are, told without any trained network.

Knows pixels and fixed random directions. Must never know an encoder, nor what a picture was painted from: it judges
encoders, and what shared anything with one would flatter it. Called by ``bench.gallery`` and by its test.

The measure is sliced Wasserstein-1 (Rabin et al. 2011; for textures Heitz et al. 2021, on VGG's features there): a
picture is the set of its 7x7 RGB patches at each of four octaves; along each of 64 random directions two such sets are
two distributions of numbers, and W1 between those is the mean gap between their quantiles. 0 is the same texture; the
unit is full contrast, 1. Where a patch stands counts nowhere, so it is blind to composition. An octave counts half as
much as the one before it: it has a quarter of the patches, so that chance moves its quantiles twice as far.

Two readings. *With colours*, directions are any, so that palette and contrast count, as they do in the measure that
the project's quality is told by: style is how colour and structure are used. *By structure alone*, directions sum to
zero in each channel, and a patch's mean colour counts nowhere. Both are told, because the first is easy: scenes that
were merely recoloured to each style's means and covariances are nearest to their own in 20 of 20 (384 px; by means and
deviations of each channel in 17; 50/50 dissolves in 6), so that it finds wrong palettes and lost contrast, and no
more. By structure the same scenes are right in 3 of 20, and the dissolves too.

What else was tried for structure, on the gallery's own pictures alone and before any was painted: with a Laplacian
pyramid instead, two pictures in one style and two palettes are farther apart than two styles (watercolour: own /
nearest other 1.1 to 1.6); as it is, all twelve are told apart. With equal octaves a shift alone goes 0.2 to 0.5 of the
way to another style (320 px), as it is 0.1 to 0.4. The command and the figures stand in ``bench.gallery``.
"""

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

PATCH, OCTAVES, DIRECTIONS, QUANTILES = 7, 4, 64, 256
MIN_SIDE = PATCH << OCTAVES - 1  # one patch at the coarsest octave
WEIGHTS = 0.5 ** np.arange(OCTAVES) / (0.5 ** np.arange(OCTAVES)).sum()
SEED = 20111  # fixed for good: figures are comparable only along the same directions

Signature = NDArray[np.float32]
"""Quantiles along each direction at each octave: (octaves, directions, quantiles)."""


def signature(picture: Image.Image, *, colours: bool = False) -> Signature:
    """All that the distance knows of a picture, with its colours or of its structure alone.

    Raises:
        ValueError: a side is below one patch at the coarsest octave.
    """
    if min(picture.size) < MIN_SIDE:
        raise ValueError(f"picture is {picture.width}x{picture.height} pixels; each side needs at least {MIN_SIDE}")
    samples = np.asarray(picture.convert("RGB"), np.float32) / 255
    level, octaves = torch.from_numpy(samples).permute(2, 0, 1)[None], []
    for _ in range(OCTAVES):
        octaves.append(_quantiles(F.conv2d(level, _directions(colours))[0]))
        level = F.avg_pool2d(level, 2)
    return np.stack(octaves)


def distance(one: Signature, other: Signature) -> float:
    """Mean W1 over directions, weighted over octaves; symmetric, and 0 for equal signatures."""
    return float(np.abs(one - other).mean((1, 2)) @ WEIGHTS)


@cache
def _directions(colours: bool) -> Tensor:
    """Unit vectors in the space of patches, each a convolution's kernel; without colours, of mean 0 in any channel."""
    raw = torch.randn(DIRECTIONS, 3, PATCH, PATCH, generator=torch.Generator().manual_seed(SEED))
    seen = raw if colours else raw - raw.mean((2, 3), keepdim=True)
    return F.normalize(seen.flatten(1)).view_as(seen)


def _quantiles(projected: Tensor) -> Signature:
    """As many for a small picture as for a large one, so that sets of different sizes can be compared."""
    ordered = np.sort(projected.flatten(1).numpy(), axis=1)  # many times as fast here as torch's sort
    places = (np.arange(QUANTILES) + 0.5) * ordered.shape[1] / QUANTILES
    return np.ascontiguousarray(ordered[:, places.astype(np.intp)])
