"""How the two sides are wired: no shared port, no proxy on the way to this machine, no flood of calls or metadata."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import pytest

from fakes import WeightsServer
from harness import Daemon, long_request, wait_for
from impasto import owner
from impasto.config import Limits
from impasto.errors import InvalidRequest
from impasto.rpc import intake
from impasto.rpc.entrance import MAX_CALLS
from impasto.server import OPTIONS
from impasto.store import Store
from impasto.v1 import blob_pb2, stylize_pb2
from test_daemon import Stub, created


async def test_a_port_is_not_shared() -> None:
    """With the daemon's own options a second server on a port of the first is refused; gRPC's default lets it in."""
    first, second = grpc.aio.server(options=OPTIONS), grpc.aio.server(options=OPTIONS)
    port = first.add_insecure_port("127.0.0.1:0")
    await first.start()
    with pytest.raises(RuntimeError, match="Failed to bind"):
        second.add_insecure_port(f"127.0.0.1:{port}")
    await first.stop(0)


CALL = """
import asyncio, sys, grpc
from impasto.launch import CHANNEL_OPTIONS
async def main():
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    options = CHANNEL_OPTIONS if sys.argv[1] == "ours" else ()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            await channel.unary_unary("/nothing/here")(b"", timeout=40)
        except grpc.aio.AioRpcError as error:
            print(error.code().name)
    await server.stop(0)
asyncio.run(main())
"""


@pytest.mark.parametrize(("options", "code"), [("ours", "UNIMPLEMENTED"), ("defaults", "UNAVAILABLE")])
def test_no_proxy_is_asked_for_the_way_to_this_machine(options: str, code: str) -> None:
    """With our client's options a call reaches its server though there is a proxy; gRPC's own would ask the proxy."""
    with WeightsServer(b"", status=403) as proxy:
        address = proxy.url.rpartition("/")[0]
        environment = os.environ | dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), address)
        environment = {name: value for name, value in environment.items() if name.lower() != "no_proxy"}
        command = [sys.executable, "-P", "-c", CALL, options]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout

    assert told.strip() == code


def test_calls_at_once_are_bounded(start: Callable[..., Daemon]) -> None:
    """More than a thousand streams are refused as RESOURCE_EXHAUSTED; when some have gone, others are served."""
    daemon = start()
    with daemon.channel() as channel:
        stub = Stub(channel)
        under_way, name = created(stub, long_request()), created(stub, long_request())  # which waits, and tells little
        streams = [stub.WatchJob(stylize_pb2.WatchJobRequest(name=name)) for _ in range(MAX_CALLS)]
        for stream in streams:
            next(stream)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ListJobs(stylize_pb2.ListJobsRequest(), timeout=30)
        for stream in streams[1:]:
            stream.cancel()

        def served() -> bool:
            try:
                return bool(stub.ListJobs(stylize_pb2.ListJobsRequest(), timeout=30).jobs)
            except grpc.RpcError:
                return False

        wait_for(served, "room for a call")
        for one in (name, under_way):
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=one))

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert daemon.answers()


def test_metadata_is_bounded(daemon: Daemon) -> None:
    """A call that says more of itself than anybody needs is refused before any method sees it."""
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        Stub(channel).ListJobs(stylize_pb2.ListJobsRequest(), timeout=30, metadata=[("x", "y" * 100_000)])

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert daemon.answers()


async def test_an_upload_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its room on the disk is free again, though its client neither goes on nor goes."""
    monkeypatch.setattr(intake, "STALLED_S", 0.2)
    owner.enter("ann")
    store = Store(tmp_path)

    async def stalling() -> AsyncIterator[blob_pb2.UploadBlobRequest]:
        yield blob_pb2.UploadBlobRequest(header=blob_pb2.UploadHeader(encoded=True, size_bytes=1000))
        yield blob_pb2.UploadBlobRequest(chunk=b"x" * 500)
        await asyncio.Event().wait()

    with pytest.raises(InvalidRequest, match=r"chunk: did not come for 0\.2 s; send the picture again"):
        await intake.Intake(store, Limits()).upload(stalling())
    left = list(store.blobs.iterdir())
    await store.close()

    assert left == []
