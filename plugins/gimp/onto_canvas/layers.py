"""A layer's pixels at its own precision, what of it is selected, and the one new layer that a painting becomes.

Knows GIMP 3 and GEGL; must never know Impasto, a bridge or a dialog. Nothing here writes to the source layer or to its
mask. Called by the script and by `live`.

Only the selection changes: the new layer's mask is the selection as it was when the painting began, feather included,
times the source's own mask. An artist can refine it afterwards.
"""

import array
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import mul
from typing import Any

import gi

for _name, _version in {"Gimp": "3.0", "Gegl": "0.4", "Babl": "0.1"}.items():
    gi.require_version(_name, _version)

from gi.repository import Babl, Gegl, Gimp  # noqa: E402  # versions must be chosen first

PARASITE = "impasto-neural-style"
PERSISTENT = 1  # a parasite that is saved with the picture
NONE = Gegl.AbyssPolicy.NONE
ANY = bytes([0] + [255] * 255)  # whatever is selected at all is painted in full; the feather is the new layer's mask
LEAST_PX = 16  # what the network can see
# GIMP's precisions are hundreds for the kind of number and a rest for the tone. What travels, and babl's word for it.
KINDS = {
    1: ("u8", "u8"), 2: ("u16", "u16"), 3: ("f32", "float"), 5: ("f16", "half"), 6: ("f32", "float"),
    7: ("f32", "float"),
}  # fmt: skip
NATIVE_KINDS = (1, 2, 5, 6)  # 32-bit integers and doubles travel as floats
LINEAR, NON_LINEAR, PERCEPTUAL = 0, 50, 75
PIXEL_FORMATS = {("rgb", False): "rgb", ("rgb", True): "rgba", ("gray", False): "gray", ("gray", True): "gray_alpha"}


class Unpaintable(Exception):
    """This layer cannot be painted as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """A layer as it was when the painting began.

    `babl` is the name of the format that `samples` have and that a result is written in; `mask` is what of the layer
    is selected and shown, in the format of GIMP's masks, or None for all of it; `selected` likewise in 8 bits, white
    where there is anything to be painted.
    """

    image: Any
    layer: Any
    header: Mapping[str, Any]
    babl: str
    samples: bytes
    mask: bytes | None
    selected: bytes | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.header["width"], self.header["height"]


def read(image: Any, layer: Any) -> Source:  # noqa: ANN401  # GIMP's objects have no types
    """Takes a layer's pixels and the selection.

    Raises:
        Unpaintable: it is no layer, indexed, too small, or nothing of it is selected.
    """
    _check(layer)
    width, height = layer.get_width(), layer.get_height()
    babl, header = _format(image, layer)
    whole = Gegl.Rectangle.new(0, 0, width, height)
    samples = layer.get_buffer().get(whole, 1.0, babl, NONE)
    told = {"width": width, "height": height, **header}
    return Source(image, layer, told, babl, bytes(samples), _mask(image, layer), _selected(image, layer))


def insert(source: Source, header: Mapping[str, Any], samples: bytes, name: str, told: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Adds a painting as one new layer above its source, as one undo step; the new layer.

    Args:
        source: what was painted.
        header: of the painting, which may be smaller than the layer; it is scaled then.
        samples: in the format of the source.
        name: the new layer's.
        told: what is to be remembered with it, as a parasite.
    """
    made = layer_of(source, header, samples, name)
    image, (width, height) = source.image, source.size
    made.attach_parasite(Gimp.Parasite.new(PARASITE, PERSISTENT, list(json.dumps(dict(told)).encode("ascii"))))
    _, x, y = source.layer.get_offsets()

    def add() -> None:
        image.insert_layer(made, source.layer.get_parent(), image.get_item_position(source.layer))
        if (made.get_width(), made.get_height()) != (width, height):
            made.scale(width, height, False)  # noqa: FBT003  # around its corner, not its middle
        made.set_offsets(x, y)
        if source.mask is not None:
            add_mask(made, source.mask)

    in_one_step(image, add)
    return made


def layer_of(source: Source, header: Mapping[str, Any], samples: bytes, name: str) -> Any:  # noqa: ANN401
    """A new layer of the source's kind with those pixels, not in the image yet."""
    width, height = header["width"], header["height"]
    made = Gimp.Layer.new(source.image, name, width, height, source.layer.type(), 100.0, Gimp.LayerMode.NORMAL)
    write(made, source.babl, samples)
    return made


def write(drawable: Any, babl: str, samples: bytes) -> None:  # noqa: ANN401
    """Sets all pixels of a drawable that nobody has seen yet. GEGL would drop data of a wrong length in silence."""
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    buffer = drawable.get_buffer()
    buffer.set(whole, babl, samples)
    buffer.flush()  # without it GIMP reads the old pixels
    drawable.update(0, 0, drawable.get_width(), drawable.get_height())


def add_mask(layer: Any, samples: bytes) -> None:  # noqa: ANN401
    """Gives a layer a mask of those samples, in the format of masks."""
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    write(mask, Babl.get_name(mask.get_format()), samples)
    layer.add_mask(mask)


def in_one_step(image: Any, call: Callable[[], None]) -> None:  # noqa: ANN401
    """Calls `call` as one undo step, which the user finds under the name of the menu entry."""
    image.undo_group_start()
    try:
        call()
    finally:
        image.undo_group_end()


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


def _format(image: Any, layer: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    """The name of the format that a layer's pixels are read in, and what is said of them.

    They are its own where they can travel. GIMP's perceptual formats have sRGB's curve whatever the profile says, which
    no profile tells: babl makes sRGB of them.
    """
    kind, tone = divmod(int(image.get_precision()), 100)
    sample_type, word = KINDS[kind]
    base, alpha = ("gray" if layer.is_gray() else "rgb"), bool(layer.has_alpha())
    header: dict[str, Any] = {"pixel_format": PIXEL_FORMATS[base, alpha], "sample_type": sample_type}
    header["transfer"] = "linear" if tone == LINEAR else "srgb"
    model = {("rgb", True): "RGB", ("rgb", False): "R'G'B'", ("gray", True): "Y", ("gray", False): "Y'"}
    plain = f"{model[base, tone == LINEAR]}{'A' if alpha else ''} {word}"
    profile = image.get_color_profile()
    if tone == PERCEPTUAL or (profile is None and kind not in NATIVE_KINDS):
        return plain, header
    if profile is not None:
        header["icc_profile"] = bytes(profile.get_icc_profile())
    own = layer.get_format()
    return Babl.get_name(own if kind in NATIVE_KINDS else Babl.format_with_space(plain, own)), header


def _mask(image: Any, layer: Any) -> bytes | None:  # noqa: ANN401
    """What of a layer is selected and shown, in the format of masks."""
    _, x, y = layer.get_offsets()
    found, width, height = [], layer.get_width(), layer.get_height()
    if not Gimp.Selection.is_empty(image):
        buffer = image.get_selection().get_buffer()
        found.append(bytes(buffer.get(Gegl.Rectangle.new(x, y, width, height), 1.0, None, NONE)))
    own = layer.get_mask()
    if own is not None and layer.get_apply_mask():
        found.append(bytes(own.get_buffer().get(Gegl.Rectangle.new(0, 0, width, height), 1.0, None, NONE)))
    if len(found) < 2:
        return found[0] if found else None
    kind, _ = divmod(int(image.get_precision()), 100)
    return _product(*found, kind=kind)


def _product(one: bytes, other: bytes, *, kind: int) -> bytes:
    """Two masks' samples, multiplied; of kinds that Python's arrays cannot hold, where both are anything."""
    code, white = {1: ("B", 255), 2: ("H", 65535), 3: ("I", 4294967295), 6: ("f", 0), 7: ("d", 0)}.get(kind, ("e", 0))
    if code == "e":
        import struct  # noqa: PLC0415  # halves only

        layout = f"<{len(one) // 2}e"
        return struct.pack(layout, *map(mul, struct.unpack(layout, one), struct.unpack(layout, other)))
    a, b = array.array(code, one), array.array(code, other)
    if white:
        return array.array(code, ((x * y + white // 2) // white for x, y in zip(a, b, strict=True))).tobytes()
    return array.array(code, map(mul, a, b)).tobytes()


def _selected(image: Any, layer: Any) -> bytes | None:  # noqa: ANN401
    """What of a layer is selected at all, white, one byte a pixel; None for all of it."""
    if Gimp.Selection.is_empty(image):
        return None
    _, x, y = layer.get_offsets()
    place = Gegl.Rectangle.new(x, y, layer.get_width(), layer.get_height())
    return bytes(image.get_selection().get_buffer().get(place, 1.0, "Y u8", NONE)).translate(ANY)
