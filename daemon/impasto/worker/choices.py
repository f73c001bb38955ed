"""From a request's words to the engine's settings, and how long a painting may take.

Knows the request, the engine's settings and arithmetic on seconds. Must not know clocks, pictures or tensors: whoever
paints says what time it is. ``painting`` asks it once for each job, and `Budget` after each step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast

from impasto.engine import Scale, Settings, Weights
from impasto.engine.colour import Colour
from impasto.engine.defaults import defaults
from impasto.engine.presets import ObjectiveName
from impasto.engine.pyramid import no_time_left, time_shares
from impasto.engine.seeing import Precision
from impasto.engine.settings import Detail
from impasto.spec import StylizeSpec

BUDGET_STEPS = 2000  # at most, where only the time is given: nothing is to be seen of more


def settings_of(spec: StylizeSpec, precision: Precision = "float32") -> Settings:
    """The engine's settings: what the request says, and the encoder's defaults for what it leaves open.

    `precision` is what pays on the device where the job first begins.
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


def settings_from_json(data: Mapping[str, Any]) -> Settings:
    """The inverse of `settings_to_json`."""
    return Settings(**{**data, "weights": Weights(**data["weights"])})


@dataclass
class Budget:
    """When each scale must make way for the next, if there is so much time for all.

    `elapsed_s` is what the steps before the last took; the mutable state.
    """

    seconds: float | None
    scales: Sequence[Scale]
    elapsed_s: float = field(default=0.0)

    def spent(self, scale: int, now_s: float) -> bool:
        """Whether the scale is to be left after the step that has just ended, `now_s` seconds into the painting."""
        step_s, self.elapsed_s = now_s - self.elapsed_s, now_s
        if self.seconds is None:
            return False
        return no_time_left(now_s, step_s, self.seconds * time_shares(self.scales)[scale])

    def total_steps(self, step: int, last: bool, most: int) -> int:  # noqa: FBT001  # as a step says it
        """How many steps there will be in all, as far as can be told."""
        if self.seconds is None or last or not self.elapsed_s:
            return step if last else most
        return min(most, max(step + 1, round(step * self.seconds / self.elapsed_s)))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
