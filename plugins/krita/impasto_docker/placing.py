"""A painting becomes one new layer above its source: same depth and space, one undo step, soft where the selection is.

Steps, as generators, so that large pictures never keep the editor waiting: whoever calls goes on at his loop's next
turn. Knows Krita; must never know Impasto. Called by `run`.
"""

from __future__ import annotations

import array
import struct
from typing import TYPE_CHECKING, Any

from . import spaces
from .binding import QByteArray

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from .document import Source

PIECE_PIXELS = 1 << 18  # a few milliseconds' work
CODES = {"U8": "B", "U16": "H", "F16": "H", "F32": "f"}  # halves have no arrays: their bits are carried


def native(source: Source, header: Mapping[str, Any], samples: bytearray) -> Generator[None, None, bytearray]:
    """The painting in the source's own space and size, as Krita has it, with the alpha that the new layer is to have.

    Args:
        source: what was painted.
        header: of the painting, which may be smaller; it is scaled then.
        samples: as they travelled.
    """
    space = source.space if source.space.native else spaces.BETWEEN
    size = (header["width"], header["height"])
    if space.swapped:
        yield from _swap(samples, space.sample_bytes)
    if size != source.size:
        samples = bytearray(spaces.scaled(bytes(samples), size, source.size, space))
        yield
    if space != source.space:
        samples = bytearray(spaces.converted(bytes(samples), source.size, space, source.space))
        yield
    yield from _fade(source, samples)
    return samples


def insert(source: Source, samples: bytes | bytearray, name: str) -> Any:  # noqa: ANN401  # Krita's node
    """Adds them as one new layer above the source, as one undo step; the new layer."""
    document = source.document
    if source.space == spaces.of(document):
        made = document.createNode(name, "paintlayer")
        made.setPixelData(QByteArray(bytes(samples)), *source.place)
    else:  # Krita makes layers of the document's space only
        with spaces.hidden(source.space, document.width(), document.height()) as other:
            layer = other.topLevelNodes()[-1]
            layer.setPixelData(QByteArray(bytes(samples)), *source.place)
            layer.setName(name)
            made = layer.clone()
    parent = source.node.parentNode() or document.rootNode()
    parent.addChildNode(made, source.node)
    return made


def _swap(samples: bytearray, sample_bytes: int) -> Generator[None, None, None]:
    piece = PIECE_PIXELS * 4 * sample_bytes
    for start in range(0, len(samples), piece):
        samples[start : start + piece] = spaces.swapped(samples[start : start + piece], sample_bytes)
        yield


def _fade(source: Source, samples: bytearray) -> Generator[None, None, None]:
    """Gives them the source's own alpha, less where less is selected, and none where nothing is."""
    space, (width, height) = source.space, source.size
    channels, row_bytes = space.channels, width * space.pixel_bytes
    rows = max(1, PIECE_PIXELS // width)
    for top in range(0, height, rows):
        part = slice(top * row_bytes, min(height, top + rows) * row_bytes)
        values = array.array(CODES[space.depth], bytes(samples[part]))
        alpha = array.array(CODES[space.depth], source.native[part])[channels - 1 :: channels]
        if source.selection is not None:
            alpha = faded(alpha, source.selection[top * width : (top + rows) * width], space.depth)
        values[channels - 1 :: channels] = alpha
        samples[part] = values.tobytes()
        yield


def faded(alpha: array.array[Any], selection: bytes, depth: str) -> array.array[Any]:
    """Alpha times selection, exactly itself where all is selected, exactly nothing where nothing is."""
    if selection.count(255) == len(selection):
        return alpha
    if selection.count(0) == len(selection):
        return array.array(alpha.typecode, bytes(len(alpha) * alpha.itemsize))
    if depth == "F16":
        layout = f"<{len(alpha)}e"
        halves = struct.unpack(layout, alpha.tobytes())
        return array.array("H", struct.pack(layout, *(a * s / 255 for a, s in zip(halves, selection))))  # 3.9
    if depth == "F32":
        return array.array("f", (a * s / 255 for a, s in zip(alpha, selection)))
    return array.array(alpha.typecode, ((a * s + 127) // 255 for a, s in zip(alpha, selection)))
