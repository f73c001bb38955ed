"""The result as a file: X at its depth and profile, some rows at a time.

Knows pixels and files. Must not know the engine, jobs or the front. ``painting`` calls it at the end of a job. Rows are
independent of each other, so a picture of a hundred megapixels is in memory once, not five times.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from impasto import pixels
from impasto.engine import Pulse
from impasto.image import ImageHeader
from impasto.worker.studio import Picture

ROWS = 512


@dataclass(frozen=True)
class Beside:
    """What a result has beside X.

    Attributes:
        content: whose own samples stay where nothing is painted, if it has the result's size and kind.
        cover: (1, 1, H, W), the result's alpha, if it has any.
        painted: (1, 1, H, W), how much of each pixel is; None where all are, or where sizes differ.
        reach: the least and the greatest value that counts.
    """

    content: Picture
    cover: Tensor | None
    painted: Tensor | None
    reach: tuple[float, float]


def put_result(path: Path, image: Tensor, header: ImageHeader, beside: Beside, pulse: Pulse) -> None:
    """Writes X (1, 3, H, W) of the result's size; unpainted samples and alpha are the content's own.

    Raises:
        OSError: the disk is full or fails.
    """
    own = header == beside.content.header
    with path.open("wb") as file:
        for first in range(0, header.height, ROWS):
            rows = slice(first, first + ROWS)
            alpha = None if beside.cover is None else beside.cover[:, :, rows]
            result = pixels.samples_of(image[:, :, rows], header, alpha, beside.reach, pulse)
            if own:
                result = pixels.keep_alpha(result, beside.content.samples[rows], header)
            if own and beside.painted is not None:
                result = pixels.keep_unpainted(result, beside.content.samples[rows], beside.painted[:, :, rows])
            file.write(np.ascontiguousarray(result).data)


def put(path: Path, samples: np.ndarray[Any, Any]) -> None:
    """Writes samples; numpy's own tofile does not tell why a disk fails."""
    with path.open("wb") as file:
        file.write(samples.data)
