"""Birth, death and succession: real signals to real processes, at every point of life."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Daemon, Home, alive, inline, long_request, picture, request, wait_for
from impasto import client, launch
from impasto.engine import EncoderSpec, random_encoder, save_encoder
from impasto.errors import Busy, CannotServe
from impasto.v1 import stylize_pb2
from impasto.weights import Shelf
from test_daemon import CANCELLED, RUNNING, SUCCEEDED, Stub, created, job, steps_done, watched

Start = Callable[..., Daemon]
SOON_S = 2.0  # what the house promises for the end of what nobody wants any more

OLD_DAEMON = "import impasto; impasto.__version__ = '0.0.1'; import sys; sys.argv[1:] = ['serve']; "
OLD_DAEMON += "from impasto.cli import main; main()"


@pytest.mark.parametrize("moment", ["importing", "idle", "painting"])
def test_no_worker_outlives_a_killed_daemon(start: Start, moment: str) -> None:
    """After kill -9 of the daemon its workers are gone within two seconds, whatever they were doing."""
    daemon = start()
    with daemon.channel() as channel:
        if moment != "importing":
            daemon.ready()
        if moment == "painting":
            steps_done(Stub(channel), created(Stub(channel), long_request()))
        wait_for(lambda: bool(daemon.worker_pids()), "a worker")
        workers = daemon.worker_pids()
        daemon.process.kill()

    wait_for(lambda: not any(alive(pid) for pid in workers), "the workers' end", within_s=SOON_S)


def test_a_killed_daemon_leaves_nothing_in_the_way(start: Start) -> None:
    """After kill -9 the next daemon takes the stale socket and lock, and half-written files are gone."""
    daemon = start()
    (daemon.home.config.data_dir / "blobs" / "abc.part").write_bytes(b"half")
    daemon.process.kill()
    daemon.process.wait()
    successor = start(daemon.home)

    assert successor.info().instance_id
    assert not [name for name in daemon.home.blobs() if name.endswith(".part")]


def test_term_ends_everything_in_order(start: Start) -> None:
    """SIGTERM: a running job's watcher is told CANCELLED, the exit code is 0, socket, note and workers are gone."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        steps_done(stub, name)
        workers = daemon.worker_pids()
        events = stub.WatchJob(stylize_pb2.WatchJobRequest(name=name))
        next(iter(events))
        daemon.process.terminate()
        last = list(events)[-1].event.job
    code = daemon.process.wait(10)
    left = {path.name for path in daemon.home.config.runtime_dir.iterdir()}

    assert (last.state, last.error.message) == (CANCELLED, "the daemon was stopped")
    assert code == 0
    assert not any(alive(pid) for pid in workers)
    assert left == {"instance.lock"}


def test_a_lost_worker_fails_its_job_and_no_other(start: Start) -> None:
    """After kill -9 of the worker its job FAILED with a reason; a new worker does the next job."""
    daemon = start()
    worker = daemon.ready()
    with daemon.channel() as channel:
        stub = Stub(channel)
        lost, waiting = created(stub, long_request()), created(stub, request())
        steps_done(stub, lost)
        subprocess.run(["kill", "-9", str(worker)], check=True)
        failed = watched(stub, lost)[-1].job
        done = watched(stub, waiting)[-1].job

    assert failed.state == stylize_pb2.JOB_STATE_FAILED
    assert "died" in failed.error.message
    assert done.state == SUCCEEDED


def test_a_killed_command_cancels_its_job(start: Start, tmp_path: Path) -> None:
    """Kill -9 of `impasto stylize` in mid-run cancels its job in the daemon within two seconds."""
    daemon = start()
    daemon.ready()
    for name, seed in (("photo.png", 1), ("style.png", 2)):
        picture(200, 160, seed).save(tmp_path / name)
    command = daemon.home.spawn(
        "stylize", str(tmp_path / "photo.png"), "--style", str(tmp_path / "style.png"),
        "-o", str(tmp_path / "out.png"), "--steps", "9000",
    )  # fmt: skip
    with daemon.channel() as channel:
        stub = Stub(channel)
        wait_for(lambda: bool(stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs), "the command's job")
        name = stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs[0].name
        steps_done(stub, name)
        command.kill()
        command.wait()
        wait_for(lambda: job(stub, name).state == CANCELLED, "the cancel", within_s=SOON_S)

    assert not (tmp_path / "out.png").exists()


def test_only_one_daemon_lives(start: Start) -> None:
    """A second daemon refuses to start and says so; the first goes on."""
    daemon = start()
    second = daemon.home.run("serve")

    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert daemon.answers()


def test_clients_that_race_share_one_daemon(home: Home) -> None:
    """Several commands that find no daemon at the same moment all end up with the same one."""
    code = "from impasto.client import connect; print(connect().info().instance_id)"
    racers = [
        subprocess.Popen([home.command()[0], "-c", code], env=home.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    wait_for(lambda: len(home.serving()) == 1, "the end of those that lost the race")

    assert len(told) == 1
    assert told != {""}


def test_an_idle_older_daemon_is_replaced(start: Start) -> None:
    """After an upgrade the next client ends an idle older daemon and starts its own."""
    old = start(command=[Home().command()[0], "-c", OLD_DAEMON])
    version = old.info().version
    with client.connect(old.home.config) as fresh:
        info = fresh.info()

    assert version == "0.0.1"
    assert info.version != version
    assert old.process.wait(10) == 0
    launch.stop(old.home.config)


def test_a_busy_older_daemon_is_named(start: Start) -> None:
    """An older daemon that is at work is left alone; the user hears its version, process and what to do."""
    old = start(command=[Home().command()[0], "-c", OLD_DAEMON])
    with old.channel() as channel:
        name = created(Stub(channel), long_request())
        steps_done(Stub(channel), name)
        with pytest.raises(Busy, match=rf"version 0\.0\.1, process {old.process.pid}.*impasto stop"):
            client.connect(old.home.config)

        assert job(Stub(channel), name).state == RUNNING


def test_an_open_runtime_folder_is_refused(home: Home) -> None:
    """Neither daemon nor client uses a folder that others can enter."""
    home.config.runtime_dir.mkdir(mode=0o755)
    served = home.run("serve")

    assert served.returncode == 1
    assert "0755" in served.stderr
    with pytest.raises(CannotServe, match="0755"):
        client.connect(home.config)
    home.config.runtime_dir.chmod(0o700)


def with_vgg19() -> Home:
    """A home with VGG-19 on its shelf: the right shapes, random values."""
    home, spec = Home(), EncoderSpec("vgg19")
    shelf = Shelf(home.config.data_dir)
    shelf.folder.mkdir(parents=True)
    save_encoder(
        shelf.path("vgg19"),
        spec,
        {n.removeprefix("steps."): w for n, w in random_encoder().named_parameters()},
    )
    return home


def test_vgg19_is_the_default_where_it_is(start: Start) -> None:
    """With its file on the shelf "auto" means vgg19; the slim one can still be asked for."""
    daemon = start(with_vgg19())
    slim = request(steps=2)
    slim.spec.encoder = "vgg19-slim"
    with daemon.channel() as channel:
        stub = Stub(channel)
        jobs = [watched(stub, created(stub, message))[-1].job for message in (request(steps=2), slim)]

    assert [(j.state, j.encoder) for j in jobs] == [(SUCCEEDED, "vgg19"), (SUCCEEDED, "vgg19-slim")]
    assert daemon.info().default_encoder == "vgg19"


def test_cancel_is_seen_between_layers(start: Start) -> None:
    """At 1024 px with the full-width network, where a step takes many seconds, a cancel is done within two."""
    daemon = start(with_vgg19())
    message = request(steps=50)
    message.spec.content.CopyFrom(inline(picture(1024, 768, 1)))
    message.spec.max_scales = 1
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, message)
        wait_for(lambda: job(stub, name).state == RUNNING, "the start")
        wait_for(lambda: bool(daemon.info().devices[0].loaded_encoders), "the weights")
        time.sleep(3)  # well inside the first step
        within = job(stub, name).step
        began = time.monotonic()
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        wait_for(lambda: job(stub, name).state == CANCELLED, "the cancel", within_s=SOON_S)
        took = time.monotonic() - began

    assert within < 50
    assert took < SOON_S
