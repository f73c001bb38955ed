"""Drives a real GIMP: scripts in batch, windows under a virtual display, keys, clicks, screenshots; every wait ends.

Knows GIMP's command line and X's tools; knows nothing of the plug-ins under test. Called by the tests of editors only.
"""

import os
import secrets
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from editors import chroot

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST_START_S = 300  # builds a config of its own
START_S = 180  # measured: 6 s on a quiet machine
TOOL_S = 60
OPENS_S = 40  # for what a key starts to show its window
STILL_S = 2.0  # for so long a window that is built shows nothing new
SCREEN = "1280x900x24"
# What would stand between a test and the editor: dialogs of a first start, questions on exit, files on disk.
SETTINGS = """(show-welcome-dialog no)
(show-tips no)
(check-updates no)
(single-window-mode yes)
(save-session-info no)
(save-device-status no)
(confirm-on-close no)
(restore-accelerator no)
"""


T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (None: it had to be killed) and all that it printed."""

    code: int | None
    output: str


class Late(AssertionError):
    """What was waited for did not come."""


def until(look: Callable[[], T | None], what: str, timeout_s: float, log: Path | None = None) -> T:
    """The first true answer of `look`, asked every tenth of a second.

    Raises:
        Late: when none came within `timeout_s`; with the end of `log`.
    """
    end = time.monotonic() + timeout_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            tail = log.read_text(errors="replace")[-3000:] if log and log.exists() else ""
            raise Late(f"{what} did not come within {timeout_s:.0f} s\n{tail}")
        time.sleep(0.1)


def soon(look: Callable[[], T], within_s: float) -> T:
    """The first true answer of `look`; the last false one where none came in time, for what is tried again then."""
    end = time.monotonic() + within_s
    while not (answer := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return answer


@dataclass(frozen=True)
class Running:
    """A GIMP that runs, and where it prints to."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_end(self, timeout_s: float = START_S) -> Ended:
        """How it ended; when time is up it is killed."""
        try:
            code: int | None = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        return Ended(code, self.log.read_text(errors="replace"))


@dataclass
class Home:
    """A GIMP of one's own: its config folder, its plug-ins, its environment."""

    root: Path
    path: Path
    extra: dict[str, str] = field(default_factory=dict)
    host: bool = False  # whether plug-ins may start what is installed on this machine, by ``chroot /host``
    before: Sequence[str] = ()  # what stands before every command, e.g. to run in another network

    @property
    def config(self) -> Path:
        """GIMP's own folder."""
        return self.path / "gimp"

    def environment(self, display: str = "") -> dict[str, str]:
        """What this GIMP sees of the world."""
        run = self.path / "run"
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = {
            "HOME": str(self.path),
            "GIMP3_DIRECTORY": str(self.config),
            "XDG_RUNTIME_DIR": str(run),
            "NO_AT_BRIDGE": "1",
            "GTK_MODULES": "",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        return chroot.environment({**own, **({"DISPLAY": display} if display else {}), **self.extra})

    def install(self, name: str, source: str, beside: Sequence[Path] = ()) -> Path:
        """Puts a plug-in NAME/NAME.py in place, with copies of files and folders beside it."""
        folder = self.config / "plug-ins" / name
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / f"{name}.py"
        script.write_text(source)
        script.chmod(0o755)
        for path in beside:
            if path.is_dir():
                shutil.copytree(
                    path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            else:
                shutil.copy(path, folder / path.name)
        return script

    def start(self, arguments: Sequence[str], log: Path, display: str = "") -> subprocess.Popen[bytes]:
        """Starts a command of the root in this home; what it prints goes to `log`."""
        line = chroot.inside(self.root, shlex.join(arguments), [REPOSITORY, self.path], host=self.host)
        command = [*self.before, *line]
        with log.open("ab") as out:
            return subprocess.Popen(
                command, env=self.environment(display), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def batch(self, script: Path, *arguments: str, timeout_s: float = START_S) -> Ended:
        """Runs a Python script within GIMP without a window; `arguments` are its global ARGUMENTS."""
        return self.begin_batch(script, *arguments).wait_end(timeout_s)

    def begin_batch(self, script: Path, *arguments: str) -> Running:
        """Likewise, without waiting for its end."""
        log = self.path / "batch.log"
        log.unlink(missing_ok=True)
        return Running(self.start(["gimp-console", "-i", *evaluating(script, arguments), "--quit"], log), log)


def evaluating(script: Path, arguments: Sequence[str]) -> list[str]:
    """The arguments that make GIMP run a Python file, which finds its own arguments in the global `ARGUMENTS`."""
    world = {"__name__": "__main__", "__file__": str(script), "ARGUMENTS": list(arguments)}
    line = f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'), {world!r})"
    return ["--batch-interpreter=python-fu-eval", "-b", line]


def template(root: Path) -> Path:
    """A home that GIMP has started in once; made where missing. Copies of it start in seconds."""
    home = Home(root, chroot.cache() / f"{root.name}-gimp-home")
    with chroot.locked():
        if (home.path / "whole").exists():
            return home.path
        shutil.rmtree(home.path, ignore_errors=True)
        home.config.mkdir(parents=True)
        (home.config / "gimprc").write_text(SETTINGS)
        script = home.path / "nothing.py"
        script.write_text("pass")
        ended = home.batch(script, timeout_s=FIRST_START_S)
        if ended.code != 0:
            raise chroot.Unavailable(f"GIMP's first start ended with {ended.code}: {ended.output[-2000:]}")
        (home.path / "whole").write_text("started once")
    return home.path


def new_home(root: Path, path: Path) -> Home:
    """A home at `path`, which must not exist yet."""
    shutil.copytree(template(root), path, symlinks=True)
    return Home(root, path)


@dataclass
class Screen:
    """A virtual display, with what one does at it."""

    root: Path
    name: str

    def tool(self, *arguments: str) -> str:
        """What one of X's tools, run at this display, prints; empty where it fails."""
        return self.shell(shlex.join(arguments))

    def shell(self, line: str) -> str:
        """Likewise of a line of shell: tools in one go, where each alone would be a root entered anew."""
        done = subprocess.run(
            chroot.inside(self.root, line),
            env=chroot.environment({"DISPLAY": self.name}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TOOL_S,
            check=False,
        )
        return done.stdout if done.returncode == 0 else ""

    def windows(self) -> dict[str, str]:
        """Titles of the windows in sight, by identifier."""
        told = self.shell(
            "for window in $(xdotool search --onlyvisible --name .); do"
            ' echo "$window $(xdotool getwindowname $window | head -n 1)"; done; true'
        )
        return {window: title.strip() for window, _, title in (line.partition(" ") for line in told.splitlines())}

    def wait_window(self, title: str, timeout_s: float = START_S, log: Path | None = None) -> str:
        """The identifier of a window whose title contains `title`, as soon as it is there."""
        return until(
            lambda: next((window for window, name in self.windows().items() if title in name), None),
            f"a window titled {title!r}",
            timeout_s,
            log,
        )

    def open(self, window: str, key: str, title: str, timeout_s: float = START_S, log: Path | None = None) -> str:
        """Presses a key in a window until another is there, whose title contains `title`; its identifier.

        Not soon again: what the key starts may be slow, and twice would be two.
        """

        def shown() -> str:
            return next((found for found, name in self.windows().items() if title in name), "")

        def opened() -> str:
            self.focus(window)
            self.keys(key)
            return soon(shown, OPENS_S)

        return until(opened, f"a window titled {title!r} after {key}", timeout_s, log)

    def wait_gone(self, title: str, timeout_s: float = TOOL_S, log: Path | None = None) -> None:
        """Returns when no window's title contains `title` any more."""
        until(
            lambda: not any(title in name for name in self.windows().values()),
            f"the end of the window titled {title!r}",
            timeout_s,
            log,
        )

    def wait_still(self, window: str, timeout_s: float = START_S) -> None:
        """Returns when a window shows something and nothing new for a while: it is built, and hears keys.

        A dialog is there before its widgets are, and what is pressed in it until then is lost. A cursor that blinks
        shows nothing new.
        """
        seen, since_s = set[str](), time.monotonic()

        def still() -> bool:
            nonlocal since_s
            colours, _, now = self.shell(f"import -window {window} png:- | identify -format '%k %#' -").partition(" ")
            if now not in seen or colours == "1":  # of one colour before it is drawn
                since_s = time.monotonic()
            seen.add(now)
            return bool(now) and time.monotonic() - since_s > STILL_S

        until(still, f"window {window} being built", timeout_s)

    def place(self, window: str) -> tuple[int, int, int, int]:
        """x, y, width, height of a window on the screen, in pixels."""
        lines = self.tool("xdotool", "getwindowgeometry", "--shell", window).split()
        values = dict(line.split("=") for line in lines)
        return int(values["X"]), int(values["Y"]), int(values["WIDTH"]), int(values["HEIGHT"])

    def click(self, x: int, y: int, button: int = 1) -> None:
        """A click at a place on the screen, in pixels."""
        self.tool("xdotool", "mousemove", str(x), str(y), "sleep", "0.2", "click", str(button))

    def keys(self, *names: str) -> None:
        """Presses keys, xdotool's names ("ctrl+alt+p"), in the window that has the focus."""
        self.tool("xdotool", "key", "--clearmodifiers", "--delay", "60", *names)

    def write(self, text: str) -> None:
        """Types `text`."""
        self.tool("xdotool", "type", "--delay", "40", text)

    def focus(self, window: str) -> None:
        """Gives a window the keyboard; there is no window manager to do it."""
        self.tool("xdotool", "windowfocus", "--sync", window)

    def screenshot(self, path: Path) -> Path:
        """The whole display as a PNG."""
        self.tool("import", "-window", "root", str(path))
        if not path.exists():
            raise AssertionError(f"no screenshot at {path}")
        return path


@contextmanager
def screen(root: Path) -> Iterator[Screen]:
    """A display of one's own, gone at the end, under a number that no other had lately.

    Left to choose, a server takes the number of one that is just ending, which on its way out removes the socket of
    that number: the new one's.
    """
    read, write = os.pipe()
    command = ["Xvfb", f":{100 + secrets.randbelow(30_000)}", "-displayfd", str(write), "-screen", "0", SCREEN]
    # A server whose last client leaves starts over, and shuts out who comes in that moment: of 2000 connections one
    # after another 193 were refused, with -noreset none. Tools come and go before the editor does.
    command += ["-nolisten", "tcp", "-noreset"]
    # Lock files of displays carry process numbers: a server sees the machine's own, to tell a living one from a dead.
    server = subprocess.Popen(
        chroot.inside(root, f"exec {shlex.join(command)}", own_processes=False),
        env=chroot.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[write],
    )
    os.close(write)
    try:
        if not select.select([read], [], [], TOOL_S)[0]:
            raise Late(f"Xvfb named no display within {TOOL_S} s")
        number = os.read(read, 16).decode().strip()
        if not number:
            raise Late("Xvfb ended without a display")
        display = Screen(root, f":{number}")
        # Under load a display is named before it lets anybody in: Krita took that for the end.
        until(lambda: display.tool("xdotool", "getdisplaygeometry"), "the display's first answer", TOOL_S)
        yield display
    finally:
        os.close(read)
        server.terminate()
        server.wait(TOOL_S)


@dataclass
class Window:
    """A GIMP in a window, that runs a script as soon as it is up."""

    home: Home
    screen: Screen
    process: subprocess.Popen[bytes]
    log: Path

    def processes(self, name: str) -> list[int]:
        """Those among all that GIMP is and started, whose command line has that name in it, as a path ends or whole."""
        found, waiting = [], [self.process.pid]
        while waiting:
            process = waiting.pop()
            with suppress(OSError):  # it has ended
                told = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
                found += [process] if any(Path(word).name == name for word in told[:4]) else []
                children = Path(f"/proc/{process}/task").glob("*/children")
                waiting += [int(child) for file in children for child in file.read_text().split()]
        return found

    def wait_end(self, timeout_s: float = START_S) -> Ended:
        """Waits for GIMP to end by itself (the script is followed by --quit)."""
        return Running(self.process, self.log).wait_end(timeout_s)


@contextmanager
def window(home: Home, script: Path, *arguments: str, stay: bool = False, outlived_s: int = 0) -> Iterator[Window]:
    """GIMP in a window on a display of its own, running `script`; it quits after the script unless it is to `stay`.

    When GIMP ends all that it started ends, unless it may be `outlived_s`.
    """
    with screen(home.root) as display:
        log = home.path / "window.log"
        log.unlink(missing_ok=True)
        command = ["gimp", "--no-splash", *evaluating(script, arguments), *([] if stay else ["--quit"])]
        if outlived_s:
            command = ["sh", "-c", f"{shlex.join(command)}; sleep {outlived_s}"]
        process = home.start(command, log, display.name)
        try:
            yield Window(home, display, process, log)
        finally:
            process.kill()
            process.wait()
