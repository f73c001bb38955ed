"""The Python API: a channel, the stubs, and a few verbs around them.

    import impasto.client

    with impasto.client.connect() as daemon:
        picture = daemon.stylize("photo.jpg", "starry.png", steps=200)
        picture.save("painted.png")

Knows the contract and files. Must not know torch, so that importing it costs a fraction of a second. Starts the daemon
when none answers. ``cli`` is its first user.
"""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import grpc

from impasto import errors, launch, wire
from impasto.config import Config
from impasto.errors import Violations
from impasto.pictures import Picture, Source, announced, chunked
from impasto.refusals import ending, translated
from impasto.request import StyleUse, plain_spec, styles
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, stylize_pb2, stylize_pb2_grpc

__all__ = ["Client", "Picture", "Preview", "Progress", "Source", "connect"]

CALL_TIMEOUT_S = 30.0
UPLOAD_TIMEOUT_S = 600.0
CLOSED = "this client is closed; connect again"


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


@dataclass(frozen=True)
class Preview:
    """X as it was after `step` steps, small and 8 bits deep; `sequence` rises with every one of a job."""

    sequence: int
    step: int
    picture: Picture


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
        self._channel, self._closed = channel, False
        self._metadata = (("impasto-client", name or f"python-{os.getpid()}"),)
        self._stylize = stylize_pb2_grpc.StylizeServiceStub(channel)
        self._blobs = blob_pb2_grpc.BlobServiceStub(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; jobs that only this client watched are cancelled."""
        self._closed = True
        self._channel.close()

    @contextmanager
    def _open(self) -> Iterator[None]:
        """The border to gRPC; a closed channel is not touched, as grpc crashes on some calls to it."""
        if self._closed:
            raise errors.Unavailable(CLOSED, reason="CLIENT_CLOSED")
        try:
            with translated():
                yield
        except errors.EngineFault as error:
            if self._closed:  # in mid-call: what grpc says of that is not for users
                raise errors.Unavailable(CLOSED, reason="CLIENT_CLOSED") from error
            raise

    def info(self) -> launch.Info:
        """What the daemon is and does.

        Raises:
            Unavailable: it does not answer.
        """
        with self._open():
            info = launch.ask(self._channel)
        if info is None:
            raise errors.Unavailable("the daemon does not answer")
        return info

    def stylize(  # noqa: PLR0913  # the pictures that a request may have, each by its name
        self,
        content: Source,
        style: Source | Sequence[Source],
        *,
        mask: Source | None = None,
        blend: Sequence[float] = (),
        regions: Sequence[Source] = (),
        keep: Source | None = None,
        init: Source | None = None,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Any,  # noqa: ANN401  # the fields of StylizeSpec, checked by the contract
    ) -> Picture:
        """Paints `content` in the manner of `style`.

        Args:
            content: a file, a file's bytes, or a raw `Picture`; the result has its kind of samples.
            style: likewise; or several.
            mask: gray, of the content's size: white is painted, black stays.
            blend: how much each style counts, one number for each; none means all alike.
            regions: where each style applies, one mask for each; none means everywhere.
            keep: a mask: white is kept near to the content, as faces and straight edges should be.
            init: a picture to start from in place of the content, e.g. an earlier result.
            on_progress: called with every event.
            on_preview: called about once a second with the picture so far.
            options: any plain field of the contract's `StylizeSpec`: steps, strength, colour, detail, budget_s, …

        Raises:
            InvalidRequest, CannotServe, Busy, Unavailable: as the daemon says.
            JobCancelled: somebody else cancelled it; a picture that was kept is got by `picture`.
            EngineFault: the job failed.
        """
        request = stylize_pb2.StylizeRequest(
            request_id=uuid.uuid4().hex,
            spec=self._spec(styles(style, blend, regions), options, content=content, mask=mask, keep=keep, init=init),
            delivery=stylize_pb2.DeliveryOptions(max_preview_fps=1 if on_preview else 0, send_result=True),
        )
        return self._collect(request, on_progress, on_preview)

    def upload(self, source: Source, field: str = "source") -> str:
        """Sends a picture and returns its blob's name; one that the daemon has already is not sent again.

        Raises:
            InvalidRequest: it cannot be read or is no picture; `field` is what the error calls it.
        """
        data, header = announced(source, field)
        if isinstance(source, Picture) and self._has(name := source.blob_name()):
            return name
        try:
            with self._open():
                parts = chunked(data, header)
                response = self._blobs.UploadBlob(parts, timeout=UPLOAD_TIMEOUT_S, metadata=self._metadata)
        except errors.InvalidRequest as error:
            raise error.renamed({"header": field}) from error
        return str(response.name)

    def _has(self, blob: str) -> bool:
        """Whether the daemon has a blob, which is then kept as if it had been sent just now."""
        try:
            with self._open():
                self._blobs.GetBlob(blob_pb2.GetBlobRequest(name=blob), timeout=CALL_TIMEOUT_S, metadata=self._metadata)
        except errors.NotFound:
            return False
        return True

    def picture(self, job: str) -> Picture:
        """The result of a job that has one: finished, or cancelled with what there was.

        Raises:
            NotFound: there is no such job, or it has no result.
        """
        with self._open():
            found = self._stylize.GetJob(stylize_pb2.GetJobRequest(name=job), timeout=CALL_TIMEOUT_S).job
            if not found.HasField("result"):
                raise errors.NotFound(f"{job} has no result", reason="NO_RESULT")
            parts = self._blobs.DownloadBlob(blob_pb2.DownloadBlobRequest(name=found.result.blob))
            return _picture(found.result.header, b"".join(part.chunk for part in parts))

    def preview(self, job: str, newer_than: int = 0, max_edge: int = 0) -> Preview | None:
        """The newest picture of a running job, as soon as there is one newer than `newer_than`; None at its end."""
        request = stylize_pb2.GetPreviewRequest(name=job, newer_than=newer_than, max_edge=max_edge)
        with self._open():  # no deadline: a job may wait for long in the queue, and its end ends this, too
            frame = self._stylize.GetPreview(request).frame
        return Preview(frame.sequence, frame.step, _picture(frame.header, frame.samples)) if frame.sequence else None

    def jobs(self) -> list[stylize_pb2.Job]:
        """The newest hundred jobs."""
        with self._open():
            response = self._stylize.ListJobs(stylize_pb2.ListJobsRequest(), timeout=CALL_TIMEOUT_S)
        return list(response.jobs)

    def cancel(self, job: str, *, keep_partial_result: bool = False) -> None:
        """Asks a job to stop."""
        request = stylize_pb2.CancelJobRequest(name=job, keep_partial_result=keep_partial_result)
        with self._open():
            self._stylize.CancelJob(request, timeout=CALL_TIMEOUT_S)

    def _spec(
        self, uses: Sequence[StyleUse[Source]], options: Mapping[str, Any], **pictures: Source | None
    ) -> stylize_pb2.StylizeSpec:
        spec = plain_spec({name: value for name, value in options.items() if value is not None})
        for use in uses:
            added = spec.styles.add(weight=use.weight)
            added.image.blob = self.upload(use.image, use.field)
            if use.region is not None:
                added.mask.blob = self.upload(use.region, use.region_field)
        for name, picture in pictures.items():
            if picture is not None:
                getattr(spec, name).blob = self.upload(picture, name)
        return spec

    def _collect(
        self, request: stylize_pb2.StylizeRequest, on_progress: OnProgress | None, on_preview: OnPreview | None
    ) -> Picture:
        """Watches until the result is here. Leaving in between, by whatever exception, cancels the job."""
        header, samples, last = None, bytearray(), None
        with self._open():
            call = self._stylize.Stylize(request, metadata=self._metadata)
        try:
            with self._open():
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
            raise ending(last)
        return _picture(header, bytes(samples))


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
