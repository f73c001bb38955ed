"""Laws of the pyramid and of the style's size: arithmetic that can be done by hand."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine import Scale, pyramid
from impasto.engine.objective.styles import resize_style
from impasto.engine.pyramid import share_steps


def sizes(*args: int) -> list[tuple[int, int, int]]:
    return [(scale.height, scale.width, scale.steps) for scale in pyramid(*args)]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((384, 512, 300, 3), [(96, 128, 100), (192, 256, 100), (384, 512, 100)]),
        ((384, 512, 300, 2), [(192, 256, 150), (384, 512, 150)]),
        ((384, 512, 300, 1), [(384, 512, 300)]),
        ((384, 512, 301, 3), [(96, 128, 101), (192, 256, 100), (384, 512, 100)]),  # the odd step to the cheapest
        ((384, 512, 2, 3), [(192, 256, 1), (384, 512, 1)]),  # a scale without a step is no scale
        ((255, 255, 10, 3), [(128, 128, 5), (255, 255, 5)]),  # 127.5 is rounded to the even 128
        ((253, 253, 10, 3), [(253, 253, 10)]),  # its half, 126, is below 128
        ((62, 256, 10, 3), [(62, 256, 10)]),  # its half is 31 px high, and 32 are the least to begin with
        ((64, 256, 10, 3), [(32, 128, 5), (64, 256, 5)]),
        ((4096, 4096, 8, 8), [(2**n, 2**n, steps) for n, steps in zip(range(7, 13), (2, 2, 1, 1, 1, 1), strict=True)]),
        ((16, 16, 1, 8), [(16, 16, 1)]),
    ],
)
def test_pyramid_by_hand(args: tuple[int, ...], expected: list[tuple[int, int, int]]) -> None:
    """Halves until the long side would fall below 128 px or the short one below 32, coarse first."""
    assert sizes(*args) == expected


@given(st.integers(16, 5000), st.integers(16, 5000), st.integers(1, 2000), st.integers(1, 8))
def test_pyramid_spends_every_step_and_ends_at_the_picture(height: int, width: int, steps: int, most: int) -> None:
    """No step is lost, none is idle, and the last scale is the picture's own size."""
    scales = pyramid(height, width, steps, most)

    assert sum(scale.steps for scale in scales) == steps
    assert min(scale.steps for scale in scales) >= 1
    assert (scales[-1].height, scales[-1].width) == (height, width)
    assert len(scales) <= most
    assert all(fine.height > coarse.height for coarse, fine in pairwise(scales))


@given(st.integers(1, 1000), st.integers(1, 8))
def test_steps_are_shared_evenly(steps: int, scales: int) -> None:
    """No scale has more than one step more than another, and none more than a coarser one."""
    shares = share_steps(steps, scales)

    assert sum(shares) == steps
    assert max(shares) - min(shares) <= 1
    assert list(shares) == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((15, 200, 1), "the picture is 200x15 px; each side must have at least 16"),
        ((200, 15, 1), "the picture is 15x200 px; each side must have at least 16"),
        ((16, 16, 0), "0 steps; at least 1 is needed"),
    ],
)
def test_pyramid_refuses_what_it_cannot_build(args: tuple[int, int, int], message: str) -> None:
    """The refusal names the number had and the number needed."""
    with pytest.raises(ValueError, match=message):
        pyramid(*args)


@pytest.mark.parametrize(
    ("style", "style_scale", "expected"),
    [
        ((200, 400), 1.0, (50, 100)),  # its long side is made the scale's
        ((200, 400), 2.0, (100, 200)),  # larger strokes
        ((200, 400), 0.5, (25, 50)),
        ((30, 60), 1.0, (30, 60)),  # never enlarged
        ((30, 60), 4.0, (30, 60)),
        ((20, 800), 1.0, (16, 640)),  # thin: kept at 16 px
        ((16, 800), 1.0, (16, 800)),
    ],
)
def test_style_size_by_hand(style: tuple[int, int], style_scale: float, expected: tuple[int, int]) -> None:
    """The style's long side is `style_scale` times the scale's, never above its own pixels nor below 16."""
    found = resize_style(torch.zeros(1, 3, *style), Scale(height=100, width=60, steps=1), style_scale)

    assert tuple(found.shape[2:]) == expected


def test_a_style_that_fits_is_the_very_same() -> None:
    """Where nothing is to be resized, not a bit is touched."""
    style = torch.rand(1, 3, 40, 60)

    assert resize_style(style, Scale(60, 60, 1), 1.0) is style
