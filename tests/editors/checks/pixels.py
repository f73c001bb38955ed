"""Regions, tiles, single pixels, byte strings, shadow, depth: what is read is what is there, what is written arrives."""

import array
import importlib
import struct
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
WIDTH, HEIGHT = 7, 5


def chart(kind: int = 0) -> Any:
    """A layer of 7 x 5 in its image, whose every byte is known: see `byte`."""
    image = gimp.Image(WIDTH, HEIGHT, fu.RGB if kind in (0, 1) else fu.GRAY)
    layer = gimp.Layer(image, "chart", WIDTH, HEIGHT, kind, 100, fu.NORMAL_MODE)
    image.add_layer(layer, 0)
    data = bytes(byte(x, y, c) for y in range(HEIGHT) for x in range(WIDTH) for c in range(layer.bpp))
    layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)[0:WIDTH, 0:HEIGHT] = data
    return layer


def byte(x: int, y: int, channel: int) -> int:
    """The byte at a place; none is 0 or 255, so that alpha keeps colours."""
    return 10 + 3 * x + 20 * y + 40 * channel if channel < 3 else 200 + x + y


def block(layer: Any, left: int, top: int, right: int, bottom: int) -> bytes:
    """The bytes of a rectangle of the chart."""
    return bytes(byte(x, y, c) for y in range(top, bottom) for x in range(left, right) for c in range(layer.bpp))


@check("gimp.Drawable.get_pixel_rgn", "gimp.PixelRgn")
def region() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(1, 2, 4, 3, False, True)
    assert isinstance(region, gimp.PixelRgn)
    assert (region.x, region.y, region.w, region.h) == (1, 2, 4, 3)
    assert (bool(region.dirty), bool(region.shadow)) == (False, True)
    default = layer.get_pixel_rgn(x=0, y=0, width=7, height=5)
    assert (bool(default.dirty), bool(default.shadow)) == (True, False)
    for outside in ((-1, 0, 2, 2), (0, 0, 8, 5), (0, 4, 7, 2)):
        assert "7 x 5" in refuses(gimp.error, lambda box=outside: layer.get_pixel_rgn(*box))


@check("gimp.PixelRgn.bpp", "gimp.PixelRgn.rowstride", "gimp.PixelRgn.x", "gimp.PixelRgn.y", "gimp.PixelRgn.w",
       "gimp.PixelRgn.h", "gimp.PixelRgn.dirty", "gimp.PixelRgn.shadow", "gimp.PixelRgn.drawable")  # fmt: skip
def attributes() -> None:
    layer = chart(fu.RGBA_IMAGE)
    region = layer.get_pixel_rgn(1, 2, 4, 3)
    assert (region.bpp, region.rowstride, region.drawable) == (4, 16, layer)
    assert (region.x, region.y, region.w, region.h, bool(region.dirty), bool(region.shadow)) == (
        1,
        2,
        4,
        3,
        True,
        False,
    )


@check("gimp.PixelRgn.resize")
def resize() -> None:
    region = chart().get_pixel_rgn(0, 0, 2, 2)
    region.resize(1, 1, 3, 3)
    assert (region.x, region.y, region.w, region.h) == (1, 1, 3, 3)
    assert len(region[1:4, 1:4]) == 27


@check("gimp.PixelRgn: r[x, y] reads")
def reads_a_pixel() -> None:
    for kind in (fu.RGB_IMAGE, fu.RGBA_IMAGE, fu.GRAY_IMAGE, fu.GRAYA_IMAGE):
        layer = chart(kind)
        region = layer.get_pixel_rgn(1, 2, 4, 3)
        assert region[3, 4] == block(layer, 3, 4, 4, 5)  # the drawable's own coordinates
        assert len(region[3, 4]) == layer.bpp


@check("gimp.PixelRgn: r[x1:x2, y] reads")
def reads_a_row() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(1, 2, 4, 3)
    assert region[2:4, 3] == block(layer, 2, 3, 4, 4)
    assert region[:, 3] == block(layer, 1, 3, 5, 4)  # an omitted start is the region's edge
    assert region[0:5, 3] == block(layer, 1, 3, 5, 4)  # and so is 0
    assert region[0:3, 3] == block(layer, 1, 3, 3, 4)


@check("gimp.PixelRgn: r[x, y1:y2] reads")
def reads_a_column() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(1, 2, 4, 3)
    assert region[2, 3:5] == block(layer, 2, 3, 3, 5)
    assert region[2, :] == block(layer, 2, 2, 3, 5)
    assert region[2, 0:5] == block(layer, 2, 2, 3, 5)


@check("gimp.PixelRgn: r[x1:x2, y1:y2] reads")
def reads_a_rectangle() -> None:
    layer = chart(fu.RGBA_IMAGE)
    region = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)
    assert region[0:WIDTH, 0:HEIGHT] == block(layer, 0, 0, WIDTH, HEIGHT)
    assert region[2:5, 1:4] == block(layer, 2, 1, 5, 4)
    assert region[:, :] == region[0:WIDTH, 0:HEIGHT]
    assert region[3:3, 0:2] == ""


@check("gimp.PixelRgn: r[x, y] writes")
def writes_a_pixel() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)
    region[3, 2] = chr(1) + chr(255) + chr(128)
    assert layer.get_pixel(3, 2) == (1, 255, 128)
    region[4, 2] = b"\x05\x06\x07"
    assert layer.get_pixel(4, 2) == (5, 6, 7)
    assert layer.get_pixel(2, 2) == tuple(block(layer, 2, 2, 3, 3))


@check("gimp.PixelRgn: r[x1:x2, y] writes")
def writes_a_row() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(1, 1, 5, 3)
    region[2:5, 2] = "abcdefghi"
    assert [layer.get_pixel(x, 2) for x in (2, 3, 4)] == [tuple(b"abc"), tuple(b"def"), tuple(b"ghi")]
    assert layer.get_pixel(5, 2) == tuple(block(layer, 5, 2, 6, 3))


@check("gimp.PixelRgn: r[x, y1:y2] writes")
def writes_a_column() -> None:
    layer = chart()
    layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)[6, 1:3] = "abcdef"
    assert [layer.get_pixel(6, y) for y in (1, 2)] == [tuple(b"abc"), tuple(b"def")]
    assert layer.get_pixel(5, 1) == tuple(block(layer, 5, 1, 6, 2))


@check("gimp.PixelRgn: r[x1:x2, y1:y2] writes")
def writes_a_rectangle() -> None:
    layer = chart(fu.GRAY_IMAGE)
    layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)[2:4, 1:3] = array.array("B", [1, 2, 3, 4])
    assert [layer.get_pixel(x, y) for y in (1, 2) for x in (2, 3)] == [(1,), (2,), (3,), (4,)]
    layer.flush()
    layer.update(0, 0, WIDTH, HEIGHT)
    # GIMP itself has them, not our own memory alone
    buffer = layer.native.get_buffer()
    from gimpfu._door import Gegl  # noqa: PLC0415

    assert bytes(buffer.get(Gegl.Rectangle.new(2, 1, 2, 2), 1.0, None, Gegl.AbyssPolicy.NONE)) == b"\1\2\3\4"


@check("gimp.PixelRgn: wrong lengths")
def wrong_lengths() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)
    for key, value in (((0, 0), "ab"), ((slice(0, 3), 0), "a" * 10), ((slice(0, 2), slice(0, 2)), b"a" * 11)):
        message = refuses(TypeError, lambda key=key, value=value: region.__setitem__(key, value))
        assert "string is wrong length" in message
        assert str(len(value)) in message
    assert region[0:WIDTH, 0:HEIGHT] == block(layer, 0, 0, WIDTH, HEIGHT)


@check("gimp.PixelRgn: wrong subscripts and values")
def wrong_subscripts() -> None:
    region = chart().get_pixel_rgn(1, 1, 4, 3)
    for key in ((0, 1), (5, 1), (1, 0), (1, 4), (slice(1, 6), 1), (slice(1, 4, 2), 1), (1, slice(3, 2)), (-1, 1)):
        refuses(IndexError, lambda key=key: region[key])
    for key in (3, "a", (1, 2, 3), (1.0, 2), ("a", 1), (slice(1.0, 2), 1)):
        refuses(TypeError, lambda key=key: region[key])
    refuses(TypeError, lambda: region.__setitem__((1, 1), [1, 2, 3]))
    assert "300" in refuses(TypeError, lambda: region.__setitem__((1, 1), chr(300) + "ab"))
    refuses(TypeError, lambda: region.__delitem__((1, 1)))
    refuses(gimp.error, lambda: len(region))


@check("gimp.PixelRgn: shadow and merge_shadow", "gimp.Drawable.merge_shadow", "gimp.Drawable.free_shadow")
def shadow() -> None:
    layer = chart()
    old = block(layer, 0, 0, WIDTH, HEIGHT)
    shade = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, True)
    shade[0:WIDTH, 0:HEIGHT] = "z" * len(old)
    assert layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT, False, False)[0:WIDTH, 0:HEIGHT] == old
    fu.pdb.gimp_image_select_rectangle(layer.image, fu.CHANNEL_OP_REPLACE, 2, 1, 2, 2)
    layer.flush()
    layer.merge_shadow(True)
    layer.update(0, 0, WIDTH, HEIGHT)
    changed = [(x, y) for y in range(HEIGHT) for x in range(WIDTH) if layer.get_pixel(x, y) == tuple(b"zzz")]
    assert changed == [(2, 1), (3, 1), (2, 2), (3, 2)]
    shade = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, True)
    shade[0, 0] = "abc"
    layer.free_shadow()


@check("gimp.Drawable.flush", "gimp.Drawable.update")
def flush() -> None:
    layer = chart()
    layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT, True, False)[0, 0] = "abc"
    layer.flush()
    layer.update(0, 0, 1, 1)
    assert tuple(fu.pdb.gimp_drawable_get_pixel(layer, 0, 0)[1]) == tuple(b"abc")


@check("gimp.PixelRgn: what was written is there for GIMP without a flush")
def settles_by_itself() -> None:
    layer = chart()
    region = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)
    region[0:WIDTH, 0:HEIGHT] = "\x0a" * (WIDTH * HEIGHT * 3)
    fu.pdb.gimp_invert(layer)
    assert region[1, 1] == "\xf5\xf5\xf5"  # and what GIMP did is there for the region


@check("gimp.Drawable.get_tile", "gimp.Drawable.get_tile2", "gimp.Tile")
def tiles() -> None:
    layer = picture(150, 70).layers[0]
    layer.fill(fu.WHITE_FILL)
    layer.set_pixel(130, 65, (1, 2, 3, 4))
    tile = layer.get_tile(False, 1, 2)
    assert isinstance(tile, gimp.Tile)
    assert (tile.ewidth, tile.eheight, tile.bpp, len(tile)) == (22, 6, 4, 132)
    assert tile[2, 1] == "\x01\x02\x03\x04"
    assert tile[22 + 2] == "\x01\x02\x03\x04"
    same = layer.get_tile2(0, 130, 65)
    assert (same.tile_num, same[2, 1]) == (tile.tile_num, tile[2, 1])
    assert layer.get_tile(shadow=0, row=0, col=0).ewidth == gimp.tile_width()
    refuses(gimp.error, lambda: layer.get_tile(False, 2, 0))


@check("gimp.Tile: t[x, y] and t[i] read and write", "gimp.Tile.flush", "gimp.Tile.ewidth", "gimp.Tile.eheight",
       "gimp.Tile.bpp", "gimp.Tile.dirty", "gimp.Tile.shadow", "gimp.Tile.drawable", "gimp.Tile.tile_num")  # fmt: skip
def writes_tiles() -> None:
    layer = chart()
    tile = layer.get_tile2(False, 0, 0)
    assert tile[3, 2] == block(layer, 3, 2, 4, 3)
    assert not tile.dirty
    tile[3, 2] = "abc"
    assert tile.dirty
    tile[0] = "\x01\x02\x03"
    tile.flush()
    assert (layer.get_pixel(3, 2), layer.get_pixel(0, 0)) == (tuple(b"abc"), (1, 2, 3))
    assert (bool(tile.shadow), tile.drawable, tile.tile_num, tile.ewidth, tile.eheight, tile.bpp) == (
        False,
        layer,
        0,
        7,
        5,
        3,
    )
    refuses(TypeError, lambda: tile.__setitem__((0, 0), "ab"))
    refuses(IndexError, lambda: tile[7, 0])
    refuses(IndexError, lambda: tile[35])
    refuses(TypeError, lambda: tile["a"])


@check("gimp.Drawable.get_pixel", "gimp.Drawable.set_pixel")
def single_pixels() -> None:
    layer = chart(fu.RGBA_IMAGE)
    assert layer.get_pixel(2, 3) == layer.get_pixel((2, 3)) == tuple(block(layer, 2, 3, 3, 4))
    layer.set_pixel(2, 3, (1, 2, 3, 4))
    layer.set_pixel((3, 3), [5, 6, 7, 8])
    layer.set_pixel(4, 3, "abcd")
    assert [layer.get_pixel(x, 3) for x in (2, 3, 4)] == [(1, 2, 3, 4), (5, 6, 7, 8), tuple(b"abcd")]
    refuses(gimp.error, lambda: layer.get_pixel(7, 0))
    refuses(gimp.error, lambda: layer.set_pixel(0, 0, (1, 2, 3)))
    refuses(TypeError, lambda: layer.set_pixel(0, 0, (1, 2, 3, 256)))
    refuses(TypeError, lambda: layer.set_pixel(0, 0, (1, 2, 3, "a")))
    refuses(TypeError, lambda: layer.set_pixel(0, 0, 5))


@check("gimp.PixelFetcher")
def fetcher() -> None:
    layer = chart(fu.RGBA_IMAGE)
    fetch = gimp.PixelFetcher(layer)
    assert fetch[2, 3] == block(layer, 2, 3, 3, 4)
    assert fetch[-1, 0] == "\0\0\0\0"
    fetch.edge_mode = fu.PIXEL_FETCHER_EDGE_WRAP
    assert fetch[-1, 0] == block(layer, 6, 0, 7, 1)
    fetch.edge_mode = fu.PIXEL_FETCHER_EDGE_SMEAR
    assert fetch[99, 99] == block(layer, 6, 4, 7, 5)
    fetch.edge_mode, fetch.bg_color = fu.PIXEL_FETCHER_EDGE_BACKGROUND, (255, 128, 0)
    assert fetch[99, 99] == "\xff\x80\x00\xff"
    fetch[0, 0] = "abcd"
    assert layer.get_pixel(0, 0) == tuple(b"abcd")


@check("bytes: ord, chr, concatenation, slices")
def strings() -> None:
    pixel = chart().get_pixel_rgn(0, 0, WIDTH, HEIGHT)[1, 1]
    assert [ord(one) for one in pixel] == list(map(ord, pixel)) == [33, 73, 113]
    assert ord(pixel[0]) == 33
    assert pixel[0:2] + chr(9) == chr(33) + chr(73) + "\t"
    assert chr(1) + pixel == "\x01" + pixel == b"\x01" + pixel
    assert pixel + b"\xff" == pixel + "\xff"
    assert "".join([pixel, pixel]) == pixel * 2 == "".join(list(pixel) * 2)
    assert {pixel: 1}[chr(33) + chr(73) + chr(113)] == 1
    assert chr(33) in pixel
    assert (pixel == "abc", pixel != "abc") == (False, True)


@check("bytes: array, struct, bytearray, bytes")
def buffers() -> None:
    from gimpfu import _python2  # noqa: PLC0415
    from gimpfu._converted import tostring  # noqa: PLC0415

    layer = chart()
    region = layer.get_pixel_rgn(0, 0, WIDTH, HEIGHT)
    pixel = region[1, 1]
    assert list(array.array("B", pixel)) == [33, 73, 113]
    assert array.array("B", "\x00" * 4).tostring() == "\0\0\0\0"
    assert (array.array("B", pixel) * 2 + array.array("B", pixel)).tostring() == pixel * 3
    assert tostring(array.array("B", pixel)[1:]) == tostring(array.array("B", pixel))[1:] == pixel[1:]
    values = array.array("B")
    values.fromstring(pixel)
    region[0, 0] = values.tostring()
    region[1, 0] = values.tobytes()
    region[2, 0] = values
    assert [layer.get_pixel(x, 0) for x in (0, 1, 2)] == [(33, 73, 113)] * 3
    assert struct.unpack("BBB", pixel) == (33, 73, 113)
    assert bytes(pixel) == b"".join([pixel]) == bytes([33, 73, 113])
    scope: dict[str, Any] = {"pixel": pixel}
    _python2.adapt(scope)
    mutable = scope["bytearray"](pixel)
    assert list(mutable) == [33, 73, 113]
    mutable += "\x01"
    mutable.append("\x02")
    mutable.extend(pixel)
    region[0:2, 3] = str(mutable)[0:3] + str(mutable)[5:8]
    assert (region[0:2, 3], str(mutable)[3:5]) == (pixel * 2, "\x01\x02")
    assert isinstance(scope["bytearray"](3), bytearray)


@check("depth: 8 bits unless asked")
def eight_bits() -> None:
    from gimpfu._door import Gimp  # noqa: PLC0415

    native = Gimp.Image.new_with_precision(4, 3, Gimp.ImageBaseType.RGB, Gimp.Precision.U16_NON_LINEAR)
    image = gimp.Image.of(native)
    layer = gimp.Layer(image, "deep", 4, 3, fu.RGB_IMAGE)
    image.add_layer(layer, 0)
    region = layer.get_pixel_rgn(0, 0, 4, 3)
    assert (layer.bpp, region.bpp) == (3, 3)
    region[1, 1] = chr(1) + chr(128) + chr(255)
    assert (region[1, 1], layer.get_pixel(1, 1)) == ("\x01\x80\xff", (1, 128, 255))


@check("depth: the image's own after gimp_plugin_enable_precision")
def own_depth() -> None:
    from gimpfu import _buffers  # noqa: PLC0415
    from gimpfu._door import Gimp  # noqa: PLC0415

    native = Gimp.Image.new_with_precision(4, 3, Gimp.ImageBaseType.RGB, Gimp.Precision.U16_NON_LINEAR)
    image = gimp.Image.of(native)
    layer = gimp.Layer(image, "deep", 4, 3, fu.RGB_IMAGE)
    image.add_layer(layer, 0)
    assert fu.pdb.gimp_image_get_precision(image) == fu.PRECISION_U16_GAMMA
    try:
        fu.pdb.gimp_plugin_enable_precision()
        region = layer.get_pixel_rgn(0, 0, 4, 3)
        assert (layer.bpp, region.bpp) == (6, 6)
        region[0:4, 0:3] = array.array("H", range(1000, 1036)).tostring()
        assert list(array.array("H", region[0:4, 0:3])) == list(range(1000, 1036))
        assert len(layer.get_pixel(0, 0)) == 6
    finally:
        _buffers._native_precision = False
        _buffers.settle()
