"""A script in a window: its menu entry, its dialog with last values, its pixels on the screen, its error in words."""

import json
from pathlib import Path

import pytest
from PIL import Image

from editors import gimp, results

pytestmark = pytest.mark.timeout(1800)

OPEN = """
from gi.repository import Gimp
image = Gimp.Image.new(300, 200, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new(image, "photo", 300, 200, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
Gimp.Display.new(image)
"""
FAILING = '        raise ValueError("no picture is called %s" % name)'
HEARD_S = 10  # after which a key that was not heard is pressed again
RED_PIXELS = 300 * 200 * 9 // 10  # a dialog may cover a part of the picture


def seen(path: Path) -> list[list[object]]:
    """What the script wrote down, a line a run."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def reds(screen: gimp.Screen, path: Path) -> int:
    """Pixels of pure red on the screen."""
    with Image.open(screen.screenshot(path)) as picture:
        colours = picture.convert("RGB").getcolors(1 << 24) or []
    return sum(count for count, colour in colours if colour == (255, 0, 0))


def answer(window: gimp.Window, main: str, name: str = "") -> None:
    """Calls the script by its shortcut; types a name into its dialog where there is one to type, and says OK."""
    screen = window.screen
    dialog = screen.open(main, "ctrl+alt+p", "Windowed", log=window.log)
    screen.wait_still(dialog)
    screen.focus(dialog)
    if name:
        screen.keys("alt+n", "ctrl+a")
        screen.write(name)

    def agreed() -> bool:  # again where the key was not heard, and never once the dialog has gone
        if dialog in screen.windows():
            screen.focus(dialog)
            screen.keys("Return")
        return gimp.soon(lambda: dialog not in screen.windows(), HEARD_S)

    gimp.until(agreed, "the dialog's end", gimp.START_S, window.log)


def test_a_script_is_called_from_the_menu(root: Path, tmp_path: Path) -> None:
    """Dialog, last values, red pixels on the canvas; then an exception, told with its line, and the image lives."""
    home, notes, shot = results.home(root, tmp_path / "home"), tmp_path / "seen", tmp_path / "screen.png"
    home.extra["GIMPFU_SEEN"] = str(notes)
    (home.config / "shortcutsrc").write_text('(file-version 1)\n(action "python-fu-windowed" "<Primary><Alt>p")\n')
    script = tmp_path / "open.py"
    script.write_text(OPEN)

    with gimp.window(home, script, stay=True) as window:
        main = window.screen.wait_window("Untitled", log=window.log)
        answer(window, main, name="second")
        gimp.until(lambda: seen(notes) == [["second", 5, True]], "the first run", 120, window.log)
        gimp.until(lambda: reds(window.screen, shot) >= RED_PIXELS, "red on the screen", 60, window.log)
        gimp.until(lambda: not window.processes("windowed.py"), "its end", 120, window.log)  # last values are kept then
        answer(window, main)
        gimp.until(lambda: seen(notes)[1:] == [["second", 5, True]], "a run with the last values", 120, window.log)
        answer(window, main, name="bad")
        window.screen.wait_window("Message", log=window.log)
        window.screen.screenshot(shot)
        line = 1 + (results.SCRIPTS / "windowed.py").read_text().splitlines().index(FAILING)
        assert f'windowed.py", line {line}, in windowed' in window.log.read_text()
        assert window.process.poll() is None
