"""What is to be computed, and every check that can be made before work starts.

Knows a request in plain values and the limits it is held against. Must not know how it travelled (``wire`` makes it
from protobuf) or how it is computed (``worker`` makes the engine's settings from it).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
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
MIN_HISTORY, MAX_HISTORY = 10, 200
MAX_STYLES = 16
MIN_BUDGET_S, MAX_BUDGET_S = 0.1, 86400.0
OBJECTIVES = ("gatys", "neural-style", "spst", "w2")


@dataclass(frozen=True)
class StyleUse:
    """One style picture among those of a request: its share, and where it applies (None: everywhere)."""

    image: str
    weight: float = 1.0
    region: str | None = None


@dataclass(frozen=True)
class StylizeSpec:
    """One request. None and empty mean the encoder's own default. Pictures are names of blobs."""

    content: str
    styles: tuple[StyleUse, ...]
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
    init: str | None = None
    keep: str | None = None
    strength: float | None = None
    detail: str = "balanced"
    tileable: bool = False
    colour: str = "style"
    colour_strength: float | None = None
    objective: str = "gatys"
    budget_s: float | None = None
    history: int | None = None

    @property
    def pictures(self) -> dict[str, str]:
        """Every blob that is needed, by the name of its field."""
        named: dict[str, str | None] = {"content": self.content, "mask": self.mask, "keep": self.keep}
        named["init"] = self.init
        for index, style in enumerate(self.styles):
            named |= {f"styles[{index}].image": style.image, f"styles[{index}].mask": style.region}
        return {field: name for field, name in named.items() if name is not None}

    def guides(self, content: ImageHeader) -> int:
        """Of how many terms of J positions count by a mask: one for each region, or all where a part is painted."""
        groups = {style.region for style in self.styles if style.weight}
        is_selected = self.mask is not None or content.pixel_format.has_alpha
        return len(groups) if is_selected else len(groups - {None})

    def masks(self, content: ImageHeader) -> int:
        """Masks of the picture's size: regions, what is painted, what is to be kept, alpha."""
        regions = sum(style.region is not None for style in self.styles)
        return regions + (self.mask is not None or content.pixel_format.has_alpha) + (self.keep is not None)

    def with_pictures(self, names: Mapping[str, str]) -> Self:
        """The request with the blobs of that name: the inverse of `pictures`."""
        styles = tuple(
            replace(style, image=names[f"styles[{index}].image"], region=names.get(f"styles[{index}].mask"))
            for index, style in enumerate(self.styles)
        )
        mask, keep, init = (names.get(field) for field in ("mask", "keep", "init"))
        return replace(self, content=names["content"], styles=styles, mask=mask, keep=keep, init=init)

    def to_json(self) -> dict[str, Any]:
        """For frames to a worker and for comparing requests."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**{**data, "styles": tuple(StyleUse(**style) for style in data["styles"])})

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
    if spec.history is not None and not MIN_HISTORY <= spec.history <= MAX_HISTORY:
        allowed = f"{MIN_HISTORY} to {MAX_HISTORY} pairs are allowed"
        found.add("spec.history", f"is {spec.history}; {allowed}", "HISTORY_OUT_OF_RANGE")
    if not MIN_STROKE <= spec.stroke_size <= MAX_STROKE:  # also False for NaN
        allowed = f"{MIN_STROKE} to {MAX_STROKE} are allowed"
        found.add("spec.stroke_size", f"is {spec.stroke_size:g}; {allowed}", "STROKE_SIZE_OUT_OF_RANGE")
    if spec.encoder not in (AUTO, *ENCODERS):
        known = ", ".join((AUTO, *ENCODERS))
        found.add("spec.encoder", f"is {spec.encoder!r}; known are {known}", "UNKNOWN_ENCODER")
    _check_weights(spec, found)
    _check_styles(spec, found)
    _check_controls(spec, found)


def _check_styles(spec: StylizeSpec, found: Violations) -> None:
    for index, style in enumerate(spec.styles):
        _check_weight(f"spec.styles[{index}].weight", style.weight, found)
    if spec.styles and not any(style.weight for style in spec.styles):
        found.add("spec.styles", "have weight 0, all of them: one must count", "WEIGHTS_ALL_ZERO")
    if len(spec.styles) > MAX_STYLES:
        found.add("spec.styles", f"are {len(spec.styles)}; at most {MAX_STYLES} are allowed", "TOO_MANY_STYLES")


def _check_controls(spec: StylizeSpec, found: Violations) -> None:
    """Dials within their ends, and no two that would both decide the same."""
    for name in ("strength", "colour_strength"):
        value: float | None = getattr(spec, name)
        if value is not None and not 0 <= value <= 1:  # also for NaN
            found.add(f"spec.{name}", f"is {value:g}; 0 to 1 are allowed", "STRENGTH_OUT_OF_RANGE")
    if spec.budget_s is not None and not MIN_BUDGET_S <= spec.budget_s <= MAX_BUDGET_S:
        allowed = f"{MIN_BUDGET_S:g} to {MAX_BUDGET_S:g} seconds are allowed"
        found.add("spec.budget_s", f"is {spec.budget_s:g}; {allowed}", "BUDGET_OUT_OF_RANGE")
    if spec.objective not in OBJECTIVES:
        found.add("spec.objective", f"is {spec.objective!r}; known are {', '.join(OBJECTIVES)}", "UNKNOWN_OBJECTIVE")
    weighted = spec.content_weight is not None or spec.style_weight is not None
    for name, clash, told in (
        ("strength", spec.strength is not None and weighted, "is set beside content_weight or style_weight"),
        ("detail", spec.detail != "balanced" and bool(spec.style_layers), "is set beside style_layers"),
        ("history", spec.history is not None and spec.optimizer == "adam", "is set beside adam, which has none"),
        ("colour_strength", spec.colour_strength is not None and spec.colour == "style", "is set without a colour"),
    ):
        if clash:
            found.add(f"spec.{name}", f"{told}; leave one of them out or set both as they go together", "CONFLICT")


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
    content = headers[spec.content]
    for name, blob in spec.pictures.items():
        header = headers[blob]
        had, needed = f"{header.width}x{header.height}", f"{content.width}x{content.height}"
        if name.endswith(("mask", "keep")):
            if had != needed:
                told = f"is {had} px, the content {needed}; they must be equal"
                found.add(f"spec.{name}", told, "MASK_SIZE_DIFFERS")
        elif min(header.width, header.height) < limits.min_side:
            told = f"is {had} px; each side must have at least {limits.min_side}"
            found.add(f"spec.{name}", told, "TOO_SMALL")
        if name == "init" and not _same_shape(header, content):
            told = f"is {had} px, the content {needed}; one must be the other enlarged"
            found.add("spec.init", told, "SHAPE_DIFFERS")
    _check_result_size(spec, content, limits, found)


def _same_shape(one: ImageHeader, other: ImageHeader) -> bool:
    """Whether one is the other resized, to the pixel that rounding leaves open."""
    small, large = sorted((one, other), key=lambda header: header.pixels)
    width, height = fit_long_side(large.width, large.height, max(small.width, small.height))
    return abs(width - small.width) <= 1 and abs(height - small.height) <= 1


def _check_result_size(spec: StylizeSpec, content: ImageHeader, limits: Limits, found: Violations) -> None:
    if spec.size is None:
        return
    result = spec.result_header(content) if spec.size > 0 else content.resized(0, 0)
    if min(result.width, result.height) < limits.min_side or result.pixels > limits.max_pixels:
        allowed = f"each side must have at least {limits.min_side} px, all together at most {limits.max_pixels}"
        made = f"makes the result {result.width}x{result.height} px"
        found.add("spec.size", f"of {spec.size} {made}; {allowed}", "SIZE_OUT_OF_RANGE")
