"""The generator of steps: X moves down the gradient of J, coarse to fine.

Knows tensors, an encoder, styles and `Settings`. Must not know files, jobs, clocks, progress bars or bit depths.
Cancelling is ceasing to iterate; between two layers a pulse may stop it too. ``worker`` drives it in slices of time;
anybody can:

    for step in stylize(encoder, content, style, Settings(steps=100)):
        print(step.number, step.losses["total"])
    result = step.image

At equal threads a run that is sliced, or taken up again from `Step.checkpoint()`, gives the same pixels as a straight
one on the CPU: the state is X, the optimiser's memory and the position in the pyramid, and nothing else decides.
Whoever has a clock may leave a scale early (`enough`); where that happened is in the checkpoint, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import Tensor

from impasto.engine.encoder import Encoder
from impasto.engine.objective.styles import Style, TargetSource, checked
from impasto.engine.pulse import Pulse, steady
from impasto.engine.pyramid import Scale, pyramid
from impasto.engine.scale import ScaleState, Work
from impasto.engine.scratch import Scratch
from impasto.engine.spilled import SpilledScale
from impasto.method.settings import Settings

Enough: TypeAlias = Callable[[int, int], bool]


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on elsewhere; plain tensors and numbers, safe to load with ``weights_only``."""

    number: int
    scale: int
    step_in_scale: int
    descent: dict[str, Any]

    @property
    def spilled(self) -> bool:
        """Whether it is of a run with its arrays on scratch, which alone can go on from it."""
        return "moments" in self.descent


@dataclass(frozen=True)
class Step:
    """One step done.

    Attributes:
        number: 1 for the first, `steps` for the last.
        steps: how many there will be in all, if no scale is left early.
        scale: the level of the pyramid that was worked on.
        losses: the weighted terms *before* the step moved X, and their `total`.
        last: whether no other step will follow.
    """

    number: int
    steps: int
    scale: Scale
    losses: dict[str, float]
    last: bool
    _state: ScaleState

    @property
    def image(self) -> Tensor:
        """A copy of X as it is now, (1, 3, h, w) in [0, 1] at this scale's size; not clamped, as floats go on."""
        return self._state.image()

    @property
    def ends_scale(self) -> bool:
        """Whether the next step, if there is one, is at another size."""
        return self._state.step_in_scale == self.scale.steps

    def checkpoint(self) -> Checkpoint:
        """A copy of the state after this step; take it before asking for the next one."""
        return Checkpoint(self.number, self._state.index, self._state.step_in_scale, self._state.descent_state())


def stylize(  # noqa: PLR0913  # the pictures that a run may have, each by its name
    encoder: Encoder,
    content: Tensor,
    style: Tensor | Sequence[Style],
    settings: Settings | None = None,
    *,
    mask: Tensor | None = None,
    keep: Tensor | None = None,
    init: Tensor | None = None,
    targets: TargetSource | None = None,
    resume: Checkpoint | None = None,
    scratch: Scratch | None = None,
    pulse: Pulse = steady,
    enough: Enough = lambda _scale, _step: False,
) -> Iterator[Step]:
    """Estimates X = argmin content(X, content) + style(X, style), one step at a time.

    Args:
        encoder: fixed; on the same device as the pictures.
        content: (1, 3, H, W) RGB in [0, 1], each side ≥ 16 px; the result has its size.
        style: (1, 3, h, w) RGB in [0, 1], each side ≥ 16 px; or several, with weights, regions and masks.
        settings: see `Settings`.
        mask: (1, 1, H, W) in [0, 1]: 1 is painted, 0 stays the content exactly; style is matched where it is painted.
        keep: (1, 1, H, W) in [0, 1]: where it is 1 the content counts many times as much.
        init: (1, 3, H, W): X begins with it in place of the content or noise, e.g. with an earlier result.
        targets: computes or remembers the style's statistics for a size; see `TargetCache`. A `Style` may have its own.
        resume: continue after this point of an earlier run with the same arguments.
        scratch: room for arrays that do not fit into memory, where the settings are `spilled`.
        pulse: called between layers; may raise to stop.
        enough: asked after each step, with the scale's index and the step's number in it, whether to leave the scale.

    Raises:
        ValueError: shapes that do not fit, a side under 16 px, no step, no style that counts, no scratch where needed.
        Diverged: J became infinite or not a number.
    """
    settings = settings or Settings()
    styles = checked(content, style, {"mask": mask, "keep": keep}, init)
    if settings.spilled and scratch is None:
        raise ValueError("the settings ask for arrays on scratch, and no room for them is given")
    scratch = scratch if settings.spilled else None
    pictures = {"mask": mask, "keep": keep, "init": init}
    work = Work.prepared(encoder, content, styles, settings, **pictures, targets=targets, scratch=scratch)
    return _steps(work, resume, pulse, enough)


def _steps(work: Work, resume: Checkpoint | None, pulse: Pulse, enough: Enough) -> Iterator[Step]:
    """Scale after scale, step after step."""
    settings, (height, width) = work.settings, work.content.shape[2:]
    scales = pyramid(height, width, settings.steps, settings.max_scales)
    number, previous = (0 if resume is None else resume.number), None
    for index, scale in enumerate(scales):
        if resume is not None and index < resume.scale:
            continue
        with work.pulsing(pulse):
            state = (SpilledScale if settings.spilled else ScaleState)(index, scale, work, previous)
        if resume is not None and index == resume.scale:
            state.restore(resume.descent, resume.step_in_scale)
        while state.step_in_scale < scale.steps:
            with work.pulsing(pulse):
                losses = state.advance()
            number += 1
            if enough(index, state.step_in_scale):
                state.leave()
            last = state.step_in_scale == scale.steps and index == len(scales) - 1
            yield Step(number, settings.steps, scale, losses, last, state)
        previous = state.carried() if index < len(scales) - 1 else None
