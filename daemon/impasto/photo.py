"""The user's picture files at the edge: what a file says about itself, and the result written beside it.

Knows the four formats (PNG, JPEG, WebP, TIFF), EXIF, resolution and where a temporary file belongs; reads headers only
and never decodes a pixel, as uploads are decoded by the daemon (``impasto.codec``). Must never import torch, numpy or
grpc. Called by the command line and the Python client, on files that the user named: nothing here runs in the daemon.
"""

import contextlib
import io
import math
import os
import secrets
import shutil
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin

from impasto.errors import CannotServe, InvalidRequest, Unsupported, Violation
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
_DESTINATION = "destination"  # the field that refusals of a result's file name

_MAX_SIDE = {"JPEG": 65_500, "WEBP": 16_383}  # px; libjpeg's own limit, and WebP's 14 bits
_MAX_DPI = 65_535  # what JPEG's two bytes hold
_MAX_JPEG_EXIF_BYTES = 65_533  # one segment less its length

# TIFF tags that describe how one file is built, not what it shows: wrong in any other file, if not fatal.
_STRUCTURAL = frozenset({*range(254, 267), 273, *range(277, 282), 284, 301, *range(317, 348), *range(512, 533)}) | {
    34377,  # Photoshop's resources, a thumbnail of the old picture among them
    34675,  # the profile, which travels on its own
}

_ENCODING: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_deflate"},
}
_MODES = {PixelFormat.GRAY: "L", PixelFormat.GRAY_ALPHA: "LA", PixelFormat.RGB: "RGB", PixelFormat.RGBA: "RGBA"}


@dataclass(frozen=True)
class Metadata:
    """What a picture file says about itself, besides its pixels.

    Attributes:
        width: px, as seen upright after EXIF orientation.
        height: px, likewise.
        exif: an EXIF block whose orientation is 1, without the camera's thumbnail; empty when there is none.
        dpi: pixels per inch along the upright width and height, or None.
        icc_profile: as embedded, whatever its colour space; empty when there is none.
    """

    width: int
    height: int
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    icc_profile: bytes = b""


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
        raise _refused(field, "there is no such file", "FILE_MISSING") from None
    except OSError as error:
        if path.is_dir():  # asked only now, as Windows calls it a permission that is lacking
            raise _refused(field, "is a folder, not a picture file", "NOT_A_FILE") from None
        if isinstance(error, PermissionError):
            raise _refused(field, "is not readable for you: its permissions forbid it", "NO_PERMISSION") from None
        raise _refused(field, f"cannot be read: {error.strerror}", "UNREADABLE") from None


def _read_header(file: BinaryIO, field: str) -> Metadata:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd tags; the daemon judges both
            with Image.open(file, formats=sorted(set(FORMATS.values()))) as image:
                return _metadata(image, file)
    except Image.DecompressionBombError:
        allowed = f"at most {2 * (Image.MAX_IMAGE_PIXELS or 0)} pixels are allowed"
        raise _refused(field, f"is too large: {allowed}; make it smaller", "TOO_LARGE") from None
    except Exception as error:  # damaged headers make Pillow raise anything
        what = "is not a PNG, JPEG, WebP or TIFF picture, or is damaged at its beginning"
        raise _refused(field, what, "NOT_AN_IMAGE") from error


def _metadata(image: Image.Image, file: BinaryIO) -> Metadata:
    exif = _read_exif(image, file)
    (width, height), dpi = image.size, _read_dpi(image, exif)
    if exif.get(ExifTags.Base.Orientation) in (5, 6, 7, 8):  # turned by a quarter
        dpi = dpi and (dpi[1], dpi[0])
        if not isinstance(image, TiffImagePlugin.TiffImageFile):  # Pillow has a TIFF's size upright already
            width, height = height, width
    return Metadata(width, height, _upright_exif(exif), dpi, image.info.get("icc_profile") or b"")


def _read_exif(image: Image.Image, file: BinaryIO) -> Image.Exif:
    """The file's EXIF, empty where it is damaged beyond reading."""
    if image.format == "PNG" and "exif" not in image.info and (found := _png_exif(file)):
        image.info["exif"] = found
    try:
        return Image.Image.getexif(image)  # PNG's own would decode the picture in search of a late block
    except Exception:  # a damaged block makes Pillow raise anything, and is no reason to refuse the picture
        return Image.Exif()


def _png_exif(file: BinaryIO) -> bytes:
    """The eXIf chunk, which may come after the pixels; empty when there is none."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return file.read(length)
        file.seek(length + 4, os.SEEK_CUR)
    return b""


def _read_dpi(image: Image.Image, exif: Image.Exif) -> tuple[float, float] | None:
    """Pixels per inch of the stored rows and columns: as the format says it, or else (WebP) as EXIF does."""
    exif_dpi = exif.get(ExifTags.Base.XResolution, 0), exif.get(ExifTags.Base.YResolution, 0)
    per_inch = 2.54 if exif.get(ExifTags.Base.ResolutionUnit) == 3 else 1.0  # 3: it is per cm
    for pair, factor in ((image.info.get("dpi", (0, 0)), 1.0), (exif_dpi, per_inch)):
        with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
            x, y = (float(value) * factor for value in pair)
            if all(math.isfinite(value) and 0 < value <= _MAX_DPI for value in (x, y)):
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
    except Exception:  # as in _read_exif; what cannot be written again is left behind
        return b""


def check_destination(path: Path) -> None:
    """Refuses a place where `save` could not write, before any work is done for it.

    Raises:
        InvalidRequest: by reason: EXTENSION_UNKNOWN, NOT_A_FILE, FOLDER_MISSING, NO_PERMISSION.
    """
    if path.suffix.lower() not in FORMATS:
        had = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise _refused(_DESTINATION, f"{had}; one of {' '.join(FORMATS)} is allowed", "EXTENSION_UNKNOWN")
    if path.is_dir():
        raise _refused(_DESTINATION, "is a folder; give the name of a file", "NOT_A_FILE")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise _refused(_DESTINATION, "is in a folder that does not exist; make it first", "FOLDER_MISSING")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(_DESTINATION, "is in a folder that you may not write to; choose another", "NO_PERMISSION")


def save(path: Path, header: ImageHeader, samples: bytes, metadata: Metadata | None) -> None:
    """Writes a picture to `path`, in the format its ending says, all of it or nothing.

    The colour profile is the header's; EXIF and resolution are the metadata's, as far as the format can hold them.
    JPEG (quality 95, 4:4:4) has no alpha, which is flattened over white. What `path` held before stays until the new
    file is complete.

    Raises:
        InvalidRequest: `path` as in `check_destination`, or the picture's kind or size cannot be written so.
        CannotServe: the disk refused (CANNOT_WRITE).
    """
    check_destination(path)
    kind = FORMATS[path.suffix.lower()]
    image = _picture(header, samples, kind)
    options = _options(kind, header, metadata)
    try:
        with _replacing(path.resolve()) as file:
            image.save(file, kind, **options)
    except OSError as error:
        reason = error.strerror or "the disk gave no reason"
        raise CannotServe(f"the picture could not be written: {reason}", reason="CANNOT_WRITE") from error


def encode_png(header: ImageHeader, samples: bytes) -> bytes:
    """A preview as a PNG file in memory, its profile embedded, quick rather than small.

    Raises:
        InvalidRequest: as in `save`.
    """
    out = io.BytesIO()
    _picture(header, samples, "PNG").save(out, "PNG", compress_level=1, icc_profile=header.icc_profile or None)
    return out.getvalue()


def _picture(header: ImageHeader, samples: bytes, kind: str) -> Image.Image:
    """The samples as Pillow wants them for a file of `kind`, or a refusal."""
    if len(samples) != header.size_bytes:
        had = f"{len(samples)} bytes of samples came; the header announces {header.size_bytes}"
        raise _refused(_DESTINATION, had, "SIZE_MISMATCH")
    if (side := max(header.width, header.height)) > (allowed := _MAX_SIDE.get(kind, side)):
        message = f"a side of {side} px does not fit {kind}; at most {allowed} px do: use .png or .tif"
        raise _refused(_DESTINATION, message, "TOO_LARGE")
    if header.transfer is Transfer.LINEAR:
        raise _unsupported("samples proportional to light cannot be written to a file yet; srgb is allowed")
    mode = _mode(header, kind)
    image = Image.frombytes(mode, (header.width, header.height), samples)
    if header.premultiplied_alpha:
        image = image.convert(_MODES[header.pixel_format])
    return _flattened(image) if kind == "JPEG" and header.pixel_format.has_alpha else image


def _mode(header: ImageHeader, kind: str) -> str:
    """Pillow's name of the kind of pixel, or a refusal where the file would lose depth."""
    if header.sample_type is SampleType.U8:
        mode = _MODES[header.pixel_format]
        return mode[:-1] + "a" if header.premultiplied_alpha else mode  # LA and La, RGBA and RGBa
    if header.sample_type is SampleType.U16 and header.pixel_format is PixelFormat.GRAY and kind in ("PNG", "TIFF"):
        return "I;16"
    had = f"{header.pixel_format.value} of {header.sample_type.value} cannot be written as {kind} yet"
    raise _unsupported(f"{had}; u8 is allowed, and u16 for gray in .png and .tif")


def _flattened(image: Image.Image) -> Image.Image:
    mode = "L" if image.mode == "LA" else "RGB"
    flat = Image.new(mode, image.size, "white")
    flat.paste(image.convert(mode), mask=image.getchannel("A"))
    return flat


def _options(kind: str, header: ImageHeader, metadata: Metadata | None) -> dict[str, Any]:
    """Pillow's arguments for a file of `kind`."""
    options = dict(_ENCODING[kind])
    if header.icc_profile and not (kind == "WEBP" and header.pixel_format.channels < 3):  # WebP turns gray into rgb
        options["icc_profile"] = header.icc_profile
    if metadata is None:
        return options
    if metadata.dpi is not None:
        options["dpi"] = metadata.dpi
    exif = _exif_of_result(header, metadata, kind)
    if exif and not (kind == "JPEG" and len(exif) > _MAX_JPEG_EXIF_BYTES):
        options["exif"] = exif
        # Pillow writes compressed TIFF through libtiff, to which it cannot hand EXIF's inner directories.
        options.pop("compression", None)
    return options


def _exif_of_result(header: ImageHeader, metadata: Metadata, kind: str) -> bytes:
    """The source's EXIF, telling the result's size; and its resolution, where the format has no other place for it."""
    exif = Image.Exif()
    if metadata.exif:
        exif.load(metadata.exif)
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for tag, side in ((ExifTags.Base.ExifImageWidth, header.width), (ExifTags.Base.ExifImageHeight, header.height)):
        if tag in inner:
            inner[tag] = side
    if metadata.dpi is not None and (kind == "WEBP" or ExifTags.Base.XResolution in exif):
        exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = metadata.dpi
        exif[ExifTags.Base.ResolutionUnit] = 2  # inch
    return exif.tobytes() if len(exif) else b""


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its place, and its permissions, if the block ends well; else it vanishes."""
    temporary = path.with_name(f".impasto-{secrets.token_hex(8)}.part")  # in the same folder: renaming is atomic there
    try:
        with temporary.open("x+b") as file:  # not tempfile, which would make the result private to its owner
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _refused(field: str, message: str, reason: str) -> InvalidRequest:
    return InvalidRequest([Violation(field, message, reason)])


def _unsupported(message: str) -> Unsupported:
    return Unsupported([Violation(_DESTINATION, message, "FORMAT_UNSUPPORTED")])
