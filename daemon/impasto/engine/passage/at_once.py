"""The passage as a GPU runs it: every layer as a whole, with as few kernels as torch has for it.

Knows what ``passage`` knows. Must not know targets, losses, or which GPU it is. ``seeing`` and ``tiling`` take the
passage that suits the device of the weights from here.

A processor wants rows that stay in a core's cache, and bits; a GPU wants few kernels, each of them over all there is.
Strips of rows took 33 ms an evaluation at 512 px on an H100, most of it bits unpacked and kernels begun (LOG.md). What
is kept is a byte for a sign and eight for the place of a maximum, as cuDNN and torch have them; float32 is multiplied
as TF32 where the chain says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.engine.passage import Passage, Wanted
from impasto.engine.passage.chain import INNERMOST, Chain, Unit
from impasto.engine.passage.kept import Kept
from impasto.engine.pulse import Pulse, steady


@dataclass
class KeptAtOnce(Kept):
    """What one unit leaves for the way back: whole tensors, and whose they are already."""

    stopped: Tensor | None = None  # by the ReLU: bools of the layer, or of what its pooling leaves
    places: Tensor | None = None  # of maxima, int64
    dtype: torch.dtype | None = None  # of the way back, where there is one
    by_sign: bool = False  # whether the ReLU's own signs are asked for: what is a maximum knows its sign

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return super().nbytes + sum(held.nbytes for held in (self.stopped, self.places) if held is not None)

    def remember(self, _like: Tensor, dtype: torch.dtype, *, content: bool) -> None:
        """Nothing is laid out before: what is kept is made as a whole."""
        self.dtype, self.by_sign = dtype, not self.shares and (content or self.unit.pool != "max")

    def take(self, y: Tensor, first: int) -> None:
        """The layer."""
        super().take(y, first)
        if self.dtype is not None and self.shares:
            self.features = y.permute(0, 2, 3, 1).reshape(-1, y.shape[1]).to(self.dtype)
        elif self.by_sign:
            self.stopped = y <= 0

    def pooled(self, y: Tensor, first: int) -> Tensor:
        """The next layer's input."""
        if self.unit.pool != "max":
            return super().pooled(y, first)
        if self.dtype is None:
            return F.max_pool2d(y, 2)
        found, self.places = F.max_pool2d(y, 2, return_indices=True)
        if self._by_maximum:
            self.stopped = found <= 0
        return found

    def spread(self, gradient: Tensor | None, rows: range) -> Tensor:
        """The gradient of the last ReLU, written over that of the layer after it where they have one size."""
        if gradient is None or self.unit.pool == "avg":
            return super().spread(gradient, rows)
        if self.places is None:
            return gradient
        if self._by_maximum and self.stopped is not None:
            gradient.masked_fill_(self.stopped, 0)
        shape = (1, self.unit.channels, self.height, self.width)
        fine = torch.empty(shape, dtype=gradient.dtype, device=gradient.device, memory_format=INNERMOST)
        window: tuple[list[int], ...] = ([2, 2], [2, 2], [0, 0], [1, 1])
        back = torch.ops.aten.max_pool2d_with_indices_backward
        found: Tensor = back(gradient, fine, *window, ceil_mode=False, indices=self.places)
        return found.contiguous(memory_format=INNERMOST)

    def stop_(self, gradient: Tensor, rows: range) -> None:
        """Sets to 0, in place, what the ReLU stopped."""
        if self.by_sign and self.stopped is not None:
            gradient.masked_fill_(self.stopped, 0)
        else:
            super().stop_(gradient, rows)

    @property
    def _by_maximum(self) -> bool:
        """Whether the signs of maxima are all that is kept of signs."""
        return not self.shares and not self.by_sign


class AtOnce(Passage):
    """One way there and back on a GPU. Rows of a group, strips and fused groups are a processor's."""

    KEPT = KeptAtOnce

    def there(self, x: Tensor) -> list[Tensor]:
        """As a passage has it."""
        with multiplying(tf32=self._chain.tf32):
            return super().there(x)

    def back(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """Likewise."""
        with multiplying(tf32=self._chain.tf32):
            return super().back(gradients)

    def _group_ahead(self, units: Sequence[Unit], x: Tensor) -> Tensor:
        for unit in units:
            self._pulse()
            height, width = x.shape[2:]
            kept = self._sink(unit, height, width, x)
            y = unit.ahead(x, 0, range(height), height)
            kept.take(y, 0)
            x = kept.pooled(y, 0)
        return x

    def _group_back(
        self,
        units: Sequence[Unit],
        gradient: Tensor | None,
        of_style: Mapping[str, list[Tensor | None]],
        of_content: Mapping[str, Tensor | None],
    ) -> Tensor:
        for unit in reversed(units):
            self._pulse()
            kept = self._kept[unit.name]
            rows = range(kept.height)
            gradient = kept.spread(gradient, rows)
            self._pull(unit, of_style.get(unit.name, []), of_content.get(unit.name)).added_(gradient, rows)
            gradient = unit.back(gradient, 0, rows, kept.height)
        assert gradient is not None
        return gradient


def passage_of(chain: Chain, wanted: Wanted, *, returns: bool, pulse: Pulse = steady) -> Passage:
    """The one that suits the device where the chain's weights are."""
    kind = AtOnce if chain.units[0].weight.is_cuda else Passage
    return kind(chain, wanted, returns=returns, pulse=pulse)


@contextmanager
def multiplying(*, tf32: bool) -> Iterator[None]:
    """While open, a GPU multiplies float32 with ten bits of mantissa, or with all of them.

    Torch's own settings are mixed: convolutions may, matrix products may not.
    """
    convolutions, products = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolutions, products
