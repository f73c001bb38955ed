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

from impasto.engine.large import ROWS, changed
from impasto.engine.room import MEMORY, Room

INSIDE = 0.5


class Guide:
    """What positions count, within a selection and inside a region; each of them may be missing."""

    def __init__(self, selection: Tensor | None = None, region: Tensor | None = None, room: Room = MEMORY) -> None:
        """Takes masks (1, 1, H, W), and where to lay what becomes of them."""
        self._selection, self._region, self._room = selection, region, room
        self._shares: dict[tuple[int, ...], Tensor] = {}

    def shares(self, size: Sequence[int]) -> Tensor | None:
        """(h * w, 1): the same as parts of a whole, for a layer of (h, w) positions; computed once for each size."""
        if not self:
            return None
        key = tuple(size)
        if key not in self._shares:
            weight = self.at(size)
            assert weight is not None
            total = weight.sum().clamp_min(1e-12)
            self._shares[key] = changed(weight, lambda rows: rows / total, self._room).view(-1, 1)
        return self._shares[key]

    def at(self, size: Sequence[int]) -> Tensor | None:
        """(1, 1, h, w) for features of (h, w) positions; None where nothing is masked."""
        selection = None if self._selection is None else _shrunk(self._selection, size)
        if self._region is None:
            return selection
        region = inside(_shrunk(self._region, size), self._room)
        return region if selection is None else region.mul_(selection)

    def __bool__(self) -> bool:
        return self._selection is not None or self._region is not None

    def __repr__(self) -> str:
        parts = [name for name, mask in (("selection", self._selection), ("region", self._region)) if mask is not None]
        return f"<Guide [{', '.join(parts) or 'everywhere'}]>"


def inside(region: Tensor, room: Room = MEMORY) -> Tensor:
    """1 where the position and its eight neighbours are inside; a region too thin for that is taken as it is; a copy.

    The picture's own border is no border of the region.
    """
    eroded = room.empty(region.shape, region)
    for first in range(0, region.shape[2], ROWS):
        above, rows = min(first, 1), region[:, :, max(first - 1, 0) : first + ROWS + 1]
        within = (rows >= INSIDE).to(region)
        found = -F.max_pool2d(-within, 3, stride=1, padding=1)  # padding is -infinity here: it does not erode
        eroded[:, :, first : first + ROWS] = found[:, :, above : above + ROWS]
        room.rest()
    return eroded if eroded.any() else eroded.copy_(region)


def _shrunk(mask: Tensor, size: Sequence[int]) -> Tensor:
    """The mean over each cell; the mask itself where a cell is a pixel."""
    height, width = size
    return mask if mask.shape[2:] == (height, width) else F.interpolate(mask, [height, width], mode="area")
