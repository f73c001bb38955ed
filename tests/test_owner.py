"""Whose call it is: the owner of each call, tokens, and who is turned away."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from impasto import owner
from impasto.owner import Tokens
from impasto.rpc.entrance import Entrance


def tokens(**owners: str) -> Tokens:
    """A table of those tokens."""
    return Tokens({hashlib.sha256(token.encode()).hexdigest(): name for token, name in owners.items()})


def test_over_the_socket_the_owner_is_the_user_who_runs_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a caller says of itself."""
    monkeypatch.setattr("os.getuid", lambda: 1000)

    assert owner.by_socket({"authorization": "Bearer x", "owner": "root"}) == "uid:1000" == owner.of_user()
    assert owner.of_user(7) == "uid:7"


def test_outside_a_call_there_is_no_owner() -> None:
    """A default would hand out somebody's pictures."""
    with pytest.raises(LookupError):
        owner.current()


@pytest.mark.parametrize(
    "told", ["", "Bearer ", "Bearer no", "alpha", "bearer alpha", "Bearer alpha ", "Bearer  alpha"]
)
def test_a_wrong_token_is_nobody(told: str) -> None:
    """Only the very token, under its scheme, counts."""
    assert tokens(alpha="ann", beta="ben")({"authorization": told}) is None
    assert tokens(alpha="ann", beta="ben")({}) is None


def test_each_token_stands_for_its_owner() -> None:
    """Among several the one that fits; the table holds and shows no token."""
    table = tokens(alpha="ann", beta="ben")

    assert table({"authorization": "Bearer alpha"}) == "ann"
    assert table({"authorization": "Bearer beta"}) == "ben"
    assert "alpha" not in repr(table) + repr(dict(table.owners))


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each known token is compared by hmac.compare_digest, those after the one that fits, too."""
    compared: list[str] = []
    compare = hmac.compare_digest

    def noted(known: str, given: str) -> bool:
        compared.append(known)
        return compare(known, given)

    monkeypatch.setattr("hmac.compare_digest", noted)
    table = tokens(alpha="ann", beta="ben", gamma="gus")

    assert table({"authorization": "Bearer alpha"}) == "ann"
    assert compared == list(table.owners)


class Asked(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    """A service with one method of each kind, which answers with the owner of its call, twice if it streams."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The method."""

        async def one(_request: Any, _context: Any) -> bytes:
            await asyncio.sleep(0.005)  # other calls run in between
            return owner.current().encode()

        async def many(request: Any, context: Any) -> Any:
            for _ in range(2):
                yield await one(request, context)

        kind = details.method.removeprefix("/t/")
        make: Callable[..., grpc.RpcMethodHandler] = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(many if details.method.endswith("_stream") else one)


async def answers(channel: grpc.aio.Channel, token: str) -> set[str]:
    """What all methods answer to the holder of a token, or the status codes that they end with."""
    metadata, found = (("authorization", f"Bearer {token}"),), set()
    for kind in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
        call = getattr(channel, kind)(f"/t/{kind}")
        argument = iter([b"x"]) if kind.startswith("stream") else b"x"
        try:
            if kind.endswith("_stream"):
                found |= {answer.decode() async for answer in call(argument, metadata=metadata)}
            else:
                found.add((await call(argument, metadata=metadata)).decode())
        except grpc.aio.AioRpcError as error:
            found.add(f"{error.code().name}: {error.details()}")
    return found


async def test_every_call_has_its_own_owner_however_many_run_at_once() -> None:
    """In methods of each kind, over one real connection; who is not known is turned away without a hint."""
    entrance = Entrance(tokens(**{f"token{i}": f"owner{i}" for i in range(8)}))
    before = entrance.last_call
    server = grpc.aio.server(interceptors=[entrance])
    server.add_generic_rpc_handlers((Asked(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        found = await asyncio.gather(*(answers(channel, f"token{i % 8}") for i in range(24)))
        stranger = await answers(channel, "wrong")
    await server.stop(0)

    assert found == [{f"owner{i % 8}"} for i in range(24)]
    assert stranger == {"UNAUTHENTICATED: it is not known who calls"}
    assert entrance.last_call > before
