"""What an image does with its layers and channels: adding, removing, ordering, merging, which is active.

A base of `Image`.
"""

from typing import Any

from ._channel import Channel
from ._door import Gimp
from ._error import done
from ._item import Parasites, made, need, wrapped
from ._layer import NORMAL_MODE, GroupLayer, Layer
from ._vectors import Vectors
from ._wrap import wrap

TRANSPARENT_FILL, BACKGROUND_FILL = 3, 1
ABOVE_ACTIVE = -1


class Stack(Parasites):
    """The items of an image."""

    family = "image"

    @property
    def layers(self) -> list[Any]:
        """Layers and groups at the top level, from above."""
        return wrapped(self._native.get_layers())

    @property
    def channels(self) -> list[Any]:
        """Channels, from above."""
        return wrapped(self._native.get_channels())

    @property
    def vectors(self) -> list[Any]:
        """Paths, from above."""
        return wrapped(self._native.get_paths())

    def _first(self, kind: str) -> Any:
        found = getattr(self._native, f"get_selected_{kind}")()
        return wrap(found[0]) if found else None

    @property
    def active_layer(self) -> Any:
        """The layer that the user works on, or None; the first where several are selected."""
        return self._first("layers")

    @active_layer.setter
    def active_layer(self, layer: Layer) -> None:
        done(self.native.set_selected_layers([need(layer, Layer, "active_layer")]), f"make {layer!r} active")

    @property
    def active_channel(self) -> Any:
        """The channel that the user works on, or None."""
        return self._first("channels")

    @active_channel.setter
    def active_channel(self, channel: Channel) -> None:
        done(self.native.set_selected_channels([need(channel, Channel, "active_channel")]), f"make {channel!r} active")

    @property
    def active_vectors(self) -> Any:
        """The path that the user works on, or None."""
        return self._first("paths")

    @active_vectors.setter
    def active_vectors(self, vectors: Vectors) -> None:
        done(self.native.set_selected_paths([need(vectors, Vectors, "active_vectors")]), f"make {vectors!r} active")

    @property
    def active_drawable(self) -> Any:
        """The layer, mask or channel that the user works on, or None."""
        return self._first("drawables")

    def unset_active_channel(self) -> None:
        """Makes no channel active."""
        self.native.unset_active_channel()

    def add_layer(self, layer: Layer, position: int = ABOVE_ACTIVE) -> None:
        """Adds a layer at the top level; -1 puts it above the active one."""
        self.insert_layer(layer, None, position)

    def insert_layer(self, layer: Layer, parent: Any = None, position: int = ABOVE_ACTIVE) -> None:
        """Adds a layer, into a group where `parent` is one; -1 puts it above the active one."""
        group = None if parent is None else need(parent, GroupLayer, "the parent of a layer")
        added = self.native.insert_layer(need(layer, Layer, "a layer"), group, position)
        done(added, f"insert {layer!r} into {self!r} at position {position}")

    def new_layer(self, name: str = "New Layer", width: int = -1, height: int = -1, offset_x: int = 0,
                  offset_y: int = 0, alpha: int = 1, pos: int = ABOVE_ACTIVE, opacity: float = 100.0,
                  mode: int = NORMAL_MODE, fill_mode: int = -1) -> Any:  # fmt: skip
        """Makes a layer, as large as the image unless told otherwise, fills it and adds it."""
        wide = self._native.get_width() if width == -1 else width
        high = self._native.get_height() if height == -1 else height
        kind = 2 * int(self._native.get_base_type()) + bool(alpha)  # RGB, gray, indexed; each without and with alpha
        layer = Layer(self, name, wide, high, kind, opacity, mode)
        if fill_mode == -1:
            fill_mode = TRANSPARENT_FILL if alpha else BACKGROUND_FILL
        layer.fill(fill_mode)
        self.insert_layer(layer, None, pos)
        layer.set_offsets(offset_x, offset_y)
        return layer

    def remove_layer(self, layer: Layer) -> None:
        """Takes a layer out of the image."""
        done(self.native.remove_layer(need(layer, Layer, "a layer")), f"remove {layer!r} from {self!r}")

    def add_channel(self, channel: Channel, position: int = 0) -> None:
        """Adds a channel."""
        place = max(position, 0)  # GIMP 3 knows no -1 where no channel is active
        added = self.native.insert_channel(need(channel, Channel, "a channel"), None, place)
        done(added, f"add {channel!r} to {self!r}")

    insert_channel = add_channel

    def remove_channel(self, channel: Channel) -> None:
        """Takes a channel out of the image."""
        done(self.native.remove_channel(need(channel, Channel, "a channel")), f"remove {channel!r} from {self!r}")

    def add_vectors(self, vectors: Vectors, position: int = 0) -> None:
        """Adds a path."""
        added = self.native.insert_path(need(vectors, Vectors, "a path"), None, max(position, 0))
        done(added, f"add {vectors!r} to {self!r}")

    def remove_vectors(self, vectors: Vectors) -> None:
        """Takes a path out of the image."""
        done(self.native.remove_path(need(vectors, Vectors, "a path")), f"remove {vectors!r} from {self!r}")

    def _move(self, way: str, item: Any, kind: type) -> None:
        """Moves an item; one at the end of its way stays, and no error comes of it."""
        native, image = need(item, kind, "what is moved"), self.native
        before = image.get_item_position(native)
        moved = getattr(image, way)(native)
        done(moved or image.get_item_position(native) == before, f"move {item!r}")

    def raise_layer(self, layer: Layer) -> None:
        """Moves a layer up by one."""
        self._move("raise_item", layer, Layer)

    def lower_layer(self, layer: Layer) -> None:
        """Moves a layer down by one."""
        self._move("lower_item", layer, Layer)

    def raise_layer_to_top(self, layer: Layer) -> None:
        """Moves a layer to the top."""
        self._move("raise_item_to_top", layer, Layer)

    def lower_layer_to_bottom(self, layer: Layer) -> None:
        """Moves a layer to the bottom."""
        self._move("lower_item_to_bottom", layer, Layer)

    def raise_channel(self, channel: Channel) -> None:
        """Moves a channel up by one."""
        self._move("raise_item", channel, Channel)

    def lower_channel(self, channel: Channel) -> None:
        """Moves a channel down by one."""
        self._move("lower_item", channel, Channel)

    def flatten(self) -> Any:
        """Makes one layer without alpha of all that is visible; returns it."""
        return wrap(made(self.native.flatten(), f"flatten {self!r}"))

    def merge_visible_layers(self, merge: int) -> Any:
        """Merges what is visible: EXPAND_AS_NECESSARY, CLIP_TO_IMAGE, CLIP_TO_BOTTOM_LAYER; returns the layer."""
        merged = self.native.merge_visible_layers(Gimp.MergeType(merge))
        return wrap(made(merged, f"merge the visible layers of {self!r} with merge type {merge}"))

    def merge_down(self, layer: Layer, merge: int) -> Any:
        """Merges a layer with the visible one below it; returns the layer."""
        merged = self.native.merge_down(need(layer, Layer, "a layer"), Gimp.MergeType(merge))
        return wrap(made(merged, f"merge {layer!r} down"))

    def pick_correlate_layer(self, x: int, y: int) -> Any:
        """The uppermost layer that is visible at a point, or None."""
        return wrap(self.native.pick_correlate_layer(x, y))

    def get_layer_by_tattoo(self, tattoo: int) -> Any:
        """The layer with that tattoo, or None."""
        return wrap(self.native.get_layer_by_tattoo(tattoo))

    def get_channel_by_tattoo(self, tattoo: int) -> Any:
        """The channel with that tattoo, or None."""
        return wrap(self.native.get_channel_by_tattoo(tattoo))

    @property
    def floating_selection(self) -> Any:
        """The floating selection, or None."""
        return wrap(self._native.get_floating_sel())

    @property
    def floating_sel_attached_to(self) -> Any:
        """What the floating selection is attached to, or None."""
        return wrap(self._native.floating_sel_attached_to())

    @property
    def selection(self) -> Any:
        """The selection, a channel as large as the image."""
        return wrap(self._native.get_selection())
