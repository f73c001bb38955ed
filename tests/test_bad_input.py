"""Bad input through the real door: each gets one clear error with the field's name, and nothing is left behind."""

import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import tifffile
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness import Daemon, encoded, inline, picture, raw, request
from impasto.client import Picture
from impasto.errors import InvalidRequest
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, stylize_pb2, stylize_pb2_grpc

Spec = stylize_pb2.StylizeSpec
INVALID = grpc.StatusCode.INVALID_ARGUMENT
UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
NAN, INF = float("nan"), float("inf")


def refusal(error: grpc.RpcError) -> tuple[grpc.StatusCode, dict[str, str], set[str]]:
    """Code, descriptions by field, and reasons."""
    fields: dict[str, str] = {}
    reasons = set()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        bad, told = error_details_pb2.BadRequest(), error_details_pb2.ErrorInfo()
        if detail.Unpack(bad):
            fields |= {v.field: v.description for v in bad.field_violations}
            reasons |= {v.reason for v in bad.field_violations}
        elif detail.Unpack(told):
            reasons.add(told.reason)
    return error.code(), fields, reasons


@pytest.fixture
def untouched(daemon: Daemon) -> Iterator[None]:
    """Asserts that a test leaves neither job nor file behind."""
    with daemon.channel() as channel:
        stub = stylize_pb2_grpc.StylizeServiceStub(channel)
        jobs = len(stub.ListJobs(stylize_pb2.ListJobsRequest(page_size=1000)).jobs)
        blobs = daemon.home.blobs()
        yield
        assert len(stub.ListJobs(stylize_pb2.ListJobsRequest(page_size=1000)).jobs) == jobs
        assert daemon.home.blobs() == blobs


def refused(daemon: Daemon, message: stylize_pb2.StylizeRequest) -> tuple[grpc.StatusCode, dict[str, str], set[str]]:
    """How the daemon refuses a request."""
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as error:
        list(stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(message, timeout=60))
    return refusal(error.value)


def png(width: int, height: int, rows: bytes, bits: int = 8) -> bytes:
    """A PNG that says what it likes of its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def deep_png() -> bytes:
    """A good PNG of 16 bits per channel."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 385), np.uint8)
    noise[:, 0] = 0  # the rows' filters
    return png(64, 64, noise.tobytes(), bits=16)


def with_content(data: bytes) -> Callable[[Spec], None]:
    """Sets the content to a file of these bytes."""

    def change(spec: Spec) -> None:
        spec.content.inline.encoded = data

    return change


def lying(spec: Spec) -> None:
    """A raw header that means more bytes than there are."""
    samples: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = np.zeros((20, 20, 3), np.uint8)
    spec.content.CopyFrom(raw(samples, image_pb2.PIXEL_FORMAT_RGB, image_pb2.SAMPLE_TYPE_U8))
    spec.content.inline.raw.header.width = 21


def over_size(spec: Spec) -> None:
    """A raw header of a hundred billion pixels."""
    lying(spec)
    spec.content.inline.raw.header.width = spec.content.inline.raw.header.height = 2**19


def no_format(spec: Spec) -> None:
    """A raw header without a pixel format and with a sample type that does not exist."""
    lying(spec)
    spec.content.inline.raw.header.pixel_format = image_pb2.PIXEL_FORMAT_UNSPECIFIED
    spec.content.inline.raw.header.sample_type = 77  # type: ignore[assignment]  # that is the point


def unknown_layer(spec: Spec) -> None:
    """A layer that VGG-19 has, but behind the part in use."""
    spec.style_layers.add(layer="fc6", weight=1)


def change(**fields: object) -> Callable[[Spec], None]:
    """Sets plain fields."""

    def apply(spec: Spec) -> None:
        for name, value in fields.items():
            setattr(spec, name, value)

    return apply


def style_of(image_ref: image_pb2.ImageRef) -> Callable[[Spec], None]:
    """Sets the style."""
    return lambda spec: spec.styles[0].image.CopyFrom(image_ref)


def region_of(region: image_pb2.ImageRef) -> Callable[[Spec], None]:
    """Sets where the style applies."""
    return lambda spec: spec.styles[0].mask.CopyFrom(region)


def animated() -> bytes:
    """A GIF-like PNG with two frames."""
    file = io.BytesIO()
    picture(20, 20, 1).save(file, "PNG", save_all=True, append_images=[picture(20, 20, 2)])
    return file.getvalue()


def see_through(width: int = 64, height: int = 48) -> Image.Image:
    """A picture that nobody sees."""
    image = picture(width, height, 1).convert("RGBA")
    image.putalpha(0)
    return image


def hidden_floats() -> image_pb2.ImageRef:
    """Light with an alpha of 0 and below, as floats may have it."""
    samples = np.full((20, 20, 4), 0.5, np.float32)
    samples[..., 3] = np.linspace(-1, 0, 400).reshape(20, 20)
    return raw(samples, image_pb2.PIXEL_FORMAT_RGBA, image_pb2.SAMPLE_TYPE_F32)


CASES: dict[str, tuple[Callable[[Spec], None], grpc.StatusCode, str, str]] = {
    "no content": (lambda s: s.ClearField("content"), INVALID, "spec.content", "PICTURE_MISSING"),
    "no style": (lambda s: s.ClearField("styles"), INVALID, "spec.styles", "STYLE_MISSING"),
    "text as picture": (with_content(b"not a picture at all"), INVALID, "spec.content", "NOT_AN_IMAGE"),
    "empty file": (with_content(b""), INVALID, "spec.content.encoded", "EMPTY"),
    "truncated file": (with_content(encoded(picture(64, 64))[:900]), INVALID, "spec.content", "TRUNCATED"),
    "header bomb": (with_content(png(100_000, 100_000, b"")), INVALID, "spec.content", "TOO_LARGE"),
    "lying PNG": (with_content(png(3000, 3000, b"\0" * 100)), INVALID, "spec.content", "TRUNCATED"),
    "truncated 16 bits": (with_content(deep_png()[:3000]), INVALID, "spec.content", "TRUNCATED"),
    "lying 16 bits": (with_content(png(3000, 3000, b"\0" * 100, bits=16)), INVALID, "spec.content", "TRUNCATED"),
    "16-bit bomb": (with_content(png(100_000, 100_000, b"", bits=16)), INVALID, "spec.content", "TOO_LARGE"),
    "animated file": (with_content(animated()), INVALID, "spec.content", "ANIMATED"),
    "lying raw size": (lying, INVALID, "spec.content.raw", "SIZE_MISMATCH"),
    "raw over the limit": (over_size, INVALID, "spec.content.raw", "TOO_LARGE"),
    "unknown enums": (no_format, INVALID, "spec.content.raw.pixel_format", "UNKNOWN_ENUM"),
    "steps 0": (change(steps=0), INVALID, "spec.steps", "STEPS_OUT_OF_RANGE"),
    "steps huge": (change(steps=4_000_000_000), INVALID, "spec.steps", "STEPS_OUT_OF_RANGE"),
    "size 0": (change(size=0), INVALID, "spec.size", "SIZE_OUT_OF_RANGE"),
    "size huge": (change(size=4_000_000_000), INVALID, "spec.size", "SIZE_OUT_OF_RANGE"),
    "weight NaN": (change(style_weight=NAN), INVALID, "spec.style_weight", "WEIGHT_OUT_OF_RANGE"),
    "weight infinite": (change(content_weight=INF), INVALID, "spec.content_weight", "WEIGHT_OUT_OF_RANGE"),
    "weight negative": (change(style_weight=-1.0), INVALID, "spec.style_weight", "WEIGHT_OUT_OF_RANGE"),
    "tv NaN": (change(total_variation_weight=NAN), INVALID, "spec.total_variation_weight", "WEIGHT_OUT_OF_RANGE"),
    "all weights 0": (change(content_weight=0, style_weight=0), INVALID, "spec.style_weight", "WEIGHTS_ALL_ZERO"),
    "stroke size 0": (change(stroke_size=0.0), INVALID, "spec.stroke_size", "STROKE_SIZE_OUT_OF_RANGE"),
    "stroke size NaN": (change(stroke_size=NAN), INVALID, "spec.stroke_size", "STROKE_SIZE_OUT_OF_RANGE"),
    "scales 0": (change(max_scales=0), INVALID, "spec.max_scales", "SCALES_OUT_OF_RANGE"),
    "unknown encoder": (change(encoder="resnet"), INVALID, "spec.encoder", "UNKNOWN_ENCODER"),
    "unknown optimizer": (change(optimizer=9), INVALID, "spec.optimizer", "UNKNOWN_ENUM"),
    "unknown layer": (unknown_layer, INVALID, "spec.style_layers", "UNKNOWN_LAYER"),
    "1x1 style": (style_of(inline(picture(1, 1))), INVALID, "spec.styles[0].image", "TOO_SMALL"),
    "tiny content": (with_content(encoded(picture(64, 15))), INVALID, "spec.content", "TOO_SMALL"),
    "other mask": (lambda s: s.mask.CopyFrom(inline(picture(64, 47))), INVALID, "spec.mask", "MASK_SIZE_DIFFERS"),
    "17 styles": (lambda s: s.styles.extend([s.styles[0]] * 16), INVALID, "spec.styles", "TOO_MANY_STYLES"),
    "strength NaN": (change(strength=NAN), INVALID, "spec.strength", "STRENGTH_OUT_OF_RANGE"),
    "two dials": (change(strength=0.5, style_weight=1), INVALID, "spec.strength", "CONFLICT"),
    "no colour": (change(colour_strength=0.5), INVALID, "spec.colour_strength", "CONFLICT"),
    "unknown colour": (change(colour=9), INVALID, "spec.colour", "UNKNOWN_ENUM"),
    "objective": (change(objective="clip"), INVALID, "spec.objective", "UNKNOWN_OBJECTIVE"),
    "no time": (change(budget_s=0.0), INVALID, "spec.budget_s", "BUDGET_OUT_OF_RANGE"),
    "share": (lambda s: setattr(s.styles[0], "weight", -1), INVALID, "spec.styles[0].weight", "WEIGHT_OUT_OF_RANGE"),
    "region": (region_of(inline(picture(64, 47))), INVALID, "spec.styles[0].mask", "MASK_SIZE_DIFFERS"),
    "transparent style": (style_of(inline(see_through())), INVALID, "spec.styles[0].image", "STYLE_TRANSPARENT"),
    "hidden floats": (style_of(hidden_floats()), INVALID, "spec.styles[0].image", "STYLE_TRANSPARENT"),
    "black region": (region_of(inline(Image.new("L", (64, 48)))), INVALID, "spec.styles[0].mask", "REGION_EMPTY"),
    "hidden region": (region_of(inline(see_through())), INVALID, "spec.styles[0].mask", "REGION_EMPTY"),
    "other keep": (lambda s: s.keep.CopyFrom(inline(picture(64, 47))), INVALID, "spec.keep", "MASK_SIZE_DIFFERS"),
    "other init": (lambda s: s.init.CopyFrom(inline(picture(64, 30))), INVALID, "spec.init", "SHAPE_DIFFERS"),
}  # fmt: skip


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", CASES)
def test_each_bad_request_is_refused(daemon: Daemon, case: str) -> None:
    """The code, the field and the reason of every refusal; the session's daemon keeps neither job nor blob of it."""
    alter, code, field, reason = CASES[case]
    message = request()
    alter(message.spec)
    found_code, fields, reasons = refused(daemon, message)

    assert found_code is code
    assert any(name.startswith(field) for name in fields), fields
    assert reason in reasons


@pytest.mark.usefixtures("untouched")
def test_all_violations_are_told_at_once(daemon: Daemon) -> None:
    """A user hears of everything that is wrong in one answer, with the numbers had and allowed."""
    message = request()
    change(steps=20_000, style_weight=-2.0, encoder="resnet", strength=1.5)(message.spec)
    message.delivery.max_preview_fps = 1000
    _, fields, _ = refused(daemon, message)

    assert set(fields) == {
        "spec.steps", "spec.style_weight", "spec.encoder", "spec.strength", "delivery.max_preview_fps"
    }  # fmt: skip
    assert fields["spec.steps"] == "is 20000; 1 to 10000 are allowed"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("way", ["raw header", "file", "inline bytes", "upload"])
def test_what_is_too_large_is_told_in_numbers(daemon: Daemon, way: str) -> None:
    """Programs read how much it was and how much is allowed without parsing sentences."""
    message, limits = request(), daemon.info().limits
    over = {"raw header": over_size, "file": with_content(png(100_000, 100_000, b""))}
    over.get(way, with_content(bytes(3 * 1024 * 1024 + 1)))(message.spec)

    def ask(channel: grpc.Channel) -> object:
        if way == "upload":
            return blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter([announce(2**40)]), timeout=30)
        return list(stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(message, timeout=60))

    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as error:
        ask(channel)
    status, told = rpc_status.from_call(error.value), error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(told) for detail in status.details)

    assert told.reason == "TOO_LARGE"
    assert (
        told.metadata
        == {
            "raw header": {"actual": str(2**38), "limit": str(limits.max_pixels)},
            "file": {"actual": str(10**10), "limit": str(limits.max_pixels)},
            "inline bytes": {"actual": str(3 * 1024 * 1024 + 1), "limit": str(3 * 1024 * 1024)},
            "upload": {"actual": str(2**40), "limit": str(limits.max_upload_bytes)},
        }[way]
    )


@pytest.mark.usefixtures("untouched")
def test_numbers_and_pictures_are_told_together(daemon: Daemon) -> None:
    """What is wrong with a number hides nothing of what is wrong with pictures, and the other way round."""
    message = request()
    change(steps=0, strength=2.0)(message.spec)
    message.spec.mask.CopyFrom(inline(picture(64, 47)))
    style_of(inline(see_through()))(message.spec)
    message.spec.styles.add().mask.CopyFrom(inline(Image.new("L", (64, 48))))
    _, fields, _ = refused(daemon, message)

    # The second style's picture is missing, so that nothing can be said of sizes yet.
    assert set(fields) == {"spec.steps", "spec.strength", "spec.styles[1].image"}
    message.spec.styles[1].image.CopyFrom(inline(picture(20, 20)))
    _, fields, _ = refused(daemon, message)

    assert set(fields) == {"spec.steps", "spec.strength", "spec.mask", "spec.styles[0].image", "spec.styles[1].mask"}
    assert (
        fields["spec.styles[1].mask"]
        == "is black all over, so the style applies nowhere: white is where it is to apply"
    )


def test_a_style_seen_in_one_pixel_is_a_style(daemon: Daemon) -> None:
    """The last pixel of all, hardly there: not refused."""
    message, style = request(steps=1), picture(300, 300, 2).convert("RGBA")
    style.putalpha(0)
    style.putpixel((299, 299), (1, 2, 3, 1))
    region = Image.new("L", (64, 48))
    region.putpixel((63, 47), 1)
    style_of(inline(style))(message.spec)
    region_of(inline(region))(message.spec)

    assert ended(daemon, message)[0].state == stylize_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.usefixtures("untouched")
def test_missing_blobs_and_encoders(daemon: Daemon) -> None:
    """Names that are not there are NOT_FOUND; an encoder that is not on this machine is a failed precondition."""
    ghost, malformed, absent = request(), request(), request()
    ghost.spec.content.blob = "blobs/sha256-" + 64 * "0"
    malformed.spec.content.blob = "../../etc/passwd"
    absent.spec.encoder = "vgg19"

    assert refused(daemon, ghost)[0] is grpc.StatusCode.NOT_FOUND
    assert refused(daemon, malformed)[0] is grpc.StatusCode.NOT_FOUND
    assert refused(daemon, absent)[0] is PRECONDITION


@pytest.mark.usefixtures("untouched")
def test_all_pictures_are_judged_before_a_request_is_refused(daemon: Daemon) -> None:
    """Content, style and mask may each be wrong in a way of their own: all are told, with what was found in them."""
    message = request()
    with_content(b"Dear daemon,")(message.spec)
    message.spec.styles[0].image.inline.encoded = encoded(picture(64, 64))[:900]
    message.spec.mask.inline.encoded = png(100_000, 100_000, b"")
    code, fields, reasons = refused(daemon, message)

    assert code is INVALID
    assert set(fields) == {"spec.content", "spec.styles[0].image", "spec.mask"}
    assert reasons >= {"NOT_AN_IMAGE", "TRUNCATED", "TOO_LARGE"}
    assert "has 10000000000 pixels; at most 134217728 are allowed" in fields["spec.mask"]


Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def with_nan() -> Floats:
    """A picture of floats, one pixel of which is none."""
    samples: Floats = np.full((20, 20, 3), 0.5, np.float32)
    samples[3, 4] = np.nan
    return samples


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("way", ["raw", "file", "uploaded"])
def test_samples_that_are_no_numbers_are_refused(daemon: Daemon, tmp_path: Path, way: str) -> None:
    """NaN in float samples is counted before anything is kept, whichever way they came."""
    if way == "uploaded":
        header = ImageHeader(20, 20, PixelFormat.RGB, SampleType.F32)
        with daemon.client() as client, pytest.raises(InvalidRequest) as caught:
            client.upload(Picture(header, with_nan().tobytes()), "content")
        (violation,) = caught.value.violations
        assert (violation.field, violation.reason) == ("content", "NOT_FINITE")
        assert "has 3 samples" in violation.description
        return
    message = request()
    if way == "raw":
        message.spec.content.CopyFrom(raw(with_nan(), image_pb2.PIXEL_FORMAT_RGB, image_pb2.SAMPLE_TYPE_F32))
    else:
        tifffile.imwrite(tmp_path / "a.tif", with_nan(), photometric="rgb")
        message.spec.content.inline.encoded = (tmp_path / "a.tif").read_bytes()
    code, fields, reasons = refused(daemon, message)

    assert code is INVALID
    assert [name for name in fields if name.startswith("spec.content")]
    assert "has 3 samples" in next(iter(fields.values()))
    assert "NOT_FINITE" in reasons


def ended(daemon: Daemon, message: stylize_pb2.StylizeRequest) -> tuple[stylize_pb2.Job, bytes]:
    """The job at its end, and its result."""
    message.delivery.send_result = True
    samples, job = b"", stylize_pb2.Job()
    with daemon.channel() as channel:
        for response in stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(message, timeout=60):
            if response.WhichOneof("event") == "job":
                job = response.job.job
            samples += response.result_chunk
    return job, samples


def events(daemon: Daemon, job: str) -> list[stylize_pb2.JobEvent]:
    """All that was told of a job."""
    with daemon.channel() as channel:
        stub = stylize_pb2_grpc.StylizeServiceStub(channel)
        return [told.event for told in stub.WatchJob(stylize_pb2.WatchJobRequest(name=job), timeout=60)]


@pytest.mark.parametrize("what", ["black mask", "transparent mask", "transparent content"])
def test_where_nothing_is_selected_the_content_comes_back(daemon: Daemon, what: str) -> None:
    """No mistake but a wish: the job succeeds at once, says why, and every sample is the content's own."""
    message, content = request(), picture(64, 48, 1)
    if what == "transparent content":
        content = see_through()
        message.spec.content.CopyFrom(inline(content))
    else:
        message.spec.mask.CopyFrom(inline(Image.new("L", (64, 48)) if what == "black mask" else see_through()))
    job, samples = ended(daemon, message)

    assert (job.state, job.step) == (stylize_pb2.JOB_STATE_SUCCEEDED, 0)
    assert samples == content.tobytes()
    assert [event.notice for event in events(daemon, job.name) if "nothing is selected" in event.notice]


def test_a_cmyk_jpeg_is_painted_in_rgb(daemon: Daemon) -> None:
    """What printers send is a picture like any other."""
    message = request()
    message.spec.content.inline.encoded = encoded(picture(64, 48, 1).convert("CMYK"), "JPEG")
    job, samples = ended(daemon, message)

    assert job.state == stylize_pb2.JOB_STATE_SUCCEEDED
    assert len(samples) == 64 * 48 * 3


@settings(max_examples=8, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 400), st.integers(1, 15), st.booleans(), st.sampled_from(["content", "style"]))
def test_any_shape_thinner_than_the_network_is_refused(
    daemon: Daemon, long: int, thin: int, turned: bool, which: str
) -> None:
    """One pixel high, one wide, a thread of hundreds: refused with the size had and the size needed."""
    size = (thin, long) if turned else (long, thin)
    message, image = request(), inline(picture(*size))
    (message.spec.content if which == "content" else message.spec.styles[0].image).CopyFrom(image)
    code, fields, reasons = refused(daemon, message)

    assert code is INVALID
    assert reasons == {"TOO_SMALL"}
    told = fields["spec.content" if which == "content" else "spec.styles[0].image"]
    assert told == f"is {size[0]}x{size[1]} px; each side must have at least 16"


Parts = list[blob_pb2.UploadBlobRequest]
HEADER = image_pb2.ImageHeader(
    width=10, height=10, pixel_format=image_pb2.PIXEL_FORMAT_RGB, sample_type=image_pb2.SAMPLE_TYPE_U8
)


def announce(size: int, sha256: bytes = b"") -> blob_pb2.UploadBlobRequest:
    """The first message of a raw upload of 10x10 px."""
    return blob_pb2.UploadBlobRequest(header=blob_pb2.UploadHeader(raw=HEADER, size_bytes=size, sha256=sha256))


def chunk(size: int) -> blob_pb2.UploadBlobRequest:
    """Some bytes."""
    return blob_pb2.UploadBlobRequest(chunk=b"\7" * size)


def file_of(data: bytes) -> Parts:
    """The upload of a file."""
    header = blob_pb2.UploadHeader(encoded=True, size_bytes=len(data))
    return [blob_pb2.UploadBlobRequest(header=header), blob_pb2.UploadBlobRequest(chunk=data)]


UPLOADS: dict[str, tuple[Parts, grpc.StatusCode, str]] = {
    "nothing": ([], INVALID, "HEADER_MISSING"),
    "chunk before header": ([chunk(300)], INVALID, "HEADER_MISSING"),
    "two headers": ([announce(300), announce(300)], INVALID, "HEADER_TWICE"),
    "too few bytes": ([announce(300), chunk(299)], INVALID, "SIZE_MISMATCH"),
    "too many bytes": ([announce(300), chunk(200), chunk(101)], INVALID, "SIZE_MISMATCH"),
    "announced size differs": ([announce(301), chunk(301)], INVALID, "SIZE_MISMATCH"),
    "empty": ([announce(0)], INVALID, "EMPTY"),
    "over the limit": ([announce(2**40)], INVALID, "TOO_LARGE"),
    "wrong checksum": ([announce(300, 32 * b"x"), chunk(300)], grpc.StatusCode.DATA_LOSS, "CHECKSUM_MISMATCH"),
    "checksum of a wrong length": ([announce(300, b"x"), chunk(300)], INVALID, "SHA256_LENGTH"),
    "neither raw nor file": (
        [blob_pb2.UploadBlobRequest(header=blob_pb2.UploadHeader(size_bytes=3))], INVALID, "HEADER_MISSING",
    ),
    "no picture": (file_of(b"hello"), INVALID, "NOT_AN_IMAGE"),
    "bomb": (file_of(png(100_000, 100_000, b"")), INVALID, "TOO_LARGE"),
}  # fmt: skip


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", UPLOADS)
def test_each_bad_upload_is_refused(daemon: Daemon, case: str) -> None:
    """The code and the reason of every refusal; no file is left, not even a part of one."""
    parts, code, reason = UPLOADS[case]
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as error:
        blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter(parts), timeout=30)
    found_code, _, reasons = refusal(error.value)

    assert found_code is code
    assert reason in reasons


@pytest.mark.usefixtures("untouched")
def test_an_upload_that_breaks_off_leaves_nothing(daemon: Daemon) -> None:
    """A client that dies in the middle of an upload leaves no part of it."""

    def parts() -> Iterator[blob_pb2.UploadBlobRequest]:
        yield announce(300)
        yield chunk(100)
        raise ConnectionError

    with daemon.channel() as channel, pytest.raises(grpc.RpcError):
        blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(parts(), timeout=30)


def test_good_upload_has_its_checksum_verified(daemon: Daemon) -> None:
    """The same upload with the right checksum is taken."""
    parts = [announce(300, hashlib.sha256(300 * b"\7").digest()), chunk(150), chunk(150)]
    with daemon.channel() as channel:
        response = blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter(parts), timeout=30)

    assert response.header.width == 10
