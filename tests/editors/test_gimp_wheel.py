"""From the wheel alone, in an empty environment and home: install, start GIMP, and click until a layer is painted."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors import chroot, gimp
from editors.gimp_seat import SEATED, Seat
from editors.test_gimp_plugin import PLUG_IN
from harness import picture
from test_wheel import Installed, wheel  # noqa: F401  # a fixture

pytestmark = [pytest.mark.timeout(1800), pytest.mark.slow]

VERSION = {"trixie": "3.0"}.get(chroot.SUITE, "3.2")
STARTS_S = 240
MOST_CLICKS = 3
LINE_PX = 25  # of a menu
FILTERS, ARTISTIC, NEURAL_STYLE = (426, 12), 11.5, 11.5  # where GIMP has the menu, and the lines in it and in the next


class EmptyHome(gimp.Home):
    """An account where nobody has ever started GIMP."""

    @property
    def config(self) -> Path:
        """Where GIMP puts its folder by itself."""
        return self.path / ".config" / "GIMP" / VERSION

    def environment(self, display: str = "") -> dict[str, str]:
        """Without a word about where that is."""
        told = super().environment(display)
        return {name: value for name, value in told.items() if name != "GIMP3_DIRECTORY"}


@pytest.fixture
def account(root: Path, tmp_path: Path, wheel: Path) -> Iterator[EmptyHome]:  # noqa: F811
    """An account with the wheel installed in an environment of its own, and GIMP started once."""
    installed = Installed(tmp_path, wheel)
    account = EmptyHome(root, tmp_path / "account", host=True)
    account.path.mkdir()
    nothing = tmp_path / "nothing.py"
    nothing.write_text("pass")
    assert account.batch(nothing, timeout_s=STARTS_S).code == 0
    impasto, own = str(installed.python.with_name("impasto")), {"PATH": os.environ["PATH"], "HOME": str(account.path)}
    done = subprocess.run([impasto, "install", "gimp"], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(account.config / "plug-ins" / PLUG_IN) in done.stdout
    environment = account.config / "plug-ins" / PLUG_IN / "impasto-environment.json"
    told = json.loads(environment.read_text())
    assert told["python"] == str(installed.python)
    environment.write_text(json.dumps(told | {"before": ["chroot", "/host"]}))  # this GIMP is in a root
    yield account
    subprocess.run([impasto, "stop"], env=own, capture_output=True, check=False)
    shutil.rmtree(installed.folder / "venv")


def popup(seat: Seat, besides: set[str], over: tuple[int, int]) -> str:
    """The menu that has opened, the pointer being `over` its entry; `besides` are windows that were there before."""

    def found() -> str:
        seat.screen.tool("xdotool", "mousemove", *map(str, over), "sleep", "0.2", "mousemove_relative", "2", "0")
        shown = set(seat.screen.tool("xdotool", "search", "--onlyvisible", "--class", ".").split()) - besides
        return next((window for window in shown if seat.screen.place(window)[3] > 2 * LINE_PX), "")

    return str(seat.until(found, "a menu"))


def clicks(seat: Seat, folder: Path) -> int:
    """Clicks from the open picture to the painting; how many. A submenu opens under the pointer."""
    screen, windows = seat.screen, set(seat.screen.tool("xdotool", "search", "--onlyvisible", "--class", ".").split())
    screen.click(*FILTERS)
    filters = popup(seat, windows, FILTERS)
    x, y, width, _ = screen.place(filters)
    artistic = popup(seat, windows | {filters}, (x + width // 2, y + int(ARTISTIC * LINE_PX)))
    x, y, width, _ = screen.place(artistic)
    screen.screenshot(folder / "menu.png")
    screen.click(x + width // 2, y + int(NEURAL_STYLE * LINE_PX))
    dialog = screen.wait_window("Neural Style", log=seat.window.log)
    screen.wait_still(dialog)  # the thumbnails have come, which a person would wait for, too
    screen.screenshot(folder / "dialog.png")
    x, y, width, height = screen.place(dialog)
    screen.click(x + width - 50, y + height - 30)
    return 3


def test_from_the_wheel_to_a_painted_layer(account: EmptyHome, tmp_path: Path) -> None:
    """Filters, Artistic, Neural Style…, OK: three clicks after the picture is open, and nothing else."""
    photo = tmp_path / "photo.png"
    picture(160, 120, seed=1).save(photo)
    with gimp.screen(account.root) as screen:
        script = gimp.evaluating(SEATED, [str(gimp.REPOSITORY / "tests"), str(tmp_path)])
        log = account.path / "window.log"
        process = account.start(["gimp", "--no-splash", str(photo), *script], log, screen.name)
        try:
            seat = Seat(gimp.Window(account, screen, process, log), tmp_path)
            screen.wait_window("photo", STARTS_S, log)
            seat.do("opened()")
            seat.wait(["photo.png"])
            screen.screenshot(tmp_path / "first.png")
            before = seat.pixels()
            assert clicks(seat, tmp_path) == MOST_CLICKS
            seat.until(seat.live, "the window of the painting")
            seat.wait(["photo.png, swirl", "photo.png"])
            screen.screenshot(tmp_path / "painted.png")
            after = seat.pixels()
        finally:
            process.kill()
            process.wait()

    assert after["photo.png"] == before["photo.png"] != after["photo.png, swirl"]
