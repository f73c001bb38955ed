"""Scratch: arrays as large as the picture, in files, for pictures of which memory holds hardly one such array.

Knows a folder and rows of float32. Must not know pictures, losses or what is computed. ``spilled`` keeps X and what
L-BFGS remembers here, and has a `Room` here for what is under way. A file has no name from the moment it is made, so it
is gone with whoever made it, however that ends; what is remembered is written once and read often, so whoever still
reads an older array (a checkpoint) is not disturbed.

What is mapped from a file counts as this process' memory for as long as it was touched and not let go. So everything
goes over bands or tiles, and is let go after each: the system keeps as much of the files in memory as it can spare.
Reading a picture once takes seconds, a step reads it dozens of times: the pulse beats between bands, too.
"""

import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from weakref import WeakSet

import torch
from torch import Tensor

from impasto import malloc
from impasto.engine.pulse import Pulse, steady

BAND = 4 << 20  # values: 16 MiB of each array under way


class Stored:
    """So many float32 values in a file without a name, for as long as this or a view of its values is used."""

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
            self.mapped = mmap.mmap(file.fileno(), size)
        self.values = torch.frombuffer(self.mapped, dtype=torch.float32)

    def let_go(self, first: int, after: int) -> None:
        """Those values need not stay in this process' memory; they stay in the file."""
        _let_go(self.mapped, 4 * first, 4 * after)

    def __repr__(self) -> str:
        return f"<Stored [{len(self.values)} values]>"


class Scratch:
    """A folder for such arrays; a `Room` for pictures that are under way."""

    def __init__(self, folder: Path, pulse: Pulse = steady) -> None:
        """The folder must be there, `pulse` is called between bands; the mutable state is which arrays live, and it."""
        self.folder, self._alive, self._pulse = folder, WeakSet[mmap.mmap](), pulse

    @contextmanager
    def pulsing(self, pulse: Pulse) -> Iterator[None]:
        """While open, this one is called instead; it may raise to stop."""
        before, self._pulse = self._pulse, pulse
        try:
            yield
        finally:
            self._pulse = before

    def floats(self, count: int) -> Stored:
        """An array of so many values, which are not set.

        Raises:
            OSError: the disk is full.
        """
        found = Stored(self.folder, count)
        self._alive.add(found.mapped)
        return found

    def stored(self, values: Tensor) -> Stored:
        """A copy of values (N,)."""
        found = self.floats(len(values))
        for (first, after), (band,) in self.bands(found):
            band.copy_(values[first:after])
        return found

    def bands(self, *arrays: Stored) -> Iterator[tuple[tuple[int, int], Sequence[Tensor]]]:
        """Arrays of one length, some values of each at a time: where, and they; let go when the next are asked for."""
        count = len(arrays[0].values)
        for first in range(0, count, BAND):
            after = min(first + BAND, count)
            yield (first, after), [array.values[first:after] for array in arrays]
            for array in arrays:
                array.let_go(first, after)
            self._pulse()

    def empty(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """As a `Room` has it; of float32 in this machine's memory alone.

        Raises:
            OSError: the disk is full.
        """
        if like.dtype != torch.float32 or like.device.type != "cpu":
            raise TypeError(f"scratch holds float32 of the CPU, not {like.dtype} of {like.device}")
        return self.floats(prod(shape)).values.view(tuple(shape))

    @property
    def size_bytes(self) -> int:
        """Of all arrays that live."""
        return sum(len(mapped) for mapped in tuple(self._alive))

    def rest(self) -> None:
        """Nothing of any array need stay in this process' memory."""
        for mapped in tuple(self._alive):
            _let_go(mapped, 0, len(mapped))
        self._pulse()

    def clear(self) -> None:
        """Likewise, and what was freed goes back to the system.

        glibc keeps blocks for later, see ``malloc``, and what is between two that are in use: 300 MiB after a tile.
        """
        self.rest()
        malloc.trim()

    def __repr__(self) -> str:
        return f"<Scratch in {self.folder} [{self.size_bytes} bytes]>"


def _let_go(mapped: mmap.mmap, start: int, end: int) -> None:
    if not hasattr(mmap, "MADV_DONTNEED"):
        return
    first = start // mmap.PAGESIZE * mmap.PAGESIZE
    if end > first:
        mapped.madvise(mmap.MADV_DONTNEED, first, min(end, len(mapped)) - first)
