"""How far apart two pictures are, layer by layer: in content, position by position, and in style, as Gram matrices.

Knows features and the engine's losses. Must not know files or how anything is shown. The room's face calls it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from impasto.engine import VGG
from impasto.engine.encoder import resize
from impasto.engine.objective.losses import ContentLoss, GramLoss, gram_matrix


@dataclass(frozen=True)
class LayerDistance:
    """What lies between A and B in one layer.

    Attributes:
        content, style: the engine's own losses, with A as target: what `stylize` would minimise.
        relative_content: ||F_B - F_A|| / ||F_A|| over activations F: 0 is the same picture; layers can be compared.
        relative_style: ||G_B - G_A|| / ||G_A|| over Gram matrices G.
    """

    layer: str
    content: float
    relative_content: float
    style: float
    relative_style: float

    def to_json(self) -> dict[str, Any]:
        """Plain names and numbers."""
        return asdict(self)


@torch.no_grad()
def distances(encoder: VGG, a: Tensor, b: Tensor, layers: Sequence[str]) -> list[LayerDistance]:
    """Content and style distance of `b` from `a`, both (1, 3, H, W) in [0, 1] of any sizes, in each of `layers`.

    Content is compared position by position, so for it b is resized to a's size; style sees b as it is.

    Raises:
        KeyError: the encoder has no such layer.
    """
    features = encoder(a, layers)
    own = encoder(b, layers)
    fitted = own if a.shape == b.shape else encoder(resize(b, *a.shape[2:]).clamp(0, 1), layers)
    return [_distance(layer, features[layer], fitted[layer], own[layer]) for layer in layers]


def _distance(layer: str, target: Tensor, fitted: Tensor, own: Tensor) -> LayerDistance:
    gram, gram_own = gram_matrix(target), gram_matrix(own)
    return LayerDistance(
        layer,
        content=float(ContentLoss(target)(fitted)),
        relative_content=_relative(fitted, target),
        style=float(GramLoss(gram)(own)),
        relative_style=_relative(gram_own, gram),
    )


def _relative(value: Tensor, target: Tensor) -> float:
    return float((value - target).norm() / target.norm().clamp_min(1e-12))
