"""Colour procedures of GIMP 3's core on the values as seen, which is what 2.10's worked on.

GIMP 3.0's levels, curves and their like work on linear light whatever the image's precision is, with no argument to
say otherwise; in 3.2 curves and equalize work on the values as seen, and levels do not. Where it is light, the pixels
go into an image of linear precision as if they were light, and come back the same way. Whether that is needed is
measured, once for each of the two kinds, on a pixel: what works on the values as seen is called directly.
"""

from functools import cache
from typing import Any

from ._door import Babl, Gegl, Gimp
from ._gegl import check_drawable, selected
from ._gimp3 import call

MIDDLE = 128
HALF = 64


LEVELS = "gimp-drawable-levels"
CURVES = "gimp-drawable-curves-spline"
LIKE_CURVES = (CURVES, "gimp-drawable-curves-explicit", "gimp-drawable-equalize")
HALVED = {LEVELS: (0, 0.0, 1.0, 0, 1.0, 0.0, 0.5, 0), CURVES: (0, [0.0, 0.0, 1.0, 0.5])}  # what makes half of a value


@cache
def sees(procedure: str) -> bool:
    """Whether one of this GIMP's `HALVED` works on the values as seen: half of the middle gray is 64 then, else 92."""
    image = Gimp.Image.new(1, 1, Gimp.ImageBaseType.GRAY)
    layer = Gimp.Layer.new(image, "", 1, 1, Gimp.ImageType.GRAY_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    place, form = Gegl.Rectangle.new(0, 0, 1, 1), "Y' u8"
    buffer = layer.get_buffer()
    buffer.set(place, form, bytes([MIDDLE]))
    buffer.flush()
    call(procedure, layer, *HALVED[procedure])
    value = bytes(layer.get_buffer().get(place, 1.0, form, Gegl.AbyssPolicy.NONE))[0]
    image.delete()
    return abs(value - HALF) <= 2


def as_seen(procedure: str, drawable: Any, *values: Any) -> None:
    """Calls a colour procedure of GIMP 3 on the values as seen, within the selection, in one undo step.

    Raises:
        RuntimeError: for a drawable that cannot be changed, and when the procedure fails.
    """
    measured = CURVES if procedure in LIKE_CURVES else LEVELS
    if sees(measured) or drawable.get_image() is None or drawable.is_indexed() or _is_linear(drawable):
        call(procedure, drawable, *values)
        return
    check_drawable(drawable, procedure)
    region = selected(drawable)
    if region is None:
        return
    seen, linear, precision = _formats(drawable)
    place = Gegl.Rectangle.new(0, 0, region.width, region.height)
    stand_in, layer = _stand_in(drawable, region, precision)
    try:
        buffer = layer.get_buffer()
        buffer.set(place, linear, bytes(drawable.get_buffer().get(region, 1.0, seen, Gegl.AbyssPolicy.NONE)))
        buffer.flush()
        call(procedure, layer, *values)
        result = bytes(layer.get_buffer().get(place, 1.0, linear, Gegl.AbyssPolicy.NONE))
    finally:
        stand_in.delete()
    shadow = drawable.get_shadow_buffer()
    shadow.set(region, seen, result)
    shadow.flush()
    drawable.merge_shadow(True)  # libgimp's own signature: with undo
    drawable.update(region.x, region.y, region.width, region.height)


def _is_linear(drawable: Any) -> bool:
    """Whether the image itself keeps linear light: 2.10's procedures worked on that then."""
    return "'" not in str(Babl.get_name(drawable.get_format()))


def _formats(drawable: Any) -> tuple[str, str, Any]:
    """Formats to read as seen and to write as light, and the precision between, of the drawable's own depth."""
    depth = str(Babl.get_name(drawable.get_format())).rpartition(" ")[2]
    if depth not in ("u8", "u16"):
        depth = "float"
    precision = {
        "u8": Gimp.Precision.U8_LINEAR, "u16": Gimp.Precision.U16_LINEAR, "float": Gimp.Precision.FLOAT_LINEAR,
    }[depth]  # fmt: skip
    alpha = "A" if drawable.has_alpha() else ""
    seen, linear = ("R'G'B'", "RGB") if drawable.is_rgb() else ("Y'", "Y")
    return f"{seen}{alpha} {depth}", f"{linear}{alpha} {depth}", precision


def _stand_in(drawable: Any, region: Any, precision: Any) -> tuple[Any, Any]:
    """An image of linear precision with one layer of the region's size."""
    base = Gimp.ImageBaseType.RGB if drawable.is_rgb() else Gimp.ImageBaseType.GRAY
    kind = (0 if drawable.is_rgb() else 2) + (1 if drawable.has_alpha() else 0)
    image = Gimp.Image.new_with_precision(region.width, region.height, base, precision)
    layer = Gimp.Layer.new(image, "", region.width, region.height, Gimp.ImageType(kind), 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    return image, layer
