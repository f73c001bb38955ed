"""A studio's server and an artist's machine that `impasto connect` set up: a real GIMP paints over a bad network.

Two network namespaces, a cable that delays and loses packets, TLS and a token; the editor and all that it starts are
on the artist's side. The cable is pulled in the middle of a painting, and the token taken away in the end. That the
editor says what is wrong then, and that no daemon is started on the artist's machine, is held here, too.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import rooms
from editors import gimp
from editors.gimp_seat import DIALOG, WAIT_S, Seat, seated
from editors.midrun import GROWING, PHOTO
from editors.test_gimp_plugin import put
from shared import Desk, Studio
from test_remote import held

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(rooms.why_not(bad=True)), reason=rooms.why_not(bad=True)),
]

DELAY_S, LOSS = 0.04, 0.01
RESET_S, AWAY_S = 0.5, 2.5
KEPT = "photo, swirl"
SIZE = 144, 112


@dataclass
class Front:
    """The server, the artist's machine, and what is between them."""

    studio: Studio
    desk: Desk
    between: rooms.Rooms

    def alone(self) -> bool:
        """Whether nothing of Impasto runs on the artist's machine but what editors have started to speak with it."""
        return self.desk.home.serving() == [] and not self.desk.home.config.runtime_dir.joinpath("daemon.json").exists()

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Every connection breaks, and for a while nobody is reached; the server's worker stands still meanwhile."""
        with held(self.studio.daemon):
            self.between.reset()
            time.sleep(RESET_S)
            self.between.cut()
            time.sleep(AWAY_S)
            yield
            self.between.mend()

    def withdraw(self) -> None:
        """The administrator takes the artist's token away."""
        assert self.studio.home.run("token", "remove", "ann").returncode == 0


@pytest.fixture
def front() -> Iterator[Front]:
    """A server behind a bad cable, and a machine that one line has connected to it."""
    studio = Studio("ann", IMPASTO_THREADS="1")
    studio.daemon.end()
    with rooms.Rooms(DELAY_S, LOSS) as between:
        studio.start(listen=f"{rooms.SERVER}:0", before=between.server)
        desk = Desk(studio, "ann", host=rooms.SERVER)
        line = [*between.artist, *desk.home.command(*desk.command)]
        subprocess.run(line, env=desk.home.environment, check=True, timeout=60)
        yield Front(studio, desk, between)
        desk.remove()
        studio.remove()


def grows(seat: Seat) -> None:
    """The filter is chosen, and its picture is seen to grow."""
    seat.do(f"fresh{SIZE}")
    seat.wait([PHOTO])
    seat.begin()
    seat.wait([GROWING, PHOTO])


def test_gimp_paints_through_a_remote_front(root: Path, front: Front, tmp_path: Path) -> None:
    """Twice: undisturbed, then over a line that breaks. The same layer, for which no picture is sent again.

    Then without a token: GIMP says what is wrong and what to do.
    """
    home = put(gimp.new_home(root, tmp_path / "home"), front.desk.home)
    home.before = front.between.artist_as_root
    with seated(home, tmp_path) as seat:
        before = front.between.sent_bytes()
        grows(seat)
        seat.wait([KEPT, PHOTO])
        first, undisturbed = front.between.sent_bytes() - before, seat.pixels()
        before = front.between.sent_bytes()
        grows(seat)
        with front.broken():
            seat.screen.screenshot(tmp_path / "broken.png")
        seat.wait([KEPT, PHOTO])
        assert seat.pixels() == undisturbed
        again = front.between.sent_bytes() - before
        front.withdraw()
        seat.do(f"fresh{SIZE}")
        seat.wait([PHOTO])
        seat.key(seat.main(), "ctrl+alt+p")
        dialog = seat.screen.wait_window(DIALOG, WAIT_S)
        seat.insist(dialog, "alt+o", lambda: dialog not in seat.screen.windows(), "the dialog's end")
        seat.until(seat.messages, "GIMP's message")
        seat.screen.screenshot(tmp_path / "refused.png")
        refusal = seat.do("words()")
    assert "the server does not know this token, or not any more" in refusal
    assert "run `impasto connect` again" in refusal
    assert again < first / 3
    assert front.alone(), "a daemon was started on the artist's machine"
