"""Laws of tiling: the whole picture's gradient, from tiles, of everything that J can have in it."""

from typing import Any

import pytest
import torch

from impasto.engine import Settings, load_slim, random_encoder, stylize
from impasto.engine.encoder.wrap import wrapped
from impasto.engine.objective import style_moments, style_targets
from impasto.engine.passage import tiling as tilings
from impasto.engine.passage.tiling import Ground, tiles_of
from test_engine_passage import LAYERS, apart, cosine, picture, slope

pytestmark = pytest.mark.usefixtures("one_thread")
EQUAL = 1e-9  # in float64
SIZES = [(256, 400), (397, 219), (500, 37)]
WAYS: list[dict[str, Any]] = [
    {},
    {"guided": True},
    {"regions": True, "guided": True},
    {"objective": "neural-style"},
    {"objective": "spst", "guided": True},
    {"objective": "w2"},
]


@pytest.mark.parametrize(("how", "size"), list(zip(WAYS, SIZES + SIZES, strict=True)), ids=str)
def test_tiles_have_the_gradient_of_the_whole(how: dict[str, Any], size: tuple[int, int]) -> None:
    """In loss and gradient, at odd sizes, of every objective, with regions, selections and what is to be kept."""
    encoder, x = random_encoder(1 / 16).double(), picture(*size, 5)

    (loss, found), (expected, wanted) = slope(encoder, x, tile=128, **how), slope(encoder, x, **how)

    assert loss == pytest.approx(expected, rel=EQUAL)
    assert apart(found, wanted) < EQUAL


@pytest.mark.parametrize("size", SIZES[1:])
def test_in_float32_too(size: tuple[int, int]) -> None:
    """With the encoder that is shipped, to 1e-5."""
    x = picture(*size, 5).float()

    assert apart(slope(load_slim(), x, tile=128, regions=True)[1], slope(load_slim(), x, regions=True)[1]) < 1e-5


def test_in_mixed_precision_within_a_bound() -> None:
    """The way there is that of float32; the way back differs by what bfloat16 rounds, a thousandth."""
    x = picture(300, 412, 5).float()

    (loss, found), (expected, wanted) = (slope(load_slim(), x, tile=tile, precision="mixed") for tile in (128, 0))

    assert loss == pytest.approx(expected, rel=1e-6)
    assert apart(found, wanted) < 3e-3
    assert cosine(found, wanted) > 0.99999


def test_tiles_go_around_the_border() -> None:
    """Where the picture continues at its opposite border, on sides that are multiples of 16."""
    encoder, x = wrapped(random_encoder(1 / 16).double()), picture(448, 336, 5)

    assert apart(slope(encoder, x, tile=112, wraps=True)[1], slope(encoder, x, wraps=True)[1]) < EQUAL


def test_less_around_a_tile_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The margins are needed: with one step less either is seen to be wrong."""
    encoder, x = random_encoder(1 / 16).double(), picture(256, 400, 5)
    wanted = slope(encoder, x)[1]

    for name, less in (("FEATURE_MARGIN_PX", 64), ("GRADIENT_MARGIN_PX", 144)):
        with monkeypatch.context() as patch:
            patch.setattr(tilings, name, less)
            assert apart(slope(encoder, x, tile=64)[1], wanted) > EQUAL


def test_one_tile_needs_no_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that fits into one is seen as a whole."""
    monkeypatch.setattr(tilings.Tiling, "there", lambda *_: pytest.fail("seen in tiles"))
    x = picture(64, 80, 5).float()

    assert torch.equal(slope(load_slim(), x, tile=80)[1], slope(load_slim(), x)[1])


@pytest.mark.parametrize("targets", [style_targets, style_moments])
def test_a_large_style_has_the_same_statistics(monkeypatch: pytest.MonkeyPatch, targets: Any) -> None:
    """Seen in tiles, masked or not."""
    encoder, style = random_encoder(1 / 16).double(), torch.cat([picture(300, 240, 1), picture(300, 240, 2)[:, :1]], 1)
    whole = [targets(encoder, seen, LAYERS) for seen in (style, style[:, :3])]
    monkeypatch.setattr("impasto.engine.objective.STYLE_TILE_PX", 64)

    for seen, expected in zip((style, style[:, :3]), whole, strict=True):
        found = targets(encoder, seen, LAYERS)
        assert max(apart(found[name], expected[name]) for name in LAYERS) < 1e-6


@pytest.mark.parametrize(("height", "width", "side"), [(100, 1000, 64), (64, 64, 64), (65, 63, 64), (4001, 17, 512)])
def test_tiles_cover_the_picture_once(height: int, width: int, side: int) -> None:
    """None is larger than asked for, each begins where every layer has a position."""
    seen = torch.zeros(height, width)
    for rows, columns in tiles_of(height, width, side):
        seen[rows.start : rows.stop, columns.start : columns.stop] += 1
        assert max(len(rows), len(columns)) <= side
        assert rows.start % 16 == columns.start % 16 == 0

    assert bool((seen == 1).all())
    assert len(tiles_of(height, width, 0)) == 1


def test_what_is_around_a_tile() -> None:
    """Cut at a border, or taken from beyond it; the whole side where nothing is left out."""
    flat, around = Ground(400, 90, around=False), Ground(400, 90, around=True)
    tile = (range(64), range(64))

    assert flat.outer(tile, 80) == ([range(144)], [range(90)])
    assert around.outer(tile, 80) == ([range(320, 400), range(144)], [range(90)])
    assert around.outer((range(336, 400), range(64)), 80)[0] == [range(256, 400), range(80)]
    assert flat.outer((range(128, 192), range(64)), 80)[0] == [range(48, 272)]


def test_a_run_in_tiles_is_sliced_and_resumed_to_the_bit() -> None:
    """As any other."""
    content, style = picture(160, 224, 1).float(), picture(48, 48, 2).float()
    chosen = Settings(steps=4, max_scales=2, tile=96, precision="mixed")
    *_, straight = stylize(load_slim(), content, style, chosen)

    sliced = stylize(load_slim(), content, style, chosen)
    state = [next(sliced) for _ in range(3)][-1].checkpoint()
    *_, resumed = stylize(load_slim(), content, style, chosen, resume=state)

    assert torch.equal(resumed.image, straight.image)
