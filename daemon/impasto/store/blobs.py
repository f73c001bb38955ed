"""Pictures at rest: files of raw samples named by their content, a header beside each, complete or absent.

Knows files, and to whom a picture belongs. Must not know jobs, gRPC or devices. Whose picture it is stands beside the
samples, so that it outlives a damaged database: who uploaded it, and who had it made. Nobody else can tell that it is
there.
"""

import asyncio
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from impasto.errors import NotFound
from impasto.image import ImageHeader, content_digest
from impasto.store.holdings import Holdings

BLOB_PREFIX = "blobs/sha256-"
CHUNK_BYTES = 1024 * 1024
BLOCK_BYTES = 4096  # a file takes whole ones of the disk: a million small pictures are no small thing


@dataclass(frozen=True)
class Blob:
    """A stored picture; `fresh` if it was not there before it was kept now."""

    name: str
    header: ImageHeader
    path: Path
    modified: float
    fresh: bool = False


class Blobs:
    """The folder of blobs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._lock = folder, threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for part in folder.glob("*.part"):  # of a daemon that was killed
            part.unlink(missing_ok=True)
        self._holdings = Holdings()
        self.recount()

    def new_part(self) -> Path:
        """A file name for something that is not complete yet."""
        return self.folder / f"{uuid.uuid4().hex}.part"

    async def keep(self, part: Path, header: ImageHeader, owner: str, encoded_sha256: str = "") -> Blob:
        """Turns the complete raw samples in `part` into a blob of `owner`'s.

        `encoded_sha256` is of the file they came from.
        """
        name, fresh = await asyncio.to_thread(self._keep, part, header, owner, encoded_sha256)
        return replace(self.find(name, owner), fresh=fresh)

    def _keep(self, part: Path, header: ImageHeader, owner: str, encoded_sha256: str) -> tuple[str, bool]:
        digest = content_digest(header, chunks(part))
        path = self._path(digest)
        part.chmod(0o600)
        sync(part)
        with self._lock:  # what stands beside a blob is read and written again
            fresh, beside = not path.exists(), _beside(path)
            files = set(beside.get("files", ())) | ({encoded_sha256} if encoded_sha256 else set())
            told = {"header": header.to_json(), "files": sorted(files), "owners": sorted({owner, *_owners(beside)})}
            write_whole(path.with_suffix(".json"), json.dumps(told))
            part.replace(path)  # last: where the samples are, the header is
            self._note(path)
        if encoded_sha256:
            write_whole(self.folder / f"file-{encoded_sha256}", digest)
        return BLOB_PREFIX + digest, fresh

    def decoded(self, encoded_sha256: str, owner: str) -> Blob | None:
        """The blob that a file of this hash was decoded to before, if it is still there and `owner`'s."""
        try:
            return self.find(BLOB_PREFIX + (self.folder / f"file-{encoded_sha256}").read_text(), owner)
        except (OSError, NotFound):
            return None

    def find(self, name: str, owner: str) -> Blob:
        """Finds a blob of `owner`'s and marks it as used.

        Raises:
            NotFound: the name is malformed, nothing is there, or it is somebody else's.
        """
        digest = name.removeprefix(BLOB_PREFIX)
        if not name.startswith(BLOB_PREFIX) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise NotFound(f"{name!r} is no blob's name; it is {BLOB_PREFIX!r} and 64 hexadecimal digits")
        path, absent = self._path(digest), NotFound(f"there is no blob {name!r}; upload the picture again")
        beside = _beside(path)
        try:
            header = ImageHeader.from_json(beside["header"])
            if owner not in _owners(beside):
                raise absent
            now = time.time()
            os.utime(path, (now, now))  # by our own clock, as it is judged by
            size = path.stat().st_size
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise absent from error
        if size != header.size_bytes:
            raise NotFound(f"the blob {name!r} was damaged on the daemon's disk; upload the picture again")
        return Blob(name, header, path, now)

    def names(self, older_than: float | None = None) -> list[str]:
        """All blobs, or those last used before `older_than` (seconds since the epoch); the least used first."""
        found = []
        for path in self.folder.glob("*.raw"):
            try:
                found.append((path.stat().st_mtime, path.stem))
            except OSError:  # removed meanwhile
                continue
        return [BLOB_PREFIX + stem for used, stem in sorted(found) if older_than is None or used < older_than]

    def owned(self, owner: str) -> list[str]:
        """All blobs of `owner`'s."""
        return [name for name in self.names() if owner in _owners(_beside(self._path(name.removeprefix(BLOB_PREFIX))))]

    def disown(self, name: str, owner: str) -> bool:
        """Takes a blob from one of its owners; whether it has others, and so stays."""
        path = self._path(name.removeprefix(BLOB_PREFIX))
        with self._lock:
            beside = _beside(path)
            left = sorted(set(_owners(beside)) - {owner})
            if left:
                write_whole(path.with_suffix(".json"), json.dumps(beside | {"owners": left}))
                self._note(path)
        return bool(left)

    def let_go(self, name: str, owner: str) -> int:
        """Takes a blob from one of its owners, and from the disk if it has no other; how many bytes that owner had."""
        had = self.held_bytes(owner)
        if not self.disown(name, owner):
            self.remove([name])
        return had - self.held_bytes(owner)

    def remove(self, names: Iterable[str]) -> int:
        """Forgets blobs; how many bytes they had."""
        freed = 0
        for name in names:
            path = self._path(name.removeprefix(BLOB_PREFIX))
            freed += size_of(path)
            files = _beside(path).get("files", ())
            for left in (path, path.with_suffix(".json"), *(self.folder / f"file-{sha256}" for sha256 in files)):
                left.unlink(missing_ok=True)
            self._holdings.drop(path.stem)
        return freed

    def recount(self) -> None:
        """Counts what lies there and is not counted yet, and no more what somebody has removed by hand."""
        known, there = self._holdings.digests(), {path.stem: path for path in self.folder.glob("*.raw")}
        for digest in known - there.keys():
            self._holdings.drop(digest)
        for digest in there.keys() - known:
            with self._lock:
                self._note(there[digest])

    def _note(self, path: Path) -> None:
        """Counts a blob to its owners as it lies there now."""
        blocks = sum(-(-size_of(file) // BLOCK_BYTES) for file in (path, path.with_suffix(".json")))
        self._holdings.note(path.stem, blocks * BLOCK_BYTES, _owners(_beside(path)))

    def is_held(self, name: str, owner: str) -> bool:
        """Whether a blob is `owner`'s; as `find`, but that it is not marked as used."""
        return self._holdings.has(owner, name.removeprefix(BLOB_PREFIX))

    def held_bytes(self, owner: str) -> int:
        """What one owner's blobs have on the disk; each whole, whoever has it besides."""
        return self._holdings.bytes_of(owner)

    def held_by_owner(self) -> Mapping[str, int]:
        """Likewise of each who has any."""
        return self._holdings.by_owner()

    def size_bytes(self, name: str = "") -> int:
        """Bytes on the disk, of one blob or of all; what is not complete yet is counted by whoever announced it."""
        if name:
            return size_of(self._path(name.removeprefix(BLOB_PREFIX)))
        return sum(size_of(path) for path in self.folder.iterdir() if path.suffix != ".part")

    def free_bytes(self) -> int:
        """Room left on the disk."""
        return shutil.disk_usage(self.folder).free

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.raw"

    def __repr__(self) -> str:
        return f"<Blobs [{len(self.names())}]>"


def chunks(path: Path, offset: int = 0) -> Iterator[bytes]:
    """The file's bytes from `offset` on, 1 MiB at a time."""
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def sync(path: Path) -> None:
    """Returns when what was written to a file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_whole(path: Path, text: str) -> None:
    """Writes a small file whole or not at all, readable by its owner alone."""
    part = path.with_name(f"{uuid.uuid4().hex}.part")  # of its own: the same picture may come twice at once
    try:
        part.touch(mode=0o600)
        with part.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _beside(path: Path) -> dict[str, Any]:
    """What stands beside a blob's samples: its header, its owners, the hashes of the files it was decoded from."""
    try:
        found = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _owners(beside: dict[str, Any]) -> list[str]:
    found = beside.get("owners", ())
    return found if isinstance(found, list) else []
