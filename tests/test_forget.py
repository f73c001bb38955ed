"""`impasto forget`: no picture is left on the disk, with a daemon or without one."""

import subprocess
from collections.abc import Callable

import pytest

from harness import Daemon, Home, encoded, long_request, picture, request
from impasto.v1 import stylize_pb2
from test_daemon import RUNNING, Stub, created, job, steps_done, watched

LABEL = "A-LABEL-NOBODY-ELSE-HAS"


def titled(message: stylize_pb2.StylizeRequest) -> stylize_pb2.StylizeRequest:
    """The same with a label that can be looked for."""
    message.labels["title"] = LABEL
    return message


def worked(daemon: Daemon) -> None:
    """A daemon with uploads, a result, and jobs in its database."""
    with daemon.channel() as channel, daemon.client() as client:
        client.upload(encoded(picture(seed=9)))
        for steps in (2, 3):
            watched(Stub(channel), created(Stub(channel), titled(request(steps=steps))))


def left(home: Home) -> dict[str, list[str]]:
    """What is still at rest: blobs, checkpoints, and files that hold the label anywhere in their bytes."""
    data = home.config.data_dir
    files = [path for path in data.rglob("*") if path.is_file()]
    return {
        "blobs": sorted(home.blobs()),
        "checkpoints": sorted(path.name for path in (data / "checkpoints").rglob("*") if path.is_file()),
        "labelled": sorted(path.name for path in files if LABEL.encode() in path.read_bytes()),
    }


NOTHING: dict[str, list[str]] = {"blobs": [], "checkpoints": [], "labelled": []}


def forget(home: Home, *options: str) -> subprocess.CompletedProcess[str]:
    """One whole command."""
    done = home.run("forget", "--yes", *options)
    assert done.returncode == 0, done.stderr
    return done


def test_with_a_daemon_nothing_is_left(start: Callable[..., Daemon]) -> None:
    """Pictures, jobs, labels: not even in the bytes of the database and what lies beside it; the daemon goes on."""
    daemon = start()
    worked(daemon)
    before = left(daemon.home)
    told = forget(daemon.home).stdout
    workers = daemon.worker_pids()
    with daemon.channel() as channel:
        jobs = list(Stub(channel).ListJobs(stylize_pb2.ListJobsRequest()).jobs)
        again = watched(Stub(channel), created(Stub(channel), request(steps=2)))[-1].job

    assert before["blobs"]
    assert before["labelled"]
    assert told.startswith("forgot 5 pictures and 2 jobs: 0.")
    assert {name: found for name, found in left(daemon.home).items() if name != "blobs"} == {
        "checkpoints": [], "labelled": []
    }  # fmt: skip
    assert workers == []  # nor in a worker's memory
    assert jobs == []
    assert again.result.blob


def test_without_a_daemon_nothing_is_left_either(start: Callable[..., Daemon]) -> None:
    """After it was stopped, or killed in mid-work with half-written files; databases that were set aside go, too."""
    daemon = start()
    worked(daemon)
    daemon.process.kill()
    daemon.process.wait()
    data = daemon.home.config.data_dir
    (data / "blobs" / "half.part").write_bytes(b"half a picture")
    (data / "jobs.sqlite.damaged-1").write_text(LABEL)
    told = forget(daemon.home).stdout

    assert told.startswith("forgot 5 pictures and 2 jobs")
    assert left(daemon.home) == NOTHING
    assert daemon.home.serving() == []


def test_what_a_running_job_needs_stays_and_is_told(start: Callable[..., Daemon]) -> None:
    """It goes on; with --cancel-jobs it ends and nothing is left."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, titled(long_request()))
        steps_done(stub, name)
        told = forget(daemon.home).stdout
        goes_on = job(stub, name).state
        step = job(stub, name).step
        steps_done(stub, name, step + 1)
        assert left(daemon.home)["blobs"]
        all_gone = forget(daemon.home, "--cancel-jobs").stdout

    assert f"kept for unfinished jobs (--cancel-jobs ends them): {name}" in told
    assert goes_on == RUNNING
    assert "kept" not in all_gone
    assert left(daemon.home) == NOTHING


@pytest.mark.parametrize("options", [[], ["--cancel-jobs"]])
def test_unfinished_jobs_of_a_daemon_that_is_gone(start: Callable[..., Daemon], options: list[str]) -> None:
    """They wait for the next daemon and are kept, unless they are to be cancelled."""
    daemon = start()
    with daemon.channel() as channel:
        name = created(Stub(channel), titled(long_request()))
        steps_done(Stub(channel), name)
    daemon.end()
    told = forget(daemon.home, *options).stdout

    assert (f"{name}" in told) == (not options)
    assert (left(daemon.home) == NOTHING) == bool(options)
    if not options:
        successor = start(daemon.home)
        with successor.channel() as channel:
            steps_done(Stub(channel), name)
            Stub(channel).CancelJob(stylize_pb2.CancelJobRequest(name=name))


def test_it_asks_first(home: Home) -> None:
    """Without --yes a person is asked; nobody there to answer means no."""
    blobs = home.config.data_dir / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "kept.part").write_bytes(b"x")
    done = home.run("forget")

    assert done.returncode == 130
    assert "Remove every picture and every finished job that the daemon keeps?" in done.stdout
    assert (blobs / "kept.part").exists()
