"""SIGTERM: the daemon goes in order and its jobs stay; a second signal is for who cannot wait."""

import os
import signal
import subprocess
from collections.abc import Callable

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from harness import DEADLINE_S, Daemon, alive, caught, doomed, long_request, request, wait_for
from impasto.v1 import blob_pb2, blob_pb2_grpc, stylize_pb2
from test_daemon import CANCELLED, RUNNING, SUCCEEDED, Stub, created, job, steps_done, watched
from test_life import SOON_S

Start = Callable[..., Daemon]
GOING = "the daemon is stopping; unfinished jobs are kept and go on when it runs again"


def details(error: grpc.RpcError) -> tuple[str, str, str, float]:
    """Code, message, reason, and after how many seconds it is worth another try."""
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in rpc_status.from_call(error).details:
        _ = detail.Unpack(info) or detail.Unpack(retry)
    return error.code().name, error.details(), info.reason, retry.retry_delay.ToTimedelta().total_seconds()


def noisy(steps: int) -> stylize_pb2.StylizeRequest:
    """A request whose every step shows in its pixels."""
    message = request(steps=steps)
    message.spec.start = stylize_pb2.START_NOISE
    return message


def samples(daemon: Daemon, blob: str) -> bytes:
    """A picture's samples."""
    with daemon.channel() as channel:
        parts = blob_pb2_grpc.BlobServiceStub(channel).DownloadBlob(blob_pb2.DownloadBlobRequest(name=blob), timeout=60)
        return b"".join(part.chunk for part in parts)


def test_a_drained_job_goes_on_in_the_next_daemon_to_the_same_pixels(start: Start) -> None:
    """The watcher is told why its stream ends; the next daemon goes on from there; pixels as if uninterrupted."""
    daemon = start()
    message = noisy(200)
    with daemon.channel() as channel:
        stub = Stub(channel)
        name, worker = caught(daemon, lambda: created(stub, message), lambda name: job(stub, name).step >= 5)
        events = stub.WatchJob(stylize_pb2.WatchJobRequest(name=name))
        next(iter(events))
        drained(daemon, channel)
        os.kill(worker, signal.SIGCONT)
        with pytest.raises(grpc.RpcError) as ended:
            list(events)
    code = daemon.process.wait(DEADLINE_S)
    left = {path.name for path in daemon.home.config.runtime_dir.iterdir()}
    successor = start(daemon.home)
    with successor.channel() as channel:
        after = watched(Stub(channel), name)
        straight = watched(Stub(channel), created(Stub(channel), message))[-1].job

    assert details(ended.value) == ("UNAVAILABLE", GOING, "SHUTDOWN", 5)
    assert (code, left) == (0, {"instance.lock"})
    first = min(event.job.step for event in after if event.losses)
    assert first > 5  # and not from the beginning
    assert after[-1].job.state == straight.state == SUCCEEDED
    assert samples(successor, after[-1].job.result.blob) == samples(successor, straight.result.blob)


def test_waiting_jobs_are_kept_too_and_the_log_names_them(start: Start) -> None:
    """One runs, two wait: all three are there afterwards, in their order; `stop` says how many."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        names = [created(stub, long_request()) for _ in range(3)]
        steps_done(stub, names[0])
        workers = daemon.worker_pids()
        done = daemon.home.run("stop")
    code = daemon.process.wait(DEADLINE_S)
    log = daemon.log.read_text()
    successor = start(daemon.home)
    with successor.channel() as channel:
        stub = Stub(channel)
        listed = [told.name for told in stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs]
        steps_done(stub, names[0])
        for name in names:
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))

    assert done.stdout == f"stopped process {daemon.process.pid}; 3 unfinished jobs go on when it runs again\n"
    assert code == 0
    assert not any(alive(pid) for pid in workers)
    assert listed == names[::-1]
    assert all(f'"job": "{name}"' in log for name in names)


def test_stop_can_cancel_jobs_instead(start: Start) -> None:
    """`impasto stop --cancel-jobs`: nothing goes on afterwards."""
    daemon = start()
    with daemon.channel() as channel:
        names = [created(Stub(channel), long_request()) for _ in range(2)]
        steps_done(Stub(channel), names[0])
    done = daemon.home.run("stop", "--cancel-jobs")
    successor = start(daemon.home)
    with successor.channel() as channel:
        states = [job(Stub(channel), name).state for name in names]

    assert done.stdout == f"stopped process {daemon.process.pid}\n"
    assert states == [CANCELLED, CANCELLED]


@pytest.mark.skipif(
    os.geteuid() != 0, reason="not applicable: another pid namespace needs root; run as root, or in a container"
)
def test_stop_from_another_container_signals_nobody(start: Start) -> None:
    """Its number names somebody else there, or nobody; the kernel knows, and the user is told where to stop it."""
    daemon = start()
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", *daemon.home.command("stop")],
        env=daemon.home.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert f"runs in another container, as process {daemon.process.pid} there" in done.stderr
    assert daemon.process.poll() is None


def drained(daemon: Daemon, channel: grpc.Channel) -> None:
    """It was told to stop, and has begun to: it waits for a worker that writes down what it holds."""
    daemon.process.send_signal(signal.SIGTERM)
    health, serving = health_pb2_grpc.HealthStub(channel), health_pb2.HealthCheckResponse.SERVING
    wait_for(lambda: health.Check(health_pb2.HealthCheckRequest(), timeout=60).status != serving, "the drain")


def test_while_it_drains_nothing_new_is_taken_in(start: Start) -> None:
    """New jobs are UNAVAILABLE with RetryInfo, health is NOT_SERVING, what is asked is still answered."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        name, _ = caught(daemon, lambda: created(stub, long_request()), lambda name: job(stub, name).step > 0)
        drained(daemon, channel)
        with pytest.raises(grpc.RpcError) as refused:
            created(stub, request())
        kept = job(stub, name)
        daemon.process.send_signal(signal.SIGTERM)  # enough: the next test is about this one
    daemon.process.wait(DEADLINE_S)

    assert details(refused.value) == ("UNAVAILABLE", GOING, "SHUTDOWN", 5)
    assert kept.state == RUNNING


def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    """In the middle of a step that does not end: gone within two seconds, workers too, and the job is not lost."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        name, _ = caught(daemon, lambda: created(stub, long_request()), lambda name: job(stub, name).step > 0)
        workers = daemon.worker_pids()
        drained(daemon, channel)
    still = alive(daemon.process.pid)
    daemon.process.send_signal(signal.SIGTERM)
    wait_for(lambda: daemon.process.poll() is not None, "its end", within_s=SOON_S)
    wait_for(lambda: all(doomed(pid) for pid in workers), "the workers' end", within_s=SOON_S)
    wait_for(lambda: not any(alive(pid) for pid in workers), "their last breath")
    successor = start(daemon.home)
    with successor.channel() as channel:
        found = job(Stub(channel), name)
        Stub(channel).CancelJob(stylize_pb2.CancelJobRequest(name=name))

    assert still
    assert daemon.process.returncode == 1
    assert found.state != CANCELLED
