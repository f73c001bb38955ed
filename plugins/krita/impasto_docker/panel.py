"""All that is in the docker, put together: the wall of styles, the dials, the button, the progress, the history.

Knows Qt, `memory` and the widgets. Must never know Krita or the pipe: it says what its user wants by signals, and is
told what happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .binding import (
    QFileDialog,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    Qt,
    QToolButton,
    QVBoxLayout,
    QWidget,
    pyqtSignal,
    translated,
)
from .choices import Choices, Style
from .dials import Dials
from .history import History
from .mixer import Mixer
from .presets import Presets
from .progress import Progress
from .state_line import StateLine
from .wall import Wall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .memory import Memory
    from .pictures import Pictures


class Panel(QWidget):
    """What a painter sees. `stylise` has the settings of a run; `start` asks for a daemon or for another try."""

    stylise = pyqtSignal(dict)
    keep = pyqtSignal()
    cancel = pyqtSignal()
    start = pyqtSignal()

    def __init__(self, memory: Memory, pictures: Pictures, fill_menu: Callable[[QMenu], None]) -> None:
        """`fill_menu` offers styles from what is open, each time anew."""
        super().__init__()
        self._memory, self._pictures = memory, pictures
        self._built_in: list[Style] = []
        self._choices = memory.last()  # the dials' values live in the dials; styles that are not on the wall yet here
        self.state, self.wall, self.mixer, self.dials = StateLine(), Wall(), Mixer(), Dials()
        self.presets = Presets(memory, self.choices)
        self.progress, self.history = Progress(), History()
        self._button, self._notice = QPushButton(translated("Stylise")), QLabel()
        self._add, self._menu = self._make_adding(fill_menu)
        self._lay_out()
        self._connect()
        self.refresh_history()
        self.show_choices(self._choices)

    # what is chosen

    def choices(self) -> Choices:
        """All that is chosen just now."""
        return self.dials.read(self._choices.with_styles(tuple(self.mixer.styles())))

    def show_choices(self, choices: Choices) -> None:
        """Takes choices up: a preset, a result, yesterday's. Own styles among them come onto the wall."""
        self._choices = choices
        self.dials.show_choices(choices)
        for style in choices.styles:
            if style.path and style.key not in [other.key for other in self._memory.recents()]:
                self._memory.add_recent(style)
        self.refresh_wall()
        self.mixer.set_styles(choices.styles)
        self._put_forward(choices)

    def show_built_in(self, names: Iterable[str]) -> None:
        """The names of the built-in styles: at first, and after each loss of the pipe; what is chosen stays so."""
        wanted = self._choices
        self._built_in = [Style(name) for name in names]
        self.refresh_wall()
        self._put_forward(wanted)

    def add_style(self, style: Style) -> None:
        """A new style of the user's own: it is on the wall, and chosen."""
        self.refresh_wall()
        self.wall.choose([style])

    def refresh_wall(self) -> None:
        """Puts up what there is now."""
        new = self.wall.show_styles([*self._memory.recents(), *self._built_in])
        self._pictures.load(style.path for style in new if style.path)

    def refresh_history(self) -> None:
        """Shows what was painted."""
        self._pictures.load(self.history.show_results(self._memory.results()))
        self.history.setVisible(self.history.count() > 0)

    # what happens

    def begin(self) -> None:
        """A painting of this document is under way."""
        self.tell("")
        self._button.setVisible(False)
        self.progress.begin()

    def end(self) -> None:
        """There is none any more."""
        self.progress.setVisible(False)
        self._button.setVisible(True)

    def tell(self, text: str) -> None:
        """Something that the painter should read, until the next painting."""
        self._notice.setText(text)
        self._notice.setVisible(bool(text))

    # parts

    def _pressed(self) -> None:
        choices = self.choices()
        self._memory.remember(choices)
        self.stylise.emit(choices.told())

    def _put_forward(self, wanted: Choices) -> None:
        """Chooses on the wall what is there of the styles that are wanted; the others are, when they come."""
        self.wall.choose(wanted.styles)
        self._choices = wanted

    def _chose(self) -> None:
        """Other styles are chosen on the wall. None at all means that those of before are not there (yet)."""
        styles = self.wall.chosen()
        if styles:
            self.mixer.show_styles(styles)
            self._choices = self._choices.with_styles(tuple(styles))
        self._button.setEnabled(bool(styles))

    def _unwanted(self, style: Style) -> None:
        self._memory.forget_recent(style)
        self.refresh_wall()

    def _ask_files(self) -> None:
        """Asks for pictures; Krita goes on meanwhile."""
        dialog = QFileDialog(self, translated("Pictures to paint in the manner of"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(translated("Pictures") + " (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._pictures.take)
        dialog.open()

    def _dropped(self, what: Any) -> None:  # noqa: ANN401  # a list of paths, or a QImage
        if isinstance(what, list):
            self._pictures.take(what)
        else:
            self._pictures.keep(what, translated("dropped"))

    def _make_adding(self, fill_menu: Callable[[QMenu], None]) -> tuple[QToolButton, QMenu]:
        button, menu = QToolButton(), QMenu(self)
        button.setObjectName("impasto_add")
        button.setText(translated("Add a style"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(translated("A picture of yours as a style: a file, the clipboard, a layer, a document"))
        button.setMenu(menu)

        def offer() -> None:
            fill_menu(menu)
            first = menu.actions()[0] if menu.actions() else None
            files = menu.addAction(translated("From files…"))
            menu.insertAction(first, files)
            files.triggered.connect(self._ask_files)

        menu.aboutToShow.connect(offer)
        return button, menu

    def _connect(self) -> None:
        self._pictures.loaded.connect(self.wall.show_picture)
        self._pictures.loaded.connect(self.history.show_picture)
        self._pictures.kept.connect(self.add_style)
        self._pictures.refused.connect(self.tell)
        self.wall.changed.connect(self._chose)
        self.wall.dropped.connect(self._dropped)
        self.wall.unwanted.connect(self._unwanted)
        self.presets.chosen.connect(self.show_choices)
        self.presets.refused.connect(self.tell)
        self.history.chosen.connect(self.show_choices)
        self.history.emptied.connect(self._emptied)
        self.progress.keep.connect(self.keep)
        self.progress.cancel.connect(self.cancel)
        self.state.pressed.connect(self.start)
        self._button.clicked.connect(self._pressed)

    def _emptied(self) -> None:
        self._memory.forget_results()
        self.refresh_history()

    def _lay_out(self) -> None:
        self._button.setObjectName("impasto_stylise")
        self._notice.setObjectName("impasto_notice")
        font = self._button.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._button.setFont(font)
        self._button.setMinimumHeight(int(2.2 * self._button.fontMetrics().height()))
        self._notice.setWordWrap(True)
        self._notice.setVisible(False)
        column = QVBoxLayout()
        column.addWidget(self.state)
        column.addWidget(self.wall, 1)
        below = (self._add, self.mixer, self.dials, self.presets, self._button, self.progress, self._notice)
        for widget in (*below, self.history):
            column.addWidget(widget)
        self._scroll(column)

    def _scroll(self, column: QVBoxLayout) -> None:
        """A low docker scrolls; it never makes Krita's window higher."""
        inner, area, outer = QWidget(), QScrollArea(), QVBoxLayout(self)
        inner.setLayout(column)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setMinimumWidth(inner.minimumSizeHint().width() + area.verticalScrollBar().sizeHint().width())
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
