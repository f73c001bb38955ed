"""L-BFGS with a long memory, against the textbook's loops, and the preconditioner, against what it must learn."""

import math

import pytest
import torch
from torch import Tensor

from impasto.engine.descent.limited_memory import LimitedMemory
from impasto.engine.descent.preconditioner import Preconditioner
from impasto.method.settings import BLOCK, rows_for

SHAPE = (1, 3, 6, 8)


def vectors(count: int, seed: int = 0) -> Tensor:
    """Flattened images of noise."""
    return torch.randn(count, math.prod(SHAPE), generator=torch.Generator().manual_seed(seed))


def hessian() -> Tensor:
    """Symmetric, positive, of condition 400 and no simple structure."""
    turned, _ = torch.linalg.qr(torch.randn(144, 144, generator=torch.Generator().manual_seed(9)))
    curved: Tensor = turned @ torch.diag(torch.logspace(-1, 1.6, 144)) @ turned.T
    return curved


def two_loops(gradient: Tensor, moves: list[Tensor], changes: list[Tensor], late: int = 20) -> Tensor:
    """Nocedal 1980, in double precision, with the largest s.y / y.y of late as first guess."""
    g, pairs = gradient.double(), [(s.double(), y.double()) for s, y in zip(moves, changes, strict=True)]
    shares = []
    for s, y in reversed(pairs):
        shares.append(s.dot(g) / s.dot(y))
        g = g - shares[-1] * y
    g = g * max(s.dot(y) / y.dot(y) for s, y in pairs[-late:])
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        g = g + (share - y.dot(g) / s.dot(y)) * s
    return -g


@pytest.mark.parametrize(("history", "steps"), [(100, 2), (100, 10), (100, 33), (20, 25), (11, 45)])
def test_a_move_is_what_the_textbooks_loops_say(monkeypatch: pytest.MonkeyPatch, history: int, steps: int) -> None:
    """Of the pairs that are remembered, which are `history` less nine at least; a number as the first guess."""
    monkeypatch.setattr("impasto.engine.descent.limited_memory.LEARNED_AT", 1000)
    memory, curved, x = LimitedMemory(torch.zeros(SHAPE), history), hessian(), vectors(1)[0]
    moves, changes = list[Tensor](), list[Tensor]()
    for _ in range(steps):
        gradient = curved @ x
        move = memory.move(gradient)
        x = x + move
        moves.append(move.clone())
        changes.append(curved @ x - gradient)
    found = memory.move(curved @ x)

    held = len(memory)
    assert held == steps or history - BLOCK < held <= rows_for(history)
    expected = two_loops(curved @ x, moves[-held:], changes[-held:]).float()
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-3 * float(expected.abs().max()))


def test_a_pair_without_curvature_is_not_learned() -> None:
    """Where a move made the gradient longer along itself, as on the way over a hill, the pair is left out."""
    memory, gradient = LimitedMemory(torch.zeros(SHAPE), 20), vectors(1)[0]
    memory.move(gradient)
    memory.move(0.9 * gradient)
    assert len(memory) == 1

    memory.move(1.1 * gradient)

    assert len(memory) == 1


def test_after_some_moves_too_far_in_a_row_the_pairs_are_forgotten() -> None:
    """Ever shorter first; then it begins anew, down the gradient, as pairs that lead nowhere are wrong ones."""
    memory, curved, x = LimitedMemory(torch.zeros(SHAPE), 20), hessian(), vectors(1)[0]
    for _ in range(8):
        x = x + memory.move(curved @ x)
    last = memory.move(curved @ x)

    shorter = [memory.shortened().clone() for _ in range(4)]

    for count, move in enumerate(shorter, 1):
        torch.testing.assert_close(move, last / 4**count)
    assert len(memory) == 8
    anew = memory.shortened()
    assert len(memory) == 0
    assert torch.cosine_similarity(anew, -(curved @ x), 0) == pytest.approx(1, abs=1e-5)
    assert float(memory.shortened().norm()) < float(anew.norm())


def test_a_move_of_no_numbers_becomes_none() -> None:
    """What is infinite or no number in a move that went too far does not count in the shorter one."""
    memory, gradient = LimitedMemory(torch.zeros(SHAPE), 20), vectors(1)[0]
    gradient[3] = torch.nan
    memory.move(gradient)

    assert torch.isfinite(memory.shortened()).all()


# the preconditioner


def pairs_of(places: Tensor, gains: Tensor, count: int = 20) -> list[tuple[Tensor, Tensor]]:
    """Moves and changes by a Hessian that is A^-1 F* B^-1 F A^-1."""
    moves = vectors(count, seed=1)
    waves = torch.fft.rfft2(moves.view(-1, *SHAPE[1:]) / places) / gains
    changes = torch.fft.irfft2(waves, s=SHAPE[2:]) / places
    return [(moves, changes.reshape(count, -1))]


def test_it_is_nothing_before_it_has_learned() -> None:
    """The same vector."""
    one = vectors(1)[0]

    assert torch.equal(Preconditioner(torch.zeros(SHAPE))(one), one)


def test_it_is_symmetric_and_positive() -> None:
    """As a first guess of an inverse Hessian must be; of one vector and of many at once."""
    learned = Preconditioner(torch.zeros(SHAPE))
    learned.learn(pairs_of(torch.rand(6, 8) + 0.1, torch.rand(6, 5) + 0.1))
    some = vectors(9, seed=2)

    products = some @ learned(some).T

    torch.testing.assert_close(products, products.T)
    assert (torch.linalg.eigvalsh(products.double()) > 0).all()
    torch.testing.assert_close(learned(some[0]), learned(some)[0])


def test_it_learns_a_hessian_that_is_one_of_frequencies() -> None:
    """Up to a factor: D H is then a number, as far as bands are."""
    down, right = torch.fft.fftfreq(6)[:, None], torch.fft.rfftfreq(8)[None]
    gains = ((down**2 + right**2).sqrt() * 8).clamp_min(1) ** -3.0
    learned = Preconditioner(torch.zeros(SHAPE))

    pairs = pairs_of(torch.ones(6, 8), gains)
    learned.learn(pairs)

    (moves, changes), *_ = pairs
    before, after = (torch.cosine_similarity(moves, one, 1).mean() for one in (changes, learned(changes)))
    assert before < 0.8
    assert after > 0.95


def test_it_learns_where_a_picture_moves() -> None:
    """Where gradients change much for small moves D is small, and where nothing ever moves it is a number."""
    large = torch.zeros(1, 3, 96, 96)
    moves, factor = torch.randn(20, 3, 96, 96, generator=torch.Generator().manual_seed(3)), torch.ones(96, 96)
    factor[:, 48:] = 100.0
    factor[:24] = 0.0
    learned = Preconditioner(large)
    learned.learn([((moves * (factor > 0)).flatten(1), (moves * factor).flatten(1))])

    found = learned(torch.ones(1, large.numel())).view(3, 96, 96)

    assert torch.isfinite(found).all()
    quiet, loud = found[:, 60:, :24].mean(), found[:, 60:, -24:].mean()
    assert 20 < quiet / loud < 500


def test_a_small_picture_is_not_smoothed_beyond_its_border() -> None:
    """Of a side of one pixel, too."""
    for height, width in ((1, 16), (2, 3), (16, 1), (5, 5)):
        learned = Preconditioner(torch.zeros(1, 3, height, width))
        some = torch.randn(4, 3 * height * width, generator=torch.Generator().manual_seed(4))
        learned.learn([(some, 2 * some)])

        torch.testing.assert_close(learned(some), 0.5 * some, rtol=1e-3, atol=1e-4)
