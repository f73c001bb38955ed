"""Who goes next: the pure decision, alone and on a fake clock around a device that does what it says."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.fairness import Account, Ledger
from impasto.scheduling import INTERACTIVE, MAX_ADMITTED, QUANTUM_S, Runnable, Slot, decide, places


def had(**counters: float) -> dict[str, Account]:
    """Accounts of clients of equal weight."""
    return {client: Account(counter) for client, counter in counters.items()}


def runs(jobs: Sequence[Runnable], idle: Sequence[Slot], accounts: Mapping[str, Account]) -> Mapping[str, str]:
    """Which job each worker runs."""
    return decide(jobs, idle, accounts).runs


# the decision


def test_the_least_served_client_goes_first() -> None:
    """Neither arrival nor BATCH or NORMAL of another client's job weighs against device time had."""
    jobs = [Runnable("early", "a", 2, 1), Runnable("late", "b", 3, 2)]

    assert runs(jobs, [Slot("w", 0)], had(a=0.5, b=0.25)) == {"w": "late"}
    assert runs(jobs, [Slot("w", 0)], had(a=0.5)) == {"w": "late"}


def test_inside_a_client_the_more_urgent_and_then_the_older_goes_first() -> None:
    """INTERACTIVE before NORMAL before BATCH, then in the order they came."""
    jobs = [Runnable("batch", "a", 3, 1), Runnable("second", "a", 2, 3), Runnable("first", "a", 2, 2)]

    assert runs(jobs, [Slot("w", 0)], {}) == {"w": "first"}
    assert runs([*jobs, Runnable("preview", "a", 1, 4)], [Slot("w", 0)], {}) == {"w": "preview"}


def test_a_begun_job_gives_way_to_a_more_urgent_one_of_its_client() -> None:
    """A begun BATCH job is preempted, a begun NORMAL one by a preview, and neither by its equal."""
    begun = Runnable("begun", "a", 3, 1, "w")

    assert runs([begun, Runnable("new", "a", 2, 2)], [Slot("w", 1)], {}) == {"w": "new"}
    assert runs([begun, Runnable("new", "a", 3, 2)], [Slot("w", 1)], {}) == {"w": "begun"}


def test_previews_go_first_until_they_have_had_their_share() -> None:
    """Before the jobs of clients that have had less; after all others once the share is used up."""
    jobs = [Runnable("preview", "a", INTERACTIVE, 2), Runnable("final", "b", 2, 1)]

    assert decide(jobs, [Slot("w", 0)], had(a=9.0), interactive_first=True).runs == {"w": "preview"}
    assert decide(jobs, [Slot("w", 0)], had(b=9.0), interactive_first=False).runs == {"w": "final"}
    assert decide(jobs[:1], [Slot("w", 0)], had(a=9.0), interactive_first=False).runs == {"w": "preview"}


def test_a_begun_job_runs_where_its_state_is() -> None:
    """No other worker takes it, though it be idle."""
    jobs = [Runnable("begun", "a", 2, 1, "w1")]

    assert runs(jobs, [Slot("w0", 0)], {}) == {}
    assert runs(jobs, [Slot("w0", 0), Slot("w1", 1)], {}) == {"w1": "begun"}


def test_two_devices_that_fall_idle_together_serve_two_clients() -> None:
    """What the first is about to have counts for the second."""
    jobs = [Runnable("a1", "a", 2, 1), Runnable("a2", "a", 2, 2), Runnable("b1", "b", 2, 3)]

    assert runs(jobs, [Slot("w0", 0), Slot("w1", 0)], had(b=0.1)) == {"w0": "a1", "w1": "b1"}


def test_a_full_worker_begins_nothing_new() -> None:
    """Who has no room goes on with what it has, though a client that has had less waits."""
    begun, waiting = Runnable("begun", "a", 2, 1, "w"), Runnable("new", "b", 2, 2)

    assert runs([begun, waiting], [Slot("w", MAX_ADMITTED)], had(a=9.0)) == {"w": "begun"}
    assert runs([begun, waiting], [Slot("w", MAX_ADMITTED - 1)], had(a=9.0)) == {"w": "new"}
    assert runs([waiting], [Slot("w", MAX_ADMITTED)], {}) == {}


CLIENTS = st.sampled_from("abcd")
WORKERS = ("w0", "w1", "w2")
Situation = tuple[list[Runnable], list[Slot], dict[str, Account]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Anything that a scheduler may have to decide."""
    homes = st.sampled_from(["", "", *WORKERS])
    parts = draw(st.lists(st.tuples(CLIENTS, st.integers(1, 3), homes), max_size=12))
    jobs = [Runnable(f"j{i}", client, priority, i, home) for i, (client, priority, home) in enumerate(parts)]
    idle = [Slot(name, draw(st.integers(0, MAX_ADMITTED))) for name in draw(st.sets(st.sampled_from(WORKERS)))]
    account = st.builds(Account, st.floats(0, 9), st.sampled_from([0.5, 1.0, 4.0]))
    return jobs, idle, draw(st.dictionaries(CLIENTS, account))


@given(situations(), st.booleans())
def test_a_decision_is_always_possible_to_carry_out(situation: Situation, first: bool) -> None:
    """Each job goes to one worker, to its own if it has begun, to one with room if not."""
    jobs, idle, accounts = situation
    by_name = {job.name: job for job in jobs}

    verdict = decide(jobs, idle, accounts, interactive_first=first).runs

    slots = {slot.name: slot for slot in idle}
    assert len(set(verdict.values())) == len(verdict)
    for worker, name in verdict.items():
        assert by_name[name].worker in ("", worker)
        assert by_name[name].worker == worker or slots[worker].admitted < MAX_ADMITTED


@given(situations(), st.booleans())
def test_no_worker_is_idle_while_there_is_something_for_it(situation: Situation, first: bool) -> None:
    """Work conservation: what a worker that got nothing could run, runs elsewhere."""
    jobs, idle, accounts = situation

    verdict = decide(jobs, idle, accounts, interactive_first=first).runs

    for slot in (slot for slot in idle if slot.name not in verdict):
        left = [job for job in jobs if job.name not in verdict.values()]
        assert not [job for job in left if job.worker == slot.name]
        assert slot.admitted == MAX_ADMITTED or not [job for job in left if not job.worker]


@given(situations(), st.randoms())
def test_the_order_in_which_jobs_are_listed_does_not_count(situation: Situation, chance: random.Random) -> None:
    """A decision depends on what jobs are, not on where they stand in a table."""
    jobs, idle, accounts = situation
    shuffled = chance.sample(jobs, len(jobs))

    assert decide(shuffled, idle, accounts) == decide(jobs, idle, accounts)
    assert places(shuffled, accounts) == places(jobs, accounts)


# fairness, on a fake clock


@dataclass
class Load:
    """A job in a simulation: how much device time it needs in all, and in each slice."""

    client: str
    seconds: float
    slice_s: float = QUANTUM_S
    arrives: float = 0.0
    priority: int = 2
    worker: str = ""
    began: float | None = None
    ended: float | None = None


@dataclass
class Simulation:
    """Workers and a clock around `decide`, doing as `Scheduler` does: slices, charges, admission, the lift."""

    loads: Sequence[Load]
    workers: int = 1
    now: float = 0.0
    service: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    ledger: Ledger = field(default_factory=Ledger)
    history: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _events: list[tuple[float, int, str, int, float]] = field(default_factory=list)

    def run(self, until_s: float) -> "Simulation":
        """Plays all that happens until then."""
        here: set[int] = set()
        busy: dict[str, int] = {}
        served: dict[int, float] = defaultdict(float)
        last_turn: dict[str, float] = {}
        for i, load in enumerate(self.loads):
            heappush(self._events, (load.arrives, i, "", i, 0.0))
        while self._events and self._events[0][0] <= until_s:
            self.now = self._events[0][0]
            while self._events and self._events[0][0] == self.now:
                _, _, worker, i, took = heappop(self._events)
                load = self.loads[i]
                if not worker:
                    self._lift(load.client, here)
                    last_turn.setdefault(load.client, self.now)
                    here.add(i)
                    continue
                del busy[worker]
                served[i] += took
                self.service[load.client] += took
                self.ledger.charge(load.client, took, self.now, interactive=load.priority == INTERACTIVE)
                last_turn[load.client] = self.now
                if served[i] >= load.seconds - 1e-9:
                    load.ended, load.worker = self.now, ""
                    here.discard(i)
            self.history.append((self.now, dict(self.service)))
            for worker, i in self._decided(here, busy).items():
                load = self.loads[i]
                load.worker, load.began = worker, self.now if load.began is None else load.began
                busy[worker] = i
                waited = self.now - last_turn[load.client]
                self.waits[load.client] = max(self.waits[load.client], waited)
                took = min(load.slice_s, load.seconds - served[i])
                heappush(self._events, (self.now + took, len(self.loads) + i, worker, i, took))
            assert len(busy) == self.workers or not self._idle_although(here, busy)
        return self

    def _decided(self, here: set[int], busy: dict[str, int]) -> dict[str, int]:
        admitted = Counter(self.loads[i].worker for i in here)
        names = [f"w{n}" for n in range(self.workers)]
        idle = [Slot(name, admitted[name]) for name in names if name not in busy]
        jobs = [
            Runnable(str(i), load.client, load.priority, i, load.worker)
            for i, load in enumerate(self.loads)
            if i in here and i not in busy.values()
        ]
        accounts = self.ledger.accounts(job.client for job in jobs)
        first = self.ledger.interactive_first(self.now, self.workers)
        return {w: int(name) for w, name in decide(jobs, idle, accounts, interactive_first=first).runs.items()}

    def _idle_although(self, here: set[int], busy: dict[str, int]) -> bool:
        """Whether a worker waits, with room, while a job could run that has not begun."""
        admitted = Counter(self.loads[i].worker for i in here)
        idle = [f"w{n}" for n in range(self.workers) if f"w{n}" not in busy]
        return any(not self.loads[i].worker and admitted[name] < MAX_ADMITTED for i in here for name in idle)

    def _lift(self, client: str, here: set[int]) -> None:
        active = {self.loads[i].client for i in here}
        if client not in active:
            self.ledger.lift(client, active)

    def gaps(self, one: str, other: str) -> float:
        """The largest difference between what two clients got, over all intervals of the history."""
        differences = [service.get(one, 0.0) - service.get(other, 0.0) for _, service in self.history]
        return max(differences) - min(differences)


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 if all are equal, 1/n if one has everything."""
    return float(sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)))


def backlogged(rng: random.Random, clients: int) -> list[Load]:
    """Clients that have work without end, each with slices of its own length: an iteration may outlast a slice."""
    loads = [Load(f"c{i}", 1e9, rng.choice([0.25, 0.26, 0.3, 0.7, 2.0])) for i in range(clients)]
    return loads + [Load(rng.choice(loads).client, 1e9, arrives=rng.uniform(0, 30)) for _ in range(20)]


def longest_slices(loads: Sequence[Load]) -> dict[str, float]:
    """By client."""
    return {
        client: max(load.slice_s for load in loads if load.client == client) for client in {x.client for x in loads}
    }


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("clients", range(2, MAX_ADMITTED + 1))
def test_backlogged_clients_have_equal_shares(clients: int, seed: int) -> None:
    """Jain's index is at least 0.98, however long their steps are and however many jobs they have."""
    simulation = Simulation(backlogged(random.Random(seed), clients)).run(300)

    assert jain(list(simulation.service.values())) >= 0.98
    assert sum(simulation.service.values()) == pytest.approx(300, abs=2.0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("clients", range(2, MAX_ADMITTED + 1))
def test_the_gap_between_two_clients_is_bounded_by_their_slices(clients: int, seed: int) -> None:
    """Over any interval in which both have work, neither gets more than the other by more than a slice of each."""
    loads = backlogged(random.Random(seed), clients)
    simulation = Simulation(loads).run(120)

    for (one, its), (other, others) in product(longest_slices(loads).items(), repeat=2):
        assert simulation.gaps(one, other) <= its + others + 1e-9


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("clients", range(2, MAX_ADMITTED + 1))
def test_nobody_with_work_waits_long(clients: int, seed: int) -> None:
    """No starvation: two turns of a client are at most a slice of its own and each other's, twice over, apart."""
    loads = backlogged(random.Random(seed), clients)
    simulation = Simulation(loads).run(120)
    longest = longest_slices(loads)

    for client, waited in simulation.waits.items():
        others = [slice_s for other, slice_s in longest.items() if other != client]
        assert waited <= sum(longest[client] + other for other in others) + max(longest.values()) + 1e-9


def test_a_flood_of_jobs_gets_no_more_than_one() -> None:
    """Forty jobs of one client share what one job of another has alone."""
    simulation = Simulation([Load("flood", 15.0) for _ in range(40)] + [Load("artist", 1e9)]).run(100)

    assert simulation.service["flood"] == pytest.approx(50, abs=QUANTUM_S)


def test_a_small_job_passes_a_long_one() -> None:
    """Whoever comes with little work is done soon, whatever else runs."""
    small = Load("visitor", 0.5, arrives=50.1)
    Simulation([Load("painter", 1e9), small]).run(60)

    assert small.ended is not None
    assert small.ended - small.arrives <= 0.5 + 3 * QUANTUM_S


def test_idling_earns_no_credit() -> None:
    """A client that comes back after an hour shares equally from then on, and takes nothing for the hour."""
    simulation = Simulation([Load("back", 1.0), Load("diligent", 1e9), Load("back", 1e9, arrives=100.0)]).run(200)
    then = next(service for now, service in simulation.history if now >= 100.0)

    gained = [simulation.service[client] - then[client] for client in ("back", "diligent")]

    assert gained[0] == pytest.approx(gained[1], abs=2 * QUANTUM_S)


def test_coming_back_over_and_over_gains_nothing() -> None:
    """Many small jobs one after another get no more than one long one."""
    visits = [Load("often", 0.25, arrives=i * 0.3) for i in range(400)]
    simulation = Simulation([Load("steady", 1e9), *visits]).run(120)

    assert simulation.service["often"] <= simulation.service["steady"] + 2 * QUANTUM_S


def test_a_client_beyond_those_admitted_waits_for_one_job_to_end_at_most() -> None:
    """A worker's memory is bounded; who has waited for room has had least, and so is the next to have it."""
    long = [Load(f"c{i}", 10.0 + i) for i in range(MAX_ADMITTED)]
    later = [Load(f"c{i}", 10.0) for i in range(MAX_ADMITTED)]
    waiting = Load("waiting", 1.0)
    Simulation([*long, waiting, *later]).run(100)
    first_end = min(load.ended for load in long if load.ended is not None)

    assert waiting.began == first_end
    assert all(load.began is not None and load.began >= first_end for load in later)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("workers", [2, 3])
def test_several_devices_are_all_used_and_shared(workers: int, seed: int) -> None:
    """No device waits while something could run on it, and clients with work for all of them have equal shares."""
    rng = random.Random(seed)
    loads = [Load(f"c{i % 3}", 1e9, rng.choice([0.25, 0.3, 0.5])) for i in range(3 * workers)]
    simulation = Simulation(loads, workers).run(200)

    assert sum(simulation.service.values()) == pytest.approx(200 * workers, abs=workers)
    assert jain(list(simulation.service.values())) >= 0.98


def test_one_client_may_use_all_devices() -> None:
    """With nobody else there, a client's jobs run side by side."""
    simulation = Simulation([Load("alone", 10.0) for _ in range(4)], workers=4).run(100)

    assert max(load.ended or 0 for load in simulation.loads) == pytest.approx(10.0)
