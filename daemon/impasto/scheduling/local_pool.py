"""Worker processes on this machine, one per device: started, listened to, restarted, ended.

Knows processes (``process``) and frames. Must not know what a job is, nor import torch: the worker's module is only
ever executed, never imported. Has the verbs of ``pool``; ``server`` makes it.
"""

import asyncio
import logging
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from impasto.frames import Frame
from impasto.scheduling.pool import Table, Worker
from impasto.scheduling.process import Process, worker_environment

log = logging.getLogger(__name__)

RESTART_PAUSE_S = (0.2, 1.0, 5.0, 15.0)  # a worker that dies at once must not eat the machine


class LocalWorker(Worker):
    """One worker process as the front sees it."""

    def __init__(self, name: str, process: Process) -> None:
        super().__init__(name)
        self.process = process

    @property
    def pid(self) -> int:
        """Its process; 0 of one that rests."""
        return 0 if self.resting else self.process.pid

    def send(self, header: dict[str, Any]) -> None:
        """Says something to the worker; to a dead one it is lost, and `lost` will be heard."""
        self.process.write(Frame(header).encode())

    def rest(self) -> None:
        """Closes its input, which tells it to end; from now on it is given nothing to do."""
        self.ready, self.resting = False, True
        self.process.close()


class LocalPool(Table[LocalWorker]):
    """Workers on this machine: the first one finds out which devices there are, then the others are started.

    The mutable state is the table of workers and the tasks that look after them.
    """

    def __init__(
        self, *, threads: int, nice: int, silence_s: float, data_dir: Path, memory_mb: int = 0, workers: int = 0
    ) -> None:
        """Nothing runs yet.

        Args:
            threads: of each worker on a processor; 0 means all cores.
            nice: how far such a worker stands back for everything else.
            silence_s: after which a worker is taken to hang.
            data_dir: has the encoders.
            memory_mb: of each device, for all jobs together; 0 means most of what is free.
            workers: on a processor so many, which share its memory; of several other devices so many of them at most.
                0 means one for each device.
        """
        super().__init__()
        self._options = ["--threads", str(threads), "--nice", str(nice), "--data-dir", str(data_dir)]
        self._options += ["--memory-mb", str(memory_mb), "--sharers", str(max(1, workers))]
        self._silence_s, self._wanted = silence_s, workers
        self._awake = asyncio.Event()
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._stopping = False

    def start(self) -> None:
        """Starts the first worker; the others follow when it has told how many devices there are."""
        self._keep(0)

    async def stop(self, grace_s: float = 2.0) -> None:
        """Closes every worker's input, which tells it to end, and kills those that have not after `grace_s`."""
        self._stopping = True
        await self.rest(grace_s=grace_s)
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)

    async def rest(self, busy: Collection[str] = (), *, grace_s: float = 5.0) -> list[Worker]:
        """Ends all workers but the busy ones, with force after `grace_s`; returns when they have ended, and which."""
        ending = [worker for worker in self._workers.values() if worker.name not in busy]
        self._awake.clear()
        for worker in ending:
            worker.rest()
        waits = [asyncio.create_task(worker.process.wait()) for worker in ending]
        if waits:
            await asyncio.wait(waits, timeout=grace_s)
        for worker in ending:
            worker.process.kill()
        await asyncio.gather(*waits)
        return list[Worker](ending)

    def wake(self) -> None:
        """There is something to do: workers that rest start again."""
        self._awake.set()

    def _keep(self, index: int) -> None:
        if index not in self._keepers:
            self._keepers[index] = asyncio.get_running_loop().create_task(self._look_after(index))

    async def _look_after(self, index: int) -> None:
        """Runs the worker of device `index`, again and again, until the pool stops."""
        deaths = 0
        while not self._stopping:
            began = time.monotonic()
            worker = await self._spawn(index)
            await self._listen(index, worker)
            self._workers.pop(worker.name, None)
            self.listener(worker, Frame({"event": "lost"}))
            if self._stopping:
                return
            if worker.resting:
                await self._sleep(worker)
                continue
            deaths = 0 if time.monotonic() - began > 60 else deaths + 1
            log.warning("%r ended with %s; starting another", worker, worker.process.end)
            await asyncio.sleep(RESTART_PAUSE_S[min(deaths, len(RESTART_PAUSE_S) - 1)])

    async def _sleep(self, worker: LocalWorker) -> None:
        """Its device's memory is free; returns when there is something to do."""
        log.info("%r rests", worker)
        self._resting[worker.name] = worker
        await self._awake.wait()
        del self._resting[worker.name]

    async def _spawn(self, index: int) -> LocalWorker:
        own = ["--parent", str(os.getpid()), "--index", str(index)]
        process = await Process.start("impasto.worker", [*own, *self._options], worker_environment())
        worker = LocalWorker(f"worker-{index}", process)
        self._workers[worker.name] = worker
        return worker

    async def _listen(self, index: int, worker: LocalWorker) -> None:
        """Hands on what the worker says until it has ended."""
        # Until it is ready it imports torch, which takes a cold disk its time.
        async for frame in worker.process.frames(lambda: self._silence_s * (1 if worker.ready else 4)):
            self._note(index, worker, frame)
            self.listener(worker, frame)

    def _note(self, index: int, worker: LocalWorker, frame: Frame) -> None:
        """Remembers what a worker says of itself."""
        worker.note(frame)
        if frame.header["event"] == "ready" and index == 0:
            for further in range(1, self._count(frame.header["device"], frame.header["devices"])):
                self._keep(further)

    def _count(self, device: str, devices: int) -> int:
        """How many workers there are to be, as the first has told its device and how many there are of that kind."""
        if device == "cpu":
            return self._wanted or 1
        if self._wanted > devices:
            log.warning("%d workers were asked for, and there are %d devices: one for each", self._wanted, devices)
        return min(self._wanted or devices, devices)

    def __repr__(self) -> str:
        return f"<LocalPool {self.workers}>"
