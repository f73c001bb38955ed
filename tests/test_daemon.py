"""The daemon as its clients see it: a real process, a real socket, real pictures."""

import hashlib
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from harness import Daemon, encoded, inline, long_request, picture, raw, request, wait_for
from impasto.client import Picture
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, stylize_pb2, stylize_pb2_grpc

Stub = stylize_pb2_grpc.StylizeServiceStub
RUNNING, SUCCEEDED, CANCELLED = (
    stylize_pb2.JOB_STATE_RUNNING,
    stylize_pb2.JOB_STATE_SUCCEEDED,
    stylize_pb2.JOB_STATE_CANCELLED,
)


def created(stub: Stub, message: stylize_pb2.StylizeRequest) -> str:
    """The name of a new job."""
    return str(stub.CreateJob(stylize_pb2.CreateJobRequest(request=message)).job.name)


def job(stub: Stub, name: str) -> stylize_pb2.Job:
    """The job as it is now."""
    found: stylize_pb2.Job = stub.GetJob(stylize_pb2.GetJobRequest(name=name)).job
    return found


def steps_done(stub: Stub, name: str, steps: int = 1) -> None:
    """Waits until a job has made some steps."""
    wait_for(lambda: job(stub, name).step >= steps, f"step {steps}")


def watched(stub: Stub, name: str, last_sequence: int = 0) -> list[stylize_pb2.JobEvent]:
    """All events until the job is final."""
    message = stylize_pb2.WatchJobRequest(name=name, last_sequence=last_sequence)
    return [response.event for response in stub.WatchJob(message, timeout=240)]


def stylized(stub: Stub, message: stylize_pb2.StylizeRequest) -> tuple[list[stylize_pb2.Job], bytes]:
    """One whole run: its jobs as they were told, and the result's samples."""
    message.delivery.send_result = True
    jobs, samples = [], b""
    for response in stub.Stylize(message, timeout=240):
        match response.WhichOneof("event"):
            case "job":
                jobs.append(response.job.job)
            case "result_chunk":
                samples += response.result_chunk
    return jobs, samples


def test_health_answers_while_weights_still_load(daemon: Daemon) -> None:
    """Every service is SERVING as soon as the socket answers: a job would be accepted."""
    with daemon.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        found = {
            name: stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=60).status
            for name in ("", "impasto.v1.StylizeService", "impasto.v1.BlobService", "impasto.v1.ServerService")
        }

    assert set(found.values()) == {health_pb2.HealthCheckResponse.SERVING}
    assert daemon.start_s < 10  # measured half a second; liveness, not speed, is asserted


def test_front_has_no_torch(daemon: Daemon) -> None:
    """The front process maps no library of torch; its worker does."""
    worker = daemon.ready()

    assert "libtorch" not in Path(f"/proc/{daemon.process.pid}/maps").read_text()
    assert "libtorch" in Path(f"/proc/{worker}/maps").read_text()


def test_reflection_tells_all_services(daemon: Daemon) -> None:
    """Tools like grpcurl find every service without our files."""
    with daemon.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = stub.ServerReflectionInfo(iter([asked]), timeout=60)
    names = {service.name for service in answer.list_services_response.service}

    assert names >= {"impasto.v1.StylizeService", "impasto.v1.BlobService", "impasto.v1.ServerService"}


def test_one_call_tells_all_and_brings_the_result(daemon: Daemon) -> None:
    """Stylize streams queued, running, each step and the end without gaps, then the result that the blob holds too."""
    message = request(steps=4)
    message.delivery.send_result = True
    with daemon.channel() as channel:
        responses = list(Stub(channel).Stylize(message, timeout=60))
        events = [response.job for response in responses if response.WhichOneof("event") == "job"]
        samples = b"".join(response.result_chunk for response in responses)
        last = events[-1].job
        stored = list(
            blob_pb2_grpc.BlobServiceStub(channel).DownloadBlob(blob_pb2.DownloadBlobRequest(name=last.result.blob))
        )

    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.job.step for event in events if event.losses] == [1, 2, 3, 4]
    assert last.state == SUCCEEDED
    assert (last.result.header.width, last.result.header.height) == (64, 48)
    assert samples == b"".join(part.chunk for part in stored)
    assert len(samples) == 64 * 48 * 3
    assert samples != picture(64, 48, 1).tobytes()


def test_auto_encoder_is_named(daemon: Daemon) -> None:
    """A request that leaves the encoder open is told which one was taken, and why."""
    with daemon.channel() as channel:
        events = watched(Stub(channel), created(Stub(channel), request()))
    notices = [event.notice for event in events if event.notice]

    assert notices == ["encoder vgg19-slim (auto: ImageNet's VGG-19 is not here, see `impasto weights --help`)"]
    assert events[-1].job.encoder == "vgg19-slim"


def test_same_seed_gives_the_same_pixels(daemon: Daemon) -> None:
    """Two runs of one request give identical samples; another seed of a noise start does not."""
    message = request(steps=5)
    message.spec.start = stylize_pb2.START_NOISE
    with daemon.channel() as channel:
        results = [stylized(Stub(channel), message)[1] for _ in range(2)]
        message.spec.seed = 1
        other = stylized(Stub(channel), message)[1]

    assert results[0] == results[1]
    assert results[0] != other


@pytest.mark.parametrize(
    ("pixel_format", "channels", "sample_type", "dtype"),
    [
        (image_pb2.PIXEL_FORMAT_RGB, 3, image_pb2.SAMPLE_TYPE_U8, np.uint8),
        (image_pb2.PIXEL_FORMAT_RGBA, 4, image_pb2.SAMPLE_TYPE_U16, np.uint16),
        (image_pb2.PIXEL_FORMAT_GRAY, 1, image_pb2.SAMPLE_TYPE_F16, np.float16),
        (image_pb2.PIXEL_FORMAT_GRAY_ALPHA, 2, image_pb2.SAMPLE_TYPE_F32, np.float32),
    ],
)
def test_unpainted_samples_are_the_contents_own(
    daemon: Daemon,
    pixel_format: image_pb2.PixelFormat,
    channels: int,
    sample_type: image_pb2.SampleType,
    dtype: type,
) -> None:
    """Outside the mask every sample is the content's to the bit, at its own depth; inside they change; alpha stays."""
    unit = np.random.default_rng(3).random((40, 56, channels))
    white = 1 if dtype in (np.float16, np.float32) else np.iinfo(dtype).max
    content: npt.NDArray[Any] = (unit * white).astype(dtype)
    mask = np.zeros((40, 56, 1), np.uint8)
    mask[10:30, 20:50] = 255
    message = request(steps=6)
    message.spec.content.CopyFrom(raw(content, pixel_format, sample_type))
    message.spec.mask.CopyFrom(raw(mask, image_pb2.PIXEL_FORMAT_GRAY, image_pb2.SAMPLE_TYPE_U8))
    with daemon.channel() as channel:
        _, samples = stylized(Stub(channel), message)
    result: npt.NDArray[Any] = np.frombuffer(samples, dtype).reshape(content.shape)
    inside = mask[..., 0] > 0
    colours = channels - 1 if channels in (2, 4) else channels

    assert (result[~inside] == content[~inside]).all()
    assert (result[inside][:, :colours] != content[inside][:, :colours]).mean() > 0.5
    assert (result[..., colours:] == content[..., colours:]).all()


def test_size_sets_the_long_side(daemon: Daemon) -> None:
    """With a size the result has that long side and the content's aspect."""
    message = request(steps=2)
    message.spec.size = 96
    with daemon.channel() as channel:
        jobs, samples = stylized(Stub(channel), message)

    assert (jobs[-1].result.header.width, jobs[-1].result.header.height) == (96, 72)
    assert len(samples) == 96 * 72 * 3


def test_a_retry_finds_the_same_job(daemon: Daemon) -> None:
    """The same request_id never runs twice; with another request it is refused."""
    message = request(steps=2, request_id="once")
    with daemon.channel() as channel:
        stub = Stub(channel)
        first, second = created(stub, message), created(stub, message)
        message.spec.steps = 3
        with pytest.raises(grpc.RpcError) as refused:
            created(stub, message)

    assert first == second
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS


def test_validate_only_makes_no_job(daemon: Daemon) -> None:
    """A request that is only to be checked ends without an event and without a job."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        before = len(stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs)
        responses = list(stub.Stylize(request(validate_only=True), timeout=30))

        assert responses == []
        assert len(stub.ListJobs(stylize_pb2.ListJobsRequest()).jobs) == before


def test_watching_goes_on_where_it_stopped(daemon: Daemon) -> None:
    """A watcher that comes back with its last sequence gets exactly the events it has not seen."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, request(steps=3))
        whole = watched(stub, name)
        rest = watched(stub, name, last_sequence=3)

    assert whole[3:] == rest
    assert whole[-1].job.state == SUCCEEDED


def test_jobs_are_listed_newest_first_in_pages(daemon: Daemon) -> None:
    """Pages join without gap or overlap."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        made = [created(stub, request(steps=1)) for _ in range(3)]
        first = stub.ListJobs(stylize_pb2.ListJobsRequest(page_size=2))
        second = stub.ListJobs(stylize_pb2.ListJobsRequest(page_size=2, page_token=first.next_page_token))

    assert [j.name for j in (*first.jobs, *second.jobs)][:3] == made[::-1]


def test_previews_are_pulled_and_always_newer(daemon: Daemon) -> None:
    """GetPreview waits for a frame newer than the one shown, within the edge asked for; a final job has none."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        first = stub.GetPreview(stylize_pb2.GetPreviewRequest(name=name, max_edge=32), timeout=30).frame
        second = stub.GetPreview(stylize_pb2.GetPreviewRequest(name=name, newer_than=first.sequence), timeout=30).frame
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        watched(stub, name)
        none = stub.GetPreview(stylize_pb2.GetPreviewRequest(name=name, newer_than=9999), timeout=30)

    assert max(first.header.width, first.header.height) == 32
    assert len(first.samples) == first.header.width * first.header.height * 3
    assert second.sequence > first.sequence
    assert second.step > first.step
    assert not none.HasField("frame")


def test_previews_come_with_the_stream(daemon: Daemon) -> None:
    """A script that asks for previews gets them between the events."""
    message = long_request()
    message.delivery.max_preview_fps = 4
    frames = []
    with daemon.channel() as channel:
        call = Stub(channel).Stylize(message, timeout=60)
        for response in call:
            if response.WhichOneof("event") == "preview":
                frames.append(response.preview)
            if len(frames) == 2:
                break
        call.cancel()

    assert frames[1].step > frames[0].step


def test_cancel_of_a_running_job(daemon: Daemon) -> None:
    """A running job ends CANCELLED within two seconds; a second cancel changes nothing."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        steps_done(stub, name)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
        wait_for(lambda: job(stub, name).state == CANCELLED, "the cancel", within_s=2)
        last = watched(stub, name)[-1]
        again = stub.CancelJob(stylize_pb2.CancelJobRequest(name=name)).job

    assert last.job.state == CANCELLED
    assert again == last.job
    assert not last.job.HasField("result")


def test_cancel_can_keep_the_picture(daemon: Daemon) -> None:
    """Stop and keep: the picture reached so far is the result, at the content's size, and is not the content."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        name = created(stub, long_request())
        steps_done(stub, name, 3)
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=name, keep_partial_result=True))
        last = watched(stub, name)[-1].job
        parts = blob_pb2_grpc.BlobServiceStub(channel).DownloadBlob(blob_pb2.DownloadBlobRequest(name=last.result.blob))
        samples = b"".join(part.chunk for part in parts)

    assert last.state == CANCELLED
    assert len(samples) == 160 * 128 * 3
    assert samples != picture(160, 128, 1).tobytes()


def test_cancel_of_a_queued_job(daemon: Daemon) -> None:
    """A job that waits behind the same client's other one is cancelled at once and never runs."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        first = created(stub, long_request())
        steps_done(stub, first)
        second = created(stub, request())
        queued = job(stub, second)
        ended = stub.CancelJob(stylize_pb2.CancelJobRequest(name=second)).job
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=first))
        watched(stub, first)

    assert (queued.state, queued.queue_position) == (stylize_pb2.JOB_STATE_QUEUED, 1)
    assert (ended.state, ended.step) == (CANCELLED, 0)


def test_dropping_the_stream_cancels(daemon: Daemon) -> None:
    """When the last watcher goes the job is cancelled, unless it was asked to keep running."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        names = []
        for policy in (stylize_pb2.DISCONNECT_POLICY_UNSPECIFIED, stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING):
            message = long_request()
            message.delivery.on_disconnect = policy
            call = stub.Stylize(message)
            names.append(next(iter(call)).job.job.name)
            call.cancel()
        wait_for(lambda: job(stub, names[0]).state == CANCELLED, "the cancel")
        steps_done(stub, names[1])
        kept = job(stub, names[1]).state
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=names[1]))
        watched(stub, names[1])

    assert kept == RUNNING


def test_a_short_job_passes_a_long_one_of_another_client(daemon: Daemon) -> None:
    """Devices are shared by client: a small job ends while another client's endless one runs."""
    with daemon.channel() as channel:
        stub = Stub(channel)
        endless = stub.CreateJob(
            stylize_pb2.CreateJobRequest(request=long_request()), metadata=(("impasto-client", "greedy"),)
        ).job.name
        steps_done(stub, endless, 3)
        quick = stub.CreateJob(
            stylize_pb2.CreateJobRequest(request=request(steps=3)), metadata=(("impasto-client", "modest"),)
        ).job.name
        last = watched(stub, quick)[-1].job
        still = job(stub, endless).state
        stub.CancelJob(stylize_pb2.CancelJobRequest(name=endless))
        watched(stub, endless)

    assert last.state == SUCCEEDED
    assert still == RUNNING


def test_the_python_api_takes_files_bytes_and_raw_pictures(daemon: Daemon, tmp_path: Path) -> None:
    """Content and style may come as a file, as a file's bytes or as raw samples; the result saves as a file."""
    photo = tmp_path / "photo.png"
    picture(64, 48, 1).save(photo)
    header = ImageHeader(80, 60, PixelFormat.RGB, SampleType.U8)
    seen: list[int] = []
    with daemon.client() as client:
        first = client.stylize(photo, encoded(picture(80, 60, 2)), steps=2, on_progress=lambda p: seen.append(p.step))
        second = client.stylize(photo.read_bytes(), Picture(header, picture(80, 60, 2).tobytes()), steps=2)
    first.save(tmp_path / "painted.png")

    assert first.samples == second.samples
    assert seen[-1] == 2
    assert (tmp_path / "painted.png").stat().st_size > 0


def test_a_known_style_is_not_sent_again(daemon: Daemon) -> None:
    """The second upload of a file is answered by its hash, before its bytes have come."""
    data = encoded(picture(90, 70, 8))
    with daemon.client() as client, daemon.channel() as channel:
        name = client.upload(data)
        header = blob_pb2.UploadHeader(encoded=True, size_bytes=len(data))
        header.sha256 = hashlib.sha256(data).digest()
        only_header = iter([blob_pb2.UploadBlobRequest(header=header)])
        response = blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(only_header, timeout=60)

    assert response.name == name


def test_download_goes_on_from_an_offset(daemon: Daemon) -> None:
    """A broken download continues where it stopped."""
    header = ImageHeader(20, 20)
    samples = picture(20, 20).tobytes()
    with daemon.client() as client, daemon.channel() as channel:
        name = client.upload(Picture(header, samples))
        stub = blob_pb2_grpc.BlobServiceStub(channel)
        parts = list(stub.DownloadBlob(blob_pb2.DownloadBlobRequest(name=name, offset=1000)))
        told = stub.GetBlob(blob_pb2.GetBlobRequest(name=name))

    assert b"".join(part.chunk for part in parts) == samples[1000:]
    assert told.size_bytes == len(samples)
    assert told.expire_time.seconds > time.time()


def test_inline_and_uploaded_pictures_are_one(daemon: Daemon) -> None:
    """The same samples give the same blob, whichever way they came."""
    with daemon.client() as client, daemon.channel() as channel:
        before = daemon.home.blobs()
        message = request(steps=1)
        message.spec.content.CopyFrom(inline(picture(33, 31, 5)))
        name = job(Stub(channel), created(Stub(channel), message)).name
        watched(Stub(channel), name)
        after_inline = daemon.home.blobs()
        client.upload(encoded(picture(33, 31, 5)))

    assert after_inline == daemon.home.blobs()
    assert after_inline > before
