"""The weights: which terms and layers of J count, and how much.

Knows numbers and the names of layers. Must not know tensors or losses. ``settings`` holds one `Weights`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

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
