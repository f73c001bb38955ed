"""Scratch: arrays as large as the picture, in files, for pictures of which memory holds only a few such arrays.

Knows a folder and rows of float32. Must not know pictures, losses or what is computed. ``spilled`` keeps X and what
L-BFGS remembers here. A file has no name from the moment it is made, so it is gone with whoever made it, however that
ends; an array is written once and read often, so whoever still reads an older one (a checkpoint) is not disturbed.

What is mapped from a file counts as this process' memory for as long as it was touched and not let go. So everything
goes over bands, and each band is let go after it: the system keeps as much of the file in memory as it can spare.
"""

import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

BAND = 4 << 20  # values: 16 MiB of each array under way


class Stored:
    """So many float32 values in a file without a name."""

    def __init__(self, folder: Path, count: int) -> None:
        """Makes room.

        Raises:
            OSError: the disk is full; nothing is left behind.
        """
        size = 4 * count
        with tempfile.TemporaryFile(dir=folder, prefix="scratch-") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # a hole would be a crash later, where the disk is full
            else:
                file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self.values = torch.frombuffer(self._map, dtype=torch.float32)

    def let_go(self, first: int = 0, after: int | None = None) -> None:
        """Those values need not stay in this process' memory; they stay in the file."""
        if not hasattr(mmap, "MADV_DONTNEED"):
            return
        page = mmap.PAGESIZE
        start = 4 * first // page * page
        end = 4 * (len(self.values) if after is None else after)
        if end > start:
            self._map.madvise(mmap.MADV_DONTNEED, start, min(end, len(self._map)) - start)

    def __repr__(self) -> str:
        return f"<Stored [{len(self.values)} values]>"


class Scratch:
    """A folder for such arrays."""

    def __init__(self, folder: Path) -> None:
        """The folder must be there; the mutable state is which arrays live."""
        self._folder, self._kept = folder, list[Stored]()

    def floats(self, count: int) -> Stored:
        """An array of so many values, which are not set.

        Raises:
            OSError: the disk is full.
        """
        return Stored(self._folder, count)

    def stored(self, values: Tensor) -> Stored:
        """A copy of values (N,)."""
        found = self.floats(len(values))
        for (first, after), (band,) in bands(found):
            band.copy_(values[first:after])
        return found

    def kept(self, values: Tensor) -> Tensor:
        """A copy of some values, in their shape, that lives as long as this does."""
        self._kept.append(self.stored(values.detach().reshape(-1)))
        return self._kept[-1].values.view(values.shape)

    def rest(self) -> None:
        """What was kept need not stay in this process' memory."""
        for stored in self._kept:
            stored.let_go()

    def __repr__(self) -> str:
        return f"<Scratch in {self._folder}>"


def bands(*arrays: Stored) -> Iterator[tuple[tuple[int, int], Sequence[Tensor]]]:
    """Arrays of one length, some values of each at a time: where, and they; let go when the next are asked for."""
    count = len(arrays[0].values)
    for first in range(0, count, BAND):
        after = min(first + BAND, count)
        yield (first, after), [array.values[first:after] for array in arrays]
        for array in arrays:
            array.let_go(first, after)
