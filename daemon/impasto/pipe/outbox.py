"""What goes to the editor: frames in their order, but of progress and previews only the newest.

Knows frames and a file to write to. A thread of its own writes, as a pipe whose reader is busy makes the writer wait,
and nothing else here may. Whatever is put under a key replaces what waits under it: a slow editor is never behind.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO

from impasto.frames import Frame

CLOSE_S = 2.0
SAMPLES_BYTES = 1 << 20


class Outbox:
    """The frames that wait to be written; the mutable state is which these are."""

    def __init__(self, file: IO[bytes]) -> None:
        """Writes to `file`, which is unbuffered, until it breaks or the box is closed."""
        self._file = file
        self._ready = threading.Condition()
        self._ordered: deque[Iterator[Frame]] = deque()
        self._newest: dict[tuple[str, str], Frame] = {}
        self._writing: tuple[str, str] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="outbox")
        self._thread.start()

    def put(self, *frames: Frame) -> None:
        """Appends frames; what waits of the same subject goes before them."""
        for frame in frames:
            self.put_lazily([frame], str(frame.header.get("id", "")))

    def put_lazily(self, frames: Iterable[Frame], subject: str) -> None:
        """Likewise frames of one subject that are made while they are written, as a picture's chunks are."""
        with self._ready:
            for key in [key for key in self._newest if key[1] == subject]:
                self._ordered.append(iter([self._newest.pop(key)]))
            self._ordered.append(iter(frames))
            self._ready.notify_all()

    def replace(self, kind: str, subject: str, frame: Frame) -> None:
        """Puts a frame in the place of what waits of this kind and subject."""
        with self._ready:
            self._newest[kind, subject] = frame
            self._ready.notify_all()

    def wait_for(self, kind: str, subject: str) -> None:
        """Returns when nothing of this kind and subject waits any more: only then is the next one worth its cost."""
        with self._ready:
            self._ready.wait_for(
                lambda: self._closed or ((kind, subject) not in self._newest and self._writing != (kind, subject))
            )

    def close(self) -> None:
        """Writes what waits, as far as the reader takes it in a moment, and ends."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while (frames := self._next()) is not None:
                for frame in frames:
                    self._write(frame)
                with self._ready:
                    self._writing = None
                    self._ready.notify_all()
        except OSError:  # the reader has gone; stdin ends, too, and that is what ends the process
            with self._ready:
                self._closed = True
                self._ready.notify_all()

    def _next(self) -> Iterator[Frame] | None:
        with self._ready:
            self._ready.wait_for(lambda: self._closed or self._ordered or self._newest)
            if self._ordered:
                return self._ordered.popleft()
            if self._newest and not self._closed:
                self._writing = next(iter(self._newest))
                return iter([self._newest.pop(self._writing)])
            return None

    def _write(self, frame: Frame) -> None:
        data = memoryview(frame.encode())
        while data:
            data = data[self._file.write(data) :]

    def __repr__(self) -> str:
        return f"<Outbox [{len(self._ordered)} in order, {len(self._newest)} newest]>"


def samples(subject: str, parts: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of a picture's samples, 1 MiB each at most."""
    for part in parts:
        for start in range(0, len(part), SAMPLES_BYTES):
            yield Frame({"event": "samples", "id": subject}, part[start : start + SAMPLES_BYTES])
