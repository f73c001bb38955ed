"""What Pillow would cut to 8 bits or not read at all: PNG of 16 bits, TIFF of 16 bits and of floats.

Knows libpng (through imagecodecs), tifffile and arrays of samples. Must not know limits of size: ``codec.__main__``,
which imports this only for a file that needs it, has judged the header before.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image
from tifffile import TiffFile, TiffPage

from impasto import png
from impasto.decoding import Refused, fitting
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer

TYPES = {"uint16": SampleType.U16, "float16": SampleType.F16, "float32": SampleType.F32}
FORMATS = {1: PixelFormat.GRAY, 2: PixelFormat.GRAY_ALPHA, 3: PixelFormat.RGB, 4: PixelFormat.RGBA}
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # TIFF's PhotometricInterpretation
ASSOCIATED, UNASSOCIATED = 1, 2  # TIFF's ExtraSamples: alpha that colours were multiplied by, and any other alpha
# None, LZW, both numbers of Deflate, PackBits, Zstandard: what editors write. The rest of what the libraries know stays
# shut, as each is one more parser that strangers' bytes would reach.
COMPRESSIONS = frozenset({1, 5, 8, 32946, 32773, 50000})
BAND_SAMPLES = 1 << 22


@dataclass(frozen=True)
class Deep:
    """A decoded picture: (H, W, C) samples, maybe a view in any order of bytes or rows."""

    samples: npt.NDArray[Any]
    premultiplied: bool = False

    @property
    def pixel_format(self) -> PixelFormat:
        """By the number of channels."""
        return FORMATS[self.samples.shape[2]]

    @property
    def sample_type(self) -> SampleType:
        """By the type of the array."""
        return TYPES[self.samples.dtype.name]

    def turned(self, orientation: int) -> "Deep":
        """Upright, if this was stored as EXIF's `orientation` says."""
        samples = self.samples
        if orientation in (5, 6, 7, 8):
            samples = samples.swapaxes(0, 1)
        if orientation in (3, 4, 7, 8):
            samples = samples[::-1]
        if orientation in (2, 3, 6, 7):
            samples = samples[:, ::-1]
        return Deep(samples, self.premultiplied)

    def not_finite(self) -> int:
        """How many samples are infinite or no numbers."""
        if self.sample_type is SampleType.U16:
            return 0
        return sum(int((~np.isfinite(band)).sum()) for band in self._bands())

    def write(self, path: Path) -> None:
        """Packed, little-endian, rows from the top."""
        with path.open("wb") as out:
            for band in self._bands():
                out.write(np.ascontiguousarray(band, self.sample_type.dtype).data)

    def _bands(self) -> list[npt.NDArray[Any]]:
        rows = max(1, BAND_SAMPLES // (self.samples.shape[1] * self.samples.shape[2]))
        return [self.samples[top : top + rows] for top in range(0, self.samples.shape[0], rows)]


Converted = tuple[ImageHeader, bool]


def convert_png(source: Path, destination: Path, profile: bytes) -> Converted:
    """Writes the samples of a PNG of 16 bits; the header, and whether the picture had to be turned."""
    exif = Image.Exif()
    try:
        with source.open("rb") as file:
            exif.load(b"Exif\0\0" + png.find(file, b"eXIf"))
    except MemoryError:  # as in ``codec.__main__``
        raise
    except Exception:  # noqa: S110  # a damaged block makes Pillow raise anything
        pass
    return _converted(read_png(source), destination, exif.get(ExifTags.Base.Orientation, 1), profile)


def convert_tiff(source: Path, destination: Path, orientation: int, profile: bytes) -> Converted:
    """The same for a TIFF of 16 bits or floats."""
    return _converted(read_tiff(source), destination, orientation, profile)


def _converted(found: Deep, destination: Path, orientation: int, profile: bytes) -> Converted:
    found = found.turned(orientation)
    if bad := found.not_finite():
        raise Refused("NOT_FINITE", f"has {bad} samples that are infinite or not numbers; none are allowed")
    profile = fitting(profile, gray=found.pixel_format in (PixelFormat.GRAY, PixelFormat.GRAY_ALPHA))
    # Floats without a profile are scene-linear, as renderers and programs that merge exposures write them.
    linear = found.sample_type is not SampleType.U16 and not profile
    height, width, _ = found.samples.shape
    found.write(destination)
    return ImageHeader(
        width,
        height,
        found.pixel_format,
        found.sample_type,
        Transfer.LINEAR if linear else Transfer.SRGB,
        found.premultiplied,
        profile,
    ), orientation in range(2, 9)


def read_png(path: Path) -> Deep:
    """The samples of a PNG of 16 bits; a transparent colour becomes alpha.

    Raises:
        Exception: whatever libpng finds, a wrong checksum included.
    """
    samples = imagecodecs.png_decode(path.read_bytes())
    return Deep(samples[..., None] if samples.ndim == 2 else samples)


def read_tiff(path: Path) -> Deep:
    """The samples of a TIFF's first page.

    Raises:
        Refused: they would be changed, or are no gray and no RGB.
        ValueError: the file ends before they do.
    """
    with TiffFile(path) as file:
        page = file.pages.first
        assert isinstance(page, TiffPage)
        _judge(page, path.stat().st_size)
        planes = page.asarray(squeeze=False, maxworkers=1)[:, 0]  # (planes, H, W, samples), one of the two being 1
    samples = planes[0] if planes.shape[0] == 1 else np.moveaxis(planes[..., 0], 0, -1)
    if page.photometric == WHITE_IS_ZERO:
        samples = np.iinfo(samples.dtype).max - samples
    colours = 3 if page.photometric == RGB else 1
    alpha = next((i for i, kind in enumerate(page.extrasamples) if kind in (ASSOCIATED, UNASSOCIATED)), None)
    channels = [*range(colours), *([] if alpha is None else [colours + alpha])]
    if len(channels) < samples.shape[2]:  # what is left, nobody has named
        samples = samples[..., channels]
    return Deep(samples, alpha is not None and page.extrasamples[alpha] == ASSOCIATED)


def _judge(page: TiffPage, file_bytes: int) -> None:
    kind = "no known kind" if page.dtype is None else page.dtype.name
    if kind not in TYPES or page.bitspersample != TYPES[kind].size_bytes * 8:
        raise _too_deep(f"{page.bitspersample} bits per channel ({kind})")
    if page.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) or (page.photometric == 0 and kind != "uint16"):
        raise _too_deep(f"{page.bitspersample} bits per channel and neither gray nor RGB")
    if page.compression not in COMPRESSIONS:
        raise _too_deep(f"{page.bitspersample} bits per channel in compression {int(page.compression)}")
    ends = [at + size for at, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    # tifffile takes parts that are not there for black.
    if len(ends) < np.prod(page.chunked) or max(ends) > file_bytes or 0 in page.databytecounts:
        raise ValueError("the file ends before its samples do")
    if page.samplesperpixel != (3 if page.photometric == RGB else 1) + len(page.extrasamples):
        raise ValueError("the channels are not as many as their names")


def _too_deep(had: str) -> Refused:
    allowed = "u8, u16, f16 and f32 in gray or RGB can be read"
    return Refused("DEPTH_UNSUPPORTED", f"is a TIFF file of {had}; {allowed}: convert it to 16 bits or floats")
