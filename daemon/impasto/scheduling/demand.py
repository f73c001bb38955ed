"""What each unfinished job wants of the devices, how long it has waited, and when it will be done.

The facts between jobs and the decision: footprints (``admission``), turns, and the pace learnt from jobs that run
(``forecast``). No clock: times come in as `now`. Must not know workers' processes, files or gRPC. ``scheduler`` keeps
one `Demand` and asks it for what ``decision`` needs to see.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from impasto.image import ImageHeader
from impasto.job import Job, State
from impasto.scheduling.admission import Footprint, footprint
from impasto.scheduling.decision import Runnable
from impasto.scheduling.fairness import Account
from impasto.scheduling.forecast import Load, Pace, ends, places

FRESH_S = 0.25  # places are told again for so long, as many may ask for them at once
# A forecast of n jobs costs about 0.4 µs times n²: of more than so many it is told again for longer, FRESH_S for each
# FEW of them, even where a job has come or gone meanwhile; of 256 it takes about two per cent of a processor, then.
FEW = 32

Waiting = Callable[[], tuple[Sequence[Job], Mapping[str, Account]]]  # those that are forecast, found out when needed


@dataclass
class Want:
    """One job.

    Attributes:
        header: of its result.
        need: bytes of memory.
        turn: when it had its last one, or came.
        held_since: when its worker took it in.
        left_s: device time that it still needs, as it tells itself; None before its first step.
    """

    header: ImageHeader
    need: Footprint
    turn: float
    held_since: float
    left_s: float | None = None


def _taken(want: Want, job: Job) -> tuple[int, int]:
    """Bytes in a turn, and between turns, by the job's terms as far as they are fixed."""
    settings = job.terms.settings
    tile, spilled, history = settings.get("tile", 0), settings.get("spilled", False), settings.get("history", 0)
    return want.need.taken(tile, spilled=spilled, history=history)


class Demand:
    """All unfinished jobs. The mutable state is what they want, the pace, and the last forecasts."""

    def __init__(self) -> None:
        self.at_once = False  # whether devices run layers as a whole, as far as anybody knows: see `admission.AT_ONCE`
        self._wants: dict[str, Want] = {}
        self._pace = Pace()
        self._places: tuple[float, dict[str, int]] | None = None
        self._ends: tuple[float, dict[str, float]] | None = None

    def come(self, job: Job, content: ImageHeader, styles: Sequence[ImageHeader], now: float) -> Want:
        """A job is there, with pictures of these sizes."""
        header = job.spec.result_header(content)
        need = footprint(job.spec, content, styles, at_once=self.at_once)
        want = self._wants[job.name] = Want(header, need, now, now)
        self._changed()
        return want

    def want(self, job: Job) -> Want | None:
        """What it wants, if it has come and not gone."""
        return self._wants.get(job.name)

    def go(self, job: Job) -> None:
        """It has ended."""
        self._wants.pop(job.name, None)
        self._changed()

    def held(self, job: Job, now: float) -> None:
        """A worker takes it in."""
        self._wants[job.name].held_since = now
        self._changed()

    def turned(self, job: Job, now: float) -> None:
        """It has had a turn."""
        if job.name in self._wants:
            self._wants[job.name].turn = now

    def learn(self, job: Job, left_s: float) -> None:
        """A job that runs tells how much device time it still needs, and so how long jobs like it take."""
        want = self._wants.get(job.name)
        if want is not None:
            want.left_s, spec = left_s, job.spec
            usual = spec.steps is None and spec.budget_s is None
            self._pace.learn(spec.encoder, want.header.pixels, job.total_steps, job.device_s + left_s, usual=usual)

    def seen(self, job: Job, worker: str, now: float, share_s: float) -> Runnable:
        """The job as the decision sees it; `share_s` is what its client has had among those of its account."""
        want, priority = self._wants[job.name], job.priority.value
        times, bytes_ = (now - want.turn, now - want.held_since), _taken(want, job)
        return Runnable(job.name, job.account, priority, job.arrival, worker, *times, *bytes_, share_s)

    def held_bytes(self, jobs: Iterable[Job]) -> int:
        """What jobs between their turns hold together."""
        return sum(_taken(self._wants[job.name], job)[1] for job in jobs if job.name in self._wants)

    def places(self, waiting: Waiting, now: float) -> Mapping[str, int]:
        """How many jobs of the queue will begin before each queued one, and one."""
        if self._places is None or now - self._places[0] > FRESH_S:
            jobs, accounts = waiting()
            self._places = now, places(self._loads(jobs), accounts)
        return self._places[1]

    def ends(self, waiting: Waiting, devices: int, now: float) -> Mapping[str, float]:
        """Seconds until each job will be done, of those that can be told; one that has just come may be missing."""
        if self._ends is None or now - self._ends[0] > FRESH_S * max(1.0, len(self._wants) / FEW):
            jobs, accounts = waiting()
            self._ends = now, ends(self._loads(jobs), accounts, devices)
        return self._ends[1]

    def _changed(self) -> None:
        self._places = None
        if len(self._wants) <= FEW:
            self._ends = None

    def _loads(self, jobs: Sequence[Job]) -> list[Load]:
        return [self._load(job) for job in jobs if job.name in self._wants]

    def _load(self, job: Job) -> Load:
        queued = job.state is State.QUEUED
        return Load(job.name, job.account, job.priority.value, job.arrival, queued, self._left_s(job))

    def _left_s(self, job: Job) -> float | None:
        want = self._wants[job.name]
        if want.left_s is not None:
            return want.left_s
        whole = self._pace.device_s(job.spec.encoder, want.header.pixels, job.spec.steps)
        return whole if whole is None or job.spec.budget_s is None else min(whole, job.spec.budget_s)

    def __repr__(self) -> str:
        return f"<Demand [{len(self._wants)} jobs]>"
