"""Results deeper than 8 bits: what Pillow would cut or cannot write, and the conversion between depths.

Knows libpng (through imagecodecs), TIFF's tags and arrays. tifffile reads for us, but does not write here: it has no
way for EXIF's inner directories, which Pillow's own writer of tags has. ``writing`` imports this where it is needed.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin, TiffTags

from impasto import png, profiles
from impasto.image import ImageHeader, SampleType, Transfer

Dpi = tuple[float, float] | None
FLOATS = (SampleType.F16, SampleType.F32)
WHITE = {SampleType.U8: 255, SampleType.U16: 65535}
MAX_HALF = 65504.0
STRIP_BYTES = 1 << 20
DEFLATE, HORIZONTAL = 8, 2  # TIFF's Compression and Predictor


def plain(header: ImageHeader, samples: bytes, sample_type: SampleType, *, straight: bool) -> tuple[ImageHeader, bytes]:
    """The picture in another type of samples, its curve told by its profile alone.

    Args:
        header: of the samples.
        samples: packed.
        sample_type: to convert to.
        straight: alpha must not be multiplied in, as PNG, JPEG and WebP know none such.
    """
    values = own = np.frombuffer(samples, header.sample_type.dtype).reshape(header.shape)
    if straight and header.premultiplied_alpha:
        values, header = _straight(values, header), replace(header, premultiplied_alpha=False)
    if header.sample_type is not sample_type:
        values, header = _converted(values, header, sample_type)
    header = replace(header, icc_profile=_profile(header), transfer=Transfer.SRGB)
    return header, samples if values is own else values.astype(header.sample_type.dtype, copy=False).tobytes()


def _profile(header: ImageHeader) -> bytes:
    """What a file must hold for its samples to be taken as they are: floats without a profile count as linear."""
    floats, linear = header.sample_type in FLOATS, header.transfer is Transfer.LINEAR
    if not linear and not (floats and not header.icc_profile):
        return header.icc_profile
    if linear and floats and not header.icc_profile:
        return b""
    own = header.icc_profile or _srgb_profile(gray=header.pixel_format.channels < 3)
    return profiles.linearised(own) if linear else own


def _srgb_profile(*, gray: bool) -> bytes:
    if not gray:
        return imagecodecs.cms_profile("srgb")
    value = np.linspace(0, 1, 4096)
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return imagecodecs.cms_profile("gray", transferfunction=np.rint(curve * 65535).astype(np.uint16))


def _straight(values: npt.NDArray[Any], header: ImageHeader) -> npt.NDArray[Any]:
    colours, alpha = values[..., :-1].astype(np.float32), values[..., -1:].astype(np.float32)
    white = WHITE.get(header.sample_type, 1)
    colours = np.divide(colours * white, alpha, out=np.zeros_like(colours), where=alpha > 0)
    return np.concatenate([_stored(colours / white, header.sample_type), values[..., -1:]], -1)


def _converted(
    values: npt.NDArray[Any], header: ImageHeader, sample_type: SampleType
) -> tuple[npt.NDArray[Any], ImageHeader]:
    """Linear samples without a profile get the sRGB curve on their way to integers, which have no levels to waste."""
    light = values.astype(np.float32) / WHITE.get(header.sample_type, 1)
    if header.transfer is Transfer.LINEAR and not header.icc_profile and sample_type not in FLOATS:
        if header.premultiplied_alpha:
            values, header = _straight(values, header), replace(header, premultiplied_alpha=False)
            light = values.astype(np.float32) / WHITE.get(header.sample_type, 1)
        colours = light.shape[2] - header.pixel_format.has_alpha
        light[..., :colours] = _srgb(light[..., :colours])
        header = replace(header, transfer=Transfer.SRGB)
    return _stored(light, sample_type), replace(header, sample_type=sample_type)


def _srgb(light: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """IEC 61966-2-1."""
    light = light.clip(0, 1)
    curved = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, curved).astype(np.float32)


def _stored(values: npt.NDArray[np.floating[Any]], sample_type: SampleType) -> npt.NDArray[Any]:
    if sample_type in WHITE:
        values = np.rint(values.clip(0, 1) * WHITE[sample_type])
    elif sample_type is SampleType.F16:
        values = values.clip(-MAX_HALF, MAX_HALF)
    return values.astype(sample_type.dtype)


def write_png(file: BinaryIO, header: ImageHeader, samples: bytes, dpi: Dpi, exif: bytes) -> None:
    """A PNG of 16 bits."""
    values = np.frombuffer(samples, header.sample_type.dtype).reshape(header.shape)
    chunks = []
    if header.icc_profile:
        chunks.append(png.chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(header.icc_profile)))
    if dpi is not None:
        chunks.append(png.chunk(b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in dpi), 1)))
    if exif:
        chunks.append(png.chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    encoded = imagecodecs.png_encode(np.ascontiguousarray(values), level=6)
    for part in png.with_chunks(bytes(encoded), chunks):
        file.write(part)


def write_tiff(file: BinaryIO, header: ImageHeader, samples: bytes, dpi: Dpi, exif: bytes) -> None:
    """A TIFF of 16 bits or floats, deflated."""
    values = np.frombuffer(samples, header.sample_type.dtype).reshape(header.shape)
    rows = max(1, STRIP_BYTES // (header.width * header.pixel_format.channels * header.sample_type.size_bytes))
    strips = list(_strips(values, rows))
    tags = _tags(header, rows)
    ends = np.cumsum([0, *(len(strip) for strip in strips)]).tolist()
    for tag, numbers in ((273, tuple(ends[:-1])), (279, tuple(len(strip) for strip in strips))):
        tags[tag] = numbers  # offsets are from the end of the tags, which Pillow adds
        tags.tagtype[tag] = TiffTags.LONG
    if dpi is not None:
        tags[282], tags[283], tags[296] = *dpi, 2
    if header.icc_profile:
        tags[34675] = header.icc_profile
    _add_exif(tags, exif)
    tags.save(file)
    file.writelines(strips)


def _tags(header: ImageHeader, rows: int) -> TiffImagePlugin.ImageFileDirectory_v2:
    channels, floats = header.pixel_format.channels, header.sample_type in FLOATS
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    tags[256], tags[257], tags[259], tags[277] = header.width, header.height, DEFLATE, channels
    tags[258] = (header.sample_type.size_bytes * 8,) * channels
    tags[262] = 1 if channels < 3 else 2  # black is zero · RGB
    tags[278], tags[284] = rows, 1  # channels lie together
    tags[317] = 1 if floats else HORIZONTAL
    tags[339] = (3 if floats else 1,) * channels
    if header.pixel_format.has_alpha:
        tags[338] = 1 if header.premultiplied_alpha else 2
    return tags


def _strips(values: npt.NDArray[Any], rows: int) -> Iterator[bytes]:
    for top in range(0, values.shape[0], rows):
        strip = values[top : top + rows]
        if strip.dtype.kind == "u":
            strip = np.concatenate([strip[:, :1], np.diff(strip, axis=1)], 1)  # modulo 65536, as numpy's integers are
        yield zlib.compress(np.ascontiguousarray(strip).data)


def _add_exif(tags: TiffImagePlugin.ImageFileDirectory_v2, block: bytes) -> None:
    """As Pillow does for its own files, inner directories included."""
    if not block:
        return
    exif = Image.Exif()
    exif.load(block)
    names: Iterable[int] = [tag for tag in exif if tag not in tags]
    for tag in names:
        tags[tag] = exif.get_ifd(tag) if tag in TiffTags.TAGS_V2_GROUPS else exif[tag]
