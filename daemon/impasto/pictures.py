"""A picture as a client holds it, and how it is sent: named by its content, announced, cut into chunks.

Knows the contract's uploads and files. Must not know channels. ``client`` calls it and hands its names on.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from impasto import errors, photo, wire
from impasto.errors import Violation
from impasto.image import ImageHeader, SampleType, content_digest
from impasto.v1 import blob_pb2

BLOB_PREFIX = "blobs/sha256-"
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Picture:
    """A raw picture: its header and its tightly packed samples."""

    header: ImageHeader
    samples: bytes

    def blob_name(self) -> str:
        """What the daemon calls it: a picture that it has already need not be sent."""
        return BLOB_PREFIX + content_digest(self.header, [self.samples])

    def save(self, path: Path | str, like: Path | str | None = None, sample_type: SampleType | None = None) -> None:
        """Writes a PNG, JPEG, WebP or TIFF file, whole or not at all; with the EXIF data and DPI of the file `like`.

        At the picture's own depth, unless another `sample_type` is asked for.

        Raises:
            InvalidRequest: the name or the kind of samples does not suit such a file.
        """
        metadata = None if like is None else photo.read_metadata(Path(like), field="like")
        photo.save(Path(path), self.header, self.samples, metadata, sample_type)


Source: TypeAlias = Path | str | bytes | Picture


def chunked(data: bytes, header: blob_pb2.UploadHeader) -> Iterator[blob_pb2.UploadBlobRequest]:
    """The messages of one upload."""
    yield blob_pb2.UploadBlobRequest(header=header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield blob_pb2.UploadBlobRequest(chunk=data[start : start + CHUNK_BYTES])


def announced(source: Source, field: str) -> tuple[bytes, blob_pb2.UploadHeader]:
    """What to send of a picture and how to announce it.

    Raises:
        InvalidRequest: it cannot be read, or is none; `field` is what the error calls it.
    """
    if isinstance(source, Picture):
        data, header = source.samples, blob_pb2.UploadHeader(raw=wire.header_to(source.header))
    elif isinstance(source, bytes | bytearray):
        data, header = bytes(source), blob_pb2.UploadHeader(encoded=True)
    elif isinstance(source, str | Path):
        data, header = _read(Path(source), field), blob_pb2.UploadHeader(encoded=True)
    else:
        told = f"is {type(source).__name__}; a path, a file's bytes or a Picture is needed"
        raise errors.InvalidRequest([Violation(field, told, "NOT_A_PICTURE")])
    header.size_bytes, header.sha256 = len(data), hashlib.sha256(data).digest()
    return data, header


def _read(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        told = f"cannot be read: {path.name}: {error.strerror}"
        raise errors.InvalidRequest([Violation(field, told, "UNREADABLE")]) from error
