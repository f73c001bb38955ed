"""StylizeService: requests become jobs, jobs become events."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import grpc

from impasto import owner, weights, wire
from impasto.config import Limits
from impasto.errors import Busy, InvalidRequest, NotFound, RequestIdReused, Violations
from impasto.job import Job, Priority, State, Terms
from impasto.method.choices import settings_at_admission
from impasto.rpc.intake import Intake
from impasto.rpc.status import stream, unary
from impasto.rpc.watching import about_to_watch, check_stays, watch
from impasto.scheduling.scheduler import Scheduler
from impasto.scheduling.terms import kept_once
from impasto.spec import MAX_STYLES, StylizeSpec, check_numbers, check_pictures
from impasto.store import Blob, Record, chunks
from impasto.v1 import image_pb2, stylize_pb2, stylize_pb2_grpc
from impasto.weights import Shelf

CLIENT_KEY = "impasto-client"  # metadata: one editor or command line, for fairness only


class StylizeServicer(stylize_pb2_grpc.StylizeServiceServicer):
    """Jobs: made, watched, cancelled; `threads` is what a CPU worker takes for each."""

    def __init__(self, intake: Intake, scheduler: Scheduler, limits: Limits, shelf: Shelf, threads: int) -> None:
        self._intake, self._scheduler, self._limits, self._shelf = intake, scheduler, limits, shelf
        self._store, self._threads = intake.store, threads

    @stream
    async def Stylize(
        self,
        request: stylize_pb2.StylizeRequest,
        context: grpc.aio.ServicerContext,
    ) -> AsyncIterator[stylize_pb2.StylizeResponse]:
        """Create and watch."""
        record = await self._create(request, _client(context), keep_by_default=False)
        if record is None:
            return
        delivery = request.delivery
        pause = 1 / delivery.max_preview_fps if delivery.max_preview_fps else 0.0
        async for item in watch(record, self._scheduler, 0, pause, delivery.max_preview_edge or wire.PREVIEW_EDGE):
            yield item
        if delivery.send_result and record.job.state is State.SUCCEEDED and record.job.result is not None:
            yield stylize_pb2.StylizeResponse(result_header=wire.header_to(record.job.result.header))
            for chunk in chunks(self._store.blob(record.job.result.blob, record.job.owner).path):
                yield stylize_pb2.StylizeResponse(result_chunk=chunk)

    @unary
    async def CreateJob(
        self, request: stylize_pb2.CreateJobRequest, context: grpc.aio.ServicerContext
    ) -> stylize_pb2.CreateJobResponse:
        """Create and return."""
        record = await self._create(request.request, _client(context), keep_by_default=True)
        return stylize_pb2.CreateJobResponse(job=None if record is None else self._told(record))

    @unary
    async def GetJob(
        self, request: stylize_pb2.GetJobRequest, _context: grpc.aio.ServicerContext
    ) -> stylize_pb2.GetJobResponse:
        """The job as it is now."""
        return stylize_pb2.GetJobResponse(job=self._told(self._record(request.name)))

    @unary
    async def ListJobs(
        self, request: stylize_pb2.ListJobsRequest, _context: grpc.aio.ServicerContext
    ) -> stylize_pb2.ListJobsResponse:
        """All jobs, newest first, in pages."""
        found = Violations()
        if request.page_size < 0:
            found.add("page_size", f"is {request.page_size}; 0 or more is needed", "OUT_OF_RANGE")
        found.raise_if_any()
        jobs = [record.job for record in self._store.records.values() if record.job.owner == owner.current()]
        page, token = wire.pages(jobs, request.page_size, request.page_token)
        told = [wire.job_to(job, self._scheduler.outlook(job)) for job in page]
        return stylize_pb2.ListJobsResponse(jobs=told, next_page_token=token)

    @stream
    async def WatchJob(
        self,
        request: stylize_pb2.WatchJobRequest,
        _context: grpc.aio.ServicerContext,
    ) -> AsyncIterator[stylize_pb2.WatchJobResponse]:
        """Events from a sequence number on."""
        record = self._record(request.name)
        async for item in watch(record, self._scheduler, request.last_sequence):
            yield stylize_pb2.WatchJobResponse(event=item.job)

    @unary
    async def GetPreview(
        self, request: stylize_pb2.GetPreviewRequest, _context: grpc.aio.ServicerContext
    ) -> stylize_pb2.GetPreviewResponse:
        """Waits for a frame newer than the one the caller has."""
        record, found = self._record(request.name), Violations()
        max_edge = wire.check_edge(request.max_edge, "max_edge", found)
        found.raise_if_any()
        while record.preview is None or record.preview.sequence <= request.newer_than:
            if record.job.state.final:
                return stylize_pb2.GetPreviewResponse()
            check_stays(record, self._scheduler)
            self._scheduler.want_preview(record, max_edge)
            await record.changed()
        return stylize_pb2.GetPreviewResponse(frame=wire.preview_to(record.preview))

    @unary
    async def CancelJob(
        self, request: stylize_pb2.CancelJobRequest, _context: grpc.aio.ServicerContext
    ) -> stylize_pb2.CancelJobResponse:
        """Asks a job to stop."""
        record = self._record(request.name)
        self._scheduler.cancel(record, "cancelled on request", keep=request.keep_partial_result)
        if record.job.state.final:
            await self._store.written()  # what was told does not come back to life
        return stylize_pb2.CancelJobResponse(job=self._told(record))

    def _record(self, name: str) -> Record:
        """The caller's own job of that name."""
        return self._store.record(name, owner.current())

    def _told(self, record: Record) -> stylize_pb2.Job:
        return wire.job_to(record.job, self._scheduler.outlook(record.job))

    async def _create(
        self, request: stylize_pb2.StylizeRequest, client: str, *, keep_by_default: bool
    ) -> Record | None:
        """A new job, or the one that this request made before; None if it was only to be checked."""
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
        record = self._known(request.request_id, digest)
        if record is None:
            blobs, record = dict[str, Blob](), None
            try:
                record = await self._new(request, blobs, client, digest, keep_by_default=keep_by_default)
            finally:
                if record is None:  # nothing is left behind of a request that was refused, or only checked
                    self._store.remove_blobs(blob.name for blob in blobs.values() if blob.fresh)
        if record is not None:
            await self._accepted(record)
        return record

    async def _new(
        self,
        request: stylize_pb2.StylizeRequest,
        blobs: dict[str, Blob],
        client: str,
        digest: str,
        *,
        keep_by_default: bool,
    ) -> Record | None:
        """A new job in the queue, its pictures in `blobs`; None if it was only to be checked."""
        spec = await self._spec(request, blobs)
        terms = await self._terms(spec)
        known = self._known(request.request_id, digest)  # a retry may have come in meanwhile
        if known is not None:
            return known
        record = self._made(request, spec, terms, client, digest, keep_by_default=keep_by_default)
        if request.validate_only:
            self._scheduler.check(record.job)
            return None
        record.update(record.job, notice=weights.notice(spec.encoder, record.job.spec.encoder))
        self._scheduler.submit(record)
        return record

    def _made(  # the parts of a job
        self,
        request: stylize_pb2.StylizeRequest,
        spec: StylizeSpec,
        terms: Terms,
        client: str,
        digest: str,
        *,
        keep_by_default: bool,
    ) -> Record:
        """A new job, not in the queue yet."""
        policy = request.delivery.on_disconnect
        keep = policy == stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING or (keep_by_default and not policy)
        job = Job(
            name=f"jobs/{uuid.uuid4().hex}",
            client=client,
            spec=replace(spec, encoder=self._shelf.resolve(spec.encoder)),
            arrival=0 if request.validate_only else self._store.next_arrival(),
            create_time=time.time(),
            owner=owner.current(),
            request_id=request.request_id,
            priority=wire.PRIORITIES.get(request.priority, Priority.NORMAL),
            labels=dict(request.labels),
            terms=terms,
        )
        return Record(job, digest, keep_running=keep)

    async def _terms(self, spec: StylizeSpec) -> Terms:
        """What decides the pixels beside the request, as it is now: it stays so for the job's whole life."""
        encoder = self._shelf.resolve(spec.encoder)
        sha256 = await asyncio.to_thread(self._shelf.sha256, encoder)
        return Terms(self._threads, sha256, kept_once(settings_at_admission(replace(spec, encoder=encoder))))

    async def _accepted(self, record: Record) -> None:
        """A job is accepted when it is written down: before that nobody is told of it.

        Raises:
            Busy: the disk is full or fails; the job is taken back.
        """
        if record.accepted:
            return
        try:
            with about_to_watch(record, self._scheduler):
                await self._store.written()
        except Busy:
            self._scheduler.cancel(record, "it could not be written down", reason="DISK")
            self._store.discard(record)
            raise
        record.accepted = True

    def _known(self, request_id: str, digest: str) -> Record | None:
        known = self._store.by_request_id(request_id, owner.current())
        if known is not None and known.request_digest != digest:
            raise RequestIdReused(f"request_id {request_id!r} was used for a different request; choose a new one")
        return known

    async def _spec(self, request: stylize_pb2.StylizeRequest, blobs: dict[str, Blob]) -> StylizeSpec:
        """The request in our own values, every check made; pictures inside it have become `blobs`, by field."""
        found = Violations()
        spec = wire.spec_from(request.spec, found)
        wire.check_envelope(request, found)
        check_numbers(spec, self._limits, found)
        images = _images(request.spec, found)
        await self._take(images, blobs, found)
        if set(images) == set(blobs) and 0 < len(spec.styles) <= MAX_STYLES:
            spec = spec.with_pictures({field.removeprefix("spec."): blob.name for field, blob in blobs.items()})
            check_pictures(spec, {blob.name: blob.header for blob in blobs.values()}, self._limits, found)
            await self._check_seen(blobs, found)
        found.raise_if_any()
        self._shelf.resolve(spec.encoder)
        return spec

    async def _take(self, images: dict[str, image_pb2.ImageRef], blobs: dict[str, Blob], found: Violations) -> None:
        """Every picture as a blob, by field; those that cannot be are noted, and the others are taken all the same."""
        for field, image in images.items():
            if not _there(image):
                found.add(field, "is missing: name a blob or send the picture inline", "PICTURE_MISSING")
                continue
            try:
                if image.WhichOneof("source") == "inline":
                    blobs[field] = await self._intake.inline(image.inline, field)
                else:
                    blobs[field] = self._at_rest(image.blob, field)
            except InvalidRequest as error:
                found.found += error.violations

    def _at_rest(self, name: str, field: str) -> Blob:
        """The caller's own blob of that name.

        Raises:
            NotFound: it is gone, or somebody else's; the reason tells a client to upload it again.
        """
        try:
            return self._store.blob(name, owner.current())
        except NotFound as error:
            raise NotFound(f"{field}: {error.message}", reason="BLOB_EXPIRED") from error

    async def _check_seen(self, blobs: dict[str, Blob], found: Violations) -> None:
        """Notes styles that nobody sees and those that would apply nowhere."""
        for field, blob in blobs.items():
            if not field.startswith("spec.styles["):
                continue
            region = field.endswith(".mask")
            if not await self._intake.shows(blob, as_mask=region):
                told = "is black all over, so the style applies nowhere: white is where it is to apply"
                told = told if region else "is wholly transparent; a style must be seen"
                found.add(field, told, "REGION_EMPTY" if region else "STYLE_TRANSPARENT")


def _images(spec: stylize_pb2.StylizeSpec, found: Violations) -> dict[str, image_pb2.ImageRef]:
    """The pictures of a request by field."""
    images = {"spec.content": spec.content}
    if not spec.styles:
        found.add("spec.styles", "is empty; one style is needed", "STYLE_MISSING")
    for index, style in enumerate(spec.styles[:MAX_STYLES]):
        images[f"spec.styles[{index}].image"] = style.image
        if style.HasField("mask"):
            images[f"spec.styles[{index}].mask"] = style.mask
    images |= {f"spec.{field}": getattr(spec, field) for field in ("mask", "keep", "init") if spec.HasField(field)}
    return images


def _there(image: image_pb2.ImageRef) -> bool:
    source = image.WhichOneof("source")
    return source == "blob" or (source == "inline" and image.inline.WhichOneof("source") is not None)


def _client(context: grpc.aio.ServicerContext) -> str:
    """Who asks, for fairness: what the client calls itself, else its connection."""
    metadata = dict(context.invocation_metadata() or ())
    return str(metadata.get(CLIENT_KEY) or context.peer())[:100]
