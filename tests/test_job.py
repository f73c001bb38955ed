"""A job's life: which moves the table allows, and that all others change nothing."""

import json
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from impasto import job as module
from impasto.image import ImageHeader
from impasto.job import TRANSITIONS, Failure, IllegalMove, Job, Move, Priority, Result, State, Terms
from impasto.spec import StyleUse, StylizeSpec

NOW = 1000.0
FAILURE = Failure("DIVERGED", "the losses are not finite")
RESULT = Result("blobs/sha256-0", ImageHeader(4, 3))

MOVES: dict[Move, Callable[[Job], Job]] = {
    Move.START: lambda job: job.started("cpu", NOW),
    Move.REQUEUE: lambda job: job.requeued(),
    Move.SUCCEED: lambda job: job.succeeded(RESULT, NOW),
    Move.FAIL: lambda job: job.failed(FAILURE, NOW),
    Move.CANCEL: lambda job: job.cancelled(FAILURE, NOW),
}
ALLOWED = {
    State.QUEUED: {Move.START: State.RUNNING, Move.FAIL: State.FAILED, Move.CANCEL: State.CANCELLED},
    State.RUNNING: {
        Move.REQUEUE: State.QUEUED,
        Move.SUCCEED: State.SUCCEEDED,
        Move.FAIL: State.FAILED,
        Move.CANCEL: State.CANCELLED,
    },
}
ENDS = {State.SUCCEEDED: Move.SUCCEED, State.FAILED: Move.FAIL, State.CANCELLED: Move.CANCEL}


def made(state: State = State.QUEUED) -> Job:
    """A job that stands where it is said to."""
    job = Job(
        "jobs/1",
        "krita",
        StylizeSpec("content", (StyleUse("style"),), style_layers={"relu1_1": 0.5}),
        arrival=1,
        create_time=1.0,
    )
    running = job.started("cpu", 2.0).progressed(3, 10, 7.0)
    return job if state is State.QUEUED else running if state is State.RUNNING else MOVES[ENDS[state]](running)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", State)
def test_a_job_makes_the_moves_of_the_table_and_no_others(state: State, move: Move) -> None:
    """An allowed move arrives; an illegal one raises and changes nothing."""
    job = made(state)
    before = replace(job)

    if move in ALLOWED.get(state, {}):
        assert MOVES[move](job).state is ALLOWED[state][move]
    else:
        with pytest.raises(IllegalMove, match=f"jobs/1 is {state.value} and cannot {move.value}"):
            MOVES[move](job)

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


def test_a_job_goes_back_to_its_last_checkpoint() -> None:
    """What was done since is done again; it counts as another attempt if its worker died at it, and starts once."""
    running = replace(made(State.RUNNING), saved_step=2)

    back, lost = running.requeued(), running.requeued(lost=True)
    again = lost.started("cpu", 99.0)

    assert (back.state, back.step, back.attempt, back.time_left_s) == (State.QUEUED, 2, 1, None)
    assert lost == replace(back, attempt=2)
    assert (again.state, again.start_time, again.attempt) == (State.RUNNING, running.start_time, 2)


@pytest.mark.parametrize("state", State)
def test_a_job_that_was_written_down_is_the_same(state: State) -> None:
    """Through JSON and back, whatever its state; the result's header comes from beside its blob."""
    terms = Terms(3, "ab" * 32, {"steps": 10, "weights": {"style_layers": {"relu1_1": 0.1}}})
    job = replace(made(state), labels={"a": "b"}, priority=Priority.BATCH, terms=terms, owner="uid:1", device_s=1 / 3)
    header = RESULT.header if job.result else None

    assert Job.from_json(json.loads(json.dumps(job.to_json())), header) == job
    assert Job.from_json(job.to_json()).result is None


def test_final_is_what_leads_nowhere() -> None:
    """Exactly the states without a move are final."""
    assert {state for state in State if state.final} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    assert set(TRANSITIONS) == set(State)


def test_every_state_but_the_first_can_be_reached() -> None:
    """The table's moves lead from QUEUED to every other state, and back to it from RUNNING alone."""
    reached, waiting = set[State](), [State.QUEUED]
    while waiting:
        new = TRANSITIONS[waiting.pop()] - reached
        reached |= new
        waiting += new

    assert reached == set(State)
    assert [state for state in State if State.QUEUED in TRANSITIONS[state]] == [State.RUNNING]


def test_the_diagram_shows_the_states() -> None:
    """The diagram in the docstring names every state once, and nothing that is none."""
    names = re.findall(r"\b[A-Z]{3,}\b", module.__doc__ or "")

    assert sorted(names) == sorted(state.name for state in State)


@pytest.mark.parametrize("field", [field.name for field in fields(Job)])
def test_a_job_cannot_be_changed_in_place(field: str) -> None:
    """An event holds the job as it was: nobody can change it behind its back."""
    with pytest.raises(FrozenInstanceError):
        setattr(made(), field, None)
