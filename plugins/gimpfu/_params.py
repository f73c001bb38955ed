"""The PF_ types: their numbers, what each holds, and what a script says of one parameter or result.

Knows nothing of GIMP. Called by `register`, by what makes GIMP 3's arguments, and by the dialog.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# 2.10's PDB types, which are the plain PF_ types.
PF_INT32, PF_INT16, PF_INT8, PF_FLOAT, PF_STRING = range(5)
PF_INT, PF_VALUE = PF_INT32, PF_STRING
INT32ARRAY, INT16ARRAY, INT8ARRAY, FLOATARRAY, STRINGARRAY = range(5, 10)
PF_COLOR = PF_COLOUR = 10
PF_REGION, PF_DISPLAY, PF_IMAGE, PF_LAYER, PF_CHANNEL, PF_DRAWABLE = 11, 12, 13, 14, 15, 16
SELECTION, COLORARRAY, PF_VECTORS, PARASITE, STATUS = 17, 18, 19, 20, 21
PF_TOGGLE = PF_BOOL = 1000
PF_SLIDER = 1001
PF_SPINNER = PF_ADJUSTMENT = 1002
PF_FONT, PF_FILE, PF_BRUSH, PF_PATTERN, PF_GRADIENT, PF_RADIO, PF_TEXT, PF_PALETTE = range(1003, 1011)
PF_FILENAME, PF_DIRNAME, PF_OPTION = 1011, 1012, 1013

KNOWN = {
    value: name
    for name, value in sorted(globals().items(), reverse=True)
    if name.startswith("PF_") and isinstance(value, int)
}
ARRAYS = {INT32ARRAY: "INT32ARRAY", INT16ARRAY: "INT16ARRAY", INT8ARRAY: "INT8ARRAY", FLOATARRAY: "FLOATARRAY",
          STRINGARRAY: "STRINGARRAY", COLORARRAY: "COLORARRAY"}  # fmt: skip
PLAIN = {SELECTION: "SELECTION", PARASITE: "PARASITE", STATUS: "STATUS"}
INTEGERS = {PF_INT8: (0, 255), PF_INT16: (-(2**15), 2**15 - 1), PF_INT32: (-(2**31), 2**31 - 1)}
RANGED = (PF_SLIDER, PF_SPINNER)
ITEMS = (PF_LAYER, PF_CHANNEL, PF_DRAWABLE, PF_VECTORS)
RANGE = (0, 100, 5)  # 2.10's own, where a script gives none
LETTERS = re.compile(r"[A-Za-z0-9_-]*")


class error(RuntimeError):  # noqa: N801  # 2.10's own name
    """`gimpfu.error`: a registration that cannot be, or a script that gave up by `fail`."""


class CancelError(RuntimeError):
    """The user cancelled a dialog."""


@dataclass(frozen=True)
class Param:
    """A parameter: its PF_ type, name, label, default and what the type has beside (range, choices)."""

    type: int
    name: str
    desc: str
    default: Any = None
    extra: Any = None

    @property
    def range(self) -> tuple[float, float, float]:
        """Lowest, highest and step of a slider or spinner."""
        given = tuple(self.extra or ())
        low, high, step = given + RANGE[len(given) :] if len(given) < 3 else given[:3]
        return min(low, high), max(low, high), step or 1

    @property
    def is_whole(self) -> bool:
        """Whether a spinner's values are whole numbers."""
        return all(float(value).is_integer() for value in (*self.range, self.default or 0))

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """Labels and values of a radio, or of an option, whose values are 0, 1, 2, ..."""
        if self.type == PF_OPTION:
            return [(str(label), index) for index, label in enumerate(self.extra or ())]
        given = self.extra or (("Yes", 1), ("No", 0))
        return [(str(label), value) for label, value in given]

    @property
    def is_path(self) -> bool:
        """Whether it is a file or a folder."""
        return self.type in (PF_FILE, PF_FILENAME, PF_DIRNAME)

    @property
    def is_folder(self) -> bool:
        """Whether a file parameter asks for a folder."""
        return self.type == PF_DIRNAME or (self.type == PF_FILE and str(self.default or "").endswith("/"))


def letters(name: object, what: str) -> None:
    """Returns when a name has letters, digits, - and _ alone. Raises `error`."""
    if not isinstance(name, str) or not LETTERS.fullmatch(name):
        raise error(f"{what} name contains illegal characters: {name!r} (letters, digits, - and _ are allowed)")


def checked_param(entry: Sequence[Any]) -> Param:
    """A parameter as a script gives it. Raises `error`, with the entry, for what is none."""
    if len(entry) < 4:
        raise error(f"parameter definition must contain at least 4 elements ({len(entry)} given: {entry})")
    _checked(entry, "parameter")
    return Param(*tuple(entry)[:5])


def checked_result(entry: Sequence[Any]) -> Param:
    """A result as a script gives it. Raises `error`, with the entry, for what is none."""
    if len(entry) < 3:
        raise error(f"result definition must contain at least 3 elements ({len(entry)} given: {entry})")
    _checked(entry, "result")
    return Param(*tuple(entry)[:3])


def _checked(entry: Sequence[Any], what: str) -> None:
    if type(entry[0]) is not int:
        raise error(f"{what} types must be integers: {entry!r} has {entry[0]!r} for one")
    if entry[0] not in KNOWN and entry[0] not in ARRAYS and entry[0] not in PLAIN:
        raise error(f"{what} {entry[1]!r} has type {entry[0]}, which is none of the PF_ types")
    letters(entry[1], what)
