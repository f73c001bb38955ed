"""Pixels of a drawable as bytes: the format that a script sees them in, and when what it wrote reaches GIMP.

Everything of the API that touches pixels goes through one View per drawable, so a region sees what a tile wrote. GIMP
sees it after `settle`, which comes before anything else is done with the drawable, and the view is then taken anew,
so a script sees what GIMP did. As in 2.10 a script sees 8 bits a channel, whatever the image has, until it enables
precision.
"""

from typing import Any

from ._door import Babl, Gegl, Gimp
from ._error import error

_views: dict[tuple[int, bool], "View"] = {}
_native_precision = False


def enable_precision() -> None:
    """From now on bytes are the image's own: `gimp_plugin_enable_precision`."""
    global _native_precision  # noqa: PLW0603  # 2.10 keeps it for the whole plug-in, too
    settle()
    _native_precision = True


def precision_enabled() -> bool:
    """Whether a script sees the image's own bytes."""
    return _native_precision


def is_eight_bit(drawable: Any) -> bool:
    """Whether the drawable's own bytes are what 2.10 would have shown: 8 bits, not linear."""
    return int(drawable.get_image().get_precision()) == int(Gimp.Precision.U8_NON_LINEAR)


def channels(drawable: Any) -> int:
    """Colour channels and alpha of a drawable."""
    colours = 3 if drawable.is_rgb() else 1
    return colours + bool(drawable.has_alpha())


def bpp(drawable: Any) -> int:
    """Bytes a pixel, as a script sees them."""
    return int(drawable.get_bpp()) if _native_precision else channels(drawable)


def format_name(drawable: Any) -> str:
    """Babl's name of the format in which a script sees the drawable's pixels, in the image's own colour space."""
    own = drawable.get_format()
    if _native_precision or drawable.is_indexed() or is_eight_bit(drawable):
        return str(Babl.get_name(own))
    if drawable.is_channel():
        return "Y u8"
    base = ("R'G'B'" if drawable.is_rgb() else "Y'") + ("A" if drawable.has_alpha() else "")
    return str(Babl.get_name(Babl.format_with_space(f"{base} u8", own)))


class View:
    """The pixels of a drawable, or of its shadow, x from the left and y from the top, in the drawable's own pixels."""

    def __init__(self, drawable: Any, *, shadow: bool) -> None:
        if not drawable.is_valid():
            raise error("the drawable is gone: it was deleted, or merged into another")
        self.drawable = drawable
        self.shadow = shadow
        self.width, self.height = int(drawable.get_width()), int(drawable.get_height())
        self.bpp = bpp(drawable)
        self.format = format_name(drawable)
        self.buffer = drawable.get_shadow_buffer() if shadow else drawable.get_buffer()
        self.written: tuple[int, int, int, int] | None = None

    def read(self, x: int, y: int, width: int, height: int) -> bytes:
        """Bytes of a rectangle, row by row."""
        if not width or not height:
            return b""
        return bytes(self.buffer.get(Gegl.Rectangle.new(x, y, width, height), 1.0, self.format, Gegl.AbyssPolicy.NONE))

    def write(self, x: int, y: int, width: int, height: int, data: bytes) -> None:
        """Sets a rectangle, row by row.

        Raises:
            TypeError: for another number of bytes than the rectangle has; GEGL would drop them without a word.
            error: when the drawable cannot be written.
        """
        wanted = width * height * self.bpp
        if len(data) != wanted:
            size = f"{width} x {height} pixels of {self.bpp} bytes are {wanted}"
            raise TypeError(f"string is wrong length: {size}, got {len(data)}")
        if not wanted:
            return
        if self.written is None and not self.shadow:
            writable(self.drawable)
        self.buffer.set(Gegl.Rectangle.new(x, y, width, height), self.format, data)
        left, top, right, bottom = self.written or (x, y, x + width, y + height)
        self.written = (min(left, x), min(top, y), max(right, x + width), max(bottom, y + height))

    def settle(self) -> None:
        """Hands what was written to GIMP."""
        if self.written is None or not self.drawable.is_valid():
            return
        self.buffer.flush()
        left, top, right, bottom = self.written
        if not self.shadow:
            self.drawable.update(left, top, right - left, bottom - top)


def writable(drawable: Any) -> None:
    """Returns when pixels of the drawable may be set; GIMP ends a plug-in that tries where they may not.

    Raises:
        error: for a group, whose pixels are those of its layers, and for a drawable whose pixels are locked.
    """
    name = drawable.get_name()
    if drawable.is_group():
        raise error(f"'{name}' is a group: its pixels are those of its layers, write there")
    if drawable.get_lock_content():
        raise error(f"the pixels of '{name}' are locked: unlock them first")


def view(drawable: Any, *, shadow: bool = False) -> View:
    """The one view of a GIMP 3 drawable, or of its shadow, until the next `settle`."""
    key = (int(drawable.get_id()), shadow)
    found = _views.get(key)
    if found is None:
        found = _views[key] = View(drawable, shadow=shadow)
    return found


def settle() -> None:
    """Hands all that was written to GIMP; what is read after is read anew."""
    while _views:
        _views.popitem()[1].settle()
