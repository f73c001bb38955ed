"""What is kept of a layer for the way back, and what the losses pull at it.

Knows one unit of the chain, its features as rows come by, and how positions count. Must not know other layers, targets
or losses. ``passage`` has one for each unit that it runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.engine.passage.bits import Bits
from impasto.engine.passage.chain import INNERMOST, Unit


@dataclass
class Kept:
    """What one unit leaves for the way back, and the statistics that it gathers on the way there."""

    unit: Unit
    height: int
    width: int
    shares: tuple[Tensor | None, ...]
    sums: list[Tensor]  # none where nobody asks for statistics
    positions: int  # among which all count alike
    features: Tensor | None = None  # (h * w, C), in the precision of the way back
    signs: Bits | None = None
    choice: list[Bits] = field(default_factory=list)
    whole: Tensor | None = None  # (1, C, h, w), as content

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return sum(held.nbytes for held in (self.features, self.whole, self.signs, *self.choice) if held is not None)

    def remember(self, like: Tensor, dtype: torch.dtype, *, content: bool) -> None:
        """Makes room, on the device of `like`, for what the way back asks: features of style in `dtype`, and bits."""
        channels = self.unit.channels
        if self.shares:
            self.features = torch.empty(self.height * self.width, channels, dtype=dtype, device=like.device)
        elif self.unit.pool != "max" or content:
            self.signs = Bits(self.height, self.width, channels, like)
        if self.unit.pool == "max":
            self.choice = [Bits(self.height // 2, self.width // 2, channels, like) for _ in range(4)]

    def take(self, y: Tensor, first: int) -> None:
        """Some rows of a layer, each once."""
        flat = y.permute(0, 2, 3, 1).reshape(-1, y.shape[1])
        place = slice(first * self.width, first * self.width + len(flat))
        for sums, share in zip(self.sums, self.shares, strict=False):
            part = None if share is None else share[place]
            summed(sums, flat, part, self.positions)
        if self.features is not None:
            self.features[place] = flat
        if self.signs is not None:
            self.signs.put(first, y > 0)
        if self.whole is not None:
            self.whole[:, :, first : first + y.shape[2]] = y

    def pooled(self, y: Tensor, first: int) -> Tensor:
        """Rows of the next layer's input from `first` on."""
        if self.unit.pool != "max":
            return F.avg_pool2d(y, 2) if self.unit.pool else y
        found, chosen = _largest(y)
        for bits, mask in zip(self.choice, chosen, strict=False):
            bits.put(first, mask)
        return found

    def spread(self, gradient: Tensor | None, rows: range) -> Tensor:
        """A copy of the gradient at `rows` of a group's last ReLU, from that of the layer after it."""
        channels, width, halved = self.unit.channels, self.width, self.unit.pool is not None
        shape, like = (1, channels, len(rows), width), self.unit.turned
        if gradient is None:
            return torch.zeros(shape, dtype=like.dtype, device=like.device).contiguous(memory_format=INNERMOST)
        if not halved:
            return gradient[:, :, rows.start : rows.stop].clone(memory_format=torch.preserve_format)
        first, after = rows.start // 2, min((rows.stop + 1) // 2, self.height // 2)
        coarse = gradient[:, :, first:after]
        shape = (1, channels, rows.stop - 2 * first + 1, width)  # up to one row more above, and one below
        out = torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=INNERMOST)
        high, wide = 2 * (after - first), 2 * (width // 2)
        out[:, :, high:], out[..., wide:] = 0, 0
        for index in range(4):
            part = coarse.clone(memory_format=torch.preserve_format) if self.choice else coarse
            part = self.choice[index].applied_(part, first) if self.choice else part / 4
            out[:, :, index // 2 : high : 2, index % 2 : wide : 2] = part
        return out[:, :, rows.start - 2 * first :][:, :, : len(rows)]

    def stop_(self, gradient: Tensor, rows: range) -> None:
        """Sets to 0, in place, what the ReLU stopped of the gradient of `rows`."""
        if self.features is not None:
            seen = self.features[rows.start * self.width : rows.stop * self.width]
            flat = gradient.permute(0, 2, 3, 1).view(-1, gradient.shape[1])
            torch.ops.aten.threshold_backward.grad_input(flat, seen, 0, grad_input=flat)
        elif self.signs is not None:
            self.signs.applied_(gradient, rows.start)


@dataclass(frozen=True)
class Pull:
    """What the losses want of a layer, and the way back through its ReLU."""

    kept: Kept
    terms: Sequence[tuple[Tensor, Tensor | None, Tensor | None]]
    content: Tensor | None

    def added_(self, gradient: Tensor, rows: range) -> None:
        """Adds it, in place, to the gradient of `rows`, and stops what the ReLU stopped."""
        kept = self.kept
        flat = gradient.permute(0, 2, 3, 1).view(-1, gradient.shape[1])
        place = slice(rows.start * kept.width, rows.stop * kept.width)
        for matrix, row, share in self.terms:
            assert kept.features is not None
            seen = kept.features[place]
            part = None if share is None else share[place].to(seen.dtype)
            flat.addmm_(seen if part is None else seen * part, matrix)
            if row is not None:
                flat.add_(row if part is None else part * row)
        if self.content is not None:
            gradient.add_(self.content[:, :, rows.start : rows.stop])
        kept.stop_(gradient, rows)


def summed(sums: Tensor, flat: Tensor, share: Tensor | None, positions: int) -> None:
    """Adds some positions' part, (n, C), to the second moments; to those in float64 with a constant 1 beside them."""
    if sums.dtype != flat.dtype or sums.shape[0] > flat.shape[1]:
        flat = torch.cat([flat.to(sums.dtype), torch.ones(len(flat), 1, dtype=sums.dtype, device=sums.device)], 1)
    if share is None:
        sums.addmm_(flat.T, flat, alpha=1 / positions)
    else:
        sums.addmm_((flat * share.to(sums.dtype)).T, flat)


def _largest(y: Tensor) -> tuple[Tensor, Iterator[Tensor]]:
    """2x2 maxima, and for each of the four places where it is the first that has a positive one."""
    height, width = y.shape[2] // 2 * 2, y.shape[3] // 2 * 2
    a, b, c, d = (y[:, :, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1))
    upper, lower = torch.maximum(a, b), torch.maximum(c, d)
    found = torch.maximum(upper, lower)

    def chosen() -> Iterator[Tensor]:
        positive = found > 0
        below = (lower > upper) & positive
        above = positive ^ below
        right, right_below = b > a, d > c
        yield from (above & ~right, above & right, below & ~right_below, below & right_below)

    return found, chosen()
