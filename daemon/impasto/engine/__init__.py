"""The engine: neural style transfer as Gatys, Ecker and Bethge wrote it, on tensors alone.

Knows nothing of files but encoder files, nothing of jobs, daemons or editors; usable as a library:

    from impasto.engine import Settings, load_slim, stylize

    *_, last = stylize(load_slim(), content, style, Settings(steps=200))

`content` and `style` are (1, 3, H, W) floats in [0, 1]; any `nn.Module` with the call of `Encoder` serves as encoder.

From the inside out, and no arrow runs back: ``encoder`` (VGG and its files), ``passage`` (a picture through it and
back), ``objective`` (J), ``descent`` (what moves X down it), and here, beside what they all stand on, the levels of the
pyramid and the run over them (``scale``, ``spilled``, ``stylize``). LOG.md has every experiment with its figures.
"""

from impasto.engine.descent import Diverged
from impasto.engine.encoder import VGG, Encoder, EncoderSpec
from impasto.engine.encoder.files import load_encoder, load_slim, random_encoder, save_encoder
from impasto.engine.encoder.normal import normalise
from impasto.engine.objective import Losses, Objective, style_moments, style_targets
from impasto.engine.objective.styles import Style, StyleTarget
from impasto.engine.objective.targets import TargetCache
from impasto.engine.pulse import Cancelled, Pulse
from impasto.engine.pyramid import Scale, pyramid
from impasto.engine.stylize import Checkpoint, Step, stylize
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
