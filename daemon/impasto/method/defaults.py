"""The settings that each encoder is used with when nobody says otherwise, in numbers.

Chosen by measurement and by eye; training/LOG.md has the figures, and on which pictures.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from impasto.method.names import ObjectiveName
from impasto.method.settings import Settings
from impasto.method.weights import Weights

# The narrow encoder's strokes hang together where a block's later layers are matched, too, which see further; the first
# layer of each alone, as in the papers, left coloured grain (training/LOG.md, 26 November).
SLIM_STYLE_LAYERS = MappingProxyType(
    {
        "relu1_1": 0.125,
        "relu1_2": 1.0,
        "relu2_1": 0.125,
        "relu2_2": 1.0,
        "relu3_2": 1.0,
        "relu3_3": 1.0,
        "relu3_4": 1.0,
        "relu4_4": 0.5,
        "relu5_1": 0.25,
    }
)
# Moments of nine layers would cost more than they give: other objectives match the papers' five, the deep ones less.
SLIM_FIVE_LAYERS = MappingProxyType({"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 0.5, "relu5_1": 0.25})
# Left free, that encoder paints coloured grain, and spots in colours beyond black and white (training/LOG.md).
SLIM_WEIGHTS = Weights(
    content=1.4,
    style=150.0,
    total_variation=200.0,
    colour_variation=8.0,
    gamut=1000.0,
    style_layers=SLIM_STYLE_LAYERS,
)
SLIM_MOMENTS = replace(SLIM_WEIGHTS, style_layers=SLIM_FIVE_LAYERS)

W2_STYLE_LAYERS = MappingProxyType(
    {f"relu{block}_1": weight / 341 for block, weight in enumerate((256, 64, 16, 4, 1), 1)}
)

# From noise, where it halves the evaluations at full width (random weights, engine/LOG.md); for slim it is of no use.
STIRRED_AT = 60

DEFAULTS: Mapping[str, Settings] = MappingProxyType(
    {
        "vgg19-slim": Settings(
            steps=320,
            max_scales=2,
            frequency_power=0.4,
            margin=8,
            carried_detail=0.3,
            weights=SLIM_WEIGHTS,
        ),
        # For weights normalised to mean activation 1, as `imagenet` leaves them; not tried with the real file (no
        # network where this was written). A step costs so much there that a longer history is hardly felt, and with it
        # J is lower after 200 steps than ten pairs leave it after 300 (random weights, engine/LOG.md).
        "vgg19": Settings(
            steps=200,
            history=30,
            frequency_power=0.25,
            weights=Weights(content=1.0, style=10.0),
            stirred_at=STIRRED_AT,
        ),
    }
)


# What the other objectives count, so that at the content X is pulled about as hard as by the encoder's own; the terms
# differ by five powers of ten. The w2 program's own weights for vgg19 (nst.md: content .015, layers 256:64:16:4:1).
OBJECTIVE_WEIGHTS: Mapping[tuple[str, ObjectiveName], Weights] = MappingProxyType(
    {
        ("vgg19-slim", "neural-style"): replace(SLIM_MOMENTS, content=0.4, style=1500.0, total_variation=3e-5),
        ("vgg19-slim", "spst"): replace(SLIM_MOMENTS, content=8.0, style=2e-3, total_variation=40.0),
        ("vgg19-slim", "w2"): replace(
            SLIM_MOMENTS, content=4.0, style=4.0, total_variation=20.0, colour_variation=24.0
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
