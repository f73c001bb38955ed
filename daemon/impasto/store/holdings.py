"""Who has which blobs, and how many bytes each has of them: what is counted to a share of the disk.

Knows digests, numbers and names of owners. Must not know files: ``blobs`` tells it what lies there, at the start and
after each change, from several threads. A picture that two have counts to each as a whole: what it costs one must not
tell her that the other has it, and it stays hers when the other lets it go.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping


class Holdings:
    """The table; it changes by whole entries, and sums are kept, as they are asked for at every upload."""

    def __init__(self) -> None:
        self._blobs: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._bytes, self._lock = Counter[str](), threading.Lock()

    def note(self, digest: str, size_bytes: int, owners: Iterable[str]) -> None:
        """A blob as it is now, with whoever has it."""
        with self._lock:
            self._drop(digest)
            self._blobs[digest] = size_bytes, tuple(owners)
            self._bytes.update(dict.fromkeys(self._blobs[digest][1], size_bytes))

    def drop(self, digest: str) -> None:
        """A blob is gone."""
        with self._lock:
            self._drop(digest)

    def _drop(self, digest: str) -> None:
        size_bytes, owners = self._blobs.pop(digest, (0, ()))
        for owner in owners:
            self._bytes[owner] -= size_bytes
            if not self._bytes[owner]:
                del self._bytes[owner]

    def digests(self) -> set[str]:
        """All that are known."""
        with self._lock:
            return set(self._blobs)

    def has(self, owner: str, digest: str) -> bool:
        """Whether a blob is `owner`'s."""
        return owner in self._blobs.get(digest, (0, ()))[1]

    def bytes_of(self, owner: str) -> int:
        """What `owner` has in all."""
        return self._bytes[owner]

    def by_owner(self) -> Mapping[str, int]:
        """What each has who has something."""
        with self._lock:
            return dict(self._bytes)

    def __repr__(self) -> str:
        return f"<Holdings of {len(self._bytes)} owners [{len(self._blobs)} blobs]>"
