"""What the daemon remembers: pictures by their content, jobs with every event, and nothing that is half done."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import Busy, NotFound
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.job import Event, Failure, Job, Preview, Priority, Result, State
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import BLOB_PREFIX, CHUNK_BYTES, MAX_EVENTS, Blob, Record, Store, chunks
from impasto.store.database import Database

HEADER = ImageHeader(4, 2)
SAMPLES = bytes(range(24))
FILE = hashlib.sha256(b"a file").hexdigest()
OTHER_FILE = hashlib.sha256(b"another file").hexdigest()
SOON = 60.0  # seconds, of what must happen at all
OWNER, SOMEBODY = "uid:1", "uid:2"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "data")


async def kept(store: Store, samples: bytes = SAMPLES, header: ImageHeader = HEADER, encoded_sha256: str = "") -> Blob:
    """A picture, as an upload brings it."""
    part = store.new_part()
    part.write_bytes(samples)
    return await store.keep(part, header, OWNER, encoded_sha256)


def record(
    store: Store, name: str = "jobs/1", *, content: str = "c", style: str = "s", mask: str | None = None
) -> Record:
    """A job in the queue."""
    job = Job(name, "krita", StylizeSpec(content, (StyleUse(style),), mask), store.next_arrival(), 1.0, OWNER)
    return Record(job, "digest", keep_running=False)


def ended(record: Record) -> Record:
    """The same, failed."""
    record.update(record.job.failed(Failure("INTERNAL", "why"), 2.0))
    return record


def files(store: Store) -> set[str]:
    """Names of all files at rest."""
    return {path.name for path in store.blobs.iterdir()}


# blobs


async def test_a_blob_is_named_by_its_content(store: Store, tmp_path: Path) -> None:
    """The same picture has the same name whenever and wherever it comes, and is there once."""
    first = await kept(store)

    assert first.name.startswith(BLOB_PREFIX)
    assert (await kept(store)).name == first.name
    assert (await kept(Store(tmp_path / "elsewhere"))).name == first.name
    assert len(files(store)) == 2  # samples and header


@pytest.mark.parametrize(
    "header",
    [
        ImageHeader(2, 4),
        ImageHeader(8, 1),
        ImageHeader(3, 2, PixelFormat.RGBA),
        ImageHeader(2, 2, sample_type=SampleType.U16),
        ImageHeader(2, 2, sample_type=SampleType.F16),
        ImageHeader(4, 2, transfer=Transfer.LINEAR),
        ImageHeader(3, 2, PixelFormat.RGBA, premultiplied_alpha=True),
        ImageHeader(4, 2, icc_profile=b"profile"),
    ],
)
async def test_the_header_is_part_of_the_name(store: Store, header: ImageHeader) -> None:
    """Equal samples that mean another picture are another blob."""
    assert header.size_bytes == len(SAMPLES)

    assert (await kept(store, header=header)).name != (await kept(store)).name


async def test_a_blob_comes_back_as_it_was(store: Store) -> None:
    """Header and samples are those that were kept."""
    header = replace(HEADER, transfer=Transfer.LINEAR, icc_profile=b"profile")
    name = (await kept(store, header=header)).name

    found = store.blob(name, OWNER)

    assert found.header == header
    assert found.path.read_bytes() == SAMPLES


async def test_only_the_first_of_a_kind_is_fresh(store: Store) -> None:
    """Who brought a picture that was there already must not take it away again."""
    assert (await kept(store)).fresh
    assert not (await kept(store)).fresh
    assert not store.blob((await kept(store)).name, OWNER).fresh


async def test_the_same_picture_may_come_many_times_at_once(store: Store) -> None:
    """Uploads of one picture in the same moment do not get into each other's way."""
    blobs = await asyncio.gather(*(kept(store, encoded_sha256=FILE) for _ in range(40)))

    assert len({blob.name for blob in blobs}) == 1
    assert len(files(store)) == 3


@pytest.mark.parametrize(
    "name",
    [
        "",
        "blobs/",
        BLOB_PREFIX,
        BLOB_PREFIX + "0" * 63,
        BLOB_PREFIX + "0" * 65,
        BLOB_PREFIX + "A" * 64,
        BLOB_PREFIX + "g" * 64,
        BLOB_PREFIX + "0" * 63 + "\n",
        BLOB_PREFIX + "\u0660" * 64,
        "sha256-" + "0" * 64,
        "blobs/md5-" + "0" * 64,
        BLOB_PREFIX + "../" * 21 + "x",
        "../../etc/passwd",
        "jobs/" + "0" * 32,
        BLOB_PREFIX + BLOB_PREFIX + "0" * 64,
    ],
)
def test_a_malformed_name_is_not_found(store: Store, name: str) -> None:
    """Whatever is no name of a blob is refused before a path is made of it."""
    with pytest.raises(NotFound, match="is no blob's name"):
        store.blob(name, OWNER)


def test_a_name_without_a_blob_is_not_found(store: Store) -> None:
    """A good name of nothing is refused with what to do."""
    with pytest.raises(NotFound, match="upload the picture again"):
        store.blob(BLOB_PREFIX + "0" * 64, OWNER)


def damage_header(text: str) -> Callable[[Path], object]:
    """Writes something else beside the samples."""
    return lambda samples: samples.with_suffix(".json").write_text(text)


@pytest.mark.parametrize(
    "damage",
    [
        lambda samples: samples.unlink(),
        lambda samples: samples.with_suffix(".json").unlink(),
        lambda samples: samples.write_bytes(SAMPLES[:-1]),
        lambda samples: samples.write_bytes(SAMPLES + b"x"),
        *(
            damage_header(text)
            for text in ("", "{", "[]", "null", "{}", '{"header": []}', '{"header": {"width": null}}')
        ),
    ],
)
async def test_a_damaged_blob_is_not_found(store: Store, damage: Callable[[Path], object]) -> None:
    """A picture of which something is missing is uploaded again, not half painted; keeping it again heals it."""
    blob = await kept(store)
    damage(blob.path)

    with pytest.raises(NotFound, match="upload the picture again"):
        store.blob(blob.name, OWNER)
    assert (await kept(store)).name == blob.name
    assert store.blob(blob.name, OWNER).path.read_bytes() == SAMPLES


async def test_nobody_else_can_read_a_picture(store: Store) -> None:
    """The folder is 0700 and every file in it 0600, also under a careless umask, also if it was there before."""
    before = os.umask(0)
    try:
        await kept(store, encoded_sha256=FILE)
        store.blobs.chmod(0o755)
        Store(store.folder)
    finally:
        os.umask(before)

    assert store.blobs.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in store.blobs.iterdir()} == {0o600}


async def test_what_was_half_written_is_removed_at_start(store: Store) -> None:
    """A daemon that was killed leaves nothing behind; what was whole stays."""
    blob = await kept(store)
    store.new_part().write_bytes(b"half")

    again = Store(store.folder)

    assert files(again) == {blob.path.name, blob.path.with_suffix(".json").name}
    assert again.blob(blob.name, OWNER).header == HEADER


async def test_a_blob_is_complete_or_absent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the disk fails while a picture is kept, the picture is not there, or whole."""
    steps, real = 0, Path.replace

    def fail(part: Path, target: Path) -> Path:
        nonlocal steps
        steps += 1
        if steps == failing:
            raise OSError(28, "No space left on device")
        return real(part, target)

    monkeypatch.setattr(Path, "replace", fail)
    for failing in (1, 2, 3):
        steps = 0
        samples = bytes([failing]) * len(SAMPLES)
        with pytest.raises(OSError, match="No space"):
            await kept(store, samples, encoded_sha256=FILE)
        name = BLOB_PREFIX + next((path.stem for path in store.blobs.glob("*.raw")), "0" * 64)
        found = files(store)

        assert failing == 3 or not any(each.endswith(".raw") for each in found)
        assert failing < 3 or store.blob(name, OWNER).path.read_bytes() == samples


async def test_a_file_that_was_decoded_before_is_known(store: Store) -> None:
    """A file need not be sent again; another that decodes to the same picture is the same blob."""
    assert store.decoded(FILE, OWNER) is None
    blob = await kept(store, encoded_sha256=FILE)
    assert (await kept(store, encoded_sha256=OTHER_FILE)).name == blob.name
    await kept(store)  # the same picture, raw, takes neither away

    assert [found and found.name for found in (store.decoded(file, OWNER) for file in (FILE, OTHER_FILE))] == [
        blob.name,
        blob.name,
    ]
    store.remove_blobs([blob.name])
    assert [store.decoded(FILE, OWNER), store.decoded(OTHER_FILE, OWNER)] == [None, None]
    assert files(store) == set()


async def test_an_index_that_is_damaged_is_no_index(store: Store) -> None:
    """Whatever stands in it, the file is then decoded again."""
    await kept(store, encoded_sha256=FILE)
    for text in ("", "nonsense", "0" * 64, "../../etc/passwd"):
        (store.blobs / f"file-{FILE}").write_text(text)

        assert store.decoded(FILE, OWNER) is None


async def test_old_pictures_are_removed_with_all_that_belongs_to_them(store: Store) -> None:
    """What nobody has used for long goes; what was used since stays."""
    old, used = await kept(store, encoded_sha256=FILE), await kept(store, SAMPLES[::-1])
    for blob in (old, used):
        os.utime(blob.path, (100.0, 100.0))
    store.blob(used.name, OWNER)

    assert store.sweep(older_than=200.0) == 1
    assert files(store) == {used.path.name, used.path.with_suffix(".json").name}
    assert store.sweep(older_than=time.time() + 60) == 1
    assert files(store) == set()


async def test_pictures_of_unfinished_jobs_stay(store: Store) -> None:
    """However old, the content, style and mask of a job that is not final are needed; of a final one they are not."""
    blobs = [await kept(store, bytes([i]) * len(SAMPLES)) for i in range(4)]
    content, style, mask, free = (blob.name for blob in blobs)
    unfinished = record(store, content=content, style=style, mask=mask)
    store.add(unfinished)
    later = time.time() + 60

    assert store.remove_blobs([content, style, mask, free]) == 1
    assert store.sweep(later) == 0
    assert [store.blob(name, OWNER).name for name in (content, style, mask)] == [content, style, mask]
    ended(unfinished)
    assert store.sweep(later) == 3


def test_a_file_is_read_in_chunks_from_anywhere(tmp_path: Path) -> None:
    """A download goes on where it stopped, a mebibyte at a time."""
    path = tmp_path / "samples"
    path.write_bytes(bytes(range(256)) * 10_000)
    data = path.read_bytes()

    assert [len(chunk) for chunk in chunks(path)] == [CHUNK_BYTES, CHUNK_BYTES, len(data) - 2 * CHUNK_BYTES]
    assert b"".join(chunks(path, 1_500_000)) == data[1_500_000:]
    assert list(chunks(path, len(data))) == []


# jobs


def test_a_job_is_found_by_its_name_and_by_its_request(store: Store) -> None:
    """Names and request ids lead to the record; an empty id leads nowhere."""
    nameless, named = record(store, "jobs/1"), record(store, "jobs/2")
    named.job = replace(named.job, request_id="again")
    store.add(nameless)
    store.add(named)

    assert store.record("jobs/2", OWNER) is named
    assert store.by_request_id("again", OWNER) is named
    assert store.by_request_id("", OWNER) is None
    assert store.by_request_id("other", OWNER) is None
    with pytest.raises(NotFound, match="there is no job 'jobs/3'"):
        store.record("jobs/3", OWNER)


def test_jobs_count_in_the_order_they_came(store: Store) -> None:
    """Arrival numbers rise by one."""
    assert [store.next_arrival() for _ in range(3)] == [1, 2, 3]


def test_the_oldest_finished_jobs_make_room(tmp_path: Path) -> None:
    """Memory is bounded, and no unfinished job is ever forgotten."""
    store = Store(tmp_path, max_final_jobs=2)
    store.add(record(store, "jobs/waiting"))
    for i in range(5):
        store.add(ended(record(store, f"jobs/{i}")))

    assert set(store.records) == {"jobs/waiting", "jobs/3", "jobs/4"}
    assert repr(store) == "<Store [2 failed, 1 queued]>"


def test_previews_push_no_pictures_out(tmp_path: Path) -> None:
    """A studio's previews come by the dozen: of what has ended they keep a quarter of the places, the newest ones."""
    store = Store(tmp_path, max_final_jobs=8)
    for i in range(4):
        store.add(ended(record(store, f"jobs/final-{i}")))
    for i in range(20):
        preview = record(store, f"jobs/preview-{i}")
        preview.job = replace(preview.job, priority=Priority.INTERACTIVE)
        store.add(ended(preview))
    for i in range(4, 7):
        store.add(ended(record(store, f"jobs/final-{i}")))

    assert set(store.records) == {f"jobs/final-{i}" for i in range(1, 7)} | {"jobs/preview-18", "jobs/preview-19"}


@given(st.lists(st.sampled_from(["update", "notice", "show", "charge"]), max_size=30))
def test_events_have_no_gaps(verbs: list[str]) -> None:
    """Sequence numbers are 1, 2, 3 … whatever happens, and each event holds the job as it was."""
    kept = Record(Job("jobs/1", "krita", StylizeSpec("c", (StyleUse("s"),)), 1, 1.0), "digest", keep_running=False)
    jobs = [kept.job]
    for verb in verbs:
        if verb == "show":
            kept.show(1, HEADER, b"samples")
        elif verb == "charge":
            kept.charge(0.25)
        else:
            jobs.append(kept.job)
            kept.update(kept.job, {"total": 1.0} if verb == "update" else None, "notice" * (verb == "notice"))

    assert [event.sequence for event in kept.events] == list(range(1, len(jobs) + 1))
    assert [event.job for event in kept.events] == jobs
    assert kept.job.device_s == 0.25 * verbs.count("charge")


def test_only_the_newest_preview_is_kept(store: Store) -> None:
    """A slow reader is never behind; numbers tell it what it missed."""
    watched = record(store)
    for step in (3, 6, 9):
        watched.show(step, HEADER, b"%d" % step)

    assert watched.preview == Preview(3, 9, HEADER, b"9")
    assert list(watched.events) == [Event(1, watched.job)]


@pytest.mark.parametrize("happens", ["update", "show"])
async def test_all_watchers_are_woken(store: Store, happens: str) -> None:
    """Every event and every preview wakes everybody who waits, once."""
    watched = record(store)
    waiting = [asyncio.create_task(watched.changed()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)

    if happens == "update":
        watched.update(watched.job)
    else:
        watched.show(1, HEADER, b"samples")

    await asyncio.wait_for(asyncio.gather(*waiting), SOON)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watched.changed(), 0.01)


async def test_the_end_is_waited_for_through_all_events(store: Store) -> None:
    """Who waits for the end is not satisfied by less, and not kept waiting when it has come."""
    watched = record(store)
    waiting = asyncio.create_task(watched.ended())
    for job in (watched.job, running := watched.job.started("cpu", 1.0), running.progressed(1, 2, None)):
        watched.update(job)
        await asyncio.sleep(0)
        assert not waiting.done()

    ended(watched)

    await asyncio.wait_for(waiting, SOON)
    await asyncio.wait_for(watched.ended(), SOON)
    assert watched.job.state is State.FAILED
    assert repr(watched) == "<Record jobs/1 [failed, event 5, 0 watchers]>"


# what is written down


def again(store: Store) -> Store:
    """The store of the next daemon."""
    return Store(store.folder, max_final_jobs=store.max_final_jobs)


def running(record: Record, step: int = 3) -> Record:
    """The same, with some steps done and one written down."""
    record.update(record.job.started("cpu", 2.0))
    record.amend(replace(record.job, saved_step=step))
    record.update(record.job.progressed(step + 2, 10, 1.0))
    return record


async def test_the_next_daemon_knows_every_job(store: Store) -> None:
    """Jobs, ends, requests and order are there again; what was under way waits, at its last checkpoint."""
    waiting, begun, failed = (record(store, f"jobs/{name}") for name in ("waiting", "begun", "failed"))
    waiting.job = replace(waiting.job, request_id="again", labels={"a": "b"})
    for each in (waiting, running(begun), ended(failed)):
        store.add(each)
    await store.written()
    told = begun.sequence

    after = again(store)

    jobs = {name: found.job for name, found in after.records.items()}
    assert jobs == {
        "jobs/waiting": waiting.job,
        "jobs/begun": replace(begun.job, state=State.QUEUED, step=3, time_left_s=None),
        "jobs/failed": failed.job,
    }
    assert after.by_request_id("again", OWNER) is after.records["jobs/waiting"]
    assert after.next_arrival() == 4
    assert [found.held for found in after.records.values()] == [True, True, False]
    assert after.records["jobs/begun"].events[0].sequence > told
    assert "goes on from step 3" in after.records["jobs/begun"].events[-1].notice


async def test_a_job_that_keeps_running_waits_for_nobody(store: Store) -> None:
    """Only what somebody must watch is held."""
    job = record(store).job
    store.add(Record(job, "digest", keep_running=True))
    await store.written()

    assert not again(store).records["jobs/1"].held


async def test_numbers_rise_over_many_lives(store: Store) -> None:
    """A daemon that dies at once has told numbers, too: the next begins above them."""
    store.add(running(record(store)))
    seen: list[int] = []
    for _ in range(4):
        await store.written()
        store = again(store)
        seen += [event.sequence for event in store.records["jobs/1"].events]

    assert seen == sorted(set(seen))


async def test_what_is_forgotten_stays_so(store: Store) -> None:
    """A job that made room is not there again."""
    store.max_final_jobs = 1
    for i in range(3):
        store.add(ended(record(store, f"jobs/{i}")))
    await store.written()

    assert set(again(store).records) == {"jobs/2"}


async def test_a_step_is_written_soon_and_a_change_of_state_at_once(store: Store) -> None:
    """Nobody waits for the disk at every step; what is told of a state is there when its writer is asked."""
    begun = record(store)
    store.add(begun)
    await store.written()
    begun.update(begun.job.started("cpu", 2.0))
    await store.written()
    assert again(store).records["jobs/1"].job.start_time == 2.0
    begun.amend(replace(begun.job, saved_step=7))
    while again(store).records["jobs/1"].job.step != 7:  # noqa: ASYNC110  # bounded by the test's own time-out
        await asyncio.sleep(0.05)


async def test_a_state_that_nobody_wrote_down_yet_counts(store: Store) -> None:
    """A daemon killed within that second: its job goes on from the newest state there is, and has one to stop with."""
    begun = running(record(store))
    store.add(begun)
    await store.written()
    folder = store.checkpoints.place("jobs/1")
    folder.mkdir()
    for name in ("00000009-a1b2.safetensors", "00000012-c3d4.safetensors", "next.part", "x-1.safetensors"):
        (folder / name).touch()

    job = again(store).records["jobs/1"].job
    assert (job.saved_step, job.step) == (12, 12)


async def test_an_end_is_written_before_it_is_told(store: Store) -> None:
    """Who dies between the two has told nothing that is not so."""
    begun = running(record(store))
    store.add(begun)
    await store.commit(begun, begun.job.failed(Failure("INTERNAL", "why"), 5.0))

    assert begun.job.state is State.RUNNING
    assert again(store).records["jobs/1"].job.state is State.FAILED


@pytest.mark.parametrize("garbage", [b"no database", b"", bytes(8192), b"SQLite format 3\0" + b"x" * 5000])
async def test_a_damaged_database_is_set_aside(store: Store, garbage: bytes) -> None:
    """It is kept under another name and reported; the new one serves; pictures and whose they are outlive it."""
    blob = await kept(store)
    store.add(record(store))
    await store.written()
    await store.close()
    for path in store.folder.glob("jobs.sqlite*"):
        path.write_bytes(garbage)

    after = again(store)
    after.add(record(after, "jobs/new"))
    await after.written()

    assert set(after.records) == {"jobs/new"}
    assert after.blob(blob.name, OWNER).header == HEADER
    assert bool(after.notices) == bool(garbage)  # an empty file is a new database
    assert bool(list(store.folder.glob("jobs.sqlite.damaged-*"))) == bool(garbage)
    assert set(again(after).records) == {"jobs/new"}


async def test_a_database_damaged_in_mid_life_is_written_anew(store: Store) -> None:
    """Memory is the truth: every job is in the new file."""
    for name in ("jobs/1", "jobs/2"):
        store.add(record(store, name))
    await store.written()
    store._journal._database._connection.execute("DROP TABLE jobs")

    store.records["jobs/2"].update(store.records["jobs/2"].job.started("cpu", 1.0))
    await store.written()

    assert len(store.notices) == 1
    assert [found.job.start_time for found in again(store).records.values()] == [None, 1.0]


async def test_a_disk_that_fails_is_told_and_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who must know hears it; nothing is lost, and the next change writes all."""
    real, failing = Database.write, [True]

    def write(database: Database, *arguments: Any) -> None:
        if failing:
            raise OSError(28, "No space left on device")
        real(database, *arguments)

    monkeypatch.setattr(Database, "write", write)
    store.add(record(store))
    with pytest.raises(Busy, match="full or fails"):
        await store.written()
    failing.clear()
    await store.written()

    assert set(again(store).records) == {"jobs/1"}


def test_events_are_kept_as_far_back_as_there_is_room(store: Store) -> None:
    """A watcher gets what it has not seen; one that was away for too long begins with the oldest that is left."""
    watched = record(store)
    for _ in range(2 * MAX_EVENTS):
        watched.update(watched.job)
    last = watched.sequence

    assert [event.sequence for event in watched.since(last - 3)] == [last - 2, last - 1, last]
    assert watched.since(last) == []
    assert [event.sequence for event in watched.since(0)] == list(range(last - MAX_EVENTS + 1, last + 1))
    assert watched.since(last + 100) == [watched.events[-1]]


def test_a_preview_of_another_life_is_never_ahead(store: Store) -> None:
    """Numbers of previews begin with those of events: who waits for one newer than the last gets the next."""
    before, after = record(store), Record(record(store).job, "digest", keep_running=False, sequence=1_000_000)
    for shown in (before, before, after):
        shown.show(1, HEADER, b"")

    assert before.preview is not None
    assert after.preview is not None
    assert after.preview.sequence > before.preview.sequence


# owners, room and time


async def test_what_is_somebody_elses_is_as_unknown_as_nothing(store: Store) -> None:
    """Job, request and picture of another owner are not found, in the same words as what does not exist."""
    own = await kept(store, encoded_sha256=FILE)
    named = record(store)
    named.job = replace(named.job, request_id="again")
    store.add(named)
    absent = BLOB_PREFIX + "0" * 64

    for theirs, nothing in ((own.name, absent), (absent, absent)):
        with pytest.raises(NotFound) as refused:
            store.blob(theirs, SOMEBODY)
        assert refused.value.message == f"there is no blob {theirs!r}; upload the picture again"
        assert nothing == absent
    with pytest.raises(NotFound, match="there is no job 'jobs/1'"):
        store.record("jobs/1", SOMEBODY)
    assert store.by_request_id("again", SOMEBODY) is None
    assert store.decoded(FILE, SOMEBODY) is None
    part = store.new_part()
    part.write_bytes(SAMPLES)
    assert (await store.keep(part, HEADER, SOMEBODY)).name == own.name
    assert [store.blob(own.name, owner).name for owner in (OWNER, SOMEBODY)] == [own.name] * 2


async def test_the_quota_is_kept_by_what_was_not_used_for_longest(store: Store) -> None:
    """Old pictures make room; those that jobs need, results and what came just now do not, and then it is told."""
    old, result, needed, fresh = [await kept(store, bytes([i]) * len(SAMPLES)) for i in range(4)]
    done = running(record(store, "jobs/done"))
    store.add(done)
    done.update(done.job.succeeded(Result(result.name, HEADER), 9.0))
    store.add(record(store, content=needed.name))
    for blob in (old, result, needed):
        os.utime(blob.path, (100.0, 100.0))
    promised = HEADER.size_bytes  # the result of the unfinished job
    store.disk.most_bytes = sum(path.stat().st_size for path in store.blobs.iterdir()) + promised + 100

    store.disk.make_room(100, OWNER)
    assert store.blob(old.name, OWNER).name == old.name
    os.utime(old.path, (100.0, 100.0))
    store.disk.make_room(110, OWNER)
    with pytest.raises(NotFound):
        store.blob(old.name, OWNER)
    with pytest.raises(Busy, match="are allowed") as refused:
        store.disk.make_room(store.disk.most_bytes, OWNER)

    assert refused.value.reason == "DISK_QUOTA"
    assert [store.blob(blob.name, OWNER).name for blob in (result, needed, fresh)] == [
        blob.name for blob in (result, needed, fresh)
    ]


async def test_a_result_stays_a_day_whatever_the_clock_does(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leap of the clock takes no picture that was just made; a day that has passed does."""
    blob = await kept(store)
    done = running(record(store))
    store.add(done)
    done.update(done.job.succeeded(Result(blob.name, HEADER), time.time()))
    await store.written()
    real, leap = time.time, 2 * store.result_s
    monkeypatch.setattr(time, "time", lambda: real() + leap)

    store.sweep(older_than=time.time())
    assert store.blob(blob.name, OWNER).name == blob.name
    store.result_s = 0.0
    store.sweep(older_than=time.time() + 1)

    assert store.records == {}
    with pytest.raises(NotFound):
        store.blob(blob.name, OWNER)


async def test_states_of_jobs_that_have_ended_are_swept(store: Store) -> None:
    """What nobody could clean up goes at the next start."""
    store.add(running(record(store, "jobs/begun")))
    await store.written()
    for job in ("jobs/begun", "jobs/gone"):
        (store.checkpoints.place(job)).mkdir()
        (store.checkpoints.place(job) / "1.state").write_bytes(b"state")

    after = again(store)

    assert [path.name for path in after.checkpoints.folder.iterdir()] == ["begun"]
    after.discard(after.records["jobs/begun"])
    assert list(after.checkpoints.folder.iterdir()) == []
