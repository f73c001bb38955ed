"""Four who know nothing of one another on one daemon at the same time: Krita, GIMP, and two command lines."""

from pathlib import Path

import pytest
from PIL import Image

from editors import gimp
from editors.gimp import REPOSITORY
from editors.studio import studio
from editors.test_gimp_plugin import installed
from harness import Daemon, held, picture, wait_for
from impasto.v1 import stylize_pb2

pytestmark = pytest.mark.timeout(1800)

WAIT_S = 600
LONG, STEPS = 9000, 40  # Krita's is stopped and kept; of the others'
UNFINISHED = (stylize_pb2.JOB_STATE_QUEUED, stylize_pb2.JOB_STATE_RUNNING)
IN_GIMP = f"""
import sys; sys.path[:0] = [{str(REPOSITORY / "tests")!r}]
from editors.painted import differs, paint, picture
image, layer = picture()
differs(image, layer, paint(image, layer, steps={STEPS}))
print("GIMP IS DONE", flush=True)
"""
IN_KRITA = f"""
import sys; sys.path[:0] = [{str(REPOSITORY / "tests")!r}]
import impasto_probe
from editors.krita_stage import *
def steps():
    at = yield from easel()
    heard = begin(steps={LONG})
    yield lambda: heard.ends or (heard.steps >= 4 and (impasto_probe.FOLDER / "stop").exists())
    heard.run.stop_and_keep()
    yield from heard.end()
    assert heard.ends[0][0] == "finished", heard.ends
    return share(at.samples(at.top), at.samples(at.node))
"""


def unfinished(daemon: Daemon) -> int:
    """How many jobs there are that have not ended."""
    with daemon.client() as client:
        return sum(job.state in UNFINISHED for job in client.jobs())


def test_two_editors_and_two_command_lines_on_one_daemon(root: Path, krita_root: Path, tmp_path: Path) -> None:
    """All four are under way at once, and all four succeed.

    Nothing is painted until the last has come, however slowly they come and however quick the machine.
    """
    with studio(krita_root, tmp_path / "krita", IMPASTO_WORKER_SILENCE_S=str(WAIT_S)) as at:
        daemon, place = at.daemon, at.daemon.home
        home = installed(gimp.new_home(root, tmp_path / "gimp"), daemon)
        script, log = tmp_path / "script.py", tmp_path / "gimp.log"
        script.write_text(IN_GIMP)
        picture(64, 48, 1).save(tmp_path / "photo.png")
        picture(80, 60, 2).save(tmp_path / "style.png")

        in_krita = at.window.begin(IN_KRITA)
        wait_for(lambda: unfinished(daemon) == 1, "Krita's job", WAIT_S)
        with held(daemon):
            in_gimp = home.start(["gimp-console", "-i", *gimp.evaluating(script, ()), "--quit"], log)
            names = [str(tmp_path / f"out{number}.png") for number in (1, 2)]
            told = (str(tmp_path / "photo.png"), "--style", str(tmp_path / "style.png"), "--steps", str(STEPS), "-o")
            lines = [place.spawn("stylize", *told, name) for name in names]
            wait_for(lambda: unfinished(daemon) == 4, "all four at once", WAIT_S)
        at.window.home.probe.joinpath("stop").touch()

        assert [line.wait(WAIT_S) for line in lines] == [0, 0]
        assert in_gimp.wait(WAIT_S) == 0, log.read_text(errors="replace")[-2000:]
        assert "GIMP IS DONE" in log.read_text(errors="replace")
        assert at.window.wait(in_krita, WAIT_S) > 0.3, "Krita's is hardly painted"
        for name in names:
            with Image.open(name) as image:
                assert image.size == (64, 48)
