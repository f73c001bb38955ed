"""The laws of picture files at the edge: what is read of them is upright, and what is written is whole or not there."""

import errno
import io
import os
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

from impasto import photo
from impasto.errors import CannotServe, InvalidRequest, Unsupported
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.photo import Metadata, reading

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ENDINGS = [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"]
CHANNELS = {"L": PixelFormat.GRAY, "LA": PixelFormat.GRAY_ALPHA, "RGB": PixelFormat.RGB, "RGBA": PixelFormat.RGBA}


def camera_exif(orientation: int = 1) -> Image.Exif:
    """What a camera writes: its make, its resolution, an inner directory, a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Obscura"
    inner, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    inner[ExifTags.Base.ExifImageWidth], inner[ExifTags.Base.ExifImageHeight] = 6, 4
    inner[ExifTags.Base.LensModel] = "Pinhole"
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


def picture(path: Path, **options: Any) -> Path:
    Image.new("RGB", (6, 4), "olive").save(path, **options)
    return path


def header_of(image: Image.Image, **others: Any) -> ImageHeader:
    return ImageHeader(*image.size, CHANNELS[image.mode], **others)


def noise(mode: str = "RGB", size: tuple[int, int] = (6, 4)) -> Image.Image:
    channels = [Image.effect_noise(size, 50 + 10 * i) for i in range(len(mode))]
    return Image.merge(mode, channels) if len(channels) > 1 else channels[0]


def reason_of(act: Callable[[], object]) -> str:
    """The reason of the refusal that `act` must meet; its message never holds a path."""
    with pytest.raises(InvalidRequest) as caught:
        act()
    assert os.sep not in caught.value.message
    return caught.value.reason


# Reading


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_tells_its_size_profile_and_exif(tmp_path: Path, ending: str) -> None:
    """All four formats tell what they hold."""
    path = picture(tmp_path / f"a{ending}", exif=camera_exif().tobytes(), icc_profile=SRGB)

    metadata = photo.read_metadata(path, field="content")

    assert (metadata.width, metadata.height) == (6, 4)
    assert metadata.icc_profile == SRGB
    assert b"Obscura" in metadata.exif
    assert b"Pinhole" in metadata.exif


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_seen_upright_and_orientation_reset(tmp_path: Path, ending: str, orientation: int) -> None:
    """Sizes are those of the picture as it is shown, and the EXIF that is handed on agrees with that."""
    path = picture(tmp_path / f"a{ending}", exif=camera_exif(orientation).tobytes())

    metadata = photo.read_metadata(path, field="content")

    exif = Image.Exif()
    exif.load(metadata.exif)
    assert (metadata.width, metadata.height) == ((6, 4) if orientation < 5 else (4, 6))
    assert exif[ExifTags.Base.Orientation] == 1


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif"])
def test_resolution_turns_with_the_picture(tmp_path: Path, ending: str) -> None:
    """Resolution along the stored rows becomes that along the upright columns."""
    path = picture(tmp_path / f"a{ending}", exif=camera_exif(6).tobytes(), dpi=(300, 150))

    assert photo.read_metadata(path, field="content").dpi == pytest.approx((150, 300), rel=0.001)


@pytest.mark.parametrize("dpi", [(0, 0), (float("inf"), 72)])
def test_a_resolution_that_cannot_be_is_none(dpi: tuple[float, float]) -> None:
    """Zero and infinite resolutions are not handed on."""
    assert reading._read_dpi(dpi, Image.Exif()) is None


def test_a_bare_file_has_no_metadata(tmp_path: Path) -> None:
    """Nothing is invented."""
    assert photo.read_metadata(picture(tmp_path / "a.png"), field="content") == Metadata(6, 4)


def test_exif_after_the_pixels_of_a_png_is_found(tmp_path: Path) -> None:
    """An eXIf chunk counts wherever it stands, and nothing is decoded in search of it."""
    path = picture(tmp_path / "a.png")
    block = camera_exif(6).tobytes()[6:]
    late = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    data = path.read_bytes()
    path.write_bytes(data[:-12] + late + data[-12:])

    metadata = photo.read_metadata(path, field="content")

    assert (metadata.width, metadata.height) == (4, 6)


def test_no_pixel_is_decoded(tmp_path: Path) -> None:
    """The header alone is enough: a file cut within its pixels still tells."""
    path = tmp_path / "a.png"
    noise(size=(90, 90)).save(path)
    path.write_bytes(path.read_bytes()[:200])

    assert photo.read_metadata(path, field="content").width == 90


def test_damaged_exif_does_not_hide_the_picture(tmp_path: Path) -> None:
    """A picture whose EXIF is rubbish has none."""
    path = picture(tmp_path / "a.jpg", exif=b"Exif\0\0rubbish")

    metadata = photo.read_metadata(path, field="content")

    assert (metadata.width, metadata.height, metadata.exif) == (6, 4, b"")


def test_want_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the result would be without its date and place, and nobody would be told."""
    path = picture(tmp_path / "a.jpg", exif=camera_exif().tobytes())
    with monkeypatch.context() as patched:
        patched.setattr(Image.Exif, "load", starved)
        with pytest.raises(MemoryError):
            photo.read_metadata(path, field="content")
    deep = tmp_path / "a.tif"
    tifffile.imwrite(deep, np.zeros((4, 6, 3), np.uint16), photometric="rgb")
    monkeypatch.setattr(Image.Exif, "load_from_fp", starved)
    with pytest.raises(MemoryError):
        photo.read_metadata(deep, field="content")


def starved(*_arguments: object) -> None:
    """What any call does where there is no memory."""
    raise MemoryError


def test_a_chunk_longer_than_its_file_is_none(tmp_path: Path) -> None:
    """A damaged length asks for 4 GiB of memory, which not every machine gives: that is damage, and no want of it."""
    path = picture(tmp_path / "a.png")
    data = path.read_bytes()
    path.write_bytes(data[:-12] + struct.pack(">I4s", 0xFFFFFFFF, b"eXIf") + camera_exif(6).tobytes()[6:])

    tracemalloc.start()
    metadata = photo.read_metadata(path, field="content")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (metadata.width, metadata.height, metadata.exif) == (6, 4, b"")
    assert peak < 64 << 20


def test_a_large_picture_is_read_without_a_warning(tmp_path: Path) -> None:
    """Pillow's warnings of large pictures stay between us and Pillow."""
    path = tmp_path / "a.png"
    Image.new("1", (10_000, 10_000)).save(path)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert photo.read_metadata(path, field="content").width == 10_000


def test_what_is_no_picture_is_refused_by_reason(tmp_path: Path) -> None:
    """Missing files, folders, text, empty files and formats beyond the four are told apart, under the field's name."""
    (tmp_path / "text.png").write_text("Dear painter,")
    (tmp_path / "empty.png").touch()
    picture(tmp_path / "a.gif")
    expected = {
        "missing.png": "FILE_MISSING",
        ".": "NOT_A_FILE",
        "text.png": "NOT_AN_IMAGE",
        "empty.png": "NOT_AN_IMAGE",
        "a.gif": "NOT_AN_IMAGE",
    }

    for name, reason in expected.items():
        assert reason_of(lambda name=name: photo.read_metadata(tmp_path / name, field="style[1]")) == reason  # type: ignore[misc]
    with pytest.raises(InvalidRequest) as caught:
        photo.read_metadata(tmp_path / "missing.png", field="style[1]")
    assert caught.value.violations[0].field == "style[1]"


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lacking permission is said so; as root may read everything, the refusal of the system is played."""

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = picture(tmp_path / "a.png")
    monkeypatch.setattr(Path, "open", denied)

    assert reason_of(lambda: photo.read_metadata(path, field="content")) == "NO_PERMISSION"


# Where a result may go


@pytest.mark.parametrize("ending", [*ENDINGS, ".PNG", ".Jpg"])
def test_the_four_formats_are_destinations(tmp_path: Path, ending: str) -> None:
    """Every usual ending is allowed, in any case."""
    photo.check_destination(tmp_path / f"a{ending}")


@pytest.mark.parametrize("name", ["a", "a.gif", "a.xcf", ".png"])
def test_another_ending_is_refused_with_those_allowed(tmp_path: Path, name: str) -> None:
    """An unknown ending is refused, and the message names the known ones."""
    with pytest.raises(InvalidRequest, match=r"\.png \.jpg \.jpeg \.webp \.tif \.tiff") as caught:
        photo.check_destination(tmp_path / name)

    assert caught.value.reason == "EXTENSION_UNKNOWN"


def test_a_destination_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders, missing folders, files taken for folders and folders that are closed are told apart."""
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()

    assert reason_of(lambda: photo.check_destination(tmp_path / "folder.png")) == "NOT_A_FILE"
    assert reason_of(lambda: photo.check_destination(tmp_path / "missing" / "a.png")) == "FOLDER_MISSING"
    assert reason_of(lambda: photo.check_destination(tmp_path / "file" / "a.png")) == "FOLDER_MISSING"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert reason_of(lambda: photo.check_destination(tmp_path / "a.png")) == "NO_PERMISSION"


# Writing


@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_lossless_file_holds_the_very_samples(tmp_path: Path, ending: str, mode: str) -> None:
    """PNG and TIFF give back each kind of pixel bit for bit, and nothing else is left in the folder."""
    image, path = noise(mode), tmp_path / f"a{ending}"

    photo.save(path, header_of(image), image.tobytes(), None)

    with Image.open(path) as saved:
        assert saved.mode == mode
        assert saved.tobytes() == image.tobytes()
    assert list(tmp_path.iterdir()) == [path]


def test_a_tiff_without_exif_is_deflated(tmp_path: Path) -> None:
    """TIFF is compressed where Pillow can."""
    image = Image.new("RGB", (200, 200))

    photo.save(tmp_path / "a.tif", header_of(image), image.tobytes(), Metadata(200, 200, dpi=(300.0, 300.0)))

    assert (tmp_path / "a.tif").stat().st_size < 5_000


def test_a_jpeg_is_fine_and_keeps_colour_at_full_size(tmp_path: Path) -> None:
    """JPEG is written at quality 95 with 4:4:4 colour."""
    image = noise(size=(64, 64))

    photo.save(tmp_path / "a.jpg", header_of(image), image.tobytes(), None)

    with Image.open(tmp_path / "a.jpg") as saved:
        assert [layer[1:3] for layer in saved.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]
        assert saved.quantization[0][0] <= 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mode", "expected"), [("LA", 255), ("RGBA", (255, 255, 255))])
def test_alpha_is_flattened_over_white_for_jpeg(tmp_path: Path, mode: str, expected: object) -> None:
    """What was transparent is white in a format that knows no alpha; gray stays gray."""
    image = Image.new(mode, (8, 8), 0)

    photo.save(tmp_path / "a.jpg", header_of(image), image.tobytes(), None)

    with Image.open(tmp_path / "a.jpg") as saved:
        assert saved.getpixel((3, 3)) == expected


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_premultiplied_alpha_is_undone(tmp_path: Path, mode: str) -> None:
    """A file holds straight alpha."""
    image = Image.new(mode, (1, 1), tuple([100] * (len(mode) - 1) + [128]))

    photo.save(tmp_path / "a.png", header_of(image, premultiplied_alpha=True), image.tobytes(), None)

    with Image.open(tmp_path / "a.png") as saved:
        assert saved.tobytes() == bytes([199] * (len(mode) - 1) + [128])


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_deep_gray_keeps_its_depth(tmp_path: Path, ending: str) -> None:
    """Gray of u16 is written as 16 bits where the format has them."""
    samples = struct.pack("<2H", 0x0102, 0xFEFF)

    photo.save(tmp_path / f"a{ending}", ImageHeader(2, 1, PixelFormat.GRAY, SampleType.U16), samples, None)

    with Image.open(tmp_path / f"a{ending}") as saved:
        assert [saved.getpixel((x, 0)) for x in (0, 1)] == [0x0102, 0xFEFF]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.jpg", ImageHeader(2, 2, PixelFormat.RGB, SampleType.U16)),
        ("a.jpg", ImageHeader(2, 2, PixelFormat.GRAY, SampleType.U16)),
        ("a.webp", ImageHeader(2, 2, PixelFormat.RGB, SampleType.F32)),
        ("a.png", ImageHeader(2, 2, PixelFormat.GRAY, SampleType.F16)),
    ],
)
def test_what_a_file_would_cut_is_refused(tmp_path: Path, name: str, header: ImageHeader) -> None:
    """Depths that a format does not have are refused before any work, never reduced unasked, and nothing is written."""
    with pytest.raises(Unsupported, match=r"use (\.png or )?\.tif"):
        photo.check_destination(tmp_path / name, header.sample_type)
    with pytest.raises(Unsupported, match="allowed"):
        photo.save(tmp_path / name, header, bytes(header.size_bytes), None)

    assert not any(tmp_path.iterdir())


def test_samples_that_do_not_fit_their_header_are_refused(tmp_path: Path) -> None:
    """A header is not believed beyond its samples."""
    assert reason_of(lambda: photo.save(tmp_path / "a.png", ImageHeader(2, 2), bytes(11), None)) == "SIZE_MISMATCH"


@pytest.mark.parametrize(("name", "side"), [("a.webp", 16_384), ("a.jpg", 65_501)])
def test_a_side_beyond_the_format_is_refused(tmp_path: Path, name: str, side: int) -> None:
    """What WebP or JPEG cannot hold is said with both numbers before encoding."""
    header = ImageHeader(side, 1, PixelFormat.GRAY)

    with pytest.raises(InvalidRequest, match=f"{side} px"):
        photo.save(tmp_path / name, header, bytes(side), None)


# Metadata travels


@pytest.mark.parametrize("source", ENDINGS)
@pytest.mark.parametrize("result", ENDINGS)
def test_metadata_travels_between_all_formats(tmp_path: Path, source: str, result: str) -> None:
    """EXIF, resolution and profile of any source are those of any result, whose own size EXIF tells."""
    exif = camera_exif().tobytes()
    path = picture(tmp_path / f"source{source}", exif=exif, dpi=(300, 150), icc_profile=SRGB)
    before, image = photo.read_metadata(path, field="content"), noise(size=(30, 20))

    photo.save(tmp_path / f"result{result}", header_of(image, icc_profile=before.icc_profile), image.tobytes(), before)

    after = photo.read_metadata(tmp_path / f"result{result}", field="content")
    told = Image.Exif()
    told.load(after.exif)
    inner = told.get_ifd(ExifTags.IFD.Exif)
    assert (after.width, after.height, after.icc_profile) == (30, 20, SRGB)
    assert before.dpi is None or after.dpi == pytest.approx(before.dpi, rel=0.001)
    assert source == ".webp" or before.dpi == pytest.approx((300, 150), rel=0.001)
    assert told[ExifTags.Base.Make] == "Obscura"
    assert told.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert (inner[ExifTags.Base.ExifImageWidth], inner[ExifTags.Base.ExifImageHeight]) == (30, 20)
    assert inner[ExifTags.Base.LensModel] == "Pinhole"


def test_a_tiffs_own_structure_does_not_travel(tmp_path: Path) -> None:
    """How the source was built (strips, compression, samples) is no part of what the result says."""
    path = picture(tmp_path / "a.tif", compression="tiff_lzw", tiffinfo={ExifTags.Base.Make: "Obscura"})

    exif = Image.Exif()
    exif.load(photo.read_metadata(path, field="content").exif)

    assert set(exif) == {ExifTags.Base.Make, ExifTags.Base.Orientation}


def test_the_profile_is_the_headers(tmp_path: Path) -> None:
    """The samples' profile is embedded, not the source file's, which may be of other channels."""
    photo.save(tmp_path / "a.png", ImageHeader(1, 1), bytes(3), Metadata(1, 1, icc_profile=SRGB))

    assert photo.read_metadata(tmp_path / "a.png", field="content").icc_profile == b""


def test_exif_too_long_for_jpeg_is_left_out(tmp_path: Path) -> None:
    """The picture matters more than a block that JPEG cannot hold."""
    exif = camera_exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(70_000)

    photo.save(tmp_path / "a.jpg", ImageHeader(1, 1), bytes(3), Metadata(1, 1, exif=exif.tobytes()))

    assert photo.read_metadata(tmp_path / "a.jpg", field="content").exif == b""


# All of it or nothing


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    """Saving over a file changes what it holds, not who may read it."""
    path = picture(tmp_path / "a.png")
    path.chmod(0o640)

    photo.save(path, ImageHeader(1, 1), bytes(3), None)

    assert photo.read_metadata(path, field="content") == Metadata(1, 1)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Saving through a link writes the file that it points to."""
    (tmp_path / "real.png").touch()
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")

    photo.save(tmp_path / "link.png", ImageHeader(1, 1), bytes(3), None)

    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").stat().st_size > 0


@pytest.mark.parametrize("step", ["encode", "sync", "rename"])
def test_a_file_survives_any_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever fails on the way, the old file is untouched and nothing lies beside it."""
    path = picture(tmp_path / "a.png")
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    owner, name = {"encode": (Image.Image, "save"), "sync": (os, "fsync"), "rename": (Path, "replace")}[step]
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(CannotServe, match=r"No space left on device$") as caught:
        photo.save(path, ImageHeader(1, 1), bytes(3), None)

    assert caught.value.reason == "CANNOT_WRITE"
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while encoding leaves no half file."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        photo.save(tmp_path / "a.png", ImageHeader(1, 1), bytes(3), None)

    assert not any(tmp_path.iterdir())


# Previews


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_preview_is_a_png_of_the_very_samples(mode: str) -> None:
    """A preview holds its samples and its profile."""
    image = noise(mode)

    data = photo.encode_png(header_of(image, icc_profile=SRGB), image.tobytes())

    with Image.open(io.BytesIO(data)) as decoded:
        assert (decoded.format, decoded.mode, decoded.info["icc_profile"]) == ("PNG", mode, SRGB)
        assert decoded.tobytes() == image.tobytes()
