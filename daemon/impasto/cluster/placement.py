"""How many workers a cluster has room for, and what each asks of a node.

Knows Ray's list of nodes and slots. Must not know what a worker does. The liaison has one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util import list_named_actors

from impasto.cluster.slot import Ask, Slot, Terms
from impasto.frames import Frame

log = logging.getLogger(__name__)

LOOK_S = 3.0  # between two looks at whether nodes have come or gone


@dataclass(frozen=True)
class Nodes:
    """The nodes that live: of each its id, its processors and its GPUs."""

    cpus: Mapping[str, float]
    gpus: Mapping[str, float]

    @classmethod
    def of(cls, told: Sequence[Mapping[str, Any]]) -> "Nodes":
        """From Ray's list."""
        living = {node["NodeID"]: node["Resources"] for node in told if node["Alive"]}
        return cls(*({name: has.get(kind, 0.0) for name, has in living.items()} for kind in ("CPU", "GPU")))

    def room(self, threads: int) -> int:
        """For how many workers there is room: one for each GPU; without any, by processors."""
        if any(self.gpus.values()):
            return int(sum(map(int, self.gpus.values())))
        return sum(int(cpus // threads) for cpus in self.cpus.values())


@dataclass
class Placement(Ask):
    """All slots. The mutable state is the slots, and the nodes as they were last seen.

    Attributes:
        wanted: workers; 0 means as many as there is room for.
        threads: of each on a processor.
    """

    terms: Terms
    wanted: int
    threads: int
    tell: Callable[[Frame], None]
    slots: dict[int, Slot] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=lambda: Nodes({}, {}))
    _resting: set[int] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def resources(self) -> Mapping[str, float]:
        """A GPU of its own, where there are any; else as many processors as it has threads."""
        return {"num_gpus": 1, "num_cpus": 0} if any(self.nodes.gpus.values()) else {"num_cpus": self.threads}

    async def sharers(self, node: str) -> int:
        """As many as there is room for on that node, if so many are wanted at all."""
        if node not in self.nodes.cpus:  # it has just come
            await self._look()
        room = int(self.nodes.cpus.get(node, 0) // self.threads)
        return max(1, min(room, self.wanted or room))

    async def run(self) -> None:
        """Takes over what an earlier front has left, and sees for ever to it that all slots are there."""
        found, told = await asyncio.to_thread(self._found), False
        while True:
            await self._look()
            count, room = self.wanted or self.nodes.room(self.threads), self.nodes.room(self.threads)
            if not room and not told:
                log.warning("no node has a GPU or %d processors for a worker: see --threads", self.threads)
            told = not room
            for index in sorted(set(range(count)) - self.slots.keys() - self._resting):
                self.slots[index] = Slot(index, self.terms, self.tell, self, found.pop(index, None))
            for index in [index for index, slot in self.slots.items() if index >= count and not slot.seated]:
                await self._end(index, "gone")
            for actor in found.values():  # of a front that had more workers
                await asyncio.to_thread(_kill, actor)
            found = {}
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        self.nodes = Nodes.of(await asyncio.to_thread(ray.nodes))

    def _found(self) -> dict[int, Any]:
        """Actors that an earlier life of this front has left, by slot; of several for one slot all but one end."""
        found: dict[int, Any] = {}
        for told in list_named_actors(all_namespaces=True):
            index = told["name"].partition(".")[0].removeprefix("worker-")
            if told["namespace"] != self.terms.namespace or not index.isdecimal():
                continue
            with contextlib.suppress(ValueError):  # it has ended meanwhile
                actor = ray.get_actor(told["name"], namespace=told["namespace"])
                if int(index) in found:
                    _kill(actor)
                found.setdefault(int(index), actor)
        return found

    def send(self, name: str, header: dict[str, Any]) -> None:
        """An order for a worker."""
        slot = self.slots.get(int(name.removeprefix("worker-")))
        if slot is not None:
            slot.send(header)

    async def rest(self, names: Collection[str]) -> None:
        """Ends those workers, so that their devices are free for others on the cluster, too."""
        async with self._turn:
            found = [index for index, slot in self.slots.items() if slot.name in names]
            self._resting |= set(found)
            await asyncio.gather(*(self._end(index, "lost") for index in found))

    async def wake(self) -> None:
        """Those that rest are made anew, soon."""
        async with self._turn:
            found, self._resting = self._resting, set()
            for index in sorted(found):
                self.slots[index] = Slot(index, self.terms, self.tell, self)

    async def leave(self) -> None:
        """Ends all workers for good."""
        await asyncio.gather(*(self._end(index, "lost") for index in list(self.slots)))

    async def _end(self, index: int, event: str) -> None:
        slot = self.slots.pop(index)
        await slot.end()
        self.tell(Frame({"from": slot.name, "event": event}))

    def __repr__(self) -> str:
        return f"<Placement of {list(self.slots.values())}>"


def _kill(actor: Any) -> None:  # noqa: ANN401
    with contextlib.suppress(Exception):  # it has ended meanwhile
        ray.kill(actor)
