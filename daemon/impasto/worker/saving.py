"""When a painting's state is written down, and the thread that does it while the work goes on.

Knows checkpoints, clocks and one thread. Must not know jobs, devices or the front: what becomes of a state is told to
whoever made the `Saving`. ``painting`` has one.

What is written is a copy of the little that the next step changes and references to the rest (``engine.descent``), so
the work stands still for milliseconds. Nobody holds these but the writer, and each only until it is written: of a large
picture that takes several steps, of each of which a pair would stay in memory for it. What writing costs is what it
takes from the work: that standstill, and the processor time of the thread, as every core may be the work's. Waiting for
the disk costs nothing.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.engine import Checkpoint
from impasto.worker import checkpoint
from impasto.worker.checkpoint import Packed

SHARE = 0.05  # of the work, at most, goes into writing
LEAST_PAUSE_S = 0.5
SMALL_PIXELS, SMALL_PAUSE_S = 1_000_000, 5.0  # below so many pixels at most so much work is lost
LOOK_S = 0.5  # between two pulses of who waits for the thread


@dataclass
class Cadence:
    """When a state is due: the mutable state is when the last was begun, and what that cost."""

    pixels: int
    begun_at_s: float = 0.0
    cost_s: float = 0.0

    def due(self, worked_s: float) -> bool:
        """Whether to write one now, after so many seconds of work in all."""
        pause = max(LEAST_PAUSE_S, self.cost_s / SHARE)
        return worked_s - self.begun_at_s >= (min(pause, SMALL_PAUSE_S) if self.pixels < SMALL_PIXELS else pause)

    def begun(self, worked_s: float) -> None:
        """One is being written; what it costs will be told."""
        self.begun_at_s = worked_s

    def cost(self, cost_s: float) -> None:
        """The last one that was begun has cost so much."""
        self.cost_s = cost_s


@dataclass(frozen=True)
class Outcome:
    """A state was written, or could not be; after which step, and why not."""

    number: int
    error: Exception | None = None


class Saving:
    """Writes the states of one painting, one at a time.

    The mutable state is the cadence, what writing has cost, and the thread with what it writes.
    """

    def __init__(self, folder: Path | None, pixels: int, told: Callable[[Outcome], None]) -> None:
        """`told` hears of every state that was begun, in the thread that has written it, unless `stop` came before.

        Without a folder nothing is ever written.
        """
        self._folder, self._told, self._cadence = folder, told, Cadence(pixels)
        self._thread: threading.Thread | None = None
        self._lock, self._stopped = threading.Lock(), False
        self.newest = 0  # the step of the newest state on the disk
        self.cost_s = 0.0
        self.room_bytes: int | None = None  # what the daemon's quota leaves; None if nobody has told
        self.spare: Callable[[], int | None] = lambda: None  # likewise what the work itself leaves of the disk

    def due(self, worked_s: float, *, at_landmark: bool) -> bool:
        """Whether to write a state now: at the end of a scale always, else every so often, if the last one is done."""
        return self._folder is not None and (at_landmark or (not self._busy and self._cadence.due(worked_s)))

    @property
    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def begin(
        self, state: Callable[[], Checkpoint], beside: Mapping[str, Any], worked_s: float, pulse: Callable[[], None]
    ) -> None:
        """Writes a state while the work goes on; if one is still being written, when that is done.

        Args:
            state: makes the copy.
            beside: what else to keep with it, as JSON can hold it.
            worked_s: seconds of work so far.
            pulse: called while there is something to wait for; may raise to stop.
        """
        if self._folder is None:
            return
        began = time.perf_counter()
        self.settle(pulse)
        self._cadence.begun(worked_s)
        taken = [state()]
        standstill_s = time.perf_counter() - began
        told = (self._folder, taken, beside, standstill_s)
        self._thread = threading.Thread(target=self._write, args=told, daemon=True)
        self._thread.start()

    def settle(self, pulse: Callable[[], None]) -> int:
        """Waits until nothing is being written; the step of the newest state on the disk, 0 if there is none."""
        while self._busy and self._thread is not None:
            self._thread.join(LOOK_S)
            pulse()
        return self.newest

    def stop(self) -> None:
        """Nothing will be written any more: what is under way leaves nothing behind, and is not waited for."""
        with self._lock:
            self._stopped = True

    def _write(self, folder: Path, taken: list[Checkpoint], beside: Mapping[str, Any], standstill_s: float) -> None:
        """In the thread: the one state that was taken, which nobody holds then, and the word on it."""
        began, error, number = time.thread_time(), None, taken[0].number
        try:
            self._put(folder, Packed.of(taken.pop(), beside))
        except Exception as failure:  # whatever it was, the work goes on, and `told` hears of it
            error = failure
        cost_s = standstill_s + time.thread_time() - began
        self.cost_s += cost_s
        self._cadence.cost(cost_s)  # a disk that fails is not asked more often
        with self._lock:
            stopped = self._stopped
        if stopped:
            _clear(folder)
        else:
            self._told(Outcome(number, error))

    def _put(self, folder: Path, packed: Packed) -> None:
        checkpoint.prepare(folder)
        self._make_room(folder, packed.size_bytes)
        checkpoint.write(folder, packed, self._named)
        self.newest = packed.number

    def _named(self, part: Path, path: Path) -> None:
        """The finished file's name, if the painting still wants it."""
        with self._lock:
            if not self._stopped:
                part.replace(path)

    def _make_room(self, folder: Path, size_bytes: int) -> None:
        """Sees to it that a state fits into what quota and work leave of the disk; an older one goes first.

        Raises:
            OSError: it does not.
        """
        older = checkpoint.states(folder)[1:]
        for room, code in ((self.room_bytes, errno.EDQUOT), (self.spare(), errno.ENOSPC)):
            if room is None or size_bytes <= room:
                continue
            if size_bytes > room + sum(path.stat().st_size for path in older):
                raise OSError(code, os.strerror(code))
            for path in older:
                path.unlink(missing_ok=True)
            older = []

    def __repr__(self) -> str:
        return f"<Saving [state {self.newest}, {self.cost_s:.3f} s]>"


def _clear(folder: Path) -> None:
    """Who stopped us may have removed the folder already, while we made it anew."""
    try:
        folder.rmdir()
    except OSError:  # it is not empty: the job goes on elsewhere; or it has gone
        return
