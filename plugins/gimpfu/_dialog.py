"""The dialog of a script: GIMP 3's own, with a row for each parameter, and last values as GIMP keeps them.

Called by `_plugin` in interactive runs. GIMP 3 has widgets for most kinds; for images, layers, channels, paths and for
numbers without a range it has none that fits, so those rows are made here.
"""

from collections.abc import Callable
from typing import Any

from . import beyond
from ._declare import is_numbered, nicks
from ._door import Gimp, GObject
from ._params import (
    INTEGERS,
    PF_CHANNEL,
    PF_DIRNAME,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_IMAGE,
    PF_LAYER,
    PF_OPTION,
    PF_RADIO,
    PF_SLIDER,
    PF_SPINNER,
    PF_STRING,
    PF_TEXT,
    PF_VECTORS,
    Param,
)  # fmt: skip
from ._registration import Definition
from ._widgets import GimpUi, Gtk

MOST_DIGITS = 6
MOST_BUTTONS = 8
LABEL_CHARACTERS = 12  # rows of our own stand below each other


def digits(step: float) -> int:
    """Decimals that show steps of that size."""
    for count in range(MOST_DIGITS):
        if abs(step * 10**count - round(step * 10**count)) < 1e-9:
            return count
    return MOST_DIGITS


def show(procedure: Any, definition: Definition, config: Any, params: list[Param], names: list[str]) -> bool:
    """Shows the dialog; whether the user wants it done. What was chosen is in `config` then."""
    GimpUi.init(procedure.get_name())
    title = definition.label.replace("_", "").rstrip(".") or definition.name
    dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
    try:
        rows = [row(dialog, config, param, name) for param, name in zip(params, names, strict=True)]
        hint(dialog, definition.blurb)
        dialog.fill([name for name in rows if name])
        return bool(dialog.run())
    finally:
        dialog.destroy()


def hint(dialog: Any, text: str) -> None:
    """What the script says of itself, above the rows."""
    if text:
        label = Gtk.Label(label=text, wrap=True, xalign=0.0, max_width_chars=60, margin=6, visible=True)
        dialog.get_content_area().pack_start(label, False, False, 6)
        dialog.get_content_area().reorder_child(label, 0)


def row(dialog: Any, config: Any, param: Param, name: str) -> str:
    """Makes a parameter's row where GIMP would not make the right one; its name in the dialog, if it has any."""
    if param.name in beyond.rows:
        return beyond.rows[param.name](dialog, config, param, name)
    maker = ROWS.get(param.type)
    if maker is not None:
        return maker(dialog, config, param, name) or name
    return name


def _slider(dialog: Any, _config: Any, param: Param, name: str) -> str:
    """A bar to drag."""
    scale = dialog.get_spin_scale(name, 1.0)
    scale.set_digits(digits(param.range[2]))
    scale.set_increments(param.range[2], 10 * param.range[2])
    return name


def _spinner(dialog: Any, _config: Any, param: Param, name: str) -> str:
    """A number with two buttons."""
    widget = dialog.get_widget(name, GimpUi.LabelSpin)
    if widget is not None:
        widget.set_digits(digits(param.range[2]))
        widget.set_increments(param.range[2], 10 * param.range[2])
    return name


def _options(dialog: Any, config: Any, param: Param, name: str) -> str:
    """A list to choose from, whose values are numbers."""
    combo = Gtk.ComboBoxText()
    for label, _ in param.choices:
        combo.append_text(label)
    values = [value for _, value in param.choices]
    current = config.get_property(name)
    combo.set_active(values.index(current) if current in values else 0)

    def changed(widget: Any) -> None:
        config.set_property(name, values[widget.get_active()])

    combo.connect("changed", changed)
    changed(combo)
    return labelled(dialog, param, name, combo)


def _radio(dialog: Any, config: Any, param: Param, name: str) -> str:
    """Buttons, one of which is down; a list where there are so many that buttons would fill the screen."""
    if len(param.choices) > MOST_BUTTONS:
        return _list(dialog, config, param, name)
    values = [value for _, value in param.choices] if is_numbered(param) else nicks(param)
    current, box, group = config.get_property(name), Gtk.Box(orientation=Gtk.Orientation.VERTICAL), None
    for (label, _), value in zip(param.choices, values, strict=True):
        button = Gtk.RadioButton.new_with_mnemonic_from_widget(group, label)
        group = group or button
        button.set_active(value == current)
        button.connect("toggled", lambda widget, value=value: widget.get_active() and config.set_property(name, value))
        box.pack_start(button, False, False, 0)
    return labelled(dialog, param, name, box)


def _list(dialog: Any, config: Any, param: Param, name: str) -> str:
    """A radio's choices, to be chosen from a list."""
    combo = Gtk.ComboBoxText()
    for (label, _), value in zip(param.choices, nicks(param), strict=True):
        combo.append(value, label.replace("_", ""))
    combo.set_active_id(str(config.get_property(name)))
    made = int if is_numbered(param) else str
    combo.connect("changed", lambda widget: config.set_property(name, made(widget.get_active_id())))
    return labelled(dialog, param, name, combo)


def _entry(dialog: Any, config: Any, param: Param, name: str) -> str:
    """A number without a range, written."""
    entry = Gtk.Entry(text=str(config.get_property(name)), activates_default=True)
    whole = param.type in INTEGERS

    def changed(widget: Any) -> None:
        try:
            config.set_property(name, int(widget.get_text()) if whole else float(widget.get_text()))
            good = True
        except (TypeError, ValueError, OverflowError):
            good = False
        icon = None if good else "dialog-warning"
        widget.set_icon_from_icon_name(Gtk.EntryIconPosition.SECONDARY, icon)

    entry.connect("changed", changed)
    return labelled(dialog, param, name, entry)


def _string(dialog: Any, config: Any, param: Param, name: str) -> str:
    """One line; Return is OK, which it is not in GIMP's own."""
    entry = Gtk.Entry(text=config.get_property(name) or "", activates_default=True)
    entry.connect("changed", lambda widget: config.set_property(name, widget.get_text()))
    return labelled(dialog, param, name, entry)


def _text(dialog: Any, _config: Any, param: Param, name: str) -> str:
    """Several lines."""
    view = dialog.get_widget(name, Gtk.TextView)
    return labelled(dialog, param, name, view)


def _file(dialog: Any, config: Any, param: Param, name: str) -> str:
    """What is there, as 2.10's dialog let choose; GIMP's own widget cannot take every path that a caller may."""
    action = Gtk.FileChooserAction.SELECT_FOLDER if param.is_folder else Gtk.FileChooserAction.OPEN
    button = Gtk.FileChooserButton(title=param.desc.replace("_", ""), action=action)
    current = config.get_property(name)
    if current is not None:
        button.set_file(current)
    button.connect("file-set", lambda widget: config.set_property(name, widget.get_file()))
    return labelled(dialog, param, name, button)


CHOOSERS: dict[int, tuple[str, Callable[[int], Any]]] = {
    PF_IMAGE: ("ImageComboBox", Gimp.Image.get_by_id),
    PF_LAYER: ("LayerComboBox", Gimp.Item.get_by_id),
    PF_CHANNEL: ("ChannelComboBox", Gimp.Item.get_by_id),
    PF_DRAWABLE: ("DrawableComboBox", Gimp.Item.get_by_id),
    PF_VECTORS: ("PathComboBox", Gimp.Item.get_by_id),
}


def _chooser(dialog: Any, config: Any, param: Param, name: str) -> str:
    """One of the open images, or of their layers, channels or paths."""
    kind, by_number = CHOOSERS[param.type]
    combo = getattr(GimpUi, kind).new(None, None)
    current = config.get_property(name)
    if current is not None:
        combo.set_active(current.get_id())

    def changed(widget: Any) -> None:
        good, number = widget.get_active()
        config.set_property(name, by_number(number) if good else None)

    GObject.Object.connect(combo, "changed", changed)  # GIMP's combo boxes have another connect of their own
    changed(combo)
    return labelled(dialog, param, name, combo)


def labelled(dialog: Any, param: Param, name: str, widget: Any) -> str:
    """A row of our own, made known to the dialog under a name that is returned."""
    label = dialog.get_label(f"{name}-label", param.desc or param.name, False, True)
    label.set_xalign(0.0)
    label.set_width_chars(LABEL_CHARACTERS)
    label.set_mnemonic_widget(widget)
    box = dialog.fill_box(f"{name}-row", [f"{name}-label"])
    box.set_orientation(Gtk.Orientation.HORIZONTAL)
    box.set_spacing(6)
    widget.set_tooltip_text(param.desc.replace("_", ""))
    widget.show_all()
    box.pack_start(widget, True, True, 0)
    return f"{name}-row"


ROWS: dict[int, Callable[[Any, Any, Param, str], str]] = {
    PF_SLIDER: _slider,
    PF_SPINNER: _spinner,
    PF_OPTION: _options,
    PF_RADIO: _radio,
    PF_STRING: _string,
    PF_TEXT: _text,
    PF_FILE: _file,
    PF_FILENAME: _file,
    PF_DIRNAME: _file,
    PF_FLOAT: _entry,
    **dict.fromkeys(INTEGERS, _entry),
    **dict.fromkeys(CHOOSERS, _chooser),
}
