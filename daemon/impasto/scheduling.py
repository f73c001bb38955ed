"""Which job runs next on which worker: a pure decision over plain lists.

No clock, no I/O, no state: the same facts give the same verdict. Knows neither jobs' contents nor how a verdict is
carried out. ``scheduler`` gathers the facts, asks, and acts.

Across clients the one with the smallest virtual counter goes first (``fairness``); interactive jobs of whatever client
go before all others as long as they have had less than their share of the last seconds, and after all others when they
have had it. Inside a client INTERACTIVE goes before NORMAL before BATCH, then the older before the younger; a begun job
gives way, too: it is preempted by not being picked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from impasto.fairness import Account

QUANTUM_S = 0.25  # device time a job has before the next one is considered
MAX_ADMITTED = 4  # jobs whose pictures and optimisers are in a worker's memory at once
INTERACTIVE = 1  # the value of the most urgent priority


@dataclass(frozen=True)
class Runnable:
    """A job as the decision sees it; `worker` holds its state, empty if none does."""

    name: str
    client: str
    priority: int
    arrival: int
    worker: str = ""


@dataclass(frozen=True)
class Slot:
    """An idle worker as the decision sees it."""

    name: str
    admitted: int


@dataclass(frozen=True)
class Decision:
    """What to do: by worker, the job that has its next slice."""

    runs: Mapping[str, str] = field(default_factory=dict)


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
        Workers for which there is nothing are left out.
    """
    runs: dict[str, str] = {}
    now = {job.client: accounts.get(job.client, Account()) for job in jobs}
    left = list(jobs)
    for slot in idle:
        fitting = [job for job in left if job.worker == slot.name or (not job.worker and slot.admitted < MAX_ADMITTED)]
        if not fitting:
            continue
        best = min(fitting, key=lambda job: _rank(job, now[job.client], interactive_first))
        runs[slot.name] = best.name
        left.remove(best)
        # What it is about to have counts already, or all devices would go to one client at once.
        account = now[best.client]
        now[best.client] = Account(account.counter + QUANTUM_S / account.weight, account.weight)
    return Decision(runs)


def _rank(job: Runnable, account: Account, interactive_first: bool) -> tuple[bool, float, int, int]:  # noqa: FBT001
    """The smallest goes first."""
    return (job.priority == INTERACTIVE) != interactive_first, account.counter, job.priority, job.arrival


def places(jobs: Sequence[Runnable], accounts: Mapping[str, Account]) -> dict[str, int]:
    """1 for the next in line, 2 …, in the order in which clients will be served as things are now."""
    order = sorted(jobs, key=lambda job: _rank(job, accounts.get(job.client, Account()), interactive_first=True))
    return {job.name: place for place, job in enumerate(order, 1)}
