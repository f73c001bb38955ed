"""Guides: what each position of a layer counts, from masks of the picture's size.

Knows masks. Must not know losses or what is matched. ``objective`` asks it layer by layer.

A selection is shrunk by the mean over each cell: a position counts by how much of it is selected, as edges of a
selection are soft. A region is eroded on top, by one cell of the layer itself, so that what a position near its border
sees lies inside, as far as the layer can tell: Gatys et al. 2017 (arXiv 1611.07865) §3.1, guides "inside" with
threshold one half and 3x3. Otherwise two styles would both claim the band between their regions, in every deep layer.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

INSIDE = 0.5


class Guide:
    """What positions count, within a selection and inside a region; each of them may be missing."""

    def __init__(self, selection: Tensor | None = None, region: Tensor | None = None) -> None:
        """Takes masks (1, 1, H, W)."""
        self._selection, self._region = selection, region
        self._shares: dict[tuple[int, ...], Tensor] = {}

    def shares(self, size: Sequence[int]) -> Tensor | None:
        """(h * w, 1): the same as parts of a whole, for a layer of (h, w) positions; computed once for each size."""
        if not self:
            return None
        key = tuple(size)
        if key not in self._shares:
            weight = self.at(size)
            assert weight is not None
            self._shares[key] = (weight / weight.sum().clamp_min(1e-12)).view(-1, 1)
        return self._shares[key]

    def at(self, size: Sequence[int]) -> Tensor | None:
        """(1, 1, h, w) for features of (h, w) positions; None where nothing is masked."""
        height, width = size
        size = [height, width]
        selection = None if self._selection is None else F.interpolate(self._selection, size, mode="area")
        if self._region is None:
            return selection
        region = inside(F.interpolate(self._region, size, mode="area"))
        return region if selection is None else region * selection

    def __bool__(self) -> bool:
        return self._selection is not None or self._region is not None

    def __repr__(self) -> str:
        parts = [name for name, mask in (("selection", self._selection), ("region", self._region)) if mask is not None]
        return f"<Guide [{', '.join(parts) or 'everywhere'}]>"


def inside(region: Tensor) -> Tensor:
    """1 where the position and its eight neighbours are inside; a region too thin for that is taken as it is.

    The picture's own border is no border of the region.
    """
    within = (region >= INSIDE).to(region)
    eroded = -F.max_pool2d(-within, 3, stride=1, padding=1)  # padding is -infinity here: it does not erode
    return eroded if eroded.any() else region
