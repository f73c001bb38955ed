"""Memory: what a run needs at its peak, from the sizes of its pictures (measured peaks lie below it), and want of it.

Knows what `Passage` keeps and what L-BFGS remembers. Must not know devices or what is free on them. ``worker.painting``
asks before a job begins; ``scheduling.admission`` says the same without torch, and tests compare.
tests/bench/engine.py weighs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from types import MappingProxyType

from impasto.engine.encoder import VGG
from impasto.engine.objective import STYLE_TILE_PX
from impasto.engine.passage import groups
from impasto.engine.passage.chain import Unit, chain_of
from impasto.engine.passage.tiling import FEATURE_MARGIN_PX, GRADIENT_MARGIN_PX, STEP_PX
from impasto.method import ObjectiveName
from impasto.method.settings import USUAL_HISTORY, Settings, pairs_bytes

TORCH_BYTES = 256 << 20  # code that torch loads at the first step, its workspaces, and strips of rows under way
# What moments take more than Gram matrices: LAPACK and its matrices, at any size.
MOMENTS_BYTES: Mapping[ObjectiveName, int] = MappingProxyType({"spst": 64 << 20, "w2": 128 << 20})
SPILLED_BYTES = 8.0  # per pixel, where arrays lie on disk: the waves of a channel, what the system wants for pages
SCRATCH_BYTES = 300.0  # per pixel, of the disk then: X, its gradient, the pairs and what is under way, old and new
SCRATCH_MASK_BYTES = 16.0  # per pixel and mask, likewise: as given, at its scale, what its positions count
SPILLED_STYLE_BYTES = 24.0  # per pixel of a style then: itself, and what is made of it when it is opened
CROSSING_BYTES = 64.0  # per pixel of a tile that goes to a GPU and back: X, its gradient and copies, on either side
SPILLED_TILE_PX = 3072  # the largest then: those without end save a tenth of the work, and leave no memory to others
SPILL_BELOW_PX = 768  # smaller tiles cost more than the disk does: every step more than twice the work
IMAGES_BYTES = 3 * 4 * (2 * USUAL_HISTORY + 31)  # per pixel: pairs, X, copies, spectra, a state, what malloc keeps
# A GPU runs layers as a whole (``at_once``): what is under way takes so many times as much, and a style. With all that
# a recorded evaluation keeps, an H100 held 2530 bytes a pixel of vgg19 at 1024 px in float32, 1842 at 2048 px in mixed
# precision and 668 of vgg19-slim. Under way were 3.2, 2.2 and 1.0 times a processor's; other images have room to spare.
AT_ONCE, STYLE_AT_ONCE = 2.75, 4.0
WRAPPED_LAYERS = 6  # copies of the largest layer where a picture goes around, as it is then not cut into strips
LEAST_TILE_PX = 128  # with smaller ones nearly all work is done around them


# As CUDA, torch's allocator on a CPU, oneDNN and the system say it. oneDNN tells only what it could not create, cuDNN
# that it found no algorithm, as each wanted more than there was, and CUDA's other libraries have a status of that name:
# of what this engine asks for, nothing but want of memory keeps them from it.
OUT_OF_MEMORY = (
    *("out of memory", "can't allocate memory", "cannot allocate memory"),
    *("could not create a memory object", "could not create a primitive"),
    *("_status_alloc_failed", "unable to find an engine to execute", "unable to find a valid cudnn algorithm"),
)


@dataclass(frozen=True)
class Need:
    """Bytes: `whole` for each pixel of the picture, or `spilled`; `part` for each under way, `style`, `fixed`.

    Of a GPU that is all in its memory, and spilled the picture and its styles are the host's: see `host`. There a pixel
    of a tile takes `crossing` in both.
    """

    whole: float
    spilled: float
    part: float
    style: float
    fixed: int
    opened: float = SPILLED_STYLE_BYTES
    crossing: float = 0.0

    def bytes(self, pixels: int, style_pixels: int, tile: int, *, spilled: bool = False) -> int:
        """At the peak, in tiles of that side or, at 0, as a whole."""
        under_way = min(pixels, (tile + 2 * GRADIENT_MARGIN_PX) ** 2) if tile else pixels
        style = min(style_pixels, (STYLE_TILE_PX + 2 * FEATURE_MARGIN_PX) ** 2) * self.style
        beside, part = style_pixels * self.opened * spilled, self._part(spilled=spilled)
        return int(max(pixels * self._whole(spilled=spilled) + under_way * part, style) + beside) + self.fixed

    def host(self, pixels: int, style_pixels: int, tile: int) -> int:
        """Bytes of the host's memory beside a GPU, spilled and in tiles of that side."""
        crossing = min(pixels, (tile + 2 * GRADIENT_MARGIN_PX) ** 2) * self.crossing
        return TORCH_BYTES + int(pixels * SPILLED_BYTES + style_pixels * SPILLED_STYLE_BYTES + crossing)

    def tile(self, pixels: int, style_pixels: int, limit: int, *, spilled: bool = False) -> int:
        """The largest tiles within `limit` bytes: 0 where the whole fits, the least ones where nothing does.

        Spilled, a picture is always cut, if into a single one.
        """
        if not spilled and self.bytes(pixels, style_pixels, 0) <= limit:
            return 0
        beside = style_pixels * self.opened * spilled
        room = max(0, limit - self.fixed - pixels * self._whole(spilled=spilled) - beside) / self._part(spilled=spilled)
        side = max(LEAST_TILE_PX, (isqrt(int(room)) - 2 * GRADIENT_MARGIN_PX) // STEP_PX * STEP_PX)
        return min(side, SPILLED_TILE_PX) if spilled else side

    def _whole(self, *, spilled: bool) -> float:
        return self.spilled if spilled else self.whole

    def _part(self, *, spilled: bool) -> float:
        return self.part + self.crossing * spilled


def need_of(encoder: VGG, settings: Settings, guides: int = 0) -> Need:
    """Of a run in float32, which takes more than mixed precision.

    `guides`: of how many terms of J each position counts by a mask, a selection's or a region's.
    """
    chain = chain_of(encoder, next(encoder.parameters()).dtype)
    assert chain is not None  # all that are shipped or fetched are
    style, content = tuple(settings.weights.style_layers), tuple(settings.weights.content_layers)
    features, gpu = features_bytes(chain.units, content), chain.units[0].weight.is_cuda
    under_way = kept_bytes(chain.units, style) + _through(chain.units, wraps=settings.tileable)
    return Need(
        whole=IMAGES_BYTES + pairs_bytes(settings) + features,
        spilled=0.0 if gpu else SPILLED_BYTES,
        part=(under_way + guides * shares_bytes(chain.units, style)) * (AT_ONCE if gpu else 1),
        style=_through(chain.units, wraps=False) * (STYLE_AT_ONCE if gpu else 1),
        fixed=TORCH_BYTES
        + MOMENTS_BYTES.get(settings.objective, 0)
        + 2 * sum(unit.weight.nbytes for unit in chain.units),
        opened=0.0 if gpu else SPILLED_STYLE_BYTES,
        crossing=CROSSING_BYTES + features if gpu else 0.0,
    )


def bytes_needed(encoder: VGG, pixels: int, style_pixels: int, settings: Settings, guides: int = 0) -> int:
    """Of a run at `pixels`, margin included, with a style at `style_pixels`; `guides` as in `need_of`."""
    return need_of(encoder, settings, guides).bytes(pixels, style_pixels, settings.tile, spilled=settings.spilled)


def fitted(  # what a prediction depends on
    encoder: VGG,
    size: tuple[int, int],
    style_pixels: int,
    settings: Settings,
    limit: int,
    *,
    spills: bool = False,
    guides: int = 0,
) -> Settings:
    """The settings with the largest tiles within `limit` bytes, if the whole does not fit.

    Where those would be too small, and `spills` says that there is room on a disk, the picture's arrays go there; not
    with a longer history than the usual one, which would be read from it at every step. From a GPU they go there
    only where no tiles in its memory are small enough, as all of them go there and back then.
    A picture that goes around can be cut where its sides are multiples of 16; others stay whole, and may not fit.
    """
    if settings.tileable and any(side % STEP_PX for side in size):
        return settings
    pixels, need = size[0] * size[1], need_of(encoder, settings, guides)
    tile, gpu = need.tile(pixels, style_pixels, limit), need.crossing > 0
    small = need.bytes(pixels, style_pixels, LEAST_TILE_PX) > limit if gpu else 0 < tile < SPILL_BELOW_PX
    spilled = spills and small and settings.history <= USUAL_HISTORY
    tile = need.tile(pixels, style_pixels, limit, spilled=True) if spilled else tile
    return replace(settings, tile=tile, spilled=spilled, tiles_on_gpu=spilled and gpu)


def within(  # likewise
    encoder: VGG,
    size: tuple[int, int],
    style_pixels: int,
    settings: Settings,
    limit: int,
    *,
    spills: bool = False,
    guides: int = 0,
) -> tuple[Settings, int]:
    """The settings as they are where they fit into `limit` bytes, else in tiles that fit best; and what is needed."""
    needed = bytes_needed(encoder, size[0] * size[1], style_pixels, settings, guides)
    if needed <= limit:
        return settings, needed
    cut = fitted(encoder, size, style_pixels, settings, limit, spills=spills, guides=guides)
    return cut, bytes_needed(encoder, size[0] * size[1], style_pixels, cut, guides)


def smaller(settings: Settings, size: tuple[int, int]) -> Settings | None:
    """The settings with tiles of half the side, for a picture of `size` that found less memory than was predicted.

    None where there are no smaller ones.
    """
    uncut = settings.tileable and any(side % STEP_PX for side in size)
    now = min(settings.tile or max(size), max(size))
    if uncut or now <= LEAST_TILE_PX:
        return None
    return replace(settings, tile=max(LEAST_TILE_PX, now // 2 // STEP_PX * STEP_PX))


def features_bytes(units: Sequence[Unit], content: Sequence[str]) -> float:
    """Per pixel of the picture: the content's features, its target's and the gradient."""
    total, area = 0.0, 1.0
    for unit in units:
        total += 3 * 4 * area * unit.channels * (unit.name in content)
        area /= 4 if unit.pool else 1
    return total


def kept_bytes(units: Sequence[Unit], style: Sequence[str]) -> float:
    """Per pixel that is under way, for the way back: style features, and a bit for all else."""
    total, area = 0.0, 1.0
    for unit in units:
        features, bits = unit.name in style, unit.name not in style or unit.pool
        total += area * unit.channels * (bool(bits) / 8 + 4 * features)
        area /= 4 if unit.pool else 1
    return total


def shares_bytes(units: Sequence[Unit], style: Sequence[str]) -> float:
    """Per pixel that is under way, for each guide: what the positions of style layers count."""
    total, area = 0.0, 1.0
    for unit in units:
        total += 4 * area * (unit.name in style)
        area /= 4 if unit.pool else 1
    return total


def _through(units: Sequence[Unit], *, wraps: bool) -> float:
    """Per pixel: the input and the output of the group of layers that is being run, where they are largest."""
    largest, area, before = 0.0, 1.0, 3.0
    for group in groups(units):
        if wraps:
            largest = max(largest, *(WRAPPED_LAYERS * area * unit.channels for unit in group))
        area /= 4 if group[-1].pool else 1
        after = area * group[-1].channels
        largest, before = max(largest, before + after), after
    return 4 * largest


def wants_memory(error: BaseException) -> bool:
    """Whether torch, oneDNN, numpy or the system found no memory for something."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)
