"""Errors at the border: each class of ours has its code and details, and nobody hears of what is not ours."""

import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from fakes import FakeContext
from impasto import errors
from impasto.errors import InvalidRequest, Unsupported, Violation
from impasto.rpc.status import CODES, status_of, stream, unary

METADATA_BYTES = 8192  # what a peer takes in all; gRPC's own entries need a little of it
SECRET = "/home/anna/secret.png"


def details(status: status_pb2.Status) -> dict[str, Message]:
    """The status's details by their kind."""
    kinds = (error_details_pb2.BadRequest, error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo)
    found: dict[str, Message] = {}
    for packed in status.details:
        kind = next(kind for kind in kinds if packed.Is(kind.DESCRIPTOR))
        assert kind.__name__ not in found
        found[kind.__name__] = kind()
        packed.Unpack(found[kind.__name__])
    return found


def violations(error: InvalidRequest) -> list[tuple[str, str, str]]:
    """What BadRequest tells of an error."""
    bad = details(status_of(error))["BadRequest"]
    assert isinstance(bad, error_details_pb2.BadRequest)
    return [(v.field, v.description, v.reason) for v in bad.field_violations]


def subclasses(kind: type[errors.ImpastoError]) -> set[type[errors.ImpastoError]]:
    """A class of errors and all that are derived from it."""
    return {kind}.union(*(subclasses(derived) for derived in kind.__subclasses__()))


def made(kind: type[errors.ImpastoError]) -> errors.ImpastoError:
    """An error of that class, with a reason."""
    if issubclass(kind, InvalidRequest):
        return kind([Violation("spec.steps", "is 0", "STEPS")])
    return kind("too much", reason="STEPS")


EXPECTED: dict[type[errors.ImpastoError], tuple[grpc.StatusCode, set[str]]] = {
    errors.ImpastoError: (grpc.StatusCode.INTERNAL, {"ErrorInfo"}),
    errors.InvalidRequest: (grpc.StatusCode.INVALID_ARGUMENT, {"ErrorInfo", "BadRequest"}),
    errors.Unsupported: (grpc.StatusCode.UNIMPLEMENTED, {"ErrorInfo", "BadRequest"}),
    errors.NotFound: (grpc.StatusCode.NOT_FOUND, {"ErrorInfo"}),
    errors.RequestIdReused: (grpc.StatusCode.ALREADY_EXISTS, {"ErrorInfo"}),
    errors.CannotServe: (grpc.StatusCode.FAILED_PRECONDITION, {"ErrorInfo"}),
    errors.Busy: (grpc.StatusCode.RESOURCE_EXHAUSTED, {"ErrorInfo", "RetryInfo"}),
    errors.Unavailable: (grpc.StatusCode.UNAVAILABLE, {"ErrorInfo", "RetryInfo"}),
    errors.Corrupted: (grpc.StatusCode.DATA_LOSS, {"ErrorInfo"}),
    errors.JobCancelled: (grpc.StatusCode.CANCELLED, {"ErrorInfo"}),
    errors.EngineFault: (grpc.StatusCode.INTERNAL, {"ErrorInfo"}),
}


def test_every_class_of_errors_has_its_expectation() -> None:
    """No class of errors can be forgotten here; and none is shadowed by an earlier, wider row of the table."""
    kinds = [kind for kind, _ in CODES]

    rowless = {errors.GoingAway}  # with words of its own; its code is its parent's, see below
    # The commands have errors of their own, which no call can end with; another test may have imported them.
    known = {kind for kind in subclasses(errors.ImpastoError) if kind.__module__ == errors.__name__}
    assert set(EXPECTED) == known - rowless
    assert all(not issubclass(kind, earlier) for i, kind in enumerate(kinds) for earlier in kinds[:i])


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_class_has_its_code_and_details(kind: type[errors.ImpastoError]) -> None:
    """The code tells whose fault it is, ErrorInfo the reason, the message what to do."""
    error = made(kind)
    code, expected = EXPECTED[kind]

    status = status_of(error)

    assert (status.code, set(details(status))) == (code.value[0], expected)
    assert status.message == error.message
    assert details(status)["ErrorInfo"] == error_details_pb2.ErrorInfo(reason="STEPS", domain="impasto")


def test_a_class_derived_later_has_its_parents_code() -> None:
    """The table is about kinds: a new class below an old one needs no row."""

    class Drained(errors.Unavailable):
        """Newer than the table."""

    assert status_of(Drained("soon")).code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert status_of(errors.GoingAway()).code == grpc.StatusCode.UNAVAILABLE.value[0]


def test_all_violations_are_told() -> None:
    """A user hears of every field at once, each with its own reason."""
    told = [(f"spec.field_{i}", f"is {i}; 1 to 10 000 are allowed", f"REASON_{i}") for i in range(20)]

    assert violations(InvalidRequest([Violation(*each) for each in told])) == told
    assert violations(Unsupported([Violation(*each) for each in told])) == told


@pytest.mark.parametrize("letter", ["x", "ä", "画", "🎨", "\0", "%", "\ud800"])
@pytest.mark.parametrize("count", [1, 24, 500])
def test_a_status_always_fits_into_metadata(letter: str, count: int) -> None:
    """However much is wrong, and in whatever script, the client hears of it: too large a status would be dropped."""
    bad = InvalidRequest([Violation(letter * 300, letter * 3000, "UNKNOWN_LAYER")] * count)

    status = status_of(bad)
    message = quote(status.message, safe=" ")  # as HTTP/2 carries it
    packed = len(status.SerializeToString()) * 4 / 3

    assert len(message) + packed < METADATA_BYTES - 256
    assert violations(bad)


# the wrappers


class Servicer:
    """A servicer whose methods go wrong as they are told."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.closed = error, False

    @unary
    async def once(self, request: str, _context: FakeContext) -> str:
        """Answers, or goes wrong."""
        if self.error is not None:
            raise self.error
        return request.upper()

    @stream
    async def many(self, request: str, _context: FakeContext) -> AsyncIterator[str]:
        """Answers letter by letter, and goes wrong after the second."""
        try:
            for i, letter in enumerate(request):
                if i == 2 and self.error is not None:
                    raise self.error
                yield letter
        finally:
            self.closed = True


async def ended(servicer: Servicer, *, streaming: bool) -> FakeContext:
    """The context of a call that the servicer ended with an error."""
    context = FakeContext()
    letters = servicer.many("abc", context) if streaming else None
    with pytest.raises(grpc.aio.AbortError):
        await (servicer.once("abc", context) if letters is None else drained(letters))
    return context


async def drained(letters: AsyncIterator[str]) -> str:
    """All letters of a stream."""
    return "".join([letter async for letter in letters])


async def test_what_goes_well_passes_through() -> None:
    """The wrappers change nothing in an answer."""
    servicer = Servicer()

    assert await servicer.once("abc", FakeContext()) == "ABC"
    assert await drained(servicer.many("abc", FakeContext())) == "abc"


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_error_of_ours_ends_the_call_with_its_status(streaming: bool) -> None:
    """Code, message and details reach the client."""
    context = await ended(Servicer(errors.Busy("8 jobs wait", reason="QUEUE_FULL")), streaming=streaming)
    status = status_pb2.Status.FromString(dict(context.trailing)["grpc-status-details-bin"])

    assert (context.code, context.message) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "8 jobs wait")
    assert set(details(status)) == {"ErrorInfo", "RetryInfo"}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("error", [ValueError(SECRET), OSError(2, "no such file", SECRET), KeyError(SECRET)])
async def test_any_other_exception_is_internal_and_keeps_its_words(
    error: Exception, streaming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours tells the client nothing of paths and parts; the log has it with its traceback."""
    with caplog.at_level(logging.ERROR):
        context = await ended(Servicer(error), streaming=streaming)

    assert context.code is grpc.StatusCode.INTERNAL
    assert SECRET not in context.message + repr(context.trailing)
    assert [record.exc_info is not None and record.exc_info[1] for record in caplog.records] == [error]


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_abort_of_grpc_passes_through(streaming: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A call that was ended already is not ended again, nor logged as a bug."""
    context = await ended(Servicer(grpc.aio.AbortError()), streaming=streaming)

    assert context.code is None
    assert caplog.records == []


async def test_a_client_that_goes_lets_the_method_go() -> None:
    """When the stream is dropped in the middle, what the method holds is released at once."""
    servicer = Servicer()
    letters = servicer.many("abc", FakeContext())

    assert await anext(letters) == "a"
    await letters.aclose()  # type: ignore[attr-defined]

    assert servicer.closed
