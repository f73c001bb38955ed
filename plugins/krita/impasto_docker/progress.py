"""The painting under way: a live thumbnail, the bar with step, losses, place in the queue and time left; stop, cancel.

Knows Qt and the event ``progress``. Must never know the pipe or the document. The panel shows it while there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .binding import (
    QHBoxLayout,
    QImage,
    QLabel,
    QPixmap,
    QProgressBar,
    QPushButton,
    Qt,
    QVBoxLayout,
    QWidget,
    pyqtSignal,
    translated,
)
from .bridge import words

if TYPE_CHECKING:
    from collections.abc import Mapping

LINES = 7  # how high the thumbnail is, in lines of text


class Progress(QWidget):
    """How far it is."""

    keep = pyqtSignal()
    cancel = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("impasto_progress")
        self._picture, self._bar, self._where, self._losses = QLabel(), QProgressBar(), QLabel(), QLabel()
        self._keep = QPushButton(translated("Stop and keep"))
        self._cancel = QPushButton(translated("Cancel"))
        for name, widget in vars(self).copy().items():
            widget.setObjectName(f"impasto_progress{name}")
        self._where.setWordWrap(True)
        self._losses.setWordWrap(True)
        self._keep.setEnabled(False)
        self._keep.setToolTip(translated("The picture as it is now becomes the result"))
        self._cancel.setToolTip(translated("Leaves the document as it was"))
        self._keep.clicked.connect(self._stop_and_keep)
        self._cancel.clicked.connect(self._stop)
        self._bar.setTextVisible(False)
        self._lay_out()
        self.setVisible(False)

    def begin(self) -> None:
        """A painting has begun; nothing is known of it yet."""
        self._bar.setRange(0, 0)
        self._where.setText(translated("sends the layer…"))
        self._losses.clear()
        self._picture.clear()
        self._picture.setVisible(False)
        self._keep.setEnabled(False)
        self._cancel.setEnabled(True)
        self.setVisible(True)

    def show_sending(self, told: Mapping[str, Any]) -> None:
        """Takes an event ``sending``."""
        if self._cancel.isEnabled():
            self._where.setText(words.sent(told, translated))

    def show_progress(self, told: Mapping[str, Any]) -> None:
        """Takes an event ``progress``."""
        step, total = told.get("step") or 0, told.get("total_steps") or 0
        self._bar.setRange(0, total)
        self._bar.setValue(step)
        if self._cancel.isEnabled():  # else it stops, and says so
            self._where.setText(words.where(told, translated))
            self._keep.setEnabled(step > 0)
        self._losses.setText(words.losses(told, translated))

    def lose(self) -> None:
        """The daemon has gone: there may be nothing to keep until it has made a step again."""
        self._keep.setEnabled(False)

    def show_preview(self, picture: QImage) -> None:
        """The picture so far."""
        ratio = self.devicePixelRatioF()
        edge = int(LINES * self.fontMetrics().height() * ratio)
        scaled = picture.scaled(
            edge, edge, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        scaled.setDevicePixelRatio(ratio)
        self._picture.setPixmap(QPixmap.fromImage(scaled))
        self._picture.setVisible(True)

    def _stop_and_keep(self) -> None:
        self._stopping(translated("stops, and keeps what there is…"))
        self.keep.emit()

    def _stop(self) -> None:
        self._stopping(translated("stops…"))
        self.cancel.emit()

    def _stopping(self, text: str) -> None:
        self._where.setText(text)
        self._keep.setEnabled(False)
        self._cancel.setEnabled(False)

    def _lay_out(self) -> None:
        told = QVBoxLayout()
        for widget in (self._where, self._losses):
            told.addWidget(widget)
        told.addStretch(1)
        middle, buttons, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        middle.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        middle.addLayout(told, 1)
        buttons.addWidget(self._keep, 1)
        buttons.addWidget(self._cancel, 1)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._bar)
        column.addLayout(middle)
        column.addLayout(buttons)
