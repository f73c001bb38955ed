"""Who goes away and comes back: what is fixed for a job's life, what is told meanwhile, and what is kept for whom."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import grpc
import pytest
import torch

from harness import Daemon, Home, encoded, long_request, picture, request, wait_for
from impasto import server
from impasto.engine.precision import paying_precision
from impasto.job import RESULT_S, State
from impasto.method.choices import settings_from_json
from impasto.method.defaults import defaults
from impasto.rpc import watching
from impasto.v1 import stylize_pb2
from impasto.weights import Shelf
from test_daemon import CANCELLED, RUNNING, SUCCEEDED, Stub, created, job, steps_done, watched

Start = Callable[..., Daemon]
QUEUED = stylize_pb2.JOB_STATE_QUEUED
HEARTBEAT_S, ENOUGH = 1.0, "enough"  # in the daemons here; the promise itself is compared
# They wait for watchers until a test says by that file that half a minute is over.
PATIENT = f"""
import asyncio, os, sys, types
from pathlib import Path
enough = Path(os.environ["IMPASTO_RUNTIME_DIR"]).with_name({ENOUGH!r})
from impasto import draining, server
from impasto.rpc import watching
async def asleep(seconds):
    while seconds == server.WATCHER_S and not enough.exists():
        await asyncio.sleep(0.02)
    if seconds != server.WATCHER_S:
        await asyncio.sleep(seconds)
draining.asyncio, watching.HEARTBEAT_S = types.SimpleNamespace(sleep=asleep), {HEARTBEAT_S}
sys.argv[1:] = ["serve"]
from impasto.cli import main
main()
"""
PATIENTLY = [sys.executable, "-P", "-c", PATIENT]
KEEP = stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING


def brisk(**environment: str) -> Home:
    """A home whose workers stand back for nobody."""
    return Home(IMPASTO_NICE="0", **{"IMPASTO_THREADS": "1"} | environment)


def begun(stub: Stub, message: stylize_pb2.StylizeRequest) -> tuple[grpc.Call, str]:
    """A stream whose job has made steps, and its name."""
    # Each of a client of its own, or they would wait for one another.
    call = stub.Stylize(message, timeout=240, metadata=(("impasto-client", message.request_id),))
    name = str(next(iter(call)).job.job.name)
    steps_done(stub, name, 3)
    return call, name


# after the daemon's death


def test_the_promise_is_half_a_minute_and_a_sign_of_life_in_ten_seconds() -> None:
    """What the contract says; the daemons of this file are less patient."""
    assert (server.WATCHER_S, watching.HEARTBEAT_S, RESULT_S) == (30.0, 10.0, 24 * 3600.0)


def test_a_job_waits_for_its_watcher_and_one_that_needs_none_does_not(start: Start) -> None:
    """Nothing is computed for who may not come back: who does is served, who does not finds what there was."""
    home = brisk()
    daemon = start(home)
    with daemon.channel() as channel:
        stub = Stub(channel)
        mine, gone, script = (long_request(request_id=name) for name in ("mine", "gone", "script"))
        script.delivery.on_disconnect = KEEP
        streams = [begun(stub, message) for message in (mine, gone, script)]
        names = [name for _, name in streams]
        states = daemon.home.config.data_dir / "checkpoints"
        wait_for(lambda: len({path.parent for path in states.glob("*/*.safetensors")}) == 3, "a state of each")
        daemon.end(signal.SIGKILL)
    daemon = start(home, PATIENTLY)
    with daemon.channel() as channel:
        stub, (held, abandoned, kept) = Stub(channel), names
        before = job(stub, held).step
        steps_done(stub, kept, job(stub, kept).step + 2)  # it is not for want of a device that others wait
        assert [(job(stub, name).state, job(stub, name).step) for name in (held, abandoned)] == [
            (QUEUED, before),
            (QUEUED, job(stub, abandoned).step),
        ]
        again = stub.Stylize(mine, timeout=240, metadata=(("impasto-client", "mine"),))
        assert next(iter(again)).job.job.name == held
        steps_done(stub, held, before + 2)
        (home.path / ENOUGH).touch()
        wait_for(lambda: job(stub, abandoned).state == CANCELLED, "the end of what nobody came back for")
        ended, still = job(stub, abandoned), [job(stub, name).state for name in (held, kept)]
        again.cancel()
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=kept))

    assert ended.error.message == "nobody came back for it after the daemon's death"
    assert ended.HasField("result")
    assert set(still) <= {RUNNING, QUEUED}  # queued while another one has its turn


def test_what_decides_pixels_is_written_down_at_admission(start: Start) -> None:
    """Threads, the encoder's hash and every setting, before a worker has seen the job; nothing new changes any."""
    home = brisk(IMPASTO_THREADS="2")
    daemon = start(home)
    message = request(steps=12)
    with daemon.channel() as channel:
        stub = Stub(channel)
        straight = watched(stub, created(stub, message))[-1].job
        name = created(stub, message)
        terms = told_on_disk(daemon, name)["terms"]
        daemon.end(signal.SIGKILL)
    home.environment["IMPASTO_THREADS"] = "1"
    with start(home).channel() as channel:
        later = watched(Stub(channel), name)[-1].job

    right = {"threads": 2, "encoder_sha256": Shelf(home.config.data_dir).sha256("vgg19-slim")}
    assert {key: terms[key] for key in right} == right
    precision = paying_precision(torch.device("cpu"))
    assert settings_from_json(terms["settings"]) == replace(defaults("vgg19-slim"), steps=12, precision=precision)
    assert (later.state, later.result.blob) == (SUCCEEDED, straight.result.blob)


def told_on_disk(daemon: Daemon, name: str) -> dict[str, dict[str, Any]]:
    """A job as it is written down, read as another program would."""
    uri = f"file:{daemon.home.config.data_dir / 'jobs.sqlite'}?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        ((told,),) = connection.execute("SELECT job FROM jobs WHERE name = ?", (name,)).fetchall()
    finally:
        connection.close()
    found: dict[str, dict[str, Any]] = json.loads(told)
    return found


# what was reached

PAINT = """
import sys
from impasto.client import connect
with connect() as daemon:
    daemon.stylize(open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read(), steps=9000,
                   on_progress=lambda told: print(told.job, told.step, flush=True))
"""


def test_what_a_killed_client_had_reached_stays_a_day_and_can_be_gone_on_from(start: Start, tmp_path: Path) -> None:
    """Fetched under the job's name, and given back as the place to start from."""
    daemon = start(brisk())
    (tmp_path / "photo").write_bytes(encoded(picture(96, 72, 1)))
    (tmp_path / "style").write_bytes(encoded(picture(80, 60, 2)))
    client = subprocess.Popen(
        [sys.executable, "-P", "-c", PAINT, str(tmp_path / "photo"), str(tmp_path / "style")],
        env=daemon.home.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert client.stdout is not None
    name = next(line.split()[0] for line in client.stdout if int(line.split()[1]) > 3)
    client.kill()
    client.communicate()
    with daemon.channel() as channel, daemon.client() as other:
        wait_for(lambda: job(Stub(channel), name).state == CANCELLED, "the cancel")
        ended = job(Stub(channel), name)
        reached = other.picture(name)
        further = other.stylize(reached, encoded(picture(80, 60, 2)), init=reached, steps=2)
        known = daemon.home.run("result", name, "-o", str(tmp_path / "reached.png"))

    stays_s = ended.expire_time.ToSeconds() - ended.end_time.ToSeconds()
    assert stays_s == pytest.approx(24 * 3600, abs=1)
    assert (reached.header.width, reached.header.height) == (96, 72)
    assert reached.samples != picture(96, 72, 1).tobytes()
    assert further.samples != reached.samples
    assert known.returncode == 0, known.stderr


# while one waits


def test_a_sign_of_life_comes_though_nothing_happens(start: Start) -> None:
    """A watcher of a job that waits hears of it all the same, and where it stands."""
    daemon = start(brisk(), PATIENTLY)
    with daemon.channel() as channel:
        stub = Stub(channel)
        first = created(stub, long_request())
        steps_done(stub, first)
        second = created(stub, long_request())
        began, events = time.monotonic(), []
        for response in stub.WatchJob(stylize_pb2.WatchJobRequest(name=second), timeout=120):
            events.append(response.event)
            if len(events) == 5:
                break
        took_s = time.monotonic() - began
        for name in (second, first):
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))

    assert {event.job.state for event in events} == {QUEUED}
    assert {event.job.queue_position for event in events} == {1}
    assert [event.sequence for event in events] == list(range(events[0].sequence, events[0].sequence + 5))
    assert took_s > 1.9 * HEARTBEAT_S  # not in a flood either: two events of its making, a sign, and two more


def test_every_event_tells_an_honest_time_left(start: Start) -> None:
    """Once jobs of the kind have run: each event but the last, from the queue on, and it is about right."""
    daemon = start(brisk())
    with daemon.channel() as channel:
        stub = Stub(channel)
        message = request(steps=60, width=96, height=72)
        watched(stub, created(stub, message))  # how long such a job takes is known from now on
        runs = [timed(stub, created(stub, message)) for _ in range(RUNS)]
    shares = [
        found.time_left.ToNanoseconds() / 1e9 / max(0.01, told[-1][0] - at)
        for told in runs
        for at, found in told
        if State(stylize_pb2.JobState.Name(found.state)[10:].lower()) is State.RUNNING and 10 <= found.step <= 40
    ]

    for told in runs:
        last = told[-1][1]
        assert last.state == SUCCEEDED
        assert not last.HasField("time_left")
        assert [found.step for _, found in told if not found.HasField("time_left")] == [60]
        assert told[-2][1].time_left.ToNanoseconds() < told[0][1].time_left.ToNanoseconds()
    assert 1 / 3 < median(shares) < 3


RUNS = 3  # of which one may be under way as the machine stands still; half of all that is told must be about right


def timed(stub: Stub, name: str) -> list[tuple[float, stylize_pb2.Job]]:
    """What is told of a job until it is final, and when."""
    watching = stub.WatchJob(stylize_pb2.WatchJobRequest(name=name), timeout=240)
    return [(time.monotonic(), response.event.job) for response in watching]
