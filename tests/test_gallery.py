"""The gallery's laws: pictures are repeatable, scale with their size, are rich, and differ from one another."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto.gallery import CONTENTS, STYLES, contact_sheet, draw

EVERY = CONTENTS + STYLES


@cache
def drawn(name: str, width: int = 43, height: int = 33) -> Image.Image:
    return draw(name, width=width, height=height)


def character(name: str) -> NDArray[np.float64]:
    """What tells one style from another: mean colour, its spread, the tones, and how rough each scale is."""
    rgb = np.asarray(drawn(name, 86, 66), np.float64)
    grey = rgb.mean(2)
    tones = [np.percentile(grey, q) for q in (5, 25, 75, 95)]
    rough = [np.abs(np.diff(grey[::s, ::s], axis=a)).mean() * 3 for s in (1, 3) for a in (0, 1)]
    return np.concatenate([rgb.mean((0, 1)), rgb.std((0, 1)), tones, rough])


def test_there_are_two_scenes_and_ten_styles_of_different_names() -> None:
    """The face names at least two contents and ten styles, each once."""
    assert len(CONTENTS) >= 2
    assert len(STYLES) >= 10
    assert len(set(EVERY)) == len(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_arguments_give_the_same_bytes(name: str) -> None:
    """A picture is a function of its name, size and seed alone."""
    assert draw(name, width=43, height=33, seed=0).tobytes() == drawn(name).tobytes()


@pytest.mark.parametrize("name", EVERY[::3])
def test_another_seed_gives_another_picture(name: str) -> None:
    """The seed reaches the brush."""
    assert draw(name, width=43, height=33, seed=1).tobytes() != drawn(name).tobytes()


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_has_the_size_asked_for(name: str) -> None:
    """Odd sides are drawn to the pixel, in 8-bit RGB."""
    assert drawn(name).size == (43, 33)
    assert drawn(name).mode == "RGB"


@pytest.mark.parametrize(("width", "height"), [(16, 16), (16, 61), (90, 17)])
def test_small_tall_and_wide_pictures_show_the_middle(width: int, height: int) -> None:
    """Any shape from the smallest side up is filled, without stretching."""
    picture = draw("mosaic", width=width, height=height)

    assert picture.size == (width, height)


@pytest.mark.parametrize("name", EVERY)
def test_twice_the_size_is_the_same_composition(name: str) -> None:
    """A picture drawn at twice the size and reduced correlates with the one drawn small."""
    half, large = (drawn(name, *size).resize((20, 15), Image.Resampling.BOX) for size in ((43, 33), (86, 66)))

    correlation = np.corrcoef(np.asarray(half, float).ravel(), np.asarray(large, float).ravel())[0, 1]

    assert correlation > 0.9


@pytest.mark.parametrize("name", EVERY)
def test_no_picture_is_flat(name: str) -> None:
    """Every picture has contrast, many colours, and hardly a tenth of it without texture."""
    rgb = np.asarray(drawn(name, 86, 66), np.float64)
    texture = rgb.mean(2)[:, :84].reshape(11, 6, 14, 6).std((1, 3))

    assert rgb.mean(2).std() > 18
    assert len(np.unique(rgb.reshape(-1, 3), axis=0)) > 1000
    assert (texture < 1.0).mean() < 0.1


def test_styles_differ_from_one_another() -> None:
    """No two styles share both palette and roughness."""
    characters = {name: character(name) for name in STYLES}

    for one, other in combinations(STYLES, 2):
        assert np.linalg.norm(characters[one] - characters[other]) > 25, (one, other)


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    """The message lists every picture that can be drawn."""
    with pytest.raises(ValueError, match="no picture named 'mona-lisa'") as refusal:
        draw("mona-lisa")

    assert all(name in str(refusal.value) for name in EVERY)


@pytest.mark.parametrize(("width", "height"), [(15, 64), (64, 0), (-3, 64)])
def test_a_size_too_small_is_refused_with_both_numbers(width: int, height: int) -> None:
    """The message tells the size had and the size allowed."""
    with pytest.raises(ValueError, match=rf"{width}x{height}.*at least 16"):
        draw(EVERY[0], width=width, height=height)


def test_a_contact_sheet_holds_every_picture_in_its_own_aspect() -> None:
    """Wide and tall pictures are fitted, not stretched, and the sheet is as wide as its longest row."""
    wide, tall = Image.new("RGB", (80, 20), "#ff0000"), Image.new("RGB", (20, 80), "#0000ff")

    sheet = np.asarray(contact_sheet([[("wide", wide), ("tall", tall)], [("wide", wide)]], cell=100, title="Wall"), int)

    red = (abs(sheet - (255, 0, 0)).sum(2) < 40).nonzero()
    blue = (abs(sheet - (0, 0, 255)).sum(2) < 40).nonzero()
    assert np.ptp(blue[1]) / np.ptp(blue[0]) == pytest.approx(0.25, abs=0.05)
    assert np.ptp(red[1]) == pytest.approx(98, abs=2)
    assert sheet.shape[1] > 200


def test_a_contact_sheet_of_nothing_is_refused() -> None:
    """An empty sheet would be a mistake somewhere else."""
    with pytest.raises(ValueError, match="at least one picture"):
        contact_sheet([[]])


def test_a_contact_sheet_of_tiny_cells_is_refused() -> None:
    """The message tells the cell had and the cell allowed."""
    with pytest.raises(ValueError, match=r"3 pixels.*at least 16"):
        contact_sheet([[("dot", Image.new("RGB", (9, 9)))]], cell=3)
