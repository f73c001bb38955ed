"""Prints too large for a GPU: arrays on the host's disk, each tile on the card and back. On a fake card (`FakeCard`).

Its numbers are the processor's, so pictures are compared to the bit with a processor that runs layers as a whole; what
mixes devices raises there as on a real one. What it cannot tell is in ``test_gpu_inside``, for whoever has a card.
"""

from dataclasses import asdict, replace
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fake_card import CARD, FakeCard, OnCard
from impasto.engine import VGG, Settings, Style, load_slim, stylize
from impasto.engine.memory import bytes_needed, fitted, need_of
from impasto.engine.passage.at_once import AtOnce
from impasto.engine.passage.tiling import GRADIENT_MARGIN_PX
from impasto.engine.scratch import Scratch
from impasto.errors import CannotServe
from impasto.image import ImageHeader
from impasto.job import Terms as JobTerms
from impasto.method.choices import settings_of, settings_to_json
from impasto.method.defaults import defaults
from impasto.scheduling.admission import footprint
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker.__main__ import Worker
from impasto.worker.again import on_the_processor
from impasto.worker.painting import Painting, Terms
from impasto.worker.studio import HOST, Studio
from test_again import Heard
from test_checkpoint import at_rest, ended, written

pytestmark = pytest.mark.usefixtures("one_thread")
MIB = 1 << 20
HEIGHT, WIDTH, TILE, AROUND = 32, 208, 64, 32  # wider than a tile with what is around it
STEPS = 6
SPILLED = replace(defaults("vgg19-slim"), steps=2, max_scales=1, spilled=True, tile=TILE, tiles_on_gpu=True)
CHANGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "guided": {},
    "guided mixed": {"precision": "mixed", "optimizer": "adam"},
    "noise": {"start": "noise", "colour_gain": 0.5},
    "guided luminance": {"colour": "content-luminance"},
    "guided scales": {"max_scales": 2},
    "guided around": {"tileable": True},
    "moments": {"objective": "spst"},
    "guided wasserstein": {"objective": "w2"},
}


def picture(seed: int, channels: int = 3, width: int = WIDTH) -> Tensor:
    """Seeded samples."""
    return torch.rand(1, channels, HEIGHT, width, generator=torch.Generator().manual_seed(seed))


def painted(encoder: VGG, settings: Settings, folder: Path, *, guided: bool) -> tuple[list[float], Tensor]:
    """J at each step, and X at the end."""
    region, style, other = (picture(4, 1) > 0.1).float(), picture(1, width=48), picture(5, width=40)
    styles = [Style(style, region=region, mask=picture(6, 1, 48)), Style(other)] if guided else [Style(style)]
    mask, keep = (picture(2, 1), picture(3, 1)) if guided else (None, None)
    steps = [*stylize(encoder, picture(0), styles, settings, scratch=Scratch(folder), mask=mask, keep=keep)]
    return [step.losses["total"] for step in steps], steps[-1].image


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less is seen around tiles than exactness wants, which both sides of a comparison do without."""
    monkeypatch.setattr("impasto.engine.passage.tiling.FEATURE_MARGIN_PX", AROUND // 2)
    monkeypatch.setattr("impasto.engine.passage.tiling.GRADIENT_MARGIN_PX", AROUND)


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize("change", CHANGES)
def test_tiles_on_a_card_paint_what_a_processor_would(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit, with nothing mixed on the way; and no more goes there, or comes back, than tiles and single numbers.

    A style goes there as it does for every other picture.
    """
    settings, guided = replace(SPILLED, **CHANGES[change]), "guided" in change
    with FakeCard() as card:
        there = load_slim().to(CARD)
        card.there.clear()
        losses, image = painted(there, settings, tmp_path, guided=guided)

    for module in ("seeing", "tiling"):
        monkeypatch.setattr(f"impasto.engine.{ROOMS[module]}.{module}.passage_of", at_once)
    assert not isinstance(image, OnCard)
    expected = painted(load_slim(), settings, tmp_path, guided=guided)
    assert losses == expected[0]
    assert torch.equal(image, expected[1])
    assert {*(size for size in card.there if not fits(size))} == set()
    assert {*(size for size in card.back if not fits(size, around=0))} == set()


ROOMS = {"seeing": "objective", "tiling": "passage"}


def at_once(chain: Any, wanted: Any, **how: Any) -> AtOnce:
    """Layers as a whole, as a GPU has them."""
    return AtOnce(chain, wanted, **how)


def fits(size: tuple[int, ...], around: int = 2 * AROUND) -> bool:
    """Whether it has no more positions than a tile with so much around it, as the whole has; or is one of channels."""
    high = HEIGHT + 2 * SPILLED.margin
    of_channels = len(size) == 2 and size[0] == size[1]
    return of_channels or prod(size[-2:]) <= high * (TILE + around) < HEIGHT * WIDTH


def test_memory_of_the_card_is_bounded_by_the_tile(tmp_path: Path) -> None:
    """A print half as wide again takes no more of it, and that is below the forecast for such a tile."""
    settings, peaks = replace(SPILLED, steps=1, margin=0), list[int]()
    for width in (512, 768):
        with FakeCard() as card:
            network = load_slim().to(CARD)
            need, weights = need_of(network, settings), card.bytes
            content, style = picture(0, width=width), picture(1, width=48)
            next(stylize(network, content, style, settings, scratch=Scratch(tmp_path)))
            peaks.append(card.peak - weights)
            del network

    seen = HEIGHT * (TILE + 2 * GRADIENT_MARGIN_PX)
    assert peaks[1] == pytest.approx(peaks[0], rel=0.02)
    assert peaks[1] < seen * (need.part + need.crossing) + need.fixed
    assert peaks[1] < 2 * seen * (need.part + need.crossing)  # it is no wild guess


@pytest.mark.parametrize("sides", [(6000, 4000), (12000, 9000)])
def test_the_front_forecasts_of_a_card_what_the_worker_does(sides: tuple[int, int]) -> None:
    """Of prints whose tiles go there: the same bytes, the same tile, the same memory of the host."""
    content, spec = ImageHeader(*sides), StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim")
    need, style, budget = footprint(spec, content, [ImageHeader(64, 64)], at_once=True), 64 * 64, 7 << 30
    settings, margin = settings_of(spec), 2 * settings_of(spec).margin
    size = (sides[1] + margin, sides[0] + margin)
    pixels = size[0] * size[1]
    with FakeCard():
        network = load_slim().to(CARD)
        chosen = fitted(network, size, style, settings, budget, spills=True)
        said, beside = bytes_needed(network, pixels, style, chosen), need_of(network, chosen).host

    tile = need.tile(budget, spilled=True, host_limit=16 << 30)
    assert (chosen.spilled, chosen.tiles_on_gpu, need.spills(budget)) == (True, True, True)
    assert chosen.tile == pytest.approx(tile, abs=48)
    assert need.taken(chosen.tile, spilled=True)[0] == pytest.approx(said, rel=0.02)
    assert said <= budget
    assert need.host_least == pytest.approx(beside(pixels, style, 128), rel=0.02)


# the worker


def on(device: torch.device, folder: Path, terms: dict[str, Any], header: ImageHeader) -> Painting:
    """A painting there, from its newest state if there is one."""
    spec = StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", steps=STEPS, max_scales=1)
    folder.mkdir(exist_ok=True)
    told = settings_to_json(settings_of(spec)) | {"spilled": True, "tile": TILE} | terms
    studio = Studio(device, Shelf(folder.parent))
    return Painting(studio, spec, at_rest(folder.parent, header), lambda: None, Terms(1, folder=folder, settings=told))


@pytest.mark.usefixtures("near")
def test_a_state_goes_from_a_card_to_a_processor_and_back(tmp_path: Path) -> None:
    """Its arrays are the host's anyway: it ends as if nothing had happened, but for rounding."""
    header, terms = ImageHeader(WIDTH, HEIGHT), {"tiles_on_gpu": True}
    with FakeCard():
        straight = ended(on(CARD, tmp_path / "straight", terms, header), tmp_path / "out")
    for device, steps in ((CARD, 2), (HOST, 2)):
        with FakeCard():
            begun = on(device, tmp_path / "states", terms, header)
            for _ in range(steps):
                begun.advance()
            written(begun)
    with FakeCard() as card:
        again = on(CARD, tmp_path / "states", terms, header)
        found = ended(again, tmp_path / "out")

    assert again.notice == "it goes on from step 4"
    assert card.back
    assert apart(found, straight) <= 2


def apart(one: bytes, other: bytes) -> int:
    """The largest difference of samples of 8 bits."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.usefixtures("near")
def test_what_a_processor_began_goes_on_on_the_processor(tmp_path: Path) -> None:
    """Beside a card, too: to the bit, and nothing of the picture goes there."""
    header = ImageHeader(WIDTH, HEIGHT)
    with FakeCard() as card:
        beside = ended(on(CARD, tmp_path / "card", {}, header), tmp_path / "out")
    crossed = {size for size in (*card.there, *card.back) if size[:2] == (1, 3) and size[2:] != (1, 1)}

    assert crossed == set()
    assert beside == ended(on(HOST, tmp_path / "host", {}, header), tmp_path / "out")


def test_a_state_in_memory_is_none_for_arrays_on_the_disk(tmp_path: Path) -> None:
    """Where memory has become short meanwhile: it begins anew, says so, and paints what it would have painted there."""
    header, in_memory = ImageHeader(96, 80), {"spilled": False, "tile": 0}
    begun = on(HOST, tmp_path / "states", in_memory, header)
    begun.advance()
    written(begun)

    again = on(HOST, tmp_path / "states", {}, header)

    assert "begins anew" in again.notice
    assert again.step == 0
    assert ended(again, tmp_path / "out") == ended(on(HOST, tmp_path / "own", {}, header), tmp_path / "out")


def test_a_host_without_memory_is_refused_with_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any work: what is needed beside the card, and what is free there."""
    free = Studio.free_bytes
    monkeypatch.setattr(Studio, "free_bytes", lambda self, at=None: 99 * MIB if at == HOST else free(self, at))
    with FakeCard(), pytest.raises(CannotServe, match=r"208x32 px need about \d+ MiB on cpu, and 99 MiB are free"):
        on(CARD, tmp_path / "states", {"tiles_on_gpu": True}, ImageHeader(WIDTH, HEIGHT))


@pytest.mark.usefixtures("near")
def test_a_card_that_has_become_full_gets_tiles_from_the_disk(tmp_path: Path) -> None:
    """Others took its memory since the job came in: not even the smallest tiles fit beside the picture's arrays."""
    header, whole = ImageHeader(512, 400), {"spilled": False, "tile": 0}
    with FakeCard(total=500 * MIB) as card:
        painting = on(CARD, tmp_path / "states", whole, header)
        step = painting.advance()

    assert (painting.settings.spilled, painting.settings.tiles_on_gpu) == (True, True)
    assert painting.again == f"memory is short now: it is painted in tiles of {painting.settings.tile} px"
    assert step.number == 1
    assert not {size for size in card.back if size[-2:] == (header.height, header.width)}


def test_a_card_that_is_too_full_for_a_tile_is_refused_with_the_numbers(tmp_path: Path) -> None:
    """Before any work, as ever."""
    whole = {"spilled": False, "tile": 0}
    with FakeCard(total=300 * MIB), pytest.raises(CannotServe, match=r"512x400 px need about \d+ MiB on cuda:0, and"):
        on(CARD, tmp_path / "states", whole, ImageHeader(512, 400))


@pytest.mark.usefixtures("near")
def test_a_card_that_breaks_leaves_the_print_to_the_processor(tmp_path: Path) -> None:
    """In the midst of a step: people are told, and it goes on to what the processor alone would have painted."""
    header = ImageHeader(WIDTH, HEIGHT)
    with FakeCard(fails_at=100):
        worker = Worker(Heard(), Studio(CARD, Shelf(tmp_path)))  # type: ignore[arg-type]
        for verb in (started(tmp_path, header), *[{"verb": "slice", "job": "jobs/1", "seconds": 90.0}] * 2):
            worker._serve(verb)

    said = worker._line.said  # type: ignore[attr-defined]
    first, second = (one for one in said if one["event"] == "begun")
    assert (first["settings"]["tiles_on_gpu"], second["settings"]["tiles_on_gpu"]) == (True, False)
    assert "on the processor" in second["text"]
    assert said[-1]["event"] == "done"
    expected = ended(
        on(HOST, tmp_path / "host", {"precision": second["settings"]["precision"]}, header), tmp_path / "own"
    )
    assert (tmp_path / "result").read_bytes() == expected


def started(folder: Path, header: ImageHeader) -> dict[str, Any]:
    """The verb that begins such a job."""
    spec = StylizeSpec("", (StyleUse(""),), encoder="vgg19-slim", steps=STEPS, max_scales=1)
    (folder / "states").mkdir()
    settings = settings_to_json(settings_of(spec)) | {"spilled": True, "tile": TILE, "tiles_on_gpu": True}
    places = {"states": str(folder / "states"), "result": str(folder / "result")}
    verb: dict[str, Any] = {"verb": "start", "job": "jobs/1", "need_bytes": 512 << 20} | places
    terms = asdict(JobTerms(threads=1, settings=settings))
    return verb | {"spec": spec.to_json(), "terms": terms, "pictures": at_rest(folder, header)}


def test_a_full_disk_is_not_the_card_s_fault(tmp_path: Path) -> None:
    """Nor want of the host's memory: the processor would meet the same."""
    with FakeCard():
        painting = on(CARD, tmp_path / "states", {"tiles_on_gpu": True}, ImageHeader(WIDTH, HEIGHT))

        assert on_the_processor({"terms": {}}, painting, RuntimeError("CUDA error")) is not None
        assert on_the_processor({"terms": {}}, painting, OSError(28, "full")) is None
        assert on_the_processor({"terms": {}}, painting, MemoryError()) is None
