"""One pixel of a drawable as 2.10's procedures gave it: bytes, as many as channels, in the drawable's own order.

Called by the table's rows. An indexed drawable's byte is an index.
"""

from collections.abc import Sequence
from typing import Any

from ._door import Babl, Gegl


def pixel_format(drawable: Any) -> str | None:
    """The 8-bit format of a drawable; None for its own, where that is indexed."""
    if drawable.is_indexed():
        return None
    base = "Y'" if drawable.is_gray() or drawable.get_bpp() == 1 else "R'G'B'"
    return f"{base}{'A' if drawable.has_alpha() else ''} u8"


def channels(drawable: Any) -> int:
    """Bytes of one pixel at 8 bits."""
    colours = 3 if drawable.is_rgb() else 1
    return colours + (1 if drawable.has_alpha() else 0)


def _place(drawable: Any, x: int, y: int) -> Any:
    if not (0 <= x < drawable.get_width() and 0 <= y < drawable.get_height()):
        size = f"{drawable.get_width()} x {drawable.get_height()}"
        raise RuntimeError(f"pixel ({x}, {y}) is outside the drawable, which has {size} pixels")
    return Gegl.Rectangle.new(x, y, 1, 1)


def read_pixel(drawable: Any, x: int, y: int) -> tuple[int, ...]:
    """The bytes at (x, y). Raises RuntimeError outside the drawable."""
    place = _place(drawable, x, y)
    return tuple(bytes(drawable.get_buffer().get(place, 1.0, pixel_format(drawable), Gegl.AbyssPolicy.NONE)))


def write_pixel(drawable: Any, x: int, y: int, values: Sequence[int]) -> None:
    """Sets the bytes at (x, y). Raises RuntimeError outside the drawable and for another number of bytes."""
    place = _place(drawable, x, y)
    if len(values) != channels(drawable):
        raise RuntimeError(f"the drawable has {channels(drawable)} channels, got {len(values)} values")
    buffer = drawable.get_buffer()
    buffer.set(place, pixel_format(drawable) or Babl.get_name(drawable.get_format()), bytes(v & 255 for v in values))
    buffer.flush()
    drawable.update(x, y, 1, 1)
