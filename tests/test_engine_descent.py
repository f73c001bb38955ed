"""Laws of the descent, on functions whose shape is known."""

import copy
from collections.abc import Callable
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from impasto.engine import Diverged, Losses
from impasto.engine.descent import OVERSHOT, Descent, Slope, by_autograd
from impasto.method.settings import USUAL_HISTORY


def as_losses(function: Callable[[Tensor], Tensor]) -> Slope:
    """J with a single term, and its gradient."""

    def evaluate(variable: Tensor) -> Losses:
        value = function(variable)
        zero = value.new_zeros(())
        return Losses(value, zero, zero, zero)

    return by_autograd(evaluate)


def bowl(variable: Tensor) -> Tensor:
    """A quadratic of condition 100."""
    scale = torch.linspace(1, 100, variable.numel()).view_as(variable)
    return (scale * (variable - 0.5) ** 2).sum()


def cliff(variable: Tensor) -> Tensor:
    """Nearly flat where one starts, steep as an exponential behind: L-BFGS's first full step goes far too far."""
    return (torch.exp(40 * (variable - 1)) - variable + 3).mean()


def falling(
    function: Callable[[Tensor], Tensor], steps: int, optimizer: str = "lbfgs", history: int = USUAL_HISTORY
) -> list[float]:
    """J before each step."""
    descent = Descent(torch.zeros(1, 3, 8, 8), "adam" if optimizer == "adam" else "lbfgs", 0.02, history)
    return [descent.advance(as_losses(function))["total"] for _ in range(steps)]


@pytest.mark.parametrize(("optimizer", "steps", "history"), [("lbfgs", 40, 10), ("lbfgs", 40, 100), ("adam", 400, 10)])
def test_a_bowl_is_descended(optimizer: str, steps: int, history: int) -> None:
    """Either optimiser reaches the bottom of a bowl."""
    totals = falling(bowl, steps, optimizer, history)

    assert totals[-1] < 1e-3 * totals[0]


@pytest.mark.parametrize("history", [10, 100])
def test_an_overshooting_move_is_taken_back(history: int) -> None:
    """After a move that more than doubled J the next looks are from ever nearer, until J is no worse; then down."""
    totals = falling(cliff, 40, history=history)
    thrown = [index for index, total in enumerate(totals) if total > OVERSHOT * totals[0]]

    assert thrown, "the function must be one that throws L-BFGS out"
    assert all(totals[index + 1] <= totals[index] for index in thrown)
    assert totals[-1] < totals[0]
    assert totals[-1] == pytest.approx(min(totals), rel=0.05)


@pytest.mark.parametrize("history", [10, 100])
def test_infinity_behind_a_move_is_taken_back_too(history: int) -> None:
    """A move into where J is infinite or no number ends at a finite place."""
    totals = falling(lambda variable: cliff(variable * 4), 60, history=history)

    assert totals[-1] < totals[0]


def test_infinity_at_the_start_is_told() -> None:
    """Where there is nothing to go back to the error says what J was."""
    descent = Descent(torch.full((1, 3, 4, 4), torch.inf), "lbfgs", 0.02)

    with pytest.raises(Diverged, match="the loss became"):
        descent.advance(as_losses(bowl))


@pytest.mark.parametrize(
    ("history", "at"), [*((10, at) for at in (1, 2, 3, 4, 5, 9)), *((20, at) for at in (1, 2, 9, 13, 14, 21, 34, 47))]
)
def test_state_goes_on_bit_for_bit_across_a_step_back(history: int, at: int) -> None:
    """A descent taken up from any state, in the midst of going back too, makes the same moves."""
    straight = Descent(torch.zeros(1, 3, 8, 8), "lbfgs", 0.02, history)
    for _ in range(at):
        straight.advance(as_losses(cliff))
    resumed = Descent(torch.ones(1, 3, 8, 8), "lbfgs", 0.02, history)
    resumed.restore(straight.state())
    for _ in range(8):
        expected, found = straight.advance(as_losses(cliff)), resumed.advance(as_losses(cliff))

        assert found == expected
    assert torch.equal(resumed.variable, straight.variable)


def test_a_stirred_variable_has_twice_the_contrast_and_comes_down_again() -> None:
    """Around the mean of each channel of the last place that was accepted; the descent begins anew, without pairs."""
    start = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    descent = Descent(start.clone(), "lbfgs", 0.02, 20, stirred_at=12)
    seen = list[Tensor]()

    def noted(variable: Tensor) -> tuple[dict[str, float], Tensor]:
        seen.append(variable.detach().clone())
        return as_losses(bowl)(variable)

    totals = [descent.advance(noted)["total"] for _ in range(60)]

    middle = seen[11].mean((2, 3), keepdim=True)
    torch.testing.assert_close(seen[12], middle + 2 * (seen[11] - middle))
    assert totals[12] > 3 * totals[11]
    assert totals[-1] < 0.1 * totals[11]


@pytest.mark.parametrize("at", [3, 5, 6, 7, 11])
def test_state_goes_on_bit_for_bit_across_a_stir(at: int) -> None:
    """Before, right after and long after it; who goes on need not know that it was asked for."""
    straight = Descent(torch.zeros(1, 3, 8, 8), "lbfgs", 0.02, 20, stirred_at=6)
    for _ in range(at):
        straight.advance(as_losses(bowl))
    resumed = Descent(torch.ones(1, 3, 8, 8), "lbfgs", 0.02, 20)
    resumed.restore(straight.state())
    for _ in range(8):
        assert resumed.advance(as_losses(bowl)) == straight.advance(as_losses(bowl))
    assert torch.equal(resumed.variable, straight.variable)


@pytest.mark.parametrize(("optimizer", "history"), [("lbfgs", 10), ("adam", 10)])
def test_neither_adam_nor_a_short_memory_is_stirred(optimizer: Literal["lbfgs", "adam"], history: int) -> None:
    """Their moves are what they were."""
    plain, asked = (Descent(torch.zeros(1, 3, 8, 8), optimizer, 0.02, history, at) for at in (0, 3))
    for _ in range(8):
        assert asked.advance(as_losses(bowl)) == plain.advance(as_losses(bowl))


@pytest.mark.parametrize(("optimizer", "history"), [("lbfgs", 10), ("lbfgs", 11), ("lbfgs", 20), ("adam", 10)])
def test_a_state_stays_as_it_was_while_the_descent_goes_on(optimizer: Literal["lbfgs", "adam"], history: int) -> None:
    """Not all of it is a copy: what is shared is never written into, as a thread may be writing it to a disk."""
    descent = Descent(torch.zeros(1, 3, 8, 8), optimizer, 0.02, history)
    for _ in range(15):
        descent.advance(as_losses(bowl))
    state = descent.state()
    before = copy.deepcopy(state)
    for _ in range(15):
        descent.advance(as_losses(bowl))

    assert same(state, before)
    assert not same(descent.state(), before)


def same(one: Any, other: Any) -> bool:
    """Whether nested dicts and lists hold the same numbers and tensors, bit for bit."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
