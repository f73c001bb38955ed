"""Coarse to fine: which sizes a picture passes through and how many steps each gets. Pure arithmetic.

Large forms are cheap to move in a small picture and detail is added later (Gatys et al. 2017, arXiv 1611.07865 §6).
Knows no tensor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SMALLEST_SCALE_PX = 128  # long side below which a further halving no longer saves time worth having
SMALLEST_SIDE_PX = 16  # relu5_1 has stride 16: below this nothing is left of the picture there


@dataclass(frozen=True)
class Scale:
    """One level of the pyramid: its size in pixels and the steps spent there."""

    height: int
    width: int
    steps: int


def pyramid(height: int, width: int, steps: int, max_scales: int = 8) -> tuple[Scale, ...]:
    """Sizes from coarse to fine, each twice the last, ending at (height, width), with `steps` shared among them.

    Every scale gets at least one step, so fewer steps than scales means fewer scales, the finest being kept.

    Raises:
        ValueError: a side is below 16 px or there is no step.
    """
    if min(height, width) < SMALLEST_SIDE_PX:
        raise ValueError(f"the picture is {width}x{height} px; each side must have at least {SMALLEST_SIDE_PX}")
    if steps < 1:
        raise ValueError(f"{steps} steps; at least 1 is needed")
    sizes = [(height, width)]
    while len(sizes) < min(max_scales, steps):
        halved = (round(sizes[-1][0] / 2), round(sizes[-1][1] / 2))
        if max(halved) < SMALLEST_SCALE_PX or min(halved) < 2 * SMALLEST_SIDE_PX:
            break
        sizes.append(halved)
    shares = share_steps(steps, len(sizes))
    return tuple(Scale(h, w, share) for (h, w), share in zip(reversed(sizes), shares, strict=True))


def share_steps(steps: int, scales: int) -> tuple[int, ...]:
    """How `steps` are spent, coarse first: as evenly as they divide, the remainder going to the coarse, cheap ones."""
    base, left = divmod(steps, scales)
    return tuple(base + (index < left) for index in range(scales))


def time_shares(scales: Sequence[Scale]) -> tuple[float, ...]:
    """By which part of a given time each scale should be done: steps cost in proportion to pixels; the last is 1."""
    costs = [scale.steps * scale.height * scale.width for scale in scales]
    return tuple(sum(costs[: index + 1]) / sum(costs) for index in range(len(costs)))


def no_time_left(elapsed_s: float, step_s: float, until_s: float) -> bool:
    """Whether another step, as long as the last, would end nearer to the time after `until_s` than before it.

    A scale's first step is always done, so a budget that is far too short still gives a picture of the full size.
    """
    return elapsed_s + step_s / 2 > until_s
