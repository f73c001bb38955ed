"""Large pictures: resized, continued and changed a band at a time, into a room of their own.

Knows tensors, margins and room. Must not know why a picture is too large to be copied, or what it is for. ``spilled``
prepares its scales by it, ``worker.painting`` its pictures. Of a picture nothing is in memory but the band under way.
"""

from collections.abc import Callable

from torch import Tensor

from impasto.engine.encoder import resize
from impasto.engine.margin import Margin
from impasto.engine.room import Room

ROWS, COLUMNS = 256, 1024  # a row of so many columns is a page


def resized(image: Tensor, height: int, width: int, room: Room, margin: Margin | None = None) -> Tensor:
    """`resize` of (1, C, H, W), and its margin; always a copy. Along rows first, then columns: it is separable."""
    m = 0 if margin is None else margin.pixels
    out = room.empty((*image.shape[:2], height + 2 * m, width + 2 * m), image)
    inner = out[:, :, m : m + height, m : m + width]
    if image.shape[3] != width and image.shape[2] != height:
        middle = room.empty((*image.shape[:3], width), image)
        _each_band(middle, image, room)
        image = middle
    _each_band(inner, image, room)
    if margin is not None:
        margin.mirrored_(out)
    room.rest()
    return out


def changed(image: Tensor, change: Callable[[Tensor], Tensor], room: Room) -> Tensor:
    """What `change` makes of a picture (1, C, H, W), pixel by pixel; always a copy."""
    out = room.empty(image.shape, image)
    for rows, after in zip(image.split(ROWS, 2), out.split(ROWS, 2), strict=True):
        after.copy_(change(rows))
        room.rest()
    return out


def _each_band(out: Tensor, image: Tensor, room: Room) -> None:
    """Along rows or along columns, whichever of the two changes; a copy where none does."""
    dim, side = (3, COLUMNS) if image.shape[2] != out.shape[2] else (2, ROWS)
    for channel in range(out.shape[1]):
        planes = (one[:, channel : channel + 1].split(side, dim) for one in (image, out))
        for some, after in zip(*planes, strict=True):
            after.copy_(resize(some, after.shape[2], after.shape[3]))
            room.rest()
