"""BlobService: upload, find, fetch."""

from collections.abc import AsyncIterator

import grpc

from impasto import owner, wire
from impasto.config import Config
from impasto.rpc.intake import Intake, wrong
from impasto.rpc.status import stream, unary
from impasto.store import chunks
from impasto.v1 import blob_pb2, blob_pb2_grpc


class BlobServicer(blob_pb2_grpc.BlobServiceServicer):
    """Pictures at rest."""

    def __init__(self, intake: Intake, config: Config) -> None:
        self._intake, self._config = intake, config

    @unary
    async def GetBlob(
        self, request: blob_pb2.GetBlobRequest, _context: grpc.aio.ServicerContext
    ) -> blob_pb2.GetBlobResponse:
        """Whether it is there, and its header."""
        blob = self._intake.store.blob(request.name, owner.current())
        response = blob_pb2.GetBlobResponse(header=wire.header_to(blob.header), size_bytes=blob.header.size_bytes)
        response.expire_time.FromSeconds(int(blob.modified + self._config.blob_hours * 3600))
        return response

    @unary
    async def UploadBlob(
        self,
        request_iterator: AsyncIterator[blob_pb2.UploadBlobRequest],
        _context: grpc.aio.ServicerContext,
    ) -> blob_pb2.UploadBlobResponse:
        """Takes a picture in."""
        blob = await self._intake.upload(request_iterator)
        return blob_pb2.UploadBlobResponse(name=blob.name, header=wire.header_to(blob.header))

    @stream
    async def DownloadBlob(
        self,
        request: blob_pb2.DownloadBlobRequest,
        _context: grpc.aio.ServicerContext,
    ) -> AsyncIterator[blob_pb2.DownloadBlobResponse]:
        """Hands a picture out: header, then chunks."""
        blob = self._intake.store.blob(request.name, owner.current())
        if request.offset > blob.header.size_bytes:
            had = f"is {request.offset}; the picture has {blob.header.size_bytes} bytes"
            raise wrong("offset", had, "OFFSET_OUT_OF_RANGE")
        yield blob_pb2.DownloadBlobResponse(header=wire.header_to(blob.header))
        for chunk in chunks(blob.path, request.offset):
            yield blob_pb2.DownloadBlobResponse(chunk=chunk)
