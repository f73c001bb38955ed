"""What there is to say about Impasto just now, in one line, and what to do about it.

Decides from what is known: the last answer to ``status``, the painting under way, what went wrong. Pure; must never
know Qt or Krita. `state_line` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(Enum):
    """How Impasto is."""

    UNREACHABLE = "unreachable"  # it is not installed, or cannot be started
    UNKNOWN = "unknown"  # it was asked and has not answered yet
    NO_DAEMON = "no daemon"
    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    PAINTING = "painting"
    LOST = "lost"


@dataclass
class Known:
    """All that is known; the docker writes here what it hears.

    Attributes:
        status: the last event ``status``; None before the first answer.
        progress: the last event ``progress`` of this window's painting; None when there is none, {} before the first.
        lost: what was said when the daemon was lost; empty once it is found.
        unreachable: why there is no pipe.
        refused: why the daemon could not be asked, as the last try said; empty once it answers.
        starting: whether a daemon was asked for and has not answered yet.
    """

    status: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] | None = None
    lost: str = ""
    unreachable: str = ""
    refused: str = ""
    starting: bool = False

    @property
    def state(self) -> State:
        """Which of the states it is."""
        if self.unreachable:
            return State.UNREACHABLE
        if self.lost:
            return State.LOST
        if self.progress is not None:
            return self._painting(self.progress)
        if self.starting:
            return State.STARTING
        if self.refused:
            return State.UNREACHABLE
        return self._resting()

    def _painting(self, progress: Mapping[str, Any]) -> State:
        if not progress.get("job"):  # the layer is on its way
            return State.PAINTING if (self.status or {}).get("running") else State.STARTING
        if progress.get("state") == "queued":
            return State.BUSY
        return State.PAINTING if progress.get("step") else State.LOADING

    def _resting(self) -> State:
        if self.status is None:
            return State.UNKNOWN
        if not self.status.get("running"):
            return State.NO_DAEMON
        return State.BUSY if self.status.get("running_jobs") or self.status.get("queued_jobs") else State.READY


class Line(NamedTuple):
    """What is shown: how it is, what to do or to expect, and the words on a button that does it, if there is one."""

    words: str
    advice: str = ""
    button: str = ""


def tip(status: Mapping[str, Any] | None) -> str:
    """For whoever wonders what paints, and how to have the finer one: every encoder, as the daemon describes it."""
    told = (status or {}).get("descriptions") or {}
    return "\n".join(f"{name}: {text}" for name, text in told.items())


def line(known: Known, tr: Callable[[str], str] = str) -> Line:
    """The line for what is known, every sentence through `tr`."""
    fixed = {
        State.UNKNOWN: Line(tr("Looking for Impasto…")),
        State.NO_DAEMON: Line(
            tr("Impasto is not running"), tr("It starts by itself with the next painting."), tr("Start it now")
        ),
        State.STARTING: Line(tr("Starting…"), tr("This takes a few seconds.")),
        State.LOADING: Line(tr("Loading the network…"), tr("Only the first painting waits for this.")),
        State.PAINTING: Line(tr("Painting"), tr("You can go on drawing meanwhile.")),
    }
    state, server = known.state, str((known.status or {}).get("server") or "")
    if state is State.UNREACHABLE:
        return Line(tr("Impasto cannot be reached"), known.unreachable or known.refused, tr("Try again"))
    if state is State.NO_DAEMON and server:  # none is started here
        told = tr("{server} does not answer").format(server=server)
        return Line(told, tr("Is the network there, and the server running?"), tr("Try again"))
    if state is State.LOST:
        return Line(tr("Connection lost"), known.lost)
    return fixed.get(state) or _working(known.status or {}, state, tr)


def _working(status: Mapping[str, Any], state: State, tr: Callable[[str], str]) -> Line:
    if state is State.READY:
        devices = ", ".join(status.get("devices") or {})
        told = {"encoder": status.get("encoder", ""), "device": devices}
        return Line(tr("Ready"), tr("{encoder} on {device}").format(**told) if devices else str(told["encoder"]))
    running, queued = status.get("running_jobs") or 0, status.get("queued_jobs") or 0
    counts = tr("{running} in work, {queued} waiting").format(running=running, queued=queued)
    return Line(tr("Busy: {counts}").format(counts=counts), tr("A painting of yours takes its turn by itself."))
