"""What was painted, with its settings: a row of small pictures; a click takes the settings up again.

Knows Qt and what `memory` tells of a result. Must never know the dials. The panel fills it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import names
from .binding import (
    QIcon,
    QImage,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPixmap,
    QSize,
    Qt,
    pyqtSignal,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .binding import QContextMenuEvent, QWidget
    from .memory import Result

RESULT = Qt.ItemDataRole.UserRole
LINES = 4


class History(QListWidget):
    """Results, the newest first."""

    chosen = pyqtSignal(object)  # Choices
    emptied = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("impasto_history")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        edge = LINES * self.fontMetrics().height()
        self.setIconSize(QSize(edge, edge))
        self.setSpacing(2)
        self.setFixedHeight(edge + self.horizontalScrollBar().sizeHint().height() + 14)
        self._icons: dict[str, QIcon] = {}
        self.itemClicked.connect(lambda item: self.chosen.emit(item.data(RESULT).choices))

    def show_results(self, results: Iterable[Result]) -> list[str]:
        """Shows those; the files of the pictures that are not known yet."""
        self.clear()
        for result in results:
            self.addItem(self._item(result))
        shown = {self.item(row).data(RESULT).thumbnail for row in range(self.count())}
        self._icons = {path: icon for path, icon in self._icons.items() if path in shown}
        return sorted(shown - self._icons.keys() - {""})

    def show_picture(self, path: str, picture: QImage) -> None:
        """A result's picture, as soon as it was read."""
        for row in range(self.count()):
            if self.item(row).data(RESULT).thumbnail == path:
                self._icons[path] = QIcon(QPixmap.fromImage(picture))
                self.item(row).setIcon(self._icons[path])

    def _item(self, result: Result) -> QListWidgetItem:
        item = QListWidgetItem()
        blank = QPixmap(self.iconSize())
        blank.fill(self.palette().mid().color())
        item.setIcon(self._icons.get(result.thumbnail) or QIcon(blank))
        item.setData(RESULT, result)
        item.setToolTip(describe(result))
        return item

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The row can be emptied."""
        menu = QMenu(self)
        menu.addAction(translated("Forget all results")).triggered.connect(self.emptied)
        menu.popup(event.globalPos())


def describe(result: Result) -> str:
    """What it was made with, in a few lines."""
    choices = result.choices
    told = [
        names.title(choices),
        result.when.replace("T", " "),
        translated("strength {strength:g}, stroke size {stroke_size:g}, seed {seed}").format(
            strength=choices.strength, stroke_size=choices.stroke_size, seed=choices.seed
        ),
    ]
    if choices.keep_colours:
        told.append(translated("the picture's colours kept"))
    if result.kept:
        told.append(translated("stopped before its end"))
    told.append(translated("Click to take these settings up again"))
    return "\n".join(told)
