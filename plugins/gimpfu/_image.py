"""`gimp.Image`: size, colours, file, guides, undo. Layers and channels are in `_stack`."""

from . import _colormap, _filename, _undo
from ._bytes import ByteString, as_bytes
from ._door import Gimp
from ._error import done
from ._item import Sized, built, made
from ._stack import Stack
from ._wrap import stands_for

RGB = 0


@stands_for("Image")
class Image(Stack, Sized):
    """An image. `gimp.Image(width, height, type)` makes one, without layers and without a display."""

    def __init__(self, width: int, height: int, type: int = RGB) -> None:  # 2.10's name
        what = f"create image (width: {width}, height: {height}, type: {type})"
        self._native = built(what, Gimp.Image.new, width, height, Gimp.ImageBaseType(type))

    @property
    def name(self) -> str:
        """The last part of its file's path, or what GIMP calls it."""
        return _filename.title(self._native)

    @property
    def base_type(self) -> int:
        """RGB, GRAY or INDEXED."""
        return int(self._native.get_base_type())

    @property
    def dirty(self) -> bool:
        """Whether it has changes that are not saved."""
        return bool(self.native.is_dirty())

    @property
    def precision(self) -> int:
        """PRECISION_U8_GAMMA (150) and so on."""
        return int(self._native.get_precision())

    @property
    def colormap(self) -> ByteString:
        """Three bytes a colour of an indexed image."""
        return ByteString.of(bytes(_colormap.read_colormap(self._native)))

    @colormap.setter
    def colormap(self, value: str | bytes) -> None:
        _colormap.write_colormap(self.native, as_bytes(value))

    @property
    def filename(self) -> str | None:
        """Path of the file that it was loaded from or saved to, or None."""
        return _filename.of(self._native)

    @filename.setter
    def filename(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"type mismatch: a filename is a string, not {value!r}")
        _filename.name(self.native, value)

    @property
    def uri(self) -> str | None:
        """The same as an address, or None."""
        return _filename.uri(self._native)

    @property
    def resolution(self) -> tuple[float, float]:
        """Pixels an inch, across and down."""
        _, across, down = self._native.get_resolution()
        return across, down

    @resolution.setter
    def resolution(self, value: tuple[float, float]) -> None:
        try:
            across, down = map(float, value)
        except (TypeError, ValueError):
            raise TypeError(f"type mismatch: a resolution is two numbers, not {value!r}") from None
        done(self.native.set_resolution(across, down), f"set resolution {across}, {down}")

    @property
    def unit(self) -> int:
        """UNIT_INCH, UNIT_MM and so on."""
        return int(self._native.get_unit().get_id())

    @unit.setter
    def unit(self, value: int) -> None:
        if not isinstance(value, int):
            raise TypeError(f"type mismatch: a unit is one of the UNIT_ constants, not {value!r}")
        found = Gimp.Unit.get_by_id(value)
        done(found is not None and self.native.set_unit(found), f"set unit {value}")

    @property
    def tattoo_state(self) -> int:
        """The highest tattoo so far."""
        return int(self._native.get_tattoo_state())

    @tattoo_state.setter
    def tattoo_state(self, value: int) -> None:
        done(self.native.set_tattoo_state(value), f"set tattoo state {value}")

    def resize(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Changes the canvas; offsets are where the old one goes."""
        what = f"resize {self!r} to {width}x{height}, offset {offset_x}, {offset_y}"
        done(self.native.resize(width, height, offset_x, offset_y), what)

    def resize_to_layers(self) -> None:
        """Makes the canvas fit all layers."""
        done(self.native.resize_to_layers(), f"resize {self!r} to its layers")

    def scale(self, width: int, height: int, interpolation: int | None = None) -> None:
        """Scales it and all its layers. Without `interpolation` GIMP's own setting counts."""
        Gimp.context_push()
        try:
            if interpolation is not None:
                Gimp.context_set_interpolation(Gimp.InterpolationType(interpolation))
            done(self.native.scale(width, height), f"scale {self!r} to {width}x{height}")
        finally:
            Gimp.context_pop()

    def crop(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Cuts out a rectangle."""
        what = f"crop {self!r} to {width}x{height}, offset {offset_x}, {offset_y}"
        done(self.native.crop(width, height, offset_x, offset_y), what)

    def duplicate(self) -> "Image":
        """Another image with the same layers, channels and paths, without a display."""
        return Image.of(made(self.native.duplicate(), f"duplicate {self!r}"))

    def free_shadow(self) -> None:
        """Forgets what all its drawables' shadows hold."""
        for drawable in [*self.layers, *self.channels]:
            if not drawable.native.is_group():
                drawable.free_shadow()

    def clean_all(self) -> None:
        """Counts it as saved."""
        done(self.native.clean_all(), f"clean {self!r}")

    def get_component_active(self, component: int) -> bool:
        """Whether RED_CHANNEL, GREEN_CHANNEL and so on are painted on."""
        return bool(self.native.get_component_active(Gimp.ChannelType(component)))

    def set_component_active(self, component: int, active: int) -> None:
        """Sets whether a component is painted on."""
        done(self.native.set_component_active(Gimp.ChannelType(component), bool(active)), f"set component {component}")

    def get_component_visible(self, component: int) -> bool:
        """Whether a component is shown."""
        return bool(self.native.get_component_visible(Gimp.ChannelType(component)))

    def set_component_visible(self, component: int, visible: int) -> None:
        """Sets whether a component is shown."""
        done(
            self.native.set_component_visible(Gimp.ChannelType(component), bool(visible)), f"set component {component}"
        )

    def add_hguide(self, yposition: int) -> int:
        """Adds a guide from left to right; returns its number."""
        return int(self.native.add_hguide(yposition))

    def add_vguide(self, xposition: int) -> int:
        """Adds a guide from top to bottom; returns its number."""
        return int(self.native.add_vguide(xposition))

    def delete_guide(self, guide: int) -> None:
        """Takes a guide away."""
        done(self.native.delete_guide(guide), f"delete guide {guide} from {self!r}")

    def find_next_guide(self, guide: int) -> int:
        """The guide after that one; after 0 the first, and 0 after the last."""
        return int(self.native.find_next_guide(guide))

    def get_guide_orientation(self, guide: int) -> int:
        """ORIENTATION_HORIZONTAL or ORIENTATION_VERTICAL."""
        return int(self.native.get_guide_orientation(guide))

    def get_guide_position(self, guide: int) -> int:
        """In pixels."""
        return int(self.native.get_guide_position(guide))

    def disable_undo(self) -> bool:
        """Stops recording, and forgets what was recorded."""
        return _undo.turn(self.native, "undo_disable")

    def enable_undo(self) -> bool:
        """Records again."""
        return _undo.turn(self.native, "undo_enable")

    undo_disable, undo_enable = disable_undo, enable_undo

    def undo_freeze(self) -> bool:
        """Stops recording for a while."""
        return _undo.turn(self.native, "undo_freeze")

    def undo_thaw(self) -> bool:
        """Goes on recording."""
        return _undo.turn(self.native, "undo_thaw")

    def undo_is_enabled(self) -> bool:
        """Whether changes are recorded."""
        return bool(self.native.undo_is_enabled())

    def undo_group_start(self) -> None:
        """What follows is one step, until `undo_group_end`."""
        _undo.start(self.native)

    def undo_group_end(self) -> None:
        """Ends the step."""
        _undo.end(self.native)
