"""A painting in mid-run at a seat, for tests of what may happen to it: begun, looked at, over with nothing left.

Knows the plug-in in a window and the real daemon behind it. Called by test_gimp_midrun.py.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from editors import gimp
from editors.gimp_seat import HEARD_S, Seat
from harness import Daemon, wait_for
from impasto.v1 import stylize_pb2

SIZE = 256, 192
GROWING, PHOTO = "photo, growing", "photo"
BUSY = 0.2  # of a processor: what a worker that paints takes at the least, and an idle one never
TICKS_PER_S = 100  # Linux's, in /proc


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


def job_of(daemon: Daemon) -> str:
    """The one job that is not over."""
    over = (stylize_pb2.JOB_STATE_SUCCEEDED, stylize_pb2.JOB_STATE_FAILED, stylize_pb2.JOB_STATE_CANCELLED)
    (job,) = (name for name, state in jobs(daemon).items() if state not in over)
    return job


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


def agree(seat: Seat, title: str, done: Callable[[], bool], prepare: Callable[[str], None] | None = None) -> None:
    """Presses the last button of a dialog of GIMP's, again where it came too early, until `done()`."""
    dialog = seat.screen.wait_window(title, log=seat.window.log)

    def pressed() -> bool:
        if dialog in seat.screen.windows():
            if prepare:
                prepare(dialog)
            x, y, width, height = seat.screen.place(dialog)
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


def stroke(seat: Seat) -> None:
    """A stroke of the brush over the picture, where the window shows it."""
    at = [str(number) for number in (330, 300)]
    seat.screen.focus(seat.main())
    seat.screen.tool("xdotool", "mousemove", *at, "sleep", "0.3", "mousedown", "1", "sleep", "0.2",
                     "mousemove_relative", "40", "20", "sleep", "0.2", "mousemove_relative", "40", "20", "sleep", "0.2",
                     "mouseup", "1")  # fmt: skip
