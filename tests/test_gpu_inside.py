"""A GPU's worker from inside: states that move between devices, memory against its forecast, what is computed there.

In this process, on a real card; skipped where there is none, as ``test_gpu``. What is new here since 26 November 2026,
16:30, no card was there for: the test of what weights allow TF32, and ``mixed`` there.
"""

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch

from fakes import EmulatedTF32
from impasto.engine import random_encoder, stylize
from impasto.engine.closeness import LEAST_COSINE, least_cosine
from impasto.engine.descent import Descent, by_autograd
from impasto.engine.encoder import MOST_SHRUNK, resize
from impasto.engine.encoder.files import load_slim
from impasto.engine.memory import bytes_needed, wants_memory
from impasto.engine.objective import seeing
from impasto.engine.passage.at_once import AtOnce
from impasto.engine.precision import has_tf32
from impasto.image import ImageHeader
from impasto.method import ObjectiveName, Precision, Settings
from impasto.method.choices import settings_of, settings_to_json
from impasto.method.defaults import defaults
from impasto.scheduling.admission import footprint
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker.painting import Painting, Terms
from impasto.worker.studio import Studio, fault
from test_checkpoint import at_rest, bowl, ended, written
from test_gpu import ALIKE, DEVICE, NEAR, NO_GPU, apart, measured

# What torch warns of on a card that nobody here has seen before is to be read, and to cost no other finding.
pytestmark = [NO_GPU, pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("one_thread")]

MIB = 1 << 20
STEPS = 12
HEADER = ImageHeader(96, 80)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """Nothing of another test is on the card."""
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    yield
    gc.collect()


def painting(device: str, folder: Path, terms: dict[str, Any] | None = None, **fields: Any) -> Painting:
    """A small one, from its newest state if there is one; pictures lie beside its folder."""
    spec = StylizeSpec("", (StyleUse(""),), **{"encoder": "vgg19-slim", "steps": STEPS, "start": "noise", **fields})
    told = settings_to_json(settings_of(spec)) | (terms or {})
    studio = Studio(torch.device(device), Shelf(folder.parent))
    return Painting(studio, spec, at_rest(folder.parent, HEADER), lambda: None, Terms(1, folder=folder, settings=told))


def samples(data: bytes) -> np.ndarray[Any, Any]:
    """As numbers."""
    return np.frombuffer(data, np.uint8)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize(("first", "then"), [("cpu", DEVICE), (DEVICE, "cpu"), (DEVICE, DEVICE)])
def test_a_state_goes_on_on_another_device(first: str, then: str, optimizer: str, tmp_path: Path) -> None:
    """Written on one and read on the other, it paints nearly what it would have painted where it began."""
    straight = ended(painting(first, tmp_path / "straight", optimizer=optimizer), tmp_path / "out")
    begun = painting(first, tmp_path / "states", optimizer=optimizer)
    for _ in range(STEPS // 2):
        begun.advance()
    written(begun)
    again = painting(then, tmp_path / "states", optimizer=optimizer)
    found = ended(again, tmp_path / "out")

    assert again.notice == f"it goes on from step {STEPS // 2}"
    assert apart(samples(found), samples(straight), 255, f"{optimizer} from {first} to {then}") < ALIKE


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_what_was_restored_lies_on_the_device(optimizer: Literal["lbfgs", "adam"]) -> None:
    """All of it, so that a step too far can be taken back there."""
    here, there = (Descent(torch.ones(1, 3, 8, 8, device=device), optimizer, 0.02) for device in ("cpu", DEVICE))
    for _ in range(3):
        here.advance(by_autograd(bowl))
    there.restore(here.state())
    there.advance(by_autograd(lambda variable: bowl(variable.cpu())))
    if optimizer == "lbfgs":
        there._step_back()

    assert there._before.device == there.variable.device
    assert there.variable.device.type == DEVICE


def test_a_spilled_job_goes_on_on_the_processor(tmp_path: Path) -> None:
    """What was begun with its arrays on a disk is computed by the processor here, too: the same pixels, to the bit."""
    terms = {"spilled": True, "tile": 64, "precision": "float32"}
    here, there = (
        ended(painting(device, tmp_path / device, terms, steps=4), tmp_path / "out") for device in (DEVICE, "cpu")
    )

    assert here == there


def test_tiles_of_a_spilled_print_are_painted_there(tmp_path: Path) -> None:
    """Nearly the processor's picture, and of the card's memory no more than is forecast for such a tile.

    Younger than the last card that was lent: seen to pass on a fake one alone (``test_tiles_on_card``).
    """
    terms = {"spilled": True, "tile": 64, "tiles_on_gpu": True, "precision": "float32"}
    before = torch.cuda.memory_allocated()
    begun = painting(DEVICE, tmp_path / DEVICE, terms, steps=4)
    here = ended(begun, tmp_path / "out")
    peak = torch.cuda.max_memory_allocated() - before
    there = ended(painting("cpu", tmp_path / "cpu", terms, steps=4), tmp_path / "out")
    network = begun._studio.encoders["vgg19-slim"]
    said = bytes_needed(network, HEADER.pixels, HEADER.pixels, begun.settings)
    measured.info("in tiles from the host: peak %d MiB, forecast %d", peak // MIB, said // MIB)

    assert apart(samples(here), samples(there), 255, "tiles from the host") < ALIKE
    assert peak < said


def test_tf32_is_for_weights_that_allow_it(tmp_path: Path) -> None:
    """The shipped encoder does, random ones do not; each the same twice, and as a processor says that rounds so."""
    device, rounded, found = torch.device(DEVICE), dict[str, float](), dict[str, list[float]]()
    if not has_tf32(device):
        pytest.skip("this card has no TF32")
    for name, network in (("vgg19-slim", load_slim()), ("vgg19", random_encoder(0.25))):
        weights = defaults(name).weights
        with EmulatedTF32(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(seeing, "passage_of", AtOnce)
            rounded[name] = least_cosine(network, weights)
        network.to(device)
        found[name] = [least_cosine(network, weights) for _ in range(2)]
        measured.info("%s: a gradient's cosine %.6f and %.6f, emulated %.6f", name, *found[name], rounded[name])
    studio = Studio(device, Shelf(tmp_path))

    assert max(found["vgg19"]) < LEAST_COSINE <= min(found["vgg19-slim"])
    for name, twice in found.items():
        assert twice[0] == pytest.approx(twice[1], abs=1e-6)
        assert 1 - twice[0] == pytest.approx(1 - rounded[name], rel=1)
    assert studio.precision_of("vgg19-slim", studio.encoder("vgg19-slim"), "tf32", lambda: None) == "tf32"


OBJECTIVES: tuple[ObjectiveName, ...] = ("gatys", "neural-style", "spst", "w2")


@pytest.mark.parametrize("encoder", ["vgg19-slim", "random"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_objective_is_that_of_the_processor(objective: ObjectiveName, encoder: str) -> None:
    """With both widths of network, in tiles and as a whole: J of the first step, to a hundredth."""
    generator = torch.Generator().manual_seed(1)
    content, style = (torch.rand(1, 3, side, side + 16, generator=generator) for side in (176, 96))
    network = load_slim() if encoder == "vgg19-slim" else random_encoder()
    weights = defaults("vgg19-slim" if encoder == "vgg19-slim" else "vgg19", objective).weights
    found = {}
    for device, tile in (("cpu", 0), (DEVICE, 0), (DEVICE, 128)):
        settings = Settings(steps=1, max_scales=1, start="noise", objective=objective, weights=weights, tile=tile)
        step = next(stylize(network.to(device), content.to(device), style.to(device), settings))
        found[device, tile] = step.losses
        measured.info("%s, %s, %s in tiles of %d: %s", objective, encoder, device, tile, step.losses)

    assert found[DEVICE, 0]["total"] == pytest.approx(found["cpu", 0]["total"], rel=NEAR)
    assert found[DEVICE, 128]["total"] == pytest.approx(found[DEVICE, 0]["total"], rel=NEAR)


@pytest.mark.parametrize("precision", ["float32", "mixed", "tf32"])
def test_the_gradient_is_that_of_the_processor(precision: Precision) -> None:
    """The first move of Adam is the gradient's signs: nearly all of them are the processor's."""
    generator = torch.Generator().manual_seed(1)
    content, style = (torch.rand(1, 3, side, side, generator=generator) for side in (160, 96))
    network, moved = load_slim(), list[torch.Tensor]()
    kinds: list[tuple[str, Precision]] = [("cpu", "float32"), (DEVICE, precision)]
    for device, kind in kinds:
        settings = Settings(
            steps=1, max_scales=1, optimizer="adam", weights=defaults("vgg19-slim").weights, precision=kind
        )
        step = next(stylize(network.to(device), content.to(device), style.to(device), settings))
        moved.append(step.image.cpu() - content)
    alike = float((moved[0].sign() == moved[1].sign()).float().mean())
    measured.info("%s: %.2f %% of the gradient's signs are the processor's", precision, 100 * alike)

    assert alike > 0.95


@pytest.mark.parametrize(
    ("encoder", "side", "tile", "precision"),
    [
        ("vgg19-slim", 512, 0, "tf32"),
        ("vgg19-slim", 2048, 0, "tf32"),
        ("vgg19-slim", 3072, 0, "float32"),
        ("vgg19-slim", 3072, 512, "tf32"),
        ("vgg19", 512, 0, "tf32"),
        ("vgg19", 1024, 0, "float32"),
        ("vgg19", 2048, 0, "tf32"),
        ("vgg19", 2304, 512, "float32"),
    ],
)
def test_memory_stays_below_its_forecast(encoder: str, side: int, tile: int, precision: Precision) -> None:
    """At the peak with all of L-BFGS's pairs, and between turns, by torch's books of this process.

    What torch keeps for later is no need: where it is wanted, it is given. Not so what a recorded evaluation keeps.
    """
    before = torch.cuda.memory_allocated()
    network, base = (load_slim() if encoder == "vgg19-slim" else random_encoder()).to(DEVICE), defaults(encoder)
    settings = replace(base, steps=STEPS, max_scales=1, margin=0, tile=tile, precision=precision)
    content, style = torch.rand(1, 3, side, side, device=DEVICE), torch.rand(1, 3, 512, 512, device=DEVICE)
    run = stylize(network, content, style, settings)
    for _ in range(STEPS):
        last = next(run)
    peak = torch.cuda.max_memory_allocated() - before
    torch.cuda.empty_cache()
    held, said = torch.cuda.memory_reserved() - before, bytes_needed(network, side**2, 512**2, settings)
    told = [f"{number // MIB} MiB, {number / side**2:.0f} a pixel" for number in (peak, said, held, before)]
    name = f"{encoder} {precision} {side} px in tiles of {tile}"
    measured.info("%s: peak %s; forecast %s; held %s; before %s", name, *told)

    assert last.last
    assert max(peak, held) < said


@pytest.mark.parametrize("encoder", ["vgg19-slim", "vgg19"])
def test_the_front_forecasts_what_the_worker_does(encoder: str) -> None:
    """Of a card, too: the one has no torch."""
    network, content = (load_slim() if encoder == "vgg19-slim" else random_encoder()).to(DEVICE), ImageHeader(1000, 800)
    spec = StylizeSpec("", (StyleUse(""),), encoder=encoder)
    settings, around = settings_of(spec), 2 * settings_of(spec).margin
    said = bytes_needed(network, (1000 + around) * (800 + around), 512**2, settings)
    need = footprint(spec, content, [ImageHeader(512, 512)], at_once=True)

    assert need.peak == pytest.approx(said, rel=0.01)
    assert need.held > 0.7 * (need.peak - need.fixed)


def test_a_picture_is_made_as_small_as_anybody_asks() -> None:
    """The kernel that resizes there refuses to shrink much; what is beyond it comes from the processor."""
    image = torch.rand(1, 3, 4096, 64)
    for height in (2048, 4096 // MOST_SHRUNK, 4096 // MOST_SHRUNK - 1, 16):
        found = resize(image.to(DEVICE), height, 40)

        assert found.device.type == DEVICE
        torch.testing.assert_close(found.cpu(), resize(image, height, 40), atol=1e-4, rtol=0)


def test_want_of_memory_is_known_by_its_words() -> None:
    """As torch says it of this card."""
    with pytest.raises(torch.cuda.OutOfMemoryError) as caught:
        torch.empty(1 << 45, device=DEVICE)
    measured.info("want of memory: %s", str(caught.value)[:120])

    assert wants_memory(caught.value)
    assert fault(torch.device(DEVICE, 0)) == ""
    assert fault(torch.device(DEVICE, 63))


def test_idle_memory_goes_back_to_the_card(tmp_path: Path) -> None:
    """What a job took is free for other programs when it has gone, but for the network and libraries' workspaces."""
    begun = painting(DEVICE, tmp_path / "states")
    begun.advance()
    studio = begun._studio
    torch.empty(512 * MIB, dtype=torch.uint8, device=DEVICE)  # freed at once, and kept by torch
    kept, counted = torch.cuda.memory_reserved(), studio.free_bytes()
    studio.release()
    released = torch.cuda.memory_reserved()
    del begun
    studio.release()
    after = torch.cuda.memory_reserved()
    measured.info("torch has %d MiB, released %d, after the job %d", kept // MIB, released // MIB, after // MIB)

    assert released <= kept - 512 * MIB
    assert after <= released
    assert counted > torch.cuda.mem_get_info()[0] - 512 * MIB
    assert studio.answers()
