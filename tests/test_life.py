"""Birth, death and succession: real signals to real processes, at every point of life."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from harness import HANDS, Daemon, Home, alive, caught, doomed, inline, long_request, picture, request, wait_for
from impasto import client, instance, launch, logs
from impasto.engine import EncoderSpec, random_encoder, save_encoder
from impasto.errors import Busy, CannotServe, Unavailable
from impasto.v1 import stylize_pb2
from impasto.weights import Shelf
from test_daemon import CANCELLED, RUNNING, SUCCEEDED, Stub, created, job, steps_done, watched

Start = Callable[..., Daemon]
STEPS = 240  # of what is disturbed as soon as it can be: seconds, that it is not over before
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

    wait_for(lambda: all(doomed(pid) for pid in workers), "the workers' end", within_s=SOON_S)
    wait_for(lambda: not any(alive(pid) for pid in workers), "their last breath")


def test_a_killed_daemon_leaves_nothing_in_the_way(start: Start) -> None:
    """After kill -9 the next daemon takes the stale socket and lock, and half-written files are gone."""
    daemon = start()
    (daemon.home.config.data_dir / "blobs" / "abc.part").write_bytes(b"half")
    daemon.process.kill()
    daemon.process.wait()
    successor = start(daemon.home)

    assert successor.info().instance_id
    assert not [name for name in daemon.home.blobs() if name.endswith(".part")]


def brisk() -> Home:
    """A home whose workers stand back for nobody: what must end in time has enough to do."""
    return Home(IMPASTO_NICE="0", IMPASTO_THREADS="1")


def disturbed() -> stylize_pb2.StylizeRequest:
    """A request of a few seconds, long enough for checkpoints."""
    message = request(steps=STEPS)
    message.spec.start = stylize_pb2.START_NOISE
    return message


def saved(daemon: Daemon, name: str) -> bool:
    """Whether a state of that job is on the disk, from which a worker will go on."""
    states = daemon.home.config.data_dir / "checkpoints" / name.removeprefix("jobs/")
    return any(states.glob("*.safetensors"))


def goes_on_from(events: list[stylize_pb2.JobEvent]) -> int:
    """The step from which a worker went on."""
    notices = [event.notice for event in events if event.notice.startswith("it goes on from step ")]
    return int(notices[-1].split()[5])


def test_a_lost_worker_costs_no_job(start: Start) -> None:
    """After kill -9 of the worker the stream goes on from the checkpoint to the same pixels; others are untouched."""
    daemon = start(brisk())
    with daemon.channel() as channel:
        stub = Stub(channel)
        straight = watched(stub, created(stub, disturbed()))[-1].job
        lost, worker = caught(daemon, lambda: created(stub, disturbed()), lambda name: saved(daemon, name))
        waiting = created(stub, request())
        os.kill(worker, signal.SIGKILL)
        events, other = watched(stub, lost), watched(stub, waiting)[-1].job
    last = events[-1].job

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert "the process that computed this picture died" in " ".join(event.notice for event in events)
    assert goes_on_from(events) > 0
    assert (last.state, last.attempt, other.state) == (SUCCEEDED, 2, SUCCEEDED)
    assert last.result.blob == straight.result.blob  # named by its samples: the same pixels, bit for bit


def test_a_killed_daemon_costs_no_job(start: Start) -> None:
    """After kill -9 the next daemon goes on with every job, under its name, to the same pixels; numbers only rise."""
    daemon = start(brisk())
    with daemon.channel() as channel:
        stub = Stub(channel)
        straight = watched(stub, created(stub, disturbed()))[-1].job
        begun, _ = caught(daemon, lambda: created(stub, disturbed()), lambda name: saved(daemon, name))
        waiting = created(stub, request(request_id="again"))
        before = watch_until(stub, begun, job(stub, begun).step)
    daemon.end(signal.SIGKILL)
    with start(daemon.home).channel() as channel:
        stub = Stub(channel)
        events = watched(stub, begun, last_sequence=before[-1].sequence)
        same = created(stub, request(request_id="again"))
        other = watched(stub, waiting)[-1].job
    numbers = [event.sequence for event in (*before, *events)]

    assert numbers == sorted(set(numbers))
    assert goes_on_from(events) > 0
    assert (events[-1].job.state, other.state, same) == (SUCCEEDED, SUCCEEDED, waiting)
    assert events[-1].job.result.blob == straight.result.blob
    assert events[-1].job.attempt == 1


def watch_until(stub: Stub, name: str, step: int) -> list[stylize_pb2.JobEvent]:
    """All events up to that step."""
    events, call = [], stub.WatchJob(stylize_pb2.WatchJobRequest(name=name), timeout=60)
    for response in call:
        events.append(response.event)
        if response.event.job.step >= step:
            break
    call.cancel()
    return events


def test_what_is_final_stays_so(start: Start) -> None:
    """Ends, results and labels are known to the next daemon, and a repeated request finds the same job."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        done = watched(stub, created(stub, request(request_id="once")))[-1].job
        gone = created(stub, long_request())
        steps_done(stub, gone)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=gone, keep_partial_result=True))
        cancelled = watched(stub, gone)[-1].job
    daemon.end(signal.SIGKILL)
    with start(daemon.home).channel() as channel, daemon.client() as client:
        stub = Stub(channel)
        again = [job(stub, name) for name in (done.name, gone)]
        same = created(stub, request(request_id="once"))
        pictures = [client.picture(name) for name in (done.name, gone)]

    assert again == [done, cancelled]
    assert same == done.name
    assert [len(picture.samples) for picture in pictures] == [64 * 48 * 3, 160 * 128 * 3]


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


def pixels_of(path: Path) -> bytes:
    """The samples of a picture file."""
    with Image.open(path) as image:
        return image.tobytes()


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], bytes]:
    """The words of a command that paints, but for where to, and the pixels that it has undisturbed."""
    home, folder = brisk(), tmp_path_factory.mktemp("straight")
    for name, seed in (("photo.png", 1), ("style.png", 2)):
        picture(64, 48, seed).save(folder / name)
    words = ["stylize", str(folder / "photo.png"), "--style", str(folder / "style.png"), "--steps", str(STEPS)]
    done = home.run(*words, "-o", str(folder / "straight.png"), within_s=240)
    assert done.returncode == 0, done.stderr
    home.run("stop")
    home.remove()
    return words, pixels_of(folder / "straight.png")


def ridden(home: Home, words: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """The command in the midst of its painting, whose worker was stopped there, and the daemon that it has started."""
    for _ in range(HANDS):
        command = home.spawn(*words)
        wait_for(lambda: launch.running(home.config) is not None, "a daemon for it")
        with client.connect(home.config, start=False) as other:
            had = {job.name for job in other.jobs() if job.end_time.seconds}

            def own() -> list[stylize_pb2.Job]:
                return [job for job in other.jobs() if job.name not in had]  # noqa: B023  # called in this turn alone

            wait_for(lambda: any(job.step > 0 for job in own()), "a step", 240)
            info = other.info()
            os.kill(worker := info.devices[0].worker_pid, signal.SIGSTOP)
            if all(0 < job.step < STEPS and not job.end_time.seconds for _ in range(2) for job in own()):
                return command, info.pid
            os.kill(worker, signal.SIGCONT)
        assert command.wait(240) == 0
    raise AssertionError(f"{HANDS} commands were done before their worker could be stopped")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("memory", ["kept", "lost", "without pictures"])
def test_a_command_rides_over_the_daemons_death(tmp_path: Path, memory: str, straight: tuple[list[str], bytes]) -> None:
    """`impasto stylize` starts another daemon by itself, goes on there, and ends with the same pixels.

    Even if the new one knows neither job nor pictures, or its pictures alone are lost: then they are sent again.
    """
    home, (words, right) = brisk(), straight
    command, first = ridden(home, [*words, "-o", str(tmp_path / "ridden.png")])
    command.send_signal(signal.SIGSTOP)  # or it could start the next daemon before all is lost
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not alive(first), "the first one's end")
    if memory != "kept":
        shutil.rmtree(home.config.data_dir / "blobs")
    if memory == "lost":
        for path in home.config.data_dir.glob("jobs.sqlite*"):  # its log, too, from which SQLite would mend it
            path.write_bytes(b"no database at all")
    command.send_signal(signal.SIGCONT)
    ended = command.wait(240)
    with client.connect(home.config, start=False) as other:
        second, notices = other.info().pid, list(other.info().notices)

    assert ended == 0, (home.path / "spawned.log").read_text()
    assert second != first
    assert ["set aside" in notice for notice in notices] == [True] * (memory == "lost")
    assert pixels_of(tmp_path / "ridden.png") == right
    home.remove()


def test_a_late_start_does_not_outlive_a_stop(home: Home) -> None:
    """A daemon whose start was asked for before `impasto stop`, and which is slow, does not come up after it."""
    with client.connect(home.config):
        known = instance.stops(home.config.runtime_dir)
    launch.stop(home.config)
    late = home.run("serve", "--auto-started", "--stops", known)
    asked_for = home.spawn("serve", "--auto-started", "--stops", instance.stops(home.config.runtime_dir))
    wait_for(lambda: launch.running(home.config) is not None, "the one that was asked for after it")
    launch.stop(home.config)

    assert late.returncode == 1
    assert "came while this daemon was starting" in late.stderr
    assert asked_for.wait(60) == 0


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


HOLDER = """
import sys, time
from pathlib import Path
from impasto.instance import Instance
held = Instance.claim(Path(sys.argv[1]))
print(held is not None, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("after_s", [None, 0.0, 0.6, 1.2])  # None: when another one has lost to it
def test_who_lost_to_one_that_vanishes_starts_another(home: Home, after_s: float | None) -> None:
    """A daemon has the lock and dies before it has answered anybody: who waits for it is not left without one."""
    holder = subprocess.Popen(
        [home.command()[0], "-P", "-c", HOLDER, str(home.config.runtime_dir)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(launch.ensure, home.config)
        if after_s is not None:
            time.sleep(after_s)
        else:
            log = home.config.data_dir / logs.STDERR
            wait_for(lambda: log.exists() and "already runs" in log.read_text(), "the loser's last words")
        holder.kill()
        holder.communicate()
        info = waiting.result(60)

    assert info.instance_id
    wait_for(lambda: len(home.serving()) == 1, "one daemon alone")


def test_who_cannot_start_is_not_started_again(home: Home) -> None:
    """What a daemon says of itself is told at once, and it is tried once."""
    home.config.data_dir.mkdir(mode=0o700, parents=True)
    (home.config.data_dir / "checkpoints").touch(mode=0o600)  # where a folder must be
    with pytest.raises(Unavailable, match="did not come up; its last words") as caught:
        launch.ensure(home.config)

    assert "checkpoints: File exists" in caught.value.message
    assert home.serving() == []


def test_an_idle_older_daemon_is_replaced(start: Start) -> None:
    """After an upgrade the next client ends an idle older daemon and starts its own."""
    old = start(command=[Home().command()[0], "-c", OLD_DAEMON])
    version = old.info().version
    with client.connect(old.home.config) as fresh:
        info = fresh.info()

    assert version == "0.0.1"
    assert info.version != version
    assert old.process.wait(60) == 0
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
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        wait_for(lambda: job(stub, name).state == CANCELLED, "the cancel", within_s=SOON_S)

    assert within < 50
