"""A painting in mid-run at a seat, for tests of what may happen to it: begun, looked at, over with nothing left.

Knows the plug-in in a window and the real daemon behind it. Called by test_gimp_midrun.py.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from editors import gimp
from editors.gimp_seat import HEARD_S, LONG, PLUG_IN_FILE, Seat
from harness import Daemon, held, wait_for
from impasto.v1 import stylize_pb2

SIZE = 256, 192
SMALL, STEPS = (144, 112), 200  # for paintings that are waited for to their end, seconds long
GROWING, PHOTO, KEPT = "photo, growing", "photo", "photo, swirl"
CHANGE = 3.0  # of 255, on the mean, between two looks: less when a picture is nearly its end's
BUSY = 0.2  # of a processor: what a worker that paints takes at the least, and an idle one never
TICKS_PER_S = 100  # Linux's, in /proc

# Another script, which calls the filter as scripts do; GIMP shows its progress, with a Cancel of its own.
CALLING = f"""#!/usr/bin/env python3
from gimpfu import *
def calling(image, drawable):
    pdb.python_fu_impasto(image, drawable, "swirl", "", 0.5, 1.0, False, 1024, {LONG}, 0, None)
register("calling", "b", "h", "a", "c", "2026", "Calling", "*", [(PF_IMAGE, "image", "", None),
         (PF_DRAWABLE, "drawable", "", None)], [], calling, menu="<Image>/Filters")
main()
"""


CANCEL_PX = 505, 18  # where GIMP's button is: from the left and from below, in a window that nobody has sized


def begun(seat: Seat, size: tuple[int, int] = SIZE) -> dict[str, str]:
    """A new picture on which a painting has begun: what its pixels were."""
    seat.dismiss_messages()
    seat.do(f"fresh{size}")
    seat.wait([PHOTO])
    before = seat.pixels()
    seat.begin()
    return before


def grown(seat: Seat, daemon: Daemon) -> tuple[dict[str, str], str]:
    """A new picture on which a painting has begun to grow: what its pixels were, and the painting's job."""
    before = begun(seat)
    seat.wait([GROWING, PHOTO])
    wanted = {"locked": [GROWING], "selected": [PHOTO], "dirty": False, "undo": True}
    seat.until(lambda: wanted.items() <= seat.state().items(), f"{wanted}, but for moments of writing")
    return before, job_of(daemon)


def jobs(daemon: Daemon) -> dict[str, int]:
    """States of all jobs, by name."""
    with daemon.client() as client:
        return {job.name: job.state for job in client.jobs()}


def step_of(daemon: Daemon, name: str) -> int:
    """How far a job is."""
    with daemon.client() as client:
        return next(job.step for job in client.jobs() if job.name == name)


def unfinished(daemon: Daemon) -> list[str]:
    """The jobs that are not over."""
    over = (stylize_pb2.JOB_STATE_SUCCEEDED, stylize_pb2.JOB_STATE_FAILED, stylize_pb2.JOB_STATE_CANCELLED)
    return [name for name, state in jobs(daemon).items() if state not in over]


def job_of(daemon: Daemon) -> str:
    """The one job that is not over, as soon as those of whoever was here before are."""
    wait_for(lambda: len(unfinished(daemon)) == 1, "one job")
    return unfinished(daemon)[0]


@contextmanager
def between_frames(seat: Seat) -> Iterator[int]:
    """The plug-in, by its number, stands still between two frames; GIMP waits for nothing of it, and undo works.

    While a frame is put on the canvas the history is frozen: what a user does in those milliseconds is no step of it,
    and an undo is not heard.
    """
    (plug_in,) = seat.processes(PLUG_IN_FILE)

    def still() -> bool:
        os.kill(plug_in, signal.SIGSTOP)
        if seat.hears("image.undo_is_enabled() and len(Gimp.get_images()) == 1", HEARD_S):
            return True
        os.kill(plug_in, signal.SIGCONT)  # it was in the middle of a frame, or of a word to GIMP, which waits for it
        time.sleep(HEARD_S / 10)
        return False

    seat.until(still, "a moment between two frames")
    try:
        yield plug_in
    finally:
        with suppress(ProcessLookupError):
            os.kill(plug_in, signal.SIGCONT)


def ended_between_frames(seat: Seat, daemon: Daemon) -> bool:
    """A small painting begins, and its daemon is killed when a second frame is there; False where it was over then."""
    begun(seat, SMALL)
    seat.until(lambda: len(seat.names()) == 2, "a frame, or the end")
    first = seat.pixels().get(GROWING)
    seat.until(lambda: seat.pixels().get(GROWING) != first or KEPT in seat.names(), "another one, or the end")
    with held(daemon):
        caught = bool(unfinished(daemon))
        if caught:
            daemon.process.kill()
            daemon.process.wait()
    seat.gone()
    return caught


def load(pid: int, over_s: float = 0.5) -> float:
    """How much of a processor a process takes, over half a second."""

    def ticks() -> int:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))

    before, began_s = ticks(), time.monotonic()
    time.sleep(over_s)
    return (ticks() - before) / TICKS_PER_S / (time.monotonic() - began_s)


def idle(daemon: Daemon) -> bool:
    """Whether the device does nothing."""
    return load(daemon.info().devices[0].worker_pid) < BUSY


def cancelled(seat: Seat, daemon: Daemon, job: str) -> None:
    """The painting ends by itself: no window, no preview, no frozen history, a cancelled job, an idle device."""
    seat.gone()
    wait_for(lambda: jobs(daemon)[job] == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel")
    wait_for(lambda: idle(daemon), "an idle device")
    seat.until(lambda: GROWING not in seat.names(), "an image without the preview")
    assert seat.state().get("undo", True)


def press(seat: Seat, *keys: str) -> None:
    """Keys in GIMP's own window."""
    seat.key(seat.main(), *keys)


def work(seat: Seat, *keys: str, **wanted: object) -> None:
    """Keys in GIMP's own window, between two frames, the last of which makes the image what is `wanted`.

    All but the last do no harm if they are pressed again, and select the uppermost layer.
    """
    with between_frames(seat):
        for key in keys[:-1]:
            seat.insist(seat.main(), key, lambda: seat.state()["selected"] == seat.names()[:1], "the uppermost layer")
        press(seat, keys[-1])
        seat.until(lambda: wanted.items() <= seat.state().items(), f"an image of {wanted}")


def called(seat: Seat, daemon: Daemon) -> str:
    """Has another script call the filter; the job."""
    known = set(jobs(daemon))

    def new() -> set[str]:
        press(seat, "ctrl+alt+x")  # not soon again: twice would be two
        return gimp.soon(lambda: set(jobs(daemon)) - known, gimp.OPENS_S)

    (job,) = seat.until(new, "a job")
    return str(job)


def stop_calling(seat: Seat) -> None:
    """Clicks on GIMP's Cancel, again where it was not there yet, until the script has gone."""

    def stopped() -> bool:
        x, y, _, height = seat.screen.place(seat.main())
        seat.screen.click(x + CANCEL_PX[0], y + height - CANCEL_PX[1])
        return gimp.soon(lambda: not seat.processes("calling.py"), HEARD_S)

    seat.until(stopped, "the end of the script")


def agree(seat: Seat, title: str, done: Callable[[], bool], prepare: Callable[[str], None] | None = None) -> None:
    """Presses the last button of a dialog of GIMP's, again where it came too early, until `done()`."""
    dialog = seat.screen.wait_window(title, log=seat.window.log)

    def pressed() -> bool:
        if dialog not in seat.screen.windows():
            return gimp.soon(done, HEARD_S)
        if prepare:
            prepare(dialog)
        x, y, width, height = seat.screen.place(dialog)
        with between_frames(seat):
            seat.screen.click(x + width - 50, y + height - 30)
            return gimp.soon(done, HEARD_S)

    seat.until(pressed, f"what {title} does")


def undone(seat: Seat, before: dict[str, str], **shape: object) -> None:
    """One undo, and the image has the layer that it had, to the pixel; a second one changes nothing."""
    for _ in range(2):
        press(seat, "ctrl+z")
        seat.until(lambda: shape.items() <= seat.state().items(), f"an image of {shape}")
        time.sleep(0.3)
        assert seat.pixels()[PHOTO] == before[PHOTO]
        assert shape.items() <= seat.state().items()


def lies(seat: Seat) -> dict[str, Any]:
    """Where the uppermost layer is, its size, its mask, and its pixels, as rows of pixels of three numbers."""
    told: dict[str, Any] = seat.do("lies()")
    width, height = told["size"]
    told["pixels"] = np.frombuffer(bytes.fromhex(told["pixels"]), np.uint8).reshape(height, width, 3).astype(float)
    return told


def settled(seat: Seat) -> dict[str, Any]:
    """As `lies`, as soon as one frame is nearly the next: the job may be steps ahead of a canvas that is late."""
    last = lies(seat)

    def hardly_changes() -> dict[str, Any]:
        nonlocal last
        before, last = last, lies(seat)
        change = abs(last["pixels"] - before["pixels"]).mean()
        return last if 0 < change < CHANGE else {}

    return dict(seat.until(hardly_changes, "a picture that hardly changes any more"))


def stroke(seat: Seat) -> None:
    """A stroke of the brush over the picture, where the window shows it."""
    at = [str(number) for number in (330, 300)]
    seat.screen.focus(seat.main())
    seat.screen.tool("xdotool", "mousemove", *at, "sleep", "0.3", "mousedown", "1", "sleep", "0.2",
                     "mousemove_relative", "40", "20", "sleep", "0.2", "mousemove_relative", "40", "20", "sleep", "0.2",
                     "mouseup", "1")  # fmt: skip
