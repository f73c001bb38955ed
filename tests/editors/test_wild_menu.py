"""The wild scripts in a window: each from its place in the menus, its dialog agreed to, its work on the canvas."""

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from editors import gimp, gimp_seat
from editors.gimp_seat import Seat
from editors.test_wild import WILD, wild_home  # noqa: F401  # a fixture

pytestmark = pytest.mark.timeout(1800)

SIZE = 160, 120
WORK_S = 120
DIALOG_S = 25
# The submenu Wild is Filters' last entry; in it its twelve stand by their names, the last one above the first.
FILTERS = ("alt+r", "End", "Right")
# Script → the keys from the menu bar to its entry, its dialog's title, and what of the image's state it changes.
FROM_THE_MENU = {
    "brush_strokes": (FILTERS, "Brush strokes", "layers"),
    "group_export": ((*FILTERS, "Down"), "Group export", "files"),
    "old_photo": ((*FILTERS, *["Down"] * 2), "Old photo", "pixels"),
    "path_brush": ((*FILTERS, *["Down"] * 3), "Path and brush", "pixels"),
    "swap_channels": ((*FILTERS, *["Down"] * 4), "Swap channels", "pixels"),
    "tile_invert": ((*FILTERS, *["Down"] * 5), "Tile invert", "pixels"),
    "channel_math": ((*FILTERS, *["Down"] * 6), "Wild channels", "channels"),
    "clipboard": ((*FILTERS, *["Up"] * 5), "Wild clipboard", "pixels"),
    "contact_sheet": ((*FILTERS, *["Up"] * 4), "Wild contact sheet", "images"),
    "text_labels": ((*FILTERS, *["Up"] * 3), "Wild labels", "layers"),
    "shadow_tiles": ((*FILTERS, *["Up"] * 2), "Wild tiles", "pixels"),
    "vignette": ((*FILTERS, *["Up"] * 1), "Wild vignette", "layers"),
    "threshold_report": (("alt+c", "End", "Up", "Up"), "Wild threshold", "channels"),
    "palette_picker": (("alt+c", "End", "Up", "Right"), "Wild palette", "mode"),
    "export_all": (("alt+f", "End"), "Wild export", "files"),
    "shadow_text": (("alt+f", "Down", "Right", "End", "Right"), "Shadow text", "images"),
}
IN_BATCH = {"layer_effects", "nested_groups", "colour_bands", "walk_export"}  # nothing new in a window
SAYS = ("threshold_report",)  # by gimp.message
ONE_STEP = ("vignette", "clipboard", "text_labels", "channel_math", "path_brush")  # they group what they do


def look(seat: Seat, what: str, out: Path) -> Any:
    """That of the image, or of what lies in `out`, which a script is to change."""
    if what == "files":
        return sorted(path.name for path in out.iterdir())
    lines = {
        "pixels": "hashes()",
        "layers": "[one.get_name() for one in image.get_layers()]",
        "channels": "[one.get_name() for one in image.get_channels()]",
        "images": "len(Gimp.get_images())",
        "mode": "int(image.get_base_type())",
    }
    return seat.do(lines[what])


def choose(seat: Seat, keys: tuple[str, ...], title: str, name: str) -> str:
    """Goes through the menus, again where a menu was too slow to hear a key; the script's dialog."""

    def shown() -> str:
        return next((window for window, name in seat.screen.windows().items() if title in name), "")

    def opened() -> str:
        seat.key(seat.main(), "Escape", "Escape", "Escape", "Escape")
        for _, same in itertools.groupby((*keys, "Return")):  # within a menu nothing has to open: no time between
            seat.screen.keys(*same)
            time.sleep(0.2)
        # The script's dialog may be slow to come: twice would be two.
        if gimp.soon(lambda: shown() or seat.processes(f"{name}.py"), DIALOG_S):
            return gimp.until(shown, title, WORK_S, seat.window.log)
        return ""

    return str(seat.until(opened, f"the dialog {title!r}", WORK_S))


def agree(seat: Seat, dialog: str) -> None:
    """Says OK, again where it came too early."""

    def pressed() -> bool:
        if dialog in seat.screen.windows():
            seat.key(dialog, "Return")
        return gimp.soon(lambda: dialog not in seat.screen.windows(), gimp_seat.HEARD_S)

    seat.until(pressed, "the end of the dialog", WORK_S)


def run(seat: Seat, name: str, out: Path, shots: Path) -> None:
    """A new picture, the script, and what it changed; where it is one undo step, one undo brings all back."""
    keys, title, what = FROM_THE_MENU[name]
    seat.dismiss_messages()  # of the one before, or that its parasite cannot be undone
    seat.do(f"fresh{SIZE}")
    seat.wait(["photo"])
    before, pixels = look(seat, what, out), seat.pixels()
    dialog = choose(seat, keys, title, name)
    seat.screen.screenshot(shots / f"{name}-dialog.png")
    agree(seat, dialog)
    seat.until(lambda: not seat.processes(f"{name}.py"), f"the end of {name}", WORK_S)
    seat.until(lambda: look(seat, what, out) not in (before, {}), f"what {name} does to the {what}", WORK_S)
    assert seat.do("image.undo_is_enabled()")
    seat.screen.screenshot(shots / f"{name}.png")
    if name in SAYS:
        seat.until(seat.messages, "what the script says")
    assert (name in SAYS) == bool(seat.messages()), "GIMP told something: see the screenshot"
    assert "Traceback" not in seat.window.log.read_text(errors="replace")
    if name in ONE_STEP:
        seat.key(seat.main(), "ctrl+z")
        seat.until(lambda: seat.names() == ["photo"] and seat.pixels() == pixels, "one undo step")


def test_scripts_are_called_from_the_menu(wild_home: gimp.Home, tmp_path: Path) -> None:  # noqa: F811
    """All in one GIMP: each shows its dialog, takes OK, and does what it is for; no message, no history left open."""
    assert {source.stem for source in WILD} == set(FROM_THE_MENU) | IN_BATCH
    out, shots = Path(wild_home.extra["WILD_OUT"]), tmp_path / "shots"
    shots.mkdir()
    with gimp_seat.seated(wild_home, tmp_path) as seat:
        for name in FROM_THE_MENU:
            run(seat, name, out, shots)
        assert seat.window.process.poll() is None
