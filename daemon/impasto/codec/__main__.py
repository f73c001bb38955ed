"""The child that decodes one file: ``python -m impasto.codec SOURCE DESTINATION MAX_PIXELS``.

Limits itself first, judges the header before it decodes a pixel, writes packed raw samples to DESTINATION, and prints
exactly one line of JSON: ``{"header": …, "orientation_applied": …}`` or ``{"error": {"reason": …, "message": …, …}}``,
exit 0 in both. Anything else (a signal, a traceback) is for the parent to understand. Knows Pillow and the four
formats; must never import asyncio, torch or grpc, and numpy only with ``deep``, for the files that Pillow would cut, as
starting is most of its time with a small picture. Started by ``impasto.codec.decode`` alone.
"""

import contextlib
import io
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, cast

from PIL import (
    Image,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,  # noqa: F401  # Pillow looks for a format that it has not imported by importing all of them
)

from impasto.decoding import Refused, colour_space, fitting, judge_size, too_large
from impasto.image import MAX_ICC_PROFILE_BYTES, ImageHeader, PixelFormat

try:
    import resource
except ImportError:  # Windows: the parent's clock is the only limit there
    resource = None  # type: ignore[assignment]

# Address space. Measured: 37 MiB before the first picture (120 with numpy), 19 bytes per pixel at worst of 8 bits
# (lossless WebP with alpha); rgba of f32 in one strip takes 16 for the strip, 16 unpacked and 16 in order.
BASE_BYTES = 256 << 20
BYTES_PER_PIXEL = 64
# Processor time: the backstop for a child whose parent was killed, ten times what the slowest decoder needs.
BASE_CPU_S = 30
PIXELS_PER_CPU_S = 1_000_000
OUTPUT_BYTES_PER_PIXEL = 16  # rgba of f32
BAND_PIXELS = 1 << 20  # rows are written in bands, so that no second copy of a large picture is made

MAGIC = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"RIFF": "WEBP", b"II": "TIFF", b"MM": "TIFF"}
UPRIGHT = {  # EXIF orientation: what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION = 0x0112  # the tag's number, in EXIF as in TIFF

PIXEL_FORMATS = {
    "L": PixelFormat.GRAY,
    "LA": PixelFormat.GRAY_ALPHA,
    "RGB": PixelFormat.RGB,
    "RGBA": PixelFormat.RGBA,
}


def main(arguments: Sequence[str]) -> None:
    """Decodes `arguments` = (source, destination, max_pixels) and prints the one line."""
    source, destination, max_pixels = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    limit_this_process(max_pixels)
    answer: dict[str, Any]
    try:
        header, orientation_applied = convert(source, destination, max_pixels)
        answer = {"header": header.to_json(), "orientation_applied": orientation_applied}
    except Refused as refused:
        numbers = {"actual": refused.actual, "limit": refused.limit}
        answer = {"error": {"reason": refused.reason, "message": refused.message} | numbers}
    except MemoryError:
        message = f"needs more memory than a picture of {max_pixels} pixels may take; save it again, or smaller"
        answer = {"error": {"reason": "DECODE_LIMIT", "message": message}}
    sys.stdout.write(json.dumps(answer) + "\n")


def limit_this_process(max_pixels: int) -> None:
    """Caps memory, processor time, file size and core dumps for good, and puts our own limits in Pillow's place."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = (max_pixels + 1) // 2  # Pillow refuses beyond twice its number
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_ICC_PROFILE_BYTES  # Pillow's 1 MiB is less than real CMYK profiles have
    if resource is None:
        return
    for kind, value in (
        (resource.RLIMIT_AS, BASE_BYTES + BYTES_PER_PIXEL * max_pixels),
        (resource.RLIMIT_CPU, BASE_CPU_S + max_pixels // PIXELS_PER_CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES_PER_PIXEL * max_pixels),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows RLIMIT_AS and will not have it set
            resource.setrlimit(kind, (lower, lower))


def convert(source: Path, destination: Path, max_pixels: int) -> tuple[ImageHeader, bool]:
    """Writes the samples of `source` to `destination`; the header, and whether the picture had to be turned.

    Raises:
        Refused: whatever is wrong with `source`.
        OSError: `destination` cannot be written.
    """
    with source.open("rb") as file:
        kind = identify(file)
        with judging(kind, max_pixels):
            if kind == "TIFF" and (tags := judge_tiff(file)):
                judge_size(tags[256], tags[257], max_pixels)
                found = deep().convert_tiff(source, destination, tags.get(ORIENTATION, 1), tags.get(34675, b""))
                return cast("tuple[ImageHeader, bool]", found)
            image = opened(file, kind, max_pixels)
            if kind == "PNG" and png_bits(file) == 16:
                found = deep().convert_png(source, destination, image.info.get("icc_profile", b""))
                return cast("tuple[ImageHeader, bool]", found)
            image, turned = upright(image)
    plain, profile = to_plain(image)
    with destination.open("wb") as out:
        write_samples(plain, out)
    return ImageHeader(*plain.size, PIXEL_FORMATS[plain.mode], icc_profile=profile), turned


def identify(file: BinaryIO) -> str:
    """The format by its first bytes; a file's name means nothing.

    Raises:
        Refused: it is none of the four.
    """
    head = file.read(12)
    for magic, kind in MAGIC.items():
        if head.startswith(magic) and (kind != "WEBP" or head[8:] == b"WEBP"):
            return kind
    had = "is not a PNG, JPEG, WebP or TIFF file" if head else "is empty (0 bytes)"
    raise Refused("NOT_AN_IMAGE", f"{had}; send a picture in one of these four formats, or raw pixels")


@contextlib.contextmanager
def judging(kind: str, max_pixels: int) -> Iterator[None]:
    """Turns whatever a decoder raises into a refusal."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        had = re.search(r"\d+", str(error))
        raise too_large(had[0] if had else "more", max_pixels, int(had[0]) if had else None) from error
    except Exception as error:  # damaged files make decoders raise anything: struct.error, KeyError, SyntaxError, …
        if "out of memory" in str(error):
            raise MemoryError from error
        message = f"is a {kind} file that is cut short, damaged or of a variant that is not known; save it again"
        raise Refused("TRUNCATED", message) from error


def opened(file: BinaryIO, kind: str, max_pixels: int) -> Image.Image:
    """The picture, its header judged, not a pixel decoded yet."""
    image = Image.open(file, formats=[kind])
    if kind == "PNG":
        widen_transparent_gray(image, png_bits(file))
    judge_size(image.width, image.height, max_pixels)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and kind in ("PNG", "WEBP"):  # a phone's JPEG with extras (MPO) is its first picture
        raise Refused("ANIMATED", f"is animated ({frames} frames); 1 is allowed: save one frame")
    return image


def png_bits(file: BinaryIO) -> int:
    """Bits per sample of a PNG file; Pillow reads on from where it was."""
    before = file.tell()
    file.seek(24)
    bits = file.read(1)[0]
    file.seek(before)
    return bits


def widen_transparent_gray(image: Image.Image, bits: int) -> None:
    """Pillow widens 1, 2 and 4-bit gray to 8 bits, but not always the one value of it that means transparent."""
    value = image.info.get("transparency")
    if image.mode in ("1", "L") and bits < 8 and isinstance(value, int) and value < 1 << bits:
        image.info["transparency"] = value * 255 // ((1 << bits) - 1)


def judge_tiff(file: BinaryIO) -> dict[int, Any]:
    """The first page's tags if it is deeper than 8 bits, else nothing.

    Refuses further pages; a smaller copy of the first one is none.
    """
    deep: dict[int, Any] = {}
    for number, tags in enumerate(tiff_directories(file)):
        if number == 0:
            if max(tags.get(258, (1,))) > 8 or set(tags.get(339, (1,))) != {1}:
                deep = dict(tags)
        elif not tags.get(254, 0) & 1:
            raise Refused("ANIMATED", "is a TIFF file with more than 1 page; 1 is allowed: save one page")
    return deep


def tiff_directories(file: BinaryIO) -> Iterator[TiffImagePlugin.ImageFileDirectory_v2]:
    """The tags of each page, also where Pillow does not know the kind of pixel; a ring of pages ends."""
    file.seek(0)
    head = file.read(8)
    if 43 in head[2:4]:  # BigTIFF
        head += file.read(8)
    tags = TiffImagePlugin.ImageFileDirectory_v2(head)
    seen = set()
    while tags.next and tags.next not in seen:
        seen.add(tags.next)
        file.seek(tags.next)
        tags.load(file)
        yield tags


def deep() -> ModuleType:
    """The part for what Pillow would cut; without threads, whose memory would count against the limit."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    logging.disable()  # tifffile tells its doubts to the log
    from impasto.decoding import deep  # noqa: PLC0415  # numpy, a fifth of a second

    return deep


def upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """The decoded picture as its EXIF orientation wants it shown, and whether it had to be turned."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        turned = image.tag_v2.get(ORIENTATION) in UPRIGHT
        image.load()  # Pillow turns a TIFF by itself
        return image, turned
    image.load()
    method = UPRIGHT.get(exif_orientation(image))
    return (image, False) if method is None else (image.transpose(method), True)


def exif_orientation(image: Image.Image) -> int:
    """1 to 8; 1 where nothing readable is said."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except MemoryError:  # says nothing about the file, which would be painted lying on its side
        raise
    except Exception:  # a damaged EXIF block makes Pillow raise anything, and is no reason to refuse the picture
        return 1


def to_plain(image: Image.Image) -> tuple[Image.Image, bytes]:
    """The picture in one of the modes that `PIXEL_FORMATS` knows, and its colour profile where that still holds."""
    profile: bytes = image.info.get("icc_profile") or b""
    if image.mode == "CMYK":
        fitting(profile, gray=False)
        return cmyk_to_rgb(image, profile), b""
    gray, alpha = image.mode in ("1", "L", "LA", "La"), image.has_transparency_data
    mode = ("LA" if alpha else "L") if gray else ("RGBA" if alpha else "RGB")
    return image if image.mode == mode else image.convert(mode), fitting(profile, gray=gray)


def cmyk_to_rgb(image: Image.Image, profile: bytes) -> Image.Image:
    """To sRGB through the picture's own profile, or by plain arithmetic where it has none that works."""
    if colour_space(profile) == b"CMYK":
        from PIL import ImageCms  # noqa: PLC0415  # the colour engine is for the few that need it

        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
            transform = ImageCms.buildTransform(own, srgb, "CMYK", "RGB", intent, flags)
            return image.point(transform)
    return image.convert("RGB")


def write_samples(image: Image.Image, out: BinaryIO) -> None:
    """Writes rows from the top, packed, little-endian."""
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        out.write(image.crop((0, top, image.width, min(top + rows, image.height))).tobytes())


if __name__ == "__main__":
    main(sys.argv[1:])
