"""A process that gets no turn, as on a machine where others want all of it: real ones, by Linux's own scheduler.

Knows processes and nothing of Impasto. Called by tests of who is silent only because others take its turns.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness import wait_for

HOGS = 4
ENDLESS = "import os; os.sched_setaffinity(0, {%d})\nwhile True: pass"


@contextmanager
def starved(pid: int) -> Iterator[None]:
    """It is let onto one processor alone, and only when nobody else wants that; others want it all the time.

    They do before the context is entered, however slowly they start; afterwards all is as it was.
    """
    before, cpu = os.sched_getaffinity(pid), min(os.sched_getaffinity(0))
    hogs = [subprocess.Popen([sys.executable, "-c", ENDLESS % cpu]) for _ in range(HOGS)]
    try:
        wait_for(lambda: all(os.sched_getaffinity(hog.pid) == {cpu} for hog in hogs), "hogs on that processor")
        _let(pid, {cpu}, os.SCHED_IDLE)
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
        _let(pid, before, os.SCHED_OTHER)


def _let(pid: int, cpus: set[int], policy: int) -> None:
    """All threads of a process, if it still is."""
    with suppress(FileNotFoundError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), cpus)
                os.sched_setscheduler(int(thread.name), policy, os.sched_param(0))
