"""What travels with a job to a node and back: pictures, states and its encoder there, states and the result home.

Knows what orders and events name, the front's files, and a node's folder by the calls of its ``seat``. Must not know
Ray or which node it is. ``slot`` passes everything through here that goes between front and worker. A file goes in
pieces, one after another, so that no more than one is in memory whatever its size; what a node has is not sent again,
as every name here tells the content (pictures by SHA-256, states by their checksum). A state counts as saved when it is
in the store: only then does the front hear of it.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.frames import Frame
from impasto.spec import SLIM
from impasto.weights import Shelf

log = logging.getLogger(__name__)

PIECE_BYTES = 4 << 20
KEPT = 2  # states of a job, as ``worker.checkpoint`` keeps
INCOMING = ".incoming"
STATES = "*.safetensors"

Call = Callable[..., Awaitable[Any]]


@dataclass
class Trip:
    """One job on a node.

    Attributes:
        job: its name; `name` is that of its folder there.
        states, result: where these belong in the store.
        pictures: the names of what it reads there.
        orders, coming: whoever says something to the worker, or fetches states, waits for who did before.
        bringing: what it needs is on its way.
        cancelled: the order that came meanwhile.
        unsaved: that a state could not be brought home was told.
    """

    job: str
    states: Path
    result: Path
    pictures: list[str] = field(default_factory=list)
    orders: asyncio.Lock = field(default_factory=asyncio.Lock)
    coming: asyncio.Lock = field(default_factory=asyncio.Lock)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    bringing: asyncio.Future[None] | None = None
    cancelled: dict[str, Any] | None = None
    unsaved: bool = False

    @property
    def name(self) -> str:
        """Of its folder on the node."""
        return self.job.removeprefix("jobs/")


class Luggage:
    """All that is on its way to and from one worker. The mutable state are the jobs that it has."""

    def __init__(
        self, call: Call, folder: str, shelf: Shelf, tell: Callable[[Frame], None], broken: Callable[[Exception], None]
    ) -> None:
        """Nothing travels yet.

        Args:
            call: of the seat.
            folder: where the node's folder is there.
            shelf: has the front's encoders.
            tell: speaks to the front.
            broken: hears of what nobody foresaw, after which nothing here can be relied on.
        """
        self._call, self._there, self._shelf = call, Path(folder), shelf
        self._tell, self._broken = tell, broken
        self._trips: dict[str, Trip] = {}
        self._encoders: dict[str, str] = {}  # there, by name; each with its checksum

    # to the node

    async def send(self, header: dict[str, Any]) -> None:
        """Passes an order on, after all that it names; orders of other jobs do not wait for that."""
        if header["verb"] == "start":
            trip = Trip(header["job"], Path(header["states"]), Path(header["result"]))
            self._trips[trip.job] = trip
        found = self._trips.get(header["job"])
        if found is None:  # it has left meanwhile
            await self._call("say", header)
            return
        if header["verb"] == "cancel" and not header["keep"] and found.bringing is not None:
            found.cancelled = header
            found.bringing.cancel()
            return
        async with found.orders:
            if header["verb"] != "start":
                await self._call("say", header)
            elif (told := await self._packed(found, header)) is not None:
                await self._call("say", told)
                self._tell(Frame({"event": "taken", "job": found.job}))

    async def _packed(self, trip: Trip, header: dict[str, Any]) -> dict[str, Any] | None:
        """The order to start, as the node understands it, when all is there; None if it came to nothing."""
        trip.bringing = asyncio.ensure_future(self._bring(trip, header))
        try:
            await trip.bringing
        except asyncio.CancelledError:
            if trip.cancelled is None:  # not the job, but all of this is to end
                raise
            told = {key: trip.cancelled[key] for key in ("why", "reason")}
            self._leave(trip, {"event": "cancelled", "header": None, **told})
            return None
        except OSError as error:
            log.warning("%s cannot begin on its node", trip.job, exc_info=error)
            text = f"what it needs could not be brought to a node: {error.strerror or 'see the log'}"
            self._leave(trip, {"event": "failed", "reason": "DISK", "message": text})
            return None
        finally:
            trip.bringing = None
        pictures = {at: {**one, "path": str(self._there / _picture(one))} for at, one in header["pictures"].items()}
        jobs = self._there / "jobs"
        places = {"states": str(jobs / trip.name), "result": str(jobs / f"{trip.name}-result" / "picture.raw")}
        return {**header, **places, "pictures": pictures}

    async def _bring(self, trip: Trip, header: dict[str, Any]) -> None:
        files = {_picture(told): Path(told["path"]) for told in header["pictures"].values()}
        trip.pictures = list(files)
        for path in sorted(trip.states.glob(STATES), reverse=True)[:KEPT]:
            files[f"jobs/{trip.name}/{path.name}"] = path
        await self._encoder(header["spec"]["encoder"])
        await self._call("put", f"jobs/{trip.name}-result/picture.raw", 0, b"", True)  # noqa: FBT003  # Ray's call
        there = await self._call("sizes", list(files))
        for (name, path), size in zip(files.items(), there, strict=True):
            if size != path.stat().st_size:
                await self._put(name, path)

    async def _encoder(self, name: str) -> None:
        """The one that a job wants, if it is not in every installation; what is not here the worker will miss."""
        if name == SLIM or not self._shelf.available(name):
            return
        sha256 = await asyncio.to_thread(self._shelf.sha256, name)
        if self._encoders.get(name) != sha256:
            await self._put(f"encoders/{name}.safetensors", self._shelf.path(name))
            self._encoders[name] = sha256

    async def _put(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for offset in range(0, max(1, size), PIECE_BYTES):
                data = await asyncio.to_thread(file.read, PIECE_BYTES)
                await self._call("put", name, offset, data, offset + PIECE_BYTES >= size)

    # and home

    def hear(self, frame: Frame) -> None:
        """Passes on what a worker says, after all that it says is there."""
        header = frame.header
        trip = self._trips.get(header.get("job", ""))
        if trip is None:
            self._tell(frame)
            return
        match header["event"]:
            case "saved":
                self._begin(trip, self._saved(trip))
            case "spilled":
                self._begin(trip, self._spilled(trip, header))
            case "done" | "cancelled" | "failed":
                self._begin(trip, self._left(trip, header))
            case _:
                self._tell(frame)

    def _begin(self, trip: Trip, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._watched(work))
        trip.tasks.add(task)
        task.add_done_callback(trip.tasks.discard)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # whatever Ray raises: a job that waits for this must not wait for ever
            self._broken(error)

    async def _saved(self, trip: Trip) -> None:
        step = await self._fetch_states(trip)
        if step and trip.job in self._trips:
            self._tell(Frame({"event": "saved", "job": trip.job, "step": step}))

    async def _spilled(self, trip: Trip, header: dict[str, Any]) -> None:
        """The worker has let go: what it wrote down comes home, or else the job goes on from an earlier state."""
        step = await self._fetch_states(trip)
        if step:
            self._tell(Frame({"event": "saved", "job": trip.job, "step": step}))
        self._leave(trip, header)

    async def _left(self, trip: Trip, header: dict[str, Any]) -> None:
        """A job's last word, after its picture."""
        for task in trip.tasks - {asyncio.current_task()}:
            task.cancel()
        if header.get("header"):
            try:
                await self._get(f"jobs/{trip.name}-result/picture.raw", trip.result)
            except OSError as error:
                log.exception("the result of %s could not be brought home", trip.job)
                told = f"the result could not be stored: {error.strerror or 'see the log'}"
                header = {"event": "failed", "reason": "DISK", "message": told, "seconds": header["seconds"]}
        self._leave(trip, header)

    def _leave(self, trip: Trip, header: dict[str, Any]) -> None:
        self._trips.pop(trip.job, None)
        self._tell(Frame({"job": trip.job, "seconds": 0.0} | header))
        used = [name for other in self._trips.values() for name in other.pictures]
        for folder in (trip.name, f"{trip.name}-result"):
            self._begin(trip, self._forget(folder, used))

    async def _forget(self, folder: str, used: list[str]) -> None:
        with contextlib.suppress(Exception):  # a node that has died has forgotten, too
            await self._call("forget", folder, used)

    async def _fetch_states(self, trip: Trip) -> int:
        """Brings the newest state home; its step, 0 if it could not be or was here already."""
        async with trip.coming:
            try:
                return await self._fetch_newest(trip)
            except FileNotFoundError:  # a newer one has taken its place there, and will be told of
                return 0
            except OSError as error:
                log.warning("%s: a checkpoint could not be brought home", trip.job, exc_info=error)
                if not trip.unsaved:
                    trip.unsaved = True
                    text = f"no checkpoint could be stored ({error.strerror or 'see the log'}); the work goes on"
                    self._tell(Frame({"event": "notice", "job": trip.job, "text": text}))
                return 0

    async def _fetch_newest(self, trip: Trip) -> int:
        there = await self._call("states", trip.name)
        here = sorted((path.name for path in trip.states.glob(STATES)), reverse=True)
        if not there or there[0] in here:
            return 0
        for name in here[1:]:  # the worker has removed those to make room
            if name not in there:
                (trip.states / name).unlink(missing_ok=True)
        trip.states.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._get(f"jobs/{trip.name}/{there[0]}", trip.states / there[0])
        for name in here:
            if name not in there[:KEPT]:
                (trip.states / name).unlink(missing_ok=True)
        return int(there[0].partition("-")[0])

    async def _get(self, name: str, path: Path) -> None:
        """Brings a file home: whole and on the disk, or not there."""
        part, offset = path.with_name(path.name + INCOMING), 0
        try:
            with part.open("wb") as file:
                while data := await self._call("get", name, offset, PIECE_BYTES):
                    await asyncio.to_thread(file.write, data)
                    offset += len(data)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            part.chmod(0o600)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    async def drop(self) -> None:
        """The worker or its node has died: nothing is on its way any more, and nothing half-way stays."""
        tasks = [task for trip in self._trips.values() for task in trip.tasks]
        self._trips.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # whoever is cancelled in here must hear of it

    def __repr__(self) -> str:
        return f"<Luggage of {len(self._trips)} jobs>"


def _picture(told: dict[str, Any]) -> str:
    """A blob's name on a node: what its content is called."""
    return f"pictures/{told['key'].rpartition('/')[2]}"
