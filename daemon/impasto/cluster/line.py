"""The liaison's pipe to the front: frames over stdin and stdout, heard on the event loop.

Knows descriptors, frames and one thread. Must not know Ray or workers. When the front closes it or dies the process
ends at once: seats outlive that, for the front's next life.
"""

import asyncio
import os
import threading
from typing import Any

from impasto.frames import Frame, Parser


class Line:
    """The mutable state is what the front has said and nobody has taken."""

    def __init__(self) -> None:
        # stdout is the line; whatever else prints goes to stderr, and so does what Ray prints.
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        parser = Parser()
        while data := os.read(0, 1 << 20):
            for frame in parser.feed(data):
                self._loop.call_soon_threadsafe(self.inbox.put_nowait, frame.header)
        os._exit(0)  # the front has died

    def tell(self, frame: Frame) -> None:
        """Says something to the front."""
        data = memoryview(frame.encode())
        with self._lock:
            while data:
                data = data[self._out.write(data) :]

    def say(self, event: str, **header: Any) -> None:  # noqa: ANN401  # anything JSON can hold
        """Says something of the liaison's own."""
        self.tell(Frame({"event": event} | header))

    def __repr__(self) -> str:
        return f"<Line [{self.inbox.qsize()} waiting]>"
