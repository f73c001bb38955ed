"""Several workers in one box: real processes, eight clients, workers killed; pixels as with one worker."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Daemon, Home, alive, encoded, picture, wait_for
from impasto.client import Client, Picture, Progress
from impasto.scheduling.local_pool import LocalPool
from shared import painted_alone

WORKERS, CLIENTS = 4, 8
STEPS = 8


def ready(daemon: Daemon, count: int) -> list[int]:
    """Waits until so many workers are; their processes."""

    def devices() -> list[int]:
        return [device.worker_pid for device in daemon.info().devices if device.name != "starting"]

    wait_for(lambda: len(devices()) == count, f"{count} workers being ready")
    return devices()


def paint(client: Client, seed: int, heard: list[Progress] | None = None) -> Picture:
    """One client's own picture."""
    photo, style = encoded(picture(96, 72, seed)), encoded(picture(80, 60, 2))
    return client.stylize(
        photo,
        style,
        steps=STEPS,
        encoder="vgg19-slim",
        on_progress=None if heard is None else heard.append,
    )


@pytest.fixture(scope="module")
def alone() -> dict[int, bytes]:
    """Each client's picture as one worker with one thread paints it."""
    return painted_alone(paint, CLIENTS)


@pytest.fixture(scope="module")
def box() -> Iterator[Daemon]:
    """A daemon with four workers of one thread each."""
    home = Home(IMPASTO_THREADS="1", IMPASTO_NICE="0")
    daemon = Daemon(home, home.command("serve", "--workers", str(WORKERS)))
    yield daemon
    daemon.end()
    home.remove()


class Crowd:
    """Eight clients at once, each in a thread with a connection of its own."""

    def __init__(self, daemon: Daemon) -> None:
        self.painted: dict[int, bytes] = {}
        self.heard: dict[int, list[Progress]] = {seed: [] for seed in range(CLIENTS)}
        self.failed: list[BaseException] = []
        self._threads = [threading.Thread(target=self._paint, args=(daemon, seed)) for seed in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _paint(self, daemon: Daemon, seed: int) -> None:
        try:
            with daemon.client(f"editor{seed}") as client:
                self.painted[seed] = paint(client, seed, self.heard[seed]).samples
        except BaseException as error:  # told by the thread that waits
            self.failed.append(error)

    def begun(self) -> int:
        """How many have made a step."""
        return sum(any(told.step for told in heard) for heard in self.heard.values())

    def join(self) -> None:
        """Waits for all of them."""
        for thread in self._threads:
            thread.join(240)
        assert not self.failed, self.failed
        assert not any(thread.is_alive() for thread in self._threads)


def test_eight_clients_on_four_workers_have_the_pixels_of_one(box: Daemon, alone: dict[int, bytes]) -> None:
    """All workers are at work at once, and every picture is the single worker's, bit for bit."""
    pids = ready(box, WORKERS)
    for pid in pids:  # none is done with one before the last has come: each has one, however slowly they come
        os.kill(pid, signal.SIGSTOP)
    crowd = Crowd(box)
    wait_for(lambda: all(crowd.heard.values()) or bool(crowd.failed), "every job being accepted")
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    wait_for(
        lambda: len({device.worker_pid for device in box.info().devices if device.loaded_encoders}) == WORKERS,
        "every worker having an encoder in its memory",
    )
    crowd.join()

    assert len(set(pids)) == WORKERS
    assert crowd.painted == alone


def test_killed_workers_cost_nobody_a_stream_or_a_pixel(box: Daemon, alone: dict[int, bytes]) -> None:
    """Three of four die, two with jobs in hand: eight streams go on, eight jobs end right, with one worker's pixels."""
    pids = ready(box, WORKERS)
    for pid in pids[:2]:  # they take jobs in and come no further, however quick the machine
        os.kill(pid, signal.SIGSTOP)
    crowd = Crowd(box)
    wait_for(lambda: all(crowd.heard.values()) or bool(crowd.failed), "every job being accepted")
    wait_for(lambda: crowd.begun() > 0 or bool(crowd.failed), "a step of one that the others have")
    for pid in pids[:3]:
        os.kill(pid, signal.SIGKILL)
    crowd.join()
    told = [{progress.notice for progress in heard if "died" in progress.notice} for heard in crowd.heard.values()]

    assert crowd.painted == alone
    assert sum(bool(notices) for notices in told) >= 2
    assert pids[3] in ready(box, WORKERS)  # it was not touched, and the others were replaced


def test_threads_and_memory_are_divided_and_nobody_outlives_the_daemon(start: Callable[..., Daemon]) -> None:
    """Each has an equal share of the cores, at least one, and of memory; a killed daemon takes all of them with it."""
    home = Home()
    daemon = start(home, home.command("serve", "--workers", "3", "--memory", "3GiB"))
    pids = ready(daemon, 3)
    devices, share = daemon.info().devices, max(1, len(os.sched_getaffinity(0)) // 3)
    daemon.process.kill()
    daemon.process.wait()

    assert [device.description for device in devices] == [f"{share} threads"] * 3
    assert [device.budget_bytes for device in devices] == [1 << 30] * 3
    wait_for(lambda: not any(alive(pid) for pid in pids), "every worker's end", 20)


@pytest.mark.parametrize(
    ("device", "devices", "wanted", "count"),
    [("cpu", 1, 0, 1), ("cpu", 1, 4, 4), ("cuda:0", 8, 0, 8), ("cuda:0", 8, 3, 3), ("cuda:0", 2, 4, 2)],
)
async def test_there_are_as_many_workers_as_devices_or_as_told(
    device: str, devices: int, wanted: int, count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One for each GPU; fewer if so many are wanted, never more, which the log says; on a processor as many as told."""
    pool = LocalPool(threads=1, nice=0, silence_s=30, data_dir=tmp_path, workers=wanted)

    assert pool._count(device, devices) == count
    assert ("there are 2 devices" in caplog.text) == (wanted > devices > 1)
