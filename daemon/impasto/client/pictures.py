"""Pictures as a script has them, and as they travel: in chunks, announced by what they are.

Knows files, headers and the contract's messages of uploads. Must not know channels or jobs. ``client`` sends them.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from impasto import errors, photo, wire
from impasto.errors import Violation, Violations
from impasto.image import ImageHeader, SampleType
from impasto.v1 import blob_pb2, image_pb2

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Picture:
    """A raw picture: its header and its tightly packed samples."""

    header: ImageHeader
    samples: bytes

    def save(self, path: Path | str, like: Path | str | None = None, sample_type: SampleType | None = None) -> None:
        """Writes a PNG, JPEG, WebP or TIFF file, whole or not at all; with the EXIF data and DPI of the file `like`.

        At the picture's own depth, unless another `sample_type` is asked for.

        Raises:
            InvalidRequest: the name or the kind of samples does not suit such a file.
        """
        metadata = None if like is None else photo.read_metadata(Path(like), field="like")
        photo.save(Path(path), self.header, self.samples, metadata, sample_type)


Source: TypeAlias = Path | str | bytes | Picture


def picture_of(header: image_pb2.ImageHeader, samples: bytes) -> Picture:
    """From the contract's header and samples."""
    return Picture(wire.header_from(header, "header", Violations()), samples)


def parts(data: bytes, header: blob_pb2.UploadHeader) -> Iterator[blob_pb2.UploadBlobRequest]:
    """The messages of one upload."""
    yield blob_pb2.UploadBlobRequest(header=header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield blob_pb2.UploadBlobRequest(chunk=data[start : start + CHUNK_BYTES])


def announced(source: Source, field: str) -> tuple[bytes, blob_pb2.UploadHeader]:
    """What to send and how to announce it."""
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
