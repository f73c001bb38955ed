"""L-BFGS with a long memory and any first guess of the inverse Hessian, in single steps without line search.

Knows flattened gradients and moves. Must not know J, pictures' meaning, or what is done where a move goes too far:
``descent`` has one of these where more than ten pairs are to be remembered.

The inverse Hessian is H = gamma D + corrections by pairs of moves s and of the changes y that they made in the gradient
(Nocedal 1980). With the pairs as rows of S and Y, and R the upper triangle of S Y^T, the two loops over them are two
triangular systems (Byrd, Nocedal and Schnabel 1994, "Representations of quasi-Newton matrices", theorem 2.2):

    a = R^-1 S g;    q = gamma D (g - Y^T a);    c = R^-T (diag(R) a - Y q);    direction = -(q + S^T c)

so a step is six products of matrices with vectors and reads the device twice, however many pairs there are, where the
loops would wait for it at each pair ("vector-free L-BFGS", Chen, Wang and Zhou 2014, for the same reason). R and the
triangular systems are in float64 on the host. gamma is the largest s.y / y.Dy of late, and D a ``preconditioner``:
engine/LOG.md has what each brings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from impasto.engine.descent.preconditioner import Preconditioner
from impasto.method.settings import BLOCK, rows_for

LATE = 20  # pairs from which gamma and D are found
LEARNED_AT = 10  # pairs, from which on D is learned
LEARNED_EVERY = 5  # pairs
BATCH_VALUES = 1 << 22  # of pairs of which D is learned that a GPU transforms at a time; a processor has one in cache
LEAST_CURVATURE = 1e-10  # as torch has it
SHORTENED = 0.25  # of a move that went too far is kept
PATIENCE = 5  # moves in a row that went too far, before the pairs are held to be wrong and forgotten


@dataclass
class Block:
    """Some pairs, the oldest first. Rows below `filled` are never written again, so a state may refer to them."""

    moves: Tensor
    changes: Tensor
    filled: int = 0

    @classmethod
    def like(cls, gradient: Tensor) -> Self:
        """An empty one for pairs of that length."""
        return cls(gradient.new_empty(BLOCK, len(gradient)), gradient.new_empty(BLOCK, len(gradient)))

    @classmethod
    def of(cls, moves: Tensor, changes: Tensor, like: Tensor) -> Self:
        """One with these pairs, and room for others, where and of the type of `like`."""
        block = cls.like(like.new_empty(moves.shape[1]))
        block.moves[: len(moves)], block.changes[: len(moves)], block.filled = moves, changes, len(moves)
        return block


class LimitedMemory:
    """The pairs, and the next move by them.

    The mutable state: blocks of pairs; R; y.Dy of each pair of late; D, and how many pairs had been made when it was
    learned; the gradient and the move of the last step; how often that was shortened; how much longer than the first a
    move without pairs may be.
    """

    def __init__(self, like: Tensor, history: int) -> None:
        """For variables like that, (1, C, H, W); where there are `history` pairs, the oldest ten are forgotten."""
        self._history, self._like = history, like.detach()[..., :0, :0]  # where everything lies
        self._shape = like.shape
        self.forget()

    def forget(self) -> None:
        """Everything but how much may be remembered, as before the first move."""
        self._blocks, self._upper = list[Block](), torch.zeros(0, 0, dtype=torch.float64)
        self._scaled = list[float]()  # y.Dy, of the last pairs
        self._preconditioner = Preconditioner(self._like.new_empty(()).expand(self._shape))
        self._made, self._learned_at = 0, 0
        self._gradient: Tensor | None = None
        self._move: Tensor | None = None
        self._shortened, self._growth = 0, 1.0

    @torch.no_grad()
    def move(self, gradient: Tensor) -> Tensor:
        """The next move (N,) from where the gradient is this; it is kept, and must not be written into any more."""
        self._shortened = 0
        last, self._gradient = self._gradient, gradient
        slopes = self._taken_in(gradient, last)
        self._move = self._direction(gradient, slopes) if len(slopes) else self._steepest(gradient)
        return self._move

    @torch.no_grad()
    def shortened(self) -> Tensor:
        """A quarter of the last move, in its place; when that has not helped for long, a new beginning."""
        assert self._move is not None
        assert self._gradient is not None
        self._shortened += 1
        if self._shortened % PATIENCE:
            self._move = torch.nan_to_num(self._move, posinf=0.0, neginf=0.0) * SHORTENED
        else:
            self._blocks, self._upper, self._scaled = [], self._upper[:0, :0], []
            self._growth = SHORTENED ** (self._shortened // PATIENCE - 1)
            self._move = self._steepest(self._gradient)
        return self._move

    def _steepest(self, gradient: Tensor) -> Tensor:
        """Down the gradient: by 1 in the sum of absolute values at first, as torch's; ever further without pairs."""
        move = -gradient * ((1 / gradient.abs().sum()).clamp(max=1) * self._growth)
        self._growth /= SHORTENED
        return move

    def _taken_in(self, gradient: Tensor, last: Tensor | None) -> Tensor:
        """Makes the last move and what it changed a pair, where the curvature is positive. S g, float64 on the host."""
        if last is None or self._move is None:
            return self._upper.new_zeros(0)
        block = self._free_block(gradient)
        move, change = block.moves[block.filled], block.changes[block.filled]
        move.copy_(self._move)
        torch.sub(gradient, last, out=change)
        block.filled += 1
        products = [one.moves[: one.filled] @ other for other in (gradient, change) for one in self._blocks]
        scaled = torch.dot(change, self._preconditioner(change))
        told = torch.cat([*products, scaled[None]]).to("cpu", torch.float64)
        slopes, column = told[:-1].chunk(2)
        if not column[-1] > LEAST_CURVATURE:  # also for NaN
            block.filled -= 1
            return slopes[:-1]
        upper = self._upper.new_zeros(len(column), len(column))
        upper[:-1, :-1], upper[:, -1] = self._upper, column
        self._upper, self._made = upper, self._made + 1
        self._scaled = [*self._scaled, float(told[-1])][-LATE:]
        return slopes

    def _free_block(self, gradient: Tensor) -> Block:
        """One with a row to write into; the oldest is given up where there are as many pairs as may be."""
        if not self._blocks or self._blocks[-1].filled == BLOCK:
            if len(self._upper) + BLOCK > rows_for(self._history):
                del self._blocks[0]
                self._upper = self._upper[BLOCK:, BLOCK:].clone()
                self._scaled = self._scaled[max(0, len(self._scaled) - len(self._upper)) :]
            self._blocks.append(Block.like(gradient))
        return self._blocks[-1]

    def _direction(self, gradient: Tensor, slopes: Tensor) -> Tensor:
        """-H g; theorem 2.2."""
        fresh = self._learned_anew()
        shares = torch.linalg.solve_triangular(self._upper, slopes[:, None], upper=True)[:, 0]
        ahead = gradient.clone()
        for block, share in self._parts(shares, gradient):
            ahead.addmv_(block.changes[: block.filled].T, share, alpha=-1)
        ahead = self._preconditioner(ahead)
        products = [block.changes[: block.filled] @ ahead for block in self._blocks]
        told = torch.cat([*products, *fresh]).to("cpu", torch.float64)
        if fresh:
            self._scaled = told[len(shares) :].tolist()
        curvature = self._upper.diagonal()
        gamma = max(s / y for s, y in zip(curvature[-len(self._scaled) :].tolist(), self._scaled, strict=True))
        right = curvature * shares - gamma * told[: len(shares)]
        back = torch.linalg.solve_triangular(self._upper.T, right[:, None], upper=False)[:, 0]
        way = ahead.mul_(-gamma)
        for block, share in self._parts(back, gradient):
            way.addmv_(block.moves[: block.filled].T, share, alpha=-1)
        return way

    def _learned_anew(self) -> list[Tensor]:
        """Where it is time, D from the pairs of late; then the y.Dy of these, in parts."""
        if self._made < LEARNED_AT or (self._learned_at and self._made - self._learned_at < LEARNED_EVERY):
            return []
        self._learned_at = self._made
        late = list(self._late())
        self._preconditioner.learn(late)
        return [(changes * self._preconditioner(changes)).sum(1) for _, changes in late]

    def _late(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The pairs of late, the oldest first, as matrices of some rows."""
        skipped = max(0, len(self._upper) - LATE)
        for block in self._blocks:
            first = min(skipped, block.filled)
            skipped -= first
            rows = max(1, BATCH_VALUES // block.moves.shape[1]) if block.moves.is_cuda else 1
            for start in range(first, block.filled, rows):
                some = slice(start, min(start + rows, block.filled))
                yield block.moves[some], block.changes[some]

    def _parts(self, shares: Tensor, like: Tensor) -> list[tuple[Block, Tensor]]:
        """Each block with its part of numbers by pair, on the device."""
        parts = shares.to(like.device, like.dtype).split([block.filled for block in self._blocks])
        return list(zip(self._blocks, parts, strict=True))

    def state_dict(self) -> dict[str, Any]:
        """All that the next move depends on: tensors, numbers, dicts and lists; pairs are referred to, not copied."""
        return {
            "moves": [block.moves[: block.filled] for block in self._blocks if block.filled],
            "changes": [block.changes[: block.filled] for block in self._blocks if block.filled],
            "upper": self._upper,
            "scaled": self._scaled,
            "preconditioner": self._preconditioner.state_dict(),
            "made": self._made,
            "learned_at": self._learned_at,
            "gradient": self._gradient,
            "move": self._move,
            "shortened": self._shortened,
            "growth": self._growth,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse, with pairs of its own; the other arrays become its own."""
        pairs = zip(state["moves"], state["changes"], strict=True)
        self._blocks = [Block.of(moves, changes, self._like) for moves, changes in pairs]
        self._upper, self._scaled = state["upper"].to("cpu"), list(state["scaled"])
        self._preconditioner.load_state_dict(state["preconditioner"])
        self._made, self._learned_at, self._shortened = state["made"], state["learned_at"], state["shortened"]
        self._growth = state["growth"]
        self._gradient, self._move = (
            None if state[name] is None else state[name].to(self._like) for name in ("gradient", "move")
        )

    def __len__(self) -> int:
        return len(self._upper)

    def __repr__(self) -> str:
        return f"<LimitedMemory of {len(self)} pairs>"
