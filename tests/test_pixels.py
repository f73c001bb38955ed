"""Laws of the edge between pictures and tensors: nothing is lost on the way in and out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto import pixels
from impasto.errors import InvalidRequest
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer

U8, U16, F16, F32 = SampleType.U8, SampleType.U16, SampleType.F16, SampleType.F32
WHITE = {U8: 255, U16: 65535, F16: 1, F32: 1}
HEIGHT, WIDTH = 37, 41
every_format = pytest.mark.parametrize("pixel_format", PixelFormat)
every_type = pytest.mark.parametrize("sample_type", SampleType)
pytestmark = pytest.mark.usefixtures("one_thread")


def samples_for(header: ImageHeader, seed: int = 0) -> pixels.Samples:
    """Random samples over the whole range, both ends included; valid where alpha is premultiplied."""
    values = np.random.default_rng(seed).random(header.shape)
    values[0, 0], values[0, 1] = 0, 1
    if header.premultiplied_alpha:
        values[..., :-1] *= values[..., -1:]
    values = values * WHITE[header.sample_type]
    if header.sample_type in (U8, U16):
        values = np.rint(values)
        if header.premultiplied_alpha:
            values[..., :-1] = np.minimum(values[..., :-1], values[..., -1:])
    return values.astype(header.sample_type.dtype)


def there_and_back(samples: pixels.Samples, header: ImageHeader) -> pixels.Samples:
    image = pixels.colour(samples, header, "content")
    return pixels.samples_of(image, header, pixels.coverage(samples, header))


def one_pixel(header: ImageHeader, *values: float) -> pixels.Samples:
    return np.array(values).reshape(header.shape).astype(header.sample_type.dtype)


@every_type
@every_format
def test_there_and_back_is_exact(pixel_format: PixelFormat, sample_type: SampleType) -> None:
    """Samples of every format and type come out of their tensors as they went in, to the bit."""
    header = ImageHeader(WIDTH, HEIGHT, pixel_format, sample_type)
    samples = samples_for(header)

    back = there_and_back(samples, header)

    assert back.dtype == samples.dtype
    np.testing.assert_array_equal(back, samples)


@pytest.mark.parametrize("sample_type", [U8, U16])
@pytest.mark.parametrize("pixel_format", [PixelFormat.GRAY_ALPHA, PixelFormat.RGBA])
@pytest.mark.parametrize("transfer", Transfer)
def test_premultiplied_integers_are_exact(
    pixel_format: PixelFormat, sample_type: SampleType, transfer: Transfer
) -> None:
    """Dividing by alpha and multiplying by it again loses no integer sample, however thin."""
    header = ImageHeader(WIDTH, HEIGHT, pixel_format, sample_type, transfer, premultiplied_alpha=True)
    samples = samples_for(header)

    np.testing.assert_array_equal(there_and_back(samples, header), samples)


@pytest.mark.parametrize("sample_type", [U8, U16])
def test_every_linear_integer_is_exact(sample_type: SampleType) -> None:
    """Each of the 256 or 65536 linear values survives the way to the perceptual scale and back."""
    count = WHITE[sample_type] + 1
    header = ImageHeader(count, 1, PixelFormat.GRAY, sample_type, Transfer.LINEAR)
    samples = np.arange(count).astype(sample_type.dtype).reshape(header.shape)

    np.testing.assert_array_equal(there_and_back(samples, header), samples)


@every_format
@pytest.mark.parametrize(("sample_type", "tolerance"), [(F16, 2**-11), (F32, 2**-20)])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_linear_floats_lose_nothing_that_shows(
    pixel_format: PixelFormat, sample_type: SampleType, tolerance: float, premultiplied: bool
) -> None:
    """Linear floats come back to about a millionth (halves: to their last bit)."""
    premultiplied = premultiplied and pixel_format.has_alpha
    header = ImageHeader(WIDTH, HEIGHT, pixel_format, sample_type, Transfer.LINEAR, premultiplied)
    samples = samples_for(header)

    back = there_and_back(samples, header)

    np.testing.assert_allclose(back.astype(float), samples.astype(float), rtol=0, atol=tolerance)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_any_premultiplied_pixel_is_exact(red: int, green: int, blue: int, alpha: int) -> None:
    """Whatever a valid premultiplied pixel holds, it comes back."""
    header = ImageHeader(1, 1, PixelFormat.RGBA, premultiplied_alpha=True)
    samples = one_pixel(header, *(min(value, alpha) for value in (red, green, blue)), alpha)

    np.testing.assert_array_equal(there_and_back(samples, header), samples)


@pytest.mark.parametrize(
    ("linear", "perceptual"), [(0.0, 0.0), (0.0031308, 0.04045), (0.214041, 0.5), (0.5, 0.735357), (1.0, 1.0)]
)
def test_transfer_by_the_standard(linear: float, perceptual: float) -> None:
    """Linear light becomes perceptual by IEC 61966-2-1, and back."""
    light, value = torch.tensor([linear]), torch.tensor([perceptual])

    torch.testing.assert_close(pixels.srgb_from_linear(light), value, rtol=0, atol=2e-6)
    torch.testing.assert_close(pixels.linear_from_srgb(value), light, rtol=0, atol=2e-6)


def test_colour_is_perceptual_and_not_premultiplied() -> None:
    """Half covered linear light of 0.107 is light of 0.214, which the eye sees as a half."""
    header = ImageHeader(1, 1, PixelFormat.RGBA, F32, Transfer.LINEAR, premultiplied_alpha=True)

    found = pixels.colour(one_pixel(header, 0.1070205, 0.0, 0.5, 0.5), header, "content")

    torch.testing.assert_close(found.flatten(), torch.tensor([0.5, 0.0, 1.0]), rtol=0, atol=1e-5)


@every_type
def test_gray_is_repeated(sample_type: SampleType) -> None:
    """A gray picture is three equal channels to the network."""
    header = ImageHeader(WIDTH, HEIGHT, PixelFormat.GRAY, sample_type)

    found = pixels.colour(samples_for(header), header, "content")

    assert found.shape == (1, 3, HEIGHT, WIDTH)
    assert torch.equal(found[:, 0], found[:, 1])
    assert torch.equal(found[:, 0], found[:, 2])


def test_colours_become_gray_by_their_luminance() -> None:
    """What was painted in colour onto a gray layer is weighed by BT.709."""
    image = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1)

    found = pixels.samples_of(image, ImageHeader(1, 1, PixelFormat.GRAY, F32), None)

    assert found.item() == pytest.approx(0.2126 + 0.7152 / 2 + 0.0722 / 4)


@every_type
def test_out_of_range_is_clamped(sample_type: SampleType) -> None:
    """What the optimiser left below black or above white is black or white."""
    image = torch.tensor([-0.5, 0.0, 7.0]).view(1, 3, 1, 1)

    found = pixels.samples_of(image, ImageHeader(1, 1, PixelFormat.RGB, sample_type), None)

    assert found.flatten().tolist() == [0, 0, WHITE[sample_type]]


@every_type
def test_alpha_is_kept(sample_type: SampleType) -> None:
    """The very alpha samples of the original are put back, even those that no tensor holds."""
    header = ImageHeader(WIDTH, HEIGHT, PixelFormat.RGBA, sample_type)
    original = samples_for(header)
    result = samples_for(header, seed=1)

    kept = pixels.keep_alpha(result.copy(), original, header)

    np.testing.assert_array_equal(kept[..., 3], original[..., 3])
    np.testing.assert_array_equal(kept[..., :3], result[..., :3])


def test_alpha_out_of_range_counts_as_its_bound() -> None:
    """A float layer may hold any alpha; coverage is between none and all."""
    header = ImageHeader(3, 1, PixelFormat.GRAY_ALPHA, F32)

    found = pixels.coverage(one_pixel(header, 0, -1.0, 0, 0.5, 0, 2.0), header)

    assert found is not None
    assert found.flatten().tolist() == [0, 0.5, 1]


@every_format
def test_only_alpha_is_coverage(pixel_format: PixelFormat) -> None:
    """Pictures without alpha have no coverage, others have their last channel."""
    header = ImageHeader(WIDTH, HEIGHT, pixel_format)
    samples = samples_for(header)

    found = pixels.coverage(samples, header)

    assert (found is not None) == pixel_format.has_alpha
    if found is not None:
        np.testing.assert_array_equal(np.rint(found[0, 0].numpy() * 255), samples[..., -1])


@every_type
def test_unpainted_samples_are_the_originals(sample_type: SampleType) -> None:
    """Where the mask is 0 stand the very samples that were there, NaN payloads and all; elsewhere the result."""
    header = ImageHeader(WIDTH, HEIGHT, PixelFormat.RGBA, sample_type)
    original, result = samples_for(header), samples_for(header, seed=1)
    original.view(np.uint8)[3, 3] = 0xFF  # in floats: a NaN
    painted = torch.zeros(1, 1, HEIGHT, WIDTH)
    painted[..., 20:] = 1e-3

    kept = pixels.keep_unpainted(result, original, painted)

    assert kept[:, :20].tobytes() == original[:, :20].tobytes()
    assert kept[:, 20:].tobytes() == result[:, 20:].tobytes()


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        (ImageHeader(1, 1, PixelFormat.GRAY), (0,), 0.0),
        (ImageHeader(1, 1, PixelFormat.GRAY), (255,), 1.0),
        (ImageHeader(1, 1, PixelFormat.RGB), (255, 255, 255), 1.0),
        (ImageHeader(1, 1, PixelFormat.RGB, U16), (0, 0, 0), 0.0),
        (ImageHeader(1, 1, PixelFormat.RGBA), (255, 255, 255, 0), 0.0),
        (ImageHeader(1, 1, PixelFormat.GRAY_ALPHA, F32), (0.5, 0.5), 0.25),
        (ImageHeader(1, 1, PixelFormat.GRAY_ALPHA, F32, premultiplied_alpha=True), (0.25, 0.5), 0.25),
        (ImageHeader(1, 1, PixelFormat.GRAY, F32), (float("nan"),), 0.0),
        (ImageHeader(1, 1, PixelFormat.GRAY, F32), (float("inf"),), 1.0),
    ],
)
def test_mask_by_hand(header: ImageHeader, values: tuple[float, ...], expected: float) -> None:
    """White and covered is 1 to the bit, black, uncovered or no number is 0 to the bit; alpha counts once."""
    assert pixels.mask(one_pixel(header, *values), header).item() == expected


@pytest.mark.parametrize("sample_type", [F16, F32])
def test_what_is_no_number_is_refused_with_the_count(sample_type: SampleType) -> None:
    """NaN and infinite samples are refused under the field's name, alpha's included, and counted."""
    header = ImageHeader(WIDTH, HEIGHT, PixelFormat.RGBA, sample_type)
    samples = samples_for(header).copy()
    samples[1, 1, 0], samples[2, 2, 1], samples[3, 3, 3] = np.nan, np.inf, -np.inf

    with pytest.raises(InvalidRequest, match=r"spec\.content: has 3 samples that are infinite") as caught:
        pixels.colour(samples, header, "spec.content")

    assert caught.value.reason == "NOT_FINITE"


def test_a_styles_holes_are_filled() -> None:
    """Where a style is transparent stands the mean of what it shows, so that its hidden colours count for nothing."""
    header = ImageHeader(3, 1, PixelFormat.RGBA)
    samples = one_pixel(header, 255, 0, 0, 255, 0, 0, 255, 255, 9, 200, 9, 0)

    found = pixels.opaque(samples, header, "style")

    assert found[0, :, 0, :].T.tolist() == [[1, 0, 0], [0, 0, 1], [0.5, 0, 0.5]]


def test_a_wholly_transparent_style_is_its_colours() -> None:
    """With nothing shown, what is hidden is all there is."""
    header = ImageHeader(1, 1, PixelFormat.RGBA)

    assert pixels.opaque(one_pixel(header, 255, 0, 255, 0), header, "style").flatten().tolist() == [1, 0, 1]


@every_type
@every_format
def test_samples_are_read_from_disk(tmp_path: Path, pixel_format: PixelFormat, sample_type: SampleType) -> None:
    """A blob on disk, which cannot be written to, gives the tensor that its samples in memory give."""
    header = ImageHeader(WIDTH, HEIGHT, pixel_format, sample_type)
    samples = samples_for(header)
    samples.tofile(tmp_path / "blob")

    opened = pixels.open_samples(tmp_path / "blob", header)

    assert not opened.flags.writeable
    assert torch.equal(pixels.colour(opened, header, "content"), pixels.colour(samples, header, "content"))
