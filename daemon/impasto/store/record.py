"""A job, its newest events and its newest preview, and those who watch it.

Knows `Job`s and who waits. Must not know files, databases or clocks beyond the age of the last event. ``scheduler``
updates records, ``rpc`` watches them, the store's journal hears of every change. Called from the event loop alone.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping

from impasto.image import ImageHeader
from impasto.job import Event, Job, Preview

log = logging.getLogger(__name__)

MAX_EVENTS = 1000  # kept of each job; who watches from further back begins with the oldest of these

Journal = Callable[["Record", bool], None]


def _unheard(_record: "Record", _durable: bool) -> None:  # noqa: FBT001  # as a journal is called
    """The journal of a record that no store has."""


class Record:
    """A job as it lives: the mutable state is the newest job, events, preview, and the number of watchers.

    Attributes:
        comings: how often somebody has come to watch it.
        keep_running: whether it goes on when nobody watches.
        held: it waits for its watcher, as after a daemon's death; it must not run meanwhile.
        inherited: it is of an earlier daemon.
        accepted: it is written down, and its client may hear of it.
        ending: the job as it will be told once that is written down.
        result_bytes: what its result will have.
    """

    def __init__(
        self, job: Job, request_digest: str, *, keep_running: bool, sequence: int = 0, held: bool = False
    ) -> None:
        self.job, self.request_digest, self.keep_running, self.held = job, request_digest, keep_running, held
        self.inherited = self.accepted = sequence > 0
        self.events = deque([Event(sequence + 1, job)], MAX_EVENTS)
        self.preview: Preview | None = None
        self.watchers = self.comings = self.result_bytes = 0
        self.ending: Job | None = None
        self.journal: Journal = _unheard
        self._changed, self._told = asyncio.Event(), time.monotonic()

    @property
    def sequence(self) -> int:
        """Of the newest event."""
        return self.events[-1].sequence

    def update(self, job: Job, losses: Mapping[str, float] | None = None, notice: str = "") -> None:
        """Sets the job as it is now and tells all watchers; a change of state is written down at once."""
        durable = job.state is not self.job.state or job.terms is not self.job.terms
        if job.state is not self.job.state:
            self._log(job, job.state.value if job.failure is None else f"{job.state.value}: {job.failure.reason}")
        if notice:
            self._log(job, notice)
        self.job = job
        self.events.append(Event(self.sequence + 1, job, losses or {}, notice))
        self.journal(self, durable)
        self._tell()

    def _log(self, job: Job, told: str) -> None:
        log.info(told, extra={"job": job.name, "client": job.client, "step": job.step, "device_s": job.device_s})

    def amend(self, job: Job) -> None:
        """Sets the job without an event: what has changed is not for watchers."""
        durable = job.terms is not self.job.terms
        self.job = job
        self.journal(self, durable)

    def since(self, last_sequence: int) -> list[Event]:
        """Events after that one, as far back as they are kept; the newest, if that one is not known (any more)."""
        if last_sequence > self.sequence:
            return [self.events[-1]]
        return [event for event in self.events if event.sequence > last_sequence]

    def silent_s(self) -> float:
        """Seconds since the last event."""
        return time.monotonic() - self._told

    def come(self) -> None:
        """Another watcher is there."""
        self.watchers, self.comings = self.watchers + 1, self.comings + 1

    def forget_events(self) -> None:
        """Keeps the newest event alone."""
        self.events = deque([self.events[-1]], MAX_EVENTS)
        self.preview = None

    def show(self, step: int, header: ImageHeader, samples: bytes) -> None:
        """Sets the newest preview; older ones are forgotten, so that a slow reader is never behind.

        Numbered with the events, so that a number from before the daemon's death is never ahead.
        """
        before = self.preview.sequence if self.preview else 0
        self.preview = Preview(max(before + 1, self.sequence), step, header, samples)
        self._wake()

    def charge(self, device_s: float) -> None:
        """Notes device time without an event of its own."""
        self.job = self.job.charged(device_s)

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Returns at the next event or preview."""
        await self._changed.wait()

    async def ended(self) -> None:
        """Returns when the job is final."""
        while not self.job.state.final:
            await self.changed()

    def __repr__(self) -> str:
        told = f"{self.job.state.value}, event {self.sequence}, {self.watchers} watchers"
        return f"<Record {self.job.name} [{told}]>"
