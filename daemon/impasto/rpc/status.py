"""One table from our errors to gRPC's status codes, and the wrapper that applies it around every method.

Knows gRPC and ``errors``. The one place where all exceptions are caught: what is not ours to tell becomes INTERNAL
without a word of its own but a reference, under which the log tells the rest.
"""

import errno
import functools
import logging
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from impasto import errors
from impasto.wire import ERROR_DOMAIN

log = logging.getLogger(__name__)

CODES: tuple[tuple[type[errors.ImpastoError], grpc.StatusCode], ...] = (
    (errors.Unsupported, grpc.StatusCode.UNIMPLEMENTED),
    (errors.InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.RequestIdReused, grpc.StatusCode.ALREADY_EXISTS),
    (errors.CannotServe, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Busy, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.Corrupted, grpc.StatusCode.DATA_LOSS),
    (errors.JobCancelled, grpc.StatusCode.CANCELLED),
    (errors.ImpastoError, grpc.StatusCode.INTERNAL),
)
# A status travels as metadata, of which peers take 8 KiB: of a larger one they see nothing but RESOURCE_EXHAUSTED.
MAX_MESSAGE_BYTES = 500  # it is sent twice, the first time with up to three bytes for each of its own
MAX_FIELD_BYTES, MAX_DESCRIPTION_BYTES = 100, 240
MAX_VIOLATIONS_BYTES = 3600  # of all together: about two dozen
RETRY_AFTER_S = 5
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)

Request = TypeVar("Request")
Response = TypeVar("Response")


def status_of(error: errors.ImpastoError) -> status_pb2.Status:
    """The error as a status with details: BadRequest, ErrorInfo, RetryInfo, QuotaFailure."""
    code = next(code for kind, code in CODES if isinstance(error, kind))
    status = status_pb2.Status(code=code.value[0], message=_cropped(error.message, MAX_MESSAGE_BYTES))
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=_numbers(error))
    status.details.add().Pack(info)
    if isinstance(error, errors.InvalidRequest):
        status.details.add().Pack(_bad_request(error.violations))
    if isinstance(error, errors.Busy | errors.Unavailable):
        retry_s = error.retry_s if isinstance(error, errors.Busy) else RETRY_AFTER_S
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=math.ceil(retry_s))))
    if isinstance(error, errors.Busy) and error.subject:
        quota = error_details_pb2.QuotaFailure()
        quota.violations.add(subject=error.subject, description=_cropped(error.message, MAX_DESCRIPTION_BYTES))
        status.details.add().Pack(quota)
    return status


def _numbers(error: errors.ImpastoError) -> dict[str, str]:
    """Of the first thing that is too large, how much it was and how much is allowed, for programs."""
    told = error.violations if isinstance(error, errors.InvalidRequest) else [error]
    for v in told:
        if isinstance(v, errors.Violation | errors.Busy) and v.limit is not None:
            return {"actual": str(v.actual), "limit": str(v.limit)}
    return {}


def _bad_request(violations: Iterable[errors.Violation]) -> error_details_pb2.BadRequest:
    """All violations, as long as there is room."""
    bad = error_details_pb2.BadRequest()
    for v in violations:
        field, description = _cropped(v.field, MAX_FIELD_BYTES), _cropped(v.description, MAX_DESCRIPTION_BYTES)
        bad.field_violations.add(field=field, description=description, reason=v.reason)
        if bad.ByteSize() > MAX_VIOLATIONS_BYTES:
            del bad.field_violations[-1]
            break
    return bad


def _cropped(text: str, most: int) -> str:
    """The beginning of `text`, at most `most` bytes long."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


async def refuse(context: grpc.aio.ServicerContext, error: Exception) -> NoReturn:
    """Ends the call with the status that `error` stands for."""
    caught = error
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        log.error("the disk fails: %s", error.strerror)
        error = errors.Busy("the daemon's disk is full or fails; make room on it", reason="DISK")
    elif not isinstance(error, errors.ImpastoError):
        reference = secrets.token_hex(4)
        log.error("a bug of ours, told as %s", reference, exc_info=error, extra={"reference": reference})
        error = errors.EngineFault(f"something broke inside the daemon; its log tells what, at reference {reference}")
    status = rpc_status.to_status(status_of(error))
    # Until the collector comes grpc holds what ends a call in a cycle with it: our frames, and the request in them,
    # must not hang on that.
    caught.__traceback__ = caught.__context__ = caught.__cause__ = None
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError("abort returned")  # it never does; this tells the type checker


def unary(
    method: Callable[[Any, Request, Any], Awaitable[Response]],
) -> Callable[[Any, Request, Any], Awaitable[Response]]:
    """Wraps a method with one response; also one with a stream of requests."""

    @functools.wraps(method)
    async def wrapped(self: Any, request: Request, context: Any) -> Response:  # noqa: ANN401  # any servicer
        try:
            return await method(self, request, context)
        except Exception as error:  # the border of the daemon: see the module's contract
            if isinstance(error, grpc.aio.AbortError):
                raise
            await refuse(context, error)

    return wrapped


def stream(
    method: Callable[[Any, Request, Any], AsyncIterator[Response]],
) -> Callable[[Any, Request, Any], AsyncIterator[Response]]:
    """Wraps a method with a stream of responses."""

    @functools.wraps(method)
    async def wrapped(self: Any, request: Request, context: Any) -> AsyncIterator[Response]:  # noqa: ANN401  # likewise
        responses = method(self, request, context)
        try:
            async for response in responses:
                yield response
        except Exception as error:  # the border of the daemon: see the module's contract
            if isinstance(error, grpc.aio.AbortError):
                raise
            await refuse(context, error)
        finally:
            # The client may have gone in the middle: what the method holds must be let go now, not when collected.
            await responses.aclose()  # type: ignore[attr-defined]  # every method here is an async generator

    return wrapped
