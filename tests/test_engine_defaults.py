"""Laws of the defaults, and of what a run is said to need before it starts."""

import pytest
import torch

from impasto.engine import Settings, random_encoder
from impasto.engine.chain import chain_of
from impasto.engine.defaults import DEFAULTS, defaults
from impasto.engine.memory import bytes_needed, kept_bytes
from impasto.engine.objective import CONTENT_LAYERS, STYLE_LAYERS
from impasto.engine.passage import Passage, Wanted
from impasto.spec import ENCODERS

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_encoder_has_defaults_of_its_own() -> None:
    """Each encoder that can be asked for has settings; any other gets the paper's."""
    assert set(DEFAULTS) == set(ENCODERS)
    assert defaults("somebody's own") == Settings()


@pytest.mark.parametrize("width", [1.0, 0.25])
def test_what_is_kept_for_the_way_back_is_what_is_said(width: float) -> None:
    """The bytes that a passage holds in float32, to the byte, less the content's target and gradient."""
    encoder = random_encoder(width)
    chain = chain_of(encoder, torch.float32)
    assert chain is not None
    style, content = tuple(STYLE_LAYERS), tuple(CONTENT_LAYERS)
    way = Passage(chain, Wanted(content, dict.fromkeys(style, (None,))), returns=True)

    way.there(torch.rand(1, 3, 64, 64))

    besides = 2 * 4 * 512 * width / 64
    assert way.kept_bytes == 64**2 * (kept_bytes(chain.units, style, content) - besides)


def test_need_grows_with_the_pixels() -> None:
    """Twice the pixels need twice as much, beside what torch and the weights need."""
    encoder = random_encoder(1 / 8)

    none, one, two = (bytes_needed(encoder, pixels, 0, Settings()) for pixels in (0, 1000, 2000))

    assert two - none == 2 * (one - none)


def test_a_large_style_is_counted() -> None:
    """A style far larger than the content decides what is needed; one of the content's size does not."""
    encoder = random_encoder(1 / 8)

    none = bytes_needed(encoder, 0, 0, Settings())
    alone, equal, large = (bytes_needed(encoder, 1000, style, Settings()) - none for style in (0, 1000, 1_000_000))

    assert alone == equal
    assert large > 10 * alone


def test_an_evaluation_does_not_touch_the_weights() -> None:
    """W and b never move: they take no gradient."""
    encoder = random_encoder(1 / 32)
    x = torch.rand(1, 3, 16, 16, requires_grad=True)

    encoder(x, ["relu1_1"])["relu1_1"].sum().backward()

    assert x.grad is not None
    assert all(parameter.grad is None for parameter in encoder.parameters())
