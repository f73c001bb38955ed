"""The way from records to the database: what is written when, and by whom.

Knows records and the database. Must not know blobs or devices. A change of state is written at once, a step within a
second; one thread writes, so the event loop never waits for the disk. Whoever must know that something is on the disk
waits for `written`. What could not be written (the disk is full) is tried again with the next change; memory is the
truth as long as the daemon lives.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from impasto.store.database import Damaged, Database, Row
from impasto.store.record import Record

log = logging.getLogger(__name__)

PROGRESS_S = 1.0  # steps are written no more often than this


class Journal:
    """Writes records down as they change.

    The mutable state is what waits to be written, and who waits for it.
    """

    def __init__(self, path: Path, records: Callable[[], Iterable[Record]]) -> None:
        """`records` tells all there are: they are written anew where the file was damaged."""
        self._database, self._all = Database(path), records
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._dirty: dict[str, Record] = {}
        self._gone: list[str] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def set_aside(self) -> str:
        """The name that a damaged database was given, if there was one."""
        return self._database.set_aside

    def rows(self) -> list[Row]:
        """All jobs of earlier daemons, in the order they came."""
        try:
            return self._database.rows()
        except Damaged as error:
            self._database.begin_anew(error)
            return []

    def note(self, record: Record, durable: bool) -> None:  # noqa: FBT001  # as a record calls it
        """A record has changed: it is written at once, or within a second."""
        self._dirty[record.job.name] = record
        self._soon(0.0 if durable else PROGRESS_S)

    def forget(self, name: str) -> None:
        """A job is to be forgotten."""
        self._dirty.pop(name, None)
        self._gone.append(name)
        self._soon(0.0)

    def _soon(self, delay_s: float) -> None:
        """Begins to write at the latest then; before there is an event loop, with the first change after that."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if not delay_s:
            self._start()
        elif self._timer is None and self._task is None:
            self._timer = loop.call_later(delay_s, self._start)

    async def written(self) -> None:
        """Returns when all that has changed until now is on the disk.

        Raises:
            OSError: it could not be written.
        """
        waiting = _loop().create_future()
        self._waiting.append(waiting)
        self._start()
        await waiting

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None:
            self._task = _loop().create_task(self._write())

    async def _write(self) -> None:
        """Writes until nothing is left that somebody waits for."""
        while self._dirty or self._gone or self._waiting:
            dirty, gone, waiting = self._dirty, self._gone, self._waiting
            self._dirty, self._gone, self._waiting = {}, [], []
            rows = [row_of(record) for record in dirty.values()]
            try:
                await _loop().run_in_executor(self._writer, self._database.write, rows, gone)
            except Damaged as error:  # in mid-life: memory still holds every job
                await _loop().run_in_executor(self._writer, self._database.begin_anew, error)
                self._dirty = {record.job.name: record for record in self._all()}
                self._waiting = waiting + self._waiting
            except Exception as error:  # whatever it was, those who wait must hear of it
                self._dirty, self._gone = dirty | self._dirty, gone + self._gone
                self._tell(waiting, error)
                if not self._waiting:
                    break
            else:
                self._tell(waiting, None)
        self._task = None
        if self._dirty:
            self._timer = _loop().call_later(PROGRESS_S, self._start)

    def _tell(self, waiting: list[asyncio.Future[None]], error: Exception | None) -> None:
        if error is not None:
            log.error("jobs could not be written down: %s", error)
        for each in waiting:
            if not each.done():
                each.set_result(None) if error is None else each.set_exception(error)

    async def close(self) -> None:
        """Writes what is left and closes the database."""
        if self._task is not None:
            await self._task
        if self._dirty or self._gone:
            try:
                await self.written()
            except OSError:
                log.exception("the last changes are lost")
        await _loop().run_in_executor(self._writer, self._database.close)
        self._writer.shutdown()
        if self._timer is not None:
            self._timer.cancel()

    def __repr__(self) -> str:
        return f"<Journal [{len(self._dirty)} to be written]>"


def row_of(record: Record) -> Row:
    """A record as it is written down."""
    job = record.ending or record.job
    told = json.dumps(job.to_json(), separators=(",", ":"))
    return Row(job.name, job.arrival, record.request_digest, record.keep_running, record.sequence, told)


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
