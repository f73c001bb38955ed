"""`gimp.Channel`: channels, layer masks and the selection."""

from typing import Any

from . import gimpcolor
from ._door import Gimp
from ._drawable import Drawable
from ._error import done
from ._item import built, flag, made, need
from ._wrap import stands_for, wrap


@stands_for("Channel")
class Channel(Drawable):
    """A channel. `gimp.Channel(image, name, width, height, opacity, color)` makes one that is not yet in the image."""

    def __init__(self, image: Any, name: str, width: int, height: int, opacity: float, color: Any) -> None:
        from ._image import Image  # noqa: PLC0415  # images know channels; here alone a channel knows images

        values = (name, width, height, float(opacity), gimpcolor.native(color))
        what = f"create {width}x{height} channel '{name}'"
        self._native = built(what, Gimp.Channel.new, need(image, Image, "a channel's first argument"), *values)

    def copy(self) -> Any:
        """Another channel with the same pixels, not yet in the image."""
        return wrap(made(self.native.copy(), f"copy {self!r}"))

    def combine_masks(self, channel: "Channel", operation: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Adds another channel to this, subtracts it, replaces by it or intersects with it."""
        other, kind = need(channel, Channel, "the second channel"), Gimp.ChannelOps(operation)
        done(self.native.combine_masks(other, kind, offset_x, offset_y), f"combine {self!r} with {channel!r}")

    @property
    def color(self) -> gimpcolor.RGB:
        """The colour in which it is shown."""
        return gimpcolor.from_native(self._native.get_color())

    @color.setter
    def color(self, value: Any) -> None:
        done(self.native.set_color(gimpcolor.native(value)), f"set the colour of {self!r}")

    colour = color

    @property
    def opacity(self) -> float:
        """In percent."""
        return float(self._native.get_opacity())

    @opacity.setter
    def opacity(self, value: float) -> None:
        if not isinstance(value, (int, float)):
            raise TypeError(f"type mismatch: opacity is a number, not {value!r}")
        done(self.native.set_opacity(float(value)), f"set opacity {value} on {self!r}; 0 to 100 are allowed")

    @property
    def show_masked(self) -> bool:
        """Whether the colour shows what is not selected."""
        return bool(self._native.get_show_masked())

    @show_masked.setter
    def show_masked(self, value: int) -> None:
        done(self.native.set_show_masked(flag(value)), f"set show_masked on {self!r}")
