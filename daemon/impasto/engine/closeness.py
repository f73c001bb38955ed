"""Whether TF32 is near enough to float32 with an encoder's weights: the cosine of J's gradients, on a drawn picture.

Knows J, the two precisions, and draws. Must not know which device it is, files or jobs. ``worker.studio`` asks once for
each encoder on a device that has TF32, before it paints with it, and remembers the answer. Ten bits of mantissa turn a
few ReLUs and maxima; how much of the gradient hangs on those is the weights' affair (LOG.md): with the encoder that is
shipped hardly any, with random ones too much.

Every number here is fixed, pictures included, so two workers on cards of one kind say the same. J is the encoder's
usual one: what else it may be made of moves the cosine by hardly more than a ten-thousandth (LOG.md).
"""

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.engine.encoder import VGG, pulsing
from impasto.engine.objective import Objective, style_targets
from impasto.engine.objective.styles import Targets
from impasto.engine.pulse import Pulse, steady
from impasto.method import Precision, Weights

LEAST_COSINE = 0.999
SIDE_PX = 256
CONTENT_STRENGTHS = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32)  # of forms 64, 32, 16, 8, 4 and 2 px across
STYLE_STRENGTHS = (0.15, 0.15, 0.15, 1.0, 0.15, 0.15)
NOISE_DEVIATION = 0.1  # as a noise start has it


def least_cosine(encoder: VGG, weights: Weights, pulse: Pulse = steady) -> float:
    """The smallest cosine of J's gradient in TF32 to that in float32, at the few X that descents begin with.

    `pulse` is called between layers, and may raise. NaN where a gradient is none. It takes the memory of a step at
    256 px, and has let go of it when it returns.
    """
    device = next(encoder.parameters()).device
    content, style = (drawn(seed, s).to(device) for seed, s in ((1, CONTENT_STRENGTHS), (2, STYLE_STRENGTHS)))
    at = begun(content, style)
    plain = copy.copy(encoder)  # what is made of its weights for float32 goes with it
    with pulsing(plain, pulse):
        targets = style_targets(plain, style, tuple(weights.style_layers))
        exact = _gradients(plain, content, targets, weights, at, "float32")
    del plain
    with pulsing(encoder, pulse):
        found = _gradients(encoder, content, targets, weights, at, "tf32")
    cosines = [F.cosine_similarity(a.double(), b.double(), 0) for a, b in zip(found, exact, strict=True)]
    return float(torch.stack(cosines).min())  # torch's, for which NaN is the smallest


def drawn(seed: int, strengths: Sequence[float]) -> Tensor:
    """A smooth picture (1, 3, h, w): for each strength a layer of soft forms, each layer's half as large."""
    generator, picture = torch.Generator().manual_seed(seed), torch.full((1, 3, SIDE_PX, SIDE_PX), 0.5)
    for octave, strength in enumerate(strengths):
        forms = torch.rand(1, 3, 4 << octave, 4 << octave, generator=generator) - 0.5
        picture += strength * F.interpolate(forms, (SIDE_PX, SIDE_PX), mode="bicubic", align_corners=False)
    return picture.clamp(0, 1)


def begun(content: Tensor, style: Tensor) -> list[Tensor]:
    """The content, noise around its mean colour, a little noise on the content, and half way from it to the style."""
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(content.shape, generator=generator).to(content)
    even = torch.rand(content.shape, generator=generator).to(content)
    mean = content.mean((2, 3), keepdim=True)
    return [content, mean + NOISE_DEVIATION * normal, 0.9 * content + 0.1 * even, (content + style) / 2]


def _gradients(
    encoder: VGG, content: Tensor, targets: Targets, weights: Weights, at: Sequence[Tensor], precision: Precision
) -> list[Tensor]:
    """J's at each X, flat."""
    objective, found = Objective(encoder, content, targets, weights, precision=precision), []
    for x in at:
        variable = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(objective(variable).total, variable)
        found.append(gradient.flatten())
    return found
