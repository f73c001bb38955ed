"""The Python API: a connection, and a few verbs around it.

    import impasto.client

    with impasto.client.connect() as daemon:
        picture = daemon.stylize("photo.jpg", "starry.png", steps=200)
        picture.save("painted.png")

Knows the contract and files. Must not know torch, so that importing it costs a fraction of a second. Starts the daemon
when none answers, and rides over its death: a `stylize` under way finds it again, or starts it anew, and goes on. The
face of a room: ``lifeline`` is the connection, ``sending`` brings pictures there, ``receiving`` brings them back,
``progress`` and ``telling`` are what a script hears. ``cli`` is its first user.
"""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import grpc

from impasto import errors, launch
from impasto.client import telling
from impasto.client.lifeline import MAX_LOSSES, Lifeline, OnConnection
from impasto.client.progress import Progress
from impasto.client.receiving import Arrival
from impasto.client.sending import CLOSED, Sender, unheard
from impasto.client.telling import OnPreview, OnProgress, OnSent, Told, received
from impasto.config import Config
from impasto.pictures import Picture, Source
from impasto.refusals import BLOB_EXPIRED, ending, translated
from impasto.request import StyleUse, envelope, plain_spec, styles
from impasto.v1 import stylize_pb2

__all__ = ["Client", "OnPreview", "OnProgress", "OnSent", "Picture", "Preview", "Progress", "Source", "connect"]

CALL_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Preview:
    """X as it was after `step` steps, small and 8 bits deep; `sequence` rises with every one of a job."""

    sequence: int
    step: int
    picture: Picture


def connect(config: Config | None = None, *, start: bool = True) -> "Client":
    """A client of this user's daemon, which is started if none answers; or of the server that `config` names.

    Raises:
        Unavailable: there is none and it could not be started, or `start` is false; or the server does not answer.
        Busy: an older daemon is at work.
        CannotServe: the runtime folder is not safe; or the server's certificate is not the known one, or it does not
            know this machine's token.
    """
    config = config or Config.load()
    info = launch.ensure(config) if start else launch.running(config)
    if info is None:
        none = errors.Unavailable("no daemon runs; `impasto stylize` starts one, and so does `impasto serve`")
        raise launch.unreachable(config) if config.elsewhere else none
    return Client(
        launch.open_channel(config),
        lifeline=partial(Lifeline, config=config, start=start, instance_id=info.instance_id),
    )


class Client:
    """One connection to the daemon; close it, or use it in a `with` statement."""

    def __init__(
        self, channel: grpc.Channel, name: str = "", *, lifeline: Callable[[grpc.Channel], Lifeline] = Lifeline
    ) -> None:
        """Takes over the channel; `name` stands for this client where devices are shared."""
        self._line, self._closed, self._watched = lifeline(channel), False, set[str]()
        self._metadata = (("impasto-client", name or f"python-{os.getpid()}"),)
        self._sender = Sender(self._line, self._open, self._metadata)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; jobs that only this client watched are cancelled."""
        self._closed = True
        self._line.leave(list(self._watched))
        self._line.close()

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
            info = launch.ask(self._line.channel)
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
        on_sent: OnSent = unheard,
        on_connection: OnConnection = telling.unheard,
        priority: str = "normal",
        labels: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401  # the fields of StylizeSpec, checked by the contract
    ) -> Picture:
        """Paints `content` in the manner of `style`.

        Args:
            content: a file, a file's bytes, or a raw `Picture`; the result has its kind of samples.
            style: likewise; or several.
            mask: gray, of the content's size: white is painted, black stays.
            blend: how much each style counts, one number for each; none means all alike.
            regions: where each style applies, one mask for each; none means everywhere.
            keep: a mask: white is kept near to the content, as faces should be.
            init: a picture to start from in place of the content, e.g. an earlier result.
            on_progress: called with every event.
            on_preview: called about once a second with the picture so far.
            on_sent: called twice a second while a picture is sent, with the bytes that have gone, and all.
            on_connection: called when the daemon is lost, while it is looked for, and once it is back; may raise.
            priority: "interactive" for what somebody waits for, "normal", or "batch" for what may wait for all else.
            labels: your own words for it; an interactive one cancels this client's older ones with the same.
            options: any plain field of `StylizeSpec`: steps, strength, …; also style_layers={"relu3_1": 2.0}.

        Raises:
            InvalidRequest, CannotServe, Busy, Unavailable, EngineFault: as the daemon says.
            JobCancelled: somebody else cancelled it, or a newer one took its place; what was kept is got by `picture`.
        """
        uses, urgency = styles(style, blend, regions), envelope(priority, labels or {})
        pictures = {"content": content, "mask": mask, "keep": keep, "init": init}
        spec = partial(self._spec, uses, options, on_sent, **pictures)
        made = partial(_request, spec, {"max_preview_fps": 1 if on_preview else 0, "send_result": True}, urgency)
        return self._persist(made, Told(on_progress, on_preview, on_connection))

    def _persist(self, made: Callable[[str], stylize_pb2.StylizeRequest], told: Told) -> Picture:
        """Asks and watches until the result is here, over the death of the daemon, and of its memory, too."""
        request, request_id, sent, arrival = None, uuid.uuid4().hex, 0, Arrival()

        def ask() -> Picture:
            nonlocal request
            request = request or made(request_id)
            return self._collect(request, told, arrival)

        while True:
            try:
                return self._line.riding(ask, told.connection)
            except errors.NotFound as error:
                sent += 1
                if error.reason != BLOB_EXPIRED or sent > MAX_LOSSES:
                    raise
                request = None  # the daemon has them no longer, by whatever mishap: the next round sends them again
                if told.job is not None and told.job.state == stylize_pb2.JOB_STATE_FAILED:
                    request_id = uuid.uuid4().hex  # that job has ended for want of them

    def upload(self, source: Source, field: str = "source", on_sent: OnSent = unheard) -> str:
        """Sends a picture and returns its blob's name; one that the daemon has already is not sent again.

        Args:
            source: the picture.
            field: what an error calls it.
            on_sent: called twice a second with the bytes that have gone, and how many there are; what it raises ends
                the sending.

        Raises:
            InvalidRequest: it cannot be read or is no picture.
        """
        return self._sender.upload(source, field, on_sent)

    def picture(self, job: str, on_connection: OnConnection = telling.unheard) -> Picture:
        """The result of a job that has one: finished, or cancelled with what there was.

        Where the line breaks meanwhile it goes on from what has come; `on_connection` hears of that as in `stylize`.

        Raises:
            NotFound: there is no such job, or it has no result.
            Unavailable: the daemon is gone and is not found again.
        """
        arrival = Arrival()
        return self._line.riding(lambda: self._rest(job, arrival), on_connection)

    def _rest(self, job: str, arrival: Arrival) -> Picture:
        """What is missing of a job's result is fetched."""
        with self._open():
            if not arrival.begun:
                found = self._line.stylize.GetJob(stylize_pb2.GetJobRequest(name=job), timeout=CALL_TIMEOUT_S).job
                if not found.HasField("result"):
                    raise errors.NotFound(f"{job} has no result", reason="NO_RESULT")
                arrival.expect(found.result)
            arrival.fetch(self._line.blobs)
        self._watched.discard(job)
        return arrival.picture()

    def preview(self, job: str, newer_than: int = 0, max_edge: int = 0) -> Preview | None:
        """The newest picture of a running job, as soon as there is one newer than `newer_than`; None at its end."""
        request = stylize_pb2.GetPreviewRequest(name=job, newer_than=newer_than, max_edge=max_edge)
        with self._open():  # no deadline: a job may wait for long in the queue, and its end ends this, too
            frame = self._line.stylize.GetPreview(request).frame
        return Preview(frame.sequence, frame.step, received(frame.header, frame.samples)) if frame.sequence else None

    def jobs(self) -> list[stylize_pb2.Job]:
        """The newest hundred jobs."""
        with self._open():
            response = self._line.stylize.ListJobs(stylize_pb2.ListJobsRequest(), timeout=CALL_TIMEOUT_S)
        return list(response.jobs)

    def cancel(self, job: str, *, keep_partial_result: bool = False) -> None:
        """Asks a job to stop."""
        request = stylize_pb2.CancelJobRequest(name=job, keep_partial_result=keep_partial_result)
        with self._open():
            self._line.stylize.CancelJob(request, timeout=CALL_TIMEOUT_S)

    def _spec(
        self, uses: Sequence[StyleUse[Source]], options: Mapping[str, Any], on_sent: OnSent, **pictures: Source | None
    ) -> stylize_pb2.StylizeSpec:
        spec = plain_spec({name: value for name, value in options.items() if value is not None})
        for use in uses:
            added = spec.styles.add(weight=use.weight)
            added.image.blob = self.upload(use.image, use.field, on_sent)
            if use.region is not None:
                added.mask.blob = self.upload(use.region, use.region_field, on_sent)
        for name, picture in pictures.items():
            if picture is not None:
                getattr(spec, name).blob = self.upload(picture, name, on_sent)
        return spec

    @contextmanager
    def _watching(self, call: grpc.Call, told: Told) -> Iterator[None]:
        """Around a stream of events: who leaves it, but for its end or a line that was cut, wants the job no more."""
        try:
            yield
        except errors.Unavailable:  # it is looked for again, or was closed, which tells the server itself
            call.cancel()
            raise
        except BaseException:
            call.cancel()
            if told.job is not None:
                self._line.leave([told.job.name])
                self._watched.discard(told.job.name)
            raise
        if told.job is not None:
            self._watched.discard(told.job.name)

    def _collect(self, request: stylize_pb2.StylizeRequest, told: Told, arrival: Arrival) -> Picture:
        """Watches until the result is here. Leaving in between, by whatever exception, cancels the job."""
        if arrival.begun and told.job is not None:
            return self._rest(told.job.name, arrival)
        with self._open():
            call = self._line.stylize.Stylize(request, metadata=self._metadata)
        with self._watching(call, told), self._open():
            for response in call:
                match response.WhichOneof("event"):
                    case "job":
                        self._watched.add(response.job.job.name)
                        told.event(response.job)
                    case "preview":
                        told.preview(response.preview)
                    case "result_header" if told.job is not None:
                        arrival.expect(told.job.result)
                    case "result_chunk":
                        arrival.take(response.result_chunk)
        if not arrival.begun:
            raise ending(told.job)
        return arrival.picture()


def _request(
    spec: Callable[[], stylize_pb2.StylizeSpec], delivery: Mapping[str, Any], urgency: Mapping[str, Any], name: str
) -> stylize_pb2.StylizeRequest:
    """Uploads the pictures, and says what is to be made of them; `name` is the request's own."""
    delivered = stylize_pb2.DeliveryOptions(**delivery)
    return stylize_pb2.StylizeRequest(request_id=name, spec=spec(), delivery=delivered, **urgency)
