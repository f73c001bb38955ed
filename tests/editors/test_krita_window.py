"""The plug-in as a painter meets it: by its key, the picture growing on the canvas, strokes in between, and deaths."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from editors import krita
from editors.gimp import REPOSITORY, until
from editors.studio import Studio, studio
from harness import held, wait_for
from impasto.client.lifeline import FOUND, LOST
from impasto.v1 import stylize_pb2

pytestmark = pytest.mark.timeout(1800)

WAIT_S = 240
END_S = 60.0  # of a job whose Krita has gone: within the second, but on a machine that has other things to do
LONG = 9000
ENOUGH = 4  # steps: after a single one the picture is still the layer
COLOURS = 60  # that a picture in the window has at least; the window's own ground has one
WORK_S = 2.0  # of the window's thread at once, Krita's own calls in it: measured 0.04 to 0.4
BEGINNING = f"""
import sys; sys.path[:0] = [{str(REPOSITORY / "tests")!r}]
import impasto_probe
from editors.krita_stage import *
"""
# A picture in a window, what the plug-in says of its paintings, and where on the screen the middle of the picture is.
OPEN = """
def steps():
    impasto_probe.at = at = yield from easel(size=({width}, {height}))
    impasto_probe.before = at.state()
    impasto_probe.heard = []
    ours("run").shared().began.connect(lambda run: impasto_probe.heard.append(Heard(run)))
    canvas, window = ours("canvas"), krita().activeWindow()
    controller = canvas.controller_of(window)
    shown = canvas.mapping(window.activeView(), controller, ({width}, {height}))
    where, point = canvas.canvas_of(controller), ours("binding").QPointF
    middle = where.mapToGlobal(shown.map(point({width} / 2, {height} / 2)).toPoint())
    corner = where.mapToGlobal(shown.map(point(0, 0)).toPoint())
    return [middle.x(), middle.y(), corner.x(), corner.y()]
"""


# A step back, and what is there then: the layers, and whether the picture is as it was.
UNDO = """
def steps():
    at = impasto_probe.at
    yield from at.undo()
    return [at.names, at.samples(at.node) == impasto_probe.before["layers"][0][2]]
"""


# All that the plug-in does from here on is timed, with its docker in sight.
WATCH = """
from editors.krita_slots import Slots
for docker in krita().dockers():
    if docker.objectName() == "impasto_docker":
        docker.setVisible(True)
impasto_probe.slots = Slots()
impasto_probe.slots.watch()
answer = True
"""


CLEAR = "impasto_probe.gaps.clear(), impasto_probe.works.clear()"


@pytest.fixture(scope="module")
def debian(krita_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Krita of the Debian root, with a daemon."""
    with studio(krita_root, tmp_path_factory.mktemp("krita-window")) as opened:
        yield opened


class Painter:
    """Who sits at the window."""

    def __init__(self, at: Studio, width: int = 256, height: int = 192, **last: Any) -> None:
        self.window, self.screen = at.window, at.window.screen
        folder = self.window.home.data / "impasto"
        folder.mkdir(exist_ok=True)
        chosen = {"styles": [{"built_in": "marbled"}], "size": 0, "steps": LONG, **last}
        (folder / "settings.json").write_text(json.dumps({"last": chosen}))
        self.x, self.y, self.left, self.top = self.run(OPEN.format(width=width, height=height))

    def run(self, source: str) -> Any:
        """Python inside, with the stage at hand."""
        return self.window.run(BEGINNING + source)

    def ask(self, expression: str) -> Any:
        """What an expression is, inside; `at` is the picture, `heard` what its painting has said."""
        return self.run(f"at = impasto_probe.at\nheard = (impasto_probe.heard or [None])[-1]\nanswer = {expression}")

    def press_key(self) -> None:
        """The action's shortcut, with the pointer over the canvas, until a painting has begun."""
        main = str(self.ask("int(krita().activeWindow().qwindow().winId())"))

        def begun() -> bool:
            self.screen.focus(main)
            self.screen.tool("xdotool", "mousemove", str(self.x), str(self.y))
            self.screen.keys("ctrl+alt+shift+p")
            return bool(self.run("def steps():\n    yield from pause(1.0)\n    return len(impasto_probe.heard)"))

        until(begun, "a painting after the key", WAIT_S, self.window.log)

    def stroke(self, dx: int = 60) -> None:
        """A stroke of the brush across the middle of the picture."""
        start, end = (str(self.x - dx), str(self.y)), (str(self.x + dx), str(self.y + 20))
        self.screen.tool(
            *("xdotool", "mousemove", *start, "sleep", "0.2", "mousedown", "1", "sleep", "0.1"),
            *("mousemove", str(self.x), str(self.y + 10), "sleep", "0.1", "mousemove", *end),
            *("sleep", "0.1", "mouseup", "1"),
        )

    def seen(self, path: Path) -> Image.Image:
        """The part of the screen where the picture is."""
        self.screen.tool("xdotool", "mousemove", "5", "5")
        with Image.open(self.screen.screenshot(path)) as image:
            right, bottom = 2 * self.x - self.left, 2 * self.y - self.top
            return image.convert("RGB").crop((self.left, self.top, right, bottom))

    def seen_as(self, path: Path, wanted: Callable[[Image.Image], bool], what: str) -> Image.Image:
        """Likewise, as soon as it is as wanted: Krita draws a little after it has said so."""

        def look() -> Image.Image | None:
            shown = self.seen(path)
            return shown if wanted(shown) else None

        return until(look, what, WAIT_S, self.window.log)

    def seen_whole(self, path: Path) -> Image.Image:
        """Likewise, once it is drawn."""
        shown: list[Image.Image] = []

        def still(now: Image.Image) -> bool:
            shown.append(now)
            return len(shown) > 1 and difference(*shown[-2:]) == 0 and len(now.getcolors(1 << 24) or []) > COLOURS

        return self.seen_as(path, still, "the picture in the window")

    def wait_steps(self, count: int) -> None:
        """Returns when the painting has made so many steps."""
        self.run(
            f"def steps():\n    heard = impasto_probe.heard[-1]\n"
            f"    yield from until(lambda: heard.steps >= {count} or heard.ends, 'steps')\n"
            f"    assert not heard.ends, heard.ends"
        )

    def wait_preview(self, more_than: int = 0) -> None:
        """Returns when there has been another picture on the canvas."""
        self.run(
            f"def steps():\n    heard = impasto_probe.heard[-1]\n"
            f"    yield from until(lambda: len(heard.previews) > {more_than} or heard.ends, 'a preview')\n"
            f"    assert not heard.ends, heard.ends"
        )

    def end(self) -> Any:
        """How the painting ended."""
        return self.run("def steps():\n    return (yield from impasto_probe.heard[-1].end())")

    def leave(self) -> None:
        """Closes the picture."""
        self.ask("at.close()")


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' samples, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def apart(one: Image.Image, other: Image.Image) -> bool:
    """Whether they differ as a painting does from its picture."""
    return difference(one, other) > 4


def grown(at: Studio, folder: Path) -> None:
    """The whole of it in one edition."""
    painter = Painter(at)
    before = painter.seen_whole(folder / "before.png")
    painter.press_key()
    painter.wait_preview()  # the first one is the layer itself
    painter.seen_as(folder / "growing.png", partial(apart, before), "the picture on the canvas")
    assert painter.ask("at.state() == impasto_probe.before"), "the preview has touched the document"

    painter.stroke()
    stroked = "at.state()['seen'] != impasto_probe.before['seen']"
    until(lambda: painter.ask(stroked), "the stroke on the layer", WAIT_S, painter.window.log)
    gone_on = painter.ask("len(heard.previews)")
    painter.wait_preview(gone_on)
    painter.seen(folder / "stroke.png")
    painter.wait_steps(ENOUGH)
    painter.ask("heard.run.stop_and_keep()")
    word, told = painter.end()
    assert (word, told["kept"]) == ("finished", True)
    painter.seen_as(folder / "kept.png", partial(apart, before), "the new layer on the canvas")

    first = painter.run(UNDO)
    assert first == [["Background"], False], "the layer goes with the first undo, and the stroke stays"
    assert painter.run(UNDO) == [["Background"], True], "a second undo takes the stroke back"
    painter.seen_as(folder / "undone.png", lambda now: difference(before, now) < 1, "the picture of before")
    painter.leave()


def test_by_its_key_the_picture_grows_on_the_canvas(debian: Studio, tmp_path: Path) -> None:
    """Strokes go through the preview to the user's layer, and each is a step of its own; the result is one."""
    grown(debian, tmp_path)


def test_by_its_key_the_picture_grows_on_the_canvas_of_the_older_one(own_studio: Studio, tmp_path: Path) -> None:
    """The same in Krita 5.1."""
    grown(own_studio, tmp_path)


def turned(at: Studio, folder: Path) -> None:
    """The preview lies where the result will, on a canvas that is turned and mirrored."""
    painter = Painter(at)
    painter.run(
        "def steps():\n    canvas = krita().activeWindow().activeView().canvas()\n    canvas.setRotation(30)\n"
        "    canvas.setMirror(True)\n    canvas.setZoomLevel(1.2)\n    yield from pause(0.6)"
    )
    painter.press_key()
    painter.wait_preview(1)
    painter.ask("[heard.run._overlay._timer.stop(), heard.run.preview.disconnect()]")
    growing = around(painter, folder / "growing.png")
    painter.ask("heard.run.stop_and_keep()")
    assert painter.end()[0] == "finished"
    kept = around(painter, folder / "kept.png")
    # Corners of the turned picture are on gray: a preview that lies elsewhere would stick out, whatever is painted.
    assert difference(outline(growing), outline(kept)) < 0.02 * 255, "the preview lies elsewhere"
    painter.leave()


def outline(image: Image.Image) -> Image.Image:
    """White where there is a picture, black where there is the canvas's ground, which the first pixel shows."""
    ground = Image.new("RGB", image.size, image.getpixel((0, 0)))
    apart = ImageChops.difference(image, ground).convert("L").point(lambda value: 255 * (value > 6))
    return apart.convert("RGB")


def around(painter: Painter, path: Path) -> Image.Image:
    """What is to be seen around the middle of the picture, without the pointer, once nothing moves there any more."""
    area = (painter.x - 250, painter.y - 250, painter.x + 250, painter.y + 250)
    shown: list[Image.Image] = []

    def still() -> bool:
        painter.screen.tool("xdotool", "mousemove", "5", "5")
        with Image.open(painter.screen.screenshot(path)) as image:
            shown.append(image.convert("RGB").crop(area))
        return len(shown) > 1 and difference(*shown[-2:]) == 0

    until(still, "a canvas on which nothing moves", WAIT_S, painter.window.log)
    return shown[-1]


def test_the_canvas_turned_and_mirrored(debian: Studio, tmp_path: Path) -> None:
    """In the newer Krita, which tells how its canvas lies."""
    turned(debian, tmp_path)


def test_the_canvas_turned_and_mirrored_of_the_older_one(own_studio: Studio, tmp_path: Path) -> None:
    """In Krita 5.1, where it is worked out."""
    turned(own_studio, tmp_path)


def test_the_loop_beats_on(debian: Studio) -> None:
    """A picture of two megapixels is read, sent, shown and set without keeping Krita's window waiting."""
    painter = Painter(debian, 1600, 1200, size=256)
    idle = longest(painter, f"def steps():\n    {CLEAR}\n    yield from pause(3)")
    painter.run(f"{WATCH}\n{CLEAR}")
    painter.press_key()
    running(painter)
    with held(debian.daemon):  # nothing comes of the painting now: a call that waited for it would not return
        for _ in range(10):
            painter.run("def steps():\n    yield from pause(0.1)")
    painter.wait_preview()
    painter.ask("heard.run.stop_and_keep()")
    painted = longest(painter, "def steps():\n    word, _ = yield from impasto_probe.heard[-1].end()")
    worked = sorted(painter.ask("impasto_probe.works"))
    slots = painter.run("impasto_probe.slots.end()\nanswer = impasto_probe.slots.longest()")
    told = [", ".join(f"{gap:.3f}" for gap in gaps[-5:]) for gaps in (idle, painted)]
    sys.stdout.write(  # to be seen with -rP
        f"20 ms heartbeat, longest gaps in s: at rest {told[0]}; painting {told[1]}, worked of them {worked[-1]:.3f}\n"
        "longest calls of ours in ms of the thread's processor time, and of Krita's own in them:\n"
    )
    sys.stdout.writelines(f"{own:8.1f} {host:8.1f}  x{count:<4} {name}\n" for name, own, host, count in slots)
    # Processor time knows no load; ten times what was measured, and what a whole layer's arithmetic would take.
    assert 0 < slots[0][1] < 150, slots
    assert worked[-1] < WORK_S, worked[-5:]
    assert painter.ask("[heard.ends[0][0], at.names]") == ["finished", ["Background", "Background, marbled"]]
    painter.leave()


def longest(painter: Painter, source: str) -> list[float]:
    """The pauses of the heartbeat while something runs inside, the longest last."""
    painter.run(source)
    return sorted(painter.ask("impasto_probe.gaps"))


def state_of(at: Studio, job: str) -> int:
    """How a job is."""
    with at.daemon.client() as client:
        return next(found.state for found in client.jobs() if found.name == job)


def running(painter: Painter) -> str:
    """The job of the painting, once it has made a step."""
    waiting = "    yield from until(lambda: heard.job, 'a step')\n    return heard.job"
    return str(painter.run(f"def steps():\n    heard = impasto_probe.heard[-1]\n{waiting}"))


def test_krita_killed_in_mid_run_lets_the_device_go(debian: Studio) -> None:
    """Killed with -9: the job is cancelled soon."""
    painter = Painter(debian)
    painter.press_key()
    job = running(painter)
    pids = krita.pids(painter.window.home)
    assert pids, "no Krita to kill"
    for pid in pids:
        krita.kill(pid)
    painter.window.process.wait(WAIT_S)  # whoever comes next opens another
    wait_for(lambda: state_of(debian, job) == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel", END_S)


def test_krita_closed_in_mid_run(own_studio: Studio) -> None:
    """It ends by itself, and the job with it."""
    painter = Painter(own_studio)
    painter.press_key()
    job = running(painter)
    assert painter.window.quit() == 0
    wait_for(lambda: state_of(own_studio, job) == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel", END_S)


def test_the_daemon_killed_in_mid_run(debian: Studio) -> None:
    """The painting goes on with the next daemon, and comes out."""
    painter = Painter(debian)
    painter.press_key()
    painter.wait_preview()
    debian.daemon.end(signal.SIGKILL)
    painter.run(
        "def steps():\n    heard = impasto_probe.heard[-1]\n"
        f"    yield from until(lambda: {FOUND!r} in heard.words or heard.ends, 'the return')\n"
    )
    gone_on = painter.ask("len(heard.previews)")
    painter.wait_preview(gone_on)
    painter.ask("heard.run.stop_and_keep()")
    word, told = painter.end()
    words = painter.ask("heard.words")
    assert word == "finished", (word, told, words)
    assert {LOST, FOUND} <= set(words), "nothing was said of the loss"
    assert painter.ask("at.names") == ["Background", "Background, marbled"]
    painter.leave()
