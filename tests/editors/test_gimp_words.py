"""What a painter reads in GIMP when Impasto has no room: over a real daemon with little of it, from the menu."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from editors import gimp
from editors.gimp_seat import DIALOG, Seat, seated
from editors.test_gimp_plugin import installed
from harness import Daemon, Home, raw
from impasto.config import Limits
from impasto.v1 import image_pb2, stylize_pb2
from test_sharing import Client

pytestmark = pytest.mark.timeout(1800)

QUOTA_MB = 64
LARGE = 5200, 4600  # 72 MB, which is more
SMALL = 96, 64
PHOTO = "photo"


def long_and_tiny() -> stylize_pb2.StylizeRequest:
    """A request that will not end by itself, of samples that nobody has to decode and states that need no room."""
    noise = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)
    pixels = raw(noise, image_pb2.PIXEL_FORMAT_RGB, image_pb2.SAMPLE_TYPE_U8)
    spec = stylize_pb2.StylizeSpec(content=pixels, steps=9000)
    spec.styles.add().image.CopyFrom(pixels)
    return stylize_pb2.StylizeRequest(spec=spec)


@pytest.fixture(scope="module")
def narrow() -> Iterator[Daemon]:
    """A daemon that may take little of the disk."""
    home = Home(IMPASTO_DISK_QUOTA_MB=str(QUOTA_MB))
    daemon = Daemon(home)
    yield daemon
    home.run("stop", "--cancel-jobs")
    daemon.end()
    home.remove()


@pytest.fixture(scope="module")
def seat(root: Path, tmp_path_factory: pytest.TempPathFactory, narrow: Daemon) -> Iterator[Seat]:
    """A GIMP in a window."""
    folder = tmp_path_factory.mktemp("words")
    with seated(installed(gimp.new_home(root, folder / "home"), narrow), folder) as seat:
        yield seat


def told(seat: Seat, what: str) -> None:
    """Chooses the filter and agrees: a message comes, the painting's window goes, the image is as it was."""
    before = seat.wait([PHOTO])
    dialog = seat.screen.open(seat.main(), "ctrl+alt+p", DIALOG, log=seat.window.log)
    seat.insist(dialog, "alt+o", lambda: dialog not in seat.screen.windows(), "the end of the dialog")
    seat.until(seat.messages, "a message")
    seat.gone()
    seat.screen.screenshot(seat.folder / f"{what}.png")
    seat.dismiss_messages()
    seat.until(lambda: seat.state() == before, f"an image as it was: {before}")


def test_no_room_on_the_disk(seat: Seat) -> None:
    """A picture larger than all that Impasto may keep: what to do is said, and nothing is in the image."""
    seat.do(f"blank{LARGE}")
    told(seat, "disk")
    words = seat.do("words()")

    assert "all the room that Impasto may take of the disk is taken" in words
    assert "remove old pictures, and try again" in words


def test_a_full_queue(seat: Seat, narrow: Daemon) -> None:
    """As many pictures of others wait as are allowed: when to try again is said."""
    limits = Limits()
    seat.do(f"fresh{SMALL}")
    with narrow.channel() as channel:
        for number in range(limits.max_jobs // limits.max_jobs_per_client):
            other = Client(channel, f"other-{number}")
            for _ in range(limits.max_jobs_per_client):
                other.created(long_and_tiny())
        told(seat, "queue")
        words = seat.do("words()")

    assert "too many pictures wait already: try again in about" in words


def test_a_style_picture_that_has_gone(seat: Seat) -> None:
    """Its path and the system's reason are said."""
    seat.do(f"fresh{SMALL}")
    words = seat.do("words(style='file', style_file=Gio.File.new_for_path('/gone/starry.png'))")

    assert "the style picture /gone/starry.png cannot be read: No such file or directory" in words
