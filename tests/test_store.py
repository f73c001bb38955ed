"""What the daemon remembers: pictures by their content, jobs with every event, and nothing that is half done."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import NotFound
from impasto.image import ImageHeader, PixelFormat, SampleType, Transfer
from impasto.job import Event, Failure, Job, Preview, State
from impasto.spec import StyleUse, StylizeSpec
from impasto.store import BLOB_PREFIX, CHUNK_BYTES, Blob, Record, Store, chunks

HEADER = ImageHeader(4, 2)
SAMPLES = bytes(range(24))
FILE = hashlib.sha256(b"a file").hexdigest()
OTHER_FILE = hashlib.sha256(b"another file").hexdigest()
SOON = 0.2
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
