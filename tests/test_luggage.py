"""What travels between the store and a node: files come whole or not at all, and before anybody hears of them."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeSeat
from impasto.cluster.folder import ENVIRONMENT, Folder
from impasto.cluster.luggage import PIECE_BYTES, Luggage
from impasto.errors import CannotServe
from impasto.frames import Frame
from impasto.spec import SLIM, VGG19
from impasto.weights import Shelf

JOB = "jobs/0a1b"
STATES = ("00000008-aa.safetensors", "00000006-bb.safetensors", "00000004-cc.safetensors")


class Journey:
    """A front's folder, a node's, and what lies between: the mutable state is what the front has heard."""

    def __init__(self, front: Path) -> None:
        self.front, self.heard = front, list[Frame]()
        self.node = FakeSeat(Folder())
        self.states, self.result = front / "checkpoints" / "0a1b", front / "blobs" / "x.part"
        for folder in (self.states, self.result.parent, front / "encoders"):
            folder.mkdir(parents=True)
        self.broken = list[Exception]()
        there = str(self.node.folder.path)
        self.luggage = Luggage(self.node.call, there, Shelf(front), self.heard.append, self.broken.append)

    def blob(self, name: str, size: int = 100) -> dict[str, Any]:
        """A picture in the store, as an order names it."""
        path = self.front / "blobs" / f"{name}.raw"
        path.write_bytes(os.urandom(size))
        return {"path": str(path), "header": {}, "key": f"blobs/sha256-{name}"}

    def order(self, encoder: str = SLIM, **pictures: dict[str, Any]) -> dict[str, Any]:
        """To begin with the job."""
        places = {"states": str(self.states), "result": str(self.result)}
        return {"verb": "start", "job": JOB, "spec": {"encoder": encoder}, "pictures": pictures} | places

    async def says(self, event: str, **header: Any) -> None:
        """The worker says something of the job, and all that comes of it is waited for."""
        self.luggage.hear(Frame({"event": event, "job": JOB} | header))
        while tasks := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            await asyncio.wait(tasks)

    def paints(self, *names: str) -> None:
        """The worker has written those states, and no others are there."""
        folder = self.node.folder.path / "jobs" / "0a1b"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name in names:
            (folder / name).write_bytes(name.encode())

    def painted(self, picture: bytes | None) -> None:
        """The worker has written its result, or lost it."""
        path = Path(self.node.told[-1]["result"])
        path.unlink()
        if picture is not None:
            path.write_bytes(picture)

    @property
    def events(self) -> list[str]:
        """What the front has heard."""
        return [frame.header["event"] for frame in self.heard]

    @property
    def stored(self) -> list[str]:
        """States in the store, the newest first."""
        return sorted((path.name for path in self.states.iterdir()), reverse=True)


def read(path: str) -> bytes:
    """A file."""
    return Path(path).read_bytes()


def names(folder: str) -> list[str]:
    """What is in it."""
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """Two folders that have nothing in common."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "node"))
    found = Journey(tmp_path / "front")
    yield found
    found.node.folder.remove()


async def test_an_order_names_files_that_are_there(journey: Journey) -> None:
    """Pictures of any size and the two newest states are on the node, the same to the byte, before the worker hears."""
    content, style = journey.blob("c0", 2 * PIECE_BYTES + 1), journey.blob("5e")
    for name in STATES:
        (journey.states / name).write_bytes(name.encode())

    await journey.luggage.send(journey.order(content=content, style=style))

    (told,) = journey.node.told
    paths = [told["pictures"][at]["path"] for at in ("content", "style")]
    assert [read(path) for path in paths] == [read(one["path"]) for one in (content, style)]
    assert names(told["states"]) == sorted(STATES[:2])
    assert all(path.startswith(f"{journey.node.folder.path}/") for path in (*paths, told["states"], told["result"]))
    assert max(map(len, journey.node.pieces)) == PIECE_BYTES
    assert journey.events == ["taken"]


async def test_what_a_node_has_is_not_sent_again_and_encoders_go_by_their_content(journey: Journey) -> None:
    """A second job with the same picture sends none; an encoder goes once, and again when it is another one."""
    encoder = journey.front / "encoders" / f"{VGG19}.safetensors"
    encoder.write_bytes(b"weights")
    order = journey.order(VGG19, content=journey.blob("c0"))
    await journey.luggage.send(order)
    before = len(journey.node.pieces)

    await journey.luggage.send(order | {"job": "jobs/2"})
    again = len(journey.node.pieces)
    encoder.unlink()
    encoder.write_bytes(b"others!")
    await journey.luggage.send(order | {"job": "jobs/3"})

    assert (before, again, len(journey.node.pieces)) == (3, 4, 6)  # with each job the place of its result
    assert (journey.node.folder.path / "encoders" / encoder.name).read_bytes() == b"others!"


async def test_a_cancel_stops_what_is_under_way(journey: Journey) -> None:
    """Who cancels while a large picture travels need not wait for it; the worker never hears of the job."""
    journey.node.held = asyncio.Event()
    sending = asyncio.ensure_future(journey.luggage.send(journey.order(content=journey.blob("c0"))))
    await journey.node.reached.wait()
    await journey.luggage.send({"verb": "cancel", "job": JOB, "why": "so", "reason": "CANCELLED", "keep": False})
    await sending

    assert journey.node.told == []
    assert [frame.header for frame in journey.heard] == [
        {"event": "cancelled", "job": JOB, "seconds": 0.0, "header": None, "why": "so", "reason": "CANCELLED"}
    ]


async def test_a_state_is_saved_when_it_is_in_the_store(journey: Journey) -> None:
    """It is there when the front hears of it; older ones than the worker keeps are gone."""
    (journey.states / STATES[2]).write_bytes(b"old")
    await journey.luggage.send(journey.order())
    journey.paints(STATES[1], STATES[2])
    await journey.says("saved", step=6)
    assert journey.stored == [*STATES[1:]]
    journey.paints(*STATES[:2])
    await journey.says("saved", step=8)
    await journey.says("saved", step=8)

    assert journey.stored == [*STATES[:2]]
    assert [frame.header["step"] for frame in journey.heard if frame.header["event"] == "saved"] == [6, 8]
    assert (journey.states / STATES[0]).stat().st_mode & 0o777 == 0o600


async def test_a_job_that_makes_room_leaves_its_state_in_the_store_and_nothing_on_the_node(journey: Journey) -> None:
    """The state first, then the word; its folders there are gone."""
    await journey.luggage.send(journey.order())
    journey.paints(STATES[0])
    await journey.says("spilled", step=8, seconds=0.5)

    assert journey.events == ["taken", "saved", "spilled"]
    assert journey.stored == [STATES[0]]
    assert list((journey.node.folder.path / "jobs").iterdir()) == []


async def test_a_store_that_cannot_take_a_state_is_told_of_once_and_the_work_goes_on(journey: Journey) -> None:
    """As where a worker here cannot write one."""
    journey.states.rmdir()
    journey.states.write_text("in the way")
    await journey.luggage.send(journey.order())
    for name in STATES:
        journey.paints(name)
        await journey.says("saved", step=1)
    await journey.says("sliced", seconds=0.1)

    assert journey.events == ["taken", "notice", "sliced"]
    assert journey.heard[1].header["text"].startswith("no checkpoint could be stored (")


async def test_a_result_is_in_the_store_before_the_job_is_done(journey: Journey) -> None:
    """And what cannot be brought home is a failure, not a promise."""
    await journey.luggage.send(journey.order())
    journey.painted(b"painted")
    await journey.says("done", header={"width": 1}, seconds=1.0)
    assert journey.result.read_bytes() == b"painted"
    await journey.luggage.send(journey.order())
    journey.painted(None)
    await journey.says("done", header={"width": 1}, seconds=1.0)

    last = journey.heard[-1].header
    assert journey.events == ["taken", "done", "taken", "failed"]
    assert (last["reason"], last["seconds"]) == ("DISK", 1.0)


async def test_a_picture_that_is_gone_fails_the_job_and_not_the_worker(journey: Journey) -> None:
    """The front hears why."""
    content = journey.blob("c0")
    await journey.luggage.send(journey.order(content=content | {"path": content["path"] + ".gone"}))

    assert (journey.events, journey.heard[0].header["reason"]) == (["failed"], "DISK")
    assert journey.node.told == []


async def test_what_is_half_way_when_a_node_dies_leaves_nothing(journey: Journey) -> None:
    """The store has no part of a file, and nothing more is told."""
    await journey.luggage.send(journey.order())
    journey.paints(STATES[0])
    journey.node.held = asyncio.Event()
    journey.luggage.hear(Frame({"event": "saved", "job": JOB, "step": 8}))
    await journey.node.reached.wait()
    await journey.luggage.drop()

    assert (journey.stored, journey.events) == ([], ["taken"])


async def test_what_nobody_foresaw_is_told_and_no_job_waits_for_it(journey: Journey) -> None:
    """A result that Ray cannot carry: whoever has the worker hears of it, and can let its jobs go on elsewhere."""
    await journey.luggage.send(journey.order())
    journey.node.fault = RuntimeError("the object store is full")
    await journey.says("done", header={"width": 1}, seconds=1.0)

    assert (journey.events, journey.broken) == (["taken"], [journey.node.fault])


# the node's folder


@pytest.mark.parametrize("name", ["jobs/1/../../x", "/etc/passwd", "pictures/", "jobs/x", "lock", "pictures/../lock"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, journey: Journey) -> None:
    """Nothing but what travels can be read or written."""
    with pytest.raises(ValueError, match="no name of what travels"):
        journey.node.folder.get(name, 0, 1)


def test_folders_of_the_dead_are_removed_and_those_of_the_living_stay(journey: Journey) -> None:
    """The next worker on a node cleans up after one that was killed."""
    living, dead = Folder(), Folder()
    os.close(dead._lock)  # as the system does
    another = Folder()

    assert [folder.path.exists() for folder in (living, dead, another)] == [True, False, True]
    living.remove()
    another.remove()


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are private on a node, too."""
    above = tmp_path / "open"
    above.mkdir(mode=0o777)
    above.chmod(0o777)
    monkeypatch.setenv(ENVIRONMENT, str(above / "node"))

    with pytest.raises(CannotServe, match="others could put another in its place"):
        Folder()


def test_pictures_are_kept_up_to_a_limit_and_those_in_use_beyond(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The least used go first."""
    monkeypatch.setattr("impasto.cluster.folder.PICTURES_BYTES", 250)
    folder, put = journey.node.folder, _putting(journey.node.folder)
    for number, name in enumerate(("a", "b", "c", "d")):
        os.utime(put(name), (number, number))

    folder.forget("none", ["pictures/a"])

    assert folder.sizes([f"pictures/{name}" for name in "abcd"]) == [100, -1, 100, 100]


def _putting(folder: Folder) -> Callable[[str], Path]:
    def put(name: str) -> Path:
        folder.put(f"pictures/{name}", 0, bytes(100), whole=True)
        return folder.place(f"pictures/{name}")

    return put
