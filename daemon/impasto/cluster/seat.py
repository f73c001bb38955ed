"""A worker's seat on a node: the Ray actor that starts `impasto.worker` there and carries its frames and files.

Knows the process, the node's folder and asyncio. Must not know what a job computes, the front's folders, or where other
seats are. ``slot`` makes it by Ray and calls it. It outlives the front (detached), whose next life finds it by its name
and takes it over, worker and encoders warm; but not for ever: when nobody has called for `silence_s` it ends itself,
its worker and its files. Every call names the front's life, so that what an earlier one still says is refused.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import ray

from impasto import __version__
from impasto.cluster.folder import Folder
from impasto.frames import Frame
from impasto.scheduling.process import Process, worker_environment

HEAR_S = 2.0  # a call that hears nothing returns after so long
MOST_BYTES = 8 << 20  # of frames at once; more is heard by the next call
CLEAR_S = 10.0  # a worker that was taken over must have left its jobs by then
LEAVE_S = 2.0  # an idle worker whose input was closed must have ended by then
LAST_WORDS = frozenset({"done", "cancelled", "failed", "spilled"})


class Superseded(RuntimeError):
    """A later life of the front has taken the seat over."""


class Seat:
    """The actor. The mutable state is the worker, what it has said and nobody has heard, and whose it is."""

    def __init__(self, silence_s: float) -> None:
        os.umask(0o077)
        os.chdir("/")
        self._folder, self._life = Folder(), ""
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._options: list[str] = []
        self._outbox: list[Frame] = []
        self._news, self._ended = asyncio.Event(), ""
        self._open: set[str] = set()  # jobs in the worker's memory
        self._ready: list[Frame] = []  # what it told of itself
        self._called, self._silence_s = time.monotonic(), silence_s
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """In a thread of its own: ends everything when no front has called for long."""
        while time.monotonic() - self._called < self._silence_s:
            time.sleep(1.0)
        if self._process is not None:
            self._process.kill()
        self._folder.remove()
        os._exit(0)

    @property
    def _works(self) -> bool:
        """Whether there is a worker that lives."""
        return self._listening is not None and not self._listening.done()

    def _belongs(self, life: str) -> None:
        if life != self._life:
            raise Superseded("another front has this seat")
        self._called = time.monotonic()

    async def join(self, life: str, silence_s: float) -> dict[str, Any]:
        """Takes the seat for a life of the front, which it will miss after `silence_s`; what and where it is."""
        self._life, self._called, self._silence_s = life, time.monotonic(), silence_s
        self._news.set()  # whoever still listens hears that it is superseded
        node = ray.get_runtime_context().get_node_id()
        return {
            "version": __version__,
            "host": socket.gethostname(),
            "folder": str(self._folder.path),
            "node": node,
        }

    async def open(self, life: str, options: Sequence[str], silence_s: float) -> None:
        """Starts the worker, or clears out the one that an earlier front had; it will be heard to be ready."""
        self._belongs(life)
        if self._works and self._options == list(options) and await self._cleared():
            self._outbox = list(self._ready)
            self._news.set()
            return
        await self._end_worker()
        self._forget_all()
        self._options, self._outbox, self._ended, self._ready = list(options), [], "", []
        own = ["--parent", str(os.getpid()), "--index", "0", "--data-dir", str(self._folder.path), *options]
        self._process = await Process.start("impasto.worker", own, worker_environment())
        self._listening = asyncio.get_running_loop().create_task(self._listen(self._process, silence_s))

    async def _listen(self, process: Process, silence_s: float) -> None:
        async for frame in process.frames(lambda: silence_s * (1 if self._ready else 4)):
            event, job = frame.header["event"], frame.header.get("job", "")
            if event in ("ready", "loaded"):
                self._ready = [frame] if event == "ready" else [*self._ready[:1], frame]
            elif event in LAST_WORDS:
                self._open.discard(job)
            self._outbox.append(frame)
            self._news.set()
        self._open.clear()
        self._ended = process.end
        self._news.set()

    async def _cleared(self) -> bool:
        """Has the worker let go of an earlier front's jobs; whether it did. What it says meanwhile nobody hears."""
        for job in self._open:
            self._say({"verb": "cancel", "job": job, "why": "", "reason": "", "keep": False})
        deadline = time.monotonic() + CLEAR_S
        while self._open and time.monotonic() < deadline and not self._ended:  # noqa: ASYNC110  # once in a front's life
            await asyncio.sleep(0.02)
        self._forget_all()
        return not self._open and not self._ended

    def _forget_all(self) -> None:
        """No job is here any more: what there is of them is not the truth, but the store's is."""
        for path in (self._folder.path / "jobs").iterdir():
            self._folder.forget(path.name, [])

    async def _end_worker(self) -> None:
        """Ends it, with force if it must be."""
        if self._process is None:
            return
        self._process.close()
        try:
            await asyncio.wait_for(self._process.wait(), LEAVE_S)
        except TimeoutError:
            self._process.kill()
        if self._listening is not None:
            await self._listening

    def _say(self, header: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.write(Frame(header).encode())

    async def say(self, life: str, header: dict[str, Any]) -> None:
        """Passes an order on; to a dead worker it is lost, and its end will be heard."""
        self._belongs(life)
        if header["verb"] == "start":
            self._open.add(header["job"])
        self._say(header)

    async def hear(self, life: str) -> tuple[bytes, str]:
        """What the worker has said since the last call, as soon as there is something, and how it ended if it has."""
        self._belongs(life)
        if not self._outbox and not self._ended:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), HEAR_S)
            except TimeoutError:
                return b"", ""
        self._belongs(life)
        told = b""
        while self._outbox and len(told) < MOST_BYTES:
            told += self._outbox.pop(0).encode()
        return told, "" if self._outbox else self._ended

    async def sizes(self, life: str, names: list[str]) -> list[int]:
        """Bytes of files here; -1 where there is none."""
        self._belongs(life)
        return self._folder.sizes(names)

    async def put(self, life: str, name: str, offset: int, data: bytes, whole: bool) -> None:  # noqa: FBT001  # Ray's call
        """A piece of a file comes."""
        self._belongs(life)
        await asyncio.to_thread(self._folder.put, name, offset, data, whole=whole)

    async def get(self, life: str, name: str, offset: int, size: int) -> bytes:
        """A piece of a file goes."""
        self._belongs(life)
        return await asyncio.to_thread(self._folder.get, name, offset, size)

    async def states(self, life: str, job: str) -> list[str]:
        """Names of a job's states here, the newest first."""
        self._belongs(life)
        return self._folder.states(job)

    async def forget(self, life: str, job: str, used: list[str]) -> None:
        """A job has left: so do its files."""
        self._belongs(life)
        await asyncio.to_thread(self._folder.forget, job, used)

    async def leave(self, life: str) -> None:
        """Ends the worker and removes every file; who calls ends the actor then."""
        self._belongs(life)
        await self._end_worker()
        self._folder.remove()

    def __repr__(self) -> str:
        return f"<Seat of {self._process!r} in {self._folder!r}>"
