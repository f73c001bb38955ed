"""A worker's place in the cluster: its actor is found or made, listened to, and made again when it is no more.

Knows Ray's actors and the calls of ``seat``. Must not know what a job is: ``luggage`` sees to what travels.
``placement`` has as many as there are to be workers.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from impasto import __version__
from impasto.cluster.luggage import Luggage
from impasto.cluster.seat import Seat
from impasto.errors import CannotServe
from impasto.frames import Frame, Parser
from impasto.weights import Shelf

log = logging.getLogger(__name__)

PAUSE_S = (0.2, 1.0, 5.0, 15.0)  # where workers die at once the cluster must not be eaten
CALL_S = 60.0  # of a call that should take two seconds: beyond that whoever is there does not answer
TAKE_OVER_S = 15.0
LEAVE_S = 5.0
CALLS_AT_ONCE = 64


@dataclass(frozen=True)
class Terms:
    """What all workers of this front have in common.

    Attributes:
        namespace: of its actors.
        life: of the front, so that an earlier one can be told from it.
        options: of `impasto.worker`, beside those that hang on the node.
        silence_s: after which a worker is taken to hang.
        orphan_s: after which a seat ends itself when no front has called.
        data_dir: the front's own.
    """

    namespace: str
    life: str
    options: tuple[str, ...]
    silence_s: float
    orphan_s: float
    data_dir: Path


class Slot:
    """One of them. The mutable state is its actor and whether it is to have one."""

    def __init__(self, index: int, terms: Terms, tell: Callable[[Frame], None], ask: "Ask", found: Any = None) -> None:  # noqa: ANN401  # an actor
        self.name, self._index, self._terms, self._ask = f"worker-{index}", index, terms, ask
        self._tell_front, self._found = tell, found
        self._actor: Any = None
        self._luggage: Luggage | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.seated, self._joined = False, False
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    def send(self, header: dict[str, Any]) -> None:
        """Passes an order on; to a dead worker it is lost, and `lost` will be heard."""
        if self._luggage is not None:
            task = asyncio.get_running_loop().create_task(self._pass_on(self._luggage, header))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

    async def _pass_on(self, luggage: Luggage, header: dict[str, Any]) -> None:
        try:
            await luggage.send(header)
        except Exception as error:  # whatever Ray raises: a job that waits for this must not wait for ever
            self._break(error)

    def _break(self, error: Exception) -> None:
        """Nothing can be relied on any more: its jobs go elsewhere, and who answers still begins afresh."""
        if not self._broken.done():
            self._broken.set_result(_told(error))

    async def end(self) -> None:
        """Ends its actor, if it has one, and looks for no other."""
        self._keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeper
        await self._drop()
        await self._remove()

    def _tell(self, frame: Frame) -> None:
        self._tell_front(Frame({"from": self.name} | frame.header, frame.payload))

    async def _keep(self) -> None:
        """Has a worker, again and again."""
        deaths = 0
        while True:
            began = asyncio.get_running_loop().time()
            self._tell(Frame({"event": "seeking"}))
            try:
                await self._sit()
            except CannotServe as error:
                log.error("%s: %s", self.name, error.message)  # foreseen
                deaths = len(PAUSE_S)
            except Exception as error:  # whatever Ray raises where an actor or a node dies
                log.warning("%s is lost: %s", self.name, _told(error))
            await self._lose()
            deaths = 0 if asyncio.get_running_loop().time() - began > 60 else deaths + 1
            await asyncio.sleep(PAUSE_S[min(deaths, len(PAUSE_S) - 1)])

    async def _sit(self) -> None:
        """Finds or makes an actor and listens to it; returns when its worker has ended, the actor stays for another."""
        if self._actor is None:
            self._actor = await self._taken_over() or self._made()
        facts = await self._call("join", self._terms.orphan_s)
        self._joined = True
        if facts["version"] != __version__:
            await self._remove()
            raise CannotServe(
                f"{facts['host']} has impasto {facts['version']} and this front {__version__}: install the same there",
                reason="VERSION",
            )
        self.seated, self._broken = True, asyncio.get_running_loop().create_future()
        self._luggage = Luggage(self._call, facts["folder"], Shelf(self._terms.data_dir), self._tell, self._break)
        options = [*self._terms.options, "--sharers", str(await self._ask.sharers(facts["node"]))]
        await asyncio.wait_for(self._call("open", options, self._terms.silence_s), CALL_S)
        listening = asyncio.ensure_future(self._listen(facts["host"]))
        try:
            done, _ = await asyncio.wait({listening, self._broken}, return_when=asyncio.FIRST_COMPLETED)
            ended = done.pop().result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        log.warning("%s on %s ended with %s; starting another", self.name, facts["host"], ended)

    async def _listen(self, host: str) -> str:
        """Hands on what the worker says until it has ended; how."""
        parser, ended = Parser(), ""
        assert self._luggage is not None
        while not ended:
            data, ended = await asyncio.wait_for(self._call("hear"), CALL_S)
            for frame in parser.feed(data):
                if frame.header["event"] == "ready":
                    frame.header["description"] += f" on {host}"
                self._luggage.hear(frame)
        return ended

    async def _lose(self) -> None:
        """Its worker is gone: the front hears of it when nothing of it is under way any more."""
        await self._drop()
        self._tell(Frame({"event": "lost"}))
        if self._actor is not None and not await self._answers():
            await self._remove()

    async def _drop(self) -> None:
        """Nothing is passed on any more, in either direction."""
        luggage, self._luggage, self.seated = self._luggage, None, False
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        if luggage is not None:
            await luggage.drop()

    async def _answers(self) -> bool:
        """Whether the actor is there for another worker."""
        try:
            await asyncio.wait_for(self._call("join", self._terms.orphan_s), LEAVE_S)
        except Exception:  # dead, or as good as dead
            return False
        return True

    async def _taken_over(self) -> Any:  # noqa: ANN401
        """The actor that an earlier life of the front has left here, if it answers."""
        self._actor, self._found = self._found, None
        if self._actor is None:
            return None
        try:
            await asyncio.wait_for(self._call("join", self._terms.orphan_s), TAKE_OVER_S)
        except Exception as error:  # dead, or as good as dead
            log.warning("%s of an earlier front does not answer: %s", self.name, _told(error))
            await self._remove()
            return None
        log.info("%s of an earlier front is taken over", self.name)
        return self._actor

    def _made(self) -> Any:  # noqa: ANN401
        """An actor, somewhere as soon as there is room for it."""
        name = f"{self.name}.{uuid.uuid4().hex[:8]}"  # a new one: the old name is taken until Ray has noticed its end
        return (
            ray.remote(Seat)
            .options(
                name=name,
                namespace=self._terms.namespace,
                lifetime="detached",
                max_restarts=0,
                max_task_retries=0,
                max_concurrency=CALLS_AT_ONCE,
                scheduling_strategy="SPREAD",
                **self._ask.resources(),
            )
            .remote(self._terms.orphan_s)
        )

    async def _call(self, method: str, *arguments: Any) -> Any:  # noqa: ANN401
        return await getattr(self._actor, method).remote(self._terms.life, *arguments)

    async def _remove(self) -> None:
        """Ends the actor, in order if it answers."""
        actor, joined, self._joined = self._actor, self._joined, False
        if actor is None:
            return
        with contextlib.suppress(Exception):
            if joined:  # else it has no place yet, and does not answer
                await asyncio.wait_for(self._call("leave"), LEAVE_S)
        self._actor = None
        with contextlib.suppress(Exception):
            await asyncio.to_thread(ray.kill, actor)

    def __repr__(self) -> str:
        return f"<Slot {self.name} [{'seated' if self.seated else 'seeking'}]>"


class Ask:
    """What a worker asks of a node, and how many share one; ``placement`` knows."""

    def resources(self) -> Mapping[str, float]:
        """As Ray's options have it."""
        raise NotImplementedError

    async def sharers(self, node: str) -> int:
        """How many workers may be on that node's processor at once."""
        raise NotImplementedError


def _told(error: BaseException) -> str:
    """What Ray says, in a line: the first; but of an actor that could not be made the last, which says why."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1 if "creation task" in lines[0] else 0]
