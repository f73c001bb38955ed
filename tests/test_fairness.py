"""Fairness over time: the decision and the ledger on a fake clock, around devices that do what they are told.

The bounds are those of Sheng et al. (2024) with slices for tokens; they hold for any load that hypothesis finds.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.scheduling.decision import HEAD_START_S, INTERACTIVE, QUANTUM_S, SPILL_AFTER_S, Runnable, Slot, decide
from impasto.scheduling.fairness import INTERACTIVE_SHARE, MAX_ACCOUNTS, WINDOW_S, Ledger

ENDLESS_S = 1e9
SPILL_S = 0.1  # what it costs a simulated worker to let a job go
some = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Load:
    """A job in a simulation: how much device time it needs in all and in each slice, and of a worker's memory."""

    client: str
    seconds: float
    slice_s: float = QUANTUM_S
    arrives: float = 0.0
    priority: int = 2
    bytes: int = 1
    worker: str = ""
    began: float | None = None
    ended: float | None = None
    turn: float = 0.0
    came: float = 0.0
    had: float = 0.0


@dataclass
class Simulation:
    """Workers and a clock around `decide`, doing as `Scheduler` does: slices, charges, lifts, spills."""

    loads: Sequence[Load]
    workers: int = 1
    budget: float = 1e9
    ledger: Ledger = field(default_factory=Ledger)
    now: float = 0.0
    service: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    history: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    slices: list[tuple[float, Load, float]] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    spilled: int = 0
    _here: set[int] = field(default_factory=set)
    _busy: dict[str, int] = field(default_factory=dict)
    _leaving: set[int] = field(default_factory=set)
    _last_turn: dict[str, float] = field(default_factory=dict)
    _events: list[tuple[float, int, str, int, float]] = field(default_factory=list)

    def run(self, until_s: float) -> "Simulation":
        """Plays all that happens until then."""
        for i, load in enumerate(self.loads):
            heappush(self._events, (load.arrives, i, "", i, 0.0))
        while self._events and self._events[0][0] <= until_s:
            self.now = self._events[0][0]
            while self._events and self._events[0][0] == self.now:
                self._happens(*heappop(self._events)[2:])
            self.history.append((self.now, dict(self.service)))
            self._decide()
        return self

    def _happens(self, worker: str, i: int, took: float) -> None:
        load = self.loads[i]
        if not worker:
            self._arrives(i, load)
        elif i in self._leaving:
            self._leaving.discard(i)
            load.worker = ""
            if self._busy.get(worker) == i:
                del self._busy[worker]
        else:
            del self._busy[worker]
            self._served(i, load, took)

    def _arrives(self, i: int, load: Load) -> None:
        active = {self.loads[j].client for j in self._here}
        if load.client not in active:
            self.ledger.lift(load.client, active)
            self._last_turn[load.client] = self.now
        load.turn = self.now
        self._here.add(i)

    def _served(self, i: int, load: Load, took: float) -> None:
        load.had, load.turn = load.had + took, self.now
        self.service[load.client] += took
        self.slices.append((self.now, load, took))
        self.ledger.charge(load.client, took, self.now, interactive=load.priority == INTERACTIVE)
        self._last_turn[load.client] = self.now
        if load.had >= load.seconds - 1e-9:
            load.ended, load.worker = self.now, ""
            self._here.discard(i)

    def _decide(self) -> None:
        names = [f"w{n}" for n in range(self.workers)]
        away = {*self._busy.values(), *self._leaving}
        jobs = [self._seen(i) for i in self._here if i not in away]
        idle = [Slot(name, self.budget, self._leaving_bytes(name)) for name in names if name not in self._busy]
        accounts = self.ledger.accounts(job.client for job in jobs)
        first = self.ledger.interactive_first(self.now, self.workers)
        decision = decide(jobs, idle, accounts, interactive_first=first)
        for name, worker in decision.spills.items():
            self._spill(int(name), worker)
        for worker, name in decision.runs.items():
            self._begin(worker, int(name))
        waiting = [j for j in jobs if j.name not in decision.runs.values() and j.name not in decision.spills]
        unused = {slot.name for slot in idle} - {*decision.runs, *decision.spills.values()}
        assert not [j for j in waiting if j.worker in unused]  # no worker waits while what it holds could run

    def _seen(self, i: int) -> Runnable:
        load = self.loads[i]
        waited_s, held_s, size = self.now - load.turn, self.now - load.came, load.bytes
        return Runnable(str(i), load.client, load.priority, i, load.worker, waited_s, held_s, size, size)

    def _leaving_bytes(self, worker: str) -> int:
        return sum(self.loads[i].bytes for i in self._leaving if self.loads[i].worker == worker)

    def _begin(self, worker: str, i: int) -> None:
        load = self.loads[i]
        load.came = self.now if load.worker != worker else load.came
        load.worker, load.began = worker, self.now if load.began is None else load.began
        self._busy[worker] = i
        self.waits[load.client] = max(self.waits[load.client], self.now - self._last_turn[load.client])
        took = min(load.slice_s, load.seconds - load.had)
        heappush(self._events, (self.now + took, len(self.loads) + i, worker, i, took))

    def _spill(self, i: int, worker: str) -> None:
        """The worker lets a job go as soon as its slice has ended."""
        self.spilled += 1
        self._leaving.add(i)
        ends = [when for when, _, busy, _, _ in self._events if busy == worker]
        if worker not in self._busy:
            self._busy[worker] = i
        heappush(self._events, (max(ends, default=self.now) + SPILL_S, 2 * len(self.loads) + i, worker, i, 0.0))

    def between(self, client: str, start: float, end: float) -> float:
        """Device time of a client's slices that ended in a window."""
        return sum(took for when, load, took in self.slices if load.client == client and start < when <= end)


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 if all are equal, 1/n if one has everything."""
    return float(sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)))


def endless(*slices: float) -> list[Load]:
    """Clients that have work without end, each with slices of its own length: an iteration may outlast a quantum."""
    return [Load(f"c{i}", ENDLESS_S, slice_s) for i, slice_s in enumerate(slices)]


SLICES = st.lists(st.sampled_from([0.2, 0.25, 0.26, 0.3, 0.7, 2.0]), min_size=2, max_size=9)
# More jobs of those clients, which come in between: they must not gain by them.
MORE = st.lists(st.tuples(st.integers(0, 8), st.floats(0, 30)), max_size=20)


def crowd(slices: Sequence[float], more: Sequence[tuple[int, float]]) -> list[Load]:
    """Endless clients, and further jobs of theirs."""
    first = endless(*slices)
    return first + [Load(first[i % len(first)].client, ENDLESS_S, arrives=at) for i, at in more]


def longest(loads: Sequence[Load]) -> dict[str, float]:
    """Each client's longest slice."""
    return {c: max(load.slice_s for load in loads if load.client == c) for c in {load.client for load in loads}}


# shares


@some
@given(SLICES, MORE)
def test_backlogged_clients_have_equal_shares(slices: list[float], more: list[tuple[int, float]]) -> None:
    """Jain's index is at least 0.98, however long their steps are and however many jobs they have."""
    simulation = Simulation(crowd(slices, more)).run(300)

    assert jain(list(simulation.service.values())) >= 0.98
    assert sum(simulation.service.values()) == pytest.approx(300, abs=2.0)


@some
@given(st.lists(st.sampled_from([0.2, 0.25, 0.5]), min_size=3, max_size=6))
def test_shares_follow_the_weights(slices: list[float]) -> None:
    """With weights 1, 2, 4, … service over weight is equal."""
    weights = {f"c{i}": float(2 ** (i % 3)) for i in range(len(slices))}
    simulation = Simulation(endless(*slices), ledger=Ledger(weights)).run(300)

    assert jain([had / weights[client] for client, had in simulation.service.items()]) >= 0.98


@some
@given(SLICES, MORE)
def test_the_gap_between_two_clients_is_bounded_by_their_slices(
    slices: list[float], more: list[tuple[int, float]]
) -> None:
    """Over any interval in which both have work, neither gets more than the other by more than a slice of each."""
    loads = crowd(slices, more)
    simulation = Simulation(loads).run(60)
    most = longest(loads)

    for one, other in combinations(most, 2):
        gaps = [had.get(one, 0.0) - had.get(other, 0.0) for _, had in simulation.history]
        assert max(gaps) - min(gaps) <= most[one] + most[other] + 1e-9


@some
@given(SLICES, MORE)
def test_nobody_with_work_waits_long(slices: list[float], more: list[tuple[int, float]]) -> None:
    """No starvation: between two turns of a client lie at most a slice of its own and of each other's, and one more."""
    loads = crowd(slices, more)
    simulation = Simulation(loads).run(60)
    most = longest(loads)

    for client, waited in simulation.waits.items():
        others = [slice_s for other, slice_s in most.items() if other != client]
        assert waited <= sum(most[client] + other for other in others) + max(most.values()) + 1e-9


@some
@given(st.integers(2, 3), st.integers(2, 6), st.randoms())
def test_several_devices_are_all_used_and_shared(workers: int, clients: int, chance: random.Random) -> None:
    """No device waits while something could run on it; clients with work for all of them have equal shares."""
    loads = [Load(f"c{i % clients}", ENDLESS_S, chance.choice([0.25, 0.3, 0.5])) for i in range(clients * workers)]
    simulation = Simulation(loads, workers).run(200)

    assert sum(simulation.service.values()) == pytest.approx(200 * workers, rel=0.03)
    assert jain(list(simulation.service.values())) >= 0.98


def test_three_clients_with_one_job_each_share_two_devices() -> None:
    """Whoever began alone on its device moves over in time: no more than a few seconds lie between any two."""
    simulation = Simulation(endless(0.25, 0.25, 0.25), workers=2).run(300)

    assert jain(list(simulation.service.values())) >= 0.98
    assert simulation.spilled < 300 / 2  # and they do not move all the time


def test_a_flood_of_jobs_gets_no_more_than_one() -> None:
    """Forty jobs of one client share what one job of another has alone."""
    simulation = Simulation([Load("flood", 15.0) for _ in range(40)] + [Load("artist", ENDLESS_S)]).run(100)

    assert simulation.service["flood"] == pytest.approx(50, abs=QUANTUM_S)


def test_one_client_may_use_all_devices() -> None:
    """With nobody else there, a client's jobs run side by side."""
    simulation = Simulation([Load("alone", 10.0) for _ in range(4)], workers=4).run(100)

    assert max(load.ended or 0 for load in simulation.loads) == pytest.approx(10.0)


# coming and going


def test_a_small_job_passes_a_long_one() -> None:
    """Whoever comes with little work is done soon, whatever else runs."""
    small = Load("visitor", 0.5, arrives=50.1)
    Simulation([Load("painter", ENDLESS_S), small]).run(60)

    assert small.ended is not None
    assert small.ended - small.arrives <= 0.5 + 3 * QUANTUM_S


@some
@given(st.floats(1, 100), st.integers(1, 4))
def test_a_returning_client_cannot_monopolise(away_s: float, others: int) -> None:
    """Idling earns no credit: who comes back shares equally from then on, and takes nothing for the time away."""
    loads = [Load("back", 1.0), *endless(*[QUANTUM_S] * others), Load("back", ENDLESS_S, arrives=50 + away_s)]
    end = 50 + away_s + 60
    simulation = Simulation(loads).run(end)

    gained = {client: simulation.between(client, 50 + away_s, end) for client in simulation.service}

    assert max(gained.values()) - min(gained.values()) <= 3 * QUANTUM_S
    assert simulation.between("back", 50 + away_s, 55 + away_s) <= 5 / (others + 1) + 2 * QUANTUM_S


def test_what_an_idle_device_gave_is_nobodys_loss() -> None:
    """Who had an hour of a device that nobody else wanted starts level with who comes next, not an hour behind."""
    ledger = Ledger()
    ledger.lift("early", ())
    ledger.charge("early", 3600.0, 0.0)

    ledger.lift("late", ())
    ledger.lift("early", ("late",))

    assert ledger.account("late") == ledger.account("early")


def test_coming_back_over_and_over_gains_nothing() -> None:
    """Many small jobs one after another get no more than one long one."""
    visits = [Load("often", 0.25, arrives=i * 0.3) for i in range(400)]
    simulation = Simulation([Load("steady", ENDLESS_S), *visits]).run(120)

    assert simulation.service["often"] <= simulation.service["steady"] + 2 * QUANTUM_S


# previews


@some
@given(st.integers(1, 4), st.integers(1, 4))
def test_a_saturating_stream_of_previews_leaves_finals_half(streams: int, finals: int) -> None:
    """In any ten seconds previews have at most half and a slice of each, however many ask; finals have the rest."""
    previews = [Load(f"p{i}", ENDLESS_S, priority=INTERACTIVE) for i in range(streams)]
    loads = [*previews, *(Load(f"f{i}", ENDLESS_S) for i in range(finals))]
    simulation = Simulation(loads).run(60)

    for start in range(50):
        shown = sum(simulation.between(load.client, start, start + WINDOW_S) for load in previews)
        assert INTERACTIVE_SHARE * WINDOW_S - QUANTUM_S <= shown <= INTERACTIVE_SHARE * WINDOW_S + 2 * QUANTUM_S


def test_a_preview_waits_for_one_slice_at_most() -> None:
    """Among many finals, as long as previews are few: whatever its client has had."""
    finals = [Load(f"f{i}", ENDLESS_S) for i in range(8)]
    previews = [Load("f0", 0.2, arrives=5.13 + 3 * i, priority=INTERACTIVE) for i in range(10)]
    Simulation([*finals, *previews]).run(60)

    assert all(p.ended is not None and p.ended - p.arrives <= 0.2 + QUANTUM_S for p in previews)


@some
@given(st.lists(st.sampled_from([0.1, 0.2, 0.25]), min_size=2, max_size=5))
def test_endless_previews_share_their_half_to_a_second(slices: list[float]) -> None:
    """What has begun goes first, but by no more than its head start: no preview keeps another out for long."""
    previews = [Load(f"p{i}", ENDLESS_S, slice_s, priority=INTERACTIVE) for i, slice_s in enumerate(slices)]
    simulation = Simulation(previews).run(60)

    assert max(simulation.service.values()) - min(simulation.service.values()) <= HEAD_START_S + 2 * max(slices)


def test_previews_are_charged() -> None:
    """Who looks at previews all the time has as much less for its finals."""
    preview, final = Load("a", ENDLESS_S, priority=INTERACTIVE), Load("a", ENDLESS_S)
    simulation = Simulation([preview, final, Load("b", ENDLESS_S)]).run(100)

    assert simulation.service["a"] == pytest.approx(50, abs=2)
    assert final.had < 0.05 * preview.had


# memory


@some
@given(st.integers(2, 4), st.integers(2, 9))
def test_nobody_waits_for_a_whole_job_to_end(room: int, clients: int) -> None:
    """More clients with endless jobs than fit into memory take turns in it: all are served, alike in the long run."""
    simulation = Simulation([Load(f"c{i}", ENDLESS_S) for i in range(clients)], budget=room).run(400)

    assert len(simulation.service) == clients
    assert jain(list(simulation.service.values())) >= 0.95
    assert max(simulation.waits.values()) <= (SPILL_AFTER_S + 1) * clients
    assert simulation.spilled * SPILL_S <= 0.15 * 400  # and most of the time is work


def test_a_large_job_is_not_starved_by_small_ones() -> None:
    """Though there is always room for another small one, it comes in, and has its share."""
    small = [Load(f"s{i % 3}", 3.0, arrives=i * 0.7) for i in range(400)]
    large = Load("large", ENDLESS_S, bytes=10, arrives=5.0)
    simulation = Simulation([*small, large], budget=10).run(200)

    assert large.began is not None
    assert large.began <= 5.0 + 2 * SPILL_AFTER_S + 2
    assert simulation.service["large"] >= 200 / 4 * 0.7


# the ledger


def test_a_client_counts_as_its_name_or_its_kind_does() -> None:
    """A weight of the full name goes before one of what stands before the first dash."""
    ledger = Ledger({"render": 0.5, "render-7": 3.0})

    assert [ledger.weight(name) for name in ("render-7", "render-8", "render", "krita-1")] == [3.0, 0.5, 0.5, 1.0]


def test_the_ledger_does_not_grow_without_end() -> None:
    """Clients that went are forgotten, those at work never."""
    ledger = Ledger()
    ledger.charge("old", 1.0, 0.0)
    for i in range(3 * MAX_ACCOUNTS):
        ledger.lift(f"c{i}", {"old"})

    assert ledger.account("old").counter == 1.0
    assert repr(ledger) == f"<Ledger [{MAX_ACCOUNTS} clients]>"
