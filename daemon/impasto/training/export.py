"""From a trained network to the encoder file: batch norm folded, filters normalised, half precision, a card.

Knows the network's layers and the engine's encoder files; must never know the loop or its losses. Called by the face
of the room.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine.encoder import EncoderSpec
from impasto.engine.encoder.files import save_encoder
from impasto.engine.encoder.normal import normalise as normalise_weights
from impasto.training.network import MEAN, STD, Network

SPEC = EncoderSpec("vgg19-slim", pooling="avg", padding="replicate", mean=MEAN, std=STD)


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


def normalise(plain: Plain, pictures: Tensor) -> Plain:
    """Rescale every filter so that its mean activation over `pictures` (b, 3, h, w) is 1, and its readers inversely.

    A dead filter is silenced: amplified, it would be noise.
    """
    normal = normalise_weights(SPEC, named_weights(plain), pictures)
    return {name: Filters(normal[f"{name}.weight"], normal[f"{name}.bias"]) for name in plain}


def named_weights(plain: Plain) -> dict[str, Tensor]:
    """The tensors as encoder files name them."""
    return {f"{name}.{part}": value for name, filters in plain.items() for part, value in filters._asdict().items()}


def write(path: Path, plain: Plain, card: Mapping[str, object]) -> None:
    """Write the encoder file, in half precision."""
    save_encoder(path, replace(SPEC, card=card), named_weights(plain))
