"""`gimp.Drawable` and `gimp.Item`: what layers, channels and masks have in common, geometry included."""

import importlib
import math
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
MARK = (9, 8, 7, 255)
LINEAR = (fu.TRANSFORM_FORWARD, fu.INTERPOLATION_NONE)


def marked() -> Any:
    """A white 8 x 6 layer in an image of its size, with one pixel of another colour at (1, 2)."""
    layer = picture(8, 6).layers[0]
    layer.fill(fu.WHITE_FILL)
    layer.set_pixel(1, 2, MARK)
    return layer


def where(layer: Any) -> list[tuple[int, int]]:
    """Places of the marked colour, in the image's pixels."""
    left, top = layer.offsets
    places = ((x, y) for y in range(layer.height) for x in range(layer.width))
    return [(x + left, y + top) for x, y in places if layer.get_pixel(x, y) == MARK]


@check("gimp.Drawable", "gimp.Item")
def classes() -> None:
    layer = picture().layers[0]
    assert isinstance(layer, gimp.Layer)
    assert isinstance(layer, gimp.Drawable)
    assert isinstance(layer, gimp.Item)
    assert not isinstance(layer, gimp.Channel)


@check("gimp.Item.from_id", "gimp.Drawable.ID")
def from_id() -> None:
    layer = picture().layers[0]
    assert gimp.Item.from_id(layer.ID) == layer
    assert gimp.Item.from_id(99999) is None


@check("gimp.Drawable.name")
def name() -> None:
    layer = picture().layers[0]
    layer.name = "another é"
    assert layer.name == "another é"
    refuses(TypeError, lambda: setattr(layer, "name", 3))


@check("gimp.Drawable.width", "gimp.Drawable.height")
def size() -> None:
    layer = gimp.Layer(picture(), "x", 5, 4)
    assert (layer.width, layer.height) == (5, 4)


@check("gimp.Drawable.bpp")
def bpp() -> None:
    rgb, gray = gimp.Image(2, 2, fu.RGB), gimp.Image(2, 2, fu.GRAY)
    kinds = {fu.RGB_IMAGE: 3, fu.RGBA_IMAGE: 4}
    assert {kind: gimp.Layer(rgb, "x", 2, 2, kind).bpp for kind in kinds} == kinds
    assert [gimp.Layer(gray, "x", 2, 2, kind).bpp for kind in (fu.GRAY_IMAGE, fu.GRAYA_IMAGE)] == [1, 2]


@check("gimp.Drawable.image")
def image_of() -> None:
    image = picture()
    assert image.layers[0].image == image


@check("gimp.Drawable.is_rgb", "gimp.Drawable.is_gray", "gimp.Drawable.is_grey", "gimp.Drawable.is_indexed")
def kinds() -> None:
    layers = [
        gimp.Layer(gimp.Image(2, 2, base), "x", 2, 2, kind)
        for base, kind in ((fu.RGB, fu.RGB_IMAGE), (fu.GRAY, fu.GRAY_IMAGE), (fu.INDEXED, fu.INDEXED_IMAGE))
    ]
    assert [layer.is_rgb for layer in layers] == [True, False, False]
    assert [layer.is_gray for layer in layers] == [False, True, False]
    assert [layer.is_grey for layer in layers] == [False, True, False]
    assert [layer.is_indexed for layer in layers] == [False, False, True]


@check("gimp.Drawable.is_layer_mask")
def is_layer_mask() -> None:
    layer = picture().layers[0]
    assert layer.is_layer_mask is False
    assert layer.create_mask(fu.ADD_WHITE_MASK).is_layer_mask is True


@check("gimp.Drawable.mask_bounds", "gimp.Drawable.mask_intersect")
def mask_bounds() -> None:
    image = picture(40, 30)
    layer = image.layers[0]
    assert layer.mask_bounds == (0, 0, 40, 30)
    assert layer.mask_intersect() == (0, 0, 40, 30)
    layer.set_offsets(2, 3)
    fu.pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 5, 6, 10, 8)
    assert layer.mask_bounds == (3, 3, 13, 11)
    assert layer.mask_intersect() == (3, 3, 10, 8)
    layer.set_offsets(39, 29)
    refuses(gimp.error, lambda: layer.mask_intersect())


@check("gimp.Drawable.type", "gimp.Drawable.type_with_alpha")
def types() -> None:
    layer = gimp.Layer(picture(), "x", 2, 2, fu.RGB_IMAGE)
    assert (layer.type, layer.type_with_alpha) == (fu.RGB_IMAGE, fu.RGBA_IMAGE)


@check("gimp.Drawable.linked")
def linked() -> None:
    layer = picture().layers[0]
    assert layer.linked is False
    layer.linked = True
    assert layer.linked is True
    layer.linked = False
    assert layer.linked is False


@check("gimp.Drawable.tattoo")
def tattoo() -> None:
    layer = picture().layers[0]
    layer.tattoo = 4711
    assert layer.tattoo == 4711


@check("gimp.Drawable.visible")
def visible() -> None:
    layer = picture().layers[0]
    assert layer.visible is True
    layer.visible = False
    assert layer.visible is False
    refuses(TypeError, lambda: setattr(layer, "visible", "no"))


@check("gimp.Drawable.fill")
def fill() -> None:
    layer = picture().layers[0]
    gimp.set_foreground(1, 2, 3)
    gimp.set_background(4, 5, 6)
    wanted = {
        fu.FOREGROUND_FILL: (1, 2, 3, 255), fu.BACKGROUND_FILL: (4, 5, 6, 255), fu.WHITE_FILL: (255, 255, 255, 255),
        fu.TRANSPARENT_FILL: (0, 0, 0, 0),
    }  # fmt: skip
    for kind, colour in wanted.items():
        layer.fill(kind)
        assert layer.get_pixel(3, 3) == colour
    layer.fill()
    assert layer.get_pixel(3, 3) == (1, 2, 3, 255)


@check("gimp.Drawable.offset")
def offset() -> None:
    layer = marked()
    layer.offset(True, fu.OFFSET_TRANSPARENT, 2, 1)
    assert where(layer) == [(3, 3)]
    layer.offset(False, fu.OFFSET_TRANSPARENT, 6, 0)
    assert where(layer) == []
    assert layer.get_pixel(0, 0)[3] == 0


@check("gimp.Drawable.parasite_attach", "gimp.Drawable.parasite_find", "gimp.Drawable.parasite_detach",
       "gimp.Drawable.parasite_list", "gimp.Drawable.attach_new_parasite")  # fmt: skip
def parasites() -> None:
    layer = picture().layers[0]
    layer.attach_new_parasite("note", 1, "text")
    layer.parasite_attach(gimp.Parasite("more", 0, "x"))
    assert set(layer.parasite_list()) == {"note", "more"}
    assert (layer.parasite_find("note").data, layer.parasite_find("note").flags) == ("text", 1)
    layer.parasite_detach("note")
    assert layer.parasite_list() == ("more",)
    assert layer.parasite_find("note") is None


@check("gimp.Drawable.transform_flip", "gimp.Drawable.transform_flip_simple", "gimp.Drawable.transform_flip_default")
def flips() -> None:
    layer = marked()
    assert layer.transform_flip_simple(fu.ORIENTATION_HORIZONTAL, True, 0.0, False) == layer
    assert where(layer) == [(6, 2)]
    layer.transform_flip(4, 0, 4, 6, *LINEAR)
    assert where(layer) == [(1, 2)]
    layer.transform_flip_default(0, 3, 8, 3)
    assert where(layer) == [(1, 3)]


@check("gimp.Drawable.transform_rotate", "gimp.Drawable.transform_rotate_simple",
       "gimp.Drawable.transform_rotate_default")  # fmt: skip
def turns() -> None:
    layer = marked()
    layer.transform_rotate_simple(fu.ROTATE_180, True, 0, 0)
    assert where(layer) == [(6, 3)]
    layer.transform_rotate(math.pi, True, 0, 0, *LINEAR)
    assert where(layer) == [(1, 2)]
    layer.transform_rotate_default(math.pi, False, 4, 3)
    assert where(layer) == [(6, 3)]


@check("gimp.Drawable.transform_scale", "gimp.Drawable.transform_scale_default")
def scales() -> None:
    layer = marked()
    layer.transform_scale(0, 0, 16, 12, *LINEAR)
    assert (layer.width, layer.height) == (16, 12)
    assert where(layer) == [(2, 4), (3, 4), (2, 5), (3, 5)]
    layer.transform_scale_default(0, 0, 8, 6)
    assert (layer.width, layer.height) == (8, 6)


@check("gimp.Drawable.transform_shear", "gimp.Drawable.transform_shear_default")
def shears() -> None:
    layer = marked()
    layer.transform_shear(fu.ORIENTATION_HORIZONTAL, 6.0, *LINEAR)
    assert layer.width > 8
    other = marked()
    other.transform_shear_default(fu.ORIENTATION_VERTICAL, 4.0, clip_result=True)
    assert (other.width, other.height) == (8, 6)


@check("gimp.Drawable.transform_perspective", "gimp.Drawable.transform_perspective_default")
def perspectives() -> None:
    layer = marked()
    layer.transform_perspective(2, 0, 10, 0, 2, 6, 10, 6, *LINEAR)
    assert where(layer) == [(3, 2)]
    layer.transform_perspective_default(0, 0, 8, 0, 0, 6, 8, 6)
    assert where(layer) == [(1, 2)]


@check("gimp.Drawable.transform_2d", "gimp.Drawable.transform_2d_default")
def in_two_dimensions() -> None:
    layer = marked()
    layer.transform_2d(0, 0, 1, 1, 0, 3, 1, *LINEAR)
    assert where(layer) == [(4, 3)]
    layer.transform_2d_default(0, 0, 1, 1, 0, -3, -1)
    assert where(layer) == [(1, 2)]


@check("gimp.Drawable.transform_matrix", "gimp.Drawable.transform_matrix_default")
def matrices() -> None:
    layer = marked()
    layer.transform_matrix(1, 0, 2, 0, 1, 3, 0, 0, 1, *LINEAR)
    assert where(layer) == [(3, 5)]
    layer.transform_matrix_default(1, 0, -2, 0, 1, -3, 0, 0, 1)
    assert where(layer) == [(1, 2)]
