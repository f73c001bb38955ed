"""Laws of the controls: each equal to a plain restatement in loss and gradient, and each true to what it promises."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from fakes import colours
from golden import gatys, objectives
from golden.objectives import Case
from impasto.engine import (
    VGG,
    Checkpoint,
    EncoderSpec,
    Objective,
    Settings,
    Step,
    Style,
    StyleTarget,
    TargetCache,
    Weights,
    random_encoder,
    stylize,
)
from impasto.engine.encoder.wrap import wrapped
from impasto.engine.objective import KEPT, target_source
from impasto.engine.objective.moments import DeviationLoss, WassersteinLoss, moments
from impasto.engine.objective.presets import PRESETS
from impasto.engine.objective.styles import blended, grouped
from impasto.method.settings import DETAIL, detailed, dialled, freed_power, kept_detail

FLOAT32, FLOAT64 = 1e-5, 1e-6
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def arrays() -> gatys.Arrays:
    return gatys.inputs()


def encoder_of(arrays: gatys.Arrays, *, wraps: bool = False) -> Any:
    spec = EncoderSpec("golden", pooling="avg", padding="zeros")
    encoder = VGG(spec, {name: torch.from_numpy(a) for name, a in arrays.items() if name.startswith("conv")})
    return wrapped(encoder) if wraps else encoder


def pictures(arrays: gatys.Arrays) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, the content and two styles, in float64."""
    x = torch.from_numpy(arrays["x"]).double()[None]
    content, style = (torch.from_numpy(arrays[name] / 255)[None] for name in ("content", "style"))
    return x, content, style, style.flip(1, 3).sqrt()


def region() -> Tensor:
    """Left of a slanted line, with a soft edge."""
    y, x = np.mgrid[0:48, 0:40]
    return torch.from_numpy(np.clip((24 + y / 8 - x) / 4, 0, 1))[None, None]


def cases(style: Tensor, other: Tensor, mask: Tensor) -> dict[str, Case]:
    """One J for each control, and some with several at once."""
    one, inside = ((1.0, style),), region()
    apart = ((0.75, inside, style), (0.25, 1 - inside, other))
    layers = {"relu1_1": 0.5, "relu3_1": 2.0}
    return {
        **{name: Case(name, one, tv=2.0 if name != "neural-style" else 1e-3) for name in PRESETS},
        **{f"{name}, selected": Case(name, one, selection=mask) for name in PRESETS},
        **{f"{name}, regions": Case(name, regions=apart) for name in PRESETS},
        **{f"{name}, blended": Case(name, ((3.0, style), (1.0, other))) for name in PRESETS},
        "kept": Case("gatys", one, keep=mask, kept=KEPT, content=50.0),
        "wrapped": Case("gatys", one, wraps=True, tv=3.0, colour_tv=4.0),
        "some layers": Case("spst", one, layers=layers),
        "all": Case("w2", regions=apart, selection=mask, keep=inside, kept=KEPT, wraps=True, tv=3.0, layers=layers),
    }


CASES = tuple(cases(*[torch.zeros(0)] * 3))


def objective_of(arrays: gatys.Arrays, case: Case, content: Tensor, dtype: torch.dtype) -> Objective:
    """Ours, of a case."""
    encoder, looking = encoder_of(arrays).to(dtype), encoder_of(arrays, wraps=case.wraps).to(dtype)
    source, layers = target_source(case.objective), tuple(case.layers)  # type: ignore[arg-type]  # a preset's name
    targets = [StyleTarget(source(encoder, s.to(dtype), layers), share, r.to(dtype)) for share, r, s in case.regions]
    if case.styles:
        found = [(share, source(encoder, style.to(dtype), layers)) for share, style in case.styles]
        targets.append(StyleTarget(blended(found)))
    weights = Weights(case.content, case.style, case.tv, case.colour_tv, style_layers=case.layers)
    selection, keep = (None if m is None else m.to(dtype) for m in (case.selection, case.keep))
    options: dict[str, Any] = {"keep": keep, "objective": case.objective, "wraps": case.wraps}
    return Objective(looking, content.to(dtype), targets, weights, selection, **options)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, FLOAT32), (torch.float64, FLOAT64)])
@pytest.mark.parametrize("name", CASES)
def test_each_control_equals_its_restatement(
    arrays: gatys.Arrays, name: str, dtype: torch.dtype, tolerance: float, record_property: Any
) -> None:
    """Every term of the loss and the gradient to X are those of formulas written down without our code."""
    x, content, style, other = pictures(arrays)
    mask = torch.from_numpy(arrays["mask"] / 255)[None, None]
    case = cases(style, other, mask)[name]
    expected, slope = objectives.gradient(x, content, arrays, case)

    found = x.to(dtype).requires_grad_()
    losses = objective_of(arrays, case, content, dtype)(found)
    losses.total.backward()

    assert found.grad is not None
    off = float((found.grad.double() - slope).norm() / slope.norm())
    record_property("gradient", off)
    for term, value in expected.items():
        assert losses.floats()[term] == pytest.approx(value, rel=tolerance)
    assert off < tolerance


@pytest.mark.parametrize("positions", [1, 3, 8, 40])
def test_w2_is_exact_whatever_the_rank(positions: int) -> None:
    """With fewer positions than channels, down to a single one, value and gradient are those of the restatement."""
    generator = torch.Generator().manual_seed(positions)
    style, features = (torch.randn(1, 16, 1, n, generator=generator).relu() for n in (60, positions))
    target = objectives.plain_moments(style.double(), None)
    expected = features.double().requires_grad_()
    wanted = objectives.LOSSES["w2"](expected, None, target)
    wanted.backward()

    ours = features.clone().requires_grad_()
    loss = WassersteinLoss(moments(style))(ours)
    loss.backward()

    assert ours.grad is not None
    assert expected.grad is not None
    assert loss.item() == pytest.approx(wanted.item(), rel=FLOAT32)
    assert float((ours.grad - expected.grad).norm()) <= FLOAT32 * float(expected.grad.norm())


@pytest.mark.parametrize("name", ["spst", "w2"])
def test_the_same_picture_has_no_distance(name: Any) -> None:
    """What has the style's statistics costs nothing and is not pulled."""
    features = torch.randn(1, 6, 5, 7, generator=torch.Generator().manual_seed(1)).relu().requires_grad_()
    features.data[:, 2] = 0.0  # a dead channel

    loss = PRESETS[name].style(moments(features.detach()))(features)
    loss.backward()

    assert features.grad is not None
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert features.grad.abs().max() < 1e-4


@pytest.mark.parametrize("loss", [DeviationLoss, WassersteinLoss])
def test_gradients_of_moment_losses(loss: Any) -> None:
    """They are those that finite differences find, guided or not."""
    generator = torch.Generator().manual_seed(2)
    style, features = (torch.randn(1, 4, 3, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    guide = torch.rand(1, 1, 3, 5, generator=generator, dtype=torch.float64)
    module = loss(moments(style))

    assert torch.autograd.gradcheck(module, (features.requires_grad_(),), eps=1e-5, atol=1e-4, rtol=1e-4)
    assert torch.autograd.gradcheck(lambda f: module(f, guide), (features,), eps=1e-5, atol=1e-4, rtol=1e-4)


def test_blending_is_a_weighted_sum_of_losses_up_to_a_constant(arrays: gatys.Arrays) -> None:
    """The gradient to X of the blended Gram target is that of one loss per style, by their shares."""
    x, content, style, other = pictures(arrays)
    parts = {share: Case(styles=((1.0, s),), content=0.0, style=share) for share, s in ((0.75, style), (0.25, other))}
    slopes = [objectives.gradient(x, content, arrays, case)[1] for case in parts.values()]
    blend = Case(styles=((3.0, style), (1.0, other)), content=0.0)

    torch.testing.assert_close(objectives.gradient(x, content, arrays, blend)[1], slopes[0] + slopes[1])


# whole runs


def picture(height: int = 48, width: int = 64, seed: int = 0) -> Tensor:
    """Coarse random colour."""
    blocks = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(seed))
    return blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)


def half(height: int = 48, width: int = 64) -> Tensor:
    """The left half."""
    return (torch.arange(width) < width // 2).float().expand(1, 1, height, width)


def last(steps: Iterator[Step]) -> Tensor:
    *_, step = steps
    return step.image


LARGE = (64, 256)  # two scales
EVERYTHING: dict[str, Any] = {"mask": half(*LARGE), "keep": 1 - half(*LARGE), "init": picture(*LARGE, seed=9)}
CHOICES: dict[str, dict[str, Any]] = {
    "strength": {"strength": 0.3},
    "coarse": {"detail": "coarse", "frequency_power": 0.3},
    "tileable": {"tileable": True, "margin": 4},
    "luminance": {"colour": "content-luminance", "colour_strength": 0.6},
    "lab": {"colour": "content-match-lab"},
    "w2": {"objective": "w2"},
    "spst": {"objective": "spst", "optimizer": "adam"},
    "neural-style": {"objective": "neural-style", "colour": "content-match-rgb"},
}


def run(name: str, **more: Any) -> Iterator[Step]:
    styles = [Style(picture(seed=1), 2, half(*LARGE)), Style(picture(seed=2), region=1 - half(*LARGE), mask=half())]
    return stylize(
        random_encoder(1 / 32), picture(*LARGE), styles, Settings(steps=5, **CHOICES[name]), **(EVERYTHING | more)
    )


@pytest.mark.parametrize("name", CHOICES)
def test_resumed_is_straight_and_the_unpainted_stays(name: str) -> None:
    """With every control, a run taken up from a file goes on to the same bits; what is masked is the content."""
    straight = [(step.image, step.checkpoint(), step.last) for step in run(name)]
    assert [is_last for _, _, is_last in straight] == [False] * 4 + [True]
    assert torch.equal(straight[-1][0][..., 128:], picture(*LARGE)[..., 128:])
    assert not torch.equal(straight[-1][0], picture(*LARGE))

    for number in (2, 3, 4):  # the coarse scale has three
        file = io.BytesIO()
        torch.save(vars(straight[number - 1][1]), file)
        file.seek(0)
        resumed = [step.image for step in run(name, resume=Checkpoint(**torch.load(file, weights_only=True)))]

        assert len(resumed) == 5 - number
        assert all(torch.equal(found, image) for found, (image, _, _) in zip(resumed, straight[number:], strict=True))


def test_leaving_a_scale_early_is_remembered() -> None:
    """Whoever has a clock shortens a scale; a checkpoint taken there goes on at the next one, to the same bits."""
    steps = [(s.scale.width, s.image, s.checkpoint(), s.last) for s in run("w2", enough=lambda _scale, step: step == 1)]

    resumed = [step.image for step in run("w2", resume=steps[0][2], enough=lambda _scale, step: step == 1)]

    assert [(width, is_last) for width, _, _, is_last in steps] == [(128, False), (256, True)]
    assert torch.equal(resumed[0], steps[1][1])


def test_strength_goes_from_the_content_to_all_style() -> None:
    """0 gives the content back, over all scales; on the way style rises; 1 has no content term."""
    content, style = picture(*LARGE), picture(seed=3)
    encoder, found = random_encoder(1 / 16), []
    for strength in (0.0, 0.2, 0.5, 1.0):
        *_, final = stylize(encoder, content, style, Settings(steps=24, strength=strength))
        found.append(final)
    away = [float((final.image - content).norm()) for final in found]

    torch.testing.assert_close(found[0].image, content, rtol=0, atol=2e-3)
    assert sorted(away) == away
    assert found[-1].losses["content"] == 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_dial_is_monotone(one: float, other: float) -> None:
    """More strength never means less style in relation to content, nor more of the content's detail."""
    low, high = (dialled(Weights(2, 3, 4), s) for s in sorted((one, other)))

    assert low.style * high.content <= high.style * low.content * (1 + 1e-12)
    for usual in (0.0, 0.4, 1.0):
        assert kept_detail(min(one, other), usual) >= kept_detail(max(one, other), usual)
        assert freed_power(min(one, other), usual) >= freed_power(max(one, other), usual)


def test_the_middle_of_the_dial_changes_no_bit() -> None:
    """0.5 is what an encoder does anyway."""
    plain, middle = (last(run_of(Settings(steps=4, strength=s))) for s in (None, 0.5))

    assert torch.equal(plain, middle)


def test_the_contents_detail_is_carried_from_scale_to_scale() -> None:
    """With nothing that pulls, all of it gives the content back, half of it half; from noise none is carried."""
    content, still = picture(*LARGE), Weights(content=0, style=0)

    def away(carried: float, **more: Any) -> Tensor:
        settings = Settings(steps=4, weights=still, carried_detail=carried, **more)
        return last(stylize(random_encoder(1 / 32), content, picture(), settings)) - content

    torch.testing.assert_close(away(1.0), torch.zeros_like(content), rtol=0, atol=1e-5)
    torch.testing.assert_close(away(0.5), away(0.0) / 2, rtol=0, atol=1e-5)
    assert torch.equal(away(1.0, start="noise"), away(0.0, start="noise"))


def run_of(settings: Settings, **more: Any) -> Iterator[Step]:
    return stylize(random_encoder(1 / 32), picture(), picture(seed=1), settings, **more)


def test_detail_chooses_among_the_layers_in_use() -> None:
    """A preset multiplies the style layers' weights by their block's; what becomes 0 is not computed."""
    weights = Weights(style_layers={"relu1_1": 1.0, "relu3_2": 2.0, "relu5_1": 4.0})

    fine, coarse = (detailed(weights, detail).style_layers for detail in ("fine", "coarse"))

    assert fine == {"relu1_1": DETAIL["fine"][0], "relu3_2": 2 * DETAIL["fine"][2]}
    assert coarse == {
        n: w * DETAIL["coarse"][b] for (n, w), b in zip(weights.style_layers.items(), (0, 2, 4), strict=True)
    }
    assert detailed(weights, "balanced") is weights
    with pytest.raises(ValueError, match="like relu3_1; 'fine' is not"):
        detailed(Weights(style_layers={"fine": 1.0}), "fine")
    with pytest.raises(ValueError, match="leaves nothing of the style layers relu5_1"):
        detailed(Weights(style_layers={"relu5_1": 1.0}), "fine")


def test_a_tile_has_no_seam() -> None:
    """Shifted around by 16 px, content, X and result are shifted; without wrapping around they are not."""
    content, shifted = picture(), picture().roll((16, 32), (2, 3))

    def painted(image: Tensor, *, tileable: bool) -> Tensor:
        settings = Settings(steps=3, tileable=tileable, margin=4, frequency_power=0.3, weights=Weights(1, 1, 1, 2))
        return last(stylize(random_encoder(1 / 16, pooling="avg").double(), image.double(), style, settings))

    style = picture(seed=1).double()
    torch.testing.assert_close(painted(shifted, tileable=True), painted(content, tileable=True).roll((16, 32), (2, 3)))
    assert not torch.allclose(painted(shifted, tileable=False), painted(content, tileable=False).roll((16, 32), (2, 3)))


def test_wrapping_shares_the_weights_and_leaves_the_encoder_alone() -> None:
    """A wrapped encoder costs no memory to speak of, and the other goes on padding as it did."""
    encoder = random_encoder(1 / 32)
    around: Any = wrapped(encoder)

    assert {p.data_ptr() for p in around.parameters()} == {p.data_ptr() for p in encoder.parameters()}
    assert around.steps["conv1_1"].padding_mode == "circular"
    assert encoder.steps["conv1_1"].padding_mode == "zeros"
    with pytest.raises(ValueError, match="with convolutions that pad; this one is not"):
        wrapped(colours)


def test_an_earlier_result_is_gone_on_with() -> None:
    """With a picture to start from and nothing that pulls, that picture comes out, through all scales."""
    still = Weights(content=0, style=0)
    init = picture(*LARGE, seed=5)

    found = last(
        stylize(random_encoder(1 / 32), picture(*LARGE), picture(), Settings(steps=4, weights=still), init=init)
    )

    torch.testing.assert_close(found, init, rtol=0, atol=1e-5)


def test_what_is_kept_stays_nearer_to_the_content() -> None:
    """Style being the same, the kept half moves less than it does otherwise, and less than the other half."""
    content, encoder = picture(), random_encoder(1 / 16)
    settings = Settings(steps=40, weights=Weights(30, 1))

    free, kept = (last(stylize(encoder, content, picture(seed=1), settings, keep=keep)) for keep in (None, half()))

    def away(found: Tensor) -> float:
        return float((found - content)[..., :24].norm())

    assert away(kept) < away(free)


def test_each_region_has_its_own_style() -> None:
    """With colours as features, each half takes the colour of the style that applies there."""
    red, blue = (torch.zeros(1, 3, 32, 32) for _ in range(2))
    red[:, 0], blue[:, 2] = 1.0, 1.0
    styles = [Style(red, region=half()), Style(blue, region=1 - half())]
    weights = Weights(content=0.0, content_layers={"coarse": 1.0}, style_layers={"fine": 1.0})

    found = last(stylize(colours, picture(), styles, Settings(steps=60, weights=weights, max_scales=1)))

    left, right = found[..., :30].mean((0, 2, 3)), found[..., 34:].mean((0, 2, 3))
    assert left[0] > left[2] + 0.4
    assert right[2] > right[0] + 0.4


def test_a_styles_mask_leaves_out_pixels() -> None:
    """A style of which half is masked away lends what its other half alone lends."""
    weights = Weights(content_layers={"coarse": 1.0}, style_layers={"fine": 1.0})  # features of single pixels
    content, style = picture(), picture(seed=1)

    def painted(image: Tensor, mask: Tensor | None) -> Tensor:
        return last(stylize(colours, content, [Style(image, mask=mask)], Settings(steps=5, weights=weights)))

    torch.testing.assert_close(painted(style, half()), painted(style[..., :32], None))
    torch.testing.assert_close(painted(style, torch.ones_like(half())), painted(style, None))


def test_styles_of_a_region_are_blended_and_those_of_weight_zero_left_out() -> None:
    """Groups are by region, in order; equal masks are one region."""
    styles = [Style(picture(), w, r) for w, r in ((1, None), (2, half()), (0, None), (3, None), (4, half().clone()))]

    assert [[style.weight for style in group] for group in grouped(styles)] == [[1, 3], [2, 4]]


def test_one_style_of_any_weight_is_that_style() -> None:
    """A share among one changes no bit."""
    plain, styled = (
        last(stylize(random_encoder(1 / 32), picture(), style, Settings(steps=3)))
        for style in (picture(seed=1), [Style(picture(seed=1), 7.0), Style(picture(seed=2), 0.0)])
    )

    assert torch.equal(plain, styled)


def test_a_cache_tells_objectives_apart() -> None:
    """Gram matrices are not taken for moments."""
    cache, encoder = TargetCache(), random_encoder(1 / 32)

    gram, second = (cache.source("key", name)(encoder, picture(), ("relu1_1",)) for name in ("gatys", "w2"))

    assert len(second["relu1_1"]) == len(gram["relu1_1"]) + 1
    torch.testing.assert_close(second["relu1_1"][:-1, :-1].float(), gram["relu1_1"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"style": []}, "0 styles, none with a weight above 0"),
        ({"style": [Style(picture(), 0.0)]}, "1 styles, none with a weight above 0"),
        ({"style": [Style(picture(), -1.0)]}, "style 1 has weight -1.0; a finite number"),
        ({"style": [Style(picture()), Style(picture(), float("nan"))]}, "style 2 has weight nan"),
        (
            {"style": [Style(picture(), region=torch.ones(1, 1, 8, 8))]},
            r"the region of style 1 has shape \(1, 1, 8, 8\)",
        ),
        ({"style": [Style(picture(), mask=torch.ones(1, 1, 8, 8))]}, r"the mask of style 1 has shape \(1, 1, 8, 8\)"),
        ({"keep": torch.ones(1, 1, 8, 8)}, r"keep has shape \(1, 1, 8, 8\); \(1, 1, 48, 64\) is needed"),
        ({"init": torch.ones(1, 3, 8, 8)}, r"init has shape \(1, 3, 8, 8\); \(1, 3, 48, 64\) is needed"),
    ],
)
def test_controls_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    """With the number had and the number needed."""
    arguments: dict[str, Any] = {"style": picture()} | change

    with pytest.raises(ValueError, match=message):
        next(stylize(random_encoder(1 / 32), picture(), **arguments))


@pytest.mark.parametrize("name", ["strength", "colour_strength", "carried_detail"])
@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_dials_have_ends(name: str, value: float) -> None:
    """0 to 1."""
    with pytest.raises(ValueError, match=f"{name} is {value}; 0 to 1 are allowed"):
        Settings(**{name: value})  # type: ignore[arg-type]  # floats, both
