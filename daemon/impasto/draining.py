"""The daemon goes, its jobs stay: what is under way is written down, and goes on in the next daemon.

Knows the scheduler's and the store's faces, and the worker's verb for it. Must not know signals or gRPC. ``server``
calls it, at both ends of its life. What a worker cannot write in time goes on from its last checkpoint; what somebody
must watch waits in the next daemon for that.
"""

import asyncio
import logging
import time

from impasto.errors import GoingAway
from impasto.scheduling import orders
from impasto.scheduling.pool import Pool
from impasto.scheduling.scheduler import Scheduler
from impasto.store import Store

log = logging.getLogger(__name__)

LOOK_S = 0.02


async def drain(scheduler: Scheduler, pool: Pool, store: Store, within_s: float) -> int:
    """Takes in and begins nothing more, tells all watchers, and waits until every job is on the disk; how many are.

    Args:
        scheduler: from now on it refuses new jobs, with `GoingAway`.
        pool: its workers write down what they hold; a step that is under way ends first.
        store: has the jobs that wait, too.
        within_s: at most so many seconds; what is not written by then goes on from an earlier state.
    """
    scheduler.draining = True
    unfinished = store.unfinished()
    for record in unfinished:
        record.update(record.job, notice=GoingAway().message)
    for job, home in scheduler.homes.items():
        worker = pool.worker(home)
        if worker is not None:
            worker.send(orders.spill(job))  # whatever the quota says: what is not written now is lost
    deadline = time.monotonic() + within_s
    while scheduler.homes and time.monotonic() < deadline:  # noqa: ASYNC110  # once, at the end of life
        await asyncio.sleep(LOOK_S)
    await scheduler.settle()
    kept = [record.job.name for record in unfinished if not record.job.state.final]
    for name in kept:
        late = "; its newest state was not written in time" if name in scheduler.homes else ""
        log.info("the job goes on in the next daemon%s", late, extra={"job": name})
    return len(kept)


async def release_or_cancel(scheduler: Scheduler, store: Store, within_s: float) -> None:
    """In the next daemon: jobs whose watcher has not come back within that time end with what they have."""
    held = [record for record in store.records.values() if record.held]
    await asyncio.sleep(within_s)
    for record in held:
        if record.held:
            scheduler.cancel(record, "nobody came back for it after the daemon's death", keep=True)
