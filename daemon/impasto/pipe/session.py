"""One editor's run: its verbs, the pictures that it sent, the paintings under way.

Knows frames and what each verb asks for. Must not know how bytes come and go. `impasto.pipe` feeds it from one thread,
which it never keeps waiting: whatever asks the daemon or draws goes on in a thread of its own. Every ``stylize``,
``status`` and ``styles`` ends with exactly one of ``done``, ``cancelled`` and ``error`` under its id.
"""

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from impasto import malloc
from impasto.client import Picture
from impasto.config import Config
from impasto.errors import EngineFault, ImpastoError, InvalidRequest, Violation, Violations
from impasto.frames import Frame
from impasto.image import ImageHeader
from impasto.pipe.connection import Connection
from impasto.pipe.outbox import Outbox
from impasto.pipe.painting import BuiltIn, Order, Painting, Source
from impasto.pipe.styles import STYLES, Gallery
from impasto.pipe.words import told

MIN_EDGE, MAX_EDGE = 16, 1024
FIELDS = {field.name for field in fields(Order)} | {"verb", "id"}


class Incoming:
    """A picture whose samples still come."""

    def __init__(self, header: ImageHeader | None, size_bytes: int) -> None:
        """Raw samples of that header; a file if there is none."""
        self.header, self.size_bytes, self._data = header, size_bytes, io.BytesIO()

    def take(self, part: bytes) -> Source | None:
        """Adds a part; the picture once it is whole.

        Raises:
            InvalidRequest: more came than was announced.
        """
        self._data.write(part)
        had = self._data.tell()
        if had > self.size_bytes:
            raise wrong("samples", f"bring {had} bytes; {self.size_bytes} were announced", "SIZE_MISMATCH")
        if had < self.size_bytes:
            return None
        data = self._data.getvalue()  # the buffer itself: a poster is in memory once
        return data if self.header is None else Picture(self.header, data)


class Session:
    """What one editor has sent and asked for; called from one thread."""

    def __init__(self, config: Config, outbox: Outbox) -> None:
        self._outbox, self._limits = outbox, config.limits
        self._connection = Connection(config)
        self._gallery = Gallery(config.data_dir / "gallery")
        self._incoming: dict[str, Incoming] = {}
        self._pictures: dict[str, Source] = {}
        self._paintings: dict[str, Painting] = {}
        self._verbs: Mapping[str, Callable[[str, Frame], None]] = {
            "picture": self._picture,
            "samples": self._samples,
            "forget": self._forget,
            "stylize": self._stylize,
            "cancel": self._cancel,
            "status": self._status,
            "styles": self._styles,
        }

    def hear(self, frame: Frame) -> None:
        """Carries out one verb, or tells what was wrong with it."""
        ident = str(frame.header.get("id", ""))
        with self._telling(ident):
            verb = self._verbs.get(str(frame.header.get("verb")))
            if verb is None:
                raise wrong("verb", f"is {frame.header.get('verb')!r}; known are {', '.join(self._verbs)}", "NO_VERB")
            verb(ident, frame)

    def close(self) -> None:
        """The editor has gone: whatever it had running is cancelled."""
        self._connection.close()

    def _picture(self, ident: str, frame: Frame) -> None:
        """Announces a picture: one that is built in, or the samples or the file that follow in chunks."""
        if "gallery" in frame.header:
            self._pictures[ident] = BuiltIn(str(frame.header["gallery"]))
            return
        size = int(frame.header["size_bytes"])
        header = _header(frame.header.get("header"), size, self._limits.max_pixels)
        if not 0 < size <= self._limits.max_upload_bytes:
            allowed = f"1 to {self._limits.max_upload_bytes} are allowed"
            raise wrong("size_bytes", f"is {size}; {allowed}", "TOO_LARGE" if size else "EMPTY")
        self._pictures.pop(ident, None)
        self._incoming[ident] = Incoming(header, size)

    def _samples(self, ident: str, frame: Frame) -> None:
        """Takes a chunk of a picture that was announced; those of one that was refused fall silent."""
        incoming = self._incoming.get(ident)
        if incoming is None:
            return
        try:
            whole = incoming.take(frame.payload)
        except InvalidRequest:
            del self._incoming[ident]
            raise
        if whole is not None:
            self._pictures[ident] = whole
            del self._incoming[ident]

    def _forget(self, ident: str, _frame: Frame) -> None:
        """Lets a picture's memory go; paintings that have begun keep theirs."""
        self._pictures.pop(ident, None)
        self._incoming.pop(ident, None)

    def _stylize(self, ident: str, frame: Frame) -> None:
        if ident in self._paintings:
            raise wrong("id", f"{ident!r} is taken by another painting; choose a new one", "ID_TAKEN")
        order = self._order(frame.header)
        painting = Painting(ident, order, self._connection, self._gallery, self._outbox)
        self._paintings[ident] = painting

        def run() -> None:
            try:
                painting.run()
            finally:
                self._paintings.pop(ident, None)
                malloc.trim()  # of a poster in pieces: this process lives as long as Krita

        self._aside(ident, run)

    def _order(self, header: Mapping[str, Any]) -> Order:
        """What is to be painted, its pictures found by their ids; all that are missing are told at once."""
        found = Violations()
        for name in set(header) - FIELDS:
            found.add(name, f"is no field of a painting; there are {', '.join(sorted(FIELDS))}", "UNKNOWN_FIELD")

        def picture(field: str, ident: object) -> Source:
            if ident not in self._pictures:
                coming = "has not arrived whole" if ident in self._incoming else "was not sent"
                found.add(field, f"{ident!r} {coming}: send its header and all of its samples first", "PICTURE_MISSING")
            return self._pictures.get(str(ident), b"")

        one = {field: picture(field, header[field]) for field in ("mask", "keep", "init") if header.get(field)}
        order = Order(
            content=picture("content", header.get("content")),
            style=[picture(f"style[{index}]", ident) for index, ident in enumerate(header.get("style", ()))],
            regions=[picture(f"regions[{index}]", ident) for index, ident in enumerate(header.get("regions", ()))],
            blend=[float(share) for share in header.get("blend", ())],
            settings=dict(header.get("settings", {})),
            preview_edge=_edge(header.get("preview_edge", 512)),
            enlarged=bool(header.get("enlarged", False)),
            previews_per_s=min(4.0, max(0.0, float(header.get("previews_per_s", 2.0)))),
            priority=str(header.get("priority", "normal")),
            labels=dict(header.get("labels", {})),
            **one,
        )
        if order.enlarged and not isinstance(order.content, Picture) and not found.found:
            found.add("enlarged", "is for raw samples; a file's size is not known here", "NOT_RAW")
        found.raise_if_any()
        return order

    def _cancel(self, ident: str, frame: Frame) -> None:
        """Stops a painting, or stops and keeps; one that has ended stays as it is."""
        painting = self._paintings.get(ident)
        if painting is not None:
            keep = bool(frame.header.get("keep"))
            threading.Thread(target=painting.stop, kwargs={"keep": keep}, daemon=True).start()

    def _status(self, ident: str, frame: Frame) -> None:
        """What the daemon is and does; with ``start`` it is started if none runs."""

        def ask() -> None:
            if frame.header.get("start"):
                self._connection.start()
            info = self._connection.info()
            status: dict[str, Any] = {"running": info is not None, "server": self._connection.server}
            if info is not None:
                limits = {field.name: getattr(info.limits, field.name) for field in info.limits.DESCRIPTOR.fields}
                status |= {
                    "version": info.version,
                    "encoder": info.default_encoder,
                    "encoders": {encoder.name: encoder.available for encoder in info.encoders},
                    "descriptions": {encoder.name: encoder.description for encoder in info.encoders},
                    "devices": {device.name: device.description for device in info.devices},
                    "queued_jobs": info.queued_jobs,
                    "running_jobs": info.running_jobs,
                    "limits": limits,
                }
            self._outbox.put(Frame({"event": "status", "id": ident} | status), done(ident))

        self._aside(ident, ask)

    def _styles(self, ident: str, frame: Frame) -> None:
        """The built-in styles: their names at once, then a thumbnail of each as it is drawn."""
        edge = _edge(frame.header.get("edge", 128))

        def draw() -> None:
            for name in STYLES:
                header, samples = self._gallery.thumbnail(name, edge)
                style = {"event": "style", "id": ident, "name": name, "header": header.to_json()}
                self._outbox.put(Frame(style, samples))
            self._outbox.put(done(ident))

        self._outbox.put(Frame({"event": "styles", "id": ident, "names": list(STYLES)}))
        self._aside(ident, draw)

    def _aside(self, ident: str, work: Callable[[], None]) -> None:
        """Does it in a thread of its own; what goes wrong ends the verb."""

        def run() -> None:
            with self._telling(ident):
                work()

        threading.Thread(target=run, daemon=True, name=ident).start()

    def _telling(self, ident: str) -> "_Telling":
        return _Telling(self._outbox, ident)

    def __repr__(self) -> str:
        return f"<Session [{len(self._pictures)} pictures, {len(self._paintings)} paintings]>"


class _Telling:
    """A border: whatever goes wrong inside becomes an error event, and this process lives on."""

    def __init__(self, outbox: Outbox, ident: str) -> None:
        self._outbox, self._ident = outbox, ident

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, KeyError | TypeError | ValueError):  # a header without a field, or with a wrong one
            error = wrong("frame", f"cannot be read: {error!r}", "BAD_VERB")
        elif error is not None and not isinstance(error, ImpastoError):
            error = EngineFault(f"{type(error).__name__}: {error}")
        if isinstance(error, ImpastoError):
            self._outbox.put(Frame({"event": "error", "id": self._ident} | told(error)))
        return error is not None


def done(ident: str) -> Frame:
    """The good end of a verb."""
    return Frame({"event": "done", "id": ident})


def wrong(field: str, description: str, reason: str) -> InvalidRequest:
    """An error about one field of a verb."""
    return InvalidRequest([Violation(field, description, reason)])


def _header(given: Mapping[str, Any] | None, size_bytes: int, max_pixels: int) -> ImageHeader | None:
    """The header of raw samples, checked; fields that are left out are sRGB, straight, without a profile."""
    if given is None:
        return None
    plain = {"transfer": "srgb", "premultiplied_alpha": False, "icc_profile": ""}
    header, found = ImageHeader.from_json(plain | dict(given)), Violations()
    header.check(found, "header", max_pixels)
    if header.size_bytes != size_bytes:
        found.add("header", f"means {header.size_bytes} bytes, not {size_bytes}", "SIZE_MISMATCH")
    found.raise_if_any()
    return header


def _edge(value: object) -> int:
    edge = int(str(value))
    if not MIN_EDGE <= edge <= MAX_EDGE:
        raise wrong("edge", f"is {edge} px; {MIN_EDGE} to {MAX_EDGE} are allowed", "OUT_OF_RANGE")
    return edge
