"""Whether a job may come in: its memory against what the engine really takes, its client's quota, older previews."""

import gc
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from impasto.config import Limits
from impasto.engine import Settings, load_slim, random_encoder, stylize
from impasto.engine.memory import LEAST_TILE_PX, bytes_needed, fitted
from impasto.engine.passage.tiling import STEP_PX
from impasto.errors import Busy, CannotServe
from impasto.image import ImageHeader, PixelFormat
from impasto.job import Job, Priority
from impasto.method import ObjectiveName
from impasto.method.defaults import DEFAULTS, defaults
from impasto.method.settings import LEARNING_BYTES, PAIR_BYTES, USUAL_HISTORY
from impasto.scheduling.admission import (
    BASE_BYTES,
    HELD_BASE_BYTES,
    SPILL_BELOW_PX,
    SPILLED_TILE_PX,
    Footprint,
    check_fit,
    check_room,
    check_scratch,
    footprint,
    superseded,
)
from impasto.scheduling.device import Device
from impasto.scheduling.terms import fixed
from impasto.spec import ENCODERS, MIN_HISTORY, OBJECTIVES, StyleUse, StylizeSpec
from weighing import numbers

MIB = 1 << 20


def spec(encoder: str = "vgg19-slim", **fields: object) -> StylizeSpec:
    """A request whose pictures have no names."""
    return replace(StylizeSpec("", (StyleUse(""),), encoder=encoder), **fields)  # type: ignore[arg-type]


# memory


@pytest.mark.parametrize("tileable", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ENCODERS)
def test_the_front_predicts_what_the_engine_says(name: str, objective: ObjectiveName, tileable: bool) -> None:
    """Without torch, and for any size and style, the same bytes as the formula that the engine's bench weighs."""
    encoder, margin = load_slim() if name == "vgg19-slim" else random_encoder(1.0), DEFAULTS[name].margin
    around = 0 if tileable else 2 * margin
    for width, height, style, side in ((16, 16, (16, 16), 16), (640, 480, (900, 300), 640), (3000, 2000, (64, 64), 0)):
        content = ImageHeader(width, height)
        pixels = (width + around) * (height + around)
        used = style if max(style) <= (side or 3000) else (640, 213)
        own = replace(defaults(name, objective), tileable=tileable)
        chosen = replace(own, history=USUAL_HISTORY)
        said, wished = (bytes_needed(encoder, pixels, used[0] * used[1], one) for one in (chosen, own))

        need = footprint(spec(name, objective=objective, tileable=tileable), content, [ImageHeader(*style)])

        fixed = bytes_needed(encoder, 0, 0, chosen)
        uncut = width % 16 or height % 16
        least = bytes_needed(encoder, pixels, used[0] * used[1], replace(chosen, tile=LEAST_TILE_PX))
        assert need.peak == pytest.approx(said, rel=0.02)
        assert need.peak + need.wished == pytest.approx(max(wished, said), rel=0.02)
        assert need.least == pytest.approx(said if tileable and uncut else max(least, need.held + fixed), rel=0.02)
        assert need.held < need.least <= need.peak


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ENCODERS)
def test_regions_take_memory_and_disk_of_their_own(name: str, objective: ObjectiveName) -> None:
    """Equal ones once; where only a part is painted, the whole of a style without a region, too. As the engine says."""
    encoder, margin = load_slim() if name == "vgg19-slim" else random_encoder(1.0), DEFAULTS[name].margin
    content = ImageHeader(4000, 3000)
    chosen = replace(defaults(name, objective), history=USUAL_HISTORY, tile=1024, spilled=True)
    pixels, style = (4000 + 2 * margin) * (3000 + 2 * margin), 64 * 64
    uses = tuple(StyleUse("", region=region) for region in ("a", "b", "a", None))
    for mask, guides, masks in ((None, 2, 3), ("m", 3, 4)):
        asked = spec(name, objective=objective, styles=uses, mask=mask)
        need, bare = (
            footprint(one, content, [ImageHeader(64, 64)] * 4)
            for one in (asked, replace(asked, styles=uses[3:], mask=None))
        )

        said = bytes_needed(encoder, pixels, style, chosen, guides) - bytes_needed(encoder, pixels, style, chosen)

        assert (asked.guides(content), asked.masks(content)) == (guides, masks)
        assert (need.part - bare.part) * (1024 + 320) ** 2 == pytest.approx(said, rel=0.01)
        assert need.scratch - bare.scratch == pytest.approx(masks * 16 * pixels, abs=2)
    seen_through = replace(content, pixel_format=PixelFormat.RGBA)
    assert spec(name).guides(seen_through) == spec(name).masks(seen_through) == 1


@pytest.mark.parametrize("tileable", [False, True])
def test_the_front_cuts_as_the_engine_would(tileable: bool) -> None:
    """The largest tiles within a budget, to the step of 16 px that 2 percent of prediction may be; 0 is the whole."""
    encoder, margin = load_slim(), 0 if tileable else DEFAULTS["vgg19-slim"].margin
    for width, height in ((1600, 1200), (3000, 2000), (1001, 999)):
        size, content = (height + 2 * margin, width + 2 * margin), ImageHeader(width, height)
        chosen = replace(defaults("vgg19-slim"), tileable=tileable)
        need = footprint(spec(tileable=tileable), content, [ImageHeader(64, 64)])
        for share in (0.0, 0.3, 0.6, 0.9):
            limit = need.fixed + need.whole + int(share * (need.peak - need.fixed - need.whole))
            said = fitted(encoder, size, 64 * 64, chosen, limit).tile
            assert need.tile(limit) == pytest.approx(said, abs=3 * STEP_PX)
            assert bool(need.tile(limit)) == bool(said)
        assert need.tile(need.peak + need.peak // 20) == fitted(encoder, size, 64 * 64, chosen, 2 * need.peak).tile == 0


def test_a_style_used_larger_than_the_content_counts() -> None:
    """Stroke size makes a style as large as its own pixels allow, and it is encoded at that size."""
    content, large = ImageHeader(64, 64), ImageHeader(2000, 2000)

    small, strokes = (footprint(spec(stroke_size=size), content, [large]).peak for size in (1.0, 4.0))

    assert strokes > small


@pytest.mark.parametrize("name", ENCODERS)
def test_a_longer_history_takes_memory_and_never_a_disk(name: str) -> None:
    """A move and a change of three channels for each pair, tens of them at once, and no more than there are steps."""
    encoder, content = load_slim() if name == "vgg19-slim" else random_encoder(1.0), ImageHeader(3000, 2000)
    margin = DEFAULTS[name].margin
    pixels = (3000 + 2 * margin) * (2000 + 2 * margin)
    usual = footprint(spec(name), content, [ImageHeader(64, 64)])
    for history, steps, pairs in ((10, 300, 0), (11, 300, 10), (100, 300, 90), (100, 41, 40), (200, 5, 0)):
        asked, chosen = spec(name, history=history, steps=steps), replace(defaults(name), history=history, steps=steps)
        need = footprint(asked, content, [ImageHeader(64, 64)])
        assert not need.wished
        said, limit = bytes_needed(encoder, pixels, 64 * 64, chosen), need.fixed + need.whole + 40 * MIB

        expected = (pairs * PAIR_BYTES + bool(pairs) * LEARNING_BYTES) * pixels
        assert need.pairs == need.whole - usual.whole == need.held - usual.held == expected
        assert need.peak == pytest.approx(said, rel=0.02)
        assert need.spills(limit) == (history == 10)
        cut = fitted(encoder, (2000, 3000), 64 * 64, chosen, limit, spills=True)
        assert cut.spilled == (history == 10)
        assert cut.tile


def test_a_history_that_does_not_fit_is_refused_with_what_it_takes() -> None:
    """Beside the size that would fit: a shorter one. With that it comes in, onto the disk."""
    content, budget = ImageHeader(4000, 3000), [4096 * MIB]
    long = footprint(spec(history=200), content, [ImageHeader(64, 64)])

    told = rf"of at most \d+ px, or for a shorter history, which takes {long.pairs // MIB} MiB of these"
    with pytest.raises(CannotServe, match=told):
        check_fit(long, content, budget, at(content, 200), spills=True)

    check_fit(footprint(spec(), content, [ImageHeader(64, 64)]), content, budget, at(content), spills=True)


@pytest.mark.parametrize("asked", [None, 30])
def test_an_encoders_own_history_is_given_up_for_the_whole_picture_and_one_asked_for_is_not(asked: int | None) -> None:
    """Full width: thirty pairs where all fits; else the ten that may be in tiles or on a disk, if nobody said more."""
    content = ImageHeader(2000, 1500)
    need = footprint(spec("vgg19", history=asked), content, [ImageHeader(64, 64)])
    came = replace(job(1, "a"), spec=spec("vgg19", history=asked))
    more = footprint(spec("vgg19", history=30), content, [ImageHeader(64, 64)]).pairs
    whole = footprint(spec("vgg19", history=USUAL_HISTORY), content, [ImageHeader(64, 64)]).peak + more

    roomy, tight, small = (
        fixed(came, need, [Device(budget, "float32", spills=True)]).terms.settings
        for budget in (whole, whole - MIB, need.fixed + need.whole + 40 * MIB)
    )

    given_up = USUAL_HISTORY if asked is None else asked
    assert [one["history"] for one in (roomy, tight, small)] == [30, given_up, given_up]
    assert [one["spilled"] for one in (roomy, tight, small)] == [False, False, asked is None]
    assert bool(tight["tile"]) == (asked is not None)
    assert need.taken(0, spilled=False, history=roomy["history"])[0] == whole
    assert need.taken(0, spilled=False, history=tight["history"])[0] == whole - (more if asked is None else 0)


@pytest.mark.skipif(sys.platform != "linux", reason="RssAnon is Linux's")
def test_a_longer_history_takes_no_more_memory_than_is_said() -> None:
    """Processes of their own, 384x384 px, ten pairs and forty, by a network that hardly counts: own memory at its peak.

    Between the peaks were 55 to 60 MiB, and 112 are said: ten pairs are torch's, whose own copies are larger.
    """
    (usual, usual_said), (long, said) = peak_of(10), peak_of(40)

    assert usual < usual_said
    assert long < said
    assert 10 * PAIR_BYTES * 384**2 < long - usual < said - usual_said


def peak_of(history: int) -> list[int]:
    """Own memory, and what is said of it, in bytes."""
    return numbers(WEIGHED, str(history))


WEIGHED = """
import sys
import torch
from impasto.engine import Settings, random_encoder, stylize
from impasto.engine.memory import bytes_needed
from weighing import OwnMemory

torch.set_num_threads(1)
encoder, content = random_encoder(1 / 32), torch.rand(1, 3, 384, 384)
settings = Settings(steps=50, max_scales=1, history=int(sys.argv[1]), frequency_power=0.4)  # ten with all pairs
with OwnMemory() as memory:
    for step in stylize(encoder, content, torch.rand(1, 3, 64, 64), settings):
        memory.look()
print(memory.peak, bytes_needed(encoder, 384**2, 64**2, settings))
"""


def test_a_history_beyond_its_bounds_is_no_setting() -> None:
    """Nor a long one of arrays on a disk, which would be read from it at every step."""
    with pytest.raises(ValueError, match=f"history is 9; {MIN_HISTORY} pairs at least"):
        Settings(history=9)
    with pytest.raises(ValueError, match="history is 11; arrays on a disk"):
        Settings(history=11, spilled=True)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("colour", "history"), [("style", 10), ("content-luminance", 10), ("style", 30)])
def test_a_waiting_job_holds_no_more_than_is_said(colour: str, history: int) -> None:
    """All tensors that live between two steps, once L-BFGS has all its pairs, are within what was predicted."""
    encoder, side, steps = load_slim(), 160, history + 4
    settings: Settings = replace(defaults("vgg19-slim"), steps=steps, max_scales=1, colour=colour, history=history)  # type: ignore[arg-type]
    before = _tensor_bytes()
    for step in stylize(encoder, torch.rand(1, 3, side, side), torch.rand(1, 3, side, side), settings):
        if step.number == history + 3:
            held = _tensor_bytes() - before
            break

    asked = spec(history=history, steps=steps)
    said = footprint(asked, ImageHeader(side, side), [ImageHeader(side, side)]).held

    assert held < said
    assert said - HELD_BASE_BYTES < 3 * held  # and it is no wild guess


def _tensor_bytes() -> int:
    """Bytes of all tensors that are alive, shared ones once."""
    gc.collect()
    alive = [found for found in gc.get_objects() if type(found) is torch.Tensor]
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}.values())


def test_what_never_fits_is_refused_with_the_numbers() -> None:
    """What it needs, what there is on the largest device, and a size that does fit."""
    content = ImageHeader(4000, 3000)
    need = footprint(spec(), content, [content])

    with pytest.raises(CannotServe, match=f"4000x3000 px need about {need.least // MIB} MiB") as caught:
        check_fit(need, content, [MIB, 2048 * MIB], at(content))

    assert caught.value.reason == "DOES_NOT_FIT"
    assert "2048 MiB are all that jobs may take" in caught.value.message
    size = int(caught.value.message.split()[-2])
    check_fit(at(content)(size), content, [2048 * MIB], at(content))
    with pytest.raises(CannotServe):
        check_fit(at(content)(size + 1), content, [2048 * MIB], at(content))


def test_the_advice_is_the_largest_size_that_is_served_where_arrays_may_lie_on_a_disk() -> None:
    """Of a picture of 200 megapixels on a device of 1 GiB: far more than fits into memory, to the pixel."""
    content, budget = ImageHeader(16330, 12247), [1024 * MIB]

    with pytest.raises(CannotServe, match="ask for a size of at most") as caught:
        check_fit(at(content)(16330), content, budget, at(content), spills=True)

    size = int(caught.value.message.split()[-2])
    assert size > 5000
    check_fit(at(content)(size), content, budget, at(content), spills=True)
    with pytest.raises(CannotServe):
        check_fit(at(content)(size + 1), content, budget, at(content), spills=True)


def test_a_hundred_megapixels_fit_into_a_quarter_of_what_the_issue_allows() -> None:
    """2 GiB for the job, in tiles that are no waste; and between its turns it holds next to nothing."""
    content = ImageHeader(11547, 8660)
    need = footprint(spec(), content, [ImageHeader(1024, 768)])

    check_fit(need, content, [2048 * MIB], at(content), spills=True)
    tile = need.tile(2048 * MIB, spilled=True)
    peak, held = need.taken(tile, spilled=True)

    assert need.spills(2048 * MIB)
    assert tile >= SPILL_BELOW_PX
    assert held < 32 * MIB < peak <= 2048 * MIB
    assert need.tile(64 << 30, spilled=True) == SPILLED_TILE_PX  # others have room beside it
    assert need.taken(0, spilled=False) == (need.peak, need.held)


def test_a_disk_without_room_is_refused_with_the_numbers() -> None:
    """Before any work: what it needs of the disk, what is free, what to do."""
    content = ImageHeader(11547, 8660)
    need = footprint(spec(), content, [content])

    check_scratch(need, content, need.scratch)
    told = rf"11547x8660 px .* need about {need.scratch // MIB} MiB of the disk .* {(need.scratch - MIB) // MIB} MiB"
    with pytest.raises(CannotServe, match=told) as caught:
        check_scratch(need, content, need.scratch - MIB)
    assert caught.value.reason == "DISK_FULL"


def at(content: ImageHeader, history: int | None = None) -> Callable[[int], Footprint]:
    """What a picture of that shape needs at another size."""
    return lambda side: footprint(spec(size=side, history=history), content, [content.resized(1024, 768)])


def test_nothing_is_refused_of_devices_that_nobody_knows() -> None:
    """Before the first worker has told what there is, and where it is just enough."""
    anything = at(ImageHeader(64, 64))
    check_fit(Footprint(1 << 50, 1, 1 << 50), ImageHeader(1, 1), [], anything)
    check_fit(Footprint(2 * BASE_BYTES, 1, 2 * BASE_BYTES), ImageHeader(1, 1), [2 * BASE_BYTES], anything)


def test_a_device_too_small_for_anything_is_named_so() -> None:
    """No size is advised that would be refused, too."""
    need, content = Footprint(BASE_BYTES + MIB, 1, BASE_BYTES + MIB), ImageHeader(64, 64)
    with pytest.raises(CannotServe, match="too small to paint"):
        check_fit(need, content, [BASE_BYTES - MIB], at(content))


# quotas


def job(number: int, client: str, priority: Priority = Priority.NORMAL, labels: dict[str, str] | None = None) -> Job:
    """An unfinished job."""
    return Job(f"jobs/{number}", client, spec(), number, 1.0, priority=priority, labels=labels or {})


def test_a_client_has_its_quota_and_so_have_all_together() -> None:
    """The last one allowed comes in, the next is refused with the numbers, whose quota it is and when to come back."""
    limits = Limits(max_jobs=5, max_jobs_per_client=2)
    others = [job(1, "a"), job(2, "b"), job(3, "b")]
    check_room(job(9, "a"), others, limits)

    with pytest.raises(Busy, match="this client has 2 jobs under way; at most 2") as caught:
        check_room(job(9, "b"), others, limits, lambda: 17.0)
    assert (caught.value.reason, caught.value.subject, caught.value.retry_s) == ("CLIENT_QUEUE_FULL", "client", 17.0)

    with pytest.raises(Busy, match="5 jobs are under way; at most 5") as caught:
        check_room(job(9, "c"), [*others, job(4, "d"), job(5, "e")], limits)
    assert (caught.value.reason, caught.value.subject) == ("QUEUE_FULL", "daemon")


def test_a_newer_preview_of_the_same_labels_supersedes() -> None:
    """Its own client's previews alone, of exactly these labels; finals and unlabelled previews never."""
    here, there = {"document": "harbour.xcf"}, {"document": "boats.xcf"}
    preview = Priority.INTERACTIVE
    old = job(1, "a", preview, here)
    others = [
        job(2, "a", preview, there),
        job(3, "a", Priority.NORMAL, here),
        job(4, "b", preview, here),
        job(5, "a", preview),
    ]

    assert superseded(job(9, "a", preview, here), [old, *others]) == [old]
    assert superseded(job(9, "a", Priority.NORMAL, here), [old, *others]) == []
    assert superseded(job(9, "a", preview), [old, *others]) == []


@pytest.mark.parametrize("name", ["vgg19-slim", "vgg19"])
def test_what_a_card_holds_only_in_tiles_is_cut_and_not_refused(name: str) -> None:
    """A recorded evaluation is held between turns, and takes more than a processor's; tiles are not recorded."""
    content, styles = ImageHeader(1300, 975), [ImageHeader(64, 64)]
    here, there = (footprint(spec(name), content, styles, at_once=at_once) for at_once in (True, False))
    budget = (here.least + here.peak) // 2

    assert here.held > there.held
    assert here.peak > there.peak
    assert here.least < budget < here.peak
    assert here.tile(budget) > 0
    check_fit(here, content, [budget], lambda _side: here)
