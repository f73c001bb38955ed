"""The room that pictures and states may take on the disk, and what goes when it is used up.

Knows the folders of blobs and checkpoints, and numbers. Must not know jobs. The store asks it. Everything at rest
counts: pictures that were sent, results, states to go on from, what is still coming in, and room for the results of
jobs under way, which are never refused at their end. What is not needed and was not used for longest goes first; then
more is refused. States are the last to be written: what does not fit any more is not, and costs work only where a
worker dies.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass

from impasto.errors import Busy
from impasto.store.blobs import Blobs
from impasto.store.checkpoints import Checkpoints

FRESH_S = 600.0  # a picture used so lately is about to be needed
LOOK_S = 5.0  # what is on the disk is counted anew no more often than this, for who asks at every turn
AMPLE = 0.1  # of the quota: where more is left than that, a count of a moment ago will do
MIB = 2**20


@dataclass
class Quota:
    """What may lie in two folders together; the mutable state is what lay there when it was last counted."""

    blobs: Blobs
    checkpoints: Checkpoints
    most_bytes: int
    _counted: tuple[float, int] = (-LOOK_S, 0)

    def make_room(self, size_bytes: int, promised_bytes: int, kept: Collection[str]) -> None:
        """Sees to it that so many bytes more are within the quota; what was not used for longest goes first.

        Args:
            size_bytes: what is to come.
            promised_bytes: results of jobs under way.
            kept: names of blobs that must stay: pictures of unfinished jobs, and results.

        Raises:
            Busy: all that is there is needed, or came just now; with the numbers.
        """
        if self.left_bytes(promised_bytes) > size_bytes + AMPLE * self.most_bytes:
            return
        pictures, states = self.blobs.size_bytes(), self.checkpoints.size_bytes()
        over = pictures + states + promised_bytes + size_bytes - self.most_bytes
        for name in self.blobs.names(older_than=time.time() - FRESH_S) if over > 0 else ():
            if name not in kept:
                freed = self.blobs.remove([name])
                over, pictures = over - freed, pictures - freed
            if over <= 0:
                break
        if over > 0:
            raise Busy(
                f"{_mib(size_bytes)} more would be {_mib(over)} too much at rest: {_mib(self.most_bytes)} are allowed "
                f"(disk_quota_mb), pictures and results have {_mib(pictures)}, saved states {_mib(states)}, results of "
                f"jobs under way will have {_mib(promised_bytes)}, and all is needed: wait for jobs to end, or "
                "`impasto forget`",
                reason="DISK_QUOTA",
            )

    def left_bytes(self, promised_bytes: int) -> int:
        """What is left for states to go on from, as it was a moment ago; 0 if nothing is."""
        counted_at, used = self._counted
        if time.monotonic() - counted_at > LOOK_S:
            used = self.blobs.size_bytes() + self.checkpoints.size_bytes()
            self._counted = time.monotonic(), used
        return max(0, self.most_bytes - used - promised_bytes)


def _mib(size_bytes: int) -> str:
    """For people."""
    return f"{size_bytes / MIB:.1f} MiB" if size_bytes >= MIB / 10 else f"{size_bytes} bytes"
