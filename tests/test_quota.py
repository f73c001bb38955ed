"""The room on the disk: results and states count, what is refused says how much of what there is, nothing is left."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from PIL import Image

from harness import Daemon, Home, encoded, inline, long_request, request
from impasto.errors import Busy
from impasto.store import Store
from impasto.v1 import stylize_pb2
from test_daemon import RUNNING, Stub, created, job
from test_scheduler import HEADER, Bench

Start = Callable[..., Daemon]
# The least that may be configured, of smaller megabytes: a daemon that may keep 2**20 bytes.
NARROW = "import sys, impasto.server; impasto.server.MIB = 2**14; sys.argv[1:] = ['serve']; "
NARROW += "from impasto.cli import main; main()"


def narrow_daemon(make: Start) -> Daemon:
    """A daemon that may keep one megabyte."""
    home = Home(IMPASTO_DISK_QUOTA_MB="64", IMPASTO_NICE="0")
    return make(home, [sys.executable, "-P", "-c", NARROW])


@pytest.fixture(scope="module")
def narrow() -> Iterator[Daemon]:
    """One for several tests."""
    daemon = narrow_daemon(Daemon)
    yield daemon
    assert daemon.end() == 0
    daemon.home.remove()


def refusal(daemon: Daemon, message: stylize_pb2.StylizeRequest) -> tuple[str, str, str]:
    """Code, reason and message of what is not taken in; no job and no picture is left of it."""
    with daemon.channel() as channel:
        stub, before = Stub(channel), daemon.home.blobs()
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.Stylize(message, timeout=60))
        assert not stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs
    assert daemon.home.blobs() == before
    reasons = []
    for detail in rpc_status.from_call(caught.value).details:
        told = error_details_pb2.ErrorInfo()
        reasons += [told.reason] if detail.Unpack(told) else []
    return caught.value.code().name, reasons[0], str(caught.value.details())


@pytest.mark.parametrize("validate_only", [True, False])
def test_a_result_that_would_not_fit_is_refused_before_work(narrow: Daemon, *, validate_only: bool) -> None:
    """With the numbers and what to do; asked before, the answer is the same; a smaller one is taken."""
    message = request(validate_only=validate_only)
    message.spec.size = 700
    code, reason, told = refusal(narrow, message)
    before = narrow.home.blobs()
    with narrow.channel() as channel:
        assert list(Stub(channel).Stylize(request(validate_only=True), timeout=60)) == []
    assert narrow.home.blobs() == before

    assert (code, reason) == ("RESOURCE_EXHAUSTED", "DISK_QUOTA")
    assert told.startswith("1.1 MiB more would be ")
    assert "1.0 MiB are allowed (disk_quota_mb)" in told
    assert told.endswith("wait for jobs to end, or `impasto forget`")


def test_a_small_file_of_many_samples_counts_as_these(narrow: Daemon) -> None:
    """What decoding makes of it is what lies on the disk."""
    message = request()
    message.spec.content.CopyFrom(inline(Image.new("RGB", (1000, 1000), (200, 100, 50))))
    assert len(encoded(Image.new("RGB", (1000, 1000), (200, 100, 50)))) < 10_000

    code, reason, _ = refusal(narrow, message)

    assert (code, reason) == ("RESOURCE_EXHAUSTED", "DISK_QUOTA")


def test_states_that_do_not_fit_are_not_written_and_the_work_goes_on(start: Start) -> None:
    """That is told once; there is no file beyond the quota."""
    daemon = narrow_daemon(start)
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        for response in stub.WatchJob(stylize_pb2.WatchJobRequest(name=name), timeout=240):
            if "no checkpoint" in response.event.notice:
                break
        notice, step = response.event.notice, job(stub, name).step
        for response in stub.WatchJob(stylize_pb2.WatchJobRequest(name=name), timeout=240):
            if response.event.job.step > step + 3:
                break
        later = job(stub, name)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
    data = daemon.home.config.data_dir
    at_rest = sum(path.stat().st_size for part in ("blobs", "checkpoints") for path in (data / part).rglob("*.*"))

    assert notice == "no checkpoint could be written (the daemon's disk quota is used up); the work goes on"
    assert later.state == RUNNING
    assert at_rest < 2**20


async def test_results_of_jobs_under_way_have_their_room(bench: Bench) -> None:
    """A second job is refused where the first one's result will lie, and not any more when that has ended."""
    first = await bench.submit("a")
    store = bench.store
    store.disk.most_bytes = room(store) + HEADER.size_bytes + 10

    with pytest.raises(Busy, match="results of jobs under way will have 24 bytes") as caught:
        await bench.submit("b")
    assert caught.value.reason == "DISK_QUOTA"
    assert set(store.records) == {"jobs/1"}
    bench.scheduler.cancel(first, "enough")
    bench.pool.say("w0", "cancelled", job="jobs/1", seconds=0.0, why="enough", reason="CANCELLED", header=None)
    await first.ended()
    await bench.submit("b")

    assert set(store.records) == {"jobs/1", "jobs/3"}


async def test_an_inherited_job_has_its_room_too(bench: Bench) -> None:
    """The next daemon knows what was promised."""
    await bench.submit()
    await bench.store.written()
    after = Store(bench.store.folder)
    before = after.disk.left_bytes()
    after.discard(after.records["jobs/1"])

    assert after.disk.left_bytes() - before == HEADER.size_bytes


def room(store: Store) -> int:
    """Bytes of all that lies there."""
    return sum(path.stat().st_size for path in store.blobs.iterdir())


@pytest.fixture
def bench(tmp_path: Any) -> Bench:
    """A scheduler whose workers a test speaks for."""
    return Bench(tmp_path)
