"""The wall of styles: thumbnails to choose from by clicking; several with Ctrl; pictures may be dropped on it.

Knows Qt. Must never know where styles come from or what is done with them. The panel fills it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import names
from .binding import (
    QAbstractItemView,
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
from .choices import MAX_STYLES, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .binding import QContextMenuEvent, QDragEnterEvent, QDropEvent, QResizeEvent, QWidget

THUMBNAIL_PX = 192  # as they come; shown smaller, sharp at 200 %
LINES = 4.5  # how high one is shown, in lines of text: it grows with the user's font and scaling
STYLE = Qt.ItemDataRole.UserRole


class Wall(QListWidget):
    """Styles with their pictures. `changed`: others are chosen; `dropped`: files' paths, or a QImage."""

    changed = pyqtSignal()
    dropped = pyqtSignal(object)
    unwanted = pyqtSignal(object)  # a Style of the user's own that is to be taken off

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("impasto_wall")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        line = self.fontMetrics().height()
        self._edge = int(LINES * line)
        self.setIconSize(QSize(self._edge, self._edge * 3 // 4))
        self._row = self._edge * 3 // 4 + 2 * line
        self.setGridSize(QSize(self._edge + line // 2, self._row))
        self.setMinimumHeight(2 * self.gridSize().height() + line // 2)
        self.viewport().setAcceptDrops(True)  # a scroll area itself hears of no drag
        self.setToolTip(translated("Click a style; with Ctrl several. Pictures can be dropped here."))
        self._order: list[tuple[str, str]] = []  # keys, as they were chosen
        self.itemSelectionChanged.connect(self._chose)

    def show_styles(self, styles: Iterable[Style]) -> list[Style]:
        """Puts up those that are not there yet, and takes down those that are not among them; the new ones."""
        wanted = {style.key: style for style in styles}
        there = {item.data(STYLE).key: item for item in self._items()}
        for key in there.keys() - wanted.keys():
            self.takeItem(self.row(there[key]))
        for row, (key, style) in enumerate(wanted.items()):
            if key not in there:
                self.insertItem(row, self._item(style))
        return [style for key, style in wanted.items() if key not in there]

    def show_picture(self, source: str, picture: QImage) -> None:
        """The thumbnail of a style, known by its path or its built-in name, as soon as there is one."""
        for item in self._items():
            if source in item.data(STYLE).key:
                item.setIcon(QIcon(QPixmap.fromImage(middle(picture))))

    def chosen(self) -> list[Style]:
        """In the order in which they were chosen."""
        styles = {item.data(STYLE).key: item.data(STYLE) for item in self.selectedItems()}
        return [styles[key] for key in self._order if key in styles][:MAX_STYLES]

    def choose(self, styles: Sequence[Style]) -> None:
        """Chooses those, and no others; says so once."""
        self._order = [style.key for style in styles]
        self.blockSignals(True)  # noqa: FBT003  # Qt's own
        for item in self._items():
            item.setSelected(item.data(STYLE).key in self._order)
        self.blockSignals(False)  # noqa: FBT003
        first = next((item for item in self._items() if item.isSelected()), None)
        if first is not None:
            self.scrollToItem(first)
        self.changed.emit()

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]

    def _item(self, style: Style) -> QListWidgetItem:
        title = names.name(style)
        item = QListWidgetItem(title)
        item.setToolTip(style.path or title)
        item.setData(STYLE, style)
        blank = QPixmap(self.iconSize())
        blank.fill(self.palette().mid().color())
        item.setIcon(QIcon(blank))
        return item

    def _chose(self) -> None:
        keys = [item.data(STYLE).key for item in self.selectedItems()]
        self._order = [key for key in self._order if key in keys] + [key for key in keys if key not in self._order]
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for beside a scroll bar, which share it."""
        super().resizeEvent(event)
        room = self.maximumViewportSize().width() - self.verticalScrollBar().sizeHint().width() - 1
        self.setGridSize(QSize(room // max(1, room // (self._edge + 2)), self._row))

    # what is dropped, and taken off

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures are welcome."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    dragMoveEvent = dragEnterEvent

    def dropEvent(self, event: QDropEvent) -> None:
        """A picture has been dropped: never Krita's to open as well."""
        data = event.mimeData()
        files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if files:
            self.dropped.emit(files)
        elif data.hasImage():
            self.dropped.emit(QImage(data.imageData()))
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """An own picture can be taken off the wall."""
        item = self.itemAt(event.pos())
        if item is None or not item.data(STYLE).path:
            return
        menu = QMenu(self)
        style = item.data(STYLE)
        menu.addAction(translated("Take “{name}” off the wall").format(name=style.name)).triggered.connect(
            lambda: self.unwanted.emit(style)
        )
        menu.popup(event.globalPos())


def middle(picture: QImage) -> QImage:
    """The middle of a picture, 4 to 3, so that all on the wall are alike."""
    width, height = picture.width(), picture.height()
    if 3 * width > 4 * height:
        wide = max(1, height * 4 // 3)
        return picture.copy((width - wide) // 2, 0, wide, height)
    high = max(1, width * 3 // 4)
    return picture.copy(0, (height - high) // 2, width, high)
