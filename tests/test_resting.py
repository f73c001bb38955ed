"""Workers that end when nobody needs them, and those that are silent: real daemons, real signals, real starvation."""

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from harness import Daemon, Home, alive, long_request, request, wait_for
from impasto.v1 import stylize_pb2
from starving import starved
from test_daemon import SUCCEEDED, Stub, created, job, steps_done, watched

Start = Callable[..., Daemon]


def painted(daemon: Daemon) -> int:
    """The final state of a small job."""
    with daemon.channel() as channel:
        return int(watched(Stub(channel), created(Stub(channel), request()))[-1].job.state)


def at_work(daemon: Daemon) -> int:
    """The process of a worker that has a job under way, and so does not end; of the job it is rid afterwards."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        steps_done(stub, name := created(stub, long_request()))
        worker = daemon.ready()
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        watched(stub, name)
    return worker


def health(daemon: Daemon) -> int:
    """What the daemon says of its health."""
    with daemon.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(), timeout=60).status)


def test_an_idle_worker_ends_and_the_next_job_starts_another(start: Start) -> None:
    """After the time set its process is gone and its device has none, health stays SERVING, and a job is done."""
    daemon = start(Home(IMPASTO_WORKER_IDLE_S="0.5"))
    worker = at_work(daemon)
    wait_for(lambda: not alive(worker), "the worker's end")
    wait_for(lambda: daemon.worker_pids() == [], "no process being left")

    (device,) = daemon.info().devices
    assert (device.name, device.worker_pid, list(device.loaded_encoders)) == ("cpu", 0, [])
    assert health(daemon) == health_pb2.HealthCheckResponse.SERVING
    assert painted(daemon) == SUCCEEDED


def test_free_ends_idle_workers_now_and_leaves_busy_ones_alone(start: Start) -> None:
    """The command says what it freed; a device with a job under way is named and goes on."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        steps_done(stub, name)
        worker = daemon.ready()
        told = daemon.home.run("free").stdout
        assert told == "nothing to free\nleft alone, as a job is under way: cpu\n"
        assert alive(worker)
        before = job(stub, name).step
        steps_done(stub, name, before + 1)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        watched(stub, name)

    assert daemon.home.run("free").stdout == "freed cpu\n"
    assert not alive(worker)
    assert painted(daemon) == SUCCEEDED


def test_nothing_is_freed_where_no_daemon_runs(home: Home) -> None:
    """The command says so, and starts none."""
    done = home.run("free")

    assert (done.returncode, done.stdout) == (0, "no daemon runs\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how often a process had its turn")
def test_a_starved_worker_is_not_taken_for_silent(start: Start) -> None:
    """Others take its turns for longer than a silence may last, twice: it lives, and goes on when they have gone."""
    daemon = start(Home(IMPASTO_WORKER_SILENCE_S="6", IMPASTO_THREADS="1"))
    worker = daemon.ready()
    message = long_request()
    message.spec.size = 512  # a step of it is work that no crumb of a processor does within seconds
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, message)
        steps_done(stub, name)
        with starved(worker):
            wait_for(lambda: "others take its turns" in daemon.log.read_text(), "word of a silence that is forgiven")
            time.sleep(7)
            assert alive(worker)
        before = job(stub, name).step
        wait_for(lambda: job(stub, name).step > before, "a step of the one that was starved", 240)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        watched(stub, name)

    assert daemon.info().devices[0].worker_pid == worker


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced(start: Start) -> None:
    """A stopped process says nothing and would not go on if it were let: it is killed, and another paints."""
    daemon = start(Home(IMPASTO_WORKER_SILENCE_S="6"))
    worker = daemon.ready()
    os.kill(worker, signal.SIGSTOP)
    wait_for(lambda: not alive(worker), "the hung worker's end")

    assert painted(daemon) == SUCCEEDED
