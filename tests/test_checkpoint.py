"""Checkpoints: how often they are written, that only whole ones are read, and that going on changes no pixel."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from harness import picture
from impasto.engine import Checkpoint, Losses
from impasto.engine.descent import Descent, by_autograd
from impasto.engine.scratch import Scratch
from impasto.engine.spilled import SpilledDescent
from impasto.errors import CannotServe
from impasto.image import ImageHeader
from impasto.method.choices import settings_from_json, settings_of, settings_to_json
from impasto.method.settings import USUAL_HISTORY
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker import checkpoint, tensor_file
from impasto.worker.checkpoint import KEPT, Packed
from impasto.worker.painting import Painting, Terms
from impasto.worker.studio import Studio

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 4
HEADER, TWO_SCALES = ImageHeader(64, 48), ImageHeader(256, 64)
SPEC = StylizeSpec("content", (StyleUse("style"),), steps=STEPS, encoder="vgg19-slim", start="noise")


def state(number: int) -> Checkpoint:
    """A state as the engine has them: tensors and numbers in dicts and lists."""
    descent = {"variable": torch.full((3, 4), float(number)), "optimizer": {"state": {0: {"old": [torch.ones(2)]}}}}
    return Checkpoint(number, 0, number, descent)


def write(folder: Path, number: int, **beside: Any) -> None:
    """Writes such a state."""
    checkpoint.prepare(folder)
    checkpoint.write(folder, Packed.of(state(number), beside))


def files(folder: Path) -> list[Path]:
    """All states, the newest first."""
    return sorted(folder.glob("*.safetensors"), reverse=True)


# only what is whole


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    """The newest state, with what was put beside it; the last two are kept, readable by their owner alone."""
    for number in (1, 2, 3):
        write(tmp_path / "job", number, seconds=number / 3)
    saved = checkpoint.newest(tmp_path / "job")

    assert saved.state is not None
    assert (saved.state.number, saved.beside, saved.damaged) == (3, {"seconds": 1.0}, 0)
    assert torch.equal(saved.state.descent["variable"], torch.full((3, 4), 3.0))
    assert len(files(tmp_path / "job")) == KEPT
    assert {path.stat().st_mode & 0o777 for path in files(tmp_path / "job")} == {0o600}
    assert (tmp_path / "job").stat().st_mode & 0o777 == 0o700


def falling(optimizer: Literal["lbfgs", "adam"], steps: int, history: int = USUAL_HISTORY) -> Descent:
    """A descent of some steps into a bowl."""
    descent = Descent(torch.zeros(1, 3, 8, 8), optimizer, 0.02, history)
    for _ in range(steps):
        descent.advance(by_autograd(bowl))
    return descent


def bowl(variable: torch.Tensor) -> Losses:
    """J of one term."""
    value, zero = (torch.linspace(1, 100, variable.numel()).view_as(variable) * (variable - 0.5) ** 2).sum(), 0.0
    return Losses(value, *(value.new_full((), zero) for _ in range(3)))


@pytest.mark.parametrize(("optimizer", "history"), [("lbfgs", 10), ("lbfgs", 20), ("adam", 10)])
@pytest.mark.parametrize("steps", [0, 1, 15])
def test_a_real_state_comes_back_to_the_bit(
    tmp_path: Path, optimizer: Literal["lbfgs", "adam"], steps: int, history: int
) -> None:
    """Of both optimisers: every tensor, number, None and infinity; whoever goes on from it makes the same moves."""
    first, second = falling(optimizer, steps, history), falling(optimizer, 0, history)
    checkpoint.prepare(tmp_path)
    checkpoint.write(tmp_path, Packed.of(Checkpoint(steps, 0, steps, first.state()), {}))
    saved = checkpoint.newest(tmp_path)
    assert saved.state is not None
    second.restore(saved.state.descent)
    slope = by_autograd(bowl)
    moves = [(first.advance(slope)["total"], second.advance(slope)["total"]) for _ in range(12)]

    assert [one == other for one, other in moves] == [True] * 12
    assert torch.equal(first.variable, second.variable)


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda data: data[:0],
    lambda data: data[:-1],
    lambda data: data[: len(data) // 2],
    lambda data: data + b"x",
    lambda data: bytes(len(data)),
    lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
]


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_state_that_lies_on_disk_comes_back_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: Literal["lbfgs", "adam"]
) -> None:
    """Of a picture too large for memory, too, and without being read into it whole."""
    monkeypatch.setattr(checkpoint, "MAPPED_BYTES", 64)
    scratch, weights = Scratch(tmp_path), torch.linspace(1, 2, 40)

    def descent() -> SpilledDescent:
        return SpilledDescent(scratch.stored(torch.ones(40)), optimizer, 0.1, scratch)

    def further(descent: SpilledDescent, steps: int) -> None:
        for _ in range(steps):
            descent.advance(lambda x: ({"total": float((weights * x.values**4).sum())}, 4 * weights * x.values**3))

    straight, again = descent(), descent()
    further(straight, 5)
    checkpoint.write(tmp_path, Packed.of(Checkpoint(5, 0, 5, straight.state()), {}))
    further(straight, 3)
    saved = checkpoint.newest(tmp_path).state
    assert saved is not None

    again.restore(saved.descent)
    further(again, 3)

    assert torch.equal(again.variable.values, straight.variable.values)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_never_read(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """The one before serves; where that is damaged, too, there is none, and both times it is told."""
    for number in (1, 2):
        write(tmp_path, number)
    newest, before = files(tmp_path)
    newest.write_bytes(damage(newest.read_bytes()))
    first = checkpoint.newest(tmp_path)
    before.write_bytes(damage(before.read_bytes()))
    second = checkpoint.newest(tmp_path)

    assert first.state is not None
    assert (first.state.number, first.damaged) == (1, 1)
    assert (second.state, second.damaged) == (None, 1)
    assert files(tmp_path) == []


@pytest.mark.parametrize("left", ["next.part", ".tmpYF3a1x"])  # by us, and by safetensors
def test_half_a_file_is_no_state(tmp_path: Path, left: str) -> None:
    """What a killed worker was writing is not looked at, and goes with the next."""
    write(tmp_path, 1)
    (tmp_path / left).write_bytes(files(tmp_path)[0].read_bytes()[:50])

    saved = checkpoint.newest(tmp_path)
    write(tmp_path, 2)

    assert saved.state is not None
    assert (saved.state.number, saved.damaged) == (1, 0)
    assert not (tmp_path / left).exists()


def full(*_: object) -> int:
    """What a full disk says to Python."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("where", "what"), [("write", full), ("sync", full), ("rename", full)])
def test_a_full_disk_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, what: Callable[..., Any]
) -> None:
    """Where a state cannot be written that is told as OSError, and the one before stays."""
    write(tmp_path, 1)
    owner, name = {"write": (Path, "open"), "sync": (os, "fsync"), "rename": (Path, "replace")}[where]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, what)
        if where == "rename":  # `write` took the method when it was made
            patch.setattr(checkpoint.write, "__defaults__", (what,))
        with pytest.raises(OSError, match=r"No space|could not be written") as caught:
            write(tmp_path, 2)
    saved = checkpoint.newest(tmp_path)

    assert caught.value.errno == errno.ENOSPC
    assert saved.state is not None
    assert saved.state.number == 1
    assert list(tmp_path.iterdir()) == files(tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you "
                     "tried to allocate 12000000 bytes. Error code 12 (Cannot allocate memory)"),
    ],
    ids=["Python", "CUDA", "CPU"],
)  # fmt: skip
def test_want_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Says nothing about a file, whoever says it: the state stays where it is."""
    write(tmp_path, 1)
    before = files(tmp_path)

    def wanting(_tensor: torch.Tensor) -> torch.Tensor:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "clone", wanting)
        with pytest.raises(type(error)):
            checkpoint.newest(tmp_path)

    assert files(tmp_path) == before
    assert checkpoint.newest(tmp_path).damaged == 0


def test_a_disk_that_fails_for_once_costs_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read now is passed over, and is there another time."""
    write(tmp_path, 1)

    def failing(*_: object, **__: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(tensor_file, "checksum_of", failing)
        assert checkpoint.newest(tmp_path) == checkpoint.Saved(None, {}, 1)

    assert checkpoint.newest(tmp_path).damaged == 0


def test_nothing_is_no_state(tmp_path: Path) -> None:
    """A job that has not begun has no folder."""
    assert checkpoint.newest(tmp_path / "absent") == checkpoint.Saved(None, {}, 0)


# going on


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Content and style as a front tells of them."""
    return at_rest(tmp_path_factory.mktemp("pictures"), HEADER)


def at_rest(folder: Path, header: ImageHeader) -> dict[str, Any]:
    """Content and style of that size, as files."""
    told = {}
    for role, seed in (("content", 1), ("styles[0].image", 2)):
        path = folder / str(seed)
        path.write_bytes(picture(header.width, header.height, seed).tobytes())
        told[role] = {"path": str(path), "header": header.to_json(), "key": role}
    return told


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A CPU."""
    return Studio(torch.device("cpu"), Shelf(tmp_path))


def begun(studio: Studio, sources: dict[str, Any], folder: Path, **terms: Any) -> Painting:
    """A painting, from its newest state if there is one."""
    return Painting(studio, SPEC, sources, lambda: None, Terms(folder=folder, **terms))


def written(painting: Painting) -> None:
    """Its state, on the disk."""
    painting.save()
    assert painting.saving.settle(lambda: None) == painting.step


def ended(painting: Painting, path: Path) -> bytes:
    """The samples when all steps are done."""
    while not painting.done:
        painting.advance()
    painting.write(path)
    return path.read_bytes()


@pytest.mark.parametrize(("threads", "stops"), [(1, range(1, STEPS)), (2, [2])])
def test_a_painting_goes_on_elsewhere_to_the_same_pixels(
    studio: Studio, sources: dict[str, Any], tmp_path: Path, threads: int, stops: Sequence[int]
) -> None:
    """From every step, in another process's stead, with other threads there: bit for bit as if nothing had been."""
    straight = ended(begun(studio, sources, tmp_path / "straight", threads=threads), tmp_path / "out")
    for stop in stops:
        folder = tmp_path / str(stop)
        first = begun(studio, sources, folder, threads=threads)
        for _ in range(stop):
            first.advance()
        written(first)
        torch.set_num_threads(3)
        second = begun(studio, sources, folder, threads=threads)

        assert (second.step, second.seconds, second.bill()) == (stop, first.seconds, 0.0)
        assert second.notice == f"it goes on from step {stop}"
        assert ended(second, tmp_path / "out") == straight
    torch.set_num_threads(1)


def test_a_state_is_due_at_the_end_of_a_scale(studio: Studio, tmp_path: Path) -> None:
    """Two scales of two steps: after the second, however little time it took; not after the last: it is done."""
    painting = begun(studio, at_rest(tmp_path, TWO_SCALES), tmp_path / "states")
    painting.saving._cadence.begun(1e9)  # no state is due for the time that has passed
    due = []
    for _ in range(STEPS):
        painting.advance()
        due.append(painting.save_due)

    assert due == [False, True, False, False]


def test_a_state_becomes_a_picture(studio: Studio, sources: dict[str, Any], tmp_path: Path) -> None:
    """What was reached can be had without finishing: nearer to the state than to the content."""
    first = begun(studio, sources, tmp_path / "states")
    for _ in range(STEPS - 2):
        first.advance()
    written(first)
    first.write(tmp_path / "reached")
    begun(studio, sources, tmp_path / "states").write(tmp_path / "again")
    reached, again, content = (
        torch.frombuffer(bytearray(Path(path).read_bytes()), dtype=torch.uint8).float()
        for path in (tmp_path / "reached", tmp_path / "again", sources["content"]["path"])
    )

    assert (again - reached).abs().mean() < (again - content).abs().mean() / 4


def test_settings_are_kept_with_the_job(studio: Studio, sources: dict[str, Any], tmp_path: Path) -> None:
    """Other defaults, of another version, do not change a job that had begun."""
    settings = settings_to_json(settings_of(SPEC)) | {"steps": 2, "margin": 4}
    painting = begun(studio, sources, tmp_path, settings=settings)

    assert (painting.settings.steps, painting.settings.margin) == (2, 4)
    assert settings_from_json(settings_to_json(settings_of(SPEC))) == settings_of(SPEC)


def test_another_encoder_of_the_same_name_is_refused(studio: Studio, sources: dict[str, Any], tmp_path: Path) -> None:
    """The file's hash is part of what was accepted."""
    right = Shelf(tmp_path).sha256("vgg19-slim")
    assert begun(studio, sources, tmp_path, encoder_sha256=right).total_steps == STEPS

    with pytest.raises(CannotServe, match="no longer those that this job was accepted with") as refused:
        begun(studio, sources, tmp_path, encoder_sha256="0" * 64)
    assert refused.value.reason == "ENCODER_CHANGED"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Threads are of the process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_two_at_once_do_not_share_threads(studio: Studio, sources: dict[str, Any], tmp_path: Path) -> None:
    """Jobs that take turns each compute with their own number of threads."""
    paintings = [begun(studio, sources, tmp_path / str(threads), threads=threads) for threads in (1, 2)]
    seen = []
    for painting in itertools.islice(itertools.cycle(paintings), 4):
        painting.advance()
        seen.append(torch.get_num_threads())

    assert seen == [1, 2, 1, 2]
