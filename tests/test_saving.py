"""When states are written, what that costs, and what becomes of one that is under way; clocks are numbers here."""

import errno
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64

from harness import wait_for
from impasto.engine import Checkpoint
from impasto.worker import checkpoint, tensor_file
from impasto.worker.again import why_unsaved
from impasto.worker.saving import LEAST_PAUSE_S, SHARE, SMALL_PAUSE_S, SMALL_PIXELS, Cadence, Outcome, Saving

SMALL, LARGE = st.integers(1, SMALL_PIXELS - 1), st.integers(SMALL_PIXELS, 10**8)
STEPS_S = st.lists(st.floats(0.001, 20), min_size=1, max_size=200)


def run(pixels: int, steps_s: list[float], cost_s: float) -> tuple[list[float], float, float]:
    """A run on a clock of numbers: pauses between two writings, seconds written in all, and worked in all."""
    cadence, worked_s, begun_s, pauses = Cadence(pixels), 0.0, 0.0, list[float]()
    for step_s in steps_s:
        worked_s += step_s
        if cadence.due(worked_s):
            pauses.append(worked_s - begun_s)
            begun_s = worked_s
            cadence.begun(worked_s)
            cadence.cost(cost_s)
    return pauses, len(pauses) * cost_s, worked_s


@given(LARGE, STEPS_S, st.floats(0.0001, 5))
def test_a_large_picture_spends_a_twentieth_of_the_work_on_writing(
    pixels: int, steps_s: list[float], cost_s: float
) -> None:
    """However long steps and writing take: all that was written but the last is paid for."""
    _, written_s, worked_s = run(pixels, steps_s, cost_s)

    assert written_s - cost_s <= SHARE * worked_s * (1 + 1e-9)


@given(SMALL, STEPS_S, st.floats(0.0001, 5))
def test_a_small_picture_never_loses_more_than_five_seconds(pixels: int, steps_s: list[float], cost_s: float) -> None:
    """Whatever writing costs; a step that is under way ends first."""
    pauses, _, worked_s = run(pixels, steps_s, cost_s)

    assert all(pause <= SMALL_PAUSE_S + max(steps_s) for pause in pauses)
    assert worked_s - sum(pauses) <= SMALL_PAUSE_S


@given(SMALL, STEPS_S, st.floats(0.0001, SHARE * SMALL_PAUSE_S))
def test_a_small_picture_that_is_written_cheaply_spends_a_twentieth_too(
    pixels: int, steps_s: list[float], cost_s: float
) -> None:
    """Where writing takes a quarter of a second or less both rules hold at once."""
    _, written_s, worked_s = run(pixels, steps_s, cost_s)

    assert written_s - cost_s <= SHARE * worked_s * (1 + 1e-9)


@given(SMALL | LARGE, STEPS_S)
def test_what_costs_nothing_is_not_written_at_every_step(pixels: int, steps_s: list[float]) -> None:
    """Half a second of work lies between two."""
    pauses, _, _ = run(pixels, steps_s, 0.0)

    assert all(pause >= LEAST_PAUSE_S for pause in pauses)


# the thread


class Disk:
    """A disk that writes when it is let, in place of `checkpoint.write`; a fault is what it says then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate, self.at_work, self._real = threading.Event(), threading.Event(), checkpoint.write
        self.fault: OSError | None = None
        monkeypatch.setattr(checkpoint, "write", self._write)

    def _write(self, *arguments: object) -> None:
        self.at_work.set()
        self.gate.wait(60)
        if self.fault:
            raise self.fault
        self._real(*arguments)  # type: ignore[arg-type]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Closed at first."""
    disk = Disk(monkeypatch)
    yield disk
    disk.gate.set()


class Bench:
    """A saving, its folder, and what it has told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder / "job", list[Outcome]()
        self.saving = Saving(self.folder, 100, self.told.append)

    def begin(self, number: int, pulse: Callable[[], None] = lambda: None) -> None:
        """Has a state written whose tensor is as large as a page."""
        descent = {"variable": torch.full((1024,), float(number))}
        self.saving.begin(lambda: Checkpoint(number, 0, number, descent), {}, float(number), pulse)

    def settle(self) -> int:
        """Waits for it."""
        return self.saving.settle(lambda: None)

    @property
    def numbers(self) -> list[int]:
        """Of the states on the disk, the newest first."""
        return [int(path.name[:8]) for path in checkpoint.states(self.folder)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A painting's saving."""
    return Bench(tmp_path)


def test_the_work_goes_on_while_a_state_is_written(bench: Bench, disk: Disk) -> None:
    """The next is not due before that; at the end of a scale it is, and waits for the first."""
    bench.begin(1)
    assert disk.at_work.wait(60)
    assert not bench.saving.due(1e9, at_landmark=False)
    assert bench.saving.due(1e9, at_landmark=True)
    assert (bench.numbers, bench.told) == ([], [])

    disk.gate.set()
    bench.begin(2)
    assert bench.settle() == 2
    assert bench.saving.due(1e9, at_landmark=False)
    assert bench.numbers == [2, 1]
    assert bench.told == [Outcome(1), Outcome(2)]
    assert bench.saving.cost_s > 0


def test_what_is_written_is_let_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the last tensor of a state is written nobody holds the others: the work has gone on, and has new ones."""
    tensors = [torch.full((1 << 19,), float(number)) for number in range(3)]
    held, seen = [weakref.ref(tensor) for tensor in tensors], list[list[bool]]()

    class Looking:
        """The checksum of what is written, which looks on."""

        def __init__(self) -> None:
            self._real = xxh3_64()
            self.hexdigest = self._real.hexdigest

        def update(self, piece: memoryview) -> None:
            seen.append([one() is not None for one in held])
            self._real.update(piece)

    monkeypatch.setattr(tensor_file, "xxh3_64", Looking)
    states = [Checkpoint(1, 0, 1, {"optimizer": {"old_dirs": tensors}})]
    del tensors
    bench.saving.begin(states.pop, {}, 1.0, lambda: None)
    assert bench.settle() == 1

    assert seen[0] == [True, True, True]
    assert seen[-1] == [False, False, True]
    assert bench.told == [Outcome(1)]


def test_who_waits_can_be_stopped(bench: Bench, disk: Disk) -> None:
    """A pulse is felt while a disk is slow: that is how a cancel comes through."""
    bench.begin(1)

    def cancelled() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        bench.begin(2, cancelled)
    disk.gate.set()
    assert bench.settle() == 1


@pytest.mark.parametrize("removed", [False, True])
def test_a_painting_that_goes_leaves_nothing_behind(bench: Bench, disk: Disk, *, removed: bool) -> None:
    """What was under way is not there afterwards, nor its folder where the front has removed that; nobody hears."""
    bench.begin(1)
    assert disk.at_work.wait(60)
    bench.saving.stop()
    if removed:
        bench.folder.rmdir()
    disk.gate.set()
    bench.settle()

    wait_for(lambda: not bench.folder.exists(), "the end of the folder")
    assert bench.told == []


def number_of(told: Outcome) -> int | None:
    """The system's number of what went wrong, if anything did."""
    return told.error.errno if isinstance(told.error, OSError) else None


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ENOSPC, "No space left"), "the disk is full"),
        (OSError(errno.EIO, "Input/output error"), "the disk fails"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory ran out"),
        (TypeError("a bug of ours"), "the daemon's log has the details"),
    ],
)
def test_the_disk_is_blamed_only_for_what_is_its_fault(error: Exception, why: str) -> None:
    """Want of memory and faults of ours have words of their own."""
    assert why_unsaved(error) == why


def test_a_full_disk_is_told_and_the_work_goes_on(bench: Bench, disk: Disk) -> None:
    """Another time it is written."""
    disk.gate.set()
    disk.fault = OSError(errno.ENOSPC, "full")
    bench.begin(1)
    assert bench.settle() == 0
    disk.fault = None
    bench.begin(2)

    assert bench.settle() == 2
    assert [(told.number, number_of(told)) for told in bench.told] == [(1, errno.ENOSPC), (2, None)]


@pytest.mark.parametrize("code", [errno.EDQUOT, errno.ENOSPC])
def test_quota_and_the_disk_that_the_work_needs_are_kept(bench: Bench, code: int) -> None:
    """An older state makes room for a newer one, the newest never goes, and what does not fit is told."""

    def leave(room_bytes: int) -> None:
        if code == errno.EDQUOT:
            bench.saving.room_bytes = room_bytes
        else:
            bench.saving.spare = lambda: room_bytes

    for number in (1, 2):
        bench.begin(number)
        bench.settle()
    size = checkpoint.states(bench.folder)[0].stat().st_size
    leave(size // 2)
    bench.begin(3)
    assert bench.settle() == 3
    assert bench.numbers == [3, 2]
    leave(0)
    bench.begin(4)
    assert bench.settle() == 4
    for path in checkpoint.states(bench.folder)[1:]:
        path.unlink()
    bench.begin(5)

    assert bench.settle() == 4
    assert bench.numbers == [4]
    assert [number_of(told) for told in bench.told] == [None, None, None, None, code]


def test_without_a_folder_nothing_is_written() -> None:
    """A painting that nobody could take up."""
    saving = Saving(None, 100, lambda _outcome: None)

    assert not saving.due(1e9, at_landmark=True)
    saving.begin(lambda: Checkpoint(1, 0, 1, {}), {}, 1.0, lambda: None)
    assert saving.settle(lambda: None) == 0
