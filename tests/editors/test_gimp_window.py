"""The plug-in as a painter meets it: in a window, from the menu, with the picture growing on the canvas."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from editors import gimp
from editors.gimp_seat import endless
from editors.test_gimp_plugin import PLUG_IN, installed
from harness import Daemon

pytestmark = pytest.mark.timeout(1800)

WAIT_S = 240
HEARD_S = 2  # after which a key that did nothing is pressed again: it came too early
SHORTCUT = "<Primary><Alt>p"
# Shows a picture, and writes down what becomes of its layers, five times a second, until it is told to end.
SCRIPT = """
import hashlib, json, os, pathlib, sys, time
sys.path[:0] = [ARGUMENTS[0]]
from gi.repository import Gegl, Gimp
from editors.painted import picture, samples
# before
image, layer = picture(size=(int(ARGUMENTS[2]), int(ARGUMENTS[3])))
image.clean_all()
# after
Gimp.Display.new(image)
Gimp.displays_flush()
folder, last = pathlib.Path(ARGUMENTS[1]), ""
while not (folder / "end").exists():
    copy = image.duplicate()  # GIMP ends whoever reads pixels of a layer that has gone
    told = [[one.get_name(), hashlib.sha256(samples(one)).hexdigest(), one.get_lock_content()]
            for one in copy.get_layers()]
    copy.delete()
    selected = [one.get_name() for one in image.get_selected_layers()]
    seen = [one.get_visible() for one in image.get_layers()]
    state = {"layers": told, "dirty": image.is_dirty(), "selected": selected, "seen": seen}
    (folder / "part").write_text(json.dumps(state))
    os.replace(folder / "part", folder / "state.json")
    time.sleep(0.2)
image.clean_all()
"""


class Painter:
    """Who sits at the window: keys, and what is in the image."""

    def __init__(self, window: gimp.Window, folder: Path) -> None:
        self.window, self.folder = window, folder
        self.screen = window.screen

    def state(self) -> dict[str, Any]:
        """What the image has now."""
        path = self.folder / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"layers": [], "dirty": None}

    def names(self) -> list[str]:
        """Names of its layers, from above."""
        return [name for name, _, _ in self.state()["layers"]]

    def wait(self, names: list[str]) -> dict[str, Any]:
        """What the image has as soon as it has those layers."""

        def there() -> dict[str, Any]:
            state = self.state()
            return state if [name for name, _, _ in state["layers"]] == names else {}

        return gimp.until(there, f"layers {names} (now {self.names()})", WAIT_S, self.window.log)

    def key(self, window: str, *names: str) -> None:
        """Presses keys in a window."""
        self.screen.focus(window)
        self.screen.keys(*names)

    def begin(self) -> str:
        """Chooses the menu entry by its key and says yes to the dialog; the window in which the painting is watched."""
        main = self.screen.wait_window("Untitled", WAIT_S, self.window.log)
        self.wait(["photo"])
        dialog = self.screen.open(main, "ctrl+alt+p", "Neural Style", WAIT_S, self.window.log)
        self.screen.screenshot(self.folder / "dialog.png")
        return str(gimp.until(lambda: self._agreed(dialog), "the window of the painting", WAIT_S, self.window.log))

    def _agreed(self, dialog: str) -> str:
        """Says yes, once more where a key came before the dialog could hear it."""
        if not self._live() and dialog in self.screen.windows():
            self.key(dialog, "alt+o")
        return gimp.soon(self._live, HEARD_S)

    def _live(self) -> str:
        """The window in which a painting is watched; empty where there is none."""
        return next((window for window, name in self.screen.windows().items() if "Neural Style: " in name), "")

    def insist(self, window: str, key: str, names: list[str]) -> dict[str, Any]:
        """Presses a key, again where it came too early, until the image has those layers and the plug-in has ended."""

        def pressed() -> bool:
            if window in self.screen.windows():
                self.key(window, key)
            return gimp.soon(ended, HEARD_S)

        def ended() -> bool:
            return self.names() == names and not self.window.processes(f"{PLUG_IN}.py")

        gimp.until(pressed, f"layers {names} after {key}", WAIT_S, self.window.log)
        (self.folder / "state.json").unlink()  # it may be of a moment before that
        return self.wait(names)

    def main(self) -> str:
        """The image's window."""
        return self.screen.wait_window("Untitled", WAIT_S, self.window.log)


@contextmanager
def painting(
    root: Path, folder: Path, daemon: Daemon, width: int, height: int, *, before: str = "", after: str = ""
) -> Iterator[Painter]:
    """GIMP in a window with a picture of that size, whose paintings are endless.

    `before` runs before that is made, and `after` after it.
    """
    home = endless(installed(gimp.new_home(root, folder / "home"), daemon))
    shortcuts = f'(file-version 1)\n(action "python-fu-impasto" "{SHORTCUT}")\n'
    (home.config / "shortcutsrc").write_text(shortcuts)
    script = folder / "script.py"
    script.write_text(SCRIPT.replace("# before\n", before).replace("# after\n", after))
    arguments = (str(gimp.REPOSITORY / "tests"), str(folder), str(width), str(height))
    with gimp.window(home, script, *arguments) as window:
        yield Painter(window, folder)


def settled(state: dict[str, Any]) -> bool:
    """Whether the preview is locked, the user's layer selected and the image clean."""
    locked = [is_locked for _, _, is_locked in state["layers"]]
    return (locked, state["selected"], state["dirty"]) == ([True, False], ["photo"], False)


def test_the_picture_grows_and_is_one_step(root: Path, tmp_path: Path, daemon: Daemon) -> None:
    """From the menu: a locked preview, then one layer; one undo brings back what was there, one redo the result.

    Before that a painting that is cancelled: no layer, no step, and the image as clean as it was.
    """
    with painting(root, tmp_path, daemon, 256, 192) as painter:
        live = painter.begin()
        before = painter.state()
        growing = painter.wait(["photo, growing", "photo"])
        painter.screen.screenshot(tmp_path / "growing.png")
        gimp.until(lambda: settled(painter.state()), "a locked preview", WAIT_S)  # but for moments of writing
        cancelled = painter.insist(live, "alt+c", ["photo"])
        painter.screen.wait_gone("Neural Style: swirl", WAIT_S)
        assert cancelled["layers"] == growing["layers"][1:]
        assert cancelled["dirty"] is False

        live = painter.begin()
        painter.wait(["photo, growing", "photo"])
        first = growing["layers"][0][1]
        gimp.until(lambda: painter.state()["layers"][0][1] != first, "another frame", WAIT_S, painter.window.log)
        kept = painter.insist(live, "alt+s", ["photo, swirl", "photo"])
        painter.screen.screenshot(tmp_path / "kept.png")
        assert kept["layers"][1] == growing["layers"][1]
        painter.key(painter.main(), "ctrl+z")
        undone = painter.wait(["photo"])
        painter.key(painter.main(), "ctrl+y")
        redone = painter.wait(["photo, swirl", "photo"])

        assert undone["layers"] == growing["layers"][1:]
        assert redone["layers"] == kept["layers"]
        (tmp_path / "end").touch()
        assert painter.window.wait_end().code == 0
        with Image.open(tmp_path / "growing.png") as seen:
            assert seen.size == (1280, 900)
        assert before["layers"][-1] == kept["layers"][-1]
