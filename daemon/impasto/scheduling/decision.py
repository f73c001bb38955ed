"""Which job runs next on which worker, and which must make room: a pure decision over plain lists.

No clock, no I/O, no state: the same facts give the same verdict. Knows neither jobs' contents nor how a verdict is
carried out. ``scheduler`` gathers the facts, asks, and acts.

Across clients the one with the smallest virtual counter goes first (``fairness``); interactive jobs of whatever client
go before all others as long as they have had less than their share of the last seconds, and after all others when they
have had it. Two previews that take turns are both late, so one that has begun is finished first, unless its client is
a second of device time ahead. Inside a client INTERACTIVE goes before NORMAL before BATCH, then the older before the
younger; a begun job gives way, too: it is preempted by not being picked. Where a client is an owner of a token, its
programs share its time first of all: whose jobs have had less go first.

A begun job's state stays in its worker's memory, as many as fit. Who does not fit beside the others waits for room, but
not for a whole job to end: after a while (a preview: at once) those that would go last are spilled, to go on from their
checkpoint later. A job whose worker is busy with others for long is spilled likewise, and goes on where there is time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from impasto.scheduling.fairness import Account

QUANTUM_S = 0.25  # device time a job has before the next one is considered
MOVE_AFTER_S = 2.0  # of waiting, or of device time behind whoever runs instead: then a job leaves its busy worker
SPILL_AFTER_S = 4.0  # of waiting for room: then a job held for as long is spilled, which costs a fraction of that
HEAD_START_S = 1.0  # by which a preview that has begun goes before others: one done and one late beat two late
INTERACTIVE = 1  # the value of the most urgent priority


@dataclass(frozen=True)
class Runnable:
    """A job as the decision sees it.

    Attributes:
        worker: holds its state; empty if none does.
        waited_s: since its last turn, or since it came.
        held_s: since that worker took it in.
        peak_bytes: of a device's memory while it has its turn.
        held_bytes: between its turns.
        share_s: what it has had of its client's device time, where several programs are one client.
    """

    name: str
    client: str
    priority: int
    arrival: int
    worker: str = ""
    waited_s: float = 0.0
    held_s: float = 0.0
    peak_bytes: int = 0
    held_bytes: int = 0
    share_s: float = 0.0


@dataclass(frozen=True)
class Slot:
    """An idle worker as the decision sees it.

    Attributes:
        budget_bytes: what jobs may take of its device together.
        leaving_bytes: of jobs that are on their way out of it.
    """

    name: str
    budget_bytes: float = math.inf
    leaving_bytes: int = 0


@dataclass(frozen=True)
class Decision:
    """What to do: by worker, the job that has its next turn; by job, the worker that is to let it go."""

    runs: Mapping[str, str] = field(default_factory=dict)
    spills: Mapping[str, str] = field(default_factory=dict)


def decide(
    jobs: Sequence[Runnable],
    idle: Sequence[Slot],
    accounts: Mapping[str, Account],
    *,
    interactive_first: bool = True,
) -> Decision:
    """Which job each idle worker runs next.

    Args:
        jobs: all that are queued or begun and not under way in this moment.
        idle: workers that wait.
        accounts: of the jobs' clients; one that is missing is empty.
        interactive_first: whether previews may go before all else now.

    Returns:
        A worker that spills has no turn to give before it has; workers for which there is nothing are left out.
    """
    table = _Table(jobs, accounts, interactive_first)
    for slot in sorted(idle, key=table.need):
        table.serve(slot)
    table.move()
    return Decision(table.runs, table.spills)


class _Table:
    """One decision in the making: what is left to be given out."""

    def __init__(
        self,
        jobs: Sequence[Runnable],
        accounts: Mapping[str, Account],
        first: bool,  # noqa: FBT001  # passed on from `decide`
    ) -> None:
        self._left, self._first = {job.name: job for job in jobs}, first
        self._accounts = {job.client: accounts.get(job.client, Account()) for job in jobs}
        self._passed: list[tuple[Runnable, float]] = []  # who has its state elsewhere, and how far it is behind
        self.runs: dict[str, str] = {}
        self.spills: dict[str, str] = {}

    def need(self, slot: Slot) -> tuple[float, str]:
        """The smaller, the more one more job is wanted: nothing to do, or only for clients that have had much."""
        held = (self._counter(job) for job in self._left.values() if job.worker == slot.name)
        return -min(held, default=math.inf), slot.name

    def serve(self, slot: Slot) -> None:
        """Gives a slot its next turn, or has it make room for whoever should have that."""
        elsewhere: list[Runnable] = []
        reserved = False  # for one who has waited long for more room than there is yet: nobody else comes in before
        for job in sorted(self._left.values(), key=self._rank):
            if job.worker not in ("", slot.name):
                elsewhere.append(job)
                continue
            victims = [] if job.worker else None if reserved else self._victims(slot, job)
            if victims is None:
                reserved = reserved or job.waited_s >= SPILL_AFTER_S
                continue
            self._pass(elsewhere, job)
            for victim in victims:
                self.spills[victim.name] = slot.name
                del self._left[victim.name]
            if not victims:
                self._run(slot, job)
            return
        self._pass(elsewhere, None)

    def _pass(self, over: Sequence[Runnable], instead: Runnable | None) -> None:
        for job in over:
            behind = 0.0 if instead is None else self._counter(instead) - self._counter(job)
            self._passed.append((job, max(behind, job.waited_s)))

    def move(self) -> None:
        """Who was passed over for long, or for a client that has had much more, leaves its worker for any other."""
        for job, behind in self._passed:
            if behind >= MOVE_AFTER_S and job.name in self._left:
                self.spills[job.name] = job.worker
                return  # one at a time: the next decision is a fraction of a second away

    def _counter(self, job: Runnable) -> float:
        return self._accounts[job.client].counter

    def _run(self, slot: Slot, job: Runnable) -> None:
        self.runs[slot.name] = job.name
        del self._left[job.name]
        # What it is about to have counts already, or all devices would go to one client at once.
        account = self._accounts[job.client]
        self._accounts[job.client] = Account(account.counter + QUANTUM_S / account.weight, account.weight)

    def _victims(self, slot: Slot, job: Runnable) -> list[Runnable] | None:
        """Who must leave the slot's memory for a job to come in: nobody if it fits; None if it has to wait."""
        here = [other for other in self._left.values() if other.worker == slot.name]
        if _fits(slot, here, job):
            return []
        urgent = job.priority == INTERACTIVE and self._first
        if job.waited_s < SPILL_AFTER_S and not urgent:
            return None
        victims: list[Runnable] = []
        for victim in sorted(here, key=self._rank, reverse=True):
            if self._rank(victim) < self._rank(job):
                break
            if victim.priority == INTERACTIVE if urgent else victim.held_s < SPILL_AFTER_S:
                continue
            victims.append(victim)
            here.remove(victim)
            if _fits(slot, here, job):
                return victims
        return None

    def _rank(self, job: Runnable) -> tuple[bool, float, float, int, int]:
        return rank(job, self._accounts[job.client], self._first)


def rank(
    job: Runnable,
    account: Account,
    interactive_first: bool,  # noqa: FBT001  # passed on from `decide`
) -> tuple[bool, float, float, int, int]:
    """The smallest goes first."""
    interactive = job.priority == INTERACTIVE
    head_start_s = HEAD_START_S if interactive and job.worker else 0.0
    counter = account.counter - head_start_s / account.weight
    return interactive != interactive_first, counter, job.share_s, job.priority, job.arrival


def _fits(slot: Slot, here: Sequence[Runnable], job: Runnable) -> bool:
    """Whether a job fits beside those that a worker holds; whichever of them has its turn. Alone, it always may."""
    if not here and not slot.leaving_bytes:
        return True
    together = (*here, job)
    held = slot.leaving_bytes + sum(other.held_bytes for other in together)
    return held + max(other.peak_bytes - other.held_bytes for other in together) <= slot.budget_bytes
