"""The objectives by name: which terms J has and what they count, as published programs compute it.

Knows the losses and statistics. Must not know encoders, pictures or scales. ``objective`` builds J from a preset;
tests/golden/objectives.py restates each. `Weights` multiply what stands here: with all of them 1 (the w2 program has
content .015 and layers 256:64:16:4:1 over their sum) J is the program's own, on relu1_1 to relu5_1 and relu4_2.

- ``gatys``: the authors' notebook (PytorchNeuralStyleTransfer): mean((F-C)²) + Σ 1e3/C² mean((G-A)²), G = FFᵀ/N.
- ``neural-style``: neural-style-pt: 5 mean((F-C)²) + 100 Σ mean((G-A)²) + 1e-3 Σ|∂x|, G = FFᵀ/(CN), pictures to 255.
- ``spst``: Galerne et al. 2024: Gatys' J, and 1e4 (mean((μ-μ')²) + mean((d-d')²)), channels' mean and deviation.
- ``w2``: crowsonkb's style-transfer-pytorch: Gaussian Wasserstein-2 distances, by channel; exact, where the original
  iterates towards the root. Its variation is our own sum of squares instead of one over nine points.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor, nn

from impasto.engine.objective.losses import AbsoluteVariation, GramLoss, TotalVariation
from impasto.engine.objective.moments import DeviationLoss, WassersteinLoss
from impasto.method import ObjectiveName

NEURAL_STYLE_SCALE = 100.0


@dataclass(frozen=True)
class Preset:
    """The terms of J.

    Attributes:
        content: what the content's mean square counts.
        style: the loss of one layer, from its target; called with features and guide.
        variation: the loss of X itself, from what colour costs and whether X wraps around.
        moments: whether style targets are moments (mean and covariance) or Gram matrices.
    """

    content: float
    style: Callable[[Tensor], nn.Module]
    variation: Callable[[float, bool], nn.Module]
    moments: bool = False


def _neural_style(target: Tensor) -> nn.Module:
    return GramLoss(target, NEURAL_STYLE_SCALE)  # mean((G/C - A/C)²) = mean((G - A)²) / C²


PRESETS: Mapping[ObjectiveName, Preset] = MappingProxyType(
    {
        "gatys": Preset(1.0, GramLoss, TotalVariation),
        "neural-style": Preset(5.0, _neural_style, AbsoluteVariation),
        "spst": Preset(1.0, DeviationLoss, TotalVariation, moments=True),
        "w2": Preset(1.0, WassersteinLoss, TotalVariation, moments=True),
    }
)
