"""GIMP's context for the time of one call: what 2.8's procedures took as arguments is a setting of the context since.

Knows GIMP's context only; the table's rows call it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ._gimp3 import call


@contextmanager
def with_context(settings: Mapping[str, Any]) -> Iterator[None]:
    """Sets so much of the context (`opacity`, `paint-mode`, in 2.10's numbers), and puts it back at the end."""
    call("gimp-context-push")
    try:
        for name, value in settings.items():
            values = value if isinstance(value, tuple) else (value,)
            call(f"gimp-context-set-{name}", *values)
        yield
    finally:
        call("gimp-context-pop")


def feathered(feather: int, radius_x: float, radius_y: float | None = None) -> dict[str, Any]:
    """The context's settings for soft edges of a selection."""
    if not feather:
        return {"feather": 0}
    return {"feather": 1, "feather-radius": (radius_x, radius_x if radius_y is None else radius_y)}
