"""The texture distance's laws: it is a distance, blind to composition and palette, and it knows every style again."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bench.texture import MIN_SIDE, Signature, distance, signature
from impasto.gallery import STYLES, draw

WIDTH, HEIGHT = 128, 96
LARGE, BLOCK = (320, 240), 80  # chance moves a small picture's coarse octaves too far for laws about composition
FEW = ("mosaic", "embroidery", "woodcut")

pytestmark = pytest.mark.usefixtures("one_thread")


@cache
def drawn(name: str, seed: int = 0) -> Image.Image:
    return draw(name, width=WIDTH, height=HEIGHT, seed=seed)


@cache
def texture(name: str, seed: int = 0) -> Signature:
    return signature(drawn(name, seed))


@cache
def pixels(name: str) -> NDArray[np.uint8]:
    return np.asarray(draw(name, width=LARGE[0], height=LARGE[1]))


@cache
def large(name: str) -> Signature:
    return signature(Image.fromarray(pixels(name)))


def moved(name: str, changed: NDArray[np.uint8]) -> float:
    """How far a change carries a style, as a share of the way to the nearest other of the few."""
    to_other = min(distance(large(name), large(other)) for other in FEW if other != name)
    return distance(signature(Image.fromarray(changed)), large(name)) / to_other


def test_a_picture_has_no_distance_to_itself() -> None:
    """Equal pixels give exactly 0, computed anew."""
    assert distance(signature(drawn("mosaic").copy()), texture("mosaic")) == 0


def test_the_distance_is_symmetric_and_keeps_the_triangle() -> None:
    """It is a metric on signatures, so that nearest means something."""
    swirl, mosaic, pastel = (texture(name) for name in ("swirl", "mosaic", "pastel"))

    assert distance(swirl, mosaic) == distance(mosaic, swirl) > 0
    assert distance(swirl, pastel) <= distance(swirl, mosaic) + distance(mosaic, pastel)


@pytest.mark.parametrize("name", FEW)
def test_big_blocks_in_another_order_are_the_same_texture(name: str) -> None:
    """Composition counts nowhere: what shuffling adds is the seams, far less than what another style has."""
    rows, columns = LARGE[1] // BLOCK, LARGE[0] // BLOCK
    blocks = pixels(name).reshape(rows, BLOCK, columns, BLOCK, 3).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK, 3)
    order = np.random.default_rng(0).permutation(len(blocks))
    shuffled = blocks[order].reshape(rows, columns, BLOCK, BLOCK, 3).swapaxes(1, 2)

    assert moved(name, shuffled.reshape(pixels(name).shape)) < 0.45


@pytest.mark.parametrize("name", FEW)
def test_a_shifted_picture_is_the_same_texture(name: str) -> None:
    """Neither does place count in pixels, by steps too that no octave divides."""
    assert moved(name, np.roll(pixels(name), (29, 17), axis=(0, 1))) < 0.4


@pytest.mark.parametrize("name", FEW)
def test_half_a_picture_is_nearer_to_its_whole_than_to_any_other(name: str) -> None:
    """Pictures of different sizes can be compared."""
    assert moved(name, pixels(name)[:, : LARGE[0] // 2]) < 0.8


def test_a_tint_is_no_structure() -> None:
    """A constant added to every pixel moves nothing, as patches count without their mean colour; with colours it does.

    Nor is it less than the tint itself: a shift of one channel by 90 of 255 is about a third of full contrast in it.
    """
    dark = np.asarray(drawn("swirl")) // 2
    tinted = dark + np.array([90, 20, 0], np.uint8)
    pictures = Image.fromarray(dark), Image.fromarray(tinted)

    structure, coloured = (distance(*(signature(p, colours=colours) for p in pictures)) for colours in (False, True))

    assert structure < 1e-6
    assert coloured > 0.1


@pytest.mark.parametrize("name", FEW)
def test_with_colours_a_recoloured_style_is_farther_from_itself(name: str) -> None:
    """Turning the colours round changes what is seen with colours more than what is seen of structure alone."""
    turned = Image.fromarray(np.ascontiguousarray(np.asarray(drawn(name))[..., [1, 2, 0]]))
    other = next(found for found in FEW if found != name)

    def moved_by_turning(*, colours: bool) -> float:
        one, two, far = (signature(p, colours=colours) for p in (drawn(name), turned, drawn(other)))
        return distance(one, two) / distance(one, far)

    assert moved_by_turning(colours=True) > moved_by_turning(colours=False)


@pytest.mark.parametrize("name", STYLES)
def test_each_style_by_another_hand_is_nearest_to_itself(name: str) -> None:
    """What could not tell our drawings apart could not judge a painting."""
    other_hand = signature(drawn(name, seed=1))

    assert min(STYLES, key=lambda style: distance(other_hand, texture(style))) == name


def test_a_picture_too_small_for_the_octaves_is_refused_with_both_sizes() -> None:
    """The message tells the size had and the size needed."""
    with pytest.raises(ValueError, match=rf"200x{MIN_SIDE - 1}.*at least {MIN_SIDE}"):
        signature(Image.new("RGB", (200, MIN_SIDE - 1)))
