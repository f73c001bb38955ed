"""What the daemon remembers: jobs with their events, blobs named by their content, and states to go on from.

Knows files, a database and `Job`s. Must not know gRPC, devices or who is to run next. ``rpc`` and ``scheduler`` write
here; watchers wait on `Record.changed`. The face of a room: `Record` is a job as it lives, ``journal`` writes it down,
``blobs`` and ``checkpoints`` are the files. Every method is called from the event loop alone. Jobs and blobs have an
owner, and what is somebody else's is as unknown as what does not exist.

What is durable: that a job was accepted (before its client hears so), each change of its state, each end with its
result; how far it has come, within a second. Events themselves are not: after a daemon's death a watcher hears the
newest state and goes on from there, and sequence numbers go on above all that were ever told.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field, replace
from pathlib import Path

from impasto.errors import Busy, NotFound
from impasto.job import RESULT_S, Job, Priority, State
from impasto.store.blobs import BLOB_PREFIX, CHUNK_BYTES, Blob, Blobs, chunks
from impasto.store.checkpoints import Checkpoints
from impasto.store.claims import Claims
from impasto.store.database import Row
from impasto.store.journal import Journal
from impasto.store.quota import Quota
from impasto.store.record import MAX_EVENTS, Record

__all__ = ["BLOB_PREFIX", "CHUNK_BYTES", "MAX_EVENTS", "Blob", "Forgotten", "Record", "Store", "chunks"]

log = logging.getLogger(__name__)

LEAP = 1_000_000  # sequence numbers after a daemon's death begin so far above the last that was written down
WITH_EVENTS = 20  # so many finished jobs keep their events; older ones are only what they ended as
RESUMED = "the daemon was restarted; the job goes on from step {step}"


@dataclass(frozen=True)
class Forgotten:
    """What was removed of one owner's: how many of each, and the jobs that are still under way and were kept."""

    blobs: int
    jobs: int
    size_bytes: int
    kept_jobs: int


@dataclass
class Store:
    """All jobs and blobs of one data folder.

    The mutable state is the table of records and what lies in the folder.

    Attributes:
        quota_bytes: of blobs and checkpoints together, results of jobs under way included.
        share_bytes: of those, what each owner of a token may have; more than `quota_bytes` is no bound.
        disk: what is taken of them, and by whom.
        result_s: how long a job that has ended is remembered, and its picture kept.
    """

    folder: Path
    max_final_jobs: int = 1000
    quota_bytes: InitVar[int] = 20 * 1024**3
    share_bytes: InitVar[int] = 20 * 1024**3
    result_s: float = RESULT_S
    records: dict[str, Record] = field(default_factory=dict)
    _live: dict[str, Record] = field(default_factory=dict)
    _arrivals: int = 0

    def __post_init__(self, quota_bytes: int, share_bytes: int) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._blobs, self.checkpoints = Blobs(self.folder / "blobs"), Checkpoints(self.folder / "checkpoints")
        self.blobs, self.new_part = self._blobs.folder, self._blobs.new_part
        self.keep, self.decoded, self.blob = self._blobs.keep, self._blobs.decoded, self._blobs.find
        self.free_bytes = self._blobs.free_bytes
        self._claims = Claims(self.records, self.unfinished)
        self.disk = Quota(self._blobs, self.checkpoints, self._claims, quota_bytes, share_bytes)
        self._journal = Journal(self.folder / "jobs.sqlite", self.records.values)
        self._requests: dict[tuple[str, str], str] = {}
        for row in self._journal.rows():
            self._remember(row)
        self.checkpoints.keep_only(name for name, record in self.records.items() if not record.job.state.final)

    @property
    def notices(self) -> list[str]:
        """What a person should know of this store."""
        aside = self._journal.set_aside
        return [f"the database of jobs was damaged and was set aside as {aside}; jobs before that are lost"] * bool(
            aside
        )

    # jobs

    def next_arrival(self) -> int:
        """Counts jobs in the order they came, over the lives of all daemons."""
        self._arrivals += 1
        return self._arrivals

    def add(self, record: Record) -> None:
        """Takes in a new job, which is written down soon (see `written`); the oldest finished ones make room."""
        self._insert(record)
        log.info("accepted", extra={"job": record.job.name, "client": record.job.client, "owner": record.job.owner})
        self._journal.note(record, durable=True)
        self._make_room()

    async def written(self) -> None:
        """Returns when all that has happened until now is on the disk.

        Raises:
            Busy: the disk is full or fails.
        """
        try:
            await self._journal.written()
        except OSError as error:
            raise Busy("the daemon cannot write its jobs down, as its disk is full or fails", reason="DISK") from error

    async def commit(self, record: Record, job: Job) -> None:
        """Writes down how a job ends before it is told; where that fails it is told all the same, and tried again."""
        record.ending = job
        self._journal.note(record, durable=True)
        try:
            await self._journal.written()
        except OSError:
            log.exception("an end could not be written down", extra={"job": job.name})
        record.ending = None

    def discard(self, record: Record) -> None:
        """Forgets a job altogether."""
        name = record.job.name
        self.records.pop(name, None)
        self._live.pop(name, None)
        self._requests.pop((record.job.owner, record.job.request_id), None)
        self._journal.forget(name)
        self.checkpoints.remove(name)

    def record(self, name: str, owner: str) -> Record:
        """The record of a job of `owner`'s.

        Raises:
            NotFound: there is none of that name, or it is somebody else's.
        """
        record = self.records.get(name)
        if record is None or record.job.owner != owner:
            raise NotFound(f"there is no job {name!r}")
        return record

    def by_request_id(self, request_id: str, owner: str) -> Record | None:
        """The job that a request of `owner`'s made before, if it gave an id."""
        return self.records.get(self._requests.get((owner, request_id), ""))

    def unfinished(self) -> list[Record]:
        """All jobs that have not ended, the oldest first; at each turn somebody asks, and most that are kept have."""
        for record in [record for record in self._live.values() if record.job.state.final]:
            del self._live[record.job.name]
        return list(self._live.values())

    def _insert(self, record: Record) -> None:
        job = record.job
        self.records[job.name] = self._live[job.name] = record
        if job.request_id:
            self._requests[job.owner, job.request_id] = job.name
        record.journal = self._journal.note
        record.result_bytes = 0 if job.state.final else self.result_bytes(job)

    def _remember(self, row: Row) -> None:
        """A job of an earlier daemon: one that was not final waits in the queue, for its watcher if it needs one."""
        try:
            job = _read(row, self._blobs)
        except (KeyError, TypeError, ValueError):
            log.exception("a job that was written down cannot be read and is left out")
            return
        self._arrivals = max(self._arrivals, row.arrival)
        if not job.state.final:  # a state may be younger than what was written down: that comes within a second
            job = replace(job, saved_step=max(job.saved_step, self.checkpoints.newest(job.name)))
        job = job.requeued() if job.state is State.RUNNING else job
        record = Record(
            job,
            row.digest,
            keep_running=row.keep_running,
            sequence=row.sequence + LEAP,
            held=not row.keep_running and not job.state.final,
        )
        self._insert(record)
        if not job.state.final:
            record.update(job, notice=RESUMED.format(step=job.step) if job.start_time else "")
            self._journal.note(record, durable=True)  # its numbers have leapt

    def _make_room(self) -> None:
        final = [record for record in self.records.values() if record.job.state.final]
        over = max(0, len(final) - self.max_final_jobs)
        # Previews come by the dozen and are looked at once: all but a quarter of the places are for others.
        previews = [record for record in final if record.job.priority is Priority.INTERACTIVE]
        needless = previews[: max(0, min(over, len(previews) - self.max_final_jobs // 4))]
        left = [record for record in final if record not in needless]
        for record in (*needless, *left[: over - len(needless)]):
            self.discard(record)
        for record in left[over - len(needless) : -WITH_EVENTS]:
            if not record.watchers:
                record.forget_events()

    # blobs

    def remove_blobs(self, names: Iterable[str]) -> int:
        """Forgets blobs that no unfinished job needs; how many."""
        removable = set(names) - self._claims.needed()
        self._blobs.remove(removable)
        return len(removable)

    def sweep(self, older_than: float) -> int:
        """Removes what was last used before `older_than` (seconds since the epoch); how many blobs.

        Jobs that ended longer ago than `result_s` go with their pictures.
        """
        for record in [record for record in self.records.values() if self._expired(record)]:
            self.discard(record)
        self._blobs.recount()
        return self.remove_blobs(set(self._blobs.names(older_than)) - self._claims.results())

    def _expired(self, record: Record) -> bool:
        """Whether a job was remembered long enough: by the clock, which may leap, and by what has passed meanwhile."""
        ended, long_ago = record.job.end_time, time.time() - self.result_s
        return ended is not None and ended < long_ago and (record.inherited or record.silent_s() > self.result_s)

    def result_bytes(self, job: Job) -> int:
        """What the result of a job will have; 0 if its content is gone, as it will not have one."""
        try:
            content = self._blobs.find(job.spec.content, job.owner).header
        except NotFound:
            return 0
        return job.spec.result_header(content).size_bytes

    def forget(self, owner: str) -> Forgotten:
        """Removes every picture at rest of `owner`'s, and every job that has ended; what is under way is kept."""
        own = [record for record in self.records.values() if record.job.owner == owner]
        final = [record for record in own if record.job.state.final]
        for record in final:
            self.discard(record)
        names = set(self._blobs.owned(owner)) - self._claims.needed()
        alone = [name for name in names if not self._blobs.disown(name, owner)]
        return Forgotten(len(names), len(final), self._blobs.remove(alone), len(own) - len(final))

    async def close(self) -> None:
        """Writes everything down."""
        await self._journal.close()

    def __repr__(self) -> str:
        states = [r.job.state.value for r in self.records.values()]
        told = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        return f"<Store [{told or 'no jobs'}]>"


def _read(row: Row, blobs: Blobs) -> Job:
    """The job of a row; its result's header is beside the blob, if that is still there."""
    told = json.loads(row.job)
    try:
        header = blobs.find(told["result"], told["owner"]).header if told["result"] else None
    except NotFound:
        header = None
    return Job.from_json(told, header)
