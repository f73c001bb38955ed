"""The docker of one window of Krita: the panel, joined to the runs and to the pipe.

Shows the painting of the document that its window shows; several windows have a docker each and share the runs. The
pipe is asked only while somebody sees the docker. Knows Krita's DockWidget, `run` and the panel.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from . import borrowed, recorder
from . import run as running
from .binding import QImage, QTimer, krita, translated
from .bridge import BridgeError
from .memory import Memory
from .panel import Panel
from .pictures import Pictures
from .state import Known
from .wall import THUMBNAIL_PX

if TYPE_CHECKING:
    from .binding import QMenu
    from .bridge import Event
    from .run import Run

DOCKER_ID = "impasto_docker"
ASK_MS = 3000  # how often the daemon is asked how it is


class Docker(krita.DockWidget):
    """Mutable state: the document of its window, its run, and what is known of the daemon."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle(translated("Impasto"))
        self._memory, self._known = Memory(), Known()
        self._runs = running.shared()
        self._pictures = Pictures(self._memory, self)
        self._panel = Panel(self._memory, self._pictures, self._offer)
        self.setWidget(self._panel)
        self._document: Any = None
        self._run: Run | None = None
        self._progress: dict[int, dict[str, Any]] = {}  # the newest of each run, by its identity
        self._asked_styles = False
        self._gone: list[bool] = []  # becomes true with the end of the window
        gone = self._gone
        self.destroyed.connect(lambda *_: gone.append(True))  # a fact
        self._timer = QTimer(self)
        self._timer.setInterval(ASK_MS)
        self._connect()
        self._show_state()

    # Krita's side

    def canvasChanged(self, canvas: Any) -> None:  # noqa: ANN401  # Krita's objects have no types
        """Another document is shown in this window, or none."""
        view = canvas.view() if canvas is not None else None
        self._document = view.document() if view is not None else None
        self._follow(self._runs.of(self._document) if self._document is not None else None)

    def _offer(self, menu: QMenu) -> None:
        borrowed.fill(menu, self._document, self._pictures)

    def _connect(self) -> None:
        panel = self._panel
        panel.stylise.connect(self._stylise)
        panel.keep.connect(self._keep)
        panel.cancel.connect(self._cancel)
        panel.start.connect(self._start)
        self._runs.began.connect(self._began)
        self._runs.pipe.began.connect(self._began_pipe)
        self._runs.pipe.ended.connect(self._lost_pipe)
        recorder.shared(self._runs, self._memory).changed.connect(panel.refresh_history)
        self.visibilityChanged.connect(self._seen)
        self._timer.timeout.connect(self._ask)

    # runs

    def _stylise(self, settings: dict[str, Any]) -> None:
        """Paints in this docker's own window, also where the docker floats and no window is the active one."""
        main = self.parentWidget()
        windows = krita.Krita.instance().windows()
        run = self._runs.begin(settings, next((window for window in windows if window.qwindow() == main), None))
        run.failed.connect(self._panel.tell)  # also one that never began: no document, or it is being painted already

    def _keep(self) -> None:
        if self._run is not None:
            self._run.stop_and_keep()

    def _cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _began(self, run: Run) -> None:
        """Somebody began to paint somewhere: here, in another window, or by the action."""
        for signal, hear in (
            (run.sending, self._sent),
            (run.progress, self._progressed),
            (run.preview, self._previewed),
            (run.notice, self._noticed),
            (run.lost, self._lost),
            (run.failed, self._over),
            (run.cancelled, self._over),
        ):
            signal.connect(self._while_here(partial(hear, run)))
        run.found.connect(self._while_here(lambda _text: self._lost(run, "")))
        run.finished.connect(self._while_here(lambda _told: self._over(run, "")))
        if self._document is not None and run.document == self._document:
            self._follow(run)

    def _follow(self, run: Run | None) -> None:
        """Shows another run, or none."""
        if run is self._run and run is not None:
            return
        self._run = run
        if run is None:
            self._known.progress = None
            self._panel.end()
        else:
            self._panel.begin()
            self._known.progress = {}
            if id(run) in self._progress:
                self._progressed(run, self._progress[id(run)])
            if run.last_preview is not None:
                self._panel.progress.show_preview(run.last_preview)
        self._known.lost = ""
        self._show_state()

    def _sent(self, run: Run, told: dict[str, Any]) -> None:
        if run is self._run:
            self._panel.progress.show_sending(told)

    def _progressed(self, run: Run, told: dict[str, Any]) -> None:
        self._progress[id(run)] = told
        if run is self._run:
            self._known.progress = told
            self._panel.progress.show_progress(told)
            self._show_state()

    def _previewed(self, run: Run, picture: QImage) -> None:
        if run is self._run:
            self._panel.progress.show_preview(picture)

    def _noticed(self, run: Run, text: str) -> None:
        if run is self._run:
            self._panel.tell(text)

    def _lost(self, run: Run, text: str) -> None:
        """The daemon has gone, or with an empty text is back."""
        if run is self._run:
            if text:
                self._panel.progress.lose()
            self._known.lost = text
            self._show_state()

    def _over(self, run: Run, text: str) -> None:
        self._progress.pop(id(run), None)
        if run is self._run:
            self._follow(None)
            self._panel.tell(text)
            self._ask()

    # the daemon

    def _seen(self, visible: bool) -> None:  # noqa: FBT001  # Qt's signal
        if visible:
            self._timer.start()
            self._ask()
        else:
            self._timer.stop()

    def _ask(self, *, start: bool = False) -> None:
        """Asks how the daemon is, and once for the built-in styles."""
        if self._known.unreachable:
            return None
        try:
            talk = self._runs.pipe.conversation()
        except BridgeError as error:
            self._known.unreachable = str(error)
            return self._show_state()
        talk.status(self._while_here(self._heard_status), start=start)
        if not self._asked_styles:
            self._asked_styles = True
            talk.styles(self._while_here(self._heard_styles), THUMBNAIL_PX)
        return None

    def _start(self) -> None:
        """The button of the state line: start a daemon, or try to reach one again."""
        self._known.unreachable, self._known.starting = "", True
        self._ask(start=True)
        self._show_state()

    def _began_pipe(self) -> None:
        """Somebody asks anew, as a painting does: what was wrong with the one before no longer counts."""
        self._known.unreachable = self._known.refused = ""
        self._show_state()

    def _lost_pipe(self, why: str) -> None:
        self._asked_styles = False
        self._known = Known(progress=self._known.progress, unreachable=why)
        self._show_state()

    def _heard_status(self, event: Event) -> None:
        if event.kind == "status":
            self._known.status, self._known.refused = event.told, ""
            self._known.starting = self._known.starting and not event.told.get("running")
        elif event.kind == "error":
            self._known.starting = False
            self._known.refused = str(event.told.get("message", ""))
        self._show_state()

    def _heard_styles(self, event: Event) -> None:
        if event.kind == "styles":
            self._panel.show_built_in(event.told["names"])
        elif event.kind == "style":
            header = event.told["header"]
            width, height = header["width"], header["height"]
            picture = QImage(bytes(event.payload), width, height, 3 * width, QImage.Format.Format_RGB888)
            self._panel.wall.show_picture(event.told["name"], picture.copy())

    def _while_here(self, hear: Callable[[Any], None]) -> Callable[[Any], None]:
        """Hears no more once this docker's window was closed: runs and the pipe live on."""
        gone = self._gone

        def guarded(told: Any) -> None:  # noqa: ANN401  # whatever it is
            if not gone:
                hear(told)

        return guarded

    def _show_state(self) -> None:
        self._panel.state.show_known(self._known)
