"""A result on its way from the daemon: what has come is not sent again when the line breaks in between.

Knows the contract's results and downloads. Must not know channels. ``client`` tells it what comes in a painting's own
stream, and has it fetch the rest where that broke off.
"""

import io

from impasto.client.telling import received
from impasto.pictures import Picture
from impasto.v1 import blob_pb2, blob_pb2_grpc, stylize_pb2


class Arrival:
    """A picture of which some may be here: the mutable state is which it is, and its samples so far."""

    def __init__(self) -> None:
        self._result: stylize_pb2.JobResult | None = None
        self._samples = io.BytesIO()

    @property
    def begun(self) -> bool:
        """Whether it is known which picture comes."""
        return self._result is not None

    def expect(self, result: stylize_pb2.JobResult) -> None:
        """It is this one, from its beginning."""
        self._result, self._samples = result, io.BytesIO()

    def take(self, chunk: bytes) -> None:
        """The next of its samples."""
        self._samples.write(chunk)

    def fetch(self, blobs: blob_pb2_grpc.BlobServiceStub) -> None:
        """Brings what is missing. Whatever breaks it off, what has come stays, and the next call goes on from there."""
        assert self._result is not None
        request = blob_pb2.DownloadBlobRequest(name=self._result.blob, offset=self._samples.tell())
        for part in blobs.DownloadBlob(request):
            self.take(part.chunk)

    def picture(self) -> Picture:
        """The whole."""
        assert self._result is not None
        return received(self._result.header, self._samples.getvalue())  # the buffer itself: a poster is in memory once

    def __repr__(self) -> str:
        return f"<Arrival [{self._samples.tell()} bytes]>"
