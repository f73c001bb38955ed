"""Pictures as tensors of the size at which they are used, some rows at a time.

Knows pixels, pictures and the engine's resampling. Must not know jobs. ``material`` calls it where arrays lie in
memory, and ``inspection``. A photo of a hundred megapixels is painted at 1024 px more often than not: what is in memory
of it then is a band of rows, and the picture made narrow, instead of five copies of the whole in floats. Rows are seen
singly and resampling goes along them first, so the numbers are those of the whole at once.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from impasto import pixels
from impasto.engine import Pulse
from impasto.engine.encoder import resize
from impasto.image import ImageHeader
from impasto.worker.studio import Picture

BAND_PIXELS = 1 << 20  # 12 MiB of floats in colour
Size = tuple[int, int]  # width and height, in pixels


def bands(picture: Picture) -> Iterator[slice]:
    """The picture's rows, some at a time."""
    width, height = picture.header.width, picture.header.height
    count = max(1, BAND_PIXELS // width)
    for first in range(0, height, count):
        yield slice(first, min(height, first + count))


def seen(picture: Picture, size: Size, field: str, pulse: Pulse) -> Tensor:
    """What is seen of a picture, (1, 3, H, W), with the mean of that where nothing is: see `pixels.shown`."""
    mean = _mean(picture, field, pulse) if has_holes(picture) else None

    def look(rows: slice) -> Tensor:
        light = _colour(picture, rows, field, pulse)
        return light if mean is None else torch.where(_cover(picture, rows) > 0, light, mean)

    return _sized(picture, size, look)


def lent(picture: Picture, size: Size, field: str, pulse: Pulse) -> tuple[Tensor, Tensor | None]:
    """A style (1, 3, H, W), and how much each place counts (1, 1, H, W) if not all count alike: see `pixels.opaque`."""
    if not _has_alpha(picture) or _every(picture, lambda alpha: bool((alpha == 1).all())):
        return _sized(picture, size, lambda rows: _colour(picture, rows, field, pulse)), None
    mean = _mean(picture, field, pulse)

    def look(rows: slice) -> Tensor:
        light, alpha = _colour(picture, rows, field, pulse), _cover(picture, rows)
        return light if mean is None else light * alpha + mean * (1 - alpha)

    return _sized(picture, size, look), _sized(picture, size, lambda rows: _cover(picture, rows)).clamp(0, 1)


def cover(picture: Picture, size: Size) -> Tensor | None:
    """A picture's alpha, (1, 1, H, W) in [0, 1], if it has any."""
    return _sized(picture, size, lambda rows: _cover(picture, rows)) if _has_alpha(picture) else None


def mask(picture: Picture, size: Size) -> Tensor:
    """How much a mask selects of each place, (1, 1, H, W) in [0, 1]."""
    return _sized(picture, size, lambda rows: _selected(picture, rows))


def painted(content: Picture, chosen: Picture | None, size: Size) -> Tensor | None:
    """How much of each pixel of the content is painted, (1, 1, H, W); None where all of all is.

    Transparent pixels are not: they keep their hidden colours, and the style is matched without them. A mask has the
    content's size.
    """
    holes = has_holes(content)
    if chosen is None and not holes:
        return None
    return _sized(content, size, lambda rows: _painted(content, chosen, rows, holes=holes))


def selects_nothing(content: Picture, chosen: Picture | None) -> bool:
    """Whether mask and alpha leave no pixel to be painted."""
    holes = has_holes(content)
    if chosen is None and not holes:
        return False
    return not any(bool(_painted(content, chosen, rows, holes=holes).any()) for rows in bands(content))


def has_holes(picture: Picture) -> bool:
    """Whether anything of a picture is wholly transparent."""
    return _has_alpha(picture) and not _every(picture, lambda alpha: bool((alpha > 0).all()))


def _painted(content: Picture, chosen: Picture | None, rows: slice, *, holes: bool) -> Tensor:
    there = (_cover(content, rows) > 0).float() if holes else None
    if chosen is None:
        assert there is not None
        return there
    selected = _selected(chosen, rows)
    return selected if there is None else selected * there


def _sized(picture: Picture, size: Size, look: Callable[[slice], Tensor]) -> Tensor:
    """What `look` sees of each band, put together at a size, within the reach of what was seen."""
    (width, height), header = size, picture.header
    whole: Tensor | None = None
    least, most = 0.0, 1.0
    for rows in bands(picture):
        band = look(rows)
        reach = pixels.reach_of(band)
        least, most = min(least, reach[0]), max(most, reach[1])
        if whole is None:
            whole = band.new_empty(1, band.shape[1], header.height, width)
        whole[:, :, rows] = resize(band, rows.stop - rows.start, width)
    assert whole is not None
    return whole if size == (header.width, header.height) else resize(whole, height, width).clamp(least, most)


def _mean(picture: Picture, field: str, pulse: Pulse) -> Tensor | None:
    """The mean colour of what is seen, (1, 3, 1, 1); None where nothing is."""
    total, weight = torch.zeros(1, 3, 1, 1, dtype=torch.float64), 0.0
    for rows in bands(picture):
        alpha = _cover(picture, rows)
        total += (_colour(picture, rows, field, pulse) * alpha).sum((2, 3), keepdim=True)
        weight += float(alpha.sum(dtype=torch.float64))
    return (total / weight).float() if weight else None


def _every(picture: Picture, holds: Callable[[Tensor], bool]) -> bool:
    return all(holds(_cover(picture, rows)) for rows in bands(picture))


def _has_alpha(picture: Picture) -> bool:
    return picture.header.pixel_format.has_alpha


def _colour(picture: Picture, rows: slice, field: str, pulse: Pulse) -> Tensor:
    pulse()
    return pixels.colour(picture.samples[rows], _header(picture, rows), field, pulse)


def _cover(picture: Picture, rows: slice) -> Tensor:
    alpha = pixels.coverage(picture.samples[rows], _header(picture, rows))
    assert alpha is not None
    return alpha


def _selected(picture: Picture, rows: slice) -> Tensor:
    return pixels.mask(picture.samples[rows], _header(picture, rows))


def _header(picture: Picture, rows: slice) -> ImageHeader:
    return picture.header.resized(picture.header.width, rows.stop - rows.start)
