"""Jobs on the disk: one SQLite file in WAL mode.

Knows rows of plain values. Must not know what a job is, nor event loops: ``journal`` calls it from one thread of its
own. A file that is no database any more is set aside, never overwritten, and a new one is begun.
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

VERSION = 1
SCHEMA = """
CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL,
    digest TEXT NOT NULL,          -- of the request, as it came
    keep_running INTEGER NOT NULL,
    sequence INTEGER NOT NULL,     -- of the newest event when this was written
    job TEXT NOT NULL              -- JSON
) STRICT;
"""


@dataclass(frozen=True)
class Row:
    """One job as it is written down."""

    name: str
    arrival: int
    digest: str
    keep_running: bool
    sequence: int
    job: str


class Damaged(Exception):
    """The file is no database, or no longer a whole one."""


class Database:
    """An open database; used by one thread at a time.

    Attributes:
        set_aside: the name that a damaged file was given, if one was found.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file or makes it; a damaged one is set aside first."""
        self._path, self.set_aside = path, ""
        try:
            self._connection = self._open()
        except Damaged as error:
            self.begin_anew(error)

    def begin_anew(self, why: Exception) -> None:
        """Sets the file aside and begins a new one."""
        with contextlib.suppress(AttributeError, sqlite3.Error):  # never opened, or too damaged even to be closed
            self._connection.close()
        name = f"{self._path.name}.damaged-{time.time_ns()}"
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).rename(self._path.with_name(name + suffix))
        log.error("the database of jobs is damaged (%s) and was set aside as %s", why, name)
        self._connection, self.set_aside = self._open(), name

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        self._path.chmod(0o600)  # -wal and -shm get the same
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=10)
        try:
            with _judged():
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")  # what was accepted survives a power cut
                connection.execute("PRAGMA secure_delete = ON")  # what was forgotten is nowhere in the file
                self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Makes the tables in a new file; finds out whether an old one is whole."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise Damaged(f"it is of version {version}; this program reads {VERSION}")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise Damaged(verdict)

    def rows(self) -> list[Row]:
        """All jobs, in the order they came.

        Raises:
            Damaged: they cannot be read.
        """
        with _judged():
            found = self._connection.execute(
                "SELECT name, arrival, digest, keep_running, sequence, job FROM jobs ORDER BY arrival"
            ).fetchall()
        return [
            Row(name, arrival, digest, bool(keep), sequence, job)
            for name, arrival, digest, keep, sequence, job in found
        ]

    def write(self, rows: Iterable[Row], gone: Sequence[str] = ()) -> None:
        """Writes jobs down and forgets others: all or nothing, and on the disk when it returns.

        Raises:
            Damaged: the file is no longer a database.
            OSError: the disk is full or fails.
        """
        with _judged():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?)",
                    [(r.name, r.arrival, r.digest, r.keep_running, r.sequence, r.job) for r in rows],
                )
                self._connection.executemany("DELETE FROM jobs WHERE name = ?", [(name,) for name in gone])
                self._connection.execute("COMMIT")
                if gone:  # nor in the log beside it
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has ended the transaction by itself
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Folds the log into the file and closes it."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def __repr__(self) -> str:
        return f"<Database {self._path.name}>"


@contextlib.contextmanager
def _judged() -> Iterator[None]:
    """SQLite's errors as what they mean for us: the file is damaged, or the disk fails."""
    try:
        yield
    except sqlite3.OperationalError as error:  # full, cannot open, disk I/O error, locked
        if "no such" in str(error):
            raise Damaged(str(error)) from error
        raise OSError(28 if "full" in str(error) else 5, f"the database cannot be written: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Damaged(str(error)) from error
