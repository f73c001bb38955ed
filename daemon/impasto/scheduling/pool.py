"""What the scheduler needs of workers, wherever they run: a pool's few verbs, and a worker as the front sees it.

Knows frames. Must not know processes, other machines or what a job is. ``local_pool`` has workers on this machine,
``cluster.pool`` on those of a Ray cluster; ``scheduler`` is the listener.
"""

from collections.abc import Callable, Collection
from typing import Any, Generic, Protocol, TypeVar

from impasto.frames import Frame
from impasto.scheduling.device import Device

Message = Frame
Listener = Callable[["Worker", Message], None]


class Worker:
    """Owns one device, or its share of the processor; the base of each kind of pool's own.

    Attributes:
        ready: may be given work; before that it loads, afterwards it rests or has ended.
        device, description: what it works on, as it has told.
        encoders: those in its memory.
        budget_bytes: what jobs may take of its device; 0 until it has told.
        precision: of the forward pass, what pays there; empty until it has told.
        spills, at_once, host_bytes: see `Device`.
        resting: it was ended because there was nothing to do.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ready = False
        self.device = ""
        self.description = ""
        self.encoders: list[str] = []
        self.budget_bytes, self.precision, self.spills, self.at_once = 0, "", False, False
        self.host_bytes = 0
        self.resting = False

    @property
    def pid(self) -> int:
        """Its process, where it is one of this machine's; else 0."""
        return 0

    def send(self, header: dict[str, Any]) -> None:
        """Says something to the worker; to a dead one it is lost, and the listener will hear `lost`."""
        raise NotImplementedError

    def note(self, message: Message) -> None:
        """Remembers what it says of itself."""
        header = message.header
        if header["event"] == "ready":
            self.ready, self.device, self.description = True, header["device"], header["description"]
            self.budget_bytes, self.precision = header["budget_bytes"], header["precision"]
            self.spills, self.at_once = header.get("spills", False), header.get("at_once", False)
            self.host_bytes = header.get("host_bytes", 0)
        elif header["event"] == "loaded":
            self.encoders = header["encoders"]

    def __repr__(self) -> str:
        state = "ready" if self.ready else "resting" if self.resting else "starting"
        return f"<{type(self).__name__} {self.name} [pid {self.pid}, {self.device or 'no device yet'}, {state}]>"


def nobody(_worker: Worker, _message: Message) -> None:
    """The listener before there is one."""


class Pool(Protocol):
    """A set of workers that are kept alive."""

    listener: Listener

    def start(self) -> None:
        """Starts the workers, as many as there are devices or as it was made for; returns at once."""
        ...

    async def stop(self) -> None:
        """Ends all workers for good; jobs that they hold should have been written down before."""
        ...

    @property
    def workers(self) -> list[Worker]:
        """All that live, ready or not."""
        ...

    def worker(self, name: str) -> Worker | None:
        """The living worker of that name."""
        ...

    @property
    def resting(self) -> list[Worker]:
        """Those that ended because there was nothing to do, as they were."""
        ...

    async def rest(self, busy: Collection[str] = ()) -> list[Worker]:
        """Ends all workers but the busy ones, so that their devices' memory is free; which."""
        ...

    def wake(self) -> None:
        """There is something to do: workers that rest start again."""
        ...


W = TypeVar("W", bound=Worker)


class Table(Generic[W]):
    """What every real pool keeps: who hears of its workers, those that live, and those that rest, by name."""

    def __init__(self) -> None:
        self.listener: Listener = nobody
        self._workers: dict[str, W] = {}
        self._resting: dict[str, W] = {}

    @property
    def workers(self) -> list[Worker]:
        """All that live, ready or not."""
        return list(self._workers.values())

    def worker(self, name: str) -> Worker | None:
        """The living worker of that name."""
        return self._workers.get(name)

    @property
    def resting(self) -> list[Worker]:
        """Those that ended because there was nothing to do, as they were."""
        return list(self._resting.values())


def devices(pool: Pool) -> list[Device]:
    """The devices, as far as workers have told of them; of those that rest, too."""
    known = [worker for worker in (*pool.workers, *pool.resting) if worker.budget_bytes]
    return [Device(w.budget_bytes, w.precision, w.spills, w.at_once, w.host_bytes) for w in known]
