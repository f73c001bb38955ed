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
    from collections.abc import Generator

    from .document import Source

PIECE_PIXELS = 1 << 18  # a few milliseconds' work
FADED_PIXELS = 1 << 16  # likewise, where each pixel is reckoned with by itself
CODES = {"U8": "B", "U16": "H", "F16": "H", "F32": "f"}  # halves have no arrays: their bits are carried


def native(source: Source, samples: bytearray) -> Generator[None, None, memoryview]:
    """The painting in the source's own space and size, as Krita has it, with the alpha that the new layer is to have.

    Args:
        source: what was painted.
        samples: as they travelled, of the size of what was painted; they are changed.
    """
    space = source.space if source.space.native else spaces.BETWEEN
    made = memoryview(samples)
    if space.swapped:
        yield from _swap(made, space.sample_bytes)
    if space != source.space:
        made = memoryview(spaces.converted(QByteArray(bytes(made)), source.size, space, source.space))
        yield
    yield from _fade(source, made)
    return made


def layer(source: Source, samples: memoryview, name: str) -> Generator[None, None, Any]:
    """A new layer of them, which is not in the document yet."""
    document = source.document
    if source.space == spaces.of(document):
        made = document.createNode(name, "paintlayer")
        yield from _write(made, samples, source)
        return made
    # Krita makes layers of the document's space only.
    with spaces.hidden(source.space, document.width(), document.height()) as other:
        inner = other.topLevelNodes()[-1]
        for _ in _write(inner, samples, source):  # in one turn: nobody is to see that document
            pass
        inner.setName(name)
        return inner.clone()


def insert(source: Source, made: Any) -> None:  # noqa: ANN401  # Krita's node
    """Adds a layer above the source: one undo step."""
    parent = source.node.parentNode() or source.document.rootNode()
    parent.addChildNode(made, source.node)


def _write(node: Any, samples: memoryview, source: Source) -> Generator[None, None, None]:  # noqa: ANN401
    """Gives a layer that is in no document its pixels, some rows at a time."""
    (left, upper, width, height), row_bytes = source.place, source.size[0] * source.space.pixel_bytes
    rows = max(1, PIECE_PIXELS // width)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        piece = bytes(samples[top * row_bytes : (top + count) * row_bytes])
        node.setPixelData(QByteArray(piece), left, upper + top, width, count)
        yield


def _swap(samples: memoryview, sample_bytes: int) -> Generator[None, None, None]:
    piece = PIECE_PIXELS * 4 * sample_bytes
    for start in range(0, len(samples), piece):
        samples[start : start + piece] = spaces.swapped(samples[start : start + piece], sample_bytes)
        yield


def _fade(source: Source, samples: memoryview) -> Generator[None, None, None]:
    """Gives them the source's own alpha, less where less is selected, and none where nothing is."""
    space, (width, height) = source.space, source.size
    channels, row_bytes, before = space.channels, width * space.pixel_bytes, memoryview(source.native)
    rows = max(1, FADED_PIXELS // width)
    for top in range(0, height, rows):
        part = slice(top * row_bytes, min(height, top + rows) * row_bytes)
        values, alpha = array.array(CODES[space.depth]), array.array(CODES[space.depth])
        values.frombytes(samples[part])
        alpha.frombytes(before[part])
        alpha = alpha[channels - 1 :: channels]
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
    if alpha.count(alpha[0]) == len(alpha):  # opaque, as a rule: worked out once for each of 256
        table = _times(array.array(alpha.typecode, [alpha[0]] * 256), bytes(range(256)), depth)
        return array.array(alpha.typecode, map(table.__getitem__, selection))
    return _times(alpha, selection, depth)


def _times(alpha: array.array[Any], selection: bytes, depth: str) -> array.array[Any]:
    if depth == "F16":
        layout = f"<{len(alpha)}e"
        halves = struct.unpack(layout, alpha.tobytes())
        return array.array("H", struct.pack(layout, *(a * s / 255 for a, s in zip(halves, selection))))  # 3.9
    if depth == "F32":
        return array.array("f", (a * s / 255 for a, s in zip(alpha, selection)))
    return array.array(alpha.typecode, ((a * s + 127) // 255 for a, s in zip(alpha, selection)))
