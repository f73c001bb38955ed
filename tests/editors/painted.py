"""Checks of the plug-in, run inside GIMP by checking.py: it is called as a script calls it, and paints for real.

Pictures are tiny and steps few: what is held is which samples change, where, at which depth, and what else does not.
"""

import struct
import tempfile
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp, Gio

from editors.checking import check, refuses

NONE = Gegl.AbyssPolicy.NONE
WIDTH, HEIGHT, STEPS = 48, 40, 3
KINDS = {
    "u8": ("B", 255), "u16": ("H", 65535), "u32": ("I", 4294967295), "half": ("e", 1.0), "float": ("f", 1.0),
    "double": ("d", 1.0),
}  # fmt: skip
RGBA, RGB = Gimp.ImageType.RGBA_IMAGE, Gimp.ImageType.RGB_IMAGE
GRAY, GRAYA = Gimp.ImageType.GRAY_IMAGE, Gimp.ImageType.GRAYA_IMAGE
P = Gimp.Precision


def samples(drawable: Any) -> bytes:
    Gegl.init(None)
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return bytes(drawable.get_buffer().get(whole, 1.0, None, NONE))


def numbers(drawable: Any) -> list[float]:
    """Its samples as numbers, in its own format."""
    raw, word = samples(drawable), Babl.get_name(drawable.get_format()).split()[1].split("-")[0]
    code, _ = KINDS[word]
    return list(struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw))


def fill(drawable: Any, alpha: int | None) -> None:
    """Forms and grain, different in every sample; alpha rises along rows."""
    name = Babl.get_name(drawable.get_format())
    code, white = KINDS[name.split()[1].split("-")[0]]
    width, height, channels = drawable.get_width(), drawable.get_height(), drawable.get_bpp() // struct.calcsize(code)
    values = []
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                share = ((x * 7 + y * 5 * (c + 1)) % 61 + (x * y * 3) % 17) / 80
                values.append((x / (width - 1)) if c == alpha else share)
    packed = [int(v * white) for v in values] if isinstance(white, int) else values
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), name, struct.pack(f"<{len(packed)}{code}", *packed))
    buffer.flush()


def picture(
    precision: Any = P.U8_NON_LINEAR, kind: Any = RGB, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[Any, Any]:
    """An image of that size with a layer of its size."""
    Gegl.init(None)
    base = Gimp.ImageBaseType.GRAY if kind in (GRAY, GRAYA) else Gimp.ImageBaseType.RGB
    image = Gimp.Image.new_with_precision(*size, base, precision)
    layer = Gimp.Layer.new(image, "photo", *size, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    fill(layer, {RGBA: 3, GRAYA: 1}.get(kind))
    return image, layer


def call(image: Any, drawable: Any, **chosen: Any) -> Any:
    """Calls the plug-in as another script does; its return values."""
    procedure = Gimp.get_pdb().lookup_procedure("python-fu-impasto")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [drawable])
    for name, value in {"steps": STEPS, "style": "marbled", **chosen}.items():
        config.set_property(name.replace("_", "-"), value)
    return procedure.run(config)


def paint(image: Any, layer: Any, **chosen: Any) -> Any:
    """Calls it, which must go well; the new layer. The source and its place are untouched."""
    before, layers = samples(layer), image.get_layers()
    answer = call(image, layer, **chosen)
    assert answer.index(0) == Gimp.PDBStatusType.SUCCESS, Gimp.get_pdb().get_last_error()
    assert samples(layer) == before, "the source was written to"
    (made,) = [one for one in siblings(image, layer) if one not in layers and one != layer]
    assert image.get_item_position(made) == image.get_item_position(layer) - 1
    assert made.get_offsets() == layer.get_offsets()
    assert (made.get_width(), made.get_height()) == (layer.get_width(), layer.get_height())
    assert Babl.get_name(made.get_format()) == Babl.get_name(layer.get_format())
    return made


def siblings(image: Any, layer: Any) -> Any:
    parent = layer.get_parent()
    return parent.get_children() if parent is not None else image.get_layers()


def flat(image: Any) -> list[float]:
    """What is to be seen, as it would be exported: flattened within its own precision, alpha kept."""
    copy = image.duplicate()
    merged = copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
    found = numbers(merged)
    copy.delete()
    return found


def touched(before: list[float], after: list[float]) -> set[int]:
    """Numbers of the pixels, of an image of the usual size, that are others."""
    channels = len(before) // (WIDTH * HEIGHT)
    return {at // channels for at in changed(before, after)}


def changed(before: list[float], after: list[float]) -> set[int]:
    """Numbers of the samples that are others."""
    assert len(before) == len(after)
    return {at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other}


def differs(image: Any, layer: Any, made: Any) -> None:
    """A painting: most samples are others, at the layer's own depth."""
    old, new = numbers(layer), numbers(made)
    assert len(changed(old, new)) > len(old) * 0.4, "it is hardly painted"
    assert len(set(new)) > 60


@check("plug-in: 8 bits")
def u8() -> None:
    image, layer = picture()
    made = paint(image, layer)
    differs(image, layer, made)
    assert made.get_mask() is None
    assert made.get_name() == "photo, marbled"
    told = bytes(value % 256 for value in made.get_parasite("impasto-neural-style").get_data()).decode()
    assert '"style": "marbled"' in told


@check("plug-in: 16 bits")
def u16() -> None:
    image, layer = picture(P.U16_NON_LINEAR)
    made = paint(image, layer)
    differs(image, layer, made)
    assert len({value % 257 for value in numbers(made)}) > 200, "it went through 8 bits"


@check("plug-in: float, half, double and 32-bit integers, linear and not")
def floats() -> None:
    for precision in (P.FLOAT_LINEAR, P.FLOAT_NON_LINEAR, P.HALF_LINEAR, P.DOUBLE_LINEAR, P.U32_NON_LINEAR):
        image, layer = picture(precision)
        made = paint(image, layer)
        differs(image, layer, made)
        assert len(set(numbers(made))) > 1500, f"{precision} went through fewer bits"
        means = [sum(numbers(one)) / len(numbers(one)) for one in (layer, made)]
        assert 0.5 < means[0] / means[1] < 2, "light and tone are mixed up"


@check("plug-in: gray, with alpha and without")
def gray() -> None:
    for kind in (GRAY, GRAYA):
        image, layer = picture(P.U8_NON_LINEAR, kind)
        differs(image, layer, paint(image, layer))


@check("plug-in: alpha is kept")
def alpha() -> None:
    image, layer = picture(P.U8_NON_LINEAR, RGBA)
    made = paint(image, layer)
    differs(image, layer, made)
    assert numbers(made)[3::4] == numbers(layer)[3::4]


@check("plug-in: outside a feathered selection not a sample differs")
def selection() -> None:
    for precision in (P.U8_NON_LINEAR, P.U16_NON_LINEAR, P.FLOAT_LINEAR):
        image, layer = picture(precision)
        Gimp.context_push()
        Gimp.context_set_feather(True)
        Gimp.context_set_feather_radius(3, 3)  # in floats its tail is never quite 0, but far out
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 14, 10, 20, 18)
        Gimp.context_pop()
        selected, before = numbers(image.get_selection()), flat(image)
        assert len(set(selected)) > 20, "nothing is feathered"
        made = paint(image, layer)
        after = flat(image)
        assert numbers(made.get_mask()) == selected == numbers(image.get_selection())
        outside = [at for at, value in enumerate(selected) if value == 0]
        inside = [at for at, value in enumerate(selected) if value == max(selected)]
        others = touched(before, after)
        assert len(outside) > 200, len(outside)
        assert not others & set(outside), "something outside has changed"
        assert len(others & set(inside)) > len(inside) * 0.8


@check("plug-in: a layer off its place, larger and smaller than the image")
def offset() -> None:
    image, _ = picture()
    for x, y, width, height in ((-9, 7, 60, 30), (20, 15, 20, 18)):
        other = Gimp.Layer.new(image, "off", width, height, RGBA, 100.0, Gimp.LayerMode.NORMAL)
        other.set_offsets(x, y)
        image.insert_layer(other, None, 0)
        fill(other, None)
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 22, 16, 12, 10)
        before = flat(image)
        made = paint(image, other)
        others = touched(before, flat(image))
        assert others
        assert all(22 <= at % WIDTH < 34 and 16 <= at // WIDTH < 26 for at in others)
        image.remove_layer(made)
        Gimp.Selection.none(image)


@check("plug-in: a layer in a group, and a group")
def group() -> None:
    image, layer = picture()
    folder = Gimp.GroupLayer.new(image, "folder")
    image.insert_layer(folder, None, 0)
    inner = layer.copy()
    image.insert_layer(inner, folder, 0)
    made = paint(image, inner)
    assert made.get_parent() == folder
    assert paint(image, folder).get_parent() is None


@check("plug-in: what a layer's mask hides stays hidden")
def masked() -> None:
    for precision in (P.U8_NON_LINEAR, P.HALF_LINEAR, P.FLOAT_LINEAR):
        image, layer = picture(precision)
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 24, HEIGHT)
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
        own = numbers(layer.get_mask())
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 0, 30, HEIGHT)
        both = [float(10 <= at % WIDTH < 24) for at in range(WIDTH * HEIGHT)]
        made = paint(image, layer)
        white = max(own)
        assert [value / white for value in numbers(made.get_mask())] == both
        assert numbers(layer.get_mask()) == own


@check("plug-in: a large layer is painted smaller and scaled")
def size() -> None:
    image, layer = picture(size=(96, 80))
    made = paint(image, layer, size=48)
    differs(image, layer, made)


@check("plug-in: a style from a file, and the picture's own colours")
def from_a_file() -> None:
    style, _ = picture(size=(40, 32))
    path = Path(tempfile.mkdtemp()) / "my style.png"
    file = Gio.File.new_for_path(str(path))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, style, file, None)
    image, layer = picture()
    made = paint(image, layer, style="file", style_file=file, keep_colours=True)
    assert made.get_name() == "photo, my style", made.get_name()
    same = paint(image, layer, style="file", style_file=file, keep_colours=True)
    assert samples(made) == samples(same), "the same seed gives the same pixels"
    path.unlink()
    told = refused(image, layer, style="file", style_file=file)
    assert "my style.png cannot be read: No such file" in told


def refused(image: Any, drawable: Any, **chosen: Any) -> str:
    """Why it would not paint; nothing has changed."""
    layers, steps = image.get_layers(), image.is_dirty()
    answer = call(image, drawable, **chosen)
    told = str(Gimp.get_pdb().get_last_error())  # the next call forgets it
    assert answer.index(0) != Gimp.PDBStatusType.SUCCESS
    assert (image.get_layers(), image.is_dirty()) == (layers, steps)
    return told


@check("plug-in: what cannot be painted is refused in words, and nothing is left")
def refusals() -> None:
    image, layer = picture()
    assert "no style picture was chosen: choose a file" in refused(image, layer, style="file")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 30, 8, 10)
    small = Gimp.Layer.new(image, "small", 20, 20, RGB, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(small, None, 0)
    image.clean_all()
    told = refused(image, small)
    assert told == (
        "nothing of the layer 'small' is selected: select a part of it, or choose Select > None to paint all of it"
    ), told
    Gimp.Selection.none(image)
    tiny = Gimp.Layer.new(image, "tiny", 9, 30, RGB, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(tiny, None, 0)
    assert "'tiny' has 9 x 30 pixels; 16 each way are needed" in refused(image, tiny)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    assert "this is a mask or a channel" in refused(image, layer.get_mask())
    channel = Gimp.Channel.new(image, "edges", 20, 20, 100.0, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    assert "'edges' is a mask or a channel, and a style is a layer" in refused(
        image, layer, style="layer", style_layer=channel
    )
    image, layer = picture()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    assert "choose Image > Mode > RGB first" in refused(image, layer)
    assert refuses(TypeError, lambda: call(image, layer, strength="much"))
