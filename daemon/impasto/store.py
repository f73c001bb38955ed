"""What the daemon remembers: jobs with their events, and blobs named by their content.

Knows files and `Job`s. Must not know gRPC, devices or who is to run next. ``rpc`` and ``scheduler`` write here;
watchers wait on `Record.changed`. Blobs are files of raw samples with a header beside them, complete or absent. Jobs
live as long as the process (durable ones are to come); every method is called from the event loop alone.
"""

import asyncio
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from impasto.errors import NotFound
from impasto.image import ImageHeader, content_digest
from impasto.job import Event, Job, Preview

BLOB_PREFIX = "blobs/sha256-"
CHUNK_BYTES = 1024 * 1024


class Record:
    """A job, its events, its newest preview, and those who watch it."""

    def __init__(self, job: Job, request_digest: str, *, keep_running: bool) -> None:
        self.job, self.request_digest, self.keep_running = job, request_digest, keep_running
        self.events: list[Event] = [Event(1, job)]
        self.preview: Preview | None = None
        self.watchers = 0
        self._changed = asyncio.Event()

    def update(self, job: Job, losses: Mapping[str, float] | None = None, notice: str = "") -> None:
        """Sets the job as it is now and tells all watchers."""
        self.job = job
        self.events.append(Event(len(self.events) + 1, job, losses or {}, notice))
        self._tell()

    def show(self, step: int, header: ImageHeader, samples: bytes) -> None:
        """Sets the newest preview; older ones are forgotten, so that a slow reader is never behind."""
        sequence = self.preview.sequence + 1 if self.preview else 1
        self.preview = Preview(sequence, step, header, samples)
        self._tell()

    def charge(self, device_s: float) -> None:
        """Notes device time without an event of its own."""
        self.job = self.job.charged(device_s)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Returns at the next event or preview."""
        await self._changed.wait()

    async def ended(self) -> None:
        """Returns when the job is final."""
        while not self.job.state.final:
            await self.changed()

    def __repr__(self) -> str:
        return f"<Record {self.job.name} [{self.job.state.value}, {len(self.events)} events, {self.watchers} watchers]>"


@dataclass(frozen=True)
class Blob:
    """A stored picture; `fresh` if it was not there before it was kept now."""

    name: str
    header: ImageHeader
    path: Path
    modified: float
    fresh: bool = False


@dataclass
class Store:
    """All jobs and blobs of one daemon.

    The mutable state is the table of records and the folder of blobs.
    """

    folder: Path
    max_final_jobs: int = 1000
    records: dict[str, Record] = field(default_factory=dict)
    _arrivals: int = 0

    def __post_init__(self) -> None:
        self.blobs = self.folder / "blobs"
        self.blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.blobs.chmod(0o700)
        for part in self.blobs.glob("*.part"):  # of a daemon that was killed
            part.unlink()

    # jobs

    def next_arrival(self) -> int:
        """Counts jobs in the order they came."""
        self._arrivals += 1
        return self._arrivals

    def add(self, record: Record) -> None:
        """Takes in a new job; the oldest finished ones make room."""
        self.records[record.job.name] = record
        final = [name for name, kept in self.records.items() if kept.job.state.final]
        for name in final[: max(0, len(final) - self.max_final_jobs)]:
            del self.records[name]

    def record(self, name: str) -> Record:
        """The record of a job.

        Raises:
            NotFound: there is none of that name.
        """
        if name not in self.records:
            raise NotFound(f"there is no job {name!r}")
        return self.records[name]

    def by_request_id(self, request_id: str) -> Record | None:
        """The job that a request made before, if it gave an id."""
        return next((r for r in self.records.values() if request_id and r.job.request_id == request_id), None)

    # blobs

    def new_part(self) -> Path:
        """A file name for something that is not complete yet."""
        return self.blobs / f"{uuid.uuid4().hex}.part"

    async def keep(self, part: Path, header: ImageHeader, encoded_sha256: str = "") -> Blob:
        """Turns the complete raw samples in `part` into a blob; `encoded_sha256` is of the file they came from."""
        name, fresh = await asyncio.to_thread(self._keep, part, header, encoded_sha256)
        return replace(self.blob(name), fresh=fresh)

    def _keep(self, part: Path, header: ImageHeader, encoded_sha256: str) -> tuple[str, bool]:
        digest = content_digest(header, chunks(part))
        path = self._path(digest)
        fresh, sidecar = not path.exists(), _sidecar(path)
        files = set(sidecar.get("files", ())) | ({encoded_sha256} if encoded_sha256 else set())
        _write(path.with_suffix(".json"), json.dumps({"header": header.to_json(), "files": sorted(files)}))
        part.chmod(0o600)
        part.replace(path)  # last: where the samples are, the header is
        if encoded_sha256:
            _write(self.blobs / f"file-{encoded_sha256}", digest)
        return BLOB_PREFIX + digest, fresh

    def decoded(self, encoded_sha256: str) -> Blob | None:
        """The blob that a file of this hash was decoded to before, if it is still there."""
        try:
            return self.blob(BLOB_PREFIX + (self.blobs / f"file-{encoded_sha256}").read_text())
        except (OSError, NotFound):
            return None

    def blob(self, name: str) -> Blob:
        """Finds a blob and marks it as used.

        Raises:
            NotFound: the name is malformed or nothing is there.
        """
        digest = name.removeprefix(BLOB_PREFIX)
        if not name.startswith(BLOB_PREFIX) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise NotFound(f"{name!r} is no blob's name; it is {BLOB_PREFIX!r} and 64 hexadecimal digits")
        path = self._path(digest)
        try:
            os.utime(path)
            header = ImageHeader.from_json(_sidecar(path)["header"])
            size = path.stat().st_size
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotFound(f"there is no blob {name!r}; upload the picture again") from error
        if size != header.size_bytes:
            raise NotFound(f"the blob {name!r} was damaged on the daemon's disk; upload the picture again")
        return Blob(name, header, path, time.time())

    def remove_blobs(self, names: Iterable[str]) -> int:
        """Forgets blobs that no unfinished job needs; how many."""
        specs = [r.job.spec for r in self.records.values() if not r.job.state.final]
        needed = {name for spec in specs for name in spec.pictures.values()}
        removable = set(names) - needed
        for name in removable:
            path = self._path(name.removeprefix(BLOB_PREFIX))
            files = _sidecar(path).get("files", ())
            for left in (path, path.with_suffix(".json"), *(self.blobs / f"file-{sha256}" for sha256 in files)):
                left.unlink(missing_ok=True)
        return len(removable)

    def remove_old_blobs(self, older_than: float) -> int:
        """Removes what was last used before `older_than` (seconds since the epoch)."""
        old = [path for path in self.blobs.glob("*.raw") if path.stat().st_mtime < older_than]
        return self.remove_blobs(BLOB_PREFIX + path.stem for path in old)

    def free_bytes(self) -> int:
        """Room left on the disk that holds the blobs."""
        return shutil.disk_usage(self.blobs).free

    def _path(self, digest: str) -> Path:
        return self.blobs / f"{digest}.raw"

    def __repr__(self) -> str:
        states = [r.job.state.value for r in self.records.values()]
        told = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        return f"<Store [{told or 'no jobs'}]>"


def chunks(path: Path, offset: int = 0) -> Iterator[bytes]:
    """The file's bytes from `offset` on, 1 MiB at a time."""
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _sidecar(path: Path) -> dict[str, Any]:
    """What stands beside a blob's samples: its header, and the hashes of the files that it was decoded from."""
    try:
        found = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, text: str) -> None:
    """Writes a small file whole or not at all, readable by its owner alone."""
    part = path.with_name(f"{uuid.uuid4().hex}.part")  # of its own: the same picture may come twice at once
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(path)
