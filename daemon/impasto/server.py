"""The daemon: composition root and life. startup · run · shutdown.

Knows every part of the front by its face and puts them together. Must not know how any of them works, nor import torch:
it answers within half a second and survives whatever happens to a device. ``cli`` runs it.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import time
import uuid
from dataclasses import replace

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from impasto import __version__, folders, logs, malloc
from impasto.access.front import KEEPALIVE_OPTIONS, Front, front
from impasto.cluster.joining import cluster
from impasto.cluster.pool import RayPool
from impasto.config import LOCAL, MIB, Config
from impasto.draining import drain, release_or_cancel
from impasto.errors import Busy, CannotServe
from impasto.instance import Instance, address, stops
from impasto.owner import Identify, by_socket
from impasto.rpc import BlobServicer, ServerServicer, StylizeServicer
from impasto.rpc.entrance import MAX_CALLS, Entrance
from impasto.rpc.intake import Intake
from impasto.scheduling.local_pool import LocalPool
from impasto.scheduling.pool import Pool
from impasto.scheduling.scheduler import Scheduler
from impasto.store import Store
from impasto.v1 import blob_pb2, blob_pb2_grpc, server_pb2, server_pb2_grpc, stylize_pb2, stylize_pb2_grpc
from impasto.weights import Shelf

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # larger ones block the event loop (measured); pictures come in chunks
SERVICES = tuple(
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in ((stylize_pb2, "StylizeService"), (blob_pb2, "BlobService"), (server_pb2, "ServerService"))
)
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),  # on by default: two daemons would share a port (measured)
)
ALREADY_RUNNING = "ALREADY_RUNNING"  # why there is no second daemon
WATCHER_S = 30.0  # after a daemon's death a job waits so long for its watcher
DRAIN_S = 10.0  # for workers to end their step and write down what they hold
GRACE_S = 3.0  # for streams to tell their clients that the daemon goes
HOUR_S = 3600.0
TICK_S = 5.0  # between two looks at whether anybody still wants something


class Server:
    """One life of the daemon."""

    def __init__(
        self,
        config: Config,
        instance: Instance,
        pool: Pool,
        *,
        auto_started: bool = False,
        identify: Identify = by_socket,
        door: Front | None = None,
    ) -> None:
        """Puts all parts together.

        Args:
            config: where things live, and the limits.
            instance: the claim to be this user's only daemon.
            pool: the workers.
            auto_started: a client started it, not a person or a service: it ends when it has been idle for long.
            identify: tells whose a call over the Unix socket is.
            door: where other machines come in, if they may.
        """
        self._config, self._instance, self._auto_started, self._door = config, instance, auto_started, door
        self._entrances = [Entrance(identify)]
        self._instance_id = uuid.uuid4().hex
        self._store = Store(config.data_dir, quota_bytes=config.disk_quota_mb * MIB, share_bytes=config.share_mb * MIB)
        self._shelf = Shelf(config.data_dir)
        self._pool = pool
        self._scheduler = Scheduler(self._store, self._pool, config.limits, config.weights)
        self._health = health.aio.HealthServicer()
        self._servers = self._assemble()
        self._asked_to_stop = asyncio.Event()

    async def serve(self) -> None:
        """From the first socket to the last; returns when it was asked to stop."""
        await self.startup()
        freeing = asyncio.create_task(self._free_when_idle())
        try:
            await self.run()
        finally:
            freeing.cancel()
            await self.shutdown()

    async def startup(self) -> None:
        """Binds, announces itself, and starts the first worker, which loads while jobs may already queue."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        with contextlib.suppress(Busy):  # a full disk: jobs wait for better times, and so may everything
            await self._store.written()  # before anybody can ask: sequence numbers have leapt
        for name in ("", *SERVICES):  # a job would be accepted at once, and waits while weights load
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        listens = self._bind()
        for server in self._servers:
            await server.start()
        self._instance.announce(__version__, self._instance_id, listens)
        self._pool.start()
        gc.collect()
        gc.freeze()  # modules and services stay for life, see `give_back`
        self._returning = asyncio.create_task(release_or_cancel(self._scheduler, self._store, WATCHER_S))
        log.info("impasto %s serves on its socket%s", __version__, listens and f" and at {listens}")

    def _bind(self) -> str:
        """Takes the socket, and the address on the network if there is to be one; which that is.

        Raises:
            CannotServe: that one cannot be had.
        """
        self._servers[0].add_insecure_port(address(self._config.runtime_dir))
        if self._door is None:
            return ""
        wanted = self._door.address
        try:
            port = self._servers[1].add_secure_port(str(wanted), self._door.credentials)
        except RuntimeError as error:
            told = f"{wanted} cannot be listened on: another program may have it, or this machine has no such address"
            raise CannotServe(told, reason="ADDRESS_UNUSABLE") from error
        log.info("its certificate has the fingerprint %s", self._door.fingerprint)
        return str(replace(wanted, port=port))

    async def run(self) -> None:
        """Sweeps old pictures once an hour, until it was asked to stop or nobody has wanted anything for long."""
        pause_s, due = min(TICK_S, self._config.exit_idle_s / 4 or TICK_S), 0.0
        while not self._asked_to_stop.is_set() and not self._is_forsaken():
            if time.monotonic() >= due:
                self._sweep()
                due = time.monotonic() + HOUR_S
            logs.bound_stderr(self._config.log_bytes)
            give_back()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_stop.wait(), pause_s)

    def _sweep(self) -> None:
        swept = self._store.sweep(time.time() - self._config.blob_hours * HOUR_S)
        log.info("%r %r, %d old blobs removed", self._store, self._scheduler, swept)

    def _is_forsaken(self) -> bool:
        """Whether a client started it and none has called for long, while no job and no watcher is there."""
        idle_s = time.monotonic() - max(entrance.last_call for entrance in self._entrances)
        if not self._auto_started or not self._config.exit_idle_s or idle_s < self._config.exit_idle_s:
            return False
        if any(not record.job.state.final or record.watchers for record in self._store.records.values()):
            return False
        log.info("nobody has called for %.0f s: leaving; the next client starts another", idle_s)
        return True

    async def _free_when_idle(self) -> None:
        """Ends the workers after a while without a job: only that really gives a device's memory back."""
        limit_s = self._config.worker_idle_s
        while limit_s:
            await asyncio.sleep(min(limit_s, max(0.05, limit_s - self._scheduler.idle_s())))
            if self._scheduler.idle_s() >= limit_s and self._pool.workers:
                await self._scheduler.free()

    async def shutdown(self) -> None:
        """In order: jobs are written down and watchers told so, streams close, workers go, the claim is given up."""
        log.info("shutting down: %r", self._scheduler)
        self._returning.cancel()
        await self._health.enter_graceful_shutdown()
        kept = await drain(self._scheduler, self._pool, self._store, DRAIN_S)
        closing = asyncio.gather(*(server.stop(GRACE_S) for server in self._servers))
        await self._pool.stop()
        await closing
        await self._store.close()
        self._instance.release()
        log.info("stopped; %d jobs go on in the next daemon", kept)

    def _stop(self) -> None:
        """A signal; the second one leaves at once (the kernel then ends the workers)."""
        if self._asked_to_stop.is_set():
            os._exit(1)
        self._asked_to_stop.set()

    def _assemble(self) -> list[grpc.aio.Server]:
        """The server of the Unix socket and, if there is a door to the network, that one's; with the same services."""
        intake = Intake(self._store, self._config.limits)
        stylize = StylizeServicer(intake, self._scheduler, self._config.limits, self._shelf, threads(self._config))
        blobs = BlobServicer(intake, self._config)
        info = ServerServicer(
            self._instance_id, self._config.limits, self._pool, self._scheduler, self._shelf, self._store
        )
        if self._door is not None:
            self._entrances.append(Entrance(self._door.identify))
        servers = []
        for entrance, more in zip(self._entrances, ((), KEEPALIVE_OPTIONS), strict=False):
            server = grpc.aio.server(
                interceptors=[entrance], options=(*OPTIONS, *more), maximum_concurrent_rpcs=MAX_CALLS
            )
            stylize_pb2_grpc.add_StylizeServiceServicer_to_server(stylize, server)
            blob_pb2_grpc.add_BlobServiceServicer_to_server(blobs, server)
            server_pb2_grpc.add_ServerServiceServicer_to_server(info, server)
            health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
            servers.append(server)
        # Over the network nobody needs to be told what could be asked.
        reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), servers[0])
        return servers

    def __repr__(self) -> str:
        return f"<Server {self._instance_id[:8]} [{self._scheduler!r}]>"


def give_back() -> None:
    """Gives free memory back to the system: glibc keeps it, 3 MiB after two busy minutes (tests/bench/load.py).

    Before that every call that was refused is a cycle inside grpc, of some 30 objects, which Python's own collector
    comes round to after five thousand such calls (tests/test_fuzz.py); what stays for life is frozen at the start, so
    that looking takes milliseconds.
    """
    gc.collect()
    malloc.trim()


def cores() -> int:
    """The cores that this process may use; macOS tells only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(config: Config) -> int:
    """What each CPU worker has, and what a job's pixels hang on: as told, else an equal share of the cores."""
    return config.threads or max(1, cores() // max(1, config.workers))


def make_pool(config: Config) -> Pool:
    """The workers that the configuration asks for, none of them started.

    Raises:
        CannotServe: they are to be on a Ray cluster that cannot be joined.
    """
    if config.pool != LOCAL:
        return RayPool(cluster(config, threads(config)))
    return LocalPool(
        threads=threads(config),
        nice=config.nice,
        silence_s=config.worker_silence_s,
        data_dir=config.data_dir,
        memory_mb=config.memory_mb,
        workers=config.workers,
    )


def serve(
    config: Config, *, auto_started: bool = False, stops_known: str | None = None, identify: Identify = by_socket
) -> None:
    """Runs a daemon in this process until it is told to stop, or has been idle for long if a client started it.

    `identify` tells whose a call over the socket is; anything but the default is for tests of several owners.

    Raises:
        CannotServe: another daemon runs for this user, the runtime folder is not safe, somebody has asked for a stop
            after the one that was known when this start was asked for, or other machines are to come in and there is no
            token, no certificate or no such address.
    """
    os.umask(0o077)  # whatever is written, by workers, too: pictures are private; grpc sets no mode on its socket
    instance = Instance.claim(config.runtime_dir)
    if instance is None:
        raise CannotServe("a daemon already runs for this user: see `impasto status`", reason=ALREADY_RUNNING)
    if stops_known is not None and stops_known != stops(config.runtime_dir):
        raise CannotServe("`impasto stop` came while this daemon was starting", reason="STOPPED")

    folders.prepare(config.data_dir, folders.DATA)
    door, pool = front(config), make_pool(config)
    os.chdir("/")  # the folder it was started in must not be held for life

    async def life() -> None:
        # Made inside the loop: grpc.aio binds to the one it is made in.
        await Server(config, instance, pool, auto_started=auto_started, identify=identify, door=door).serve()

    asyncio.run(life())
