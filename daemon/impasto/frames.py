"""Frames: a JSON header and a payload of bytes, as they travel over pipes between our own processes.

Sans-I/O: bytes in, frames out; whoever holds the pipe reads and writes. ``pool`` and ``worker`` speak it. Standard
library only.

    | u32 length of header | u32 length of payload | header: JSON object | payload |        little-endian
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PREFIX = struct.Struct("<II")
MAX_HEADER_BYTES = 16 * 1024 * 1024  # an ICC profile in hexadecimal may be 8 MiB
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


class FrameError(ValueError):
    """The bytes are no frames; the pipe cannot be used any further."""


@dataclass(frozen=True)
class Frame:
    """One message."""

    header: dict[str, Any]
    payload: bytes = b""

    def encode(self) -> bytes:
        """As bytes on the pipe."""
        header = json.dumps(self.header, separators=(",", ":")).encode()
        return PREFIX.pack(len(header), len(self.payload)) + header + self.payload


class Parser:
    """Collects bytes as they come and hands out the frames that are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames completed by `data`.

        Raises:
            FrameError: a length is out of bounds or a header is no JSON object.
        """
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if len(self._buffer) < PREFIX.size:
            return None
        header_bytes, payload_bytes = PREFIX.unpack_from(self._buffer)
        if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
            raise FrameError(
                f"a frame of {header_bytes} + {payload_bytes} bytes; the limits are "
                f"{MAX_HEADER_BYTES} + {MAX_PAYLOAD_BYTES}"
            )
        start, end = PREFIX.size + header_bytes, PREFIX.size + header_bytes + payload_bytes
        if len(self._buffer) < end:
            return None
        frame = Frame(_header(bytes(self._buffer[PREFIX.size : start])), bytes(self._buffer[start:end]))
        del self._buffer[:end]
        return frame

    def __repr__(self) -> str:
        return f"<Parser [{len(self._buffer)} bytes waiting]>"


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:  # the latter: nested beyond sense
        raise FrameError(f"a frame's header is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise FrameError(f"a frame's header is {type(header).__name__}; an object is needed")
    return header
