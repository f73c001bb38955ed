"""ServerService: the daemon about itself."""

import os
import time

import grpc

from impasto import __version__, fetching, owner
from impasto.config import Limits
from impasto.forgetting import forget
from impasto.job import State
from impasto.rpc.status import unary
from impasto.scheduling.pool import Pool, Worker
from impasto.scheduling.scheduler import Scheduler
from impasto.spec import ENCODERS, VGG19
from impasto.store import Store
from impasto.v1 import server_pb2, server_pb2_grpc
from impasto.weights import Shelf

FETCH_STATES = {
    fetching.DOWNLOADING: server_pb2.FETCH_STATE_DOWNLOADING,
    fetching.IMPORTING: server_pb2.FETCH_STATE_IMPORTING,
    fetching.INTERRUPTED: server_pb2.FETCH_STATE_INTERRUPTED,
}


class ServerServicer(server_pb2_grpc.ServerServiceServicer):
    """What this daemon is and does."""

    def __init__(  # the parts of a daemon
        self,
        instance_id: str,
        limits: Limits,
        pool: Pool,
        scheduler: Scheduler,
        shelf: Shelf,
        store: Store,
    ) -> None:
        self._instance_id, self._limits, self._pool, self._scheduler = instance_id, limits, pool, scheduler
        self._shelf, self._store = shelf, store
        self._began = time.monotonic()

    @unary
    async def GetServerInfo(
        self,
        _request: server_pb2.GetServerInfoRequest,
        _context: grpc.aio.ServicerContext,
    ) -> server_pb2.GetServerInfoResponse:
        """Everything at once."""
        return server_pb2.GetServerInfoResponse(
            version=__version__,
            api_versions=["impasto.v1"],
            devices=self._devices(),
            limits=self._told_limits(),
            encoders=[self._encoder(name) for name in ENCODERS],
            queued_jobs=self._scheduler.count(State.QUEUED),
            running_jobs=self._scheduler.count(State.RUNNING),
            instance_id=self._instance_id,
            pid=os.getpid(),
            default_encoder=self._shelf.default(),
            uptime_s=time.monotonic() - self._began,
            notices=self._store.notices,
            disk=self._disk(owner.current()),
        )

    @unary
    async def FreeDevices(
        self,
        _request: server_pb2.FreeDevicesRequest,
        _context: grpc.aio.ServicerContext,
    ) -> server_pb2.FreeDevicesResponse:
        """Ends the workers that hold no job."""
        freed, busy = await self._scheduler.free()
        return server_pb2.FreeDevicesResponse(freed=map(_device, freed), busy=map(_device, busy))

    @unary
    async def Forget(
        self,
        request: server_pb2.ForgetRequest,
        _context: grpc.aio.ServicerContext,
    ) -> server_pb2.ForgetResponse:
        """Removes the caller's pictures at rest."""
        told = await forget(self._store, self._scheduler, owner.current(), cancel_jobs=request.cancel_jobs)
        return server_pb2.ForgetResponse(
            blobs=told.blobs, jobs=told.jobs, freed_bytes=told.freed_bytes, kept_jobs=told.kept_jobs
        )

    def _encoder(self, name: str) -> server_pb2.EncoderInfo:
        """As it is on the disk now: another process may have brought it, or be about to."""
        shelf, under_way = self._shelf, fetching.look(self._shelf) if name == VGG19 else None
        told = server_pb2.EncoderInfo(name=name, available=shelf.available(name), description=shelf.description(name))
        if under_way is not None:
            told.fetch.state = FETCH_STATES[under_way.state]
            told.fetch.received_bytes, told.fetch.total_bytes = under_way.received_bytes, under_way.total_bytes
        return told

    def _devices(self) -> list[server_pb2.Device]:
        """Those that live, and those that rest, which have no process."""
        return [_device(worker) for worker in (*self._pool.workers, *self._pool.resting)]

    def _disk(self, whose: str) -> list[server_pb2.DiskUse]:
        """Of the disk what the caller has; who has a token learns nothing of anybody else."""
        disk = self._store.disk
        uses = {whose: disk.use(whose)} | ({} if owner.is_by_token(whose) else disk.uses())
        return [
            server_pb2.DiskUse(owner=name, used_bytes=use.used, allowed_bytes=use.most)
            for name, use in sorted(uses.items())
        ]

    def _told_limits(self) -> server_pb2.Limits:
        limits = self._limits
        return server_pb2.Limits(
            max_pixels=limits.max_pixels,
            max_upload_bytes=limits.max_upload_bytes,
            max_steps=limits.max_steps,
            max_styles=1,
            max_jobs=limits.max_jobs,
            chunk_bytes=limits.chunk_bytes,
            min_side=limits.min_side,
            max_jobs_per_client=limits.max_jobs_per_client,
        )


def _device(worker: Worker) -> server_pb2.Device:
    return server_pb2.Device(
        name=worker.device or "starting",
        description=worker.description,
        worker_pid=worker.pid,
        loaded_encoders=[] if worker.resting else worker.encoders,
        budget_bytes=worker.budget_bytes,
    )
