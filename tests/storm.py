"""A storm over one real daemon: clients that paint, and everything that can happen to them, at random moments.

Nothing is fake but the clock, which is the daemon's own with an offset that a file tells. Processes are killed by real
signals, checkpoints and databases are damaged on the disk, the disk is full by the system's own limit on files.
"""

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import grpc

from harness import Home, alive, doomed, encoded, inline, picture, wait_for
from impasto import launch
from impasto.client import Client, Picture, Progress, connect
from impasto.errors import ImpastoError
from impasto.image import ImageHeader, content_digest
from impasto.instance import socket_path
from impasto.store import chunks
from impasto.v1 import stylize_pb2, stylize_pb2_grpc
from impasto.worker import checkpoint

SIDE_PX, STEPS, LONG_STEPS = 48, 60, 9000
SEEDS = (0, 1, 2)
CONTENT, STYLE = picture(SIDE_PX, SIDE_PX, 1), picture(SIDE_PX, SIDE_PX, 2)
SOON_S = 2.0  # the house's promise: nothing outlives a killed daemon for longer
PATIENCE_S = 250.0  # of anything that must happen at all, on a machine that has other work
FULL = {"DISK", "DISK_FULL", "DISK_QUOTA", "BUSY"}  # how a full disk may end a painting, beside well

# Laid where the daemon's Python finds it: its wall clock is off by as many seconds as the file beside it says. Not that
# of a command: grpc's Python reckons the deadlines of calls by it, and one in the past is over before it began.
CLOCK = """
import pathlib, sys, time
_real, _offset = time.time, pathlib.Path(__file__).with_name("offset")
def _time():
    try:
        return _real() + float(_offset.read_text() or 0)
    except (OSError, ValueError):
        return _real()
if "stylize" not in sys.orig_argv:
    time.time = _time
"""


def paint(client: Client, seed: int, hear: Callable[[Progress], None] | None = None) -> Picture:
    """One small picture, from noise of that seed."""
    content, style = encoded(CONTENT), encoded(STYLE)
    return client.stylize(content, style, on_progress=hear, seed=seed, start="noise", steps=STEPS)


class Rider(threading.Thread):
    """A script that paints one picture and waits for it, whatever happens.

    Attributes:
        outcome: "right", "WRONG", the reason of a refusal or a failure, or what broke.
    """

    def __init__(self, storm: "Storm", seed: int) -> None:
        super().__init__(daemon=True)
        self._storm, self._seed = storm, seed
        self.outcome, self.step, self.heard = "nothing yet", 0, list[str]()

    def run(self) -> None:
        """Paints."""
        try:
            with connect(self._storm.home.config) as client:
                painted = paint(client, self._seed, self._hear)
            self.outcome = "right" if painted.samples == self._storm.right[self._seed] else "WRONG"
        except ImpastoError as error:
            self.outcome = error.reason
            self.heard.append(error.message)
        except BaseException as error:  # whatever it is, the test must see it
            self.outcome = repr(error)

    def _hear(self, progress: Progress) -> None:
        self.step = progress.step
        self.heard += [f"{progress.job} {progress.state} {progress.step}: {progress.notice}"] * bool(progress.notice)


class Storm:
    """One home, and what is known of it: the right pixels, jobs that nobody watches, jobs that were abandoned."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.home = Home(IMPASTO_NICE="0", IMPASTO_THREADS="1")
        self.home.config = replace(self.home.config, nice=0, threads=1)
        self._clock = self.home.path / "clock"
        self._clock.mkdir()
        (self._clock / "sitecustomize.py").write_text(CLOCK)
        self._before = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = self.home.environment["PYTHONPATH"] = str(self._clock)
        self.right: dict[int, bytes] = {}
        self.abandoned: list[str] = []
        self._spawned: list[subprocess.Popen[bytes]] = []
        self.faults: Mapping[str, Callable[[], None]] = {
            "worker": self.kill_worker,
            "daemon": self.kill_daemon,
            "client": self.kill_client,
            "client and daemon": self.kill_client_and_daemon,
            "full disk": self.fill_disk,
            "checkpoint": self.damage_checkpoints,
            "database": self.damage_database,
            "clock": self.move_clock,
            "stale socket": self.leave_stale_socket,
            "two daemons": self.start_two_daemons,
        }

    def learn(self) -> None:
        """Paints each picture once in peace: what is right."""
        with connect(self.home.config) as client:
            for seed in SEEDS:
                self.right[seed] = paint(client, seed).samples

    def round(self, kind: str) -> list[Rider]:
        """Paintings under way, one fault in the middle, and their ends."""
        riders = [Rider(self, seed) for seed in self.chance.sample(SEEDS, 2)]
        for rider in riders:
            rider.start()
        message = self._unwatched()
        name = self._create(message)
        wait_for(lambda: any(r.step or not r.is_alive() for r in riders), "a first step", PATIENCE_S)
        time.sleep(self.chance.uniform(0, 1.0))
        self.faults[kind]()
        for rider in riders:
            rider.join(PATIENCE_S)
        self._await(name, message, FULL if kind == "full disk" else set())
        return riders

    # jobs that nobody watches

    def _unwatched(self) -> stylize_pb2.StylizeRequest:
        spec = stylize_pb2.StylizeSpec(content=inline(CONTENT), steps=STEPS, seed=SEEDS[0])
        spec.start = stylize_pb2.START_NOISE
        spec.styles.add().image.CopyFrom(inline(STYLE))
        return stylize_pb2.StylizeRequest(request_id=f"script-{self.chance.random()}", spec=spec)

    def _asked(self, ask: Callable[[stylize_pb2_grpc.StylizeServiceStub], stylize_pb2.Job]) -> stylize_pb2.Job:
        """The answer of a daemon, of whichever life: one is started if none is there."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                launch.ensure(self.home.config)
                with launch.open_channel(self.home.config) as channel:
                    return ask(stylize_pb2_grpc.StylizeServiceStub(channel))
            except (grpc.RpcError, ImpastoError) as error:
                lost = isinstance(error, ImpastoError) or error.code() is grpc.StatusCode.UNAVAILABLE
                if not lost or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def _create(self, message: stylize_pb2.StylizeRequest) -> str:
        asked = stylize_pb2.CreateJobRequest(request=message)
        return str(self._asked(lambda stub: stub.CreateJob(asked, timeout=60).job).name)

    def job(self, name: str) -> stylize_pb2.Job | None:
        """The job as it is now; None if the daemon does not know it."""
        asked = stylize_pb2.GetJobRequest(name=name)
        try:
            return self._asked(lambda stub: stub.GetJob(asked, timeout=60).job)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def _await(self, name: str, message: stylize_pb2.StylizeRequest, may_fail: set[str]) -> None:
        """A job that nobody watches ends as it should; who finds it forgotten asks again under the same request_id."""
        deadline = time.monotonic() + PATIENCE_S
        while (job := self.job(name)) is None or not job.end_time.seconds:
            assert time.monotonic() < deadline, f"{name} does not end: {job}"
            if job is None:
                name = self._create(message)
            time.sleep(0.1)
        if job.state == stylize_pb2.JOB_STATE_SUCCEEDED:
            digest = content_digest(ImageHeader(SIDE_PX, SIDE_PX), [self.right[message.spec.seed]])
            assert job.result.blob == f"blobs/sha256-{digest}"
        else:
            assert job.state == stylize_pb2.JOB_STATE_FAILED, job
            assert any(reason in str(job.error) for reason in may_fail), job

    # faults

    def _daemon(self) -> int:
        """The process that answers."""
        return launch.ensure(self.home.config).pid

    def _workers(self, daemon: int) -> list[int]:
        try:
            return [int(pid) for pid in Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split()]
        except OSError:
            return []

    def kill_worker(self) -> None:
        """Its jobs go on in another."""
        for pid in self._workers(self._daemon()):
            os.kill(pid, signal.SIGKILL)

    def kill_daemon(self) -> None:
        """Its workers die with it, and its jobs go on in the next."""
        daemon = self._daemon()
        workers = self._workers(daemon)
        os.kill(daemon, signal.SIGKILL)
        wait_for(lambda: all(doomed(pid) for pid in (daemon, *workers)), "the end of all its processes", SOON_S)
        wait_for(lambda: not any(alive(pid) for pid in (daemon, *workers)), "their last breath", PATIENCE_S)

    def _abandonable(self) -> tuple[subprocess.Popen[bytes], str]:
        """A command that paints for long, and its job."""
        for name, image in (("photo.png", CONTENT), ("style.png", STYLE)):
            image.save(self.home.path / name)
        options = ["--style", "style.png", "-o", "out.png", "--steps", str(LONG_STEPS)]
        command = self.home.spawn("stylize", "photo.png", *options)
        self._spawned.append(command)
        found: list[str] = []

        def begun() -> bool:
            with connect(self.home.config) as client:
                known = {*self.abandoned}
                found[:] = [j.name for j in client.jobs() if j.total_steps == LONG_STEPS and j.name not in known]
            return bool(found) or command.poll() is not None

        wait_for(begun, "the command's job", PATIENCE_S)
        assert found, (self.home.path / "spawned.log").read_text()
        self.abandoned.append(found[0])
        return command, found[0]

    def kill_client(self) -> None:
        """Its job is cancelled, with what it had reached."""
        command, name = self._abandonable()
        command.kill()
        command.wait()
        wait_for(lambda: self._has_state(name, stylize_pb2.JOB_STATE_CANCELLED), "the cancel", PATIENCE_S)

    def kill_client_and_daemon(self) -> None:
        """The next daemon waits for the client, which does not come; `settle` looks how that ends."""
        command, _ = self._abandonable()
        command.kill()
        self.kill_daemon()
        command.wait()

    def _has_state(self, name: str, state: stylize_pb2.JobState) -> bool:
        job = self.job(name)
        return job is not None and job.state == state

    def fill_disk(self) -> None:
        """For a second no file can grow beyond some pages: the system refuses every write, as a full disk does."""
        daemon = self._daemon()
        processes = (daemon, *self._workers(daemon))
        for limit in (self.chance.choice([0, 4096, 20_000]), resource.RLIM_INFINITY):
            for pid in processes:
                if alive(pid):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            time.sleep(1.0 if limit != resource.RLIM_INFINITY else 0)

    @contextmanager
    def _last_moments(self) -> Iterator[None]:
        """The daemon stands still, so that no client has started the next one yet, and is dead afterwards."""
        daemon = self._daemon()
        os.kill(daemon, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(daemon, signal.SIGKILL)

    def damage_checkpoints(self) -> None:
        """The newest state of every job, or every state, is not what was written; in a moment that has any."""
        places = self.home.config.data_dir / "checkpoints"
        end = time.monotonic() + 2.0  # or there is none: all jobs may be over
        while not list(places.glob(f"*/*{checkpoint.SUFFIX}")) and time.monotonic() < end:
            time.sleep(0.005)
        with self._last_moments():
            for folder in places.iterdir():
                for path in checkpoint.states(folder)[: self.chance.choice([1, 2])]:
                    with suppress(FileNotFoundError):  # its worker writes the next one
                        data = bytearray(path.read_bytes())
                        data[len(data) // 2] ^= 1
                        path.write_bytes(bytes(data) if self.chance.random() < 0.5 else bytes(data[: len(data) // 2]))

    def damage_database(self) -> None:
        """The database is no database any more, its log neither."""
        with self._last_moments():
            for path in self.home.config.data_dir.glob("jobs.sqlite*"):
                if "damaged" not in path.name:
                    path.write_bytes(self.chance.randbytes(5000))
        self.abandoned.clear()  # nobody knows them any more

    def move_clock(self) -> None:
        """The wall clock leaps, far or not, forth or back; half of the time a daemon begins its life there."""
        leap = self.chance.choice([-1, 1]) * self.chance.choice([15.0, 26 * 3600.0, 400 * 86400.0])
        (self._clock / "offset").write_text(str(leap))
        if self.chance.random() < 0.5:
            self.kill_daemon()

    def leave_stale_socket(self) -> None:
        """Where the socket belongs lies one that nobody hears, or a plain file; the note names an innocent process."""
        path = socket_path(self.home.config.runtime_dir)
        with self._last_moments():
            path.unlink(missing_ok=True)
            if self.chance.random() < 0.5:
                with socket.socket(socket.AF_UNIX) as nobody:
                    nobody.bind(str(path))
            else:
                path.touch()
            note = {"pid": os.getpid(), "version": "9.9", "instance_id": "stale", "started": 0.0}
            (self.home.config.runtime_dir / "daemon.json").write_text(json.dumps(note))

    def start_two_daemons(self) -> None:
        """Two more are started, beside the one that lives or in its place: one is left."""
        if self.chance.random() < 0.5:
            self.kill_daemon()
        self._spawned += [self.home.spawn("serve") for _ in range(2)]

    # afterwards

    def check_peace(self) -> None:
        """One daemon; every picture at rest is what its name says; nothing half-written lies about."""
        wait_for(lambda: len(self.home.serving()) == 1, "one daemon alone", PATIENCE_S)
        blobs = self.home.config.data_dir / "blobs"
        for path in blobs.glob("*.raw"):
            header = ImageHeader.from_json(json.loads(path.with_suffix(".json").read_text())["header"])
            assert content_digest(header, chunks(path)) == path.stem
        wait_for(lambda: not list(blobs.glob("*.part")), "the end of unfinished files", PATIENCE_S)

    def settle(self) -> None:
        """What was abandoned ends CANCELLED, and no state is left of what is final."""
        cancelled = stylize_pb2.JOB_STATE_CANCELLED

        def over(name: str) -> bool:
            return self.job(name) is None or self._has_state(name, cancelled)  # None: a leap of the clock made it old

        wait_for(lambda: all(over(name) for name in self.abandoned), "their cancel", PATIENCE_S)
        states = self.home.config.data_dir / "checkpoints"
        wait_for(lambda: not list(states.iterdir()), "the end of all states", PATIENCE_S)

    def end(self) -> None:
        """Nothing is left."""
        launch.stop(self.home.config)
        for process in self._spawned:
            process.wait(60)
        os.environ["PYTHONPATH"] = self._before
        assert self.home.serving() == []
        shutil.rmtree(self.home.path)
