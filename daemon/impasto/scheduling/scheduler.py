"""Acts on who goes next: asks ``backlog`` and carries out what it says.

Sends verbs to the pool and writes what the pool answers into the store. Work is done in slices, so a long job never
keeps a short one waiting for more than a slice. Must not know gRPC, tensors or how a decision comes about.
"""

import asyncio
import logging
import math
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.config import Limits
from impasto.errors import GoingAway, NotFound
from impasto.image import ImageHeader
from impasto.job import MAX_ATTEMPTS, Failure, Job, Outlook, Result, State
from impasto.scheduling import orders
from impasto.scheduling.backlog import Backlog
from impasto.scheduling.decision import QUANTUM_S, Slot
from impasto.scheduling.pool import Message, Pool, Worker, devices
from impasto.store import Record, Store

log = logging.getLogger(__name__)


class Scheduler:
    """The living side: one task that reacts to what the pool says and to new jobs.

    The mutable state is where each begun job lives, who is at work, and the backlog.
    """

    def __init__(self, store: Store, pool: Pool, limits: Limits, weights: Mapping[str, float] | None = None) -> None:
        self._store, self._pool = store, pool
        self._backlog = Backlog(store, limits, weights)
        self._home: dict[str, str] = {}  # job → worker that holds its state
        self._at_work: dict[str, str] = {}  # worker → job
        self._spilling: set[str] = set()  # jobs that their worker was told to let go
        self._parts: dict[str, Path] = {}  # job → where its result is being written
        self._closing: set[str] = set()  # jobs that were asked to stop or whose result is being stored
        self._asked: dict[str, dict[str, Any]] = {}  # job → the verb by which it was asked to stop
        self._tasks: set[asyncio.Task[None]] = set()
        self.draining = False  # nothing is taken in or begun any more
        pool.listener = self._hear

    # verbs for rpc

    def check(self, job: Job) -> list[Record]:
        """Whether a job would be taken in now; older previews that it would make needless.

        Raises:
            Busy: its client, or all together, have as many as are allowed; its result is beyond the disk quota.
            CannotServe: no device here can ever hold it.
            GoingAway: the daemon stops.
        """
        if self.draining:
            raise GoingAway
        needless = self._backlog.check(job, self._closing, devices(self._pool))
        self._store.disk.make_room(self._store.result_bytes(job), job.owner)
        return [self._store.records[other.name] for other in needless]

    def submit(self, record: Record) -> None:
        """Takes a job into the queue, if `check` allows it; older previews that it makes needless are cancelled."""
        needless = self.check(record.job)
        record.amend(self._backlog.take(record.job, self._closing, devices(self._pool)))
        for each in needless:
            self.cancel(each, "a newer preview took its place", reason="SUPERSEDED")
        self._store.add(record)
        self._pool.wake()
        self._dispatch()

    def cancel(self, record: Record, why: str, *, keep: bool = False, reason: str = "CANCELLED") -> None:
        """Stops a job: at once if there is nothing to keep, else between two layers. Nothing happens to a final one.

        A job that waits with a checkpoint, as its worker or daemon died, begins once more to become a picture.
        """
        job = record.job
        if job.state.final:
            return
        verb = orders.cancel(job, why, reason, keep=keep)
        home = self._pool.worker(self._home.get(job.name, ""))
        if home is not None:
            self._asked[job.name] = verb
            self._closing.add(job.name)
            home.send(verb)
        elif keep and job.saved_step and not self.draining:
            self._asked[job.name] = verb
            self.release(record)
        elif job.name not in self._closing:  # else its result is being stored: too late to cancel
            self._end(record, job.cancelled(Failure(reason, why), time.time()))

    def release(self, record: Record) -> None:
        """A job that waited for its watcher may run."""
        record.held = False
        self._dispatch()

    def want_preview(self, record: Record, max_edge: int) -> None:
        """Asks for a preview after the next step; it will appear in the record."""
        home = self._pool.worker(self._home.get(record.job.name, ""))
        if home is not None:
            home.send({"verb": "preview", "job": record.job.name, "max_edge": max_edge})

    def outlook(self, job: Job, *, anew: bool = False) -> Outlook:
        """Its place in the queue and the time until it will be done; of one that runs as at its last step, or anew."""
        return self._backlog.outlook(job, len(self._pool.workers), anew=anew)

    @property
    def homes(self) -> dict[str, str]:
        """Jobs in workers' memory, and in whose."""
        return self._home

    def count(self, state: State) -> int:
        """How many jobs are in `state`."""
        return sum(record.job.state is state for record in self._store.records.values())

    def idle_s(self) -> float:
        """For how long there has been no unfinished job."""
        return self._backlog.idle_s()

    async def free(self) -> tuple[list[Worker], list[Worker]]:
        """Ends the workers that hold no job, so that their devices' memory is free; those, and the busy ones."""
        busy = {*self._home.values(), *self._at_work}
        freed = await self._pool.rest(busy)
        return freed, [worker for worker in self._pool.workers if worker.name in busy]

    # inside

    def _dispatch(self) -> None:
        """Asks for a decision and carries it out: first who leaves, then who has its turn."""
        if self.draining:
            return
        away = {*self._at_work.values(), *self._spilling, *self._closing}
        idle = [worker for worker in self._pool.workers if worker.ready and worker.name not in self._at_work]
        slots = [Slot(worker.name, worker.budget_bytes or math.inf) for worker in idle]
        decision = self._backlog.decide(slots, self._home, away, len(self._pool.workers))
        for job, name in decision.spills.items():
            if (worker := self._pool.worker(name)) is not None:
                self._spilling.add(job)
                self._at_work.setdefault(name, job)  # an idle one does nothing else before
                worker.send(orders.spill(job, self._store.disk.left_bytes(self._store.records[job].job.owner)))
        for name, job in decision.runs.items():
            if (worker := self._pool.worker(name)) is not None:
                self._run(worker, self._store.records[job])

    def _ready(self) -> None:
        """A worker has come, devices are known: jobs that none can hold end, the others' terms are fixed."""
        for record, error in self._backlog.settle(devices(self._pool)):
            self._end(record, record.job.failed(Failure(error.reason, error.message), time.time()))
        self._dispatch()

    def _run(self, worker: Worker, record: Record) -> None:
        name = record.job.name
        if name not in self._home and not self._begin(worker, record):
            return
        self._at_work[worker.name] = name
        if name not in self._asked:  # else it only begins to become a picture
            worker.send(orders.turn(name, QUANTUM_S, self._store.disk.left_bytes(record.job.owner)))

    def _begin(self, worker: Worker, record: Record) -> bool:
        job = record.job
        try:
            blobs = [(field, self._store.blob(name, job.owner)) for field, name in job.spec.pictures.items()]
        except NotFound as error:
            self._end(record, job.failed(Failure("BLOB_EXPIRED", error.message), time.time()))
            asyncio.get_running_loop().call_soon(self._dispatch)
            return False
        part = self._parts[job.name] = self._store.new_part()
        pictures = [(field, blob.name, blob.path, blob.header) for field, blob in blobs]
        need_bytes = self._backlog.begun(job)
        worker.send(orders.start(job, pictures, self._store.checkpoints.place(job.name), part, need_bytes))
        self._home[job.name] = worker.name
        record.update(job.started(worker.device, time.time()))
        return True

    def _hear(self, worker: Worker, message: Message) -> None:
        """One message of a worker; unknown ones are a bug of ours and are logged, not fatal."""
        header = message.header
        if header["event"] == "ready":
            self._ready()
        elif header["event"] == "lost":
            self._lose(worker, header.get("untouched", ()))
        elif (record := self._store.records.get(header.get("job", ""))) is not None:
            self._hear_of_job(worker, record, message)

    def _hear_of_job(self, worker: Worker, record: Record, message: Message) -> None:
        header, job = message.header, record.job
        if job.state.final:
            return
        match header["event"]:
            case "begun":
                self._begun(worker, record, header)
            case "saved":
                record.amend(replace(job, saved_step=header["step"]))
            case "spilled" | "kept":
                self._spilled(worker, record, header)
            case "notice":
                record.update(job, notice=header["text"])
            case "step":
                job = job.progressed(header["step"], header["total_steps"], None)
                left_s = self._backlog.time_left_s(job, header["time_left_s"], len(self._pool.workers))
                record.update(replace(job, time_left_s=left_s), orders.losses(header))
            case "preview":
                record.show(header["step"], ImageHeader.from_json(header["header"]), message.payload)
            case "sliced":
                self._backlog.charge(record, header["seconds"])
                self._free(worker, job.name)
            case "done" | "cancelled" | "failed":
                self._leave(worker, record, header)
            case unknown:
                log.error("worker %s said %r", worker, unknown)

    def _begun(self, worker: Worker, record: Record, header: dict[str, Any]) -> None:
        """A worker has a job in its memory."""
        job = orders.begun(record.job, header)
        record.amend(job)
        if header["text"]:
            record.update(job, notice=header["text"])
        if job.name in self._asked:
            self._closing.add(job.name)
            worker.send(self._asked[job.name])

    def _spilled(self, worker: Worker, record: Record, header: dict[str, Any]) -> None:
        """A worker has let a job go, to go on from its checkpoint; or kept it, as that could not be written."""
        job = record.job
        self._backlog.charge(record, header["seconds"])
        self._spilling.discard(job.name)
        asked = self._asked.get(job.name)
        if header["event"] == "kept":
            self._backlog.begun(job)  # and is not asked again at once
        elif asked is not None and not asked["keep"]:
            self._end(record, job.cancelled(Failure(asked["reason"], asked["why"]), time.time()))
        else:
            self._requeue(record, "")
        self._free(worker, job.name)

    def _leave(self, worker: Worker, record: Record, header: dict[str, Any]) -> None:
        """A job has left its worker for good: the worker is free at once, the result is stored beside that."""
        name = record.job.name
        self._backlog.charge(record, header["seconds"])
        self._home.pop(name, None)
        self._closing.add(name)
        task = asyncio.get_running_loop().create_task(self._finish(record, header))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._free(worker, name)

    async def _finish(self, record: Record, header: dict[str, Any]) -> None:
        """The last word on a job: its result is a blob and its end written down before anybody hears of it."""
        job, result = record.job, None
        if header.get("header"):
            try:
                kept = ImageHeader.from_json(header["header"])
                blob = await self._store.keep(self._parts[job.name], kept, job.owner)
                result, record.result_bytes = Result(blob.name, blob.header), 0  # it lies there, and counts as it does
            except Exception as error:  # whatever broke, the job must end: nobody else would end it
                log.exception("the result could not be stored", extra={"job": job.name})
                why = getattr(error, "strerror", None) or "the daemon's log has the details"
                header = {"event": "failed", "reason": "DISK", "message": f"the result could not be stored: {why}"}
        ended = orders.ended(record.job, header, result)
        await self._store.commit(record, ended)
        self._end(record, ended)

    def _end(self, record: Record, job: Job) -> None:
        self._let_go(job.name)
        self._backlog.end(job)
        record.update(job)
        self._store.checkpoints.remove(job.name)

    def _let_go(self, name: str) -> None:
        """Nothing of a job is in any worker any more."""
        self._home.pop(name, None)
        self._closing.discard(name)
        self._spilling.discard(name)
        self._asked.pop(name, None)
        if (part := self._parts.pop(name, None)) is not None:
            part.unlink(missing_ok=True)

    def _requeue(self, record: Record, why: str, *, lost: bool = False) -> None:
        """A job goes back into the queue, to go on from its checkpoint; what it was asked stays asked."""
        asked = self._asked.get(record.job.name)
        self._let_go(record.job.name)
        if asked is not None:
            self._asked[record.job.name] = asked
        job = record.job.requeued(lost=lost)
        record.update(job, notice=f"{why}; it goes on from step {job.step}" if why else "")

    def _free(self, worker: Worker, name: str) -> None:
        """A worker has answered for a job; one that had left it meanwhile frees nobody."""
        if self._at_work.get(worker.name) == name:
            del self._at_work[worker.name]
        self._dispatch()

    def _lose(self, worker: Worker, untouched: Collection[str]) -> None:
        """A worker died: its jobs go on from their checkpoints; the one that it was at has one attempt less."""
        at_work = self._at_work.pop(worker.name, None)
        at_work = None if self.draining or at_work in untouched else at_work
        for name in [name for name, home in self._home.items() if home == worker.name]:
            record, asked = self._store.records[name], self._asked.get(name)
            job, now = record.job, time.time()
            if asked is not None and not (asked["keep"] and job.saved_step):
                self._end(record, job.cancelled(Failure(asked["reason"], asked["why"]), now))
            elif name == at_work and job.attempt >= MAX_ATTEMPTS:
                told = f"the process that computed this picture died {job.attempt} times at it; see the daemon's log"
                self._end(record, job.failed(Failure("WORKER_LOST", told), now))
            else:
                self._requeue(record, orders.DIED * (name not in untouched), lost=name == at_work)
        self._dispatch()

    async def settle(self) -> None:
        """Waits until every result that is being stored is stored."""
        await asyncio.gather(*self._tasks)

    def __repr__(self) -> str:
        return f"<Scheduler [{len(self._at_work)} at work, {len(self._home)} admitted]>"
