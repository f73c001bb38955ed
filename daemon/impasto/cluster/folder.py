"""A node's own folder for what travels: pictures, states, results and encoders, as long as a worker there needs them.

Knows files. Must not know Ray, frames or jobs beyond their names. ``seat`` owns one: a folder of its own in the node's,
locked for life, so that the next one there can tell whose owner has died, and remove it. Nothing in it is the truth;
all of it can be sent again.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

import platformdirs

from impasto import folders

ENVIRONMENT = "IMPASTO_NODE_DIR"  # of the node's Ray processes: where the folder lies, if not in this user's cache
NODE = folders.Place("the node's folder for what is being painted", "node_dir")
LOCK, INCOMING = "lock", ".incoming"
NAME = re.compile(r"(pictures|encoders|jobs/[\w-]+)/[\w.-]+")  # what may come and go; no dots alone, no way out
PICTURES_BYTES = 2 << 30  # so much stays for a next job; what is in use stays in any case


class Folder:
    """One worker's files on a node. The mutable state is the folder."""

    def __init__(self) -> None:
        """Makes it, and removes those of workers here that have died.

        Raises:
            CannotServe: the node's folder is not this user's alone.
        """
        above = Path(os.environ.get(ENVIRONMENT) or platformdirs.user_cache_path("impasto") / "node")
        folders.prepare(above, NODE)
        _sweep(above)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=above))
        self._lock = os.open(new / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in ("pictures", "encoders", "jobs"):
            (new / name).mkdir(mode=0o700)
        self.path = new.rename(above / new.name.replace(".new-", "worker-"))  # locked before others look at it

    def place(self, name: str) -> Path:
        """Where something lies, as `jobs/3/00000012-aa.safetensors`.

        Raises:
            ValueError: the name leads elsewhere.
        """
        if not NAME.fullmatch(name) or ".." in name:
            raise ValueError(f"{name!r} is no name of what travels")
        return self.path / name

    def sizes(self, names: list[str]) -> list[int]:
        """Bytes of each; -1 where there is none. What is asked for counts as used."""
        found = []
        for path in map(self.place, names):
            try:
                found.append(path.stat().st_size)
                os.utime(path)
            except OSError:
                found.append(-1)
        return found

    def put(self, name: str, offset: int, data: bytes, *, whole: bool) -> None:
        """A piece of a file, in order; the last one gives it its name.

        Raises:
            OSError: the disk is full or fails.
        """
        path = self.place(name)
        part = path.with_name(path.name + INCOMING)
        part.parent.mkdir(mode=0o700, exist_ok=True)
        with part.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.write(data)
        if whole:
            part.replace(path)

    def get(self, name: str, offset: int, size: int) -> bytes:
        """A piece of a file; short at its end.

        Raises:
            OSError: it is not there, or the disk fails.
        """
        with self.place(name).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def states(self, job: str) -> list[str]:
        """Names of a job's states, the newest first."""
        return sorted((path.name for path in (self.path / "jobs" / job).glob("*.safetensors")), reverse=True)

    def forget(self, job: str, used: list[str]) -> None:
        """Removes what a job left behind, and pictures beyond what is kept, but those that others use."""
        shutil.rmtree(self.path / "jobs" / job, ignore_errors=True)
        pictures = sorted((self.path / "pictures").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        room = PICTURES_BYTES
        for path in pictures:
            room -= path.stat().st_size
            if room < 0 and f"pictures/{path.name}" not in used:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Leaves nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    def __repr__(self) -> str:
        return f"<Folder {self.path.name}>"


def _sweep(above: Path) -> None:
    """Removes folders whose owner has died: their locks are free."""
    for path in above.glob("worker-*"):
        with contextlib.suppress(OSError), (path / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
