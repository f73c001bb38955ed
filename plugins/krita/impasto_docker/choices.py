"""What an artist chose: styles with their weights, and every dial.

Values only, checked when they are read: they come back from files that an older or newer version may have written. Must
never know Qt, Krita or folders. Called by the docker and by
`memory`, which keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The least and the most that a dial gives, and the daemon takes.
STRENGTH, STROKE_SIZE, WEIGHT = (0.0, 1.0), (0.05, 4.0), (0.01, 1.0)
SIZE, STEPS, SEED = (0, 16384), (0, 10000), (0, 2**31 - 1)
MAX_STYLES = 8
DRAFT, USUAL, FINE = 80, 0, 600  # steps in all; 0 is as many as the encoder is best with


class Unusable(ValueError):
    """What was read are no choices: what is wrong, with the value and those allowed."""


@dataclass(frozen=True)
class Style:
    """One picture in whose manner is painted: a file at `path`, shown as `name`; without a path built in, by `name`."""

    name: str
    path: str = ""
    weight: float = 1.0

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others, whatever its weight or title."""
        return ("file", self.path) if self.path else ("built_in", self.name)

    @staticmethod
    def read(told: Mapping[str, Any]) -> Style:
        """From what `told` gave. Raises Unusable."""
        path, name = str(told.get("file", "")), str(told.get("built_in", ""))
        if bool(path) == bool(name):
            raise Unusable(f"a style is {dict(told)!r}; it needs either built_in, a name, or file, a path")
        weight = _number(told, "weight", WEIGHT, 1.0)
        return Style(str(told.get("name") or PurePath(path).stem), path, weight) if path else Style(name, "", weight)

    def told(self) -> dict[str, Any]:
        """As JSON can hold it."""
        mine = {"file": self.path, "name": self.name} if self.path else {"built_in": self.name}
        return {**mine, "weight": self.weight}


@dataclass(frozen=True)
class Choices:
    """All that a painting hangs on but the layer. Sizes in px of the longest side; 0 is the layer's own."""

    styles: tuple[Style, ...] = (Style("swirl"),)
    strength: float = 0.5
    stroke_size: float = 1.0
    keep_colours: bool = False
    size: int = 1024
    steps: int = USUAL
    seed: int = 0

    @staticmethod
    def read(told: Mapping[str, Any]) -> Choices:
        """From what `told` gave; what is missing is as usual.

        Raises:
            Unusable: a value is of the wrong kind or out of its range.
        """
        usual = Choices()
        styles = told.get("styles", [style.told() for style in usual.styles])
        if not isinstance(styles, list) or not 0 < len(styles) <= MAX_STYLES:
            raise Unusable(f"styles is {styles!r}; a list of 1 to {MAX_STYLES} is needed")
        return Choices(
            styles=tuple(Style.read(style) for style in styles),
            strength=_number(told, "strength", STRENGTH, usual.strength),
            stroke_size=_number(told, "stroke_size", STROKE_SIZE, usual.stroke_size),
            keep_colours=bool(told.get("keep_colours", usual.keep_colours)),
            size=int(_number(told, "size", SIZE, usual.size)),
            steps=int(_number(told, "steps", STEPS, usual.steps)),
            seed=int(_number(told, "seed", SEED, usual.seed)),
        )

    def told(self) -> dict[str, Any]:
        """As JSON can hold it, and as the run takes it."""
        return {**self.__dict__, "styles": [style.told() for style in self.styles]}

    def with_styles(self, styles: tuple[Style, ...]) -> Choices:
        """The same in other manners."""
        return replace(self, styles=styles)

    @property
    def title(self) -> str:
        """The styles' names."""
        return " + ".join(style.name for style in self.styles)


def _number(told: Mapping[str, Any], name: str, limits: tuple[float, float], usual: float) -> float:
    value = told.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not limits[0] <= value <= limits[1]:
        raise Unusable(f"{name} is {value!r}; {limits[0]:g} to {limits[1]:g} is allowed")
    return value
