"""Who goes next, and who makes room: the pure decision on given facts."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.scheduling.decision import HEAD_START_S, INTERACTIVE, MOVE_AFTER_S, SPILL_AFTER_S, Runnable, Slot, decide
from impasto.scheduling.fairness import Account


def had(**counters: float) -> dict[str, Account]:
    """Accounts of clients of equal weight."""
    return {client: Account(counter) for client, counter in counters.items()}


def runs(jobs: Sequence[Runnable], idle: Sequence[Slot], accounts: Mapping[str, Account]) -> Mapping[str, str]:
    """Which job each worker runs."""
    return decide(jobs, idle, accounts).runs


def test_the_least_served_client_goes_first() -> None:
    """Neither arrival nor BATCH or NORMAL of another client's job weighs against device time had."""
    jobs = [Runnable("early", "a", 2, 1), Runnable("late", "b", 3, 2)]

    assert runs(jobs, [Slot("w")], had(a=0.5, b=0.25)) == {"w": "late"}
    assert runs(jobs, [Slot("w")], had(a=0.5)) == {"w": "late"}


def test_inside_a_client_the_more_urgent_and_then_the_older_goes_first() -> None:
    """INTERACTIVE before NORMAL before BATCH, then in the order they came."""
    jobs = [Runnable("batch", "a", 3, 1), Runnable("second", "a", 2, 3), Runnable("first", "a", 2, 2)]

    assert runs(jobs, [Slot("w")], {}) == {"w": "first"}
    assert runs([*jobs, Runnable("preview", "a", 1, 4)], [Slot("w")], {}) == {"w": "preview"}


def test_a_begun_job_gives_way_to_a_more_urgent_one_of_its_client() -> None:
    """A begun BATCH job is preempted by a NORMAL one, but not by its equal, though that be new."""
    begun = Runnable("begun", "a", 3, 1, "w")

    assert runs([begun, Runnable("new", "a", 2, 2)], [Slot("w")], {}) == {"w": "new"}
    assert runs([begun, Runnable("new", "a", 3, 2)], [Slot("w")], {}) == {"w": "begun"}


def test_previews_go_first_until_they_have_had_their_share() -> None:
    """Before the jobs of clients that have had less; after all others once the share is used up."""
    jobs = [Runnable("preview", "a", INTERACTIVE, 2), Runnable("final", "b", 2, 1)]

    assert decide(jobs, [Slot("w")], had(a=9.0), interactive_first=True).runs == {"w": "preview"}
    assert decide(jobs, [Slot("w")], had(b=9.0), interactive_first=False).runs == {"w": "final"}
    assert decide(jobs[:1], [Slot("w")], had(a=9.0), interactive_first=False).runs == {"w": "preview"}


def test_a_preview_that_has_begun_is_finished_first_unless_its_client_is_far_ahead() -> None:
    """Turns about would make both late. A second ahead, by its weight, is far; other jobs have no such head start."""
    jobs = [Runnable("begun", "a", INTERACTIVE, 2, "w"), Runnable("new", "b", INTERACTIVE, 3)]
    finals = [replace(job, priority=2) for job in jobs]

    assert runs(jobs, [Slot("w")], had(a=HEAD_START_S - 0.1)) == {"w": "begun"}
    assert runs(jobs, [Slot("w")], had(a=HEAD_START_S + 0.1)) == {"w": "new"}
    assert runs(jobs, [Slot("w")], {"a": Account(0.6, 2.0), "b": Account(0.0, 1.0)}) == {"w": "new"}
    assert runs(finals, [Slot("w")], had(a=0.1)) == {"w": "new"}


def test_two_devices_that_fall_idle_together_serve_two_clients() -> None:
    """What the first is about to have counts for the second."""
    jobs = [Runnable("a1", "a", 2, 1), Runnable("a2", "a", 2, 2), Runnable("b1", "b", 2, 3)]

    assert set(runs(jobs, [Slot("w0"), Slot("w1")], had(b=0.1)).values()) == {"a1", "b1"}


def test_a_newcomer_goes_where_it_is_needed_most() -> None:
    """To a device with nothing to do, else to the one whose own clients have had most."""
    new = Runnable("new", "n", 2, 9)
    held = [Runnable("j0", "a", 2, 1, "w0"), Runnable("j1", "b", 2, 2, "w1")]

    assert runs([*held, new], [Slot("w0"), Slot("w1")], had(a=1.0, b=2.0, n=0.5))["w1"] == "new"
    assert runs([*held, new], [Slot("w0"), Slot("w1"), Slot("w2")], had(a=1.0, b=2.0, n=0.5))["w2"] == "new"


# where a job's state is


def test_a_begun_job_runs_where_its_state_is() -> None:
    """No other worker takes it, though it be idle, and it is not moved if its own has time for it."""
    begun = Runnable("begun", "a", 2, 1, "w1", waited_s=60.0)

    assert decide([begun], [Slot("w0"), Slot("w1")], {}).runs == {"w1": "begun"}
    assert decide([begun], [Slot("w0"), Slot("w1")], {}).spills == {}


@pytest.mark.parametrize("waited_s", [MOVE_AFTER_S - 0.1, MOVE_AFTER_S])
def test_a_job_leaves_a_worker_that_is_long_at_work_with_another(waited_s: float) -> None:
    """After two seconds it is spilled there, and any worker may take it; not before."""
    begun = Runnable("begun", "a", 2, 1, "w1", waited_s=waited_s)

    assert decide([begun], [Slot("w0")], {}).spills == ({"begun": "w1"} if waited_s >= MOVE_AFTER_S else {})


@pytest.mark.parametrize("behind_s", [MOVE_AFTER_S - 0.1, MOVE_AFTER_S + 0.5])
def test_a_client_far_behind_leaves_a_worker_that_it_shares(behind_s: float) -> None:
    """Two on one device and one alone on another drift apart: who is two seconds behind moves."""
    jobs = [Runnable("shared", "a", 2, 1, "w1", waited_s=0.3), Runnable("alone", "b", 2, 2, "w0")]

    decision = decide(jobs, [Slot("w0")], had(b=behind_s))

    assert decision.runs == {"w0": "alone"}
    assert decision.spills == ({"shared": "w1"} if behind_s > MOVE_AFTER_S else {})


# memory


def small(name: str, client: str, arrival: int, priority: int = 2, waited_s: float = 0.0) -> Runnable:
    """A job that wants 40 bytes of a worker's hundred while it runs, and 10 between its turns."""
    return Runnable(name, client, priority, arrival, waited_s=waited_s, peak_bytes=40, held_bytes=10)


def begun(name: str, client: str, arrival: int, priority: int = 2) -> Runnable:
    """The same in the memory of w, for long."""
    return replace(small(name, client, arrival, priority), worker="w", held_s=60.0)


def test_as_many_as_fit_are_held_however_many_that_is() -> None:
    """Each holds its state, and one at a time its peak: seven of 10 and one of 40 are 110, six are 100."""
    held = [begun(f"j{i}", f"c{i}", i) for i in range(7)]
    new = small("new", "n", 9)

    assert runs([*held[:6], new], [Slot("w", 100)], had(**{f"c{i}": 1.0 for i in range(7)})) == {"w": "new"}
    assert runs([*held, new], [Slot("w", 100)], had(**{f"c{i}": 1.0 for i in range(7)})) == {"w": "j0"}


def test_the_largest_of_those_held_must_be_able_to_run() -> None:
    """A small job does not come in where the next turn of a large one would no longer fit."""
    large = Runnable("large", "a", 2, 1, "w", peak_bytes=95, held_bytes=10)
    new = small("new", "n", 9)

    assert runs([large, new], [Slot("w", 100)], had(a=1.0)) == {"w": "large"}
    assert runs([large, new], [Slot("w", 105)], had(a=1.0)) == {"w": "new"}


def test_a_job_alone_always_comes_in() -> None:
    """What is predicted may be wrong; what can never fit was refused before. But it waits for those that leave."""
    large = Runnable("large", "a", 2, 1, peak_bytes=200, held_bytes=10)

    assert runs([large], [Slot("w", 100)], {}) == {"w": "large"}
    assert runs([large], [Slot("w", 100, leaving_bytes=1)], {}) == {}


@pytest.mark.parametrize("waited_s", [SPILL_AFTER_S - 0.1, SPILL_AFTER_S])
def test_who_has_long_waited_for_room_gets_it(waited_s: float) -> None:
    """As few as need be of those that would go last are spilled, and the worker waits for that; not before.

    Who came in just now stays: else they would do nothing but come and go.
    """
    held = [begun(f"j{i}", f"c{i}", i) for i in range(7)]
    held.append(replace(begun("just in", "c7", 7), held_s=SPILL_AFTER_S - 0.1))
    new = small("new", "n", 9, waited_s=waited_s)

    decision = decide([*held, new], [Slot("w", 110)], had(**{f"c{i}": 1.0 + i for i in range(8)}))

    patient = waited_s >= SPILL_AFTER_S
    assert decision.runs == ({} if patient else {"w": "j0"})
    assert decision.spills == ({"j6": "w"} if patient else {})


def test_a_preview_gets_room_at_once_but_not_from_another_preview() -> None:
    """Somebody looks and waits; those who look, too, stay."""
    held = [begun("final", "a", 1), begun("looked at", "b", 2, INTERACTIVE)]
    preview = small("preview", "c", 3, INTERACTIVE)

    assert decide([*held, preview], [Slot("w", 50)], had(b=2.0)).spills == {"final": "w"}
    assert decide([held[1], preview], [Slot("w", 45)], had(b=2.0)) == decide([held[1]], [Slot("w", 45)], {})


def test_nobody_is_spilled_for_who_would_go_later() -> None:
    """Or for nothing: where even that would not make room enough, all stay."""
    held = [begun("j1", "a", 1), begun("j2", "b", 2)]
    later = small("later", "c", 9, waited_s=60.0)
    huge = Runnable("huge", "c", 2, 9, waited_s=60.0, peak_bytes=99, held_bytes=1)

    assert decide([*held, later], [Slot("w", 50)], had(c=9.0)).spills == {}
    assert decide([*held, huge], [Slot("w", 105)], had(a=9.0, b=0.0, c=1.0)).spills == {}


# laws of any decision

CLIENTS = st.sampled_from("abcd")
WORKERS = ("w0", "w1", "w2")
Situation = tuple[list[Runnable], list[Slot], dict[str, Account]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Anything that a scheduler may have to decide."""
    homes, bytes_ = st.sampled_from(["", "", *WORKERS]), st.integers(1, 50)
    waits = st.sampled_from([0.0, MOVE_AFTER_S, SPILL_AFTER_S])
    parts = draw(st.lists(st.tuples(CLIENTS, st.integers(1, 3), homes, waits, bytes_, bytes_), max_size=12))
    jobs = [
        Runnable(f"j{i}", client, priority, i, home, waited, 2 * waited, peak + held, held)
        for i, (client, priority, home, waited, peak, held) in enumerate(parts)
    ]
    budgets = st.sampled_from([50, 100, 200, math.inf])
    idle = [
        Slot(name, draw(budgets), draw(st.sampled_from([0, 0, 9]))) for name in draw(st.sets(st.sampled_from(WORKERS)))
    ]
    account = st.builds(Account, st.floats(0, 9), st.sampled_from([0.5, 1.0, 4.0]))
    return jobs, idle, draw(st.dictionaries(CLIENTS, account))


@given(situations(), st.booleans())
def test_a_decision_is_always_possible_to_carry_out(situation: Situation, first: bool) -> None:
    """Each job goes to one worker, to its own if it has one, to one with room if not; only a begun one is spilled."""
    jobs, idle, accounts = situation
    by_name = {job.name: job for job in jobs}

    decision = decide(jobs, idle, accounts, interactive_first=first)

    slots = {slot.name: slot for slot in idle}
    assert len(set(decision.runs.values())) == len(decision.runs)
    assert not set(decision.runs.values()) & set(decision.spills)
    assert all(by_name[name].worker == worker for name, worker in decision.spills.items())
    for worker, name in decision.runs.items():
        job, here = by_name[name], [other for other in jobs if other.worker == worker and other.name != name]
        if job.worker:
            assert job.worker == worker
        elif here or slots[worker].leaving_bytes:
            held = slots[worker].leaving_bytes + job.held_bytes + sum(other.held_bytes for other in here)
            spare = max(other.peak_bytes - other.held_bytes for other in (job, *here))
            assert held + spare <= slots[worker].budget_bytes


@given(situations(), st.booleans())
def test_no_worker_is_idle_while_there_is_something_for_it(situation: Situation, first: bool) -> None:
    """Work conservation: a worker that got no turn to give makes room for one, holds nothing and has nothing to get."""
    jobs, idle, accounts = situation

    decision = decide(jobs, idle, accounts, interactive_first=first)

    for slot in idle:
        if slot.name in decision.runs or slot.name in decision.spills.values():
            continue
        left = [job for job in jobs if job.name not in decision.runs.values() and job.name not in decision.spills]
        assert not [job for job in left if job.worker == slot.name]
        assert slot.leaving_bytes or not [job for job in left if not job.worker]


@given(situations(), st.randoms())
def test_the_order_in_which_jobs_are_listed_does_not_count(situation: Situation, chance: random.Random) -> None:
    """A decision depends on what jobs are, not on where they stand in a table."""
    jobs, idle, accounts = situation
    shuffled = chance.sample(jobs, len(jobs))

    assert decide(shuffled, idle, accounts) == decide(jobs, idle, accounts)
