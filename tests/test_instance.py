"""One daemon per user: a closed folder, a lock that only death or release gives up, and a note that is whole."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from impasto.errors import CannotServe
from impasto.instance import (
    MAX_SOCKET_PATH_BYTES,
    Instance,
    Note,
    address,
    prepare_folder,
    read_note,
    socket_path,
)

HOLD = """
import sys, time
from pathlib import Path
from impasto.instance import Instance
instance = Instance.claim(Path(sys.argv[1]))
print("refused" if instance is None else "locked", flush=True)
if "child" in sys.argv:
    import subprocess
    print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, close_fds=False).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A path for a runtime folder, short as a socket's must be, that does not exist yet."""
    with tempfile.TemporaryDirectory(prefix="imp-") as parent:
        yield Path(parent) / "run"


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that claim the folder and keep what they got."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-c", HOLD, str(folder), *words]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def refusal(folder: Path) -> CannotServe:
    """Why a folder is not accepted; the message is safe to show to anybody."""
    with pytest.raises(CannotServe) as caught:
        prepare_folder(folder)
    assert str(folder) not in caught.value.message
    return caught.value


# the folder


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_folder_is_made_closed(folder: Path, umask: int) -> None:
    """Whatever the umask, nobody else can enter."""
    before = os.umask(umask)
    try:
        prepare_folder(folder / "deep")
    finally:
        os.umask(before)

    assert (folder / "deep").stat().st_mode & 0o777 == 0o700
    prepare_folder(folder / "deep")  # its own folder is accepted the next time


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o704, 0o755, 0o777])
def test_a_folder_that_others_can_enter_is_refused(folder: Path, mode: int) -> None:
    """An open folder is not quietly closed: somebody may have been in it; the mode it has and needs is told."""
    folder.mkdir()
    folder.chmod(mode)

    error = refusal(folder)

    assert error.reason == "FOLDER_OPEN"
    assert f"has mode {mode:04o}" in error.message
    assert folder.stat().st_mode & 0o777 == mode


def test_a_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that another user made in advance is a trap."""
    prepare_folder(folder)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)

    assert refusal(folder).reason == "FOLDER_NOT_OURS"


def test_a_link_is_no_folder_of_ours(folder: Path) -> None:
    """A link to a good folder could be turned to another one later; one that leads nowhere is no better."""
    prepare_folder(folder)
    (folder.parent / "link").symlink_to(folder)
    (folder.parent / "nowhere").symlink_to(folder / "missing")

    assert refusal(folder.parent / "link").reason == "FOLDER_NOT_OURS"
    assert refusal(folder.parent / "nowhere").reason == "FOLDER_NOT_OURS"


def test_a_file_is_no_folder(folder: Path) -> None:
    """A file in its place, or in its way, is told and left alone."""
    folder.write_text("mine")

    assert refusal(folder).reason == "FOLDER_NOT_OURS"
    assert refusal(folder / "run").reason == "FOLDER_NOT_MADE"
    assert folder.read_text() == "mine"


# the socket's path


def test_a_long_path_is_refused_with_the_numbers() -> None:
    """A socket's path has a hard limit; who meets it learns how far over it they are, and what to set."""
    fits = Path("/" + "x" * (MAX_SOCKET_PATH_BYTES - len("//impasto.sock")))

    assert len(os.fsencode(socket_path(fits))) == MAX_SOCKET_PATH_BYTES
    assert address(fits) == f"unix:{fits}/impasto.sock"
    with pytest.raises(CannotServe, match=r"has 108 bytes; at most 107 are allowed: set runtime_dir") as caught:
        socket_path(Path(f"{fits}x"))
    assert caught.value.reason == "SOCKET_PATH_TOO_LONG"


def test_a_path_is_measured_in_bytes() -> None:
    """A folder with an umlaut is longer than it looks."""
    with pytest.raises(CannotServe, match="has 134 bytes"):
        socket_path(Path("/" + "ä" * 60))


# the lock


def test_only_one_process_has_the_lock(folder: Path, hold: Callable[..., subprocess.Popen[str]]) -> None:
    """Of two daemons the second is refused, as is anybody who only wants to know."""
    assert said(hold()) == "locked"

    assert said(hold()) == "refused"
    assert Instance.claim(folder) is None
    assert Instance.try_lock(folder) is None


def test_many_at_once_make_one(hold: Callable[..., subprocess.Popen[str]]) -> None:
    """However many begin in the same moment, exactly one wins."""
    answers = [said(process) for process in [hold() for _ in range(6)]]

    assert sorted(answers) == ["locked"] + ["refused"] * 5


def test_the_lock_dies_with_its_process(folder: Path, hold: Callable[..., subprocess.Popen[str]]) -> None:
    """After kill -9 the next daemon can start at once, even while a child of the dead one lives on."""
    process = hold("child")
    assert said(process) == "locked"
    child = int(said(process))

    process.send_signal(signal.SIGKILL)
    process.wait()
    instance = Instance.claim(folder)
    os.kill(child, signal.SIGKILL)

    assert instance is not None
    instance.release()


def test_the_lock_is_given_up_by_release_and_close(folder: Path) -> None:
    """Who lets go can be followed; the lock's file stays, as unlinking it would let two live."""
    first = Instance.claim(folder)
    assert first is not None
    assert repr(first) == "<Instance [locked]>"
    first.release()
    second = Instance.try_lock(folder)
    assert second is not None
    second.close()

    assert repr(second) == "<Instance [released]>"
    assert (folder / "instance.lock").exists()


def test_a_stale_socket_is_removed_by_its_successor(folder: Path) -> None:
    """What a killed daemon left behind answers nobody; whoever has the lock may remove it."""
    prepare_folder(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(folder)))
    assert socket_path(folder).exists()

    instance = Instance.claim(folder)

    assert instance is not None
    assert not socket_path(folder).exists()
    instance.release()


def test_a_living_daemons_socket_is_left_alone(folder: Path, hold: Callable[..., subprocess.Popen[str]]) -> None:
    """Who does not get the lock touches nothing; nor does who only tries it."""
    prepare_folder(folder)
    assert said(hold()) == "locked"
    socket_path(folder).touch()

    assert Instance.claim(folder) is None
    assert socket_path(folder).exists()


def test_an_open_folder_is_refused_before_the_lock(folder: Path) -> None:
    """No daemon starts where others could reach its socket."""
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)

    with pytest.raises(CannotServe):
        Instance.claim(folder)

    assert list(folder.iterdir()) == []


# the note


def test_a_note_tells_of_the_daemon_until_its_release(folder: Path) -> None:
    """Process, version and instance are there as long as the daemon lives."""
    instance = Instance.claim(folder)
    assert instance is not None
    assert read_note(folder) is None

    instance.announce("1.2.3", "abc")
    note = read_note(folder)
    instance.release()

    assert note is not None
    assert (note.pid, note.version, note.instance_id) == (os.getpid(), "1.2.3", "abc")
    assert read_note(folder) is None


def test_a_note_is_never_seen_half_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the new note is whole the old one stands."""
    instance = Instance.claim(folder)
    assert instance is not None
    instance.announce("1.0", "old")
    seen: list[Note | None] = []
    replace = Path.replace

    def look_first(part: Path, target: Path) -> Path:
        seen.append(read_note(folder))
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", look_first)
    instance.announce("2.0", "new")
    seen.append(read_note(folder))
    instance.release()

    assert [note and note.instance_id for note in seen] == ["old", "new"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pid": 1}', '{"pid": 1, "nonsense": 2}', "\udcff"])
def test_a_damaged_note_is_no_note(folder: Path, text: str) -> None:
    """What cannot be read as a note counts as none."""
    prepare_folder(folder)
    (folder / "daemon.json").write_text(text, errors="surrogateescape")

    assert read_note(folder) is None


def test_a_note_of_a_newer_version_is_no_note(folder: Path) -> None:
    """A field that is not known makes it unreadable, and the lock decides alone."""
    prepare_folder(folder)
    (folder / "daemon.json").write_text(json.dumps(asdict(Note(1, "9.0", "abc", 0.0)) | {"mood": "good"}))

    assert read_note(folder) is None


def test_a_system_without_unix_sockets_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows the user hears that it is not served yet, before anything is touched."""
    monkeypatch.setattr("sys.platform", "win32")

    with pytest.raises(CannotServe, match="Windows is not served yet"):
        prepare_folder(tmp_path / "run")

    assert not (tmp_path / "run").exists()
