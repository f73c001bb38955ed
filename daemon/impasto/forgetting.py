"""Every picture at rest is removed: by the daemon for one of its owners, or without one for the user of this machine.

Knows the store, and how unfinished jobs are cancelled. Must not know gRPC. ``rpc`` calls it in the daemon, ``cli``
where none runs. What unfinished jobs need stays, and is told.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from impasto import owner
from impasto.config import Config
from impasto.errors import Busy
from impasto.instance import Instance
from impasto.job import Failure
from impasto.scheduling.scheduler import Scheduler
from impasto.store import Record, Store

WHY = "its pictures were to be forgotten"
CANCEL_S = 30.0  # for workers to end what they are at


@dataclass(frozen=True)
class Told:
    """What has been forgotten: how many of each, and the unfinished jobs that were kept."""

    blobs: int
    jobs: int
    freed_bytes: int
    kept_jobs: tuple[str, ...]


async def forget(store: Store, scheduler: Scheduler, whose: str, *, cancel_jobs: bool) -> Told:
    """In the daemon: removes what is at rest of one owner's.

    Args:
        store: has the pictures.
        scheduler: cancels unfinished jobs.
        whose: the owner.
        cancel_jobs: whether to cancel them, so that nothing stays.

    Raises:
        Busy: the disk fails; what was removed is removed.
    """
    if cancel_jobs:
        under_way = _unfinished(store, whose)
        for record in under_way:
            scheduler.cancel(record, WHY)
        with contextlib.suppress(TimeoutError):  # what has not ended by then is told as kept
            await asyncio.wait_for(asyncio.gather(*(record.ended() for record in under_way)), CANCEL_S)
    told = await _removed(store, whose)
    await scheduler.free()  # workers at rest remember what they have seen of styles
    return told


def forget_without_daemon(config: Config, *, cancel_jobs: bool) -> Told:
    """Where no daemon runs: removes all that is at rest of the user who asks.

    Raises:
        Busy: a daemon has just begun to run; ask it.
    """
    instance = Instance.try_lock(config.runtime_dir)
    if instance is None:
        raise Busy("a daemon has just begun to run; try again", reason="DAEMON_RUNS")
    try:
        return asyncio.run(_alone(config, cancel_jobs=cancel_jobs))
    finally:
        instance.close()


async def _alone(config: Config, *, cancel_jobs: bool) -> Told:
    store, whose = Store(config.data_dir), owner.of_user()
    try:
        if cancel_jobs:
            for record in _unfinished(store, whose):
                record.update(record.job.cancelled(Failure("CANCELLED", WHY), time.time()))
        return await _removed(store, whose)
    finally:
        await store.close()


async def _removed(store: Store, whose: str) -> Told:
    gone = store.forget(whose)
    await store.written()
    for aside in store.folder.glob("*.damaged-*"):  # databases of old, with their jobs
        aside.unlink(missing_ok=True)
    kept = tuple(record.job.name for record in _unfinished(store, whose))
    return Told(gone.blobs, gone.jobs, gone.size_bytes, kept)


def _unfinished(store: Store, whose: str) -> list[Record]:
    return [record for record in store.unfinished() if record.job.owner == whose]
