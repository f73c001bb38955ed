"""The dials: strength, stroke size, colours, size, quality, seed.

Knows Qt and the ranges of `choices`. Must never know what a painting is made of. The panel reads and sets them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from .binding import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    Qt,
    QToolButton,
    QWidget,
    pyqtSignal,
    translated,
)
from .choices import DRAFT, FINE, SEED, SIZE, STRENGTH, STROKE_SIZE, USUAL

if TYPE_CHECKING:
    from .choices import Choices

SLIDER_STEPS = 100


class Dial(QWidget):
    """A number with a slider and a box; the box counts in units that a painter reads (per cent, times)."""

    changed = pyqtSignal()

    def __init__(self, name: str, limits: tuple[float, float], usual: float, unit: str, tip: str) -> None:
        super().__init__()
        self._limits, self._usual = limits, usual
        self._slider, self._box = QSlider(Qt.Orientation.Horizontal), QDoubleSpinBox()
        self._slider.setRange(0, 2 * SLIDER_STEPS)
        self._slider.setMinimumWidth(3 * self.fontMetrics().height())
        self._box.setObjectName(f"impasto_{name}")
        self._box.setRange(*limits)
        self._box.setSingleStep(0.05)
        self._box.setSuffix(unit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._box)
        self.setToolTip(tip)
        self._box.valueChanged.connect(self._boxed)
        self._slider.valueChanged.connect(self._slid)
        self._box.setValue(usual)

    def value(self) -> float:
        """As it is set."""
        return float(round(self._box.value(), 2))

    def set_value(self, value: float) -> None:
        """Sets it."""
        self._box.setValue(value)

    def _boxed(self, value: float) -> None:
        self._slider.blockSignals(True)  # noqa: FBT003  # Qt's own
        self._slider.setValue(self._place(value))
        self._slider.blockSignals(False)  # noqa: FBT003
        self.changed.emit()

    def _slid(self, place: int) -> None:
        low, high = self._limits
        start, end = (low, self._usual) if place <= SLIDER_STEPS else (self._usual, high)
        share = place / SLIDER_STEPS - (0 if place <= SLIDER_STEPS else 1)
        self._box.setValue(start + share * (end - start))

    def _place(self, value: float) -> int:
        """Where the slider stands: what is usual is in the middle."""
        low, high = self._limits
        if value <= self._usual:
            return round(SLIDER_STEPS * (value - low) / (self._usual - low))
        return SLIDER_STEPS + round(SLIDER_STEPS * (value - self._usual) / (high - self._usual))


class Dials(QWidget):
    """All of them, in a form."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strength = Dial(
            "strength", STRENGTH, 0.5, "", translated("0 leaves the picture, 0.5 is as usual, 1 is all style")
        )
        self._stroke_size = Dial(
            "stroke_size", STROKE_SIZE, 1.0, "", translated("How many times as large the style's marks become")
        )
        self._keep_colours = QCheckBox(translated("Keep the picture's colours"))
        self._keep_colours.setObjectName("impasto_keep_colours")
        self._size, self._quality, self._seed = self._make_size(), QComboBox(), QSpinBox()
        self._quality.setObjectName("impasto_quality")
        self._seed.setObjectName("impasto_seed")
        self._seed.setRange(*SEED)
        self._quality.setToolTip(translated("How long each painting is worked at"))
        for words, steps in ((translated("Draft"), DRAFT), (translated("Usual"), USUAL), (translated("Fine"), FINE)):
            self._quality.addItem(words, steps)
        self._lay_out()
        for signal in (
            self._strength.changed,
            self._stroke_size.changed,
            self._keep_colours.toggled,
            self._size.valueChanged,
            self._quality.currentIndexChanged,
            self._seed.valueChanged,
        ):
            signal.connect(lambda *_: self.changed.emit())

    def read(self, choices: Choices) -> Choices:
        """`choices` with what the dials say."""
        return replace(
            choices,
            strength=self._strength.value(),
            stroke_size=self._stroke_size.value(),
            keep_colours=self._keep_colours.isChecked(),
            size=self._size.value(),
            steps=int(self._quality.currentData()),
            seed=self._seed.value(),
        )

    def show_choices(self, choices: Choices) -> None:
        """Sets the dials; steps that are none of the qualities get an entry of their own."""
        self._strength.set_value(choices.strength)
        self._stroke_size.set_value(choices.stroke_size)
        self._keep_colours.setChecked(choices.keep_colours)
        self._size.setValue(choices.size)
        self._seed.setValue(choices.seed)
        if self._quality.findData(choices.steps) < 0:
            self._quality.addItem(translated("{steps} steps").format(steps=choices.steps), choices.steps)
        self._quality.setCurrentIndex(self._quality.findData(choices.steps))

    def _make_size(self) -> QSpinBox:
        size = QSpinBox()
        size.setObjectName("impasto_size")
        size.setRange(*SIZE)
        size.setSingleStep(128)
        size.setSuffix(" px")
        size.setSpecialValueText(translated("as the layer"))
        size.setToolTip(translated("The longest side that is painted; larger layers are painted smaller, and scaled"))
        return size

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.addRow(translated("Strength"), self._strength)
        form.addRow(translated("Stroke size"), self._stroke_size)
        form.addRow(self._keep_colours)
        form.addRow(translated("Size"), self._size)
        form.addRow(translated("Quality"), self._quality)
        dice = QToolButton()
        dice.setObjectName("impasto_dice")
        dice.setText(translated("New"))
        dice.setToolTip(translated("Another seed: another painting with the same settings"))
        dice.clicked.connect(lambda: self._seed.setValue(random.randint(1, 99999)))  # noqa: S311  # no secret
        row = QHBoxLayout()
        row.addWidget(self._seed, 1)
        row.addWidget(dice)
        form.addRow(translated("Seed"), row)
