"""`gimp.Layer`, `gimp.GroupLayer` and `gimp.Channel`: each attribute and method of their own."""

import importlib
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import names, picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp


@check("gimp.Layer")
def constructor() -> None:
    image = gimp.Image(9, 8, fu.RGB)
    layer = gimp.Layer(image, "name", 7, 6, fu.RGBA_IMAGE, 40.0, fu.MULTIPLY_MODE)
    assert (layer.name, layer.width, layer.height, layer.type) == ("name", 7, 6, fu.RGBA_IMAGE)
    assert (layer.opacity, layer.mode) == (40.0, fu.MULTIPLY_MODE)
    short = gimp.Layer(image, "short", 3, 2)
    assert (short.type, short.opacity, short.mode) == (fu.RGB_IMAGE, 100.0, fu.NORMAL_MODE)
    refuses(TypeError, lambda: gimp.Layer("image", "name", 3, 2))
    layer = gimp.Layer(image, "caf\udce9.png", 7, 6)  # named after a file of an old disk
    assert layer.name == "caf\N{REPLACEMENT CHARACTER}.png"
    layer.name = "caf\udce8.png"
    assert layer.name == "caf\N{REPLACEMENT CHARACTER}.png"
    refuses(gimp.error, lambda: gimp.Layer(image, "none", 0, 0))


@check("gimp.Layer.copy")
def copy() -> None:
    layer = gimp.Layer(picture(), "plain", 4, 3)
    layer.fill(fu.WHITE_FILL)
    other = layer.copy()
    assert other != layer
    assert (other.has_alpha, other.get_pixel(0, 0)) == (False, (255, 255, 255))
    assert layer.copy(True).has_alpha is True
    assert layer.copy(add_alpha=False).has_alpha is False


@check("gimp.Layer.add_alpha", "gimp.Drawable.has_alpha")
def add_alpha() -> None:
    layer = gimp.Layer(picture(), "plain", 4, 3)
    assert layer.has_alpha is False
    layer.add_alpha()
    assert layer.has_alpha is True


@check("gimp.Layer.create_mask", "gimp.Layer.add_mask", "gimp.Layer.remove_mask", "gimp.Layer.mask")
def masks() -> None:
    layer = picture().layers[0]
    assert layer.mask is None
    mask = layer.create_mask(fu.ADD_WHITE_MASK)
    assert isinstance(mask, gimp.Channel)
    layer.add_mask(mask)
    assert layer.mask == mask
    assert mask.is_layer_mask is True
    assert mask.get_pixel(0, 0) == (255,)
    refuses(gimp.error, lambda: layer.add_mask(layer.create_mask(fu.ADD_BLACK_MASK)))
    layer.remove_mask(fu.MASK_DISCARD)
    assert layer.mask is None
    layer.add_mask(layer.create_mask(fu.ADD_BLACK_MASK))
    layer.fill(fu.WHITE_FILL)
    layer.remove_mask(fu.MASK_APPLY)
    assert layer.get_pixel(0, 0)[3] == 0


@check("gimp.Layer.resize")
def resize() -> None:
    layer = picture(8, 6).layers[0]
    layer.resize(10, 9, 1, 2)
    assert (layer.width, layer.height, layer.offsets) == (10, 9, (-1, -2))
    layer.resize(width=3, height=3)
    assert (layer.width, layer.height) == (3, 3)


@check("gimp.Layer.resize_to_image_size")
def resize_to_image_size() -> None:
    image = picture(8, 6)
    layer = gimp.Layer(image, "small", 2, 2)
    image.add_layer(layer, 0)
    layer.resize_to_image_size()
    assert (layer.width, layer.height) == (8, 6)


@check("gimp.Layer.scale")
def scale() -> None:
    layer = picture(8, 6).layers[0]
    layer.fill(fu.WHITE_FILL)
    layer.scale(4, 3)
    assert (layer.width, layer.height) == (4, 3)
    layer.scale(16, 12, True)
    assert (layer.width, layer.height, layer.get_pixel(15, 11)) == (16, 12, (255, 255, 255, 255))
    layer.scale(5, 5, local_origin=False)
    assert layer.width == 5


@check("gimp.Layer.translate")
def translate() -> None:
    layer = picture().layers[0]
    layer.translate(3, -2)
    layer.translate(1, 1)
    assert layer.offsets == (4, -1)


@check("gimp.Layer.set_offsets", "gimp.Drawable.offsets")
def set_offsets() -> None:
    layer = picture().layers[0]
    layer.set_offsets(7, -5)
    assert layer.offsets == (7, -5)


@check("gimp.Layer.mode")
def mode() -> None:
    layer = picture().layers[0]
    for value in (fu.NORMAL_MODE, fu.DIFFERENCE_MODE, fu.LAYER_MODE_OVERLAY, fu.COLOR_MODE):
        layer.mode = value
        assert layer.mode == value
    refuses(TypeError, lambda: setattr(layer, "mode", "normal"))


@check("gimp.Layer.opacity")
def opacity() -> None:
    layer = picture().layers[0]
    layer.opacity = 37.5
    assert layer.opacity == 37.5
    layer.opacity = 100
    assert layer.opacity == 100.0
    refuses(TypeError, lambda: setattr(layer, "opacity", "50"))
    refuses(gimp.error, lambda: setattr(layer, "opacity", 120.0))


@check("gimp.Layer.lock_alpha", "gimp.Layer.preserve_trans")
def lock_alpha() -> None:
    layer = picture().layers[0]
    layer.lock_alpha = True
    assert layer.lock_alpha is True
    assert layer.preserve_trans is True
    layer.preserve_trans = 0
    assert layer.lock_alpha is False
    refuses(TypeError, lambda: setattr(layer, "lock_alpha", "yes"))


@check("gimp.Layer.apply_mask", "gimp.Layer.edit_mask", "gimp.Layer.show_mask")
def states_of_mask() -> None:
    layer = picture().layers[0]
    layer.add_mask(layer.create_mask(fu.ADD_WHITE_MASK))
    for name in ("apply_mask", "edit_mask", "show_mask"):
        for value in (True, False):
            setattr(layer, name, value)
            assert getattr(layer, name) is value


@check("gimp.GroupLayer", "gimp.Item.parent", "gimp.Item.children")
def groups() -> None:
    image = picture(8, 6)
    group = gimp.GroupLayer(image, "group", 50.0, fu.MULTIPLY_MODE)
    image.insert_layer(group, None, 0)
    assert (group.name, group.opacity, group.mode) == ("group", 50.0, fu.MULTIPLY_MODE)
    assert isinstance(group, gimp.Layer)
    inside = gimp.Layer(image, "inside", 8, 6, fu.RGBA_IMAGE)
    image.insert_layer(inside, group, 0)
    assert isinstance(image.layers[0], gimp.GroupLayer)
    assert group.children == group.layers == [inside]
    assert inside.parent == group
    assert group.parent is None
    assert not hasattr(inside, "layers")
    assert "group" in refuses(gimp.error, lambda: group.set_pixel(0, 0, (0, 0, 0, 0)))


@check("gimp.Layer: one that is gone")
def deleted() -> None:
    image = picture(8, 6, "low")
    layer = gimp.Layer(image, "passing", 4, 4)
    gimp.delete(layer)
    assert "deleted" in repr(layer)
    refuses(gimp.error, lambda: layer.add_alpha())
    refuses(gimp.error, lambda: layer.get_pixel(0, 0))
    assert names(image.layers) == ["low"]


@check("gimp.Layer: one whose pixels are locked")
def locked() -> None:
    layer = picture(8, 6).layers[0]
    layer.native.set_lock_content(True)
    assert "locked" in refuses(gimp.error, lambda: layer.set_pixel(0, 0, (0, 0, 0, 0)))
    layer.native.set_lock_content(False)
    layer.set_pixel(0, 0, (1, 2, 3, 4))
    assert layer.get_pixel(0, 0) == (1, 2, 3, 4)


@check("gimp.Channel")
def channel() -> None:
    image = picture(8, 6)
    made = gimp.Channel(image, "red", 8, 6, 50.0, (255, 0, 0))
    image.add_channel(made, 0)
    assert (made.name, made.width, made.height, made.opacity, made.bpp) == ("red", 8, 6, 50.0, 1)
    assert isinstance(made, gimp.Drawable)
    made.set_pixel(3, 2, (77,))
    assert made.get_pixel(3, 2) == (77,)
    refuses(TypeError, lambda: gimp.Channel(image, "x", 8, 6, 50.0, "no such colour" and 5))


@check("gimp.Channel.copy")
def copy_channel() -> None:
    image = picture(8, 6)
    first = gimp.Channel(image, "red", 8, 6, 50.0, (255, 0, 0))
    image.add_channel(first)
    first.set_pixel(1, 1, (200,))
    second = first.copy()
    assert second != first
    assert second.get_pixel(1, 1) == (200,)


@check("gimp.Channel.combine_masks")
def combine_masks() -> None:
    image = picture(8, 6)
    first, second = (gimp.Channel(image, name, 8, 6, 50.0, (255, 0, 0)) for name in "ab")
    for one in (first, second):
        image.add_channel(one)
        one.fill(fu.WHITE_FILL)
    second.set_pixel(2, 2, (0,))
    first.combine_masks(second, fu.CHANNEL_OP_SUBTRACT, 0, 0)
    assert (first.get_pixel(0, 0), first.get_pixel(2, 2)) == ((0,), (255,))


@check("gimp.Channel.color", "gimp.Channel.colour")
def color() -> None:
    image = picture()
    made = gimp.Channel(image, "c", 4, 4, 50.0, (255, 0, 0))
    assert made.color[0:3] == (255, 0, 0)
    made.color = (0, 128, 255)
    assert made.colour[0:3] == (0, 128, 255)
    made.colour = fu.gimpcolor.RGB(1.0, 1.0, 0.0)
    assert tuple(made.color)[0:3] == (255, 255, 0)


@check("gimp.Channel.opacity")
def channel_opacity() -> None:
    made = gimp.Channel(picture(), "c", 4, 4, 50.0, (255, 0, 0))
    made.opacity = 25.0
    assert made.opacity == 25.0
    refuses(TypeError, lambda: setattr(made, "opacity", None))


@check("gimp.Channel.show_masked")
def show_masked() -> None:
    made = gimp.Channel(picture(), "c", 4, 4, 50.0, (255, 0, 0))
    made.show_masked = True
    assert made.show_masked is True
