"""A job's life: states, and a table of the moves between them.

No clock, no thread, no tensor: times come in as numbers. A `Job` is frozen; each move gives a new one, so that an event
can hold the job as it was. ``store`` keeps them, ``scheduler`` moves them, ``rpc`` tells of them.

                 ┌───────────────► CANCELLED
                 │                     ▲
    (created) QUEUED ───► RUNNING ─────┤
                 │           │         └─► SUCCEEDED
                 └───────────┴──────────► FAILED
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self

from impasto.image import ImageHeader
from impasto.spec import StylizeSpec


class State(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing will happen any more."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}


class Priority(Enum):
    """Which of one client's jobs goes first; the lower the sooner."""

    INTERACTIVE = 1
    NORMAL = 2
    BATCH = 3


class IllegalMove(Exception):
    """A state was asked to follow one that it cannot follow; the job stays as it was. A bug of ours."""


@dataclass(frozen=True)
class Result:
    """The finished picture."""

    blob: str
    header: ImageHeader


@dataclass(frozen=True)
class Failure:
    """Why a job failed or was cancelled."""

    reason: str
    message: str


@dataclass(frozen=True)
class Job:
    """One run of the method, as it is at one moment. Times are seconds since the epoch."""

    name: str
    client: str
    spec: StylizeSpec
    arrival: int
    create_time: float
    request_id: str = ""
    priority: Priority = Priority.NORMAL
    labels: Mapping[str, str] = field(default_factory=dict)
    state: State = State.QUEUED
    step: int = 0
    total_steps: int = 0
    device: str = ""
    device_s: float = 0.0
    time_left_s: float | None = None
    start_time: float | None = None
    end_time: float | None = None
    result: Result | None = None
    failure: Failure | None = None

    def _move(self, state: State, **changes: Any) -> Self:  # noqa: ANN401  # the fields' own types are checked by callers
        if state not in TRANSITIONS[self.state]:
            raise IllegalMove(f"{self.name} is {self.state.value} and cannot become {state.value}")
        return replace(self, state=state, **changes)

    def started(self, device: str, now: float) -> Self:
        """QUEUED → RUNNING."""
        return self._move(State.RUNNING, device=device, start_time=now)

    def progressed(self, step: int, total_steps: int, time_left_s: float | None) -> Self:
        """Another step done; only while RUNNING."""
        if self.state is not State.RUNNING:
            raise IllegalMove(f"{self.name} is {self.state.value} and makes no steps")
        return replace(self, step=step, total_steps=total_steps, time_left_s=time_left_s)

    def succeeded(self, result: Result, now: float) -> Self:
        """RUNNING → SUCCEEDED."""
        return self._move(State.SUCCEEDED, result=result, end_time=now, time_left_s=None)

    def failed(self, failure: Failure, now: float) -> Self:
        """QUEUED or RUNNING → FAILED."""
        return self._move(State.FAILED, failure=failure, end_time=now, time_left_s=None)

    def cancelled(self, failure: Failure, now: float, result: Result | None = None) -> Self:
        """QUEUED or RUNNING → CANCELLED, with the picture reached so far if it is kept."""
        return self._move(State.CANCELLED, failure=failure, end_time=now, time_left_s=None, result=result)

    def charged(self, device_s: float) -> Self:
        """The same job with more device time on its account."""
        return replace(self, device_s=self.device_s + device_s)


@dataclass(frozen=True)
class Event:
    """Something happened to a job; `sequence` counts 1, 2, 3 … without gaps."""

    sequence: int
    job: Job
    losses: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True)
class Preview:
    """X as it was after `step`, small and 8 bits deep."""

    sequence: int
    step: int
    header: ImageHeader
    samples: bytes
