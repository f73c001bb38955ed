"""Presets: choices kept by a name, taken up again from a list.

Knows Qt and `memory`. Must never know the dials. The panel gives it what to keep and hears what to take up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from . import names
from .binding import QComboBox, QHBoxLayout, QInputDialog, QToolButton, QWidget, pyqtSignal, translated
from .memory import MAX_PRESETS

if TYPE_CHECKING:
    from .choices import Choices
    from .memory import Memory


class Presets(QWidget):
    """The list, and buttons to keep and to forget."""

    chosen = pyqtSignal(object)  # Choices
    refused = pyqtSignal(str)  # why there is no new preset

    def __init__(self, memory: Memory, current: Callable[[], Choices], parent: QWidget | None = None) -> None:
        """Keeps what `current` gives."""
        super().__init__(parent)
        self._memory, self._current = memory, current
        self._list, self._keep, self._forget = QComboBox(), QToolButton(), QToolButton()
        self._list.setObjectName("impasto_presets")
        self._keep.setObjectName("impasto_keep_preset")
        self._forget.setObjectName("impasto_forget_preset")
        self._keep.setText("+")
        self._keep.setToolTip(translated("Keep these styles and settings by a name"))
        self._forget.setText("−")  # noqa: RUF001  # a minus as wide as the plus
        self._forget.setToolTip(translated("Forget this preset"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._list.setMinimumContentsLength(8)  # however long their names are
        row.addWidget(self._list, 1)
        row.addWidget(self._keep)
        row.addWidget(self._forget)
        self._list.activated.connect(self._took)
        self._keep.clicked.connect(self._ask)
        self._forget.clicked.connect(self._forgot)
        self.refresh()

    def refresh(self, current: str = "") -> None:
        """Shows what is kept."""
        self._list.clear()
        self._list.addItem(translated("Presets"))
        self._list.addItems(list(self._memory.presets()))
        self._list.setCurrentIndex(max(0, self._list.findText(current)) if current else 0)
        self._forget.setEnabled(self._list.currentIndex() > 0)

    def keep(self, name: str) -> None:
        """Keeps the current choices by that name; what keeps it from that is told."""
        if self._memory.save_preset(name, self._current()):
            self.refresh(name.strip())
        else:
            self.refused.emit(self._why_not(name))

    def _why_not(self, name: str) -> str:
        kept = self._memory.presets()
        if not name.strip():
            return translated("a preset needs a name: write one")
        if name.strip() not in kept and len(kept) >= MAX_PRESETS:
            told = translated("there are {count} presets, and {most} are kept at most: forget one first")
            return told.format(count=len(kept), most=MAX_PRESETS)
        told = translated("the preset '{name}' is not kept: {path} cannot be written")
        return told.format(name=name.strip(), path=self._memory.path)

    def _ask(self) -> None:
        """Asks for a name; Krita goes on meanwhile."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(translated("Keep a preset"))
        dialog.setLabelText(translated("Name"))
        dialog.setTextValue(self._list.currentText() if self._list.currentIndex() else names.title(self._current()))
        dialog.textValueSelected.connect(self.keep)
        dialog.open()

    def _took(self, index: int) -> None:
        self._forget.setEnabled(index > 0)
        choices = self._memory.presets().get(self._list.currentText()) if index > 0 else None
        if choices is not None:
            self.chosen.emit(choices)

    def _forgot(self) -> None:
        self._memory.remove_preset(self._list.currentText())
        self.refresh()
