"""Between the contract and our own values: nothing is lost on the way, and nothing is ignored."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any, TypeAlias

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from impasto import wire
from impasto.errors import InvalidRequest, Violations
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.job import Event, Failure, Job, Outlook, Preview, Priority, Result, State
from impasto.spec import StyleUse, StylizeSpec
from impasto.v1 import image_pb2, stylize_pb2

Field: TypeAlias = Any  # protobuf's descriptors have another class in each of its implementations
HEADER = ImageHeader(640, 480, PixelFormat.RGBA, SampleType.F16, Transfer.LINEAR, True, b"profile")
QUEUED = Job(
    "jobs/1",
    "krita",
    StylizeSpec("c", (StyleUse("s"),), encoder="vgg19"),
    7,
    1.5,
    "uid:1",
    "request",
    labels={"document": "harbour"},
)
RUNNING = replace(QUEUED.started("cpu", 2.5).progressed(3, 10, 61.25), priority=Priority.INTERACTIVE)


def reasons(found: Violations) -> list[tuple[str, str]]:
    """Fields and reasons of what was noted."""
    return [(violation.field, violation.reason) for violation in found.found]


# headers


@pytest.mark.parametrize(("pixels", "samples", "transfer"), list(product(PixelFormat, SampleType, Transfer)))
def test_a_header_comes_back_as_it_was(pixels: PixelFormat, samples: SampleType, transfer: Transfer) -> None:
    """Every kind of picture survives the journey there and back."""
    header, found = ImageHeader(3, 2, pixels, samples, transfer, pixels.has_alpha, b"profile"), Violations()

    message = image_pb2.ImageHeader.FromString(wire.header_to(header).SerializeToString())

    assert wire.header_from(message, "header", found) == header
    assert found.found == []


@pytest.mark.parametrize(
    ("table", "contract", "domain"),
    [
        (wire.PIXEL_FORMATS, image_pb2.PixelFormat, PixelFormat),
        (wire.SAMPLE_TYPES, image_pb2.SampleType, SampleType),
        (wire.TRANSFERS, image_pb2.TransferFunction, Transfer),
        (wire.PRIORITIES, stylize_pb2.Priority, Priority),
        ({state: name for name, state in wire.STATES.items()}, stylize_pb2.JobState, State),
        (wire.OPTIMIZERS, stylize_pb2.Optimizer, ("lbfgs", "adam")),
        (wire.STARTS, stylize_pb2.Start, ("content", "noise")),
    ],
)
def test_the_tables_are_whole(table: dict[int, object], contract: Any, domain: Any) -> None:
    """Every value of the contract's enums stands for one of ours and each of ours for one of the contract's."""
    assert set(table) | {0} == set(contract.values())
    assert set(table.values()) == set(domain)


def test_what_a_header_leaves_open_is_srgb_or_refused() -> None:
    """An unspecified transfer is sRGB; unspecified channels or samples are noted."""
    found = Violations()

    header = wire.header_from(image_pb2.ImageHeader(width=3, height=2), "header.raw", found)

    assert header.transfer is Transfer.SRGB
    assert reasons(found) == [("header.raw.pixel_format", "UNKNOWN_ENUM"), ("header.raw.sample_type", "UNKNOWN_ENUM")]


@pytest.mark.parametrize("field", ["pixel_format", "sample_type", "transfer"])
def test_a_header_of_the_future_is_noted(field: str) -> None:
    """A value that this version does not know is refused with what is known, and not taken for another."""
    message, found = wire.header_to(HEADER), Violations()
    setattr(message, field, 99)

    wire.header_from(message, "header", found)

    assert reasons(found) == [(f"header.{field}", "UNKNOWN_ENUM")]
    assert "is 99; " in found.found[0].description


# what to compute: every field of the contract is heard or refused


def read(message: stylize_pb2.StylizeSpec) -> tuple[StylizeSpec, list[str]]:
    """The request in our words, and what is wrong with it."""
    found = Violations()
    spec = wire.spec_from(message, found)
    return spec, [field for field, _ in reasons(found)]


def settings(field: Field) -> Iterator[tuple[str, Callable[[Message], None]]]:
    """Ways to set a field to something that is not its default, each with a name; of an enum, all."""
    name = field.name
    if field.message_type is not None:
        yield "set", lambda message: make(getattr(message, name))
    elif field.enum_type is not None:
        for value in field.enum_type.values[1:]:
            yield value.name, lambda message, number=value.number: setattr(message, name, number)  # type: ignore[misc]
    else:
        chosen = "other" if field.cpp_type == field.CPPTYPE_STRING else 3
        yield str(chosen), lambda message: setattr(message, name, chosen)


def make(part: Any) -> None:
    """Sets a message within a message, or the first of several."""
    part.add() if hasattr(part, "add") else part.SetInParent()


def cases(message: type[Message]) -> list[Any]:
    """Every field of a message in every setting, as parameters."""
    fields = message.DESCRIPTOR.fields
    return [pytest.param(f, change, id=f"{f.name}-{how}") for f in fields for how, change in settings(f)]


# Pictures are for rpc to hear: tests/test_daemon.py and tests/test_bad_input.py show that it does.
PICTURES = {"content", "mask", "keep", "init"}
# Values that say what is meant without them, too.
DEFAULTS = {("optimizer", "lbfgs"), ("start", "content"), ("colour", "style"), ("detail", "balanced")}


@pytest.mark.parametrize(("field", "change"), cases(stylize_pb2.StylizeSpec))
def test_every_field_of_a_spec_is_heard_or_refused(field: Field, change: Callable[[Message], None]) -> None:
    """A field that is set changes what is computed; it is never ignored."""
    message = stylize_pb2.StylizeSpec()
    change(message)

    spec, wrong = read(message)

    assert wrong == []
    changed = spec != read(stylize_pb2.StylizeSpec())[0]
    assert changed + (field.name in PICTURES) + means_the_default(field, message) == 1


def means_the_default(field: Field, message: Message) -> bool:
    """Whether an enum was set to what it means if it is not set."""
    if field.enum_type is None:
        return False
    name = field.enum_type.values_by_number[getattr(message, field.name)].name
    return any(field.name == known and name.lower().endswith(f"_{value}") for known, value in DEFAULTS)


@pytest.mark.parametrize(("field", "change"), cases(stylize_pb2.StyleRef))
def test_every_field_of_a_style_is_heard_or_refused(field: Field, change: Callable[[Message], None]) -> None:
    """Likewise of each style picture."""
    message = stylize_pb2.StylizeSpec()
    change(message.styles.add())

    spec, wrong = read(message)

    assert wrong == []
    assert spec.styles == (StyleUse("", 3.0 if field.name == "weight" else 1.0),)  # its pictures are for rpc


HEARD_BY_RPC = {  # a new field stays out until somebody has seen that it is heard
    stylize_pb2.StylizeRequest: {"request_id", "spec", "priority", "delivery", "labels", "validate_only"},
    stylize_pb2.DeliveryOptions: {"max_preview_fps", "max_preview_edge", "on_disconnect", "send_result"},
    stylize_pb2.LayerWeight: {"layer", "weight"},
    image_pb2.ImageRef: {"blob", "inline"},
    image_pb2.InlineImage: {"raw", "encoded"},
    image_pb2.RawImage: {"header", "samples"},
}


@pytest.mark.parametrize("message", HEARD_BY_RPC, ids=lambda message: message.DESCRIPTOR.name)
def test_the_envelope_has_no_field_that_nobody_hears(message: type[Message]) -> None:
    """A field that comes into the contract is served or refused with the same commit."""
    assert {field.name for field in message.DESCRIPTOR.fields} == HEARD_BY_RPC[message]


def test_a_picture_and_a_place_to_start_from_are_one_too_many() -> None:
    """Where X begins is said once."""
    message = stylize_pb2.StylizeSpec(start=stylize_pb2.START_NOISE)
    message.init.SetInParent()

    assert read(message)[1] == ["spec.start"]


@pytest.mark.parametrize("field", ["optimizer", "start", "colour", "detail"])
def test_an_enum_of_the_future_is_noted(field: str) -> None:
    """A choice that this version does not know is refused, not replaced by another."""
    message = stylize_pb2.StylizeSpec()
    setattr(message, field, 99)

    assert read(message)[1] == [f"spec.{field}"]


def test_unset_and_zero_are_told_apart() -> None:
    """An explicit 0 reaches the checks; what is unset is left to the encoder."""
    fields = stylize_pb2.StylizeSpec.DESCRIPTOR.fields
    optional = [f.name for f in fields if f.containing_oneof is not None and f.name != "seed"]
    zero = stylize_pb2.StylizeSpec()
    for name in optional:
        setattr(zero, name, 0)

    assert [getattr(read(zero)[0], name) for name in optional] == [0] * len(optional)
    assert read(stylize_pb2.StylizeSpec())[0] == StylizeSpec("", ())


def test_layers_keep_their_weights_and_come_once() -> None:
    """A layer named twice would have two weights: it is noted."""
    message = stylize_pb2.StylizeSpec()
    message.style_layers.add(layer="relu1_1", weight=0.5)
    message.style_layers.add(layer="relu2_1", weight=2.0)
    assert read(message)[0].style_layers == {"relu1_1": 0.5, "relu2_1": 2.0}

    message.style_layers.add(layer="relu1_1", weight=1.0)

    assert read(message)[1] == ["spec.style_layers"]


# around it


def envelope(**fields: Any) -> list[tuple[str, str]]:
    """What is wrong around a spec."""
    found = Violations()
    wire.check_envelope(stylize_pb2.StylizeRequest(**fields), found)
    return reasons(found)


def delivery(**fields: Any) -> list[tuple[str, str]]:
    """What is wrong with the delivery."""
    return envelope(delivery=stylize_pb2.DeliveryOptions(**fields))


@pytest.mark.parametrize(
    "labels", [{}, {str(i): "" for i in range(16)}, {"k" * 256: "v" * 256}, {"dokument": "hafen.xcf"}]
)
def test_an_envelope_within_bounds_passes(labels: dict[str, str]) -> None:
    """The bounds themselves are allowed."""
    assert envelope(request_id="x" * 64, labels=labels, priority=stylize_pb2.PRIORITY_BATCH) == []


@pytest.mark.parametrize(
    "labels", [{str(i): "" for i in range(17)}, {"k" * 257: ""}, {"": "v" * 257}, {"a": "", "b": "v" * 4000}]
)
def test_labels_are_few_and_short(labels: dict[str, str]) -> None:
    """Labels are for a document's name, not for documents."""
    assert envelope(labels=labels) == [("labels", "TOO_LONG")]


def test_a_request_id_is_short() -> None:
    """Sixty-four characters are enough for any UUID."""
    assert envelope(request_id="x" * 65) == [("request_id", "TOO_LONG")]


@pytest.mark.parametrize("fps", [0.0, 0.001, 4.0])
def test_few_previews_pass(fps: float) -> None:
    """None to four previews a second."""
    assert delivery(max_preview_fps=fps) == []


@pytest.mark.parametrize("fps", [-0.1, 4.01, math.nan, math.inf, -math.inf])
def test_many_previews_do_not(fps: float) -> None:
    """What is more, negative or no number is refused."""
    assert delivery(max_preview_fps=fps) == [("delivery.max_preview_fps", "OUT_OF_RANGE")]


@pytest.mark.parametrize(
    ("edge", "good"), [(0, True), (16, True), (1024, True), (15, False), (1025, False), (1, False)]
)
def test_previews_are_small(edge: int, good: bool) -> None:
    """16 to 1024 px; 0 means the default."""
    assert delivery(max_preview_edge=edge) == ([] if good else [("delivery.max_preview_edge", "OUT_OF_RANGE")])
    assert wire.check_edge(edge, "max_edge", Violations()) == (edge or wire.PREVIEW_EDGE)


def test_enums_of_the_future_around_a_spec_are_noted() -> None:
    """Priority and policy are checked like all else, and told together."""
    message, found = stylize_pb2.StylizeRequest(), Violations()
    message.priority = message.delivery.on_disconnect = 99  # type: ignore[assignment]
    message.delivery.max_preview_fps = 9

    wire.check_envelope(message, found)

    assert reasons(found) == [
        ("delivery.max_preview_fps", "OUT_OF_RANGE"),
        ("priority", "UNKNOWN_ENUM"),
        ("delivery.on_disconnect", "UNKNOWN_ENUM"),
    ]


# jobs, as they are told


def test_a_job_is_told_as_it_is() -> None:
    """Every field of the contract's Job is filled, from the job or from what the scheduler knows of it."""
    cancelled = RUNNING.cancelled(Failure("CANCELLED", "why"), 9.0, Result("blobs/sha256-1", HEADER))
    message = wire.job_to(replace(cancelled, device_s=1.5), Outlook(2, 61.25))

    assert {field.name for field, _ in message.ListFields()} == {field.name for field in message.DESCRIPTOR.fields}
    assert (message.name, message.request_id, message.device, message.encoder) == ("jobs/1", "request", "cpu", "vgg19")
    assert (message.step, message.total_steps, message.queue_position) == (3, 10, 2)
    assert (message.state, message.priority) == (stylize_pb2.JOB_STATE_CANCELLED, stylize_pb2.PRIORITY_INTERACTIVE)
    assert message.time_left.ToTimedelta().total_seconds() == 61.25
    assert message.create_time.ToMilliseconds() == 1500
    assert message.start_time.ToMilliseconds() == 2500
    assert message.end_time.ToMilliseconds() == 9000
    assert wire.header_from(message.result.header, "header", Violations()) == HEADER
    assert dict(message.labels) == {"document": "harbour"}


def test_what_has_not_happened_is_not_told() -> None:
    """A job that waits has no start, no end, no result, no failure; one that runs has no place in the queue."""
    absent = ("time_left", "result", "error", "start_time", "end_time", "queue_position")

    assert [name for name in absent if wire.job_to(QUEUED).HasField(name)] == []
    assert wire.job_to(QUEUED, Outlook(1)).HasField("queue_position")
    assert not wire.job_to(RUNNING, Outlook(0, 1.0)).HasField("queue_position")


@pytest.mark.parametrize("state", State)
def test_every_state_is_told_by_its_name(state: State) -> None:
    """The contract's states are ours."""
    message = wire.job_to(replace(QUEUED, state=state))

    assert stylize_pb2.JobState.Name(message.state) == f"JOB_STATE_{state.name}"


@pytest.mark.parametrize("priority", Priority)
def test_every_priority_is_told_by_its_name(priority: Priority) -> None:
    """A job never says that its priority is unspecified."""
    message = wire.job_to(replace(QUEUED, priority=priority))

    assert stylize_pb2.Priority.Name(message.priority) == f"PRIORITY_{priority.name}"


@pytest.mark.parametrize(
    ("reason", "code"),
    [*wire.FAILURE_CODES.items(), ("DIVERGED", code_pb2.INTERNAL), ("NEVER_HEARD_OF", code_pb2.INTERNAL)],
)
def test_a_failure_keeps_its_reason(reason: str, code: int) -> None:
    """A program learns why, by code and reason; one without a row of its own is ours."""
    status, told = wire.failure_to(Failure(reason, "what to do")), error_details_pb2.ErrorInfo()

    assert (status.code, status.message) == (code, "what to do")
    assert status.details[0].Unpack(told)
    assert told == error_details_pb2.ErrorInfo(reason=reason, domain="impasto")


def test_events_and_previews_are_told_whole() -> None:
    """No field of theirs stays empty."""
    event = wire.event_to(Event(4, RUNNING, {"content": 0.5, "total": 2.0}, "encoder vgg19"))
    frame = wire.preview_to(Preview(2, 12, HEADER, b"samples"))

    assert {field.name for field, _ in event.ListFields()} == {field.name for field in event.DESCRIPTOR.fields}
    assert {field.name for field, _ in frame.ListFields()} == {field.name for field in frame.DESCRIPTOR.fields}
    assert dict(event.losses) == {"content": 0.5, "total": 2.0}
    assert (frame.sequence, frame.step, frame.samples) == (2, 12, b"samples")


@given(st.integers(0, 40), st.integers(1, 15))
def test_pages_bring_every_job_once_newest_first(count: int, size: int) -> None:
    """Following the tokens to the end leaves nothing out and repeats nothing, whatever the page's size."""
    jobs = [replace(QUEUED, name=f"jobs/{arrival}", arrival=arrival) for arrival in range(1, count + 1)]
    seen, token = list[Job](), ""
    for _ in range(count + 1):
        page, token = wire.pages(jobs, size, token)
        seen += page
        if not token:
            break

    assert seen == jobs[::-1]
    assert token == ""


def test_pages_have_bounds() -> None:
    """No size means a hundred, more than a thousand are never given at once."""
    jobs = [replace(QUEUED, name=f"jobs/{arrival}", arrival=arrival) for arrival in range(1, 1502)]

    assert len(wire.pages(jobs, 0, "")[0]) == 100
    assert len(wire.pages(jobs, 2**31 - 1, "")[0]) == 1000


@pytest.mark.parametrize("token", ["no token of ours", "-1", "1.5", "9" * 5000, "٣"])
def test_a_token_that_is_none_of_ours_is_refused(token: str) -> None:
    """Guessing what it meant would repeat or skip jobs."""
    with pytest.raises(InvalidRequest, match="next_page_token"):
        wire.pages([QUEUED], 3, token)
