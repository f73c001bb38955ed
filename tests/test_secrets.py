"""What the daemon tells of itself when something of its own is broken: a reference, and nothing of its inside."""

import json
import re
from collections.abc import Callable

import grpc
import pytest

from harness import Daemon, Home, encoded, picture, request
from impasto.v1 import blob_pb2, blob_pb2_grpc, stylize_pb2_grpc

INSIDE = re.compile(r"Traceback|File \"|/|Error|Exception|impasto\.|\.py|object at 0x|errno", re.IGNORECASE)


def break_the_store(home: Home) -> None:
    """Puts a file where the folder of pictures was, as a broken disk or a careless hand might."""
    blobs = home.config.data_dir / "blobs"
    blobs.rename(home.path / "blobs-elsewhere")
    blobs.write_text("in the way")


def upload(channel: grpc.Channel) -> object:
    """A good upload."""
    data = encoded(picture())
    header = blob_pb2.UploadHeader(encoded=True, size_bytes=len(data))
    parts = [blob_pb2.UploadBlobRequest(header=header), blob_pb2.UploadBlobRequest(chunk=data)]
    return blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter(parts), timeout=60)


def stylize(channel: grpc.Channel) -> object:
    """A good request, whose pictures must be kept."""
    return list(stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(request(), timeout=60))


@pytest.mark.parametrize("call", [upload, stylize], ids=lambda call: call.__name__)
def test_an_internal_error_tells_a_reference_and_nothing_else(
    start: Callable[..., Daemon], call: Callable[[grpc.Channel], object]
) -> None:
    """No traceback, no path, no class; under the reference the log has all of that; the daemon goes on."""
    daemon = start()
    break_the_store(daemon.home)
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        call(channel)
    status, trailing = caught.value, str(caught.value.trailing_metadata())
    found = re.search(r"its log tells what, at reference ([0-9a-f]{8})", status.details())
    told = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    (line,) = [line for line in told if "reference" in line]

    assert status.code() is grpc.StatusCode.INTERNAL
    assert INSIDE.search(status.details()) is None
    assert not any(word in trailing for word in ("Traceback", str(daemon.home.path), "Errno", "NotADirectory", ".py"))
    assert found is not None
    assert line["reference"] == found[1]
    assert "NotADirectoryError" in line["traceback"]
    assert daemon.answers()


BYTES = [b"\xff\xff\xff", b"\x0a\xff", b"\x00"]


@pytest.mark.parametrize("data", BYTES)
def test_bytes_that_are_no_message_are_told_as_that(daemon: Daemon, data: bytes) -> None:
    """On methods of every kind: gRPC's own answer would be INTERNAL or UNKNOWN, with the name of a class in it."""
    paths = {
        "unary_unary": ("StylizeService/GetJob", data),
        "unary_stream": ("StylizeService/WatchJob", data),
        "stream_unary": ("BlobService/UploadBlob", iter([data])),
    }
    told = "request: is not readable: its bytes are no message that this method takes"
    with daemon.channel() as channel:
        for kind, (path, argument) in paths.items():
            call = getattr(channel, kind)(f"/impasto.v1.{path}")
            with pytest.raises(grpc.RpcError) as caught:
                list(call(argument, timeout=60))
            assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, told)
