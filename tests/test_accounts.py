"""Whose device time it is: an owner of a token has one share, however many programs it runs under whatever names."""

from pathlib import Path

import pytest

from impasto.config import Limits
from impasto.errors import Busy
from impasto.job import Job, Priority
from impasto.scheduling.decision import Runnable, Slot, decide
from impasto.spec import StyleUse, StylizeSpec
from test_scheduler import Bench


def served(bench: Bench, slices: int) -> list[str]:
    """Who has had so many slices of one worker, by owner and client."""
    found = []
    for _ in range(slices):
        name = bench.pool.table["w0"].told[-1]["job"]
        job = bench.store.records[name].job
        found.append(f"{job.owner}/{job.client}")
        bench.sliced(name)
    return found


def test_a_job_is_charged_to_the_token_or_to_this_machines_client() -> None:
    """Over the socket all are one user, and a client is what it says; over the network a name is nothing to go by."""
    spec = StylizeSpec("", (StyleUse(""),))

    assert Job("jobs/1", "krita-7", spec, 0, 1.0, "uid:1000").account == "krita-7"
    assert Job("jobs/1", "krita-7", spec, 0, 1.0, "ann").account == "ann"


async def test_many_programs_of_one_token_have_one_share(tmp_path: Path) -> None:
    """Ann with five programs and Ben with one have half of the device each; hers have a fifth of her half."""
    bench = Bench(tmp_path)
    for number in range(5):
        await bench.submit(f"python-{number}", owner="ann")
    await bench.submit("krita", owner="ben")
    had = served(bench, 200)

    assert 99 <= had.count("ben/krita") <= 101
    assert {had.count(f"ann/python-{number}") for number in range(5)} <= {19, 20, 21}


async def test_a_program_of_ones_own_that_comes_late_is_not_behind(tmp_path: Path) -> None:
    """It begins level with the others of its owner, with no credit for having been away."""
    bench = Bench(tmp_path)
    await bench.submit("gimp", owner="ann")
    served(bench, 40)
    await bench.submit("krita", owner="ann")
    had = served(bench, 20)

    assert had.count("ann/gimp") in (9, 10, 11)


async def test_the_same_name_for_two_owners_is_two_clients(tmp_path: Path) -> None:
    """Quota, previews and shares are each owner's own."""
    bench = Bench(tmp_path, limits=Limits(max_jobs_per_client=2))
    previews = [
        await bench.submit("krita-1", Priority.INTERACTIVE, labels={"document": "a"}, owner=owner)
        for owner in ("ann", "ben")
    ]
    await bench.submit("other", owner="ann")
    with pytest.raises(Busy, match="whoever has this token has 2 jobs under way") as caught:
        await bench.submit("a name of its own", owner="ann")

    assert caught.value.subject == "client"
    assert not any(record.job.state.final for record in previews)
    assert "cancel" not in bench.verbs()


def test_within_a_token_who_had_least_goes_first_and_previews_before_all() -> None:
    """The owner's counter decides between owners, the client's own share inside; urgency counts before both."""
    jobs = [
        Runnable("much", "ann", 2, 1, share_s=3.0),
        Runnable("little", "ann", 2, 2, share_s=1.0),
        Runnable("preview", "ann", 1, 3, share_s=9.0),
    ]

    assert decide(jobs[:2], [Slot("w")], {}).runs == {"w": "little"}
    assert decide(jobs, [Slot("w")], {}).runs == {"w": "preview"}
