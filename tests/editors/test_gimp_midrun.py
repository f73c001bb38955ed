"""What a user may do to the image while the picture grows on it, by keys and strokes in a real window.

One GIMP serves all cases but those that kill something: each begins with a new picture, and ends with the painting's
window gone and its job over.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from editors import gimp, results
from editors.gimp_seat import Seat, endless, remember, seated
from editors.midrun import (
    BUSY,
    CALLING,
    GROWING,
    KEPT,
    PHOTO,
    SIZE,
    SMALL,
    STEPS,
    agree,
    begun,
    between_frames,
    called,
    cancelled,
    ended_between_frames,
    grown,
    idle,
    job_of,
    jobs,
    lies,
    load,
    press,
    settled,
    step_of,
    stop_calling,
    stroke,
    undone,
    work,
)
from editors.test_gimp_plugin import PLUG_IN, UNFORGIVING, installed
from harness import Daemon, alive, wait_for
from impasto.v1 import stylize_pb2

pytestmark = pytest.mark.timeout(1800)

ACTIONS = {
    "layers-select-top": "<Primary><Alt>t",
    "layers-delete": "<Primary><Alt>d",
    "layers-merge-down": "<Primary><Alt>m",
    "image-flatten": "<Primary><Alt>f",
    "image-scale": "<Primary><Alt>s",
    "image-convert-grayscale": "<Primary><Alt>g",
    "image-convert-u16": "<Primary><Alt>u",
    "python-fu-calling": "<Primary><Alt>x",
}
SETTLED = 150  # steps after which the picture is its end's but for 16 of 255, measured; after the first ones but for 40
GONE_S = 2.0  # a killed GIMP's job is over so soon
GRAY, U16 = 1, 250


@pytest.fixture(scope="module")
def seat(root: Path, tmp_path_factory: pytest.TempPathFactory, daemon: Daemon) -> Iterator[Seat]:
    """A GIMP in a window for all cases that leave it alive."""
    folder = tmp_path_factory.mktemp("midrun")
    home = endless(installed(gimp.new_home(root, folder / "home"), daemon))
    home.install("calling", CALLING, [results.SHIM])
    home.extra |= UNFORGIVING
    with seated(home, folder, ACTIONS) as seat:
        yield seat


def test_the_preview_is_deleted(seat: Seat, daemon: Daemon) -> None:
    """The painting ends; the only step of the history is the user's own."""
    before, job = grown(seat, daemon)
    work(seat, "ctrl+alt+t", "ctrl+alt+d", layers=[PHOTO])
    cancelled(seat, daemon, job)

    assert seat.pixels() == before
    assert len(seat.messages()) == 1
    press(seat, "ctrl+z")
    assert seat.wait([GROWING, PHOTO])["locked"] == [GROWING]  # the message said so
    assert seat.pixels()[PHOTO] == before[PHOTO]


@pytest.mark.parametrize("keys", [("ctrl+alt+t", "ctrl+alt+m"), ("ctrl+alt+f",)], ids=["merged", "flattened"])
def test_the_preview_is_merged(seat: Seat, daemon: Daemon, keys: tuple[str, ...]) -> None:
    """One layer is left, the user's own step; undone, the source is as it was."""
    before, job = grown(seat, daemon)
    work(seat, *keys, layers=[PHOTO])
    cancelled(seat, daemon, job)

    seat.wait([PHOTO])
    press(seat, "ctrl+z")
    seat.wait([GROWING, PHOTO])
    assert seat.pixels()[PHOTO] == before[PHOTO]


def test_the_image_becomes_gray(seat: Seat, daemon: Daemon) -> None:
    """The image is converted, as the user said, and one undo makes it what it was."""
    before, job = grown(seat, daemon)
    work(seat, "ctrl+alt+g", mode=GRAY)
    cancelled(seat, daemon, job)

    assert (seat.names(), seat.state()["mode"]) == ([PHOTO], GRAY)
    undone(seat, before, mode=0, layers=[PHOTO])


def test_the_image_gets_another_precision(seat: Seat, daemon: Daemon) -> None:
    """Likewise, by GIMP's dialog, while frames go on behind it."""
    before, job = grown(seat, daemon)
    press(seat, "ctrl+alt+u")
    agree(seat, "Encoding Conversion", lambda: seat.state().get("precision") == U16)
    cancelled(seat, daemon, job)

    undone(seat, before, precision=150, layers=[PHOTO])


def test_the_image_is_scaled(seat: Seat, daemon: Daemon) -> None:
    """Likewise, to half its size."""
    before, job = grown(seat, daemon)
    press(seat, "ctrl+alt+s")

    def half(dialog: str) -> None:
        x, y, _, _ = seat.screen.place(dialog)
        seat.screen.focus(dialog)
        seat.screen.click(x + 150, y + 88)
        seat.screen.keys("ctrl+a", "1", "2", "8")

    agree(seat, "Scale Image", lambda: seat.state().get("size") == [128, 96], half)
    cancelled(seat, daemon, job)

    undone(seat, before, size=list(SIZE), layers=[PHOTO])


def test_escape_in_the_window_of_the_painting(seat: Seat, daemon: Daemon) -> None:
    """As closing it is: a cancel that leaves no layer, no step, a clean image, and says nothing."""
    before, job = grown(seat, daemon)
    seat.insist(seat.live(), "Escape", lambda: not seat.live(), "the end of the painting's window")
    cancelled(seat, daemon, job)

    wanted = {"layers": [PHOTO], "dirty": False, "undo": True}
    seat.until(lambda: wanted.items() <= seat.state().items(), f"an image that is {wanted}")
    assert seat.messages() == []
    assert seat.pixels() == before


def test_the_cancel_of_gimp(seat: Seat, daemon: Daemon) -> None:
    """Where another script called the filter, GIMP shows progress; its Cancel ends both, and no layer comes later."""
    seat.dismiss_messages()
    seat.do(f"fresh{SIZE}")
    before = seat.wait([PHOTO])
    job = called(seat, daemon)
    seat.until(lambda: step_of(daemon, job) > 0, "its first step")
    seat.screen.screenshot(seat.folder / "cancel.png")
    stop_calling(seat)
    cancelled(seat, daemon, job)

    assert not seat.processes("calling.py")
    assert not seat.processes(f"{PLUG_IN}.py")
    seat.until(lambda: seat.state() == before, f"an image as it was: {before}")
    assert seat.do("len(Gimp.get_images())") == 1


def test_the_preview_lies_where_the_result_will(seat: Seat, daemon: Daemon) -> None:
    """Of a selected part of a layer off its place: the same place, size and mask, and the same picture there."""
    seat.dismiss_messages()
    seat.do(f"fresh{SIZE}")
    seat.do("image.get_layers()[0].set_offsets(-20, 10)")
    seat.do("image.select_ellipse(Gimp.ChannelOps.REPLACE, 30, 40, 90, 70)")
    seat.do("image.clean_all()")
    seat.wait([PHOTO])
    seat.begin()
    seat.wait([GROWING, PHOTO])
    before, job = lies(seat)["pixels"], job_of(daemon)
    seat.until(lambda: step_of(daemon, job) >= SETTLED, "a picture that is nearly painted")
    growing = settled(seat)
    seat.insist(seat.live(), "alt+s", lambda: seat.names() == [KEPT, PHOTO], "one new layer")
    seat.gone()
    kept = lies(seat)

    assert all(kept[what] == growing[what] for what in ("place", "size", "mask"))
    assert kept["mask"]
    middle, aside = np.s_[45:85, 70:120], np.s_[15:55, 20:70]  # by the selection's corner, where it once was
    off = abs(growing["pixels"][middle] - kept["pixels"][middle]).mean()
    far = abs(growing["pixels"][middle] - kept["pixels"][aside]).mean()
    assert off < far / 2, (off, far)
    assert np.array_equal(growing["pixels"][:20], before[:20]), "it is painted where nothing is selected"


def test_the_image_is_closed(seat: Seat, daemon: Daemon) -> None:
    """No question is asked, for nothing of the user's is unsaved; the image and the painting are gone."""
    _, job = grown(seat, daemon)
    press(seat, "ctrl+w")
    cancelled(seat, daemon, job)

    assert seat.state()["valid"] is False
    assert seat.do("len(Gimp.get_images())") == 0, "something hidden was left"


def test_an_undo_that_takes_the_source_away(seat: Seat, daemon: Daemon) -> None:
    """The user undoes what made the layer that is painted: the painting ends, and redo brings only the layer.

    GIMP remembers at which place it was among the layers with the preview above it, so it may come back one lower.
    """
    seat.do(f"fresh{SIZE}")
    seat.do("image.insert_layer(image.get_layers()[0].copy(), None, 0)")
    seat.wait(["photo copy", PHOTO])
    before = seat.pixels()
    seat.begin()
    seat.wait(["photo copy, growing", "photo copy", PHOTO])
    job = job_of(daemon)
    work(seat, "ctrl+z", layers=["photo copy, growing", PHOTO])
    cancelled(seat, daemon, job)

    seat.wait([PHOTO])
    press(seat, "ctrl+y")
    seat.until(lambda: sorted(seat.names()) == [PHOTO, "photo copy"], "the layer again")
    assert seat.pixels() == before


def test_the_user_paints_and_zooms_meanwhile(seat: Seat, daemon: Daemon) -> None:
    """Strokes go to the user's layer and are steps of their own, undone and redone in mid-run and afterwards.

    Then *Stop and keep*: one new layer, one step; undone, the strokes are still there.
    """
    before, job = grown(seat, daemon)
    press(seat, "p")
    with between_frames(seat):
        stroke(seat)
        seat.until(lambda: seat.pixels()[PHOTO] != before[PHOTO], "a stroke on the user's layer")
        painted = seat.pixels()[PHOTO]
    for key, wanted in (("ctrl+z", before[PHOTO]), ("ctrl+y", painted)):
        with between_frames(seat):
            press(seat, key)
            seat.until(lambda wanted=wanted: seat.pixels()[PHOTO] == wanted, f"what {key} does in mid-run")
    press(seat, "plus", "plus", "1")
    grows = seat.pixels()[GROWING]
    seat.until(lambda: seat.pixels().get(GROWING) != grows, "the picture growing on")
    seat.screen.screenshot(seat.folder / "painted-meanwhile.png")
    assert job_of(daemon) == job
    seat.insist(seat.live(), "alt+s", lambda: seat.names() == [KEPT, PHOTO], "one new layer")
    seat.gone()

    kept = seat.pixels()
    assert kept[PHOTO] == painted
    for key, layers, photo in (
        ("ctrl+z", [PHOTO], painted), ("ctrl+z", [PHOTO], before[PHOTO]), ("ctrl+z", [PHOTO], before[PHOTO]),
        ("ctrl+y", [PHOTO], painted), ("ctrl+y", [KEPT, PHOTO], painted),
    ):  # fmt: skip
        press(seat, key)
        seat.until(lambda layers=layers, photo=photo: (seat.names(), seat.pixels()[PHOTO]) == (layers, photo), key)
        time.sleep(0.3)
    assert seat.pixels() == kept


def test_the_plug_in_is_killed(seat: Seat, daemon: Daemon) -> None:
    """With -9, as GIMP's own Cancel does: the job is cancelled, undo works, the preview is all that is left."""
    before, job = grown(seat, daemon)
    press(seat, "p")
    with between_frames(seat) as plug_in:  # a frame that is being drawn would stay, in an image without a window
        stroke(seat)
        seat.until(lambda: seat.pixels()[PHOTO] != before[PHOTO], "a stroke on the user's layer")
        os.kill(plug_in, signal.SIGKILL)
    took_s = wait_for(lambda: jobs(daemon)[job] == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel")
    sys.stdout.write(f"\nplug-in killed: its job is cancelled after {took_s:.2f} s\n")
    seat.gone()

    state = seat.state()
    assert (state["layers"], state["locked"], state["undo"]) == ([GROWING, PHOTO], [GROWING], True)
    assert seat.do("len(Gimp.get_images())") == 1, "something hidden was left"
    press(seat, "ctrl+z")
    seat.until(lambda: seat.pixels()[PHOTO] == before[PHOTO], "the stroke undone")
    wait_for(lambda: idle(daemon), "an idle device")


def test_the_daemon_is_killed_then_gimp(root: Path, tmp_path: Path, start: Callable[..., Daemon]) -> None:
    """The daemon killed with -9: the painting goes on, and ends with the very layer of an undisturbed one.

    Then GIMP itself with -9, what it started left alone: two seconds later the job is cancelled and the device idle.
    """
    daemon = start()
    home = installed(gimp.new_home(root, tmp_path / "home"), daemon)
    remember(home, STEPS)
    with seated(home, tmp_path, ACTIONS, outlived_s=60) as seat:
        begun(seat, SMALL)
        seat.wait([KEPT, PHOTO])
        undisturbed = seat.pixels()
        seat.gone()
        seat.until(lambda: ended_between_frames(seat, daemon), "a daemon that is killed in mid-run")
        seat.wait([KEPT, PHOTO])
        assert seat.pixels() == undisturbed

        endless(home)
        _, job = grown(seat, daemon)
        (worker,) = seat.processes("impasto.worker")  # of the daemon that the plug-in started, within the root
        wait_for(lambda: load(worker) > BUSY, "a busy device")
        (itself,) = seat.processes("gimp")
        os.kill(itself, signal.SIGKILL)
        took_s = wait_for(lambda: jobs(daemon)[job] == stylize_pb2.JOB_STATE_CANCELLED, "the job's cancel", GONE_S)
        idle_s = took_s + wait_for(lambda: not alive(worker) or load(worker, 0.1) < BUSY, "an idle device", GONE_S)
        sys.stdout.write(f"\nGIMP killed: job cancelled after {took_s:.2f} s, device idle after {idle_s:.2f} s\n")
        assert idle_s < GONE_S
