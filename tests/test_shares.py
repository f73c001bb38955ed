"""Each token's share of the disk: one that is used up refuses its owner, in numbers, and concerns nobody else."""

import asyncio
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness import DEADLINE_S, encoded, request, wait_for
from impasto.config import Config
from impasto.errors import Busy, NotFound
from impasto.image import ImageHeader
from impasto.job import Failure, Job
from impasto.pipe.words import told
from impasto.refusals import translated
from impasto.scheduling import orders
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import Record, Store, quota
from impasto.v1 import blob_pb2, blob_pb2_grpc, image_pb2, server_pb2, server_pb2_grpc, stylize_pb2
from shared import Desk, Studio
from test_daemon import SUCCEEDED, Stub, watched
from test_scheduler import HEADER, Bench
from test_two_owners import upload

MIB = 2**20
SHARE_MB = 8
Detail = TypeVar("Detail", bound=Message)
SIDE, BYTES = 1024, 3 * MIB  # of a square RGB picture

# a real daemon, over the network


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """A shared machine whose artists may each have eight MiB of its disk, for all tests here."""
    studio = Studio("ann", "ben", options=("--disk-share", f"{SHARE_MB}MiB"), IMPASTO_DISK_QUOTA_MB="64")
    yield studio
    studio.remove()


@pytest.fixture
def channel(studio: Studio) -> Iterator[Callable[[str], grpc.Channel]]:
    """Channels of artists, who have nothing on that machine in the end."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(studio.channel(studio.tokens[name]))
    for token in studio.tokens.values():
        with studio.channel(token) as channel:
            forget(channel)


def header() -> blob_pb2.UploadBlobRequest:
    """What announces a picture of three MiB."""
    raw = image_pb2.ImageHeader(
        width=SIDE, height=SIDE, pixel_format=image_pb2.PIXEL_FORMAT_RGB, sample_type=image_pb2.SAMPLE_TYPE_U8
    )
    return blob_pb2.UploadBlobRequest(header=blob_pb2.UploadHeader(raw=raw, size_bytes=BYTES))


def begun(channel: grpc.Channel, value: int, go: threading.Event) -> grpc.Future:
    """A picture of three MiB, all of one value, is announced; its samples are sent when they may `go`."""

    def messages() -> Iterator[blob_pb2.UploadBlobRequest]:
        yield header()
        go.wait(DEADLINE_S)
        for _ in range(BYTES // MIB):
            yield blob_pb2.UploadBlobRequest(chunk=bytes([value]) * MIB)

    return blob_pb2_grpc.BlobServiceStub(channel).UploadBlob.future(messages(), timeout=DEADLINE_S)


def sent(channel: grpc.Channel, value: int) -> None:
    """Likewise at once."""
    go = threading.Event()
    go.set()
    begun(channel, value, go).result()


def refusal(call: Callable[[], object]) -> grpc.RpcError:
    """The end of a call that is not served."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def detail(error: grpc.RpcError, kind: Callable[[], Detail]) -> Detail:
    """The one detail of that kind."""
    found = kind()
    assert sum(each.Unpack(found) for each in rpc_status.from_call(error).details) == 1
    return found


def forget(channel: grpc.Channel) -> None:
    """Nothing is left of one's own."""
    server_pb2_grpc.ServerServiceStub(channel).Forget(server_pb2.ForgetRequest(cancel_jobs=True), timeout=60)


def disk(channel: grpc.Channel) -> dict[str, tuple[int, int]]:
    """What one is told of the disk: by owner, what is used and what is allowed."""
    info = server_pb2_grpc.ServerServiceStub(channel).GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=30)
    return {use.owner: (use.used_bytes, use.allowed_bytes) for use in info.disk}


def test_one_fills_her_share_and_is_refused_and_the_other_paints(
    studio: Studio, channel: Callable[[str], grpc.Channel]
) -> None:
    """Before a sample of it came; what she announced and still sends counts; after forgetting she may send again."""
    ann, ben = channel("ann"), channel("ben")
    sent(ann, 1)
    go, never = threading.Event(), threading.Event()
    coming = begun(ann, 2, go)
    wait_for(lambda: disk(ann)["ann"][0] > 2 * BYTES, "room being held for what was announced")
    early = refusal(begun(ann, 3, never).result)
    never.set()
    go.set()
    coming.result()
    job = refusal(lambda: list(Stub(ann).Stylize(large(), timeout=60)))
    painted = watched(Stub(ben), Stub(ben).CreateJob(stylize_pb2.CreateJobRequest(request=request())).job.name)

    assert early.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    info, violations = detail(early, error_details_pb2.ErrorInfo), detail(early, error_details_pb2.QuotaFailure)
    assert info.reason == "DISK_SHARE"
    assert int(info.metadata["limit"]) == SHARE_MB * MIB < int(info.metadata["actual"])
    assert [violation.subject for violation in violations.violations] == ["client"]
    assert detail(early, error_details_pb2.RetryInfo).retry_delay.seconds > 0
    assert early.details().startswith("3.0 MiB more would be 1.0 MiB too much of the server's disk for one token")
    assert "pictures and results have 3.0 MiB, pictures on their way 3.0 MiB" in early.details()
    assert early.details().endswith("remove your pictures there with `impasto forget`")
    assert detail(job, error_details_pb2.ErrorInfo).reason == "DISK_SHARE"
    assert painted[-1].job.state == SUCCEEDED

    forget(ann)
    assert disk(ann)["ann"][0] == 0
    sent(ann, 3)
    assert BYTES < disk(ann)["ann"][0] < BYTES + 16384


def large() -> stylize_pb2.StylizeRequest:
    """A small request for a result of 2.5 MB."""
    message = request()
    message.spec.size = 1060
    return message


def test_a_small_file_of_many_samples_is_refused_and_leaves_nothing(
    studio: Studio, channel: Callable[[str], grpc.Channel]
) -> None:
    """What its samples are is known when it is here; the reason and the numbers are the same, and an editor's words."""
    data = encoded(Image.new("RGB", (2000, 2000)))
    assert len(data) < MIB
    with pytest.raises(Busy) as caught, translated():
        upload(channel("ann"), data)

    assert (caught.value.reason, caught.value.limit) == ("DISK_SHARE", SHARE_MB * MIB)
    assert caught.value.actual is not None
    assert caught.value.actual >= 12_000_000
    assert told(caught.value)["message"].endswith("(they would have 11 MiB, and 8 are allowed)")
    assert studio.home.blobs() == set()


def test_the_next_daemon_counts_the_same_and_each_is_told_its_own(
    studio: Studio, channel: Callable[[str], grpc.Channel]
) -> None:
    """A restart gives nobody a new share. An artist is told of her own; who runs the server of everybody's."""
    sent(channel("ann"), 1)
    upload(channel("ben"), encoded(Image.new("RGB", (64, 64))))
    before = [disk(channel(name)) for name in ("ann", "ben")]
    studio.daemon.end()
    studio.start()
    after = [disk(channel(name)) for name in ("ann", "ben")]
    desk = Desk(studio, "ann").connect()
    facts, own = desk.facts()["disk"], studio.home.run("status").stdout
    told_all = {use["owner"]: use for use in json.loads(studio.home.run("status", "--json").stdout)["disk"]}
    desk.remove()

    assert before == after
    assert [set(told) for told in after] == [{"ann"}, {"ben"}]
    used = after[0]["ann"][0]
    assert facts == [{"owner": "ann", "used_bytes": used, "allowed_bytes": SHARE_MB * MIB}]
    assert set(told_all) == {"ann", "ben", f"uid:{os.getuid()}"}
    assert told_all["ann"] == {"owner": "ann", "used_bytes": used, "allowed_bytes": SHARE_MB * MIB}
    assert told_all[f"uid:{os.getuid()}"]["allowed_bytes"] == 64 * MIB
    assert "ann has 3.0 of 8 MiB" in own


# how it is counted


def test_half_of_the_quota_unless_told_otherwise() -> None:
    """Never more than the whole; by default one token alone cannot keep all others out."""
    assert Config().share_mb == Config().disk_quota_mb // 2
    assert Config(disk_quota_mb=64, disk_share_mb=10).share_mb == 10
    assert Config(disk_quota_mb=64, disk_share_mb=100).share_mb == 64


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A scheduler whose workers a test speaks for."""
    return Bench(tmp_path)


async def test_a_job_that_ended_has_no_claim_any_more(bench: Bench) -> None:
    """The room for a result is held while it may come; of others, and of the machine's user, nothing is held."""
    first = await bench.submit(owner="ann")
    share = bench.store.disk
    share.share_bytes = share.use("ann").used + HEADER.size_bytes - 1
    with pytest.raises(Busy, match="results of jobs under way will have 24 bytes") as caught:
        await bench.submit(owner="ann")
    await bench.submit(owner="ben")
    await bench.submit()
    bench.scheduler.cancel(first, "enough")
    bench.pool.say("w0", "cancelled", job="jobs/1", seconds=0.0, why="enough", reason="CANCELLED", header=None)
    await first.ended()
    await bench.submit(owner="ann")

    assert caught.value.reason == "DISK_SHARE"
    assert set(bench.store.records) == {"jobs/1", "jobs/3", "jobs/4", "jobs/5"}


async def test_a_result_counts_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what is promised until it is there, then as a picture; also while its end is still being written down."""
    await bench.submit(owner="ann")
    disk, commit = bench.store.disk, bench.store.commit
    uses = [disk.use("ann")]

    async def looked_at(record: Record, job: Job) -> None:
        uses.append(disk.use("ann"))
        await commit(record, job)

    monkeypatch.setattr(bench.store, "commit", looked_at)
    await bench.done("jobs/1")
    before, between = uses

    assert (before.promised, between.promised) == (HEADER.size_bytes, 0)
    assert between.pictures == before.pictures + 2 * 4096  # its samples and what stands beside them
    assert disk.use("ann") == between


async def test_states_are_told_what_is_left_of_the_share(bench: Bench) -> None:
    """A worker writes none that goes beyond it."""
    bench.store.disk.share_bytes = 20_000
    await bench.submit(owner="ann")
    left = bench.store.disk.left_bytes("ann")

    assert bench.pool.table["w0"].told[-1] == orders.turn("jobs/1", 0.25, left)
    assert left == 20_000 - 4 * 4096 - HEADER.size_bytes
    assert left < bench.store.disk.left_bytes()


async def test_what_was_not_used_for_long_makes_room_for_its_owner_alone(bench: Bench) -> None:
    """Her own old pictures go, and not what another has besides; nobody else's goes for her."""
    mine, shared, theirs = await bench.picture(1, "ann"), await bench.picture(2, "ann"), await bench.picture(3, "ben")
    assert await bench.picture(2, "ben") == shared
    for path in bench.store.blobs.iterdir():
        os.utime(path, (100.0, 100.0))
    disk = bench.store.disk
    disk.share_bytes = disk.use("ann").used
    disk.make_room(disk.share_bytes, "ann")

    assert disk.use("ann").used == 0
    for gone in (mine, shared):
        with pytest.raises(NotFound):
            bench.store.blob(gone, "ann")
    assert [bench.store.blob(name, "ben").name for name in (shared, theirs)] == [shared, theirs]


async def test_who_tidies_up_by_hand_is_believed_at_the_next_sweep(bench: Bench) -> None:
    """Files that somebody removed count no more."""
    await bench.picture(1, "ann")
    for path in bench.store.blobs.iterdir():
        path.unlink()
    bench.store.sweep(0.0)

    assert bench.store.disk.uses() == {}


OWNERS = ("ann", "ben", "uid:1")
VERBS = st.tuples(
    st.sampled_from(("keep", "keep", "keep", "submit", "end", "save", "age", "forget", "sweep", "again")),
    st.sampled_from(OWNERS),
    st.integers(0, 5),
)


class Accounts:
    """A store of small pictures, asked for everything by several owners; and the same counted anew from the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.store = self._opened()

    def _opened(self) -> Store:
        return Store(self.folder, quota_bytes=60_000, share_bytes=25_000)

    async def act(self, verb: str, owner: str, value: int) -> None:
        """One thing that happens; what is refused does not."""
        size = ImageHeader(40 + 20 * value, 20)
        if verb == "keep":
            await self.keep(owner, size)
        elif verb == "submit":
            await self.submit(owner, size)
        elif verb == "end":
            for record in [record for record in self.store.unfinished() if record.job.owner == owner][:1]:
                record.update(record.job.cancelled(Failure("CANCELLED", "enough"), 9.0))
                self.store.checkpoints.remove(record.job.name)
        elif verb == "save":
            self.save(owner, 1000 * value)
        elif verb == "age":
            for path in self.store.blobs.iterdir():
                os.utime(path, (100.0, 100.0))
        elif verb == "forget":
            self.store.forget(owner)
        elif verb == "sweep":
            self.store.sweep(older_than=1000.0)
        else:
            await self.store.close()
            self.store = self._opened()

    async def keep(self, owner: str, size: ImageHeader) -> str:
        """A picture comes, if it may; its name."""
        part = self.store.new_part()
        with suppress(Busy), self.store.disk.room(size.size_bytes, owner):
            assert self.store.disk.use(owner).coming == size.size_bytes
            part.write_bytes(bytes([size.width]) * size.size_bytes)
            return (await self.store.keep(part, size, owner)).name
        return ""

    async def submit(self, owner: str, size: ImageHeader) -> None:
        """A job comes, if it may."""
        content = await self.keep(owner, size)
        job = Job(f"jobs/{self.count}", "c", StylizeSpec(content, (StyleUse(content),)), self.count, 1.0, owner)
        self.count += 1
        with suppress(Busy):
            self.store.disk.make_room(self.store.result_bytes(job), owner)
            self.store.add(Record(job, "digest", keep_running=True))
            await self.store.written()

    def save(self, owner: str, size_bytes: int) -> None:
        """A worker saves a state, if it is told that there is room."""
        for record in [record for record in self.store.unfinished() if record.job.owner == owner][:1]:
            place = self.store.checkpoints.place(record.job.name)
            if size_bytes <= self.store.disk.left_bytes(owner):
                place.mkdir(exist_ok=True)
                (place / "1-a.safetensors").write_bytes(bytes(size_bytes))

    def counted(self) -> dict[str, int]:
        """What each has, from nothing but the files and the unfinished jobs."""
        found = dict.fromkeys(OWNERS, 0)
        for path in self.store.blobs.glob("*.raw"):
            beside = path.with_suffix(".json")
            for owner in json.loads(beside.read_text())["owners"]:
                found[owner] += sum(-(-file.stat().st_size // 4096) * 4096 for file in (path, beside))
        for record in self.store.unfinished():
            place = self.store.checkpoints.place(record.job.name)
            found[record.job.owner] += sum(file.stat().st_size for file in place.glob("*")) + record.result_bytes
        return found


@settings(max_examples=60)
@given(happens=st.lists(VERBS, max_size=25))
def test_the_account_is_what_lies_on_the_disk(happens: list[tuple[str, str, int]]) -> None:
    """After whatever happened, and for the next daemon, too; and no share is overdrawn but by rounding."""

    async def life(folder: Path) -> None:
        accounts, beside = Accounts(folder), 0
        for verb, owner, value in happens:
            await accounts.act(verb, owner, value)
            uses, counted = accounts.store.disk.uses(), accounts.counted()
            assert {name: use.used for name, use in uses.items()} == {name: had for name, had in counted.items() if had}
            assert {name: accounts.store.disk.use(name).used for name in OWNERS} == counted
            beside = len(list(accounts.store.blobs.glob("*.raw"))) * 2 * 4096
            assert max(counted["ann"], counted["ben"]) <= 25_000 + beside
        await accounts.store.close()

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(quota, "LOOK_S", -1.0)  # states are counted anew at every look
        asyncio.run(life(Path(folder)))
