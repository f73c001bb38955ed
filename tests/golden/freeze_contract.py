"""Freezes the contract: writes contract.pb from the committed stubs, and refuses to if that would break a client.

    python tests/golden/freeze_contract.py [--breaking REASON]

A frozen element (message, field, enum value, service, method) stays as it is for ever; new ones may come, and are
frozen then. tests/test_contract.py compares. A break that must be is written into contract-breaks.md with its reason.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from impasto.v1 import blob_pb2, image_pb2, server_pb2, stylize_pb2

FROZEN = Path(__file__).with_name("contract.pb")
BREAKS = Path(__file__).with_name("contract-breaks.md")

Elements: TypeAlias = dict[str, str]  # what it is called by number and place → all that must not change of it


def current() -> FileDescriptorSet:
    """The contract as the committed stubs have it."""
    found = FileDescriptorSet()
    for module in (blob_pb2, image_pb2, server_pb2, stylize_pb2):
        module.DESCRIPTOR.CopyToProto(found.file.add())
    return found


def frozen() -> FileDescriptorSet:
    """The contract as it was promised."""
    return FileDescriptorSet.FromString(FROZEN.read_bytes())


def breaks(old: FileDescriptorSet, new: FileDescriptorSet) -> list[str]:
    """What `new` has lost or changed of `old`."""
    before, after = elements(old), elements(new)
    lost = [f"{name} is gone" for name in before if name not in after]
    return lost + [
        f"{name} was {told!r}, is {after[name]!r}" for name, told in before.items() if after.get(name, told) != told
    ]


def additions(old: FileDescriptorSet, new: FileDescriptorSet) -> list[str]:
    """What `new` has beyond `old`."""
    return sorted(elements(new).keys() - elements(old).keys())


def elements(contract: FileDescriptorSet) -> Elements:
    """Every element of a contract. A file is part of the name: stubs are imported from it."""
    found: Elements = {}
    for file in contract.file:
        place = f"{file.name} {file.package}"
        for message in file.message_type:
            _add_message(found, place, message)
        for enum in file.enum_type:
            _add_enum(found, place, enum)
        _add_services(found, place, file)
    return found


def _add_message(found: Elements, place: str, message: DescriptorProto) -> None:
    here = f"{place}.{message.name}"
    found[here] = f"message, map entry: {message.options.map_entry}"
    for field in message.field:
        found[f"{here} field {field.number}"] = _field(message, field)
    for nested in message.nested_type:
        _add_message(found, here, nested)
    for enum in message.enum_type:
        _add_enum(found, here, enum)


def _field(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    label = FieldDescriptorProto.Label.Name(field.label)
    kind = field.type_name or FieldDescriptorProto.Type.Name(field.type)
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else "none"
    return f"{field.name}: {label} {kind}, oneof {oneof}, optional: {field.proto3_optional}"


def _add_enum(found: Elements, place: str, enum: EnumDescriptorProto) -> None:
    found[f"{place}.{enum.name}"] = "enum"
    for value in enum.value:
        found[f"{place}.{enum.name} = {value.number}"] = value.name


def _add_services(found: Elements, place: str, file: FileDescriptorProto) -> None:
    for service in file.service:
        found[f"{place}.{service.name}"] = "service"
        for method in service.method:
            found[f"{place}.{service.name}/{method.name}"] = _method(method)


def _method(method: MethodDescriptorProto) -> str:
    asked = "stream " * method.client_streaming + method.input_type
    return f"{asked} -> {'stream ' * method.server_streaming}{method.output_type}"


def freeze(new: FileDescriptorSet, reason: str = "") -> str:
    """Writes `new` over what was frozen; what was done, for people.

    Raises:
        SystemExit: it would break a client, and there is no reason to.
    """
    old = frozen() if FROZEN.exists() else FileDescriptorSet()
    broken, added = breaks(old, new), additions(old, new)
    if broken and not reason:
        sys.exit("\n".join(["refused, as clients of the frozen contract would break:", *broken]))
    if broken:
        with BREAKS.open("a") as file:
            file.write("\n".join([f"## {datetime.now(UTC):%Y-%m-%d}: {reason}", "", *(f"- {b}" for b in broken), "\n"]))
    FROZEN.write_bytes(new.SerializeToString(deterministic=True))
    return f"frozen: {len(elements(new))} elements, {len(added)} of them new, {len(broken)} broken"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--breaking", metavar="REASON", default="", help="freeze although clients break")
    sys.stdout.write(freeze(current(), parser.parse_args().breaking) + "\n")
