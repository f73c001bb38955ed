"""The register of tokens: who may call from another machine. Holds hashes alone; a token itself is shown once.

Knows one file of mode 0600 in the data folder. Must not know gRPC. ``front`` asks it for the owner of every call, the
command line adds, lists and removes. What another process writes counts at the next call: a removed token is refused at
once.
"""

import contextlib
import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from impasto.errors import InvalidRequest, NotFound, Violation
from impasto.owner import Tokens

FILE = "tokens.json"
PREFIX = "impasto_"  # so that a token is known as one wherever it turns up
TOKEN_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")  # without a colon: `owner.of_user` has one


@dataclass(frozen=True)
class Entry:
    """One token: the SHA-256 of it, and when it was made, in seconds since the epoch."""

    sha256: str
    made: float


class Register:
    """All tokens of one data folder. The mutable state is what was read last, and of which version of the file."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._version: tuple[int, int, int] | None = None
        self._tokens = Tokens({})

    def entries(self) -> dict[str, Entry]:
        """By name, as the file is now.

        Raises:
            InvalidRequest: the file is not what this class writes.
        """
        try:
            return {name: Entry(**entry) for name, entry in json.loads(self._path.read_text()).items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            told = "is damaged; remove it and make the tokens anew with `impasto token add`"
            raise InvalidRequest([Violation(FILE, told, "TOKENS_DAMAGED")]) from error

    def add(self, name: str) -> str:
        """A new token for that name, which the file does not hold itself.

        Raises:
            InvalidRequest: the name is none, or has a token.
        """
        if not NAME.fullmatch(name):
            told = f"is {name!r}; 1 to 64 letters, digits, dots, dashes, underscores or @ are allowed"
            raise InvalidRequest([Violation("NAME", told, "TOKEN_NAME")])
        token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        with self._changed() as entries:
            if name in entries:
                told = f"{name} has a token already; `impasto token remove {name}` first, if it was lost"
                raise InvalidRequest([Violation("NAME", told, "TOKEN_EXISTS")])
            entries[name] = Entry(_digest(token), time.time())
        return token

    def remove(self, name: str) -> None:
        """From now on its token is nobody's.

        Raises:
            NotFound: there is none of that name.
        """
        with self._changed() as entries:
            if entries.pop(name, None) is None:
                raise NotFound(f"there is no token of {name}; see `impasto token list`")

    def __call__(self, metadata: Mapping[str, str]) -> str | None:
        """The owner whose token is in a call's metadata; None if it is nobody's."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if version != self._version:
            try:
                self._tokens = Tokens({entry.sha256: name for name, entry in self.entries().items()})
            except InvalidRequest:
                return None  # nobody is let in by a file that cannot be read
            self._version = version
        return self._tokens(metadata)

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Entry]]:
        """The entries, to be changed by one process at a time, and written whole or not at all."""
        import fcntl  # noqa: PLC0415  # absent on Windows, which is not served yet

        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = self.entries()
            yield entries
            part = self._path.with_suffix(".part")
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            part.write_text(json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1))
            part.replace(self._path)

    def __repr__(self) -> str:
        return f"<Register {self._tokens!r}>"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
