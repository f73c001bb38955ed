"""Between the contract's messages and our own values, in both directions; nothing else.

Knows protobuf and the domain. Must not know gRPC's servers or channels, files or devices. ``rpc`` and ``client`` call.
All that the contract has this version serves: a field is heard here or, if it is a picture, by ``rpc``; never ignored.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2, status_pb2

from impasto.errors import InvalidRequest, Violation, Violations
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.job import RESULT_S, Event, Failure, Job, Outlook, Preview, Priority, State
from impasto.spec import AUTO, StyleUse, StylizeSpec
from impasto.v1 import image_pb2, stylize_pb2

T = TypeVar("T")
K = TypeVar("K", bound=int)  # protobuf types each enum as an int of its own

ERROR_DOMAIN = "impasto"
MAX_REQUEST_ID, MAX_LABELS, MAX_LABEL = 64, 16, 256
MIN_PREVIEW_EDGE, MAX_PREVIEW_EDGE, PREVIEW_EDGE = 16, 1024, 512
MAX_PREVIEW_FPS = 4.0

PIXEL_FORMATS = {
    image_pb2.PIXEL_FORMAT_GRAY: PixelFormat.GRAY,
    image_pb2.PIXEL_FORMAT_GRAY_ALPHA: PixelFormat.GRAY_ALPHA,
    image_pb2.PIXEL_FORMAT_RGB: PixelFormat.RGB,
    image_pb2.PIXEL_FORMAT_RGBA: PixelFormat.RGBA,
}
SAMPLE_TYPES = {
    image_pb2.SAMPLE_TYPE_U8: SampleType.U8,
    image_pb2.SAMPLE_TYPE_U16: SampleType.U16,
    image_pb2.SAMPLE_TYPE_F16: SampleType.F16,
    image_pb2.SAMPLE_TYPE_F32: SampleType.F32,
}
TRANSFERS = {
    image_pb2.TRANSFER_FUNCTION_UNSPECIFIED: Transfer.SRGB,
    image_pb2.TRANSFER_FUNCTION_SRGB: Transfer.SRGB,
    image_pb2.TRANSFER_FUNCTION_LINEAR: Transfer.LINEAR,
}
PRIORITIES = {
    stylize_pb2.PRIORITY_UNSPECIFIED: Priority.NORMAL,
    stylize_pb2.PRIORITY_INTERACTIVE: Priority.INTERACTIVE,
    stylize_pb2.PRIORITY_NORMAL: Priority.NORMAL,
    stylize_pb2.PRIORITY_BATCH: Priority.BATCH,
}
STATES = {
    State.QUEUED: stylize_pb2.JOB_STATE_QUEUED,
    State.RUNNING: stylize_pb2.JOB_STATE_RUNNING,
    State.SUCCEEDED: stylize_pb2.JOB_STATE_SUCCEEDED,
    State.FAILED: stylize_pb2.JOB_STATE_FAILED,
    State.CANCELLED: stylize_pb2.JOB_STATE_CANCELLED,
}
OPTIMIZERS = {
    stylize_pb2.OPTIMIZER_UNSPECIFIED: "lbfgs",
    stylize_pb2.OPTIMIZER_LBFGS: "lbfgs",
    stylize_pb2.OPTIMIZER_ADAM: "adam",
}
STARTS = {
    stylize_pb2.START_UNSPECIFIED: "content",
    stylize_pb2.START_CONTENT: "content",
    stylize_pb2.START_NOISE: "noise",
}
COLOURS = {
    stylize_pb2.COLOUR_HANDLING_UNSPECIFIED: "style",
    stylize_pb2.COLOUR_HANDLING_STYLE: "style",
    stylize_pb2.COLOUR_HANDLING_CONTENT_LUMINANCE: "content-luminance",
    stylize_pb2.COLOUR_HANDLING_CONTENT_MATCH: "content-match-rgb",
    stylize_pb2.COLOUR_HANDLING_CONTENT_MATCH_LAB: "content-match-lab",
}
DETAILS = {
    stylize_pb2.DETAIL_UNSPECIFIED: "balanced",
    stylize_pb2.DETAIL_FINE: "fine",
    stylize_pb2.DETAIL_BALANCED: "balanced",
    stylize_pb2.DETAIL_COARSE: "coarse",
}
FAILURE_CODES = {
    "CANCELLED": code_pb2.CANCELLED,
    "SUPERSEDED": code_pb2.CANCELLED,
    "DEVICE_OUT_OF_MEMORY": code_pb2.RESOURCE_EXHAUSTED,
    "DOES_NOT_FIT": code_pb2.FAILED_PRECONDITION,
    "BLOB_EXPIRED": code_pb2.FAILED_PRECONDITION,
    "NOT_FINITE": code_pb2.INVALID_ARGUMENT,
    "WORKER_LOST": code_pb2.ABORTED,
    "DISK": code_pb2.RESOURCE_EXHAUSTED,
    "DISK_FULL": code_pb2.RESOURCE_EXHAUSTED,
    "ENCODER_CHANGED": code_pb2.FAILED_PRECONDITION,
    "ENCODER_UNAVAILABLE": code_pb2.FAILED_PRECONDITION,
    "SHUTDOWN": code_pb2.UNAVAILABLE,
}


def _chosen(table: Mapping[K, T], value: K, field: str, found: Violations, default: T) -> T:
    """The domain's value for an enum's; unknown ones are noted with what is known."""
    if value not in table:
        found.add(field, f"is {value}; {min(table)} to {max(table)} are known", "UNKNOWN_ENUM")
    return table.get(value, default)


def header_from(message: image_pb2.ImageHeader, field: str, found: Violations) -> ImageHeader:
    """Reads a header; unknown and missing kinds are noted, sizes are not checked here."""
    return ImageHeader(
        width=message.width,
        height=message.height,
        pixel_format=_chosen(PIXEL_FORMATS, message.pixel_format, f"{field}.pixel_format", found, PixelFormat.RGB),
        sample_type=_chosen(SAMPLE_TYPES, message.sample_type, f"{field}.sample_type", found, SampleType.U8),
        transfer=_chosen(TRANSFERS, message.transfer, f"{field}.transfer", found, Transfer.SRGB),
        premultiplied_alpha=message.premultiplied_alpha,
        icc_profile=message.icc_profile,
    )


def header_to(header: ImageHeader) -> image_pb2.ImageHeader:
    """Writes a header."""
    linear = header.transfer is Transfer.LINEAR
    return image_pb2.ImageHeader(
        width=header.width,
        height=header.height,
        pixel_format=_key(PIXEL_FORMATS, header.pixel_format),
        sample_type=_key(SAMPLE_TYPES, header.sample_type),
        transfer=image_pb2.TRANSFER_FUNCTION_LINEAR if linear else image_pb2.TRANSFER_FUNCTION_SRGB,
        premultiplied_alpha=header.premultiplied_alpha,
        icc_profile=header.icc_profile,
    )


def _key(table: Mapping[K, T], value: T) -> K:
    return next(key for key, held in table.items() if held is value)


def spec_from(message: stylize_pb2.StylizeSpec, found: Violations) -> StylizeSpec:
    """Reads what to compute, without its pictures (their names stay empty until ``rpc`` has them).

    Args:
        message: from the request.
        found: takes what is wrong.
    """
    if message.HasField("init") and message.start:
        found.add("spec.start", "is set beside spec.init; one of them says where X begins", "CONFLICT")
    return StylizeSpec(
        content="",
        styles=tuple(StyleUse("", style.weight if style.HasField("weight") else 1.0) for style in message.styles),
        steps=message.steps if message.HasField("steps") else None,
        content_weight=message.content_weight if message.HasField("content_weight") else None,
        style_weight=message.style_weight if message.HasField("style_weight") else None,
        total_variation_weight=(message.total_variation_weight if message.HasField("total_variation_weight") else None),
        content_layers=_layers(message.content_layers, "spec.content_layers", found),
        style_layers=_layers(message.style_layers, "spec.style_layers", found),
        seed=message.seed,
        encoder=message.encoder or AUTO,
        size=message.size if message.HasField("size") else None,
        optimizer=_chosen(OPTIMIZERS, message.optimizer, "spec.optimizer", found, "lbfgs"),
        start=_chosen(STARTS, message.start, "spec.start", found, "content"),
        stroke_size=message.stroke_size if message.HasField("stroke_size") else 1.0,
        max_scales=message.max_scales if message.HasField("max_scales") else None,
        strength=message.strength if message.HasField("strength") else None,
        detail=_chosen(DETAILS, message.detail, "spec.detail", found, "balanced"),
        tileable=message.tileable,
        colour=_chosen(COLOURS, message.colour, "spec.colour", found, "style"),
        history=message.history if message.HasField("history") else None,
        colour_strength=message.colour_strength if message.HasField("colour_strength") else None,
        objective=message.objective or "gatys",
        budget_s=message.budget_s if message.HasField("budget_s") else None,
    )


def _layers(messages: Iterable[stylize_pb2.LayerWeight], field: str, found: Violations) -> dict[str, float]:
    layers: dict[str, float] = {}
    for message in messages:
        if message.layer in layers:
            found.add(field, f"names {message.layer!r} twice; once is allowed", "LAYER_TWICE")
        layers[message.layer] = message.weight
    return layers


def check_envelope(message: stylize_pb2.StylizeRequest, found: Violations) -> None:
    """Notes what is wrong around the spec: identifiers, labels, delivery."""
    if len(message.request_id) > MAX_REQUEST_ID:
        had = len(message.request_id)
        found.add("request_id", f"has {had} characters; at most {MAX_REQUEST_ID} are allowed", "TOO_LONG")
    labels = message.labels
    if len(labels) > MAX_LABELS or any(len(k) > MAX_LABEL or len(v) > MAX_LABEL for k, v in labels.items()):
        found.add(
            "labels", f"are {len(labels)}; at most {MAX_LABELS} of {MAX_LABEL} characters are allowed", "TOO_LONG"
        )
    delivery = message.delivery
    fps = delivery.max_preview_fps
    if not (math.isfinite(fps) and 0 <= fps <= MAX_PREVIEW_FPS):
        found.add("delivery.max_preview_fps", f"is {fps:g}; 0 to {MAX_PREVIEW_FPS:g} are allowed", "OUT_OF_RANGE")
    check_edge(
        delivery.max_preview_edge if delivery.HasField("max_preview_edge") else 0, "delivery.max_preview_edge", found
    )
    _chosen(PRIORITIES, message.priority, "priority", found, Priority.NORMAL)
    policies = dict.fromkeys(stylize_pb2.DisconnectPolicy.values())
    _chosen(policies, delivery.on_disconnect, "delivery.on_disconnect", found, None)


def check_edge(max_edge: int, field: str, found: Violations) -> int:
    """The long side of previews; 0 means the default."""
    if max_edge and not MIN_PREVIEW_EDGE <= max_edge <= MAX_PREVIEW_EDGE:
        allowed = f"{MIN_PREVIEW_EDGE} to {MAX_PREVIEW_EDGE} are allowed"
        found.add(field, f"is {max_edge} px; {allowed}", "OUT_OF_RANGE")
    return max_edge or PREVIEW_EDGE


def job_to(job: Job, outlook: Outlook | None = None) -> stylize_pb2.Job:
    """Writes a job, with what can be told of its future."""
    outlook = outlook or Outlook(time_left_s=job.time_left_s)
    message = stylize_pb2.Job(
        name=job.name,
        request_id=job.request_id,
        state=STATES[job.state],
        priority=_key(PRIORITIES, job.priority) or stylize_pb2.PRIORITY_NORMAL,
        labels=job.labels,
        step=job.step,
        total_steps=job.total_steps,
        device=job.device,
        encoder=job.spec.encoder,
        create_time=_time(job.create_time),
        start_time=_time(job.start_time),
        end_time=_time(job.end_time),
        attempt=job.attempt,
        device_s=job.device_s,
        expire_time=None if job.end_time is None else _time(job.end_time + RESULT_S),
    )
    if outlook.place:
        message.queue_position = outlook.place
    if outlook.time_left_s is not None:
        seconds = outlook.time_left_s
        message.time_left.CopyFrom(Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9)))
    if job.result is not None:
        message.result.CopyFrom(stylize_pb2.JobResult(blob=job.result.blob, header=header_to(job.result.header)))
    if job.failure is not None:
        message.error.CopyFrom(failure_to(job.failure))
    return message


def failure_to(failure: Failure) -> status_pb2.Status:
    """Why a job ended, as a status with its reason."""
    status = status_pb2.Status(code=FAILURE_CODES.get(failure.reason, code_pb2.INTERNAL), message=failure.message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=failure.reason, domain=ERROR_DOMAIN))
    return status


def event_to(event: Event, outlook: Outlook | None = None) -> stylize_pb2.JobEvent:
    """Writes an event."""
    job = job_to(event.job, outlook)
    return stylize_pb2.JobEvent(sequence=event.sequence, job=job, losses=event.losses, notice=event.notice)


def preview_to(preview: Preview) -> stylize_pb2.PreviewFrame:
    """Writes a preview."""
    return stylize_pb2.PreviewFrame(
        sequence=preview.sequence, step=preview.step, header=header_to(preview.header), samples=preview.samples
    )


def pages(jobs: Sequence[Job], size: int, token: str) -> tuple[Sequence[Job], str]:
    """One page of jobs, newest first, and the token of the next; a token is the arrival number it begins below.

    Raises:
        InvalidRequest: the token is none of ours.
    """
    if token and not re.fullmatch("[0-9]{1,18}", token):
        told = f"is {token[:20]!r}; the next_page_token of an earlier answer, or nothing, is needed"
        raise InvalidRequest([Violation("page_token", told, "PAGE_TOKEN")])
    newest = sorted(jobs, key=lambda job: -job.arrival)
    below = [job for job in newest if not token or job.arrival < int(token)]
    page = below[: min(size or 100, 1000)]
    return page, str(page[-1].arrival) if len(below) > len(page) else ""


def _time(seconds: float | None) -> Timestamp | None:
    if seconds is None:
        return None
    message = Timestamp()
    message.FromDatetime(datetime.fromtimestamp(seconds, UTC))
    return message
