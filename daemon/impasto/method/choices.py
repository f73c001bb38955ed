"""From a request's words to the settings, and settings as JSON can hold them.

Knows the request and the settings. Must not know pictures, tensors or devices. The front asks once for each job, when
it comes in, and writes the answer down with it; ``worker`` reads that.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, cast

from impasto.method.defaults import defaults
from impasto.method.names import Colour, Detail, ObjectiveName, Precision
from impasto.method.settings import Settings
from impasto.method.weights import Weights
from impasto.spec import StylizeSpec

# What hangs on the device: fixed as soon as one is known, see ``scheduling.terms``.
DEVICE_SETTINGS = ("precision", "tile", "spilled", "tiles_on_gpu")
BUDGET_STEPS = 2000  # at most, where only the time is given: nothing is to be seen of more


def settings_of(spec: StylizeSpec, precision: Precision = "float32") -> Settings:
    """The engine's settings: what the request says, and the encoder's defaults for what it leaves open.

    `precision` is what pays on the device, if anybody knows that.
    """
    base = defaults(spec.encoder, cast("ObjectiveName", spec.objective))
    weights = replace(
        base.weights,
        content=_or(spec.content_weight, base.weights.content),
        style=_or(spec.style_weight, base.weights.style),
        total_variation=_or(spec.total_variation_weight, base.weights.total_variation),
        content_layers=spec.content_layers or base.weights.content_layers,
        style_layers=spec.style_layers or base.weights.style_layers,
    )
    steps = base.steps if spec.budget_s is None else BUDGET_STEPS
    return replace(
        base,
        steps=steps if spec.steps is None else spec.steps,
        optimizer=cast("Literal['lbfgs', 'adam']", spec.optimizer),
        stirred_at=base.stirred_at if spec.budget_s is None else 0,  # time may end before X has come down again
        history=base.history if spec.history is None else spec.history,
        start=cast("Literal['content', 'noise']", spec.start),
        max_scales=base.max_scales if spec.max_scales is None else spec.max_scales,
        seed=spec.seed,
        style_scale=base.style_scale * spec.stroke_size,
        weights=weights,
        strength=spec.strength,
        detail=cast("Detail", spec.detail),
        tileable=spec.tileable,
        colour=cast("Colour", spec.colour),
        colour_strength=_or(spec.colour_strength, 1.0),
        precision=precision,
    )


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """Settings as they are written down with a job, so that another version's defaults do not change its pixels."""
    weights = settings.weights
    told = {f.name: getattr(weights, f.name) for f in fields(weights)}
    layers = {name: dict(told[name]) for name in ("content_layers", "style_layers")}
    return {f.name: getattr(settings, f.name) for f in fields(settings)} | {"weights": told | layers}


def settings_at_admission(spec: StylizeSpec) -> dict[str, Any]:
    """All of them, as they are written down with a job, but those that hang on the device."""
    told = settings_to_json(settings_of(spec))
    return {name: value for name, value in told.items() if name not in DEVICE_SETTINGS}


def settings_from_json(data: Mapping[str, Any]) -> Settings:
    """The inverse of `settings_to_json`."""
    return Settings(**{**data, "weights": Weights(**data["weights"])})


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
