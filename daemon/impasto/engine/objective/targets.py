"""Keeps style targets: a style is encoded once for each (style, size, layers), however many jobs use it.

Knows tensors and a key that stands for the style's pixels. ``worker`` owns one cache per encoder; `stylize` asks it.
"""

from collections import OrderedDict
from collections.abc import Hashable

from torch import Tensor

from impasto.engine.encoder import Encoder
from impasto.engine.objective import target_source
from impasto.engine.objective.styles import Targets, TargetSource
from impasto.method import ObjectiveName


class TargetCache:
    """Remembers the statistics of the styles used last (a full-width set of Gram matrices is 2.5 MB)."""

    def __init__(self, capacity: int = 64) -> None:
        self._kept: OrderedDict[Hashable, Targets] = OrderedDict()
        self._capacity = capacity

    def source(self, style_key: Hashable, objective: ObjectiveName = "gatys") -> TargetSource:
        """A `TargetSource` for the style that `style_key` stands for, e.g. the hash of its pixels.

        Whatever changes those pixels on their way must be in the key: a recoloured style is another.
        """
        compute = target_source(objective)

        def targets(encoder: Encoder, style: Tensor, layers: tuple[str, ...]) -> Targets:
            # The encoder itself: an id may be used again.
            key = (style_key, compute, tuple(style.shape), layers, encoder)
            if key not in self._kept:
                self._kept[key] = compute(encoder, style, layers)
            self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
            return self._kept[key]

        return targets

    def __repr__(self) -> str:
        return f"<TargetCache [{len(self._kept)} of {self._capacity}]>"
