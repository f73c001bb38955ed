"""One line at the top: how Impasto is, and what to do about it.

Knows Qt and `state`, which decides. Must never know the pipe. The docker tells it what is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .binding import QHBoxLayout, QLabel, QPushButton, QSizePolicy, Qt, QVBoxLayout, QWidget, pyqtSignal, translated
from .state import State, line, tip

if TYPE_CHECKING:
    from .state import Known

# Of middle lightness: to be told apart on a dark and on a light ground. The words say the same.
GREEN, AMBER, RED, GREY = "#3fa35b", "#d08b1d", "#d0524c", "#8a8a8a"
COLOURS = {
    State.READY: GREEN,
    State.PAINTING: GREEN,
    State.BUSY: AMBER,
    State.STARTING: AMBER,
    State.LOADING: AMBER,
    State.LOST: RED,
    State.UNREACHABLE: RED,
}


class StateLine(QWidget):
    """A dot, words, what to do, and a button where it can be done here."""

    pressed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("impasto_state")
        self._dot, self._words, self._advice, self._button = QLabel("●"), QLabel(), QLabel(), QPushButton()
        self._words.setObjectName("impasto_state_words")
        self._advice.setObjectName("impasto_state_advice")
        self._button.setObjectName("impasto_state_button")
        self._words.setWordWrap(True)
        self._advice.setWordWrap(True)
        self._advice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._advice.setEnabled(True)
        self._button.clicked.connect(self.pressed)
        self._dot.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(self._words)
        text.addWidget(self._advice)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(text, 1)
        row.addWidget(self._button)

    def show_known(self, known: Known) -> None:
        """Shows the state that follows from what is known."""
        told = line(known, translated)
        self._dot.setStyleSheet(f"color: {COLOURS.get(known.state, GREY)}")
        self._words.setText(told.words)
        self._advice.setText(told.advice)
        self._advice.setVisible(bool(told.advice))
        self.setToolTip(tip(known.status))
        self._button.setText(told.button)
        self._button.setVisible(bool(told.button))
