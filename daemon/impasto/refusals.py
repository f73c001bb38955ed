"""What the daemon refuses, as it comes back to a client: gRPC's errors and a job's bad end become our own errors.

Knows status codes and their details. Must not know what was asked for. ``client`` calls it; ``rpc.status`` is the other
side of the same border.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from impasto import errors
from impasto.errors import Violation
from impasto.v1 import stylize_pb2

CONNECTION_LOST = "CONNECTION_LOST"  # no word of the daemon: it died, or somebody cut the line
NO_ANSWER = "NO_ANSWER"  # none came in time: a line that swallows what is sent, or a machine that is very busy
BLOB_EXPIRED = "BLOB_EXPIRED"
RETRY_S = 5.0  # when to try again, where the daemon did not say
SHUTDOWN = "SHUTDOWN"  # stopped on purpose; its jobs go on in the next daemon
ENDINGS: Mapping[str, type[errors.ImpastoError]] = {
    "CANCELLED": errors.JobCancelled,
    "SUPERSEDED": errors.JobCancelled,
    "DEVICE_OUT_OF_MEMORY": errors.CannotServe,
    "SHUTDOWN": errors.Unavailable,
    "DOES_NOT_FIT": errors.CannotServe,
    "BLOB_EXPIRED": errors.NotFound,
}
ERRORS: Mapping[grpc.StatusCode, type[errors.ImpastoError]] = {
    grpc.StatusCode.NOT_FOUND: errors.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: errors.RequestIdReused,
    grpc.StatusCode.FAILED_PRECONDITION: errors.CannotServe,
    grpc.StatusCode.UNAVAILABLE: errors.Unavailable,
    grpc.StatusCode.DATA_LOSS: errors.Corrupted,
}


WRONG_CERTIFICATE = "WRONG_CERTIFICATE"
CERTIFICATE_WORDS = ("CERTIFICATE_VERIFY_FAILED", "Peer name", "Hostname Verification")  # as gRPC's TLS fails

# What gRPC says of a line that was cut, without a word of the daemon's own.
LOST = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN)


@contextmanager
def translated() -> Iterator[None]:
    """The border to gRPC: its errors become ours, with reason and violations as the daemon told them.

    Without their traceback: gRPC's error is the call itself, and is in a circle with the frame that raised it, by which
    all that its callers had, pictures too, would stay in memory until Python looks for circles: when idle, never.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise _translate(error) from error.with_traceback(None)


def turned_away(error: grpc.RpcError) -> errors.CannotServe | None:
    """Why a server of another machine and this one do not know each other; None if that is not what is wrong."""
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        told = (
            "the server does not know this token, or not any more: ask who runs it for another one, and run "
            "`impasto connect` again in a terminal"
        )
        return errors.CannotServe(told, reason="UNAUTHENTICATED")
    told = error.details() or ""
    if error.code() is grpc.StatusCode.UNAVAILABLE and any(words in told for words in CERTIFICATE_WORDS):
        told = (
            "whoever answers there does not have the certificate that this machine knows, so nothing was sent: if the "
            "server has a new one, compare its fingerprint and run `impasto connect` again"
        )
        return errors.CannotServe(told, reason=WRONG_CERTIFICATE)
    return None


def _translate(error: grpc.RpcError) -> errors.ImpastoError:
    if (refused := turned_away(error)) is not None:
        return refused
    code, message = error.code(), error.details() or "the daemon gave no reason"
    status, reason, violations, numbers = rpc_status.from_call(error), None, [], dict[str, int]()
    retry, quota = error_details_pb2.RetryInfo(), error_details_pb2.QuotaFailure()
    for detail in status.details if status is not None else ():
        told, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(told):
            reason, numbers = told.reason, _numbers(told.metadata)
        elif detail.Unpack(bad):
            violations = [Violation(v.field, v.description, v.reason) for v in bad.field_violations]
        else:
            _ = detail.Unpack(retry) or detail.Unpack(quota)
    if violations:
        kind = errors.Unsupported if code is grpc.StatusCode.UNIMPLEMENTED else errors.InvalidRequest
        return kind(violations)
    if code in LOST and reason is None:
        message, reason = "the daemon is gone; run the command again, it starts a new one", CONNECTION_LOST
        return errors.Unavailable(message, reason=reason)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED and reason is None:
        return errors.Unavailable("the daemon did not answer in time: try again", reason=NO_ANSWER)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        subject = next((found.subject for found in quota.violations), "")
        retry_s = retry.retry_delay.ToTimedelta().total_seconds() or RETRY_S
        return errors.Busy(message, reason=reason, subject=subject, retry_s=retry_s, **numbers)
    return ERRORS.get(code, errors.EngineFault)(message, reason=reason)


def _numbers(metadata: Mapping[str, str]) -> dict[str, int]:
    """How much it was and how much is allowed, as far as both are told."""
    told = {name: metadata.get(name, "") for name in ("actual", "limit")}
    return {name: int(text) for name, text in told.items()} if all(map(str.isdecimal, told.values())) else {}


def ending(job: stylize_pb2.Job | None) -> errors.ImpastoError:
    """Why there is no result."""
    if job is None:
        return errors.Unavailable("the daemon closed the stream without a word; see its log", reason=CONNECTION_LOST)
    reason = "INTERNAL"
    for detail in job.error.details:
        told = error_details_pb2.ErrorInfo()
        if detail.Unpack(told):
            reason = told.reason
    kind = ENDINGS.get(reason, errors.EngineFault)
    return kind(job.error.message or "the job ended without a result", reason=reason)
