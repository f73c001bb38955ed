"""Own pictures become styles by the pointer and the keys that a painter has: dragged, pasted, chosen, taken off."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from editors import gimp
from editors.krita_seat import WAIT_S, Painter, having

pytestmark = pytest.mark.timeout(1800)

CHOSEN = "[style.name for style in docker.widget().choices().styles]"
FILE_NAME = (
    "[one.findChild(QtWidgets.QLineEdit).text() for one in QtWidgets.QApplication.topLevelWidgets()"
    " if isinstance(one, QtWidgets.QFileDialog) and one.isVisible()][-1]"
)
PROGRAM = Path(__file__).with_name("dragged.py")
THEIRS = "somebody's pictures"  # the other program's window, as dragged.py titles it
LEFT, TOP, EDGE = 40, 740, 90  # its place on the screen, over a corner of the canvas


@contextmanager
def other_program(painter: Painter, file: Path, copied: Path) -> Iterator[None]:
    """A program beside Krita that shows a file, to be dragged from there, and has copied a picture."""
    home, screen = painter.window.home, painter.window.screen
    told = ["/usr/bin/python3", str(PROGRAM), str(file), str(copied), str(LEFT), str(TOP), str(EDGE)]
    log = home.path / "dragged.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            home.edition.line(shlex.join(told), home.path),
            env=home.environment(screen.name),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        screen.wait_window(THEIRS, WAIT_S, log)
        yield
    finally:
        process.kill()
        process.wait()


def drag(painter: Painter, place: tuple[int, int]) -> None:
    """From the other program to a place on the screen, as slowly as a hand does."""
    screen, start = painter.window.screen, (LEFT + EDGE // 2, TOP + EDGE // 2)
    screen.tool("xdotool", "mousemove", str(start[0]), str(start[1]), "sleep", "0.2", "mousedown", "1")
    for part in (0.05, 0.3, 0.6, 0.9, 1.0, 1.0):
        x, y = (round(a + part * (b - a)) for a, b in zip(start, place, strict=True))
        screen.tool("xdotool", "mousemove", str(x), str(y), "sleep", "0.1")
    screen.tool("xdotool", "sleep", "0.3", "mouseup", "1")


def picture(painter: Painter, name: str, edge: int) -> Path:
    """A file with a picture of noise."""
    path = painter.window.home.path / name
    Image.effect_noise((edge, edge * 2 // 3), 80).convert("RGB").save(path)
    return path


def add(painter: Painter, *titles: str) -> None:
    """Add a style, and an entry of the menu under it."""
    painter.click("add")
    painter.choose_entries(*titles)


def test_files_dropped_and_pictures_pasted(painter: Painter) -> None:
    """From another program by the pointer and by the clipboard; Krita does not open them as documents besides."""
    dropped, copied = picture(painter, "my picture.jpg", 300), picture(painter, "copied.png", 120)
    with other_program(painter, dropped, copied):
        painter.insist(
            lambda: drag(painter, painter.at_style("Woodcut")), f"{CHOSEN} == ['my picture']", "the dropped style"
        )
        painter.shot("dropped")
        add(painter, "From the clipboard")
        painter.until(f"{CHOSEN} == ['clipboard']", "the pasted style")
    pasted = painter.ask("docker.widget().choices().styles[0].path")

    with Image.open(pasted) as kept, Image.open(copied) as original:
        assert kept.convert("RGB").tobytes() == original.tobytes()
    assert painter.ask("[len(krita().documents()), docker.widget().wall.item(1).text()]") == [1, "my picture"]
    painter.choose({"styles": [{"file": str(dropped)}], "steps": 4})
    painter.click("stylise")
    painter.until("len(__import__('impasto_probe').at.names) == 2", "a painting in its manner")


def test_files_chosen_in_a_dialog_and_taken_off_again(painter: Painter) -> None:
    """Add a style > From files, a path typed; a right click takes it off the wall, and the file stays."""
    path = picture(painter, "from a dialog.png", 200)
    add(painter, "From files…")
    screen = painter.window.screen
    dialog = screen.wait_window("Pictures to paint in the manner of", WAIT_S, painter.window.log)
    screen.wait_still(dialog)

    def typed() -> bool:  # a dialog that looks ready may still lose what is typed
        screen.focus(dialog)
        screen.keys("alt+n", "ctrl+a")
        screen.write(str(path))
        return bool(painter.ask(FILE_NAME) == str(path))

    gimp.until(typed, "the file's name in the dialog", WAIT_S, painter.window.log)

    def agree() -> None:  # the list of names that fit, which comes when it has been read, may take the key for itself
        if dialog in screen.windows():
            screen.focus(dialog)
            screen.keys("Return")

    painter.insist(agree, f"{CHOSEN} == ['from a dialog']", "the chosen style")
    painter.shot("chosen")

    entry = "Take “from a dialog” off the wall"
    painter.insist(
        lambda: painter.click_style("from a dialog", button=3), f"bool({having(entry)})", "the menu of the style"
    )
    painter.choose_entries(entry)

    painter.until("'from a dialog' not in [s.name for s in ours('memory').Memory().recents()]", "the wall without it")
    assert path.exists()


def test_layers_and_open_documents_chosen_from_the_menu(painter: Painter) -> None:
    """Add a style > From a layer, From an open document: what they show is kept as a file, and chosen."""
    add(painter, "From a layer", "Background")
    painter.until(f"{CHOSEN} == ['Background']", "the layer's style")
    layer = painter.ask("docker.widget().choices().styles[0].path")
    painter.choose({"styles": [{"built_in": "marbled"}]})

    add(painter, "From an open document", "photo")
    painter.until(f"{CHOSEN} == ['photo']", "the document's style")

    assert len(painter.ask("[style.name for style in ours('memory').Memory().recents()]")) >= 2
    with Image.open(layer) as image:
        assert (image.format, image.size) == ("PNG", (96, 72))
        assert len(image.convert("RGB").getcolors(10000) or []) > 100
