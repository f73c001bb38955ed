"""2.10's procedures on images that GIMP 3 has in another form. Rows of the table; `_pdb` calls them."""

from typing import Any

from . import _filename, _undo
from ._colormap import read_colormap, write_colormap
from ._context import with_context
from ._door import Gimp
from ._gimp3 import call
from ._rows import absent, renamed, row

renamed({
    "gimp-image-width": "gimp-image-get-width",
    "gimp-image-height": "gimp-image-get-height",
    "gimp-image-base-type": "gimp-image-get-base-type",
    "gimp-image-floating-selection": "gimp-image-get-floating-sel",
    "gimp-image-parasite-attach": "gimp-image-attach-parasite",
    "gimp-image-parasite-detach": "gimp-image-detach-parasite",
    "gimp-image-parasite-find": "gimp-image-get-parasite",
    "gimp-image-parasite-list": "gimp-image-get-parasite-list",
    "gimp-image-lower-channel": "gimp-image-lower-item",
    "gimp-image-lower-layer": "gimp-image-lower-item",
    "gimp-image-lower-vectors": "gimp-image-lower-item",
    "gimp-image-lower-layer-to-bottom": "gimp-image-lower-item-to-bottom",
    "gimp-image-lower-vectors-to-bottom": "gimp-image-lower-item-to-bottom",
    "gimp-image-raise-channel": "gimp-image-raise-item",
    "gimp-image-raise-layer": "gimp-image-raise-item",
    "gimp-image-raise-vectors": "gimp-image-raise-item",
    "gimp-image-raise-layer-to-top": "gimp-image-raise-item-to-top",
    "gimp-image-raise-vectors-to-top": "gimp-image-raise-item-to-top",
    "gimp-image-get-layer-position": "gimp-image-get-item-position",
    "gimp-image-get-channel-position": "gimp-image-get-item-position",
    "gimp-image-get-vectors-position": "gimp-image-get-item-position",
    "gimp-image-get-vectors": "gimp-image-get-paths",
    "gimp-image-get-vectors-by-name": "gimp-image-get-path-by-name",
    "gimp-image-get-vectors-by-tattoo": "gimp-image-get-path-by-tattoo",
    "gimp-image-insert-vectors": "gimp-image-insert-path",
    "gimp-image-remove-vectors": "gimp-image-remove-path",
    "gimp-image-freeze-vectors": "gimp-image-freeze-paths",
    "gimp-image-thaw-vectors": "gimp-image-thaw-paths",
    "gimp-channel-ops-duplicate": "gimp-image-duplicate",
    "gimp-convert-grayscale": "gimp-image-convert-grayscale",
    "gimp-convert-rgb": "gimp-image-convert-rgb",
    "gimp-convert-indexed": "gimp-image-convert-indexed",
    "gimp-crop": "gimp-image-crop",
    "gimp-image-list": "gimp-get-images",
})  # fmt: skip
absent({
    "gimp-image-free-shadow": "a shadow belongs to a drawable now: pdb.gimp_drawable_free_shadow",
    "gimp-image-get-metadata": "metadata is an object of GIMP 3's own; gimpfu has no stand-in for its text form",
    "gimp-image-set-metadata": "metadata is an object of GIMP 3's own; gimpfu has no stand-in for its text form",
})  # fmt: skip


@row("gimp-image-undo-group-start", "gimp-undo-push-group-start", target="gimp-image-undo-group-start")
def undo_group_start(image: Any) -> None:
    """Opens an undo group, which is closed when the script fails."""
    _undo.start(image)


@row("gimp-image-undo-group-end", "gimp-undo-push-group-end", target="gimp-image-undo-group-end")
def undo_group_end(image: Any) -> None:
    """Closes an undo group."""
    _undo.end(image)


@row("gimp-image-undo-freeze", target="gimp-image-undo-freeze")
def undo_freeze(image: Any) -> bool:
    """Stops recording what can be undone; a script that fails has it go on."""
    return _undo.turn(image, "undo_freeze")


@row("gimp-image-undo-thaw", target="gimp-image-undo-thaw")
def undo_thaw(image: Any) -> bool:
    """Records again."""
    return _undo.turn(image, "undo_thaw")


@row("gimp-image-undo-disable", target="gimp-image-undo-disable")
def undo_disable(image: Any) -> bool:
    """Turns the undo history off; a script that fails has it on again."""
    return _undo.turn(image, "undo_disable")


@row("gimp-image-undo-enable", target="gimp-image-undo-enable")
def undo_enable(image: Any) -> bool:
    """Turns it on."""
    return _undo.turn(image, "undo_enable")


@row("gimp-image-add-layer", target="gimp-image-insert-layer")
def add_layer(image: Any, layer: Any, position: int) -> None:
    """Inserts a layer at the top level of the stack."""
    call("gimp-image-insert-layer", image, layer, None, position)


@row("gimp-image-insert-layer", target="gimp-image-insert-layer")
def insert_layer(image: Any, layer: Any, parent: Any, position: int) -> None:
    """Inserts a layer; a parent of None is the top level."""
    call("gimp-image-insert-layer", image, layer, parent, position)


@row("gimp-image-add-channel", target="gimp-image-insert-channel")
def add_channel(image: Any, channel: Any, position: int) -> None:
    """Inserts a channel."""
    call("gimp-image-insert-channel", image, channel, None, position)


@row("gimp-image-add-vectors", target="gimp-image-insert-path")
def add_vectors(image: Any, vectors: Any, position: int) -> None:
    """Inserts a path."""
    call("gimp-image-insert-path", image, vectors, None, position)


@row("gimp-image-add-layer-mask", target="gimp-layer-add-mask")
def add_layer_mask(_image: Any, layer: Any, mask: Any) -> None:
    """Gives a layer its mask."""
    call("gimp-layer-add-mask", layer, mask)


@row("gimp-image-remove-layer-mask", target="gimp-layer-remove-mask")
def remove_layer_mask(_image: Any, layer: Any, mode: int) -> None:
    """Applies or discards a layer's mask."""
    call("gimp-layer-remove-mask", layer, mode)


def first(items: Any) -> Any:
    """The first of what is selected, or None."""
    return items[0] if items else None


@row("gimp-image-get-active-layer", target="gimp-image-get-selected-layers")
def get_active_layer(image: Any) -> Any:
    """The selected layer; the first of several."""
    return first(image.get_selected_layers())


@row("gimp-image-set-active-layer", target="gimp-image-set-selected-layers")
def set_active_layer(image: Any, layer: Any) -> None:
    """Selects one layer."""
    call("gimp-image-set-selected-layers", image, [layer] if layer else [])


@row("gimp-image-get-active-channel", target="gimp-image-get-selected-channels")
def get_active_channel(image: Any) -> Any:
    """The selected channel; the first of several."""
    return first(image.get_selected_channels())


@row("gimp-image-set-active-channel", target="gimp-image-set-selected-channels")
def set_active_channel(image: Any, channel: Any) -> None:
    """Selects one channel."""
    call("gimp-image-set-selected-channels", image, [channel] if channel else [])


@row("gimp-image-get-active-vectors", target="gimp-image-get-selected-paths")
def get_active_vectors(image: Any) -> Any:
    """The selected path; the first of several."""
    return first(image.get_selected_paths())


@row("gimp-image-set-active-vectors", target="gimp-image-set-selected-paths")
def set_active_vectors(image: Any, vectors: Any) -> None:
    """Selects one path."""
    call("gimp-image-set-selected-paths", image, [vectors] if vectors else [])


@row("gimp-image-get-active-drawable", "gimp-image-active-drawable", target="gimp-image-get-selected-drawables")
def get_active_drawable(image: Any) -> Any:
    """The selected layer, mask or channel; the first of several."""
    return first(image.get_selected_drawables())


@row("gimp-image-merge-layer-group", target="gimp-group-layer-merge")
def merge_layer_group(_image: Any, group: Any) -> Any:
    """A group as one layer."""
    return call("gimp-group-layer-merge", group)


@row("gimp-image-scale-full", target="gimp-image-scale")
def scale_full(image: Any, width: int, height: int, interpolation: int) -> None:
    """Scales with an interpolation of one's own."""
    with with_context({"interpolation": interpolation}):
        call("gimp-image-scale", image, width, height)


@row("gimp-image-is-valid", target="gimp-image-id-is-valid")
def is_valid(image: Any) -> bool:
    """Whether there is such an image (a deleted one is refused before)."""
    return bool(image and image.is_valid())


@row("gimp-image-get-cmap", "gimp-image-get-colormap", target="gimp-image-get-palette")
def get_colormap(image: Any) -> tuple[int, ...]:
    """The colours of an indexed image as bytes."""
    return read_colormap(image)


@row("gimp-image-set-cmap", "gimp-image-set-colormap", target="gimp-image-get-palette")
def set_colormap(image: Any, values: list[int]) -> None:
    """Other colours for an indexed image."""
    write_colormap(image, values)


@row("gimp-image-pick-color", "gimp-color-picker", target="gimp-image-pick-color")
def pick_color(image: Any, drawable: Any, x: float, y: float, merged: int, average: int, radius: float) -> Any:
    """The colour at a place."""
    return call("gimp-image-pick-color", image, [drawable], x, y, merged, average, radius)


def _profile(values: list[int]) -> Any:
    return Gimp.ColorProfile.new_from_icc_profile(bytes(values)) if values else None


@row("gimp-image-get-color-profile", target="Gimp.Image.get_color_profile")
def get_color_profile(image: Any) -> tuple[int, ...]:
    """The image's ICC profile as bytes; none is empty."""
    profile = image.get_color_profile()
    return tuple(profile.get_icc_profile()) if profile else ()


@row("gimp-image-get-effective-color-profile", target="Gimp.Image.get_effective_color_profile")
def get_effective_color_profile(image: Any) -> tuple[int, ...]:
    """The ICC profile that holds, sRGB's where the image has none."""
    return tuple(image.get_effective_color_profile().get_icc_profile())


@row("gimp-image-set-color-profile", target="Gimp.Image.set_color_profile")
def set_color_profile(image: Any, values: list[int]) -> None:
    """Assigns an ICC profile; empty takes it away."""
    if not image.set_color_profile(_profile(values)):
        raise RuntimeError("gimp-image-set-color-profile: the profile does not fit the image")


@row("gimp-image-convert-color-profile", target="Gimp.Image.convert_color_profile")
def convert_color_profile(image: Any, values: list[int], intent: int, bpc: bool) -> None:  # 2.10's own
    """Converts to another ICC profile."""
    if not image.convert_color_profile(_profile(values), intent, bpc):
        raise RuntimeError("gimp-image-convert-color-profile: the profile does not fit the image")


def _uri(file: Any) -> str | None:
    return file.get_uri() if file else None


@row("gimp-image-get-filename", target="gimp-image-get-file")
def get_filename(image: Any) -> str | None:
    """The path of the image's own or imported file, or of the one that a script loaded it from."""
    return _filename.of(image)


@row("gimp-image-set-filename", target="gimp-image-set-file")
def set_filename(image: Any, filename: str) -> None:
    """Names the image's file."""
    _filename.name(image, filename)


@row("gimp-image-get-name", target="gimp-image-get-name")
def get_name(image: Any) -> str:
    """The last part of its file's path, or what GIMP calls it."""
    return _filename.title(image)


@row("gimp-image-get-uri", target="gimp-image-get-file")
def get_uri(image: Any) -> str | None:
    """The URI of the image's file."""
    return _filename.uri(image)


@row("gimp-image-get-xcf-uri", target="gimp-image-get-xcf-file")
def get_xcf_uri(image: Any) -> str | None:
    """The URI of the image's own file."""
    return _uri(image.get_xcf_file())


@row("gimp-image-get-imported-uri", target="gimp-image-get-imported-file")
def get_imported_uri(image: Any) -> str | None:
    """The URI that the image was imported from."""
    return _uri(image.get_imported_file())


@row("gimp-image-get-exported-uri", target="gimp-image-get-exported-file")
def get_exported_uri(image: Any) -> str | None:
    """The URI that the image was exported to."""
    return _uri(image.get_exported_file())


def thumbnail_of(source: Any, width: int, height: int) -> tuple[Any, ...]:
    """Width, height, bytes a pixel and bytes of a small picture."""
    data = source.get_thumbnail_data(width, height)
    if data is None:
        raise RuntimeError("no thumbnail could be made")
    *_, samples, wide, high, size = data if isinstance(data, tuple) else (data, 0, 0, 0)
    return wide, high, size, tuple(samples.get_data() if hasattr(samples, "get_data") else samples)


@row("gimp-image-thumbnail", "gimp-drawable-thumbnail", target="get_thumbnail_data")
def thumbnail(source: Any, width: int, height: int) -> tuple[Any, ...]:
    """A small picture of an image or drawable."""
    return thumbnail_of(source, width, height)
