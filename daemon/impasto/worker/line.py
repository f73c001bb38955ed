"""A worker's pipe to the front: frames over stdin and stdout.

Knows descriptors, frames and one thread; of verbs only those two that must not wait for their turn. Must not know jobs
beyond their names, nor import torch. ``worker`` has one.
"""

import os
import queue
import threading
import time
from typing import Any

from impasto.frames import Frame, Parser

ALIVE_S = 1.0  # how often a busy worker says that it lives


class Line:
    """The pipe to the front. A thread reads it, so that a cancel is seen while the main thread computes.

    The mutable state is the inbox, the jobs to be stopped and the previews wanted.
    """

    def __init__(self) -> None:
        # stdout is the line; whatever else prints goes to stderr.
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._said = 0.0
        self.inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self.cancelled: dict[str, dict[str, Any]] = {}
        self.previews: dict[str, int] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        parser = Parser()
        while data := os.read(0, 1 << 20):
            for frame in parser.feed(data):
                header = frame.header
                if header["verb"] == "cancel":
                    self.cancelled[header["job"]] = header
                elif header["verb"] == "preview":
                    self.previews[header["job"]] = header["max_edge"]
                    continue
                self.inbox.put(header)
        os._exit(0)  # the front closed the line or died: nobody waits for what we compute

    def say(self, event: str, payload: bytes = b"", **header: Any) -> None:  # noqa: ANN401  # anything JSON can hold
        """Sends one message to the front."""
        data = memoryview(Frame({"event": event} | header, payload).encode())
        with self._lock:
            self._said = time.monotonic()
            while data:
                data = data[self._out.write(data) :]

    def alive(self) -> None:
        """Says so, if nothing was said for a while."""
        if time.monotonic() - self._said > ALIVE_S:
            self.say("alive")
