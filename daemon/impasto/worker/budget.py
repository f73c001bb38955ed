"""How long a painting may take: when each scale must make way for the next.

Knows arithmetic on seconds. Must not know clocks, pictures or tensors: ``painting`` says what time it is, after each
step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from impasto.engine import Scale
from impasto.engine.pyramid import no_time_left, time_shares


@dataclass
class Budget:
    """When each scale must make way for the next, if there is so much time for all.

    `elapsed_s` is what the steps before the last took; the mutable state.
    """

    seconds: float | None
    scales: Sequence[Scale]
    elapsed_s: float = field(default=0.0)

    def spent(self, scale: int, now_s: float) -> bool:
        """Whether the scale is to be left after the step that has just ended, `now_s` seconds into the painting."""
        step_s, self.elapsed_s = now_s - self.elapsed_s, now_s
        if self.seconds is None:
            return False
        return no_time_left(now_s, step_s, self.seconds * time_shares(self.scales)[scale])

    def total_steps(self, step: int, last: bool, most: int) -> int:  # noqa: FBT001  # as a step says it
        """How many steps there will be in all, as far as can be told."""
        if self.seconds is None or last or not self.elapsed_s:
            return step if last else most
        return min(most, max(step + 1, round(step * self.seconds / self.elapsed_s)))
