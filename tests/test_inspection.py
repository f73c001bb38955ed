"""What the layers see: receptive fields, guided gradients, places that excite a channel, distances, and commands."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageColor
from torch import Tensor

from harness import Home, picture
from impasto import inspection
from impasto.engine import VGG, EncoderSpec, load_slim, random_encoder
from impasto.engine.encoder import vgg19_layers
from impasto.errors import InvalidRequest
from impasto.inspection import EffectiveField, Field, LayerDistance, distances, fields, guided, look, unit_gradients
from impasto.inspection.layer import excited, strongest
from impasto.inspection.overview import overview_sheet
from impasto.inspection.paper import CONTENT, PAPER, fitted, heat, picture_of
from impasto.inspection.picture import open_picture
from impasto.inspection.receptive import cut
from impasto.method.defaults import defaults

pytestmark = pytest.mark.usefixtures("one_thread")
CLOSED_FORM = {"relu1_1": 3, "relu2_1": 10, "relu3_1": 24, "relu4_1": 68, "relu4_2": 84, "relu5_1": 156}


def chain(*layers: str, weights: Mapping[str, Tensor], **spec: Any) -> VGG:
    """An encoder of these layers without biases, that takes pictures as they are."""
    biases = {f"{name}.bias": torch.zeros(len(weight)) for name, weight in weights.items()}
    all_of_them = {f"{name}.weight": weight for name, weight in weights.items()} | biases
    return VGG(EncoderSpec("tiny", layers, mean=(0.0,) * 3, std=(1.0,) * 3, **spec), all_of_them)


def pointwise(matrix: list[list[float]]) -> Tensor:
    """A 3x3 convolution that looks at its middle alone: (out, in, 3, 3) from (out, in)."""
    weight = torch.zeros(len(matrix), len(matrix[0]), 3, 3)
    weight[:, :, 1, 1] = torch.tensor(matrix)
    return weight


def surrogate() -> VGG:
    """VGG's topology with one channel, all weights positive, average pooling: every pixel that can be seen is felt."""
    weights, channels = {}, 3
    for name in (layer for layer in vgg19_layers() if layer.startswith("conv")):
        weights[name] = torch.full((1, channels, 3, 3), 1 / (9 * channels))
        channels = 1
    return chain(*vgg19_layers(), weights=weights, pooling="avg")


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    """(1, 3, H, W) in [0, 1]."""
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def whole_gradient(encoder: VGG, image: Tensor, layer: str, unit: tuple[int, int], weights: Tensor) -> Tensor:
    """The gradient of a unit's weighted channels over the whole picture, (3, H, W), by plain autograd."""
    image = image.clone().requires_grad_()
    seen = encoder(image, (layer,))[layer][0, :, unit[0], unit[1]]
    return torch.autograd.grad(seen @ weights, image)[0][0]


# receptive fields


def test_receptive_fields_are_those_of_the_closed_form() -> None:
    """By arithmetic: 3, 10, 24, 68, 84 and 156 px, at strides of 1, 2, 4, 8, 8 and 16."""
    known = fields(vgg19_layers())

    assert {name: known[name].size for name in CLOSED_FORM} == CLOSED_FORM
    assert [known[name].stride for name in CLOSED_FORM] == [1, 2, 4, 8, 8, 16]


@pytest.mark.parametrize("layer", vgg19_layers())
def test_the_gradients_support_is_the_receptive_field(layer: str) -> None:
    """On the surrogate the pixels that move a unit fill exactly the box that arithmetic gives, in every layer."""
    encoder, image, field = surrogate(), noise(200, 216) + 0.1, fields(vgg19_layers())[layer]
    unit = (field.reaching(200)[-1], field.reaching(216)[0])

    moved = whole_gradient(encoder, image, layer, unit, torch.ones(1)).abs().sum(0).nonzero()
    top, left = moved.min(0).values.tolist()
    bottom, right = (moved.max(0).values + 1).tolist()

    assert (left, top, right, bottom) == field.box(*unit)
    assert len(moved) == field.size**2


@pytest.mark.parametrize(
    ("side", "units"), [(165, range(5, 5)), (166, range(5, 6)), (181, range(5, 6)), (182, range(5, 7))]
)
def test_whole_fields_are_counted_to_the_pixel(side: int, units: range) -> None:
    """relu5_1 has its first whole field in a picture of 166 px, the next with 16 px more."""
    field = fields(vgg19_layers())["relu5_1"]

    assert field.reaching(side) == units
    assert field.side_needed == 166


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("padding", ["zeros", "replicate"])
@pytest.mark.parametrize("layer", ["relu1_2", "relu2_1", "conv3_2", "pool3", "relu4_1"])
def test_a_units_gradient_is_the_same_on_its_crop(layer: str, pooling: str, padding: str) -> None:
    """Cropped and in batches, at the edges too, gradients are those of the whole picture, cut at the field."""
    encoder, image = random_encoder(0.1, pooling=pooling, padding=padding), noise(93, 107)
    field = fields(vgg19_layers())[layer]
    rows, columns = encoder(image, (layer,))[layer].shape[2:]
    units = [
        (0, 0),
        (rows // 2, columns // 2),
        (rows - 1, columns // 3),
        (rows // 2, columns // 2 - 1),
        (1, columns - 1),
    ]
    weights = torch.randn(
        len(units), encoder(image, (layer,))[layer].shape[1], generator=torch.Generator().manual_seed(1)
    )

    found = unit_gradients(encoder, image, layer, units, weights)

    for unit, weight, gradient in zip(units, weights, found, strict=True):
        whole = whole_gradient(encoder, image, layer, unit, weight)
        torch.testing.assert_close(gradient, cut(whole[None], field, *unit), rtol=1e-4, atol=1e-6)
        assert gradient.abs().sum() == pytest.approx(float(whole.abs().sum()), rel=1e-4)


def test_what_lies_outside_the_picture_is_empty() -> None:
    """A field that reaches over the edge is cut with zeros there and the picture's very pixels inside."""
    image, field = noise(20, 30), Field(6, 4, -2)

    patch = cut(image, field, 0, 7)  # rows -2 to 4, columns 26 to 32

    assert torch.equal(patch[:, 2:, :4], image[0, :, :4, 26:])
    assert patch[:, :2].abs().sum() == patch[:, :, 4:].abs().sum() == 0


# effective receptive fields


def test_the_energy_of_a_linear_layer_is_its_weights_squared() -> None:
    """Where nothing but one convolution stands between pixel and unit, the effective field can be written down."""
    weight = torch.rand(1, 3, 3, 3, generator=torch.Generator().manual_seed(3)) + 0.1
    encoder = chain("conv1_1", "relu1_1", weights={"conv1_1": weight})

    measured = inspection.effective_field(encoder, noise(32, 24), "relu1_1")

    squares = weight[0].square().sum(0)
    torch.testing.assert_close(measured.energy, squares / squares.sum())


def test_signs_keep_channels_apart() -> None:
    """Two channels that see the same with opposite signs do not cancel: their energies add up."""
    encoder = chain("conv1_1", weights={"conv1_1": pointwise([[1, 1, 1], [-1, -1, -1]])})

    measured = inspection.effective_field(encoder, noise(48, 48), "conv1_1")

    assert measured.energy[1, 1] == 1
    assert measured.side_px(0.95) == 1


def test_an_effective_field_in_numbers() -> None:
    """Sides, pixels, profile and deviation of fields whose values are known."""
    point, even = torch.zeros(9, 9), torch.full((10, 10), 0.01)
    point[4, 4], point[4, 7] = 0.9, 0.1
    lone, flat = EffectiveField(point, 1), EffectiveField(even, 1)

    assert [lone.side_px(share) for share in (0.5, 0.9, 0.95)] == [1, 1, 7]
    assert [lone.pixels(share) for share in (0.5, 0.95)] == [1, 2]
    assert [flat.side_px(share) for share in (0.04, 0.5, 1.0)] == [2, 8, 10]
    assert flat.pixels(0.5) == 50
    assert flat.deviation_px == pytest.approx((99 / 12) ** 0.5)  # of the uniform distribution over 10 places
    # Along x 0.9 and 0.1, along y all in one row; both directions averaged: 0.05 each side of 0.9 + 1.
    assert lone.profile.tolist() == pytest.approx([0, 0.05 / 1.9, 0, 0, 1, 0, 0, 0.05 / 1.9, 0])
    assert EffectiveField(torch.zeros(3, 3), 1).side_px(0.5) == 0


def test_effective_fields_are_smaller_than_the_theoretical_and_grow() -> None:
    """Luo et al. 2016: gradients gather in the middle, the more the deeper; what one layer sees the next sees too."""
    encoder, image = load_slim(), noise(192, 224)
    measured = {name: inspection.effective_field(encoder, image, name) for name in ("relu2_1", "relu3_1", "relu4_1")}
    sides = [field.side_px(0.95) for field in measured.values()]

    assert sides == sorted(set(sides))
    assert all(side <= CLOSED_FORM[name] for name, side in zip(measured, sides, strict=True))
    assert measured["relu4_1"].side_px(0.95) < 0.7 * CLOSED_FORM["relu4_1"]
    assert float(measured["relu4_1"].energy.sum()) == pytest.approx(1)


def test_a_picture_without_room_for_a_field_is_refused_with_both_numbers() -> None:
    """The effective field is measured on whole fields only."""
    with pytest.raises(ValueError, match=r"80x40 px; relu4_1 needs 70"):
        inspection.effective_field(load_slim(), noise(40, 80), "relu4_1")


# guided backpropagation


def by_hand() -> VGG:
    """Hidden: red, green, minus blue; out: red - green + hidden blue, which a picture never excites."""
    hidden = pointwise([[1, 0, 0], [0, 1, 0], [0, 0, -1]])
    return chain(
        "conv1_1", "relu1_1", "conv1_2", "relu1_2", weights={"conv1_1": hidden, "conv1_2": pointwise([[1, -1, 1]])}
    )


RED_MORE_THAN_GREEN = torch.tensor([0.9, 0.2, 0.5]).view(1, 3, 1, 1).expand(1, 3, 7, 7).contiguous()


def test_guided_backpropagation_keeps_what_speaks_for_a_response() -> None:
    """Green speaks against: its negative gradient is stopped at the ReLU. Blue's ReLU is shut. Red alone is left."""
    unit, one = [(3, 3)], torch.ones(1, 1)

    plain = unit_gradients(by_hand(), RED_MORE_THAN_GREEN, "relu1_2", unit, one)[0]
    encoder = by_hand()
    with guided(encoder):
        kept = unit_gradients(encoder, RED_MORE_THAN_GREEN, "relu1_2", unit, one)[0]

    assert plain[:, 2, 2].tolist() == [1, -1, 0]
    assert kept[:, 2, 2].tolist() == [1, 0, 0]
    assert kept.abs().sum() == 1


def test_the_encoder_is_left_as_it_was() -> None:
    """After the block, also one that ends with an error, gradients are plain again and no hook is left."""
    encoder, one = by_hand(), torch.ones(1, 1)
    before = unit_gradients(encoder, RED_MORE_THAN_GREEN, "relu1_2", [(3, 3)], one)

    with pytest.raises(KeyError), guided(encoder):
        encoder(RED_MORE_THAN_GREEN, ("relu9_9",))
    after = unit_gradients(encoder, RED_MORE_THAN_GREEN, "relu1_2", [(3, 3)], one)

    assert torch.equal(before, after)
    assert not any(layer._forward_hooks for layer in encoder.modules())


# what excites a channel


def test_the_places_of_a_channel_are_its_strongest_and_lie_apart() -> None:
    """The peak comes first, its neighbours are passed over, and what does not answer is never a place."""
    activations = torch.zeros(8, 8)
    activations[2, 2], activations[2, 3], activations[2, 6], activations[7, 0] = 9, 8, 5, 7

    assert excited(activations, Field(8, 4, -2), count=5, apart_px=8) == [(2, 2), (7, 0), (2, 6)]
    assert excited(activations, Field(8, 4, -2), count=5, apart_px=4) == [(2, 2), (2, 3), (7, 0), (2, 6)]
    assert excited(-activations, Field(8, 4, -2), count=5, apart_px=4) == []


def test_channels_are_chosen_by_strength_and_for_variety() -> None:
    """Of channels that peak at one place the strongest is taken, the others only where too few are left."""
    features = torch.zeros(4, 3, 9)
    features[0, 0, 8], features[1, 1, 8], features[2, 1, 0] = 3, 4, 2  # 3 is silent

    assert strongest(features, Field(4, 2, 0), count=2, apart_px=4) == [1, 2]
    assert strongest(features, Field(4, 2, 0), count=4, apart_px=4) == [1, 0, 2]
    assert strongest(features, Field(4, 2, 0), count=2, apart_px=2) == [1, 0]


def test_a_patch_shows_the_very_pixels_that_excite() -> None:
    """A white spot on black is found through two poolings, its patch is the picture's own, the numbers agree."""
    image = torch.zeros(1, 3, 96, 80)
    image[:, :, 51:54, 30:33] = 1
    view = look(surrogate(), image, "relu3_1")
    patch = view.strongest[0].patches[0]
    left, top, right, bottom = patch.box

    assert (view.channels, view.height, view.width, len(view.strongest)) == (1, 24, 20, 1)
    assert abs((top + bottom) / 2 - 52.5) <= view.field.stride
    assert abs((left + right) / 2 - 31.5) <= view.field.stride
    assert torch.equal(patch.colours[:3], image[0, :, top:bottom, left:right])
    assert patch.colours[3].min() == 1
    assert patch.activation == float(view.strongest[0].activations.max())
    assert patch.gradient.shape == (3, 24, 24)
    assert patch.gradient.min() >= 0  # the surrogate's weights are positive: nothing speaks against it
    assert patch.gradient.max() > 0


def test_units_that_see_mostly_padding_are_not_judged() -> None:
    """A spot in the very corner is not what a deep channel is shown by, though the map has it."""
    image = torch.zeros(1, 3, 96, 96)
    image[:, :, :12, :12] = 1
    channel = look(surrogate(), image, "relu4_1").strongest[0]
    patches = channel.patches

    assert divmod(int(channel.activations.argmax()), 12) < (2, 2)
    assert patches[0].activation < float(channel.activations.max())
    for patch in patches:
        assert min(patch.box[:2]) >= -68 / 4
        assert max(patch.box[2:]) <= 96 + 68 / 4


def test_looking_twice_gives_the_same() -> None:
    """The random signs and places of the measurement are seeded."""
    encoder, image = load_slim(), noise(64, 80)

    assert look(encoder, image, "relu2_2").to_json() == look(encoder, image, "relu2_2").to_json()


# distances


def identity() -> VGG:
    """An encoder whose features are the picture."""
    return chain("conv1_1", "relu1_1", weights={"conv1_1": pointwise([[1, 0, 0], [0, 1, 0], [0, 0, 1]])})


def test_content_minds_places_and_style_does_not() -> None:
    """A mirrored picture has the same style and another content; twice as bright is 1 and 3 of the own norm away."""
    image = noise(24, 32) / 2
    (mirrored,) = distances(identity(), image, image.flip(3), ["relu1_1"])
    (brighter,) = distances(identity(), image, image * 2, ["relu1_1"])
    (same,) = distances(identity(), image, image, ["relu1_1"])

    assert mirrored.style == pytest.approx(0, abs=1e-6)
    assert mirrored.content == pytest.approx(float((image - image.flip(3)).square().mean()), rel=1e-5)
    assert mirrored.relative_content > 0.3
    assert (brighter.relative_content, brighter.relative_style) == pytest.approx((1, 3), rel=1e-5)
    assert (same.content, same.relative_content, same.style, same.relative_style) == (0, 0, 0, 0)


def test_style_takes_the_second_picture_at_its_own_size() -> None:
    """Tiled, a picture has the same Gram matrix; its content is compared after resizing."""
    image = noise(16, 16)
    (tiled,) = distances(identity(), image, image.repeat(1, 1, 2, 3), ["relu1_1"])

    assert tiled.relative_style == pytest.approx(0, abs=1e-5)
    assert tiled.relative_content > 0.2


# drawing


def test_small_patches_are_shown_in_whole_pixels() -> None:
    """Three pixels become 159, each of them a square of 53; 156 stay as they are, or nearly."""
    small = picture_of(noise(3, 3)[0])
    large = fitted(small, 160)

    assert large.size == (159, 159)
    assert [large.getpixel((26 + 53 * x, 79)) for x in range(3)] == [small.getpixel((x, 1)) for x in range(3)]
    assert fitted(picture_of(noise(156, 156)[0]), 160).size == (160, 160)


def test_heat_grows_lighter() -> None:
    """The colours of numbers can be told apart in gray as well."""
    gray = heat(torch.linspace(0, 1, 50)[None]).mul(torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0)[0]

    assert bool((gray.diff() > 0).all())


def test_sheets_keep_their_margins() -> None:
    """No text or picture is cut at the sheet's edge, whatever the picture's shape and the layer's name."""
    for height, width in ((90, 240), (240, 90)):
        image = noise(height, width)
        views = [look(load_slim(), image, name, channels=2) for name in ("relu1_1", "conv4_1")]
        for sheet in (
            inspection.layer_sheet(views[1], image, "vgg19-slim"),
            overview_sheet(views, image, "vgg19-slim"),
        ):
            right = sheet.crop((sheet.width - 20, 0, sheet.width, sheet.height))
            assert right.getcolors() == [(20 * sheet.height, ImageColor.getrgb(PAPER))]


def test_bars_are_as_long_as_their_numbers() -> None:
    """Twice the distance, twice the bar."""
    plot = inspection.distance_plot(
        [LayerDistance("a", 1, 0.4, 1, 0.1), LayerDistance("b", 1, 0.8, 1, 0.1)], "B from A"
    )
    colour = ImageColor.getrgb(CONTENT)
    rows = [[plot.getpixel((x, y)) == colour for x in range(plot.width)] for y in range(120, plot.height)]
    lengths = sorted({sum(row) for row in rows} - {0})

    assert len(lengths) == 2
    assert lengths[1] == pytest.approx(2 * lengths[0], abs=3)


# files and commands


@pytest.fixture
def photo(home: Home) -> Path:
    """A picture of 200 x 150 px in the command's folder."""
    picture(200, 150, 1).save(home.path / "photo.png")
    return home.path / "photo.png"


def test_a_picture_is_read_upright_limited_and_without_its_transparent_part(tmp_path: Path) -> None:
    """EXIF turns it, the size limits it, and what is transparent has the mean of the rest."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(80, 40, 1).save(tmp_path / "turned.png", exif=exif)
    glass = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    glass.paste((0, 0, 255, 255), (0, 0, 10, 20))
    glass.save(tmp_path / "glass.png")

    assert open_picture(tmp_path / "turned.png", 60, "picture").shape == (1, 3, 60, 30)
    assert open_picture(tmp_path / "glass.png", 60, "picture")[0, :, 10, 15].tolist() == [0, 0, 1]


def test_inspect_draws_a_sheet_for_each_layer_and_tells_the_same_in_json(home: Home, photo: Path) -> None:
    """One command: sheets from the first layer to the deepest, the overview, the numbers."""
    done = home.run("inspect", "photo.png", "--layer", "relu3_1", "--layer", "relu1_1", "-o", "seen", "--channels", "2")
    written = done.stdout.splitlines()
    told = json.loads((home.path / "seen/inspect.json").read_text())
    first, deep = told["layers"]
    image = open_picture(photo, 512, "picture")

    assert done.returncode == 0, done.stderr
    assert written == [f"seen/{name}" for name in ("relu1_1.png", "relu3_1.png", "overview.png", "inspect.json")]
    assert (told["encoder"], told["width"], told["height"]) == ("vgg19-slim", 200, 150)
    assert (first["receptive_field"]["size_px"], deep["receptive_field"]["size_px"]) == (3, 24)
    assert deep["effective_receptive_field"]["side_50_px"] < deep["effective_receptive_field"]["side_95_px"] <= 24
    assert len(deep["effective_receptive_field"]["profile"]) == 24
    assert len(deep["strongest"]) == 2
    features = load_slim()(image, ("relu3_1",))["relu3_1"][0]
    for channel in deep["strongest"]:
        for patch in channel["patches"]:
            activation = float(features[channel["channel"], patch["row"], patch["column"]])
            assert patch["activation"] == pytest.approx(activation, abs=1e-3)
    for name in written[:3]:
        with Image.open(home.path / name) as sheet:
            assert min(sheet.size) > 400


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent.png"], "PICTURE: there is no such file"),
        (["text.png"], "PICTURE: is not a PNG"),
        (["photo.png", "--layer", "relu9_1"], "--layer: has 'relu9_1'; vgg19-slim has conv1_1, relu1_1"),
        (["photo.png"], "PICTURE: is 200x150 px; relu5_1 needs at least 166 px"),
        (
            ["photo.png", "--size", "80", "--layer", "relu4_1"],
            "PICTURE: is 80x60 px at size 80; relu4_1 needs at least 70",
        ),
        (["photo.png", "--layer", "relu1_1", "-o", "text.png/seen"], "-o: cannot be a folder"),
        (["photo.png", "--encoder", "resnet"], "vgg19-slim"),
    ],
)
def test_inspect_refuses_before_it_works(home: Home, photo: Path, arguments: list[str], told: str) -> None:
    """What can be seen at once is refused with exit code 2 and one line, and nothing is written."""
    (home.path / "text.png").write_text("hello")
    done = home.run("inspect", *arguments)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in home.path.iterdir() if path.is_dir()) == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """From Python: one error with a violation for each field."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest) as caught:
        inspection.inspect(tmp_path / "absent.png", tmp_path / "file", layers=["relu9_1"], encoder="vgg19-slim")

    assert [violation.field for violation in caught.value.violations] == ["layers", "picture", "folder"]


def test_weights_that_are_not_here_are_told(home: Home, photo: Path) -> None:
    """An encoder without weights is exit code 1, and what to do instead."""
    done = home.run("inspect", "photo.png", "--encoder", "vgg19")

    assert done.returncode == 1
    assert "not on this machine" in done.stderr


def test_measure_tells_distances_as_table_json_and_plot(home: Home, photo: Path) -> None:
    """Each layer's losses and relative distances; that B was resized is said; the plot is a picture."""
    picture(120, 120, 2).save(home.path / "other.png")
    table = home.run("measure", "photo.png", "other.png", "--plot", "plot.png")
    told = json.loads(home.run("measure", "photo.png", "other.png", "--json", "--layer", "relu2_1").stdout)
    same = json.loads(home.run("measure", "photo.png", "photo.png", "--json").stdout)

    assert table.returncode == 0, table.stderr
    weights = defaults("vgg19-slim").weights
    used = {*weights.style_layers, *weights.content_layers}
    assert all(name in table.stdout for name in used)
    assert "B resized from 120x120 for the content" in table.stdout
    assert (told["size_a"], told["size_b"], told["b_resized_for_content"]) == ([200, 150], [120, 120], True)
    assert [layer["layer"] for layer in told["layers"]] == ["relu2_1"]
    assert min(told["layers"][0][key] for key in ("content", "relative_content", "style", "relative_style")) > 0.01
    assert [(layer["relative_content"], layer["relative_style"]) for layer in same["layers"]] == [(0, 0)] * len(used)
    with Image.open(home.path / "plot.png") as plot:
        assert plot.format == "PNG"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["photo.png", "absent.png"], "B: there is no such file"),
        (["photo.png", "photo.png", "--plot", "plot.gif"], "--plot: ends in '.gif'"),
        (["photo.png", "photo.png", "--plot", "photo.png"], "--plot: would replace A"),
        (["photo.png", "tiny.png"], "B: is 15x15 px; relu5_1 needs at least 16 px"),
        (["photo.png", "photo.png", "--layer", "x"], "--layer: has 'x'"),
    ],
)
def test_measure_refuses_before_it_works(home: Home, photo: Path, arguments: list[str], told: str) -> None:
    """Refused with exit code 2 under the names that the user typed."""
    picture(15, 15).save(home.path / "tiny.png")
    done = home.run("measure", *arguments)

    assert done.returncode == 2
    assert told in done.stderr
