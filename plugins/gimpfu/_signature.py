"""What GIMP 2.10 said each procedure takes and gives back.

Knows the lines of `pdb210.txt` and nothing of GIMP itself: no GObject introspection here, so that a script can be
checked where there is no GIMP (`impasto gimp adopt`). The lines were written down from GIMP 2.10.34's own dump. Called
by `_pdb`, `_arguments` and the tests.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

# The numbers that 2.10's `pdb.x.params` shows for each type (GimpPDBArgType).
TYPES = {
    "int32": 0, "bool": 0, "int16": 1, "int8": 2, "float": 3, "string": 4, "int32array": 5, "int16array": 6,
    "int8array": 7, "floatarray": 8, "stringarray": 9, "color": 10, "item": 11, "display": 12, "image": 13, "layer": 14,
    "channel": 15, "drawable": 16, "selection": 17, "colorarray": 18, "vectors": 19, "parasite": 20, "status": 21,
    "drawables": 16, "any": 0,
}  # fmt: skip
ARRAYS = frozenset(kind for kind in TYPES if kind.endswith("array"))


class Parameter(NamedTuple):
    """One argument or result: its name, its type's word, and the range that 2.10's core kept it in."""

    name: str
    kind: str
    least: float = float("-inf")
    most: float = float("inf")


class Signature(NamedTuple):
    """A procedure as 2.10 had it; `run-mode` is among the parameters where it was."""

    name: str
    parameters: tuple[Parameter, ...]
    results: tuple[Parameter, ...]
    foreign: bool = False  # GIMP 3's own: arrays may come without their counts

    @property
    def takes_run_mode(self) -> bool:
        """Whether the run mode is filled in, never given by the script."""
        return bool(self.parameters) and self.parameters[0].name == "run-mode"

    @property
    def given(self) -> tuple[Parameter, ...]:
        """What a script passes."""
        return self.parameters[1:] if self.takes_run_mode else self.parameters


def _parameter(text: str) -> Parameter:
    """`low-input:int32[0,255]`."""
    name, _, rest = text.partition(":")
    kind, _, limits = rest.rstrip("]").partition("[")
    least, _, most = limits.partition(",")
    return Parameter(name, kind, float(least or "-inf"), float(most or "inf"))


def _parameters(text: str) -> tuple[Parameter, ...]:
    return tuple(_parameter(one) for one in text.split(", ") if one)


def parse(line: str) -> Signature:
    """`NAME(ARGUMENTS) -> RESULTS`."""
    left, _, results = line.partition(" -> ")
    name, _, arguments = left.partition("(")
    return Signature(name, _parameters(arguments.removesuffix(")")), _parameters(results))


@cache
def _lines() -> dict[str, str]:
    lines = Path(__file__).with_name("pdb210.txt").read_text(encoding="utf-8").splitlines()
    return {line.partition("(")[0]: line for line in lines}


def known(name: str) -> bool:
    """Whether 2.10 had that procedure."""
    return name in _lines()


def names() -> tuple[str, ...]:
    """All procedures of 2.10, in order."""
    return tuple(_lines())


@cache
def signature(name: str) -> Signature:
    """What 2.10 said of a procedure. Raises KeyError for one that it did not have."""
    return parse(_lines()[name])
