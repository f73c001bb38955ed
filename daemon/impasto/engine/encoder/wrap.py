"""Wrapping around: an encoder whose convolutions continue a picture at its opposite border, for tiles.

Knows modules with convolutions. Must not know pictures, losses or how X is moved. ``stylize`` looks at X through one
where the result is to be tileable; styles, which do not repeat, are seen by the encoder itself.

Exact where both sides are multiples of 16: poolings then cut no cell, and X shifted around by 16 px has the same J. On
other sizes the deeper layers leave out up to 15 px at the seam.
"""

import copy
from typing import cast

from torch import nn

from impasto.engine.encoder import Encoder


def wrapped(encoder: Encoder) -> Encoder:
    """The encoder with every convolution padded around; it shares the weights.

    Raises:
        ValueError: it is no `nn.Module` or has no convolution that pads.
    """
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)] if isinstance(encoder, nn.Module) else []
    if not any(_pads(layer) for layer in convolutions):
        raise ValueError("tileable needs an encoder that is an nn.Module with convolutions that pad; this one is not")
    assert isinstance(encoder, nn.Module)
    shared = {id(value): value for value in (*encoder.parameters(), *encoder.buffers())}
    around = copy.deepcopy(encoder, shared)  # a memo with all tensors in it: they are not copied
    for layer in around.modules():
        if isinstance(layer, nn.Conv2d) and _pads(layer):
            layer.padding_mode = "circular"
    return cast("Encoder", around)


def _pads(layer: nn.Conv2d) -> bool:
    return layer.padding == "same" or any(side != 0 for side in layer.padding)
