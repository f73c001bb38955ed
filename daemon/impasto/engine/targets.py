"""Keeps style targets: a style is encoded once for each (style, size, layers), however many jobs use it.

Knows tensors and a key that stands for the style's pixels. ``worker`` owns one cache per encoder; `stylize` asks it.
"""

from collections import OrderedDict
from collections.abc import Hashable

from torch import Tensor

from impasto.engine.encoder import Encoder
from impasto.engine.objective import style_targets
from impasto.engine.stylize import Targets, TargetSource


class TargetCache:
    """Remembers the Gram matrices of the styles used last (a full-width set is 2.5 MB)."""

    def __init__(self, capacity: int = 64) -> None:
        self._kept: OrderedDict[Hashable, Targets] = OrderedDict()
        self._capacity = capacity

    def source(self, style_key: Hashable, guide: Tensor | None = None) -> TargetSource:
        """A `TargetSource` for the style that `style_key` stands for, e.g. the hash of its pixels.

        `guide` tells how much each place of it counts, see `style_targets`; the key stands for it too.
        """

        def targets(encoder: Encoder, style: Tensor, layers: tuple[str, ...]) -> Targets:
            key = (style_key, tuple(style.shape), layers, encoder)  # the encoder itself: an id may be used again
            if key not in self._kept:
                self._kept[key] = style_targets(encoder, style, layers, guide)
            self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
            return self._kept[key]

        return targets

    def __repr__(self) -> str:
        return f"<TargetCache [{len(self._kept)} of {self._capacity}]>"
