"""What may go wrong while a print is painted in an editor: a cancel in the middle, and the death of the daemon.

Knows the editors and the watch of ``print_size``, which calls it for `--mishap`, and nothing of how they are reached.
Told are, in each part, the seconds and what the loop of the editor let wait; at the end whether every layer is what it
was and what the painter was told. Nothing that was not so is called so: a wait that has no end ends with an error.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

from editors import gimp
from harness import Daemon
from impasto.v1 import stylize_pb2

WAIT_S, CALM_S, TOLD_S = 900, 5, 0.7
UNDER_WAY = 16 << 20  # bytes that have come: it is being sent


def begun(editor: Any, picture: Path, watch: Any, daemon: Daemon, when: str) -> list[Any]:
    """The picture is open and its painting is as far as it is to be; the layers as they were."""
    editor.open(picture)
    time.sleep(CALM_S)
    before = list(editor.layers())
    watch.tell("opened and looked at")
    watch.began_s = time.monotonic()
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
