"""The codec's laws: an accepted file becomes the right raw samples, any other one a refusal that leaves nothing."""

import asyncio
import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from impasto import codec
from impasto.decoding import deep
from impasto.errors import EngineFault, InvalidRequest
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer

PACKAGE_ROOT = Path(codec.__file__).parents[2]
CHILD = Path(codec.__file__).with_name("__main__.py")
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and signals are POSIX's")

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


async def decoded(folder: Path, data: bytes, max_pixels: int = 10_000) -> tuple[ImageHeader, bytes]:
    source, destination = folder / "upload", folder / "raw"
    source.write_bytes(data)
    header = await codec.decode(source, destination, max_pixels=max_pixels, field="content.file")
    return header, destination.read_bytes()


async def refusal(folder: Path, data: bytes, max_pixels: int = 10_000) -> tuple[str, str]:
    """The reason and message of a refusal, which every time names the field, hides the path and leaves nothing."""
    with pytest.raises(InvalidRequest) as caught:
        await decoded(folder, data, max_pixels)
    (violation,) = caught.value.violations
    assert violation.field == "content.file"
    assert str(folder) not in violation.description
    assert os.listdir(folder) == ["upload"]  # noqa: PTH208  # pathlib's way is refused in async functions
    return violation.reason, violation.description


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, raw: bytes, *, bits: int = 8, colour: int = 2, extra: bytes = b"") -> bytes:
    """A PNG file by hand, as truthful as its arguments; `raw` has a filter byte before each row."""
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def tiff(pages: Sequence[dict[int, Sequence[int]]], samples: bytes, order: str = "<") -> bytes:
    """A TIFF file by hand: every value a LONG, all pages showing the same `samples`, which come last."""
    at, out = 8, (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    end = 8 + sum(6 + 12 * (len(page) + 1) + sum(4 * len(v) for v in page.values() if len(v) > 1) for page in pages)
    for number, page in enumerate(pages):
        entries = sorted({**page, 273: (end,)}.items())
        at += 2 + 12 * len(entries) + 4
        out += struct.pack(f"{order}H", len(entries))
        beyond = b""
        for tag, values in entries:
            place = values[0] if len(values) == 1 else at + len(beyond)
            beyond += struct.pack(f"{order}{len(values)}I", *values) if len(values) > 1 else b""
            out += struct.pack(f"{order}HHII", tag, 4, len(values), place)
        at += len(beyond)
        out += struct.pack(f"{order}I", at if number + 1 < len(pages) else 0) + beyond
    return out + samples


def tags(width: int, height: int, *bits: int, photometric: int = 2) -> dict[int, Sequence[int]]:
    strip = width * height * sum(bits) // 8
    return {256: (width,), 257: (height,), 258: bits, 259: (1,), 262: (photometric,), 277: (len(bits),), 279: (strip,)}


def icc(space: bytes) -> bytes:
    """Nothing but the header of a colour profile."""
    return struct.pack(">I", 132) + bytes(12) + space + bytes(16) + b"acsp" + bytes(92)


def inky_icc() -> bytes:
    """A CMYK profile by hand, of a press whose cyan is red."""
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    white, red, black = bytes([255, 128, 128]), bytes([136, 208, 195]), bytes([0, 128, 128])  # L*a*b* in 8 bits
    inks = (white + black) * 4 + (red + black) * 4  # every corner of C, M, Y, K; K runs fastest
    curve = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + curve * 4 + inks + curve * 3
    head = struct.pack(">I4sI4s4s4s", 144 + len(table), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def gradient(mode: str = "RGB", size: tuple[int, int] = (7, 5)) -> Image.Image:
    channels = [Image.linear_gradient("L").resize(size).rotate(90 * i) for i in range(len(mode))]
    return Image.merge(mode, channels) if len(channels) > 1 else channels[0]


# What is accepted, and as what


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
async def test_a_lossless_file_gives_its_very_samples(tmp_path: Path, kind: str, options: dict[str, object]) -> None:
    """PNG, lossless WebP and TIFF come out as the bytes that went in."""
    image = gradient()

    header, samples = await decoded(tmp_path, encoded(image, kind, **options))

    assert header == ImageHeader(7, 5, PixelFormat.RGB)
    assert samples == image.tobytes()


async def test_a_jpeg_gives_what_pillow_sees(tmp_path: Path) -> None:
    """A JPEG comes out as rgb of u8, near what went in."""
    data = encoded(gradient(), "JPEG", quality=95)

    header, samples = await decoded(tmp_path, data)

    assert header == ImageHeader(7, 5, PixelFormat.RGB)
    assert samples == Image.open(io.BytesIO(data)).tobytes()


async def test_a_picture_of_several_bands_is_written_whole(tmp_path: Path) -> None:
    """A picture beyond one writing band keeps all its rows, in their order."""
    image = gradient("L", (1100, 1000))

    _, samples = await decoded(tmp_path, encoded(image, "PNG"), max_pixels=1_100_000)

    assert samples == image.tobytes()


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("PNG", "L", PixelFormat.GRAY),
        ("PNG", "1", PixelFormat.GRAY),
        ("PNG", "LA", PixelFormat.GRAY_ALPHA),
        ("PNG", "RGBA", PixelFormat.RGBA),
        ("PNG", "P", PixelFormat.RGB),
        ("JPEG", "L", PixelFormat.GRAY),
        ("JPEG", "CMYK", PixelFormat.RGB),
        ("WEBP", "RGBA", PixelFormat.RGBA),
        ("TIFF", "LA", PixelFormat.GRAY_ALPHA),
        ("TIFF", "PA", PixelFormat.RGBA),
        ("TIFF", "CMYK", PixelFormat.RGB),
        ("TIFF", "LAB", PixelFormat.RGB),
    ],
)
async def test_every_mode_becomes_one_of_four(tmp_path: Path, kind: str, mode: str, expected: PixelFormat) -> None:
    """Whatever kind of pixel a file has, it is stored as gray, gray_alpha, rgb or rgba of u8."""
    header, samples = await decoded(tmp_path, encoded(Image.new(mode, (6, 4)), kind))

    assert header == ImageHeader(6, 4, expected)
    assert len(samples) == header.size_bytes


async def test_a_palette_with_transparency_becomes_rgba(tmp_path: Path) -> None:
    """A palette's transparent entry becomes alpha 0, the others stay opaque in their colours."""
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])

    header, samples = await decoded(tmp_path, encoded(image, "PNG", transparency=0))

    assert header.pixel_format is PixelFormat.RGBA
    assert samples == bytes([10, 20, 30, 0, 40, 50, 60, 255])


@pytest.mark.parametrize(("bits", "row"), [(1, 0b01000000), (2, 0b00110000), (4, 0b00001111)])
async def test_a_transparent_gray_of_few_bits_stays_transparent(tmp_path: Path, bits: int, row: int) -> None:
    """Gray of 1, 2 or 4 bits with a transparent value is widened, that value with it."""
    transparent = chunk(b"tRNS", struct.pack(">H", (1 << bits) - 1))

    header, samples = await decoded(tmp_path, png(2, 1, bytes([0, row]), bits=bits, colour=0, extra=transparent))

    assert header.pixel_format is PixelFormat.GRAY_ALPHA
    assert samples == bytes([0, 255, 255, 0])


async def test_a_phones_jpeg_with_extras_is_its_first_picture(tmp_path: Path) -> None:
    """An MPO file is one photograph, whatever else it carries."""
    data = encoded(Image.new("RGB", (8, 8), "red"), "MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))])

    header, samples = await decoded(tmp_path, data)

    assert (header.width, header.height) == (8, 8)
    assert samples[0] > 200


async def test_a_tiff_with_a_thumbnail_is_its_first_page(tmp_path: Path) -> None:
    """A smaller copy, marked as one, is no second page."""
    data = tiff([tags(2, 1, 8, 8, 8), {**tags(1, 1, 8, 8, 8), 254: (1,)}], b"abcdef")

    header, samples = await decoded(tmp_path, data)

    assert header == ImageHeader(2, 1, PixelFormat.RGB)
    assert samples == b"abcdef"


# Depth


async def test_gray_of_16_bits_in_png_keeps_them(tmp_path: Path) -> None:
    """A 16-bit gray PNG, big-endian in the file, is stored as u16, little-endian."""
    header, samples = await decoded(tmp_path, png(2, 1, b"\0\x01\x02\xfe\xff", bits=16, colour=0))

    assert header == ImageHeader(2, 1, PixelFormat.GRAY, SampleType.U16)
    assert samples == b"\x02\x01\xff\xfe"


@pytest.mark.parametrize("order", ["<", ">"])
async def test_gray_of_16_bits_in_tiff_keeps_them(tmp_path: Path, order: str) -> None:
    """A 16-bit gray TIFF of either byte order is stored as u16, little-endian."""
    data = tiff([tags(2, 1, 16, photometric=1)], struct.pack(f"{order}2H", 0x0102, 0xFEFF), order)

    header, samples = await decoded(tmp_path, data)

    assert header.sample_type is SampleType.U16
    assert samples == b"\x02\x01\xff\xfe"


@pytest.mark.parametrize(
    ("colour", "pixel_format"), [(2, PixelFormat.RGB), (4, PixelFormat.GRAY_ALPHA), (6, PixelFormat.RGBA)]
)
async def test_a_png_of_16_bits_keeps_them_in_every_format(
    tmp_path: Path, colour: int, pixel_format: PixelFormat
) -> None:
    """Colour and alpha of 16 bits, of which Pillow would keep 8, come out to the last one."""
    values = [0x0102 + 0x1111 * i for i in range(2 * pixel_format.channels)]
    row = b"\0" + struct.pack(f">{len(values)}H", *values)

    header, samples = await decoded(tmp_path, png(2, 1, row, bits=16, colour=colour))

    assert header == ImageHeader(2, 1, pixel_format, SampleType.U16)
    assert samples == struct.pack(f"<{len(values)}H", *values)


async def test_a_png_of_16_bit_gray_with_a_transparent_value_gets_alpha(tmp_path: Path) -> None:
    """The one value that means transparent becomes alpha 0 at the picture's own depth."""
    data = png(2, 1, b"\0\x01\x02\xfe\xff", bits=16, colour=0, extra=chunk(b"tRNS", b"\xfe\xff"))

    header, samples = await decoded(tmp_path, data)

    assert header == ImageHeader(2, 1, PixelFormat.GRAY_ALPHA, SampleType.U16)
    assert samples == struct.pack("<4H", 0x0102, 0xFFFF, 0xFEFF, 0)


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<f2", ">f2", "<f4", ">f4"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)}, {"planarconfig": "separate"}],
    ids=["plain", "deflated", "tiled", "planes"],
)
def test_a_deep_tiff_gives_its_very_samples(tmp_path: Path, dtype: str, channels: int, options: dict[str, Any]) -> None:
    """16 bits and floats, gray and colour, with alpha or not, of either byte order, however they lie in the file."""
    values = np.random.default_rng(channels).random((21, 35, channels)) * (65535 if dtype[1] == "u" else 1)
    samples = values.astype(dtype)
    if options.get("planarconfig") and channels == 1:
        options = {}
    stored = np.moveaxis(samples, -1, 0) if options.get("planarconfig") else samples
    extras: dict[str, Any] = {"extrasamples": ["unassalpha"]} if channels in (2, 4) else {}
    extras |= {"photometric": "rgb" if channels > 2 else "minisblack", "byteorder": dtype[0]}
    tifffile.imwrite(tmp_path / "a.tif", stored, **extras, **options)

    found = deep.read_tiff(tmp_path / "a.tif")

    assert found.pixel_format.channels == channels
    assert found.sample_type.dtype[1:] == dtype[1:]
    np.testing.assert_array_equal(found.samples, samples)


async def test_floats_are_light_unless_a_profile_says_else(tmp_path: Path) -> None:
    """A float TIFF is scene-linear by itself; with a profile it is what the profile says."""
    values = np.full((3, 2, 3), 0.5, np.float32)
    headers = []
    for profile in (b"", SRGB):
        options: dict[str, Any] = {"iccprofile": profile} if profile else {}
        tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", **options)
        headers.append((await decoded(tmp_path, (tmp_path / "a.tif").read_bytes()))[0])

    assert [header.transfer for header in headers] == [Transfer.LINEAR, Transfer.SRGB]
    assert [header.icc_profile for header in headers] == [b"", SRGB]


async def test_associated_alpha_is_told(tmp_path: Path) -> None:
    """A TIFF whose colours were multiplied by alpha keeps its samples, and its header says so."""
    page = tags(1, 1, 16, 16, 16, 16) | {338: (1,)}

    header, samples = await decoded(tmp_path, tiff([page], struct.pack("<4H", 1, 2, 3, 4)))

    assert header == ImageHeader(1, 1, PixelFormat.RGBA, SampleType.U16, premultiplied_alpha=True)
    assert samples == struct.pack("<4H", 1, 2, 3, 4)


async def test_a_channel_that_nobody_named_is_left_out(tmp_path: Path) -> None:
    """An extra sample that is no alpha is no alpha."""
    page = tags(1, 1, 16, 16, 16, 16) | {338: (0,)}

    header, samples = await decoded(tmp_path, tiff([page], struct.pack("<4H", 1, 2, 3, 4)))

    assert header == ImageHeader(1, 1, PixelFormat.RGB, SampleType.U16)
    assert samples == struct.pack("<3H", 1, 2, 3)


async def test_white_may_be_zero(tmp_path: Path) -> None:
    """Gray of 16 bits that counts from white is turned round."""
    header, samples = await decoded(tmp_path, tiff([tags(2, 1, 16, photometric=0)], struct.pack("<2H", 0, 65000)))

    assert header.sample_type is SampleType.U16
    assert samples == struct.pack("<2H", 65535, 535)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
async def test_floats_that_are_no_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    """They are counted before anything is stored."""
    page = tags(2, 1, 32, photometric=1) | {339: (3,)}

    reason, message = await refusal(tmp_path, tiff([page], struct.pack("<2f", bad, 0.5)))

    assert reason == "NOT_FINITE"
    assert "has 1 samples" in message


@pytest.mark.parametrize(
    "page",
    [
        tags(1, 1, 16, photometric=1) | {339: (2,)},
        tags(1, 1, 32, photometric=1),
        tags(1, 1, 64, photometric=1) | {339: (3,)},
        tags(2, 1, 12, photometric=1),
        tags(1, 1, 16, 16, 16, 16, photometric=5),
        tags(1, 1, 16, 16, 16, photometric=8),
        tags(1, 1, 16, photometric=1) | {259: (34712,)},
    ],
    ids=["signed", "u32", "f64", "12 bits", "CMYK", "Lab", "JPEG 2000"],
)
async def test_a_tiff_that_would_be_changed_is_refused(tmp_path: Path, page: dict[int, Sequence[int]]) -> None:
    """What has no equal among our samples is refused, not cut; so are the rarer compressions."""
    assert (await refusal(tmp_path, tiff([page], bytes(16))))[0] == "DEPTH_UNSUPPORTED"


@pytest.mark.parametrize(
    "data",
    [
        tiff([tags(90, 90, 16, 16, 16)], b"abc"),
        tiff([tags(4, 4, 16, 16, 16) | {273: (10_000,)}], b"abc"),
        tiff([tags(4, 4, 16, 16, 16) | {279: (0,)}], bytes(96)),
        tiff([tags(4, 4, 16, 16, 16) | {278: (1,)}], bytes(96)),
        tiff([tags(4, 4, 16, 16, 16) | {259: (8,)}], zlib.compress(bytes(96))[:-9]),
        png(8, 8, bytes(8), bits=16),
        png(8, 8, bytes(8 * 49), bits=16)[:52],
    ],
    ids=["short", "offset", "empty strip", "missing strips", "cut deflate", "short rows", "cut"],
)
async def test_a_deep_header_that_promises_more_than_there_is(tmp_path: Path, data: bytes) -> None:
    """No sample is invented: what is not in the file is refused, at any depth."""
    assert (await refusal(tmp_path, data))[0] == "TRUNCATED"


@pytest.mark.parametrize("data", [png(300, 300, b"", bits=16), tiff([tags(300, 300, 16, 16, 16)], b"")])
async def test_a_deep_claim_of_enormous_size_is_refused_by_its_header(tmp_path: Path, data: bytes) -> None:
    """The limit holds at any depth, before a sample is unpacked."""
    reason, message = await refusal(tmp_path, data)

    assert reason == "TOO_LARGE"
    assert "90000 pixels; at most 10000" in message


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
async def test_a_deep_picture_comes_out_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    """Each orientation turns deep samples as Pillow turns others."""
    stored = np.arange(35, dtype=np.uint16).reshape(5, 7)
    block = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)
    if kind == "PNG":
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in stored)
        data = png(7, 5, rows, bits=16, colour=0, extra=chunk(b"eXIf", block))
    else:
        data = tiff([tags(7, 5, 16, photometric=1) | {274: (orientation,)}], stored.tobytes())

    header, samples = await decoded(tmp_path, data)

    method = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # of Image.Transpose
    image = Image.fromarray(stored.astype(np.int32))
    upright = image if orientation == 1 else image.transpose(Image.Transpose(method[orientation]))
    assert (header.width, header.height) == upright.size
    np.testing.assert_array_equal(
        np.frombuffer(samples, "<u2").reshape(upright.height, upright.width), np.asarray(upright)
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("space", "kept"), [(b"RGB ", True), (b"GRAY", False)])
async def test_a_deep_picture_keeps_a_profile_that_fits(tmp_path: Path, kind: str, space: bytes, kept: bool) -> None:
    """As at 8 bits, a profile of other channels is dropped."""
    if kind == "PNG":
        extra = chunk(b"iCCP", b"x\0\0" + zlib.compress(icc(space)))
        data = png(1, 1, bytes(7), bits=16, extra=extra)
    else:
        tifffile.imwrite(tmp_path / "a", np.zeros((1, 1, 3), np.uint16), photometric="rgb", iccprofile=icc(space))
        data = (tmp_path / "a").read_bytes()

    header, _ = await decoded(tmp_path, data)

    assert header.icc_profile == (icc(space) if kept else b"")


# Orientation and colour


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_comes_out_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    """Each of EXIF's eight orientations shows a photograph as its maker saw it, in each format that keeps samples."""
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera held so has done to the picture
    upright = gradient()
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(inverse[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation

    header, samples = await decoded(tmp_path, encoded(stored, kind, exif=exif, lossless=True))

    assert (header.width, header.height) == upright.size
    assert samples == upright.tobytes()


async def test_a_jpeg_is_turned_too(tmp_path: Path) -> None:
    """A camera's usual file, held on its side, comes out standing."""
    exif = Image.Exif()
    exif[0x0112] = 6

    header, _ = await decoded(tmp_path, encoded(gradient(), "JPEG", exif=exif))

    assert (header.width, header.height) == (5, 7)


async def test_damaged_exif_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """A picture whose EXIF block is rubbish is still a picture."""
    header, _ = await decoded(tmp_path, encoded(gradient(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7frubbish"))

    assert (header.width, header.height) == (7, 5)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
async def test_a_profile_that_fits_is_kept(tmp_path: Path, kind: str) -> None:
    """The ICC profile of an RGB picture arrives byte for byte."""
    header, _ = await decoded(tmp_path, encoded(gradient(), kind, icc_profile=SRGB))

    assert header.icc_profile == SRGB


@pytest.mark.parametrize(
    ("mode", "profile", "kept"),
    [("L", b"GRAY", True), ("L", b"RGB ", False), ("RGB", b"GRAY", False), ("RGBA", b"RGB ", True)],
)
async def test_a_profile_of_another_colour_space_is_dropped(
    tmp_path: Path, mode: str, profile: bytes, kept: bool
) -> None:
    """A profile that does not speak of these channels would only mislead whoever shows them."""
    header, _ = await decoded(tmp_path, encoded(Image.new(mode, (3, 2)), "PNG", icc_profile=icc(profile)))

    assert header.icc_profile == (icc(profile) if kept else b"")


async def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    """Inks become the colours that their profile says, as sRGB, and the profile goes."""
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))

    header, samples = await decoded(tmp_path, encoded(cyan, "JPEG", icc_profile=inky_icc()))

    assert header == ImageHeader(8, 8, PixelFormat.RGB)
    assert samples[0] > 240
    assert max(samples[1], samples[2]) < 60


@pytest.mark.parametrize("profile", [b"", icc(b"CMYK")])
async def test_cmyk_without_a_usable_profile_is_converted_plainly(tmp_path: Path, profile: bytes) -> None:
    """No ink is white, whether the profile is absent or broken."""
    header, samples = await decoded(tmp_path, encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=profile))

    assert header.icc_profile == b""
    assert min(samples) >= 254


async def test_an_enormous_profile_is_refused(tmp_path: Path) -> None:
    """A colour profile beyond the header's limit is refused with both numbers."""
    data = encoded(gradient(), "TIFF", icc_profile=icc(b"RGB ") + bytes(5_000_000))

    reason, message = await refusal(tmp_path, data)

    assert reason == "TOO_LARGE"
    assert "5000132" in message


# What is not a picture, or not a whole one, or not one


@pytest.mark.parametrize(
    "data",
    [b"", b"Dear daemon,\n", b"RIFF\0\0\0\0WAVEfmt ", bytes(5000), encoded(Image.new("L", (2, 2)), "BMP")],
)
async def test_anything_else_is_not_an_image(tmp_path: Path, data: bytes) -> None:
    """Empty files, text, sound, zeros and formats beyond the four are refused by their first bytes."""
    assert (await refusal(tmp_path, data))[0] == "NOT_AN_IMAGE"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("part", [0.002, 0.3, 0.9])
async def test_a_file_that_was_cut_is_refused(tmp_path: Path, kind: str, part: float) -> None:
    """Half an upload is no picture, wherever it was cut."""
    data = encoded(Image.effect_noise((90, 90), 60).convert("RGB"), kind)

    assert (await refusal(tmp_path, data[: max(12, int(len(data) * part))]))[0] == "TRUNCATED"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
async def test_more_than_one_frame_or_page_is_refused(tmp_path: Path, kind: str) -> None:
    """Which of several pictures was meant is not for us to guess."""
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])

    reason, message = await refusal(tmp_path, data)

    assert reason == "ANIMATED"
    assert "1 is allowed" in message


async def test_an_animated_gif_is_not_an_accepted_format(tmp_path: Path) -> None:
    """GIF is none of the four."""
    data = encoded(gradient(), "GIF", save_all=True, append_images=[gradient().rotate(180)])

    assert (await refusal(tmp_path, data))[0] == "NOT_AN_IMAGE"


@pytest.mark.parametrize(
    "data",
    [
        tiff([tags(90, 90, 8, 8, 8)], b"abc"),
        tiff([tags(4, 4, 8, 8, 8) | {273: (10_000,)}], b"abc"),
        png(0, 5, b""),
    ],
)
async def test_a_header_that_promises_more_than_there_is(tmp_path: Path, data: bytes) -> None:
    """Sizes are believed only as far as the samples go."""
    assert (await refusal(tmp_path, data))[0] == "TRUNCATED"


async def test_missing_rows_are_black(tmp_path: Path) -> None:
    """A PNG whose compressed data end, in good order, too early shows zeros, never the memory of the process."""
    header, samples = await decoded(tmp_path, png(8, 80, bytes([0, *[255] * 24])))

    assert len(samples) == header.size_bytes
    assert samples == bytes([255] * 24) + bytes(24 * 79)


# Bombs and limits


def claims(kind: str) -> bytes:
    """A few bytes that claim to be an enormous picture."""
    if kind == "PNG":
        return png(100_000, 100_000, b"")
    if kind == "TIFF":
        return tiff([tags(100_000, 100_000, 8) | {279: (1,), 262: (1,)}], b"abc")
    small = encoded(Image.new("RGB", (8, 8)), kind, **({"lossless": True} if kind == "WEBP" else {}))
    if kind == "JPEG":
        at = small.index(b"\xff\xc0") + 5
        return small[:at] + struct.pack(">HH", 65_000, 65_000) + small[at + 4 :]
    return small[:12] + b"VP8X" + struct.pack("<II", 10, 0) + b"\xfe\x3f\0\xfe\x3f\0" + small[12:]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
async def test_a_claim_of_enormous_size_is_refused_by_its_header(tmp_path: Path, kind: str) -> None:
    """A few bytes that claim gigapixels cost nothing; the refusal says the number had and the number allowed."""
    reason, message = await refusal(tmp_path, claims(kind), max_pixels=1_000_000)

    assert reason == "TOO_LARGE"
    assert "at most 1000000 are allowed" in message
    assert ("4225000000" if kind == "JPEG" else "10000000000") in message


async def test_a_webp_that_claims_enormous_size_is_refused(tmp_path: Path) -> None:
    """WebP's decoder makes room while it opens; by the header or by the limit of memory, nothing comes of it."""
    reason, _ = await refusal(tmp_path, claims("WEBP"), max_pixels=1_000_000)

    assert reason in ("TOO_LARGE", "TRUNCATED", "DECODE_LIMIT")


@pytest.mark.parametrize("max_pixels", [34, 35, 36])
async def test_the_limit_is_exact(tmp_path: Path, max_pixels: int) -> None:
    """35 pixels pass where 35 are allowed, and not where 34 are."""
    data = encoded(gradient(), "PNG")

    if max_pixels < 35:
        assert (await refusal(tmp_path, data, max_pixels))[0] == "TOO_LARGE"
    else:
        assert (await decoded(tmp_path, data, max_pixels))[0].pixels == 35


async def test_a_deflate_bomb_behind_an_honest_header_yields_one_small_picture(tmp_path: Path) -> None:
    """Samples beyond those announced are never unpacked."""
    data = png(16, 16, bytes(200_000_000))

    header, samples = await decoded(tmp_path, data)

    assert len(samples) == header.size_bytes == 16 * 16 * 3


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt"])
async def test_a_deflate_bomb_beside_the_pixels_is_refused(tmp_path: Path, kind: bytes) -> None:
    """A profile or comment that unpacks without end ends the decoding instead."""
    bomb = chunk(kind, b"name\0\0" + zlib.compress(bytes(100_000_000)))

    assert (await refusal(tmp_path, png(1, 1, bytes(4), extra=bomb)))[0] == "TRUNCATED"


@POSIX
@pytest.mark.parametrize(
    ("limit", "attempt", "expected"),
    [
        ("memory", "bytearray(1 << 30)", "MemoryError"),
        ("file size", "with open('out', 'wb') as out: out.write(bytes(161_000))", "OSError"),
        ("core", "print(resource.getrlimit(resource.RLIMIT_CORE))", "(0, 0)"),
        ("processor", "print(resource.getrlimit(resource.RLIMIT_CPU))", "(30, 30)"),
    ],
)
def test_the_child_cannot_take_more_than_its_limits(tmp_path: Path, limit: str, attempt: str, expected: str) -> None:
    """Memory, output, core dumps and processor time are capped in proportion to the pixels allowed."""
    script = f"import resource\nfrom impasto.codec.__main__ import *\nlimit_this_process(10_000)\n{attempt}"
    environment = {"PYTHONPATH": os.pathsep.join([str(PACKAGE_ROOT), *sys.path])}

    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert expected in done.stdout + done.stderr


def test_want_of_memory_lays_no_picture_on_its_side(tmp_path: Path) -> None:
    """The child whose EXIF reader finds no memory says that, not that the picture stands upright; at 16 bits, too."""
    (tmp_path / "a.jpg").write_bytes(encoded(gradient(), "JPEG", exif=b"Exif\0\0rubbish"))
    (tmp_path / "b.png").write_bytes(png(1, 1, bytes(7), bits=16))
    starved = "def starved(*_): raise MemoryError\nImage.Exif.load = starved\n"
    environment = {"PYTHONPATH": os.pathsep.join([str(PACKAGE_ROOT), *sys.path])}
    for name in ("a.jpg", "b.png"):
        script = f"from impasto.codec.__main__ import *\n{starved}main([{name!r}, 'out', '10000'])"
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)

        assert json.loads(done.stdout)["error"]["reason"] == "DECODE_LIMIT", name


# The child's life


def play(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts `script` in the child's place; it finds its destination in sys.argv[2]."""

    def command(source: Path, destination: Path, max_pixels: int) -> list[str]:
        return [sys.executable, "-S", "-c", script, str(source), str(destination), str(max_pixels)]

    monkeypatch.setattr(codec, "_command", command)


SLEEPER = """
import os, sys, time
open(sys.argv[2], "wb").write(b"half a picture")
open(sys.argv[1] + ".pid", "w").write(str(os.getpid()))
os.rename(sys.argv[1] + ".pid", sys.argv[1] + ".started")
time.sleep(600)
"""


def is_gone(pid: int) -> bool:
    """Neither running nor a zombie, which would still answer."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def started(folder: Path) -> int:
    """The sleeper's process id, once it has begun to write."""
    mark = folder / "upload.started"
    while not mark.exists():  # noqa: ASYNC110  # bounded by the test's own time-out
        await asyncio.sleep(0.01)
    return int(mark.read_text())


@POSIX
async def test_a_child_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When its time is over the child is gone, what it wrote too, and the refusal says how long it had."""
    play(monkeypatch, SLEEPER)
    destination = tmp_path / "raw"

    for timeout_s in (0.5, 8.0, 64.0):  # a busy machine may take more than the first to let the child begin
        with pytest.raises(InvalidRequest, match=rf"longer than the {timeout_s:g} s allowed") as caught:
            await codec.decode(tmp_path / "upload", destination, max_pixels=9, field="file", timeout_s=timeout_s)
        if (tmp_path / "upload.started").exists():
            break

    assert caught.value.reason == "DECODE_LIMIT"
    assert is_gone(await started(tmp_path))
    assert not destination.exists()


@POSIX
async def test_a_cancelled_task_kills_its_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cancels an upload leaves no process and no file behind, and sees the cancellation."""
    play(monkeypatch, SLEEPER)
    destination = tmp_path / "raw"
    task = asyncio.create_task(codec.decode(tmp_path / "upload", destination, max_pixels=9, field="file"))
    pid = await started(tmp_path)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert is_gone(pid)
    assert not destination.exists()


@POSIX
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGXCPU, signal.SIGABRT])
async def test_a_child_that_dies_of_a_signal_met_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: signal.Signals
) -> None:
    """The kernel's and the child's own limits are told to the user as such."""
    play(monkeypatch, f"import os; os.kill(os.getpid(), {int(end)})")

    assert (await refusal(tmp_path, b""))[0] == "DECODE_LIMIT"


@pytest.mark.parametrize(
    "script",
    [
        "raise SystemExit(3)",
        "pass",
        "print('{}')",
        "print('Segmentation fault')",
        "print('[' * 100_000)",
        f"print({json.dumps({'header': ImageHeader(2, 2).to_json()})!r})",
        f"print({json.dumps({'header': ImageHeader(2, 2).to_json()})!r}); open(sys.argv[2], 'wb').write(bytes(11))",
    ],
)
async def test_an_answer_that_makes_no_sense_is_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """A failed child, no answer, rubbish, and a header that the written file contradicts are never the user's fault."""
    play(monkeypatch, "import sys; " + script)

    with pytest.raises(EngineFault):
        await decoded(tmp_path, b"")

    assert not (tmp_path / "raw").exists()


@POSIX
async def test_a_child_that_talks_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read than an answer can have."""
    play(monkeypatch, "import sys\nwhile True: sys.stdout.write('x' * 65536)")
    before = time.monotonic()

    with pytest.raises(InvalidRequest):
        await decoded(tmp_path, b"")

    assert time.monotonic() - before < 10


async def test_the_child_gets_none_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and settings of the daemon stay with the daemon."""
    monkeypatch.setenv("IMPASTO_TOKEN", "secret")
    play(monkeypatch, "import os, sys; open(sys.argv[1] + '.names', 'w').write(' '.join(os.environ))")

    with pytest.raises(EngineFault):
        await decoded(tmp_path, b"")

    names = set((tmp_path / "upload.names").read_text().split())
    assert names <= {"PYTHONPATH", "SYSTEMROOT", "LC_CTYPE"}  # the last is the interpreter's own doing


async def test_uploads_are_decoded_side_by_side(tmp_path: Path) -> None:
    """Several decodings at once do not disturb each other."""
    data = encoded(gradient(), "PNG")
    folders = [tmp_path / str(i) for i in range(4)]
    for folder in folders:
        folder.mkdir()

    results = await asyncio.gather(*(decoded(folder, data) for folder in folders))

    assert {samples for _, samples in results} == {gradient().tobytes()}


@pytest.mark.parametrize("data", [encoded(gradient(), "PNG"), b"no picture"])
def test_the_child_by_hand_prints_one_line_of_json(tmp_path: Path, data: bytes) -> None:
    """`python -m impasto.codec` answers with exactly one line and exit 0, whether it decoded or refused."""
    (tmp_path / "upload").write_bytes(data)
    command = [sys.executable, "-m", "impasto.codec", "upload", "raw", "10000"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert len(done.stdout.splitlines()) == 1
    assert set(json.loads(done.stdout)) in ({"header", "orientation_applied"}, {"error"})
    assert done.stderr == ""


def test_parent_and_child_import_little(tmp_path: Path) -> None:
    """The child knows no asyncio, numpy, torch or grpc, so that it starts at once; the parent knows no decoder."""
    environment = {"PYTHONPATH": os.pathsep.join([str(PACKAGE_ROOT), *sys.path])}
    (tmp_path / "upload").write_bytes(encoded(gradient(), "PNG"))

    def imported(*arguments: str) -> set[str]:
        command = [sys.executable, "-S", "-X", "importtime", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines()}

    assert not imported(str(CHILD), "upload", "raw", "10000") & {"asyncio", "numpy", "torch", "grpc"}
    assert not imported("-c", "import impasto.codec") & {"PIL", "numpy", "torch", "grpc"}
