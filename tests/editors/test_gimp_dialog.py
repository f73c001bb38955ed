"""The dialog as a painter meets it: where a style comes from, presets, Repeat, and a painting that is painted again."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from editors import gimp
from editors.gimp_seat import LIVE, LONG
from editors.test_gimp_window import HEARD_S, WAIT_S, Painter, painting
from harness import Daemon
from impasto import gallery

pytestmark = pytest.mark.timeout(1800)

REPEAT = "ctrl+f"
SETTINGS = "impasto-neural-style.json"
# What the test's script of the window does before its picture is shown: another picture, to be the style.
BEFORE = """
other, texture = picture(size=(64, 48))
texture.set_name("texture")
"""

# What it does with the picture: it becomes a painting that remembers how it was made.
REMEMBER = """
layer.attach_parasite(Gimp.Parasite.new("impasto-neural-style", 1, list({told!r}.encode())))
image.clean_all()
"""


def dialog(painter: Painter, *, settled: bool = False) -> str:
    """The dialog, as soon as it is there; `settled` for keys that nobody would press again."""
    found = painter.screen.open(painter.main(), "ctrl+alt+p", "Neural Style", WAIT_S, painter.window.log)
    if settled:
        painter.screen.wait_still(found)
    return found


def agree(painter: Painter, window: str, title: str) -> str:
    """Says yes to the dialog; the window of the painting."""

    def shown() -> str:
        windows = painter.screen.windows().items()
        return next((one for one, name in windows if LIVE + title in name), "")

    def agreed() -> str:
        if not shown() and window in painter.screen.windows():
            painter.key(window, "alt+o")
        return gimp.soon(shown, HEARD_S)

    return gimp.until(agreed, f"the window of {title}", WAIT_S, painter.window.log)


def told(painter: Painter) -> dict[str, Any]:
    """What the plug-in has written down in the profile."""
    return dict(json.loads((painter.window.home.config / SETTINGS).read_text()))


def test_styles_presets_repeat_and_painting_again(root: Path, tmp_path: Path, daemon: Daemon) -> None:
    """One sitting: a preset is kept, another layer's manner is painted and repeated, and the painting painted again."""
    with painting(root, tmp_path, daemon, 192, 144, before=BEFORE) as painter:
        painter.screen.wait_window("Untitled", WAIT_S, painter.window.log)
        painter.wait(["photo"])

        chooser = dialog(painter, settled=True)
        painter.key(chooser, "alt+y")
        painter.key(chooser, "alt+t")
        painter.screen.write("soft")
        painter.key(chooser, "alt+k")
        gimp.until((painter.window.home.config / SETTINGS).exists, "a preset", WAIT_S, painter.window.log)
        painter.screen.screenshot(tmp_path / "layer.png")
        growing = agree(painter, chooser, "texture")
        painter.wait(["photo, growing", "photo"])
        painter.insist(growing, "alt+s", ["photo, texture", "photo"])

        repeated = painter.screen.open(painter.main(), REPEAT, LIVE + "texture", WAIT_S, painter.window.log)
        painter.wait(["photo, texture, growing", "photo, texture", "photo"])
        painter.insist(repeated, "alt+c", ["photo, texture", "photo"])

        chooser = dialog(painter)
        painter.screen.screenshot(tmp_path / "again.png")
        again = agree(painter, chooser, "texture")
        painter.wait(["photo, growing", "photo, texture", "photo"])
        painter.insist(again, "alt+s", ["photo, texture #1", "photo, texture", "photo"])  # GIMP's own way
        (tmp_path / "end").touch()
        assert painter.window.wait_end().code == 0
        (kept,) = told(painter)["presets"].items()
        assert (kept[0], kept[1]["style"], kept[1]["strength"]) == ("soft", "layer", 0.5)


def test_a_style_that_has_moved_is_found_by_what_it_is(root: Path, tmp_path: Path, daemon: Daemon) -> None:
    """The layer remembers a file that is gone; a picture of that content was used since, under another name."""
    moved = tmp_path / "moved.png"
    gallery.draw("marbled", width=64, height=48).save(moved)
    digest = hashlib.sha256(moved.read_bytes()).hexdigest()
    remembered = {"style": "file", "style_file": "/gone/starry.png", "style_sha256": digest, "seed": 5}
    parasite = json.dumps({**remembered, "steps": LONG})
    recent = json.dumps({"recent": [{"path": str(moved), "sha256": digest}]})
    with painting(root, tmp_path, daemon, 96, 64, after=REMEMBER.format(told=parasite)) as painter:
        (painter.window.home.config / SETTINGS).write_text(recent)
        painter.screen.wait_window("Untitled", WAIT_S, painter.window.log)
        painter.wait(["photo"])
        chooser = dialog(painter)
        painter.screen.screenshot(tmp_path / "moved-dialog.png")
        growing = agree(painter, chooser, "moved")
        painter.wait(["photo, growing", "photo"])
        painter.insist(growing, "alt+c", ["photo"])
        (tmp_path / "end").touch()
        assert painter.window.wait_end().code == 0


# A picture through which something is seen.
THIN = """
layer.add_alpha()
layer.set_opacity(60.0)
image.clean_all()
"""


def test_what_stands_in_for_a_thin_layer_is_one_step(root: Path, tmp_path: Path, daemon: Daemon) -> None:
    """The source is hidden by the step that adds the new layer, and in sight again when that is undone.

    The style is what was copied in GIMP: over the screen's clipboard, as from any program.
    """
    with painting(root, tmp_path, daemon, 96, 64, after=THIN) as painter:
        painter.screen.wait_window("Untitled", WAIT_S, painter.window.log)
        before = painter.wait(["photo"])
        painter.key(painter.main(), "ctrl+c")
        time.sleep(2)  # GIMP writes it as a file for others when they ask
        chooser = dialog(painter, settled=True)
        painter.key(chooser, "alt+p")
        painter.screen.screenshot(tmp_path / "copied.png")
        growing = agree(painter, chooser, "clipboard")
        painter.wait(["photo, growing", "photo"])
        kept = painter.insist(growing, "alt+s", ["photo, clipboard", "photo"])
        painter.screen.screenshot(tmp_path / "thin.png")
        painter.key(painter.main(), "ctrl+z")
        undone = painter.wait(["photo"])
        painter.key(painter.main(), "ctrl+y")
        redone = painter.wait(["photo, clipboard", "photo"])
        (tmp_path / "end").touch()
        assert painter.window.wait_end().code == 0

    assert (before["seen"], kept["seen"]) == ([True], [True, False])
    assert undone == before
    assert (redone["layers"], redone["seen"]) == (kept["layers"], kept["seen"])
