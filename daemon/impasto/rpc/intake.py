"""Pictures on their way in: uploads and those inside a request, raw or encoded, become blobs.

Knows the store and the codec process. Must not know jobs. The servicers call it. Sizes are checked before a byte is
buffered; nothing is kept of what fails.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto import codec, owner, wire
from impasto.config import Limits
from impasto.errors import Busy, Corrupted, InvalidRequest, Violation, Violations
from impasto.image import ImageHeader, SampleType
from impasto.store import Blob, Store
from impasto.v1 import blob_pb2, image_pb2

MAX_INLINE_BYTES = 3 * 1024 * 1024
DISK_RESERVE_BYTES = 256 * 1024 * 1024
STALLED_S = 60.0  # an upload of which nothing comes for so long is given up
MAX_DECODERS = 2  # at once: each may take memory in proportion to the largest picture allowed


def wrong(field: str, description: str, reason: str) -> InvalidRequest:
    """An error about one field."""
    return InvalidRequest([Violation(field, description, reason)])


def too_large(field: str, description: str, actual: int, limit: int) -> InvalidRequest:
    """Likewise with the numbers for programs; nothing at all is EMPTY."""
    return InvalidRequest([Violation(field, description, "TOO_LARGE" if actual else "EMPTY", actual, limit)])


class Intake:
    """Turns what comes in into blobs."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store, self._limits = store, limits
        self._decoders = asyncio.Semaphore(MAX_DECODERS)

    async def upload(self, requests: AsyncIterator[blob_pb2.UploadBlobRequest]) -> Blob:
        """One upload: its header, then its chunks."""
        requests = _in_time(requests)
        header = await self._first(requests)
        raw = self._announced(header)
        known = self.store.decoded(header.sha256.hex(), owner.current()) if raw is None and header.sha256 else None
        if known is not None:
            return known
        with self._part(header.size_bytes) as part:
            digest = await self._receive(requests, part, header.size_bytes)
            if header.sha256 and header.sha256 != digest.digest():
                raise Corrupted("the SHA-256 of what arrived is not the one announced; send it again")
            if raw is not None:
                return await self._raw(part, raw, "header.raw")
            return await self._decode(part, digest.hexdigest(), "header")

    async def inline(self, image: image_pb2.InlineImage, field: str) -> Blob:
        """A picture inside a request."""
        encoded = image.WhichOneof("source") == "encoded"
        told, data = (f"{field}.encoded", image.encoded) if encoded else (f"{field}.raw", image.raw.samples)
        header = None if encoded else self._raw_header(image.raw.header, len(data), told)
        self._bound(len(data), told if encoded else f"{told}.samples")
        with self._part(len(data)) as part:
            part.write_bytes(data)
            if header is not None:
                return await self._raw(part, header, f"{told}.samples")
            return await self._decode(part, hashlib.sha256(data).hexdigest(), field)

    @contextmanager
    def _part(self, size_bytes: int) -> Iterator[Path]:
        """A file for so many bytes of the caller's, for which there is room; gone at the end if nobody kept it.

        Raises:
            Busy: there is no room.
        """
        part = self.store.new_part()
        with self.store.disk.room(size_bytes, owner.current()):
            try:
                yield part
            finally:
                part.unlink(missing_ok=True)

    async def shows(self, blob: Blob, *, as_mask: bool) -> bool:
        """Whether there is anything in a picture: as a mask, a place that it selects."""
        async with self._decoders:
            return await codec.shows(blob.path, blob.header, as_mask=as_mask)

    def _bound(self, size: int, field: str) -> None:
        if not 0 < size <= MAX_INLINE_BYTES:
            told = f"has {size} bytes; 1 to {MAX_INLINE_BYTES} are allowed: upload it instead"
            raise too_large(field, told, size, MAX_INLINE_BYTES)

    async def _raw(self, part: Path, header: ImageHeader, field: str) -> Blob:
        """Keeps raw samples, if all are numbers."""
        if header.sample_type in (SampleType.F16, SampleType.F32):
            async with self._decoders:
                await codec.check_finite(part, header, field=field)
        return await self.store.keep(part, header, owner.current())

    async def _decode(self, part: Path, encoded_sha256: str, field: str) -> Blob:
        """Decodes the file in `part` in a process of its own."""
        raw = self.store.new_part()
        try:
            async with self._decoders:
                header = await codec.decode(part, raw, max_pixels=self._limits.max_pixels, field=field)
            with self.store.disk.room(header.size_bytes, owner.current()):  # it may be many times the file's size
                return await self.store.keep(raw, header, owner.current(), encoded_sha256)
        finally:
            raw.unlink(missing_ok=True)

    async def _first(self, requests: AsyncIterator[blob_pb2.UploadBlobRequest]) -> blob_pb2.UploadHeader:
        async for request in requests:
            if request.WhichOneof("part") == "header":
                return request.header
            break
        raise wrong("header", "is missing: the first message must be the header", "HEADER_MISSING")

    def _announced(self, header: blob_pb2.UploadHeader) -> ImageHeader | None:
        """The raw header, or None for a file; checks everything that can be told before the first byte."""
        size, most = header.size_bytes, self._limits.max_upload_bytes
        if not 1 <= size <= most:
            raise too_large("header.size_bytes", f"is {size}; 1 to {most} are allowed", size, most)
        if len(header.sha256) not in (0, 32):
            raise wrong("header.sha256", f"has {len(header.sha256)} bytes; 0 or 32 are allowed", "SHA256_LENGTH")
        if size > (free := self.store.free_bytes() - DISK_RESERVE_BYTES):
            had = f"the picture has {size} bytes, and {max(0, free)} are free on the daemon's disk"
            raise Busy(f"{had}: make room, or try again later", reason="DISK_FULL")
        if header.WhichOneof("content") == "raw":
            return self._raw_header(header.raw, size, "header.raw")
        if not header.encoded:
            raise wrong("header.content", "is missing: raw with an ImageHeader, or encoded = true", "HEADER_MISSING")
        return None

    def _raw_header(self, message: image_pb2.ImageHeader, size: int, field: str) -> ImageHeader:
        found = Violations()
        header = wire.header_from(message, field, found)
        header.check(found, field, self._limits.max_pixels)
        if not found.found and header.size_bytes != size:
            kind = f"{header.width}x{header.height} {header.pixel_format.value} {header.sample_type.value}"
            found.add(field, f"of {kind} means {header.size_bytes} bytes, not {size}", "SIZE_MISMATCH")
        found.raise_if_any()
        return header

    async def _receive(
        self, requests: AsyncIterator[blob_pb2.UploadBlobRequest], part: Path, announced: int
    ) -> "hashlib._Hash":
        """Writes the chunks into `part`; exactly `announced` bytes must come."""
        digest, received = hashlib.sha256(), 0
        with part.open("wb") as file:  # a chunk is 1 MiB into the page cache: under a millisecond
            async for request in requests:
                if request.WhichOneof("part") != "chunk":
                    raise wrong("part", "is a second header; only chunks may follow the first", "HEADER_TWICE")
                if len(request.chunk) > self._limits.chunk_bytes:
                    told = f"has {len(request.chunk)} bytes; at most {self._limits.chunk_bytes} are allowed"
                    raise wrong("chunk", told, "CHUNK_TOO_LARGE")
                received += len(request.chunk)
                if received > announced:
                    raise wrong("chunk", f"brings {received} bytes; {announced} were announced", "SIZE_MISMATCH")
                digest.update(request.chunk)
                file.write(request.chunk)
        if received < announced:
            raise wrong("chunk", f"ends after {received} bytes; {announced} were announced", "SIZE_MISMATCH")
        return digest


async def _in_time(
    requests: AsyncIterator[blob_pb2.UploadBlobRequest],
) -> AsyncIterator[blob_pb2.UploadBlobRequest]:
    """The messages of an upload, as long as they come: one that stalls must not hold its room for ever."""
    while True:
        try:
            yield await asyncio.wait_for(anext(requests), STALLED_S)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise wrong("chunk", f"did not come for {STALLED_S:g} s; send the picture again", "STALLED") from None
