"""A fetch of weights as other processes see it: one at a time, and how far it is.

Knows a lock, a note and the growing file, all three in the shelf's folder. Must not know the network or torch.
``imagenet`` claims; ``rpc`` looks.

The command that was asked to fetch does so itself, and the daemon only looks at its traces: a fetch needs no daemon and
outlives any, a daemon never opens a connection to anywhere, and nothing has to be told to it when the file is there.
The lock, which the kernel drops at any death, tells a fetch under way from one that broke off; what was received is the
length of the file itself, so that the note cannot be out of date.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from impasto.errors import Busy
from impasto.weights import Shelf

DOWNLOADING, IMPORTING, INTERRUPTED = "downloading", "importing", "interrupted"
PATIENCE_S = 1.0  # others look at the lock for an instant by holding it


@dataclass(frozen=True)
class Note:
    """What a fetch leaves for those who look, and for the next fetch to go on from.

    Attributes:
        state: DOWNLOADING or IMPORTING.
        url: where the bytes come from.
        validator: the server's strong ETag, empty if it gives none.
        total_bytes: of the whole file, 0 while nobody has told.
    """

    state: str = DOWNLOADING
    url: str = ""
    validator: str = ""
    total_bytes: int = 0


@dataclass(frozen=True)
class Fetch:
    """A fetch under way, or one that broke off and can be gone on with."""

    state: str
    received_bytes: int
    total_bytes: int


def look(shelf: Shelf) -> Fetch | None:
    """How far a fetch is; None if there is none and nothing is left of one."""
    note, received, claimed = read_note(shelf), received_bytes(shelf), _claimed(shelf)
    if not received and (note is None or not claimed):
        return None
    note = note or Note()
    return Fetch(note.state if claimed else INTERRUPTED, received, note.total_bytes)


def part_path(shelf: Shelf) -> Path:
    """What has arrived so far of the file to be fetched."""
    return shelf.folder / "vgg19.pth.part"


def fresh_path(shelf: Shelf) -> Path:
    """The encoder while it is written, before it takes its place."""
    return shelf.folder / "vgg19.new"


def received_bytes(shelf: Shelf) -> int:
    """The length of what has arrived."""
    try:
        return part_path(shelf).stat().st_size
    except OSError:
        return 0


def read_note(shelf: Shelf) -> Note | None:
    """The note, if it is there and whole."""
    try:
        return Note(**json.loads(_note_path(shelf).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_note(shelf: Shelf, note: Note) -> None:
    """Writes the note, whole or not at all; only who holds the claim may."""
    fresh = _note_path(shelf).with_suffix(".new")
    fresh.write_text(json.dumps(asdict(note)))
    fresh.replace(_note_path(shelf))


def forget(shelf: Shelf) -> bool:
    """Removes what a fetch has left, and tells whether there was anything; only who holds the claim may."""
    left = [path for path in (part_path(shelf), _note_path(shelf), fresh_path(shelf)) if path.exists()]
    for path in left:
        path.unlink()
    return bool(left)


@contextmanager
def claim(shelf: Shelf) -> Iterator[None]:
    """While open, no other process changes the shelf.

    Raises:
        Busy: another one does.
    """
    shelf.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _lock_path(shelf).touch(mode=0o600)
    with _lock_path(shelf).open("a+") as lock:
        deadline = time.monotonic() + PATIENCE_S
        while not _take(lock, shared=False):
            if time.monotonic() > deadline:
                lock.seek(0)
                raise Busy(
                    f"another `impasto weights` (process {lock.read() or 'unknown'}) is at work on the weights: wait "
                    "for it, or end it; `impasto status` tells how far it is",
                    reason="WEIGHTS_BUSY",
                )
            time.sleep(0.02)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _claimed(shelf: Shelf) -> bool:
    """Whether some process holds the claim: a shared lock for an instant, so that lookers do not see each other."""
    try:
        with _lock_path(shelf).open() as lock:
            return not _take(lock, shared=True)
    except FileNotFoundError:
        return False


def _take(lock: IO[str], *, shared: bool) -> bool:
    import fcntl  # noqa: PLC0415  # absent on Windows, which ``instance`` refuses

    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note_path(shelf: Shelf) -> Path:
    return shelf.folder / "vgg19.fetch.json"


def _lock_path(shelf: Shelf) -> Path:
    return shelf.folder / "lock"
