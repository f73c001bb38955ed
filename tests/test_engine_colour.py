"""Laws of colour: what is kept is kept, what is matched has the statistics asked for, what is invertible inverts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto.engine.colour import Colouring, faded, lab_from_rgb, luminance, matched, matched_lab, rgb_from_lab
from impasto.method import Colour

COLOURS: tuple[Colour, ...] = ("style", "content-luminance", "content-match-rgb", "content-match-lab")


def picture(seed: int, height: int = 12, width: int = 16) -> Tensor:
    """Colours that go together in some way, but of which none is made of the others."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.eye(3, dtype=torch.float64) + 0.3 * torch.rand(3, 3, generator=generator, dtype=torch.float64)
    noise = torch.rand(1, 3, height, width, generator=generator, dtype=torch.float64)
    return torch.einsum("ij,bjhw->bihw", mixed / mixed.sum(1, keepdim=True), noise)


def statistics(image: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean and covariance, by numpy's definition."""
    flat = image[0].flatten(1) if mask is None else image[0][:, mask[0, 0] > 0]
    return flat.mean(1), torch.cov(flat, correction=0)


@given(st.integers(0, 999))
def test_matched_colours_have_mean_and_covariance_of_the_content(seed: int) -> None:
    """Up to the floor that keeps a flat picture from breaking it; where the content is masked, of what is left."""
    style, content, mask = picture(seed), picture(seed + 1), torch.zeros(1, 1, 12, 16)
    mask[..., :7] = 1

    for where in (None, mask):
        mean, covariance = statistics(matched(style, content, where))
        wanted_mean, wanted = statistics(content, where)
        torch.testing.assert_close(mean, wanted_mean)
        torch.testing.assert_close(covariance, wanted, rtol=2e-2, atol=5e-5)


def test_matching_back_gives_the_style_again() -> None:
    """The linear map is invertible; its inverse is the match to the former self."""
    style, content = picture(1), picture(2)

    torch.testing.assert_close(matched(matched(style, content), style), style, rtol=0, atol=5e-3)


def test_matched_in_lab_has_labs_statistics() -> None:
    """Of light and the two colour axes."""
    found = lab_from_rgb(matched_lab(picture(1), picture(2)).clamp(0, 1))

    torch.testing.assert_close(statistics(found)[0], statistics(lab_from_rgb(picture(2)))[0], rtol=0, atol=1.0)


@given(st.integers(0, 999))
def test_lab_there_and_back_is_the_same_picture(seed: int) -> None:
    """In both directions, dark colours included."""
    image = picture(seed) ** 4

    torch.testing.assert_close(rgb_from_lab(lab_from_rgb(image)), image, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0.0, 0.0)),
    ],
)
def test_lab_of_known_colours(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    """The primaries of sRGB under D65 as tables have them."""
    found = lab_from_rgb(torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1))

    torch.testing.assert_close(found.flatten(), torch.tensor(lab, dtype=torch.float64), rtol=0, atol=0.02)


def test_luminance_alone_is_transferred() -> None:
    """The network sees gray pictures; of X light remains, with the very colours of the content."""
    colouring, content, x = Colouring("content-luminance"), picture(1), picture(2)

    shown, style = colouring.shown(content), colouring.recoloured(picture(3), content)
    found = colouring.restored(x, content)

    for gray in (shown, style):
        torch.testing.assert_close(gray, luminance(gray).expand_as(gray))
    torch.testing.assert_close(luminance(style).mean(), luminance(content).mean())
    torch.testing.assert_close(luminance(style).std(), luminance(content).std(), rtol=1e-3, atol=0)
    torch.testing.assert_close(luminance(found), luminance(x))
    torch.testing.assert_close(found - luminance(found), content - luminance(content))


@pytest.mark.parametrize("colour", COLOURS)
def test_at_strength_zero_nothing_changes(colour: Colour) -> None:
    """To the bit; and a little strength changes little."""
    none, little = Colouring(colour, 0.0), Colouring(colour, 1e-6)
    content, style, x = picture(1), picture(2), picture(3)

    assert none.plain
    assert none.shown(content) is content
    assert none.recoloured(style, content) is style
    assert none.restored(x, content) is x
    torch.testing.assert_close(little.recoloured(style, content), style, rtol=0, atol=1e-5)
    torch.testing.assert_close(little.restored(x, content), x, rtol=0, atol=1e-5)


def test_fading_leaves_light() -> None:
    """Whatever is left of colour."""
    image = picture(4)

    torch.testing.assert_close(luminance(faded(image, 0.3)), luminance(image))
    torch.testing.assert_close(faded(image, 1.0), image)
