"""How far back the user has gone in a document since a moment: by the rows of Krita's docker History, which has them.

Krita tells its scripts neither of an undo nor of a stroke, and its action's signal comes from another object in every
edition. That docker is there whether anybody sees it or not, and its list follows the picture in front. Knows Krita's
window and Qt; must never know Impasto. Called by `run`.
"""

from __future__ import annotations

import contextlib
from typing import Any

from .binding import QDockWidget, QListView, Qt, krita

HISTORY, LIMIT, USUAL_LIMIT = "History", "undoStackLimit", "200"  # Krita's own names, and how many steps it keeps
LOOKS = 4  # the list is ahead of the pixels: how often it is worth a look at these


class Mark:
    """A place in the list. The mutable state is the row of the last look, and how many more are worth one."""

    def __init__(self, window: Any, document: Any) -> None:  # noqa: ANN401  # Krita's objects have no types
        """Where `document` is now, as `window` shows it."""
        self._window, self._document, self._looks = window, document, 0
        only = Qt.FindChildOption.FindDirectChildrenOnly  # the whole window has thousands of widgets
        history = window.qwindow().findChild(QDockWidget, HISTORY, only)
        self._list = history.findChild(QListView) if history is not None else None
        self._row = self._seen = self._at()

    def passed(self) -> bool:
        """Whether the user has just gone back behind it; False where that cannot be told."""
        row = self._at()
        if row != self._seen:
            self._seen, self._looks = row, LOOKS
        self._looks -= 1
        return self._looks >= 0 and row is not None and self._row is not None and row < self._row

    def _at(self) -> int | None:
        """The row; None while another picture is in front, or where the oldest steps fall out and rows mean nothing."""
        with contextlib.suppress(RuntimeError):  # the window was closed, and everything in it with it
            view = self._window.activeView()
            if self._list is None or view is None or view.document() != self._document:
                return None
            limit = int(krita.Krita.instance().readSetting("", LIMIT, USUAL_LIMIT) or USUAL_LIMIT)
            steps = self._list.model().rowCount() - 1  # the first row is the beginning
            return int(self._list.currentIndex().row()) if steps < limit or limit == 0 else None
        return None
