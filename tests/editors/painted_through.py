"""Checks of the plug-in on layers through which something is seen, run inside GIMP by checking.py.

Two layers over one another show more than one: what is held here is that a picture is after painting exactly as
transparent as before, in the image and in the file that GIMP exports, and that only what was selected has changed.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

from editors.checking import check
from editors.painted import GRAYA, HEIGHT, RGB, RGBA, WIDTH, P, changed, fill, flat, numbers, paint, picture

sys.path.append(str(Path(__file__).resolve().parents[2] / "plugins" / "gimp"))
from onto_canvas import layers, placing  # the installed script's own

WHOLE = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)
# What GIMP writes such a picture to, without a loss.
FILES = {P.U8_NON_LINEAR: "png", P.U16_NON_LINEAR: "png", P.FLOAT_NON_LINEAR: "tif"}


def select(image: Any) -> tuple[set[int], set[int]]:
    """A feathered ellipse; numbers of the pixels far outside of it, and of those in its middle."""
    Gimp.context_push()
    Gimp.context_set_feather(True)
    Gimp.context_set_feather_radius(3, 3)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 14, 10, 20, 18)
    Gimp.context_pop()
    selected = numbers(image.get_selection())
    outside = {at for at, value in enumerate(selected) if value == 0}
    inside = {at for at, value in enumerate(selected) if value == max(selected)}
    assert len(outside) > 200
    assert len(inside) > 50
    return outside, inside


def exported(image: Any, ending: str) -> list[float]:
    """What is in the file that GIMP exports."""
    path = Path(tempfile.mkdtemp()) / f"exported.{ending}"
    file = Gio.File.new_for_path(str(path))
    copy = image.duplicate()
    if ending == "tif":  # GIMP would write each layer on a page of its own
        merged = copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
        for other in copy.get_layers():
            if other != merged:
                copy.remove_layer(other)
    assert Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, copy, file, None)
    copy.delete()
    back = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    size = image.get_width(), image.get_height()  # 3.2 reads a TIFF's thumbnail as a page, too
    (layer,) = [one for one in back.get_layers() if (one.get_width(), one.get_height()) == size]
    found = numbers(layer)
    back.delete()
    path.unlink()
    return found


def pixels(values: list[float], channels: int) -> list[tuple[float, ...]]:
    """The samples of each pixel."""
    return [tuple(values[at : at + channels]) for at in range(0, len(values), channels)]


def held(before: list[float], after: list[float], channels: int, outside: set[int], inside: set[int]) -> None:
    """Alpha is the same to the bit, outside everything is, and inside it was painted."""
    assert before[channels - 1 :: channels] == after[channels - 1 :: channels], "it is more or less transparent now"
    old, new = pixels(before, channels), pixels(after, channels)
    assert all(old[at] == new[at] for at in outside), "something outside has changed"
    seen = [at for at in inside if old[at][-1]]
    assert sum(old[at] != new[at] for at in seen) > 0.8 * len(seen), "it is hardly painted"


@check("plug-in: a half-transparent picture is as transparent after it")
def thin() -> None:
    for precision, kind, channels in (
        (P.U8_NON_LINEAR, RGBA, 4),
        (P.U8_NON_LINEAR, GRAYA, 2),
        (P.U16_NON_LINEAR, RGBA, 4),
        (P.HALF_LINEAR, RGBA, 4),
        (P.FLOAT_LINEAR, RGBA, 4),
    ):
        image, layer = picture(precision, kind)
        outside, inside = select(image)
        before = flat(image)
        made = paint(image, layer)
        assert not layer.get_visible(), "both would show more than one"
        assert numbers(made)[channels - 1 :: channels] == numbers(layer)[channels - 1 :: channels]
        held(before, flat(image), channels, outside, inside)


@check("plug-in: so is the file that GIMP exports")
def files() -> None:
    for precision, ending in FILES.items():
        image, layer = picture(precision, RGBA)
        outside, inside = select(image)
        before = exported(image, ending)
        paint(image, layer)
        held(before, exported(image, ending), 4, outside, inside)


@check("plug-in: a thin layer that is painted smaller keeps its alpha")
def thin_and_small() -> None:
    for precision in (P.U8_NON_LINEAR, P.U16_NON_LINEAR, P.FLOAT_LINEAR, P.U32_NON_LINEAR, P.DOUBLE_LINEAR):
        image, layer = picture(precision, RGBA)
        made = paint(image, layer, size=24)
        assert numbers(made)[3::4] == numbers(layer)[3::4]


@check("plug-in: what is cut out in hard pixels keeps its edge, and the source stays in sight")
def cut_out() -> None:
    image, layer = picture(P.U8_NON_LINEAR, RGBA)
    values = numbers(layer)
    values[3::4] = [255.0 * ((at % WIDTH) // 7 % 2) for at in range(WIDTH * HEIGHT)]
    layer.get_buffer().set(WHOLE, "R'G'B'A u8", bytes(int(value) for value in values))
    layer.get_buffer().flush()
    before = flat(image)
    for size in (1024, 24):
        made = paint(image, layer, size=size)
        assert layer.get_visible()
        assert flat(image)[3::4] == before[3::4]
        image.remove_layer(made)


@check("plug-in: what is below a thin layer shines through as before")
def below() -> None:
    image, ground = picture(P.FLOAT_LINEAR, RGB)
    layer = Gimp.Layer.new(image, "thin", WIDTH, HEIGHT, RGBA, 60.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    fill(layer, 3)
    outside, inside = select(image)
    before, under = pixels(flat(image), 4), pixels(numbers(ground), 3)
    made = paint(image, layer)
    after, painted = pixels(flat(image), 4), pixels(numbers(made), 4)
    assert (made.get_opacity(), layer.get_opacity()) == (60.0, 60.0)
    for at in range(WIDTH * HEIGHT):
        share = 0.6 * painted[at][3]
        for was, over, is_now in zip(under[at], painted[at], after[at], strict=False):
            assert abs(was + (over - was) * share - is_now) < 1e-4, "more of it, or less, is seen now"
    assert all(before[at] == after[at] for at in outside)
    assert sum(before[at] != after[at] for at in inside) > 0.8 * len(inside)


@check("plug-in: a mode of its own and a soft mask go along")
def mode_and_mask() -> None:
    image, _ = picture()
    layer = Gimp.Layer.new(image, "glaze", WIDTH, HEIGHT, RGB, 100.0, Gimp.LayerMode.MULTIPLY)
    image.insert_layer(layer, None, 0)
    fill(layer, None)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    ramp = bytes(255 * (at % WIDTH) // (WIDTH - 1) for at in range(WIDTH * HEIGHT))
    layer.get_mask().get_buffer().set(WHOLE, "Y u8", ramp)
    layer.get_mask().get_buffer().flush()
    outside, inside = select(image)
    before = pixels(flat(image), 4)
    made = paint(image, layer)
    after = pixels(flat(image), 4)
    assert made.get_mode() == Gimp.LayerMode.MULTIPLY
    assert bytes(int(value) for value in numbers(made.get_mask())) == ramp
    assert all(before[at] == after[at] for at in outside)
    assert sum(before[at] != after[at] for at in inside) > 0.6 * len(inside)


@check("plug-in: integers of 32 bits and doubles keep what a painting leaves alone")
def deep() -> None:
    for precision in (P.U32_NON_LINEAR, P.DOUBLE_LINEAR):
        image, layer = picture(precision, RGBA)
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 20, 18)
        made = paint(image, layer)
        old, new = numbers(layer), numbers(made)
        assert old[3::4] == new[3::4]
        outside = [at for at in range(len(old)) if (at // 4) % WIDTH < 10]
        assert [old[at] for at in outside] == [new[at] for at in outside]
        assert changed(old, new)


@check("plug-in: a stand-in that is painted again is replaced, not covered")
def again() -> None:
    image, layer = picture(P.U16_NON_LINEAR, RGBA)
    before = flat(image)
    made = paint(image, layer)
    source = layers.read(image, layer, placing.earlier(made))
    assert (source.is_translucent, source.selection) == (True, None)
    other = placing.insert(source, source.samples, "again", {})
    seen = [one for one in image.get_layers() if one.get_visible()]
    assert seen == [other]
    assert image.get_item_position(other) == image.get_item_position(made) - 1
    assert flat(image) == before, "the very pixels were put there, with their alpha"
