"""Samples as bytes: read from a drawable, written to one, enlarged, multiplied, their alpha taken out and put back.

Knows GEGL's buffers and formats; must never know selections, undo or what a painting is. `layers`, `placing` and
`preview` call it. What a drawable has at its own depth stays to the bit; GEGL drops data of a wrong length in silence,
so lengths are those of the formats here and nowhere else.
"""

import array
import io
import itertools
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import mul
from typing import Any, TypeAlias

import gi

for _name, _version in {"Gimp": "3.0", "Gegl": "0.4", "Babl": "0.1"}.items():
    gi.require_version(_name, _version)

from gi.repository import Babl, Gegl  # noqa: E402  # versions must be chosen first

NONE = Gegl.AbyssPolicy.NONE
CHANNELS = {"gray": 1, "gray_alpha": 2, "rgb": 3, "rgba": 4}
# How many bits a sample has and which bits are white: array's letter for it, whatever the numbers mean.
BITS = {"u8": ("B", 0xFF), "u16": ("H", 0xFFFF), "f16": ("H", 0x3C00), "f32": ("I", 0x3F800000)}
BAND_PIXELS = 1 << 20
SMOOTH_PIXELS = 1 << 25
# Samples of masks by the kind of GIMP's precision: array's letter, and white where they are whole numbers.
MASKS = {1: ("B", 0xFF), 2: ("H", 0xFFFF), 3: ("I", 0xFFFFFFFF), 5: ("e", 0), 6: ("f", 0), 7: ("d", 0)}


Bytes: TypeAlias = "bytes | bytearray"


@dataclass(frozen=True)
class Area:
    """A part of a drawable, in its own pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def grown(self, margin: int, width: int, height: int) -> "Area":
        """With a margin around it, as far as a drawable of that size has one."""
        around = Area(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)
        return around.within(width, height)

    def within(self, width: int, height: int) -> "Area":
        """What of it a drawable of that size has, which may be nothing."""
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(width, self.x + self.width), min(height, self.y + self.height)
        return Area(left, top, max(0, right - left), max(0, bottom - top))


def whole(drawable: Any) -> Area:  # noqa: ANN401  # GIMP's objects have no types, here and below
    """All of a drawable."""
    return Area(0, 0, drawable.get_width(), drawable.get_height())


def native(drawable: Any) -> str:  # noqa: ANN401
    """The name of a drawable's own format."""
    return str(Babl.get_name(drawable.get_format()))


def read(drawable: Any, babl: str | None = None, area: Area | None = None) -> bytes:  # noqa: ANN401
    """Samples of a part of a drawable, tightly packed, by default all of it in its own format."""
    buffer, found = drawable.get_buffer(), io.BytesIO()
    for band in _bands(area or whole(drawable)):
        found.write(buffer.get(band, 1.0, babl, NONE))
    return found.getvalue()


def nothing() -> None:
    """What is done between two bands where nobody waits."""


def write(
    drawable: Any,  # noqa: ANN401
    babl: str,
    samples: Bytes,
    area: Area | None = None,
    between: Callable[[], None] = nothing,
) -> None:
    """Sets samples of a drawable that nobody has seen yet, or of a preview; `between` is called after each band."""
    part, view, at = area or whole(drawable), memoryview(samples), 0
    buffer, pixel_bytes = drawable.get_buffer(), len(samples) // (part.width * part.height)
    try:
        for band in _bands(part):
            end = at + pixel_bytes * band.width * band.height
            buffer.set(band, babl, bytes(view[at:end]))
            at = end
            between()
    finally:  # GIMP would read the old pixels; and end whose buffer writes them once the layer was deleted
        buffer.flush()
    drawable.update(part.x, part.y, part.width, part.height)


def _bands(area: Area) -> Iterator[Any]:
    """The area in rectangles of whole rows: a poster goes through the hands of Python once, not in four copies."""
    rows = max(1, BAND_PIXELS // max(1, area.width))
    for top in range(area.y, area.y + area.height, rows):
        yield Gegl.Rectangle.new(area.x, top, area.width, min(rows, area.y + area.height - top))


def spread(  # a picture, its place, and who waits meanwhile
    drawable: Any,  # noqa: ANN401
    babl: str,
    samples: bytes,
    size: tuple[int, int],
    wanted: tuple[int, int],
    area: Area,
    between: Callable[[], None] = nothing,
) -> None:
    """Fills a drawable with the part `area` of what a picture of `size` is at the size `wanted`, its border not faded.

    In bands of rows, `between` called after each. By ``scale-ratio``: GEGL's ``scale-size`` goes to 10 000 px, and
    leaves what is larger black. Above `SMOOTH_PIXELS` pixels are repeated: smoothly, a hundred megapixels take seconds
    of the processor for every frame.
    """
    small = Gegl.Buffer.new(babl, 0, 0, *size)
    small.set(Gegl.Rectangle.new(0, 0, *size), babl, samples)
    target, is_smooth = drawable.get_buffer(), area.width * area.height <= SMOOTH_PIXELS
    made = {
        "buffer-source": {"buffer": small},
        "scale-ratio": {
            "x": wanted[0] / size[0],
            "y": wanted[1] / size[1],
            "abyss-policy": Gegl.AbyssPolicy.CLAMP,
            "sampler": Gegl.SamplerType.LINEAR if is_smooth else Gegl.SamplerType.NEAREST,
        },
        "translate": {"x": -float(area.x), "y": -float(area.y)},
    }
    graph = Gegl.Node()
    nodes = [graph.create_child(f"gegl:{name}") for name in made]
    for node, properties in zip(nodes, made.values(), strict=True):
        for name, value in properties.items():
            node.set_property(name, value)
    for one, other in itertools.pairwise(nodes):
        one.link(other)
    try:
        for band in _bands(Area(0, 0, area.width, area.height)):
            nodes[-1].blit_buffer(target, band, 0, NONE)
            between()
    finally:
        target.flush()
    drawable.update(0, 0, area.width, area.height)


@dataclass(frozen=True)
class Layout:
    """How samples lie: how many a pixel has, and array's letter for the bits of one."""

    channels: int
    code: str

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> "Layout":
        """That of a picture which travels."""
        return cls(CHANNELS[header["pixel_format"]], BITS[header["sample_type"]][0])

    @classmethod
    def native(cls, drawable: Any) -> "Layout":  # noqa: ANN401
        """That of a drawable's own format."""
        channels = (1 if drawable.is_gray() else 3) + bool(drawable.has_alpha())
        return cls(channels, {1: "B", 2: "H", 4: "I", 8: "Q"}[drawable.get_bpp() // channels])

    @property
    def has_alpha(self) -> bool:
        """Whether the last of a pixel's samples is alpha."""
        return self.channels % 2 == 0

    def alpha(self, data: bytes) -> "array.array[int]":
        """The alpha samples, as bits; none where there are none."""
        if not self.has_alpha:
            return array.array(self.code)
        return array.array(self.code, data)[self.channels - 1 :: self.channels]

    def with_alpha(self, data: Bytes, given: "array.array[int]") -> bytes:
        """The samples with others for alpha."""
        if not self.has_alpha:
            return bytes(data)
        values = array.array(self.code, data)
        values[self.channels - 1 :: self.channels] = given
        return values.tobytes()


def opaque(header: Mapping[str, Any], data: Bytes) -> bytes:
    """A picture with alpha white everywhere."""
    layout, (code, white) = Layout.of(header), BITS[header["sample_type"]]
    return layout.with_alpha(data, array.array(code, [white]) * (header["width"] * header["height"]))


def kept(one: bytes, other: bytes, painted: bytes, *, pixel_bytes: int) -> bytes:
    """`one`, with the very pixels of `other` where `painted`, a byte a pixel, is zero."""
    made = bytearray(one)
    for run in re.finditer(rb"\0+", painted):
        part = slice(run.start() * pixel_bytes, run.end() * pixel_bytes)
        made[part] = other[part]
    return bytes(made)


def is_hard(mask: bytes, kind: int) -> bool:
    """Whether a mask knows black and white alone."""
    code, white = MASKS[kind]
    if code == "e":
        return set(array.array("H", mask)) <= {0, BITS["f16"][1]}
    return set(array.array(code, mask)) <= {0, white or 1}


def product(one: bytes, other: bytes, kind: int) -> bytes:
    """Two masks' samples, multiplied; `kind` is GIMP's kind of precision."""
    code, white = MASKS[kind]
    if code == "e":  # halves are no numbers of arrays
        layout = f"<{len(one) // 2}e"
        return struct.pack(layout, *map(mul, struct.unpack(layout, one), struct.unpack(layout, other)))
    a, b = array.array(code, one), array.array(code, other)
    if white:
        return array.array(code, ((x * y + white // 2) // white for x, y in zip(a, b, strict=True))).tobytes()
    return array.array(code, map(mul, a, b)).tobytes()
