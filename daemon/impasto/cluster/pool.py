"""Workers on the nodes of a Ray cluster, as the front sees them; it never imports Ray.

Knows frames and the liaison's process, which is started again when it ends. Must not know nodes, actors or what a job
is. Has the verbs of ``scheduling.pool``; ``server`` makes it.
"""

import asyncio
import hashlib
import logging
import os
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.cluster.telling import WHY
from impasto.frames import Frame
from impasto.scheduling.pool import Table, Worker
from impasto.scheduling.process import Process

log = logging.getLogger(__name__)

SILENCE_S = 60.0  # the liaison says every 5 s that it lives
JOIN_S = 180.0  # importing Ray and joining, on a cold disk
RESTART_PAUSE_S = (0.5, 2.0, 5.0, 10.0)
REST_S = 15.0
LEAVE_S = 12.0


@dataclass(frozen=True)
class Cluster:
    """Which one, and what is to be there.

    Attributes:
        address: of its head, HOST:PORT.
        token_file: what its nodes were started with; empty where it asks for none.
        workers: at most; 0 means as many as there is room for.
        threads, nice, memory_mb, silence_s: as ``local_pool`` has them.
        orphan_s: a worker whose front has been silent for so long ends.
        data_dir: the front's.
    """

    address: str
    token_file: str
    workers: int
    threads: int
    nice: int
    memory_mb: int
    silence_s: float
    orphan_s: float
    data_dir: Path

    @property
    def namespace(self) -> str:
        """Of this front's actors: the same in each of its lives, another for each front."""
        own = f"{socket.gethostname()} {os.getuid()} {self.data_dir}"
        return f"impasto-{hashlib.sha256(own.encode()).hexdigest()[:12]}"

    @property
    def options(self) -> list[str]:
        """Of the liaison's command; what it does not know itself it hands to workers."""
        told = {"address": self.address, "namespace": self.namespace, "workers": self.workers}
        told |= {"threads": self.threads, "silence-s": self.silence_s, "orphan-s": self.orphan_s}
        told |= {"data-dir": self.data_dir, "nice": self.nice, "memory-mb": self.memory_mb}
        return [word for key, value in told.items() for word in (f"--{key}", str(value))]

    @property
    def environment(self) -> dict[str, str]:
        """Of the liaison: how Ray is to behave, all of it explicit, whatever this user's own settings are."""
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": self.token_file}
        quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_NUM_REDIS_GET_RETRIES": "2", "RAY_AUTH_TOKEN": ""}
        quiet |= {"RAY_gcs_rpc_server_reconnect_timeout_s": "10"}  # a head that is away so long is looked for anew
        return quiet | (token if self.token_file else {"RAY_AUTH_MODE": "disabled"})


class RayWorker(Worker):
    """A worker on some node."""

    def __init__(self, name: str, process: Process) -> None:
        super().__init__(name)
        self._process = process
        self.description = "waits for room in the cluster"
        self.untouched: set[str] = set()  # jobs that it was given and has not taken

    def send(self, header: dict[str, Any]) -> None:
        """Says something to the worker; to a dead one it is lost, and `lost` will be heard."""
        if header["verb"] == "start":
            self.untouched.add(header["job"])
        self._process.write(Frame({"to": self.name} | header).encode())


class RayPool(Table[RayWorker]):
    """The liaison and what it tells of workers.

    The mutable state is the table of workers and the liaison's process.
    """

    def __init__(self, cluster: Cluster) -> None:
        """Nothing runs yet."""
        super().__init__()
        self._cluster = cluster
        self._changed = asyncio.Event()
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping, self._joined, self._asleep = False, False, False

    def start(self) -> None:
        """Starts the liaison, which joins the cluster and makes the workers."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Ends all workers, on every node, then the liaison; with force after a while."""
        self._stopping = True
        self._tell({"verb": "leave"})
        if self._keeper is None:
            return
        _, late = await asyncio.wait([self._keeper], timeout=LEAVE_S if self._joined else 0.1)
        if late and self._process is not None:
            self._process.kill()
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)

    async def rest(self, busy: Collection[str] = ()) -> list[Worker]:
        """Ends all workers but the busy ones, so that their devices are free for everybody on the cluster; which."""
        going = [worker for worker in self._workers.values() if worker.name not in busy]
        self._asleep = self._asleep or bool(going)
        for worker in going:
            worker.ready, worker.resting = False, True
        self._tell({"verb": "rest", "names": [worker.name for worker in going]})
        deadline = asyncio.get_running_loop().time() + REST_S
        while any(self._workers.get(worker.name) is worker for worker in going):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - asyncio.get_running_loop().time())
            except TimeoutError:
                break
        return list[Worker](going)

    def wake(self) -> None:
        """There is something to do: workers that rest are made anew."""
        if self._asleep:
            self._asleep = False
            self._tell({"verb": "wake"})

    def _tell(self, header: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.write(Frame(header).encode())

    async def _keep(self) -> None:
        """Has a liaison, again and again, until the pool stops."""
        deaths = 0
        while not self._stopping:
            self._joined = False
            process = self._process = await Process.start(
                "impasto.cluster", self._cluster.options, self._cluster.environment
            )
            async for frame in process.frames(lambda: SILENCE_S if self._joined else JOIN_S):
                self._hear(process, frame)
            for name in list(self._workers):
                self._lose(name)
            if self._stopping:
                return
            deaths = 0 if self._joined else deaths + 1
            log.error("%s", self._why(process))
            await asyncio.sleep(RESTART_PAUSE_S[min(deaths, len(RESTART_PAUSE_S) - 1)])

    def _why(self, process: Process) -> str:
        """For people: why the liaison ended."""
        told = WHY.get(process.code or 0, f"the process that speaks with Ray ended with {process.end}")
        return told.format(address=self._cluster.address)

    def _hear(self, process: Process, frame: Frame) -> None:
        """What the liaison says of itself, of a worker, or for one."""
        event, name = frame.header["event"], frame.header.pop("from", "")
        if not name:
            self._joined = self._joined or event == "joined"
        elif event == "seeking":
            self._resting.pop(name, None)
            self._workers[name] = RayWorker(name, process)
        elif event in ("lost", "gone"):
            self._lose(name)
        elif (worker := self._workers.get(name)) is None:
            return
        elif event == "taken":
            worker.untouched.discard(frame.header["job"])
        elif not worker.resting:
            worker.note(frame)
            self.listener(worker, frame)

    def _lose(self, name: str) -> None:
        worker = self._workers.pop(name, None)
        if worker is None:
            return
        if worker.resting and worker.device:
            self._resting[name] = worker
        # A node's workers are lost one after another: a job that is given to each in turn was at none of them.
        self.listener(worker, Frame({"event": "lost", "untouched": sorted(worker.untouched)}))
        self._changed.set()

    def __repr__(self) -> str:
        return f"<RayPool [{list(self._workers.values())}]>"
