"""A dialog in a window: a file is chosen in it; last values are run again without it; not for several layers."""

import contextlib
import json
from pathlib import Path

import pytest

from editors import gimp, results
from editors.gimp_seat import Seat, seated

pytestmark = pytest.mark.timeout(1800)

REPEAT = "ctrl+f"
OPENS_S = 10  # after which Space is pressed again


def seen(path: Path) -> list[list[object]]:
    """What the script wrote down, a line a run."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def files(seat: Seat, dialog: str) -> str:
    """The dialog of files that the row's button opens, pressed again where the row could not hear yet."""

    def found() -> str:
        return next((window for window, name in seat.screen.windows().items() if name == "File"), "")

    def opened() -> str:
        seat.key(dialog, "alt+f", "space")
        with contextlib.suppress(gimp.Late):
            gimp.until(found, "a dialog of files", OPENS_S)
        return found()

    return str(seat.until(opened, "a dialog of files"))


def test_a_file_is_chosen_and_the_script_repeated(root: Path, tmp_path: Path) -> None:
    """PF_FILE gives the path; on_run is called before a dialog alone; Repeat has the last values and no dialog."""
    home, notes, file = results.home(root, tmp_path / "home"), tmp_path / "seen", tmp_path / "picture.txt"
    home.extra["GIMPFU_SEEN"] = str(notes)
    file.write_text("a file")
    with seated(home, tmp_path, {"python-fu-chosen": "<Primary><Alt>c"}) as seat:
        seat.do("fresh(160, 120)")
        seat.wait(["photo"])
        dialog = seat.screen.open(seat.main(), "ctrl+alt+c", "Chosen", log=seat.window.log)
        seat.choose_file(files(seat, dialog), file)
        seat.insist(dialog, "alt+o", lambda: dialog not in seat.screen.windows(), "the end of the dialog")
        first = [["run"], "photo", str(file), [255, 0, 0], 1]
        seat.until(lambda: seen(notes) == [first], "the first run")
        seat.until(lambda: not seat.processes("chosen.py"), "its end")  # GIMP keeps last values after it

        seat.key(seat.main(), REPEAT)
        seat.until(lambda: seen(notes) == [first, [[], *first[1:]]], "a run with the last values")

        seat.do("image.insert_layer(image.get_layers()[0].copy(), None, 0)")
        seat.do("image.set_selected_layers(image.get_layers())")
        seat.until(lambda: len(seat.state()["selected"]) == 2, "two layers that are selected")
        seat.key(seat.main(), "ctrl+alt+c", "ctrl+shift+d")  # GIMP takes them one after the other
        seat.until(lambda: len(seat.names()) == 4, "the copies that the second key makes")
        assert not seat.processes("chosen.py"), "the entry is not gray"
        assert not [name for name in seat.screen.windows().values() if "Chosen" in name], "the entry is not gray"
