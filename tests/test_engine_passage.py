"""Laws of the passage: the gradient that autograd finds, a few rows at a time, in either precision, at any size."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from impasto.engine import (
    VGG,
    Objective,
    Settings,
    Step,
    StyleTarget,
    Weights,
    load_slim,
    random_encoder,
    stylize,
)
from impasto.engine import passage as passages
from impasto.engine.encoder.wrap import wrapped
from impasto.engine.objective import seeing, target_source
from impasto.engine.passage import Passage, Wanted, through
from impasto.engine.passage.at_once import AtOnce
from impasto.engine.passage.bits import Bits
from impasto.engine.passage.chain import INNERMOST, chain_of
from impasto.engine.precision import paying_precision
from impasto.method import ObjectiveName

pytestmark = pytest.mark.usefixtures("one_thread")
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
EQUAL = 1e-9  # in float64, where no sign near zero depends on the order of a sum


class Plainly(nn.Module):
    """An encoder behind another module: nobody sees that it is a chain, so autograd finds the gradient."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        """Its features."""
        found: dict[str, Tensor] = self.encoder(image, layers)
        return found


@pytest.fixture(params=["in strips", "at once"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a processor runs it, and as a GPU does; a GPU's way runs anywhere, but for cuDNN's fused kernels."""
    if request.param == "at once":
        monkeypatch.setattr(seeing, "passage_of", AtOnce)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strips of four rows, in small pictures, too."""
    monkeypatch.setattr(passages, "STRIP_BYTES", 1)
    monkeypatch.setattr(passages, "LEAST_ROWS", 4)


def picture(height: int, width: int, seed: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slope(encoder: Any, x: Tensor, **how: Any) -> tuple[float, Tensor]:
    """J and its gradient at `x` for pictures of its size, everything that J can have in it."""
    height, width = x.shape[2:]
    objective: ObjectiveName = how.pop("objective", "gatys")
    style = picture(40, 56, 1).to(x)
    targets = target_source(objective)(encoder, style, LAYERS)
    left = (torch.arange(width) < width // 2).to(x).expand(1, 1, height, width)
    parts = [StyleTarget(targets, 0.7, left), StyleTarget(targets, 0.3, 1 - left)]
    found = Objective(
        encoder,
        picture(height, width, 2).to(x),
        parts if how.pop("regions", False) else targets,
        Weights(content_layers={"relu4_2": 1.0, "relu1_2": 0.5}),
        picture(height, width, 3)[:, :1].to(x) if how.pop("guided", False) else None,
        keep=1 - left,
        objective=objective,
        **how,
    )
    x = x.clone().requires_grad_()
    total = found(x).total
    total.backward()
    assert x.grad is not None
    return total.item(), x.grad


def apart(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def cosine(found: Tensor, expected: Tensor) -> float:
    return float(torch.cosine_similarity(found.flatten().double(), expected.flatten().double(), 0))


@pytest.mark.usefixtures("narrow", "run")
@pytest.mark.parametrize("size", [(64, 64), (61, 75), (37, 16)])
@pytest.mark.parametrize("how", [{}, {"regions": True}, {"guided": True}, {"objective": "spst"}, {"objective": "w2"}])
@pytest.mark.parametrize(("pooling", "padding"), [("max", "zeros"), ("avg", "replicate"), ("max", "replicate")])
def test_the_gradient_is_autograds(pooling: str, padding: str, how: dict[str, Any], size: tuple[int, int]) -> None:
    """In many strips, at odd sizes, of every objective, with regions and selections."""
    encoder = random_encoder(0.125, pooling=pooling, padding=padding).double()
    x = picture(*size, 5)

    (loss, found), (expected, wanted) = slope(encoder, x, **how), slope(Plainly(encoder), x, **how)

    assert loss == pytest.approx(expected, rel=EQUAL)
    assert apart(found, wanted) < EQUAL


@pytest.mark.usefixtures("run")
def test_the_gradient_around_the_border_is_autograds() -> None:
    """Where the picture continues at its opposite border."""
    encoder, x = wrapped(random_encoder(0.125).double()), picture(48, 64, 5)

    assert apart(slope(encoder, x, wraps=True)[1], slope(Plainly(encoder), x, wraps=True)[1]) < EQUAL


@pytest.mark.usefixtures("narrow", "run")
def test_of_equals_the_first_is_chosen() -> None:
    """A flat picture makes every pooling a tie; nothing is counted twice."""
    encoder, x = random_encoder(0.125).double(), torch.full((1, 3, 48, 48), 0.4, dtype=torch.float64)

    assert apart(slope(encoder, x)[1], slope(Plainly(encoder), x)[1]) < EQUAL


@pytest.mark.parametrize("rows", [4, 12, 1000])
def test_strips_change_no_bit_of_the_gradient(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """What decides signs and choices is the same to the bit; how sums are split moves only the statistics' last one."""
    monkeypatch.setattr(passages, "STRIP_BYTES", 1)
    monkeypatch.setattr(passages, "LEAST_ROWS", rows)
    encoder, x = load_slim(), picture(96, 80, 5).float()

    found = slope(encoder, x)[1]

    assert apart(found, slope(Plainly(encoder), x)[1]) < 1e-5


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("how", [{}, {"regions": True}, {"objective": "spst"}])
@pytest.mark.parametrize("encoder", [load_slim(), random_encoder(0.5)], ids=["slim", "random"])
def test_mixed_precision_points_the_same_way(encoder: VGG, how: dict[str, Any]) -> None:
    """J is the same to the bit, as the way there is; the gradient differs by what bfloat16 rounds (LOG.md: 0.6 %)."""
    x = picture(96, 112, 5).float()

    (loss, found), (expected, wanted) = (slope(encoder, x, precision=name, **how) for name in ("mixed", "float32"))

    assert loss == expected
    assert found.dtype == torch.float32
    assert cosine(found, wanted) > 0.9999
    assert apart(found, wanted) < 0.012


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_sliced_resumed_and_straight_runs_are_equal_in_mixed_precision(optimizer: Any) -> None:
    """Bit for bit, as in float32."""
    encoder, content, style = load_slim(), picture(64, 136, 1).float(), picture(48, 48, 2).float()
    chosen = Settings(steps=6, max_scales=2, optimizer=optimizer, precision="mixed", frequency_power=0.4)
    straight: list[Step] = list(stylize(encoder, content, style, chosen))

    sliced = stylize(encoder, content, style, chosen)
    for _ in range(4):
        state = next(sliced).checkpoint()
    *_, resumed = stylize(encoder, content, style, chosen, resume=state)

    assert torch.equal(resumed.image, straight[-1].image)
    assert resumed.losses == straight[-1].losses


def test_little_is_kept_for_the_way_back() -> None:
    """Per pixel of a full-width VGG-19: 244 bytes of style features, 21 of signs and choices."""
    encoder = random_encoder(1.0)
    chain = chain_of(encoder, torch.bfloat16, LAYERS)
    assert chain is not None
    way = Passage(chain, Wanted(("relu4_2",), dict.fromkeys(LAYERS, (None,))), returns=True)

    way.there(torch.rand(1, 3, 64, 64))

    assert 260 < way.kept_bytes / 64**2 < 270


def test_an_evaluation_that_nobody_takes_back_leaves_nothing() -> None:
    """A step too far ends before its way back: a passage held by its own results was never freed, 250 bytes a pixel."""
    encoder = load_slim()
    chain = chain_of(encoder, torch.float32, LAYERS)
    assert chain is not None
    way = Passage(chain, Wanted(("relu4_2",), dict.fromkeys(LAYERS, (None,))), returns=True)
    seen = weakref.ref(way)

    found = through(torch.rand(1, 3, 32, 32, requires_grad=True), way)
    assert found[0].requires_grad
    del found, way
    gc.collect()

    assert seen() is None


def test_no_way_back_keeps_nothing() -> None:
    """Statistics of a style cost no memory but their own."""
    encoder = random_encoder(0.125)
    chain = chain_of(encoder, torch.float32, LAYERS)
    assert chain is not None
    way = Passage(chain, Wanted((), dict.fromkeys(LAYERS, (None,))), returns=False)

    way.there(torch.rand(1, 3, 32, 32))

    assert way.kept_bytes == 0


def test_what_is_no_chain_is_left_to_autograd() -> None:
    """Other modules, layers before their ReLU, layers that are not there."""
    encoder = random_encoder(0.125)

    assert chain_of(encoder, torch.float32, LAYERS) is chain_of(encoder, torch.float32, LAYERS[:1])
    assert chain_of(Plainly(encoder), torch.float32, LAYERS) is None
    assert chain_of(encoder, torch.float32, ("conv4_2",)) is None
    found = Objective(
        encoder, picture(32, 32, 1).float(), {}, Weights(content_layers={"conv4_2": 1.0}, style_layers={})
    )
    assert found(picture(32, 32, 2).float()).content > 0


def test_an_encoder_that_is_moved_gets_another_chain() -> None:
    """Weights of another type or device are not those that were kept."""
    encoder = random_encoder(0.125)
    single = chain_of(encoder, torch.float32, LAYERS)
    encoder.double()
    double = chain_of(encoder, torch.float32, LAYERS)

    assert single is not None
    assert double is not None
    assert (single.units[0].weight.dtype, double.units[0].weight.dtype) == (torch.float32, torch.float64)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 24), st.sampled_from([torch.bfloat16, torch.float32]))
def test_bits_come_back(height: int, width: int, channels: int, dtype: torch.dtype) -> None:
    """What had a bit of 1 stays, all else is 0, from any row on."""
    generator = torch.Generator().manual_seed(height * width * channels)
    mask = torch.rand(1, channels, height, width, generator=generator) > 0.5
    mask = mask.contiguous(memory_format=INNERMOST)
    values = torch.randn(mask.shape, generator=generator).to(dtype).contiguous(memory_format=INNERMOST)
    bits, first = Bits(height, width, channels, values), height // 2
    bits.put(0, mask)

    found = bits.applied_(values[:, :, first:].clone(memory_format=torch.preserve_format), first)

    assert torch.equal(found, (values * mask)[:, :, first:])


@pytest.mark.parametrize(("capability", "precision"), [((9, 0), "tf32"), ((8, 0), "tf32"), ((7, 5), "float32")])
def test_a_gpu_with_matrix_units_gets_tf32(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: str
) -> None:
    """Those have TF32 and bfloat16 since Ampere."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)

    assert paying_precision(torch.device("cuda", 0)) == precision


def test_a_processor_with_matrix_units_gets_mixed_precision(tmp_path: Path) -> None:
    """By its flags; without them and without Linux's list, float32."""
    with_units, without = tmp_path / "with", tmp_path / "without"
    with_units.write_text("processor : 0\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n")
    without.write_text("processor : 0\nflags\t\t: fpu avx512_bf16\n")
    cpu = torch.device("cpu")

    assert paying_precision(cpu, with_units) == "mixed"
    assert paying_precision(cpu, without) == paying_precision(cpu, tmp_path / "absent") == "float32"
    assert paying_precision(torch.device("meta"), with_units) == "float32"
