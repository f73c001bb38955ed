"""What 2.10 had not and a plug-in of GIMP 3 may want: how it is being called, and rows of its own in its dialog.

Scripts import it by name (`from gimpfu import beyond`); `from gimpfu import *` is 2.10's alone. Knows nothing of GIMP;
`_plugin` says what is called, `_dialog` asks for the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._run import INTERACTIVE, NONINTERACTIVE, WITH_LAST_VALS

__all__ = ["INTERACTIVE", "NONINTERACTIVE", "WITH_LAST_VALS", "Call", "call", "own_row"]

Row = Callable[[Any, Any, Any, str], str]


@dataclass(frozen=True)
class Call:
    """How GIMP called a procedure: the run mode, which its function never sees, and what was given beside arguments."""

    run_mode: int
    given: tuple[Any, ...]


rows: dict[str, Row] = {}
_calls: list[Call] = []


def own_row(parameter: str, maker: Row) -> None:
    """Has a script draw the row of one of its parameters.

    Args:
        parameter: its name.
        maker: called with GimpUi's dialog, the procedure's config, the parameter and GIMP 3's name for it; returns the
            name of a widget of the dialog, or nothing for no row. What is chosen it sets in the config.
    """
    rows[parameter] = maker


def call() -> Call:
    """The call that is under way."""
    return _calls[-1]


def begin(run_mode: int, given: list[Any]) -> None:
    """GIMP calls a procedure."""
    _calls[:] = [Call(run_mode, tuple(given))]
