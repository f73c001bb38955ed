"""`gimp.Layer` and `gimp.GroupLayer`, and their masks."""

from typing import Any

from ._channel import Channel
from ._door import Gimp
from ._drawable import Drawable
from ._error import done
from ._item import built, flag, made, need
from ._wrap import stands_for, wrap

RGB_IMAGE = 0
NORMAL_MODE = 0


def number(value: object, what: str) -> float:
    """A number, where 2.10 took floats alone. Raises TypeError."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"type mismatch: {what} is a number, not {value!r}")
    return float(value)


@stands_for("Layer")
class Layer(Drawable):
    """A layer. `gimp.Layer(image, name, width, height, type, opacity, mode)` makes one that is not yet in the image."""

    def __init__(self, image: Any, name: str, width: int, height: int, type: int = RGB_IMAGE,  # 2.10's name
                 opacity: float = 100.0, mode: int = NORMAL_MODE) -> None:  # fmt: skip
        from ._image import Image  # noqa: PLC0415  # images know layers; here alone a layer knows images

        values = (name, width, height, Gimp.ImageType(type), float(opacity), Gimp.LayerMode(mode))
        what = f"create {width}x{height} layer '{name}' of type {type}"
        self._native = built(what, Gimp.Layer.new, need(image, Image, "a layer's first argument"), *values)

    def copy(self, add_alpha: int = 0) -> Any:
        """Another layer with the same pixels, not yet in the image; with alpha where asked."""
        copied = wrap(made(self.native.copy(), f"copy {self!r}"))
        if add_alpha and not copied.has_alpha:
            copied.add_alpha()
        return copied

    def add_alpha(self) -> None:
        """Adds an alpha channel."""
        done(self.native.add_alpha(), f"add alpha to {self!r}")

    def flatten(self) -> None:
        """Takes the alpha channel away, on the background colour."""
        done(self.native.flatten(), f"flatten {self!r}")

    def create_mask(self, type: int) -> Channel:  # 2.10's name
        """A mask for this layer: ADD_WHITE_MASK, ADD_ALPHA_MASK and so on. It is to be added."""
        mask = self.native.create_mask(Gimp.AddMaskType(type))
        return Channel.of(made(mask, f"create a mask of type {type} on {self!r}"))

    def add_mask(self, mask: Channel) -> None:
        """Adds a mask. Raises `error` when it has one already."""
        done(self.native.add_mask(need(mask, Channel, "a mask")), f"add {mask!r} to {self!r}")

    def remove_mask(self, mode: int) -> None:
        """Takes the mask away: MASK_APPLY puts it into the alpha channel, MASK_DISCARD forgets it."""
        done(self.native.remove_mask(Gimp.MaskApplyMode(mode)), f"remove the mask of {self!r}")

    @property
    def mask(self) -> Channel | None:
        """The layer's mask, or None."""
        mask = self._native.get_mask()
        return None if mask is None else Channel.of(mask)

    def resize(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Changes the size without scaling; offsets are where the old pixels go."""
        what = f"resize {self!r} to {width}x{height}, offset {offset_x}, {offset_y}"
        done(self.native.resize(width, height, offset_x, offset_y), what)

    def resize_to_image_size(self) -> None:
        """Makes it as large as the image."""
        done(self.native.resize_to_image_size(), f"resize {self!r} to the image's size")

    def scale(self, width: int, height: int, local_origin: int = 0, interpolation: int | None = None) -> None:
        """Scales to that size: about the layer's own middle, or with `local_origin` where it is.

        Without `interpolation` GIMP's own setting counts.
        """
        Gimp.context_push()
        try:
            if interpolation is not None:
                Gimp.context_set_interpolation(Gimp.InterpolationType(interpolation))
            done(self.native.scale(width, height, bool(local_origin)), f"scale {self!r} to {width}x{height}")
        finally:
            Gimp.context_pop()

    def translate(self, offset_x: int, offset_y: int) -> None:
        """Moves the layer by so much."""
        x, y = self.offsets
        self.set_offsets(x + offset_x, y + offset_y)

    def set_offsets(self, offset_x: int, offset_y: int) -> None:
        """Moves the layer to that place in the image."""
        done(self.native.set_offsets(offset_x, offset_y), f"move {self!r} to {offset_x}, {offset_y}")

    @property
    def is_floating_sel(self) -> bool:
        """Whether it is a floating selection."""
        return bool(self._native.is_floating_sel())

    @property
    def mode(self) -> int:
        """How it is laid over what is below: NORMAL_MODE, LAYER_MODE_MULTIPLY and so on."""
        return int(self._native.get_mode())

    @mode.setter
    def mode(self, value: int) -> None:
        if not isinstance(value, int):
            raise TypeError(f"type mismatch: a mode is one of the _MODE constants, not {value!r}")
        done(self.native.set_mode(Gimp.LayerMode(value)), f"set mode {value} on {self!r}")

    @property
    def opacity(self) -> float:
        """In percent."""
        return float(self._native.get_opacity())

    @opacity.setter
    def opacity(self, value: float) -> None:
        done(
            self.native.set_opacity(number(value, "opacity")), f"set opacity {value} on {self!r}; 0 to 100 are allowed"
        )

    def _get(self, name: str) -> bool:
        return bool(getattr(self._native, f"get_{name}")())

    def _set(self, name: str, value: int) -> None:
        done(getattr(self.native, f"set_{name}")(flag(value)), f"set {name} on {self!r}")

    @property
    def apply_mask(self) -> bool:
        """Whether the mask has effect."""
        return self._get("apply_mask")

    @apply_mask.setter
    def apply_mask(self, value: int) -> None:
        self._set("apply_mask", value)

    @property
    def edit_mask(self) -> bool:
        """Whether the user paints on the mask."""
        return self._get("edit_mask")

    @edit_mask.setter
    def edit_mask(self, value: int) -> None:
        self._set("edit_mask", value)

    @property
    def show_mask(self) -> bool:
        """Whether the mask is shown in place of the layer."""
        return self._get("show_mask")

    @show_mask.setter
    def show_mask(self, value: int) -> None:
        self._set("show_mask", value)

    @property
    def lock_alpha(self) -> bool:
        """Whether painting leaves alpha as it is."""
        return self._get("lock_alpha")

    @lock_alpha.setter
    def lock_alpha(self, value: int) -> None:
        self._set("lock_alpha", value)

    preserve_trans = lock_alpha


@stands_for("GroupLayer")
class GroupLayer(Layer):
    """A group of layers. `gimp.GroupLayer(image, name, opacity, mode)` makes one that is not yet in the image."""

    def __init__(self, image: Any, name: str | None = None, opacity: float = 100.0, mode: int = NORMAL_MODE) -> None:
        from ._image import Image  # noqa: PLC0415  # images know layers; here alone a layer knows images

        owner = need(image, Image, "a group's first argument")
        self._native = built(f"create group '{name}'", Gimp.GroupLayer.new, owner, name)
        self.opacity, self.mode = opacity, mode

    @property
    def layers(self) -> list[Any]:
        """What is in the group, from above."""
        return self.children
