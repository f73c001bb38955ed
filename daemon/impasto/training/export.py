"""From a trained network to the encoder file: batch norm folded, filters normalised, half precision, a card.

Knows the network's layers and the engine's encoder files; must never know the loop or its losses. Called by the face
of the room.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.encoder import EncoderSpec, vgg19_layers
from impasto.engine.encoder_files import save_encoder
from impasto.training.network import MEAN, STD, Network, prepared

FAINT = 0.02
"""A filter whose mean activation is less than this share of its layer's median counts as dead."""


class Filters(NamedTuple):
    """One convolution: weight (out, in, 3, 3) and bias (out,)."""

    weight: Tensor
    bias: Tensor


Plain = dict[str, Filters]
"""Convolutions by name: all that is left of a network when it has learnt."""


@torch.no_grad()
def fold(network: Network) -> Plain:
    """The convolutions that compute what `network.eval()` does, its batch norms folded in."""
    plain = {}
    for name, convolution in network.convolutions.items():
        norm = network.norms[name]
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_var is not None
        assert norm.running_mean is not None
        gain = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = convolution.weight * gain.view(-1, 1, 1, 1)
        plain[name] = Filters(weight.contiguous(), norm.bias - norm.running_mean * gain)
    return plain


def convolve(x: Tensor, filters: Filters) -> Tensor:
    """3x3 convolution over the replicated rim, then ReLU."""
    return F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), filters.weight, filters.bias))


@torch.no_grad()
def normalise(plain: Plain, pictures: Tensor) -> Plain:
    """Rescale every filter so that its mean activation over `pictures` (b, 3, h, w) is 1, and its readers inversely.

    Exact for a ReLU network (Gatys et al. 2015, footnote). A dead filter is silenced: amplified, it would be noise.
    """
    x, normal = prepared(pictures), {}
    scale = torch.ones(x.shape[1])  # by which x was divided
    for name in vgg19_layers():
        if name.startswith("pool"):
            x = F.avg_pool2d(x, 2)
        if not name.startswith("conv"):
            continue
        weight = plain[name].weight * scale.view(1, -1, 1, 1)
        activations = convolve(x, Filters(weight, plain[name].bias))
        scale = activations.mean((0, 2, 3))
        alive = scale > FAINT * scale.median()
        gain = torch.where(alive, 1 / scale.clamp_min(1e-12), torch.zeros_like(scale))
        normal[name] = Filters(weight * gain.view(-1, 1, 1, 1), plain[name].bias * gain)
        x = activations * gain.view(1, -1, 1, 1)
    return normal


def write(path: Path, plain: Plain, card: Mapping[str, object]) -> None:
    """Write the encoder file, in half precision."""
    spec = EncoderSpec("vgg19-slim", pooling="avg", padding="replicate", mean=MEAN, std=STD, card=card)
    weights = {f"{name}.{part}": value for name, filters in plain.items() for part, value in filters._asdict().items()}
    save_encoder(path, spec, weights)
