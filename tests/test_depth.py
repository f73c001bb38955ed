"""Depth and colour from file to file: what is not painted comes back to the bit, what is painted loses no level.

The files are written and read by other libraries than ours wherever there is another.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness import Daemon, encoded, picture
from impasto import codec, photo, pixels, profiles
from impasto.client import Picture
from impasto.engine import Pulse
from impasto.errors import InvalidRequest
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.photo import Metadata
from impasto.spec import SLIM, StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker.painting import Painting
from impasto.worker.studio import Studio

Array = npt.NDArray[Any]
U8, U16, F16, F32 = SampleType.U8, SampleType.U16, SampleType.F16, SampleType.F32
D65, D50 = [0.3127, 0.329, 1.0], [0.3457, 0.3585, 1.0]


def profile(primaries: list[float], gamma: float, white: list[float]) -> bytes:
    xy1 = [value for i in range(0, 6, 2) for value in (*primaries[i : i + 2], 1.0)]
    return imagecodecs.cms_profile("rgb", whitepoint=white, primaries=xy1, gamma=gamma)


def l_star(value: Array) -> Array:
    """Light by CIE 1976 lightness, the curve of eciRGB v2: rising everywhere, also in 16 bits."""
    return np.where(value <= 0.08, value / 9.033, ((value + 0.16) / 1.16) ** 3)


PROFILES = {
    "Adobe RGB": imagecodecs.cms_profile("adobergb"),
    "wide (ProPhoto)": profile([0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001], 1.8, D50),
    "P3 by table": imagecodecs.cms_profile(
        "rgb",
        whitepoint=D65,
        primaries=[0.68, 0.32, 1.0, 0.265, 0.69, 1.0, 0.15, 0.06, 1.0],
        transferfunction=np.rint(65535 * l_star(np.linspace(0, 1, 4096))).astype(np.uint16),
    ),
}
GRAY = imagecodecs.cms_profile("gray", gamma=1.8)
every_profile = pytest.mark.parametrize("name", PROFILES)


def header_of(samples: Array, **others: Any) -> ImageHeader:
    """The header of (H, W, C) samples."""
    kind = {1: PixelFormat.GRAY, 2: PixelFormat.GRAY_ALPHA, 3: PixelFormat.RGB, 4: PixelFormat.RGBA}
    names = {"uint8": U8, "uint16": U16, "float16": F16, "float32": F32}
    return ImageHeader(samples.shape[1], samples.shape[0], kind[samples.shape[2]], names[samples.dtype.name], **others)


def decoded(folder: Path, file: Path) -> tuple[ImageHeader, Array]:
    """A file as the daemon stores it."""
    header = asyncio.run(codec.decode(file, folder / "raw", max_pixels=16_000_000, field="file"))
    return header, np.fromfile(folder / "raw", header.sample_type.dtype).reshape(header.shape)


def ramp(channels: int) -> Array:
    """All 65,536 levels of 16 bits, in each channel at another place."""
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    return np.stack([np.roll(levels, 4321 * channel) for channel in range(channels)], -1)


# Through the daemon


@pytest.mark.parametrize(
    ("ending", "channels"), [(".png", 1), (".png", 3), (".tif", 3), (".tif", 4)], ids=["gray", "png", "tif", "alpha"]
)
def test_a_ramp_keeps_its_65536_levels_where_nothing_is_selected(
    daemon: Daemon, tmp_path: Path, ending: str, channels: int
) -> None:
    """A deep file with a profile, a mask that selects nothing, a real daemon, a file again: the same to the bit."""
    samples, own = ramp(channels), PROFILES["Adobe RGB"] if channels > 1 else GRAY
    photo.save(tmp_path / f"ramp{ending}", header_of(samples, icc_profile=own), samples.tobytes(), None)
    with daemon.client() as client:
        nothing = encoded(Image.new("L", (256, 256)))
        result = client.stylize(tmp_path / f"ramp{ending}", encoded(picture(64, 64, 2)), mask=nothing, steps=1)
    result.save(tmp_path / f"out{ending}", like=tmp_path / f"ramp{ending}")
    header, found = decoded(tmp_path, tmp_path / f"out{ending}")

    assert (header.sample_type, header.icc_profile) == (U16, own)
    assert len(np.unique(found[..., 0])) == 65536
    np.testing.assert_array_equal(found, samples)
    if ending == ".tif":  # another reader than ours
        np.testing.assert_array_equal(np.squeeze(tifffile.imread(tmp_path / "out.tif")), np.squeeze(samples))


def test_what_is_painted_has_more_than_8_bits(daemon: Daemon, tmp_path: Path) -> None:
    """The painted picture itself has the levels of its depth, not 256 stretched ones."""
    samples = np.asarray(picture(160, 120, 1)).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb")
    with daemon.client() as client:
        result = client.stylize(tmp_path / "a.tif", encoded(picture(64, 64, 2)), steps=3)
    found = np.frombuffer(result.samples, "<u2")

    assert len(np.unique(found)) > 5000
    assert (found % 257 != 0).mean() > 0.9


# Twelve megapixels


@pytest.mark.slow
def test_a_large_deep_tiff_with_a_profile_shows_no_bands(tmp_path: Path) -> None:
    """12 megapixels of a smooth gradient, file to tensor to file: no level is lost, where 8 bits would leave 256."""
    levels = np.linspace(0, 65535, 12_000_000).round().astype(np.uint16).reshape(3000, 4000)
    samples = np.stack([levels, levels, levels], -1)
    own = PROFILES["Adobe RGB"]
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", compression="zlib", iccprofile=own)

    header, stored = decoded(tmp_path, tmp_path / "a.tif")
    image = pixels.colour(stored, header, "content")
    back = pixels.samples_of(image, header, None, pixels.reach_of(image))
    photo.save(tmp_path / "b.tif", header, back.tobytes(), None)
    found = tifffile.imread(tmp_path / "b.tif")

    assert header.icc_profile == own
    assert len(np.unique(image[0, 0].numpy())) > 65000  # in the network's scale, too
    assert len(np.unique(found[..., 0])) == 65536
    assert np.abs(found.astype(int) - samples).max() <= 1
    assert int(np.diff(found[..., 0].ravel().astype(int)).max()) <= 1  # no step wider than the gradient's own
    assert len(np.unique(found[..., 0] >> 8)) == 256  # what the same gradient has in 8 bits


@pytest.mark.slow
def test_a_large_deep_tiff_goes_through_the_command_line(daemon: Daemon, tmp_path: Path) -> None:
    """12 megapixels of 16 bits with a profile and a mask that selects nothing: back in seconds, to the bit."""
    levels = np.linspace(0, 65535, 12_000_000).round().astype(np.uint16).reshape(3000, 4000)
    samples = np.stack([levels, levels[::-1], levels[:, ::-1]], -1)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", iccprofile=PROFILES["Adobe RGB"])
    Image.new("L", (4000, 3000)).save(tmp_path / "black.png")
    picture(64, 64, 2).save(tmp_path / "style.png")
    names = {name: str(tmp_path / name) for name in ("a.tif", "black.png", "style.png", "b.tif")}

    done = daemon.home.run(
        "stylize", names["a.tif"], "--style", names["style.png"], "--mask", names["black.png"], "-o", names["b.tif"],
        within_s=240,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "nothing is selected" in done.stderr
    with tifffile.TiffFile(names["b.tif"]) as file:
        np.testing.assert_array_equal(file.asarray(), samples)
        assert file.pages[0].tags[34675].value == PROFILES["Adobe RGB"]  # type: ignore[union-attr]


# From file to file


@pytest.mark.parametrize(
    ("ending", "sample_type"), [(".png", U8), (".png", U16), (".tif", U8), (".tif", U16), (".tif", F16), (".tif", F32)]
)
@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("profiled", [False, True])
def test_a_file_gives_back_what_was_saved(
    tmp_path: Path, ending: str, pixel_format: PixelFormat, sample_type: SampleType, profiled: bool
) -> None:
    """Every depth and format that a file can hold comes back to the bit, with profile, resolution and EXIF."""
    own = (GRAY if pixel_format.channels < 3 else PROFILES["Adobe RGB"]) if profiled else b""
    floats = sample_type in (F16, F32)
    header = ImageHeader(31, 17, pixel_format, sample_type, icc_profile=own)
    header = replace(header, transfer=Transfer.LINEAR) if floats and not profiled else header
    rng = np.random.default_rng(1)
    samples = (rng.random(header.shape) * (4 if floats else 255 if sample_type is U8 else 65535)).astype(
        sample_type.dtype
    )
    exif = Image.Exif()
    exif[0x010F] = "Obscura"
    exif.get_ifd(0x8769)[0xA434] = "Pinhole"
    metadata = Metadata(31, 17, exif.tobytes(), (300.0, 150.0))

    photo.save(tmp_path / f"a{ending}", header, samples.tobytes(), metadata)
    found, back = decoded(tmp_path, tmp_path / f"a{ending}")
    told = photo.read_metadata(tmp_path / f"a{ending}", field="result")

    assert found == header
    np.testing.assert_array_equal(back, samples)
    assert (told.width, told.height, told.sample_type, told.icc_profile) == (31, 17, sample_type, own)
    assert told.dpi == pytest.approx((300, 150), rel=0.001)
    assert b"Obscura" in told.exif
    assert b"Pinhole" in told.exif


@pytest.mark.parametrize(("ending", "sample_type"), [(".png", U16), (".tif", U16), (".tif", F32)])
def test_premultiplied_files_show_the_same(tmp_path: Path, ending: str, sample_type: SampleType) -> None:
    """PNG, which has only straight alpha, gets it; TIFF keeps what it is given and says so."""
    white = 65535 if sample_type is U16 else 1
    straight = np.random.default_rng(0).uniform(0.25, 1, (9, 8, 4))
    multiplied = straight.copy()
    multiplied[..., :3] *= straight[..., 3:]
    samples = (multiplied * white).astype(sample_type.dtype)
    header = replace(header_of(samples), premultiplied_alpha=True)

    photo.save(tmp_path / f"a{ending}", header, samples.tobytes(), None)
    found, back = decoded(tmp_path, tmp_path / f"a{ending}")

    assert found.premultiplied_alpha == (ending == ".tif")
    seen = back[..., :3] / (back[..., 3:] / white if found.premultiplied_alpha else 1)
    np.testing.assert_allclose(seen / white, straight[..., :3], atol=1e-4)


@pytest.mark.parametrize("pixel_format", [PixelFormat.GRAY, PixelFormat.RGB])
@pytest.mark.parametrize("sample_type", [U8, U16])
def test_linear_integers_are_saved_with_a_profile_that_says_so(
    tmp_path: Path, pixel_format: PixelFormat, sample_type: SampleType
) -> None:
    """A linear layer looks in a file as it did: the network sees the same through the file's profile."""
    header = ImageHeader(64, 4, pixel_format, sample_type, Transfer.LINEAR)
    white = 255 if sample_type is U8 else 65535
    samples = (np.random.default_rng(2).random(header.shape) * white).astype(sample_type.dtype)

    photo.save(tmp_path / "a.png", header, samples.tobytes(), None)
    found, back = decoded(tmp_path, tmp_path / "a.png")

    np.testing.assert_array_equal(back, samples)
    torch.testing.assert_close(
        pixels.colour(back, found, "file"), pixels.colour(samples, header, "layer"), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize(("name", "asked"), [("a.jpg", U8), ("a.png", U8), ("a.png", U16), ("a.tif", F32)])
def test_depth_is_changed_only_when_asked(tmp_path: Path, name: str, asked: SampleType) -> None:
    """Scene-linear floats become what was asked for, on the scale that this has: the eye sees the same."""
    samples = np.linspace(0, 1.5, 64 * 64, dtype=np.float32).reshape(64, 64, 1).repeat(3, -1)
    header = header_of(samples, transfer=Transfer.LINEAR)

    photo.save(tmp_path / name, header, samples.tobytes(), None, asked)
    found, back = decoded(tmp_path, tmp_path / name)

    assert found.sample_type is asked
    expected = pixels.colour(samples, header, "layer")
    torch.testing.assert_close(
        pixels.colour(back, found, "file"), expected if asked is F32 else expected.clamp(0, 1), rtol=0, atol=0.02
    )


# Profiles


@every_profile
@pytest.mark.parametrize("transfer", Transfer)
def test_a_profile_there_and_back_loses_next_to_nothing(name: str, transfer: Transfer) -> None:
    """Any colour of any profile, out of sRGB's gamut included, comes back within 4e-4; grays within one of 65,536."""
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    samples[32:] = np.sort(samples[32:, :, :1].ravel()).reshape(32, 64, 1)
    header = header_of(samples, icc_profile=PROFILES[name], transfer=transfer)

    image = pixels.colour(samples, header, "content")
    back = pixels.samples_of(image, header, None, pixels.reach_of(image)).astype(int)

    assert image.min() < 0  # there were colours that sRGB has not
    assert np.abs(back - samples).max() <= 4e-4 * 65535
    assert np.abs(back - samples)[32:].max() <= 1


@every_profile
def test_the_network_sees_the_colours_that_a_profile_means(name: str) -> None:
    """Against Little CMS's own conversion to sRGB in floats, for colours that sRGB has."""
    seen = np.random.default_rng(3).uniform(0.42, 0.58, (16, 16, 3)).astype(np.float32)
    header = ImageHeader(16, 16, PixelFormat.RGB, F32, icc_profile=PROFILES[name])
    expected = imagecodecs.cms_transform(
        seen, PROFILES[name], imagecodecs.cms_profile("srgb"), colorspace="rgb", outcolorspace="rgb", intent=1
    )

    found = pixels.colour(seen, header, "content")

    np.testing.assert_allclose(found[0].permute(1, 2, 0).numpy(), expected, atol=2e-4)
    assert np.abs(expected - seen).max() > 0.01  # not by doing nothing


def test_srgb_by_any_name_is_no_conversion() -> None:
    """The profile that most files carry costs no time and no level; nor does a damaged one or one of other channels."""
    adobe = PROFILES["Adobe RGB"]
    for own in (b"", imagecodecs.cms_profile("srgb"), b"junk" * 99, GRAY, adobe[:200], adobe[:140] + b"\xff" * 80):
        for transfer in Transfer:
            assert profiles.conversion(ImageHeader(1, 1, icc_profile=own, transfer=transfer)) is None


@pytest.mark.parametrize("own", [b"", GRAY, imagecodecs.cms_profile("gray", gamma=2.2)])
@pytest.mark.parametrize("transfer", Transfer)
def test_gray_stays_gray(own: bytes, transfer: Transfer) -> None:
    """All levels of gray are gray to the network, and come back within one of 65,536 whatever their profile."""
    samples = ramp(1)
    header = header_of(samples, icc_profile=own, transfer=transfer)

    image = pixels.colour(samples, header, "content")
    back = pixels.samples_of(image, header, None, pixels.reach_of(image))

    assert float((image - image[:, :1]).abs().max()) < 2e-5
    assert np.abs(back.astype(int) - samples).max() <= 1
    assert len(np.unique(back)) >= 65535


# More light than white


@settings(max_examples=100, derandomize=True)
@given(st.floats(-50, 400, width=32), st.floats(1e-3, 1))
def test_the_tone_curve_rises_and_can_be_undone(value: float, step: float) -> None:
    """It is itself between black and white, smooth beyond, always rising, and undone within a ten-thousandth."""
    values = torch.tensor([value, value + step])
    seen = pixels.compressed(values)

    torch.testing.assert_close(pixels.expanded(seen), values, rtol=1e-4, atol=1e-5)
    assert seen[1] > seen[0]
    assert 0 <= value <= 1 or abs(float(seen[0])) < 2
    assert not 0 <= value <= 1 or float(seen[0]) == value


@pytest.mark.parametrize(("sample_type", "tolerance"), [(F16, 2e-3), (F32, 2e-4)])
def test_scene_linear_light_comes_back(sample_type: SampleType, tolerance: float) -> None:
    """Twenty stops of scene-linear light, far above white, come back in proportion; the network sees less than 2."""
    light = np.geomspace(0.01, 10_000, 4096).reshape(64, 64, 1).repeat(3, -1).astype(sample_type.dtype)
    header = header_of(light, transfer=Transfer.LINEAR)

    image = pixels.colour(light, header, "content")
    back = pixels.samples_of(image, header, None, pixels.reach_of(image))

    assert 1.4 < float(image.max()) < 2
    np.testing.assert_allclose(back.astype(float), light.astype(float), rtol=tolerance)


def test_nothing_brighter_than_the_brightest_is_painted() -> None:
    """Where X overshoots, a float result stays within what its content had: no half becomes infinite."""
    light = np.full((4, 4, 3), 60_000, np.float16)
    header = header_of(light, transfer=Transfer.LINEAR)
    image = pixels.colour(light, header, "content")

    found = pixels.samples_of(image + 5, header, None, pixels.reach_of(image))

    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.astype(float), 60_000, rtol=0.01)


# Alpha


class Paint:
    """Paints small raw pictures with the shipped encoder, without a daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.studio = folder, Studio(torch.device("cpu"), Shelf(folder))

    def __call__(self, content: Array, style: Array, steps: int = 2, **headers: ImageHeader) -> Array:
        """The result; `content_header`, `style_header` where they are not the plain ones."""
        told = {}
        for name, field, samples in (("content", "content", content), ("style", "styles[0].image", style)):
            path = self.folder / name
            samples.tofile(path)
            header = headers.get(f"{name}_header", header_of(samples))
            told[field] = {"path": str(path), "header": header.to_json(), "key": samples.tobytes()}
        spec = StylizeSpec("content", (StyleUse("style"),), steps=steps, encoder=SLIM)
        painting = Painting(self.studio, spec, told, quiet)
        while not painting.done:
            painting.advance()
        header = painting.write(self.folder / "result")
        return np.fromfile(self.folder / "result", header.sample_type.dtype).reshape(header.shape)


quiet: Pulse = profiles.breathless


@pytest.fixture
def paint(tmp_path: Path, one_thread: None) -> Paint:
    """Without changing any file but its own."""
    return Paint(tmp_path)


def covered(seed: int, hidden: int, size: int = 48) -> Array:
    """A picture whose left half is transparent and holds `hidden` there."""
    image = np.asarray(picture(size, size, seed)).astype(np.uint16) * 257
    alpha = np.full((size, size, 1), 65535, np.uint16)
    alpha[:, : size // 2] = 0
    image = image.copy()
    image[:, : size // 2] = hidden
    return np.concatenate([image, alpha], -1)


def test_hidden_colours_lend_no_style(paint: Paint) -> None:
    """Two styles that differ only where nobody sees them paint the same picture, bit for bit."""
    content = covered(1, 0)[..., :3]

    one, other = paint(content, covered(2, 0)), paint(content, covered(2, 50_000))

    np.testing.assert_array_equal(one, other)
    assert (one != paint(content, covered(2, 0)[..., :3].copy())).mean() > 0.5  # seen, they count


def test_hidden_colours_take_no_style_and_lend_no_content(paint: Paint) -> None:
    """What is hidden stays to the bit, and what is seen is painted as if the hidden were something else."""
    style = covered(2, 0)[..., :3].copy()

    one, other = paint(covered(1, 0), style), paint(covered(1, 50_000), style)

    np.testing.assert_array_equal(one[:, 24:], other[:, 24:])
    assert (one[:, :24, :3] == 0).all()
    assert (other[:, :24, :3] == 50_000).all()
    assert (one[:, 24:, :3] != covered(1, 0)[:, 24:, :3]).mean() > 0.9
    np.testing.assert_array_equal(one[..., 3], covered(1, 0)[..., 3])


def test_the_transparent_part_of_a_style_does_not_count(paint: Paint) -> None:
    """A style with a transparent half is nearer to its other half alone than the filled whole would be."""
    content, style = np.asarray(picture(48, 48, 1)), covered(2, 65535)
    alone = paint(content, style[:, 24:, :3].copy(), steps=6).astype(float)
    guided = paint(content, style, steps=6).astype(float)
    whole = paint(content, style[..., :3].copy(), steps=6).astype(float)

    assert np.abs(guided - alone).mean() < 0.5 * np.abs(whole - alone).mean()


def test_a_wholly_transparent_content_comes_back(paint: Paint) -> None:
    """There is nothing to paint, and nothing changes."""
    content = covered(1, 7)
    content[..., 3] = 0

    np.testing.assert_array_equal(paint(content, covered(2, 0)), content)


def test_a_wholly_transparent_style_is_refused(paint: Paint) -> None:
    """There is no style in it."""
    style = covered(2, 7)
    style[..., 3] = 0

    with pytest.raises(InvalidRequest, match="wholly transparent") as caught:
        paint(covered(1, 7), style)

    assert caught.value.reason == "STYLE_TRANSPARENT"


@pytest.mark.parametrize("which", ["content", "style"])
def test_premultiplied_is_painted_as_straight_is(paint: Paint, which: str) -> None:
    """Alpha multiplied in or not, in content or style: the same picture comes out."""
    rng = np.random.default_rng(5)
    straight = np.concatenate([np.asarray(picture(32, 32, 1)) / 255, rng.uniform(0.2, 1, (32, 32, 1))], -1)
    straight[:, :8, 3] = 0
    multiplied = straight.copy()
    multiplied[..., :3] *= straight[..., 3:]
    first, second = straight.astype(np.float32), multiplied.astype(np.float32)
    other = np.asarray(picture(32, 32, 2))
    header = replace(header_of(second), premultiplied_alpha=True)

    if which == "style":
        np.testing.assert_allclose(paint(other, first).astype(int), paint(other, second, style_header=header), atol=1)
        return
    one, two = paint(first, other), paint(second, other, content_header=header)
    seen = straight[..., 3] > 0
    np.testing.assert_allclose(two[seen][:, :3] / two[seen][:, 3:], one[seen][:, :3], atol=2e-3)


# Odd shapes


shapes = st.one_of(
    st.tuples(st.integers(1, 70), st.integers(1, 70)), st.tuples(st.just(1), st.integers(1, 5000)),
    st.tuples(st.integers(1, 5000), st.just(1)), st.tuples(st.integers(1, 3), st.integers(1000, 9000)),
)  # fmt: skip


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes, st.sampled_from(PixelFormat), st.sampled_from(SampleType), st.booleans(), st.booleans())
def test_any_shape_comes_back(
    shape: tuple[int, int], pixel_format: PixelFormat, sample_type: SampleType, linear: bool, profiled: bool
) -> None:
    """One pixel high, one wide, thousands long, odd: the way to the tensors and back knows no special sizes."""
    own = (GRAY if pixel_format.channels < 3 else PROFILES["wide (ProPhoto)"]) if profiled else b""
    transfer = Transfer.LINEAR if linear else Transfer.SRGB
    header = ImageHeader(shape[1], shape[0], pixel_format, sample_type, transfer, icc_profile=own)
    white = {U8: 255, U16: 65535}.get(sample_type, 1)
    samples = (np.random.default_rng(shape[0]).random(header.shape) * white).astype(sample_type.dtype)

    image = pixels.colour(samples, header, "content")
    back = pixels.samples_of(image, header, pixels.coverage(samples, header), pixels.reach_of(image))

    assert image.shape == (1, 3, *shape)
    np.testing.assert_allclose(back.astype(float) / white, samples.astype(float) / white, atol=2e-3)


@settings(max_examples=12, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes, st.sampled_from([PixelFormat.GRAY, PixelFormat.RGBA]), st.sampled_from([".png", ".tif"]))
def test_any_shape_is_a_file(tmp_path: Path, shape: tuple[int, int], pixel_format: PixelFormat, ending: str) -> None:
    """Files of 16 bits know no special sizes either."""
    header = ImageHeader(shape[1], shape[0], pixel_format, U16)
    samples = np.random.default_rng(shape[1]).integers(0, 65536, header.shape).astype(np.uint16)

    photo.save(tmp_path / f"a{ending}", header, samples.tobytes(), None)
    found, back = decoded(tmp_path, tmp_path / f"a{ending}")

    assert found == header
    np.testing.assert_array_equal(back, samples)


@settings(max_examples=5, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(16, 61), st.integers(16, 333), st.booleans())
def test_odd_sizes_and_extreme_aspects_are_painted(paint: Paint, short: int, long: int, turned: bool) -> None:
    """Whatever is no smaller than the network's stride can be painted, at its own size."""
    size = (long, short) if turned else (short, long)
    content = np.asarray(picture(size[1], size[0], 1))

    assert paint(content, np.asarray(picture(31, 47, 2)), steps=1).shape == (*size, 3)


def test_a_raw_picture_of_floats_is_painted_in_floats(daemon: Daemon) -> None:
    """Scene-linear light above white goes through the daemon and comes back above white."""
    light = (np.asarray(picture(48, 40, 1)) / 255.0).astype(np.float32) * 8
    with daemon.client() as client:
        result = client.stylize(
            Picture(header_of(light, transfer=Transfer.LINEAR), light.tobytes()), encoded(picture(64, 64, 2)), steps=2
        )
    found = np.frombuffer(result.samples, np.float32)

    assert (result.header.sample_type, result.header.transfer) == (F32, Transfer.LINEAR)
    assert found.max() > 2
    assert found.max() <= light.max() * 1.001
