"""What malloc keeps for a worker's next step, and that an idle one gives it back: real processes, Linux' count."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Daemon, Home, request, wait_for
from impasto import malloc
from impasto.scheduling.process import worker_environment
from test_daemon import SUCCEEDED, Stub, created, watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps, and Linux tells what")

MIB = 1 << 20
SIDE = 640  # px; a step of that takes some 200 MiB
LITTLE = 96 * MIB  # what a worker may hold for styles, or for what lies between two blocks in use
FREED = f"""
from pathlib import Path
from impasto import malloc
def own():
    return next(int(line.split()[1]) >> 10 for line in Path("/proc/self/status").open() if line.startswith("RssAnon"))
before = own()
held = bytearray({50 * MIB})
del held
kept = own() - before
malloc.trim()
print(kept, own() - before)
"""


def own_bytes(pid: int) -> int:
    """What a process has in memory that is no file's."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def test_a_freed_block_is_kept_and_a_trim_gives_it_back() -> None:
    """50 MiB, in a process with the settings; in one without them it is not kept at all."""
    keeping, usual = (
        [int(word) for word in subprocess.check_output([sys.executable, "-c", FREED], env=environment).split()]
        for environment in (os.environ | malloc.KEEPING, {k: v for k, v in os.environ.items() if "MALLOC" not in k})
    )

    assert keeping[0] > 45
    assert max(keeping[1], *usual) < 10


def test_a_worker_keeps_unless_its_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for the daemon counts."""
    assert worker_environment()["MALLOC_MMAP_THRESHOLD_"] == str(malloc.KEPT_BYTES)
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "65536")
    assert worker_environment()["MALLOC_MMAP_THRESHOLD_"] == "65536"


def test_an_idle_worker_gives_back_what_a_job_took(start: Callable[..., Daemon]) -> None:
    """When it is idle it is nearly as small as it was after its first job, which has loaded all that stays."""
    daemon = start(Home(IMPASTO_THREADS="1"))
    with daemon.channel() as channel:
        stub = Stub(channel)
        assert watched(stub, created(stub, request()))[-1].job.state == SUCCEEDED
        worker = daemon.ready()
        before = own_bytes(worker)
        assert watched(stub, created(stub, request(6, SIDE, SIDE)))[-1].job.state == SUCCEEDED
    assert daemon.ready() == worker
    wait_for(lambda: own_bytes(worker) < before + LITTLE, "the memory being given back")
