"""Whether a silent process hangs or only gets no turn: real processes, starved by real others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness import wait_for
from impasto.scheduling import vitals
from starving import starved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@contextmanager
def python(script: str) -> Iterator[int]:
    """A process that runs it, for as long as the context lasts; its id."""
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def had(pid: int) -> float:
    """Its processor seconds, which can be known here."""
    seconds = vitals.cpu_s(pid)
    assert seconds is not None
    return seconds


def test_a_computing_process_is_willing_and_its_time_grows() -> None:
    """An endless loop has more and more of the processor."""
    with python("while True: pass") as pid:
        wait_for(lambda: had(pid) > 0.2, "some processor time")
        assert vitals.willing(pid)


def test_a_sleeping_a_stopped_and_a_gone_process_are_not_willing() -> None:
    """None of them would go on if it were let."""
    with python("import time; time.sleep(600)") as pid:
        wait_for(lambda: not vitals.willing(pid), "it sleeping")
    with python("while True: pass") as pid:
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: not vitals.willing(pid), "it having stopped")
    assert not vitals.willing(pid)
    assert vitals.cpu_s(pid) is None


def test_a_starved_process_is_willing_and_has_hardly_any_time() -> None:
    """That is how it is told from one that hangs in a loop."""
    with python("while True: pass") as pid:
        wait_for(lambda: had(pid) > 0, "some processor time")
        with starved(pid):
            before = had(pid)
            time.sleep(2)
            assert had(pid) - before < 0.5
            assert vitals.willing(pid)
