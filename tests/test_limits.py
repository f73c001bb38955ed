"""What may come through the API: nothing that names a place, and of everything only so much.

The tables here are compared with the contract's own descriptors: a new field must be given a limit to be let in.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

import impasto
from harness import Daemon, inline, picture, raw, request
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, server_pb2, stylize_pb2, stylize_pb2_grpc
from test_bad_input import refusal

FILES = (stylize_pb2, blob_pb2, server_pb2, image_pb2)
PLACES = r"path|ur[il]|file|folder|dir(ectory)?|host|address|port|module|class|command|script|shell|pickle|code|query"
MIB = 1024 * 1024


def requests() -> list[Descriptor]:
    """The message that each method of ours takes."""
    services = [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]
    return [method.input_type for service in services for method in service.methods]


def reachable(descriptors: Sequence[Descriptor]) -> dict[str, FieldDescriptor]:
    """Every field at any depth of these messages, by its message's name and its own."""
    found: dict[str, FieldDescriptor] = {}
    todo = list(descriptors)
    while todo:
        for field in todo.pop().fields:
            assert field.containing_type is not None
            name = f"{field.containing_type.name}.{field.name}"
            if name not in found:
                found[name] = field
                todo += [field.message_type] if field.message_type is not None else []
    return found


MESSAGES = [message for file in FILES for message in file.DESCRIPTOR.message_types_by_name.values()]
FIELDS = [f"{message.name}.{field.name}" for message in MESSAGES for field in message.fields]
ASKED = reachable(requests())
GROWING = {  # those that can be of any length
    name
    for name, field in ASKED.items()
    if field.is_repeated or field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
}


# nothing that names a place


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_names_a_place(name: str) -> None:
    """No path, no URL, no host, nothing that is looked up or executed: a picture comes as its samples or not at all."""
    words = name.partition(".")[2].split("_")

    assert not [word for word in words if re.fullmatch(PLACES, word)]


def test_a_request_holds_only_what_the_contract_names() -> None:
    """No field takes a message of a type that its sender chooses, nor a group of unknown ones."""
    types = {field.message_type.full_name for field in ASKED.values() if field.message_type is not None}

    assert "google.protobuf.Any" not in types
    assert {name for name in types if not name.startswith("impasto.v1.")} <= {"google.protobuf.Duration"}


SOURCES = sorted(Path(impasto.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_nothing_is_unpickled_or_executed(path: Path) -> None:
    """No module loads objects that say how they are made; torch's own files only as weights, and only on commands."""
    room, tree = path.parent.name, ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    loads = [call for call in calls if ast.unparse(call.func) in ("torch.load", "np.load", "numpy.load", "joblib.load")]

    assert not imported & {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "runpy", "code"}
    assert not [call for call in calls if ast.unparse(call.func) in ("eval", "exec", "os.system", "os.popen")]
    assert all("weights_only=True" in ast.unparse(call) for call in loads)
    # Weights that a user names on a command; training's own file. Nothing at run time: states are safetensors.
    assert not loads or room in ("imagenet", "training")


# of everything only so much


@dataclass(frozen=True)
class Excess:
    """One field with more in it than is allowed, and how the call must end."""

    send: Callable[[grpc.Channel], Any]
    code: str
    reason: str = ""


def stylize(change: Callable[[stylize_pb2.StylizeRequest], object]) -> Callable[[grpc.Channel], Any]:
    """A good request, changed; it is only to be checked."""

    def send(channel: grpc.Channel) -> Any:
        message = request(validate_only=True)
        change(message)
        return list(stylize_pb2_grpc.StylizeServiceStub(channel).Stylize(message, timeout=60))

    return send


def ask(method: str, message: Any) -> Callable[[grpc.Channel], Any]:
    """A call of StylizeService or BlobService."""

    def send(channel: grpc.Channel) -> Any:
        stub = stylize_pb2_grpc.StylizeServiceStub(channel)
        called = getattr(stub if hasattr(stub, method) else blob_pb2_grpc.BlobServiceStub(channel), method)
        answer = called(message, timeout=60)
        return list(answer) if isinstance(answer, Iterator) else answer

    return send


def upload(*parts: blob_pb2.UploadBlobRequest) -> Callable[[grpc.Channel], Any]:
    """An upload of those parts."""
    return lambda channel: blob_pb2_grpc.BlobServiceStub(channel).UploadBlob(iter(parts), timeout=60)


def header(**fields: Any) -> blob_pb2.UploadBlobRequest:
    """The first part of an upload."""
    return blob_pb2.UploadBlobRequest(header=blob_pb2.UploadHeader(encoded=True, **{"size_bytes": 3 * MIB, **fields}))


def gray(width: int, height: int, icc_profile: bytes = b"") -> image_pb2.ImageRef:
    """A gray picture inside a request."""
    samples = np.zeros((height, width, 1), np.uint8)
    picture = raw(samples, image_pb2.PIXEL_FORMAT_GRAY, image_pb2.SAMPLE_TYPE_U8)
    picture.inline.raw.header.icc_profile = icc_profile
    return picture


def named(method: str, message: Any) -> Excess:
    """A name that is too long is no name of ours, and is told as any other that is not there."""
    message.name = LONG
    return Excess(ask(method, message), "NOT_FOUND")


LONG = "x" * 10_000
STYLES = [stylize_pb2.StyleRef(image=inline(picture(20, 20)))] * 40
LAYERS = [stylize_pb2.LayerWeight(layer="relu1_1", weight=1)] * 1000
CHANGES: dict[str, tuple[Callable[[stylize_pb2.StylizeRequest], object], str]] = {
    "StylizeRequest.request_id": (lambda m: setattr(m, "request_id", "x" * 65), "TOO_LONG"),
    "StylizeRequest.labels": (lambda m: m.labels.update({str(number): "" for number in range(17)}), "TOO_LONG"),
    "LabelsEntry.key": (lambda m: m.labels.update({"x" * 257: ""}), "TOO_LONG"),
    "LabelsEntry.value": (lambda m: m.labels.update({"": "x" * 257}), "TOO_LONG"),
    "RawImage.samples": (lambda m: m.spec.content.CopyFrom(gray(2048, 1537)), "TOO_LARGE"),
    "InlineImage.encoded": (lambda m: setattr(m.spec.content.inline, "encoded", bytes(3 * MIB + 1)), "TOO_LARGE"),
    "StylizeSpec.styles": (lambda m: m.spec.styles.extend(STYLES), "TOO_MANY_STYLES"),
    "StylizeSpec.content_layers": (lambda m: m.spec.content_layers.extend(LAYERS), "LAYER_TWICE"),
    "StylizeSpec.style_layers": (lambda m: m.spec.style_layers.extend(LAYERS), "LAYER_TWICE"),
    "LayerWeight.layer": (lambda m: m.spec.style_layers.add(layer=LONG, weight=1), "UNKNOWN_LAYER"),
    "StylizeSpec.encoder": (lambda m: setattr(m.spec, "encoder", LONG), "UNKNOWN_ENCODER"),
    "StylizeSpec.objective": (lambda m: setattr(m.spec, "objective", LONG), "UNKNOWN_OBJECTIVE"),
}
TOO_MUCH = blob_pb2.UploadBlobRequest(chunk=bytes(MIB + 1))
EXCESS = {name: Excess(stylize(change), "INVALID_ARGUMENT", reason) for name, (change, reason) in CHANGES.items()} | {
    "GetJobRequest.name": named("GetJob", stylize_pb2.GetJobRequest()),
    "WatchJobRequest.name": named("WatchJob", stylize_pb2.WatchJobRequest()),
    "GetPreviewRequest.name": named("GetPreview", stylize_pb2.GetPreviewRequest()),
    "CancelJobRequest.name": named("CancelJob", stylize_pb2.CancelJobRequest()),
    "GetBlobRequest.name": named("GetBlob", blob_pb2.GetBlobRequest()),
    "DownloadBlobRequest.name": named("DownloadBlob", blob_pb2.DownloadBlobRequest()),
    "ImageRef.blob": Excess(stylize(lambda m: setattr(m.spec.content, "blob", LONG)), "NOT_FOUND"),
    "ImageHeader.icc_profile": Excess(
        stylize(lambda m: m.spec.content.CopyFrom(gray(64, 48, bytes(4 * MIB)))), "RESOURCE_EXHAUSTED"
    ),
    "ListJobsRequest.page_token": Excess(
        ask("ListJobs", stylize_pb2.ListJobsRequest(page_token="9" * 10_000)), "INVALID_ARGUMENT", "PAGE_TOKEN"
    ),
    "UploadHeader.sha256": Excess(upload(header(sha256=bytes(33))), "INVALID_ARGUMENT", "SHA256_LENGTH"),
    "UploadBlobRequest.chunk": Excess(upload(header(), TOO_MUCH), "INVALID_ARGUMENT", "CHUNK_TOO_LARGE"),
}


def test_every_field_that_can_grow_has_its_row() -> None:
    """A new string, bytes, map or repeated field of a request is refused here until it has a limit and a row."""
    assert set(EXCESS) == GROWING


@pytest.mark.parametrize("name", EXCESS)
def test_more_than_allowed_is_refused(daemon: Daemon, name: str) -> None:
    """Each with its code and reason; the refusal itself stays small, whatever was sent."""
    excess = EXCESS[name]
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        excess.send(channel)
    code, fields, reasons = refusal(caught.value)

    assert code.name == excess.code
    assert excess.reason in reasons | {""}
    assert len(caught.value.details()) <= 500
    assert all(len(told) <= 240 for told in fields.values())


def test_one_message_is_at_most_4_mib(daemon: Daemon) -> None:
    """Before anything of ours sees it."""
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        upload(header(), blob_pb2.UploadBlobRequest(chunk=bytes(4 * MIB)))(channel)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert daemon.answers()


@pytest.mark.parametrize("method", ["/impasto.v1.StylizeService/NoSuchMethod", "/impasto.v2.StylizeService/Stylize"])
def test_what_is_not_there_is_unimplemented(daemon: Daemon, method: str) -> None:
    """A method or a version of the contract that this daemon does not have."""
    with daemon.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(method)(b"", timeout=60)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
