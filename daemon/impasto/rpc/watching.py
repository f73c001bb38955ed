"""Watching a job: its events as they come, previews beside them, and what happens when the last watcher goes.

Knows records, the scheduler's face and the contract. Must not know how a job is made. The servicer of jobs calls it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from impasto import owner, wire
from impasto.errors import GoingAway
from impasto.job import State
from impasto.scheduling.scheduler import Scheduler
from impasto.store import Record
from impasto.v1 import stylize_pb2

HEARTBEAT_S = 10.0
GRACE_S = 60.0  # so long a job waits for its watcher to come back over a network that was cut
PLACE_S = 1.0  # how often it is looked whether a job that waits has another place


async def watch(
    record: Record, scheduler: Scheduler, last_sequence: int = 0, preview_pause_s: float = 0.0, max_edge: int = 0
) -> AsyncIterator[stylize_pb2.StylizeResponse]:
    """Events after `last_sequence` until the job is final; previews beside them if a pause is given.

    Raises:
        GoingAway: the daemon stops; the job does not.
    """
    record.come()
    shown, due = 0, 0.0
    if record.held:
        scheduler.release(record)
    try:
        while True:
            for event in record.since(last_sequence):
                last_sequence = event.sequence
                outlook = scheduler.outlook(event.job)
                yield stylize_pb2.StylizeResponse(job=wire.event_to(event, outlook))
            if preview_pause_s and record.preview is not None and record.preview.sequence > shown:
                shown, due = record.preview.sequence, time.monotonic() + preview_pause_s
                yield stylize_pb2.StylizeResponse(preview=wire.preview_to(record.preview))
            if record.job.state.final and last_sequence >= record.sequence:
                return
            check_stays(record, scheduler)
            if preview_pause_s and time.monotonic() >= due and record.job.state is State.RUNNING:
                due = time.monotonic() + preview_pause_s
                scheduler.want_preview(record, max_edge)
            if last_sequence >= record.sequence:
                await _until_changed(record, scheduler)
    finally:
        record.watchers -= 1
        _let_go(record, scheduler)


@contextmanager
def about_to_watch(record: Record, scheduler: Scheduler) -> Iterator[None]:
    """Around what is awaited between a job's making and its first event: who goes away meanwhile wanted it, too.

    Without it a client that was killed in those milliseconds left a job behind that nobody would ever end.
    """
    record.come()
    gone = False
    try:
        yield
    except asyncio.CancelledError:
        gone = True
        raise
    finally:
        record.watchers -= 1
        if gone:
            _let_go(record, scheduler)


def _let_go(record: Record, scheduler: Scheduler) -> None:
    """A watcher has gone: with the last one goes the job, unless it was to keep running or waits for another daemon.

    On this machine who goes has gone. Over a network the line may have been cut, and so the job waits for a while; a
    client that wants it no more says so (`client.lifeline`).
    """
    if record.watchers:
        return
    if owner.is_by_token(record.job.owner):
        asyncio.get_running_loop().call_later(GRACE_S, _forsake, record, scheduler, record.comings)
    else:
        _forsake(record, scheduler, record.comings)


def _forsake(record: Record, scheduler: Scheduler, comings: int) -> None:
    """Cancels a job if nobody has come to watch it since."""
    if record.watchers == 0 and record.comings == comings and not record.keep_running and not scheduler.draining:
        scheduler.cancel(record, "the client that wanted it went away", keep=True)


def check_stays(record: Record, scheduler: Scheduler) -> None:
    """Whether there is still something to wait for here.

    Raises:
        GoingAway: the daemon stops; the job does not.
    """
    if scheduler.draining and not record.job.state.final:
        raise GoingAway


async def _until_changed(record: Record, scheduler: Scheduler) -> None:
    """The next event, another place in the queue, or a heartbeat's time: then the watcher looks again."""
    place = scheduler.outlook(record.job).place
    quiet_s = max(0.1, HEARTBEAT_S - record.silent_s())
    try:
        await asyncio.wait_for(record.changed(), min(PLACE_S, quiet_s) if place else quiet_s)
    except TimeoutError:
        moved = scheduler.outlook(record.job).place != place
        # Else another watcher has done it.
        if not record.job.state.final and (moved or record.silent_s() >= HEARTBEAT_S):
            # The client sees that the job lives, where it stands, and how long it will take as things are now.
            left_s = scheduler.outlook(record.job, anew=True).time_left_s
            record.update(replace(record.job, time_left_s=left_s) if record.job.state is State.RUNNING else record.job)
