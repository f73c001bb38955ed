"""A process of ours that speaks frames over stdin and stdout: started, heard until it ends, hangs or raves, and killed.

Knows processes and frames. Must not know what is said, nor import torch: what runs there is only ever executed, never
imported. ``local_pool`` has one for each worker; ``cluster`` one for the cluster, and one on each node for its worker.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Self

from impasto import malloc
from impasto.frames import Frame, FrameError, Parser
from impasto.scheduling import vitals

log = logging.getLogger(__name__)

READ_BYTES = 1 << 20
LOOKS = 20  # at a silent process's threads, over a second: one that is alive but starved will be seen willing


class Process:
    """One of them. The mutable state is the process, and when it was heard last."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._heard, self._heard_cpu_s = time.monotonic(), 0.0

    @classmethod
    async def start(cls, module: str, options: Sequence[str], environment: Mapping[str, str]) -> Self:
        """Executes a module of ours, in addition to our own environment with `environment`."""
        # exec, never fork: a forked CUDA context is broken. -P: the working folder must not shadow our modules.
        command = [sys.executable, "-P", "-m", module, *options]
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env={**os.environ, **environment})
        )

    @property
    def pid(self) -> int:
        """As the system knows it, or did."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """With what it ended; None while it runs."""
        return self._process.returncode

    @property
    def end(self) -> str:
        """For people: how it ended."""
        code = self.code
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"

    def write(self, data: bytes) -> None:
        """Says something, in whole frames; to a dead one it is lost."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(data)

    def close(self) -> None:
        """Closes its input, which tells it to end."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> None:
        """Returns when it has ended."""
        await self._process.wait()

    async def frames(self, silence_s: Callable[[], float]) -> AsyncIterator[Frame]:
        """What it says until it ends; saying nonsense, or nothing for `silence_s` with turns of its own, kills it."""
        parser = Parser()
        try:
            while data := await self._read(silence_s()):
                for frame in parser.feed(data):
                    yield frame
        except TimeoutError:
            log.error("%r said nothing for %g s and is killed", self, time.monotonic() - self._heard)
        except FrameError:
            log.exception("%r said nonsense and is killed", self)
        self.kill()
        await self.wait()

    async def _read(self, silence_s: float) -> bytes:
        """What it says next; nothing when it has ended.

        Raises:
            TimeoutError: it has been silent too long although it had its turns.
        """
        assert self._process.stdout is not None
        while True:
            try:
                data = await asyncio.wait_for(self._process.stdout.read(READ_BYTES), silence_s)
                break
            except TimeoutError:
                if not await self._starves(silence_s):
                    raise
                log.warning("%r has said nothing for %g s: others take its turns", self, silence_s)
        now = time.monotonic()
        if now - self._heard > 1:  # not at every word: it costs a system call or three
            self._heard_cpu_s = vitals.cpu_s(self.pid) or 0.0
        self._heard = now
        return data

    async def _starves(self, silence_s: float) -> bool:
        """Whether a silent one would go on if it were let: it has had less of the processors than a silence lasts."""
        had_s = vitals.cpu_s(self.pid)
        if had_s is None or had_s - self._heard_cpu_s >= silence_s:
            return False
        for _ in range(LOOKS):
            if vitals.willing(self.pid):
                return True
            await asyncio.sleep(1 / LOOKS)
        return False

    def __repr__(self) -> str:
        return f"<Process {self.pid}>"


def worker_environment() -> dict[str, str]:
    """Of a worker, where nobody has said otherwise.

    OpenMP threads sleep instead of spinning, as the cores are shared with an editor; malloc keeps blocks for the next
    step, which the worker gives back when it is idle.
    """
    own = {"OMP_WAIT_POLICY": "PASSIVE", **malloc.KEEPING}
    return {name: os.environ.get(name, value) for name, value in own.items()}
