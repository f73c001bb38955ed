"""How much each of several styles counts: a slider for each; nothing to see for a single one.

Knows Qt. Must never know the wall. The panel tells it which styles are chosen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import names
from .binding import QGridLayout, QLabel, QSlider, Qt, QWidget, pyqtSignal, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .choices import Style

FULL = 100  # per cent


class Mixer(QWidget):
    """The styles with their weights."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("impasto_mixer")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._styles: list[Style] = []
        self._sliders: list[QSlider] = []
        self.setVisible(False)

    def show_styles(self, styles: Sequence[Style]) -> None:
        """Those that are chosen; one that was there keeps its weight."""
        weights = {style.key: style.weight for style in self.styles()}
        self._set([replace(style, weight=weights.get(style.key, style.weight)) for style in styles])

    def set_styles(self, styles: Sequence[Style]) -> None:
        """Those, with the weights that they have."""
        self._set(list(styles))

    def styles(self) -> list[Style]:
        """The styles with the weights that are set."""
        if not self._sliders:
            return list(self._styles)
        return [replace(style, weight=slider.value() / FULL) for style, slider in zip(self._styles, self._sliders)]

    def _set(self, styles: list[Style]) -> None:
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        self._styles, self._sliders = styles, []
        if len(styles) > 1:
            self._sliders = [self._row(row, style) for row, style in enumerate(styles)]
        self.setVisible(bool(self._sliders))

    def _row(self, row: int, style: Style) -> QSlider:
        slider, percent = QSlider(Qt.Orientation.Horizontal), QLabel()
        slider.setRange(1, FULL)
        slider.setToolTip(translated("How much this style counts"))
        percent.setMinimumWidth(self.fontMetrics().horizontalAdvance(f"{FULL} %"))
        slider.valueChanged.connect(lambda value: percent.setText(f"{value} %"))
        slider.setValue(round(style.weight * FULL))
        percent.setText(f"{slider.value()} %")
        slider.valueChanged.connect(lambda _value: self.changed.emit())
        name = QLabel(self.fontMetrics().elidedText(names.name(style), Qt.TextElideMode.ElideRight, self._longest()))
        name.setToolTip(names.name(style))
        for column, widget in enumerate((name, slider, percent)):
            self._grid.addWidget(widget, row, column)
        return slider

    def _longest(self) -> int:
        """How wide a name may be, in px."""
        return int(self.fontMetrics().averageCharWidth()) * 14
