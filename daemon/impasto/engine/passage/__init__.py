"""The passage: from a picture to its statistics and back, a few rows at a time, keeping hardly anything.

Knows the chain of an encoder, which layers' statistics and features are wanted and what each position counts in them.
Must not know targets, losses, or how X is moved. ``objective`` sends X through one for each evaluation.

Autograd would keep every layer in full precision until its gradient is known. What J asks of a style layer is only its
second moments (Gatys et al. 2015 eq. 3; Galerne et al. 2024 for means and deviations), and of all the others nothing
but signs and choices, so that is what is kept: style features, in the precision of the way back, and bits. Rows of the
first blocks go through convolution, ReLU and pooling while they are in the processor's cache.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from impasto.engine.passage.chain import INNERMOST, Chain, Unit
from impasto.engine.passage.kept import Kept, Pull
from impasto.engine.pulse import Pulse, steady

STRIP_BYTES = 8 << 20  # of a layer's rows in one go: they stay in a core's cache, and malloc gives them out again
LEAST_ROWS = 16  # of a very wide picture, or the rows that two strips both compute would cost too much
FUSED = 2  # convolutions of a block that are run together; more would compute too many rows twice


@dataclass(frozen=True)
class Wanted:
    """What is to be known of a picture.

    Attributes:
        content: layers whose features are.
        style: for each layer the shares of its positions, once for every term: (h * w, 1), together 1; None is alike.
        moments: whether means are wanted beside second moments, in float64: see ``moments``.
        positions: of each style layer, among which None shares alike; none told means those of the picture itself.
        sums: whether statistics are wanted at all; a tile's second round knows them.
    """

    content: tuple[str, ...]
    style: Mapping[str, tuple[Tensor | None, ...]]
    moments: bool = False
    positions: Mapping[str, int] = field(default_factory=dict)
    sums: bool = True

    @property
    def layers(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.style, *self.content)

    def to(self, device: torch.device) -> Self:
        """The same, with its shares there."""
        there = {name: tuple(one if one is None else one.to(device) for one in of) for name, of in self.style.items()}
        return replace(self, style=there)


class Passage:
    """One way there and back."""

    KEPT: ClassVar[type[Kept]] = Kept

    def __init__(self, chain: Chain, wanted: Wanted, *, returns: bool, pulse: Pulse = steady) -> None:
        """`returns` says whether there is a way back; `pulse` is called before each layer of a strip."""
        self._chain, self._wanted, self._returns, self._pulse = chain, wanted, returns, pulse
        self._units = chain.upto(wanted.layers)
        self._kept: dict[str, Kept] = {}
        self._dtype = torch.float32

    @property
    def kept_bytes(self) -> int:
        """What is held for the way back."""
        return sum(kept.nbytes for kept in self._kept.values())

    def there(self, x: Tensor) -> list[Tensor]:
        """Statistics by layer and term, then content features by layer, of a picture as the first layer takes it."""
        x, self._dtype = x.contiguous(memory_format=INNERMOST), x.dtype
        for units in groups(self._units):
            x = self._group_ahead(units, x)
        sums = [one for name in self._wanted.style for one in self._kept[name].sums]
        wholes = [self._kept[name].whole for name in self._wanted.content]
        for kept in self._kept.values():
            # They are the caller's now, and know this as their way back: kept here, too, a passage that has none (a
            # step too far) would hold itself for ever, in a circle through torch that no collector sees.
            kept.sums, kept.whole = [], None
        return [*sums, *(whole for whole in wholes if whole is not None)]

    def back(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """The picture's gradient from those of `there`'s results."""
        given = iter(gradients)
        of_style = {name: [next(given) for _ in shares] for name, shares in self._wanted.style.items()}
        of_content = {name: next(given) for name in self._wanted.content}
        gradient: Tensor | None = None
        for units in reversed(groups(self._units)):
            gradient = self._group_back(units, gradient, of_style, of_content)
            for unit in units:
                del self._kept[unit.name]  # its memory is the next group's
        assert gradient is not None
        return gradient.to(self._dtype)

    def _group_ahead(self, units: Sequence[Unit], x: Tensor) -> Tensor:
        """The layer after `units`; gathers and keeps on the way."""
        (height, width), last = x.shape[2:], units[-1]
        kept = [self._sink(unit, height, width, x) for unit in units]
        halved = 2 if last.pool else 1
        size = (1, last.channels, height // halved, width // halved)
        out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=INNERMOST)
        for rows in _strips(units, height // halved, width, halved, x.element_size()):
            own = range(rows.start * halved, height if rows.stop == size[2] else rows.stop * halved)
            y, first = x, 0
            for reach, unit, sink in zip(reversed(range(len(units))), units, kept, strict=True):
                needed = _reached(own, reach, height)
                self._pulse()
                y, first = unit.ahead(y, first, needed, height), needed.start
                sink.take(y[:, :, own.start - first : own.stop - first], own.start)
            out[:, :, rows.start : rows.stop] = kept[-1].pooled(y, rows.start)
        return out

    def _sink(self, unit: Unit, height: int, width: int, x: Tensor) -> Kept:
        """Room for what is kept of a unit."""
        shares, channels = self._wanted.style.get(unit.name, ()), unit.channels
        side, kind = (channels + 1, torch.float64) if self._wanted.moments else (channels, x.dtype)
        sums = [torch.zeros(side, side, dtype=kind, device=x.device) for _ in shares]
        positions = self._wanted.positions.get(unit.name, height * width)
        sums = sums if self._wanted.sums else []
        kept = self._kept[unit.name] = self.KEPT(unit, height, width, shares, sums, positions)
        content = unit.name in self._wanted.content
        if content:
            shape = (1, channels, height, width)
            kept.whole = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=INNERMOST)
        if self._returns:
            kept.remember(x, self._chain.dtype, content=content)
        return kept

    def _group_back(
        self,
        units: Sequence[Unit],
        gradient: Tensor | None,
        of_style: Mapping[str, list[Tensor | None]],
        of_content: Mapping[str, Tensor | None],
    ) -> Tensor:
        """The gradient of a group's input from that of its output, the losses' own added where they look."""
        height, width = self._kept[units[0].name].height, self._kept[units[0].name].width
        pulls = [self._pull(unit, of_style.get(unit.name, []), of_content.get(unit.name)) for unit in units]
        turned = units[0].turned
        shape = (1, turned.shape[0], height, width)
        found = torch.empty(shape, dtype=turned.dtype, device=turned.device, memory_format=INNERMOST)
        for rows in _strips(units, height, width, 1, turned.element_size()):
            needed = _reached(rows, len(units), height)
            piece = self._kept[units[-1].name].spread(gradient, needed)
            for reach, unit, pull in zip(reversed(range(len(units))), reversed(units), reversed(pulls), strict=True):
                self._pulse()
                pull.added_(piece, needed)
                before, needed = needed, _reached(rows, reach, height)
                piece = unit.back(piece, before.start, needed, height)
            found[:, :, rows.start : rows.stop] = piece
        return found

    def _pull(self, unit: Unit, of_style: Sequence[Tensor | None], of_content: Tensor | None) -> Pull:
        """What the losses want of a layer."""
        kept, channels = self._kept[unit.name], unit.channels
        terms = []
        for gradient, share in zip(of_style, kept.shares, strict=True):
            if gradient is None:
                continue
            both = gradient + gradient.T
            both = both if share is not None else both / kept.positions
            row = both[channels, :channels].to(self._chain.dtype) if self._wanted.moments else None
            terms.append((both[:channels, :channels].to(self._chain.dtype), row, share))
        return Pull(kept, terms, of_content)


def groups(units: Sequence[Unit]) -> list[tuple[Unit, ...]]:
    """Units that are run together: the short first blocks as a whole, the others one by one."""
    groups: list[tuple[Unit, ...]] = []
    block: tuple[Unit, ...] = ()
    for unit in units:
        block = (*block, unit)
        if unit.pool or unit is units[-1]:
            groups += [block] if len(block) <= FUSED else [(one,) for one in block]
            block = ()
    return groups


def _strips(units: Sequence[Unit], height: int, width: int, halved: int, element_bytes: int) -> Iterator[range]:
    """Rows of a group's output, some at a time; all at once where the picture goes around."""
    widest = max(max(unit.channels, unit.turned.shape[0]) for unit in units)
    rows = max(LEAST_ROWS, STRIP_BYTES // (widest * width * element_bytes * halved))
    if units[0].padding == "circular":
        rows = height
    for first in range(0, height, rows):
        yield range(first, min(first + rows, height))


def _reached(rows: range, reach: int, height: int) -> range:
    """Those rows and `reach` more on either side, within the layer."""
    return range(max(0, rows.start - reach), min(height, rows.stop + reach))


class Through(torch.autograd.Function):
    """A `Passage` as one step of autograd."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, passage: Passage) -> tuple[Tensor, ...]:  # noqa: ANN401  # as torch has it
        """Statistics, then content features."""
        ctx.passage = passage
        return tuple(passage.there(x))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None]:  # noqa: ANN401  # as torch has it
        """The picture's gradient."""
        return ctx.passage.back(gradients), None


def through(x: Tensor, passage: Passage) -> tuple[Tensor, ...]:
    """What `passage.there` finds, with its way back known to autograd."""
    found: tuple[Tensor, ...] = Through.apply(x, passage)  # type: ignore[no-untyped-call]
    return found
