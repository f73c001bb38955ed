"""The action under Tools > Scripts, to which a key can be bound: paints the active layer with the last settings.

Knows Krita's windows; registered by the package. What goes wrong is said on the canvas, as there may be no docker.
"""

from __future__ import annotations

from typing import Any

from . import memory, run
from .binding import krita, translated

ACTION = "impasto_stylise"
TOLD_MS = 6000
HIGH = 0  # a floating message's priority


class Extension(krita.Extension):
    """Impasto's place among Krita's scripts."""

    def setup(self) -> None:
        """Once, before there are windows."""
        notifier = krita.Krita.instance().notifier()
        notifier.setActive(True)  # Krita's own signature
        notifier.applicationClosing.connect(lambda: run.shared().close())

    def createActions(self, window: Any) -> None:  # noqa: ANN401  # Krita's name and object
        """Once a window."""
        text = translated("Neural Style with Last Settings")
        action = window.createAction(ACTION, text, "tools/scripts")
        action.triggered.connect(lambda: stylise(krita.Krita.instance().activeWindow()))


def stylise(window: Any) -> run.Run:  # noqa: ANN401
    """Paints with what was chosen last."""
    begun = run.shared().begin(memory.last_settings(), window)
    begun.failed.connect(lambda why: tell(window, why))
    begun.cancelled.connect(lambda why: tell(window, why) if why else None)
    return begun


def tell(window: Any, words: str) -> None:  # noqa: ANN401
    """Says something on the canvas."""
    view = window.activeView() if window is not None else None
    if view is not None:
        view.showFloatingMessage(words, krita.Krita.instance().icon("dialog-warning"), TOLD_MS, HIGH)
