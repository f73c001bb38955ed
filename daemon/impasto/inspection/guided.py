"""Guided backpropagation: a gradient picture in which only what speaks for a response is left.

Knows PyTorch's hooks and ReLU modules. Must not know layers' names, pictures or units. ``layer`` opens it around the
gradient of a unit.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def guided(encoder: nn.Module) -> Iterator[None]:
    """While open, every ReLU of `encoder` lets gradients pass backwards only where they are positive.

    Springenberg et al. 2014 (arXiv 1412.6806) eq. in figure 1c: R = (f > 0) · (R' > 0) · R'. A ReLU's own way back is
    the first factor; this adds the second, that of the deconvnet (Zeiler and Fergus 2013, arXiv 1311.2901). The
    encoder is shared: it is left as it was found, however the block ends.
    """

    def after_forward(_layer: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(lambda gradient: gradient.clamp_min(0))

    hooks = [layer.register_forward_hook(after_forward) for layer in encoder.modules() if isinstance(layer, nn.ReLU)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
