"""What is to be computed, and every check that can be made before work starts.

Knows a request in plain values and the limits it is held against. Must not know how it travelled (``wire`` makes it
from protobuf) or how it is computed (``worker`` makes the engine's settings from it).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from impasto.config import Limits
from impasto.errors import Violations
from impasto.image import ImageHeader, fit_long_side

AUTO, VGG19, SLIM = "auto", "vgg19", "vgg19-slim"
ENCODERS = (VGG19, SLIM)
LAYERS = tuple(
    f"{kind}{block}_{index}"
    for block, count in enumerate((2, 2, 4, 4, 1), 1)
    for index in range(1, count + 1)
    for kind in ("conv", "relu")
)
MIN_STROKE, MAX_STROKE = 0.05, 4.0
MAX_SCALES = 8


@dataclass(frozen=True)
class StylizeSpec:
    """One request. None and empty mean the encoder's own default. Pictures are names of blobs."""

    content: str
    style: str
    mask: str | None = None
    steps: int | None = None
    content_weight: float | None = None
    style_weight: float | None = None
    total_variation_weight: float | None = None
    content_layers: Mapping[str, float] = field(default_factory=dict)
    style_layers: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    encoder: str = AUTO
    size: int | None = None
    optimizer: str = "lbfgs"
    start: str = "content"
    stroke_size: float = 1.0
    max_scales: int | None = None

    def to_json(self) -> dict[str, Any]:
        """For frames to a worker and for comparing requests."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**data)

    def result_header(self, content: ImageHeader) -> ImageHeader:
        """The header that the result of this request will have."""
        return (
            content if self.size is None else content.resized(*fit_long_side(content.width, content.height, self.size))
        )


def check_numbers(spec: StylizeSpec, limits: Limits, found: Violations) -> None:
    """Notes every number and name of `spec` that is out of bounds; looks at no picture."""
    if spec.steps is not None and not 1 <= spec.steps <= limits.max_steps:
        found.add("spec.steps", f"is {spec.steps}; 1 to {limits.max_steps} are allowed", "STEPS_OUT_OF_RANGE")
    if spec.max_scales is not None and not 1 <= spec.max_scales <= MAX_SCALES:
        found.add("spec.max_scales", f"is {spec.max_scales}; 1 to {MAX_SCALES} are allowed", "SCALES_OUT_OF_RANGE")
    if not MIN_STROKE <= spec.stroke_size <= MAX_STROKE:  # also False for NaN
        allowed = f"{MIN_STROKE} to {MAX_STROKE} are allowed"
        found.add("spec.stroke_size", f"is {spec.stroke_size:g}; {allowed}", "STROKE_SIZE_OUT_OF_RANGE")
    if spec.encoder not in (AUTO, *ENCODERS):
        known = ", ".join((AUTO, *ENCODERS))
        found.add("spec.encoder", f"is {spec.encoder!r}; known are {known}", "UNKNOWN_ENCODER")
    _check_weights(spec, found)


def _check_weights(spec: StylizeSpec, found: Violations) -> None:
    for name in ("content_weight", "style_weight", "total_variation_weight"):
        _check_weight(f"spec.{name}", getattr(spec, name), found)
    if spec.content_weight == 0 and spec.style_weight == 0:
        found.add("spec.style_weight", "and spec.content_weight are both 0: nothing is left to do", "WEIGHTS_ALL_ZERO")
    for name in ("content_layers", "style_layers"):
        layers: Mapping[str, float] = getattr(spec, name)
        for layer, weight in layers.items():
            _check_weight(f"spec.{name}[{layer}]", weight, found)
            if layer not in LAYERS:
                found.add(
                    f"spec.{name}", f"has layer {layer!r}; known are {LAYERS[0]} to {LAYERS[-1]}", "UNKNOWN_LAYER"
                )


def _check_weight(field_name: str, weight: float | None, found: Violations) -> None:
    if weight is not None and not (math.isfinite(weight) and weight >= 0):
        found.add(field_name, f"is {weight:g}; a finite number of at least 0 is needed", "WEIGHT_OUT_OF_RANGE")


def check_pictures(spec: StylizeSpec, headers: Mapping[str, ImageHeader], limits: Limits, found: Violations) -> None:
    """Notes every picture of `spec` whose size or kind does not fit; `headers` by blob name."""
    content, style = headers[spec.content], headers[spec.style]
    for name, header in (("spec.content", content), ("spec.styles[0].image", style)):
        if min(header.width, header.height) < limits.min_side:
            had = f"is {header.width}x{header.height} px"
            found.add(name, f"{had}; each side must have at least {limits.min_side}", "TOO_SMALL")
    _check_result_size(spec, content, limits, found)
    if spec.mask is None:
        return
    mask = headers[spec.mask]
    if (mask.width, mask.height) != (content.width, content.height):
        had, needed = f"{mask.width}x{mask.height}", f"{content.width}x{content.height}"
        found.add("spec.mask", f"is {had} px, the content {needed}; they must be equal", "MASK_SIZE_DIFFERS")


def _check_result_size(spec: StylizeSpec, content: ImageHeader, limits: Limits, found: Violations) -> None:
    if spec.size is None:
        return
    result = spec.result_header(content) if spec.size > 0 else content.resized(0, 0)
    if min(result.width, result.height) < limits.min_side or result.pixels > limits.max_pixels:
        allowed = f"each side must have at least {limits.min_side} px, all together at most {limits.max_pixels}"
        made = f"makes the result {result.width}x{result.height} px"
        found.add("spec.size", f"of {spec.size} {made}; {allowed}", "SIZE_OUT_OF_RANGE")
