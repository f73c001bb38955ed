"""What a caller hears of its painting: events, pictures on the way, and of the connection; nothing twice.

Knows the contract's events and pictures. Must not know channels. ``client`` tells it what comes in.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from impasto import wire
from impasto.client.lifeline import FAR_LOST, OnConnection
from impasto.client.progress import Progress, progress_of
from impasto.errors import Violations
from impasto.pictures import Picture
from impasto.v1 import image_pb2, stylize_pb2

OnProgress: TypeAlias = Callable[[Progress], None]
OnPreview: TypeAlias = Callable[[Picture], None]
OnSent: TypeAlias = Callable[[int, int], None]
FAR_AWAY = "the server does not answer; trying again"  # where there is no job yet


def unheard(_text: str) -> None:
    """What hears of the connection unless somebody asks for more."""


def received(header: image_pb2.ImageHeader, samples: bytes) -> Picture:
    """Samples that have come in, with their header."""
    return Picture(wire.header_from(header, "header", Violations()), samples)


class Told:
    """What a caller has heard of a painting: nothing twice, however often the connection is made anew."""

    def __init__(
        self, on_progress: OnProgress | None, on_preview: OnPreview | None, on_connection: OnConnection
    ) -> None:
        self._on_progress, self._on_preview, self._on_connection = on_progress, on_preview, on_connection
        self._sequence, self._said = 0, ""
        self.job: stylize_pb2.Job | None = None

    def event(self, event: stylize_pb2.JobEvent) -> None:
        """One event, of which those that were heard already do not count; another job's numbers begin anew."""
        if self.job is not None and self.job.name == event.job.name and event.sequence <= self._sequence:
            return
        self.job, self._sequence = event.job, event.sequence
        if self._on_progress:
            self._on_progress(progress_of(event))

    def preview(self, frame: stylize_pb2.PreviewFrame) -> None:
        """The picture so far."""
        if self._on_preview:
            self._on_preview(received(frame.header, frame.samples))

    def connection(self, text: str) -> None:
        """Something about the connection, which may be said again and again.

        To who hears of progress once, with the job as it was last heard of; without one while pictures are sent.
        """
        if text == FAR_LOST and self.job is None:
            text = FAR_AWAY
        self._on_connection(text)
        if self._on_progress and text != self._said:
            self._on_progress(replace(progress_of(stylize_pb2.JobEvent(job=self.job)), notice=text))
        self._said = text
