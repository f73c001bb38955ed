"""Pictures whose arrays lie on disk: the same descent as in memory, taken up anywhere, nothing left behind."""

import inspect
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from impasto.engine import Objective, Settings, Step, Style, Weights, load_slim, random_encoder, stylize
from impasto.engine.descent.coordinates import Coordinates
from impasto.engine.descent.quasi_newton import SPILLED_HISTORY
from impasto.engine.encoder import resize
from impasto.engine.large import resized
from impasto.engine.margin import Margin
from impasto.engine.memory import LEAST_TILE_PX, SCRATCH_MASK_BYTES, SPILL_BELOW_PX, bytes_needed, fitted
from impasto.engine.objective import target_source
from impasto.engine.objective.slope import slope
from impasto.engine.room import MEMORY
from impasto.engine.scratch import Scratch
from impasto.engine.spilled import SpilledDescent
from impasto.engine.stylize import Checkpoint
from impasto.method import ObjectiveName
from impasto.method.defaults import defaults
from weighing import numbers

pytestmark = pytest.mark.usefixtures("one_thread")
HEIGHT, WIDTH = 64, 85
MIB = 1 << 20
SPILLED = replace(defaults("vgg19-slim"), steps=9, max_scales=1, spilled=True, tile=64)


def picture(seed: int, channels: int = 3) -> Tensor:
    """Seeded samples."""
    return torch.rand(1, channels, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """No band or block of rows ends where the picture does."""
    monkeypatch.setattr("impasto.engine.scratch.BAND", 5000)
    monkeypatch.setattr("impasto.engine.objective.slope.ROW_VALUES", 40 * WIDTH)


def run(
    settings: Settings, folder: Path | None = None, mask: Tensor | None = None, resume: Checkpoint | None = None
) -> tuple[list[float], list[Tensor], list[Checkpoint]]:
    """J before each step, X after it, and what it would go on from."""
    pictures = load_slim(), picture(0), picture(1), settings
    steps = [
        (step.losses["total"], step.image, step.checkpoint())
        for step in stylize(*pictures, mask=mask, scratch=None if folder is None else Scratch(folder), resume=resume)
    ]
    losses, images, states = zip(*steps, strict=True)
    return list(losses), list(images), list(states)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("objective", ["gatys", "neural-style", "spst", "w2"])
@pytest.mark.parametrize("wraps", [False, True])
def test_the_slope_is_that_of_autograd(objective: ObjectiveName, wraps: bool) -> None:  # a case
    """In float64 to 1e-9: every term, with masks and emphasis, in tiles, blocks of rows and of channels."""
    encoder, weights = random_encoder(0.1).double(), Weights(2.0, 3.0, 5.0, 4.0, 7.0)
    content, style, x = (picture(seed).double() for seed in range(3))
    mask, keep = (picture(seed, 1).double() for seed in (3, 4))
    found = target_source(objective)(encoder, style, tuple(weights.style_layers))
    of = Objective(encoder, content, found, weights, mask, keep=keep, objective=objective, wraps=wraps, tile=48)
    x = (1.4 * x - 0.2).requires_grad_()
    losses = of(x)
    losses.total.backward()
    assert x.grad is not None

    terms, gradient = slope(of, x.detach())

    assert terms == pytest.approx(losses.floats(), rel=1e-9)
    assert float((gradient - x.grad).norm() / x.grad.norm()) < 1e-9


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_pulse_beats_in_all_that_goes_over_the_picture(
    tmp_path: Path, optimizer: Literal["lbfgs", "adam"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 100 megapixels each of these takes a minute: a worker silent for so long was taken to hang, and killed."""
    heard = set[str]()

    def pulse() -> None:
        heard.update(frame.function for frame in inspect.stack(context=0))

    monkeypatch.setattr("impasto.engine.descent.coordinates.ROWS", 16)
    settings = replace(SPILLED, steps=4, max_scales=2, optimizer=optimizer)
    mask = picture(3, 1)
    pictures = load_slim(), picture(0), picture(1), settings
    for _ in stylize(*pictures, mask=mask, scratch=Scratch(tmp_path), pulse=pulse):
        pass

    moving = {"lbfgs": {"learned", "moved"}, "adam": {"_adam"}}[optimizer]
    opening, looking = {"resized", "variable_"}, {"_continued_image", "_of_rows_", "_content_", "image_", "_free"}
    assert opening | looking | moving <= heard


@pytest.mark.parametrize("colour_gain", [1.0, 0.5])
def test_coordinates_written_over_their_picture_are_the_same_and_their_own_transpose(colour_gain: float) -> None:
    """To float64's rounding, there and back; <A v, x> = <v, A x> is what lets a gradient go the same way."""
    v, x = picture(0).double(), picture(1).double()
    coordinates = Coordinates(HEIGHT, WIDTH, 0.4, v, colour_gain)
    ahead = coordinates.image_(v.clone())

    assert torch.allclose(ahead, coordinates.image(v), rtol=0, atol=1e-12)
    assert torch.allclose(coordinates.variable_(ahead.clone()), v, rtol=0, atol=1e-12)
    assert float((ahead * x).sum()) == pytest.approx(float((v * coordinates.image_(x.clone())).sum()), rel=1e-12)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_descent_is_that_in_memory(
    optimizer: Literal["lbfgs", "adam"], masked: bool, tmp_path: Path
) -> None:  # a case
    """As long as no pair is forgotten, but for rounding; and the folder is empty while it runs and afterwards."""
    settings = replace(SPILLED, steps=SPILLED_HISTORY + 1, optimizer=optimizer)
    mask = picture(2, 1) if masked else None
    expected, images, _ = run(replace(settings, spilled=False, tile=0), mask=mask)

    found, spilled, _ = run(settings, tmp_path, mask)

    assert found == pytest.approx(expected, rel=3e-3)
    assert float((spilled[-1] - images[-1]).abs().mean()) < 2e-3 < float((images[0] - images[-1]).abs().mean())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_taken_up_it_makes_the_same_pixels(tmp_path: Path) -> None:
    """Bit for bit, from a state taken in the midst, after further steps were done: nothing in it is written again."""
    _, images, states = run(SPILLED, tmp_path)

    _, again, _ = run(SPILLED, tmp_path, resume=states[SPILLED_HISTORY + 1])

    assert torch.equal(again[-1], images[-1])


def test_a_step_too_far_is_taken_back(tmp_path: Path) -> None:
    """J rose a thousandfold: the variable goes back to a quarter of the move, and the descent goes on from there."""
    scratch = Scratch(tmp_path)
    descent = SpilledDescent(scratch.stored(torch.ones(10)), "lbfgs", 0.1, scratch)
    start = descent.variable.values.clone()
    descent.advance(lambda x: ({"total": 1.0}, x.values.clone()))
    move = descent.variable.values - start

    descent.advance(lambda x: ({"total": float("nan")}, x.values.clone()))

    assert torch.allclose(descent.variable.values, start + 0.25 * move)
    for _ in range(20):
        descent.advance(lambda x: ({"total": float(x.values.pow(2).sum() / 20)}, x.values / 10))
    assert float(descent.variable.values.abs().max()) < 1e-2


def test_no_scratch_no_spilling() -> None:
    """Refused before any work."""
    with pytest.raises(ValueError, match="no room for them"):
        next(stylize(load_slim(), picture(0), picture(1), SPILLED))


def test_what_does_not_fit_in_tiles_goes_to_the_disk() -> None:
    """100 megapixels in 8 GiB: in memory no tile is small enough; spilled, large tiles fit. Without a disk, none."""
    encoder, settings, size = load_slim(), defaults("vgg19-slim"), (8660, 11547)
    limit = 8 << 30

    found = fitted(encoder, size, 512 * 512, settings, limit, spills=True)

    assert found.spilled
    assert found.tile > SPILL_BELOW_PX
    assert bytes_needed(encoder, size[0] * size[1], 512 * 512, found) <= limit
    in_memory = fitted(encoder, size, 512 * 512, settings, limit)
    assert (in_memory.spilled, in_memory.tile) == (False, LEAST_TILE_PX)
    assert bytes_needed(encoder, size[0] * size[1], 512 * 512, in_memory) > limit
    assert not fitted(encoder, (800, 600), 512 * 512, settings, limit, spills=True).spilled


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "content-luminance", "colour_strength": 0.7},
        {"colour": "content-match-lab"},
        {"start": "noise", "optimizer": "adam"},
        {"max_scales": 2, "steps": 4},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_so_is_every_other_run(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # a case
    """Colours, noise, scales; with a region, a selection and what is to be kept: as in memory, but for rounding."""
    for module in ("large", "objective.guides"):
        monkeypatch.setattr(f"impasto.engine.{module}.ROWS", 24)
    monkeypatch.setattr(sys.modules["impasto.engine.pyramid"], "SMALLEST_SCALE_PX", 32)  # its name is a function's
    mask, keep = picture(2, 1), picture(3, 1)
    styles = [Style(picture(1), region=(picture(4, 1) > 0.1).float()), Style(picture(5))]
    settings = replace(SPILLED, **{"steps": 3, **changes})

    def last(settings: Settings, scratch: Scratch | None) -> Step:
        return [*stylize(load_slim(), picture(0), styles, settings, mask=mask, keep=keep, scratch=scratch)][-1]

    expected, found = last(replace(settings, spilled=False, tile=0), None), last(settings, Scratch(tmp_path))

    assert found.losses["total"] == pytest.approx(expected.losses["total"], rel=3e-3)
    assert float((found.image - expected.image).abs().mean()) < 2e-3


@pytest.mark.parametrize("size", [(64, 85), (31, 170), (64, 40), (128, 85), (200, 300)])
def test_a_large_picture_is_resized_as_any_other(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A band at a time, with its margin, larger and smaller: to float32's rounding."""
    monkeypatch.setattr("impasto.engine.large.ROWS", 17)
    monkeypatch.setattr("impasto.engine.large.COLUMNS", 19)
    margin = Margin(8)

    found = resized(picture(0), *size, MEMORY, margin)

    assert torch.allclose(found, margin.continued(resize(picture(0), *size)), rtol=0, atol=1e-5)


@pytest.mark.skipif(sys.platform != "linux", reason="RssAnon is Linux's")
def test_a_run_takes_no_more_memory_and_disk_than_is_said() -> None:
    """Processes of their own, 0.7 megapixels in tiles of 256 px: own memory, above what there was, at every moment.

    Likewise with six regions, of which a part is painted, and colours matched in Lab; and what the seven masks take of
    the disk. Measured beside the prediction are 4, 8 and 16 megapixels (engine/LOG.md).
    """
    (taken, said, disk), (guided, guided_said, guided_disk) = weighed(0), weighed(6)
    masks = 7 * SCRATCH_MASK_BYTES * 740 * 982

    assert taken < said < 384 * MIB
    assert guided < guided_said < 400 * MIB
    assert masks / 2 < guided_disk - disk < masks


def weighed(regions: int) -> list[int]:
    """Own memory, what is said of it, and the disk, in bytes."""
    return numbers(WEIGHED, str(regions))


WEIGHED = """
import sys, tempfile
from dataclasses import replace
from pathlib import Path
import torch
from impasto.engine import Style, load_slim, stylize
from impasto.engine.memory import bytes_needed
from impasto.engine.scratch import Scratch
from impasto.method.defaults import defaults
from weighing import OwnMemory

torch.set_num_threads(1)
encoder, disk = load_slim(), 0
SIZE, regions, pixels = (724, 966), int(sys.argv[1]), 740 * 982
with tempfile.TemporaryDirectory() as folder:
    scratch = Scratch(Path(folder))
    content = scratch.empty((1, 3, *SIZE), torch.empty(0)).uniform_()
    masks = [scratch.empty((1, 1, *SIZE), torch.empty(0)).zero_() for _ in range(regions + 1 if regions else 0)]
    for number, mask in enumerate(masks):
        mask[..., 100 * number : 100 * number + 200] = 1
    settings = replace(defaults("vgg19-slim"), steps=1, max_scales=1, tile=256, spilled=True)
    if regions:
        settings = replace(settings, colour="content-match-lab")
    styles = [Style(torch.rand(1, 3, 96, 128), region=mask) for mask in masks[1:]] or torch.rand(1, 3, 96, 128)
    painted = masks[0] if masks else None
    with OwnMemory() as memory:
        for step in stylize(encoder, content, styles, settings, mask=painted, scratch=scratch):
            step.image
            disk = scratch.size_bytes
print(memory.peak, bytes_needed(encoder, pixels, 96 * 128, settings, regions), disk)
"""
