"""`gimp.Drawable`: what layers, channels and masks have in common, pixels first.

The base of `Layer` and `Channel`; scripts get it by name for isinstance.
"""

from typing import Any

from . import _buffers, _enums
from ._door import Gimp
from ._error import done, error
from ._item import Sized
from ._pixels import TILE, PixelRgn, Tile, pixel_bytes
from ._transform import Transforms

FOREGROUND_FILL = 0


class Drawable(Transforms, Sized):
    """Something with pixels."""

    @property
    def bpp(self) -> int:
        """Bytes a pixel, as `get_pixel_rgn` gives them."""
        return _buffers.bpp(self._native)

    @property
    def has_alpha(self) -> bool:
        """Whether it has an alpha channel."""
        return bool(self._native.has_alpha())

    @property
    def is_rgb(self) -> bool:
        """Whether it has red, green and blue."""
        return bool(self._native.is_rgb())

    @property
    def is_gray(self) -> bool:
        """Whether it has gray alone."""
        return bool(self._native.is_gray())

    is_grey = is_gray

    @property
    def is_indexed(self) -> bool:
        """Whether its pixels are numbers of colours."""
        return bool(self._native.is_indexed())

    @property
    def is_layer_mask(self) -> bool:
        """Whether it is a layer's mask."""
        return bool(self._native.is_layer_mask())

    @property
    def mask_bounds(self) -> tuple[int, int, int, int]:
        """Corners x1, y1, x2, y2 of the selected part, in its own pixels; of the whole without a selection."""
        _, x1, y1, x2, y2 = self.native.mask_bounds()
        return x1, y1, x2, y2

    def mask_intersect(self) -> tuple[int, int, int, int]:
        """Rectangle x, y, width, height of the selected part, in its own pixels. Raises `error` where there is none."""
        some, x, y, width, height = self.native.mask_intersect()
        if not some:
            raise error(f"could not get selection bounds of {self!r}: the selection does not touch it")
        return x, y, width, height

    @property
    def offsets(self) -> tuple[int, int]:
        """Its corner in the image, x and y."""
        _, x, y = self._native.get_offsets()
        return x, y

    @property
    def type(self) -> int:
        """RGB_IMAGE, RGBA_IMAGE, GRAY_IMAGE and so on."""
        return int(self._native.type())

    @property
    def type_with_alpha(self) -> int:
        """The type that it would have with an alpha channel."""
        return int(self._native.type_with_alpha())

    def flush(self) -> None:
        """Hands what regions and tiles wrote to GIMP."""
        _buffers.settle()

    def update(self, x: int, y: int, w: int, h: int) -> None:
        """Shows a changed part. Raises `error` when GIMP refuses."""
        done(self.native.update(x, y, w, h), f"update {self!r}: x={x}, y={y}, w={w}, h={h}")

    def merge_shadow(self, undo: int = 0) -> None:
        """Puts the shadow's pixels in place, inside the selection, as an undo step where `undo` says so."""
        _buffers.writable(self.native)
        done(self.native.merge_shadow(bool(undo)), f"merge the shadow of {self!r}")

    def free_shadow(self) -> None:
        """Forgets the shadow's pixels."""
        done(self.native.free_shadow(), f"free the shadow of {self!r}")

    def fill(self, fill: int = FOREGROUND_FILL) -> None:
        """Fills it: FOREGROUND_FILL, WHITE_FILL, TRANSPARENT_FILL and so on."""
        kind = Gimp.FillType(_enums.native("GimpFillType", fill))
        done(self.native.fill(kind), f"fill {self!r} with fill mode {fill}")

    def offset(self, wrap_around: int, fill_type: int, offset_x: int, offset_y: int) -> None:
        """Moves the pixels within the drawable; what comes in is what goes out, or background, or transparent."""
        kind, background = Gimp.OffsetType(fill_type), Gimp.context_get_background()
        moved = self.native.offset(bool(wrap_around), kind, background, offset_x, offset_y)
        done(moved, f"offset {self!r} by x: {offset_x}, y: {offset_y}")

    def get_pixel_rgn(self, x: int, y: int, width: int, height: int, dirty: int = 1, shadow: int = 0) -> PixelRgn:
        """A rectangle of its pixels, or of its shadow's. Raises `error` outside the drawable."""
        return PixelRgn(self, (x, y, width, height), dirty=bool(dirty), shadow=bool(shadow))

    def get_tile(self, shadow: int, row: int, col: int) -> Tile:
        """The tile in that row and column. Raises `error` where there is none."""
        return Tile(self, row, col, shadow=bool(shadow))

    def get_tile2(self, shadow: int, x: int, y: int) -> Tile:
        """The tile that has the pixel (x, y). Raises `error` where there is none."""
        return Tile(self, y // TILE, x // TILE, shadow=bool(shadow))

    def _place(self, at: tuple[Any, ...], doing: str) -> tuple[int, int]:
        x, y = at[0] if len(at) == 1 else at
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise error(f"could not {doing} pixel ({x}, {y}): {self!r} has {self.width} x {self.height} pixels")
        return int(x), int(y)

    def get_pixel(self, *at: Any) -> tuple[int, ...]:
        """The bytes of pixel (x, y), as numbers. Raises `error` outside the drawable."""
        x, y = self._place(at, "get")
        return tuple(_buffers.view(self._native).read(x, y, 1, 1))

    def set_pixel(self, *at_and_values: Any) -> None:
        """Sets pixel (x, y) to numbers up to 255, as many as bpp, or to a string.

        Raises:
            TypeError: for values that are none. error: outside the drawable, or for another number of values.
        """
        *at, values = at_and_values
        x, y = self._place(tuple(at), "set")
        data = pixel_bytes(values)
        if len(data) != self.bpp:
            raise error(f"could not set {len(data)}-element pixel ({x}, {y}) on {self!r}, which has {self.bpp}")
        _buffers.view(self._native).write(x, y, 1, 1, data)
