"""Who wants a job: from the moment it is made, not only from the first event on."""

import asyncio
from pathlib import Path

import pytest

from impasto.rpc import watching
from impasto.rpc.watching import about_to_watch
from impasto.store import Record
from test_scheduler import Bench


async def gone_early(bench: Bench, record: Record) -> None:
    """A call that is cancelled while its job is being written down."""

    async def call() -> None:
        with about_to_watch(record, bench.scheduler):
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_goes_before_the_first_event_takes_the_job_along(tmp_path: Path) -> None:
    """A client killed while its job is written down leaves none behind that nobody would end."""
    bench = Bench(tmp_path)
    record = await bench.submit()

    await gone_early(bench, record)

    assert record.watchers == 0
    assert bench.verbs("jobs/1")[-1] == "cancel"


async def test_who_comes_again_meanwhile_keeps_the_job(tmp_path: Path) -> None:
    """A retry under the same request_id that waits for the same job still wants it."""
    bench = Bench(tmp_path)
    record = await bench.submit()

    with about_to_watch(record, bench.scheduler):
        await gone_early(bench, record)

        assert "cancel" not in bench.verbs("jobs/1")

    assert "cancel" not in bench.verbs("jobs/1")  # it has gone on to watch


class Clock:
    """The running loop's own, which a test moves on: nothing here waits, and no busy machine makes a grace shorter."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self._ahead_s = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self._ahead_s)

    async def on(self, seconds: float) -> None:
        """So much later; whatever was due by then has been done."""
        self._ahead_s += seconds
        for _ in range(3):  # what is due is found in one turn of the loop and done in that or the next
            await asyncio.sleep(0)


async def test_a_job_of_a_token_waits_for_whoever_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a network a watcher that went may come back: within the grace nothing happens, after it the job ends."""
    monkeypatch.setattr(watching, "GRACE_S", 10_000.0)
    bench, clock = Bench(tmp_path), Clock(monkeypatch)
    record = await bench.submit(owner="ann")

    await gone_early(bench, record)
    await clock.on(6000)
    assert "cancel" not in bench.verbs("jobs/1")
    await gone_early(bench, record)  # it came back and went again, so the grace begins anew
    await clock.on(6000)
    assert "cancel" not in bench.verbs("jobs/1")
    await clock.on(6000)

    assert bench.verbs("jobs/1")[-1] == "cancel"
    assert bench.pool.table["w0"].told[-1]["keep"] is True


async def test_who_comes_back_within_the_grace_keeps_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the line is cut."""
    monkeypatch.setattr(watching, "GRACE_S", 10_000.0)
    bench, clock = Bench(tmp_path), Clock(monkeypatch)
    record = await bench.submit(owner="ann")
    for _ in range(3):
        await gone_early(bench, record)
        with about_to_watch(record, bench.scheduler):
            await clock.on(30_000)

            assert "cancel" not in bench.verbs("jobs/1")
