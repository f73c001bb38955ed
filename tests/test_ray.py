"""Workers on a Ray cluster: two real nodes that share no folder, eight clients; workers, actors, a node, the front die.

Pixels are those of one worker on this machine with as many threads, whatever dies. Each test leaves two nodes and a
front behind, as it found them.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from harness import HANDS, Daemon, Home, alive, encoded, picture, request, wait_for
from impasto.client import Client, Picture, Progress, connect
from impasto.store.checkpoints import Checkpoints
from impasto.v1 import stylize_pb2
from ray_nodes import CPUS, Cluster, front
from shared import painted_alone
from test_daemon import SUCCEEDED, Stub, created, job, steps_done, watched

pytestmark = pytest.mark.timeout(900)  # of a machine that is busy with other things, too

WORKERS, CLIENTS, STEPS = 4, 8, 12
READY_S = 120.0  # four actors, four imports of torch
PAINTED_S = 240.0
PATIENT_S, ORPHAN_S = 600.0, 10.0  # seats wait so long for a front; those of the test that waits for their end
SERVING = health_pb2.HealthCheckResponse.SERVING
WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from impasto.cli import main; main()"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes, for all tests here."""
    found = Cluster()
    yield found
    found.remove()


def shared_home() -> Home:
    """One thread a worker, wherever it is; however long a front takes to come back, its workers wait for it."""
    patient = {"IMPASTO_RAY_ORPHAN_S": str(PATIENT_S)}
    return Home(IMPASTO_THREADS="1", IMPASTO_NICE="0", IMPASTO_WORKERS=str(WORKERS), **patient)


@pytest.fixture(scope="module")
def alone() -> dict[int, bytes]:
    """Each client's picture as one worker of this machine paints it."""
    return painted_alone(paint, CLIENTS)


@pytest.fixture(scope="module")
def studio(cluster: Cluster) -> Iterator[Daemon]:
    """A front with four workers, two on each node."""
    home = shared_home()
    daemon = front(home, cluster)
    yield daemon
    assert daemon.end() == 0
    home.remove()


def paint(client: Client, seed: int, heard: list[Progress] | None = None, steps: int = STEPS) -> Picture:
    """One client's own picture."""
    photo, style = encoded(picture(96, 72, seed)), encoded(picture(80, 60, 2))
    told = None if heard is None else heard.append
    return client.stylize(photo, style, steps=steps, encoder="vgg19-slim", on_progress=told)


def ready(daemon: Daemon, count: int = WORKERS) -> None:
    """Waits until so many workers are."""
    wait_for(lambda: names(daemon) == ["cpu"] * count, f"{count} workers being ready", READY_S)


def names(daemon: Daemon) -> list[str]:
    """The devices' names, "starting" of those that are not ready."""
    return [device.name for device in daemon.info().devices]


class Crowd:
    """Eight clients at once, each in a thread with a connection of its own, which may outlive the front."""

    def __init__(self, daemon: Daemon, steps: int = STEPS) -> None:
        self.painted: dict[int, bytes] = {}
        self.heard: dict[int, list[Progress]] = {seed: [] for seed in range(CLIENTS)}
        self.failed: list[BaseException] = []
        self._daemon, self._steps = daemon, steps
        self._threads = [threading.Thread(target=self._paint, args=(seed,)) for seed in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _paint(self, seed: int) -> None:
        try:
            with connect(self._daemon.home.config, start=False) as client:
                self.painted[seed] = paint(client, seed, self.heard[seed], self._steps).samples
        except BaseException as error:  # told by the thread that waits
            self.failed.append(error)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until it holds, or somebody's call has failed."""
        wait_for(lambda: condition() or bool(self.failed), what, READY_S)
        assert not self.failed, self.failed

    def begun(self) -> int:
        """How many have made a step."""
        return sum(any(told.step for told in heard) for heard in self.heard.values())

    def told(self, words: str) -> int:
        """How many have heard so."""
        return sum(any(words in told.notice for told in heard) for heard in self.heard.values())

    def join(self) -> dict[int, bytes]:
        """Waits for all of them; what they have."""
        for thread in self._threads:
            thread.join(PAINTED_S)
        assert not self.failed, self.failed
        assert not any(thread.is_alive() for thread in self._threads)
        return self.painted


def test_eight_clients_on_four_workers_of_two_nodes_have_the_pixels_of_one(
    cluster: Cluster, studio: Daemon, alone: dict[int, bytes]
) -> None:
    """Two workers on each node, which read and write in the node's own folder and nowhere in the front's."""
    ready(studio)
    workers = cluster.workers()
    for pid in workers:  # none is done with one before the last has come: each has one, however slowly they come
        os.kill(pid, signal.SIGSTOP)
    crowd = Crowd(studio)
    crowd.wait(lambda: all(crowd.heard.values()), "every job being accepted")
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    commands = [Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in workers]

    assert crowd.join() == alone
    assert [len(node.workers()) for node in cluster.nodes] == [CPUS] * 2
    assert all(words[words.index("--data-dir") + 1].startswith(str(cluster.path)) for words in commands)
    assert all(len(list(node.folder.glob("*/pictures/*"))) > 1 for node in cluster.nodes)
    assert not [path for node in cluster.nodes for path in node.folder.glob("*/jobs/*/*.raw")]  # nothing stays
    assert b"_raylet" not in Path(f"/proc/{studio.process.pid}/maps").read_bytes()


def test_a_killed_worker_and_a_killed_actor_cost_nobody_a_stream_or_a_pixel(
    cluster: Cluster, studio: Daemon, alone: dict[int, bytes]
) -> None:
    """Three of four die with jobs in hand, in two ways: eight streams go on, with one worker's pixels."""
    ready(studio)
    workers, actors = cluster.workers(), cluster.actors()
    for pid in workers[:3]:  # they take jobs in and come no further, however quick the machine
        os.kill(pid, signal.SIGSTOP)
    crowd = Crowd(studio)
    crowd.wait(lambda: all(crowd.heard.values()), "every job being accepted")
    crowd.wait(lambda: crowd.begun() > 0, "a step of one that the others have")
    os.kill(workers[0], signal.SIGKILL)
    killed = [actor_of(pid) for pid in workers[1:3]]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    assert crowd.join() == alone
    assert set(killed) < set(actors)
    assert crowd.told("died") >= 3
    assert not any(alive(pid) for pid in workers[:3])  # with its actor a worker dies, stopped or not
    ready(studio)


def actor_of(worker: int) -> int:
    """The process that started it."""
    return int(Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_a_node_that_dies_takes_no_job_with_it_and_one_that_joins_gets_workers(
    cluster: Cluster, studio: Daemon, alone: dict[int, bytes]
) -> None:
    """Its jobs go on from the store's states on the node that is left; the next node has two workers soon."""
    ready(studio)
    node = cluster.nodes[-1]
    crowd = Crowd(studio)
    crowd.wait(lambda: crowd.begun() == CLIENTS, "a step of every job")
    held = node.workers()
    node.kill()

    assert crowd.join() == alone
    assert len(held) == CPUS
    wait_for(lambda: names(studio).count("cpu") == CPUS, "those of the node being missed", READY_S)
    cluster.nodes.remove(node)
    cluster.join()
    ready(studio)
    assert len(cluster.nodes[-1].workers()) == CPUS


def test_a_front_that_was_killed_finds_its_workers_again_and_streams_go_on(
    cluster: Cluster, studio: Daemon, alone: dict[int, bytes]
) -> None:
    """The next front takes the same processes over, warm, and ends every job right; what it does not find it makes."""
    ready(studio)
    before = cluster.workers()
    crowd = Crowd(studio)
    crowd.wait(lambda: crowd.begun() >= WORKERS, "steps of several jobs")
    studio.process.kill()
    studio.process.wait()
    studio.process = front(studio.home, cluster).process

    assert crowd.join() == alone
    ready(studio)
    assert cluster.workers() == before


def test_a_cluster_that_dies_whole_and_comes_back_costs_nobody_a_stream(
    cluster: Cluster, studio: Daemon, alone: dict[int, bytes]
) -> None:
    """The front does not die with it: jobs wait, streams stay open, and all go on from their last states."""
    ready(studio)
    crowd = Crowd(studio)
    crowd.wait(lambda: crowd.begun() >= WORKERS, "steps of several jobs")
    cluster.restart()

    assert crowd.join() == alone
    ready(studio)


def nobody_left(cluster: Cluster, within_s: float = 60.0) -> list[Path]:
    """Waits until no actor and no worker is on any node; the files that they left there."""
    wait_for(lambda: not cluster.actors() and not cluster.workers(), "the end of actors and workers", within_s)
    return [path for node in cluster.nodes for path in node.folder.glob("*/*")]


def midway(cluster: Cluster, stub: Stub, message: stylize_pb2.StylizeRequest) -> str:
    """A job in the midst of its steps, with all workers stopped there; the hand may have come too late for others."""
    for _ in range(HANDS):
        name = created(stub, message)
        steps_done(stub, name, 10)
        for pid in cluster.workers():
            os.kill(pid, signal.SIGSTOP)
        if all(job(stub, name).step < message.spec.steps for _ in range(2)):
            return name
        for pid in cluster.workers():
            os.kill(pid, signal.SIGCONT)
    raise AssertionError(f"{HANDS} jobs were over before their worker could be stopped")


def test_a_front_that_stops_writes_its_jobs_down_and_leaves_nothing(cluster: Cluster, studio: Daemon) -> None:
    """What a node had in its memory is in the store, no actor stays, and the next front goes on to the same pixels."""
    ready(studio)
    message = request(steps=80, width=96, height=72)
    message.delivery.on_disconnect = stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING
    with studio.channel() as channel:
        stub = Stub(channel)
        name = midway(cluster, stub, message)
        stopping, health = studio.home.spawn("stop"), health_pb2_grpc.HealthStub(channel)
        wait_for(lambda: health.Check(health_pb2.HealthCheckRequest(), timeout=60).status != SERVING, "the drain")
    for pid in cluster.workers():
        os.kill(pid, signal.SIGCONT)
    assert stopping.wait(60) == 0
    studio.process.wait(60)
    left = nobody_left(cluster)
    saved = Checkpoints(studio.home.config.data_dir / "checkpoints").newest(name)
    studio.process = front(studio.home, cluster).process
    with studio.channel() as channel:
        last = watched(Stub(channel), name)[-1].job
    ready(studio)
    assert studio.home.run("free").returncode == 0
    rested = nobody_left(cluster)
    with studio.channel() as channel, studio.client() as client:  # who comes back wakes them up
        stub, again = Stub(channel), created(Stub(channel), message)
        assert watched(stub, again)[-1].job.state == last.state == SUCCEEDED
        same = client.picture(again).samples == client.picture(name).samples

    assert (left, rested) == ([], [])
    assert 10 <= saved < 80
    assert same


def test_a_front_that_dies_leaves_nothing_for_long(cluster: Cluster, studio: Daemon) -> None:
    """Actors whose front is silent end themselves, with their workers and files."""
    studio.end()
    studio.home.environment["IMPASTO_RAY_ORPHAN_S"] = str(ORPHAN_S)
    studio.process = front(studio.home, cluster).process
    wait_for(lambda: "cpu" in names(studio), "a worker being ready", READY_S)
    studio.process.kill()
    studio.process.wait()
    left = nobody_left(cluster, 60 + ORPHAN_S)
    studio.process = front(studio.home, cluster).process

    assert left == []


def test_a_cluster_that_refuses_our_token_is_told_of_at_the_start(cluster: Cluster, home: Home) -> None:
    """The daemon does not start, and says what to do; Ray's own words are for the log."""
    wrong = home.path / "token"
    wrong.write_text("0" * 64)
    wrong.chmod(0o600)

    for options in (("--ray-token-file", str(wrong)), ()):
        told = refusal(home, "--ray-address", cluster.address, *options)

        assert told.endswith("refuses our token: ray_token_file must hold that of its nodes\n")


# without a cluster


def refusal(home: Home, *options: str, command: list[str] | None = None) -> str:
    """What a front says that does not start."""
    words = [*(command or home.command()), "serve", "--pool", "ray", *options]
    done = subprocess.run(
        words, env=home.environment, capture_output=True, text=True, timeout=120, cwd=home.path, check=False
    )
    assert done.returncode != 0
    return done.stderr


def test_what_is_missing_is_told_before_anything_starts(home: Home) -> None:
    """No address, no token for a cluster on the network, a token that others can read, none that can be read."""
    token, empty = home.path / "token", home.path / "empty"
    token.write_text("0" * 64)
    token.chmod(0o644)
    empty.touch(mode=0o600)
    far = ("--ray-address", "head.example:6379")

    assert "--ray-address HOST:6379" in refusal(home)
    assert "--ray-token-file FILE" in refusal(home, *far)
    assert "mode 0644" in (told := refusal(home, *far, "--ray-token-file", str(token)))
    assert "chmod 600 it" in told
    assert "is empty" in refusal(home, *far, "--ray-token-file", str(empty))
    assert "No such file" in refusal(home, *far, "--ray-token-file", str(home.path / "nowhere"))
    assert "HOST:PORT is needed" in refusal(home, "--ray-address", "head.example")
    assert home.serving() == []


def test_without_the_extra_the_error_says_what_to_install_and_all_else_works(
    home: Home, start: Callable[..., Daemon]
) -> None:
    """As on a machine where Ray is not installed, whether it is here or not: a process in which it cannot be found."""
    bare = [sys.executable, "-P", "-c", WITHOUT_RAY]

    assert "pip install 'impasto[ray]'" in refusal(home, "--ray-address", "127.0.0.2:6379", command=bare)
    with start(home, [*bare, "serve"]).client() as client:
        assert paint(client, 1, steps=2).header.width == 96


def test_a_cluster_that_does_not_answer_is_waited_for(home: Home, start: Callable[..., Daemon]) -> None:
    """The daemon is there and says why nothing is painted; it takes jobs in, and stops at once when told to."""
    daemon = start(home, home.command("serve", "--pool", "ray", "--ray-address", "127.0.0.4:1"))

    wait_for(lambda: daemon.log.read_text().count("cannot be joined") > 2, "two attempts")
    assert daemon.info().devices == []
    assert daemon.end() == 0
