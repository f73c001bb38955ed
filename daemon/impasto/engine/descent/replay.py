"""Replay: an evaluation of J and its gradient, recorded once on a GPU and played again at each step.

Knows a function from a variable to `Losses`. Must not know what J is made of, or how X is moved. ``scale`` asks for a
slope here. An evaluation is some hundred and fifty kernels, which Python begins one after the other: at 512 px that
takes an H100 six times as long as the kernels themselves (LOG.md). A CUDA graph begins all of them with one call.
"""

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from impasto.engine.descent import Slope, by_autograd
from impasto.engine.memory import wants_memory
from impasto.engine.objective import Losses

LARGEST_PX = 2048 * 2048  # above, kernels are longer than their beginning; a graph keeps its memory as long as it lives
WARM_UPS = 2  # before it is recorded: libraries load, and choose their algorithms

log = logging.getLogger(__name__)


def slope_of(objective: Callable[[Tensor], Losses], variable: Tensor, *, repeats: bool) -> Slope:
    """J's terms and gradient by the way that suits the variable's device; the same pixels.

    `repeats` says that every evaluation runs the same kernels and never waits for a number. What cannot be recorded all
    the same is evaluated as it is, and the log says so.
    """
    if not (variable.is_cuda and repeats and variable.shape[2] * variable.shape[3] <= LARGEST_PX):
        return by_autograd(objective)
    try:
        return Replay(objective, variable)
    except RuntimeError as error:
        if wants_memory(error):
            raise
        log.warning("an evaluation could not be recorded on %s, and is run as it is: %s", variable.device, error)
        return by_autograd(objective)


_BESIDE: dict[torch.device, torch.cuda.Stream] = {}


def _beside(device: torch.device) -> torch.cuda.Stream:
    """The one stream that evaluations are recorded in.

    Each has workspaces of cuBLAS and its like of its own, which stay: with another for every recording they came to two
    gigabytes of an H100. And it is nobody else's: torch gives out 32 streams in turns.
    """
    if device not in _BESIDE:
        _BESIDE[device] = torch.cuda.Stream(device)
    return _BESIDE[device]


class Replay:
    """A recorded evaluation; called with a variable it gives J's terms there, and its gradient."""

    def __init__(self, objective: Callable[[Tensor], Losses], variable: Tensor) -> None:
        """Evaluates some times, then records.

        Raises:
            RuntimeError: something in it cannot be recorded, or there is no memory for it.
        """
        # A graph knows addresses and not whose they are: all that it reads must live as long as it does.
        self._objective, self._at = objective, variable.detach().clone().requires_grad_()
        beside, here = _beside(variable.device), torch.cuda.current_stream(variable.device)
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                self._evaluated()
        here.wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        mode = "thread_local"  # others may save a state meanwhile
        with torch.cuda.graph(self._graph, stream=beside, capture_error_mode=mode):
            self._terms, self._gradient = self._evaluated()

    def _evaluated(self) -> tuple[Tensor, Tensor]:
        losses = self._objective(self._at)
        terms = losses.stacked().detach()
        (gradient,) = torch.autograd.grad(losses.total, self._at, materialize_grads=True)
        return terms, gradient

    def __call__(self, variable: Tensor) -> tuple[dict[str, float], Tensor]:
        """The gradient lies where the next one will."""
        terms, gradient = self.played(variable)
        return dict(zip(Losses.NAMES, terms.tolist(), strict=True)), gradient

    def played(self, variable: Tensor) -> tuple[Tensor, Tensor]:
        """Likewise, the terms in the order of `Losses.NAMES` and still on the device, which nobody has waited for."""
        with torch.no_grad():
            self._at.copy_(variable)
        self._graph.replay()
        return self._terms, self._gradient

    def __repr__(self) -> str:
        return f"<Replay at {tuple(self._at.shape)} on {self._at.device}>"
