"""The dialog's presets: names to choose from, one to be kept under the name that is written, one to be dropped.

Knows GTK and what is kept; must never know what a preset holds. `chooser` makes one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gi.repository import Gtk

from onto_canvas.settings import Settings


class Presets:
    """A row of the dialog; the presets themselves are in the file."""

    def __init__(
        self,
        memory: Settings,
        current: Callable[[], dict[str, Any]],
        take: Callable[[Mapping[str, Any]], None],
        say: Callable[[str], None],
    ) -> None:
        """`current` is what is chosen now, `take` chooses what a preset holds, `say` tells the user something."""
        self._memory, self._current, self._take, self._say = memory, current, take, say
        self._names = Gtk.ComboBoxText.new_with_entry()
        self._names.get_child().set_placeholder_text("a name for these settings")
        self._names.connect("changed", lambda _combo: self._chosen())
        self.box = Gtk.Box(spacing=6)
        label = Gtk.Label(label="Prese_t", use_underline=True, mnemonic_widget=self._names.get_child())
        self.box.pack_start(label, False, False, 0)  # noqa: FBT003  # GTK's own signature
        self.box.pack_start(self._names, True, True, 0)  # noqa: FBT003
        for label, pressed in (("_Keep", self._keep), ("_Drop", self._drop)):
            button = Gtk.Button(label=label, use_underline=True)
            button.connect("clicked", lambda _button, pressed=pressed: pressed())
            self.box.pack_start(button, False, False, 0)  # noqa: FBT003
        self._list()

    def _list(self) -> None:
        self._names.remove_all()
        for name in self._memory.presets():
            self._names.append_text(name)

    def _chosen(self) -> None:
        """One of the list was chosen; what is only being written counts when it is kept."""
        if self._names.get_active() >= 0:
            self._take(self._memory.presets().get(self._names.get_active_text(), {}))

    def _keep(self) -> None:
        name = (self._names.get_active_text() or "").strip()
        if not name:
            self._say("A preset needs a name: write one beside Preset.")
        elif self._memory.keep_preset(name, self._current()):
            self._list()
        else:
            self._say(f"The preset '{name}' is not kept: {self._memory.path} cannot be written.")

    def _drop(self) -> None:
        if not self._memory.drop_preset((self._names.get_active_text() or "").strip()):
            self._say(f"The preset is not dropped: {self._memory.path} cannot be written.")
        self._names.get_child().set_text("")
        self._list()
