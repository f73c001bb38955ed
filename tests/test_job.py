"""A job's life: which moves the table allows, and that all others change nothing."""

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from impasto import job as module
from impasto.image import ImageHeader
from impasto.job import TRANSITIONS, Failure, IllegalMove, Job, Result, State
from impasto.spec import StyleUse, StylizeSpec

NOW = 1000.0
FAILURE = Failure("DIVERGED", "the losses are not finite")
RESULT = Result("blobs/sha256-0", ImageHeader(4, 3))

MOVES: dict[State, Callable[[Job], Job]] = {
    State.RUNNING: lambda job: job.started("cpu", NOW),
    State.SUCCEEDED: lambda job: job.succeeded(RESULT, NOW),
    State.FAILED: lambda job: job.failed(FAILURE, NOW),
    State.CANCELLED: lambda job: job.cancelled(FAILURE, NOW),
}
ALLOWED = {
    State.QUEUED: {State.RUNNING, State.FAILED, State.CANCELLED},
    State.RUNNING: {State.SUCCEEDED, State.FAILED, State.CANCELLED},
}


def made(state: State = State.QUEUED) -> Job:
    """A job that stands where it is said to."""
    job = Job("jobs/1", "krita", StylizeSpec("content", (StyleUse("style"),)), arrival=1, create_time=1.0)
    running = job.started("cpu", 2.0).progressed(3, 10, 7.0)
    return job if state is State.QUEUED else running if state is State.RUNNING else MOVES[state](running)


@pytest.mark.parametrize("target", MOVES)
@pytest.mark.parametrize("state", State)
def test_a_job_makes_the_moves_of_the_table_and_no_others(state: State, target: State) -> None:
    """An allowed move arrives; an illegal one raises and changes nothing."""
    job = made(state)
    before = replace(job)

    if target in ALLOWED.get(state, set()):
        assert MOVES[target](job).state is target
    else:
        with pytest.raises(IllegalMove, match=f"jobs/1 is {state.value} and cannot become {target.value}"):
            MOVES[target](job)

    assert job == before


@pytest.mark.parametrize("state", State)
def test_only_a_running_job_makes_steps(state: State) -> None:
    """A step in any other state raises and changes nothing."""
    job = made(state)
    before = replace(job)

    if state is State.RUNNING:
        assert job.progressed(4, 10, 6.0) == replace(job, step=4, time_left_s=6.0)
    else:
        with pytest.raises(IllegalMove, match=f"jobs/1 is {state.value} and makes no steps"):
            job.progressed(4, 10, 6.0)

    assert job == before


@pytest.mark.parametrize("state", State)
def test_device_time_is_charged_in_any_state(state: State) -> None:
    """The last slice is accounted for even if the job has ended meanwhile, and moves nothing."""
    job = made(state)

    assert job.charged(0.25).charged(0.5) == replace(job, device_s=0.75)


def test_a_move_sets_what_belongs_to_it_and_leaves_the_rest() -> None:
    """Start, end, device, result and failure are of the move that made them."""
    running = made().started("cuda:0", 2.0).progressed(3, 10, 7.0)

    assert (running.device, running.start_time, running.end_time) == ("cuda:0", 2.0, None)
    assert running.succeeded(RESULT, 9.0) == replace(
        running, state=State.SUCCEEDED, result=RESULT, end_time=9.0, time_left_s=None
    )
    assert running.failed(FAILURE, 9.0) == replace(
        running, state=State.FAILED, failure=FAILURE, end_time=9.0, time_left_s=None
    )
    assert running.cancelled(FAILURE, 9.0, RESULT) == replace(
        running, state=State.CANCELLED, failure=FAILURE, result=RESULT, end_time=9.0, time_left_s=None
    )


def test_final_is_what_leads_nowhere() -> None:
    """Exactly the states without a move are final."""
    assert {state for state in State if state.final} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    assert set(TRANSITIONS) == set(State)


def test_every_state_but_the_first_can_be_reached() -> None:
    """The table's moves lead from QUEUED to every other state, and never back to it."""
    reached, waiting = set[State](), [State.QUEUED]
    while waiting:
        new = TRANSITIONS[waiting.pop()] - reached
        reached |= new
        waiting += new

    assert reached == set(State) - {State.QUEUED}


def test_the_diagram_shows_the_states() -> None:
    """The diagram in the docstring names every state once, and nothing that is none."""
    names = re.findall(r"\b[A-Z]{3,}\b", module.__doc__ or "")

    assert sorted(names) == sorted(state.name for state in State)


@pytest.mark.parametrize("field", [field.name for field in fields(Job)])
def test_a_job_cannot_be_changed_in_place(field: str) -> None:
    """An event holds the job as it was: nobody can change it behind its back."""
    with pytest.raises(FrozenInstanceError):
        setattr(made(), field, None)
