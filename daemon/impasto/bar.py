"""The progress bars: on a terminal one line that moves, elsewhere a line for every tenth of the work.

Knows rich, a job's `Progress` and a fetch's. Must not know what is painted or brought, or why. ``cli`` shows them.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Live

if TYPE_CHECKING:
    from impasto.client import Progress
    from impasto.imagenet import Progress as Transfer

BAR_WIDTH = 20  # leaves room for step, time and losses on a terminal of 80 columns


class Bar:
    """A context that hands out a function to be called with every event, and a label."""

    def __init__(self) -> None:
        self._printed, self._live = ("", -1), sys.stderr.isatty()
        self._task: TaskID | None = None
        columns = (TextColumn("{task.description}"), BarColumn(BAR_WIDTH), TextColumn("{task.fields[told]}"))
        self._progress = Live(*columns, console=Console(stderr=True), disable=not self._live, transient=True)

    def __enter__(self) -> Callable[..., None]:
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, progress: "Progress", label: str = "painting") -> None:
        if progress.notice:
            self._progress.print(progress.notice) if self._live else click.echo(progress.notice, err=True)
        self._move(label, progress.step, progress.total_steps, tell(progress))

    def sent(self, sent_bytes: int, send_bytes: int) -> None:
        """How much of a picture has gone to the daemon; then it is read there."""
        told = f"{100 * sent_bytes // send_bytes} % of {send_bytes / 1e6:.0f} MB" if sent_bytes < send_bytes else ""
        self._move("sending" if told else "reading", sent_bytes, send_bytes, told or "the picture")

    def _move(self, label: str, done: int, whole: int, told: str) -> None:
        if self._task is None:
            self._task = self._progress.add_task(label, total=None, told=told)
        self._progress.update(self._task, description=label, completed=done, total=whole or None, told=told)
        tenth = label, 10 * done // max(1, whole)
        if not self._live and done and tenth != self._printed:
            self._printed = tenth
            click.echo(f"{label}: {told}", err=True)


def tell(progress: "Progress") -> str:
    """One line: where it stands, the time left, the losses."""
    if progress.state == "queued" and (progress.queue_position or 1) > 1:
        return f"queued, place {progress.queue_position}"
    if not progress.total_steps:
        return "loading"
    left = "" if progress.time_left_s is None else f"  {progress.time_left_s:.0f} s left"
    told = [name for name in ("content", "style") if name in progress.losses]
    losses = "".join(f"  {name} {progress.losses[name]:.3g}" for name in told)
    return f"step {progress.step}/{progress.total_steps}{left}{losses}"


class TransferBar:
    """A context that hands out a function to be called with every piece of a file that arrives."""

    def __init__(self) -> None:
        self._printed, self._live = "", sys.stderr.isatty()
        sizes = (BarColumn(BAR_WIDTH), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        columns = (TextColumn("{task.description}"), *sizes)
        self._progress = Live(*columns, console=Console(stderr=True), disable=not self._live, transient=True)
        self._task = self._progress.add_task("connecting", total=None)

    def __enter__(self) -> Callable[["Transfer"], None]:
        self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, progress: "Transfer") -> None:
        had, total = progress.received_bytes, progress.total_bytes
        self._progress.update(self._task, description=progress.stage, completed=had, total=total or None)
        tenths = f" {10 * had // total}0 % of {total / 1e6:.1f} MB" if total and progress.stage == "downloading" else ""
        if not self._live and self._printed != progress.stage + tenths:
            self._printed = progress.stage + tenths
            click.echo(self._printed, err=True)
