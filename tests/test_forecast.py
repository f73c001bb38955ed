"""Places in the queue and times left, against what the decision itself does on a fake clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.scheduling.fairness import Account
from impasto.scheduling.forecast import Load, Pace, ends, places


def load(name: str, client: str, left_s: float | None, **fields: int) -> Load:
    """A queued NORMAL job, in the order of its name's number."""
    return Load(name, client, fields.get("priority", 2), int(name[1:]), bool(fields.get("queued", 1)), left_s)


def test_a_clients_second_job_stands_behind_the_others_first() -> None:
    """Not the order of arrival: a flood of jobs does not push back who comes with one."""
    loads = [load("j1", "flood", 9), load("j2", "flood", 9), load("j3", "flood", 9), load("j4", "artist", 9)]

    assert places(loads, {}) == {"j1": 1, "j4": 2, "j2": 3, "j3": 4}


def test_previews_stand_first_and_who_runs_has_no_place() -> None:
    """Interactive jobs go before all others, and a begun job delays its client's next one."""
    loads = [load("j1", "a", 9, queued=0), load("j2", "a", 9), load("j3", "b", 9), load("j4", "c", 1, priority=1)]

    assert places(loads, {"b": Account(3.0)}) == {"j4": 1, "j3": 2, "j2": 3}


def test_one_alone_takes_its_own_time() -> None:
    """And its client's next one follows it; what is unknown is not told."""
    loads = [load("j1", "a", 4.0), load("j2", "a", 2.0), load("j3", "a", None)]

    assert ends(loads, {}) == {"j1": 4.0, "j2": 6.0}


def test_devices_are_shared_by_weight() -> None:
    """Of two clients each has half; with weights 1 and 3 a quarter and three; when one ends the other has all."""
    assert ends([load("j1", "a", 4.0), load("j2", "b", 2.0)], {}) == {"j2": 4.0, "j1": 6.0}
    assert ends([load("j1", "a", 4.0), load("j2", "b", 3.0)], {"b": Account(weight=3.0)}) == {"j2": 4.0, "j1": 7.0}


def test_several_devices_serve_several_jobs() -> None:
    """One job has at most one device; what a client cannot use goes to the others."""
    assert ends([load("j1", "a", 4.0)], {}, devices=2) == {"j1": 4.0}
    loads = [load("j1", "a", 4.0), load("j2", "b", 4.0), load("j3", "b", 4.0)]
    assert ends(loads, {}, devices=3) == {"j1": 4.0, "j2": 4.0, "j3": 4.0}


def test_what_never_ends_still_takes_its_share() -> None:
    """A job of unknown length is taken to last: the other has half of the device all the time."""
    assert ends([load("j1", "a", None), load("j2", "b", 2.0)], {}) == {"j2": 4.0}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.floats(0.01, 100)), min_size=1, max_size=12),
    st.integers(1, 3),
    st.randoms(),
)
def test_no_work_is_lost_or_invented(parts: list[tuple[str, int, float]], devices: int, chance: random.Random) -> None:
    """All end, not before the work there is allows and not after one device alone would, however they are listed."""
    loads = [
        Load(f"j{i}", client, priority, i, queued=True, left_s=left) for i, (client, priority, left) in enumerate(parts)
    ]
    accounts = {"a": Account(weight=2.0)}
    work = sum(left for *_, left in parts)

    found = ends(loads, accounts, devices)

    assert set(found) == {load.name for load in loads}
    assert work / devices - 1e-6 <= max(found.values()) <= work + 1e-6
    assert all(found[f"j{i}"] >= left - 1e-6 for i, (*_, left) in enumerate(parts))
    shuffled = ends(chance.sample(loads, len(loads)), accounts, devices)
    assert shuffled == pytest.approx(found)


def test_pace_is_learnt_from_jobs_of_like_size() -> None:
    """Nothing is told before anything was seen; then the nearest size counts, and the usual number of steps."""
    pace = Pace()
    assert pace.device_s("slim", 10_000, 100) is None
    pace.learn("slim", 10_000, 100, 2.0, usual=False)
    pace.learn("slim", 1_000_000, 100, 100.0, usual=True)

    assert pace.device_s("slim", 10_000, 50) == pytest.approx(1.0)
    assert pace.device_s("slim", 2_000_000, 100) == pytest.approx(200.0)
    assert pace.device_s("slim", 10_000, None) == pytest.approx(2.0)
    assert pace.device_s("vgg19", 10_000, 100) is None


def test_pace_follows_what_is_measured() -> None:
    """A device that has become slower is soon known to be."""
    pace = Pace()
    for seconds in (1.0, *[3.0] * 10):
        pace.learn("slim", 1000, 10, seconds, usual=False)

    assert pace.device_s("slim", 1000, 10) == pytest.approx(3.0, rel=0.05)
