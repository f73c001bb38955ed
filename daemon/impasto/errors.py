"""What can go wrong, split by whose fault it is.

Every error carries a `reason` in UPPER_CASE for programs and a message for people: what was wrong, the number it had,
the number allowed, what to do. Knows nothing of gRPC (``rpc`` maps these to status codes in one table) or of torch.
Everybody may raise these; messages must never hold a path, a stack trace or the name of an internal part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace


class ImpastoError(Exception):
    """Base of all errors that are meant to be shown to a user."""

    reason = "INTERNAL"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if reason is not None:
            self.reason = reason


@dataclass(frozen=True)
class Violation:
    """One field of a request that is not acceptable.

    Attributes:
        field: path of the field as the contract names it, e.g. ``spec.steps``.
        description: what it was and what is allowed, for people.
        reason: the same for programs, e.g. ``STEPS_OUT_OF_RANGE``.
        actual: of what is too large, how much it was,
        limit: and how much is allowed.
    """

    field: str
    description: str
    reason: str = "INVALID"
    actual: int | None = None
    limit: int | None = None


class InvalidRequest(ImpastoError):
    """The caller's fault: it will fail again unless the request changes. Holds all violations at once."""

    reason = "INVALID_REQUEST"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        if violations:
            self.reason = violations[0].reason

    def renamed(self, names: Mapping[str, str]) -> "InvalidRequest":
        """The same error with fields called by the names that the user knows; the longest path in `names` counts."""

        def name(field: str) -> str:
            fitting = [path for path in names if field == path or field.startswith((f"{path}.", f"{path}["))]
            path = max(fitting, key=len, default="")
            return names[path] if path else field

        return type(self)([replace(v, field=name(v.field)) for v in self.violations])


class Unsupported(InvalidRequest):
    """A field of the contract that this version cannot serve yet. Refused, never ignored."""


class NotFound(ImpastoError):
    """No such job or blob, or it belongs to somebody else: the two are not told apart."""

    reason = "NOT_FOUND"


class RequestIdReused(ImpastoError):
    """The same request_id came with another request."""

    reason = "REQUEST_ID_REUSED"


class CannotServe(ImpastoError):
    """The request is well formed, but this machine cannot do it as things are (too big, weights absent)."""

    reason = "FAILED_PRECONDITION"


class Busy(ImpastoError):
    """Too much is under way now; the same call may succeed later.

    Attributes:
        subject: whose quota is used up: "client", "daemon", or empty where it is none.
        retry_s: when to try again.
        actual: of what there is too much, how much it would be,
        limit: and how much is allowed.
    """

    reason = "BUSY"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        subject: str = "",
        retry_s: float = 5.0,
        actual: int | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(message, reason=reason)
        self.subject, self.retry_s, self.actual, self.limit = subject, retry_s, actual, limit


class Unavailable(ImpastoError):
    """The daemon or its worker is not there, is going away, or cannot be started."""

    reason = "UNAVAILABLE"


class GoingAway(Unavailable):
    """The daemon stops on purpose: nothing new is taken in, and what is under way goes on in the next one."""

    reason = "SHUTDOWN"

    def __init__(self) -> None:
        super().__init__("the daemon is stopping; unfinished jobs are kept and go on when it runs again")


class Corrupted(ImpastoError):
    """Bytes changed on the way: the checksum differs."""

    reason = "CHECKSUM_MISMATCH"


class JobCancelled(ImpastoError):
    """Nobody's fault: somebody asked for the job to stop, or the connection that it belonged to was closed."""

    reason = "CANCELLED"


class EngineFault(ImpastoError):
    """Ours: the computation went wrong although the request was good."""

    reason = "INTERNAL"


@dataclass
class Violations:
    """Collects every violation of a request, so that a user hears of all of them at once."""

    found: list[Violation] = field(default_factory=list)

    def add(
        self,
        field: str,
        description: str,
        reason: str = "INVALID",
        *,
        actual: int | None = None,
        limit: int | None = None,
    ) -> None:
        """Notes that `field` is wrong."""
        self.found.append(Violation(field, description, reason, actual, limit))

    def raise_if_any(self) -> None:
        """Raises `InvalidRequest` with everything noted so far, if anything was."""
        if self.found:
            raise InvalidRequest(self.found)
