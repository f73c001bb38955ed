"""A plug-in for tests alone: runs Python files inside Krita, on its GUI thread, and writes down what became of them.

It looks into the folder that `IMPASTO_PROBE` names for files NAME.py. A file that defines `steps` is a generator's: each
`yield` gives the event loop its turn, and a function that is yielded is asked every 20 ms until its answer is true. What
the generator returns (or the global `answer`) is written to NAME.json, or the traceback of what went wrong. The same
20 ms are the heartbeat: `impasto_probe.gaps` has the pauses between two beats, in seconds.
"""

import json
import os
import pathlib
import time
import traceback

import krita

if int(krita.Krita.instance().version().split(".")[0]) >= 6:
    from PyQt6.QtCore import Qt, QTimer
else:
    from PyQt5.QtCore import Qt, QTimer

FOLDER = pathlib.Path(os.environ["IMPASTO_PROBE"])
BEAT_MS = 20
gaps = []


class Probe(krita.Extension):
    def __init__(self, parent):
        super().__init__(parent)
        self._script, self._steps, self._until, self._last = None, None, None, None

    def setup(self):
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def createActions(self, window):
        (FOLDER / "window").touch()

    def _beat(self):
        now = time.monotonic()
        if self._last is not None:
            gaps.append(now - self._last)
        self._last = now
        if self._script is None:
            self._begin()
        else:
            self._go_on()

    def _begin(self):
        waiting = sorted(FOLDER.glob("*.py"))
        if not waiting:
            return
        self._script = waiting[0]
        source, world = self._script.read_text(), {"__name__": "__main__", "probe": self}
        self._script.unlink()
        try:
            exec(compile(source, str(self._script), "exec"), world)
            self._steps = world["steps"]() if "steps" in world else None
            if self._steps is None:
                self._end({"answer": world.get("answer")})
        except BaseException:
            self._end({"failed": traceback.format_exc()})

    def _go_on(self):
        try:
            if self._until is None or self._until():
                self._until = next(self._steps)
        except StopIteration as end:
            self._end({"answer": end.value})
        except BaseException:
            self._end({"failed": traceback.format_exc()})

    def _end(self, told):
        path = self._script.with_suffix(".json")
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.rename(path)
        self._script, self._steps, self._until = None, None, None


krita.Krita.instance().addExtension(Probe(krita.Krita.instance()))
