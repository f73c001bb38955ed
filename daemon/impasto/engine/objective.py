"""The objective: J(X) = content + style + total variation, for one content, one style, one size.

Knows which layers count and how much. Must not know how X is moved, scales or jobs. ``stylize`` builds one per scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor, nn

from impasto.engine.encoder import Encoder
from impasto.engine.losses import ContentLoss, Gamut, GramLoss, TotalVariation, gram_matrix

# Gatys et al. 2015 §2: content at relu4_2 (where objects stand), style at the first convolution of each block.
CONTENT_LAYERS = MappingProxyType({"relu4_2": 1.0})
STYLE_LAYERS = MappingProxyType({"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0, "relu5_1": 1.0})


@dataclass(frozen=True)
class Weights:
    """How much each term counts; the defaults are Gatys' notebook with weights normalised to mean activation 1.

    `colour_variation` times as much does a variation of colour cost as one of light, see `losses.TotalVariation`;
    `gamut` weighs what lies beyond black and white, see `losses.Gamut`.
    """

    content: float = 1.0
    style: float = 1.0
    total_variation: float = 0.0
    colour_variation: float = 1.0
    gamut: float = 0.0
    content_layers: Mapping[str, float] = field(default_factory=lambda: CONTENT_LAYERS)
    style_layers: Mapping[str, float] = field(default_factory=lambda: STYLE_LAYERS)


@dataclass(frozen=True)
class Losses:
    """The weighted terms at one X, as scalars (0-dim tensors, with gradient where X has one)."""

    content: Tensor
    style: Tensor
    total_variation: Tensor
    gamut: Tensor

    @property
    def total(self) -> Tensor:
        """J(X)."""
        return self.content + self.style + self.total_variation + self.gamut

    def floats(self) -> dict[str, float]:
        """Plain numbers, `total` included, for progress and logs."""
        names = ("content", "style", "total_variation", "gamut", "total")
        return {name: getattr(self, name).item() for name in names}


@torch.no_grad()
def style_targets(
    encoder: Encoder, style: Tensor, layers: tuple[str, ...], guide: Tensor | None = None
) -> dict[str, Tensor]:
    """The style's Gram matrices, layer by layer; depends on nothing else, so it can be kept.

    Args:
        encoder: fixed.
        style: (1, 3, H, W).
        layers: their names.
        guide: (1, 1, any height, any width), how much each place of the style counts; none means all alike.
    """
    features = encoder(style, layers)
    return {name: gram_matrix(values, guide_at(guide, values)) for name, values in features.items()}


def guide_at(guide: Tensor | None, features: Tensor) -> Tensor | None:
    """The guide shrunk to the layer's size: each position counts by how much of its cell is selected."""
    return None if guide is None else nn.functional.interpolate(guide, features.shape[2:], mode="area")


class Objective(nn.Module):
    """J as a module from X (1, 3, H, W) to its `Losses`."""

    def __init__(
        self,
        encoder: Encoder,
        content: Tensor,
        targets: Mapping[str, Tensor],
        weights: Weights,
        guide: Tensor | None = None,
    ) -> None:
        """Computes the content's features once.

        Args:
            encoder: shared and fixed; not registered as a part, so that moving this module does not move it.
            content: (1, 3, H, W), the size of every X to come.
            targets: Gram matrices by layer, from `style_targets`.
            weights: terms and layers.
            guide: (1, 1, H, W), where style is to be matched; none means everywhere.
        """
        super().__init__()
        self._encoder = [encoder]  # in a list, so that nn.Module does not adopt it
        self.weights, self.guide = weights, guide
        with torch.no_grad():
            features = encoder(content, tuple(weights.content_layers))
        self.content = nn.ModuleDict({name: ContentLoss(features[name]) for name in weights.content_layers})
        self.style = nn.ModuleDict({name: GramLoss(targets[name]) for name in weights.style_layers})
        self.total_variation, self.gamut = TotalVariation(weights.colour_variation), Gamut()
        self.layers = tuple(dict.fromkeys((*weights.style_layers, *weights.content_layers)))

    def forward(self, image: Tensor) -> Losses:
        """The weighted terms at X = `image` (1, 3, H, W)."""
        features = self._encoder[0](image, self.layers)
        zero = image.new_zeros(())
        content, style = zero, zero
        for name, weight in self.weights.content_layers.items():
            content = content + weight * self.content[name](features[name])
        for name, weight in self.weights.style_layers.items():
            style = style + weight * self.style[name](features[name], guide_at(self.guide, features[name]))
        variation = self.total_variation(image) if self.weights.total_variation else zero
        beyond = self.gamut(image) if self.weights.gamut else zero
        return Losses(
            self.weights.content * content,
            self.weights.style * style,
            self.weights.total_variation * variation,
            self.weights.gamut * beyond,
        )
