"""What a picture file says about itself: size, depth, EXIF, resolution, profile.

Knows Pillow's readers of headers, and TIFF's tags for what Pillow does not open. Never decodes a pixel. The face of
this folder and ``writing`` beside it call it.
"""

import contextlib
import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin

from impasto import png
from impasto.image import SampleType
from impasto.photo.formats import FORMATS, MAX_DPI, refused

# TIFF tags that describe how one file is built, not what it shows: wrong in any other file, if not fatal.
_STRUCTURAL = frozenset({*range(254, 267), 273, *range(277, 282), 284, 301, *range(317, 348), *range(512, 533)}) | {
    34377,  # Photoshop's resources, a thumbnail of the old picture among them
    34675,  # the profile, which travels on its own
}


@dataclass(frozen=True)
class Metadata:
    """What a picture file says about itself, besides its pixels.

    Attributes:
        width: px, as seen upright after EXIF orientation.
        height: px, likewise.
        exif: an EXIF block whose orientation is 1, without the camera's thumbnail; empty when there is none.
        dpi: pixels per inch along the upright width and height, or None.
        icc_profile: as embedded, whatever its colour space; empty when there is none.
        sample_type: what the daemon will make of its samples.
    """

    width: int
    height: int
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    icc_profile: bytes = b""
    sample_type: SampleType = SampleType.U8


def read_metadata(path: Path, *, field: str) -> Metadata:
    """Reads the header of the picture at `path`.

    Args:
        path: a PNG, JPEG, WebP or TIFF file.
        field: what a refusal names.

    Raises:
        InvalidRequest: by reason: FILE_MISSING, NOT_A_FILE, NO_PERMISSION, UNREADABLE, NOT_AN_IMAGE, TOO_LARGE.
    """
    try:
        with path.open("rb") as file:
            return _read_header(file, field)
    except FileNotFoundError:
        raise refused(field, "there is no such file", "FILE_MISSING") from None
    except OSError as error:
        if path.is_dir():  # asked only now, as Windows calls it a permission that is lacking
            raise refused(field, "is a folder, not a picture file", "NOT_A_FILE") from None
        if isinstance(error, PermissionError):
            raise refused(field, "is not readable for you: its permissions forbid it", "NO_PERMISSION") from None
        raise refused(field, f"cannot be read: {error.strerror}", "UNREADABLE") from None


def _read_header(file: BinaryIO, field: str) -> Metadata:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd tags; the daemon judges both
            if (tags := _deep_tags(file)) is not None:
                return _tiff_metadata(tags, file)
            with Image.open(file, formats=sorted(set(FORMATS.values()))) as image:
                return _metadata(image, file)
    except Image.DecompressionBombError:
        allowed = f"at most {2 * (Image.MAX_IMAGE_PIXELS or 0)} pixels are allowed"
        raise refused(field, f"is too large: {allowed}; make it smaller", "TOO_LARGE") from None
    except MemoryError:  # says nothing about the file
        raise
    except Exception as error:  # damaged headers make Pillow raise anything
        what = "is not a PNG, JPEG, WebP or TIFF picture, or is damaged at its beginning"
        raise refused(field, what, "NOT_AN_IMAGE") from error


def _deep_tags(file: BinaryIO) -> TiffImagePlugin.ImageFileDirectory_v2 | None:
    """The tags of a TIFF of more than 8 bits, many of which Pillow does not open; of other files, nothing."""
    head = file.read(16)
    file.seek(0)
    if head[:2] not in (b"II", b"MM"):
        return None
    tags = TiffImagePlugin.ImageFileDirectory_v2(head if 43 in head[2:4] else head[:8])
    file.seek(tags.next)
    tags.load(file)
    file.seek(0)
    return tags if max(tags.get(258, (1,))) > 8 else None


def _tiff_metadata(tags: TiffImagePlugin.ImageFileDirectory_v2, file: BinaryIO) -> Metadata:
    exif = _exif_of_deep(file)
    bits, floats = max(tags[258]), 3 in tags.get(339, (1,))
    kinds = {(16, True): SampleType.F16, (32, True): SampleType.F32}
    found = Metadata(
        tags[256],
        tags[257],
        dpi=_read_dpi((0, 0), exif),
        icc_profile=tags.get(34675, b""),
        sample_type=kinds.get((bits, floats), SampleType.U16),
    )
    return _with_upright_exif(found, exif, turn_size=True)


def _metadata(image: Image.Image, file: BinaryIO) -> Metadata:
    exif = _read_exif(image, file)
    file.seek(24)
    deep = image.format == "PNG" and file.read(1) == b"\x10"
    found = Metadata(
        *image.size,
        dpi=_read_dpi(image.info.get("dpi", (0, 0)), exif),
        icc_profile=image.info.get("icc_profile") or b"",
        sample_type=SampleType.U16 if deep else SampleType.U8,
    )
    # Pillow has a TIFF's size upright already.
    return _with_upright_exif(found, exif, turn_size=not isinstance(image, TiffImagePlugin.TiffImageFile))


def _with_upright_exif(found: Metadata, exif: Image.Exif, *, turn_size: bool) -> Metadata:
    """What was found of the stored picture, as of the upright one."""
    if exif.get(ExifTags.Base.Orientation) in (5, 6, 7, 8):  # turned by a quarter
        found = replace(found, dpi=found.dpi and (found.dpi[1], found.dpi[0]))
        if turn_size:
            found = replace(found, width=found.height, height=found.width)
    return replace(found, exif=_upright_exif(exif))


def _exif_of_deep(file: BinaryIO) -> Image.Exif:
    """Likewise, of a TIFF that Pillow does not open."""
    exif = Image.Exif()
    try:
        exif.load_from_fp(file)
    except MemoryError:
        raise
    except Exception:  # noqa: S110  # as in _read_exif, and what was read before the damage is kept
        pass
    return exif


def _read_exif(image: Image.Image, file: BinaryIO) -> Image.Exif:
    """The file's EXIF, empty where it is damaged beyond reading.

    Want of memory says nothing about the file: a result without its date and place would be a loss that nobody is told.
    """
    if image.format == "PNG" and "exif" not in image.info and (found := png.find(file, b"eXIf")):
        image.info["exif"] = found
    try:
        return Image.Image.getexif(image)  # PNG's own would decode the picture in search of a late block
    except MemoryError:
        raise
    except Exception:  # a damaged block makes Pillow raise anything, and is no reason to refuse the picture
        return Image.Exif()


def _read_dpi(told: Any, exif: Image.Exif) -> tuple[float, float] | None:  # noqa: ANN401  # whatever a file holds
    """Pixels per inch of the stored rows and columns: as the format says it, or else (WebP, deep TIFF) as EXIF does."""
    exif_dpi = exif.get(ExifTags.Base.XResolution, 0), exif.get(ExifTags.Base.YResolution, 0)
    per_inch = 2.54 if exif.get(ExifTags.Base.ResolutionUnit) == 3 else 1.0  # 3: it is per cm
    for pair, factor in ((told, 1.0), (exif_dpi, per_inch)):
        with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
            x, y = (float(value) * factor for value in pair)
            if all(math.isfinite(value) and 0 < value <= MAX_DPI for value in (x, y)):
                return x, y
    return None


def _upright_exif(exif: Image.Exif) -> bytes:
    """The block as a result that stands upright may carry it; Pillow leaves the thumbnail out by itself."""
    for tag in _STRUCTURAL.intersection(exif):
        del exif[tag]
    if not len(exif):
        return b""
    exif[ExifTags.Base.Orientation] = 1
    try:
        return exif.tobytes()
    except MemoryError:
        raise
    except Exception:  # as in _read_exif; what cannot be written again is left behind
        return b""
