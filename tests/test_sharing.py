"""Several clients on one real daemon: pixels, previews, quotas, memory, and what those who wait are told."""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from harness import Daemon, Home, encoded, long_request, picture, request, wait_for
from impasto.client import Progress
from impasto.errors import InvalidRequest, JobCancelled
from impasto.v1 import stylize_pb2
from test_daemon import CANCELLED, RUNNING, SUCCEEDED, Stub, created, job, steps_done, stylized, watched

Start = Callable[..., Daemon]
QUEUED, FAILED = stylize_pb2.JOB_STATE_QUEUED, stylize_pb2.JOB_STATE_FAILED
INTERACTIVE = stylize_pb2.PRIORITY_INTERACTIVE


class Client:
    """A client with a name of its own."""

    def __init__(self, channel: grpc.Channel, name: str) -> None:
        self._stub, self._metadata = Stub(channel), (("impasto-client", name),)

    def created(self, message: stylize_pb2.StylizeRequest) -> str:
        """The name of a new job."""
        made = self._stub.CreateJob(stylize_pb2.CreateJobRequest(request=message), metadata=self._metadata)
        return str(made.job.name)

    def refused(self, message: stylize_pb2.StylizeRequest) -> tuple[grpc.StatusCode, str, list[object]]:
        """Code, message and unpacked details of a refusal."""
        with pytest.raises(grpc.RpcError) as caught:
            self.created(message)
        details: list[object] = []
        for detail in rpc_status.from_call(caught.value).details:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.QuotaFailure, error_details_pb2.RetryInfo):
                if detail.Is(kind.DESCRIPTOR):
                    details.append(told := kind())
                    detail.Unpack(told)
        return caught.value.code(), str(caught.value.details()), details


def validated(message: stylize_pb2.StylizeRequest) -> stylize_pb2.StylizeRequest:
    """The same, only to be checked."""
    checked = stylize_pb2.StylizeRequest()
    checked.CopyFrom(message)
    checked.validate_only = True
    return checked


def end(stub: Stub, *names: str) -> None:
    """Cancels jobs and waits for their end."""
    for name in names:
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
    for name in names:
        watched(stub, name)


@contextmanager
def others_at_work(channel: grpc.Channel, clients: int) -> Iterator[None]:
    """Other clients have endless jobs that have begun."""
    stub = Stub(channel)
    names = [Client(channel, f"other{i}").created(long_request()) for i in range(clients)]
    for name in names:
        steps_done(stub, name)
    try:
        yield
    finally:
        end(stub, *names)


def test_another_client_never_changes_ones_pixels(daemon: Daemon) -> None:
    """A job that is sliced among three others' gives the same samples as one that ran alone, bit for bit."""
    with daemon.channel() as channel:
        _, alone = stylized(Stub(channel), request(steps=12))
        with others_at_work(channel, 3):
            _, among = stylized(Stub(channel), request(steps=12))

    assert alone == among


def test_a_preview_passes_what_its_own_client_has_begun(daemon: Daemon) -> None:
    """INTERACTIVE preempts a begun job of the same client, which goes on afterwards."""
    with daemon.channel() as channel:
        stub, client = Stub(channel), Client(channel, "painter")
        long = client.created(long_request())
        steps_done(stub, long)
        preview = client.created(request(priority=INTERACTIVE))

        assert watched(stub, preview)[-1].job.state == SUCCEEDED
        before = job(stub, long)
        assert before.state == RUNNING
        steps_done(stub, long, before.step + 1)
        end(stub, long)


def labelled(document: str) -> stylize_pb2.StylizeRequest:
    """An endless preview of a document."""
    message = long_request(priority=INTERACTIVE)
    message.labels["document"] = document
    return message


def test_a_newer_preview_takes_the_place_of_the_older(daemon: Daemon) -> None:
    """Of the same document alone; the older is CANCELLED and says why."""
    with daemon.channel() as channel:
        stub, client = Stub(channel), Client(channel, "painter")
        harbour, boats = client.created(labelled("harbour")), client.created(labelled("boats"))
        steps_done(stub, harbour)
        newer = client.created(labelled("harbour"))

        old = watched(stub, harbour)[-1].job
        assert (old.state, old.error.message) == (CANCELLED, "a newer preview took its place")
        assert {job(stub, name).state for name in (newer, boats)} <= {QUEUED, RUNNING}
        end(stub, newer, boats)


def test_a_scripts_previews_supersede_and_its_batch_waits(daemon: Daemon) -> None:
    """The Python API says how urgent a painting is, and by which words older previews of it are known."""
    content, style, heard = encoded(picture(160, 128, 1)), encoded(picture(80, 60, 2)), list[str]()
    with daemon.client("script") as client, daemon.channel() as channel, ThreadPoolExecutor(1) as beside:
        harbour: dict[str, Any] = {"priority": "interactive", "labels": {"document": "harbour"}}

        def told(progress: Progress) -> None:
            heard.append(progress.job)

        older = beside.submit(client.stylize, content, style, steps=9000, on_progress=told, **harbour)
        wait_for(lambda: bool(heard), "the first preview's job")
        client.stylize(content, style, size=32, steps=1, **harbour)
        with pytest.raises(JobCancelled, match="a newer preview took its place") as caught:
            older.result(60)
        batch: list[str] = []
        client.stylize(
            content, style, size=32, steps=1, priority="batch", on_progress=lambda told: batch.append(told.job)
        )
        jobs = [job(Stub(channel), name) for name in (heard[0], batch[0])]

    assert caught.value.reason == "SUPERSEDED"
    assert [(found.priority, dict(found.labels)) for found in jobs] == [
        (INTERACTIVE, {"document": "harbour"}),
        (stylize_pb2.PRIORITY_BATCH, {}),
    ]


@pytest.mark.parametrize(
    ("field", "options"), [("priority", {"priority": "urgent"}), ("labels", {"labels": {"page": 3}})]
)
def test_what_is_no_priority_or_label_is_told(daemon: Daemon, field: str, options: dict[str, Any]) -> None:
    """Before a picture is sent."""
    before = daemon.home.blobs()
    with daemon.client() as client, pytest.raises(InvalidRequest) as caught:
        client.stylize(encoded(picture(30, 20, 7)), encoded(picture(30, 20, 8)), **options)

    assert [violation.field for violation in caught.value.violations] == [field]
    assert daemon.home.blobs() == before


def test_a_client_beyond_its_quota_is_refused_and_others_are_not(daemon: Daemon) -> None:
    """RESOURCE_EXHAUSTED with whose quota it is and when to try again; what it has goes on."""
    limit = daemon.info().limits.max_jobs_per_client
    with daemon.channel() as channel:
        stub, client = Stub(channel), Client(channel, "greedy")
        names = [client.created(long_request()) for _ in range(limit)]

        code, message, details = client.refused(long_request())
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert client.refused(validated(request()))[1] == message
        assert f"this client has {limit} jobs under way; at most {limit} are allowed" in message
        (reason,) = [d.reason for d in details if isinstance(d, error_details_pb2.ErrorInfo)]
        (quota,) = [d for d in details if isinstance(d, error_details_pb2.QuotaFailure)]
        (retry,) = [d for d in details if isinstance(d, error_details_pb2.RetryInfo)]
        assert (reason, [v.subject for v in quota.violations]) == ("CLIENT_QUEUE_FULL", ["client"])
        assert 1 <= retry.retry_delay.seconds <= 60

        assert watched(stub, Client(channel, "modest").created(request()))[-1].job.state == SUCCEEDED
        end(stub, *names)


def test_those_who_wait_are_told_their_place_and_the_time_left(daemon: Daemon) -> None:
    """A client's second and third job have places, which count down; times left are told once the pace is known."""
    with daemon.channel() as channel:
        stub, client = Stub(channel), Client(channel, "patient")
        jobs = [client.created(message) for message in (long_request(), long_request(), request())]

        def now() -> list[stylize_pb2.Job]:
            """All three, of one moment."""
            told = {told.name: told for told in stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs}
            return [told[name] for name in jobs]

        wait_for(lambda: all(told.HasField("time_left") for told in now()), "all having a time")
        places, left = zip(*((t.queue_position, t.time_left.ToTimedelta().total_seconds()) for t in now()), strict=True)
        events, before = list[stylize_pb2.JobEvent](), jobs[:2]
        for response in stub.WatchJob(stylize_pb2.WatchJobRequest(name=jobs[2]), timeout=240):
            events.append(response.event)
            if before and response.event.job.queue_position == len(before):
                end(stub, before.pop(0))

    assert places == (0, 1, 2)
    assert 0 < left[0] < left[1] < left[2]
    told = [event.job.queue_position for event in events if event.job.state == QUEUED]
    assert set(told) >= {2, 1}
    assert told == sorted(told, reverse=True)
    assert events[-1].job.state == SUCCEEDED


# memory


def test_what_can_never_fit_is_refused_with_the_numbers(start: Start) -> None:
    """FAILED_PRECONDITION before a job is made, with what is needed, what there is and a size that fits."""
    daemon = start(Home(IMPASTO_MEMORY_MB="300"))
    daemon.ready()
    with daemon.channel() as channel:
        client = Client(channel, "large")
        large = request()
        large.spec.size = 2000
        code, message, details = client.refused(large)
        (reason,) = [d.reason for d in details if isinstance(d, error_details_pb2.ErrorInfo)]
        assert Client(channel, "asks").refused(validated(large))[:2] == (code, message)
        size = int(message.split()[-2])
        large.spec.size = size
        end(Stub(channel), client.created(large))

    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "DOES_NOT_FIT")
    assert "300 MiB are all that jobs may take" in message


def test_what_cannot_fit_is_told_once_the_device_is_known(start: Start) -> None:
    """A job that came in before the first worker was ready fails with the same words when it is."""
    daemon = start(Home(IMPASTO_MEMORY_MB="300"))
    with daemon.channel() as channel:
        large = request()
        large.spec.size = 2000
        last = watched(Stub(channel), created(Stub(channel), large))[-1].job

    assert last.state == FAILED
    assert "300 MiB are all that jobs may take" in last.error.message


@pytest.mark.slow
def test_more_clients_than_memory_holds_take_turns(start: Start) -> None:
    """Memory for one job and three clients: all make steps long before one ends, and the pixels stay the same."""
    daemon = start(Home(IMPASTO_MEMORY_MB="295", IMPASTO_NICE="0"))
    daemon.ready()
    message = request(steps=24, width=160, height=128)
    with daemon.channel() as channel:
        stub = Stub(channel)
        alone = watched(stub, created(stub, message))[-1].job
        others = [Client(channel, name).created(long_request()) for name in ("a", "b")]
        among = Client(channel, "c").created(message)
        for name in others:
            steps_done(stub, name)
        wait_for(lambda: job(stub, among).state == SUCCEEDED, "the end of a job that had to leave memory", 240)
        assert any(goes_on(stub, name) for name in others)
        end(stub, *others)

        assert job(stub, among).result.blob == alone.result.blob


def goes_on(stub: Stub, name: str) -> bool:
    """Whether a job that had to leave memory is told to go on from where it was."""
    with suppress(grpc.RpcError):  # the deadline
        for response in stub.WatchJob(stylize_pb2.WatchJobRequest(name=name), timeout=60):
            if "goes on from step" in response.event.notice:
                return True
    return False


@pytest.mark.parametrize("more_mib", [100, 300])
def test_want_of_memory_costs_one_job_and_no_other_anything(start: Start, more_mib: int) -> None:
    """The system gives a worker no more: whoever asked has a second attempt in smaller tiles, or is told the numbers.

    Which of them hangs on how what was freed lies in the address space, which is what the limit is on: one machine
    found room for the second attempt where another had none. The small job beside it goes on in any case.
    """
    daemon = start()
    worker = daemon.ready()
    with daemon.channel() as channel:
        stub = Stub(channel)
        small = created(stub, long_request())
        steps_done(stub, small)
        has = next(
            line for line in Path(f"/proc/{worker}/status").read_text().splitlines() if line.startswith("VmSize")
        )
        most = (int(has.split()[1]) + more_mib * 1024) * 1024
        resource.prlimit(worker, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        large = request()
        large.spec.size = 1500
        events = watched(stub, Client(channel, "large").created(large))
        before = job(stub, small).step
        steps_done(stub, small, before + 1)
        end(stub, small)

    last = events[-1].job
    if last.state == SUCCEEDED:
        assert last.attempt > 1
    else:
        assert last.state == FAILED
        assert "1500x1125 px" in last.error.message
        assert "MiB" in last.error.message
