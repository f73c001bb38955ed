"""Who sits at Krita's docker in tests: opens it by the menu, clicks in it, and sees what it and the screen show.

Runs Python inside to find where things are, and the display's pointer and keys to use them. Called by the tests of the
docker; knows nothing of what they show.
"""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from editors import gimp, krita
from editors.gimp import REPOSITORY
from editors.studio import Studio

WAIT_S = 240
HEARD_S = 5  # after which a click that met nothing is made again
# What is run inside before each piece of Python: the window, its docker, and the docker's widgets by their names.
INSIDE = """
import importlib, sys
sys.path[:0] = [{tests!r}]
from editors.krita_stage import easel, krita, ours, pause, until
QtWidgets = importlib.import_module(f"PyQt{{ours('binding').QT_MAJOR}}.QtWidgets")
window = {window}
docker = window.qwindow().findChild(QtWidgets.QDockWidget, "impasto_docker")
def named(name):
    return docker.findChild(QtWidgets.QWidget, "impasto_" + name)
def text(action):
    return action.text().replace("&", "")
def popups():
    tops = QtWidgets.QApplication.topLevelWidgets()
    return [one for one in tops if isinstance(one, QtWidgets.QMenu) and one.isVisible()]
"""
# A button of the docker's says when it is clicked: pressed alone it may move away before it is let go.
CLICKED = """
import impasto_probe
impasto_probe.clicked = clicked = []
named({name!r}).clicked.connect(lambda: clicked.append(True))
answer = True
"""
# The window in front; without a window manager none is after the one that was has closed.
FRONT = "krita().activeWindow() or next(one for one in krita().windows() if one.qwindow() is not None)"


class Painter:
    """Who sits at a window: the active one, or the one that an expression gives."""

    def __init__(self, studio: Studio, shots: Path, shown: str = FRONT) -> None:
        self.studio, self.shots, self.shown = studio, shots, shown

    @property
    def window(self) -> krita.Window:
        """Krita."""
        return self.studio.window

    def inside(self, source: str) -> Any:
        """What Python run inside answers; it has `docker` and `named`."""
        return self.window.run(INSIDE.format(tests=str(REPOSITORY / "tests"), window=self.shown) + source)

    def ask(self, expression: str) -> Any:
        """The value of an expression inside."""
        return self.inside(f"answer = {expression}")

    def until(self, expression: str, what: str) -> Any:
        """Waits for an expression inside to be true."""
        return gimp.until(lambda: self.ask(expression), what, WAIT_S, self.window.log)

    def click_at(self, place: str) -> None:
        """Clicks at a place inside, given as an expression: x and y on the screen, in points."""
        x, y = self.ask(f"(lambda at: [at.x(), at.y()])({place})")
        ratio = self.ask("docker.devicePixelRatioF()")
        self.window.screen.click(round(x * ratio), round(y * ratio))

    def insist(self, act: Callable[[], object], done: str, what: str) -> None:
        """Does something that is not heard where it comes too early, until an expression inside is true.

        Asked before each time: a Krita that stood still for a while may have heard of the last one only now.
        """

        def heard() -> bool:
            return bool(self.ask(done))

        def acted() -> bool:
            if not heard():
                act()
            return gimp.soon(heard, HEARD_S)

        gimp.until(acted, what, WAIT_S, self.window.log)

    def click(self, name: str) -> None:
        """Clicks the middle of a button of the docker's, again where it moved away under the pointer."""
        there = f"named({name!r}).isVisible() and named({name!r}).isEnabled()"
        self.until(there, f"{name}, to be clicked")
        self.inside(CLICKED.format(name=name))

        def click() -> None:
            if self.ask(there):
                self.in_sight(name)
                self.click_at(f"named({name!r}).mapToGlobal(named({name!r}).rect().center())")

        # A button that opens a menu says nothing of it.
        self.insist(click, "bool(__import__('impasto_probe').clicked or popups())", f"{name} being clicked")

    def in_sight(self, name: str) -> None:
        """Scrolls the docker to one of its widgets."""
        self.inside(f"docker.findChild(QtWidgets.QScrollArea).ensureWidgetVisible(named({name!r}))\nanswer = True")

    def at_style(self, title: str) -> tuple[int, int]:
        """Where a style of the wall is on the screen, in px, scrolled into sight."""
        find = f"next(wall.item(row) for row in range(wall.count()) if wall.item(row).text() == {title!r})"
        x, y = self.inside(
            f"wall = named('wall')\nitem = {find}\nwall.scrollToItem(item)\n"
            "at, ratio = wall.viewport().mapToGlobal(wall.visualItemRect(item).center()), docker.devicePixelRatioF()\n"
            "answer = [round(at.x() * ratio), round(at.y() * ratio)]"
        )
        return x, y

    def click_style(self, title: str, key: str = "", button: int = 1) -> None:
        """Clicks a style on the wall, holding a key."""
        place = self.at_style(title)
        if key:
            self.window.screen.tool("xdotool", "keydown", key)
        try:
            self.window.screen.click(*place, button)
        finally:
            if key:
                self.window.screen.tool("xdotool", "keyup", key)

    def new_document(self, size: tuple[int, int] = (96, 72)) -> None:
        """A document in the window, remembered inside as `impasto_probe.at`."""
        self.inside(
            "import impasto_probe\n"
            f"def steps():\n    impasto_probe.at = yield from easel(size={size!r})\n    return True\n"
        )

    def close_documents(self) -> None:
        """Closes all, without a question."""
        every = "for document in krita().documents():\n    document.setModified(False)\n    document.close()\n"
        self.inside(f"{every}answer = True")
        self.until("not krita().documents()", "no document")

    def state(self) -> Any:
        """All of the document that a painting which comes to nothing leaves as it was."""
        return self.ask("repr(__import__('impasto_probe').at.state())")

    def names(self) -> list[str]:
        """Names of the layers."""
        return list(self.ask("__import__('impasto_probe').at.names"))

    def shot(self, name: str) -> Path:
        """A picture of the screen."""
        return self.window.screen.screenshot(self.shots / f"{name}.png")

    def open(self) -> None:
        """Opens the docker by the menu, Settings > Dockers > Impasto, alone at its side."""
        self.inside("for other in krita().dockers():\n    other.setVisible(False)\nanswer = True")
        bar = "window.qwindow().menuBar()"
        self.insist(partial(self._choose, f"[{bar}]", "Settings"), f"bool({having('Dockers')})", "the menu Settings")
        self.choose_entries("Dockers", "Impasto")
        self.until("docker.isVisible()", "the docker")

    def choose_entries(self, *titles: str) -> None:
        """Clicks an entry of the menu that is open, and one of the menu which that opens, and so on."""
        for title, then in itertools.zip_longest(titles, titles[1:]):
            here = having(title)
            self.until(f"bool({here})", f"a menu with {title}")
            done = f"bool({having(then)})" if then else f"not {here}"
            self.insist(partial(self._choose, here, title), done, f"what comes of {title}")

    def _choose(self, menus: str, title: str) -> None:
        """Clicks an entry of the last of some menus, where it is still open."""
        place = self.inside(
            f"answer = []\nfor menu in ({menus})[-1:]:\n"
            f"    action = next(a for a in menu.actions() if text(a) == {title!r})\n"
            "    at, ratio = menu.mapToGlobal(menu.actionGeometry(action).center()), docker.devicePixelRatioF()\n"
            "    answer = [round(at.x() * ratio), round(at.y() * ratio)]\n"
        )
        if place:
            self.window.screen.click(*place)

    def choose(self, told: dict[str, Any]) -> None:
        """Sets styles and dials."""
        self.inside(
            f"Choices = ours('choices').Choices\ndocker.widget().show_choices(Choices.read({told!r}))\nanswer = True"
        )


def having(title: str) -> str:
    """The open menus with an entry that can be chosen, as an expression inside."""
    return f"[menu for menu in popups() if any(text(a) == {title!r} and a.isEnabled() for a in menu.actions())]"


def seated(studio: Studio, shots: Path) -> Painter:
    """A painter at a new document in one of the Kritas."""
    at = Painter(studio, shots)
    at.close_documents()
    at.new_document()
    if not at.ask("docker.isVisible()"):
        at.open()
    at.until("named('wall').count() >= 12", "the wall of styles")
    at.choose({"styles": [{"built_in": "marbled"}], "steps": 4})
    return at


def canvas(painter: Painter) -> tuple[int, int, int, int]:
    """A part of the screen in the middle of the document: left, upper, right, lower, in px."""
    area = "krita().activeWindow().qwindow().findChild(QtWidgets.QMdiArea)"
    x, y = painter.ask(f"(lambda at: [at.x(), at.y()])({area}.mapToGlobal({area}.rect().center()))")
    return x - 40, y - 30, x + 40, y + 30


def changed(one: Path, other: Path, box: tuple[int, int, int, int]) -> float:
    """How much of a part of two pictures differs, in 0 to 1."""
    with Image.open(one) as first, Image.open(other) as second:
        apart = ImageChops.difference(first.convert("RGB").crop(box), second.convert("RGB").crop(box)).convert("L")
    return 1 - apart.histogram()[0] / (apart.width * apart.height)
