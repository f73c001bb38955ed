"""Bytes that are no message: the call ends in words of ours, before its method is asked.

Knows gRPC's method handlers. Must not know any method. gRPC's own answer would be INTERNAL for some kinds of methods
and UNKNOWN for others, with the name of a Python class (measured with 1.85). `Entrance` puts this around every method.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from impasto.errors import InvalidRequest, Violation
from impasto.rpc.status import refuse

UNREADABLE: Final = object()


def readable(handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
    """The same method, which sees no request that cannot be read."""
    streams = (handler.request_streaming, handler.response_streaming)
    kind = "_".join("stream" if streaming else "unary" for streaming in streams)
    method = getattr(handler, kind)
    wrap = _yielding if inspect.isasyncgenfunction(method) else _returning
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(wrap(method, _checked(handler)), _reader(handler.request_deserializer), handler.response_serializer)


def _reader(read: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    if read is None:  # the method takes bytes as they are
        return None

    def reader(data: bytes) -> Any:  # noqa: ANN401  # a message of whatever kind
        try:
            return read(data)
        except DecodeError:
            return UNREADABLE

    return reader


def _checked(handler: grpc.RpcMethodHandler) -> Callable[[Any, Any], Any]:
    """What a method is given in place of its request or stream of requests."""

    async def one(request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: ANN401  # likewise
        if request is UNREADABLE:
            told = "is not readable: its bytes are no message that this method takes"
            await refuse(context, InvalidRequest([Violation("request", told, "UNREADABLE")]))
        return request

    async def each(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        async for request in requests:
            yield await one(request, context)

    async def all_at_once(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        return each(requests, context)

    return all_at_once if handler.request_streaming else one


def _returning(method: Callable[..., Any], checked: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    async def returning(request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: ANN401  # likewise
        return await method(await checked(request, context), context)

    return returning


def _yielding(method: Callable[..., Any], checked: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    async def yielding(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:  # noqa: ANN401  # likewise
        responses = method(await checked(request, context), context)
        try:
            async for response in responses:
                yield response
        finally:
            await responses.aclose()  # what the method holds is let go now, not when it is collected

    return yielding
