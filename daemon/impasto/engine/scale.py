"""One level of the pyramid: X and everything around it, between the pictures as given and the descent.

Knows tensors, styles, settings and the parts of the engine that it puts together. Must not know how many scales there
are, files or clocks. ``stylize`` makes one for each.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from impasto.engine.colour import Colouring
from impasto.engine.descent import Descent, Diverged, Slope
from impasto.engine.descent.coordinates import Coordinates
from impasto.engine.descent.replay import slope_of
from impasto.engine.encoder import VGG, Encoder, pulsing, resize
from impasto.engine.encoder.wrap import wrapped
from impasto.engine.large import changed
from impasto.engine.margin import Margin
from impasto.engine.objective import Losses, Objective, target_source
from impasto.engine.objective.styles import Style, StyleTarget, TargetSource, blended, grouped
from impasto.engine.pulse import Pulse
from impasto.engine.pyramid import Scale
from impasto.engine.room import MEMORY, Room
from impasto.engine.scratch import Scratch
from impasto.method import Weights
from impasto.method.settings import Settings, freed_power, kept_detail, weights_of

NOISE_DEVIATION = 0.1  # of the noise start around the content's mean colour, in [0, 1] units


@dataclass(frozen=True)
class Work:
    """What stays the same at every scale: pictures as the network is to see them, and how.

    Attributes:
        encoder: for styles.
        looking: for content and X: the same, or wrapped around.
        content: as given; what people see where nothing is painted.
        shown: the content as the network sees it.
        detail: of the reference that X is carried with from scale to scale: how much of it, 0 to 1.
        reference: the picture whose detail that is.
        scratch: room for what does not fit into memory, where the settings say so.
    """

    encoder: Encoder
    looking: Encoder
    content: Tensor
    shown: Tensor
    styles: Sequence[Style]
    settings: Settings
    weights: Weights
    colouring: Colouring
    mask: Tensor | None
    keep: Tensor | None
    init: Tensor | None
    targets: TargetSource
    detail: float
    reference: Tensor
    scratch: Scratch | None

    @classmethod
    def prepared(  # noqa: PLR0913  # as `stylize` has them
        cls,
        encoder: Encoder,
        content: Tensor,
        styles: Sequence[Style],
        settings: Settings,
        *,
        mask: Tensor | None,
        keep: Tensor | None,
        init: Tensor | None,
        targets: TargetSource | None,
        scratch: Scratch | None,
    ) -> Self:
        """From what the caller gave."""
        colouring = Colouring(settings.colour, settings.colour_strength)
        shown, init = (None if one is None else _shown(one, colouring, scratch) for one in (content, init))
        assert shown is not None
        return cls(
            encoder=encoder,
            looking=wrapped(encoder) if settings.tileable else encoder,
            content=content,
            shown=shown,
            styles=[_recoloured(style, content, mask, colouring, scratch or MEMORY) for style in styles],
            settings=settings,
            weights=weights_of(settings),
            colouring=colouring,
            mask=mask,
            keep=keep,
            init=init,
            targets=targets or target_source(settings.objective),
            detail=_detail(settings) if init is None else 1.0,
            reference=shown if init is None else init,
            scratch=scratch,
        )

    @contextmanager
    def pulsing(self, pulse: Pulse) -> Iterator[None]:
        """While open, `pulse` is called after every layer that is run, and between bands on scratch."""
        with ExitStack() as stack:
            if self.scratch is not None:
                stack.enter_context(self.scratch.pulsing(pulse))
            for encoder in dict.fromkeys((self.encoder, self.looking)):
                stack.enter_context(pulsing(encoder, pulse))
            yield

    def target(self, styles: Sequence[Style], scale: Scale) -> StyleTarget:
        """What the styles of one region ask for."""
        size, layers = self.settings.style_scale, tuple(self.weights.style_layers)
        found = [
            (style.weight, (style.targets or self.targets)(self.encoder, style.at(scale, size), layers))
            for style in styles
        ]
        share = sum(style.weight for style in styles) / sum(style.weight for style in self.styles)
        return StyleTarget(blended(found), share, styles[0].region)


def _shown(image: Tensor, colouring: Colouring, room: Room | None) -> Tensor:
    """A picture as the network is to see it."""
    if room is None or colouring.plain:
        return colouring.shown(image)
    return changed(image, colouring.shown, room)


def _detail(settings: Settings) -> float:
    """How much detail of the content is carried; from noise none, as that asks for what the content does not have."""
    usual = settings.carried_detail if settings.start == "content" else 0.0
    return kept_detail(settings.strength, usual)


def _recoloured(style: Style, content: Tensor, mask: Tensor | None, colouring: Colouring, room: Room) -> Style:
    """With the colours that the network is to see: those of the content where the style applies and is painted."""
    if colouring.plain:
        return style
    return replace(style, image=colouring.recoloured(style.image, content, mask, style.region, room=room))


class ScaleState:
    """X at one level of the pyramid, and what moves it."""

    def __init__(self, index: int, scale: Scale, work: Work, previous: Tensor | None) -> None:
        """Encodes content and styles; `previous` is what the scale before has carried on."""
        self.index, self.scale, self.step_in_scale, self._work = index, scale, 0, work
        settings = work.settings
        self._margin = Margin(0 if settings.tileable else settings.margin)
        self._content = self._continued(work.shown)
        self._mask = None if work.mask is None else self._covering(work.mask)
        targets = [self._region(work.target(styles, scale)) for styles in grouped(work.styles)]
        self._objective = Objective(
            work.looking,
            self._content,
            targets,
            work.weights,
            self._mask,
            keep=None if work.keep is None else self._covering(work.keep),
            objective=settings.objective,
            wraps=settings.tileable,
            precision=settings.precision,
            tile=settings.tile,
            room=work.scratch or MEMORY,
        )
        height, width = self._content.shape[2:]
        power = freed_power(settings.strength, settings.frequency_power)
        self._coordinates = Coordinates(height, width, power, self._content, settings.colour_gain)
        self._descend(previous)

    def _descend(self, previous: Tensor | None) -> None:
        """The variable at its start, and what moves it."""
        settings, start = self._work.settings, self._coordinates.variable(self._begin(previous))
        self._descent = Descent(
            start, settings.optimizer, settings.adam_rate, settings.history, self._stirred_at(previous)
        )
        self._slope: Slope | None = None  # made at the first step, which may be stopped

    def _stirred_at(self, previous: Tensor | None) -> int:
        """Where X begins with noise and there are steps enough to come down again."""
        settings = self._work.settings
        from_noise = previous is None and self._work.init is None and settings.start == "noise"
        return settings.stirred_at if from_noise and self.scale.steps > 2 * settings.stirred_at else 0

    def _continued(self, image: Tensor) -> Tensor:
        """A picture of the content's size at this scale's, with its margin."""
        return self._margin.continued(resize(image, self.scale.height, self.scale.width))

    def _covering(self, mask: Tensor) -> Tensor:
        """A mask likewise."""
        return self._continued(mask).clamp(0, 1)

    def _region(self, target: StyleTarget) -> StyleTarget:
        return target if target.region is None else target._replace(region=self._covering(target.region))

    def _begin(self, previous: Tensor | None) -> Tensor:
        """X at the start of a scale: what the last scale carried on, a given picture, the content, or noise."""
        work = self._work
        if previous is not None:
            carried = self._margin.continued(resize(previous, self.scale.height, self.scale.width))
            return carried + work.detail * self._continued(work.reference) if work.detail else carried
        if work.init is not None:
            return self._continued(work.init)
        if work.settings.start == "content":
            return self._content
        generator = torch.Generator().manual_seed(work.settings.seed)
        noise = torch.randn(self._content.shape, generator=generator).to(self._content)
        return self._content.mean((2, 3), keepdim=True) + NOISE_DEVIATION * noise

    def carried(self) -> Tensor:
        """What the next scale goes on from: what the variable stands for, whatever the mask says, less what it adds.

        Not X itself, as a soft mask counts once, not once per scale.
        """
        free = self._margin.cut(self._free()).detach()
        if not self._work.detail:
            return free
        return free - self._work.detail * resize(self._work.reference, self.scale.height, self.scale.width)

    def image(self) -> Tensor:
        """A copy of X as people see it: what moves where the mask is 1, the content where it is 0."""
        work = self._work
        if work.colouring.plain:
            return self._margin.cut(self._continued_image()).detach().clone()
        content = resize(work.content, self.scale.height, self.scale.width)
        free = work.colouring.restored(self._margin.cut(self._free()), content).detach()
        return free if self._mask is None else content + self._margin.cut(self._mask) * (free - content)

    def _free(self) -> Tensor:
        """What the variable stands for, with its margin, whatever the mask says."""
        return self._coordinates.image(self._descent.variable)

    def _continued_image(self) -> Tensor:
        """X with its margin: what the objective sees."""
        return _masked(self._free(), self._mask, self._content)

    def advance(self) -> dict[str, float]:
        """One evaluation of J and one move."""
        try:
            losses = self._advance()
        except Diverged as error:
            at = f"step {self.step_in_scale + 1} at {self.scale.width}x{self.scale.height} px"
            raise Diverged(f"{error} in {at}") from error
        self.step_in_scale += 1
        return losses

    def _advance(self) -> dict[str, float]:
        if self._slope is None:
            repeats = isinstance(self._work.looking, VGG) and self._objective.repeats
            self._slope = slope_of(self._losses(), self._descent.variable, repeats=repeats)
        return self._descent.advance(self._slope)

    def _losses(self) -> Callable[[Tensor], Losses]:
        """J's terms at a variable, by a function that does not know this scale.

        In a circle the scale's memory, and what a recorded evaluation keeps, would stay when the scale has gone.
        """
        objective, coordinates, mask, content = self._objective, self._coordinates, self._mask, self._content

        def losses(variable: Tensor) -> Losses:
            found: Losses = objective(_masked(coordinates.image(variable), mask, content))
            return found

        return losses

    def leave(self) -> None:
        """No other step here."""
        self.step_in_scale = self.scale.steps

    def descent_state(self) -> dict[str, Any]:
        """A copy of everything that the next step depends on, beside its place."""
        return self._descent.state()

    def restore(self, descent: dict[str, Any], step_in_scale: int) -> None:
        """Goes back to where that was taken."""
        self._descent.restore(descent)
        self.step_in_scale = step_in_scale


def _masked(free: Tensor, mask: Tensor | None, content: Tensor) -> Tensor:
    """The content where the mask says that nothing moves."""
    return free if mask is None else content + mask * (free - content)
