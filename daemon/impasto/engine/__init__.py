"""The engine: neural style transfer as Gatys, Ecker and Bethge wrote it, on tensors alone.

Knows nothing of files but encoder files, nothing of jobs, daemons or editors; usable as a library:

    from impasto.engine import Settings, load_slim, stylize

    *_, last = stylize(load_slim(), content, style, Settings(steps=200))

`content` and `style` are (1, 3, H, W) floats in [0, 1]; any `nn.Module` with the call of `Encoder` serves as encoder.
"""

from impasto.engine.descent import Diverged
from impasto.engine.encoder import VGG, Encoder, EncoderSpec
from impasto.engine.encoder_files import load_encoder, load_slim, random_encoder, save_encoder
from impasto.engine.normal import normalise
from impasto.engine.objective import Losses, Objective, style_moments, style_targets
from impasto.engine.pulse import Cancelled, Pulse
from impasto.engine.pyramid import Scale, pyramid
from impasto.engine.styles import Style, StyleTarget
from impasto.engine.stylize import Checkpoint, Step, stylize
from impasto.engine.targets import TargetCache
from impasto.method import ObjectiveName, Weights
from impasto.method.settings import Settings

__all__ = [
    "VGG",
    "Cancelled",
    "Checkpoint",
    "Diverged",
    "Encoder",
    "EncoderSpec",
    "Losses",
    "Objective",
    "ObjectiveName",
    "Pulse",
    "Scale",
    "Settings",
    "Step",
    "Style",
    "StyleTarget",
    "TargetCache",
    "Weights",
    "load_encoder",
    "load_slim",
    "normalise",
    "pyramid",
    "random_encoder",
    "save_encoder",
    "style_moments",
    "style_targets",
    "stylize",
]
