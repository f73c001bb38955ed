"""What can be asked for: every number and name is checked before work starts, and all that is wrong is told at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.config import Limits
from impasto.errors import Violations
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.spec import (
    LAYERS,
    MAX_SCALES,
    MAX_STYLES,
    OBJECTIVES,
    StyleUse,
    StylizeSpec,
    check_numbers,
    check_pictures,
)

LIMITS = Limits(max_steps=500, max_pixels=10_000, min_side=16)
SPEC = StylizeSpec("content", (StyleUse("style"),))
HUGE = 3.4e38  # about the largest float32
NOT_POSITIVE = (-1.0, -1e-9, math.nan, math.inf, -math.inf)
BOUNDS: list[tuple[str, Sequence[object], Sequence[object], str]] = [  # field, good values, bad ones, their reason
    ("steps", (1, 500), (0, -1, 501, 2**32 - 1), "STEPS_OUT_OF_RANGE"),
    ("max_scales", (1, MAX_SCALES), (0, -1, MAX_SCALES + 1, 2**32 - 1), "SCALES_OUT_OF_RANGE"),
    ("history", (10, 100, 200), (0, -1, 9, 201, 2**32 - 1), "HISTORY_OUT_OF_RANGE"),
    ("stroke_size", (0.05, 1.0, 4.0), (0.0, 0.049, 4.01, HUGE, *NOT_POSITIVE), "STROKE_SIZE_OUT_OF_RANGE"),
    ("content_weight", (0.0, 1e-30, 1.0, HUGE), NOT_POSITIVE, "WEIGHT_OUT_OF_RANGE"),
    ("style_weight", (0.0, 1e-30, 1.0, HUGE), NOT_POSITIVE, "WEIGHT_OUT_OF_RANGE"),
    ("total_variation_weight", (0.0, 1e-30, 1.0, HUGE), NOT_POSITIVE, "WEIGHT_OUT_OF_RANGE"),
    ("encoder", ("auto", "vgg19", "vgg19-slim"), ("", "VGG19", "vgg16", "vgg19 "), "UNKNOWN_ENCODER"),
    ("seed", (0, 2**64 - 1), (), ""),
    ("strength", (0.0, 0.5, 1.0), (-0.001, 1.001, HUGE, *NOT_POSITIVE), "STRENGTH_OUT_OF_RANGE"),
    ("budget_s", (0.1, 10.0, 86400.0), (0.0, 0.09, 86401.0, *NOT_POSITIVE), "BUDGET_OUT_OF_RANGE"),
    ("objective", OBJECTIVES, ("", "Gatys", "clip"), "UNKNOWN_OBJECTIVE"),
]


def spec(**changes: Any) -> StylizeSpec:
    """A good request, save for the changes."""
    return replace(SPEC, **changes)


def wrong(asked: StylizeSpec) -> list[tuple[str, str]]:
    """Fields and reasons of what is out of bounds."""
    found = Violations()
    check_numbers(asked, LIMITS, found)
    assert all(violation.description for violation in found.found)
    return [(violation.field, violation.reason) for violation in found.found]


def wrong_pictures(
    asked: StylizeSpec = SPEC, sizes: Mapping[str, tuple[int, int]] | None = None
) -> list[tuple[str, str]]:
    """Likewise of pictures, which are of a good size unless said otherwise."""
    headers = {"content": ImageHeader(64, 48), "style": ImageHeader(32, 32), "mask": ImageHeader(64, 48)}
    found = Violations()
    check_pictures(asked, headers | {name: ImageHeader(*size) for name, size in (sizes or {}).items()}, LIMITS, found)
    return [(violation.field, violation.reason) for violation in found.found]


def test_what_is_left_open_is_never_wrong() -> None:
    """A request without a single choice passes, and so do its pictures."""
    assert wrong(SPEC) == []
    assert wrong_pictures() == []


@pytest.mark.parametrize(("field", "good", "bad", "reason"), BOUNDS)
def test_each_number_and_name_is_held_against_its_bounds(
    field: str, good: Sequence[object], bad: Sequence[object], reason: str
) -> None:
    """What lies within the bounds passes, they themselves included; anything else is told with its field."""
    assert [wrong(spec(**{field: value})) for value in good] == [[] for _ in good]
    assert [wrong(spec(**{field: value})) for value in bad] == [[(f"spec.{field}", reason)] for _ in bad]


@given(st.floats(width=32) | st.none())
def test_a_weight_that_passes_is_finite_and_not_negative(weight: float | None) -> None:
    """No float whatever slips through that the engine could not use."""
    passes = wrong(spec(style_weight=weight, content_weight=1.0)) == []

    assert passes == (weight is None or (math.isfinite(weight) and weight >= 0))


@pytest.mark.parametrize(("content", "style"), [(0.0, 0.0), (-0.0, 0.0)])
def test_something_must_be_left_to_do(content: float, style: float) -> None:
    """Content and style cannot both weigh nothing; one of them can."""
    assert wrong(spec(content_weight=content, style_weight=style)) == [("spec.style_weight", "WEIGHTS_ALL_ZERO")]
    assert wrong(spec(content_weight=0.0)) == []
    assert wrong(spec(content_weight=0.0, style_weight=1.0)) == []


@pytest.mark.parametrize(
    ("together", "field"),
    [
        ({"strength": 0.5, "style_weight": 1.0}, "strength"),
        ({"strength": 0.5, "content_weight": 1.0}, "strength"),
        ({"detail": "fine", "style_layers": {"relu1_1": 1.0}}, "detail"),
        ({"colour_strength": 0.5}, "colour_strength"),
        ({"history": 100, "optimizer": "adam"}, "history"),
    ],
)
def test_no_two_dials_decide_the_same(together: dict[str, Any], field: str) -> None:
    """A dial and what it stands for, or a dial of nothing, are refused: one of them would be ignored."""
    assert wrong(spec(**together)) == [(f"spec.{field}", "CONFLICT")]


def test_styles_have_shares() -> None:
    """Each finite and not negative, one of them above 0, and not too many of them."""

    def shares(*weights: float) -> list[tuple[str, str]]:
        return wrong(spec(styles=tuple(StyleUse("style", weight) for weight in weights)))

    assert shares(0.0, 1e-30, HUGE) == []
    assert shares(*[1.0] * MAX_STYLES) == []
    assert shares(1.0, -1.0, math.nan) == [(f"spec.styles[{i}].weight", "WEIGHT_OUT_OF_RANGE") for i in (1, 2)]
    assert shares(0.0, 0.0) == [("spec.styles", "WEIGHTS_ALL_ZERO")]
    assert shares(*[1.0] * (MAX_STYLES + 1)) == [("spec.styles", "TOO_MANY_STYLES")]


@pytest.mark.parametrize(("size", "good"), [((64, 48), True), ((32, 24), True), ((128, 95), True), ((64, 40), False)])
def test_a_picture_to_start_from_has_the_contents_shape(size: tuple[int, int], good: bool) -> None:
    """Whatever its size; one of another shape would be stretched."""
    assert wrong_pictures(spec(init="init"), {"init": size}) == ([] if good else [("spec.init", "SHAPE_DIFFERS")])


def test_regions_and_what_to_keep_have_the_contents_size() -> None:
    """Like the mask."""
    asked = spec(keep="keep", styles=(StyleUse("style", 1.0, "region"),))

    assert wrong_pictures(asked, {"keep": (64, 48), "region": (64, 48)}) == []
    assert wrong_pictures(asked, {"keep": (63, 48), "region": (64, 49)}) == [
        ("spec.keep", "MASK_SIZE_DIFFERS"),
        ("spec.styles[0].mask", "MASK_SIZE_DIFFERS"),
    ]


@pytest.mark.parametrize("field", ["content_layers", "style_layers"])
def test_layers_are_those_of_the_encoder(field: str) -> None:
    """Every layer of VGG-19 down to its thirteenth convolution may be asked for, none else, none with a bad weight."""
    assert wrong(spec(**{field: dict.fromkeys(LAYERS, 1.0)})) == []
    assert wrong(spec(**{field: {"relu5_2": 1.0, "": 1.0, "relu4_1": -1.0}})) == [
        (f"spec.{field}", "UNKNOWN_LAYER"),
        (f"spec.{field}", "UNKNOWN_LAYER"),
        (f"spec.{field}[relu4_1]", "WEIGHT_OUT_OF_RANGE"),
    ]


def test_the_encoders_layers_are_named_as_in_the_papers() -> None:
    """Thirteen convolutions in five blocks, each with its ReLU."""
    assert len(LAYERS) == 26
    assert {"conv1_1", "relu1_1", "relu2_2", "relu3_4", "relu4_2", "relu4_4", "relu5_1"} < set(LAYERS)
    assert LAYERS[-1] == "relu5_1"


def test_all_that_is_wrong_is_told_at_once() -> None:
    """A user hears of every mistake in one answer."""
    everything = spec(
        steps=0,
        content_weight=-1.0,
        style_weight=math.nan,
        total_variation_weight=math.inf,
        content_layers={"relu9_9": -1.0},
        encoder="clip",
        stroke_size=9.0,
        max_scales=0,
    )

    assert {field for field, _ in wrong(everything)} == {
        "spec.steps",
        "spec.max_scales",
        "spec.stroke_size",
        "spec.encoder",
        "spec.content_weight",
        "spec.style_weight",
        "spec.total_variation_weight",
        "spec.content_layers",
        "spec.content_layers[relu9_9]",
    }


@pytest.mark.parametrize("field", ["content", "style"])
@pytest.mark.parametrize("size", [(1, 1), (15, 64), (64, 15)])
def test_a_picture_needs_sixteen_pixels_each_way(field: str, size: tuple[int, int]) -> None:
    """A style of one pixel has no texture, and a content of one no forms: both are refused, not divided by zero."""
    name = "spec.content" if field == "content" else "spec.styles[0].image"

    assert (name, "TOO_SMALL") in wrong_pictures(sizes={field: size})
    assert wrong_pictures(sizes={field: (16, 16)}) == []


@pytest.mark.parametrize("size", [(48, 64), (63, 48), (65, 48), (1, 1)])
def test_a_mask_has_the_contents_size(size: tuple[int, int]) -> None:
    """A mask of any other size is refused, even the content's own on its side."""
    masked = spec(mask="mask")

    assert wrong_pictures(masked, {"mask": size}) == [("spec.mask", "MASK_SIZE_DIFFERS")]
    assert wrong_pictures(masked) == []


@pytest.mark.parametrize(
    ("size", "good"),
    [(22, True), (64, True), (115, True), (20, False), (1, False), (0, False), (116, False), (2**32 - 1, False)],
)
def test_the_results_size_stays_within_bounds(size: int, good: bool) -> None:
    """A long side that makes the result too small or too large (here 64x48, 16 px to 10 000 pixels) is refused."""
    expected = [] if good else [("spec.size", "SIZE_OUT_OF_RANGE")]

    assert wrong_pictures(spec(size=size)) == expected


def test_a_narrow_picture_cannot_be_made_too_narrow() -> None:
    """What counts is the result's short side."""
    assert wrong_pictures(spec(size=100), {"content": (600, 16)}) == [("spec.size", "SIZE_OUT_OF_RANGE")]


def test_all_pictures_are_looked_at() -> None:
    """Content, style, mask and size are told together."""
    told = wrong_pictures(spec(mask="mask", size=1), {"content": (8, 8), "style": (1, 1)})

    assert [field for field, _ in told] == ["spec.content", "spec.mask", "spec.styles[0].image", "spec.size"]


def test_the_result_has_the_contents_kind() -> None:
    """Format, depth and profile come from the content; the size only if it was asked for."""
    content = ImageHeader(200, 100, PixelFormat.RGBA, SampleType.U16, icc_profile=b"profile")

    assert SPEC.result_header(content) == content
    assert spec(size=50).result_header(content) == replace(content, width=50, height=25)


def test_a_spec_survives_its_journey_to_a_worker() -> None:
    """to_json and from_json are inverse."""
    sent = spec(
        mask="mask",
        styles=(StyleUse("a", 2.0, "r"), StyleUse("b")),
        init="i",
        keep="k",
        steps=3,
        style_layers={"relu1_1": 0.5},
        seed=2**64 - 1,
        size=99,
    )

    assert StylizeSpec.from_json(sent.to_json()) == sent
    assert sent.with_pictures(sent.pictures) == sent
    assert sent.pictures == {
        "content": "content",
        "mask": "mask",
        "keep": "k",
        "init": "i",
        "styles[0].image": "a",
        "styles[0].mask": "r",
        "styles[1].image": "b",
    }
