"""PNG's chunks, for what libraries leave undone: Pillow finds none behind the pixels, libpng's wrapper writes none.

Knows the frame of a PNG file (length, name, data, checksum) and nothing of pixels. Standard library only. The codec's
child reads with it, ``photo`` reads and writes.
"""

import os
import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 8 + 25  # the signature and IHDR, which is always first and always of 13 bytes


def find(file: BinaryIO, name: bytes) -> bytes:
    """The data of the first chunk of that name, wherever it stands; empty when there is none. Moves the file.

    One that says it is longer than the file is none: room for 4 GiB would be made before a byte of it is read.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        length, found = struct.unpack(">I4s", head)
        if found == name:
            return file.read(length) if length <= end - file.tell() else b""
        file.seek(length + 4, os.SEEK_CUR)
    return b""


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk, its checksum included."""
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(encoded: bytes, chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The parts of the file `encoded` with further chunks behind its header, where profile and resolution belong."""
    yield encoded[:_HEADER_BYTES]
    yield from chunks
    yield encoded[_HEADER_BYTES:]
