"""Gatys' normalisation: every filter's mean activation over some pictures becomes 1, and what the network says stays.

Knows an encoder's spec and weights. Must not know where these came from or what the pictures show. ``training`` calls
it for what was learnt here, ``imagenet`` for what was learnt elsewhere; the defaults of style weights assume it.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.engine.encoder import EncoderSpec

FAINT = 0.02
"""A filter whose mean activation is less than this share of its layer's median counts as dead."""


@torch.no_grad()
def normalise(
    spec: EncoderSpec, weights: Mapping[str, Tensor], pictures: Tensor, *, least: float | None = None
) -> dict[str, Tensor]:
    """Rescales every filter so that its mean activation over `pictures` (b, 3, h, w) is 1, and its readers inversely.

    Exact for a ReLU network (Gatys et al. 2015, footnote), whatever its pooling and padding: all of them commute with a
    positive factor. What changes is how much a filter counts beside the others of its layer.

    Args:
        spec: topology and preprocessing that the weights were made for.
        weights: `<conv>.weight` and `<conv>.bias`, each convolution followed by a ReLU.
        pictures: in [0, 1] RGB.
        least: None silences what counts as dead, as amplified it would be noise. A number, for filters that were
            learnt from other pictures and may only have nothing to say about these: none is amplified more than one
            of this share of its layer's median is.
    """
    x, normal = _entered(spec, pictures), dict[str, Tensor]()
    divisor = torch.ones(x.shape[1])  # by which x was divided
    for name in spec.layers:
        if name.startswith("pool"):
            x = F.max_pool2d(x, 2) if spec.pooling == "max" else F.avg_pool2d(x, 2)
        if not name.startswith("conv"):
            continue
        weight, bias = weights[f"{name}.weight"].float() * divisor.view(1, -1, 1, 1), weights[f"{name}.bias"].float()
        mode = "constant" if spec.padding == "zeros" else "replicate"
        x = F.relu_(F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), weight, bias))
        gain, divisor = _gains(x.mean((0, 2, 3)), least)
        normal[f"{name}.weight"], normal[f"{name}.bias"] = weight * gain.view(-1, 1, 1, 1), bias * gain
        x *= gain.view(1, -1, 1, 1)
    return normal


def _gains(means: Tensor, least: float | None) -> tuple[Tensor, Tensor]:
    """What to multiply each filter by, and by what its readers make good for it."""
    if least is not None:
        divisor = means.clamp_min(max(least * means.median().item(), 1e-12))
        return 1 / divisor, divisor
    alive = means > FAINT * means.median()
    return torch.where(alive, 1 / means.clamp_min(1e-12), torch.zeros_like(means)), means


def _entered(spec: EncoderSpec, pictures: Tensor) -> Tensor:
    """Pictures as the first convolution wants them."""
    mean, std = (pictures.new_tensor(values).view(1, -1, 1, 1) for values in (spec.mean, spec.std))
    x = pictures if spec.channel_order == "rgb" else pictures.flip(1)
    return (x * spec.scale - mean) / std
