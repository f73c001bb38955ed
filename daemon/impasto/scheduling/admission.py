"""Whether a job may come in, and how much of a device it will want: before any work, without torch.

Pure: knows jobs, specs, headers and limits as values; no clock, no files, no devices. ``scheduler`` asks before it
takes a job in. What a device must hold is predicted from pixels times calibrated bytes: the same figures as
``engine.defaults.bytes_needed``, which weighs them (tests compare), as the front cannot load the engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impasto.config import Limits
from impasto.errors import Busy, CannotServe
from impasto.image import ImageHeader, fit_long_side
from impasto.job import Job, Priority
from impasto.spec import StylizeSpec

RETRY_S = 5.0  # when nothing is known of how long the jobs in the way will take
BASE_BYTES = 256 << 20  # what torch loads at the first step, and its workspaces
IMAGES_BYTES = 432.0  # per pixel: L-BFGS's pairs, X, its gradient, copies and spectra
HELD_BYTES = 512.0  # per pixel, of a job that waits in memory: measured 380 to 450 (tests/test_admission.py)
HELD_STYLE_BYTES = 16.0  # per pixel of each style
HELD_BASE_BYTES = 4 << 20
LAYERS = 6  # times the widest layer, for gradients and copies
MOMENTS: Mapping[str, tuple[int, int]] = {"spst": (5, 64 << 20), "w2": (7, 128 << 20)}  # more layers, more bytes


@dataclass(frozen=True)
class Appetite:
    """What an encoder takes per pixel: kept for the way back, in padded copies, in its widest layer; and its margin."""

    kept: float
    padded: float
    widest: float
    margin: int = 0
    always_padded: bool = False


APPETITES: Mapping[str, Appetite] = {
    "vgg19-slim": Appetite(kept=320.0, padded=210.0, widest=64.0, margin=8, always_padded=True),
    "vgg19": Appetite(kept=1520.0, padded=804.0, widest=256.0),
}


@dataclass(frozen=True)
class Footprint:
    """Bytes of a device's memory: at the peak of a step, and between its turns."""

    peak: int
    held: int


def footprint(spec: StylizeSpec, content: ImageHeader, styles: Sequence[ImageHeader]) -> Footprint:
    """What a job will want of a device, from the sizes of its pictures."""
    appetite = APPETITES.get(spec.encoder, APPETITES["vgg19"])
    width, height = spec.result_header(content).width, spec.result_header(content).height
    around = 0 if spec.tileable else 2 * appetite.margin
    pixels = (width + around) * (height + around)
    style_pixels = [_style_pixels(style, spec.stroke_size, max(width, height)) for style in styles]
    more_layers, more_bytes = MOMENTS.get(spec.objective, (0, 0))
    layers = (LAYERS + more_layers) * appetite.widest
    padded = appetite.padded if appetite.always_padded or spec.tileable else 0.0
    peak = max(pixels * (appetite.kept + padded + layers + IMAGES_BYTES), max(style_pixels) * layers)
    held = pixels * HELD_BYTES + sum(style_pixels) * HELD_STYLE_BYTES + HELD_BASE_BYTES
    return Footprint(int(max(peak, held)) + BASE_BYTES + more_bytes, int(held))


def _style_pixels(header: ImageHeader, stroke_size: float, edge: int) -> int:
    """A style is used no larger than the finest scale can use."""
    most = round(stroke_size * edge)
    if max(header.width, header.height) <= most or min(header.width, header.height) <= 16:
        return header.width * header.height
    width, height = fit_long_side(header.width, header.height, most)
    return max(16, width) * max(16, height)


def check_fit(need: Footprint, header: ImageHeader, budgets: Sequence[int]) -> None:
    """Refuses what no device here can ever hold.

    Args:
        need: of the job.
        header: of its result.
        budgets: bytes that jobs may take, of each device; none known means that nobody can tell yet.

    Raises:
        CannotServe: with the numbers, and a size that would fit.
    """
    most = max(budgets, default=need.peak)
    if need.peak <= most:
        return
    scale = max(0.0, (most - BASE_BYTES) / (need.peak - BASE_BYTES)) ** 0.5
    fitting = int(max(header.width, header.height) * scale * 0.95)
    advice = f"ask for a size of at most {fitting} px" if fitting >= Limits.min_side else "it is too small to paint"
    raise CannotServe(
        f"{header.width}x{header.height} px need about {need.peak >> 20} MiB of a device's memory, and "
        f"{most >> 20} MiB are all that jobs may take: {advice}",
        reason="DOES_NOT_FIT",
    )


def superseded(job: Job, unfinished: Sequence[Job]) -> list[Job]:
    """Older previews that a new one makes needless: its client's, of the same labels, if it has any."""
    if job.priority is not Priority.INTERACTIVE or not job.labels:
        return []
    return [
        other
        for other in unfinished
        if (other.client, other.priority, dict(other.labels)) == (job.client, job.priority, dict(job.labels))
    ]


def check_room(job: Job, unfinished: Sequence[Job], limits: Limits, retry_s: float = RETRY_S) -> None:
    """Refuses one job more than a client, or all together, may have unfinished.

    Args:
        job: the new one.
        unfinished: all that were taken in and have not ended.
        limits: see `Limits`.
        retry_s: when the caller should try again.

    Raises:
        Busy: with the numbers, whose quota it is, and when to try again.
    """
    own = sum(other.client == job.client for other in unfinished)
    if own >= limits.max_jobs_per_client:
        told = f"this client has {own} jobs under way; at most {limits.max_jobs_per_client} are allowed"
        raise Busy(f"{told}: wait for one to end", reason="CLIENT_QUEUE_FULL", subject="client", retry_s=retry_s)
    if len(unfinished) >= limits.max_jobs:
        told = f"{len(unfinished)} jobs are under way; at most {limits.max_jobs} are allowed"
        raise Busy(f"{told}: try again later", reason="QUEUE_FULL", subject="daemon", retry_s=retry_s)
