"""TF32 only where the gradient keeps its direction: what is asked of an encoder's weights, when, and what comes of it.

TF32 itself is emulated here (`fakes.EmulatedTF32`); tests/test_gpu_inside.py asks a real card.
"""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fakes import Countdown, EmulatedTF32
from harness import Daemon, Home, picture, request, wait_for
from impasto.engine import VGG, Cancelled, Objective, load_slim, random_encoder, save_encoder, style_targets
from impasto.engine.closeness import LEAST_COSINE, least_cosine
from impasto.engine.objective import seeing
from impasto.engine.passage.at_once import AtOnce, multiplying
from impasto.engine.precision import paying_precision
from impasto.engine.pulse import Pulse, steady
from impasto.image import ImageHeader
from impasto.method import Precision
from impasto.method.choices import settings_of, settings_to_json
from impasto.method.defaults import defaults
from impasto.spec import StyleUse, StylizeSpec
from impasto.v1 import stylize_pb2
from impasto.weights import Shelf
from impasto.worker import studio as studios
from impasto.worker.painting import Painting, Terms
from impasto.worker.studio import Studio
from test_coming_back import told_on_disk
from test_daemon import SUCCEEDED, Stub, created, job, watched

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
SLIM, FULL = "vgg19-slim", "vgg19"
HEADER = ImageHeader(48, 40)
STEPS = 3


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A processor that says it has TF32, runs layers as a card does, and multiplies so where it is let."""
    monkeypatch.setattr(studios, "has_tf32", lambda _device: True)
    monkeypatch.setattr(seeing, "passage_of", AtOnce)
    with EmulatedTF32():
        yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[VGG]:
    """The encoders that were asked, each time."""
    found: list[VGG] = []

    def noted(encoder: VGG, *arguments: Any) -> float:
        found.append(encoder)
        return least_cosine(encoder, *arguments)

    monkeypatch.setattr(studios, "least_cosine", noted)
    return found


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Beside the encoder that is shipped it has one with random weights, which do not allow TF32."""
    shelf = Shelf(tmp_path / "data")
    shelf.folder.mkdir(parents=True)
    put(shelf, seed=0)
    return shelf


def put(shelf: Shelf, seed: int, spoilt: float = 1.0) -> None:
    """A quarter-wide VGG with seeded random weights, the first ones times `spoilt`, in the full one's place."""
    network = random_encoder(0.25, seed)
    own = {name.removeprefix("steps."): weight.detach() for name, weight in network.named_parameters()}
    own["conv1_1.weight"] *= spoilt
    save_encoder(shelf.folder / "new", replace(network.spec, name=FULL), own)
    (shelf.folder / "new").replace(shelf.path(FULL))


def precision_of(studio: Studio, name: str, allowed: Precision = "tf32", pulse: Pulse = steady) -> Precision:
    """What a job with that encoder would begin with."""
    return studio.precision_of(name, studio.encoder(name), allowed, pulse)


# the emulation, and what a precision means


def test_factors_are_rounded_to_ten_bits_where_a_gpu_may() -> None:
    """1 + 2^-10 is kept, what is half of the next bit is rounded up, and the rest is lost; as torch's settings say."""
    told = [1 + 2**-10, 1 + 2**-11, 1 + 2**-12, 1.0]
    x, one = torch.tensor(told).view(1, 1, 1, 4), torch.ones(1, 1, 1, 1)
    rounded = [1 + 2**-10, 1 + 2**-10, 1.0, 1.0]
    for tf32, expected in ((True, rounded), (False, told)):
        with EmulatedTF32(), multiplying(tf32=tf32):
            product = torch.zeros(4, 1).addmm_(x.view(4, 1), one.view(1, 1))
            found = torch.nn.functional.conv2d(x, one)
        assert product.flatten().tolist() == found.flatten().tolist() == expected


@pytest.mark.usefixtures("card")
def test_only_what_is_called_tf32_goes_there_in_tf32() -> None:
    """J is float32's to the bit in mixed precision, on a card as elsewhere: what comes from a processor stays near."""
    encoder, x = load_slim(), picture_at(5)

    def loss(precision: Precision) -> float:
        targets = style_targets(encoder, picture_at(1), ("relu1_1", "relu3_1"))
        weights = defaults(SLIM).weights
        weights = replace(weights, style_layers={"relu1_1": 1.0, "relu3_1": 1.0})
        return float(Objective(encoder, picture_at(2), targets, weights, precision=precision)(x).total)

    assert loss("mixed") == loss("float32")
    assert loss("tf32") != loss("float32")
    assert loss("tf32") == pytest.approx(loss("float32"), rel=1e-3)


def picture_at(seed: int) -> Tensor:
    """(1, 3, 48, 64) of noise."""
    return torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("precision", ["tf32", "mixed"])
def test_at_the_content_itself_the_content_pulls_at_nothing(precision: Precision) -> None:
    """Its features are seen as X's are: in TF32 beside float32's J would pull X away from where it is to stay."""
    encoder, content = load_slim(), picture_at(2)
    targets = style_targets(encoder, picture_at(1), ("relu1_1",))
    weights = replace(defaults(SLIM).weights, style_layers={"relu1_1": 1.0})

    assert Objective(encoder, content, targets, weights, precision=precision)(content).content.item() == 0


# what is asked


@pytest.mark.usefixtures("card")
def test_the_shipped_encoder_allows_tf32_and_random_weights_do_not() -> None:
    """0.9996 and 0.9977; where nothing is rounded but the way back it is more than 0.9999 for both."""
    slim, random = load_slim(), random_encoder(0.25)
    found = [least_cosine(slim, defaults(SLIM).weights), least_cosine(random, defaults(FULL).weights)]

    assert found[0] == pytest.approx(0.9996, abs=1e-4)
    assert found[1] == pytest.approx(0.9977, abs=1e-4)
    assert found[1] < LEAST_COSINE < found[0]


@pytest.mark.parametrize("encoder", [load_slim(), random_encoder(0.25)], ids=["slim", "random"])
def test_a_way_back_in_bfloat16_is_near_with_any_weights(encoder: VGG) -> None:
    """So a processor is not asked: what is called tf32 is mixed precision there."""
    assert least_cosine(encoder, defaults(SLIM).weights) > 0.9999


@pytest.mark.usefixtures("card")
def test_the_answer_is_the_same_each_time() -> None:
    """To the bit with the same kernels; with other sums, of two threads, to nine digits (LOG.md)."""
    weights, first = defaults(SLIM).weights, load_slim()
    found = [least_cosine(first, weights), least_cosine(load_slim(), weights)]
    torch.set_num_threads(2)

    assert found[0] == found[1]
    assert least_cosine(first, weights) == pytest.approx(found[0], abs=1e-7)


# who asks, and when


@pytest.mark.usefixtures("card")
def test_a_studio_asks_once_for_each_encoder_and_the_log_says_what_was_found(
    shelf: Shelf, asked: list[VGG], caplog: pytest.LogCaptureFixture
) -> None:
    """One line with the number and the bound; another studio on such a device says the same."""
    caplog.set_level(logging.INFO)
    for studio in (Studio(CPU, shelf), Studio(CPU, shelf)):
        for _ in range(2):
            assert (precision_of(studio, SLIM), precision_of(studio, FULL)) == ("tf32", "float32")

    assert len(asked) == 4
    lines = [record.getMessage() for record in caplog.records]
    assert lines[:2] == lines[2:]
    assert "cosine to that in float32 is 0.99" in lines[1]
    assert lines[1].endswith("with vgg19 on cpu, and 0.999 is asked for: it is float32")


@pytest.mark.usefixtures("card")
def test_other_weights_of_that_name_are_asked_anew(shelf: Shelf, asked: list[VGG]) -> None:
    """And weights whose gradient is no number never get TF32."""
    studio = Studio(CPU, shelf)
    precision_of(studio, FULL)
    put(shelf, seed=1, spoilt=float("inf"))

    assert precision_of(studio, FULL) == "float32"
    assert len(asked) == 2


@pytest.mark.usefixtures("card")
def test_who_is_cancelled_meanwhile_leaves_no_answer(shelf: Shelf, asked: list[VGG]) -> None:
    """Between any two layers; the next job asks again, with the encoder as it was."""
    studio, counting = Studio(CPU, shelf), Countdown()
    for at in (1, 150):
        with pytest.raises(Cancelled):
            precision_of(studio, SLIM, pulse=Countdown(cancel_at=at))

    assert precision_of(studio, SLIM, pulse=counting) == "tf32"
    assert counting.calls > 150
    assert len(asked) == 3


@pytest.mark.parametrize("allowed", ["float32", "mixed"])
@pytest.mark.usefixtures("card")
def test_what_is_not_tf32_is_not_asked(shelf: Shelf, asked: list[VGG], allowed: Precision) -> None:
    """It is taken as it is told."""
    assert precision_of(Studio(CPU, shelf), FULL, allowed) == allowed
    assert not asked


def test_a_processor_has_none_and_is_not_asked(shelf: Shelf, asked: list[VGG]) -> None:
    """A job whose terms were fixed by a card gets what pays here, and no time is spent on it."""
    assert precision_of(Studio(CPU, shelf), SLIM) == paying_precision(CPU)
    assert not asked


# a job keeps its precision


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Any]:
    """The two pictures at rest, as the front names them."""
    told = {}
    for role, seed in (("content", 1), ("styles[0].image", 2)):
        path = tmp_path / str(seed)
        path.write_bytes(picture(HEADER.width, HEADER.height, seed).tobytes())
        told[role] = {"path": str(path), "header": HEADER.to_json(), "key": role}
    return told


def begun(studio: Studio, sources: dict[str, Any], folder: Path, precision: Precision, encoder: str = FULL) -> Painting:
    """A painting with terms that say so."""
    spec = StylizeSpec("content", (StyleUse("style"),), steps=STEPS, encoder=encoder)
    terms = Terms(settings=settings_to_json(settings_of(spec, precision)), folder=folder)
    return Painting(studio, spec, sources, lambda: None, terms)


def ended(painting: Painting, path: Path) -> bytes:
    """The samples when all steps are done."""
    while not painting.done:
        painting.advance()
    painting.write(path)
    return path.read_bytes()


@pytest.mark.usefixtures("card")
def test_a_job_begins_in_what_its_encoder_allows(shelf: Shelf, sources: dict[str, Any], tmp_path: Path) -> None:
    """With random weights it has the pixels of a job that was told float32, and not those of TF32."""
    studio = Studio(CPU, shelf)
    painting = begun(studio, sources, tmp_path / "a", "tf32")
    samples = ended(painting, tmp_path / "out")

    assert painting.settings.precision == "float32"
    assert samples == ended(begun(studio, sources, tmp_path / "b", "float32"), tmp_path / "out")
    assert begun(studio, sources, tmp_path / "c", "tf32", SLIM).settings.precision == "tf32"


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("encoder", [SLIM, FULL])
def test_a_job_goes_on_in_the_precision_of_its_state_to_the_same_pixels(
    shelf: Shelf, sources: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: str
) -> None:
    """Where the other answer would be given, too, and where the front died before it wrote down what was found."""
    straight = ended(begun(Studio(CPU, shelf), sources, tmp_path / "a", "tf32", encoder), tmp_path / "out")
    first = begun(Studio(CPU, shelf), sources, tmp_path / "b", "tf32", encoder)
    first.advance()
    first.save()
    assert first.saving.settle(lambda: None) == 1
    monkeypatch.setattr(studios, "least_cosine", lambda *_: 0.0 if encoder == SLIM else 1.0)
    elsewhere = Studio(CPU, shelf)
    second = begun(elsewhere, sources, tmp_path / "b", "tf32", encoder)

    assert precision_of(elsewhere, encoder) != second.settings.precision == first.settings.precision
    assert ended(second, tmp_path / "out") == straight


AS_A_CARD = f"""
import sys
if "impasto.worker" in sys.orig_argv:
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from fakes import EmulatedTF32
    from impasto.engine.objective import seeing
    from impasto.engine.passage.at_once import AtOnce
    from impasto.worker import studio
    studio.has_tf32, studio.paying_precision, seeing.passage_of = lambda _: True, lambda _: "tf32", AtOnce
    EmulatedTF32().__enter__()
"""  # what a worker process is told here before anything else


def test_what_a_worker_found_is_written_down_with_the_job(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """Real processes: the daemon dies, and the next one's worker goes on in float32 to the same pixels."""
    (tmp_path / "sitecustomize.py").write_text(AS_A_CARD)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    home = Home(IMPASTO_NICE="0", IMPASTO_THREADS="1", PYTHONPATH=path)
    shelf = Shelf(home.config.data_dir)
    shelf.folder.mkdir(parents=True)
    put(shelf, seed=0)
    message, slim = (request(steps=60, request_id=name) for name in (FULL, SLIM))
    message.spec.encoder, slim.spec.encoder = FULL, SLIM
    message.delivery.on_disconnect = slim.delivery.on_disconnect = stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING
    daemon = start(home)
    with daemon.channel() as channel:
        straight = watched(Stub(channel), created(Stub(channel), request_of(message, "straight")))[-1].job
        names = [created(Stub(channel), one) for one in (message, slim)]
        wait_for(lambda: all(begun_to_save(daemon, Stub(channel), name) for name in names), "a state of each")
        daemon.end(signal.SIGKILL)
    daemon = start(home)
    with daemon.channel() as channel:
        ended = [watched(Stub(channel), name)[-1].job for name in names]
        terms = [told_on_disk(daemon, name)["terms"]["settings"]["precision"] for name in names]

    assert terms == ["float32", "tf32"]
    assert [one.state for one in ended] == [SUCCEEDED, SUCCEEDED]
    assert ended[0].result.blob == straight.result.blob
    assert "it is float32" in daemon.log.read_text()


def request_of(message: stylize_pb2.StylizeRequest, request_id: str) -> stylize_pb2.StylizeRequest:
    """The same, as another request."""
    other = stylize_pb2.StylizeRequest(request_id=request_id)
    return stylize_pb2.StylizeRequest.FromString(message.SerializeToString() + other.SerializeToString())


def begun_to_save(daemon: Daemon, stub: Stub, name: str) -> bool:
    """Whether a state of a job has been written down, or it is over."""
    return bool(told_on_disk(daemon, name)["saved_step"]) or job(stub, name).state == SUCCEEDED
