"""Who goes next: the pure decision on a fake clock, and the living side with workers that say what we want."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakePool
from impasto.errors import Busy
from impasto.image import ImageHeader
from impasto.job import Failure, Job, Priority, State
from impasto.scheduler import MAX_ADMITTED, SLICE_S, Runnable, Scheduler, Slot, decide
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import Record, Store

# the decision


def test_the_least_served_client_goes_first() -> None:
    """Neither arrival nor priority of another client's job weighs against device time had."""
    jobs = [Runnable("early", "a", 1, 1), Runnable("late", "b", 3, 2)]

    assert decide(jobs, [Slot("w", 0)], {"a": 0.5, "b": 0.25}) == {"w": "late"}
    assert decide(jobs, [Slot("w", 0)], {"a": 0.5}) == {"w": "late"}


def test_inside_a_client_the_more_urgent_and_then_the_older_goes_first() -> None:
    """INTERACTIVE before NORMAL before BATCH, then in the order they came."""
    jobs = [Runnable("batch", "a", 3, 1), Runnable("second", "a", 2, 3), Runnable("first", "a", 2, 2)]

    assert decide(jobs, [Slot("w", 0)], {}) == {"w": "first"}
    assert decide([*jobs, Runnable("preview", "a", 1, 4)], [Slot("w", 0)], {}) == {"w": "preview"}


def test_a_begun_job_runs_where_its_state_is() -> None:
    """No other worker takes it, though it be idle."""
    jobs = [Runnable("begun", "a", 2, 1, "w1")]

    assert decide(jobs, [Slot("w0", 0)], {}) == {}
    assert decide(jobs, [Slot("w0", 0), Slot("w1", 1)], {}) == {"w1": "begun"}


def test_one_job_of_a_client_is_in_a_workers_memory() -> None:
    """A client's next job begins when its last has left the worker; another worker may begin it now."""
    jobs = [Runnable("begun", "a", 2, 1, "w0"), Runnable("next", "a", 1, 2)]

    assert decide(jobs, [Slot("w0", 1)], {}) == {"w0": "begun"}
    assert decide(jobs, [Slot("w0", 1), Slot("w1", 0)], {}) == {"w0": "begun", "w1": "next"}


def test_a_full_worker_begins_nothing_new() -> None:
    """Who has no room goes on with what it has, though a client that has had less waits."""
    begun, waiting = Runnable("begun", "a", 2, 1, "w"), Runnable("new", "b", 2, 2)

    assert decide([begun, waiting], [Slot("w", MAX_ADMITTED)], {"a": 9.0}) == {"w": "begun"}
    assert decide([begun, waiting], [Slot("w", MAX_ADMITTED - 1)], {"a": 9.0}) == {"w": "new"}
    assert decide([waiting], [Slot("w", MAX_ADMITTED)], {}) == {}


CLIENTS = st.sampled_from("abcd")
WORKERS = ("w0", "w1", "w2")


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Runnable], list[Slot], dict[str, float]]:
    """Anything that a scheduler may have to decide."""
    homes = st.sampled_from(["", "", *WORKERS])
    parts = draw(st.lists(st.tuples(CLIENTS, st.integers(1, 3), homes), max_size=12))
    jobs = [Runnable(f"j{i}", client, priority, i, home) for i, (client, priority, home) in enumerate(parts)]
    idle = [Slot(name, draw(st.integers(0, MAX_ADMITTED))) for name in draw(st.sets(st.sampled_from(WORKERS)))]
    return jobs, idle, draw(st.dictionaries(CLIENTS, st.floats(0, 9)))


@given(situations())
def test_a_decision_is_always_possible_to_carry_out(
    situation: tuple[list[Runnable], list[Slot], dict[str, float]],
) -> None:
    """Each job goes to one worker, to its own if it has begun, to one with room if not."""
    jobs, idle, service = situation
    by_name = {job.name: job for job in jobs}

    verdict = decide(jobs, idle, service)

    slots = {slot.name: slot for slot in idle}
    assert len(set(verdict.values())) == len(verdict)
    for worker, name in verdict.items():
        assert by_name[name].worker in ("", worker)
        assert by_name[name].worker == worker or slots[worker].admitted < MAX_ADMITTED


@given(situations())
def test_no_worker_is_idle_while_there_is_something_for_it(
    situation: tuple[list[Runnable], list[Slot], dict[str, float]],
) -> None:
    """Work conservation: what a worker that got nothing could run, runs elsewhere or would be its client's second."""
    jobs, idle, service = situation

    verdict = decide(jobs, idle, service)

    for slot in (slot for slot in idle if slot.name not in verdict):
        left = [job for job in jobs if job.name not in verdict.values()]
        here = {job.client for job in jobs if job.worker == slot.name}
        assert not [job for job in left if job.worker == slot.name]
        assert slot.admitted == MAX_ADMITTED or not [j for j in left if not j.worker and j.client not in here]


@given(situations(), st.randoms())
def test_the_order_in_which_jobs_are_listed_does_not_count(
    situation: tuple[list[Runnable], list[Slot], dict[str, float]], chance: random.Random
) -> None:
    """A decision depends on what jobs are, not on where they stand in a table."""
    jobs, idle, service = situation
    shuffled = chance.sample(jobs, len(jobs))

    assert decide(shuffled, idle, service) == decide(jobs, idle, service)


# fairness, on a fake clock


@dataclass
class Load:
    """A job in a simulation: how much device time it needs in all, and in each slice."""

    client: str
    seconds: float
    slice_s: float = SLICE_S
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
    service: dict[str, float] = field(default_factory=dict)
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
        return {worker: int(name) for worker, name in decide(jobs, idle, self.service).items()}

    def _idle_although(self, here: set[int], busy: dict[str, int]) -> bool:
        """Whether a worker waits while a job could run that has not begun and whose client has none there."""
        unbegun = [i for i in here if not self.loads[i].worker]
        idle = [f"w{n}" for n in range(self.workers) if f"w{n}" not in busy]
        clients = {name: {self.loads[i].client for i in here if self.loads[i].worker == name} for name in idle}
        return any(self.loads[i].client not in clients[name] for i in unbegun for name in idle)

    def _lift(self, client: str, here: set[int]) -> None:
        active = {self.loads[i].client for i in here}
        if client not in active:
            least = min((self.service[name] for name in active), default=0.0)
            self.service[client] = max(self.service.get(client, 0.0), least)

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

    assert simulation.service["flood"] == pytest.approx(50, abs=SLICE_S)


def test_a_small_job_passes_a_long_one() -> None:
    """Whoever comes with little work is done soon, whatever else runs."""
    small = Load("visitor", 0.5, arrives=50.1)
    Simulation([Load("painter", 1e9), small]).run(60)

    assert small.ended is not None
    assert small.ended - small.arrives <= 0.5 + 3 * SLICE_S


def test_idling_earns_no_credit() -> None:
    """A client that comes back after an hour shares equally from then on, and takes nothing for the hour."""
    simulation = Simulation([Load("back", 1.0), Load("diligent", 1e9), Load("back", 1e9, arrives=100.0)]).run(200)
    then = next(service for now, service in simulation.history if now >= 100.0)

    gained = [simulation.service[client] - then[client] for client in ("back", "diligent")]

    assert gained[0] == pytest.approx(gained[1], abs=2 * SLICE_S)


def test_coming_back_over_and_over_gains_nothing() -> None:
    """Many small jobs one after another get no more than one long one."""
    visits = [Load("often", 0.25, arrives=i * 0.3) for i in range(400)]
    simulation = Simulation([Load("steady", 1e9), *visits]).run(120)

    assert simulation.service["often"] <= simulation.service["steady"] + 2 * SLICE_S


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


# the living side

HEADER = ImageHeader(4, 2)
SAMPLES = bytes(24)


class Bench:
    """A scheduler with a real store and workers that a test speaks for."""

    def __init__(self, folder: Path, *workers: str, max_jobs: int = 8) -> None:
        self.pool = FakePool(*(workers or ("w0",)))
        self.store = Store(folder)
        self.scheduler = Scheduler(self.store, self.pool, max_jobs)
        self._count = 0

    async def picture(self, value: int = 0) -> str:
        """A small picture at rest."""
        part = self.store.new_part()
        part.write_bytes(bytes([value]) * HEADER.size_bytes)
        return (await self.store.keep(part, HEADER)).name

    async def submit(self, client: str = "krita", priority: Priority = Priority.NORMAL, content: str = "") -> Record:
        """A new job, whose name counts up; one that waits for its turn if the workers are at work."""
        self._count += 1
        spec = StylizeSpec(content or await self.picture(1), (StyleUse(await self.picture(2)),))
        job = Job(f"jobs/{self._count}", client, spec, self.store.next_arrival(), 1.0, priority=priority)
        record = Record(job, "digest", keep_running=False)
        self.scheduler.submit(record)
        return record

    def verbs(self, job: str = "", worker: str = "w0") -> list[str]:
        """What a worker was told, all in all or with one job."""
        return self.pool.table[worker].verbs(job)

    def result(self, job: str, worker: str = "w0") -> Path:
        """Where a worker was told to write a job's result."""
        told = self.pool.table[worker].told
        return Path(next(header["result"] for header in told if header["verb"] == "start" and header["job"] == job))

    def sliced(self, job: str, seconds: float = 0.25, worker: str = "w0") -> None:
        """A worker has done a slice."""
        self.pool.say(worker, "sliced", job=job, seconds=seconds)

    async def done(self, job: str, worker: str = "w0", *, write: bool = True) -> None:
        """A worker has finished a job, and its result is at rest or could not be."""
        if write:
            self.result(job, worker).write_bytes(SAMPLES)
        self.pool.say(worker, "done", job=job, header=HEADER.to_json(), seconds=0.25)
        await self.scheduler.settle()

    def parts(self) -> list[str]:
        """Unfinished files."""
        return [path.name for path in self.store.blobs.glob("*.part")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One worker; and once all jobs are final, no unfinished file is left of them."""
    bench = Bench(tmp_path)
    yield bench
    if all(record.job.state.final for record in bench.store.records.values()):
        assert bench.parts() == []


async def test_a_job_starts_is_sliced_and_ends_with_its_result_at_rest(bench: Bench) -> None:
    """The whole way: start with everything a worker needs, slice after slice, and a blob before anybody hears of it."""
    record = await bench.submit()
    assert bench.verbs() == ["start", "slice"]
    start, a_slice = bench.pool.table["w0"].told
    assert a_slice == {"verb": "slice", "job": "jobs/1", "seconds": SLICE_S}
    assert StylizeSpec.from_json(start["spec"]) == record.job.spec
    assert {role: ImageHeader.from_json(told["header"]) for role, told in start["pictures"].items()} == {
        "content": HEADER,
        "styles[0].image": HEADER,
    }
    assert all(Path(told["path"]).parent == bench.store.blobs for told in start["pictures"].values())

    bench.pool.say("w0", "notice", job="jobs/1", text="weights loaded")
    bench.pool.say("w0", "step", job="jobs/1", step=1, total_steps=3, losses={"total": 2.0}, time_left_s=0.5)
    bench.pool.say("w0", "preview", b"rgb", job="jobs/1", step=1, header=ImageHeader(1, 1).to_json())
    bench.sliced("jobs/1", 0.3)
    assert bench.verbs() == ["start", "slice", "slice"]
    await bench.done("jobs/1")

    job = record.job
    assert (job.state, job.device, job.device_s) == (State.SUCCEEDED, "fake:w0", 0.55)
    assert job.result is not None
    assert bench.store.blob(job.result.blob).path.read_bytes() == SAMPLES
    assert [(event.job.state, event.notice, dict(event.losses)) for event in record.events] == [
        (State.QUEUED, "", {}),
        (State.RUNNING, "", {}),
        (State.RUNNING, "weights loaded", {}),
        (State.RUNNING, "", {"total": 2.0}),
        (State.SUCCEEDED, "", {}),
    ]
    assert record.preview is not None
    assert (record.preview.step, record.preview.samples) == (1, b"rgb")
    assert repr(bench.scheduler) == "<Scheduler [0 at work, 0 admitted]>"


async def test_a_mask_is_sent_along(bench: Bench) -> None:
    """A worker gets every picture that the request names."""
    mask = await bench.picture(3)
    spec = StylizeSpec(await bench.picture(1), (StyleUse(await bench.picture(2)),), mask)
    bench.scheduler.submit(Record(Job("jobs/m", "krita", spec, 1, 1.0), "digest", keep_running=False))

    assert bench.pool.table["w0"].told[0]["pictures"]["mask"]["key"] == mask


async def test_clients_take_turns(bench: Bench) -> None:
    """After each slice the client that has had least goes on; a client's second job waits for its first."""
    for client in ("a", "a", "b"):
        await bench.submit(client)

    bench.sliced("jobs/1", 0.5)
    bench.sliced("jobs/3", 0.3)
    bench.sliced("jobs/3", 0.3)
    await bench.done("jobs/1")

    turns = [told["job"] for told in bench.pool.table["w0"].told if told["verb"] == "slice"]
    assert turns == ["jobs/1", "jobs/3", "jobs/3", "jobs/1", "jobs/3"]
    assert bench.verbs("jobs/2") == []
    bench.sliced("jobs/3", 9.0)
    assert bench.verbs("jobs/2") == ["start", "slice"]


async def test_a_client_that_comes_late_is_level_with_the_others(bench: Bench) -> None:
    """Who was not there while another worked takes turns with it at once, and does not catch up first."""
    await bench.submit("a")
    bench.sliced("jobs/1", 10.0)
    await bench.submit("b")

    bench.sliced("jobs/1", 0.25)
    bench.sliced("jobs/2", 0.5)

    turns = [told["job"] for told in bench.pool.table["w0"].told if told["verb"] == "slice"]
    assert turns == ["jobs/1", "jobs/1", "jobs/2", "jobs/1"]


async def test_no_more_jobs_are_admitted_than_fit(bench: Bench) -> None:
    """A worker holds the state of at most so many jobs; the next begins when one has left."""
    for i in range(MAX_ADMITTED + 1):
        await bench.submit(f"c{i}")
    for i in range(MAX_ADMITTED):
        bench.sliced(f"jobs/{i + 1}")
    late = f"jobs/{MAX_ADMITTED + 1}"
    assert bench.verbs().count("start") == MAX_ADMITTED
    assert bench.verbs(late) == []

    await bench.done("jobs/1")

    assert bench.verbs(late) == ["start", "slice"]


async def test_a_job_waits_until_a_worker_is_ready(bench: Bench) -> None:
    """Jobs queue while weights load, and begin with the worker's first word."""
    bench.pool.table["w0"].ready = False
    record = await bench.submit()
    assert (record.job.state, bench.verbs()) == (State.QUEUED, [])

    bench.pool.table["w0"].ready = True
    bench.pool.say("w0", "ready")

    assert bench.verbs() == ["start", "slice"]


async def test_several_workers_share_one_clients_jobs(tmp_path: Path) -> None:
    """No device waits because a client has a job on another."""
    bench = Bench(tmp_path, "w0", "w1")
    await bench.submit("a")
    await bench.submit("a")
    assert [bench.verbs(worker=name) for name in ("w0", "w1")] == [["start", "slice"]] * 2

    bench.sliced("jobs/2", worker="w1")

    assert bench.verbs("jobs/2", "w1") == ["start", "slice", "slice"]
    assert bench.verbs("jobs/2", "w0") == []


# cancelling, at every point of a job's life


async def test_a_queued_job_is_cancelled_at_once(bench: Bench) -> None:
    """Nobody needs to be asked; its worker never hears of it."""
    await bench.submit("a")
    waiting = await bench.submit("a")

    bench.scheduler.cancel(waiting, "no longer wanted")

    assert (waiting.job.state, waiting.job.failure) == (State.CANCELLED, Failure("CANCELLED", "no longer wanted"))
    await bench.done("jobs/1")
    assert bench.verbs("jobs/2") == []


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("between_slices", [False, True])
async def test_a_begun_job_is_cancelled_by_its_worker(bench: Bench, between_slices: bool, keep: bool) -> None:
    """The worker is asked, gives the job no other slice, and its answer ends it, with the picture so far if kept."""
    record = await bench.submit("a")
    await bench.submit("b")
    if between_slices:
        bench.sliced("jobs/1")
    bench.scheduler.cancel(record, "no longer wanted", keep=keep)
    bench.sliced("jobs/2" if between_slices else "jobs/1")
    assert record.job.state is State.RUNNING
    assert bench.verbs("jobs/1") == ["start", "slice", "cancel"]
    assert [told["keep"] for told in bench.pool.table["w0"].told if told["verb"] == "cancel"] == [keep]

    if keep:
        bench.result("jobs/1").write_bytes(SAMPLES)
    header = HEADER.to_json() if keep else None
    bench.pool.say(
        "w0", "cancelled", job="jobs/1", reason="CANCELLED", why="no longer wanted", header=header, seconds=0.0
    )
    await bench.scheduler.settle()

    assert (record.job.state, record.job.failure) == (State.CANCELLED, Failure("CANCELLED", "no longer wanted"))
    assert (record.job.result is not None) == keep
    assert bench.verbs("jobs/2")[:2] == ["start", "slice"]
    bench.scheduler.cancel(bench.store.record("jobs/2"), "the test is over")
    bench.pool.say("w0", "cancelled", job="jobs/2", reason="CANCELLED", why="over", header=None, seconds=0.0)
    await bench.scheduler.settle()


async def test_a_final_job_is_not_cancelled(bench: Bench) -> None:
    """Cancelling after the end changes nothing and tells nobody."""
    record = await bench.submit()
    await bench.done("jobs/1")
    before, told = list(record.events), list(bench.pool.table["w0"].told)

    bench.scheduler.cancel(record, "too late")

    assert (record.events, bench.pool.table["w0"].told) == (before, told)


async def test_a_job_whose_result_is_being_stored_is_not_cancelled(bench: Bench) -> None:
    """What is computed is computed: it succeeds."""
    record = await bench.submit()
    bench.result("jobs/1").write_bytes(SAMPLES)
    bench.pool.say("w0", "done", job="jobs/1", header=HEADER.to_json(), seconds=0.25)

    bench.scheduler.cancel(record, "too late")
    await bench.scheduler.settle()

    assert record.job.state is State.SUCCEEDED


async def test_a_job_that_ends_while_it_is_asked_to_stop_keeps_its_end(bench: Bench) -> None:
    """A done that crosses the cancel on the pipe counts; cancelling twice is once."""
    record = await bench.submit()
    bench.scheduler.cancel(record, "first")
    bench.scheduler.cancel(record, "second")

    await bench.done("jobs/1")

    assert record.job.state is State.SUCCEEDED
    assert [event.job.state for event in record.events] == [State.QUEUED, State.RUNNING, State.SUCCEEDED]


# what goes wrong


async def test_a_lost_worker_fails_its_jobs_and_the_queue_goes_on(bench: Bench) -> None:
    """What was in its memory is gone, with a reason; what waited runs on its successor."""
    for client in ("a", "b", "a"):
        await bench.submit(client)
    bench.sliced("jobs/1")
    bench.result("jobs/1").write_bytes(b"half")

    bench.pool.lose("w0")

    jobs = [bench.store.record(f"jobs/{i}").job for i in (1, 2, 3)]
    assert [job.state for job in jobs] == [State.FAILED, State.FAILED, State.QUEUED]
    assert {job.failure.reason for job in jobs if job.failure} == {"WORKER_LOST"}
    bench.pool.restart("w0")
    assert bench.verbs() == ["start", "slice"]
    await bench.done("jobs/3")
    assert bench.store.record("jobs/3").job.state is State.SUCCEEDED


async def test_a_job_that_was_asked_to_stop_when_its_worker_died_is_cancelled(bench: Bench) -> None:
    """Who asked for the end got it, if not in the way that was meant."""
    record = await bench.submit()
    bench.scheduler.cancel(record, "no longer wanted")

    bench.pool.lose("w0")

    assert record.job.state is State.CANCELLED


async def test_a_result_survives_the_worker_that_made_it(bench: Bench) -> None:
    """A worker that dies after its last word has done its work."""
    record = await bench.submit()
    bench.result("jobs/1").write_bytes(SAMPLES)
    bench.pool.say("w0", "done", job="jobs/1", header=HEADER.to_json(), seconds=0.25)

    bench.pool.lose("w0")
    await bench.scheduler.settle()

    assert record.job.state is State.SUCCEEDED


async def test_a_job_for_a_worker_that_is_gone_can_be_cancelled(tmp_path: Path) -> None:
    """With no worker at all jobs wait, and can be taken back."""
    bench = Bench(tmp_path)
    bench.pool.lose("w0")
    record = await bench.submit()

    bench.scheduler.want_preview(record, 512)
    bench.scheduler.cancel(record, "enough waited")

    assert record.job.state is State.CANCELLED


async def test_a_failed_job_tells_its_reason_and_leaves_the_worker_free(bench: Bench) -> None:
    """The engine's words reach the job; the next job begins at once."""
    record = await bench.submit("a")
    await bench.submit("a")
    bench.result("jobs/1").write_bytes(b"half")

    bench.pool.say("w0", "failed", job="jobs/1", reason="DIVERGED", message="try fewer steps", seconds=0.0)
    await bench.scheduler.settle()

    assert (record.job.state, record.job.failure) == (State.FAILED, Failure("DIVERGED", "try fewer steps"))
    assert bench.verbs("jobs/2") == ["start", "slice"]
    await bench.done("jobs/2")


@pytest.mark.parametrize("damage", ["nothing written", "too little written"])
async def test_a_result_that_cannot_be_stored_fails_the_job(bench: Bench, damage: str) -> None:
    """A full disk is told, without a path, and neither the job nor the worker hangs."""
    record = await bench.submit("a")
    await bench.submit("a")
    if damage == "too little written":
        bench.result("jobs/1").write_bytes(SAMPLES[:-1])

    await bench.done("jobs/1", write=False)

    assert record.job.state is State.FAILED
    assert record.job.failure is not None
    assert record.job.failure.reason == "DISK"
    assert str(bench.store.folder) not in record.job.failure.message
    await bench.done("jobs/2")


async def test_a_picture_that_expired_fails_the_job_and_not_the_queue(bench: Bench) -> None:
    """A blob that is gone when the job begins is told, and the worker takes the next."""
    first = await bench.submit("a")
    expired = await bench.submit("a", content=(gone := await bench.picture(9)))
    last = await bench.submit("a")
    bench.store.blob(gone).path.unlink()

    await bench.done("jobs/1")
    await bench.done("jobs/3")

    assert [first.job.state, last.job.state] == [State.SUCCEEDED] * 2
    assert expired.job.failure is not None
    assert (expired.job.state, expired.job.failure.reason) == (State.FAILED, "BLOB_EXPIRED")
    assert bench.verbs("jobs/2") == []


async def test_a_full_queue_is_busy(tmp_path: Path) -> None:
    """One job more than may wait is refused with the numbers; what is under way does not count as waiting."""
    bench = Bench(tmp_path, max_jobs=2)
    for _ in range(3):
        await bench.submit("a")

    with pytest.raises(Busy, match="2 jobs wait; at most 2 are allowed") as caught:
        await bench.submit("b")

    assert caught.value.reason == "QUEUE_FULL"
    assert set(bench.store.records) == {"jobs/1", "jobs/2", "jobs/3"}


async def test_places_in_the_queue_are_told(bench: Bench) -> None:
    """1 is next: the least served client's, the more urgent, the older; who runs or has ended has no place."""
    await bench.submit("a")
    bench.sliced("jobs/1", 5.0)
    await bench.submit("a")
    await bench.submit("a", Priority.INTERACTIVE)
    for i in range(MAX_ADMITTED - 1):
        await bench.submit(f"c{i}")
    await bench.submit("b")
    jobs = {name: record.job for name, record in bench.store.records.items()}

    places = {name: bench.scheduler.queue_position(job) for name, job in jobs.items() if job.state is State.QUEUED}

    assert sorted(places.values()) == list(range(1, len(places) + 1))
    assert places["jobs/3"] < places["jobs/2"]
    assert bench.scheduler.queue_position(jobs["jobs/1"]) == 0


# what workers say out of turn


async def test_a_stale_answer_frees_nobody(bench: Bench) -> None:
    """A `sliced` for a job that has left does not give another's worker away a second time."""
    await bench.submit("a")
    await bench.submit("b")
    bench.pool.say("w0", "failed", job="jobs/1", reason="DIVERGED", message="", seconds=0.0)
    assert bench.verbs("jobs/2") == ["start", "slice"]

    bench.sliced("jobs/1", 0.0)
    await bench.scheduler.settle()
    bench.sliced("jobs/1", 0.0)

    assert bench.verbs("jobs/2") == ["start", "slice"]
    await bench.done("jobs/2")


@pytest.mark.parametrize(
    "message",
    [
        {"event": "alive"},
        {"event": "loaded", "encoders": ["vgg19-slim"]},
        {"event": "sliced", "job": "jobs/unknown", "seconds": 1.0},
        {"event": "nonsense", "job": "jobs/1"},
    ],
)
async def test_what_means_nothing_changes_nothing(bench: Bench, message: dict[str, Any]) -> None:
    """Signs of life, jobs that were forgotten and words that nobody knows do no harm."""
    record = await bench.submit()
    before = (list(record.events), list(bench.pool.table["w0"].told))

    bench.pool.say("w0", **message)

    assert (record.events, bench.pool.table["w0"].told) == before


@pytest.mark.parametrize("event", ["step", "preview", "notice", "sliced", "done", "cancelled", "failed"])
async def test_a_final_job_hears_nothing_more(bench: Bench, event: str) -> None:
    """Whatever comes late about it, it stays as it ended."""
    record = await bench.submit()
    await bench.done("jobs/1")
    before = (replace(record.job), list(record.events), record.preview)
    words = {"step": 1, "total_steps": 1, "losses": {}, "time_left_s": 0.0, "text": "", "seconds": 0.25, "why": ""}

    bench.pool.say("w0", event, b"", job="jobs/1", reason="", message="", header=HEADER.to_json(), **words)
    await bench.scheduler.settle()

    assert (record.job, record.events, record.preview) == before


async def test_a_preview_is_asked_of_the_worker_that_has_the_job(bench: Bench) -> None:
    """While it waits there is nobody to ask; then its worker is, with the size wanted."""
    await bench.submit("a")
    waiting = await bench.submit("a")
    bench.scheduler.want_preview(waiting, 256)
    bench.scheduler.want_preview(bench.store.record("jobs/1"), 256)

    assert bench.verbs("jobs/2") == []
    assert bench.pool.table["w0"].told[-1] == {"verb": "preview", "job": "jobs/1", "max_edge": 256}


async def test_device_time_is_charged_to_job_and_client(bench: Bench) -> None:
    """Every second that a worker tells of counts, the last slice's too."""
    a, b = await bench.submit("a"), await bench.submit("b")
    bench.sliced("jobs/1", 0.5)
    bench.sliced("jobs/2", 0.2)
    bench.sliced("jobs/2", 0.2)
    await bench.done("jobs/2")

    assert a.job.device_s == 0.5
    assert b.job.device_s == pytest.approx(0.65)
