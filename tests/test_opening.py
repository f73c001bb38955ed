"""Pictures as tensors of the size they are used at: those of the whole at once, in a band's memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto import pixels
from impasto.engine.encoder import resize
from impasto.engine.pulse import steady
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.worker import opening
from impasto.worker.studio import Picture

WIDTH, HEIGHT = 97, 61
SIZES = [(48, 30), (WIDTH, HEIGHT), (WIDTH, 20), (130, 82)]
MIB = 1 << 20


@pytest.fixture(autouse=True)
def short_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven rows at a time, the last band shorter."""
    monkeypatch.setattr(opening, "BAND_PIXELS", 7 * WIDTH + 3)


def picture(pixel_format: PixelFormat, sample_type: SampleType = SampleType.U8, *, holes: bool = False) -> Picture:
    """Noise; alpha opaque, or with holes and thin places."""
    header = ImageHeader(WIDTH, HEIGHT, pixel_format, sample_type)
    random = np.random.default_rng(3)
    values = random.random((HEIGHT, WIDTH, pixel_format.channels))
    if sample_type.is_float:
        values = values * 3 - 1  # light beyond white, and colours beyond sRGB
    if pixel_format.has_alpha:
        values[..., -1] = random.choice([0.0, 0.5, 1.0], (HEIGHT, WIDTH)) if holes else 1.0
    return Picture(np.asarray(values * sample_type.white).astype(sample_type.dtype), header, "key")


def at(image: Tensor, size: tuple[int, int]) -> Tensor:
    """The whole at once, resampled within its own reach."""
    return resize(image, size[1], size[0]).clamp(*pixels.reach_of(image))


def mean_of(light: Tensor, alpha: Tensor) -> Tensor:
    """The mean colour of what is seen."""
    return (light.double() * alpha).sum((2, 3), keepdim=True).div(alpha.double().sum()).float()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sample_type", list(SampleType))
@pytest.mark.parametrize("pixel_format", list(PixelFormat))
def test_a_picture_in_bands_is_the_whole(
    pixel_format: PixelFormat, sample_type: SampleType, size: tuple[int, int]
) -> None:
    """Without holes, to the bit."""
    one = picture(pixel_format, sample_type)

    found = opening.seen(one, size, "content", steady)

    assert torch.equal(found, at(pixels.colour(one.samples, one.header, "content"), size))


@pytest.mark.parametrize("size", SIZES)
def test_holes_have_the_mean_of_what_is_seen(size: tuple[int, int]) -> None:
    """Of a content thin places keep their colours; a style's are mixed with the mean, and count as much as is seen."""
    one = picture(PixelFormat.RGBA, holes=True)
    light, alpha = pixels.colour(one.samples, one.header, ""), pixels.coverage(one.samples, one.header)
    assert alpha is not None
    mean = mean_of(light, alpha)

    found = opening.seen(one, size, "content", steady)
    image, cover = opening.lent(one, size, "style", steady)

    torch.testing.assert_close(found, at(torch.where(alpha > 0, light, mean), size), rtol=0, atol=1e-6)
    torch.testing.assert_close(image, at(light * alpha + mean * (1 - alpha), size), rtol=0, atol=1e-6)
    assert cover is not None
    assert torch.equal(cover, at(alpha, size))
    seen = opening.cover(one, size)
    assert seen is not None
    assert torch.equal(seen, cover)


def test_an_opaque_style_counts_everywhere() -> None:
    """With an alpha that is white, too: there is nothing to weigh then."""
    for pixel_format in (PixelFormat.RGB, PixelFormat.RGBA):
        image, cover = opening.lent(picture(pixel_format), SIZES[0], "style", steady)
        assert (tuple(image.shape), cover) == ((1, 3, 30, 48), None)


def test_a_wholly_transparent_picture_is_its_hidden_colours() -> None:
    """With nothing shown, what is hidden is all there is."""
    one = picture(PixelFormat.RGBA)
    one.samples[..., -1] = 0
    light = pixels.colour(one.samples, one.header, "")

    assert torch.equal(opening.seen(one, (WIDTH, HEIGHT), "content", steady), light)
    assert torch.equal(opening.lent(one, (WIDTH, HEIGHT), "style", steady)[0], light)
    assert opening.selects_nothing(one, None)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_painted_is_selected_and_not_transparent(size: tuple[int, int]) -> None:
    """A mask times where anything is seen; where both are everywhere there is nothing to tell."""
    whole, holed, chosen = picture(PixelFormat.RGBA), picture(PixelFormat.RGBA, holes=True), picture(PixelFormat.GRAY)
    alpha = pixels.coverage(holed.samples, holed.header)
    assert alpha is not None
    there = (alpha > 0).float()
    selected = pixels.mask(chosen.samples, chosen.header)

    assert opening.painted(whole, None, size) is None
    for content, mask, expected in ((whole, chosen, selected), (holed, None, there), (holed, chosen, selected * there)):
        found = opening.painted(content, mask, size)
        assert found is not None
        assert torch.equal(found, at(expected, size))
        assert not opening.selects_nothing(content, mask)
    assert torch.equal(opening.mask(chosen, size), at(selected, size))


def test_a_mask_of_black_selects_nothing() -> None:
    """Nor does one that is white only where the picture is transparent."""
    holed, chosen = picture(PixelFormat.RGBA, holes=True), picture(PixelFormat.GRAY)
    chosen.samples[:] = 0
    assert opening.selects_nothing(holed, chosen)
    chosen.samples[..., 0] = np.where(holed.samples[..., -1] == 0, 255, 0)
    assert opening.selects_nothing(holed, chosen)


def test_linear_light_in_bands() -> None:
    """Light brighter than white in a few rows only: each band is compressed as the whole is."""
    header = ImageHeader(WIDTH, HEIGHT, PixelFormat.RGB, SampleType.F32, Transfer.LINEAR)
    samples = np.random.default_rng(5).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    samples[30:33] *= 20
    one = Picture(samples, header, "key")

    found = opening.seen(one, (48, 30), "content", steady)

    # Powers of a number differ in their last place with its place in the array: processors do several at once.
    torch.testing.assert_close(found, at(pixels.colour(samples, header, "content"), (48, 30)), rtol=0, atol=1e-6)


# Tells by how many bytes a process has grown at most while it opened the picture, that itself included.
GROWTH = """
import sys
from pathlib import Path
from impasto import pixels
from impasto.engine.pulse import steady
from impasto.image import ImageHeader, PixelFormat
from impasto.worker import opening
from impasto.worker.studio import Picture

def told(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

def look(width, height):
    header, size = ImageHeader(width, height, PixelFormat.RGBA), (512, 341)
    one = Picture(pixels.open_samples(Path(sys.argv[1]), header), header, "key")
    opening.seen(one, size, "content", steady)
    assert not opening.selects_nothing(one, None)
    assert opening.cover(one, size) is not None

look(1024, 682)  # what comes with the first use of anything
Path("/proc/self/clear_refs").write_text("5")
before = told("VmRSS")
look(6000, 4000)
sys.stdout.write(str(told("VmHWM") - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells how much memory a process had")
def test_a_large_picture_painted_small_is_never_whole_in_floats(tmp_path: Path) -> None:
    """24 megapixels with alpha: 96 MB as they lie on the disk, and 384 MB for one copy in floats."""
    path = tmp_path / "samples"
    with path.open("wb") as file:
        for first in range(0, 4000, 100):
            rows = np.random.default_rng(first).integers(0, 255, (100, 6000, 4), dtype=np.uint8)
            rows[..., -1] = 255
            file.write(rows.tobytes())

    done = subprocess.run([sys.executable, "-c", GROWTH, str(path)], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 384 * MIB  # 222 to 256 were measured, 92 of them the mapped file
