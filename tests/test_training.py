"""Laws of the room that makes the offline encoder, on tiny settings, and of the file that it made."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageColor
from torch import Tensor, nn

from impasto import training
from impasto.engine.encoder import VGG, EncoderSpec, vgg19_layers
from impasto.engine.encoder.files import load_encoder
from impasto.training import curve, export, fields, sheet
from impasto.training.fractals import Fractals
from impasto.training.leaves import Leaves
from impasto.training.letters import Letters
from impasto.training.loop import Recipe, Training, rate, run
from impasto.training.network import MEAN, STD, Network, dense_loss, initialise, prepared
from impasto.training.prints import PRESSES, Prints
from impasto.training.solids import Solids
from impasto.training.strokes import Strokes
from impasto.training.views import mirror, views
from impasto.training.world import CANVAS_PX, FAMILIES, World

TINY = Recipe(width=1 / 16, minutes=0.1, batch=4, chapter_steps=3, chapter_canvases=6, warmup_steps=2, late_from=1.0)
SHIPPED = Path(training.__file__).parents[1] / "encoders" / "vgg19-slim.safetensors"


def ticks() -> Iterator[float]:
    """A clock that goes one second a look, so that a tenth of a minute is a few steps."""
    return map(float, count())


def weights(trained: Training) -> Tensor:
    return torch.cat([p.detach().flatten() for p in (*trained.network.parameters(), *trained.heads.parameters())])


def norms(network: Network) -> list[nn.BatchNorm2d]:
    return [norm for norm in network.norms.values() if isinstance(norm, nn.BatchNorm2d)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return World.create(0).canvases(12, generator()).pictures[:, :3]


@pytest.fixture
def network() -> Network:
    """A tiny network with all filters alive and batch norms that have seen something, so that folding matters."""
    network = Network(1 / 16)
    initialise(network, generator())
    for norm in norms(network):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        for values, low, high in ((norm.weight, 0.2, 0.5), (norm.bias, 0.5, 1), (norm.running_var, 0.8, 3)):
            values.data.uniform_(low, high, generator=generator(1))
        norm.running_mean.uniform_(-0.2, 0.2, generator=generator(2))
    return network.eval()


def activations(plain: export.Plain, pictures: Tensor) -> dict[str, Tensor]:
    """All ReLU layers of folded convolutions, by the definition."""
    x, found = prepared(pictures), {}
    for name in vgg19_layers():
        if name.startswith("pool"):
            x = nn.functional.avg_pool2d(x, 2)
        elif name.startswith("conv"):
            x = found[name.replace("conv", "relu")] = export.convolve(x, plain[name])
    return found


# The world


def test_a_seed_decides_the_world() -> None:
    """The same seed draws the same canvases, another seed draws others."""
    first, again, other = (World.create(seed).canvases(5, generator()) for seed in (3, 3, 4))
    assert torch.equal(first.pictures, again.pictures)
    assert torch.equal(first.families, again.families)
    assert not torch.equal(first.pictures, other.pictures)


def test_drawing_leaves_the_global_random_state_alone() -> None:
    """Nobody else's random numbers change because a picture was drawn or spoilt."""
    before = torch.get_rng_state()
    views(World.create(0).canvases(5, generator()), 4, generator(), 64)
    assert torch.equal(before, torch.get_rng_state())


def test_canvases_keep_their_ranges() -> None:
    """Colours lie in [0, 1], a doubled angle is a unit vector or unknown, labels are families."""
    drawn = World.create(0).canvases(20, generator())
    assert drawn.pictures.shape == (20, 5, CANVAS_PX, CANVAS_PX)
    assert drawn.pictures[:, :3].aminmax() == pytest.approx((0, 1), abs=0.1)
    lengths = drawn.pictures[:, 3:].norm(dim=1)
    assert ((lengths < 1e-6) | ((lengths - 1).abs() < 1e-3)).all()
    assert 0 <= drawn.families.min() <= drawn.families.max() < FAMILIES


def test_views_spoil_what_is_seen_and_not_what_is_asked() -> None:
    """Noise goes into the input alone; the target stays a cut of the canvas in range."""
    seen = views(World.create(0).canvases(6, generator()), 8, generator(), 64)
    assert seen.seen.shape == (8, 3, 64, 64)
    assert seen.clean.shape == (8, 5, 64, 64)
    assert 0 <= seen.seen.min() <= seen.seen.max() <= 1
    assert not torch.equal(seen.seen, seen.clean[:, :3])


@pytest.mark.parametrize(("flip", "swap", "expected"), [(True, False, -30), (False, True, 60), (True, True, 120)])
def test_orientation_follows_the_mirror(flip: bool, swap: bool, expected: float) -> None:
    """A stroke at 30 degrees lies at -30 after a flip, at 60 after a transposition."""
    doubled = torch.deg2rad(torch.tensor([60.0, 2.0 * expected]))
    strokes = torch.zeros(1, 5, 2, 2)
    strokes[0, 3], strokes[0, 4] = doubled[0].cos(), doubled[0].sin()
    turned = mirror(strokes, torch.tensor([flip]), torch.tensor([swap]))[0, 3:, 0, 0]
    assert turned.tolist() == pytest.approx([doubled[1].cos().item(), doubled[1].sin().item()], abs=1e-6)


def test_a_sheet_is_a_picture(tmp_path: Path) -> None:
    """The contact sheet is a PNG of whole canvases, the same for the same seed."""
    path = tmp_path / "sheet.png"
    sheet.write_png(path, torch.rand(3, 8, 16, generator=generator()))
    with Image.open(path) as picture:
        assert picture.size == (16, 8)
    tiles = torch.arange(8.0).view(8, 1, 1, 1).expand(-1, 3, 2, 2)
    assert sheet.mosaic(tiles, 4)[0, ::2, ::2].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


# Kinds of picture

AnyKind = type[Solids] | type[Leaves] | type[Prints] | type[Letters] | type[Fractals]
KINDS: tuple[AnyKind, ...] = (Solids, Leaves, Prints, Letters, Fractals)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_keeps_its_ranges(kind: AnyKind) -> None:
    """Colours lie in [0, 1] and vary on every canvas; a doubled angle is a unit vector or unknown."""
    drawn = kind.invent(16, generator()).draw(torch.arange(16), 64, generator(1))
    assert drawn.shape == (16, 5, 64, 64)
    assert drawn.isfinite().all()
    assert 0 <= drawn[:, :3].min() <= drawn[:, :3].max() <= 1
    assert drawn[:, :3].std((2, 3)).amax(1).min() > 0.005
    lengths = drawn[:, 3:].norm(dim=1)
    assert ((lengths < 1e-6) | ((lengths - 1).abs() < 1e-3)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_a_canvas(kind: AnyKind) -> None:
    """The same generator draws the same canvas; another one differs, and so do another family and its neighbour."""
    families, members = kind.invent(8, generator()), torch.tensor([2, 2, 3])
    first, again, other = (families.draw(members, 48, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    for left, right in ((first, other), (first[0], first[1]), (first[0], first[2])):
        assert (left - right).abs().mean() > 0.005


def test_hatching_tells_its_direction() -> None:
    """Where a press hatches one way, the told direction is that of the lines: colour changes least along them."""
    drawn = Prints.invent(len(PRESSES), generator()).draw(torch.zeros(6, dtype=torch.long), 64, generator(3))
    grey = drawn[:, :3].mean(1)
    dx, dy = grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2], grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]
    doubled = torch.stack([dx * dx - dy * dy, 2 * dx * dy], 1)
    # Slopes lie across the lines, so their doubled angle is opposite.
    along = -(doubled * drawn[:, 3:, 1:-1, 1:-1]).sum((1, 2, 3)) / doubled.norm(dim=1).sum((1, 2))
    assert along.min() > 0.4


def test_muted_palettes_keep_their_lightness_and_lose_colour() -> None:
    """Muting keeps dark and light apart and takes most of the saturation."""
    loud = torch.rand(64, fields.COLOURS, 3, generator=generator())
    calm = fields.muted(loud, generator(1))
    assert calm.std(2).mean() < loud.std(2).mean() * 0.6
    assert calm.mean(2).std(1).mean() > loud.mean(2).std(1).mean()


# Learning


def test_an_interrupted_run_ends_in_the_same_weights(tmp_path: Path) -> None:
    """Straight and interrupted-and-resumed training agree bit for bit, across a chapter's border too."""
    straight = Training(TINY)
    for second in range(5):
        straight.advance(float(second))
    half = Training(TINY)
    for second in range(2):
        half.advance(float(second))
    half.save(tmp_path / "checkpoint.pt")
    resumed = Training.resume(tmp_path / "checkpoint.pt")
    for second in range(2, 5):
        resumed.advance(float(second))
    assert torch.equal(weights(straight), weights(resumed))
    assert straight.accuracy == resumed.accuracy


def test_training_goes_on_from_an_encoder(network: Network, pictures: Tensor, tmp_path: Path) -> None:
    """A network that adopts an encoder's file computes the same at first, whatever the lengths of its filters."""
    export.write(tmp_path / "before.safetensors", export.normalise(export.fold(network), pictures), {})
    encoder = load_encoder(tmp_path / "before.safetensors")
    adopted = Network(1 / 16)
    adopted.adopt(encoder, pictures)
    found = adopted.eval()(pictures[:2])
    for name in ("relu1_1", "relu3_1", "relu5_1"):
        torch.testing.assert_close(found[name], encoder(pictures[:2], [name])[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("width", "pooling", "told"), [(1 / 8, "avg", "shape"), (1 / 16, "max", "not made here")])
def test_another_kind_of_encoder_is_not_adopted(width: float, pooling: str, told: str, pictures: Tensor) -> None:
    """Another width, or pictures prepared otherwise, is refused in words."""
    spec = EncoderSpec("other", pooling=pooling, padding="replicate", mean=MEAN, std=STD)
    weights = export.named_weights(export.fold(Network(1 / 16)))
    with pytest.raises(ValueError, match=told):
        Network(width).adopt(VGG(spec, weights), pictures)


def test_traits_rank_families_within_their_kind() -> None:
    """A trait is known for one kind alone and orders its families as the attribute does, from -1 to 1."""
    world = World.create(0)
    traits, kinds = world.traits(), world.kind_of()
    assert traits.shape[0] == kinds.shape[0] == FAMILIES
    known = ~traits.isnan()
    for column in range(traits.shape[1]):
        owners = kinds[known[:, column]].unique()
        assert len(owners) == 1
        assert known[:, column].sum() == (kinds == owners).sum()
    strokes = world.kinds[0][0]
    assert isinstance(strokes, Strokes)
    assert torch.equal(traits[: len(strokes.width), 0].argsort(), strokes.width.argsort())
    assert traits[known].aminmax() == pytest.approx((-1, 1), abs=0.01)


def test_late_lessons_are_fewer_and_larger() -> None:
    """In the last part of the time the views are larger and the batches smaller; the pool holds the last chapters."""
    recipe = replace(TINY, late_from=0.5, late_batch=2, late_view_px=96)
    assert recipe.lesson_size(0.0) == (4, 64)
    assert recipe.lesson_size(3.0) == (2, 96)
    trained = Training(recipe)
    pictures = [trained.advance(second).pictures for second in (0.0, 1.0, 3.0, 4.0)]
    assert pictures == [4, 8, 10, 12]


def test_the_curve_holds_means_of_many_steps(tmp_path: Path) -> None:
    """A point is the mean of its steps' losses; it survives a checkpoint and can be drawn."""
    trained = Training(TINY)
    told = [trained.advance(0.0).losses for _ in range(2)]
    mean = {name: (told[0][name] + told[1][name]) / 2 for name in told[0]}
    [(pictures, means)] = trained.curve
    assert pictures == 8
    assert means == pytest.approx(mean)
    trained.save(tmp_path / "checkpoint.pt")
    assert Training.resume(tmp_path / "checkpoint.pt").curve == trained.curve
    points = [(1000, {"kind relu2_1": 2.0, "dense relu3_1": 1.0}), (2000, {"kind relu2_1": 1.0, "dense relu3_1": 1.0})]
    curve.write_png(tmp_path / "curve.png", points)
    with Image.open(tmp_path / "curve.png") as picture:
        across, down = curve.PANEL
        panel = picture.convert("RGB").crop((curve.LEFT, curve.TOP, curve.LEFT + across, curve.TOP + down))
    line = [
        (x, y)
        for x in range(across)
        for y in range(down)
        if panel.getpixel((x, y)) == ImageColor.getrgb(curve.COLOURS["relu2_1"])
    ]
    # From the middle, where half of the pictures had been seen, to the right; from 2 / 2.2 of the height to 1 / 2.2.
    assert min(line) == pytest.approx((across * 0.5, down * (1 - 2 / 2.2)), abs=3)
    assert max(line) == pytest.approx((across - 1, down * (1 - 1 / 2.2)), abs=3)


def test_the_minutes_are_those_of_all_runs(tmp_path: Path) -> None:
    """A resumed run trains only for what is left; every step is reported once."""
    checkpoint, clock = tmp_path / "checkpoint.pt", ticks()
    first = list(islice(run(Training(TINY), lambda: next(clock), checkpoint, every_s=2), 4))
    resumed = Training.resume(checkpoint)
    later = ticks()
    rest = list(run(resumed, lambda: next(later), checkpoint))
    assert [step.step for step in first] == [1, 2, 3, 4]
    assert rest[-1].elapsed_s < TINY.minutes * 60
    assert len(rest) < 4
    assert rest[-1].pictures == rest[-1].step * TINY.batch


def test_the_rate_rises_then_falls() -> None:
    """The learning rate rises over the first steps and falls to a hundredth at the end of the time."""
    assert rate(TINY, 0, 0.0) < rate(TINY, 1, 0.0) == TINY.rate
    assert rate(TINY, 99, 3.0) == pytest.approx(TINY.rate * 0.505)
    assert rate(TINY, 99, 99.0) == pytest.approx(TINY.rate * 0.01)


def test_a_true_answer_costs_nothing() -> None:
    """The dense loss of the target itself is zero, and unknown orientation is not asked for."""
    clean = torch.rand(1, 5, 16, 16, generator=generator())
    clean[:, 3:] = 0
    told = torch.cat([nn.functional.pixel_unshuffle(clean[:, :3], 4), torch.ones(1, 2, 4, 4)], 1)
    assert dense_loss(told, clean, 4).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("width", "minutes"), [(0.0, 1.0), (1.5, 1.0), (0.25, 0.0)])
def test_senseless_settings_are_refused(tmp_path: Path, width: float, minutes: float) -> None:
    """A width or a time that means nothing raises before anything is drawn."""
    with pytest.raises(ValueError, match="must be"):
        training.train(tmp_path / "out.safetensors", width=width, minutes=minutes)


# The file


def test_folding_changes_nothing(network: Network, pictures: Tensor) -> None:
    """Convolutions with batch norm folded in compute what the network in evaluation mode does."""
    folded = activations(export.fold(network), pictures)
    for name, expected in network(pictures).items():
        torch.testing.assert_close(folded[name], expected, rtol=1e-3, atol=1e-4)


def test_every_filter_means_one(network: Network, pictures: Tensor) -> None:
    """After normalising, a filter's mean activation is 1 and each channel is the old one times a constant."""
    plain = export.fold(network)
    before, after = activations(plain, pictures), activations(export.normalise(plain, pictures), pictures)
    for name, normal in after.items():
        means = normal.mean((0, 2, 3))
        alive = means > 0
        assert alive.any()
        torch.testing.assert_close(means[alive], torch.ones(int(alive.sum())), rtol=1e-3, atol=1e-3)
        scaled = before[name] / before[name].mean((0, 2, 3)).clamp_min(1e-9).view(1, -1, 1, 1)
        torch.testing.assert_close(normal[:, alive], scaled[:, alive], rtol=1e-2, atol=1e-2)


def test_dead_filters_are_silenced(network: Network, pictures: Tensor) -> None:
    """A filter that never answers becomes exactly zero instead of amplified rounding."""
    with torch.no_grad():
        norms(network)[0].bias[0] = -1000.0
    normal = export.normalise(export.fold(network), pictures)
    assert not normal["conv1_1"].weight[0].any()
    assert all(filters.weight.isfinite().all() for filters in normal.values())


def test_the_engine_reads_what_is_written(network: Network, pictures: Tensor, tmp_path: Path) -> None:
    """The engine's encoder from the file agrees with the folded network within half precision."""
    plain = export.normalise(export.fold(network), pictures)
    export.write(tmp_path / "tiny.safetensors", plain, {"seed": 7})
    encoder = load_encoder(tmp_path / "tiny.safetensors")
    assert encoder.spec.card == {"seed": 7}
    found, expected = encoder(pictures[:1], ["relu1_1", "relu5_1"]), activations(plain, pictures[:1])
    for name, values in found.items():
        torch.testing.assert_close(values, expected[name], rtol=0.05, atol=0.05)


def test_train_continues_a_checkpoint_and_writes_the_file(tmp_path: Path) -> None:
    """`train` goes on with the checkpoint's own recipe, reports its steps and leaves an encoder with a card."""
    begun = Training(TINY)
    begun.advance(TINY.minutes * 60 - 0.5)
    begun.save(tmp_path / "checkpoint.pt")
    steps: list[training.TrainingProgress] = []
    out = tmp_path / "out.safetensors"
    training.train(out, minutes=60, checkpoint=tmp_path / "checkpoint.pt", progress=steps.append)
    card = load_encoder(out).spec.card
    assert steps[0].step == 2
    assert card["pictures"] == steps[-1].pictures
    assert card["recipe"]["width"] == TINY.width


def test_the_shipped_encoder_is_whole_and_normal() -> None:
    """The file in the wheel has thirteen convolutions, tells its story, and its mean activations are near 1."""
    encoder = load_encoder(SHIPPED)
    assert len(encoder.spec.convolutions) == 13
    assert encoder.spec.card["pictures"] > 100_000
    drawn = World.create(encoder.spec.card["recipe"]["seed"]).canvases(training.NORMAL_PICTURES, generator(99))
    for values in encoder(drawn.pictures[:, :3], ["relu1_1", "relu3_1", "relu5_1"]).values():
        assert values.mean().item() == pytest.approx(1, abs=0.05)
