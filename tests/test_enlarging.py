"""A picture that was painted smaller, at the content's size: seamless, at any depth, with the content's very alpha."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from impasto.engine.encoder import resize
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.pictures import Picture
from impasto.pipe import enlarging

SMALL, LARGE = (23, 17), (101, 75)
EVERY = [(pixel_format, sample_type) for pixel_format in PixelFormat for sample_type in SampleType]


@pytest.fixture(autouse=True)
def short_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows at a time."""
    monkeypatch.setattr(enlarging, "BAND_BYTES", 900)


def picture(size: tuple[int, int], pixel_format: PixelFormat, sample_type: SampleType, alpha: float = 1.0) -> Picture:
    """Smooth forms of full range, with an even alpha; floats reach beyond black and white."""
    header = ImageHeader(*size, pixel_format, sample_type)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / np.array(size[::-1])[:, None, None]
    light = np.stack([np.sin(5 * x + c) * np.cos(4 * y) / 2 + 0.5 for c in range(pixel_format.channels)], -1)
    light = light * 3 - 1 if sample_type.is_float else light
    if pixel_format.has_alpha:
        light[..., -1] = alpha
    return Picture(header, (light * sample_type.white).astype(sample_type.dtype).tobytes())


def samples(picture: Picture) -> npt.NDArray[np.float64]:
    """Its numbers, white at 1."""
    values = np.frombuffer(picture.samples, picture.header.sample_type.dtype).reshape(picture.header.shape)
    return values.astype(np.float64) / picture.header.sample_type.white


def enlarged(small: Picture, large: Picture) -> Picture:
    """All bands together."""
    return Picture(large.header, b"".join(enlarging.bands(small, large)))


@pytest.mark.parametrize(("pixel_format", "sample_type"), EVERY)
def test_bands_are_bicubic_and_without_seams(pixel_format: PixelFormat, sample_type: SampleType) -> None:
    """As the engine's own resampling of the whole, to the depth's last place."""
    small, large = (picture(size, pixel_format, sample_type) for size in (SMALL, LARGE))
    whole = torch.from_numpy(samples(small)).float().permute(2, 0, 1)[None]
    expected = resize(whole, LARGE[1], LARGE[0])[0].permute(1, 2, 0).numpy()

    found = samples(enlarged(small, large))

    exact = {SampleType.U8: 1 / 255, SampleType.U16: 1 / 65535, SampleType.F16: 2e-3, SampleType.F32: 1e-5}[sample_type]
    low, high = (0.0, 1.0) if not sample_type.is_float else (whole.min().item(), whole.max().item())
    np.testing.assert_allclose(found, expected.clip(low, high), rtol=0, atol=exact)


@pytest.mark.parametrize("sample_type", list(SampleType))
def test_the_alpha_is_the_contents(sample_type: SampleType) -> None:
    """To the bit, whatever the small one had."""
    small, large = picture(SMALL, PixelFormat.RGBA, sample_type), picture(LARGE, PixelFormat.RGBA, sample_type, 0.37)

    found = enlarged(small, large)

    np.testing.assert_array_equal(samples(found)[..., 3], samples(large)[..., 3])


def test_hidden_colours_do_not_bleed() -> None:
    """Green under alpha 0 beside opaque red: what is seen of the edge is red."""
    values = np.zeros((8, 8, 4), np.uint8)
    values[:, :4], values[:, 4:] = (200, 0, 0, 255), (0, 255, 0, 0)
    small = Picture(ImageHeader(8, 8, PixelFormat.RGBA), values.tobytes())

    found = samples(enlarged(small, picture((64, 64), PixelFormat.RGBA, SampleType.U8)))

    assert found[:, :34, 1].max() < 0.02  # the edge is at 32 px, and its alpha reaches a little beyond
    np.testing.assert_allclose(found[:, :34, 0], 200 / 255, atol=0.03)
    np.testing.assert_allclose(found[:, -16:, 1], 1, atol=0.01)
