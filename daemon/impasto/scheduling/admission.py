"""Whether a job may come in, and how much of a device it will want: before any work, without torch.

Pure: knows jobs, specs, headers and limits as values; no clock, no files, no devices. ``scheduler`` asks before it
takes a job in. What a device must hold is predicted from pixels times calibrated bytes: the same figures as
``engine.memory.bytes_needed``, which weighs them (tests compare), as the front cannot load the engine.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from impasto.config import Limits
from impasto.errors import Busy, CannotServe
from impasto.image import ImageHeader, fit_long_side
from impasto.job import Job, Priority
from impasto.method.choices import settings_of
from impasto.method.settings import USUAL_HISTORY, pairs_bytes
from impasto.spec import StylizeSpec

RETRY_S = 5.0  # when nothing is known of how long the jobs in the way will take
BASE_BYTES = 256 << 20  # what torch loads at the first step, and its workspaces
IMAGES_BYTES = 612.0  # per pixel: ten of L-BFGS's pairs, X, its gradient, copies, spectra, a state, what malloc keeps
SPILLED_BYTES, SPILLED_STYLE_BYTES = 8.0, 24.0  # likewise, and per pixel of styles, where arrays lie on disk
CROSSING_BYTES = 64.0  # per pixel of a tile that goes to a GPU and back, on either side; and the content's features
SCRATCH_BYTES = 300.0  # per pixel, of the disk then: X, five of L-BFGS's pairs and more, as old and as new
SCRATCH_MASK_BYTES = 16.0  # likewise, and mask
SPILL_BELOW_PX, SPILLED_TILE_PX = 768, 3072  # tiles in memory from which on they do, and the largest tiles then
HELD_BYTES = 512.0  # per pixel, of a job that waits in memory: measured 380 to 450 (tests/test_admission.py)
HELD_STYLE_BYTES = 16.0  # per pixel of each style
HELD_BASE_BYTES = 4 << 20
# A GPU runs layers as a whole: what is under way takes so many times as much there in float32, and a style. Of pictures
# up to so many pixels it records an evaluation, whose memory is held between turns; not where moments are matched.
AT_ONCE, STYLE_AT_ONCE = 2.75, 4.0
RECORDED_PIXELS = 2048 * 2048
MOMENTS_BYTES: Mapping[str, int] = {"spst": 64 << 20, "w2": 128 << 20}
BLOCKS = (2, 2, 4, 4, 1)  # convolutions of VGG's blocks, to relu5_1
CHANNELS = (64, 128, 256, 512, 512)
STYLE_TILE_PX = 1536 + 2 * 80  # a larger style is seen in tiles
LEAST_TILE_PX, TILE_STEP_PX, AROUND_TILE_PX = 128, 16, 2 * 160  # a picture's smallest tile, and what is around each
LEAST_SEEN = (LEAST_TILE_PX + AROUND_TILE_PX) ** 2  # pixels


@dataclass(frozen=True)
class Appetite:
    """What an encoder takes.

    Attributes:
        width: of its layers, in relation to VGG-19's.
        through: bytes per pixel of the layers that are being run, where they are largest.
        around: likewise where a picture goes around.
        weights: bytes.
        margin: pixels around a picture.
    """

    width: float
    through: float
    around: float
    weights: int
    margin: int = 0

    def kept(self, style: Collection[str]) -> float:
        """Bytes per pixel under way, for the way back: style features, a bit for everything else."""
        layers = self._layers()
        return sum(layer * ((name not in style or last) / 8 + 4 * (name in style)) for name, layer, last in layers)

    def shares(self, style: Collection[str]) -> float:
        """Bytes per pixel under way, for each guide: what the positions of style layers count."""
        named = ((block, f"relu{block + 1}_{i + 1}") for block, count in enumerate(BLOCKS) for i in range(count))
        return sum(4 * 0.25**block for block, name in named if name in style)

    def features(self, content: Collection[str]) -> float:
        """Bytes per pixel of the picture: the content's features, its target's and the gradient."""
        return sum(3 * 4 * layer * (name in content) for name, layer, _ in self._layers())

    def _layers(self) -> Iterator[tuple[str, float, bool]]:
        """Each layer's name, its values per pixel, and whether it is its block's last."""
        for block, (count, channels) in enumerate(zip(BLOCKS, CHANNELS, strict=True), 1):
            for index in range(1, count + 1):
                yield f"relu{block}_{index}", self.width * channels / 4 ** (block - 1), index == count


APPETITES: Mapping[str, Appetite] = {
    "vgg19-slim": Appetite(0.25, through=32.0, around=384.0, weights=6_473_088, margin=8),
    "vgg19": Appetite(1.0, through=128.0, around=1536.0, weights=103_527_936),
}


@dataclass(frozen=True)
class Footprint:
    """Bytes of a device's memory.

    Attributes:
        peak: in a step over the whole picture.
        held: between its turns.
        least: in a step over the smallest tiles, which a job is computed in where the whole does not fit.
        fixed: of each, whatever the size.
        whole: in a step, for the whole picture, however it is cut.
        part: likewise for each pixel that is under way; 0 where the picture cannot be cut.
        spilled: as `whole`, where its arrays lie on disk.
        least_spilled: as `least`, likewise.
        held_spilled: as `held`, likewise.
        scratch: bytes of disk, likewise; 0 where they may not lie there.
        host: bytes of the memory beside a GPU, likewise; 0 of a device whose memory is the system's own.
        crossing: for each pixel of a tile, likewise: of the GPU's memory beside `part`, and of that.
        pairs: of each that is in memory, what a longer history of L-BFGS takes than the usual one, where one was asked
            for.
        wished: likewise where it is the encoder's own default, which is given up where the whole does not fit with it.
    """

    peak: int
    held: int
    least: int
    fixed: int = BASE_BYTES
    whole: int = 0
    part: float = 0.0
    spilled: int = 0
    least_spilled: int = 0
    held_spilled: int = 0
    scratch: int = 0
    pairs: int = 0
    host: int = 0
    crossing: float = 0.0
    wished: int = 0

    def tile(self, limit: int, *, spilled: bool = False, host_limit: int = 0) -> int:
        """The side in px of the largest tiles within `limit` bytes: 0 where the whole fits, or cannot be cut.

        The smallest there are where nothing fits; as ``engine.memory`` says. `host_limit`: of the memory beside a GPU.
        """
        if (self.peak <= limit and not spilled) or not self.part:
            return 0
        if not spilled:
            return max(LEAST_TILE_PX, _side((limit - self.fixed - self.whole) / self.part))
        side = min(SPILLED_TILE_PX, _side((limit - self.fixed - self.spilled) / (self.part + self.crossing)))
        side = min(side, _side((host_limit - self.host) / self.crossing)) if self.host else side
        return max(LEAST_TILE_PX, side)

    def taken(self, tile: int, *, spilled: bool, history: int = USUAL_HISTORY) -> tuple[int, int]:
        """In a step, and between turns, of a job whose terms are fixed so."""
        if not spilled or not self.scratch:
            wished = self.wished if history > USUAL_HISTORY else 0
            return self.peak + wished, self.held + wished
        part = self.part + self.crossing
        under_way = min(self.peak - self.fixed - self.whole, int(part * (tile + AROUND_TILE_PX) ** 2))
        return max(self.least_spilled, self.fixed + self.spilled + under_way), self.held_spilled

    def wishes_too_much(self, limit: int) -> bool:
        """Whether the usual history must do, as the whole does not fit with the encoder's own longer one."""
        return bool(self.wished) and self.peak + self.wished > limit

    def spills(self, limit: int) -> bool:
        """Whether the picture's arrays should lie on disk, as tiles would be too small otherwise.

        Of a GPU where no tiles are small enough: what may stay in its memory does not go there and back.
        """
        small = self.least > limit if self.host else 0 < self.tile(limit) < SPILL_BELOW_PX
        return bool(self.scratch) and small

    def at_least(self, *, spills: bool) -> int:
        """`least`, on a device whose arrays may lie on disk, or not."""
        return min(self.least, self.least_spilled) if spills and self.scratch else self.least

    @property
    def host_least(self) -> int:
        """`host`, with the smallest tiles."""
        return self.host + int(self.crossing * LEAST_SEEN)


def footprint(
    spec: StylizeSpec, content: ImageHeader, styles: Sequence[ImageHeader], *, at_once: bool = False
) -> Footprint:
    """What a job will want of a device, from the sizes of its pictures; `at_once` of a GPU, see `AT_ONCE`."""
    appetite = APPETITES.get(spec.encoder, APPETITES["vgg19"])
    width, height = spec.result_header(content).width, spec.result_header(content).height
    around = 0 if spec.tileable else 2 * appetite.margin
    pixels = (width + around) * (height + around)
    style_pixels = [_style_pixels(style, spec.stroke_size, max(width, height)) for style in styles]
    settings = settings_of(spec)
    weights, longer = settings.weights, pixels * pairs_bytes(settings)
    asked = spec.history is not None
    pairs, wished = (longer, 0) if asked else (0, longer)
    part = appetite.kept(weights.style_layers) + (appetite.around if spec.tileable else appetite.through)
    part += spec.guides(content) * appetite.shares(weights.style_layers)
    part *= AT_ONCE if at_once else 1
    features = appetite.features(weights.content_layers)
    whole, spilled = pixels * (IMAGES_BYTES + features) + pairs, int(pixels * SPILLED_BYTES)
    style = min(max(style_pixels), STYLE_TILE_PX**2) * appetite.through * (STYLE_AT_ONCE if at_once else 1)
    uncut = spec.tileable and bool(width % TILE_STEP_PX or height % TILE_STEP_PX)
    peak = max(whole + pixels * part, style)
    under_way = (pixels if uncut else min(pixels, LEAST_SEEN)) * part
    opened = int((sum(style_pixels) + max(style_pixels)) / 2 * SPILLED_STYLE_BYTES)
    crossing = CROSSING_BYTES + features if at_once else 0.0
    spilled, opened, host = (0, 0, BASE_BYTES + spilled + opened) if at_once else (spilled, opened, 0)
    least_spilled = max(spilled + under_way + min(pixels, LEAST_SEEN) * crossing, style) + opened
    least = max(whole + under_way, style)
    held_spilled = int(sum(style_pixels) * HELD_STYLE_BYTES) + HELD_BASE_BYTES
    recorded = at_once and pixels <= RECORDED_PIXELS and spec.objective not in MOMENTS_BYTES
    held_cut = pixels * HELD_BYTES + pairs + held_spilled
    held = held_cut + pixels * part * recorded
    fixed = BASE_BYTES + appetite.weights + MOMENTS_BYTES.get(spec.objective, 0)
    peak, least = max(peak, held) + fixed, max(least, held_cut) + fixed
    cut = 0.0 if uncut else part
    scratch = int(pixels * (SCRATCH_BYTES + spec.masks(content) * SCRATCH_MASK_BYTES))
    spills = cut and (not asked or settings.history <= USUAL_HISTORY)
    disk = (spilled + opened, int(least_spilled) + fixed, held_spilled, scratch) if spills else (0, 0, 0, 0)
    return Footprint(int(peak), int(held), int(least), fixed, int(whole), cut, *disk, pairs, host, crossing, wished)


def _side(pixels: float) -> int:
    """Of a tile so large with what is around it."""
    return (isqrt(int(max(0, pixels))) - AROUND_TILE_PX) // TILE_STEP_PX * TILE_STEP_PX


def _style_pixels(header: ImageHeader, stroke_size: float, edge: int) -> int:
    """A style is used no larger than the finest scale can use."""
    most = round(stroke_size * edge)
    if max(header.width, header.height) <= most or min(header.width, header.height) <= 16:
        return header.width * header.height
    width, height = fit_long_side(header.width, header.height, most)
    return max(16, width) * max(16, height)


def check_fit(
    need: Footprint,
    header: ImageHeader,
    budgets: Sequence[int],
    at: Callable[[int], Footprint],
    *,
    spills: bool = False,
    host_bytes: int = 0,
) -> None:
    """Refuses what no device here can ever hold.

    Args:
        need: of the job.
        header: of its result.
        budgets: bytes that jobs may take, of each device; none known means that nobody can tell yet.
        at: what it would need if the longer side of its result had so many pixels.
        spills: whether arrays of the picture's size may lie on disk there.
        host_bytes: that jobs may take of the memory beside that device, where its own is another.

    Raises:
        CannotServe: with the numbers, and the largest size that would be served.
    """
    least, most = need.at_least(spills=spills), max(budgets, default=0)

    def lacking(one: Footprint) -> bool:
        return one.at_least(spills=spills) > most or (one.least > most and one.host_least > host_bytes)

    if not budgets or not lacking(need):
        return
    sides = range(Limits.min_side, max(header.width, header.height))
    fitting = bisect_left(sides, 1, key=lambda side: int(lacking(at(side))))
    whose = "a device's memory"
    if least <= most:
        whose, least, most = "the memory beside a device whose own is too small", need.host_least, host_bytes
    advice = f"ask for a size of at most {sides[fitting - 1]} px" if fitting else "it is too small to paint"
    advice += f", or for a shorter history, which takes {need.pairs >> 20} MiB of these" if need.pairs else ""
    raise CannotServe(
        f"{header.width}x{header.height} px need about {least >> 20} MiB of {whose}, and "
        f"{most >> 20} MiB are all that jobs may take: {advice}",
        reason="DOES_NOT_FIT",
    )


def check_scratch(need: Footprint, header: ImageHeader, free_bytes: int) -> None:
    """Refuses a job whose arrays are to lie on a disk that has no room for them.

    Raises:
        CannotServe: with the numbers.
    """
    if need.scratch > free_bytes:
        raise CannotServe(
            f"{header.width}x{header.height} px do not fit into memory, and need about {need.scratch >> 20} MiB of the "
            f"disk while they are painted, of which {max(0, free_bytes) >> 20} MiB are free: make room on it, or ask "
            "for a smaller size",
            reason="DISK_FULL",
        )


def superseded(job: Job, unfinished: Sequence[Job]) -> list[Job]:
    """Older previews that a new one makes needless: its client's, of the same labels, if it has any."""
    if job.priority is not Priority.INTERACTIVE or not job.labels:
        return []
    return [
        other
        for other in unfinished
        if (other.owner, other.client, other.priority) == (job.owner, job.client, job.priority)
        and dict(other.labels) == dict(job.labels)
    ]


def check_room(
    job: Job, unfinished: Sequence[Job], limits: Limits, retry_s: Callable[[], float] = lambda: RETRY_S
) -> None:
    """Refuses one job more than a client, or all together, may have unfinished.

    Args:
        job: the new one.
        unfinished: all that were taken in and have not ended.
        limits: see `Limits`.
        retry_s: when the caller should try again; found out only where one is refused.

    Raises:
        Busy: with the numbers, whose quota it is, and when to try again.
    """
    own = sum(other.account == job.account for other in unfinished)
    if own >= limits.max_jobs_per_client:
        whose = "this client" if job.account == job.client else "whoever has this token"
        told = f"{whose} has {own} jobs under way; at most {limits.max_jobs_per_client} are allowed"
        raise Busy(f"{told}: wait for one to end", reason="CLIENT_QUEUE_FULL", subject="client", retry_s=retry_s())
    if len(unfinished) >= limits.max_jobs:
        told = f"{len(unfinished)} jobs are under way; at most {limits.max_jobs} are allowed"
        raise Busy(f"{told}: try again later", reason="QUEUE_FULL", subject="daemon", retry_s=retry_s())
