"""What is said between an editor and `impasto pipe`, without anybody who carries it: sans-I/O.

Verbs go in and bytes come out, bytes go in and events come out. The format is that of daemon/impasto/frames.py, which a
plug-in cannot import; a test holds the two against each other. Called by plug-ins, and by `Bridge` beside it.
"""

from __future__ import annotations

import json
import struct
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Bytes = bytes | bytearray | memoryview

PROTOCOL = 3
CHUNK_BYTES = 1 << 20
PREFIX = struct.Struct("<II")
MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES = 16 << 20, 64 << 20
REINSTALL = "run `impasto install` again in a terminal"


class BridgeError(Exception):
    """Impasto cannot be reached from here: what is wrong and what to do, in words for whoever paints."""


class Event(NamedTuple):
    """Something that happened to a request: what kind, what was told of it, and the bytes that came with it.

    A ``result`` comes whole, all of its samples in `payload`. ``done``, ``cancelled`` and ``error`` are the last.
    """

    kind: str
    told: dict[str, Any]
    payload: bytes | bytearray

    @property
    def last(self) -> bool:
        """Whether nothing comes after it."""
        return self.kind in ("done", "cancelled", "error")


Listener = Callable[[Event], None]


def encoded(header: Mapping[str, Any], payload: Bytes = b"") -> bytes:
    """A frame: two lengths, a JSON header, a payload."""
    text = json.dumps(header).encode()
    return b"".join((PREFIX.pack(len(text), len(payload)), text, payload))


class Parser:
    """Collects bytes as they come and hands out (header, payload) of every frame that is complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Frames completed by `data`.

        Raises:
            BridgeError: these are no frames.
        """
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            header_bytes, payload_bytes = PREFIX.unpack_from(self._buffer)
            if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
                raise BridgeError("what answers is not Impasto")
            start, end = PREFIX.size + header_bytes, PREFIX.size + header_bytes + payload_bytes
            if len(self._buffer) < end:
                return
            try:
                header = json.loads(bytes(self._buffer[PREFIX.size : start]))
            except ValueError as error:
                raise BridgeError("what answers is not Impasto") from error
            payload = bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield header, payload


class Conversation:
    """What is said, without anybody who carries it.

    Verbs may be spoken from any thread; `feed` calls the listeners in its own. The mutable state is what waits to be
    sent, who listens, and the results that are still coming.
    """

    def __init__(self, on_outgoing: Callable[[], None] = lambda: None) -> None:
        """`on_outgoing` is called when there is something new to send; a loop that asks by itself needs none."""
        self.version = ""
        self._lock = threading.Lock()
        self._outgoing: deque[Iterator[bytes]] = deque()
        self._listeners: dict[str, Listener] = {}
        self._results: dict[str, tuple[dict[str, Any], bytearray]] = {}
        self._parser, self._number, self.ended = Parser(), 0, False
        self._on_outgoing = on_outgoing

    # verbs

    def picture(
        self, header: Mapping[str, Any], samples: bytes | memoryview, each: Callable[[memoryview], Bytes] | None = None
    ) -> str:
        """Sends a raw picture, and returns the name by which verbs know it.

        Args:
            header: width, height, pixel_format (gray, gray_alpha, rgb, rgba), sample_type (u8, u16, f16, f32), and
                where they are not the usual: transfer (srgb, linear), premultiplied_alpha, icc_profile (bytes).
            samples: tightly packed, rows from the top, little-endian.
            each: what a piece of `CHUNK_BYTES` becomes, of the same length, when its turn comes to be sent: an editor
                with another order of channels puts it right piece by piece, and never keeps its loop waiting.
        """
        told = dict(header)
        told["icc_profile"] = bytes(told.get("icc_profile", b"")).hex()
        return self._send_picture({"header": told}, samples, each)

    def file(self, data: bytes) -> str:
        """Likewise a PNG, JPEG, WebP or TIFF file's bytes."""
        return self._send_picture({}, data)

    def built_in(self, name: str) -> str:
        """Likewise a built-in style."""
        ident = self._new("p")
        self._send(encoded({"verb": "picture", "id": ident, "gallery": name}))
        return ident

    def forget(self, picture: str) -> None:
        """Lets a picture's memory go on the other side; what has begun keeps it."""
        self._send(encoded({"verb": "forget", "id": picture}))

    def stylize(self, listener: Listener, content: str, style: Sequence[str], **more: Any) -> str:  # noqa: ANN401  # JSON
        """Paints a picture; returns the name of the request.

        Args:
            listener: hears progress, encoder, notice, lost and found (the daemon), preview, result, and the end.
            content: a picture's name.
            style: one or several.
            more: mask, keep, init: pictures' names; regions: several; blend: numbers; settings: as the Python API has
                them; preview_edge: px; previews_per_s: 0 to 4; priority: interactive, normal or batch; labels: words
                of the plug-in's own, as {"document": "harbour"}: an interactive one cancels older ones of the same;
                enlarged: whether a result that was painted smaller comes at the content's size, with its very alpha.
        """
        return self._ask("stylize", listener, content=content, style=list(style), **more)

    def cancel(self, request: str, *, keep: bool = False) -> None:
        """Stops a painting; with `keep` the picture so far becomes its result."""
        self._send(encoded({"verb": "cancel", "id": request, "keep": keep}))

    def status(self, listener: Listener, *, start: bool = False) -> str:
        """Asks what the daemon is and does; starts one only if `start`."""
        return self._ask("status", listener, start=start)

    def styles(self, listener: Listener, edge: int = 128) -> str:
        """Asks for the built-in styles: their names in ``styles``, then a thumbnail in each ``style``."""
        return self._ask("styles", listener, edge=edge)

    # bytes

    def outgoing(self) -> bytes:
        """The next bytes to be sent, about a megabyte at most; empty when there is nothing just now."""
        with self._lock:
            while self._outgoing:
                data = next(self._outgoing[0], b"")
                if data:
                    return data
                self._outgoing.popleft()
        return b""

    def feed(self, data: bytes) -> None:
        """Takes what came from the pipe and calls the listeners; an empty one says that the pipe has ended.

        Raises:
            BridgeError: what came is not of this protocol; nothing more can be said.
        """
        if not data:
            self.end("the painting process ended: try again")
            return
        for header, payload in self._parser.feed(data):
            self._hear(header, payload)

    def end(self, why: str) -> None:
        """The other side has gone: whoever still listens hears of it, once."""
        self.ended = True
        self._results.clear()
        for ident in list(self._listeners):
            told = {"id": ident, "reason": "PIPE_LOST", "message": why, "violations": []}
            self._tell(ident, Event("error", told, b""))

    def open(self, request: str) -> bool:
        """Whether more is to be heard of a request."""
        return request in self._listeners

    def _hear(self, header: dict[str, Any], payload: bytes) -> None:
        kind, ident = str(header.pop("event", "")), str(header.get("id", ""))
        if kind == "ready":
            self.version = str(header["version"])
            if header["protocol"] != PROTOCOL:
                raise BridgeError(f"the plug-in is of another version than Impasto {self.version}: {REINSTALL}")
        elif kind == "result":
            self._results[ident] = (header, bytearray())
        elif kind == "samples":
            self._results[ident][1].extend(payload)
        else:
            if kind == "done" and ident in self._results:
                told, samples = self._results.pop(ident)
                self._tell(ident, Event("result", told, samples))
            self._tell(ident, Event(kind, header, payload))

    def _tell(self, ident: str, event: Event) -> None:
        listener = self._listeners.pop(ident, None) if event.last else self._listeners.get(ident)
        if listener is not None:
            listener(event)

    def _ask(self, verb: str, listener: Listener, **told: Any) -> str:  # noqa: ANN401  # anything JSON can hold
        ident = self._new("r")
        said = encoded({"verb": verb, "id": ident, **told})  # or raises, and nobody listens to what was never said
        self._listeners[ident] = listener
        self._send(said)
        return ident

    def _send_picture(
        self, told: Mapping[str, Any], data: bytes | memoryview, each: Callable[[memoryview], Bytes] | None = None
    ) -> str:
        ident, view = self._new("p"), memoryview(data).cast("B")
        self._send(encoded({"verb": "picture", "id": ident, "size_bytes": len(view), **told}))
        chunk = {"verb": "samples", "id": ident}
        pieces = (view[start : start + CHUNK_BYTES] for start in range(0, len(view), CHUNK_BYTES))
        self._post(encoded(chunk, each(piece) if each else piece) for piece in pieces)
        return ident

    def _send(self, data: bytes) -> None:
        self._post(iter([data]))

    def _post(self, pieces: Iterator[bytes]) -> None:
        with self._lock:
            self._outgoing.append(pieces)
        self._on_outgoing()

    def _new(self, kind: str) -> str:
        with self._lock:
            self._number += 1
            return f"{kind}{self._number}"
