"""A thousand artists on 64 GPUs, by a fake clock: the real scheduler, its store and its decisions; nothing is painted.

    python tests/bench/studio.py [--artists 1000] [--gpus 64] [--minutes 2]

What is real: `Scheduler`, `Backlog`, the decision, fairness, admission, the store with its database. What is not: time,
and the workers, which answer as `worker.__main__` does but compute nothing: a slice takes its device seconds, a job's
start and its spill take theirs (START_S, SPILL_S).

Artists look at previews (INTERACTIVE, half a device second to one and a half; a pause; a newer one takes the place of
an older of the same document) and now and then paint a final (10 to 60 device seconds). Beside them sixteen render
queues always have eight BATCH finals each waiting, and so use all that the artists leave; one of them runs under eight
names of clients, and one has twice the others' weight. *Load* is what the artists alone ask for, as a share of all
GPUs.

For each load: Jain's index of the queues' device seconds by weight (1 is equal; they are backlogged all the time); the
median and 95th percentile of a preview's seconds, and of those over its device seconds; the same percentile of finals';
the share of all devices' time that was charged to jobs; jobs refused as the queue was full; what one decision of the
real scheduler cost on this machine, in ms; and *front*, the share of one of this machine's cores that all words of the
workers cost it, twenty steps a second of each included. Ends with 1 if Jain's index falls below 0.95 or artists' work
below 90 % of a load under 1.
"""

import argparse
import asyncio
import heapq
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from impasto.config import Limits
from impasto.errors import Busy
from impasto.frames import Frame
from impasto.image import ImageHeader, PixelFormat
from impasto.job import Job, Priority, State
from impasto.scheduling import backlog, scheduler
from impasto.scheduling.pool import Listener, Worker
from impasto.scheduling.scheduler import Scheduler
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import Record, Store, record

START_S, SPILL_S = 0.08, 0.15  # pictures to the device and style features; a state to the disk
STEP_S = 0.05  # between two words about a job; assumed, as a step of a megapixel may take on such a device
PREVIEW_S, FINAL_S = (0.5, 1.5), (10.0, 60.0)
PREVIEWS, FINALS = 12, 1  # of an artist's wishes: twelve previews to one final
QUEUES, AHEAD, NAMES = 16, 8, 8
SIZES = {
    Priority.INTERACTIVE: ImageHeader(640, 480, PixelFormat.GRAY),
    Priority.NORMAL: ImageHeader(1600, 1200, PixelFormat.GRAY),
}
GPU_BYTES = 80 << 30
WARM_UP = 0.25  # of the time, of which nothing counts
JAIN, WORK = 0.95, 0.9


class Clock:
    """Stands in for the module `time` in all that decides; moves when the simulation says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    time = monotonic


class Machine(Worker):
    """A GPU's worker: it does what it is told in that order, and each takes its time."""

    def __init__(self, name: str, events: "Events") -> None:
        super().__init__(name)
        self.ready, self.device, self.budget_bytes, self.precision = True, name, GPU_BYTES, "float32"
        self._events, self._free_at = events, 0.0
        self._results: dict[str, Path] = {}

    def send(self, header: dict[str, Any]) -> None:
        """Takes a verb, and answers when it is done with it."""
        job = header["job"]
        answer = {"start": self._start, "slice": self._slice, "spill": self._spill, "cancel": self._cancel}
        began = max(self._free_at, self._events.clock.now)
        took_s, told = answer[header["verb"]](job, header)
        self._free_at = began + took_s
        if header["verb"] == "slice":
            self._tell_steps(job, began, took_s)
        self._say(self._free_at, {"job": job, "seconds": took_s} | told)

    def _say(self, when: float, told: dict[str, Any]) -> None:
        self._events.at(when, lambda: self._events.pool.say(self, told))

    def _tell_steps(self, job: str, began: float, took_s: float) -> None:
        """As every step is told, with the device time that is left after it."""
        for step in range(1, int(took_s / STEP_S + 1e-6) + 1):
            left_s = self._events.left_s[job] + took_s - step * STEP_S
            told = {"event": "step", "job": job, "step": step, "total_steps": 100, "time_left_s": left_s, "losses": {}}
            self._say(began + step * STEP_S, told)

    def _start(self, job: str, header: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        self._results[job] = Path(header["result"])
        return START_S, {"event": "begun", "step": 0, "text": "", "settings": {}}

    def _slice(self, job: str, header: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        left_s = self._events.left_s[job]
        took_s = min(left_s, header["seconds"])
        self._events.left_s[job] = left_s - took_s
        if left_s > took_s:
            return took_s, {"event": "sliced"}
        self._results.pop(job).write_bytes(bytes(3))
        return took_s, {"event": "done", "header": ImageHeader(1, 1).to_json()}

    def _spill(self, job: str, _header: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        self._results.pop(job, None)
        return SPILL_S, {"event": "spilled"}

    def _cancel(self, _job: str, header: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        return 0.0, {"event": "cancelled", "reason": header["reason"], "why": header["why"]}


class Machines:
    """The pool of all GPUs."""

    def __init__(self, count: int, events: "Events") -> None:
        self.listener: Listener = lambda _worker, _message: None
        self._table: dict[str, Worker] = {f"gpu-{n}": Machine(f"gpu-{n}", events) for n in range(count)}
        self.decided_s: list[float] = []
        self.heard_s = 0.0

    def start(self) -> None:
        """They are there."""

    async def stop(self) -> None:
        """They stay."""

    @property
    def workers(self) -> list[Worker]:
        """All."""
        return list(self._table.values())

    def worker(self, name: str) -> Worker | None:
        """That one."""
        return self._table.get(name)

    @property
    def resting(self) -> list[Worker]:
        """None."""
        return []

    async def rest(self, busy: Collection[str] = ()) -> list[Worker]:  # noqa: ARG002  # as a pool is asked
        """None does."""
        return []

    def wake(self) -> None:
        """They are awake."""

    def say(self, worker: Worker, header: dict[str, Any]) -> None:
        """A worker's word reaches the scheduler, which decides; how much of the processor that takes is real."""
        began = time.thread_time()
        self.listener(worker, Frame(header))
        took_s = time.thread_time() - began
        self.heard_s += took_s
        if header["event"] == "sliced":
            self.decided_s.append(took_s)


@dataclass
class Wish:
    """One job: who wanted it when, and what became of it."""

    owner: str
    kind: Priority
    need_s: float
    came: float
    record: Record | None = None
    ended: float | None = None


class Events:
    """All that will happen, and what has. The mutable state is the clock, the heap and the wishes."""

    def __init__(self, folder: Path, gpus: int, weights: Mapping[str, float], limits: Limits) -> None:
        self.clock, self.pool = Clock(), Machines(gpus, self)
        for module in (backlog, scheduler, record):
            module.time = self.clock  # type: ignore[attr-defined]  # the fake clock, in all that decides
        self.store = Store(folder)
        self.scheduler = Scheduler(self.store, self.pool, limits, weights)
        self.left_s: dict[str, float] = {}
        self.wishes: list[Wish] = []
        self.refused, self._count = 0, 0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._blobs: dict[tuple[str, Priority], str] = {}

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Has something happen."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, do))

    async def run(self, until: float) -> None:
        """Plays everything until then."""
        while self._heap and self._heap[0][0] <= until:
            self.clock.now, _, do = heapq.heappop(self._heap)
            do()
            if self.scheduler._tasks:
                await self.scheduler.settle()

    async def pictures(self, owners: Sequence[str]) -> None:
        """Everybody's photos, of which the store knows the sizes."""
        for owner in owners:
            for kind, header in SIZES.items():
                part = self.store.new_part()
                part.write_bytes(bytes(header.size_bytes))
                self._blobs[owner, kind] = (await self.store.keep(part, header, owner)).name

    def want(self, wish: Wish, client: str, then: Callable[[Wish], None]) -> None:
        """Somebody asks for a job; `then` hears of its end, whatever it is."""
        size = Priority.INTERACTIVE if wish.kind is Priority.INTERACTIVE else Priority.NORMAL
        blob = self._blobs[wish.owner, size]
        spec = StylizeSpec(blob, (StyleUse(blob),), encoder="vgg19-slim")
        name = f"jobs/{len(self.wishes)}"
        job = Job(name, client, spec, self.store.next_arrival(), self.clock.now, wish.owner, priority=wish.kind)
        if wish.kind is Priority.INTERACTIVE:
            job = replace(job, labels={"document": "it"})
        wish.record = Record(job, "", keep_running=True)
        self.left_s[name] = wish.need_s
        self.wishes.append(wish)
        try:
            self.scheduler.submit(wish.record)
        except Busy:
            self.refused += 1
            self.at(self.clock.now + 5.0, lambda: then(wish))
            return
        self._watch(wish, then)

    def _watch(self, wish: Wish, then: Callable[[Wish], None]) -> None:
        """Hears of the end as a watcher does: by the record's own events."""
        assert wish.record is not None
        note = wish.record.journal

        def heard(changed: Record, durable: bool) -> None:
            note(changed, durable)
            if changed.job.state.final and wish.ended is None:
                wish.ended = self.clock.now
                self.at(self.clock.now, lambda: then(wish))

        wish.record.journal = heard


@dataclass
class Town:
    """Artists and render queues, and what they want."""

    events: Events
    artists: int
    load: float
    gpus: int
    chance: random.Random = field(default_factory=lambda: random.Random(10))

    def owners(self) -> list[str]:
        """All tokens."""
        return [*(f"artist-{n}" for n in range(self.artists)), *self.queues()]

    @staticmethod
    def queues() -> list[str]:
        """Those of the render queues."""
        return [f"queue-{n}" for n in range(QUEUES)]

    def open(self) -> None:
        """The morning: everybody comes at some time within a pause."""
        for n in range(self.artists):
            self.events.at(self.events.clock.now + self.chance.uniform(0, self._pause_s()), self._artist(f"artist-{n}"))
        for n, owner in enumerate(self.queues()):
            for job in range(AHEAD):
                client = f"render-{job % NAMES}" if n == 0 else "render"
                self.events.at(self.events.clock.now, self._queue(owner, client))

    def _pause_s(self) -> float:
        """Between two wishes of one artist, so that all together ask for the load."""
        wish_s = (PREVIEWS * statistics.mean(PREVIEW_S) + FINALS * statistics.mean(FINAL_S)) / (PREVIEWS + FINALS)
        return self.artists * wish_s / (self.load * self.gpus)

    def _artist(self, owner: str) -> Callable[[], None]:
        def want() -> None:
            preview = self.chance.random() < PREVIEWS / (PREVIEWS + FINALS)
            kind = Priority.INTERACTIVE if preview else Priority.NORMAL
            need_s = self.chance.uniform(*(PREVIEW_S if preview else FINAL_S))
            self.events.want(Wish(owner, kind, need_s, self.events.clock.now), "krita", lambda _wish: None)
            self.events.at(self.events.clock.now + self.chance.expovariate(1 / self._pause_s()), want)

        return want

    def _queue(self, owner: str, client: str) -> Callable[[], None]:
        def want() -> None:
            wish = Wish(owner, Priority.BATCH, self.chance.uniform(*FINAL_S), self.events.clock.now)
            self.events.want(wish, client, lambda _wish: want())

        return want


def jain(values: Sequence[float]) -> float:
    """Jain's index of values that are not all 0."""
    return sum(values) ** 2 / (len(values) * sum(value**2 for value in values))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


async def played(artists: int, gpus: int, load: float, minutes: float, folder: Path) -> tuple[str, bool]:
    """One load: a line of the table, and whether all holds."""
    weights = {"queue-1": 2.0}
    limits = Limits(max_jobs=4 * artists)
    events = Events(folder, gpus, weights, limits)
    town = Town(events, artists, load, gpus)
    await events.pictures(town.owners())
    town.open()
    start = events.clock.now
    warm, end = start + WARM_UP * minutes * 60, start + minutes * 60
    await events.run(warm)
    before = _had(events)
    await events.run(end)
    after = _had(events)
    had = {owner: after.get(owner, 0.0) - before.get(owner, 0.0) for owner in town.owners()}
    await events.store.close()
    return _row(events, town, had, load, warm, (end - warm) * gpus)


def _had(events: Events) -> dict[str, float]:
    """Device seconds by owner until now."""
    found: dict[str, float] = {}
    for wish in events.wishes:
        if wish.record is not None:
            found[wish.owner] = found.get(wish.owner, 0.0) + wish.record.job.device_s
    return found


def _row(
    events: Events, town: Town, had: Mapping[str, float], load: float, warm: float, all_s: float
) -> tuple[str, bool]:
    """Figures of one load."""
    ended = [
        w for w in events.wishes if w.ended and w.came >= warm and w.record and w.record.job.state is State.SUCCEEDED
    ]
    previews = [w for w in ended if w.kind is Priority.INTERACTIVE]
    finals = [w for w in ended if w.kind is Priority.NORMAL]
    took = [(w.ended or 0.0) - w.came for w in previews]
    slowed = [t / w.need_s for t, w in zip(took, previews, strict=True)]
    index = jain([had[owner] / (2.0 if owner == "queue-1" else 1.0) for owner in town.queues()])
    artists_s = sum(seconds for owner, seconds in had.items() if owner.startswith("artist"))
    decided_ms = [seconds * 1000 for seconds in events.pool.decided_s]
    row = (
        f"{load:>5.0%}  {index:>6.3f}  {quantile(took, 0.5):>6.2f} {quantile(took, 0.95):>6.2f}  "
        f"{quantile(slowed, 0.5):>5.2f} {quantile(slowed, 0.95):>5.2f}  "
        f"{quantile([((w.ended or 0.0) - w.came) / w.need_s for w in finals], 0.95):>6.2f}  "
        f"{artists_s / all_s:>7.0%}  {sum(had.values()) / all_s:>7.1%}  {events.refused:>7}  "
        f"{statistics.median(decided_ms):>5.1f} {quantile(decided_ms, 0.99):>5.1f}  "
        f"{events.pool.heard_s / (all_s / len(events.pool.workers) / (1 - WARM_UP)):>5.0%}  {len(ended):>6}"
    )
    return row, index >= JAIN and (load >= 1 or artists_s / all_s >= WORK * load)


def main() -> None:
    """Plays each load, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artists", type=int, default=1000)
    parser.add_argument("--gpus", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--loads", type=float, nargs="+", default=[0.3, 0.6, 0.9])
    options = parser.parse_args()
    logging.disable(logging.INFO)
    tell, good = Console(highlight=False, width=150).print, True
    tell(f"{options.artists} artists and {QUEUES} render queues on {options.gpus} GPUs, {options.minutes:g} minutes")
    tell(" load    Jain  preview s p95  over need p95  finals  artists  devices  refused  decision p99  front    jobs")
    for load in options.loads:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            play = played(options.artists, options.gpus, load, options.minutes, Path(folder))
            row, holds = asyncio.run(play)
        tell(row)
        good = good and holds
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
