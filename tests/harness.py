"""Real daemons in real processes, for tests: started, asked, killed; and pictures to feed them.

Nothing here is fake. Every wait has an end, and says what it waited for.
"""

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto import launch
from impasto.client import Client
from impasto.config import Config
from impasto.v1 import image_pb2, stylize_pb2, stylize_pb2_grpc

HANDS = 10  # tries to stop a worker in the midst of a job; one is enough but where the machine stands still
PF_EXITING = 0x4  # Linux's flag of a process that is being taken down
DEADLINE_S = 60.0  # of anything that must happen at all; what must happen quickly says so itself


class _Metronome(threading.Thread):
    """Counts the seconds in which this machine, or this process, stood still: a beat comes so much too late then."""

    USUAL_S = 0.07  # the most that lies between two beats on a machine that has other work

    def __init__(self) -> None:
        super().__init__(name="metronome", daemon=True)
        self._beat = time.monotonic(), 0.0  # when the last one was, and what was lost until then

    def run(self) -> None:
        """As long as the process lives."""
        while True:
            time.sleep(0.02)
            now = time.monotonic()
            self._beat = now, self.lost_s(now)

    def lost_s(self, now: float) -> float:
        """Until that moment; a beat that has not come yet counts, too."""
        last, lost_s = self._beat
        return lost_s + max(0.0, now - last - self.USUAL_S)


_metronome = _Metronome()
_metronome.start()


def ran_s() -> float:
    """A clock that stands still while everything does: seconds."""
    return (now := time.monotonic()) - _metronome.lost_s(now)


def wait_for(condition: Callable[[], bool], what: str, within_s: float = DEADLINE_S) -> float:
    """Seconds until `condition` held; those in which nothing at all ran here are not counted."""
    began = ran_s()
    while not condition():
        if ran_s() - began > within_s:
            raise AssertionError(f"{what} did not happen within {within_s:g} s")
        time.sleep(0.01)
    return ran_s() - began


def doomed(pid: int) -> bool:
    """Whether a process has ended, or the kernel has decided so: a busy machine may be slow to carry it out."""
    try:
        flags = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[6])
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    pending = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd:", "ShdPnd:"))]
    return not alive(pid) or bool(flags & PF_EXITING) or any(mask >> (signal.SIGKILL - 1) & 1 for mask in pending)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


class Home:
    """A place for one daemon and its commands; its path is short, as a socket's must be."""

    def __init__(self, **environment: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="imp-"))
        self.config = Config(runtime_dir=self.path / "run", data_dir=self.path / "data")
        own = {"IMPASTO_RUNTIME_DIR": str(self.config.runtime_dir), "IMPASTO_DATA_DIR": str(self.config.data_dir)}
        # No weights of the machine's user may change what "auto" means in a test.
        self.environment = os.environ | {"TORCH_HOME": str(self.path / "torch")} | own | environment

    @property
    def variables(self) -> dict[str, str]:
        """What an editor must have in its environment to work with this home, and not with its user's own.

        Never `HOME`: that is the editor's, with its plug-ins in it.
        """
        own = {name: value for name, value in self.environment.items() if name != "HOME"}
        return {name: value for name, value in own.items() if os.environ.get(name) != value}

    def command(self, *arguments: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-P", "-m", "impasto", *arguments]

    def run(self, *arguments: str, within_s: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
        """Runs a command of ours to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
            cwd=self.path,
        )

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a command of ours in the background."""
        log = (self.path / "spawned.log").open("ab")
        with log:
            return subprocess.Popen(
                self.command(*arguments), env=self.environment, stdout=log, stderr=log, cwd=self.path
            )

    def remove(self) -> None:
        """Stops whatever runs here and deletes the folder."""
        launch.stop(self.config)
        wait_for(self._removed, "an end of all that was here")

    def _removed(self) -> bool:
        """Whether all is gone; a worker that was killed with its daemon may write until its last breath."""
        shutil.rmtree(self.path, ignore_errors=True)
        return not self.path.exists()

    def serving(self) -> list[int]:
        """Process ids of all daemons of this home, those too that have not looked at the lock yet."""
        mark, found = f"IMPASTO_RUNTIME_DIR={self.config.runtime_dir}\0".encode(), []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if b"\0serve\0" in (folder / "cmdline").read_bytes() and mark in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found

    def blobs(self) -> set[str]:
        """Names of all files at rest."""
        return {path.name for path in (self.config.data_dir / "blobs").glob("*")}


class Daemon:
    """A daemon in the foreground of a process of its own."""

    def __init__(self, home: Home, command: list[str] | None = None) -> None:
        self.home = home
        self.log = home.path / "daemon.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command or home.command("serve"), env=home.environment, stdout=log, stderr=log, cwd=home.path
            )
        self.start_s = wait_for(self.answers, "the daemon's first answer")

    def answers(self) -> bool:
        """Whether it answers, and is still there to do so."""
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log.read_text()}")
        return launch.running(self.home.config) is not None

    @contextmanager
    def client(self, name: str = "test") -> Iterator[Client]:
        """A client of ours."""
        with Client(launch.open_channel(self.home.config), name) as client:
            yield client

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        """A bare channel, as somebody else's program would open it."""
        with grpc.insecure_channel(f"unix:{self.home.config.runtime_dir}/impasto.sock") as channel:
            yield channel

    def info(self) -> launch.Info:
        """What it says of itself."""
        info = launch.running(self.home.config)
        assert info is not None
        return info

    def worker_pids(self) -> list[int]:
        """Its worker processes, as the system sees them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def ready(self) -> int:
        """Waits until the worker is ready; its process id."""
        wait_for(lambda: any(d.name != "starting" for d in self.info().devices), "a worker being ready")
        return self.info().devices[0].worker_pid

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


@contextmanager
def held(daemon: Daemon) -> Iterator[None]:
    """Its worker stands still, so that nothing ends meanwhile, however quick the machine.

    For less than the silence after which a worker is replaced; the daemon may be killed meanwhile, and take it along.
    """
    wait_for(lambda: daemon.info().devices[0].worker_pid > 0, "a worker")
    os.kill(pid := daemon.ready(), signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def caught(
    daemon: Daemon, begin: Callable[[], str], when: Callable[[str], bool], channel: grpc.Channel | None = None
) -> tuple[str, int]:
    """A job that is not over, and its worker, which was stopped in the midst of it; SIGCONT, or a SIGKILL, is next.

    However late the hand was: where the job was over before its worker stood still another one is begun.

    Args:
        daemon: has one worker.
        begin: has a job begun, and tells its name.
        when: whether it has come far enough.
        channel: of the job's owner, where that is not the machine's user.
    """
    with nullcontext(channel) if channel else daemon.channel() as owners:
        stub = stylize_pb2_grpc.StylizeServiceStub(owners)

        def goes_on(name: str) -> bool:
            job = stub.GetJob(stylize_pb2.GetJobRequest(name=name)).job
            return not job.end_time.seconds and not 0 < job.total_steps <= job.step

        for _ in range(HANDS):
            name = begin()
            wait_for(lambda name=name: when(name) or not goes_on(name), "its being so far", 240)  # type: ignore[misc]
            os.kill(worker := daemon.ready(), signal.SIGSTOP)
            if goes_on(name) and goes_on(name):  # twice: what the worker had said was heard before the second answer
                return name, worker
            os.kill(worker, signal.SIGCONT)
    raise AssertionError(f"{HANDS} jobs were over before their worker could be stopped")


def picture(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """A picture with forms, edges and texture, different for every seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((4, 5, 3)).astype(np.float32)
    smooth = Image.fromarray((coarse * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    grain = rng.integers(-30, 30, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(smooth, np.int16) + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def inline(image: Image.Image) -> image_pb2.ImageRef:
    """The picture inside a request, as a file."""
    return image_pb2.ImageRef(inline=image_pb2.InlineImage(encoded=encoded(image)))


def raw(
    samples: npt.NDArray[Any], pixel_format: image_pb2.PixelFormat, sample_type: image_pb2.SampleType
) -> image_pb2.ImageRef:
    """Samples (H, W, C) inside a request."""
    height, width, _ = samples.shape
    header = image_pb2.ImageHeader(width=width, height=height, pixel_format=pixel_format, sample_type=sample_type)
    image = image_pb2.RawImage(header=header, samples=samples.tobytes())
    return image_pb2.ImageRef(inline=image_pb2.InlineImage(raw=image))


def request(steps: int = 3, width: int = 64, height: int = 48, **fields: object) -> stylize_pb2.StylizeRequest:
    """A small good request; `fields` are of the request itself."""
    spec = stylize_pb2.StylizeSpec(content=inline(picture(width, height, 1)), steps=steps)
    spec.styles.add().image.CopyFrom(inline(picture(80, 60, 2)))
    message = stylize_pb2.StylizeRequest(spec=spec)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def long_request(**fields: object) -> stylize_pb2.StylizeRequest:
    """A request that will not end by itself while a test looks."""
    return request(steps=9000, width=160, height=128, **fields)
