"""Laws of the defaults, and of what a run is said to need before it starts."""

from dataclasses import replace

import pytest
import torch

from impasto.engine import Settings, random_encoder
from impasto.engine.memory import LEAST_TILE_PX, bytes_needed, fitted, kept_bytes, smaller
from impasto.engine.passage import Passage, Wanted
from impasto.engine.passage.chain import chain_of
from impasto.method import CONTENT_LAYERS, STYLE_LAYERS
from impasto.method.defaults import DEFAULTS, defaults
from impasto.spec import ENCODERS

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_encoder_has_defaults_of_its_own() -> None:
    """Each encoder that can be asked for has settings; any other gets the paper's."""
    assert set(DEFAULTS) == set(ENCODERS)
    assert defaults("somebody's own") == Settings()


@pytest.mark.parametrize("width", [1.0, 0.25])
def test_what_is_kept_for_the_way_back_is_what_is_said(width: float) -> None:
    """The bytes that a passage holds in float32, to the byte; the content's features are not its own."""
    encoder = random_encoder(width)
    chain = chain_of(encoder, torch.float32)
    assert chain is not None
    style, content = tuple(STYLE_LAYERS), tuple(CONTENT_LAYERS)
    way = Passage(chain, Wanted(content, dict.fromkeys(style, (None,))), returns=True)

    way.there(torch.rand(1, 3, 64, 64))

    assert way.kept_bytes == 64**2 * kept_bytes(chain.units, style)


def test_need_grows_with_the_pixels() -> None:
    """Twice the pixels need twice as much, beside what torch and the weights need."""
    encoder = random_encoder(1 / 8)

    none, one, two = (bytes_needed(encoder, pixels, 0, Settings()) for pixels in (0, 1000, 2000))

    assert two - none == 2 * (one - none)


@pytest.mark.parametrize("limit_mib", [300, 500, 700, 2000])
def test_tiles_are_the_largest_that_fit(limit_mib: int) -> None:
    """Within the limit, and a step more would be above it; the whole where that fits."""
    encoder, size, limit = random_encoder(0.25), (1000, 1200), limit_mib << 20

    found = fitted(encoder, size, 0, Settings(), limit)

    needed = [
        bytes_needed(encoder, 1_200_000, 0, replace(found, tile=tile)) for tile in (0, found.tile, found.tile + 16)
    ]
    if found.tile == 0:
        assert needed[0] <= limit
    elif found.tile > LEAST_TILE_PX:
        assert needed[1] <= limit < needed[2]
    else:
        assert limit < needed[2]


def test_what_goes_around_is_cut_only_where_that_is_exact() -> None:
    """Other sizes stay whole."""
    encoder, around = random_encoder(0.25), Settings(tileable=True)

    assert fitted(encoder, (1600, 1600), 0, around, 1 << 30).tile
    assert not fitted(encoder, (1600, 1601), 0, around, 1 << 30).tile


def test_smaller_tiles_end_somewhere() -> None:
    """Half the side, again and again, down to the least; what cannot be cut is not."""
    sides, found = list[int](), smaller(Settings(), (1000, 700))
    while found is not None:
        sides.append(found.tile)
        found = smaller(found, (1000, 700))

    assert sides == [496, 240, 128]
    assert smaller(Settings(tileable=True), (1000, 700)) is None


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
