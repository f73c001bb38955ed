"""A plug-in for tests alone: runs Python files inside Krita, on its GUI thread, and writes down what became of them.

It looks into the folder that `IMPASTO_PROBE` names for files NAME.py. A file that defines `steps` is a generator's:
each `yield` gives the event loop its turn, and a function that is yielded is asked every 20 ms until its answer is
true. What the generator returns (or the global `answer`) is written to NAME.json, or the traceback of what went wrong.
The same 20 ms are the heartbeat: `gaps` has the pauses between two beats, in seconds, and `works` how much of them
this thread has worked, which a machine that lets it wait does not add to.
"""

import importlib
import json
import os
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

krita: Any = importlib.import_module("krita")

if int(krita.Krita.instance().version().split(".")[0]) >= 6:
    from PyQt6.QtCore import Qt, QTimer
else:
    from PyQt5.QtCore import Qt, QTimer

FOLDER = Path(os.environ["IMPASTO_PROBE"])
BEAT_MS = 20
gaps: list[float] = []
works: list[float] = []
Steps = Generator[Callable[[], object] | None, None, Any]


class Probe(krita.Extension):
    """What Krita holds. The mutable state is the file that runs, and what it waits for."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._script, self._last, self._worked, self._busy = Path(), 0.0, 0.0, False
        self._steps: Steps | None = None
        self._until: Callable[[], object] | None = None

    def setup(self) -> None:
        """Once, before there are windows."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def createActions(self, window: Any) -> None:  # noqa: N802  # Krita's name
        """Once a window: there is no window manager to make it large, a little later, once it is shown."""
        shown = window.qwindow()  # `window` itself is gone by then
        QTimer.singleShot(500, lambda: shown.setGeometry(0, 0, 1280, 900))

    def _beat(self) -> None:
        now, worked = time.monotonic(), time.thread_time()
        if self._last:
            gaps.append(now - self._last)
            works.append(worked - self._worked)
        self._last, self._worked = now, worked
        if self._busy:  # Krita lets its loop run while it closes a document, say
            return
        self._busy = True
        try:
            self._turn()
        finally:
            self._busy = False

    def _turn(self) -> None:
        if self._steps is None:
            self._begin()
        else:
            self._go_on(self._steps)

    def _begin(self) -> None:
        waiting = sorted(FOLDER.glob("*.py"))
        if not waiting:
            return
        self._script = waiting[0]
        source = self._script.read_text()
        self._script.unlink()
        world: dict[str, Any] = {"__name__": "__main__"}
        try:
            exec(compile(source, str(self._script), "exec"), world)
            if "steps" in world:
                self._steps = world["steps"]()
            else:
                self._end({"answer": world.get("answer")})
        except BaseException:  # a script may end in any way: the next one still runs
            self._end({"failed": traceback.format_exc()})

    def _go_on(self, steps: Steps) -> None:
        try:
            if self._until is None or self._until():
                self._until = next(steps)
        except StopIteration as end:
            self._end({"answer": end.value})
        except BaseException:  # likewise
            self._end({"failed": traceback.format_exc()})

    def _end(self, told: dict[str, Any]) -> None:
        try:
            text = json.dumps(told)
        except TypeError:
            text = json.dumps({"failed": traceback.format_exc()})
        path = self._script.with_suffix(".json")
        part = path.with_suffix(".part")
        part.write_text(text)
        part.rename(path)
        self._steps, self._until = None, None


krita.Krita.instance().addExtension(Probe(krita.Krita.instance()))
