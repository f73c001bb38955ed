"""Own memory of a process at its most. For scripts that a test runs as processes of their own; Linux alone."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY_S = 0.01


class OwnMemory:
    """While open, a thread looks how much this process has of its own, which is not mapped from files.

    `peak` is the most that was seen above what there was before. A thread that gets no turn misses what is short: who
    knows a moment at which there is much looks, too.
    """

    def __enter__(self) -> Self:
        self._ended, self._before, self.peak = threading.Event(), _own(), 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Now."""
        self.peak = max(self.peak, _own() - self._before)

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.look()


def _own() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def numbers(script: str, *arguments: str) -> list[int]:
    """What a script prints that may import this module, run in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", script, *arguments]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900, env=environment)
    return [int(word) for word in told.stdout.split()]
