"""Two windows of one Krita and two documents: each docker shows what its own window does."""

from collections.abc import Iterator

import pytest

from editors import gimp
from editors.krita_seat import WAIT_S, Painter, canvas, changed
from harness import wait_for
from impasto.v1 import stylize_pb2

pytestmark = pytest.mark.timeout(1800)

LONG = {"styles": [{"built_in": "swirl"}], "steps": 9000}
# A second window with a document of its own, `impasto_probe.other`, or with one more view of the first one's.
OPEN = """
import impasto_probe
def steps():
    first = impasto_probe.first = window
    second = impasto_probe.second = krita().openWindow()
    second.qwindow().show()
    yield from until(lambda: second.qwindow().width() >= 1280, "the second window, large")
    yield from pause(1.0)
    second.activate()
    for other in second.dockers():
        other.setVisible(other.objectName() == "impasto_docker")
    yield from until(lambda: krita().activeWindow() is not None, "an active window")
    if {own!r}:
        made = krita().createDocument(96, 72, "other", "RGBA", "U8", "", 72.0)
        impasto_probe.other = made
    else:
        made = impasto_probe.at.document
    second.addView(made)
    wall = second.qwindow().findChild(QtWidgets.QWidget, "impasto_wall")
    yield from until(lambda: wall.count() >= 12, "the wall of the second")
    if {own!r}:
        from editors.krita_stage import fill
        yield from until(lambda: made.activeNode(), "its layer")
        fill(made.activeNode(), (96, 72))
        made.refreshProjection()
        made.waitForDone()
        made.setModified(False)
    yield from pause(0.5)
    return len(krita().windows())
"""
STEP = "((docker._known.progress or {}).get('step') or 0)"
NAMES = "[node.name() for node in __import__('impasto_probe').other.topLevelNodes()]"


class Seats:
    """Both of them, and which is in front."""

    def __init__(self, painter: Painter, *, own: bool) -> None:
        self.one = Painter(painter.studio, painter.shots, "__import__('impasto_probe').first")
        self.two = Painter(painter.studio, painter.shots, "__import__('impasto_probe').second")
        assert painter.inside(OPEN.format(own=own)) == 2

    def front(self, seat: Painter) -> Painter:
        """Brings a window to the front, as a click in a list of windows does."""
        found = str(seat.ask("int(window.qwindow().winId())"))

        def raised() -> None:
            seat.window.screen.tool("xdotool", "windowraise", found)
            seat.window.screen.focus(found)

        raised()
        seat.insist(raised, "window.qwindow().isActiveWindow()", "the window in front")
        return seat

    def close(self, seat: Painter) -> None:
        """Closes a window."""
        seat.inside(
            "for view in window.views():\n    view.document().setModified(False)\n"
            "window.qwindow().close()\nanswer = True"
        )


@pytest.fixture
def alone(painter: Painter) -> Iterator[Painter]:
    """A painter at the only window; whatever other windows there are in the end are closed, and their pictures."""
    yield painter
    painter.inside(
        "import impasto_probe\n"
        "for run in list(ours('run').shared().all):\n    run.cancel()\n"
        "for document in krita().documents():\n    document.setModified(False)\n"
        "kept = impasto_probe.first.qwindow()\n"
        "for one in krita().windows():\n"
        "    if one.qwindow() is not None and one.qwindow() != kept:\n        one.qwindow().close()\n"
        "answer = True"
    )


def test_each_docker_follows_the_document_of_its_own_window(alone: Painter) -> None:
    """A painting in one does not show in the other; the other's waits, paints, and outlives the first's window."""
    seats = Seats(alone, own=True)
    one, two = seats.one, seats.two
    seats.front(one).choose(LONG)
    one.click("stylise")
    one.until("named('progress_keep').isEnabled() and named('progress_picture').isVisible()", "a preview")

    seats.front(two)
    assert two.ask("named('stylise').isVisible() and not named('progress').isVisible()")
    assert two.ask("window.qwindow().findChild(QtWidgets.QWidget, 'impasto-preview') is None")
    two.choose(LONG | {"steps": 9001})
    two.click("stylise")
    two.until("named('progress_where').text().startswith('waits, number 1 in line')", "the second, waiting")
    assert one.ask("named('progress_bar').maximum()") == 9000
    before, box = two.shot("second-before"), canvas(two)
    seats.front(one)
    one.shot("first-painting")
    one.click("progress_keep")
    one.until("named('stylise').isVisible()", "the end of the first")
    assert one.names() == ["Background", "Background, swirl"]
    assert one.ask(NAMES) == ["Background"]

    seats.front(two)
    two.until("named('progress_keep').isEnabled() and named('progress_picture').isVisible()", "the second's preview")
    grows = "the picture on the second's canvas"
    gimp.until(lambda: changed(before, two.shot("second"), box) > 0.5, grows, WAIT_S, two.window.log)
    assert one.ask("named('stylise').isVisible() and not named('progress').isVisible()")
    assert one.ask("window.qwindow().findChild(QtWidgets.QWidget, 'impasto-preview') is None")
    two.click("progress_keep")
    two.until("named('stylise').isVisible()", "the end of the second")
    assert two.ask(NAMES) == ["Background", "Background, swirl"]
    assert one.names() == ["Background", "Background, swirl"]


def test_a_window_closed_in_mid_run_takes_its_own_painting_only(alone: Painter) -> None:
    """Its job is cancelled; the other window's goes on and is kept; nothing complains."""
    said = alone.window.log.stat().st_size
    seats = Seats(alone, own=True)
    seats.front(seats.two).choose(LONG)
    seats.two.click("stylise")
    seats.two.until("named('progress_picture').isVisible()", "the second's preview")
    job = seats.two.ask("docker._known.progress['job']")
    seats.front(seats.one).choose(LONG)
    seats.one.click("stylise")
    seats.one.until("named('progress_where').text().startswith('waits, number 1 in line')", "the first, waiting")

    seats.close(seats.two)

    def cancelled() -> bool:
        with alone.studio.daemon.client() as client:
            states = {found.name: found.state for found in client.jobs()}
        return bool(states[job] == stylize_pb2.JOB_STATE_CANCELLED)

    wait_for(cancelled, "the job's cancel", WAIT_S)
    seats.one.until("named('progress_picture').isVisible()", "the first's preview")
    seats.one.click("progress_keep")
    seats.one.until("named('stylise').isVisible()", "the end")
    assert seats.one.names() == ["Background", "Background, swirl"]
    assert "Traceback" not in alone.window.said_since(said)


def test_one_document_in_two_windows_is_one_painting(alone: Painter) -> None:
    """Both dockers show it; the window that began it is closed, and the other keeps what there is."""
    said = alone.window.log.stat().st_size
    seats = Seats(alone, own=False)
    seats.front(seats.two).choose(LONG)
    seats.two.click("stylise")
    seats.two.until("named('progress_picture').isVisible()", "a preview")
    seats.one.until("named('progress').isVisible() and named('progress_picture').isVisible()", "it, in the other")

    seats.close(seats.two)

    seats.front(seats.one)
    seats.one.until("named('progress').isVisible()", "it, alone")
    before = seats.one.ask(STEP)
    seats.one.until(f"{STEP} > {before}", "a further step")
    seats.one.click("progress_keep")
    seats.one.until("named('stylise').isVisible()", "the end")
    assert seats.one.names() == ["Background", "Background, swirl"]
    assert "Traceback" not in alone.window.said_since(said)
