"""Two owners at one real daemon, told apart by tokens: what is one's does not exist for the other."""

import hashlib
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from harness import Daemon, Home, encoded, long_request, picture, request
from impasto.v1 import (
    blob_pb2,
    blob_pb2_grpc,
    server_pb2,
    server_pb2_grpc,
    stylize_pb2,
    stylize_pb2_grpc,
)
from test_daemon import RUNNING, SUCCEEDED, Stub, created, job, steps_done, watched

# The daemon's own `serve`, its own way to tell owners apart by tokens; no setting leads there until there is TLS.
SERVE = """
import hashlib
from impasto.config import Config
from impasto.owner import Tokens
from impasto.server import serve
serve(Config.load(), identify=Tokens({hashlib.sha256(name.encode()).hexdigest(): name for name in ("ann", "ben")}))
"""


class Named(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamUnaryClientInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Calls in somebody's name."""

    def __init__(self, token: str) -> None:
        self._metadata = [("authorization", f"Bearer {token}")]

    def _call(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(details._replace(metadata=[*(details.metadata or ()), *self._metadata]), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _call


class Shared(Daemon):
    """A daemon of two owners."""

    def channel_of(self, token: str) -> grpc.Channel:
        """A channel in somebody's name."""
        bare = grpc.insecure_channel(f"unix:{self.home.config.runtime_dir}/impasto.sock")
        return grpc.intercept_channel(bare, Named(token))

    def answers(self) -> bool:
        """Whether it answers one of them."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with self.channel_of("ann") as channel:
                server_pb2_grpc.ServerServiceStub(channel).GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=2)
        except grpc.RpcError:
            return False
        return True


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    """One daemon for all tests here."""
    home = Home()
    daemon = Shared(home, [sys.executable, "-P", "-c", SERVE])
    yield daemon
    daemon.end()
    home.remove()


@pytest.fixture
def ann(shared: Shared) -> Iterator[grpc.Channel]:
    """Ann's channel."""
    with shared.channel_of("ann") as channel:
        yield channel


@pytest.fixture
def ben(shared: Shared) -> Iterator[grpc.Channel]:
    """Ben's channel."""
    with shared.channel_of("ben") as channel:
        yield channel


def upload(channel: grpc.Channel, data: bytes, *, chunks: bool = True) -> str:
    """The name of a picture sent as a file, or only announced."""
    header = blob_pb2.UploadHeader(encoded=True, size_bytes=len(data), sha256=hashlib.sha256(data).digest())
    parts = [blob_pb2.UploadBlobRequest(header=header)]
    parts += [blob_pb2.UploadBlobRequest(chunk=data)] if chunks else []
    return str(blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter(parts), timeout=60).name)


@dataclass
class Things:
    """What Ann has: a picture, a finished job with its result, a job that runs."""

    blob: str
    done: str
    result: str
    running: str


@pytest.fixture(scope="module")
def things(shared: Shared) -> Iterator[Things]:
    """Ann's things, which stay through all tests here."""
    with shared.channel_of("ann") as channel:
        stub = Stub(channel)
        blob, done = upload(channel, encoded(picture(seed=5))), created(stub, request(steps=2))
        last = watched(stub, done)[-1].job
        running = created(stub, long_request())
        steps_done(stub, running)
        yield Things(blob, done, last.result.blob, running)
        with suppress(grpc.RpcError):  # the last test ends the daemon
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=running))


def refusal(channel: grpc.Channel, method: str, message: Any) -> tuple[str, str]:
    """Code and text with which a call ends; the name that was asked for is left out of the text."""
    stubs = (stylize_pb2_grpc.StylizeServiceStub(channel), blob_pb2_grpc.BlobServiceStub(channel))
    call = next(getattr(stub, method) for stub in stubs if hasattr(stub, method))
    with pytest.raises(grpc.RpcError) as caught:
        list(call(message, timeout=30))
    assert message.SerializeToString()
    return caught.value.code().name, re.sub(r"(jobs/|blobs/sha256-)[0-9a-f]+", "NAME", caught.value.details())


def with_blob(name: str) -> stylize_pb2.StylizeRequest:
    """A request that names a picture."""
    message = request(validate_only=True)
    message.spec.content.blob = name
    return message


ASKING: dict[str, tuple[str, Callable[[str], Any]]] = {
    "GetJob": ("done", lambda name: stylize_pb2.GetJobRequest(name=name)),
    "WatchJob": ("done", lambda name: stylize_pb2.WatchJobRequest(name=name)),
    "GetPreview": ("running", lambda name: stylize_pb2.GetPreviewRequest(name=name)),
    "CancelJob": ("running", lambda name: stylize_pb2.CancelJobRequest(name=name)),
    "GetBlob": ("blob", lambda name: blob_pb2.GetBlobRequest(name=name)),
    "DownloadBlob": ("result", lambda name: blob_pb2.DownloadBlobRequest(name=name)),
    "Stylize": ("blob", with_blob),
    "CreateJob": ("result", lambda name: stylize_pb2.CreateJobRequest(request=with_blob(name))),
}


def test_every_method_that_takes_a_name_is_asked_here() -> None:
    """A new one must not be forgotten; the rest take no name of a job or a picture."""
    services = [module.DESCRIPTOR.services_by_name.values() for module in (stylize_pb2, blob_pb2, server_pb2)]
    methods = {method.name for found in services for service in found for method in service.methods}

    assert methods - set(ASKING) == {"ListJobs", "UploadBlob", "GetServerInfo", "FreeDevices", "Forget"}


@pytest.mark.parametrize("method", ASKING)
def test_what_is_anns_does_not_exist_for_ben(ben: grpc.Channel, things: Things, method: str) -> None:
    """NOT_FOUND, in the very words for what nobody has."""
    kind, message = ASKING[method]
    hers: str = getattr(things, kind)
    nobodys = re.sub("[0-9a-f]{32}$", uuid.uuid4().hex, hers)

    assert refusal(ben, method, message(hers)) == refusal(ben, method, message(nobodys))
    assert refusal(ben, method, message(hers))[0] == "NOT_FOUND"


def test_ben_cancelled_nothing_and_ann_has_all(ann: grpc.Channel, ben: grpc.Channel, things: Things) -> None:
    """Her job still runs, her picture can be fetched; lists hold one's own alone."""
    refusal(ben, "CancelJob", stylize_pb2.CancelJobRequest(name=things.running))
    hers = [told.name for told in Stub(ann).ListJobs(stylize_pb2.ListJobsRequest()).jobs]

    assert job(Stub(ann), things.running).state == RUNNING
    assert job(Stub(ann), things.done).state == SUCCEEDED
    assert {things.running, things.done} <= set(hers)
    assert not {told.name for told in Stub(ben).ListJobs(stylize_pb2.ListJobsRequest()).jobs} & set(hers)
    assert list(blob_pb2_grpc.BlobServiceStub(ann).DownloadBlob(blob_pb2.DownloadBlobRequest(name=things.result)))


def test_a_request_id_is_ones_own(ann: grpc.Channel, ben: grpc.Channel) -> None:
    """The same one by two owners is two jobs, and no hint that the other's exists."""
    first, second = (
        created(Stub(channel), request(steps=steps, request_id="same")) for channel, steps in ((ann, 2), (ben, 3))
    )

    assert first != second
    assert created(Stub(ann), request(steps=2, request_id="same")) == first


def test_nobody_learns_that_a_picture_is_there(ann: grpc.Channel, ben: grpc.Channel) -> None:
    """An announced file that only the other has must be sent; then it is one's own, under the same name."""
    data = encoded(picture(seed=77))
    hers = upload(ann, data)
    assert upload(ann, data, chunks=False) == hers  # her own need not be sent again
    with pytest.raises(grpc.RpcError) as caught:
        upload(ben, data, chunks=False)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert upload(ben, data) == hers
    assert blob_pb2_grpc.BlobServiceStub(ben).GetBlob(blob_pb2.GetBlobRequest(name=hers)).size_bytes > 0


def test_forgetting_takes_ones_own_alone(ann: grpc.Channel, ben: grpc.Channel, things: Things) -> None:
    """What both have stays for the other; what is Ann's stays whatever Ben forgets."""
    data = encoded(picture(seed=78))
    both = upload(ann, data)
    upload(ben, data)
    told = server_pb2_grpc.ServerServiceStub(ben).Forget(server_pb2.ForgetRequest(cancel_jobs=True), timeout=60)
    hers = blob_pb2_grpc.BlobServiceStub(ann)

    assert told.blobs >= 1
    assert refusal(ben, "GetBlob", blob_pb2.GetBlobRequest(name=both))[0] == "NOT_FOUND"
    assert {hers.GetBlob(blob_pb2.GetBlobRequest(name=name)).size_bytes > 0 for name in (both, things.blob)} == {True}
    assert job(Stub(ann), things.running).state == RUNNING


def test_a_stranger_is_turned_away(shared: Shared) -> None:
    """Without a token or with a wrong one, from health to uploads, without a hint."""
    for token in ("", "eve"):
        with shared.channel_of(token) as channel:
            for call in (
                lambda c: Stub(c).ListJobs(stylize_pb2.ListJobsRequest(), timeout=30),
                lambda c: upload(c, b"x"),
                lambda c: list(Stub(c).Stylize(request(), timeout=30)),
            ):
                with pytest.raises(grpc.RpcError) as caught:
                    call(channel)
                assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
                assert caught.value.details() == "it is not known who calls"


def test_over_the_socket_alone_neither_is_there(shared: Shared, things: Things) -> None:
    """The daemon of the machine's user, over the same folder, knows nothing of what the two have."""
    shared.end()
    plain = Daemon(shared.home)
    try:
        with plain.channel() as channel:
            code, _ = refusal(channel, "GetJob", stylize_pb2.GetJobRequest(name=things.done))
            jobs = Stub(channel).ListJobs(stylize_pb2.ListJobsRequest()).jobs
    finally:
        plain.end()

    assert code == "NOT_FOUND"
    assert list(jobs) == []
