"""The daemon on a GPU: a real card, real processes, real pictures. Where there is no card, all of it is skipped.

What a GPU computes is near to what a processor does, and how near is written at each bound. What is measured is logged:
`python -m pytest tests/test_gpu*.py -o log_cli=true -o log_cli_level=INFO`. How its processes live and die is in
``test_gpu_life``; what needs no daemon to be known in ``test_gpu_inside``.

Nobody has a card for long. On 26 November 2026 two runs on an H100 saw 40 of these tests pass: in ``test_gpu_inside``
and ``test_gpu_life`` all but two, which were mended after the last (the memory of vgg19 at 1024 px in float32, and the
small budget). Here the runs ended behind the first pictures. Not seen to pass there, as they are now, are the depths of
16 and 32 bits, the controls, two alike, previews with a cancel, and two clients; they do with a processor in its place.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from harness import Daemon, Home, inline, long_request, picture, raw, request, wait_for
from impasto.v1 import image_pb2, stylize_pb2
from test_daemon import CANCELLED, SUCCEEDED, Stub, created, job, stylized, watched
from test_sharing import Client, end

Samples = npt.NDArray[Any]
Change = Callable[[stylize_pb2.StylizeSpec], object]

DEVICE = "cuda"
NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
pytestmark = NO_GPU

NEAR = 0.01  # of a loss: convolutions are in TF32, whose numbers have 10 bits
# Of 255, in the mean, after three steps: what the first steps of L-BFGS, which are long ones, make of that. After six
# of a picture of 57x41 px it was 7.6 on an H100, and 6.4 on a processor with its convolutions rounded to TF32.
ALIKE = 5.0
measured = logging.getLogger("measured")


@pytest.fixture(scope="module")
def gpu() -> Iterator[Daemon]:
    """A daemon whose worker has the first card."""
    yield from serving(Home())


@pytest.fixture(scope="module")
def cpu() -> Iterator[Daemon]:
    """One that sees no card, on the same machine."""
    yield from serving(Home(CUDA_VISIBLE_DEVICES="", IMPASTO_NICE="0"))


def serving(home: Home) -> Iterator[Daemon]:
    """A daemon, until it is no longer needed."""
    daemon = Daemon(home)
    daemon.ready()
    yield daemon
    daemon.end()
    home.remove()


def test_the_worker_has_the_card_and_says_so(gpu: Daemon, cpu: Daemon) -> None:
    """Its name and its memory; what sees no card has the processor."""
    (device,) = gpu.info().devices
    measured.info("%s: %s, %d MiB for jobs", device.name, device.description, device.budget_bytes >> 20)

    assert device.name.startswith(DEVICE)
    assert device.description == torch.cuda.get_device_name(0)
    assert 0 < device.budget_bytes < torch.cuda.get_device_properties(0).total_memory
    assert device.description in gpu.home.run("status").stdout
    assert [other.name for other in cpu.info().devices] == ["cpu"]


def both(gpu: Daemon, cpu: Daemon, message: stylize_pb2.StylizeRequest) -> Iterator[tuple[dict[str, float], bytes]]:
    """The losses of the first step, and the result, on either device."""
    message.delivery.send_result = True
    for daemon, device in ((gpu, DEVICE), (cpu, "cpu")):
        losses, samples, last, began = dict[str, float](), b"", stylize_pb2.Job(), time.monotonic()
        with daemon.channel() as channel:
            for response in Stub(channel).Stylize(message, timeout=120):
                last = response.job.job if response.WhichOneof("event") == "job" else last
                losses = losses or dict(response.job.losses)
                samples += response.result_chunk
        measured.info("%s took %.2f s, %.2f of them the device's", device, time.monotonic() - began, last.device_s)
        assert last.state == SUCCEEDED, f"{device}: {last.error.message}"
        assert last.device.startswith(device)
        yield losses, samples


@pytest.mark.parametrize("start", [stylize_pb2.START_CONTENT, stylize_pb2.START_NOISE])
def test_j_is_that_of_the_processor(gpu: Daemon, cpu: Daemon, start: stylize_pb2.Start) -> None:
    """Each term of the first step, to a hundredth."""
    message = request(steps=2, width=160, height=120)
    message.spec.start = start
    here, there = (losses for losses, _ in both(gpu, cpu, message))
    for name, loss in there.items():
        measured.info("%s: %s %.6g, of the processor %.6g", stylize_pb2.Start.Name(start), name, here[name], loss)

    assert here == pytest.approx(there, rel=NEAR, abs=NEAR * there["total"] * 0.01)


@dataclass(frozen=True)
class Depth:
    """A kind of samples."""

    pixel_format: image_pb2.PixelFormat
    sample_type: image_pb2.SampleType
    dtype: type
    channels: int
    white: float


DEPTHS = [
    Depth(image_pb2.PIXEL_FORMAT_RGB, image_pb2.SAMPLE_TYPE_U8, np.uint8, 3, 255),
    Depth(image_pb2.PIXEL_FORMAT_RGBA, image_pb2.SAMPLE_TYPE_U16, np.uint16, 4, 65535),
    Depth(image_pb2.PIXEL_FORMAT_GRAY_ALPHA, image_pb2.SAMPLE_TYPE_F32, np.float32, 2, 1),
]


@pytest.mark.parametrize("depth", DEPTHS, ids=lambda depth: depth.dtype.__name__)
def test_a_picture_keeps_its_depth_and_what_is_not_painted(gpu: Daemon, cpu: Daemon, depth: Depth) -> None:
    """To the bit outside the mask, and alpha everywhere; inside it is near to what the processor paints."""
    seen = np.asarray(picture(57, 41, 3), np.float64)[..., [0, 1, 2, 2][: depth.channels]] / 255
    content: Samples = (seen * depth.white).astype(depth.dtype)
    mask = np.zeros((41, 57, 1), np.uint8)
    mask[10:30, 20:50] = 255
    message = request(steps=3)
    message.spec.content.CopyFrom(raw(content, depth.pixel_format, depth.sample_type))
    message.spec.mask.CopyFrom(raw(mask, image_pb2.PIXEL_FORMAT_GRAY, image_pb2.SAMPLE_TYPE_U8))
    results: list[Samples] = [np.frombuffer(samples, depth.dtype) for _, samples in both(gpu, cpu, message)]
    here, there = (result.reshape(content.shape) for result in results)
    inside, colours = mask[..., 0] > 0, depth.channels - (depth.channels % 2 == 0)

    assert (here[~inside] == content[~inside]).all()
    assert (here[..., colours:] == content[..., colours:]).all()
    assert (here[inside][:, :colours] != content[inside][:, :colours]).mean() > 0.5
    assert apart(here[inside], there[inside], depth.white, depth.dtype.__name__) < ALIKE


def apart(here: Samples, there: Samples, white: float, of: str) -> float:
    """The mean difference, in 255ths."""
    difference = np.abs(here.astype(np.float64) - there.astype(np.float64)) * (255 / white)
    measured.info("%s: apart by %.4f of 255 in the mean, %.3f at most", of, difference.mean(), difference.max())
    return float(difference.mean())


def regions(spec: stylize_pb2.StylizeSpec) -> None:
    """Two styles, each with a half of its own."""
    left = np.zeros((120, 160, 1), np.uint8)
    left[:, :80] = 255
    spec.styles.add().image.CopyFrom(inline(picture(70, 90, 5)))
    for style, half in zip(spec.styles, (left, 255 - left), strict=True):
        style.mask.CopyFrom(raw(half, image_pb2.PIXEL_FORMAT_GRAY, image_pb2.SAMPLE_TYPE_U8))


def kept(spec: stylize_pb2.StylizeSpec) -> None:
    """Some of it is to stay what it is."""
    spec.keep.CopyFrom(inline(picture(160, 120, 6).convert("L")))


def several(spec: stylize_pb2.StylizeSpec) -> None:
    """Three styles, blended."""
    for seed in (5, 6):
        spec.styles.add(weight=0.5).image.CopyFrom(inline(picture(70, 90, seed)))


CONTROLS: dict[str, Change] = {
    "gatys": lambda spec: setattr(spec, "objective", "gatys"),
    "neural-style": lambda spec: setattr(spec, "objective", "neural-style"),
    "spst": lambda spec: setattr(spec, "objective", "spst"),
    "w2": lambda spec: setattr(spec, "objective", "w2"),
    "adam": lambda spec: setattr(spec, "optimizer", stylize_pb2.OPTIMIZER_ADAM),
    "noise": lambda spec: setattr(spec, "start", stylize_pb2.START_NOISE),
    "init": lambda spec: spec.init.CopyFrom(inline(picture(160, 120, 7))),
    "tileable": lambda spec: setattr(spec, "tileable", True),
    "luminance": lambda spec: setattr(spec, "colour", stylize_pb2.COLOUR_HANDLING_CONTENT_LUMINANCE),
    "match": lambda spec: setattr(spec, "colour", stylize_pb2.COLOUR_HANDLING_CONTENT_MATCH),
    "match-lab": lambda spec: setattr(spec, "colour", stylize_pb2.COLOUR_HANDLING_CONTENT_MATCH_LAB),
    "coarse": lambda spec: setattr(spec, "detail", stylize_pb2.DETAIL_COARSE),
    "strength": lambda spec: setattr(spec, "strength", 0.8),
    "larger": lambda spec: setattr(spec, "size", 300),
    "regions": regions,
    "keep": kept,
    "several": several,
}


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_works_there_and_paints_nearly_the_same(gpu: Daemon, cpu: Daemon, control: str) -> None:
    """Losses to a hundredth, pictures after three steps to a few of 255."""
    message = request(steps=3, width=160, height=120)
    CONTROLS[control](message.spec)
    (loss, here), (other, there) = both(gpu, cpu, message)
    measured.info("%s: J %.6g, of the processor %.6g", control, loss["total"], other["total"])

    assert loss["total"] == pytest.approx(other["total"], rel=NEAR)
    assert apart(np.frombuffer(here, np.uint8), np.frombuffer(there, np.uint8), 255, control) < ALIKE


def test_two_requests_alike_give_pictures_alike(gpu: Daemon) -> None:
    """The same samples are expected, as no sum here is in an order of chance; half a level is allowed in the mean."""
    message = request(steps=40, width=200, height=150)
    with gpu.channel() as channel:
        one, other = (stylized(Stub(channel), message)[1] for _ in range(2))
    measured.info("two alike: %s", "the same to the bit" if one == other else "not the same")

    assert apart(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8), 255, "two alike") < 0.5


def test_previews_come_and_a_cancel_ends_it_in_the_midst(gpu: Daemon) -> None:
    """Of a picture of four megapixels: a small preview, newer ones, and after a cancel an end within seconds."""
    message = long_request()
    message.spec.size = 2048
    with gpu.channel() as channel:
        stub = Stub(channel)
        name = created(stub, message)
        first = stub.GetPreview(stylize_pb2.GetPreviewRequest(name=name, max_edge=24), timeout=60).frame
        second = stub.GetPreview(stylize_pb2.GetPreviewRequest(name=name, newer_than=first.sequence), timeout=60).frame
        began, worker = time.monotonic(), gpu.ready()
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name, keep_partial_result=True))
        last = watched(stub, name)[-1].job
        took = time.monotonic() - began
    measured.info("cancelled and kept at step %d in %.2f s, %.3f device s a step", last.step, took, per_step(last))

    assert max(first.header.width, first.header.height) == 24
    assert second.step > first.step
    assert last.state == CANCELLED, last.error.message
    assert max(last.result.header.width, last.result.header.height) == 2048
    assert took < 10
    assert gpu.ready() == worker


def per_step(done: stylize_pb2.Job) -> float:
    """Device time."""
    return float(done.device_s / max(1, done.step))


def test_two_clients_share_the_card(gpu: Daemon) -> None:
    """After some seconds both have had about the same time of it, though one came first and has the larger picture."""
    larger = long_request()
    larger.spec.size = 600
    with gpu.channel() as channel:
        stub = Stub(channel)
        names = [Client(channel, f"sharer{index}").created(one) for index, one in enumerate((larger, long_request()))]
        wait_for(lambda: all(job(stub, name).device_s > 1.5 for name in names), "device time for both")
        had = [job(stub, name).device_s for name in names]
        end(stub, *names)
    measured.info("two clients had %.2f and %.2f device seconds", *had)

    assert max(had) < 2 * min(had)
