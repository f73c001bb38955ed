"""The descent: one variable, the optimiser that moves it, and the guard around each move.

Knows a tensor and a function that tells J and its gradient there. Must not know what J is made of, how its gradient is
found, encoders or scales. ``scale`` makes one each. At equal threads everything that decides the next move is in
`state`, so a descent can be taken up elsewhere, bit for bit.
"""

import math
from collections.abc import Callable, Collection
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from impasto.engine.descent.limited_memory import LimitedMemory
from impasto.engine.objective import Losses
from impasto.method.settings import USUAL_HISTORY

PAIRS = ("old_dirs", "old_stps", "moves", "changes")  # which nobody writes into; a test watches that torch does not
LIFTED = 10  # bits of J as the optimiser sees it at first
OVERSHOT = 2.0  # a loss more than this many times the last one means that L-BFGS stepped too far
OVERSHOT_LONG = 1.05  # likewise with a long memory, which is bolder: one that is thrown out takes 100 steps to be back
STEP_BACK = 0.25  # of such a step is kept
STIRRED = 2.0  # times its contrast X has after it was stirred; 1.5 and 3 do, too (engine/LOG.md)

Slope: TypeAlias = Callable[[Tensor], tuple[dict[str, float], Tensor]]
"""From the variable to J's terms there, `total` among them, and its gradient, of the variable's shape. The gradient is
never written into, and looked at only until the next call: it may lie where the next one will."""


class Diverged(ArithmeticError):
    """J at the X that the last step made, or at the start itself, is no finite number."""


def by_autograd(objective: Callable[[Tensor], Losses]) -> Slope:
    """J's terms and its gradient at a variable, by torch's automatic differentiation."""

    def slope(variable: Tensor) -> tuple[dict[str, float], Tensor]:
        terms = objective(variable)
        losses = terms.floats()
        (gradient,) = torch.autograd.grad(terms.total, variable, materialize_grads=True)
        return losses, gradient

    return slope


class Descent:
    """Moves a variable down the gradient of J.

    The optimiser sees J lifted to about 2^10 at its first look: L-BFGS learns no curvature where y.s <= 1e-10, and
    Adam's epsilon counts, so that a user's small weights or quiet encoder would stand still. A power of two changes no
    other bit.
    """

    def __init__(
        self,
        start: Tensor,
        optimizer: Literal["lbfgs", "adam"],
        adam_rate: float,
        history: int = USUAL_HISTORY,
        stirred_at: int = 0,
    ) -> None:
        """Begins at `start`, which becomes the variable itself; `history` says how many pairs L-BFGS remembers.

        More than `USUAL_HISTORY` are remembered by ``limited_memory``, with steps of its kind; else it is torch's. Of
        the former alone `stirred_at` says after how many evaluations the variable is stirred, 0 never; see `_stir`.
        """
        self.variable = start.contiguous().requires_grad_()  # a channels_last one crashes L-BFGS
        self._optimizer = _optimizer(self.variable, optimizer, adam_rate, history)
        self._lift = 0.0  # not known before the first evaluation
        self._stirred_at, self._evaluations = stirred_at, 0
        self._before, self._total = self.variable.detach().clone(), math.inf  # where the last move began, and J there

    def advance(self, slope: Slope) -> dict[str, float]:
        """One evaluation of J and one move; or, where the last move went too far, most of the way back.

        Returns:
            The terms of J before the move.

        Raises:
            Diverged: J is not finite.
        """
        self.variable.grad = None
        losses, gradient = slope(self.variable)
        total = losses["total"]
        self._evaluations += 1
        if self._overshot(total):
            self._step_back()
            return losses
        if not math.isfinite(total):
            raise Diverged(f"the loss became {total}")
        self._before.copy_(self.variable.detach())
        self._total = total
        self._lift = self._lift or 2.0 ** min(LIFTED - math.frexp(total)[1], 60)
        if isinstance(self._optimizer, LimitedMemory) and 0 < self._stirred_at <= self._evaluations:
            self._stir(self._optimizer)
        else:
            self._move((gradient * self._lift).contiguous())  # L-BFGS cannot flatten a channels_last one
        return losses

    def _overshot(self, total: float) -> bool:
        """Whether the last move must be taken back.

        L-BFGS without line search sometimes throws X far out where style is sharp and content is not (a woodcut: J rose
        from 17 to 6e8 within 24 steps and the picture was ruined). Adam's moves are bounded and may climb.
        """
        if isinstance(self._optimizer, torch.optim.Adam) or not math.isfinite(self._total):
            return False
        allowed = OVERSHOT_LONG if isinstance(self._optimizer, LimitedMemory) else OVERSHOT
        return not total <= allowed * self._total  # also for NaN

    def _move(self, gradient: Tensor) -> None:
        """One move, where the lifted gradient is this."""
        if isinstance(self._optimizer, LimitedMemory):
            self._go(self._optimizer.move(gradient.view(-1)))
        else:
            self.variable.grad = gradient
            self._optimizer.step(lambda: self._total)

    def _step_back(self) -> None:
        """The variable a quarter of the last move from where that began; L-BFGS is told that its step was so short."""
        if isinstance(self._optimizer, LimitedMemory):
            self._go(self._optimizer.shortened())
            return
        memory = self._optimizer.state[self.variable]
        with torch.no_grad():
            move = torch.nan_to_num(self.variable - self._before, posinf=0.0, neginf=0.0)
            self.variable.copy_(self._before + STEP_BACK * move)
        memory["t"] = memory["t"] * STEP_BACK

    @torch.no_grad()
    def _stir(self, memory: LimitedMemory) -> None:
        """In place of a move the variable's contrast is doubled around each channel's mean, and all pairs forgotten.

        From noise X comes to lie in a poor valley, where forms are right and content and style settled too early.
        Iterated local search (Lourenço, Martin and Stützle 2003) leaves such a one by a step that keeps what is good in
        it and is too large for the descent to come back: so J rises for some ten steps, and then falls below.
        """
        middle = self._before.mean((-2, -1), keepdim=True)
        torch.add(middle, self._before - middle, alpha=STIRRED, out=self.variable.detach())
        memory.forget()
        self._stirred_at, self._total = 0, math.inf

    @torch.no_grad()
    def _go(self, move: Tensor) -> None:
        torch.add(self._before, move.view_as(self._before), out=self.variable.detach())

    def state(self) -> dict[str, Any]:
        """Everything that the next move depends on, as it is now: tensors, numbers, and dicts and lists of them.

        A copy, but for L-BFGS's pairs, which are most of it and which it makes once and never changes.
        """
        held = {"variable": self.variable.detach(), "before": self._before, "optimizer": self._optimizer.state_dict()}
        held |= {"lift": self._lift, "total": self._total, "evaluations": self._evaluations}
        copied: dict[str, Any] = _copied(held | {"stirred_at": self._stirred_at}, PAIRS)
        return copied

    def restore(self, state: dict[str, Any]) -> None:
        """Goes back to where `state` was taken; the state itself stays as it is."""
        state = _copied(state, () if isinstance(self._optimizer, torch.optim.Optimizer) else PAIRS)
        with torch.no_grad():
            self.variable.copy_(state["variable"])
        self._before = state["before"].to(self.variable)  # one from a file lies in memory, not on the device
        self._lift, self._total = state["lift"], state["total"]
        self._evaluations, self._stirred_at = state.get("evaluations", 0), state.get("stirred_at", 0)  # of late
        self._optimizer.load_state_dict(state["optimizer"])

    def __repr__(self) -> str:
        return f"<Descent of {tuple(self.variable.shape)} by {type(self._optimizer).__name__} [J {self._total:g}]>"


def _optimizer(
    variable: Tensor, name: Literal["lbfgs", "adam"], adam_rate: float, history: int
) -> torch.optim.Optimizer | LimitedMemory:
    """L-BFGS in single steps, without line search and tolerances: so it can be sliced and resumed bit for bit."""
    if name == "adam":
        return torch.optim.Adam([variable], lr=adam_rate, betas=(0.9, 0.99))
    if history > USUAL_HISTORY:
        return LimitedMemory(variable, history)
    return torch.optim.LBFGS([variable], lr=1, max_iter=1, history_size=history, tolerance_grad=-1, tolerance_change=-1)


def _copied(value: Any, but: Collection[str] = ()) -> Any:  # noqa: ANN401  # an optimiser's state_dict is nested anything
    """A deep copy of nested dicts and lists in which tensors are cloned, so that later steps do not write into it.

    Of what has a name in `but` the lists alone are new.
    """
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: list(inner) if key in but else _copied(inner, but) for key, inner in value.items()}
    return [_copied(inner, but) for inner in value] if isinstance(value, list) else value
