"""The living side of scheduling, with workers that say what we want."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import FakePool
from impasto.config import Limits
from impasto.draining import release_or_cancel
from impasto.errors import Busy, CannotServe
from impasto.image import ImageHeader
from impasto.job import MAX_ATTEMPTS, Failure, Job, Outlook, Priority, State
from impasto.method.choices import settings_from_json
from impasto.method.defaults import defaults
from impasto.scheduling import demand, forecast, orders
from impasto.scheduling.admission import footprint
from impasto.scheduling.decision import QUANTUM_S
from impasto.scheduling.scheduler import Scheduler
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import Record, Store

HEADER = ImageHeader(4, 2)
OWNER = "uid:1"
SAMPLES = bytes(24)
ROOM = 1 << 40
ROOMY = Limits()


class Bench:
    """A scheduler with a real store and workers that a test speaks for."""

    def __init__(self, folder: Path, *workers: str, limits: Limits = ROOMY) -> None:
        self.pool = FakePool(*(workers or ("w0",)))
        self.store = Store(folder)
        self.scheduler = Scheduler(self.store, self.pool, limits)
        self._count = 0

    async def picture(self, value: int = 0, owner: str = OWNER) -> str:
        """A small picture at rest."""
        part = self.store.new_part()
        part.write_bytes(bytes([value]) * HEADER.size_bytes)
        return (await self.store.keep(part, HEADER, owner)).name

    async def submit(
        self,
        client: str = "krita",
        priority: Priority = Priority.NORMAL,
        content: str = "",
        labels: dict[str, str] | None = None,
        size: int | None = None,
        owner: str = OWNER,
    ) -> Record:
        """A new job, whose name counts up; one that waits for its turn if the workers are at work."""
        self._count += 1
        styles = (StyleUse(await self.picture(2, owner)),)
        spec = StylizeSpec(content or await self.picture(1, owner), styles, encoder="vgg19-slim", size=size)
        job = Job(f"jobs/{self._count}", client, spec, self.store.next_arrival(), 1.0, owner, priority=priority)
        job = replace(job, labels=labels or {})
        record = Record(job, "digest", keep_running=False)
        self.scheduler.submit(record)
        return record

    def verbs(self, job: str = "", worker: str = "w0") -> list[str]:
        """What a worker was told, all in all or with one job."""
        return self.pool.table[worker].verbs(job)

    def result(self, job: str, worker: str = "w0") -> Path:
        """Where a worker was told to write a job's result."""
        told = self.pool.table[worker].told
        return Path(
            next(header["result"] for header in reversed(told) if header["verb"] == "start" and header["job"] == job)
        )

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
    assert a_slice == orders.turn("jobs/1", QUANTUM_S, bench.store.disk.left_bytes())
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
    assert bench.store.blob(job.result.blob, OWNER).path.read_bytes() == SAMPLES
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
    bench.scheduler.submit(Record(Job("jobs/m", "krita", spec, 1, 1.0, OWNER), "digest", keep_running=False))

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


# room in a worker's memory


def room_for(jobs: int) -> int:
    """A budget in which so many of these small jobs can be held at once."""
    need = footprint(StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim"), HEADER, [HEADER])
    return need.peak + (jobs - 1) * need.held


async def test_who_does_not_fit_beside_the_others_waits(bench: Bench) -> None:
    """A worker holds as many jobs as its memory; the next begins when one has left."""
    bench.pool.table["w0"].budget_bytes = room_for(3)
    for i in range(4):
        await bench.submit(f"c{i}")
    for i in range(3):
        bench.sliced(f"jobs/{i + 1}")
    assert bench.verbs().count("start") == 3
    assert bench.verbs("jobs/4") == []

    await bench.done("jobs/1")

    assert bench.verbs("jobs/4") == ["start", "slice"]


async def full(bench: Bench) -> tuple[Record, Record]:
    """Two jobs fill the worker, and a preview has come that wants room: the second job, which had more, must leave."""
    bench.pool.table["w0"].budget_bytes = room_for(2)
    first, second = await bench.submit("a"), await bench.submit("b")
    bench.sliced("jobs/1", 0.1)
    preview = await bench.submit("c", Priority.INTERACTIVE)
    bench.sliced("jobs/2", 0.3)
    assert (first.job.state, second.job.state, preview.job.state) == (State.RUNNING, State.RUNNING, State.QUEUED)
    return second, preview


async def test_a_preview_makes_room_and_what_left_goes_on_later(bench: Bench) -> None:
    """The worker is told to let one go and nothing else; then the preview has its turn, and the other comes back."""
    spilled, preview = await full(bench)
    assert bench.pool.table["w0"].told[-1] == orders.spill("jobs/2", bench.store.disk.left_bytes())

    bench.pool.say("w0", "spilled", job="jobs/2", step=3, seconds=0.05)

    assert spilled.job.state is State.QUEUED
    assert spilled.job.device_s == pytest.approx(0.35)
    assert bench.verbs("jobs/3") == ["start", "slice"]
    await bench.done("jobs/3")
    bench.sliced("jobs/1", 9.0)
    assert preview.job.state is State.SUCCEEDED
    assert bench.verbs("jobs/2")[-2:] == ["start", "slice"]
    assert spilled.job.attempt == 1


async def test_a_job_that_cannot_be_written_down_stays(bench: Bench) -> None:
    """The disk is full: the worker keeps it, and goes on with what it has."""
    kept, preview = await full(bench)

    bench.pool.say("w0", "kept", job="jobs/2", seconds=0.0)

    assert (kept.job.state, preview.job.state) == (State.RUNNING, State.QUEUED)
    assert bench.pool.table["w0"].told[-1]["verb"] in ("slice", "spill")


async def test_a_job_cancelled_while_it_leaves_is_cancelled(bench: Bench) -> None:
    """The worker knows it no more and would never answer: its leaving is the answer."""
    leaving, _ = await full(bench)
    bench.scheduler.cancel(leaving, "no longer wanted")

    bench.pool.say("w0", "spilled", job="jobs/2", step=3, seconds=0.0)

    assert (leaving.job.state, leaving.job.failure) == (State.CANCELLED, Failure("CANCELLED", "no longer wanted"))
    assert bench.verbs("jobs/3") == ["start", "slice"]


async def test_a_worker_that_dies_while_a_job_leaves_loses_nothing(bench: Bench) -> None:
    """All that it held waits for the next one."""
    await full(bench)

    bench.pool.lose("w0")
    bench.pool.restart("w0")

    assert [record.job.state for record in bench.store.records.values()].count(State.QUEUED) == 2
    assert bench.verbs("jobs/3") == ["start", "slice"]


async def test_what_can_never_fit_is_refused_or_fails_when_that_is_known(bench: Bench) -> None:
    """Before a worker has told what there is it waits, and fails when one has; after that it is refused."""
    bench.pool.table["w0"].ready = False
    early = await bench.submit()
    bench.pool.table["w0"].ready, bench.pool.table["w0"].budget_bytes = True, room_for(1) - 1
    bench.pool.say("w0", "ready")

    assert early.job.failure is not None
    assert (early.job.state, early.job.failure.reason) == (State.FAILED, "DOES_NOT_FIT")
    with pytest.raises(CannotServe, match="need about 266 MiB"):
        await bench.submit()
    assert set(bench.store.records) == {"jobs/1"}


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
    bench.scheduler.cancel(bench.store.record("jobs/2", OWNER), "the test is over")
    bench.pool.say("w0", "cancelled", job="jobs/2", reason="CANCELLED", why="over", header=None, seconds=0.0)
    await bench.scheduler.settle()


async def test_a_final_job_is_not_cancelled(bench: Bench) -> None:
    """Cancelling after the end changes nothing and tells nobody."""
    record = await bench.submit()
    await bench.done("jobs/1")
    before, told = list(record.events), list(bench.pool.table["w0"].told)

    bench.scheduler.cancel(record, "too late")

    assert (list(record.events), bench.pool.table["w0"].told) == (before, told)


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


async def test_jobs_of_a_lost_worker_go_on_from_their_checkpoints(bench: Bench) -> None:
    """What was done since is done again, elsewhere; the one that the worker was at has one attempt less."""
    bench.pool.table["w0"].budget_bytes = ROOM
    for client in ("a", "b"):
        await bench.submit(client)
    bench.pool.say("w0", "begun", job="jobs/1", step=0, settings={"precision": "float32"}, text="")
    bench.pool.say("w0", "step", job="jobs/1", step=1, total_steps=30, losses={}, time_left_s=1.0)
    bench.pool.say("w0", "saved", job="jobs/1", step=1)
    bench.pool.say("w0", "step", job="jobs/1", step=2, total_steps=30, losses={}, time_left_s=1.0)
    bench.sliced("jobs/1")
    bench.result("jobs/1").write_bytes(b"half")

    bench.pool.lose("w0")

    first, second = (bench.store.record(f"jobs/{i}", OWNER) for i in (1, 2))
    assert [(r.job.state, r.job.step, r.job.attempt) for r in (first, second)] == [
        (State.QUEUED, 1, 1),
        (State.QUEUED, 0, 2),
    ]
    assert first.events[-1].notice == "the process that computed this picture died; it goes on from step 1"
    assert bench.parts() == []
    bench.pool.restart("w0")
    bench.sliced("jobs/1" if "jobs/1" in [told["job"] for told in bench.pool.table["w0"].told] else "jobs/2")
    start = next(told for told in bench.pool.table["w0"].told if told["verb"] == "start" and told["job"] == "jobs/1")
    assert start["terms"]["settings"] == first.job.terms.settings
    assert start["terms"]["settings"]["steps"] == defaults("vgg19-slim").steps
    assert start["states"] == str(bench.store.checkpoints.place("jobs/1"))
    await bench.done("jobs/1")
    await bench.done("jobs/2")
    assert [r.job.state for r in (first, second)] == [State.SUCCEEDED] * 2


async def test_a_job_that_kills_its_worker_again_and_again_fails(bench: Bench) -> None:
    """After five deaths it is the job; the next one runs."""
    record = await bench.submit("a")
    await bench.submit("a")
    for _ in range(MAX_ATTEMPTS):
        assert record.job.state is State.RUNNING
        bench.pool.lose("w0")
        bench.pool.restart("w0")

    assert record.job.failure is not None
    assert (record.job.state, record.job.failure.reason) == (State.FAILED, "WORKER_LOST")
    assert "died 5 times" in record.job.failure.message
    assert bench.verbs("jobs/2") == ["start", "slice"]
    await bench.done("jobs/2")


async def test_a_job_that_its_worker_never_had_is_not_to_blame(bench: Bench) -> None:
    """Where a node's workers end one after another, what was given to them and not taken goes round at no cost."""
    record = await bench.submit("a")
    for _ in range(MAX_ATTEMPTS + 1):
        bench.pool.lose("w0", "jobs/1")
        bench.pool.restart("w0")

    assert (record.job.state, record.job.attempt) == (State.RUNNING, 1)
    assert not any("died" in event.notice for event in record.events)
    await bench.done("jobs/1")


async def test_a_job_that_made_room_goes_on_later(bench: Bench) -> None:
    """Spilled: written down and out of memory; it begins again when it is its turn, at no cost."""
    record = await bench.submit("a")
    bench.pool.say("w0", "saved", job="jobs/1", step=7)
    bench.pool.say("w0", "spilled", job="jobs/1", step=7, seconds=0.25)

    assert (record.job.state, record.job.step, record.job.attempt) == (State.RUNNING, 7, 1)
    assert bench.verbs() == ["start", "slice", "start", "slice"]
    await bench.done("jobs/1")


async def test_a_picture_is_kept_of_a_job_without_a_worker(bench: Bench) -> None:
    """Its checkpoint becomes a picture on the next worker: it begins, does no slice, and is asked to stop."""
    record = await bench.submit("a")
    bench.pool.say("w0", "saved", job="jobs/1", step=7)
    bench.pool.lose("w0")
    bench.scheduler.cancel(record, "its client has gone", keep=True)
    assert not record.job.state.final

    bench.pool.restart("w0")
    assert bench.verbs() == ["start"]
    bench.pool.say("w0", "begun", job="jobs/1", step=7, settings={}, text="it goes on from step 7")
    assert bench.verbs() == ["start", "cancel"]
    bench.result("jobs/1").write_bytes(SAMPLES)
    bench.pool.say(
        "w0", "cancelled", job="jobs/1", reason="CANCELLED", why="gone", header=HEADER.to_json(), seconds=0.0
    )
    await bench.scheduler.settle()

    ended = record.job
    assert ended.state is State.CANCELLED
    assert ended.result is not None


async def test_a_held_job_waits_for_its_watcher(bench: Bench) -> None:
    """After a daemon's death a watched job is given to no worker; it runs when its watcher is back, or is cancelled."""
    records = [await bench.submit(client) for client in ("first", "back", "gone")]
    for record in records[1:]:
        record.held = True
    await bench.done("jobs/1")
    assert [bench.verbs(f"jobs/{i}") for i in (2, 3)] == [[], []]
    assert bench.scheduler.outlook(records[1].job).place == 0

    waiting = asyncio.create_task(release_or_cancel(bench.scheduler, bench.store, 0.01))
    await asyncio.sleep(0)
    bench.scheduler.release(records[1])
    await waiting

    assert bench.verbs("jobs/2") == ["start", "slice"]
    assert records[2].job.state is State.CANCELLED
    await bench.done("jobs/2")


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
    bench.store.blob(gone, OWNER).path.unlink()

    await bench.done("jobs/1")
    await bench.done("jobs/3")

    assert [first.job.state, last.job.state] == [State.SUCCEEDED] * 2
    assert expired.job.failure is not None
    assert (expired.job.state, expired.job.failure.reason) == (State.FAILED, "BLOB_EXPIRED")
    assert bench.verbs("jobs/2") == []


async def test_a_full_queue_is_busy(tmp_path: Path) -> None:
    """One job more than may be unfinished is refused with the numbers, and leaves nothing."""
    bench = Bench(tmp_path, limits=Limits(max_jobs=3))
    for _ in range(3):
        await bench.submit("a")

    with pytest.raises(Busy, match="3 jobs are under way; at most 3 are allowed") as caught:
        await bench.submit("b")

    assert (caught.value.reason, caught.value.retry_s) == ("QUEUE_FULL", 5.0)
    assert set(bench.store.records) == {"jobs/1", "jobs/2", "jobs/3"}


async def test_a_refused_caller_is_told_when_there_will_be_room(tmp_path: Path) -> None:
    """Once it is known how long jobs take: when its own next one will have ended."""
    bench = Bench(tmp_path, limits=Limits(max_jobs_per_client=1))
    await bench.submit("a")
    bench.pool.say("w0", "step", job="jobs/1", step=1, total_steps=3, losses={}, time_left_s=17.0)

    with pytest.raises(Busy) as caught:
        await bench.submit("a")

    assert (caught.value.reason, caught.value.retry_s) == ("CLIENT_QUEUE_FULL", 17.0)


async def test_a_newer_preview_supersedes_even_where_the_quota_is_used_up(tmp_path: Path) -> None:
    """What it makes needless counts no more."""
    bench = Bench(tmp_path, limits=Limits(max_jobs_per_client=2))
    await bench.submit("a")
    old = await bench.submit("a", Priority.INTERACTIVE, labels={"document": "x"})
    await bench.submit("a", Priority.INTERACTIVE, labels={"document": "x"})

    assert old.job.failure is not None
    assert (old.job.state, old.job.failure.reason) == (State.CANCELLED, "SUPERSEDED")


async def test_places_and_times_are_told(bench: Bench) -> None:
    """1 is next; who runs has none, who has ended neither; the time of who runs is as it was at its last step."""
    await bench.submit("a")
    bench.pool.say("w0", "step", job="jobs/1", step=1, total_steps=3, losses={}, time_left_s=4.0)
    assert bench.scheduler.outlook(bench.store.records["jobs/1"].job) == Outlook(0, 4.0)
    await bench.submit("a")
    await bench.submit("a", Priority.INTERACTIVE)
    await bench.submit("b")
    bench.pool.say("w0", "step", job="jobs/1", step=2, total_steps=3, losses={}, time_left_s=4.0)
    told = {name: bench.scheduler.outlook(record.job) for name, record in bench.store.records.items()}

    assert {name: outlook.place for name, outlook in told.items()} == {
        "jobs/1": 0,
        "jobs/2": 3,
        "jobs/3": 1,
        "jobs/4": 2,
    }
    left = {name: outlook.time_left_s or 0.0 for name, outlook in told.items()}
    assert 0 < left["jobs/3"] < left["jobs/4"] <= left["jobs/1"] < left["jobs/2"]
    bench.scheduler.cancel(bench.store.records["jobs/2"], "enough")
    assert bench.scheduler.outlook(bench.store.records["jobs/2"].job) == Outlook()


async def test_hundreds_of_jobs_are_not_forecast_anew_at_every_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forecast of many costs much: it is told again for a while; the queue's places are as they are, all the same."""
    bench, made = Bench(tmp_path, limits=Limits(max_jobs=100, max_jobs_per_client=100)), list[int]()
    monkeypatch.setattr(demand, "FRESH_S", 1000.0)

    def counted(loads: list[forecast.Load], *rest: Any) -> dict[str, float]:
        made.append(len(loads))
        return forecast.ends(loads, *rest)

    monkeypatch.setattr(demand, "ends", counted)
    for number in range(2 * demand.FEW):
        await bench.submit(f"client-{number}")
    bench.pool.say("w0", "step", job="jobs/1", step=1, total_steps=3, losses={}, time_left_s=4.0)
    forecasts = len(made)
    told = await bench.submit("late")
    for step in (2, 3):
        bench.pool.say("w0", "step", job="jobs/1", step=step, total_steps=3, losses={}, time_left_s=4.0)

    assert len(made) == forecasts >= 1
    assert bench.scheduler.outlook(told.job).place == 2 * demand.FEW
    monkeypatch.setattr(demand, "FRESH_S", 0.0)
    assert bench.scheduler.outlook(told.job).time_left_s is not None
    assert len(made) == forecasts + 1


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

    assert (list(record.events), bench.pool.table["w0"].told) == before


@pytest.mark.parametrize("event", ["step", "preview", "notice", "sliced", "done", "cancelled", "failed"])
async def test_a_final_job_hears_nothing_more(bench: Bench, event: str) -> None:
    """Whatever comes late about it, it stays as it ended."""
    record = await bench.submit()
    await bench.done("jobs/1")
    before = (replace(record.job), list(record.events), record.preview)
    words = {"step": 1, "total_steps": 1, "losses": {}, "time_left_s": 0.0, "text": "", "seconds": 0.25, "why": ""}

    bench.pool.say("w0", event, b"", job="jobs/1", reason="", message="", header=HEADER.to_json(), **words)
    await bench.scheduler.settle()

    assert (record.job, list(record.events), record.preview) == before


async def test_a_preview_is_asked_of_the_worker_that_has_the_job(bench: Bench) -> None:
    """While it waits there is nobody to ask; then its worker is, with the size wanted."""
    await bench.submit("a")
    waiting = await bench.submit("a")
    bench.scheduler.want_preview(waiting, 256)
    bench.scheduler.want_preview(bench.store.record("jobs/1", OWNER), 256)

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


# what decides the pixels


async def test_all_that_decides_the_pixels_is_fixed_as_a_job_comes_in(bench: Bench) -> None:
    """The defaults of today, what pays on the device, and the whole, as it fits; before any worker hears of the job."""
    worker = bench.pool.table["w0"]
    worker.budget_bytes, worker.precision, worker.ready = ROOM, "mixed", False

    job = (await bench.submit()).job

    assert worker.told == []
    assert settings_from_json(job.terms.settings) == replace(defaults("vgg19-slim"), precision="mixed", tile=0)


async def test_what_fits_only_in_tiles_is_cut_as_it_comes_in(bench: Bench) -> None:
    """The largest device says how."""
    need = footprint(StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", size=2000), HEADER, [HEADER])
    bench.pool.table["w0"].budget_bytes = need.peak - (1 << 20)

    record = await bench.submit(size=2000)

    assert record.job.terms.settings["tile"] == need.tile(need.peak - (1 << 20)) > 0


async def test_before_a_device_is_known_its_share_is_left_open_until_one_is(bench: Bench) -> None:
    """The first worker that is ready settles it, for good: a larger one that comes later changes nothing."""
    worker = bench.pool.table["w0"]
    worker.ready = False
    record = await bench.submit()
    assert "tile" not in record.job.terms.settings

    worker.budget_bytes, worker.precision = ROOM, "mixed"
    bench.pool.say("w0", "ready")
    settled = record.job.terms.settings
    worker.precision = "float32"
    bench.pool.say("w0", "ready")

    assert settled["precision"] == "mixed"
    assert record.job.terms.settings is settled


async def test_the_precision_that_the_weights_allow_is_kept_with_the_job(bench: Bench) -> None:
    """A card allows TF32, an encoder does not: what a worker found goes with the job to the next."""
    worker = bench.pool.table["w0"]
    worker.budget_bytes, worker.precision = ROOM, "tf32"
    record = await bench.submit()
    before = record.job.terms.settings
    assert worker.told[0]["terms"]["settings"]["precision"] == "tf32"

    bench.pool.say("w0", "begun", job="jobs/1", step=0, settings={**before, "precision": "float32"}, text="")
    bench.pool.lose("w0", "jobs/1")
    bench.pool.restart("w0")

    assert record.job.terms.settings == {**before, "precision": "float32"}
    assert bench.pool.table["w0"].told[0]["terms"]["settings"] == record.job.terms.settings
    assert record.job.attempt == 1


async def test_smaller_tiles_for_want_of_memory_are_kept_with_the_job(bench: Bench) -> None:
    """A second attempt is another: it says so, and its state goes on in those tiles elsewhere."""
    bench.pool.table["w0"].budget_bytes = ROOM
    record = await bench.submit()
    smaller = {**record.job.terms.settings, "tile": 256}

    bench.pool.say("w0", "begun", job="jobs/1", step=0, settings=smaller, text="memory ran out", again=True)

    assert (record.job.attempt, record.job.terms.settings["tile"]) == (2, 256)
    assert record.events[-1].notice == "memory ran out"
