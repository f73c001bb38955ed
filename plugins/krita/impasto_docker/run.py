"""One painting: from the active layer and what was chosen to a new layer, or to nothing at all.

Knows the pipe, documents and the canvas; must never know widgets of the docker. Everything happens in turns of Qt's
loop. Called by the docker and by the action, through `shared()`: one `Runs` for all of this Krita, one run a document.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import canvas, order, placing, undo_steps
from . import document as documents
from .binding import QGuiApplication, QImage, QObject, Qt, QTimer, krita, pyqtSignal, translated
from .bridge import BridgeError
from .pipe import Pipe

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from .bridge import Event

LOOK_MS = 250  # how often the document is looked at


class Run(QObject):
    """A painting of one document, from `start` to exactly one of `finished`, `failed` and `cancelled`, never within it.

    The mutable state is how far it is, what of it has come, and what the user wants of it.

    Signals:
        sending: how much of the layer has gone to the daemon, while there is no job yet; see PROTOCOL.md.
        progress: what the pipe tells of it, likewise.
        preview: the newest picture, of the layer's part that is painted.
        notice: something worth knowing.
        lost: the daemon has gone: what is done about it.
        found: it is back.
        finished: layer, layer_id, kept, settings, document, width, height, elapsed_s, losses.
        failed: why, in words for whoever paints.
        cancelled: why, empty where the user wanted it.
    """

    sending = pyqtSignal(dict)
    progress = pyqtSignal(dict)
    preview = pyqtSignal(QImage)
    notice = pyqtSignal(str)
    lost = pyqtSignal(str)
    found = pyqtSignal(str)
    finished = pyqtSignal(dict)
    failed = pyqtSignal(str)
    cancelled = pyqtSignal(str)
    _styled = pyqtSignal(object)

    def __init__(self, pipe: Pipe, window: Any, parent: QObject | None = None) -> None:  # noqa: ANN401
        """Of the picture that is active in `window`."""
        super().__init__(parent)
        view = window.activeView() if window is not None else None
        self.document = view.document() if view is not None else None
        # As it is now: while a style is read from a slow disk, the user may click on another layer or picture.
        self._node = self.document.activeNode() if self.document is not None else None
        self._view, self._controller = view, canvas.controller_of(window) if view is not None else None
        self._mark: undo_steps.Mark | None = None
        self.settings: dict[str, Any] = {}
        self.last_preview: QImage | None = None
        self.active = False
        self._pipe, self._window, self._began_s = pipe, window, 0.0
        self._source: documents.Source | None = None
        self._overlay: canvas.Overlay | None = None
        self._stencil: QImage | None = None
        self._request = ""
        self._losses: dict[str, float] = {}
        self._result: tuple[bytearray, bool] | None = None
        self._unwanted: str | None = None  # why nothing is to come of it; empty: the user said so
        self._placing: Generator[None, None, None] | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self, settings: Mapping[str, Any]) -> None:
        """Begins, in one of the loop's next turns; `settings` as in `order.DEFAULTS`, what is missing as there."""
        self.settings = {**order.DEFAULTS, **settings}
        self.active, self._began_s = True, time.monotonic()
        self._styled.connect(self._begin)
        threading.Thread(target=self._read_styles, name="impasto-styles").start()

    def stop_and_keep(self) -> None:
        """Ends it soon; the picture so far becomes the layer."""
        if self._request and self._unwanted is None:
            self._say_cancel(keep=True)
        elif not self._request:
            self.cancel()

    def cancel(self, why: str = "") -> None:
        """Ends it; nothing comes of it. The preview goes at once."""
        if not self.active or self._unwanted is not None:
            return
        self._unwanted = why
        self._clear()
        if self._request and self._result is None:
            self._say_cancel(keep=False)

    # the way there

    def _read_styles(self) -> None:
        """In a thread of its own: a picture may lie on a disk that is slow to wake."""
        try:
            told: object = [order.style(one) for one in self.settings["styles"]]
        except order.Unreadable as error:
            told = error
        with contextlib.suppress(RuntimeError):  # Krita is closing: there is nobody to tell
            self._styled.emit(told)

    def _begin(self, styles: Any) -> None:  # noqa: ANN401  # a list of order.Style, or what is wrong with one
        if self._unwanted is not None:
            return self._end(self.cancelled, self._unwanted)
        if isinstance(styles, order.Unreadable):
            return self._end(self.failed, str(styles))
        with self._ends_by_faults():
            self._ask(styles)
        return None

    def _ask(self, styles: Sequence[order.Style]) -> None:
        source = documents.read(self.document, self._node)
        self._request = order.ask(self._pipe.conversation(), source, styles, self.settings, self._hear)
        self._source, size = source, (source.shape[0], source.shape[1])
        self._overlay = canvas.Overlay(self._view, self._controller, size, source.place)
        if source.selection is not None:
            self._stencil = canvas.stencil(source.selection, source.size, order.PREVIEW_EDGE_PX)
        self._mark = undo_steps.Mark(self._window, self.document)
        self._timer.start(LOOK_MS)

    @contextlib.contextmanager
    def _ends_by_faults(self) -> Iterator[None]:
        """Whatever goes wrong ends the painting; a fault of ours is told where Krita tells those of scripts, too."""
        try:
            yield
        except (documents.Unpaintable, BridgeError, OSError) as error:
            self._give_up(str(error))
        except Exception as fault:
            self._give_up(translated("Impasto made a mistake: {fault}").format(fault=repr(fault)))
            raise

    def _give_up(self, why: str) -> None:
        if self._request:
            self._say_cancel(keep=False)
        self._end(self.failed, why)

    def _hear(self, event: Event) -> None:
        if not self.active:  # it was given up and nobody waits for the pipe's word: Qt may have deleted it by now
            return
        if event.kind == "sending":
            self.sending.emit(event.told)
        elif event.kind == "progress":
            self._losses = dict(event.told.get("losses") or self._losses)  # the last of all has none
            self.progress.emit(event.told)
        elif event.kind in ("notice", "lost", "found"):
            getattr(self, event.kind).emit(event.told["text"])
        elif event.kind == "preview":
            self._show(event)
        elif event.kind == "result":
            samples = event.payload if isinstance(event.payload, bytearray) else bytearray(event.payload)
            self._result = samples, bool(event.told.get("kept"))
        elif event.kind == "done":
            self._go_on()
        elif event.kind == "cancelled":
            self._end(self.cancelled, self._unwanted if self._unwanted is not None else event.told.get("text", ""))
        elif event.kind == "error":
            self._failed(str(event.told.get("message", "")))

    def _failed(self, message: str) -> None:
        if self._unwanted is not None:
            self._end(self.cancelled, self._unwanted)
        else:
            self._end(self.failed, message or translated("Impasto ended without a picture: try again"))

    def _show(self, event: Event) -> None:
        if self._unwanted is not None or self._overlay is None:
            return
        image = canvas.picture(event.told["header"], bytes(event.payload))
        self.last_preview = image if self._stencil is None else canvas.cut(image, self._stencil)
        self._overlay.show(self.last_preview)
        self.preview.emit(self.last_preview)

    def _look(self) -> None:
        """Whether the document is still as it was."""
        source = self._source
        if self._unwanted is not None or source is None:
            return
        reason = documents.disturbed(source)
        if not reason and self._mark is not None and self._mark.passed() and documents.undone(source):
            reason = translated("what was being painted was undone")
        if reason:
            self.cancel(reason)

    # the result

    def _go_on(self) -> None:
        """A turn of making the layer of the result; not while the user is in the middle of a stroke."""
        if self._placing is None:
            self._placing = self._place()
        self._look()  # Krita's layers are made in several turns: not of a picture that has been closed
        if self._unwanted is not None:
            return self._end(self.cancelled, self._unwanted)
        busy = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        goes_on = False
        with self._ends_by_faults():
            goes_on = busy or next(self._placing, self) is not self
        if goes_on:
            QTimer.singleShot(LOOK_MS if busy else 0, self._go_on)
        return None

    def _place(self) -> Generator[None, None, None]:
        assert self._result is not None
        assert self._source is not None
        source, (samples, kept) = self._source, self._result
        made = yield from placing.native(source, samples)
        name = f"{source.node.name()}, {order.title(self.settings['styles'])}"
        node = yield from placing.layer(source, made, name)
        self._look()
        if self._unwanted is not None:
            return self._end(self.cancelled, self._unwanted)
        self._clear()
        placing.insert(source, node)
        told = {
            "layer": name,
            "layer_id": node.uniqueId().toString(),
            "kept": kept,
            "settings": self.settings,
            "document": source.document.name() or Path(source.document.fileName()).name,
            "width": source.size[0],
            "height": source.size[1],
            "elapsed_s": time.monotonic() - self._began_s,
            "losses": self._losses,
        }
        return self._end(self.finished, told)

    def _say_cancel(self, *, keep: bool) -> None:
        if self._pipe.running:
            self._pipe.conversation().cancel(self._request, keep=keep)

    def _clear(self) -> None:
        """Nothing more is to be seen of it on the canvas."""
        if self._overlay is not None:
            self._overlay.remove()
            self._overlay = None

    def _end(self, signal: Any, told: object) -> None:  # noqa: ANN401  # a bound signal
        if not self.active:
            return
        self.active = False
        self._timer.stop()
        self._clear()
        self._source, self._result, self._placing, self._mark = None, None, None, None
        signal.emit(told)


class Runs(QObject):
    """All paintings of this Krita, one a document at most. The mutable state is which are under way.

    Signals:
        began: a run, before its first step.
        over: a run, after its end.
    """

    began = pyqtSignal(object)
    over = pyqtSignal(object)

    def __init__(self, pipe: Pipe, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pipe = pipe
        self.all: list[Run] = []

    def begin(self, settings: Mapping[str, Any], window: Any = None) -> Run:  # noqa: ANN401  # Krita's window
        """Paints the active layer of `window`, the active one by default; refusals come as `failed`."""
        window = window or krita.Krita.instance().activeWindow()
        run = Run(self.pipe, window, self)
        if run.document is not None and self.of(run.document) is not None:
            told = translated("this picture is being painted already: wait for it, or stop it first")
            QTimer.singleShot(0, lambda: (run.failed.emit(told), run.deleteLater()))
            return run
        self.all.append(run)
        for signal in (run.finished, run.failed, run.cancelled):
            signal.connect(lambda _told, run=run: self._ended(run))
        self.began.emit(run)
        run.start(settings)
        return run

    def of(self, document: Any) -> Run | None:  # noqa: ANN401  # Krita's document
        """The painting of a document that is under way."""
        return next((run for run in self.all if run.document == document), None)

    def close(self) -> None:
        """Krita ends: everything is cancelled."""
        for run in list(self.all):
            run.cancel()
        self.pipe.close()

    def _ended(self, run: Run) -> None:
        if run in self.all:
            self.all.remove(run)
            self.over.emit(run)
            run.deleteLater()  # else Qt would keep it, and its last preview, for as long as Krita runs


_shared: list[Runs] = []


def shared() -> Runs:
    """The one of this Krita."""
    if not _shared:
        _shared.append(Runs(Pipe()))
    return _shared[0]
