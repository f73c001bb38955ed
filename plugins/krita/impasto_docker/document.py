"""A document's layer as a picture: its projection at its own depth, what is selected, and whether all is as it was.

Knows Krita; must never know Impasto, widgets or how anything is sent. Nothing here writes to the document. Called by
`run`; `placing` makes a layer of what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import spaces
from .binding import krita, translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .binding import QByteArray

LEAST_PX = 16  # what the network can see
AROUND_PX = 96  # of what is not selected is read with it, so that strokes have something to come from
ANY = bytes([0] + [255] * 255)  # whatever is selected at all is painted in full; its softness is the new layer's alpha
MASKS = ("transparencymask", "filtermask", "transformmask", "selectionmask", "colorizemask")


class Unpaintable(Exception):
    """This layer cannot be painted as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """A layer as it was when the painting began.

    `place` is x, y, width, height in pixels of the image, and may reach beyond it. `native` are the samples as Krita
    has them, in `space`, never copied: a poster's would keep the editor waiting; `header` and `samples` what travels:
    the same, or RGBA where `space` cannot; `selection` is how much of each pixel is selected, one byte each, None for
    all of it; `shape` tells whether all is as it was.
    """

    document: Any
    node: Any
    place: tuple[int, int, int, int]
    space: spaces.Space
    native: QByteArray
    header: Mapping[str, Any]
    samples: memoryview
    selection: bytes | None
    shape: tuple[Any, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.place[2], self.place[3]


def selected(piece: memoryview) -> bytes:
    """A piece of a selection, white where anything is selected at all."""
    return bytes(piece).translate(ANY)


def read(document: Any, node: Any) -> Source:  # noqa: ANN401  # Krita's objects have no types
    """Takes a layer's pixels and the selection.

    Raises:
        Unpaintable: there is no layer, it is a mask or empty, too small, or nothing of it is selected.
    """
    _check(node)
    document.waitForDone()  # strokes that are still being calculated
    place, selection = _place(document, node)
    space = spaces.of(node)
    native = node.projectionPixelData(*place)
    if len(native) != place[2] * place[3] * space.pixel_bytes:
        told = translated("the pixels of '{layer}' cannot be read in {model}: convert the image to RGB first")
        raise Unpaintable(told.format(layer=node.name(), model=space.model))
    travelling = space if space.native else spaces.BETWEEN
    samples = native if space.native else spaces.converted(native, place[2:], space, travelling)
    header = {"width": place[2], "height": place[3], **spaces.told(travelling)}
    shape = _shape(document, node)
    return Source(document, node, place, space, native, header, memoryview(samples), selection, shape)


def disturbed(source: Source) -> str:
    """Why what is painted no longer fits the document, in words; empty while it does."""
    document, node = source.document, source.node
    if not any(other == document for other in krita.Krita.instance().documents()):
        return translated("the picture was closed while it was painted")
    if not _within(document, node):
        return translated("the layer was taken away while it was painted, so nothing was added")
    if _shape(document, node) != source.shape:
        return translated("the picture's size or colours were changed while it was painted, so nothing was added")
    return ""


def undone(source: Source) -> bool:
    """Whether the layer no longer shows what is painted: what to ask after an undo."""
    return bool(source.node.projectionPixelData(*source.place) != source.native)


def _shape(document: Any, node: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return (document.width(), document.height(), *spaces.of(document), *spaces.of(node))


def _within(document: Any, node: Any) -> bool:  # noqa: ANN401
    """Whether a node, and all that it is in, is still in the document."""
    root, parent = document.rootNode(), node.parentNode()
    while parent is not None and parent != root:
        parent = parent.parentNode()
    return parent is not None


def _check(node: Any) -> None:  # noqa: ANN401
    if node is None:
        raise Unpaintable(translated("there is no layer to paint: open a picture and click on a layer"))
    if node.type() in MASKS:
        told = translated("a layer is painted, and '{layer}' is a mask: click on the layer itself first")
        raise Unpaintable(told.format(layer=node.name()))
    if node.type() == "filterlayer":
        told = translated("'{layer}' is a filter without a picture of its own: click on the layer below, or on a group")
        raise Unpaintable(told.format(layer=node.name()))
    if node.colorModel() not in spaces.CHANNELS or node.colorDepth() not in spaces.DEPTHS:
        told = translated("'{layer}' is in {model}, which cannot be painted: convert it to RGB first")
        raise Unpaintable(told.format(layer=node.name(), model=f"{node.colorModel()} {node.colorDepth()}"))


def _place(document: Any, node: Any) -> tuple[tuple[int, int, int, int], bytes | None]:  # noqa: ANN401
    """Which part of the image is read, and how much of each of its pixels is selected."""
    bounds = node.bounds()
    whole = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
    if min(whole[2:]) <= 0:
        raise Unpaintable(translated("the layer '{layer}' is empty: draw something first").format(layer=node.name()))
    if min(whole[2:]) < LEAST_PX:
        told = translated("the layer '{layer}' has {width} x {height} pixels; {least} each way are needed")
        raise Unpaintable(told.format(layer=node.name(), width=whole[2], height=whole[3], least=LEAST_PX))
    chosen = document.selection()
    if chosen is None:
        return whole, None
    near = _near(whole, (chosen.x(), chosen.y(), chosen.width(), chosen.height()))
    if near is not None:
        selection = bytes(chosen.pixelData(*near))
        if selection != bytes(len(selection)):
            return near, selection
    told = translated(
        "nothing of '{layer}' is selected: select a part of it, or choose Select > Deselect to paint it all"
    )
    raise Unpaintable(told.format(layer=node.name()))


def _near(whole: tuple[int, int, int, int], part: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """The part of a rectangle that is near another; None if they do not meet."""
    found = []
    for at in (0, 1):
        start, end = whole[at], whole[at] + whole[at + 2]
        if part[at] >= end or part[at] + part[at + 2] <= start:
            return None
        found.append((max(start, part[at] - AROUND_PX), min(end, part[at] + part[at + 2] + AROUND_PX)))
    (left, right), (top, bottom) = found
    return left, top, right - left, bottom - top
