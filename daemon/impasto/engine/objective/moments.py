"""Moments: mean and covariance of features over positions, and the losses that match them beside or instead of Gram.

Knows features and targets as tensors. Must not know encoders, weights or how X is moved. ``presets`` names the losses.
A target is the second moment of the features with a constant 1 appended, [[G, μ], [μᵀ, 1]] in float64: all that is
linear in the pictures' distribution in one matrix, so that the targets of several styles blend by their mean.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.objective.losses import GATYS_STYLE_SCALE

DEVIATION_SCALE = 1e4  # SPST: w_Gram C² wmeanstd / 100 = 1e3 · 1000 / 100
COVARIANCE_FLOOR = 1e-4  # crowsonkb: added to each variance, so that a layer with few positions has a root, too
LEAST_VARIANCE = 1e-12  # below it a channel is constant, and its deviation has no gradient


def moments(features: Tensor, guide: Tensor | None = None) -> Tensor:
    """[[G, μ], [μᵀ, 1]] of features (1, C, H, W) in float64; `guide` as in `gram_matrix`."""
    flat = features.flatten(2).squeeze(0).double()
    flat = torch.cat([flat, torch.ones_like(flat[:1])])
    share = _shares(flat, guide)
    return (flat * share) @ flat.T


class DeviationLoss(nn.Module):
    """Gatys' Gram loss and 1e4 (mean((μ - μ')²) + mean((d - d')²)): SPST's, Galerne et al. 2024 (EGSR).

    μ and d are each channel's mean and deviation over positions. d has no slope at 0: a channel that is constant there
    is left as it is.
    """

    gram: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, target: Tensor) -> None:
        """Takes `moments` of the style."""
        super().__init__()
        second, mean = target[:-1, :-1], target[-1, :-1]
        self.register_buffer("gram", second)
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", _deviation(second.diagonal() - mean**2))

    def forward(self, features: Tensor, guide: Tensor | None = None) -> Tensor:
        """Scalar in the features' type; arguments as in `GramLoss`."""
        return self.of(moments(features, guide)).to(features.dtype)

    def of(self, found: Tensor) -> Tensor:
        """The same, of moments."""
        second, mean = found[:-1, :-1], found[-1, :-1]
        deviation = _deviation(second.diagonal() - mean**2)
        apart = F.mse_loss(mean, self.mean) + F.mse_loss(deviation, self.deviation)
        return GATYS_STYLE_SCALE / len(mean) ** 2 * F.mse_loss(second, self.gram) + DEVIATION_SCALE * apart

    def extra_repr(self) -> str:
        """Width of the layer."""
        return f"{len(self.mean)} channels"


class WassersteinLoss(nn.Module):
    """The squared Wasserstein-2 distance between the Gaussians of features and style, by channel.

    mean((μ - μ')²) + tr(Σ + Σ' - 2 (Σ'^½ Σ Σ'^½)^½) / C, Σ with 1e-4 on its diagonal (crowsonkb's
    style-transfer-pytorch; Dowson and Landau 1982). The trace of the root is the sum of the roots of the eigenvalues,
    whose derivative is ½ tr(M^-½ dM): exact in value and gradient with one decomposition, where twelve steps of
    Newton's iteration are off by up to half. All of it is in float64, as roots of small eigenvalues want the digits.
    """

    mean: Tensor
    root: Tensor
    variance: Tensor

    def __init__(self, target: Tensor) -> None:
        """Takes `moments` of the style."""
        super().__init__()
        mean = target[-1, :-1]
        covariance = _lifted(target[:-1, :-1] - torch.outer(mean, mean))
        values, vectors = torch.linalg.eigh(covariance)
        self.register_buffer("mean", mean)
        self.register_buffer("root", (vectors * values.clamp_min(0).sqrt()) @ vectors.T)
        self.register_buffer("variance", values.clamp_min(0).sum())

    def forward(self, features: Tensor, guide: Tensor | None = None) -> Tensor:
        """Scalar in the features' type; arguments as in `GramLoss`."""
        return self.of(moments(features, guide)).to(features.dtype)

    def of(self, found: Tensor) -> Tensor:
        """The same, of moments."""
        mean = found[-1, :-1]
        covariance = _lifted(found[:-1, :-1] - torch.outer(mean, mean))
        product = self.root @ covariance @ self.root
        values = torch.linalg.eigvalsh((product + product.T) / 2)
        overlap = values.clamp_min(COVARIANCE_FLOOR**2 * 1e-3).sqrt().sum()  # rounding may not make one negative
        trace = covariance.diagonal().sum() + self.variance - 2 * overlap
        distance: Tensor = F.mse_loss(mean, self.mean) + trace / len(mean)
        return distance

    def extra_repr(self) -> str:
        """Width of the layer."""
        return f"{len(self.mean)} channels"


def _shares(flat: Tensor, guide: Tensor | None) -> Tensor:
    """(1, N): what each position counts, 1 in all."""
    if guide is None:
        return flat.new_full((1, 1), 1 / flat.shape[1])
    weight = guide.flatten(2).squeeze(0).to(flat)
    return weight / weight.sum().clamp_min(1e-12)


def _deviation(variance: Tensor) -> Tensor:
    """The root, 0 without slope where there is nothing to speak of."""
    some = variance > LEAST_VARIANCE
    return torch.where(some, variance.clamp_min(LEAST_VARIANCE).sqrt(), 0.0)


def _lifted(covariance: Tensor) -> Tensor:
    """With the floor on its diagonal."""
    return covariance + COVARIANCE_FLOOR * torch.eye(len(covariance)).to(covariance)
