"""Runs a script's function in 2.10's three ways, and leaves GIMP in order whatever becomes of it.

NONINTERACTIVE: with what the caller gave. WITH_LAST_VALS: with the last values. INTERACTIVE: after a dialog for what
is not given. The function never sees the run mode. Called by `_plugin`, with plain values; knows nothing of GIMP's
arguments.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _buffers, _undo
from ._door import Gimp
from ._failure import summary, whole
from ._params import CancelError
from ._python2 import adapt
from ._registration import Definition

INTERACTIVE, NONINTERACTIVE, WITH_LAST_VALS = 0, 1, 2
under_way: list[str] = []  # the procedure that runs, by its name


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its results, or what went wrong, or that it was cancelled."""

    results: tuple[Any, ...] = ()
    message: str = ""
    cancelled: bool = False


def run(definition: Definition, run_mode: int, values: Callable[[], list[Any] | None]) -> Outcome:
    """Calls the function with `values()`, which may show a dialog and gives None where that is cancelled."""
    adapt(definition.function.__globals__ if hasattr(definition.function, "__globals__") else {})
    under_way.append(definition.name)
    try:
        if run_mode == INTERACTIVE and definition.on_run is not None:
            definition.on_run()
        given = values()
        if given is None:
            return Outcome(cancelled=True)
        answer = definition.function(*given)
        if run_mode != NONINTERACTIVE:
            _buffers.settle()
            Gimp.displays_flush()
        return Outcome(results(definition, answer))
    except CancelError:
        put_back()
        return Outcome(cancelled=True)
    except (Exception, SystemExit) as failed:  # whatever a script raises is told to the user, not to GIMP's pipe
        put_back()
        return refused(definition, failed)
    finally:
        under_way.pop()
        tidy()


def is_running() -> bool:
    """Whether a script's function has been called and has not come back."""
    return bool(under_way)


def put_back() -> None:
    """After a script that did not come to its end: what it opened or turned off is as the user had it."""
    tidy()
    _undo.turn_on()


def refused(definition: Definition, failed: BaseException) -> Outcome:
    """An exception as an outcome; `sys.exit()` without a complaint ends a script in peace that owes no results."""
    if isinstance(failed, SystemExit) and not failed.code:
        if not definition.results:
            return Outcome()
        failed = TypeError(f"{definition.name} ended before it gave its {len(definition.results)} results")
    if not getattr(failed, "plain", False):  # its words say all that there is to know
        sys.stderr.write(whole(failed))
        sys.stderr.flush()
    return Outcome(message=summary(failed))


def tidy() -> None:
    """Writes pixels that wait, and closes undo groups that an exception left open."""
    try:
        _buffers.settle()
    except Exception as failed:  # the drawable may be gone; the undo groups still have to be closed
        sys.stderr.write(f"gimpfu: pixels that a script set could not be written: {failed}\n")
    if _undo.close_all():
        Gimp.displays_flush()


def results(definition: Definition, answer: Any) -> tuple[Any, ...]:
    """What a function returned, as so many results as it registered.

    Raises:
        TypeError: for another number.
    """
    wanted = len(definition.results)
    if wanted == 0:
        return ()
    given = tuple(answer) if wanted > 1 and isinstance(answer, (list, tuple)) else (answer,)
    if len(given) != wanted or (wanted == 1 and answer is None):
        count = 0 if answer is None else len(given)
        raise TypeError(f"{definition.name} registered {wanted} results, its function returned {count}: {answer!r}")
    return given
