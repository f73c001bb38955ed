"""The style as a picture: a built-in one, a file's, another layer's, what was copied; and the file of an earlier one.

Knows GIMP and `order`. The script calls it before a painting, `chooser` for what it shows.
"""

import gi
from gi.repository import Gimp

from onto_canvas import layers, order, placing, samples
from onto_canvas.order import Failed, StylePicture
from onto_canvas.settings import Settings

PNG = "image/png"
COPY = "copy a picture (Edit > Copy), or choose another style"


def picture(
    choices: order.Choices, layer: Gimp.Layer | None, memory: Settings, painted: Gimp.Image | None = None
) -> StylePicture:
    """The style that was chosen; `layer` is the one that was named for it, `painted` the image that is painted.

    Raises:
        Failed: there is none, or it cannot be read.
    """
    if choices.style in order.STYLES:
        return StylePicture(choices.style, built_in=choices.style)
    if choices.style == order.LAYER:
        return of_layer(layer, painted)
    if choices.style == order.CLIPBOARD:
        return copied()
    found = order.from_file(choices.style_file)
    memory.used(choices.style_file, found.sha256)
    return found


def of_layer(layer: Gimp.Layer | None, painted: Gimp.Image | None = None) -> StylePicture:
    """A layer's pixels as they are, its effects included; what is transparent, hidden or not selected lends nothing.

    What is selected in the image that is `painted` says where that is painted, and nothing of a style; in any other
    image it says which part of the layer is the style, unless it misses the layer.

    Raises:
        Failed: it was not chosen, has gone, or all of it is hidden.
    """
    if layer is None or not layer.is_valid():
        raise Failed("no layer was chosen for the style, or it has gone: choose one, or another style")
    if not isinstance(layer, Gimp.Layer):
        raise Failed(f"'{layer.get_name()}' is a mask or a channel, and a style is a layer: choose one")
    image, title = layer.get_image(), layer.get_name()
    selected = image != painted and not Gimp.Selection.is_empty(image) and layer.mask_intersect()[0]
    if selected or (layer.get_mask() is not None and layer.get_apply_mask()):
        return _cut_out(layer, title, is_selected=bool(selected))
    babl, header = layers.picture_format(image, layer)
    told = {"width": layer.get_width(), "height": layer.get_height(), **header}
    return StylePicture(title, data=layers.visible(layer, babl), header=told)


def _cut_out(layer: Gimp.Layer, title: str, *, is_selected: bool) -> StylePicture:
    """The part of a layer that its mask shows and that is selected, the rest of its rectangle transparent."""
    area = layers.selected_area(layer) if is_selected else samples.whole(layer)
    shown = layers.shown(layer, area, is_selected=is_selected)
    if not any(shown):
        raise Failed(f"the mask of the style layer '{title}' hides all of it: choose another, or change its mask")
    scratch = layers.like(layer.get_image(), *area.size)
    kind = layer.type_with_alpha() if not layer.is_indexed() else Gimp.ImageType.RGBA_IMAGE
    cut = Gimp.Layer.new(scratch, title, *area.size, kind, layers.OPAQUE, Gimp.LayerMode.NORMAL)
    babl = samples.native(cut)
    samples.write(cut, babl, layers.visible(layer, babl, area))
    scratch.insert_layer(cut, None, 0)
    placing.add_mask(cut, shown)
    cut.remove_mask(Gimp.MaskApplyMode.APPLY)
    babl, header = layers.picture_format(scratch, cut)
    data = samples.read(cut, babl)
    scratch.delete()
    return StylePicture(title, data=data, header={"width": area.width, "height": area.height, **header})


def layer_by_number(number: int) -> Gimp.Layer | None:
    """The layer that GIMP knows by a number, if there is one."""
    found = Gimp.Item.get_by_id(number)
    return found if isinstance(found, Gimp.Layer) else None


def layer_like(title: str, digest: str, painted: Gimp.Image) -> Gimp.Layer | None:
    """A layer of any open image that an earlier style was: of its name and content, or at least of its name."""
    named = [layer for image in Gimp.get_images() for layer in all_layers(image) if layer.get_name() == title]
    return next((layer for layer in named if _digest(layer, painted) == digest), named[0] if named else None)


def _digest(layer: Gimp.Layer, painted: Gimp.Image) -> str:
    """The SHA-256 of a layer as a style; nothing for one that cannot be one now."""
    try:
        return of_layer(layer, painted).sha256
    except Failed:
        return ""


def all_layers(image: Gimp.Image) -> list[Gimp.Layer]:
    """All layers of an image, those in groups, too."""
    found, left = [], list(image.get_layers())
    while left:
        layer = left.pop(0)
        found.append(layer)
        left += layer.get_children() if layer.is_group() else []
    return found


def copied() -> StylePicture:
    """What was copied last, in whatever program; without a screen, in GIMP.

    Raises:
        Failed: nothing was, or it is no picture.
    """
    data = _from_screen()
    if data:
        return StylePicture(order.CLIPBOARD, data=data)
    image = Gimp.edit_paste_as_new_image()
    if image is None:
        raise Failed(f"there is no picture in the clipboard: {COPY}")
    try:
        found = of_layer(image.get_layers()[0])
        return StylePicture(order.CLIPBOARD, data=found.data, header=found.header)
    finally:
        image.delete()


def _from_screen() -> bytes:
    """The system's clipboard as a PNG file, where there is a screen and a picture in it."""
    gi.require_version("Gtk", "3.0")
    gi.require_version("Gdk", "3.0")
    from gi.repository import Gdk, Gtk  # noqa: PLC0415  # batch has no screen, and GTK wants one

    if Gdk.Display.get_default() is None:
        return b""
    found = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_contents(Gdk.Atom.intern(PNG, only_if_exists=False))
    return bytes(found.get_data() or b"") if found is not None else b""
