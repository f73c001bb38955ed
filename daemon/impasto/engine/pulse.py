"""The pulse: a callable that long computations call between layers, so that they can be stopped there.

Knows nothing. Whoever runs the engine gives one that raises `Cancelled` (or anything else) when the work is no longer
wanted; the engine lets it pass through and stays usable.
"""

from collections.abc import Callable
from typing import TypeAlias

Pulse: TypeAlias = Callable[[], None]


class Cancelled(Exception):
    """Raised by a pulse when the work is no longer wanted: no error, somebody asked for it."""


def steady() -> None:
    """The pulse of work that nobody will interrupt."""
