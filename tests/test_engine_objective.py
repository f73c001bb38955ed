"""Laws of the objective: equal to an independent restatement, in loss and gradient, and true to its derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from golden import gatys
from impasto.engine import (
    VGG,
    EncoderSpec,
    Objective,
    Settings,
    TargetCache,
    Weights,
    random_encoder,
    style_targets,
    stylize,
)
from impasto.engine.objective.losses import ContentLoss, Gamut, GramLoss, TotalVariation, gram_matrix

# fp32 keeps 24 bits; sums over some thousand terms and thirteen layers leave about 1e-6 of it, so 1e-5 is "equal".
FLOAT32, FLOAT64 = 1e-5, 1e-6  # the golden's gradients are stored with 24 bits
pytestmark = pytest.mark.usefixtures("one_thread")
few = settings(max_examples=15, deadline=None, derandomize=True)
seeds, sides = st.integers(0, 1000), st.integers(1, 5)


@pytest.fixture(scope="module")
def arrays() -> gatys.Arrays:
    with np.load(gatys.FILE) as file:
        return dict(file)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def golden_encoder(arrays: gatys.Arrays, case: dict[str, Any]) -> VGG:
    """The golden's network as one of ours."""
    spec = EncoderSpec(
        "golden",
        pooling=case["pool"],
        padding=case["pad"],
        scale=case["scale"],
        channel_order=case["order"],
        mean=case["mean"],
        std=case["std"],
    )
    return VGG(spec, {name: torch.from_numpy(a) for name, a in arrays.items() if name.startswith("conv")})


def golden_weights(case: dict[str, Any]) -> Weights:
    per_layer = dict(zip(gatys.STYLE_LAYERS, case["per_layer"], strict=True))
    return Weights(case["content"], case["style"], case["tv"], style_layers=per_layer)


def golden_objective(arrays: gatys.Arrays, case: dict[str, Any], dtype: torch.dtype) -> Objective:
    encoder = golden_encoder(arrays, case).to(dtype)
    content, style = (torch.from_numpy(arrays[name] / 255)[None].to(dtype) for name in ("content", "style"))
    guide = torch.from_numpy(arrays["mask"] / 255)[None, None].to(dtype) if case["guided"] else None
    targets = style_targets(encoder, style, gatys.STYLE_LAYERS)
    return Objective(encoder, content, targets, golden_weights(case), guide)


def distance(found: Tensor, expected: Tensor) -> float:
    """Relative, in the Euclidean norm."""
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def test_the_golden_file_is_what_its_script_makes(arrays: gatys.Arrays) -> None:
    """The committed arrays can be made again from the script beside them."""
    again = gatys.golden()

    assert arrays.keys() == again.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, again[name], rtol=1e-5, atol=1e-6 * float(np.abs(array).max()), err_msg=name)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, FLOAT32), (torch.float64, FLOAT64)])
@pytest.mark.parametrize("name", gatys.CASES)
def test_objective_equals_the_golden(arrays: gatys.Arrays, name: str, dtype: torch.dtype, tolerance: float) -> None:
    """Every term of the loss and the gradient are those of the plain restatement."""
    x = torch.from_numpy(arrays["x"])[None].to(dtype).requires_grad_()

    losses = golden_objective(arrays, gatys.CASES[name], dtype)(x)
    losses.total.backward()

    found, expected = losses.floats(), {key: arrays[f"{name}/{key}"] for key in ("content", "style", "tv")}
    assert found["content"] == pytest.approx(float(expected["content"]), rel=tolerance)
    assert found["style"] == pytest.approx(float(expected["style"].sum()), rel=tolerance)
    assert found["total_variation"] == pytest.approx(float(expected["tv"]), rel=tolerance)
    assert found["total"] == pytest.approx(sum(float(term.sum()) for term in expected.values()), rel=tolerance)
    assert x.grad is not None
    assert distance(x.grad, torch.from_numpy(arrays[f"{name}/gradient"])[None]) < tolerance


@pytest.mark.parametrize("index", range(5))
def test_each_style_layer_alone_equals_the_golden(arrays: gatys.Arrays, index: int) -> None:
    """A layer's share of the style loss is its own, whichever others are in use."""
    case, layer = gatys.CASES["max_zeros"], gatys.STYLE_LAYERS[index]
    objective = golden_objective(arrays, case, torch.float64)
    objective.weights = Weights(content=0, style_layers={layer: 2.0})

    style = objective(torch.from_numpy(arrays["x"]).double()[None]).style

    assert style.item() == pytest.approx(2 * arrays["max_zeros/style"][index], rel=FLOAT64)


@pytest.mark.parametrize(("order", "picked"), [("rgb", [0, 1, 2]), ("bgr", [2, 1, 0])])
def test_preprocessing_is_that_of_the_spec(order: str, picked: list[int]) -> None:
    """A picture u enters as (u[channel_order] * scale - mean) / std."""
    spec = EncoderSpec("one", ("conv1_1",), "max", "zeros", 255.0, order, (10.0, 20.0, 30.0), (2.0, 4.0, 8.0))
    through = torch.zeros(3, 3, 3, 3)
    through[range(3), range(3), 1, 1] = 1
    image = normal(1, 1, 3, 5, 4).float()

    found = VGG(spec, {"conv1_1.weight": through, "conv1_1.bias": torch.zeros(3)})(image, ["conv1_1"])["conv1_1"]

    mean, std = torch.tensor(spec.mean).view(3, 1, 1), torch.tensor(spec.std).view(3, 1, 1)
    torch.testing.assert_close(found, (image[:, picked] * 255 - mean) / std)


def test_a_conv_layer_is_seen_before_its_relu() -> None:
    """The ReLU, which works in place, does not write into features taken before it."""
    encoder = random_encoder(1 / 32)

    features = encoder(normal(1, 1, 3, 16, 16).float(), ["conv1_1", "relu1_1"])

    assert features["conv1_1"].min() < 0
    torch.testing.assert_close(features["conv1_1"].relu(), features["relu1_1"])


def test_an_unknown_layer_is_named() -> None:
    """Asking for a layer that does not exist says which it was and which there are."""
    with pytest.raises(KeyError, match=r"no layer 'relu9_1'; it has conv1_1, .* relu5_1"):
        random_encoder(1 / 32)(torch.zeros(1, 3, 16, 16), ["relu1_1", "relu9_1"])


def test_style_targets_depend_on_the_style_alone() -> None:
    """Whatever content, mask, seed and start a style is used with, its Gram matrices are the same to the bit."""
    encoder, style, seen = random_encoder(1 / 32), normal(0, 1, 3, 40, 30).float(), []

    def remember(encoder: Any, style: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        seen.append(style_targets(encoder, style, layers))
        return seen[-1]

    for seed, mask in ((1, None), (2, torch.ones(1, 1, 24, 48)), (3, torch.zeros(1, 1, 24, 48))):
        content = normal(seed, 1, 3, 24, 48).float()
        settings = Settings(steps=1, start="noise", seed=seed)
        next(iter(stylize(encoder, content, style, settings, mask=mask, targets=remember)))

    assert len(seen) == 3
    assert all(torch.equal(seen[0][layer], other[layer]) for other in seen for layer in seen[0])


def test_a_target_cache_never_mixes_encoders() -> None:
    """Encoders that come and go, as functions may, each get Gram matrices of their own."""
    cache, style = TargetCache(), torch.ones(1, 3, 16, 16)

    def brightness(factor: float) -> float:
        found = cache.source("style")(lambda image, layers: dict.fromkeys(layers, image * factor), style, ("any",))
        return found["any"][0, 0].item()

    assert [brightness(factor) for factor in (1.0, 2.0, 3.0)] == [1.0, 4.0, 9.0]


def test_a_target_cache_forgets_the_style_used_longest_ago() -> None:
    """No more styles are kept than its capacity."""
    encoder, cache, calls = random_encoder(1 / 32), TargetCache(capacity=2), []

    def counted(image: Tensor, layers: Any) -> Any:
        calls.append(image.shape)
        return encoder(image, layers)

    for key in ("a", "b", "a", "c", "a", "b"):
        cache.source(key)(counted, torch.zeros(1, 3, 16, 16), ("relu1_1",))

    assert len(calls) == 4  # a, b, c and b again
    assert repr(cache) == "<TargetCache [2 of 2]>"


@few
@given(seeds, st.integers(1, 4), sides, sides)
def test_gram_matrix_does_not_know_where_things_are(seed: int, channels: int, height: int, width: int) -> None:
    """Whatever order positions come in, G is the same; it is symmetric and has no negative eigenvalue."""
    features = normal(seed, 1, channels, height, width)
    shuffled = features.flatten(2)[..., torch.randperm(height * width)].view_as(features)

    gram = gram_matrix(features)

    torch.testing.assert_close(gram_matrix(shuffled), gram)
    torch.testing.assert_close(gram, gram.T)
    assert torch.linalg.eigvalsh(gram).min() > -1e-9


@few
@given(seeds, sides, sides, st.floats(0.1, 10))
def test_guide_weighs_positions(seed: int, height: int, width: int, factor: float) -> None:
    """A guide of equal weights, however large, changes nothing; where it is 0, nothing counts."""
    features, other = normal(seed, 1, 3, height, width), normal(seed + 1, 1, 3, height, width)
    guide = torch.ones(1, 1, height, 2 * width, dtype=torch.float64)
    guide[..., width:] = 0

    plain, guided = gram_matrix(features), gram_matrix(torch.cat([features, other], 3), factor * guide)

    torch.testing.assert_close(gram_matrix(features, factor * guide[..., :width]), plain)
    torch.testing.assert_close(guided, plain)


def differentiable(loss: Callable[[Tensor], Tensor], at: Tensor) -> bool:
    """Whether autograd's gradient is that of finite differences, in float64."""
    return torch.autograd.gradcheck(loss, (at.requires_grad_(),), eps=1e-5, atol=1e-4, rtol=1e-4)


@few
@given(seeds, st.integers(1, 4), sides, sides)
def test_gradients_of_the_losses(seed: int, channels: int, height: int, width: int) -> None:
    """Content, Gram and guided Gram have the gradients that finite differences find."""
    shape = (1, channels, height, width)
    guide = normal(seed + 1, 1, 1, height, width).abs()
    gram = GramLoss(gram_matrix(normal(seed + 2, 1, channels, 3, 3)))

    assert differentiable(ContentLoss(normal(seed + 3, *shape)), normal(seed, *shape))
    assert differentiable(gram, normal(seed, *shape))
    assert differentiable(lambda features: gram(features, guide), normal(seed, *shape))


@few
@given(seeds, st.integers(2, 6), st.integers(2, 6))
def test_gradient_of_the_priors(seed: int, height: int, width: int) -> None:
    """Total variation, with colour dearer or not, and gamut have the gradients that finite differences find."""
    image = normal(seed, 1, 3, height, width)
    for prior in (TotalVariation(), TotalVariation(colour=8.0), Gamut()):
        assert differentiable(prior, image)


def test_gradient_of_the_whole_objective() -> None:
    """J moves along its gradient as the gradient says, through thirteen layers, the guide and every term."""
    encoder = random_encoder(1 / 32, pooling="avg", padding="replicate").double()
    content, style, x, direction = (normal(seed, 1, 3, 24, 20) for seed in range(4))
    targets = style_targets(encoder, style, gatys.STYLE_LAYERS)
    objective = Objective(
        encoder, content, targets, Weights(1, 1, 1, colour_variation=4, gamut=10), torch.rand(1, 1, 24, 20).double()
    )
    x.requires_grad_()

    objective(x).total.backward()

    with torch.no_grad():
        step = 1e-6
        slope = (objective(x + step * direction).total - objective(x - step * direction).total) / (2 * step)
    assert x.grad is not None
    assert slope.item() == pytest.approx((x.grad * direction).sum().item(), rel=1e-5)


def test_total_variation_by_hand() -> None:
    """mean(dx²) + mean(dy²) of a picture that can be done in the head."""
    image = torch.tensor([[0.0, 1.0, 3.0], [0.0, 0.0, 0.0]]).expand(1, 3, 2, 3)

    found = TotalVariation()(image).item()

    assert found == pytest.approx((1 + 4) / 4 + (0 + 1 + 9) / 3)


def test_colour_may_vary_less_than_light() -> None:
    """A slope of gray costs the same at any price of colour; one of a colour of the same light that many times more."""
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    gray, hue = (ramp * torch.tensor(axis).view(1, 3, 1, 1) for axis in ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0)))

    assert TotalVariation(colour=8)(gray).item() == pytest.approx(TotalVariation()(gray).item())
    assert TotalVariation(colour=8)(hue).item() == pytest.approx(8 * TotalVariation()(hue).item())


def test_gamut_by_hand() -> None:
    """Nothing within [0, 1], the squared distance outside, on the average."""
    image = torch.tensor([-0.5, 0.0, 0.3, 1.0, 1.2, 0.9]).view(1, 3, 1, 2)

    assert Gamut()(image).item() == pytest.approx((0.25 + 0.04) / 6)


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (1, 3, 16, 32)])
def test_total_variation_does_not_depend_on_size(shape: tuple[int, ...]) -> None:
    """A slope has the variation of its steepness, however large the picture is."""
    image = (0.5 * torch.arange(shape[3])).expand(shape)

    assert TotalVariation()(image).item() == pytest.approx(0.25)


def test_what_a_loss_is_about_shows_in_its_repr() -> None:
    """Printing an objective tells layers, widths and shapes."""
    encoder, picture = random_encoder(1 / 16), torch.zeros(1, 3, 32, 32)
    told = repr(Objective(encoder, picture, style_targets(encoder, picture, gatys.STYLE_LAYERS), Weights()))

    assert "(relu5_1): GramLoss(32 channels)" in told
    assert "(relu4_2): ContentLoss((1, 32, 4, 4))" in told
    assert "random, channels [4, 4, 8, 8, 16, 16, 16, 16, 32, 32, 32, 32, 32], max pooling" in repr(encoder)
