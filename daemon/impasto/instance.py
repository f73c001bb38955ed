"""One daemon per user: the folder it lives in, the lock it holds, and the note that tells others about it.

Knows the runtime folder's owner and mode, `flock`, and daemon.json. Must not know gRPC or jobs. ``server`` holds an
`Instance` for life; ``client`` reads `address` and `note`.

Binding proves nothing: a second gRPC server on the same socket path silently takes it over (grpc #17122, measured). So
the lock is taken before binding, is held for life and its file is never unlinked; the kernel drops it at any death.
"""

import contextlib
import json
import os
import stat
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from impasto.errors import CannotServe

MAX_SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path without its end


@dataclass(frozen=True)
class Note:
    """What daemon.json says of the daemon that holds the lock, or held it last."""

    pid: int
    version: str
    instance_id: str
    started: float


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
    """Makes the runtime folder with mode 0700, or verifies that it is ours and closed to others.

    Raises:
        CannotServe: it cannot be made, belongs to somebody else or others can enter it.
    """
    if sys.platform == "win32":
        raise CannotServe("Windows is not served yet: this version speaks over Unix sockets", reason="PLATFORM")
    try:
        with contextlib.suppress(FileExistsError):  # a file, or a link that leads nowhere: refused below
            runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = runtime_dir.lstat()
    except OSError as error:
        raise CannotServe(
            f"the runtime folder cannot be made ({error.strerror}); choose another", reason="FOLDER_NOT_MADE"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CannotServe("the runtime folder is not a folder of this user; choose another", reason="FOLDER_NOT_OURS")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise CannotServe(
            f"the runtime folder has mode {mode:04o}, so others can enter it; 0700 is needed: chmod 700 it",
            reason="FOLDER_OPEN",
        )


def read_note(runtime_dir: Path) -> Note | None:
    """What daemon.json says, if it is there and whole."""
    try:
        return Note(**json.loads((runtime_dir / "daemon.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


class Instance:
    """The claim to be this user's only daemon; held as long as the process lives."""

    def __init__(self, runtime_dir: Path, lock: IO[str]) -> None:
        self.runtime_dir, self._lock = runtime_dir, lock

    @classmethod
    def claim(cls, runtime_dir: Path) -> Self | None:
        """Takes the lock for life, or returns None if another daemon has it."""
        instance = cls.try_lock(runtime_dir)
        if instance is not None:
            # A socket left by a daemon that was killed answers nobody; the lock proves that nobody uses it.
            socket_path(runtime_dir).unlink(missing_ok=True)
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

    def announce(self, version: str, instance_id: str) -> None:
        """Writes daemon.json, whole or not at all."""
        note = Note(os.getpid(), version, instance_id, time.time())
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
