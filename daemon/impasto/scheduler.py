"""Acts on who goes next: gathers the facts, asks ``scheduling`` and ``fairness``, and carries out what they say.

Sends verbs to the pool and writes what the pool answers into the store. Work is done in slices, so a long job never
keeps a short one waiting for more than a slice. Must not know gRPC, tensors or how a decision comes about.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.admission import check_fit, check_room, superseded
from impasto.config import Limits
from impasto.demand import Demand
from impasto.errors import CannotServe, NotFound
from impasto.fairness import Ledger
from impasto.image import ImageHeader
from impasto.job import Failure, Job, Priority, Result, State
from impasto.pool import Message, Pool, Worker
from impasto.scheduling import QUANTUM_S, Slot, decide
from impasto.store import Record, Store

log = logging.getLogger(__name__)


class Scheduler:
    """The living side: one task that reacts to what the pool says and to new jobs.

    The mutable state is where each begun job lives, who is at work, and the ledger of what each client has had.
    """

    def __init__(
        self, store: Store, pool: Pool, limits: Limits, weights: Mapping[str, float] | None = None
    ) -> None:
        self._store, self._pool, self._limits = store, pool, limits
        self._home: dict[str, str] = {}  # job → worker that holds its state
        self._at_work: dict[str, str] = {}  # worker → job
        self._spilling: set[str] = set()  # jobs that their worker was told to let go
        self._ledger, self._demand = Ledger(weights), Demand()
        self._parts: dict[str, Path] = {}  # job → where its result is being written
        self._closing: set[str] = set()  # jobs that were asked to stop or whose result is being stored
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_busy = time.monotonic()
        pool.listener = self._hear

    # verbs for rpc

    def submit(self, record: Record) -> None:
        """Takes a job into the queue; older previews that it makes needless are cancelled.

        Raises:
            Busy: its client, or all together, have as many as are allowed.
            CannotServe: no device here can ever hold it.
        """
        job, unfinished = record.job, [r.job for r in self._unfinished() if r.job.name not in self._closing]
        older = superseded(job, unfinished)
        left = [other for other in unfinished if other not in older]
        check_room(job, left, self._limits, self._retry_s(job))
        self._come(job)
        try:
            self._demand.check_fit(job, self._budgets())
        except CannotServe:
            self._demand.go(job)
            raise
        for other in older:
            self.cancel(self._store.records[other.name], "a newer preview took its place", reason="SUPERSEDED")
        self._lift(job.client)
        self._store.add(record)
        self._pool.wake()
        self._dispatch()

    def cancel(self, record: Record, why: str, *, keep: bool = False, reason: str = "CANCELLED") -> None:
        """Stops a job: at once if it has not begun, else between two layers. Nothing happens to a final one."""
        job = record.job
        if job.state.final:
            return
        home = self._pool.worker(self._home.get(job.name, ""))
        if home is None:
            if job.name not in self._closing:  # else its result is being stored: too late to cancel
                record.update(job.cancelled(Failure(reason, why), time.time()))
            return
        self._closing.add(job.name)
        home.send({"verb": "cancel", "job": job.name, "why": why, "reason": reason, "keep": keep})

    def want_preview(self, record: Record, max_edge: int) -> None:
        """Asks for a preview after the next step; it will appear in the record."""
        home = self._pool.worker(self._home.get(record.job.name, ""))
        if home is not None:
            home.send({"verb": "preview", "job": record.job.name, "max_edge": max_edge})

    def outlook(self, job: Job) -> tuple[int, float | None]:
        """Its place in the queue, 0 if it has none, and seconds until it will be done, None if that cannot be told."""
        places, ends = self._outlook()
        return places.get(job.name, 0), None if job.state.final else ends.get(job.name)

    def count(self, state: State) -> int:
        """How many jobs are in `state`."""
        return sum(record.job.state is state for record in self._store.records.values())

    def idle_s(self) -> float:
        """For how long there has been no unfinished job."""
        if any(not record.job.state.final for record in self._store.records.values()):
            self._last_busy = time.monotonic()
        return time.monotonic() - self._last_busy

    async def free(self) -> tuple[list[Worker], list[Worker]]:
        """Ends the workers that hold no job, so that their devices' memory is free; those, and the busy ones."""
        busy = {*self._home.values(), *self._at_work}
        freed = await self._pool.rest(busy)
        return freed, [worker for worker in self._pool.workers if worker.name in busy]

    # inside

    def _lift(self, client: str) -> None:
        """Before a client's first job: what it had before counts, and idling earned it nothing."""
        active = {r.job.client for r in self._store.records.values() if not r.job.state.final}
        if client not in active:
            self._ledger.lift(client, active)

    def _unfinished(self) -> list[Record]:
        return [record for record in self._store.records.values() if not record.job.state.final]

    def _come(self, job: Job) -> None:
        """Measures what a job wants, from the sizes of its pictures; one that is gone will fail it when it begins."""
        headers = dict[str, ImageHeader]()
        for field, name in job.spec.pictures.items():
            with contextlib.suppress(NotFound):
                headers[field] = self._store.blob(name).header
        styles = [header for field, header in headers.items() if field.endswith("].image")]
        self._demand.come(job, headers.get("content", NO_PICTURE), styles, time.monotonic())

    def _budgets(self) -> list[int]:
        """What jobs may take of each device, as far as workers have told."""
        return [worker.budget_bytes for worker in (*self._pool.workers, *self._pool.resting) if worker.budget_bytes]

    def _outlook(self) -> tuple[dict[str, int], dict[str, float]]:
        jobs = [record.job for record in self._unfinished() if self._demand.knows(record.job)]
        accounts = self._ledger.accounts({job.client for job in jobs})
        return self._demand.outlook(jobs, accounts, max(1, len(self._pool.workers)), time.monotonic())

    def _retry_s(self, job: Job) -> float:
        """When it may be worth trying again: when the next of this client's jobs, or of any, will have ended."""
        ends = self._outlook()[1]
        own = [ends[r.job.name] for r in self._unfinished() if r.job.client == job.client and r.job.name in ends]
        return min(max(1.0, min(own or ends.values(), default=RETRY_S)), MAX_RETRY_S)

    def _dispatch(self) -> None:
        """Asks for a decision and carries it out: first who leaves, then who has its turn."""
        now, away = time.monotonic(), {*self._at_work.values(), *self._spilling, *self._closing}
        jobs = [self._seen(record.job, now) for record in self._unfinished() if record.job.name not in away]
        idle = [self._slot(w, away) for w in self._pool.workers if w.ready and w.name not in self._at_work]
        accounts = self._ledger.accounts({job.client for job in jobs})
        first = self._ledger.interactive_first(now, len(self._pool.workers))
        decision = decide(jobs, idle, accounts, interactive_first=first)
        for job_name, worker_name in decision.spills.items():
            self._spill(worker_name, job_name)
        for worker_name, job_name in decision.runs.items():
            worker = self._pool.worker(worker_name)
            if worker is not None:
                self._run(worker, self._store.records[job_name])

    def _seen(self, job: Job, now: float) -> Runnable:
        if not self._demand.knows(job):  # it was here before this life of the daemon
            self._come(job)
        return self._demand.seen(job, self._home.get(job.name, ""), now)

    def _slot(self, worker: Worker, away: Set[str]) -> Slot:
        """An idle worker as the decision sees it, with what those that are on their way out still hold."""
        leaving = [name for name, home in self._home.items() if home == worker.name and name in away]
        return Slot(worker.name, worker.budget_bytes or math.inf, self._demand.held_bytes(leaving))

    def _spill(self, worker_name: str, job_name: str) -> None:
        """A worker is to write a job down and let it go; an idle one does nothing else before."""
        worker = self._pool.worker(worker_name)
        if worker is not None:
            self._spilling.add(job_name)
            self._at_work.setdefault(worker_name, job_name)
            worker.send({"verb": "spill", "job": job_name})

    def _run(self, worker: Worker, record: Record) -> None:
        name = record.job.name
        if name not in self._home and not self._begin(worker, record):
            return
        self._at_work[worker.name] = name
        worker.send({"verb": "slice", "job": name, "seconds": QUANTUM_S})

    def _begin(self, worker: Worker, record: Record) -> bool:
        job = record.job
        spec = job.spec
        try:
            pictures = {role: self._store.blob(blob) for role, blob in spec.pictures.items()}
        except NotFound as error:
            self._end(record, job.failed(Failure("BLOB_EXPIRED", error.message), time.time()))
            asyncio.get_running_loop().call_soon(self._dispatch)
            return False
        part = self._parts[job.name] = self._store.new_part()
        sources = {
            role: {"path": str(b.path), "header": b.header.to_json(), "key": b.name} for role, b in pictures.items()
        }
        worker.send(
            {"verb": "start", "job": job.name, "spec": spec.to_json(), "result": str(part), "pictures": sources}
        )
        self._home[job.name] = worker.name
        record.update(job.started(worker.device, time.time()))
        return True

    def _hear(self, worker: Worker, message: Message) -> None:
        """One message of a worker; unknown ones are a bug of ours and are logged, not fatal."""
        header = message.header
        if header["event"] == "ready":
            self._dispatch()
        elif header["event"] == "lost":
            self._lose(worker)
        elif (record := self._store.records.get(header.get("job", ""))) is not None:
            self._hear_of_job(worker, record, message)

    def _hear_of_job(self, worker: Worker, record: Record, message: Message) -> None:
        header, job = message.header, record.job
        if job.state.final:
            return
        match header["event"]:
            case "notice":
                record.update(job, notice=header["text"])
            case "step":
                record.update(
                    job.progressed(header["step"], header["total_steps"], header["time_left_s"]), header["losses"]
                )
            case "preview":
                record.show(header["step"], ImageHeader.from_json(header["header"]), message.payload)
            case "sliced":
                self._charge(record, header["seconds"])
                if self._at_work.get(worker.name) == job.name:  # else it answers for a job that had left it
                    self._free(worker)
            case "done" | "cancelled" | "failed":
                self._leave(worker, record, header)
            case unknown:
                log.error("worker %s said %r", worker, unknown)

    def _leave(self, worker: Worker, record: Record, header: dict[str, Any]) -> None:
        """A job has left its worker for good: the worker is free at once, the result is stored beside that."""
        name = record.job.name
        self._charge(record, header["seconds"])
        self._home.pop(name, None)
        self._closing.add(name)
        task = asyncio.get_running_loop().create_task(self._finish(record, header))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._at_work.get(worker.name) == name:
            self._free(worker)
        else:
            self._dispatch()

    async def _finish(self, record: Record, header: dict[str, Any]) -> None:
        """The last word on a job: its result becomes a blob before anybody hears of it."""
        result = None
        if header.get("header"):
            try:
                blob = await self._store.keep(self._parts[record.job.name], ImageHeader.from_json(header["header"]))
            except Exception as error:  # whatever broke, the job must end: nobody else would end it
                log.exception("%s: the result could not be stored", record.job.name)
                why = getattr(error, "strerror", None) or "the daemon's log has the details"
                failure = Failure("DISK", f"the result could not be stored: {why}")
                self._end(record, record.job.failed(failure, time.time()))
                return
            result = Result(blob.name, blob.header)
        self._end(record, _ended(record.job, header, result))

    def _end(self, record: Record, job: Job) -> None:
        self._home.pop(job.name, None)
        self._closing.discard(job.name)
        if (part := self._parts.pop(job.name, None)) is not None:
            part.unlink(missing_ok=True)
        record.update(job)

    def _charge(self, record: Record, seconds: float) -> None:
        record.charge(seconds)
        interactive = record.job.priority is Priority.INTERACTIVE
        self._ledger.charge(record.job.client, seconds, time.monotonic(), interactive=interactive)

    def _free(self, worker: Worker) -> None:
        self._at_work.pop(worker.name, None)
        self._dispatch()

    def _lose(self, worker: Worker) -> None:
        """A worker died: what it held is gone; each of its jobs ends with a reason, and the pool starts another."""
        self._at_work.pop(worker.name, None)
        for name in [name for name, home in self._home.items() if home == worker.name]:
            record = self._store.record(name)
            failure = Failure("WORKER_LOST", "the process that computed this picture died; send the request again")
            ended = record.job.cancelled if name in self._closing else record.job.failed
            self._end(record, ended(failure, time.time()))
        self._dispatch()

    async def settle(self) -> None:
        """Waits until every result that is being stored is stored."""
        await asyncio.gather(*self._tasks)

    def __repr__(self) -> str:
        return f"<Scheduler [{len(self._at_work)} at work, {len(self._home)} admitted]>"


def _ended(job: Job, header: Mapping[str, Any], result: Result | None) -> Job:
    """The job in the final state that its worker's last message tells."""
    now = time.time()
    if header["event"] == "done" and result is not None:
        return job.succeeded(result, now)
    if header["event"] == "cancelled":
        return job.cancelled(Failure(header["reason"], header["why"]), now, result)
    return job.failed(Failure(header["reason"], header["message"]), now)
