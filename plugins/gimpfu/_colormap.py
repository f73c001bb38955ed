"""Colours of an indexed image as the bytes that 2.10 gave and took: r, g, b, r, g, b.

GIMP 3 keeps them as a palette of the image. Called by the table's rows and by `image.colormap`.
"""

from collections.abc import Sequence
from typing import Any

from . import gimpcolor

MOST_COLOURS = 256


def read_colormap(image: Any) -> tuple[int, ...]:
    """Three bytes a colour; empty for an image without a colormap. `image` is GIMP 3's."""
    palette = image.get_palette()
    if palette is None:
        return ()
    colours = (gimpcolor.from_native(colour) for colour in palette.get_colors())
    return tuple(value for colour in colours for value in colour[:3])


def write_colormap(image: Any, values: Sequence[int]) -> None:
    """Sets the colours of an indexed image.

    Raises:
        RuntimeError: for an image that has no palette, or a number of bytes that is no colormap.
    """
    palette = image.get_palette()
    if palette is None:
        raise RuntimeError("the image is not indexed: it has no colormap to set")
    count, rest = divmod(len(values), 3)
    if rest or count > MOST_COLOURS:
        raise RuntimeError(f"a colormap has 3 bytes a colour and at most {3 * MOST_COLOURS}, got {len(values)}")
    present = palette.get_color_count()
    for index in range(count):
        colour = gimpcolor.native(tuple(int(value) for value in values[3 * index : 3 * index + 3]))
        if index < present:
            palette.set_entry_color(index, colour)
        else:
            palette.add_entry("", colour)
    for index in range(present - 1, count - 1, -1):
        palette.delete_entry(index)
