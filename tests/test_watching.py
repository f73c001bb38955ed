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


async def test_a_job_of_a_token_waits_for_whoever_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a network a watcher that went may come back: within the grace nothing happens, after it the job ends."""
    monkeypatch.setattr(watching, "GRACE_S", 0.3)
    bench = Bench(tmp_path)
    record = await bench.submit(owner="ann")

    await gone_early(bench, record)
    assert "cancel" not in bench.verbs("jobs/1")
    await asyncio.sleep(0.1)
    await gone_early(bench, record)  # it came back and went again, so the grace begins anew
    await asyncio.sleep(0.22)
    assert "cancel" not in bench.verbs("jobs/1")
    while "cancel" not in bench.verbs("jobs/1"):  # noqa: ASYNC110  # bounded by the test's own time-out
        await asyncio.sleep(0.01)

    assert bench.pool.table["w0"].told[-1]["keep"] is True


async def test_who_comes_back_within_the_grace_keeps_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the line is cut."""
    monkeypatch.setattr(watching, "GRACE_S", 0.05)
    bench = Bench(tmp_path)
    record = await bench.submit(owner="ann")
    await gone_early(bench, record)
    with about_to_watch(record, bench.scheduler):
        await asyncio.sleep(0.15)

    assert "cancel" not in bench.verbs("jobs/1")
