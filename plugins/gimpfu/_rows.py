"""The table of 2.10's procedures that GIMP 3 has under another name, in another form, or not at all.

A row is a plain function that takes what 2.10's procedure took (without run mode, arrays without their counts) and
calls GIMP 3. The modules `_procedures_*` and `_filters` fill the table; `_pdb` reads it. Knows nothing of GIMP.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What stands for one procedure of 2.10."""

    name: str
    room: str  # the part of the table, for the README
    call: Callable[..., Any]
    target: str  # the GIMP 3 procedure or GEGL operation behind it, or a few words


ROWS: dict[str, Row] = {}
RENAMED: dict[str, str] = {}  # the same procedure, arguments in the same order, under a name of GIMP 3's
ABSENT: dict[str, str] = {}  # what GIMP 3 cannot do, and what a script can do instead


def row(*names: str, target: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enters a function for one procedure or several that take the same arguments."""

    def enter(call: Callable[..., Any]) -> Callable[..., Any]:
        room = call.__module__.rpartition("._procedures_")[2].rpartition("._")[2]
        for name in names:
            ROWS[name] = Row(name, room, call, target or (call.__doc__ or "").split("\n")[0].rstrip("."))
        return call

    return enter


def renamed(names: Mapping[str, str]) -> None:
    """Enters procedures that only have another name."""
    RENAMED.update(names)


def absent(reasons: Mapping[str, str]) -> None:
    """Enters procedures that nothing stands for, each with the reason a script's author is told."""
    ABSENT.update(reasons)
