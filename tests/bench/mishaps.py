"""What may go wrong while a print is painted in an editor: a cancel, and the death of the daemon or of the editor.

Knows the editors and the watch of ``print_size``, which calls it for `--mishap`, and nothing of how they are reached.
Told are, in each part, the seconds and what the loop of the editor let wait; at the end whether every layer is what it
was, what the painter was told, what still runs, and which files have come. Nothing that was not so is called so: a wait
that has no end ends with an error.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from editors import gimp
from harness import Daemon
from impasto.v1 import stylize_pb2

WAIT_S, CALM_S, TOLD_S, BUSY_S = 900, 5, 0.7, 1.0
UNDER_WAY = 16 << 20  # bytes that have come: it is being sent
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
STARTED = ("plug-in", "pipe")  # by an editor
NAMES = {  # whose process it is, by what its command line has in it, the most telling first
    "impasto_neural_style.py": "plug-in",
    "impasto.worker": "worker",
    "impasto.codec": "codec",
    "serve": "front",
    "pipe": "pipe",
    "krita": "editor",
    "gimp": "editor",
}


def named(pid: int) -> str:
    """Who a process is; empty for nobody of ours."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    names = {Path(word).name for word in words[:6]}
    return next((NAMES[name] for name in NAMES if name in names), "")


def running(daemon: Daemon) -> dict[int, str]:
    """Who runs of all that belongs to this daemon's home, the editor and what it started included."""
    mark = f"IMPASTO_RUNTIME_DIR={daemon.home.config.runtime_dir}\0".encode()
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes() and (name := named(int(folder.name))):
                found[int(folder.name)] = name
    return found


def busy_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S
    return 0.0


def files(daemon: Daemon, editor: Any) -> dict[str, int]:
    """Every file of the daemon's home and of the editor's, with its size."""
    found: dict[str, int] = {}
    for folder in (daemon.home.path, editor.home):
        found |= {str(path): size(path) for path in folder.rglob("*") if path.is_file()}
    return found


def left(daemon: Daemon, editor: Any, before: dict[str, int]) -> Iterator[str]:
    """Who runs and how busy they are, in shares of a core; which files have come since."""
    now = {pid: (name, busy_s(pid)) for pid, name in running(daemon).items()}
    time.sleep(BUSY_S)
    told = (f"{name} {(busy_s(pid) - had_s) / BUSY_S:.2f}" for pid, (name, had_s) in sorted(now.items()))
    yield "runs, with its share of a core: " + ", ".join(told)
    for path, had in sorted(files(daemon, editor).items()):
        if path not in before and "/probe/" not in path:  # by which this bench asks Krita
            yield f"new file of {had / (1 << 20):.1f} MiB: {path}"


def ready(editor: Any, picture: Path, watch: Any, daemon: Daemon) -> list[Any]:
    """The picture is open; its layers."""
    editor.open(picture)
    time.sleep(CALM_S)
    before = list(editor.layers())
    editor.had = files(daemon, editor)
    watch.tell("opened and looked at")
    watch.began_s = time.monotonic()
    return before


def begun(editor: Any, picture: Path, watch: Any, daemon: Daemon, when: str) -> list[Any]:
    """The picture is open and its painting is as far as it is to be; the layers as they were."""
    before = ready(editor, picture, watch, daemon)
    reach(editor, daemon, when)
    watch.tell("sending" if when == "sending" else "growing")
    return before


def reach(editor: Any, daemon: Daemon, when: str) -> None:
    """Begins a painting, and waits until it is that far."""
    had = coming(daemon)
    editor.begin()
    if when == "sending":
        gimp.until(lambda: coming(daemon) > had + UNDER_WAY, "the layer on its way", WAIT_S)
        with daemon.client() as client:
            assert not any(job.state == stylize_pb2.JOB_STATE_RUNNING for job in client.jobs()), "all of it has come"
    else:
        gimp.until(editor.has_preview, "a preview", WAIT_S)


def coming(daemon: Daemon) -> int:
    """Bytes that the daemon has on its disk, those under way too."""
    return sum(size(path) for path in daemon.home.config.data_dir.rglob("*"))


def size(path: Path) -> int:
    """Of a file; nothing of one that has gone."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def cancel(editor: Any, picture: Path, watch: Any, daemon: Daemon, when: str) -> None:
    """Cancelled in the middle: all is as it was, nothing runs, and another painting comes out."""
    before = begun(editor, picture, watch, daemon, when)
    watch.began_s = time.monotonic()
    editor.cancel()
    gimp.until(editor.is_stopped, "the end of the painting", WAIT_S)
    watch.tell("cancelled, as the painter sees it")
    with daemon.client() as client:
        ended = (stylize_pb2.JOB_STATE_CANCELLED, stylize_pb2.JOB_STATE_SUCCEEDED)  # it may just have been done
        gimp.until(lambda: all(job.state in ended for job in client.jobs()), "the job's end", WAIT_S)
        states = [stylize_pb2.JobState.Name(job.state) for job in client.jobs()]
        watch.tell(f"ended in the daemon, {states or 'no job ever was'}")
    editor.shot("cancelled")
    watch.tell(f"{'the same' if editor.layers() == before else 'OTHER'} layers")
    say(watch, left(daemon, editor, editor.had))
    finish(editor, watch, before, again=True)


def kill(editor: Any, picture: Path, watch: Any, daemon: Daemon, when: str) -> None:
    """The daemon killed (-9) in the middle: the editor lives, says so, and the painting comes out."""
    before = begun(editor, picture, watch, daemon, when)
    if when == "growing":
        time.sleep(CALM_S)  # its first frame takes GIMP's plug-in seconds, in which it hears nothing
    watch.began_s = time.monotonic()
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait()
    time.sleep(TOLD_S)
    editor.shot("killed")
    watch.tell(f"daemon killed; told: {editor.words()}")
    gimp.until(daemon.home.serving, "another daemon", WAIT_S)
    watch.roots += daemon.home.serving()
    editor.shot("another")
    watch.tell(f"another daemon; told: {editor.words()}")
    finish(editor, watch, before)
    watch.tell(f"told in all: {editor.words()}")
    say(watch, left(daemon, editor, editor.had))


def crash(editor: Any, picture: Path, watch: Any, daemon: Daemon, when: str) -> None:
    """The editor killed (-9) in the middle, what it started left to itself: soon nothing of it runs or lies about."""
    ready(editor, picture, watch, daemon)
    itself = editor.pid()
    reach(editor, daemon, when)
    os.kill(itself, signal.SIGKILL)
    began_s, started = time.monotonic(), [name for name in running(daemon).values() if name in STARTED]

    def say_when(what: str) -> None:
        watch.console.print(f"{time.monotonic() - began_s:.1f} s after the editor was killed: {what}")

    gimp.until(lambda: not {*STARTED} & set(running(daemon).values()), "the end of what it started", WAIT_S)
    say_when(f"{', '.join(started)} gone")
    with daemon.client() as client:
        ended = (stylize_pb2.JOB_STATE_CANCELLED, stylize_pb2.JOB_STATE_SUCCEEDED)
        gimp.until(lambda: all(job.state in ended for job in client.jobs()), "the job's end", WAIT_S)
        states = [stylize_pb2.JobState.Name(job.state) for job in client.jobs()]
    say_when(", ".join(states) or "no job ever was")
    workers = [pid for pid, name in running(daemon).items() if name == "worker"]
    gimp.until(lambda: all(idle(pid) for pid in workers), "an idle device", WAIT_S)
    say_when("the device is idle")
    say(watch, left(daemon, editor, editor.had))
    watch.ended = True


def idle(pid: int) -> bool:
    """Whether a process does nothing for a moment."""
    had_s = busy_s(pid)
    time.sleep(BUSY_S / 5)
    return busy_s(pid) - had_s <= 2 * TICK_S


def say(watch: Any, lines: Iterator[str]) -> None:
    """Each in a line."""
    for line in lines:
        watch.console.print(f"    {line}")


def finish(editor: Any, watch: Any, before: list[Any], *, again: bool = False) -> None:
    """The painting comes out, another one if this one was cancelled, and is one step."""
    if again:
        watch.began_s = time.monotonic()
        editor.begin()
    gimp.until(editor.is_placed, "the layer", WAIT_S)
    watch.tell("placed")
    time.sleep(CALM_S)
    editor.shot("finished")
    watch.console.print(editor.layers())
    watch.tell("looked at, which waits")
    editor.undo()
    watch.tell("undone")
    watch.tell(f"looked at, {'the same' if editor.layers() == before else 'OTHER'} layers")
    watch.ended = True
