"""The settings that each encoder is used with when nobody says otherwise, and the memory it needs.

Chosen by measurement and by eye; training/LOG.md has the figures, and on which pictures.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from impasto.engine.descent import LBFGS_HISTORY
from impasto.engine.encoder import VGG
from impasto.engine.objective import Weights
from impasto.engine.presets import ObjectiveName
from impasto.engine.settings import Settings

TORCH_BYTES = 256 << 20  # code that torch loads at the first step, and its workspaces
# What moments take more than Gram matrices, as they are taken in float64, of a layer and its centred copy: so many
# times the largest layer, and what LAPACK and its matrices take at any size.
MOMENTS_NEED: Mapping[ObjectiveName, tuple[int, int]] = MappingProxyType({"spst": (5, 64 << 20), "w2": (7, 128 << 20)})

# Left free, the narrow encoder paints coloured grain, and spots in colours beyond black and white (training/LOG.md).
SLIM_WEIGHTS = Weights(
    content=2.0,
    style=150.0,
    total_variation=120.0,
    colour_variation=8.0,
    gamut=1000.0,
    style_layers=MappingProxyType({"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 0.5, "relu5_1": 0.25}),
)

W2_STYLE_LAYERS = MappingProxyType(
    {f"relu{block}_1": weight / 341 for block, weight in enumerate((256, 64, 16, 4, 1), 1)}
)

DEFAULTS: Mapping[str, Settings] = MappingProxyType(
    {
        "vgg19-slim": Settings(
            steps=240,
            max_scales=2,
            frequency_power=0.4,
            margin=8,
            carried_detail=0.3,
            weights=SLIM_WEIGHTS,
        ),
        # For weights normalised to mean activation 1, as `imagenet` leaves them; not tried with the real file (no
        # network where this was written).
        "vgg19": Settings(steps=300, weights=Weights(content=1.0, style=10.0)),
    }
)


# What the other objectives count, so that at the content X is pulled about as hard as by the encoder's own; the terms
# differ by five powers of ten. The w2 program's own weights for vgg19 (nst.md: content .015, layers 256:64:16:4:1).
OBJECTIVE_WEIGHTS: Mapping[tuple[str, ObjectiveName], Weights] = MappingProxyType(
    {
        ("vgg19-slim", "neural-style"): replace(SLIM_WEIGHTS, content=0.4, style=1500.0, total_variation=3e-5),
        ("vgg19-slim", "spst"): replace(SLIM_WEIGHTS, content=8.0, style=2e-3, total_variation=40.0),
        ("vgg19-slim", "w2"): replace(
            SLIM_WEIGHTS, content=4.0, style=4.0, total_variation=20.0, colour_variation=24.0
        ),
        ("vgg19", "neural-style"): Weights(0.2, 100.0),
        ("vgg19", "spst"): Weights(1.0, 1e-3),
        ("vgg19", "w2"): Weights(0.015, 1.0, 2.0, style_layers=W2_STYLE_LAYERS),
    }
)


def defaults(encoder: str, objective: ObjectiveName = "gatys") -> Settings:
    """The settings for an encoder of that name and an objective; for any other encoder, those of the papers."""
    base = replace(DEFAULTS.get(encoder, Settings()), objective=objective)
    return replace(base, weights=OBJECTIVE_WEIGHTS.get((encoder, objective), base.weights))


def bytes_needed(
    encoder: VGG, pixels: int, style_pixels: int = 0, *, wraps: bool = False, objective: ObjectiveName = "gatys"
) -> int:
    """Roughly what a run at `pixels` with a style at `style_pixels` needs at its peak; measured ones lie below it.

    Kept for the way back are every convolution's output (shared with the ReLU, in place), where it pads by replication
    also its padded input, and what a pooling gives (max pooling: with int64 indices). On top come six times the largest
    layer, for its gradients and the copies that convolutions and padding make on the way, L-BFGS's pairs, and torch's
    own one-time needs. The style is encoded before that, without a way back. tests/bench/engine.py weighs all this.
    """
    per_pixel, area, widest, channels = 0.0, 1.0, 0.0, 3
    for name, step in encoder.steps.items():
        area = area / 4 if name.startswith("pool") else area
        if name.startswith("conv"):
            padded = channels if wraps or encoder.spec.padding == "replicate" else 0
            channels = int(step.out_channels)  # type: ignore[arg-type]  # a Conv2d, as VGG builds it
            per_pixel += 4 * area * (channels + padded)
            widest = max(widest, 4 * area * channels)
        elif name.startswith("pool"):
            per_pixel += 4 * area * channels * (3 if encoder.spec.pooling == "max" else 1)
    images = 3 * 4 * (2 * LBFGS_HISTORY + 16)  # the pairs, X, its gradient, the method's own copies and spectra
    more_layers, more_bytes = MOMENTS_NEED.get(objective, (0, 0))
    layers, fixed = 6 + more_layers, TORCH_BYTES + more_bytes
    return int(max(pixels * (per_pixel + layers * widest + images), style_pixels * layers * widest)) + fixed
