"""Drives a real Krita: a home of its own, a window under a virtual display, Python run inside it, keys and screenshots.

Two editions: trixie's, in the Debian root (chroot.py), and this machine's own where apt has put one. Python inside is
run by a plug-in of the tests' own (probe/), which looks into a folder. Knows Krita's folders and X's tools; knows
nothing of the plug-in under test. Called by the tests of editors only.
"""

import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editors import chroot, gimp
from editors.gimp import REPOSITORY, Screen, until

PROBE = Path(__file__).with_name("probe")
FIRST_START_S = 400  # builds its database of resources: 20 to 60 s measured
START_S = 240  # measured: 3 to 10 s on a quiet machine
SCRIPT_S = 240
# What would stand between a test and the editor. Krita reads the rest of its configuration as it is for everybody.
SETTINGS = """AutoSaveInterval=0
HideSplashScreen=true
{general}
[python]
{enabled}
"""
DESKTOP = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library={name}
X-Python-2-Compatible=false
Name={name}
Comment=for tests
"""


@dataclass(frozen=True)
class Edition:
    """A Krita that is installed: in a root, or at / on this machine."""

    root: Path

    @property
    def native(self) -> bool:
        """Whether it is this machine's own."""
        return self.root == Path("/")

    @property
    def label(self) -> str:
        """How folders are named after it."""
        return "native" if self.native else self.root.name

    def line(self, command: str, home: Path) -> list[str]:
        """The command line that runs `command` there, with the checkout and a home in sight."""
        return chroot.inside(self.root, command, [REPOSITORY, home], host=not self.native)


def native() -> Edition:
    """This machine's Krita.

    Raises:
        chroot.Unavailable: there is none.
    """
    if not shutil.which("krita"):
        raise chroot.Unavailable(
            "no krita on this machine: apt-get install --no-install-recommends krita python3-pyqt5"
        )
    return Edition(Path("/"))


@dataclass
class Home:
    """A Krita of one's own: its folders, its plug-ins, its environment."""

    edition: Edition
    path: Path
    extra: dict[str, str] = field(default_factory=dict)
    enabled: list[str] = field(default_factory=list)
    general: str = ""
    before: Sequence[str] = ()  # what stands before its command, e.g. to run in another network

    @property
    def data(self) -> Path:
        """Krita's folder of the user's resources."""
        return self.path / ".local" / "share" / "krita"

    @property
    def probe(self) -> Path:
        """The folder by which Python gets in."""
        return self.path / "probe"

    def environment(self, display: str) -> dict[str, str]:
        """What this Krita sees of the world."""
        run, temporary = self.path / "run", self.path / "t"
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.mkdir(exist_ok=True)
        own = {
            "HOME": str(self.path),
            "XDG_RUNTIME_DIR": str(run),
            # A second Krita of the same user hands its arguments to the first, by a socket there, and ends.
            "TMPDIR": str(temporary),
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",  # where Python was when Krita died
            "IMPASTO_PROBE": str(self.probe),
            "DISPLAY": display,
        }
        return chroot.environment(own | self.extra)

    def install(self, folder: Path) -> None:
        """Puts the plug-in of a folder into place, and enables it."""
        target = self.data / "pykrita" / f"impasto_{folder.name}"
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
        target.with_suffix(".desktop").write_text(DESKTOP.format(name=target.name))
        self.enable(target.name)

    def enable(self, name: str) -> None:
        """Ticks a plug-in in the list of Krita's Python plug-ins."""
        self.enabled.append(name)
        config = self.path / ".config"
        config.mkdir(exist_ok=True)
        lines = "\n".join(f"enable_{name}=true" for name in self.enabled)
        (config / "kritarc").write_text(SETTINGS.format(enabled=lines, general=self.general))


def fresh_home(edition: Edition, path: Path) -> Home:
    """A home that Krita has never seen, with the probe in it."""
    path.mkdir(parents=True, exist_ok=True)
    home = Home(edition, path)
    home.probe.mkdir(exist_ok=True)
    home.install(PROBE)
    return home


def template(edition: Edition) -> Path:
    """A home that Krita has started in once; made where missing. Copies of it start in seconds."""
    path = chroot.cache() / f"{edition.label}-krita-home"
    with chroot.locked():
        if (path / "whole").exists():
            return path
        shutil.rmtree(path, ignore_errors=True)
        with window(fresh_home(edition, path), start_s=FIRST_START_S) as opened:
            opened.quit()
        shutil.rmtree(path / ".local" / "share" / "krita" / "pykrita")
        (path / "whole").write_text("started once")
    return path


def new_home(edition: Edition, path: Path) -> Home:
    """A home at `path`, which must not exist yet."""
    made = template(edition)
    shutil.copytree(made, path, symlinks=True, ignore=shutil.ignore_patterns("probe", "run", "t", "whole", "*.log"))
    return fresh_home(edition, path)


class Raised(AssertionError):
    """Something went wrong inside Krita: the traceback from there."""


@dataclass
class Window:
    """A Krita with a window at a display."""

    home: Home
    screen: Screen
    process: subprocess.Popen[bytes]
    log: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def begin(self, source: str) -> Path:
        """Has Krita run Python; where its answer will be."""
        path = self.home.probe / f"{next(self.numbers):04}.py"
        part = path.with_suffix(".new")
        part.write_text(source)
        part.rename(path)
        return path.with_suffix(".json")

    def wait(self, answer: Path, timeout_s: float = SCRIPT_S) -> Any:
        """What that Python said in the end.

        Raises:
            Raised: it went wrong in there. Late: it did not end. AssertionError: Krita has gone.
        """

        def look() -> bool:
            if self.process.poll() is not None and not answer.exists():
                raise AssertionError(f"Krita ended with {self.process.returncode}: {self.said()}")
            return answer.exists()

        until(look, f"the answer {answer.name}", timeout_s, self.log)
        told = json.loads(answer.read_text())
        if "failed" in told:
            raise Raised(f"{told['failed']}\n{self.said()}")
        return told["answer"]

    def run(self, source: str, timeout_s: float = SCRIPT_S) -> Any:
        """What Python run inside Krita answers."""
        return self.wait(self.begin(source), timeout_s)

    def said(self) -> str:
        """The end of what Krita has printed."""
        return self.log.read_text(errors="replace")[-3000:]

    def said_since(self, size: int) -> str:
        """What it has printed since its log was so long, in bytes."""
        return self.log.read_bytes()[size:].decode(errors="replace")

    def quit(self, timeout_s: float = START_S) -> int | None:
        """Closes everything without a question; the exit code, None if it had to be killed."""
        self.begin(QUIT)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


QUIT = """
import krita
it = krita.Krita.instance()
for document in it.documents():
    document.setModified(False)
    document.close()
for window in it.windows():
    window.qwindow().close()
"""


# There is a window, and the probe has made it large: places that were asked before would be others then.
UP = """
import krita
def large():
    window = krita.Krita.instance().activeWindow()
    return window is not None and window.qwindow().width() >= 1280
def steps():
    yield large
"""


@contextmanager
def window(home: Home, *arguments: str, start_s: float = START_S, outlived_s: int = 0) -> Iterator[Window]:
    """Krita in a window on a display of its own, up and listening; whatever is left of it ends with the context.

    In a root all that it started ends when it does, unless it may be outlived so long.
    """
    with gimp.screen(chroot_for_tools(home)) as display:
        log = home.path / "window.log"
        log.unlink(missing_ok=True)
        command = shlex.join(["krita", "--nosplash", *arguments]) + (f"; sleep {outlived_s}" if outlived_s else "")
        line = [*home.before, *home.edition.line(command, home.path)]
        with log.open("ab") as out:
            process = subprocess.Popen(
                line, env=home.environment(display.name), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        opened = Window(home, display, process, log)
        try:
            opened.run(UP, start_s)
            yield opened
        finally:
            process.kill()
            process.wait()


def chroot_for_tools(home: Home) -> Path:
    """The root whose X tools are used: the Debian root has them all, this machine may not."""
    return chroot.cache() / chroot.SUITE if home.edition.native else home.edition.root


def kill(pid: int) -> None:
    """Ends a process at once, as a crash does."""
    os.kill(pid, signal.SIGKILL)


def pids(home: Home) -> list[int]:
    """Process ids of the Kritas of a home, as this machine sees them."""
    mark, found = f"IMPASTO_PROBE={home.probe}\0".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "exe").readlink().name == "krita" and mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
