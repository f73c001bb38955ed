"""The settings that each encoder is used with when nobody says otherwise, and the memory it needs.

Chosen by measurement and by eye (CHANGELOG and training/LOG.md have the figures).
"""

from collections.abc import Mapping
from types import MappingProxyType

from impasto.engine.encoder import VGG
from impasto.engine.objective import Weights
from impasto.engine.stylize import Settings

DEFAULTS: Mapping[str, Settings] = MappingProxyType(
    {
        "vgg19-slim": Settings(steps=240, weights=Weights(content=1.0, style=10.0, total_variation=1.0)),
        # torchvision's weights are not normalised to mean activation 1; not tried with the real file (no network here).
        "vgg19": Settings(steps=300, weights=Weights(content=1.0, style=10.0)),
    }
)


def defaults(encoder: str) -> Settings:
    """The settings for an encoder of that name; for any other, those of the paper."""
    return DEFAULTS.get(encoder, Settings())


def bytes_needed(encoder: VGG, pixels: int) -> int:
    """Roughly what a run at `pixels` needs: activations kept for the backward pass, and L-BFGS's pairs.

    Every convolution keeps its output (shared with the ReLU, in place) and, where it pads by replication, its padded
    input; gradients of the largest layer come on top. Measured peaks lie below it (tests/bench).
    """
    per_pixel, area, widest, channels = 0.0, 1.0, 0.0, 3
    for name, step in encoder.steps.items():
        area = area / 4 if name.startswith("pool") else area
        if name.startswith("conv"):
            padded = channels if encoder.spec.padding == "replicate" else 0
            channels = int(step.out_channels)  # type: ignore[arg-type]  # a Conv2d, as VGG builds it
            per_pixel += 4 * area * (channels + padded)
            widest = max(widest, 4 * area * channels)
        elif name.startswith("pool"):
            per_pixel += 4 * area * channels * (3 if encoder.spec.pooling == "max" else 1)  # int64 indices of max
    images = 3 * 4 * (2 * 10 + 8)  # X, its gradient, ten pairs and the method's own copies
    return int(pixels * (per_pixel + 2 * widest + images))
