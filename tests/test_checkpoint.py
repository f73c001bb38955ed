"""Checkpoints: how often they are written, that only whole ones are read, and that going on changes no pixel."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness import picture
from impasto.engine import Checkpoint
from impasto.errors import CannotServe
from impasto.image import ImageHeader
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker import checkpoint
from impasto.worker.checkpoint import KEPT, LEAST_PAUSE_S, SHARE, SMALL_PAUSE_S, SMALL_PIXELS, Cadence
from impasto.worker.choices import settings_from_json, settings_of, settings_to_json
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


def files(folder: Path) -> list[Path]:
    """All states, the newest first."""
    return sorted(folder.glob("*.state"), reverse=True)


# how often


@given(st.integers(1, 10**8), st.lists(st.tuples(st.floats(0.001, 20), st.floats(0.0001, 5)), min_size=1, max_size=60))
def test_writing_takes_a_twentieth_of_the_work_and_small_pictures_lose_five_seconds(
    pixels: int, steps: list[tuple[float, float]]
) -> None:
    """Whatever steps and writing cost: never due before the last is paid for, save where that would be too late."""
    cadence, worked, last = Cadence(pixels), 0.0, 0.0
    for step_s, cost_s in steps:
        worked += step_s
        since, paid = worked - last, since_needed(cadence)
        due = cadence.due(worked)

        assert (
            due == (since >= (min(paid, SMALL_PAUSE_S) if pixels < SMALL_PIXELS else paid)) or abs(since - paid) < 1e-6
        )
        assert due or since < SMALL_PAUSE_S or pixels >= SMALL_PIXELS
        if due:
            cadence.written(worked, cost_s)
            last = worked


def since_needed(cadence: Cadence) -> float:
    """The pause after which the last writing was a twentieth of the work."""
    return max(LEAST_PAUSE_S, cadence.cost_s / SHARE)


# only what is whole


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    """The newest state, with what was put beside it; the last two are kept, readable by their owner alone."""
    for number in (1, 2, 3):
        checkpoint.write(tmp_path / "job", state(number), {"seconds": number / 3})
    saved = checkpoint.newest(tmp_path / "job")

    assert saved.state is not None
    assert (saved.state.number, saved.beside, saved.damaged) == (3, {"seconds": 1.0}, 0)
    assert torch.equal(saved.state.descent["variable"], torch.full((3, 4), 3.0))
    assert len(files(tmp_path / "job")) == KEPT
    assert {path.stat().st_mode & 0o777 for path in files(tmp_path / "job")} == {0o600}
    assert (tmp_path / "job").stat().st_mode & 0o777 == 0o700


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda data: data[:0],
    lambda data: data[:-1],
    lambda data: data[: len(data) // 2],
    lambda data: data + b"x",
    lambda data: bytes(len(data)),
    lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_never_read(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """The one before serves; where that is damaged, too, there is none, and both times it is told."""
    for number in (1, 2):
        checkpoint.write(tmp_path, state(number), {})
    newest, before = files(tmp_path)
    newest.write_bytes(damage(newest.read_bytes()))
    first = checkpoint.newest(tmp_path)
    before.write_bytes(damage(before.read_bytes()))
    second = checkpoint.newest(tmp_path)

    assert first.state is not None
    assert (first.state.number, first.damaged) == (1, 1)
    assert (second.state, second.damaged) == (None, 1)
    assert files(tmp_path) == []


def test_half_a_file_is_no_state(tmp_path: Path) -> None:
    """What a killed worker was writing is not looked at, and goes with the next."""
    checkpoint.write(tmp_path, state(1), {})
    (tmp_path / "next.part").write_bytes(files(tmp_path)[0].read_bytes()[:50])

    saved = checkpoint.newest(tmp_path)
    checkpoint.write(tmp_path, state(2), {})

    assert saved.state is not None
    assert (saved.state.number, saved.damaged) == (1, 0)
    assert not (tmp_path / "next.part").exists()


def test_a_full_disk_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a state cannot be written that is told as OSError, and the one before stays."""
    checkpoint.write(tmp_path, state(1), {})

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    for name in ("write", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint._Hashing if name == "write" else Path, name, full)
            with pytest.raises(OSError, match=r"No space|could not be written"):
                checkpoint.write(tmp_path, state(2), {})
        saved = checkpoint.newest(tmp_path)

        assert saved.state is not None
        assert saved.state.number == 1
        assert list(tmp_path.iterdir()) == files(tmp_path)


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
        first.save()
        torch.set_num_threads(3)
        second = begun(studio, sources, folder, threads=threads)

        assert (second.step, second.seconds, second.bill()) == (stop, first.seconds, 0.0)
        assert second.notice == f"it goes on from step {stop}"
        assert ended(second, tmp_path / "out") == straight
    torch.set_num_threads(1)


def test_a_state_is_due_at_the_end_of_a_scale(studio: Studio, tmp_path: Path) -> None:
    """Two scales of two steps: after the second, however little time it took; not after the last: it is done."""
    painting = begun(studio, at_rest(tmp_path, TWO_SCALES), tmp_path / "states")
    painting._cadence = Cadence(TWO_SCALES.pixels, written_at_s=1e9)  # no state is due for the time that has passed
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
    first.save()
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
