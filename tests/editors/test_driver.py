"""The driver of real editors: what it starts runs, what goes wrong is said, and nothing is left behind."""

import re
import secrets
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from editors import chroot, gimp, results
from harness import wait_for

pytestmark = pytest.mark.timeout(1800)

SHOW = """
import time, pathlib
from gi.repository import Gimp, Gegl
image = Gimp.Image.new(300, 200, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new(image, "red", 300, 200, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
Gimp.context_set_foreground(Gegl.Color.new("red"))
layer.edit_fill(Gimp.FillType.FOREGROUND)
display = Gimp.Display.new(image)
Gimp.displays_flush()
seen = pathlib.Path(ARGUMENTS[0])
for _ in range(6000):
    if seen.exists(): break
    time.sleep(0.1)
image.clean_all()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A file for a script to run in GIMP."""
    return tmp_path / "script.py"


def test_a_script_runs_in_the_gimp_that_users_have(gimp_home: gimp.Home, script: Path) -> None:
    """GIMP 3's own Python runs it, with its arguments, and GIMP ends by itself."""
    script.write_text("from gi.repository import Gimp; print('GIMP', Gimp.version(), *ARGUMENTS)")

    ended = gimp_home.batch(script, "one", "two")

    assert ended.code == 0
    version = r"3\.0\.4" if chroot.SUITE == "trixie" else r"3\.\d+\.\d+"
    assert re.search(rf"GIMP {version} one two", ended.output)


def test_what_a_script_raises_is_told(gimp_home: gimp.Home, script: Path) -> None:
    """An exception makes GIMP's exit code 64 and is in the output, with its line."""
    script.write_text("\nraise ValueError('no such brush')")

    ended = gimp_home.batch(script)

    assert ended.code == 64
    assert f'"{script}", line 2' in ended.output
    assert "no such brush" in ended.output


def test_a_script_that_hangs_is_ended_with_all_it_started(gimp_home: gimp.Home, script: Path) -> None:
    """When time is up GIMP, its plug-ins and their children are gone; the wait has an end."""
    mark = f"{31415926 + secrets.randbelow(1_000_000)}"  # seconds that nobody else sleeps
    script.write_text(f"import subprocess; subprocess.run(['sleep', '{mark}'])")

    def asleep() -> bytes:
        return subprocess.run(["pgrep", "-f", f"^sleep {mark}"], check=False, capture_output=True).stdout

    running = gimp_home.begin_batch(script)
    gimp.until(asleep, "its child", gimp.START_S, running.log)
    ended = running.wait_end(1)

    assert ended.code is None
    wait_for(lambda: asleep() == b"", "the end of its child")


def test_a_window_is_seen(root: Path, tmp_path: Path, script: Path) -> None:
    """GIMP shows a picture on a display of its own; a screenshot has its pixels."""
    home, seen = gimp.new_home(root, tmp_path / "home"), tmp_path / "seen"
    script.write_text(SHOW)

    with gimp.window(home, script, str(seen)) as window:
        window.screen.wait_window("Untitled", log=window.log)
        path = tmp_path / "screen.png"

        def red() -> bool:
            with Image.open(window.screen.screenshot(path)) as picture:
                colours = picture.convert("RGB").getcolors(1 << 24) or []
            return sum(count for count, colour in colours if colour == (255, 0, 0)) >= 300 * 200

        gimp.until(red, "a red picture on the screen", 120, window.log)
        seen.touch()
        assert window.wait_end().code == 0


def test_a_check_that_kills_gimp_costs_only_itself(gimp_home: gimp.Home, tmp_path: Path) -> None:
    """Works, refused, failed and died are told apart, and what comes behind a death still runs."""
    (tmp_path / "toys.py").write_text(
        "import os\nfrom editors.checking import check\n"
        "@check('toy.good', 'toy.also')\ndef good() -> None: assert 1\n"
        "@check('toy.bad')\ndef bad() -> None: assert 0, 'why'\n"
        "@check('toy.deadly')\ndef deadly() -> None: os.kill(os.getpid(), 9)\n"
        "@check('toy.shy')\ndef shy() -> None: raise NotImplementedError('toy.shy is not there')\n"
        "@check('toy.vague')\ndef vague() -> None: raise NotImplementedError('no')\n"
    )
    names = results.names_in(tmp_path / "toys.py")

    found = results.run(gimp_home, {"toys": names}, tmp_path)

    assert {name: result.outcome for name, result in found.items()} == {
        "toy.good": "works",
        "toy.also": "works",
        "toy.bad": "failed",
        "toy.deadly": "died",
        "toy.shy": "refused",
        "toy.vague": "failed",
    }
    assert "why" in found["toy.bad"].detail


def test_a_broken_root_is_seen_to_be_broken(tmp_path: Path) -> None:
    """A root whose programs do not answer is not taken for sound, whatever its stamps say."""
    (tmp_path / "impasto").mkdir()
    (tmp_path / "impasto" / chroot.GIMP[0]).write_text(" ".join(chroot.GIMP))

    assert not chroot.sound(tmp_path, chroot.GIMP)
