"""Checks of which part of which layer is painted, in which colours, run inside GIMP by checking.py."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp

from editors.checking import check
from editors.painted import RGB, RGBA, P, call, changed, flat, numbers, picture, samples, siblings

sys.path.append(str(Path(__file__).resolve().parents[2] / "plugins" / "gimp"))
from onto_canvas import layers, placing  # the installed script's own
from onto_canvas.preview import Preview, Unwanted
from onto_canvas.samples import Area, spread, write

MARGIN = layers.MARGIN_PX


def added(image: Any, layer: Any, **chosen: Any) -> Any:
    """Paints; the new layer, wherever it is."""
    before = siblings(image, layer)
    answer = call(image, layer, **chosen)
    assert answer.index(0) == Gimp.PDBStatusType.SUCCESS, Gimp.get_pdb().get_last_error()
    (made,) = [one for one in siblings(image, layer) if one not in before]
    return made


def bounds(layer: Any) -> tuple[int, int, int, int]:
    """Where a layer is in its image."""
    _, x, y = layer.get_offsets()
    return x, y, layer.get_width(), layer.get_height()


@check("plug-in: only the area around a small selection is painted, at its place")
def small_selection() -> None:
    image, layer = picture(size=(400, 300))
    layer.set_offsets(-30, 20)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 150, 24, 20)
    before = flat(image)
    made = added(image, layer)
    assert bounds(made) == (200 - MARGIN, 150 - MARGIN, 24 + 2 * MARGIN, 20 + 2 * MARGIN)
    others = [at // 4 for at in changed(before, flat(image))]
    # What is merged is as large as the layer within the image: from the left border, and from 20 down.
    places = {(at % 370, at // 370 + 20) for at in others}
    assert len(places) > 0.8 * 24 * 20
    assert all(200 <= x < 224 and 150 <= y < 170 for x, y in places)


@check("plug-in: a selection at a corner, and one of a few pixels")
def corner() -> None:
    image, layer = picture(size=(300, 200))
    for box, expected in (
        ((0, 0, 10, 10), (0, 0, 10 + MARGIN, 10 + MARGIN)),
        ((299, 199, 1, 1), (299 - MARGIN, 199 - MARGIN, 1 + MARGIN, 1 + MARGIN)),
    ):
        image.select_rectangle(Gimp.ChannelOps.REPLACE, *box)
        made = added(image, layer)
        assert bounds(made) == expected
        image.remove_layer(made)


@check("plug-in: a large selection has a margin in proportion")
def proportion() -> None:
    image, layer = picture(size=(900, 64))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 200, 0, 480, 64)
    source = layers.read(image, layer)
    assert (source.area.x, source.area.width) == (200 - 120, 480 + 240)


@check("plug-in: what was painted is painted again, in its own place, with what the layer remembers")
def again() -> None:
    image, layer = picture(size=(300, 200))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 150, 100, 24, 20)
    made = added(image, layer, style="mosaic", strength=0.25, seed=7)
    Gimp.Selection.none(image)
    told = placing.remembered(made)
    assert told is not None
    assert (told["style"], told["strength"], told["seed"]) == ("mosaic", 0.25, 7)
    assert placing.origin(image, made) == layer
    assert placing.origin(image, layer) is None
    source = layers.read(image, layer, placing.earlier(made))
    assert (source.area.x, source.area.y) == bounds(made)[:2]
    assert source.mask == samples(made.get_mask())
    assert source.above == made
    image.remove_layer(layer)
    assert placing.origin(image, made) is None


@check("plug-in: a text layer is painted and stays text")
def text() -> None:
    image, _ = picture(size=(160, 80))
    layer = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40.0, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    made = added(image, layer)
    assert isinstance(layer, Gimp.TextLayer)
    assert layer.get_text() == "Impasto"
    assert not isinstance(made, Gimp.TextLayer)
    assert bounds(made) == bounds(layer)
    assert numbers(made)[3::4] == numbers(layer)[3::4], "letters have soft edges, which are neither fatter nor thinner"


@check("plug-in: a layer with an effect is painted as it looks")
def effect() -> None:
    image, layer = picture(size=(64, 48))
    plain = samples(layer)
    blur = Gimp.DrawableFilter.new(layer, "gegl:gaussian-blur", "")
    config = blur.get_config()
    config.set_property("std-dev-x", 6.0)
    config.set_property("std-dev-y", 6.0)
    layer.append_filter(blur)
    source = layers.read(image, layer)
    assert samples(layer) == plain, "the layer keeps its pixels"
    seen, had = list(source.samples), list(plain)
    rough = [sum(abs(one[at] - one[at + 3]) for at in range(0, len(one) - 3, 3)) for one in (seen, had)]
    assert rough[0] < rough[1] / 3, "the effect was not seen"
    assert len(layer.get_filters()) == 1


def wide() -> Any:
    """A profile of more colours than sRGB."""
    return Gimp.ColorProfile.new_rgb_adobe()


PROFILES: dict[str, Callable[[], Any]] = {
    "wide": wide,
    "linear and wide": lambda: Gimp.ColorProfile.new_linear_from_color_profile(wide()),
    "linear": Gimp.ColorProfile.new_rgb_srgb_linear,
}


@check("plug-in: the same picture under another profile is painted in the same colours")
def profiles() -> None:
    for precision, names in {
        P.U8_NON_LINEAR: ("wide",),
        P.U16_NON_LINEAR: ("wide", "linear"),
        P.FLOAT_NON_LINEAR: ("linear and wide",),
        P.FLOAT_LINEAR: ("wide",),
    }.items():
        image, layer = picture(precision, size=(64, 48))
        wanted = _srgb(paint_any(image, layer))
        for name in names:
            other, twin = picture(precision, size=(64, 48))
            other.convert_color_profile(PROFILES[name](), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, False)
            made = paint_any(other, twin)
            off, passed_over = _distance(wanted, _srgb(made)), _distance(wanted, _as_if_srgb(made))
            # Measured: 0.006 of 8 bits, at most 0.001 of more; without the profile 0.015, and at least 0.008.
            assert off < (0.01 if precision == P.U8_NON_LINEAR else 0.004), (precision, name, off)
            assert passed_over > 1.5 * off, (precision, name, off, passed_over)


def paint_any(image: Any, layer: Any) -> Any:
    """Paints a picture of any profile, as far from itself as its style lets it."""
    return added(image, layer, steps=12, strength=1.0)


def _srgb(layer: Any) -> list[int]:
    """A layer's colours in sRGB, 16 bits."""
    raw = layer.get_buffer().get(_rectangle(layer), 1.0, "R'G'B' u16", Gegl.AbyssPolicy.NONE)
    return list(memoryview(bytes(raw)).cast("H"))


def _as_if_srgb(layer: Any) -> list[int]:
    """Likewise as somebody sees them who passes over the profile."""
    own = Babl.get_name(layer.get_format())
    raw, plain = samples(layer), own.split("-")[0]
    buffer = Gegl.Buffer.new(plain, 0, 0, layer.get_width(), layer.get_height())
    buffer.set(_rectangle(layer), plain, raw)
    return list(memoryview(bytes(buffer.get(_rectangle(layer), 1.0, "R'G'B' u16", Gegl.AbyssPolicy.NONE))).cast("H"))


def _rectangle(layer: Any) -> Any:
    return Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())


def _distance(one: list[int], other: list[int]) -> float:
    """Between two pictures' mean colours, 1 from black to white: where a stroke lies hangs on the last bit."""
    means = [[sum(picture[channel::3]) / len(picture[channel::3]) for channel in range(3)] for picture in (one, other)]
    return float(sum(abs(a - b) for a, b in zip(*means, strict=True))) / 3 / 65535


@check("plug-in: a preview that comes small is shown at the layer's size, and leaves no trace")
def preview() -> None:
    image, layer = picture(size=(1600, 1200), kind=RGBA)
    fill_quarters(layer)
    layer.set_offsets(30, -10)
    image.clean_all()
    source = layers.read(image, layer)
    shown = Preview(source)
    small = bytes(value for y in range(96) for x in range(128) for value in _quarter(x < 64, y < 48))
    shown.show({"width": 128, "height": 96, "pixel_format": "rgb"}, small)
    growing = image.get_layers()[0]
    assert bounds(growing) == (30, -10, 1600, 1200)
    buffer = growing.get_buffer()
    for x, y in ((0, 0), (1599, 0), (0, 1199), (1599, 1199), (700, 500), (900, 700)):
        seen = bytes(buffer.get(Gegl.Rectangle.new(x, y, 1, 1), 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))
        assert seen == bytes([*_quarter(x < 800, y < 600), 255]), (x, y, seen)
    assert growing.get_lock_content()
    assert not image.is_dirty()
    shown.remove()
    assert image.get_layers() == [layer]
    assert not image.is_dirty()


@check("plug-in: whoever watches has turns while a large frame is drawn, and may have no more of it")
def turns() -> None:
    image, layer = picture(size=(64, 48), kind=RGB)
    large = Gimp.Layer.new(image, "large", 2048, 2048, RGB, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(large, None, 0)
    image.clean_all()
    source = layers.read(image, large)
    frame = {"width": 2, "height": 2, "pixel_format": "rgb"}, bytes([200, 90, 30]) * 4
    had: list[int] = []

    def turn() -> None:
        had.append(len(image.get_layers()))
        shown.show(*frame)  # what comes meanwhile is left out

    shown = Preview(source, turn)
    shown.show(*frame)
    assert had == [2] * 4 + [3] * 4, "four bands of the layer before it is in the image, and four of the frame"
    assert set(samples(image.get_layers()[0])[::3]) == {200}
    shown.remove()

    def unwanted() -> None:
        raise Unwanted

    Preview(source, unwanted).show(*frame)
    assert image.get_layers() == [large, layer]
    assert not image.is_dirty()


@check("plug-in: an image that is closed while a frame of it is drawn takes nothing along, neither GIMP")
def closed() -> None:
    frame = {"width": 2, "height": 2, "pixel_format": "rgb"}, bytes([200, 90, 30]) * 4
    for at_turn in (1, 2, 3, 4) * 5:  # of those turns: the layer has two bands, and the frame two
        image, _ = picture(size=(64, 48), kind=RGB)
        large = Gimp.Layer.new(image, "large", 2048, 1024, RGB, 100.0, Gimp.LayerMode.NORMAL)
        image.insert_layer(large, None, 0)
        turns = iter(range(1, at_turn + 1))

        def turn(turns: Iterator[int] = turns, at_turn: int = at_turn, image: Any = image) -> None:
            if next(turns, 0) == at_turn:
                image.delete()

        shown = Preview(layers.read(image, large), turn)
        shown.show(*frame)
        assert not image.is_valid()
        assert not shown.undisturbed
        shown.show(*frame)
        shown.remove()
        assert Gimp.get_images() == [], "something hidden was left"


def _quarter(is_left: bool, is_upper: bool) -> tuple[int, int, int]:
    return 200 * is_left, 200 * is_upper, 90


def fill_quarters(layer: Any) -> None:
    """Opaque and flat: only where its quarters are matters."""
    width, height = layer.get_width(), layer.get_height()
    layer.get_buffer().set(_rectangle(layer), "R'G'B'A u8", bytes([9, 9, 9, 255]) * (width * height))
    layer.get_buffer().flush()


@check("plug-in: a small picture spread over a layer of any size has no faded rim, nor is it black")
def rim() -> None:
    for size in ((96, 64), (12_000, 40)):  # GEGL has a scaling that ends at 10 000 px
        _, layer = picture(size=(8, 8), kind=RGB)
        wide = Gimp.Layer.new(layer.get_image(), "wide", *size, RGB, 100.0, Gimp.LayerMode.NORMAL)
        even = bytes([120, 60, 200]) * (48 * 32)
        spread(wide, "R'G'B' u8", even, (48, 32), size, Area(0, 0, *size))
        assert set(samples(wide)[::3]) == {120}
        assert set(samples(wide)[1::3]) == {60}


@check("plug-in: a part of a small picture is spread where it would lie")
def part() -> None:
    _, layer = picture(size=(40, 30), kind=RGB)
    halves = (bytes([10, 10, 10]) * 4 + bytes([250, 250, 250]) * 4) * 2
    spread(layer, "R'G'B' u8", halves, (8, 2), (80, 60), Area(30, 20, 40, 30))
    seen = samples(layer)[: 40 * 3 : 3]
    assert set(seen[:5]) == {10}, "the halves meet at 40 px, 10 of this part, and go over into one another in 10"
    assert set(seen[15:]) == {250}
    assert list(seen) == sorted(seen)


@check("plug-in: a layer larger than a print is wide, painted small, comes back whole")
def print_size() -> None:
    image, _ = picture(size=(16, 16), kind=RGB)
    image.resize(10_400, 1_300, 0, 0)
    large = Gimp.Layer.new(image, "large", 10_400, 1_300, RGB, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(large, None, 0)
    row = b"".join(bytes([80 + x % 150, 90, 60 + x // 60]) for x in range(10_400))
    write(large, "R'G'B' u8", row * 1_300)
    image.clean_all()
    made = added(image, large, size=256)
    seen = samples(made)
    for y in (0, 650, 1_299):
        for x in (0, 5_200, 10_000, 10_399):
            at = 3 * (10_400 * y + x)
            assert sum(seen[at : at + 3]) > 60, f"black at {x}, {y}"
