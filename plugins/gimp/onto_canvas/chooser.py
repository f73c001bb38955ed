"""The part of the dialog that chooses the style: a wall of built-in ones, a file, another layer, what was copied.

Knows GTK, GimpUi and the bridge, which draws the thumbnails. The script gives it to gimpfu as the row of the parameter
`style`; whatever is chosen stands in the dialog's config, and what stands there is shown, so that presets, GIMP's own
Reset and the settings of an earlier painting all come in by the same door.
"""

from collections.abc import Mapping
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("GdkPixbuf", "2.0")

from gi.repository import Gdk, GdkPixbuf, Gimp, GimpUi, Gio, GLib, GObject, Gtk  # noqa: E402  # versions come first

from bridge import BridgeError  # noqa: E402
from onto_canvas import order, placing, style  # noqa: E402
from onto_canvas.presets import Presets  # noqa: E402
from onto_canvas.settings import Settings  # noqa: E402
from onto_canvas.window import Line  # noqa: E402

THUMBNAIL_PX, COLUMNS = 96, 6  # a thumbnail is three quarters as high as it is wide
FILE_PREVIEW_PX = 192
BUILT_IN = "built-in"
NAMES = {
    BUILT_IN: "_Built in", order.FILE: "A picture's _file", order.LAYER: "Another la_yer",
    order.CLIPBOARD: "What was co_pied",
}  # fmt: skip
PATTERNS = ("*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff")


class Chooser:
    """The style's row in one dialog. What is chosen is in the dialog's config, never here."""

    def __init__(self, line: Line, memory: Settings, image: Any, layer: Any) -> None:  # noqa: ANN401  # GIMP's objects
        """For a layer that the filter was started on; one that is a painting offers how it was made."""
        self._line, self._memory, self._layer = line, memory, layer
        self._told = placing.remembered(layer)
        self._image = image
        self._origin = placing.origin(image, layer) if self._told is not None else None
        self._config: Any = None
        self._again = Gtk.CheckButton(active=True, no_show_all=True)
        self._words = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=70, no_show_all=True)
        self._radios: dict[str, Any] = {}
        self._wall = Gtk.FlowBox(min_children_per_line=COLUMNS, max_children_per_line=COLUMNS, homogeneous=True)
        self._pictures = {
            name: Gtk.Image(width_request=THUMBNAIL_PX, height_request=THUMBNAIL_PX * 3 // 4) for name in order.STYLES
        }
        self._file = Gtk.FileChooserButton(title="The style picture", action=Gtk.FileChooserAction.OPEN)
        self._layers = GimpUi.LayerComboBox.new(None, None)

    @property
    def origin(self) -> Any:  # noqa: ANN401
        """The layer that is to be painted again, in place of the painting that the filter was started on, if any."""
        return self._origin if self._origin is not None and self._again.get_active() else None

    def row(self, dialog: Any, config: Any, param: Any, name: str) -> str:  # noqa: ANN401
        """Draws it; the name of the row in the dialog."""
        self._config = config
        label = dialog.get_label(f"{name}-label", param.desc, False, True)  # noqa: FBT003  # GIMP's own signature
        label.set_no_show_all(True)  # the box must have something of the dialog's own in it
        box = dialog.fill_box(f"{name}-row", [f"{name}-label"])
        label.hide()
        box.set_spacing(6)
        presets = Presets(self._memory, self._current, self.take, self.say)
        for widget in (self._words, self._again, presets.box, self._grid()):
            widget.show_all()
            box.pack_start(widget, False, False, 0)  # noqa: FBT003  # GTK's own signature
        for watched in ("style", "style-file"):
            config.connect(f"notify::{watched}", lambda *_: self._show())
        if self._told is not None:
            self._offer(self._told)
        self._show()
        self._ask_for_thumbnails()
        return f"{name}-row"

    def take(self, told: Mapping[str, Any]) -> None:
        """Sets what a preset or a painting remembers, as far as this version knows it."""
        for name, value in order.Choices.known(told).items():
            is_file = name == "style-file"
            self._config.set_property(name, (Gio.File.new_for_path(value) if value else None) if is_file else value)

    def say(self, text: str) -> None:
        """Words above it."""
        self._words.set_text(text)
        self._words.set_visible(bool(text))

    def _offer(self, told: Mapping[str, Any]) -> None:
        """The settings of the painting that the filter was started on, its style found again wherever that is now."""
        path = str(told.get("style_file") or "")
        found = self._memory.find(path, str(told.get("style_sha256"))) if told.get("style") == order.FILE else path
        self.take({**told, "style_file": found or ""})
        if told.get("style") == order.LAYER:
            self._take_layer(style.layer_like(str(told.get("style_title")), str(told.get("style_sha256")), self._image))
        made = "These are the settings that this layer was painted with."
        missing = f" Its style picture {order.shown(path)} is not there any more: choose it again, wherever it is now."
        self.say(made if found is not None else made + missing)
        if self._origin is not None:
            self._again.set_label(f"Paint the layer '{self._origin.get_name()}' again, not this painting of it")
            self._again.show()

    def _grid(self) -> Any:  # noqa: ANN401
        """A radio button for each kind of style, and beside it what there is to choose from."""
        grid, group = Gtk.Grid(column_spacing=12, row_spacing=6), None
        widgets = {BUILT_IN: self._built_wall(), order.FILE: self._built_file(), order.LAYER: self._built_layers(),
                   order.CLIPBOARD: _copied()}  # fmt: skip
        for number, (kind, label) in enumerate(NAMES.items()):
            radio = Gtk.RadioButton.new_with_mnemonic_from_widget(group, label)
            group = group or radio
            radio.set_valign(Gtk.Align.START)
            radio.connect("toggled", lambda button, kind=kind: self._chose(kind, button.get_active()))
            self._radios[kind] = radio
            grid.attach(radio, 0, number, 1, 1)
            grid.attach(widgets[kind], 1, number, 1, 1)
        return grid

    def _built_wall(self) -> Any:  # noqa: ANN401
        for name, picture in self._pictures.items():
            cell = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
            cell.add(picture)
            cell.add(Gtk.Label(label=name.replace("-", " ").capitalize()))
            self._wall.add(cell)
        self._wall.connect("selected-children-changed", self._picked)
        return self._wall

    def _built_file(self) -> Any:  # noqa: ANN401
        pictures = Gtk.FileFilter()
        pictures.set_name("PNG, JPEG, WebP, TIFF")
        for pattern in PATTERNS:
            pictures.add_pattern(pattern)
            pictures.add_pattern(pattern.upper())
        preview = Gtk.Image()
        self._file.add_filter(pictures)
        self._file.set_preview_widget(preview)
        self._file.connect("update-preview", lambda chooser: _preview(chooser, preview))
        self._file.connect("file-set", lambda button: self._set(order.FILE, "style-file", button.get_file()))
        return self._file

    def _built_layers(self) -> Any:  # noqa: ANN401
        # GIMP's combo boxes have another connect of their own.
        GObject.Object.connect(self._layers, "changed", lambda _combo: self._chose_layer())
        others = (one for image in Gimp.get_images() for one in style.all_layers(image) if one != self._layer)
        self._take_layer(next(others, None))
        return self._layers

    def _take_layer(self, layer: Any) -> None:  # noqa: ANN401
        if layer is not None:
            self._config.set_property("style-layer", layer)
            self._layers.set_active(layer.get_id())

    def _set(self, kind: str, name: str, value: Any) -> None:  # noqa: ANN401
        self._config.set_property(name, value)
        self._config.set_property("style", kind)

    def _picked(self, wall: Any) -> None:  # noqa: ANN401
        for cell in wall.get_selected_children():
            self._config.set_property("style", order.STYLES[cell.get_index()])

    def _chose_layer(self) -> None:
        good, number = self._layers.get_active()
        self._config.set_property("style-layer", Gimp.Item.get_by_id(number) if good else None)
        if self._radios and self._layers.get_mapped():
            self._config.set_property("style", order.LAYER)

    def _chose(self, kind: str, is_active: bool) -> None:  # noqa: FBT001  # GTK tells both that change
        """A radio button was pressed; the first built-in style where none was chosen before."""
        if not is_active:
            return
        if kind != BUILT_IN:
            self._config.set_property("style", kind)
        elif self._config.get_property("style") not in order.STYLES:
            self._config.set_property("style", order.STYLES[0])

    def _show(self) -> None:
        """Shows what stands in the config."""
        kind, file = self._config.get_property("style"), self._config.get_property("style-file")
        if kind in order.STYLES:
            self._wall.select_child(self._wall.get_child_at_index(order.STYLES.index(kind)))
        else:
            self._wall.unselect_all()
        shown = self._file.get_file()
        if file is None:
            self._file.unselect_all()
        elif shown is None or not file.equal(shown):
            self._file.set_file(file)
        self._radios[kind if kind in NAMES else BUILT_IN].set_active(True)

    def _current(self) -> dict[str, Any]:
        """What a preset keeps: all that is chosen, by the names that a layer remembers it by."""
        told = {name: self._config.get_property(name.replace("_", "-")) for name in order.Choices.names()}
        file = told["style_file"]
        return told | {"style_file": file.get_path() if file is not None else ""}

    def _ask_for_thumbnails(self) -> None:
        try:
            self._line.bridge().conversation().styles(self._hear, THUMBNAIL_PX)
        except (order.Failed, BridgeError) as failed:
            self.say(f"Impasto cannot be reached: {failed}")

    def _hear(self, event: Any) -> None:  # noqa: ANN401  # the bridge's Event
        if event.kind == "style" and event.told["name"] in order.STYLES:
            header = event.told["header"]
            width, height = header["width"], header["height"]
            kind, data = GdkPixbuf.Colorspace.RGB, GLib.Bytes.new(bytes(event.payload))
            picture = GdkPixbuf.Pixbuf.new_from_bytes(data, kind, False, 8, width, height, 3 * width)  # noqa: FBT003
            self._pictures[event.told["name"]].set_from_pixbuf(picture)
        elif event.kind == "error":
            self.say(f"Impasto cannot be reached: {event.told['message']}")


def _preview(chooser: Any, preview: Any) -> None:  # noqa: ANN401
    """Shows the file under the pointer, if it is a picture."""
    path = chooser.get_preview_filename()
    try:
        picture = GdkPixbuf.Pixbuf.new_from_file_at_size(path, FILE_PREVIEW_PX, FILE_PREVIEW_PX) if path else None
    except GLib.Error:  # no picture
        picture = None
    preview.set_from_pixbuf(picture)
    chooser.set_preview_widget_active(picture is not None)


def _copied() -> Any:  # noqa: ANN401
    """What the clipboard has: a thumbnail, or words."""
    picture = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_image()
    if picture is None:
        return Gtk.Label(label="nothing outside of GIMP; in GIMP, what was copied last", xalign=0.0, sensitive=False)
    width, height = picture.get_width(), picture.get_height()
    share = THUMBNAIL_PX / max(width, height, THUMBNAIL_PX)
    size = max(1, round(width * share)), max(1, round(height * share))
    small = picture.scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)
    return Gtk.Image(pixbuf=small, halign=Gtk.Align.START, tooltip_text=f"{width} x {height} pixels")
