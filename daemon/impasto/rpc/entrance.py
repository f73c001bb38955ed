"""Every call passes here first: whose it is, and that somebody called.

Knows gRPC and how callers are told apart. Must not know what any method does. ``server`` puts it before all services,
health and reflection included.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from impasto import owner
from impasto.owner import Identify
from impasto.rpc.reading import readable

MAX_CALLS = 1024  # at once, streams included; more are refused by gRPC itself as RESOURCE_EXHAUSTED

Next = Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler | None]]


class Entrance(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Sets the owner of each call, and turns away who is not known.

    The mutable state is the time of the last call.
    """

    def __init__(self, identify: Identify) -> None:
        self._identify = identify
        self.last_call = time.monotonic()

    async def intercept_service(
        self, continuation: Next, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler | None:
        """The method that was called, in the name of its caller."""
        self.last_call = time.monotonic()
        told = {key: value for key, value in handler_call_details.invocation_metadata or () if isinstance(value, str)}
        caller = self._identify(told)
        if caller is None:
            return grpc.stream_stream_rpc_method_handler(_turn_away)
        owner.enter(caller)
        handler = await continuation(handler_call_details)
        return None if handler is None else readable(handler)  # None: there is no such method, as gRPC tells

    def __repr__(self) -> str:
        return f"<Entrance [last call {time.monotonic() - self.last_call:.0f} s ago]>"


async def _turn_away(_requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
    """Ends a call of any kind before a byte of it is read; what was wrong with the token is not told."""
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "it is not known who calls")
    yield  # never reached; it makes this a stream
