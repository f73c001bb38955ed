"""Own pictures as styles: read for the wall, and kept as files where they are none, in threads of their own.

A photograph takes longer to read than a painter should wait for a brush, so nothing here happens on the GUI's thread
but the answers. Knows Qt's pictures and `memory`. Must never know Krita. The docker asks and hears.
"""

from __future__ import annotations

import contextlib
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from .binding import QBuffer, QByteArray, QImage, QImageReader, QIODevice, QObject, QSize, Qt, pyqtSignal, translated
from .choices import Style
from .memory import is_file
from .wall import THUMBNAIL_PX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .memory import Memory

SENT_AS_THEY_ARE = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")  # Impasto reads these itself, at their depth
STYLE_PX = 1024  # the longest side of a style that is kept here: as large as its marks are looked at


class Pictures(QObject):
    """Signals: `loaded` (path, QImage), a thumbnail; `kept` (Style), a new style; `refused` (str), why it is none."""

    loaded = pyqtSignal(str, QImage)
    kept = pyqtSignal(object)
    refused = pyqtSignal(str)

    def __init__(self, memory: Memory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._memory = memory
        self._threads = ThreadPoolExecutor(2, "impasto-pictures")

    def load(self, files: Iterable[str]) -> None:
        """Reads files for thumbnails; what cannot be read has none."""
        for file in files:
            self._aside(partial(self._load, file))

    def take(self, files: Iterable[str]) -> None:
        """Makes styles of files."""
        for file in files:
            self._aside(partial(self._take, Path(file)))

    def keep(self, picture: QImage, name: str) -> None:
        """Makes a style of a picture that is no file: from the clipboard, a layer, a document."""
        self._aside(partial(self._keep, picture, name))

    def _load(self, file: str) -> None:
        picture = read(file, THUMBNAIL_PX)
        if not picture.isNull():
            self.loaded.emit(file, picture)

    def _take(self, path: Path) -> None:
        if path.suffix.lower() in SENT_AS_THEY_ARE and is_file(str(path)):
            self._new(Style(path.stem, str(path)))
            return
        picture = read(str(path), STYLE_PX)
        if picture.isNull():
            told = translated("{name} cannot be used as a style: Impasto reads PNG, JPEG, WebP and TIFF")
            self.refused.emit(told.format(name=path.name))
        else:
            self._keep(picture, path.stem)

    def _keep(self, picture: QImage, name: str) -> None:
        if picture.isNull():
            self.refused.emit(translated("{name} has no picture").format(name=name))
            return
        style = self._memory.keep_picture(encoded(limited(picture, STYLE_PX)), name)
        if style is None:
            self.refused.emit(translated("the picture cannot be kept: the disk does not take it"))
        else:
            self._new(style)

    def _new(self, style: Style) -> None:
        self._memory.add_recent(style)
        self.kept.emit(style)

    def _aside(self, work: Callable[[], None]) -> None:
        def run() -> None:
            with contextlib.suppress(RuntimeError):  # Krita is closing: whoever asked has gone
                work()

        with contextlib.suppress(RuntimeError):  # likewise, no new threads
            self._threads.submit(run).add_done_callback(_complained)


def _complained(done: Future[None]) -> None:
    """A fault of ours in such a thread is told where Krita tells those of others; an executor keeps it for itself."""
    error = done.exception()
    if error is not None:
        sys.excepthook(type(error), error, error.__traceback__)


def read(path: str, edge_px: int) -> QImage:
    """A file's picture, upright, at most `edge_px` on its longer side; null if it cannot be read."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > edge_px:
        reader.setScaledSize(size.scaled(QSize(edge_px, edge_px), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def limited(picture: QImage, edge_px: int) -> QImage:
    """The picture, its longer side at most `edge_px`."""
    if max(picture.width(), picture.height()) <= edge_px:
        return picture
    return picture.scaled(
        edge_px, edge_px, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def encoded(picture: QImage) -> bytes:
    """A PNG file's bytes."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(data)
