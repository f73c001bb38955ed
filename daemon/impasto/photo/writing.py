"""A result becomes a file, whole or not at all, at its own depth, with what the source said about itself.

Knows Pillow's writers, EXIF, and where a temporary file belongs; what Pillow would cut goes to ``deep``, imported only
then as it brings numpy. The face of this folder calls it.
"""

import contextlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from impasto.errors import CannotServe
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.photo.formats import DESTINATION, FORMATS, check_depth, refused
from impasto.photo.reading import Metadata

_MAX_SIDE = {"JPEG": 65_500, "WEBP": 16_383}  # px; libjpeg's own limit, and WebP's 14 bits
_MAX_JPEG_EXIF_BYTES = 65_533  # one segment less its length

_ENCODING: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_deflate"},
}
_MODES = {PixelFormat.GRAY: "L", PixelFormat.GRAY_ALPHA: "LA", PixelFormat.RGB: "RGB", PixelFormat.RGBA: "RGBA"}


def check_destination(path: Path, sample_type: SampleType = SampleType.U8) -> None:
    """Refuses a place where `save` could not write samples of that type, before any work is done for it.

    Raises:
        InvalidRequest: by reason: EXTENSION_UNKNOWN, NOT_A_FILE, FOLDER_MISSING, NO_PERMISSION.
        Unsupported: the format would cut the samples (FORMAT_UNSUPPORTED).
    """
    if path.suffix.lower() not in FORMATS:
        had = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise refused(DESTINATION, f"{had}; one of {' '.join(FORMATS)} is allowed", "EXTENSION_UNKNOWN")
    if path.is_dir():
        raise refused(DESTINATION, "is a folder; give the name of a file", "NOT_A_FILE")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise refused(DESTINATION, "is in a folder that does not exist; make it first", "FOLDER_MISSING")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise refused(DESTINATION, "is in a folder that you may not write to; choose another", "NO_PERMISSION")
    check_depth(FORMATS[path.suffix.lower()], sample_type)


def save(
    path: Path,
    header: ImageHeader,
    samples: bytes,
    metadata: Metadata | None,
    sample_type: SampleType | None = None,
) -> None:
    """Writes a picture to `path`, in the format its ending says, all of it or nothing.

    The colour profile is the header's (linear samples get one that says so, where the format does not imply it); EXIF
    and resolution are the metadata's, as far as the format can hold them. JPEG (quality 95, 4:4:4) has no alpha, which
    is flattened over white. What `path` held before stays until the new file is complete.

    Args:
        path: of the new file.
        header: of the samples.
        samples: packed.
        metadata: of the source, if any.
        sample_type: converts to this one; light brighter than white becomes white in integers.

    Raises:
        InvalidRequest: `path` as in `check_destination`, or the picture's kind or size cannot be written so.
        CannotServe: the disk refused (CANNOT_WRITE).
    """
    check_destination(path, sample_type or header.sample_type)
    kind = FORMATS[path.suffix.lower()]
    _check(header, samples, kind)
    header, samples = _plain(header, samples, kind, sample_type or header.sample_type)
    try:
        with _replacing(path.resolve()) as file:
            _write(file, kind, header, samples, metadata)
    except OSError as error:
        reason = error.strerror or "the disk gave no reason"
        raise CannotServe(f"the picture could not be written: {reason}", reason="CANNOT_WRITE") from error


def _check(header: ImageHeader, samples: bytes, kind: str) -> None:
    if len(samples) != header.size_bytes:
        had = f"{len(samples)} bytes of samples came; the header announces {header.size_bytes}"
        raise refused(DESTINATION, had, "SIZE_MISMATCH")
    if (side := max(header.width, header.height)) > (allowed := _MAX_SIDE.get(kind, side)):
        message = f"a side of {side} px does not fit {kind}; at most {allowed} px do: use .png or .tif"
        raise refused(DESTINATION, message, "TOO_LARGE")


def _plain(header: ImageHeader, samples: bytes, kind: str, sample_type: SampleType) -> tuple[ImageHeader, bytes]:
    """The same picture as a file of `kind` can say it: in that type, its curve in its profile."""
    if header.sample_type is sample_type is SampleType.U8 and header.transfer is Transfer.SRGB:
        return header, samples
    from impasto.photo import deep  # noqa: PLC0415  # numpy

    return deep.plain(header, samples, sample_type, straight=kind != "TIFF")


def _write(file: BinaryIO, kind: str, header: ImageHeader, samples: bytes, metadata: Metadata | None) -> None:
    options = _options(kind, header, metadata)
    if header.sample_type is SampleType.U8:
        _picture(header, samples, kind).save(file, kind, **options)
        return
    from impasto.photo import deep  # noqa: PLC0415  # numpy

    write = deep.write_png if kind == "PNG" else deep.write_tiff
    write(file, header, samples, options.get("dpi"), options.get("exif", b""))


def encode_png(header: ImageHeader, samples: bytes) -> bytes:
    """A preview as a PNG file of 8 bits in memory, its profile embedded, quick rather than small.

    Raises:
        InvalidRequest: as in `save`.
    """
    out = io.BytesIO()
    _check(header, samples, "PNG")
    header, samples = _plain(header, samples, "PNG", SampleType.U8)
    _picture(header, samples, "PNG").save(out, "PNG", compress_level=1, icc_profile=header.icc_profile or None)
    return out.getvalue()


def _picture(header: ImageHeader, samples: bytes, kind: str) -> Image.Image:
    """Samples of 8 bits as Pillow wants them for a file of `kind`."""
    mode = _MODES[header.pixel_format]
    stored = mode[:-1] + "a" if header.premultiplied_alpha else mode  # LA and La, RGBA and RGBa
    image = Image.frombytes(stored, (header.width, header.height), samples)
    if header.premultiplied_alpha:
        image = image.convert(mode)
    return _flattened(image) if kind == "JPEG" and header.pixel_format.has_alpha else image


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
