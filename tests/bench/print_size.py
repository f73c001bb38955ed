"""A picture as large as a print in an editor: read, sent, painted small, placed; what that takes, and how it feels.

    .venv/bin/python tests/bench/print_size.py gimp|krita [--megapixels 100] [--depth 8|16] [--size 512] [--steps 10]
        [--mishap cancel|kill|crash [--when sending|growing]] [--output out/print-size]

A real editor (in the Debian root of tests/editors) opens harbour, enlarged, with grain, from a PNG file, and a real
daemon paints it: small, as the dials of both editors are at first. Told are the seconds since it was asked for, how
long the editor's loop let a question wait (GIMP) or a beat of 20 ms was late (Krita), the longest ones of each part,
the most memory (RSS) of editor, plug-in, `impasto pipe`, front and worker, and the disk that the daemon took. Then one
step is undone, and every layer must be what it was. What ``looking`` says of the new layer is told; screenshots and
pieces of it lie in the output: look at them. With a `--mishap` it is cancelled in the middle, or the daemon is killed,
or the editor itself, see ``mishaps``: `--steps 200` gives time for it.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

import looking  # type: ignore[import-not-found]  # scripts beside this one
import mishaps  # type: ignore[import-not-found]
from huge import large, shown  # type: ignore[import-not-found]

from editors import chroot, gimp, gimp_seat, krita, studio
from editors.test_gimp_plugin import PLUG_IN, installed
from harness import Daemon, Home
from impasto.client import Client
from impasto.v1 import stylize_pb2

LOOK_S, WAIT_S, CALM_S = 0.05, 900, 5
OUTLIVED_S = 600  # what an editor started may outlive it, as where it is in no root
MIB = 1 << 20
FILES = {8: "big.png", 16: "big.tif"}
PLACES = ((0.1, 0.1), (0.5, 0.5), (1.0, 1.0))
OVER = (stylize_pb2.JOB_STATE_SUCCEEDED, stylize_pb2.JOB_STATE_FAILED, stylize_pb2.JOB_STATE_CANCELLED)


def below(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    try:
        children = [
            child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield from below(int(child))


def resident(pid: int) -> int:
    """What a process has in memory, in bytes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


@dataclass
class Watch:
    """Tells each part of a run in a line. The mutable state is the most that each process had since the last one."""

    console: Console
    roots: list[int]
    folder: Path
    felt: Callable[[], list[float]]
    began_s: float = field(default_factory=time.monotonic)
    peaks: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    def __post_init__(self) -> None:
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.ended:
            for pid in (pid for root in self.roots for pid in below(root)):
                self._note(mishaps.named(pid), resident(pid))
            self._note("disk", sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()))
            time.sleep(LOOK_S)

    def _note(self, who: str, now: int) -> None:
        if who:
            self.peaks[who] = max(self.peaks.get(who, 0), now)

    def tell(self, what: str) -> None:
        """A part is over."""
        now_s, waits = time.monotonic() - self.began_s, ", ".join(f"{wait:.2f}" for wait in sorted(self.felt())[-5:])
        time.sleep(2 * LOOK_S)
        peaks, self.peaks = self.peaks, {}
        memory = ", ".join(f"{who} {peak / MIB:.0f}" for who, peak in sorted(peaks.items()))
        self.console.print(f"{now_s:7.1f} s  {what}: waits {waits} s; MiB: {memory}")


def written(path: Path, megapixels: float, depth: int) -> Image.Image:
    """The picture as a file; 16 bits are all in use, and in a TIFF: of a PNG Krita asks what its colours are."""
    made: Image.Image = shown(large(megapixels))
    if depth == 8:
        made.save(path, compress_level=1)
    else:
        deep = np.asarray(made).astype(np.uint16) * 257
        deep ^= np.random.default_rng(1).integers(0, 256, deep.shape, dtype=np.uint16)
        tifffile.imwrite(path, deep, photometric="rgb")
    return made


def is_over(client: Client) -> bool:
    """Whether the job has ended."""
    return client.jobs()[0].state in OVER


def shot(screen: gimp.Screen, folder: Path, path: Path) -> None:
    """A screenshot, by way of a folder that is known within the root, too."""
    shutil.move(screen.screenshot(folder / path.name), path)


class InGimp:
    """GIMP with the picture, and what the bench does in it."""

    def __init__(self, seat: gimp_seat.Seat, output: Path) -> None:
        self.seat, self.output, self.home = seat, output, seat.window.home.path

    def pid(self) -> int:
        """Of GIMP itself."""
        (found,) = self.seat.processes("gimp")
        return int(found)

    def felt(self) -> list[float]:
        """How long GIMP's loop let a question wait each time, in seconds."""
        return list(self.seat.do("(waits[:], waits.clear())")[0])

    def open(self, path: Path) -> None:
        """In the window."""
        self.seat.main()
        self.seat.do(f"load({str(path)!r})")
        self.seat.until(self.seat.names, "the layer", WAIT_S)

    def begin(self) -> None:
        """By the menu's key."""
        self.seat.begin()

    def has_preview(self) -> bool:
        """Whether the picture grows."""
        return len(self.seat.names()) == 2

    def is_placed(self) -> bool:
        """Whether the new layer is there."""
        return not self.seat.live() and len(self.seat.names()) == 2

    def cancel(self) -> None:
        """By the window's button."""
        self.seat.insist(self.seat.live(), "alt+c", lambda: not self.seat.live(), "the end of the painting's window")

    def is_stopped(self) -> bool:
        """Whether all is as it was."""
        return not self.seat.live() and len(self.seat.names()) == 1

    def words(self) -> str:
        """What the painter was told stands in a window."""
        return "see the screenshot"

    def undo(self) -> None:
        """One step."""
        self.seat.key(self.seat.main(), "ctrl+z")
        self.seat.until(lambda: len(self.seat.names()) == 1, "one step undone", WAIT_S)

    def duplicate(self) -> None:
        """GIMP's own way to one more layer."""
        self.seat.key(self.seat.main(), "ctrl+shift+d")

    def layers(self) -> list[Any]:
        """Name, hash of the samples, place, size and format of each layer, from above."""
        return list(self.seat.do("layers()"))

    def save(self, path: Path) -> None:
        """Writes the raw samples of the uppermost layer."""
        self.seat.do(f"open({str(path)!r}, 'wb').write(samples(image.get_layers()[0]))")

    def shot(self, name: str) -> None:
        """For eyes."""
        shot(self.seat.screen, self.seat.folder, self.output / f"gimp-{name}.png")


INSIDE = """
import hashlib, sys
sys.path[:0] = [{tests!r}]
import impasto_probe
from editors.krita_slots import Slots
from editors.krita_stage import *
def digest(node, size):
    found, rows = hashlib.sha256(), 256
    for top in range(0, size[1], rows):
        found.update(bytes(node.pixelData(0, top, size[0], min(rows, size[1] - top))))
    return found.hexdigest()
def layers():
    at = krita().activeDocument()
    size = at.width(), at.height()
    for node in at.topLevelNodes():
        lies = node.bounds()
        where = [lies.x(), lies.y(), lies.width(), lies.height()]
        yield [node.name(), digest(node, size), *where, node.colorDepth()]
def write(path):
    at, rows = krita().activeDocument(), 256
    node, size = at.topLevelNodes()[-1], (at.width(), at.height())
    with open(path, "wb") as file:
        for top in range(0, size[1], rows):
            file.write(bytes(node.pixelData(0, top, size[0], min(rows, size[1] - top))))
"""
OPEN = """
document = krita().openDocument({path!r})
krita().activeWindow().addView(document)
def steps():
    yield from until(lambda: krita().activeDocument() and krita().activeDocument().activeNode(), "the picture")
"""


class InKrita:
    """Krita likewise; its loop is felt by beats of 20 ms."""

    def __init__(self, at: studio.Studio, options: argparse.Namespace) -> None:
        self.window, self.options, self.output = at.window, options, options.output
        self.home = self.window.home.path

    def run(self, source: str) -> Any:
        """Python inside."""
        return self.window.run(INSIDE.format(tests=str(gimp.REPOSITORY / "tests")) + source, WAIT_S)

    def ask(self, expression: str) -> Any:
        """The value of an expression inside."""
        return self.run(f"answer = {expression}")

    def pid(self) -> int:
        """Of Krita itself."""
        (found,) = krita.pids(self.window.home)
        return int(found)

    def felt(self) -> list[float]:
        """The beats."""
        return list(self.ask("(impasto_probe.gaps[:], impasto_probe.gaps.clear())[0]"))

    def open(self, path: Path) -> None:
        """In the window."""
        self.run(OPEN.format(path=str(path)))

    def begin(self) -> None:
        """As the docker does; all that the plug-in does from here on is timed."""
        chosen = f"size={self.options.size}, steps={self.options.steps}, styles=[{{'built_in': 'swirl'}}]"
        self.run(f"impasto_probe.slots = Slots()\nimpasto_probe.slots.watch()\nimpasto_probe.heard = begin({chosen})")
        time.sleep(1)

    def has_preview(self) -> bool:
        """Whether the picture grows."""
        return bool(self.ask("bool(impasto_probe.heard.previews)"))

    def is_placed(self) -> bool:
        """Whether the new layer is there."""
        ends = self.ask("[[word, str(told)[:200]] for word, told in impasto_probe.heard.ends]")
        assert not ends or ends[0][0] == "finished", ends
        return bool(ends)

    def cancel(self) -> None:
        """As the docker's button does."""
        self.run("impasto_probe.heard.run.cancel()")

    def is_stopped(self) -> bool:
        """Whether it has ended, with nothing."""
        ends = self.ask("[[word, str(told)[:200]] for word, told in impasto_probe.heard.ends]")
        assert not ends or ends[0][0] == "cancelled", ends
        return bool(ends)

    def words(self) -> str:
        """What the painter was told."""
        return "; ".join(self.ask("impasto_probe.heard.words"))

    def undo(self) -> None:
        """One step; before it, what kept the loop longest is told."""
        for name, own, host, count in self.run("impasto_probe.slots.end()\nanswer = impasto_probe.slots.longest(6)"):
            sys.stdout.write(f"{own:10.1f} ms of ours, {host:8.1f} of Krita's in them  x{count:<5} {name}\n")
        self.run("def steps():\n    krita().action('edit_undo').trigger()\n    yield from pause(3)")

    def duplicate(self) -> None:
        """Krita's own way to one more layer."""
        self.run("krita().action('duplicatelayer').trigger()")

    def layers(self) -> list[Any]:
        """Name, hash of the samples, place, size and depth of each layer, from below."""
        return list(self.ask("list(layers())"))

    def save(self, path: Path) -> None:
        """Writes the raw samples of the uppermost layer."""
        self.run(f"write({str(path)!r})")

    def shot(self, name: str) -> None:
        """For eyes."""
        shot(self.window.screen, self.window.home.path, self.output / f"krita-{name}.png")


def look(editor: InGimp | InKrita, picture: Path, console: Console) -> None:
    """What the new layer is, in numbers, and pictures of it."""
    path, depth = picture.with_name("painted.raw"), 8 if picture.suffix == ".png" else 16
    editor.save(path)
    Image.MAX_IMAGE_PIXELS = None  # it is ours
    before = Image.open(picture) if depth == 8 else looking.shown(tifffile.imread(picture))
    found = looking.samples(path, before.size, depth, blue_first=isinstance(editor, InKrita))
    for line in looking.told(found, before):
        console.print(f"    {line}")
    looking.saved(found, PLACES, editor.output / type(editor).__name__)
    path.unlink()


def course(editor: InGimp | InKrita, picture: Path, watch: Watch, daemon: Daemon) -> None:
    """The whole way, each part told."""
    editor.open(picture)
    watch.tell("opened")
    time.sleep(CALM_S)
    before = editor.layers()
    watch.tell("looked at")
    watch.began_s = time.monotonic()
    editor.begin()
    watch.tell("asked for")
    editor.shot("sending")
    with daemon.client() as client:
        gimp.until(client.jobs, "a job", WAIT_S)
        watch.tell("sent")
        gimp.until(lambda: editor.has_preview() or is_over(client), "a preview", WAIT_S)
        watch.tell("first preview")
        editor.shot("growing")
        gimp.until(lambda: is_over(client), "the job's end", WAIT_S)
        watch.tell("painted")
    gimp.until(editor.is_placed, "the layer", WAIT_S)
    watch.tell("placed")
    time.sleep(CALM_S)
    editor.shot("placed")
    watch.tell("shown")
    watch.console.print(editor.layers())
    look(editor, picture, watch.console)
    watch.tell("looked at: what waits here is this bench's own, as it reads every sample")
    watch.began_s = time.monotonic()
    editor.undo()
    watch.tell("undone")
    watch.tell(f"looked at: {'the same' if editor.layers() == before else 'OTHER'} layers")
    editor.duplicate()
    time.sleep(CALM_S)
    watch.tell("for comparison, the editor's own Duplicate Layer")
    watch.ended = True


def course_of(options: argparse.Namespace) -> Callable[..., None]:
    """What is done in the editor."""
    return course if options.mishap is None else partial(getattr(mishaps, options.mishap), when=options.when)


def in_gimp(options: argparse.Namespace, console: Console, folder: Path, daemon: Daemon) -> None:
    """A GIMP whose dialog begins with the size and steps that were asked for here."""
    home = installed(gimp.new_home(chroot.ensure(), folder / "home"), daemon)
    script = home.config / "plug-ins" / PLUG_IN / f"{PLUG_IN}.py"
    source = script.read_text().replace('scaled; 0: never)", 1024', f'scaled; 0: never)", {options.size}')
    script.write_text(source.replace('usual)", wishes.AS_USUAL', f'usual)", {options.steps}'))
    picture = home.path / FILES[options.depth]
    console.print(f"GIMP: {written(picture, options.megapixels, options.depth).size}, {options.depth} bits")
    with gimp_seat.seated(home, folder, outlived_s=OUTLIVED_S) as seat:
        editor = InGimp(seat, options.output)
        roots = [seat.window.process.pid, daemon.process.pid]
        watch = Watch(console, roots, daemon.home.config.data_dir, editor.felt)
        course_of(options)(editor, picture, watch, daemon)


def in_krita(options: argparse.Namespace, console: Console, folder: Path, daemon: Daemon) -> None:
    """Krita."""
    at = studio.Studio(chroot.ensure(krita=True), folder, daemon, outlived_s=OUTLIVED_S)
    try:
        editor = InKrita(at, options)
        picture = editor.window.home.path / FILES[options.depth]
        console.print(f"Krita: {written(picture, options.megapixels, options.depth).size}, {options.depth} bits")
        roots = [editor.window.process.pid, daemon.process.pid]
        watch = Watch(console, roots, daemon.home.config.data_dir, editor.felt)
        course_of(options)(editor, picture, watch, daemon)
    finally:
        at.close()


def main() -> None:
    """One editor."""
    parser = argparse.ArgumentParser(description="a print in an editor")
    parser.add_argument("editor", choices=["gimp", "krita"])
    parser.add_argument("--megapixels", type=float, default=100.0)
    parser.add_argument("--depth", type=int, default=8, choices=[8, 16])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--mishap", choices=["cancel", "kill", "crash"])
    parser.add_argument("--when", choices=["sending", "growing"], default="growing")
    parser.add_argument("--output", type=Path, default=Path("out/print-size"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    console, place = Console(width=200), Home()
    daemon = Daemon(place)
    try:
        with tempfile.TemporaryDirectory(prefix="imp-print-") as folder:
            {"gimp": in_gimp, "krita": in_krita}[options.editor](options, console, Path(folder), daemon)
    finally:
        daemon.end()
        place.remove()


if __name__ == "__main__":
    main()
