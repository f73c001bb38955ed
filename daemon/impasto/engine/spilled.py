"""Spilled: a level of the pyramid whose arrays of the picture's size lie on scratch, all of them.

Knows ``scale``, of which this is the other kind, scratch, and the two optimisers over it. Must not know jobs, clocks or
how much memory there is: that a run is `Settings.spilled` says that ten pairs of L-BFGS and autograd's copies do not
fit. ``stylize`` makes one for each scale of such a run: a coarse one in memory would take more than the finest here.
In memory there are a tile, some bands, and the waves of one channel while coordinates are changed.

The guard is that of ``descent``, and so are the steps but for rounding and a shorter history. Every array is written
once, so a checkpoint is a list of arrays, and a run taken up from one makes the same pixels.
"""

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from impasto.engine.descent import LIFTED, OVERSHOT, STEP_BACK, Diverged
from impasto.engine.descent.quasi_newton import Memory, direction, held, learned, moved, recalled, shortened
from impasto.engine.large import ROWS, changed, resized
from impasto.engine.objective.slope import slope
from impasto.engine.scale import NOISE_DEVIATION, ScaleState
from impasto.engine.scratch import Scratch, Stored

ADAM_BETAS, ADAM_EPSILON = (0.9, 0.99), 1e-8

Evaluate = Callable[[Stored], tuple[dict[str, float], Tensor]]


class SpilledDescent:
    """Moves a variable down the gradient of J, as `Descent` does."""

    def __init__(self, start: Stored, optimizer: Literal["lbfgs", "adam"], adam_rate: float, scratch: Scratch) -> None:
        """Begins at `start`."""
        self.variable, self._before, self._scratch = start, start, scratch
        self._rate = adam_rate if optimizer == "adam" else None
        self._lift, self._total, self._steps = 0.0, math.inf, 0
        self._memory, self._moments = Memory(), list[Stored]()

    def advance(self, evaluate: Evaluate) -> dict[str, float]:
        """One evaluation of J and one move; or, where the last move went too far, most of the way back.

        Raises:
            Diverged: J is not finite.
            OSError: the disk is full.
        """
        losses, gradient = evaluate(self.variable)
        total = losses["total"]
        if self._rate is None and math.isfinite(self._total) and not total <= OVERSHOT * self._total:  # also for NaN
            self.variable = shortened(self._before, self._memory, STEP_BACK, self._scratch)
            return losses
        if not math.isfinite(total):
            raise Diverged(f"the loss became {total}")
        self._total, self._before = total, self.variable
        self._lift = self._lift or 2.0 ** min(LIFTED - math.frexp(total)[1], 60)
        gradient.mul_(self._lift)
        self._steps += 1
        self.variable = self._quasi_newton(gradient) if self._rate is None else self._adam(gradient, self._rate)
        return losses

    def _quasi_newton(self, gradient: Tensor) -> Stored:
        now, absolute = learned(self._memory, gradient, self._scratch)
        length = min(1.0, 1.0 / float(absolute)) if self._steps == 1 else 1.0
        return moved(self.variable, self._memory, direction(self._memory, now), length, self._scratch)

    def _adam(self, gradient: Tensor, rate: float) -> Stored:
        """Kingma and Ba 2015, algorithm 1."""
        count, (one, two) = len(gradient), ADAM_BETAS
        then, mean, square = (self._scratch.floats(count) for _ in range(3))
        mean_part, square_part = 1 - one**self._steps, 1 - two**self._steps
        before = self._moments
        for (first, after), (to, m, v, now, *old) in self._scratch.bands(then, mean, square, self.variable, *before):
            g = gradient[first:after]
            torch.mul(g, 1 - one, out=m)
            torch.mul(g * g, 1 - two, out=v)
            if old:
                m.add_(old[0], alpha=one)
                v.add_(old[1], alpha=two)
            torch.addcdiv(now, m, (v / square_part).sqrt_().add_(ADAM_EPSILON), value=-rate / mean_part, out=to)
        self._moments = [mean, square]
        return then

    def state(self) -> dict[str, Any]:
        """Everything that the next move depends on; the arrays themselves, which nobody writes again."""
        return {
            "variable": self.variable.values,
            "before": self._before.values,
            "lift": self._lift,
            "total": self._total,
            "steps": self._steps,
            "memory": held(self._memory),
            "moments": [moment.values for moment in self._moments],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes back to where `state` was taken, in arrays of its own."""
        self.variable, self._before = (self._scratch.stored(state[name]) for name in ("variable", "before"))
        self._lift, self._total, self._steps = state["lift"], state["total"], state["steps"]
        self._memory = recalled(state["memory"], self._scratch)
        self._moments = [self._scratch.stored(moment) for moment in state["moments"]]

    def __repr__(self) -> str:
        return f"<SpilledDescent of {len(self.variable.values)} values [J {self._total:g}]>"


class SpilledScale(ScaleState):
    """`ScaleState` with its arrays on scratch: what it shares with that is what is not as large as the picture."""

    _spilled: SpilledDescent

    def _descend(self, previous: Tensor | None) -> None:
        settings = self._work.settings
        image = self._coordinates.variable_(self._begin(previous), self._scratch)
        if previous is not None and self._mask is None:
            self._content = torch.empty(0)  # it is needed where nothing is painted, or to begin with
        self._shape = image.shape
        start = self._scratch.stored(image.view(-1))
        self._spilled = SpilledDescent(start, settings.optimizer, settings.adam_rate, self._scratch)

    def _begin(self, previous: Tensor | None) -> Tensor:
        """As of any scale; to be written over."""
        work = self._work
        if previous is not None:
            image = self._continued(previous)
            return image.add_(self._continued(work.reference), alpha=work.detail) if work.detail else image
        if work.init is not None:
            return self._continued(work.init)
        if work.settings.start == "content":
            return changed(self._content, lambda rows: rows, self._scratch)
        noise = self._scratch.empty(self._content.shape, self._content)
        noise.normal_(generator=torch.Generator().manual_seed(work.settings.seed))
        return noise.mul_(NOISE_DEVIATION).add_(self._content.mean((2, 3), keepdim=True))

    @property
    def _scratch(self) -> Scratch:
        assert self._work.scratch is not None  # whoever asks for spilling gives room for it
        return self._work.scratch

    def _continued(self, image: Tensor) -> Tensor:
        return resized(image, self.scale.height, self.scale.width, self._scratch, self._margin)

    def _covering(self, mask: Tensor) -> Tensor:
        return self._continued(mask).clamp_(0, 1)

    def _free(self) -> Tensor:
        """What the variable stands for, with its margin; a copy."""
        image = self._scratch.empty(self._shape, self._spilled.variable.values)
        for (first, after), (band,) in self._scratch.bands(self._spilled.variable):
            image.view(-1)[first:after] = band
        return self._coordinates.image_(image, self._scratch)

    def _continued_image(self) -> Tensor:
        image = self._free()
        if self._mask is not None:
            for rows, mask, content in zip(
                *(t.split(ROWS, 2) for t in (image, self._mask, self._content)), strict=True
            ):
                rows.copy_(content + mask * (rows - content))
                self._scratch.rest()
        self._scratch.rest()
        return image

    def image(self) -> Tensor:
        """As of any scale."""
        work, room = self._work, self._scratch
        if work.colouring.plain:
            return self._margin.cut(self._continued_image())
        image = self._margin.cut(self._free())
        content = resized(work.content, self.scale.height, self.scale.width, room)
        mask = None if self._mask is None else self._margin.cut(self._mask)
        for first in range(0, self.scale.height, ROWS):
            rows, own = (one[:, :, first : first + ROWS] for one in (image, content))
            free = work.colouring.restored(rows, own)
            rows.copy_(free if mask is None else own + mask[:, :, first : first + ROWS] * (free - own))
            room.rest()
        return image

    def carried(self) -> Tensor:
        """As of any scale."""
        work, free = self._work, self._margin.cut(self._free())
        if work.detail:
            free.sub_(resized(work.reference, self.scale.height, self.scale.width, self._scratch), alpha=work.detail)
        self._scratch.rest()
        return free

    def _advance(self) -> dict[str, float]:
        losses = self._spilled.advance(self._evaluated)
        self._scratch.clear()
        return losses

    def _evaluated(self, _variable: Stored) -> tuple[dict[str, float], Tensor]:
        image = self._continued_image()
        losses, gradient = slope(self._objective, image)
        if self._mask is not None:
            gradient.mul_(self._mask)
        self._coordinates.image_(gradient, self._scratch)
        self._scratch.clear()
        return losses, gradient.view(-1)

    def descent_state(self) -> dict[str, Any]:
        """As of any scale."""
        return self._spilled.state()

    def restore(self, descent: dict[str, Any], step_in_scale: int) -> None:
        """As of any scale."""
        self._spilled.restore(descent)
        self.step_in_scale = step_in_scale
