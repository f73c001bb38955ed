"""Styles borrowed from what is open in Krita: layers of this document, other documents, the clipboard.

Knows Krita's documents and layers, and only looks. Called by the docker, which has the pictures kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .binding import QApplication, QImage, krita, translated
from .pictures import STYLE_PX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .binding import QMenu
    from .pictures import Pictures

PICTURED = ("paintlayer", "grouplayer", "vectorlayer", "filelayer", "clonelayer", "filllayer")


def fill(menu: QMenu, document: Any, pictures: Pictures) -> None:  # noqa: ANN401  # Krita's objects have no types
    """Offers what there is just now; choosing one makes a style of it."""
    menu.clear()
    clipboard = menu.addAction(translated("From the clipboard"))
    clipboard.setEnabled(has_picture())
    clipboard.triggered.connect(lambda: paste(pictures))
    of_layers = menu.addMenu(translated("From a layer"))
    for title, node in layers(document):
        of_layers.addAction(title).triggered.connect(lambda _=False, node=node: keep_layer(node, pictures))
    of_layers.setEnabled(not of_layers.isEmpty())
    of_documents = menu.addMenu(translated("From an open document"))
    for other in krita.Krita.instance().documents():
        title = other.name() or other.fileName() or translated("untitled")
        of_documents.addAction(title).triggered.connect(lambda _=False, other=other: keep_document(other, pictures))
    of_documents.setEnabled(not of_documents.isEmpty())


def has_picture() -> bool:
    """Whether a picture, or a file, was copied."""
    data = QApplication.clipboard().mimeData()
    return data is not None and (data.hasImage() or data.hasUrls())


def paste(pictures: Pictures) -> None:
    """Makes a style of what was copied."""
    data = QApplication.clipboard().mimeData()
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        pictures.take(files)
    else:
        pictures.keep(QApplication.clipboard().image(), translated("clipboard"))


def layers(document: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Every layer with a picture, from above, groups before what is in them; titles are indented."""
    if document is not None:
        yield from _below(document.topLevelNodes(), "")


def _below(nodes: list[Any], indent: str) -> Iterator[tuple[str, Any]]:
    for node in reversed(nodes):
        if node.type() in PICTURED:
            yield indent + node.name(), node
            yield from _below(node.childNodes(), indent + "    ")


def keep_layer(node: Any, pictures: Pictures) -> None:  # noqa: ANN401
    """Makes a style of a layer, with what is in it."""
    bounds = node.bounds()
    picture = QImage() if bounds.isEmpty() else node.thumbnail(*_fitting(bounds.width(), bounds.height()))
    pictures.keep(picture, node.name())


def keep_document(document: Any, pictures: Pictures) -> None:  # noqa: ANN401
    """Makes a style of a whole picture."""
    picture = document.thumbnail(*_fitting(document.width(), document.height()))
    pictures.keep(picture, document.name() or translated("document"))


def _fitting(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, STYLE_PX / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))
