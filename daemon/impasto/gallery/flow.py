"""Directions to paint in: whirls and drifts as angle fields, and combing a field along them.

A flow is any function from places (u, v) to headings in radians; painters compose them from the few here. Knows
frames, not brushes. Called by the painters of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impasto.gallery.canvas import STUDY, Field
from impasto.gallery.dab import Heading


@dataclass(frozen=True)
class Whirl:
    """A place that the flow turns around: within about `radius`, `spin` times as fast as the drift past it."""

    u: float
    v: float
    radius: float
    spin: float
    inward: float = 0.0
    """How much the turning also falls towards the middle: a spiral rather than a ring."""

    def push(self, u: Field, v: Field) -> tuple[Field, Field]:
        """The velocity that it adds at places."""
        east, south = (u - self.u) / self.radius, (v - self.v) / self.radius
        strength = self.spin * np.exp(-(east * east + south * south))
        pull = self.inward * np.abs(strength)
        return -south * strength - east * pull, east * strength - south * pull


def whirling(whirls: Sequence[Whirl], drift: Heading, waver: Field | None = None) -> Heading:
    """A drift that bends around whirls; `waver` (radians, on the study) unsettles it."""

    def heading(u: Field, v: Field) -> Field:
        angle = drift(u, v)
        east, south = np.cos(angle), np.sin(angle)
        for whirl in whirls:
            more_east, more_south = whirl.push(u, v)
            east, south = east + more_east, south + more_south
        turned = np.arctan2(south, east)
        return np.asarray(turned if waver is None else turned + STUDY.pick(waver, u, v), np.float32)

    return heading


def along_field(angle: Field) -> Heading:
    """The flow that a study's angle field tells."""
    east, south = np.cos(angle), np.sin(angle)
    return lambda u, v: np.arctan2(STUDY.pick(south, u, v), STUDY.pick(east, u, v)).astype(np.float32)


def combed(field: Field, angle: Field, *, reach: float, steps: int = 8) -> Field:
    """A study's field drawn out along its angles by `reach` each way (LIC: Cabral and Leedom, 1993)."""
    heading = np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    total = field.copy()
    for stride in (reach / steps, -reach / steps):
        u, v = np.broadcast_to(STUDY.u, field.shape), np.broadcast_to(STUDY.v, field.shape)
        for _ in range(steps):
            ahead = STUDY.pick(heading, u, v)
            u, v = u + stride * ahead[..., 0], v + stride * ahead[..., 1]
            total = total + STUDY.pick(field, u, v)
    return np.asarray(total / total.std(), np.float32)
