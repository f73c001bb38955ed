"""One painting that an editor asked for: sent, watched, stopped, fetched; told in frames.

Knows the client and what frames say. Must not know pipes. `session` makes one for every ``stylize`` and runs it in a
thread; another thread pulls previews, each only when the last one has left this process, so that an editor that is busy
sees the newest and the daemon makes none in vain.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from impasto.client import Client, Picture, Progress
from impasto.client.lifeline import FAR_FOUND, FAR_LOST, FOUND, LOST
from impasto.client.telling import FAR_AWAY
from impasto.errors import ImpastoError, JobCancelled, NotFound
from impasto.frames import Frame
from impasto.pipe.connection import Connection
from impasto.pipe.outbox import Outbox, samples
from impasto.pipe.styles import Gallery

NOTICES = {
    LOST: "lost",
    FAR_LOST: "lost",
    FAR_AWAY: "lost",
    FOUND: "found",
    FAR_FOUND: "found",
}  # what the client says of its connection, as events of their own


@dataclass(frozen=True)
class BuiltIn:
    """A style of the gallery, drawn when it is needed."""

    name: str


Source: TypeAlias = bytes | Picture | BuiltIn


@dataclass(frozen=True)
class Order:
    """What is to be painted; fields as `impasto.client.Client.stylize` has them, settings by its options' names.

    With `enlarged` a result that was painted smaller comes at the size of the content, which is raw samples then.
    """

    content: Source
    style: Sequence[Source]
    mask: Source | None = None
    keep: Source | None = None
    init: Source | None = None
    regions: Sequence[Source] = ()
    blend: Sequence[float] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    preview_edge: int = 512
    previews_per_s: float = 2.0
    enlarged: bool = False
    priority: str = "normal"
    labels: Mapping[str, str] = field(default_factory=dict)


class Painting:
    """One run; the mutable state is the job that it has become and whether it was asked to stop."""

    def __init__(self, ident: str, order: Order, connection: Connection, gallery: Gallery, outbox: Outbox) -> None:
        self._ident, self._order, self._outbox = ident, order, outbox
        self._connection, self._gallery = connection, gallery
        self._job, self._ended = "", False
        self._client: Client | None = None
        self._said = ""  # of the connection, last
        self._stopping: bool | None = None  # None: nobody asked; else whether to keep
        self._lock = threading.Lock()

    def run(self) -> None:
        """Paints to the end, whatever it is; the client rides over the death of a daemon.

        Raises:
            ImpastoError: it went wrong.
        """
        try:
            self._finish(self._paint(self._reached()))
        except JobCancelled as error:
            self._cancelled(error)
        finally:
            self._ended = True

    def stop(self, *, keep: bool) -> None:
        """Asks the job to stop; if it is not there yet, it will be stopped as soon as it is."""
        with self._lock:
            self._stopping = keep
            client, job = self._client, self._job
        if client is not None and job:
            try:
                client.cancel(job, keep_partial_result=keep)
            except (ImpastoError, ValueError):  # the daemon is lost: once it is back, this is asked again
                return

    def _reached(self) -> Client:
        """The client; a server that is away just now is waited for."""
        client = self._connection.client(lambda: self._connected(FAR_AWAY))
        if self._said:
            self._connected(FAR_FOUND)
        return client

    def _connected(self, text: str) -> None:
        """What is said of the connection: once. While it is looked for a painting can be stopped, if need be for good.

        Raises:
            JobCancelled: nothing of it is wanted any more, or nothing was begun.
        """
        is_lost = NOTICES.get(text) != "found"
        if is_lost and (self._stopping is False or (self._stopping is not None and not self._job)):
            raise JobCancelled("stopped while nobody was reached")
        if text != self._said:
            self._said = text
            self._say(NOTICES.get(text, "notice"), text=text)

    def _paint(self, client: Client) -> Picture:
        order = self._order
        with self._lock:
            self._client = client
        self._stop_early()
        styles = [self._file(style) for style in order.style]
        return client.stylize(
            self._file(order.content),
            styles[0] if len(styles) == 1 else styles,
            mask=self._optional(order.mask),
            keep=self._optional(order.keep),
            init=self._optional(order.init),
            regions=[self._file(region) for region in order.regions],
            blend=order.blend,
            on_progress=lambda told: self._progressed(client, told),
            on_sent=self._sent,
            on_connection=self._connected,
            priority=order.priority,
            labels=order.labels,
            **order.settings,
        )

    def _file(self, source: Source) -> bytes | Picture:
        return self._gallery.file(source.name) if isinstance(source, BuiltIn) else source

    def _optional(self, source: Source | None) -> bytes | Picture | None:
        return None if source is None else self._file(source)

    def _sent(self, sent_bytes: int, send_bytes: int) -> None:
        self._stop_early()
        told = {"event": "sending", "id": self._ident, "sent_bytes": sent_bytes, "send_bytes": send_bytes}
        self._outbox.replace("sending", self._ident, Frame(told))

    def _stop_early(self) -> None:
        """Where there is no job yet, nothing more is sent.

        Raises:
            JobCancelled: it was stopped.
        """
        if self._stopping is not None:
            raise JobCancelled("stopped before it began")

    def _progressed(self, client: Client, told: Progress) -> None:
        """An event of the job: passed on. The first one brings its name, for which previews and a stop have waited."""
        if not told.job:  # the daemon was lost while pictures were sent: `_connected` has said so
            return
        found = NOTICES.get(told.notice) == "found"
        fresh = found or told.job != self._job
        with self._lock:
            self._job, stopping = told.job, self._stopping
        if fresh and stopping is not None:
            self.stop(keep=stopping)
        if fresh and self._order.previews_per_s:
            threading.Thread(target=self._show, args=(client, told.job), daemon=True).start()
        if told.notice and told.notice != self._said:  # else it was said
            self._say(_kind(told), text=told.notice)
        progress = {"event": "progress", "id": self._ident} | asdict(told) | {"losses": dict(told.losses)}
        self._outbox.replace("progress", self._ident, Frame(progress))

    def _show(self, client: Client, job: str) -> None:
        """Pulls previews of a job until it ends."""
        newest, pause_s = 0, 1 / self._order.previews_per_s
        while not self._ended and self._job == job:
            began = time.monotonic()
            try:
                preview = client.preview(job, newest, self._order.preview_edge)
            except (ImpastoError, ValueError):  # lost, or its channel closed: `_progressed` begins anew once it is back
                return
            if preview is None or self._ended:
                return
            newest = preview.sequence
            header = preview.picture.header.to_json()
            told = {"event": "preview", "id": self._ident, "step": preview.step, "header": header}
            self._outbox.replace("preview", self._ident, Frame(told, preview.picture.samples))
            self._outbox.wait_for("preview", self._ident)
            time.sleep(max(0.0, pause_s - (time.monotonic() - began)))

    def _cancelled(self, error: JobCancelled) -> None:
        """The job was stopped: the picture reached so far is the result if it was to be kept and there is one."""
        if self._stopping and self._client is not None and self._job:
            try:
                return self._finish(self._client.picture(self._job, self._connected), kept=True)
            except NotFound:  # stopped before the first step
                pass
            except JobCancelled as meanwhile:  # it is not wanted any more
                error = meanwhile
        self._say("cancelled", text=error.message)
        return None

    def _finish(self, picture: Picture, *, kept: bool = False) -> None:
        self._ended = True
        header, parts = picture.header, samples(self._ident, [picture.samples])
        content = self._order.content
        if self._order.enlarged and isinstance(content, Picture) and content.header != header:
            from impasto.pipe import enlarging  # noqa: PLC0415  # numpy: not before somebody has use for it

            header, parts = content.header, samples(self._ident, enlarging.bands(picture, content))
        self._say("result", header=header.to_json(), size_bytes=header.size_bytes, kept=kept)
        self._outbox.put_lazily(parts, self._ident)
        self._say("done")

    def _say(self, event: str, **told: Any) -> None:  # noqa: ANN401  # anything JSON can hold
        self._outbox.put(Frame({"event": event, "id": self._ident} | told))

    def __repr__(self) -> str:
        return f"<Painting {self._ident} [{self._job or 'no job yet'}]>"


def _kind(told: Progress) -> str:
    """Which event a notice is: what every painting begins with, its encoder, is not for a window to read aloud."""
    return "encoder" if told.notice.startswith(f"encoder {told.encoder}") else NOTICES.get(told.notice, "notice")
