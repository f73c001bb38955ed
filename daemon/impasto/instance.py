"""One daemon per user: the folder it lives in, the lock it holds, and the note that tells others about it.

Knows `flock` and daemon.json. Must not know gRPC or jobs. ``server`` holds an
`Instance` for life; ``client`` reads `address` and `note`.

Binding proves nothing: a second gRPC server on the same socket path silently takes it over (grpc #17122, measured). So
the lock is taken before binding, is held for life and its file is never unlinked; the kernel drops it at any death.
"""

import json
import os
import socket
import struct
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from impasto import folders
from impasto.errors import CannotServe

CLAIM_S = 0.5
MAX_SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path without its end


@dataclass(frozen=True)
class Note:
    """What daemon.json says of the daemon that holds the lock, or held it last."""

    pid: int
    version: str
    instance_id: str
    started: float
    listens: str = ""  # HOST:PORT, if it does on more than its socket


def socket_path(runtime_dir: Path) -> Path:
    """Where the daemon listens.

    Raises:
        CannotServe: the path is too long for a Unix socket, or this system has none.
    """
    path = runtime_dir / "impasto.sock"
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH_BYTES:
        raise CannotServe(
            f"the socket's path has {length} bytes; at most {MAX_SOCKET_PATH_BYTES} are allowed: set runtime_dir (or "
            "IMPASTO_RUNTIME_DIR) to a shorter folder",
            reason="SOCKET_PATH_TOO_LONG",
        )
    return path


def address(runtime_dir: Path) -> str:
    """The gRPC target of the daemon."""
    return f"unix:{socket_path(runtime_dir)}"


def prepare_folder(runtime_dir: Path) -> None:
    """Makes the runtime folder with mode 0700, or verifies that it is ours and closed to others; on either side.

    Raises:
        CannotServe: it cannot be made, belongs to somebody else, others can enter it or put another in its place.
    """
    folders.prepare(runtime_dir, folders.RUNTIME)


def read_note(runtime_dir: Path) -> Note | None:
    """What daemon.json says, if it is there and whole."""
    try:
        return Note(**json.loads((runtime_dir / "daemon.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def listener(runtime_dir: Path) -> int | None:
    """Process id of whoever listens, as the caller would signal it: 0 is one that it cannot see, of another container.

    The kernel says so, in the caller's own numbers; what the daemon says of itself may name somebody else here. None
    where nobody listens, or the kernel does not tell.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(socket_path(runtime_dir)))
            credentials = line.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
        except OSError:
            return None
    pid, _uid, _gid = struct.unpack("3i", credentials)
    return int(pid)


def stops(runtime_dir: Path) -> str:
    """Names the last stop that was asked for: who starts a daemon tells it, and a daemon that comes later knows so."""
    try:
        return (runtime_dir / "stops").read_text()
    except OSError:
        return ""


def note_stop(runtime_dir: Path) -> None:
    """Every daemon whose start was asked for before now is not wanted any more, though it has not come up yet."""
    part = runtime_dir / f"stops.{os.getpid()}.part"
    part.touch(mode=0o600)
    part.write_text(uuid.uuid4().hex)
    part.replace(runtime_dir / "stops")


class Instance:
    """The claim to be this user's only daemon; held as long as the process lives."""

    def __init__(self, runtime_dir: Path, lock: IO[str]) -> None:
        self.runtime_dir, self._lock = runtime_dir, lock

    @classmethod
    def claim(cls, runtime_dir: Path) -> Self | None:
        """Takes the lock for life, or returns None if another daemon has it.

        Tries for a moment, as a client that looks whether somebody has the lock has it itself while it looks.
        """
        deadline = time.monotonic() + CLAIM_S
        while (instance := cls.try_lock(runtime_dir)) is None and time.monotonic() < deadline:
            time.sleep(CLAIM_S / 20)
        if instance is not None:
            # What a daemon left that was killed answers nobody and names a process that may be another by now; the lock
            # proves that nobody uses it.
            socket_path(runtime_dir).unlink(missing_ok=True)
            (runtime_dir / "daemon.json").unlink(missing_ok=True)
        return instance

    @classmethod
    def try_lock(cls, runtime_dir: Path) -> Self | None:
        """The lock alone; None if another process has it."""
        import fcntl  # noqa: PLC0415  # absent on Windows, where the caller says that it is not served yet

        prepare_folder(runtime_dir)
        lock = (runtime_dir / "instance.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return cls(runtime_dir, lock)

    def announce(self, version: str, instance_id: str, listens: str = "") -> None:
        """Writes daemon.json, whole or not at all."""
        note = Note(os.getpid(), version, instance_id, time.time(), listens)
        part = self.runtime_dir / "daemon.json.part"
        part.write_text(json.dumps(asdict(note)))
        part.replace(self.runtime_dir / "daemon.json")

    def release(self) -> None:
        """Removes the note and gives up the lock; the lock's file stays, as unlinking it would let two daemons live."""
        (self.runtime_dir / "daemon.json").unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Gives up the lock alone."""
        self._lock.close()

    def __repr__(self) -> str:
        return f"<Instance [{'released' if self._lock.closed else 'locked'}]>"
