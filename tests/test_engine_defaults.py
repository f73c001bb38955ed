"""Laws of the defaults, and of what a run is said to need before it starts."""

import pytest
import torch

from bench.engine import RUNS, Scene, kept_bytes
from impasto.engine import Objective, Settings, Weights, random_encoder
from impasto.engine.defaults import DEFAULTS, TORCH_BYTES, bytes_needed, defaults
from impasto.engine.objective import target_source
from impasto.spec import ENCODERS

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_encoder_has_defaults_of_its_own() -> None:
    """Each encoder that can be asked for has settings; any other gets the paper's."""
    assert set(DEFAULTS) == set(ENCODERS)
    assert defaults("somebody's own") == Settings()


@pytest.mark.parametrize("kind", RUNS)
def test_what_is_kept_for_the_way_back_fits_into_what_is_needed(kind: str) -> None:
    """The activations that autograd holds are within what is said to be needed, and make up a good part of it."""
    width, pooling, padding, name = RUNS[kind]
    encoder, scene = random_encoder(width / 8, pooling=pooling, padding=padding), Scene.of(96)
    targets = target_source(name)(encoder, scene.style, tuple(Weights().style_layers))
    objective = Objective(encoder, scene.content, targets, Weights(), objective=name)

    kept = kept_bytes(lambda x: objective(x).total, scene.x, encoder)

    needed = bytes_needed(encoder, 96 * 96, objective=name) - bytes_needed(encoder, 0, objective=name)
    assert kept < needed < 8 * kept  # in encoders as narrow as these L-BFGS's own pictures weigh most


def test_need_grows_with_the_pixels() -> None:
    """Twice the pixels need twice as much, beside what torch needs for itself."""
    encoder = random_encoder(1 / 8)

    one, two = (bytes_needed(encoder, pixels) - TORCH_BYTES for pixels in (1000, 2000))

    assert two == 2 * one


def test_a_large_style_is_counted() -> None:
    """A style far larger than the content decides what is needed; one of the content's size does not."""
    encoder = random_encoder(1 / 8)

    alone, equal, large = (bytes_needed(encoder, 1000, style) for style in (0, 1000, 100_000))

    assert alone == equal
    assert large > 10 * (alone - TORCH_BYTES)


def test_an_evaluation_does_not_touch_the_weights() -> None:
    """W and b never move: they take no gradient."""
    encoder = random_encoder(1 / 32)
    x = torch.rand(1, 3, 16, 16, requires_grad=True)

    encoder(x, ["relu1_1"])["relu1_1"].sum().backward()

    assert x.grad is not None
    assert all(parameter.grad is None for parameter in encoder.parameters())
