"""A job's life: states, and a table of the moves between them.

No clock, no thread, no tensor: times come in as numbers. A `Job` is frozen; each move gives a new one, so that an event
can hold the job as it was. ``store`` keeps them, ``scheduler`` moves them, ``rpc`` tells of them.

                 ┌───────────────► CANCELLED
                 │                     ▲
    (created) QUEUED ───► RUNNING ─────┤
                 │ ▲         │         └─► SUCCEEDED
                 │ └─────────┤
                 └───────────┴──────────► FAILED

The way back is for a job whose worker or daemon died, or that made room: it goes on from its last checkpoint.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum
from typing import Any, Self

from impasto.image import ImageHeader
from impasto.owner import is_by_token
from impasto.spec import StylizeSpec

RESULT_S = 24 * 3600.0  # a job that has ended is remembered so long, and so is the picture that it reached
MAX_ATTEMPTS = 5  # a job whose worker died so often is what kills it


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


class Move(Enum):
    """What can happen to a job."""

    START = "start"
    REQUEUE = "requeue"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"


# From where, by what, to where: all that a job can do. What is not in the table does not happen.
TABLE: Mapping[tuple[State, Move], State] = {
    (State.QUEUED, Move.START): State.RUNNING,
    (State.QUEUED, Move.FAIL): State.FAILED,
    (State.QUEUED, Move.CANCEL): State.CANCELLED,
    (State.RUNNING, Move.REQUEUE): State.QUEUED,
    (State.RUNNING, Move.SUCCEED): State.SUCCEEDED,
    (State.RUNNING, Move.FAIL): State.FAILED,
    (State.RUNNING, Move.CANCEL): State.CANCELLED,
}
TRANSITIONS: Mapping[State, frozenset[State]] = {
    state: frozenset(target for (origin, _), target in TABLE.items() if origin is state) for state in State
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
    """The picture: finished, or what was reached."""

    blob: str
    header: ImageHeader


@dataclass(frozen=True)
class Failure:
    """Why a job failed or was cancelled."""

    reason: str
    message: str


@dataclass(frozen=True)
class Terms:
    """What decides the pixels beside the request itself; fixed for a job's whole life, wherever it goes on.

    Attributes:
        threads: of a CPU worker, as sums depend on how they are split.
        encoder_sha256: of the encoder's file; another file of the same name is another encoder.
        settings: the engine's, defaults included, as JSON can hold them; ``precision`` and ``tile`` are among them as
            soon as a device is known, and before the job first begins. On a GPU that is then the precision which the
            device allows; the encoder's weights may want float32, which is written here before the first step.
    """

    threads: int = 0
    encoder_sha256: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the method, as it is at one moment. Times are seconds since the epoch."""

    name: str
    client: str
    spec: StylizeSpec
    arrival: int
    create_time: float
    owner: str = ""
    request_id: str = ""
    priority: Priority = Priority.NORMAL
    labels: Mapping[str, str] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    state: State = State.QUEUED
    step: int = 0
    total_steps: int = 0
    saved_step: int = 0
    attempt: int = 1
    device: str = ""
    device_s: float = 0.0
    time_left_s: float | None = None
    start_time: float | None = None
    end_time: float | None = None
    result: Result | None = None
    failure: Failure | None = None

    @property
    def account(self) -> str:
        """To whom its device time is charged: a client of this machine's user, else the owner of the token.

        What a client calls itself counts among those of one owner alone, or many names would be many shares.
        """
        return self.owner if is_by_token(self.owner) else self.client

    def _move(self, move: Move, **changes: Any) -> Self:  # noqa: ANN401  # the fields' own types are checked by callers
        if (self.state, move) not in TABLE:
            raise IllegalMove(f"{self.name} is {self.state.value} and cannot {move.value}")
        return replace(self, state=TABLE[self.state, move], **changes)

    def started(self, device: str, now: float) -> Self:
        """QUEUED → RUNNING; the first start counts."""
        return self._move(Move.START, device=device, start_time=self.start_time or now)

    def requeued(self, *, lost: bool = False) -> Self:
        """RUNNING → QUEUED, back to its last checkpoint; `lost` if its worker died at it, which counts."""
        return self._move(Move.REQUEUE, step=self.saved_step, attempt=self.attempt + lost, time_left_s=None)

    def progressed(self, step: int, total_steps: int, time_left_s: float | None) -> Self:
        """Another step done; only while RUNNING."""
        if self.state is not State.RUNNING:
            raise IllegalMove(f"{self.name} is {self.state.value} and makes no steps")
        return replace(self, step=step, total_steps=total_steps, time_left_s=time_left_s)

    def succeeded(self, result: Result, now: float) -> Self:
        """RUNNING → SUCCEEDED."""
        return self._move(Move.SUCCEED, result=result, end_time=now, time_left_s=None)

    def failed(self, failure: Failure, now: float) -> Self:
        """QUEUED or RUNNING → FAILED."""
        return self._move(Move.FAIL, failure=failure, end_time=now, time_left_s=None)

    def cancelled(self, failure: Failure, now: float, result: Result | None = None) -> Self:
        """QUEUED or RUNNING → CANCELLED, with the picture reached so far if it is kept."""
        return self._move(Move.CANCEL, failure=failure, end_time=now, time_left_s=None, result=result)

    def charged(self, device_s: float) -> Self:
        """The same job with more device time on its account."""
        return replace(self, device_s=self.device_s + device_s)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able form for the store: all but the result's header, which stands beside its blob."""
        told = asdict(replace(self, result=None)) | {"result": self.result and self.result.blob}
        return told | {"state": self.state.value, "priority": self.priority.value, "labels": dict(self.labels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], result: ImageHeader | None = None) -> Self:
        """The inverse of `to_json`; `result` is the header of the result's blob, if that is still there.

        Raises:
            KeyError, TypeError, ValueError: the data did not come from `to_json`.
        """
        parts: dict[str, Any] = {
            "spec": StylizeSpec.from_json(data["spec"]),
            "terms": Terms(**{f.name: data["terms"][f.name] for f in fields(Terms) if f.name in data["terms"]}),
            "state": State(data["state"]),
            "priority": Priority(data["priority"]),
            "failure": Failure(**data["failure"]) if data["failure"] else None,
            "result": Result(data["result"], result) if data["result"] and result is not None else None,
        }
        return cls(**{**data, **parts})


@dataclass(frozen=True)
class Outlook:
    """What a waiting person is told: 1 is next, 0 waits for nothing; seconds until the end, None if nobody can tell."""

    place: int = 0
    time_left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a job; `sequence` counts 1, 2, 3 … without gaps, and leaps when the daemon dies."""

    sequence: int
    job: Job
    losses: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """X as it was after `step`, small and 8 bits deep."""

    sequence: int
    step: int
    header: ImageHeader
    samples: bytes
