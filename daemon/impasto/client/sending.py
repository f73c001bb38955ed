"""Pictures on their way to the daemon: what it has is not sent again, and what takes long is told.

Knows the contract's uploads and the connection. Must not know jobs. ``client`` calls it. The thread that wants a
picture sent looks on while gRPC sends, so that whoever hears of it can end it by raising.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress

import grpc

from impasto import errors
from impasto.client.lifeline import Lifeline
from impasto.client.telling import OnSent
from impasto.pictures import Picture, Source, announced, chunked
from impasto.v1 import blob_pb2

ASK_TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S, SLOWEST_BYTES_PER_S = 600.0, 64 * 1024  # of a file's decoding · of a line that is worth waiting for
SENT_S = 0.5  # what takes longer to send is told so often
ASKED_BYTES = 64 * 1024  # a file that is larger is announced before it is sent: a style goes over a network once
CLOSED = "this client is closed; connect again"


def unheard(_sent_bytes: int, _send_bytes: int) -> None:
    """What is called of an upload unless somebody asks for more."""


class Sender:
    """One client's uploads."""

    def __init__(
        self,
        line: Lifeline,
        border: Callable[[], AbstractContextManager[None]],
        metadata: Sequence[tuple[str, str]],
    ) -> None:
        """`border` is what calls to the daemon are made in."""
        self._line, self._border, self._metadata = line, border, tuple(metadata)

    def upload(self, source: Source, field: str, on_sent: OnSent) -> str:
        """As `impasto.client.Client.upload`."""
        data, header = announced(source, field)
        if isinstance(source, Picture) and self._has(name := source.blob_name()):
            return name
        try:
            if header.encoded and len(data) > ASKED_BYTES and (name := self._announced(header)):
                return name
            return self._sent(data, header, on_sent)
        except errors.InvalidRequest as error:
            raise error.renamed({"header": field}) from error

    def _sent(self, data: bytes, header: blob_pb2.UploadHeader, on_sent: OnSent = unheard) -> str:
        """The name of what was sent."""
        gone = 0

        def messages() -> Iterator[blob_pb2.UploadBlobRequest]:
            nonlocal gone
            for message in chunked(data, header):
                yield message
                gone += len(message.chunk)

        timeout_s = UPLOAD_TIMEOUT_S + len(data) / SLOWEST_BYTES_PER_S
        with self._border():
            call = self._line.blobs.UploadBlob.future(messages(), timeout=timeout_s, metadata=self._metadata)
            try:
                while True:
                    with suppress(grpc.FutureTimeoutError):
                        return str(call.result(SENT_S).name)
                    on_sent(gone, len(data))
            except grpc.FutureCancelledError as error:  # nobody but the end of the channel does that
                raise errors.Unavailable(CLOSED, reason="CLIENT_CLOSED") from error
            except BaseException:
                call.cancel()
                raise

    def _announced(self, header: blob_pb2.UploadHeader) -> str:
        """The name of a file that the daemon has decoded before, else nothing.

        Asked by an upload with nothing behind its header: in one with it a MiB would be on its way before the answer.
        """
        try:
            return self._sent(b"", header)
        except errors.InvalidRequest as error:
            if error.reason != "SIZE_MISMATCH":
                raise
            return ""

    def _has(self, blob: str) -> bool:
        """Whether the daemon has a blob, which is then kept as if it had been sent just now."""
        try:
            with self._border():
                self._line.blobs.GetBlob(
                    blob_pb2.GetBlobRequest(name=blob), timeout=ASK_TIMEOUT_S, metadata=self._metadata
                )
        except errors.NotFound:
            return False
        return True
