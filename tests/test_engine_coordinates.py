"""Laws of the coordinates in which X moves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.engine.descent.coordinates import Coordinates

pytestmark = pytest.mark.usefixtures("one_thread")


@given(st.integers(16, 40), st.integers(16, 40), st.floats(0, 1), st.integers(0, 99))
def test_there_and_back_is_the_same_picture(height: int, width: int, power: float, seed: int) -> None:
    """A variable stands for exactly one X, whatever the size and the power."""
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    coordinates = Coordinates(height, width, power, image)

    torch.testing.assert_close(coordinates.image(coordinates.variable(image)), image, rtol=0, atol=1e-12)


def test_power_zero_is_pixels_to_the_bit() -> None:
    """Without a power nothing is transformed and nothing is shared."""
    image = torch.rand(1, 3, 20, 24)
    coordinates = Coordinates(20, 24, 0.0, image)
    variable = coordinates.variable(image)

    assert torch.equal(variable, image)
    assert variable.data_ptr() != image.data_ptr()
    assert coordinates.image(variable) is variable


@pytest.mark.parametrize("power", [0.25, 0.5, 1.0])
def test_a_slow_form_moves_more_than_a_fast_one(power: float) -> None:
    """The same push moves a form of four times the length 4^power as far in X."""
    position = torch.arange(64, dtype=torch.float64)
    slow, fast = (torch.cos(2 * torch.pi * position / length).expand(1, 3, 64, 64) for length in (16, 4))
    coordinates = Coordinates(64, 64, power, slow)
    moved = [coordinates.image(form).norm() / form.norm() for form in (slow, fast)]

    assert (moved[0] / moved[1]).item() == pytest.approx(4**power)


@given(st.integers(16, 40), st.integers(16, 40), st.floats(0.05, 2), st.integers(0, 99))
def test_there_and_back_in_light_and_colour(height: int, width: int, gain: float, seed: int) -> None:
    """With colour slower or faster than light a variable still stands for exactly one X."""
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    coordinates = Coordinates(height, width, 0.35, image, gain)

    torch.testing.assert_close(coordinates.image(coordinates.variable(image)), image, rtol=0, atol=1e-12)


def test_colour_moves_by_its_gain() -> None:
    """The same push moves a gray form by one and a form of colour alone by the gain."""
    form = torch.cos(2 * torch.pi * torch.arange(32, dtype=torch.float64) / 8).expand(1, 1, 32, 32)
    coordinates = Coordinates(32, 32, 0.5, form, colour_gain=0.4)
    moved = []
    for axis in ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0)):
        push = form * form.new_tensor(axis).view(1, 3, 1, 1)
        moved.append((coordinates.image(push).norm() / push.norm()).item())

    assert moved[1:] == pytest.approx([0.4 * moved[0]] * 2)


def test_the_gradient_passes_through() -> None:
    """The gradient in the variable is the gradient in X through the adjoint of the map, which is the map itself."""
    generator = torch.Generator().manual_seed(0)
    start, push = (torch.randn(1, 3, 18, 21, generator=generator, dtype=torch.float64) for _ in range(2))
    coordinates = Coordinates(18, 21, 0.5, start)
    variable = start.clone().requires_grad_()
    (coordinates.image(variable) * push).sum().backward()

    assert variable.grad is not None
    torch.testing.assert_close(variable.grad, coordinates.image(push))
