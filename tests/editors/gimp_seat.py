"""A GIMP in a window that a test sits at: keys and strokes as a painter gives them, and what its image has become.

The state is read by a script within GIMP (gimp_seated.py), which also does for the test what needs no hand: a new
picture for each case. What a test is about is done by keys, in the window. Knows the plug-in and no daemon.
"""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from editors import gimp

SEATED = Path(__file__).with_name("gimp_seated.py")
START_S = 240
WAIT_S = 240  # a loaded machine
HEARD_S = 1  # after which a key that did nothing is pressed again: it came too early
NEURAL_STYLE = "<Primary><Alt>p"
PLUG_IN_FILE = "impasto_neural_style.py"
LIVE, DIALOG = "Neural Style: ", "Neural Style"
LONG = 10_000  # steps: the most that the plug-in allows
# Where GIMP keeps what was chosen in the plug-in's dialog the last time.
LAST = Path("plug-in-settings") / "GimpProcedureConfigRun-python-fu-impasto.last"


def remember(home: gimp.Home, steps: int) -> None:
    """The plug-in's dialog proposes so many steps from now on, as if they had been chosen the last time."""
    (home.config / LAST).parent.mkdir(exist_ok=True)
    (home.config / LAST).write_text(f"(steps {steps})\n")


def endless(home: gimp.Home) -> gimp.Home:
    """The home, where no painting is over before it is stopped, however late a key comes and however fast the machine.

    At the usual number of steps a small one takes seconds, and was over before a test had done what it is about.
    """
    remember(home, LONG)
    return home


class Seat:
    """The window, its image and its plug-in."""

    def __init__(self, window: gimp.Window, folder: Path) -> None:
        self.window, self.folder, self.screen = window, folder, window.screen
        self._numbers = itertools.count(1)

    def state(self) -> dict[str, Any]:
        """What the image has now: names of its layers from above, those locked, size, mode, whether it is dirty."""
        path = self.folder / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"layers": []}

    def names(self) -> list[str]:
        """Names of its layers, from above."""
        return list(self.state()["layers"])

    def pixels(self) -> dict[str, str]:
        """Hashes of the layers' pixels, by name."""
        return dict(self.do("hashes()"))

    def until(self, look: Any, what: str, timeout_s: float = WAIT_S) -> Any:  # what it looks for
        """The first true answer; when none comes, the state and a screenshot say what was there."""
        try:
            return gimp.until(look, what, timeout_s, self.window.log)
        except gimp.Late as late:
            shot = self.screen.screenshot(self.folder / "late.png")
            raise gimp.Late(f"{late}\nthere is {self.state()}, windows {self.screen.windows()}, see {shot}") from late

    def wait(self, names: list[str]) -> dict[str, Any]:
        """What the image has as soon as it has those layers."""

        def there() -> dict[str, Any]:
            state = self.state()
            return state if state["layers"] == names else {}

        return dict(self.until(there, f"layers {names}"))

    def _said(self, line: str) -> Path:
        """Hands over a line to be run; where its answer will be."""
        number = next(self._numbers)
        part = self.folder / "part.py"
        part.write_text(line)
        part.rename(self.folder / f"do-{number}.py")
        return self.folder / f"done-{number}.json"

    def hears(self, line: str, within_s: float) -> bool:
        """Whether a line is true, and GIMP says so in time."""
        answer = self._said(line)
        return gimp.soon(answer.exists, within_s) and bool(json.loads(answer.read_text()).get("gave"))

    def do(self, line: str) -> Any:  # what the line gives
        """Runs a line of Python within GIMP, where `image` is the current one; what it gives, as JSON can say it."""
        answer = self._said(line)
        self.until(answer.exists, f"an answer to {line!r}", START_S)
        told = json.loads(answer.read_text())
        if "failed" in told:
            raise AssertionError(told["failed"])
        return told["gave"]

    def main(self) -> str:
        """GIMP's own window."""

        def found() -> str:
            windows = self.screen.windows().items()
            return next((window for window, name in windows if name.endswith("GIMP") or name.startswith("GNU ")), "")

        return str(self.until(found, "GIMP's window", START_S))

    def messages(self) -> list[str]:
        """Windows in which GIMP tells that something went wrong."""
        return [window for window, name in self.screen.windows().items() if name == "GIMP Message"]

    def dismiss_messages(self) -> None:
        """Closes them, so that one which comes later is a new one."""

        def gone() -> bool:
            for message in self.messages():
                self.key(message, "Escape")
                time.sleep(0.2)
            return not self.messages()

        self.until(gone, "no message")

    def key(self, window: str, *names: str) -> None:
        """Presses keys in a window."""
        self.screen.focus(window)
        self.screen.keys(*names)

    def live(self) -> str:
        """The window in which a painting is watched; empty where there is none."""
        return next((window for window, name in self.screen.windows().items() if LIVE in name), "")

    def begin(self) -> str:
        """Chooses the menu entry by its key, agrees to the dialog, and waits for the window of the painting."""
        dialog = self.screen.open(self.main(), "ctrl+alt+p", DIALOG, WAIT_S, self.window.log)

        def agreed() -> str:
            """Says yes, once more where a key came before the dialog could hear it."""
            if not self.live() and dialog in self.screen.windows():
                self.key(dialog, "alt+o")
            return gimp.soon(self.live, HEARD_S)

        return str(self.until(agreed, "the window of the painting"))

    def insist(self, window: str, key: str, done: Any, what: str) -> None:
        """Presses a key, again where it came too early, until `done()`."""

        def pressed() -> bool:
            if not done() and window in self.screen.windows():
                self.key(window, key)
            return gimp.soon(lambda: bool(done()), HEARD_S)

        self.until(pressed, what)

    def choose_file(self, chooser: str, path: Path) -> None:
        """Types a path into GTK's file dialog and agrees, until the dialog has gone.

        The first stroke opens the line to type in, and GTK loses or doubles what is typed before that is there: the
        whole is typed over it, and again where a folder was asked for that is not there.
        """
        self.key(chooser, "slash")

        def gone() -> bool:
            return chooser not in self.screen.windows()

        def chosen() -> bool:
            if chooser in self.screen.windows():
                time.sleep(1)
                self.key(chooser, "ctrl+a")
                self.screen.write(str(path))
                self.screen.screenshot(self.folder / "file.png")
                self.screen.keys("Return")
                if not gimp.soon(gone, HEARD_S):
                    self.screen.keys("Return")  # it says that there is no such folder
            return gone()

        self.until(chosen, f"{path} chosen")

    def processes(self, name: str) -> list[int]:
        """Those among all that GIMP is and started, whose command line has that name in it, as a path ends or whole."""
        return self.window.processes(name)

    def gone(self) -> None:
        """Waits until the painting's window has gone, and the plug-in with all that it does to the image afterwards."""
        self.until(lambda: not self.live(), "the end of the painting's window")
        self.until(lambda: not self.processes(PLUG_IN_FILE), "the end of the plug-in")


@contextmanager
def seated(
    home: gimp.Home, folder: Path, actions: Mapping[str, str] | None = None, *, outlived_s: int = 0
) -> Iterator[Seat]:
    """GIMP in a window; `actions` are further keys for its actions, as {"layers-delete": "<Primary><Alt>d"}.

    What GIMP started may outlive it for `outlived_s`, as it would outside a root, where nothing ends it.
    """
    keys = {"python-fu-impasto": NEURAL_STYLE, **(actions or {})}
    lines = "".join(f'(action "{action}" "{key}")\n' for action, key in keys.items())
    (home.config / "shortcutsrc").write_text(f"(file-version 1)\n{lines}")
    with gimp.window(
        home, SEATED, str(gimp.REPOSITORY / "tests"), str(folder), stay=True, outlived_s=outlived_s
    ) as window:
        yield Seat(window, folder)
