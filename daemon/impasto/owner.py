"""Whose call is being answered: the one who owns its jobs and pictures.

Knows the context of a call and how callers are told apart; must not know gRPC, jobs or pictures. ``rpc.entrance`` sets
the owner before a servicer runs, the servicers ask `current` and hand the text on to the store. Over the Unix socket
the owner is the user who runs the daemon, as nobody else can reach it; `Tokens` is for where others can.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

TOKEN_KEY = "authorization"  # noqa: S105  # the metadata's key, as HTTP names it; "Bearer " and the token follow
SCHEME = "Bearer "

Identify = Callable[[Mapping[str, str]], str | None]
"""From a call's metadata to its owner; None if it is not known who calls."""

_current: ContextVar[str] = ContextVar("owner")


def current() -> str:
    """The owner of the call that is being answered.

    Raises:
        LookupError: nobody's call is being answered; a bug of ours, never a default.
    """
    return _current.get()


def enter(owner: str) -> None:
    """From here on, in this task, calls are answered in the name of `owner`."""
    _current.set(owner)


def of_user(uid: int | None = None) -> str:
    """The owner that a user of this machine is; without `uid` the one who runs this process."""
    return f"uid:{os.getuid() if uid is None else uid}"


def is_by_token(owner: str) -> bool:
    """Whether an owner is one of those that tokens tell apart, who may be on other machines; no token has a colon."""
    return bool(owner) and ":" not in owner


def by_socket(_metadata: Mapping[str, str]) -> str:
    """Who calls over the Unix socket: its folder lets in nobody but the user who runs the daemon."""
    return of_user()


@dataclass(frozen=True)
class Tokens:
    """Tells callers apart by a token; holds only the tokens' hashes.

    Attributes:
        owners: from the SHA-256 of a token, 64 hexadecimal digits, to the owner that it stands for.
    """

    owners: Mapping[str, str]

    def __call__(self, metadata: Mapping[str, str]) -> str | None:
        """The owner whose token is in the metadata; all are compared, each in constant time."""
        told = metadata.get(TOKEN_KEY, "")
        given = hashlib.sha256(told.removeprefix(SCHEME).encode()).hexdigest()
        fitting = [owner for digest, owner in self.owners.items() if hmac.compare_digest(digest, given)]
        return fitting[0] if fitting and told.startswith(SCHEME) else None

    def __repr__(self) -> str:
        return f"<Tokens of {len(self.owners)}>"
