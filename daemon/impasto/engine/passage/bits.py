"""Bits: what the way back must know of a layer's signs and of a pooling's choice, one bit an element.

Knows tensors whose channels are innermost in memory. Must not know layers, losses or pictures. ``passage`` keeps one
for each layer on the way there and applies it on the way back. As bytes they would be eight times as large, and as what
autograd keeps (the layer itself, and eight bytes for each choice) thirty-two to sixty-four times.
"""

import torch
from torch import Tensor

GATHER = 0x0102040810204080  # times eight bytes of 0 or 1: their bits in order, in the highest byte


class Bits:
    """One bit for each element of a layer (1, C, H, W), row after row.

    Rows that are no multiple of eight elements, as only toys have, take a byte for each.
    """

    def __init__(self, height: int, width: int, channels: int, like: Tensor) -> None:
        """Makes room on the device of `like`."""
        self._row = width * channels
        self._packed = self._row % 8 == 0
        shape = (height, self._row // 8) if self._packed else (height, self._row)
        self._rows = torch.empty(shape, dtype=torch.uint8 if self._packed else torch.bool, device=like.device)

    def put(self, first: int, mask: Tensor) -> None:
        """Remembers rows from `first` on: `mask` (1, C, h, W) of bools."""
        flat = mask.permute(0, 2, 3, 1).reshape(mask.shape[2], self._row)
        if self._packed:
            flat = (flat.view(torch.int64) * GATHER) >> 56
        self._rows[first : first + len(flat)] = flat

    def applied_(self, values: Tensor, first: int) -> Tensor:
        """Sets to 0, in place, what has a bit of 0.

        `values` (1, C, h, W), channels innermost, are rows from `first` on.
        """
        rows = self._rows[first : first + values.shape[2]]
        flat = values.permute(0, 2, 3, 1).view(-1)
        if not self._packed:
            flat.mul_(rows.reshape(-1))
            return values
        # A byte looks up eight masks at once; as float64, since only those have a fast gather by rows.
        spread = torch.nn.functional.embedding(rows.reshape(-1).to(torch.int32), _masks(values.dtype, values.device))
        flat.view(torch.int64).bitwise_and_(spread.view(torch.int64).view(-1))
        return values

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self._rows.nbytes

    def __repr__(self) -> str:
        return f"<Bits of {len(self._rows)} rows of {self._row} [{self.nbytes} bytes]>"


_MASKS: dict[tuple[torch.dtype, torch.device], Tensor] = {}


def _masks(dtype: torch.dtype, device: torch.device) -> Tensor:
    """(256, bytes of one element): for each byte the masks of its eight elements side by side, seen as float64."""
    key = dtype, device
    if key not in _MASKS:
        byte = torch.arange(256, dtype=torch.int64)[:, None]
        bits = (byte >> torch.arange(8)) & 1
        ones = (-bits).to(torch.int8)[:, :, None].expand(256, 8, dtype.itemsize)
        _MASKS[key] = ones.contiguous().view(256, -1).view(torch.float64).to(device)
    return _MASKS[key]
