"""How long each call of the plug-in keeps Krita's GUI thread, without what Krita's own calls in it take.

Runs under Krita's own Python. A call is what Qt or Krita makes into the plug-in's code: a slot, a paint event, a
callback. Counted is processor time of the thread, which other processes of a loaded machine do not add to; the
profiler itself adds to it, so figures are upper bounds. Must not know what the plug-in does. Called by
test_krita_window.py.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

PACKAGE = "/impasto_docker/"


@dataclass
class Call:
    """One that has not returned. The mutable state is Krita's call that it waits for, and how long those took."""

    frame: FrameType
    host: Any = None
    host_s: float = 0.0
    host_began_s: float = 0.0
    began_s: float = field(default_factory=time.thread_time)


class Slots:
    """What is measured between `watch` and `end`: processor seconds of every call, by the name of its function."""

    def __init__(self) -> None:
        self.own_s: dict[str, list[float]] = defaultdict(list)
        self.host_s: dict[str, list[float]] = defaultdict(list)
        self.calls_s: dict[str, float] = defaultdict(float)  # the longest of each of Krita's calls
        self._open: list[Call] = []

    def watch(self) -> None:
        """From the next call on."""
        sys.setprofile(self._profiled)

    def end(self) -> None:
        """No more."""
        sys.setprofile(None)
        self._open.clear()

    def longest(self, count: int = 8) -> list[tuple[str, float, float, int]]:
        """The functions that took longest at once: name, own ms, ms of Krita's calls in the longest, how often."""
        ranked = sorted(self.own_s, key=lambda name: -max(self.own_s[name]))[:count]
        return [
            (name, 1e3 * max(self.own_s[name]), 1e3 * max(self.host_s[name]), len(self.own_s[name])) for name in ranked
        ]

    def _profiled(self, frame: FrameType, event: str, arg: Any) -> None:
        top = self._open[-1] if self._open else None
        if event == "call":
            if (top is None or top.host is not None) and PACKAGE in frame.f_code.co_filename:
                self._open.append(Call(frame))
        elif top is None:
            return
        elif event == "return":
            if frame is top.frame:
                self._returned(self._open.pop())
        elif event == "c_call":
            if top.host is None and _of_krita(arg):
                top.host, top.host_began_s = arg, time.thread_time()
        elif arg is top.host:
            took_s = time.thread_time() - top.host_began_s
            top.host, top.host_s = None, top.host_s + took_s
            self.calls_s[arg.__name__] = max(self.calls_s[arg.__name__], took_s)

    def _returned(self, call: Call) -> None:
        code = call.frame.f_code
        name = f"{code.co_filename.rpartition('/')[2]}:{getattr(code, 'co_qualname', code.co_name)}"
        self.own_s[name].append(time.thread_time() - call.began_s - call.host_s)
        self.host_s[name].append(call.host_s)


def _of_krita(function: Any) -> bool:
    """Whether a function of C is Krita's own: a method of one of its objects, or a constructor of one."""
    owner = getattr(function, "__self__", None)
    module = getattr(owner if isinstance(owner, type) else type(owner), "__module__", "") or ""
    return module.rpartition(".")[2] == "krita"
