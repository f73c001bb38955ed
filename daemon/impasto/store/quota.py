"""The room that pictures and states may take on the disk: of all together, and of each token its share.

Knows the folders of blobs and checkpoints, what jobs claim, and numbers. Must not know jobs. The store makes one;
``rpc`` asks for room before it takes a byte, ``scheduling`` before it takes a job. Everything at rest counts: pictures
that were sent, results, states to go on from, what was announced and still comes in, and room for the results of jobs
under way, which are never refused at their end. What is not needed and was not used for longest goes first; then more
is refused. States are the last to be written: what does not fit any more is not, and costs work only where a worker
dies.

A share is for owners of tokens, who are several on one disk: what one of them keeps there is no concern of the others
as long as it is within it. The machine's own user has the whole.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from impasto.errors import Busy
from impasto.owner import is_by_token
from impasto.store.blobs import Blobs
from impasto.store.checkpoints import Checkpoints
from impasto.store.claims import Claims

FRESH_S = 600.0  # a picture used so lately is about to be needed
LOOK_S = 5.0  # what is on the disk is counted anew no more often than this, for who asks at every turn
AMPLE = 0.1  # of the quota: where more is left than that, a count of a moment ago will do
RETRY_S = 60.0  # until something ends, or was not used for FRESH_S
MIB = 2**20


@dataclass(frozen=True)
class Use:
    """What is taken of the disk, by all or by one owner, in bytes.

    Attributes:
        most: how much may be.
        pictures: that were sent, and results.
        coming: announced and not here yet.
        states: saved, to go on from.
        promised: what the results of jobs under way will have.
    """

    most: int
    pictures: int
    coming: int
    states: int
    promised: int

    @property
    def used(self) -> int:
        """In all."""
        return self.pictures + self.coming + self.states + self.promised

    @property
    def left(self) -> int:
        """How much more may be; 0 if nothing."""
        return max(0, self.most - self.used)

    def over(self, size_bytes: int) -> int:
        """How much too much it would be with so many bytes more; not above 0 where they fit."""
        return self.used + size_bytes - self.most

    def words(self) -> str:
        """For people, what it is made of."""
        coming = f"pictures on their way {_mib(self.coming)}, " * bool(self.coming)
        return (
            f"pictures and results have {_mib(self.pictures)}, {coming}saved states {_mib(self.states)}, "
            f"results of jobs under way will have {_mib(self.promised)}"
        )


@dataclass
class Quota:
    """What may lie in two folders together, and what of it may be one token's.

    The mutable state is what was announced, and what lay there when it was last counted.

    Attributes:
        most_bytes: of all together.
        share_bytes: of each owner who has a token.
    """

    blobs: Blobs
    checkpoints: Checkpoints
    claims: Claims
    most_bytes: int
    share_bytes: int
    _coming: Counter[str] = field(default_factory=Counter)  # by owner
    _counted: tuple[float, int, int] = (-LOOK_S, 0, 0)  # when, pictures, states
    _states: dict[str, tuple[float, int]] = field(default_factory=dict)  # likewise by owner

    @contextmanager
    def room(self, size_bytes: int, owner: str) -> Iterator[None]:
        """Holds room for a picture of `owner`'s that is about to come, until it is here or has failed.

        Raises:
            Busy: as `make_room`.
        """
        self.make_room(size_bytes, owner)
        self._coming[owner] += size_bytes
        try:
            yield
        finally:
            self._coming[owner] -= size_bytes
            if not self._coming[owner]:
                del self._coming[owner]

    def make_room(self, size_bytes: int, owner: str) -> None:
        """Sees to it that so many bytes more fit in; what was not used for longest goes first.

        Raises:
            Busy: all that is there is needed, or came just now; with the numbers. DISK_SHARE of the owner's own share,
                DISK_QUOTA of all together.
        """
        if is_by_token(owner):
            self._make_room_in_share(size_bytes, owner)
        if self.left_bytes() > size_bytes + AMPLE * self.most_bytes:
            return
        use = self._use_of_all()
        if use.over(size_bytes) > 0:
            use = _emptied(use, size_bytes, self._unused(self.claims.kept()), lambda name: self.blobs.remove([name]))
        if (over := use.over(size_bytes)) > 0:
            raise Busy(
                f"{_mib(size_bytes)} more would be {_mib(over)} too much at rest: {_mib(self.most_bytes)} are allowed "
                f"(disk_quota_mb), {use.words()}, and all is needed: wait for jobs to end, or `impasto forget`",
                reason="DISK_QUOTA",
                actual=use.used + size_bytes,
                limit=use.most,
            )

    def _make_room_in_share(self, size_bytes: int, owner: str) -> None:
        use = self._use_of(owner, self.checkpoints.size_bytes(self.claims.jobs(owner)))
        if use.over(size_bytes) > 0:
            own = (name for name in self._unused(self.claims.kept(owner)) if self.blobs.is_held(name, owner))
            use = _emptied(use, size_bytes, own, lambda name: self.blobs.let_go(name, owner))
        if (over := use.over(size_bytes)) > 0:
            raise Busy(
                f"{_mib(size_bytes)} more would be {_mib(over)} too much of the server's disk for one token: yours may "
                f"have {_mib(use.most)} (disk_share_mb), {use.words()}, and all is needed or came just now: wait for "
                "your jobs to end, or remove your pictures there with `impasto forget`",
                reason="DISK_SHARE",
                subject="client",
                retry_s=RETRY_S,
                actual=use.used + size_bytes,
                limit=use.most,
            )

    def left_bytes(self, owner: str = "") -> int:
        """What is left for states to go on from, within a share if it is one's; as it was a moment ago."""
        counted_at, pictures, states = self._counted
        if time.monotonic() - counted_at > LOOK_S:
            pictures, states = self.blobs.size_bytes(), self.checkpoints.size_bytes()
            self._counted = time.monotonic(), pictures, states
        left = Use(self.most_bytes, pictures, self._coming.total(), states, self.claims.promised_bytes()).left
        return min(left, self.use(owner).left) if is_by_token(owner) else left

    def use(self, owner: str) -> Use:
        """What one owner has; states as they were a moment ago."""
        return self._use_of(owner, self._states_lately(owner))

    def uses(self) -> dict[str, Use]:
        """What each owner has who has something, by name; states as they were a moment ago."""
        pictures, promised = self.blobs.held_by_owner(), self.claims.promised_by_owner()
        uses = {
            owner: Use(
                self._most(owner),
                pictures.get(owner, 0),
                self._coming[owner],
                self._states_lately(owner) if owner in promised else 0,
                promised.get(owner, 0),
            )
            for owner in pictures.keys() | promised.keys() | self._coming.keys()
        }
        return {owner: use for owner, use in uses.items() if use.used}

    def _use_of(self, owner: str, states_bytes: int) -> Use:
        held, promised = self.blobs.held_bytes(owner), self.claims.promised_bytes(owner)
        return Use(self._most(owner), held, self._coming[owner], states_bytes, promised)

    def _use_of_all(self) -> Use:
        pictures, states = self.blobs.size_bytes(), self.checkpoints.size_bytes()
        return Use(self.most_bytes, pictures, self._coming.total(), states, self.claims.promised_bytes())

    def _most(self, owner: str) -> int:
        return min(self.share_bytes, self.most_bytes) if is_by_token(owner) else self.most_bytes

    def _states_lately(self, owner: str) -> int:
        counted_at, states = self._states.get(owner, (-LOOK_S, 0))
        if time.monotonic() - counted_at > LOOK_S:
            states = self.checkpoints.size_bytes(self.claims.jobs(owner))
            self._states[owner] = time.monotonic(), states
        return states

    def _unused(self, kept: set[str]) -> Iterator[str]:
        """Blobs that nobody has used for a while and no job needs, the least used first."""
        return (name for name in self.blobs.names(older_than=time.time() - FRESH_S) if name not in kept)


def _emptied(use: Use, size_bytes: int, unused: Iterable[str], let_go: Callable[[str], int]) -> Use:
    """What is taken when so many of the unused are gone that `size_bytes` more fit in, or all; `let_go` tells bytes."""
    for name in unused:
        if use.over(size_bytes) <= 0:
            break
        use = replace(use, pictures=use.pictures - let_go(name))
    return use


def _mib(size_bytes: int) -> str:
    """For people."""
    return f"{size_bytes / MIB:.1f} MiB" if size_bytes >= MIB / 10 else f"{size_bytes} bytes"
