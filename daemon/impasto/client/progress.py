"""What a script hears of its job.

Knows the contract's events. Must not know channels or pictures. ``client`` tells it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from impasto.v1 import stylize_pb2


@dataclass(frozen=True)
class Progress:
    """One event of a job, as a script wants it; `job` is empty in a notice that comes before there is one."""

    job: str
    state: str
    step: int
    total_steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    time_left_s: float | None = None
    queue_position: int | None = None
    encoder: str = ""
    device: str = ""
    notice: str = ""


def progress_of(event: stylize_pb2.JobEvent) -> Progress:
    """From the contract's event."""
    job = event.job
    return Progress(
        job=job.name,
        state=stylize_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower(),
        step=job.step,
        total_steps=job.total_steps,
        losses=dict(event.losses),
        time_left_s=job.time_left.ToTimedelta().total_seconds() if job.HasField("time_left") else None,
        queue_position=job.queue_position if job.HasField("queue_position") else None,
        encoder=job.encoder,
        device=job.device,
        notice=event.notice,
    )
