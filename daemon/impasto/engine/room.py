"""Room: where arrays as large as the picture lie while they are under way: in memory, or elsewhere.

Knows shapes. Must not know files or what the arrays are for. ``tiling``, ``slope`` and ``large`` ask for room;
``scratch`` has some on a disk.
"""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class Room(Protocol):
    """Gives out arrays."""

    def empty(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """An array of that shape, of the type and on the device of `like`, whose values are not set."""
        ...

    def rest(self) -> None:
        """Called between two bands: what was touched lately will not be touched soon."""
        ...

    def clear(self) -> None:
        """Called between two tiles: likewise, and what was freed goes back to the system."""
        ...


class InMemory:
    """Where tensors usually lie."""

    def empty(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """As any `Room`."""
        return like.new_empty(tuple(shape))

    def rest(self) -> None:
        """There is nowhere to let it go to."""

    def clear(self) -> None:
        """What was freed is kept for the next: that is quicker."""


MEMORY: Room = InMemory()
