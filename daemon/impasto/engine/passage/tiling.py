"""Tiling: the same passage over a picture too large for memory, tile by tile, with the same gradient.

Knows the chain, what is wanted of the whole picture, and how far a pixel's influence reaches. Must not know targets,
losses, or how much memory there is: the side of the tiles is given.

J depends on the picture through sums over all positions (Galerne et al. 2024, "Scaling Painting Style Transfer"). A
first round over all tiles, without a way back, adds them up; what J asks of the sums is then known, and a second round
takes it back through each tile alone. Nothing is approximated, as each tile is seen with enough around it.

A picture may lie elsewhere than the network, with all that is of its size: each tile goes to where that is, and what is
found of it comes back. Sums over all positions stay with the network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from impasto.engine.encoder import VGG
from impasto.engine.passage import Wanted
from impasto.engine.passage.at_once import passage_of
from impasto.engine.passage.chain import Chain
from impasto.engine.room import MEMORY, Room

# relu5_1 sees 156 px: a feature is exact 78 px from a cut, which is 80 in steps of its stride; a gradient where all
# features that the pixel reaches are exact. Measured (LOG.md): 64 and 144 px are not enough.
FEATURE_MARGIN_PX, GRADIENT_MARGIN_PX = 80, 160
STEP_PX = 16  # the stride of relu5_1: tiles begin where every layer has a position begin

Span = range  # of pixels, along one side
Tile = tuple[Span, Span]


def tiles_of(height: int, width: int, side: int) -> list[Tile]:
    """The picture in tiles of about equal size, none with a side above `side` (a multiple of 16; 0 means the whole)."""
    return [(rows, columns) for rows in _spans(height, side) for columns in _spans(width, side)]


def _spans(length: int, side: int) -> list[Span]:
    if not side or length <= side:
        return [range(length)]
    count = -(-length // side)
    each = -(-length // (count * STEP_PX)) * STEP_PX
    return [range(first, min(first + each, length)) for first in range(0, length, each)]


@dataclass(frozen=True)
class Ground:
    """A picture's size, and whether it goes around."""

    height: int
    width: int
    around: bool

    def outer(self, tile: Tile, margin: int) -> tuple[list[Span], list[Span]]:
        """The rows and the columns of a tile and what is around it, as spans: over a seam there are two."""
        return self._outer(tile[0], self.height, margin), self._outer(tile[1], self.width, margin)

    def _outer(self, span: Span, length: int, margin: int) -> list[Span]:
        if len(span) + 2 * margin >= length:
            return [range(length)]
        first, after = span.start - margin, span.stop + margin
        if not self.around:
            return [range(max(0, first), min(length, after))]
        if first < 0:
            return [range(first + length, length), range(after)]
        return [range(first, length), range(after - length)] if after > length else [range(first, after)]


def taken(values: Tensor, spans: tuple[list[Span], list[Span]], stride: int, size: tuple[int, int]) -> Tensor:
    """The part of a layer (..., h, w) of `size` that those pixels are; a span that ends the picture ends the layer."""
    for dim, pieces, length in ((-2, spans[0], size[0]), (-1, spans[1], size[1])):
        parts = [values.narrow(dim, *_cells(piece, stride, length)) for piece in pieces]
        values = parts[0] if len(parts) == 1 else torch.cat(parts, dim)
    return values


def _cells(span: Span, stride: int, length: int) -> tuple[int, int]:
    """First position and number of positions; what is left of the last one at the border counts for none."""
    first = span.start // stride
    return first, min(-(-span.stop // stride), length) - first


def _within(span: Span, pieces: list[Span]) -> Span:
    """Where a span lies in what was taken as those pieces."""
    before = 0
    for piece in pieces:
        if piece.start <= span.start < piece.stop:
            return range(before + span.start - piece.start, before + span.start - piece.start + len(span))
        before += len(piece)
    raise ValueError(f"{span} is not in {pieces}")


class Tiling:
    """A passage in tiles."""

    def __init__(  # a picture, what is wanted of it, and how
        self, encoder: VGG, chain: Chain, wanted: Wanted, side: int, size: tuple[int, int], room: Room = MEMORY
    ) -> None:
        """`side` of the tiles, of a picture of `size`, height and width; what is found is laid into `room`."""
        self._device = chain.units[0].weight.device
        self._room = room
        self._encoder, self._chain, self._wanted = encoder, chain, wanted
        self._ground = Ground(*size, around=chain.units[0].padding == "circular")
        self._tiles, self._sizes, self._strides = tiles_of(*size, side), chain.sizes(*size), chain.strides

    def there(self, image: Tensor) -> list[Tensor]:
        """What `Passage.there` finds of the whole picture."""
        sums: list[Tensor] = []
        wholes = [self._empty(image, name) for name in self._wanted.content]
        count = sum(len(shares) for shares in self._wanted.style.values())
        for tile in self._tiles:
            outer = self._ground.outer(tile, FEATURE_MARGIN_PX)
            wanted = replace(self._wanted, style=self._inner_shares(tile, outer, image.dtype))
            passage = passage_of(self._chain, wanted, returns=False, pulse=self._encoder.pulse)
            found = passage.there(self._encoder.entered(self._seen(image, outer)))
            sums = [a + b for a, b in zip(sums, found[:count], strict=True)] if sums else found[:count]
            for name, whole, part in zip(self._wanted.content, wholes, found[count:], strict=True):
                self._place(whole, part, name, tile, outer)
            self._room.clear()
        return [*sums, *wholes]

    def back(self, image: Tensor, gradients: Sequence[Tensor | None]) -> Tensor:
        """The picture's gradient from those of `there`'s results."""
        slope = self._room.empty(image.shape, image)
        count = sum(len(shares) for shares in self._wanted.style.values())
        for tile in self._tiles:
            outer = self._ground.outer(tile, GRADIENT_MARGIN_PX)
            positions = {name: self._sizes[name][0] * self._sizes[name][1] for name in self._wanted.style}
            wanted = replace(self._wanted, style=self._outer_shares(outer), positions=positions, sums=False)
            passage = passage_of(self._chain, wanted, returns=True, pulse=self._encoder.pulse)
            of_content = [
                None if given is None else self._layer_part(given, name, outer)
                for name, given in zip(self._wanted.content, gradients[count:], strict=True)
            ]
            with torch.enable_grad():
                seen = self._seen(image, outer).detach().requires_grad_()
                entered = self._encoder.entered(seen)
            passage.there(entered.detach())
            pulled = passage.back([*gradients[:count], *of_content])
            (part,) = torch.autograd.grad(entered, seen, pulled)
            rows, columns = (_within(span, pieces) for span, pieces in zip(tile, outer, strict=True))
            inner = part[:, :, rows.start : rows.stop, columns.start : columns.stop]
            slope[:, :, tile[0].start : tile[0].stop, tile[1].start : tile[1].stop] = inner
            self._room.clear()
        return slope

    def _seen(self, image: Tensor, outer: tuple[list[Span], list[Span]]) -> Tensor:
        return taken(image, outer, 1, (self._ground.height, self._ground.width)).to(self._device)

    def _layer_part(self, values: Tensor, name: str, outer: tuple[list[Span], list[Span]]) -> Tensor:
        return taken(values, outer, self._strides[name], self._sizes[name]).to(self._device)

    def _outer_shares(self, outer: tuple[list[Span], list[Span]]) -> Mapping[str, tuple[Tensor | None, ...]]:
        """What the positions of a tile and around it count in the whole picture."""
        return {
            name: tuple(None if one is None else self._cut(one, name, outer) for one in shares)
            for name, shares in self._wanted.style.items()
        }

    def _inner_shares(
        self, tile: Tile, outer: tuple[list[Span], list[Span]], dtype: torch.dtype
    ) -> Mapping[str, tuple[Tensor | None, ...]]:
        """Likewise, but only of the tile itself: each position counts in one tile."""
        found: dict[str, tuple[Tensor | None, ...]] = {}
        for name, shares in self._wanted.style.items():
            (height, width), stride = self._sizes[name], self._strides[name]
            (top, left), size = self._corner(tile, outer, stride), self._seen_size(outer, name)
            inside = torch.zeros(size, dtype=dtype, device=self._device)
            rows, columns = (_cells(span, stride, side)[1] for span, side in zip(tile, (height, width), strict=True))
            inside[top : top + rows, left : left + columns] = 1
            alike, flat = inside.view(-1, 1) / (height * width), inside.view(-1, 1)
            found[name] = tuple(alike if one is None else self._cut(one, name, outer) * flat for one in shares)
        return found

    def _corner(self, tile: Tile, outer: tuple[list[Span], list[Span]], stride: int) -> tuple[int, int]:
        """Where a tile begins in a layer of what is around it."""
        top, left = (_within(span, pieces).start // stride for span, pieces in zip(tile, outer, strict=True))
        return top, left

    def _seen_size(self, outer: tuple[list[Span], list[Span]], name: str) -> tuple[int, int]:
        """Positions of a layer of a tile with what is around it."""
        high, wide = (
            sum(_cells(piece, self._strides[name], side)[1] for piece in pieces)
            for pieces, side in zip(outer, self._sizes[name], strict=True)
        )
        return high, wide

    def _cut(self, share: Tensor, name: str, outer: tuple[list[Span], list[Span]]) -> Tensor:
        return self._layer_part(share.view(*self._sizes[name]), name, outer).reshape(-1, 1)

    def _empty(self, image: Tensor, name: str) -> Tensor:
        channels = next(unit.channels for unit in self._chain.units if unit.name == name)
        return self._room.empty((1, channels, *self._sizes[name]), image)

    def _part(self, whole: Tensor, name: str, tile: Tile) -> Tensor:
        """A tile's own positions in a whole layer."""
        return taken(whole, ([tile[0]], [tile[1]]), self._strides[name], self._sizes[name])

    def _place(self, whole: Tensor, part: Tensor, name: str, tile: Tile, outer: tuple[list[Span], list[Span]]) -> None:
        """Writes a tile's own positions."""
        stride, here = self._strides[name], self._part(whole, name, tile)
        rows, columns = self._corner(tile, outer, stride)
        here.copy_(part[:, :, rows : rows + here.shape[2], columns : columns + here.shape[3]])


class InTiles(torch.autograd.Function):
    """A `Tiling` as one step of autograd."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, tiling: Tiling) -> tuple[Tensor, ...]:  # noqa: ANN401  # as torch has it
        """Statistics, then content features."""
        ctx.tiling = tiling
        ctx.save_for_backward(image)
        return tuple(tiling.there(image))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None]:  # noqa: ANN401  # as torch has it
        """The picture's gradient."""
        (image,) = ctx.saved_tensors
        return ctx.tiling.back(image, gradients), None


def in_tiles(image: Tensor, tiling: Tiling) -> tuple[Tensor, ...]:
    """What `tiling.there` finds, with its way back known to autograd."""
    found: tuple[Tensor, ...] = InTiles.apply(image, tiling)  # type: ignore[no-untyped-call]
    return found
