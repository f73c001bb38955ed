"""Colours as 2.10's `gimpcolor` had them: `RGB(255, 0, 0)`, `RGB(1.0, 0, 0.5)`, `rgb[0]` up to 255, `rgb.r` a float.

Values are as seen on the screen (sRGB's curve), never linear light. Knows nothing of GIMP until a colour goes there or
comes from there; scripts import this module, and `_gimp3` and the objects' methods call `native` and `from_native`.
"""

import colorsys
import math
import numbers
import struct
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from . import _css

RGB_COMPOSITE_NONE, RGB_COMPOSITE_NORMAL, RGB_COMPOSITE_BEHIND = range(3)
RGB_LUMINANCE_RED, RGB_LUMINANCE_GREEN, RGB_LUMINANCE_BLUE = 0.22248840, 0.71690369, 0.06060791  # as 2.10 had them


def _component(value: object, scale: float, name: str) -> float:
    """A float as it is, an integer as so many of `scale`."""
    if isinstance(value, float):
        return value
    if isinstance(value, numbers.Integral):  # numpy's, too, which were Python 2's own
        return int(value) / scale
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"{name} must be an int or a float, not {type(value).__name__}")


class _Colour:
    """Four components with two names each; integers are scaled, floats are not."""

    names: ClassVar[tuple[tuple[str, str, float], ...]]
    label: ClassVar[str]

    def __init__(self, *values: float, **named: float) -> None:
        given = dict(zip((name for name, _, _ in self.names), values, strict=False)) | named
        self._values = [1.0] * len(self.names)
        for name, _, _ in self.names[: -1 if self.names[-1][0] == "a" else None]:
            if name not in given:
                raise TypeError(f"{self.label} needs {', '.join(one for one, _, _ in self.names)}; {name} is missing")
        self.set(**given)

    def __getattr__(self, name: str) -> float:
        for index, (short, long, _) in enumerate(type(self).names):
            if name in (short, long):
                return float(self.__dict__["_values"][index])
        raise AttributeError(f"{self.label} has no {name}")

    def __setattr__(self, name: str, value: object) -> None:
        for index, (short, long, scale) in enumerate(type(self).names):
            if name in (short, long):
                self._values[index] = _component(value, scale, name)
                return
        super().__setattr__(name, value)

    def set(self, *values: float, **named: float) -> None:
        """Sets components, in order or by name."""
        given = dict(zip((name for name, _, _ in self.names), values, strict=False)) | named
        if not given:
            raise TypeError(f"must provide {','.join(name for name, _, _ in self.names)} arguments")
        for name, value in given.items():
            setattr(self, name, value)

    def set_alpha(self, a: float) -> None:
        """Sets the alpha alone."""
        self.a = a

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return getattr(self, key.lower())
        if isinstance(key, slice):
            return tuple(self[index] for index in range(*key.indices(len(self))))
        scale = self.names[key][2]
        return math.floor(min(max(self._values[key], 0.0), 1.0) * scale + 0.5)

    def __setitem__(self, key: int, value: float) -> None:
        setattr(self, self.names[key][0], value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._values == other._values

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._values))

    def __reduce__(self) -> tuple[type, tuple[float, ...]]:
        return type(self), tuple(self._values)

    def __repr__(self) -> str:
        return f"gimpcolor.{self.label}({', '.join(map(repr, self._values))})"

    def __str__(self) -> str:
        return f"{self.label} ({', '.join(map(str, self._values))})"

    def to_rgb(self) -> "RGB":
        """The same in red, green, blue."""
        raise NotImplementedError

    def clamp(self) -> None:
        """Brings every component into [0, 1]."""
        self._values = [min(max(value, 0.0), 1.0) for value in self._values]


class RGB(_Colour):
    """Red, green, blue, alpha."""

    names = (("r", "red", 255.0), ("g", "green", 255.0), ("b", "blue", 255.0), ("a", "alpha", 255.0))
    label = "RGB"

    def _change(self, by: Sequence[float], *, with_alpha: bool) -> None:
        self._values = [*by[:3], by[3] if with_alpha else self._values[3]]

    def add(self, color: "RGB", with_alpha: object = False) -> None:  # 2.10's own signature
        """Adds another colour."""
        self._change([a + b for a, b in zip(self._values, color._values, strict=True)], with_alpha=bool(with_alpha))

    def subtract(self, color: "RGB", with_alpha: object = False) -> None:  # 2.10's own signature
        """Subtracts another colour."""
        self._change([a - b for a, b in zip(self._values, color._values, strict=True)], with_alpha=bool(with_alpha))

    def multiply(self, factor: float, with_alpha: object = False) -> None:  # 2.10's own signature
        """Multiplies by a number."""
        self._change([a * factor for a in self._values], with_alpha=bool(with_alpha))

    def distance(self, color: "RGB", alpha: object = False) -> float:  # noqa: ARG002  # 2.10 ignored it, too
        """Sum of the components' differences."""
        return sum(abs(a - b) for a, b in zip(self._values[:3], color._values[:3], strict=True))

    def max(self) -> float:
        """The largest of red, green and blue."""
        return max(self._values[:3])

    def min(self) -> float:
        """The least of red, green and blue."""
        return min(self._values[:3])

    def gamma(self, gamma: float) -> None:
        """Raises each component to 1/gamma."""
        self._change([value ** (1 / gamma) if value > 0 else value for value in self._values], with_alpha=False)

    def luminance(self) -> float:
        """2.10's luminance: weights on the values as they are."""
        weights = (RGB_LUMINANCE_RED, RGB_LUMINANCE_GREEN, RGB_LUMINANCE_BLUE)
        return sum(weight * value for weight, value in zip(weights, self._values, strict=False))

    def composite(self, color: "RGB", mode: int = RGB_COMPOSITE_NORMAL) -> None:
        """Lays another colour over this one, or under it."""
        if mode not in (RGB_COMPOSITE_NONE, RGB_COMPOSITE_NORMAL, RGB_COMPOSITE_BEHIND):
            raise TypeError("composite type is not valid")
        above, below = (color, self) if mode == RGB_COMPOSITE_NORMAL else (self, color)
        alpha = above.a + below.a * (1 - above.a)
        if mode == RGB_COMPOSITE_NONE or alpha == 0:
            return
        part = above.a / alpha
        mixed = [part * a + (1 - part) * b for a, b in zip(above._values[:3], below._values[:3], strict=True)]
        self._values = [*mixed, alpha]

    def parse_name(self, name: str) -> None:
        """Takes the colour of that name."""
        self._values[:3] = rgb_parse_name(name)._values[:3]

    def parse_hex(self, hex: str) -> None:  # 2.10's own name
        """Takes `#ff8000` or `f80`."""
        self._values[:3] = rgb_parse_hex(hex)._values[:3]

    def parse_css(self, css: str, with_alpha: object = False) -> None:  # 2.10's own signature
        """Takes what CSS may write."""
        parsed = rgb_parse_css(css, with_alpha)
        self._change(parsed._values, with_alpha=bool(with_alpha))

    def to_rgb(self) -> "RGB":
        """Itself."""
        return self

    def to_hsv(self) -> "HSV":
        """The same in hue, saturation, value."""
        return HSV(*colorsys.rgb_to_hsv(*self._values[:3]), self.a)

    def to_hsl(self) -> "HSL":
        """The same in hue, saturation, lightness."""
        hue, lightness, saturation = colorsys.rgb_to_hls(*self._values[:3])
        return HSL(hue, saturation, lightness, self.a)

    def to_cmyk(self, pullout: float = 1.0) -> "CMYK":
        """The same in cyan, magenta, yellow and black, so much of the common part being black."""
        inks = [1 - value for value in self._values[:3]]
        black = min(inks) * pullout
        rest = [0.0 if black >= 1 else (ink - black) / (1 - black) for ink in inks]
        return CMYK(*rest, black, self.a)


class HSV(_Colour):
    """Hue (integers: degrees), saturation and value (integers: percent), alpha."""

    names = (("h", "hue", 360.0), ("s", "saturation", 100.0), ("v", "value", 100.0), ("a", "alpha", 255.0))
    label = "HSV"

    def to_rgb(self) -> RGB:
        """The same in red, green, blue."""
        return RGB(*map(float, colorsys.hsv_to_rgb(*self._values[:3])), self.a)


class HSL(_Colour):
    """Hue (integers: degrees), saturation and lightness (integers: percent), alpha."""

    names = (("h", "hue", 360.0), ("s", "saturation", 100.0), ("l", "lightness", 100.0), ("a", "alpha", 255.0))
    label = "HSL"

    def to_rgb(self) -> RGB:
        """The same in red, green, blue."""
        hue, saturation, lightness = self._values[:3]
        return RGB(*map(float, colorsys.hls_to_rgb(hue, lightness, saturation)), self.a)


class CMYK(_Colour):
    """Cyan, magenta, yellow, black, alpha."""

    names = (
        ("c", "cyan", 255.0), ("m", "magenta", 255.0), ("y", "yellow", 255.0), ("k", "black", 255.0),
        ("a", "alpha", 255.0),
    )  # fmt: skip
    label = "CMYK"

    def to_rgb(self) -> RGB:
        """The same in red, green, blue."""
        rest = 1 - self.k
        return RGB(*(1 - (ink * rest + self.k) for ink in self._values[:3]), self.a)


def rgb_parse_name(name: str) -> RGB:
    """The colour of that name. Raises ValueError for a name that is not known."""
    return RGB(*_css.named(name))


def rgb_parse_hex(hex: str) -> RGB:
    """`#f80`, `#ff8000`, `#ffff88880000`, with or without the sign. Raises ValueError for anything else."""
    return RGB(*_css.hexadecimal(hex))


def rgb_parse_css(css: str, with_alpha: object = False) -> RGB:
    """A name, `#rrggbb`, `rgb(255, 50%, 0)`, `hsl(120, 100%, 50%)`, with alpha where asked. Or ValueError."""
    return RGB(*_css.parsed(css, with_alpha=bool(with_alpha)))


def rgb_names() -> dict[str, RGB]:
    """All names that are known, with their colours."""
    return {name: rgb_parse_hex(digits) for name, digits in _css.NAMES.items()}


def bilinear(x: float, y: float, values: Sequence[float]) -> float:
    """The value at (x, y) between four, in the order left-top, right-top, left-bottom, right-bottom."""
    x, y = x % 1, y % 1
    top, bottom = (values[row] * (1 - x) + values[row + 1] * x for row in (0, 2))
    return top * (1 - y) + bottom * y


def bilinear_rgba(x: float, y: float, values: Sequence[Any]) -> RGB:
    """The colour at (x, y) between four."""
    four = [rgb(value)._values for value in values]
    return RGB(*(bilinear(x, y, [colour[index] for colour in four]) for index in range(4)))


def bilinear_rgb(x: float, y: float, values: Sequence[Any]) -> RGB:
    """The colour at (x, y) between four, opaque."""
    mixed = bilinear_rgba(x, y, values)
    mixed.a = 1.0
    return mixed


def rgb(value: Any) -> RGB:
    """A colour of whatever a script may pass for one: an RGB, a text, 3 or 4 numbers, brought into their range.

    Raises:
        TypeError: for anything else, in 2.10's words.
    """
    if isinstance(value, _Colour):
        return value.to_rgb()
    if isinstance(value, str):
        return rgb_parse_css(value, with_alpha=True)
    if isinstance(value, Sequence) and len(value) in (3, 4):
        colour = RGB(*value)
        colour.clamp()
        return colour
    raise TypeError(f"could not convert to GimpRGB: {value!r} is no colour; give a name or 3 or 4 numbers")


def native(value: Any) -> Any:
    """A Gegl.Color of whatever a script may pass for a colour."""
    from ._door import Babl, Gegl, GLib  # noqa: PLC0415  # only here does a colour need GIMP

    colour = Gegl.Color.new("black")
    packed = struct.pack("4d", *rgb(value)._values)
    colour.set_bytes(Babl.format("R'G'B'A double"), GLib.Bytes.new(packed))
    return colour


def from_native(colour: Any) -> RGB:
    """2.10's colour of a Gegl.Color."""
    from ._door import Babl  # noqa: PLC0415  # only here does a colour need GIMP

    return RGB(*struct.unpack("4d", colour.get_bytes(Babl.format("R'G'B'A double")).get_data()))
