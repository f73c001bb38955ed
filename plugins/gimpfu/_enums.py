"""The numbers of 2.10's constants, and which of them are other numbers in GIMP 3.

Scripts write constants by name and, as often, as bare numbers, so a constant keeps the number that it had in 2.10, and
is translated where it goes into GIMP 3 or comes out. Knows `enums210.txt`; must never import gi: `gimpenums` is read
where there is no GIMP, too. Called by `gimpenums`, `_arguments`, `_gimp3` and by the objects' methods.
"""

from functools import cache
from pathlib import Path

# GType → {2.10's number: GIMP 3's}. A test compares every constant of 2.10 with GIMP 3's of the same name.
MOVED = {
    "GimpFillType": {2: 3, 3: 4, 4: 5},  # GIMP 3 put CIELAB_MIDDLE_GRAY before white
    "GimpConvertPaletteType": {1: 0, 2: 1, 3: 2, 4: 3},  # reuse is gone: a palette is made
    "GimpForegroundExtractMode": {1: 0},  # SIOX is gone
    "GimpRepeatMode": {1: 2, 2: 3, 3: 1},  # GIMP 3 put TRUNCATE second
}


@cache
def constants() -> dict[str, dict[str, int]]:
    """GType → {name without `GIMP_`: number}, older names of the same type among them."""
    found: dict[str, dict[str, int]] = {}
    for line in Path(__file__).with_name("enums210.txt").read_text(encoding="utf-8").splitlines():
        kind, *pairs = line.split()
        of_type = found.setdefault(kind, {})
        of_type.update((name, int(number)) for name, _, number in (pair.partition("=") for pair in pairs))
    return found


def native(gtype: str, number: int) -> int:
    """GIMP 3's number for one of 2.10's, of an enumeration called `GimpFillType` and the like."""
    return MOVED.get(gtype, {}).get(number, number)


def classic(gtype: str, number: int) -> int:
    """2.10's number for one of GIMP 3's."""
    back = {new: old for old, new in MOVED.get(gtype, {}).items()}
    return back.get(number, number)
