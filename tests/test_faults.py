"""Whatever happens to client, worker, daemon, disk and clock: every accepted job ends as it was promised.

Thirty rounds here; more, and other chances, with IMPASTO_FAULT_ROUNDS=200 and IMPASTO_FAULT_SEED=7 set.
"""

import os
import random
from collections.abc import Iterator

import pytest

from storm import FULL, PATIENCE_S, Storm

ROUNDS, SEED = int(os.environ.get("IMPASTO_FAULT_ROUNDS", "30")), int(os.environ.get("IMPASTO_FAULT_SEED", "1"))
KINDS = (
    "worker", "daemon", "client", "client and daemon", "full disk", "checkpoint", "database", "clock", "stale socket",
    "two daemons",
)  # fmt: skip


def kinds(rounds: int, seed: int) -> list[str]:
    """Every kind in ten rounds, in an order of chance."""
    chance, found = random.Random(seed), list[str]()
    while len(found) < rounds:
        found += chance.sample(KINDS, len(KINDS))
    return found[:rounds]


@pytest.fixture(scope="module")
def storm() -> Iterator[Storm]:
    """One home for all rounds: a fault meets what the ones before have left."""
    storm = Storm(SEED)
    storm.learn()
    yield storm
    storm.end()


@pytest.mark.timeout(4 * PATIENCE_S)
@pytest.mark.parametrize(("number", "kind"), list(enumerate(kinds(ROUNDS, SEED))))
def test_every_job_ends_as_promised(storm: Storm, number: int, kind: str) -> None:
    """Who waits gets the right pixels, bit for bit, or a reason where the disk was full; nothing is left half done."""
    riders = storm.round(kind)
    allowed = {"right"} | (FULL if kind == "full disk" else set())

    assert [rider.heard for rider in riders if rider.outcome not in allowed] == []
    assert {rider.outcome for rider in riders} <= allowed
    storm.check_peace()


@pytest.mark.timeout(2 * PATIENCE_S)
def test_what_was_abandoned_is_cancelled_and_nothing_is_left(storm: Storm) -> None:
    """Clients that were killed together with the daemon never came back: their jobs are cancelled, states are gone."""
    assert set(storm.faults) == set(KINDS)
    storm.settle()
