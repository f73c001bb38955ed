"""A picture that was painted smaller, at the size of what was painted, some rows at a time.

Knows samples, numpy and Pillow's resampling of floats. Must not know frames or the daemon. ``painting`` calls it for
editors: their own ways of enlarging end at 10 000 px (GEGL's ``scale-size``), or keep their window waiting (Krita's).
Bicubic as the engine's; colours count as much as is seen of them; nothing passes through 8 bits.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.image import ImageHeader, SampleType
from impasto.pictures import Picture

BAND_BYTES = 1 << 20
SEEN = 1e-4  # less alpha than that tells no colour apart: hidden ones count there
Floats: TypeAlias = npt.NDArray[np.float32]


def bands(small: Picture, large: Picture) -> Iterator[bytes]:
    """The samples of `small` at the size of `large`, from above, with the very alpha that `large` has.

    Both are of one kind. A band is about a megabyte.
    """
    header = large.header
    planes, reach = _Planes(small), _reach(small)
    own = _samples(large)
    rows = max(1, BAND_BYTES * header.height // header.size_bytes)
    for top in range(0, header.height, rows):
        count = min(rows, header.height - top)
        made = _stored(planes.band(header, top, count).clip(*reach), header.sample_type)
        if header.pixel_format.has_alpha:
            made[..., -1] = own[top : top + count, :, -1]
        yield made.tobytes()


class _Planes:
    """Each channel as an image of floats; where something is transparent, colours times alpha beside plain ones."""

    def __init__(self, small: Picture) -> None:
        header, values = small.header, _samples(small).astype(np.float32)
        self._size, self._white = (header.width, header.height), header.sample_type.white
        self._weighs = (
            header.pixel_format.has_alpha
            and not header.premultiplied_alpha
            and bool((values[..., -1] < self._white).any())
        )
        channels = [values[..., channel] for channel in range(values.shape[-1])]
        if self._weighs:
            channels += [channel * (values[..., -1] / self._white) for channel in channels[:-1]]
        self._images = [Image.fromarray(np.ascontiguousarray(channel)) for channel in channels]

    def band(self, header: ImageHeader, top: int, count: int) -> Floats:
        """Rows of the large picture, (count, W, C)."""
        width, height = self._size
        box = (0.0, top * height / header.height, float(width), min(height, (top + count) * height / header.height))
        size, bicubic = (header.width, count), Image.Resampling.BICUBIC
        found = [np.asarray(image.resize(size, bicubic, box=box)) for image in self._images]
        if not self._weighs:
            return np.stack(found, -1)
        colours = len(found) // 2
        alpha = found[colours] / self._white
        plain, weighed = np.stack(found[:colours], -1), np.stack(found[colours + 1 :], -1)
        seen = np.maximum(alpha, SEEN)[..., None]
        light = np.where(alpha[..., None] > SEEN, weighed / seen, plain)
        return np.concatenate([light, found[colours][..., None]], -1)


def _samples(picture: Picture) -> npt.NDArray[np.generic]:
    return np.frombuffer(picture.samples, picture.header.sample_type.dtype).reshape(picture.header.shape)


def _reach(small: Picture) -> tuple[float, float]:
    """What a resampled value may be: nothing beyond all that there was, as a sharp edge overshoots."""
    if not small.header.sample_type.is_float:
        return 0.0, small.header.sample_type.white
    values = _samples(small)
    return float(values.min()), float(values.max())


def _stored(values: Floats, sample_type: SampleType) -> npt.NDArray[np.generic]:
    return (values if sample_type.is_float else np.rint(values)).astype(sample_type.dtype)
