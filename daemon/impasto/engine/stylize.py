"""The generator of steps: X moves down the gradient of J, coarse to fine.

Knows tensors, an encoder and `Settings`. Must not know files, jobs, clocks, progress bars or bit depths. Cancelling is
ceasing to iterate; between two layers a pulse may stop it too. ``worker`` drives it in slices of time; anybody can:

    for step in stylize(encoder, content, style, Settings(steps=100)):
        print(step.number, step.losses["total"])
    result = step.image

At equal threads a run that is sliced, or taken up again from `Step.checkpoint()`, gives the same pixels as a straight
one on the CPU: the state is X, the optimiser's memory and the position in the pyramid, and nothing else decides.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from impasto.engine.coordinates import Coordinates
from impasto.engine.descent import Descent, Diverged
from impasto.engine.encoder import Encoder, pulsing, resize
from impasto.engine.margin import Margin
from impasto.engine.objective import Objective, Weights, style_targets
from impasto.engine.pulse import Pulse, steady
from impasto.engine.pyramid import Scale, pyramid

Targets = Mapping[str, Tensor]
TargetSource = Callable[[Encoder, Tensor, tuple[str, ...]], Targets]

NOISE_DEVIATION = 0.1  # of the noise start around the content's mean colour, in [0, 1] units


@dataclass(frozen=True)
class Settings:
    """What decides the pixels, beside content, style and encoder.

    Attributes:
        steps: in all, shared among the scales; one step is one evaluation of J and its gradient.
        optimizer: ``lbfgs`` (from content, or for late scales) or ``adam`` (robust from noise).
        start: ``content``, or ``noise`` around the content's mean colour.
        max_scales: 1 means only the final size.
        seed: of the noise start.
        style_scale: the style's long side in relation to the content's; it is never enlarged beyond its own pixels.
        adam_rate: learning rate of Adam in [0, 1] units of X.
        frequency_power: of the coordinates in which X moves; 0 means pixels, see ``coordinates``.
        colour_gain: of the same coordinates: how far colour moves where light moves by one.
        margin: pixels by which X is continued beyond its border, mirrored, while it is painted. At a border the network
            sees less and the coordinates meet the opposite border, which shows as a thin rim of odd colours.
    """

    steps: int = 300
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    start: Literal["content", "noise"] = "content"
    max_scales: int = 3
    seed: int = 0
    style_scale: float = 1.0
    adam_rate: float = 0.02
    frequency_power: float = 0.0
    colour_gain: float = 1.0
    margin: int = 0
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on elsewhere; plain tensors and numbers, safe to load with ``weights_only``."""

    number: int
    scale: int
    step_in_scale: int
    descent: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step done.

    Attributes:
        number: 1 for the first, `steps` for the last.
        steps: how many there will be in all.
        scale: the level of the pyramid that was worked on.
        losses: the weighted terms *before* the step moved X, and their `total`.
    """

    number: int
    steps: int
    scale: Scale
    losses: dict[str, float]
    _state: "_ScaleState"

    @property
    def image(self) -> Tensor:
        """A copy of X as it is now, (1, 3, h, w) in [0, 1] at this scale's size; not clamped, as floats go on."""
        return self._state.image().detach().clone()

    def checkpoint(self) -> Checkpoint:
        """A copy of the state after this step; take it before asking for the next one."""
        return self._state.checkpoint(self.number)


def stylize(
    encoder: Encoder,
    content: Tensor,
    style: Tensor,
    settings: Settings | None = None,
    *,
    mask: Tensor | None = None,
    targets: TargetSource = style_targets,
    resume: Checkpoint | None = None,
    pulse: Pulse = steady,
) -> Iterator[Step]:
    """Estimates X = argmin content(X, content) + style(X, style), one step at a time.

    Args:
        encoder: fixed; on the same device as the pictures.
        content: (1, 3, H, W) RGB in [0, 1], each side ≥ 16 px; the result has its size.
        style: (1, 3, h, w) RGB in [0, 1], each side ≥ 16 px.
        settings: see `Settings`.
        mask: (1, 1, H, W) in [0, 1]: 1 is painted, 0 stays the content exactly; style is matched where it is painted.
        targets: computes or remembers the style's Gram matrices for a size; see `TargetCache`.
        resume: continue after this point of an earlier run with the same arguments.
        pulse: called between layers; may raise to stop.

    Raises:
        ValueError: shapes that do not fit, a side under 16 px, no step.
        Diverged: J became infinite or not a number.
    """
    settings = settings or Settings()
    _check(content, style, mask)
    work = _Work(encoder, content, style, settings, mask, targets)
    scales = pyramid(content.shape[2], content.shape[3], settings.steps, settings.max_scales)
    number, previous = (0 if resume is None else resume.number), None
    for index, scale in enumerate(scales):
        if resume is not None and index < resume.scale:
            continue
        with pulsing(encoder, pulse):
            state = _ScaleState(index, scale, work, previous)
        if resume is not None and index == resume.scale:
            state.restore(resume)
        for _ in range(state.step_in_scale, scale.steps):
            with pulsing(encoder, pulse):
                losses = state.advance()
            number += 1
            yield Step(number, sum(s.steps for s in scales), scale, losses, state)
        previous = state.free_image().detach()  # not X itself: a soft mask counts once, not once per scale


@dataclass(frozen=True)
class _Work:
    """What stays the same at every scale."""

    encoder: Encoder
    content: Tensor
    style: Tensor
    settings: Settings
    mask: Tensor | None
    targets: TargetSource


class _ScaleState:
    """X and everything around it at one level of the pyramid."""

    def __init__(self, index: int, scale: Scale, work: _Work, previous: Tensor | None) -> None:
        self.index, self.scale, self.step_in_scale = index, scale, 0
        settings, weights = work.settings, work.settings.weights
        self._margin = Margin(settings.margin)
        content = resize(work.content, scale.height, scale.width)
        mask = None if work.mask is None else resize(work.mask, scale.height, scale.width).clamp(0, 1)
        self._content, self._mask = (
            self._margin.continued(content),
            None if mask is None else self._margin.continued(mask),
        )
        style = resize_style(work.style, scale, settings.style_scale)
        grams = work.targets(work.encoder, style, tuple(weights.style_layers))
        self._objective = Objective(work.encoder, self._content, grams, weights, self._mask)
        height, width = self._content.shape[2:]
        power, gain = settings.frequency_power, settings.colour_gain
        self._coordinates = Coordinates(height, width, power, self._content, gain)
        start = self._coordinates.variable(self._begin(settings, previous))
        self._descent = Descent(start, settings.optimizer, settings.adam_rate)

    def _begin(self, settings: Settings, previous: Tensor | None) -> Tensor:
        """X at the start of a scale: the last scale's floats, the content, or noise."""
        if previous is not None:
            return self._margin.continued(resize(previous, self.scale.height, self.scale.width))
        if settings.start == "content":
            return self._content
        generator = torch.Generator().manual_seed(settings.seed)
        noise = torch.randn(self._content.shape, generator=generator).to(self._content)
        return self._content.mean((2, 3), keepdim=True) + NOISE_DEVIATION * noise

    def free_image(self) -> Tensor:
        """What the variable stands for, whatever the mask says: the next scale goes on from it."""
        return self._margin.cut(self._coordinates.image(self._descent.variable))

    def image(self) -> Tensor:
        """X: what moves where the mask is 1, the content where it is 0."""
        return self._margin.cut(self._continued_image())

    def _continued_image(self) -> Tensor:
        """X with its margin: what the objective sees."""
        free = self._coordinates.image(self._descent.variable)
        return free if self._mask is None else self._content + self._mask * (free - self._content)

    def advance(self) -> dict[str, float]:
        """One evaluation of J and one move."""
        try:
            losses = self._descent.advance(lambda _variable: self._objective(self._continued_image()))
        except Diverged as error:
            at = f"step {self.step_in_scale + 1} at {self.scale.width}x{self.scale.height} px"
            raise Diverged(f"{error} in {at}") from error
        self.step_in_scale += 1
        return losses

    def checkpoint(self, number: int) -> Checkpoint:
        """A copy of everything that the next step depends on."""
        return Checkpoint(number, self.index, self.step_in_scale, self._descent.state())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Goes back to where `checkpoint` was taken."""
        self._descent.restore(checkpoint.descent)
        self.step_in_scale = checkpoint.step_in_scale


def resize_style(style: Tensor, scale: Scale, style_scale: float) -> Tensor:
    """The style at the size it is compared at: its long side is `style_scale` times the scale's, never enlarged."""
    height, width = style.shape[2:]
    factor = min(1.0, style_scale * max(scale.height, scale.width) / max(height, width))
    # relu5_1 needs 16 px on either side: a thin style is kept large enough for that.
    factor = min(1.0, max(factor, 16 / min(height, width)))
    return resize(style, round(height * factor), round(width * factor))


def _check(content: Tensor, style: Tensor, mask: Tensor | None) -> None:
    for name, image in (("content", content), ("style", style)):
        if image.dim() != 4 or tuple(image.shape[:2]) != (1, 3):
            raise ValueError(f"{name} has shape {tuple(image.shape)}; (1, 3, height, width) is needed")
        if min(image.shape[2:]) < 16:
            raise ValueError(f"{name} is {image.shape[3]}x{image.shape[2]} px; each side must have at least 16")
    if mask is not None and tuple(mask.shape) != (1, 1, *content.shape[2:]):
        raise ValueError(f"mask has shape {tuple(mask.shape)}; {(1, 1, *content.shape[2:])} is needed")
