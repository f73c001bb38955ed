"""`gimp.Image`: each attribute and method on a live image, its effect looked at by other means where there are any."""

import importlib
import tempfile
from pathlib import Path
from typing import Any

from editors.checking import check, refuses

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp


def picture(width: int = 40, height: int = 30, *names: str) -> Any:
    """An RGB image with layers of these names, the first at the bottom."""
    image = gimp.Image(width, height, fu.RGB)
    for name in names or ("base",):
        image.add_layer(gimp.Layer(image, name, width, height, fu.RGBA_IMAGE, 100, fu.NORMAL_MODE), 0)
    return image


def names(items: Any) -> list[str]:
    """Names of items, in their order."""
    return [item.name for item in items]


@check("gimp.Image")
def constructor() -> None:
    image = gimp.Image(7, 5, fu.GRAY)
    assert (image.width, image.height, image.base_type) == (7, 5, fu.GRAY)
    assert gimp.Image(3, 2).base_type == fu.RGB
    assert gimp.Image(width=3, height=2, type=fu.INDEXED).base_type == fu.INDEXED
    refuses(fu.gimp.error, lambda: gimp.Image(0, 5, fu.RGB))


@check("gimp.Image.ID")
def identity() -> None:
    image = picture()
    assert image.native.get_id() == image.ID
    assert gimp._id2image(image.ID) == image
    assert hash(gimp._id2image(image.ID)) == hash(image)
    assert image != picture()
    assert image != image.layers[0]


@check("gimp.Image.width", "gimp.Image.height")
def size() -> None:
    image = picture(40, 30)
    assert (image.width, image.height) == (40, 30)
    assert isinstance(image.width, int)


@check("gimp.Image.base_type")
def base_type() -> None:
    assert [gimp.Image(1, 1, kind).base_type for kind in (fu.RGB, fu.GRAY, fu.INDEXED)] == [0, 1, 2]


@check("gimp.Image.name")
def name() -> None:
    assert picture().name == "[Untitled]"


@check("gimp.Image.filename")
def filename() -> None:
    image = picture()
    assert image.filename is None
    image.filename = "/tmp/a picture.xcf"
    assert image.filename == "/tmp/a picture.xcf"
    assert image.name == "a picture.xcf"
    refuses(TypeError, lambda: setattr(image, "filename", 3))
    image.filename = "/tmp/another.png"  # nothing is written
    assert (image.filename, image.name) == ("/tmp/another.png", "another.png")
    assert fu.pdb.gimp_image_get_filename(image) == "/tmp/another.png"
    assert image.duplicate().filename is None
    path = str(Path(tempfile.mkdtemp()) / "saved.png")
    fu.pdb.gimp_file_save(image, image.layers[0], path, path)
    loaded = fu.pdb.gimp_file_load(path, path)
    assert (loaded.filename, loaded.uri, loaded.name) == (path, f"file://{path}", "saved.png")


@check("gimp.Image.dirty", "gimp.Image.clean_all")
def dirty() -> None:
    image = picture()
    assert image.dirty is True
    image.clean_all()
    assert image.dirty is False


@check("gimp.Image.resolution")
def resolution() -> None:
    image = picture()
    image.resolution = (96.0, 48.0)
    assert image.resolution == (96.0, 48.0)
    refuses(TypeError, lambda: setattr(image, "resolution", 5))


@check("gimp.Image.unit")
def unit() -> None:
    image = picture()
    image.unit = fu.UNIT_MM
    assert image.unit == fu.UNIT_MM
    refuses(TypeError, lambda: setattr(image, "unit", "mm"))


@check("gimp.Image.tattoo_state")
def tattoo_state() -> None:
    image = picture()
    before = image.tattoo_state
    image.tattoo_state = before + 100
    assert image.tattoo_state == before + 100


@check("gimp.Image.layers")
def layers() -> None:
    image = picture(4, 4, "low", "high")
    assert names(image.layers) == ["high", "low"]
    assert isinstance(image.layers, list)
    assert all(isinstance(layer, gimp.Layer) for layer in image.layers)


@check("gimp.Image.active_layer")
def active_layer() -> None:
    image = picture(4, 4, "low", "high")
    assert image.active_layer.name == "high"
    image.active_layer = image.layers[1]
    assert image.active_layer == image.layers[1]
    assert gimp.Image(3, 3).active_layer is None
    refuses(TypeError, lambda: setattr(image, "active_layer", "low"))


@check("gimp.Image.active_drawable")
def active_drawable() -> None:
    image = picture()
    assert image.active_drawable == image.layers[0]
    channel = gimp.Channel(image, "c", 40, 30, 50, (255, 0, 0))
    image.add_channel(channel)
    image.active_channel = channel
    assert image.active_drawable == channel


@check("gimp.Image.channels", "gimp.Image.add_channel", "gimp.Image.remove_channel")
def channels() -> None:
    image = picture()
    low, high = (gimp.Channel(image, name, 40, 30, 50.0, (0, 255, 0)) for name in ("low", "high"))
    image.add_channel(low)
    image.add_channel(high, 0)
    assert names(image.channels) == ["high", "low"]
    image.remove_channel(low)
    assert names(image.channels) == ["high"]
    refuses(TypeError, lambda: image.add_channel(image.layers[0]))


@check("gimp.Image.active_channel", "gimp.Image.unset_active_channel")
def active_channel() -> None:
    image = picture()
    assert image.active_channel is None
    channel = gimp.Channel(image, "c", 40, 30, 50, (255, 0, 0))
    image.add_channel(channel)
    image.active_channel = channel
    assert image.active_channel == channel
    image.unset_active_channel()
    assert image.active_channel is None


@check("gimp.Image.raise_channel", "gimp.Image.lower_channel")
def order_of_channels() -> None:
    image = picture()
    for name in ("low", "high"):
        image.add_channel(gimp.Channel(image, name, 40, 30, 50, (0, 0, 0)), 0)
    image.lower_channel(image.channels[0])
    assert names(image.channels) == ["low", "high"]
    image.raise_channel(image.channels[1])
    assert names(image.channels) == ["high", "low"]


@check("gimp.Image.vectors")
def vectors() -> None:
    image = picture()
    path = gimp.Vectors(image, "way")
    fu.pdb.gimp_image_insert_vectors(image, path, None, 0)
    assert image.vectors == [path]


@check("gimp.Image.selection")
def selection() -> None:
    image = picture()
    fu.pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 5, 6, 10, 8)
    assert isinstance(image.selection, gimp.Channel)
    assert [image.selection.get_pixel(x, 6) for x in (4, 5, 14, 15)] == [(0,), (255,), (255,), (0,)]


@check("gimp.Image.floating_selection", "gimp.Image.floating_sel_attached_to", "gimp.Layer.is_floating_sel")
def floating_selection() -> None:
    image = picture()
    base = image.layers[0]
    assert image.floating_selection is None
    fu.pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 5, 6, 10, 8)
    floating = fu.pdb.gimp_selection_float(base, 3, 3)
    assert image.floating_selection == floating
    assert floating.is_floating_sel is True
    assert base.is_floating_sel is False
    assert image.floating_sel_attached_to == base


@check("gimp.Image.colormap")
def colormap() -> None:
    image = gimp.Image(4, 4, fu.INDEXED)
    image.colormap = "\xff\x00\x00" + "\x00\x80\xff"
    assert image.colormap == "\xff\x00\x00\x00\x80\xff"
    assert ord(image.colormap[4]) == 128


@check("gimp.Image.add_layer")
def add_layer() -> None:
    image = picture(4, 4, "low")
    image.add_layer(gimp.Layer(image, "top", 4, 4), 0)
    image.add_layer(gimp.Layer(image, "bottom", 4, 4), 2)
    image.active_layer = image.layers[1]
    image.add_layer(gimp.Layer(image, "above active", 4, 4), -1)
    image.add_layer(gimp.Layer(image, "also", 4, 4))
    assert names(image.layers) == ["top", "also", "above active", "low", "bottom"]
    refuses(gimp.error, lambda: image.add_layer(image.layers[0], 0))
    refuses(TypeError, lambda: image.add_layer("layer"))


@check("gimp.Image.insert_layer")
def insert_layer() -> None:
    image = picture(4, 4, "low")
    group = gimp.GroupLayer(image, "group")
    image.insert_layer(group)
    image.insert_layer(gimp.Layer(image, "inside", 4, 4), parent=group, position=0)
    image.insert_layer(gimp.Layer(image, "deep", 4, 4), group, 1)
    assert names(image.layers) == ["group", "low"]
    assert names(group.children) == ["inside", "deep"]


@check("gimp.Image.new_layer")
def new_layer() -> None:
    image = picture(8, 6)
    gimp.set_background(10, 20, 30)
    plain = image.new_layer()
    assert (plain.name, plain.width, plain.height, plain.has_alpha) == ("New Layer", 8, 6, True)
    assert plain.get_pixel(0, 0)[3] == 0
    small = image.new_layer("small", 4, 3, 2, 1, False, 0, 50.0, fu.MULTIPLY_MODE)
    assert (small.width, small.height, small.offsets, small.has_alpha) == (4, 3, (2, 1), False)
    assert (small.opacity, small.mode) == (50.0, fu.MULTIPLY_MODE)
    assert small.get_pixel(0, 0) == (10, 20, 30)
    assert image.new_layer(name="white", fill_mode=fu.WHITE_FILL).get_pixel(1, 1) == (255, 255, 255, 255)
    assert names(image.layers)[0] in ("white", "small")


@check("gimp.Image.remove_layer")
def remove_layer() -> None:
    image = picture(4, 4, "low", "high")
    image.remove_layer(image.layers[0])
    assert names(image.layers) == ["low"]


@check("gimp.Image.raise_layer", "gimp.Image.lower_layer", "gimp.Image.raise_layer_to_top",
       "gimp.Image.lower_layer_to_bottom")  # fmt: skip
def order_of_layers() -> None:
    image = picture(4, 4, "c", "b", "a")
    a, b, c = image.layers
    image.lower_layer(a)
    assert names(image.layers) == ["b", "a", "c"]
    image.raise_layer(c)
    assert names(image.layers) == ["b", "c", "a"]
    image.raise_layer_to_top(a)
    assert names(image.layers) == ["a", "b", "c"]
    image.lower_layer_to_bottom(b)
    assert names(image.layers) == ["a", "c", "b"]


@check("gimp.Image.flatten")
def flatten() -> None:
    image = picture(4, 4, "low", "high")
    gimp.set_background(1, 2, 3)
    flat = image.flatten()
    assert image.layers == [flat]
    assert (flat.has_alpha, flat.get_pixel(0, 0)) == (False, (1, 2, 3))


@check("gimp.Image.merge_visible_layers")
def merge_visible_layers() -> None:
    image = picture(4, 4, "low", "high", "hidden")
    image.layers[0].visible = False
    merged = image.merge_visible_layers(fu.CLIP_TO_IMAGE)
    assert names(image.layers) == ["hidden", merged.name]


@check("gimp.Image.merge_down")
def merge_down() -> None:
    image = picture(4, 4, "low", "high")
    image.layers[1].fill(fu.WHITE_FILL)
    merged = image.merge_down(image.layers[0], fu.EXPAND_AS_NECESSARY)
    assert image.layers == [merged]
    assert merged.get_pixel(2, 2) == (255, 255, 255, 255)


@check("gimp.Image.pick_correlate_layer")
def pick_correlate_layer() -> None:
    image = picture(8, 8, "low", "high")
    for layer in image.layers:
        layer.fill(fu.WHITE_FILL)
    assert image.pick_correlate_layer(3, 3).name == "high"
    image.layers[0].visible = False
    assert image.pick_correlate_layer(3, 3).name == "low"
    assert image.pick_correlate_layer(99, 99) is None


@check("gimp.Image.resize")
def resize() -> None:
    image = picture(8, 6)
    image.resize(10, 12, 2, 3)
    assert (image.width, image.height, image.layers[0].offsets) == (10, 12, (2, 3))
    image.resize(width=5, height=5)
    assert (image.width, image.height) == (5, 5)
    refuses(gimp.error, lambda: image.resize(-1, 3))


@check("gimp.Image.resize_to_layers")
def resize_to_layers() -> None:
    image = picture(8, 6)
    image.layers[0].set_offsets(3, 4)
    image.resize_to_layers()
    assert (image.width, image.height, image.layers[0].offsets) == (8, 6, (0, 0))


@check("gimp.Image.scale")
def scale() -> None:
    image = picture(8, 6)
    image.scale(16, 12)
    assert (image.width, image.height, image.layers[0].width) == (16, 12, 16)


@check("gimp.Image.crop")
def crop() -> None:
    image = picture(8, 6)
    image.layers[0].set_pixel(3, 2, (9, 8, 7, 255))
    image.crop(4, 3, 3, 2)
    assert (image.width, image.height) == (4, 3)
    assert image.layers[0].get_pixel(0, 0) == (9, 8, 7, 255)
    refuses(gimp.error, lambda: image.crop(400, 3, 0, 0))


@check("gimp.Image.duplicate")
def duplicate() -> None:
    image = picture(8, 6, "low", "high")
    other = image.duplicate()
    assert other != image
    assert names(other.layers) == ["high", "low"]


@check("gimp.Image.disable_undo", "gimp.Image.enable_undo", "gimp.Image.undo_is_enabled", "gimp.Image.undo_freeze",
       "gimp.Image.undo_thaw")  # fmt: skip
def undo() -> None:
    image = picture()
    assert image.undo_is_enabled() is True
    assert image.disable_undo() is True
    assert image.undo_is_enabled() is False
    assert image.enable_undo() is True
    assert image.undo_freeze() is True
    assert image.undo_is_enabled() is False
    assert image.undo_thaw() is True
    assert image.undo_is_enabled() is True


@check("gimp.Image.undo_group_start", "gimp.Image.undo_group_end")
def undo_group() -> None:
    from gimpfu import _undo  # noqa: PLC0415

    image = picture()
    image.undo_group_start()
    image.undo_group_start()
    image.undo_group_end()
    image.layers[0].fill(fu.WHITE_FILL)
    assert _undo.close_all() == 1
    assert _undo.close_all() == 0
    image.undo_group_start()
    image.undo_group_end()
    assert _undo.close_all() == 0


@check("gimp.Image.parasite_attach", "gimp.Image.parasite_find", "gimp.Image.parasite_detach",
       "gimp.Image.parasite_list", "gimp.Image.attach_new_parasite")  # fmt: skip
def parasites() -> None:
    image = picture()
    image.parasite_attach(gimp.Parasite("note", fu.PARASITE_PERSISTENT, "a\x00\xff"))
    image.attach_new_parasite("other", 0, b"bytes")
    assert {"note", "other"} <= set(image.parasite_list())
    assert image.parasite_find("note").data == "a\x00\xff"
    assert image.parasite_find("other").data == b"bytes"
    assert image.parasite_find("none") is None
    image.parasite_detach("note")
    assert image.parasite_find("note") is None


@check("gimp.Image.add_hguide", "gimp.Image.add_vguide", "gimp.Image.delete_guide", "gimp.Image.find_next_guide",
       "gimp.Image.get_guide_orientation", "gimp.Image.get_guide_position")  # fmt: skip
def guides() -> None:
    image = picture(40, 30)
    across, down = image.add_hguide(10), image.add_vguide(20)
    assert (image.get_guide_position(across), image.get_guide_position(down)) == (10, 20)
    assert image.get_guide_orientation(across) == fu.ORIENTATION_HORIZONTAL
    assert image.get_guide_orientation(down) == fu.ORIENTATION_VERTICAL
    first = image.find_next_guide(0)
    assert {first, image.find_next_guide(first)} == {across, down}
    image.delete_guide(across)
    assert image.find_next_guide(0) == down
    assert image.find_next_guide(down) == 0
    refuses(gimp.error, lambda: image.add_hguide(10) and image.delete_guide(99999))


@check("gimp.Image.free_shadow")
def free_shadow() -> None:
    image = picture()
    region = image.layers[0].get_pixel_rgn(0, 0, 4, 4, True, True)
    region[0, 0] = "abcd"
    image.free_shadow()


@check("gimp.Image.get_component_active", "gimp.Image.set_component_active", "gimp.Image.get_component_visible",
       "gimp.Image.set_component_visible")  # fmt: skip
def components() -> None:
    image = picture()
    assert image.get_component_active(fu.RED_CHANNEL) is True
    image.set_component_active(fu.RED_CHANNEL, False)
    assert image.get_component_active(fu.RED_CHANNEL) is False
    assert image.get_component_active(fu.GREEN_CHANNEL) is True
    image.set_component_visible(fu.BLUE_CHANNEL, 0)
    assert image.get_component_visible(fu.BLUE_CHANNEL) is False


@check("gimp.Image.get_layer_by_tattoo", "gimp.Image.get_channel_by_tattoo")
def by_tattoo() -> None:
    image = picture()
    layer = image.layers[0]
    channel = gimp.Channel(image, "c", 40, 30, 50, (255, 0, 0))
    image.add_channel(channel)
    assert image.get_layer_by_tattoo(layer.tattoo) == layer
    assert image.get_channel_by_tattoo(channel.tattoo) == channel
    assert image.get_layer_by_tattoo(99999) is None
