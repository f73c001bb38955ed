"""A studio's server and an artist's machine that `impasto connect` set up: real editors paint over a bad network.

Two network namespaces, a cable that delays and loses packets, TLS and a token; the editor and all that it starts are
on the artist's side. The cable is pulled in the middle of a painting, and the token taken away in the end. That the
editors say what is wrong then, and that no daemon is started on the artist's machine, is held here, too.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import rooms
from editors import gimp, krita_seat
from editors.gimp_seat import DIALOG, WAIT_S, Seat, remember, seated
from editors.midrun import GROWING, PHOTO
from editors.studio import Studio as Krita
from editors.test_gimp_plugin import put
from harness import held
from impasto.client.lifeline import FAR_FOUND, FAR_LOST
from shared import Desk, Studio

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(rooms.why_not(bad=True)), reason=rooms.why_not(bad=True)),
]

DELAY_S, LOSS = 0.04, 0.01
RESET_S, AWAY_S = 0.5, 2.5
ENOUGH = 4  # steps: after a single one the picture is still the layer
LONG = 9000  # steps: it is stopped and kept, however quick the machine
KEPT = "photo, swirl"
SIZE, STEPS = (144, 112), 200  # seconds long, so that the line breaks in the midst of it
# Inside Krita: how much of the layer is painted; what the plug-in says of its paintings from here on.
PAINTED = """
import impasto_probe
from editors.krita_stage import share
at = impasto_probe.at
answer = share(at.samples(at.top), at.samples(at.node))
"""
LISTEN = """
import impasto_probe
from editors.krita_stage import Heard
impasto_probe.heard, impasto_probe.shown = [], []
def began(run):
    impasto_probe.heard.append(Heard(run))
    # The server is back sooner than whoever looks now and then would see.
    run.lost.connect(lambda _text: impasto_probe.shown.append(named("state_words").text()))
ours("run").shared().began.connect(began)
answer = True
"""
LAST = "__import__('impasto_probe').heard[-1]"
GROWS = "named('progress_keep').isEnabled() and named('progress_picture').isVisible()"


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
    seat.until(lambda: seat.names() in ([GROWING, PHOTO], [KEPT, PHOTO]), "a frame")  # however late one looks


def torn(seat: Seat, front: Front) -> int:
    """Paints over a line that breaks: how many bytes were sent; 0 where it was over before, however late the hand."""
    before = front.between.sent_bytes()
    grows(seat)
    with front.broken():
        in_time = seat.names() == [GROWING, PHOTO]
        seat.screen.screenshot(seat.folder / "broken.png")
    seat.wait([KEPT, PHOTO])
    seat.gone()
    return front.between.sent_bytes() - before if in_time else 0


def test_gimp_paints_through_a_remote_front(root: Path, front: Front, tmp_path: Path) -> None:
    """Twice: undisturbed, then over a line that breaks. The same layer, for which no picture is sent again.

    Then without a token: GIMP says what is wrong and what to do.
    """
    home = put(gimp.new_home(root, tmp_path / "home"), front.desk.home)
    home.before = front.between.artist_as_root
    remember(home, STEPS)
    with seated(home, tmp_path) as seat:
        before = front.between.sent_bytes()
        grows(seat)
        seat.wait([KEPT, PHOTO])
        seat.gone()
        first, undisturbed = front.between.sent_bytes() - before, seat.pixels()
        again = seat.until(lambda: torn(seat, front), "a line that breaks in mid-run")
        assert seat.pixels() == undisturbed
        front.withdraw()
        seat.do(f"fresh{SIZE}")
        seat.wait([PHOTO])
        dialog = seat.screen.open(seat.main(), "ctrl+alt+p", DIALOG, WAIT_S, seat.window.log)
        seat.insist(dialog, "alt+o", lambda: dialog not in seat.screen.windows(), "the dialog's end")
        seat.until(seat.messages, "GIMP's message")
        seat.screen.screenshot(tmp_path / "refused.png")
        refusal = seat.do("words()")
    assert "the server does not know this token, or not any more" in refusal
    assert "run `impasto connect` again" in refusal
    assert again < first / 3
    assert front.alone(), "a daemon was started on the artist's machine"


def begun(at: krita_seat.Painter) -> bool:
    """Presses the docker's button, again where its rows moved away under the pointer; whether a painting has begun."""
    if not at.ask("bool(__import__('impasto_probe').heard)"):
        at.click("stylise")
    return bool(
        at.inside("def steps():\n    yield from pause(1.0)\n    return bool(__import__('impasto_probe').heard)")
    )


def test_krita_paints_through_a_remote_front(krita_root: Path, front: Front, tmp_path: Path) -> None:
    """Over a line that breaks: the docker says so, and that the server is back; the picture so far is kept.

    Then without a token, and with the server out of reach: the docker says what is wrong and what to do.
    """
    opened = Krita(krita_root, tmp_path / "krita", front.studio.daemon, front.desk.home, front.between.artist_as_root)
    try:
        at = krita_seat.seated(opened, tmp_path)
        at.choose({"styles": [{"built_in": "marbled"}], "steps": LONG})
        at.until("named('state_words').text() == 'Ready'", "an answer over the network")
        at.inside(LISTEN)
        gimp.until(partial(begun, at), "a painting after a click", WAIT_S, at.window.log)
        at.until(f"({GROWS}) or {LAST}.ends", "a preview")
        assert at.ask(f"{LAST}.ends") == [], "the painting ended too soon"
        with held(front.studio.daemon):
            front.between.reset()
            at.until("'Connection lost' in __import__('impasto_probe').shown", "the loss being told")
            front.between.cut()
            at.shot("lost")
            front.between.mend()
        at.until(f"{FAR_FOUND!r} in {LAST}.words", "the server being back")
        at.until(f"{LAST}.steps >= {ENOUGH} or {LAST}.ends", "more steps")
        at.ask(f"{LAST}.run.stop_and_keep()")
        at.until(f"{LAST}.ends", "the end of the painting")
        heard = at.ask(f"[{LAST}.ends[0][0], {LAST}.words]")
        assert heard[0] == "finished", heard
        assert {FAR_LOST, FAR_FOUND} <= set(heard[1])
        assert at.names() == ["Background", "Background, marbled"]
        assert at.inside(PAINTED) > 0.3

        front.withdraw()
        at.until("'run `impasto connect` again' in named('state_advice').text()", "the refusal being told")
        at.shot("refused")
        front.between.cut()
        at.until("'does not answer' in named('state_words').text()", "the server being missed")
        at.shot("missed")
    finally:
        opened.close()
        front.between.mend()
    assert front.alone()
