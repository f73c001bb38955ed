"""Writes down what was painted, once for all of Krita, whichever window shows it and whoever began it.

Knows the run's signals and `memory`. Must never know widgets. The dockers hear of it.
"""

from __future__ import annotations

import contextlib
import datetime
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from .binding import QImage, QObject, pyqtSignal
from .choices import Choices
from .memory import Result
from .pictures import encoded, limited

if TYPE_CHECKING:
    from .memory import Memory
    from .run import Run, Runs

THUMBNAIL_PX = 160


class Recorder(QObject):
    """Hears of every run; `changed` when there is a new result."""

    changed = pyqtSignal()

    def __init__(self, runs: Runs, memory: Memory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._memory = memory
        runs.began.connect(self._began)

    def _began(self, run: Run) -> None:
        run.finished.connect(lambda told: self._finished(run, told))

    def _finished(self, run: Run, told: dict[str, Any]) -> None:
        """Writes it down in a thread: scaling, packing and a disk may take longer than a stroke should wait."""
        work = partial(self._write, Choices.read(run.settings), told, run.last_preview)
        threading.Thread(target=work, name="impasto-recorder").start()

    def _write(self, choices: Choices, told: dict[str, Any], picture: QImage | None) -> None:
        small = b"" if picture is None or picture.isNull() else encoded(limited(picture, THUMBNAIL_PX))
        when = datetime.datetime.now().astimezone().replace(tzinfo=None).isoformat(timespec="seconds")
        result = Result(
            choices.title, when, choices, kept=bool(told.get("kept")), elapsed_s=float(told.get("elapsed_s") or 0.0)
        )
        self._memory.add_result(result, small)
        with contextlib.suppress(RuntimeError):  # Krita has closed meanwhile
            self.changed.emit()


_recorders: list[Recorder] = []


def shared(runs: Runs, memory: Memory) -> Recorder:
    """The one of this Krita."""
    if not _recorders:
        _recorders.append(Recorder(runs, memory))
    return _recorders[0]
