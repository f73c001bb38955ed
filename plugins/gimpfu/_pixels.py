"""Regions, tiles and fetchers: `drawable.get_pixel_rgn(...)`, `get_tile`, `get_tile2`, `gimp.PixelFetcher`.

Indices are those of 2.10, its oddities included: a region's are the drawable's own coordinates, a slice that begins
at 0 or nowhere begins at the region's edge. Called by `Drawable`; pixels themselves are in `_buffers`.
"""

from collections.abc import Sequence
from typing import Any

from . import _buffers, gimpcolor
from ._buffers import enable_precision, precision_enabled
from ._bytes import ByteString, as_bytes
from ._error import error
from ._wrap import wrap

__all__ = ["TILE", "PixelFetcher", "PixelRgn", "Tile", "enable_precision", "precision_enabled"]

TILE = 64  # 2.10's tiles, in pixels a side; GIMP 3's own are of no concern to a script
EDGE_NONE, EDGE_WRAP, EDGE_SMEAR, EDGE_BLACK, EDGE_BACKGROUND = range(5)


def span(key: Any, start: int, size: int, axis: str) -> tuple[int, int]:
    """First coordinate and number of pixels that an index or a slice names, of a region from `start` with `size`.

    Raises:
        IndexError: outside the region, or for steps other than 1.
        TypeError: for what is neither an integer nor a slice.
    """
    end = start + size
    if isinstance(key, slice):
        first, last = (0 if key.start is None else key.start), (end if key.stop is None else key.stop)
        whole = isinstance(first, int) and isinstance(last, int)
        if not whole:
            raise TypeError(f"invalid {axis} slice {first!r}:{last!r}: bounds are integers (Python 3 divides with //)")
        first, last = (bound + end if bound < 0 else bound for bound in (first, last))
        first = start if first == 0 else first
        if key.step not in (None, 1) or not start <= first <= last <= end:
            raise IndexError(f"invalid {axis} slice {key.start}:{key.stop}: the region has {start}:{end}, step 1")
        return first, last - first
    if not hasattr(type(key), "__index__"):
        raise TypeError(f"invalid {axis} subscript {key!r}: an integer or a slice (Python 3 divides with //)")
    if not start <= key < end:
        raise IndexError(f"{axis} subscript out of range: {key}; the region has {start} to {end - 1}")
    return int(key), 1


class PixelRgn:
    """A rectangle of a drawable: `r[x, y]`, `r[x1:x2, y]`, `r[x, y1:y2]`, `r[x1:x2, y1:y2]`, to read and to set."""

    def __init__(self, drawable: Any, rectangle: tuple[int, int, int, int], *, dirty: bool, shadow: bool) -> None:
        self.drawable = drawable
        self.dirty, self.shadow = dirty, shadow
        self.resize(*rectangle)

    def resize(self, x: int, y: int, w: int, h: int) -> None:
        """Moves the region. Raises `error` outside the drawable."""
        width, height = self.drawable.width, self.drawable.height
        if x < 0 or y < 0 or w < 0 or h < 0 or x + w > width or y + h > height:
            raise error(
                f"region {w} x {h} at ({x}, {y}) is not inside the drawable, which has {width} x {height} pixels"
            )
        self.x, self.y, self.w, self.h = int(x), int(y), int(w), int(h)

    @property
    def bpp(self) -> int:
        """Bytes a pixel."""
        return self._view.bpp

    @property
    def rowstride(self) -> int:
        """Bytes a row."""
        return self.w * self.bpp

    @property
    def _view(self) -> _buffers.View:
        return _buffers.view(self.drawable._native, shadow=self.shadow)  # a region is part of its drawable

    def _rectangle(self, key: Any) -> tuple[int, int, int, int]:
        if not isinstance(key, tuple) or len(key) != 2:
            raise TypeError(f"subscript must be a 2-tuple: r[x, y], not r[{key!r}]")
        x, width = span(key[0], self.x, self.w, "x")
        y, height = span(key[1], self.y, self.h, "y")
        return x, y, width, height

    def __getitem__(self, key: Any) -> ByteString:
        return ByteString.of(self._view.read(*self._rectangle(key)))

    def __setitem__(self, key: Any, value: Any) -> None:
        self._view.write(*self._rectangle(key), as_bytes(value))

    def __delitem__(self, key: Any) -> None:
        raise TypeError("can't delete subscripts")

    def __len__(self) -> int:
        raise error("Can't get size of pixel region")

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        shadow = " (shadow)" if self.shadow else ""
        return f"<gimp.PixelRgn for drawable '{self.drawable.name}'{shadow}>"


class Tile:
    """A square of a drawable, at most 64 pixels a side: `t[x, y]` within it, `t[i]` row by row."""

    def __init__(self, drawable: Any, row: int, col: int, *, shadow: bool) -> None:
        width, height = drawable.width, drawable.height
        if not (0 <= col * TILE < width and 0 <= row * TILE < height):
            columns, rows = -(-width // TILE), -(-height // TILE)
            raise error(
                f"there is no tile in row {row}, column {col}: the drawable has {rows} rows and {columns} columns"
            )
        self.drawable, self.shadow, self.dirty = drawable, shadow, False
        self.ewidth, self.eheight = min(TILE, width - col * TILE), min(TILE, height - row * TILE)
        self.tile_num = row * -(-width // TILE) + col
        self._x, self._y = col * TILE, row * TILE

    @property
    def bpp(self) -> int:
        """Bytes a pixel."""
        return self._view.bpp

    @property
    def _view(self) -> _buffers.View:
        return _buffers.view(self.drawable._native, shadow=self.shadow)  # a tile is part of its drawable

    def _place(self, key: Any) -> tuple[int, int]:
        if isinstance(key, int):
            if not 0 <= key < len(self):
                raise IndexError(f"index out of range: {key}; the tile has {len(self)} pixels")
            y, x = divmod(key, self.ewidth)
        elif isinstance(key, tuple) and len(key) == 2 and all(isinstance(one, int) for one in key):
            x, y = key
            if not (0 <= x < self.ewidth and 0 <= y < self.eheight):
                raise IndexError(f"index out of range: {x}, {y}; the tile has {self.ewidth} x {self.eheight} pixels")
        else:
            raise TypeError(f"tile subscript not int or 2-tuple: {key!r}")
        return int(self._x + x), int(self._y + y)

    def __len__(self) -> int:
        return int(self.ewidth * self.eheight)

    def __getitem__(self, key: Any) -> ByteString:
        return ByteString.of(self._view.read(*self._place(key), 1, 1))

    def __setitem__(self, key: Any, value: Any) -> None:
        self._view.write(*self._place(key), 1, 1, as_bytes(value))
        self.dirty = True

    def flush(self) -> None:
        """Hands what was written to GIMP."""
        _buffers.settle()
        self.dirty = False

    def __repr__(self) -> str:
        return f"<gimp.Tile for drawable '{self.drawable.name}'{' (shadow)' if self.shadow else ''}>"


class PixelFetcher:
    """Single pixels of a drawable in any order, with a rule for those outside: `f[x, y]`."""

    def __init__(
        self, drawable: Any, shadow: int = 0, edge_mode: int = EDGE_NONE, bg_color: Any = (0, 0, 0, 0)
    ) -> None:
        self.drawable, self.shadow, self.edge_mode, self.bg_color = drawable, bool(shadow), edge_mode, bg_color

    @property
    def _view(self) -> _buffers.View:
        return _buffers.view(self.drawable._native, shadow=self.shadow)  # a fetcher is part of it, too

    def __getitem__(self, key: tuple[int, int]) -> ByteString:
        x, y = key
        view = self._view
        inside = 0 <= x < view.width and 0 <= y < view.height
        if not inside and self.edge_mode == EDGE_WRAP:
            x, y = x % view.width, y % view.height
        elif not inside and self.edge_mode == EDGE_SMEAR:
            x, y = min(max(x, 0), view.width - 1), min(max(y, 0), view.height - 1)
        elif not inside:
            return self._outside(view)
        return ByteString.of(view.read(x, y, 1, 1))

    def _outside(self, view: _buffers.View) -> ByteString:
        if self.edge_mode == EDGE_BACKGROUND and view.bpp <= 4:
            return ByteString.of(bytes(gimpcolor.rgb(self.bg_color)[:])[: view.bpp])
        opaque_black = self.edge_mode == EDGE_BLACK and view.drawable.has_alpha()
        return ByteString.of(b"\0" * (view.bpp - 1) + b"\xff" if opaque_black else b"\0" * view.bpp)

    def __setitem__(self, key: tuple[int, int], value: Any) -> None:
        x, y = key
        view = self._view
        if not (0 <= x < view.width and 0 <= y < view.height):
            raise IndexError(f"pixel ({x}, {y}) is outside the drawable, which has {view.width} x {view.height} pixels")
        view.write(x, y, 1, 1, as_bytes(value))


def pixel_bytes(values: Any) -> bytes:
    """Bytes of one pixel, of a string or of integers up to 255. Raises TypeError for others, as 2.10 put it."""
    if isinstance(values, (str, bytes, bytearray)):
        return as_bytes(values)
    if not isinstance(values, Sequence):
        raise TypeError(f"pixel values must be a sequence, not {values!r}")
    for value in values:
        if not isinstance(value, int):
            raise TypeError(f"pixel values must be a sequence of ints, not {value!r}")
        if not 0 <= value <= 255:
            raise TypeError(f"pixel values must be between 0 and 255, not {value}")
    return bytes(values)


def same(native: Any, before: Any) -> Any:
    """The object that a script already has, where GIMP gives the same again."""
    return before if native is not None and native == before._native else wrap(native)  # of one family
