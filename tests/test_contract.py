"""The contract's laws: stubs are what the .proto files say, nothing promised is broken, and the style is kept."""

import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

import impasto.v1
from golden import freeze_contract

REPOSITORY = Path(__file__).parents[1]
COMMITTED = Path(next(iter(impasto.v1.__path__)))
TOOLS_VERSION = "1.75.1"  # of the oldest grpcio in pyproject.toml: newer tools write stubs that it refuses
MAX_LINE = 120


def load(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load(REPOSITORY / "proto" / "generate.py")
PROTO: Path = generate.PROTO


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the tools that stubs are generated with."""
    folder: Path = generate.TOOLS
    if not (folder / f"grpcio_tools-{TOOLS_VERSION}.dist-info").exists():
        pytest.fail(f"grpcio-tools {TOOLS_VERSION} are not in {folder.relative_to(REPOSITORY)}: run `make setup`")
    return folder


@pytest.fixture(scope="module")
def sources(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> FileDescriptorSet:
    """The .proto files as descriptors with their comments."""
    out = tmp_path_factory.mktemp("proto") / "sources.pb"
    names = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    includes = [f"-I{PROTO}", f"-I{tools / 'grpc_tools' / '_proto'}", f"-I{generate.GOOGLEAPIS}"]
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, "--include_source_info"]
    subprocess.run(
        [*command, f"--descriptor_set_out={out}", *names], check=True, env=os.environ | {"PYTHONPATH": str(tools)}
    )
    return FileDescriptorSet.FromString(out.read_bytes())


# stubs


@pytest.mark.usefixtures("tools")
def test_the_committed_stubs_are_generated_from_the_proto_files(tmp_path: Path) -> None:
    """proto/generate.py writes exactly what is committed, byte for byte."""
    generate.generate(tmp_path)
    fresh = {path.name: path.read_bytes() for path in (tmp_path / "impasto" / "v1").iterdir()}

    committed = {path.name: path.read_bytes() for path in COMMITTED.iterdir() if path.is_file()}

    assert sorted(committed) == sorted(fresh)
    assert [name for name in fresh if committed[name] != fresh[name]] == [], "run `python proto/generate.py`"


# promises


def test_nothing_that_was_promised_is_broken() -> None:
    """Every frozen message, field, enum value, service and method is still there and the same."""
    assert freeze_contract.breaks(freeze_contract.frozen(), freeze_contract.current()) == []


def test_what_is_new_is_promised_too() -> None:
    """An addition becomes a promise with the commit that makes it."""
    added = freeze_contract.additions(freeze_contract.frozen(), freeze_contract.current())

    assert added == [], "run `python tests/golden/freeze_contract.py` and commit tests/golden/contract.pb"


def message(contract: FileDescriptorSet, name: str) -> DescriptorProto:
    """One message of a contract."""
    return next(m for file in contract.file for m in file.message_type if m.name == name)


def without_field(contract: FileDescriptorSet) -> str:
    del message(contract, "Job").field[5]
    return "Job field 6 is gone"


def with_another_name(contract: FileDescriptorSet) -> str:
    message(contract, "Job").field[5].name = "steps_done"
    return "Job field 6 was 'step: "


def with_another_number(contract: FileDescriptorSet) -> str:
    message(contract, "Job").field[5].number = 60
    return "Job field 6 is gone"


def with_another_type(contract: FileDescriptorSet) -> str:
    field = message(contract, "Job").field[5]
    field.type = field.TYPE_UINT64
    return "Job field 6 was 'step: LABEL_OPTIONAL TYPE_UINT32"


def with_another_message_type(contract: FileDescriptorSet) -> str:
    message(contract, "WatchJobResponse").field[0].type_name = ".impasto.v1.Job"
    return "WatchJobResponse field 1 was 'event: LABEL_OPTIONAL .impasto.v1.JobEvent"


def with_another_label(contract: FileDescriptorSet) -> str:
    field = message(contract, "Job").field[5]
    field.label = field.LABEL_REPEATED
    return "Job field 6 was 'step: LABEL_OPTIONAL"


def without_presence(contract: FileDescriptorSet) -> str:
    field = next(f for f in message(contract, "StylizeSpec").field if f.name == "steps")
    field.proto3_optional = False
    return "StylizeSpec field 5 was 'steps: "


def outside_its_oneof(contract: FileDescriptorSet) -> str:
    message(contract, "ImageRef").field[0].ClearField("oneof_index")
    return "ImageRef field 1 was 'blob: LABEL_OPTIONAL TYPE_STRING, oneof source"


def without_message(contract: FileDescriptorSet) -> str:
    file = next(file for file in contract.file if file.name.endswith("image.proto"))
    del file.message_type[:]
    return "impasto.v1.ImageHeader is gone"


def without_enum_value(contract: FileDescriptorSet) -> str:
    enum = next(e for file in contract.file for e in file.enum_type if e.name == "JobState")
    del enum.value[-1]
    return "JobState = 5 is gone"


def with_another_enum_name(contract: FileDescriptorSet) -> str:
    enum = next(e for file in contract.file for e in file.enum_type if e.name == "JobState")
    enum.value[-1].name = "JOB_STATE_STOPPED"
    return "JobState = 5 was 'JOB_STATE_CANCELLED'"


def without_method(contract: FileDescriptorSet) -> str:
    service = next(s for file in contract.file for s in file.service if s.name == "StylizeService")
    del service.method[0]
    return "StylizeService/Stylize is gone"


def without_stream(contract: FileDescriptorSet) -> str:
    service = next(s for file in contract.file for s in file.service if s.name == "StylizeService")
    service.method[0].server_streaming = False
    return "StylizeService/Stylize was '.impasto.v1.StylizeRequest -> stream "


def in_another_file(contract: FileDescriptorSet) -> str:
    home, other = contract.file[0], contract.file[1]
    other.message_type.append(home.message_type[0])
    del home.message_type[0]
    return "blob.proto impasto.v1.GetBlobRequest is gone"


DOCTORED = [
    without_field,
    with_another_name,
    with_another_number,
    with_another_type,
    with_another_message_type,
    with_another_label,
    without_presence,
    outside_its_oneof,
    without_message,
    without_enum_value,
    with_another_enum_name,
    without_method,
    without_stream,
    in_another_file,
]


@pytest.mark.parametrize("doctor", DOCTORED, ids=lambda doctor: doctor.__name__)
def test_a_break_is_found(doctor: Callable[[FileDescriptorSet], str]) -> None:
    """A contract that takes back or changes any promise is found out, and told what it broke."""
    doctored = freeze_contract.current()
    expected = doctor(doctored)

    found = freeze_contract.breaks(freeze_contract.current(), doctored)

    assert any(expected in told for told in found), found


def test_an_addition_breaks_nothing() -> None:
    """New fields, messages and enum values are no break, and are told as new."""
    grown = freeze_contract.current()
    message(grown, "Job").field.add(name="attempt", number=99, type=13, label=1)
    grown.file[0].message_type.add(name="Newcomer")

    assert freeze_contract.breaks(freeze_contract.current(), grown) == []
    assert freeze_contract.additions(freeze_contract.current(), grown) == [
        "impasto/v1/blob.proto impasto.v1.Newcomer",
        "impasto/v1/stylize.proto impasto.v1.Job field 99",
    ]


@pytest.fixture
def promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A frozen contract of a test's own, with a list of breaks beside it."""
    monkeypatch.setattr(freeze_contract, "FROZEN", tmp_path / "contract.pb")
    monkeypatch.setattr(freeze_contract, "BREAKS", tmp_path / "contract-breaks.md")
    freeze_contract.freeze(freeze_contract.current())
    return tmp_path


def test_a_break_is_not_frozen_without_a_reason(promise: Path) -> None:
    """The script refuses, says why, and leaves the old promise in place."""
    doctored = freeze_contract.current()
    without_field(doctored)

    with pytest.raises(SystemExit, match="Job field 6 is gone"):
        freeze_contract.freeze(doctored)

    assert freeze_contract.frozen() == freeze_contract.current()
    assert not (promise / "contract-breaks.md").exists()


def test_a_break_with_a_reason_is_frozen_and_written_down(promise: Path) -> None:
    """Who breaks the contract on purpose leaves the reason and the list."""
    doctored = freeze_contract.current()
    without_field(doctored)

    freeze_contract.freeze(doctored, "nobody ever read it")

    assert freeze_contract.frozen() == doctored
    assert "nobody ever read it" in (promise / "contract-breaks.md").read_text()
    assert "Job field 6 is gone" in (promise / "contract-breaks.md").read_text()


# style: what buf's STANDARD rules want, and comments

# Numbers of fields in descriptor.proto, of which the paths of comments are made.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE, SERVICE_METHOD, MESSAGE_NESTED, MESSAGE_ENUM = 4, 5, 6, 2, 3, 4
Commented = tuple[str, Sequence[int]]


def messages(file: FileDescriptorProto) -> Iterator[DescriptorProto]:
    """All messages of a file at any depth, without the entries of maps."""
    waiting = list(file.message_type)
    while waiting:
        found = waiting.pop()
        waiting += found.nested_type
        if not found.options.map_entry:
            yield found


def enums(file: FileDescriptorProto) -> Iterator[EnumDescriptorProto]:
    """All enums of a file."""
    yield from file.enum_type
    for found in messages(file):
        yield from found.enum_type


def must_have_comments(file: FileDescriptorProto) -> Iterator[Commented]:
    """What a reader needs to be told about: by name, with its path in the file."""
    for i, service in enumerate(file.service):
        yield service.name, (FILE_SERVICE, i)
        for j, method in enumerate(service.method):
            yield f"{service.name}/{method.name}", (FILE_SERVICE, i, SERVICE_METHOD, j)
    for i, enum in enumerate(file.enum_type):
        yield enum.name, (FILE_ENUM, i)
    for i, found in enumerate(file.message_type):
        yield found.name, (FILE_MESSAGE, i)
        for j, nested in enumerate(found.nested_type):
            if not nested.options.map_entry:
                yield f"{found.name}.{nested.name}", (FILE_MESSAGE, i, MESSAGE_NESTED, j)
        for j, enum in enumerate(found.enum_type):
            yield f"{found.name}.{enum.name}", (FILE_MESSAGE, i, MESSAGE_ENUM, j)


def test_every_service_method_message_and_enum_has_a_comment(sources: FileDescriptorSet) -> None:
    """The contract is the manual: whatever it has is explained where it stands."""
    told = {
        (file.name, tuple(location.path))
        for file in sources.file
        for location in file.source_code_info.location
        if location.leading_comments.strip()
    }

    silent = [name for file in sources.file for name, path in must_have_comments(file) if (file.name, path) not in told]

    assert silent == []


def test_lines_are_short() -> None:
    """No line of the contract has more than 120 characters."""
    lines = [line for path in PROTO.rglob("*.proto") for line in path.read_text().splitlines()]

    assert [line for line in lines if len(line) > MAX_LINE] == []


def test_the_package_is_the_folder_and_ends_in_its_version(sources: FileDescriptorSet) -> None:
    """A file lies where its package says."""
    assert {(file.package, str(Path(file.name).parent)) for file in sources.file} == {("impasto.v1", "impasto/v1")}


def test_enums_begin_unspecified_and_carry_their_name(sources: FileDescriptorSet) -> None:
    """Zero means nothing was said, and every value begins with its enum's name."""
    for enum in (enum for file in sources.file for enum in enums(file)):
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper()

        assert (enum.value[0].number, enum.value[0].name) == (0, f"{prefix}_UNSPECIFIED")
        assert [value.name for value in enum.value if not value.name.startswith(f"{prefix}_")] == []


def test_each_method_has_messages_of_its_own(sources: FileDescriptorSet) -> None:
    """Request and response are named after their method and serve no other."""
    methods = [method for file in sources.file for service in file.service for method in service.method]
    used = Counter(name for method in methods for name in (method.input_type, method.output_type))

    expected = {(f".impasto.v1.{m.name}Request", f".impasto.v1.{m.name}Response") for m in methods}

    assert {(m.input_type, m.output_type) for m in methods} == expected
    assert set(used.values()) == {1}


def test_names_have_their_usual_shape(sources: FileDescriptorSet) -> None:
    """Services end in Service; messages, enums and methods are in PascalCase, fields and oneofs in lower_snake_case."""
    services = [service for file in sources.file for service in file.service]
    all_messages = [found for file in sources.file for found in messages(file)]
    pascal_names = [
        *(service.name for service in services),
        *(method.name for service in services for method in service.method),
        *(found.name for found in all_messages),
        *(enum.name for file in sources.file for enum in enums(file)),
    ]
    snake_names = [field.name for m in all_messages for field in m.field] + [
        oneof.name.lstrip("_")  # protoc makes one with an underscore for each optional field
        for m in all_messages
        for oneof in m.oneof_decl
    ]

    assert [service.name for service in services if not service.name.endswith("Service")] == []
    assert [name for name in pascal_names if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name)] == []
    assert [name for name in snake_names if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []
