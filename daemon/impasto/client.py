"""The Python API: a channel, the stubs, and a few verbs around them.

    import impasto.client

    with impasto.client.connect() as daemon:
        picture = daemon.stylize("photo.jpg", "starry.png", steps=200)
        picture.save("painted.png")

Knows the contract and files. Must not know torch, so that importing it costs a fraction of a second. Starts the daemon
when none answers. ``cli`` is its first user.
"""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeAlias

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from impasto import errors, launch, photo, wire
from impasto.config import Config
from impasto.errors import Violation, Violations
from impasto.image import ImageHeader
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, stylize_pb2, stylize_pb2_grpc

CHUNK_BYTES = 1024 * 1024
CALL_TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Picture:
    """A raw picture: its header and its tightly packed samples."""

    header: ImageHeader
    samples: bytes

    def save(self, path: Path | str, like: Path | str | None = None) -> None:
        """Writes a PNG, JPEG, WebP or TIFF file, whole or not at all; with the EXIF data and DPI of the file `like`.

        Raises:
            InvalidRequest: the name or the kind of samples does not suit such a file.
        """
        metadata = None if like is None else photo.read_metadata(Path(like), field="like")
        photo.save(Path(path), self.header, self.samples, metadata)


@dataclass(frozen=True)
class Progress:
    """One event of a job, as a script wants it."""

    job: str
    state: str
    step: int
    total_steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    time_left_s: float | None = None
    queue_position: int | None = None
    encoder: str = ""
    device: str = ""
    notice: str = ""


Source: TypeAlias = Path | str | bytes | Picture
OnProgress = Callable[[Progress], None]
OnPreview = Callable[[Picture], None]


def connect(config: Config | None = None, *, start: bool = True) -> "Client":
    """A client of this user's daemon, which is started if none answers.

    Raises:
        Unavailable: there is none and it could not be started, or `start` is false.
        Busy: an older daemon is at work.
        CannotServe: the runtime folder is not safe.
    """
    config = config or Config.load()
    if start:
        launch.ensure(config)
    elif launch.running(config) is None:
        raise errors.Unavailable("no daemon runs; `impasto stylize` starts one, and so does `impasto serve`")
    return Client(launch.open_channel(config))


class Client:
    """One connection to the daemon; close it, or use it in a `with` statement."""

    def __init__(self, channel: grpc.Channel, name: str = "") -> None:
        """Takes over the channel; `name` stands for this client where devices are shared."""
        self._channel = channel
        self._metadata = (("impasto-client", name or f"python-{os.getpid()}"),)
        self._stylize = stylize_pb2_grpc.StylizeServiceStub(channel)
        self._blobs = blob_pb2_grpc.BlobServiceStub(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; jobs that only this client watched are cancelled."""
        self._channel.close()

    def info(self) -> launch.Info:
        """What the daemon is and does.

        Raises:
            Unavailable: it does not answer.
        """
        info = launch.ask(self._channel)
        if info is None:
            raise errors.Unavailable("the daemon does not answer")
        return info

    def stylize(
        self,
        content: Source,
        style: Source,
        *,
        mask: Source | None = None,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Any,  # noqa: ANN401  # the fields of StylizeSpec, checked by the contract
    ) -> Picture:
        """Paints `content` in the manner of `style`.

        Args:
            content: a file, a file's bytes, or a raw `Picture`; the result has its kind of samples.
            style: likewise.
            mask: gray, of the content's size: white is painted, black stays.
            on_progress: called with every event.
            on_preview: called about once a second with the picture so far.
            options: any plain field of the contract's `StylizeSpec`: steps, seed, size, encoder, content_weight, …

        Raises:
            InvalidRequest, CannotServe, Busy, Unavailable: as the daemon says.
            EngineFault: the job failed. Cancelling is an error too, if somebody else did it.
        """
        request = stylize_pb2.StylizeRequest(
            request_id=uuid.uuid4().hex,
            spec=self._spec(content, style, mask, options),
            delivery=stylize_pb2.DeliveryOptions(max_preview_fps=1 if on_preview else 0, send_result=True),
        )
        return self._collect(request, on_progress, on_preview)

    def upload(self, source: Source) -> str:
        """Sends a picture and returns its blob's name; a file that the daemon has already is not sent again."""
        with translated():
            response = self._blobs.UploadBlob(_parts(source), timeout=UPLOAD_TIMEOUT_S, metadata=self._metadata)
        return str(response.name)

    def jobs(self) -> list[stylize_pb2.Job]:
        """The newest hundred jobs."""
        with translated():
            response = self._stylize.ListJobs(stylize_pb2.ListJobsRequest(), timeout=CALL_TIMEOUT_S)
        return list(response.jobs)

    def cancel(self, job: str, *, keep_partial_result: bool = False) -> None:
        """Asks a job to stop."""
        request = stylize_pb2.CancelJobRequest(name=job, keep_partial_result=keep_partial_result)
        with translated():
            self._stylize.CancelJob(request, timeout=CALL_TIMEOUT_S)

    def _spec(
        self, content: Source, style: Source, mask: Source | None, options: Mapping[str, Any]
    ) -> stylize_pb2.StylizeSpec:
        given = {name: value for name, value in options.items() if value is not None}
        try:
            spec = stylize_pb2.StylizeSpec(**given)
        except (TypeError, ValueError) as error:  # protobuf tells the field and what it takes
            raise errors.InvalidRequest([Violation("options", str(error), "OPTION_INVALID")]) from error
        spec.content.blob = self.upload(content)
        spec.styles.add().image.blob = self.upload(style)
        if mask is not None:
            spec.mask.blob = self.upload(mask)
        return spec

    def _collect(
        self, request: stylize_pb2.StylizeRequest, on_progress: OnProgress | None, on_preview: OnPreview | None
    ) -> Picture:
        """Watches until the result is here. Leaving in between, by whatever exception, cancels the job."""
        header, samples, last = None, bytearray(), None
        call = self._stylize.Stylize(request, metadata=self._metadata)
        try:
            with translated():
                for response in call:
                    match response.WhichOneof("event"):
                        case "job":
                            last = response.job.job
                            if on_progress:
                                on_progress(_progress(response.job))
                        case "preview" if on_preview:
                            on_preview(_picture(response.preview.header, response.preview.samples))
                        case "result_header":
                            header = response.result_header
                        case "result_chunk":
                            samples += response.result_chunk
        finally:
            call.cancel()
        if header is None:
            raise _ending(last)
        return _picture(header, bytes(samples))


def _ending(job: stylize_pb2.Job | None) -> errors.ImpastoError:
    """Why there is no result."""
    if job is None:
        return errors.Unavailable("the daemon closed the stream without a word; see its log")
    reason = "INTERNAL"
    for detail in job.error.details:
        told = error_details_pb2.ErrorInfo()
        if detail.Unpack(told):
            reason = told.reason
    kind = {"SHUTDOWN": errors.Unavailable, "DOES_NOT_FIT": errors.CannotServe}.get(reason, errors.EngineFault)
    return kind(job.error.message or "the job ended without a result", reason=reason)


def _picture(header: image_pb2.ImageHeader, samples: bytes) -> Picture:
    return Picture(wire.header_from(header, "header", Violations()), samples)


def _progress(event: stylize_pb2.JobEvent) -> Progress:
    job = event.job
    return Progress(
        job=job.name,
        state=stylize_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower(),
        step=job.step,
        total_steps=job.total_steps,
        losses=dict(event.losses),
        time_left_s=job.time_left.ToTimedelta().total_seconds() if job.HasField("time_left") else None,
        queue_position=job.queue_position if job.HasField("queue_position") else None,
        encoder=job.encoder,
        device=job.device,
        notice=event.notice,
    )


def _parts(source: Source) -> Iterator[blob_pb2.UploadBlobRequest]:
    """The messages of one upload."""
    data, header = _bytes(source)
    yield blob_pb2.UploadBlobRequest(header=header)
    for start in range(0, len(data), CHUNK_BYTES):
        yield blob_pb2.UploadBlobRequest(chunk=data[start : start + CHUNK_BYTES])


def _bytes(source: Source) -> tuple[bytes, blob_pb2.UploadHeader]:
    """What to send and how to announce it."""
    if isinstance(source, Picture):
        data, header = source.samples, blob_pb2.UploadHeader(raw=wire.header_to(source.header))
    else:
        data = source if isinstance(source, bytes) else _read(Path(source))
        header = blob_pb2.UploadHeader(encoded=True)
    header.size_bytes, header.sha256 = len(data), hashlib.sha256(data).digest()
    return data, header


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise errors.InvalidRequest([Violation(str(path), error.strerror or str(error), "UNREADABLE")]) from error


ERRORS: Mapping[grpc.StatusCode, type[errors.ImpastoError]] = {
    grpc.StatusCode.NOT_FOUND: errors.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: errors.RequestIdReused,
    grpc.StatusCode.FAILED_PRECONDITION: errors.CannotServe,
    grpc.StatusCode.RESOURCE_EXHAUSTED: errors.Busy,
    grpc.StatusCode.UNAVAILABLE: errors.Unavailable,
    grpc.StatusCode.DATA_LOSS: errors.Corrupted,
}


@contextmanager
def translated() -> Iterator[None]:
    """The border to gRPC: its errors become ours, with reason and violations as the daemon told them."""
    try:
        yield
    except grpc.RpcError as error:
        raise _translate(error) from error


def _translate(error: grpc.RpcError) -> errors.ImpastoError:
    code, message = error.code(), error.details() or "the daemon gave no reason"
    status, reason, violations = rpc_status.from_call(error), None, []
    for detail in status.details if status is not None else ():
        told, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(told):
            reason = told.reason
        elif detail.Unpack(bad):
            violations = [Violation(v.field, v.description, v.reason) for v in bad.field_violations]
    if violations:
        kind = errors.Unsupported if code is grpc.StatusCode.UNIMPLEMENTED else errors.InvalidRequest
        return kind(violations)
    if code is grpc.StatusCode.UNAVAILABLE and reason is None:
        message = "the daemon is gone; run the command again, it starts a new one"
    return ERRORS.get(code, errors.EngineFault)(message, reason=reason)
