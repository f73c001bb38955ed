"""What is painted: a layer's pixels at their own precision, as far as they are needed, and what of it is selected.

Knows GIMP 3; must never know Impasto, a bridge or a dialog. Nothing is written to here. Called by the script.

Where something is selected, only it and a margin around it are read and painted: the rest would cost the same and be
thrown away. The margin is what the network sees around a stroke at its finest size (78 px at relu5_1), or a quarter of
the selection where that is more, as coarser sizes see further. Measured by tests/bench/margin.py (96 px of a photo of
768 selected, 40 steps): pixels of the selection are on average 31 of 255 from those with a margin of 192 px where there
is none, 24 with 32 px, 21 with 64, 10 with 96, 7 with 128, and 8 where the whole photo was painted; 96 px took 16 s and
the whole 211 s, on a busy machine.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from typing import Any

from gi.repository import Babl, Gimp

from onto_canvas import samples
from onto_canvas.samples import Area

ANY = bytes([0] + [255] * 255)  # whatever is selected at all is painted in full; the feather is the new layer's mask
LEAST_PX = 16  # what the network can see
MARGIN_PX, MARGIN_SHARE = 96, 4
# GIMP's precisions are hundreds for the kind of number and a rest for the tone. What travels, and babl's word for it.
KINDS = {
    1: ("u8", "u8"), 2: ("u16", "u16"), 3: ("f32", "float"), 5: ("f16", "half"), 6: ("f32", "float"),
    7: ("f32", "float"),
}  # fmt: skip
NATIVE_KINDS = (1, 2, 5, 6)  # 32-bit integers and doubles travel as floats
LINEAR, NON_LINEAR, PERCEPTUAL = 0, 50, 75
PIXEL_FORMATS = {("rgb", False): "rgb", ("rgb", True): "rgba", ("gray", False): "gray", ("gray", True): "gray_alpha"}
PLAIN_MODES = (Gimp.LayerMode.NORMAL, Gimp.LayerMode.NORMAL_LEGACY, Gimp.LayerMode.PASS_THROUGH)
OPAQUE = 100.0


class Unpaintable(Exception):
    """This layer cannot be painted as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Painted:
    """An earlier painting: its layer, and whether that stands in for its source and so is all of it."""

    layer: Any
    stands_in: bool


@dataclass(frozen=True)
class Source:
    """A layer as it was when the painting began.

    Attributes:
        image: the image, and
        layer: the layer.
        above: what the painting goes above: the layer, or an earlier painting of it.
        area: what of the layer is painted, in its pixels.
        header: of `samples`, which are those of `area`.
        babl: the name of the format that `samples` have, and a result.
        samples: the pixels.
        selection: how much of each pixel is selected, in the format of GIMP's masks; None for all of all.
        mask: the selection times the layer's own mask.
        selected: 8 bits, white where anything is selected; None for everywhere.
        is_translucent: whether something shines through the layer, so that another layer above it would be too much.
    """

    image: Any
    layer: Any
    above: Any
    area: Area
    header: Mapping[str, Any]
    babl: str
    samples: bytes
    selection: bytes | None
    mask: bytes | None
    selected: bytes | None
    is_translucent: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is painted, in pixels."""
        return self.area.size

    @property
    def place(self) -> tuple[int, int]:
        """Where in the image `area` begins, wherever the layer is by now."""
        _, x, y = self.layer.get_offsets()
        return x + self.area.x, y + self.area.y


def read(image: Any, layer: Any, again: Painted | None = None) -> Source:  # noqa: ANN401  # GIMP's objects have no types
    """Takes a layer's pixels and what of it is selected.

    Args:
        image: the layer's.
        layer: what is painted.
        again: an earlier painting of it; where nothing is selected its mask says what is.

    Raises:
        Unpaintable: it is no layer, indexed, too small, or nothing of it is selected.
    """
    _check(layer)
    area, selection, selected = _selection(image, layer, again)
    babl, header = picture_format(image, layer)
    own, kind = _own_mask(layer, area), int(image.get_precision()) // 100
    pixels = visible(layer, babl, area)
    told = {"width": area.width, "height": area.height, **header}
    above = layer if again is None else again.layer
    is_seen = layer.get_visible() or above.get_visible()
    return Source(
        image=image,
        layer=layer,
        above=above,
        area=area,
        header=told,
        babl=babl,
        samples=pixels,
        selection=selection,
        mask=_product(selection, own, kind),
        selected=selected,
        is_translucent=is_seen and (_is_translucent(layer, own, kind) or _is_thin(told, pixels, selected)),
    )


def visible(layer: Any, babl: str, area: Area | None = None) -> bytes:  # noqa: ANN401
    """Samples of a part of a layer with its effects (filters that GIMP keeps apart from the pixels) applied."""
    if not layer.get_filters():
        return samples.read(layer, babl, area)
    width, height = layer.get_width(), layer.get_height()
    scratch = like(layer.get_image(), width, height)
    copy = Gimp.Layer.new_from_drawable(layer, scratch)
    scratch.insert_layer(copy, None, 0)
    _, x, y = copy.get_offsets()
    copy.merge_filters()
    _, left, top = copy.get_offsets()
    copy.resize(width, height, left - x, top - y)  # a blur may have made it larger
    found = samples.read(copy, babl, area)
    scratch.delete()
    return found


@contextmanager
def aside(image: Any, size: tuple[int, int], kind: Any, name: str) -> Iterator[Any]:  # noqa: ANN401
    """A layer like those of `image` that no user finds or can take away: in no image's layers, and gone afterwards.

    A layer that is in no image's layers still reads the image that it was made for, and GIMP crashes, with all that is
    open in it, when that was closed (3.0.4: of fourteen such layers one that was looked at, written to or deleted). So
    it is made for an image of its own, which has no window that could be closed.
    """
    own = like(image, *size)
    made = Gimp.Layer.new(own, name, *size, kind, OPAQUE, Gimp.LayerMode.NORMAL)
    try:
        yield made
    finally:
        made.delete()
        own.delete()


def like(image: Any, width: int, height: int) -> Any:  # noqa: ANN401
    """An image of that size for a moment's work, with the same kind of pixels and profile; RGB for an indexed one."""
    base = image.get_base_type()
    base = Gimp.ImageBaseType.RGB if base == Gimp.ImageBaseType.INDEXED else base
    made = Gimp.Image.new_with_precision(width, height, base, image.get_precision())
    made.undo_disable()
    profile = image.get_color_profile()
    if profile is not None:
        made.set_color_profile(profile)
    return made


def _check(layer: Any) -> None:  # noqa: ANN401
    if not isinstance(layer, Gimp.Layer):
        raise Unpaintable("a layer is painted, and this is a mask or a channel: click on the layer's own picture first")
    if layer.is_indexed():
        raise Unpaintable("a picture of indexed colours cannot be painted: choose Image > Mode > RGB first")
    width, height = layer.get_width(), layer.get_height()
    if min(width, height) < LEAST_PX:
        raise Unpaintable(
            f"the layer '{layer.get_name()}' has {width} x {height} pixels; {LEAST_PX} each way are needed"
        )
    if not layer.mask_intersect()[0]:
        raise Unpaintable(
            f"nothing of the layer '{layer.get_name()}' is selected: select a part of it, or choose Select > None to"
            " paint all of it"
        )


def picture_format(image: Any, layer: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    """The name of the format that a layer's pixels are read in, and what is said of them.

    They are its own where they can travel. GIMP's perceptual formats have sRGB's curve whatever the profile says, which
    no profile tells: babl makes sRGB of them. So it does of indexed colours, which only a style may have.
    """
    kind, tone = divmod(int(image.get_precision()), 100)
    sample_type, word = KINDS[kind]
    base, alpha = ("gray" if layer.is_gray() else "rgb"), bool(layer.has_alpha())
    header: dict[str, Any] = {"pixel_format": PIXEL_FORMATS[base, alpha], "sample_type": sample_type}
    header["transfer"] = "linear" if tone == LINEAR else "srgb"
    model = {("rgb", True): "RGB", ("rgb", False): "R'G'B'", ("gray", True): "Y", ("gray", False): "Y'"}
    plain = f"{model[base, tone == LINEAR]}{'A' if alpha else ''} {word}"
    profile = image.get_color_profile()
    if layer.is_indexed() or tone == PERCEPTUAL or (profile is None and kind not in NATIVE_KINDS):
        return plain, header
    if profile is not None:
        header["icc_profile"] = bytes(profile.get_icc_profile())
    own = layer.get_format()
    return str(Babl.get_name(own if kind in NATIVE_KINDS else Babl.format_with_space(plain, own))), header


def _selection(image: Any, layer: Any, again: Painted | None) -> tuple[Area, bytes | None, bytes | None]:  # noqa: ANN401
    """What is to be painted, how much of each of its pixels is selected, and where anything is."""
    width, height = layer.get_width(), layer.get_height()
    _, x, y = layer.get_offsets()
    if not Gimp.Selection.is_empty(image):
        _, *found = layer.mask_intersect()
        area = Area(*found).grown(max(MARGIN_PX, max(found[2:]) // MARGIN_SHARE), width, height)
        area = _large_enough(area, width, height)
        channel, place = image.get_selection(), Area(area.x + x, area.y + y, *area.size)
    elif again is not None and not again.stands_in and again.layer.get_mask() is not None:
        above = again.layer
        _, left, top = above.get_offsets()
        area = Area(left - x, top - y, above.get_width(), above.get_height()).within(width, height)
        if min(area.size) < LEAST_PX:
            return Area(0, 0, width, height), None, None
        channel, place = above.get_mask(), Area(area.x + x - left, area.y + y - top, *area.size)
    else:
        return Area(0, 0, width, height), None, None
    return area, samples.read(channel, None, place), samples.read(channel, "Y u8", place).translate(ANY)


def selected_area(layer: Any) -> Area:  # noqa: ANN401
    """The rectangle of a layer that holds what of it is selected, which must be something."""
    _, *found = layer.mask_intersect()
    return _large_enough(Area(*found), layer.get_width(), layer.get_height())


def shown(layer: Any, area: Area, *, is_selected: bool) -> bytes:  # noqa: ANN401
    """How much of each pixel the layer's mask shows and, where that counts, is selected: samples of a mask."""
    image = layer.get_image()
    _, x, y = layer.get_offsets()
    place = Area(area.x + x, area.y + y, *area.size)
    selection = samples.read(image.get_selection(), None, place) if is_selected else None
    both = _product(selection, _own_mask(layer, area), int(image.get_precision()) // 100)
    return both if both is not None else b""


def _large_enough(area: Area, width: int, height: int) -> Area:
    """At least what the network can see; the layer has that much."""
    short = max(0, LEAST_PX - min(area.size))
    return area.grown(short, width, height)


def _own_mask(layer: Any, area: Area) -> bytes | None:  # noqa: ANN401
    mask = layer.get_mask()
    return samples.read(mask, None, area) if mask is not None and layer.get_apply_mask() else None


def _product(selection: bytes | None, own: bytes | None, kind: int) -> bytes | None:
    if selection is None or own is None:
        return own if selection is None else selection
    return samples.product(selection, own, kind)


def _is_translucent(layer: Any, own: bytes | None, kind: int) -> bool:  # noqa: ANN401
    """Whether what is below a layer is seen through it by its settings, whatever its pixels are."""
    if layer.get_opacity() < OPAQUE or layer.get_mode() not in PLAIN_MODES:
        return True
    return own is not None and not samples.is_hard(own, kind)


def _is_thin(header: Mapping[str, Any], pixels: bytes, selected: bytes | None) -> bool:
    """Whether any pixel that is painted is neither opaque nor wholly transparent."""
    alpha = samples.Layout.of(header).alpha(pixels)
    seen = alpha if selected is None else compress(alpha, selected)
    return not set(seen) <= {0, samples.BITS[header["sample_type"]][1]}
