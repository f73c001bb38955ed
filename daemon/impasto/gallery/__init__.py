"""Pictures drawn by code: content scenes, style pictures, and the sheet that shows them side by side.

The face of the room: names, `draw` and `contact_sheet`. Everything is numpy and Pillow, seeded, and scales with the
size asked for; nothing is read from disk and nothing is known of networks or daemons. Called by `make demo`, by tests
and by whoever wants a picture without owning one.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
from numpy.random import Generator
from PIL import Image

from impasto.gallery.canvas import Field, Frame
from impasto.gallery.cubist import cubist
from impasto.gallery.embroidery import embroidery
from impasto.gallery.harbour import harbour
from impasto.gallery.ink_wash import ink_wash
from impasto.gallery.marbled import marbled
from impasto.gallery.mosaic import mosaic
from impasto.gallery.palette_knife import palette_knife
from impasto.gallery.pastel import pastel
from impasto.gallery.pointillist import pointillist
from impasto.gallery.sheet import contact_sheet
from impasto.gallery.stained_glass import stained_glass
from impasto.gallery.still_life import still_life
from impasto.gallery.swirl import swirl
from impasto.gallery.watercolour import watercolour
from impasto.gallery.woodcut import woodcut

__all__ = ["CONTENTS", "STYLES", "contact_sheet", "draw"]

_Painter = Callable[[Frame, Generator], Field]

_SCENES: dict[str, _Painter] = {"harbour": harbour, "still-life": still_life}
_STYLES: dict[str, _Painter] = {
    "swirl": swirl,
    "woodcut": woodcut,
    "mosaic": mosaic,
    "watercolour": watercolour,
    "pointillist": pointillist,
    "stained-glass": stained_glass,
    "ink-wash": ink_wash,
    "embroidery": embroidery,
    "cubist": cubist,
    "pastel": pastel,
    "marbled": marbled,
    "palette-knife": palette_knife,
}

CONTENTS: tuple[str, ...] = tuple(_SCENES)
"""Scenes to be stylised."""
STYLES: tuple[str, ...] = tuple(_STYLES)
"""Pictures to take the style from."""

_MIN_SIDE = 16
_OVERSAMPLING = ((12_000, 4), (2_500_000, 2))
"""Up to so many pixels, so many are painted for each, each way: a thumbnail's lines are far finer than its pixels.
A larger picture is painted as it is: its edges are fine enough by then."""


def draw(name: str, *, width: int = 768, height: int = 576, seed: int = 0) -> Image.Image:
    """Draw one picture.

    The composition is the same at every size and made for 4:3; other shapes show the middle of it.

    Args:
        name: one of `CONTENTS` or `STYLES`.
        width: in pixels, at least 16.
        height: in pixels, at least 16.
        seed: same arguments, same bytes; another seed is another hand at the same motif.

    Raises:
        ValueError: no such picture, or a side below 16 pixels.
    """
    painter = (_SCENES | _STYLES).get(name)
    if painter is None:
        raise ValueError(f"no picture named {name!r}; there are: {', '.join(CONTENTS + STYLES)}")
    if min(width, height) < _MIN_SIDE:
        raise ValueError(f"size is {width}x{height} pixels, and each side must have at least {_MIN_SIDE}")
    factor = next((factor for pixels, factor in _OVERSAMPLING if width * height <= pixels), 1)
    rng = np.random.default_rng([seed, crc32(name.encode())])
    rgb = painter(Frame.cover(width, height).finer(factor), rng)
    pixels = (np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels, "RGB").reduce(factor)
