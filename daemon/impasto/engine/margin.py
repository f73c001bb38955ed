"""The margin: a picture continued beyond its border while it is painted, and cut back afterwards.

Knows sizes alone. Must not know what is done in between. ``stylize`` makes one per run.
"""

import torch.nn.functional as F
from torch import Tensor


class Margin:
    """So many pixels on every side, mirrored."""

    def __init__(self, pixels: int) -> None:
        """0 leaves pictures as they are."""
        self.pixels = pixels

    def continued(self, image: Tensor) -> Tensor:
        """(1, C, H, W) with its mirror image around it, (1, C, H + 2m, W + 2m); each side must be longer than m."""
        m = self.pixels
        return F.pad(image, (m, m, m, m), mode="reflect") if m else image

    def mirrored_(self, outer: Tensor) -> None:
        """Fills the margin of (1, C, H + 2m, W + 2m), whose inside is set, as `continued` would."""
        m = self.pixels
        if not m:
            return
        rows = outer[:, :, m:-m]
        rows[..., :m] = rows[..., m + 1 : 2 * m + 1].flip(3)
        rows[..., -m:] = rows[..., -2 * m - 1 : -m - 1].flip(3)
        outer[:, :, :m] = outer[:, :, m + 1 : 2 * m + 1].flip(2)
        outer[:, :, -m:] = outer[:, :, -2 * m - 1 : -m - 1].flip(2)

    def cut(self, image: Tensor) -> Tensor:
        """The inverse: (1, C, H + 2m, W + 2m) to (1, C, H, W)."""
        m = self.pixels
        return image[:, :, m:-m, m:-m] if m else image
