"""The plug-ins' side of the pipe without a daemon: frames, words for what goes wrong, and what hosts may read."""

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge import Bridge, BridgeError, Conversation, Event
from bridge.process import ENVIRONMENT_FILE
from harness import wait_for
from impasto import frames
from impasto.pipe import PROTOCOL

PLUGINS = Path(bridge.__file__).parents[1]
FILES = sorted((PLUGINS / "bridge").glob("*.py"))
headers = st.dictionaries(
    st.text(max_size=8), st.one_of(st.integers(), st.text(), st.booleans(), st.none()), max_size=5
)
ours = st.lists(st.tuples(headers, st.binary(max_size=300)), max_size=6)


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The bytes as a pipe may bring them."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


@given(ours, st.lists(st.integers(0, 90)))
def test_both_sides_speak_the_same_frames(messages: list[tuple[dict[str, Any], bytes]], sizes: list[int]) -> None:
    """What the plug-in encodes the daemon's side reads, and the other way round, however it is cut."""
    there = b"".join(bridge.encoded(*message) for message in messages)
    back = b"".join(frames.Frame(*message).encode() for message in messages)
    theirs, mine = frames.Parser(), bridge.Parser()

    assert [(f.header, f.payload) for part in pieces(there, sizes) for f in theirs.feed(part)] == messages
    assert [found for part in pieces(back, sizes) for found in mine.feed(part)] == messages


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_host_of_any_age_can_read_it(path: Path) -> None:
    """The syntax is that of Python 3.9, and nothing is imported that an editor may lack."""
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
    }

    assert imported <= sys.stdlib_module_names
    assert len(path.read_text().splitlines()) <= 320
    assert ast.get_docstring(tree)


def test_the_oldest_and_the_newest_python_can_read_it(tmp_path: Path) -> None:
    """Whatever Pythons this machine has, back to 3.9, the bridge runs in each and says what it cannot find."""
    names = [f"python3.{minor}" for minor in range(9, 16)]
    found = [name for name in names if _works(name)]
    code = f"import sys; sys.path.insert(0, {str(PLUGINS)!r}); import bridge; bridge.command({str(tmp_path)!r})"

    assert found  # this one's own, at least
    for name in found:
        told = subprocess.run([name, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=60).stderr
        assert "bridge.conversation.BridgeError: the plug-in does not know where Impasto is installed" in told, name


def _works(name: str) -> bool:
    """Whether that interpreter is there; a version manager's stand-in for one that is not fails."""
    try:
        return subprocess.run([name, "-c", ""], capture_output=True, check=False, timeout=60).returncode == 0
    except OSError:
        return False


def test_both_sides_have_the_same_protocol() -> None:
    """A plug-in that is older or newer than the daemon's environment says so."""
    assert bridge.PROTOCOL == PROTOCOL


def test_the_editors_own_surroundings_stay_behind() -> None:
    """What an editor or its AppImage sets for its interpreter does not reach ours; all else does."""
    own = {"PYTHONHOME": "/app", "PYTHONPATH": "/app/lib", "LD_LIBRARY_PATH": "/app/lib", "QT_PLUGIN_PATH": "/app/qt"}

    assert bridge.environment(own | {"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/me"}) == {
        "HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/me"
    }  # fmt: skip


def test_the_interpreter_is_the_one_that_was_written_down(tmp_path: Path) -> None:
    """Absolute and isolated; behind flatpak-spawn where the installer wrote so."""
    (tmp_path / ENVIRONMENT_FILE).write_text(json.dumps({"python": sys.executable}))
    assert bridge.command(str(tmp_path)) == [sys.executable, "-I", "-m", "impasto", "pipe"]

    before = ["flatpak-spawn", "--host"]
    (tmp_path / ENVIRONMENT_FILE).write_text(json.dumps({"python": "/not/seen/here", "before": before}))
    assert bridge.command(str(tmp_path)) == [*before, "/not/seen/here", "-I", "-m", "impasto", "pipe"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "does not know where Impasto is installed: run `impasto install` again"),
        ("{", "does not know where"),
        ('{"python": "/gone/python3"}', "/gone/python3, which is not there any more"),
        ('{"python": "python3"}', "python3, which is not there"),
    ],
)
def test_a_missing_environment_is_told(tmp_path: Path, text: str | None, told: str) -> None:
    """In words for whoever paints, before anything is started."""
    if text is not None:
        (tmp_path / ENVIRONMENT_FILE).write_text(text)

    with pytest.raises(BridgeError, match=told):
        bridge.command(str(tmp_path))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("raise SystemExit", "Impasto did not start"),
        ("import impasto_that_is_not_there", "not installed any more where it was"),
        ("print('Welcome to my shell! Have a nice day.')", "what answers is not Impasto"),
        ("import os; os.kill(os.getpid(), 9)", "it said nothing"),
    ],
)
def test_an_interpreter_without_impasto_is_told(script: str, told: str) -> None:
    """Whatever the process does instead of answering, the request ends with an error that says so."""
    heard: list[Event] = []
    it = Bridge([sys.executable, "-c", script])
    request = it.conversation().status(heard.append)

    assert it.wait(request, 60)
    assert [event.kind for event in heard] == ["error"]
    assert told in heard[0].told["message"]
    it.close()


def test_who_follows_reads_no_file_of_somebody_elses() -> None:
    """The number of a pipe that was closed is the next file's, and its bytes are that one's."""
    it = Bridge([sys.executable, "-c", "print('word', flush=True); input()"])
    it.conversation()
    came, closed = threading.Event(), threading.Event()
    number, out = it.fileno(), it._out()

    def post(_deliver: object) -> None:
        came.set()
        closed.wait(60)

    it.follow(post)
    assert came.wait(60)
    it.close()
    wait_for(lambda: out.closed, "the end of the process")
    theirs, mine = os.pipe()
    os.dup2(theirs, number)
    os.set_blocking(number, False)
    os.write(mine, b"not yours")
    closed.set()
    wait_for(lambda: "impasto-follow" not in {one.name for one in threading.enumerate()}, "the end of the thread")

    assert os.read(number, 99) == b"not yours"
    for file in {theirs, mine, number}:
        os.close(file)


def test_a_program_that_is_not_there_is_told() -> None:
    """As Flatpak's helper may not be."""
    with pytest.raises(BridgeError, match="cannot be started"):
        Bridge(["/not/there"]).conversation()


def test_another_version_is_told() -> None:
    """An update of one side alone is seen at the first word."""
    conversation = Conversation()
    with pytest.raises(BridgeError, match=r"another version than Impasto 9\.9"):
        conversation.feed(bridge.encoded({"event": "ready", "protocol": PROTOCOL + 1, "version": "9.9"}))


def test_a_large_picture_goes_out_in_small_pieces() -> None:
    """No piece is much larger than a megabyte, and none is made before it is asked for."""
    conversation = Conversation()
    samples = os.urandom(5_000_001)
    conversation.picture({"width": 1, "height": 1, "pixel_format": "gray", "sample_type": "u8"}, samples)
    sent = list(iter(conversation.outgoing, b""))
    heard = [(f.header, f.payload) for f in frames.Parser().feed(b"".join(sent))]

    assert max(len(piece) for piece in sent) < 1.01 * (1 << 20)
    assert [header["verb"] for header, _ in heard] == ["picture", *["samples"] * 5]
    assert b"".join(payload for _, payload in heard) == samples


def test_an_editors_order_of_channels_is_put_right_piece_by_piece() -> None:
    """What is done to samples on their way is done when their turn comes, to whole pieces."""
    conversation, done = Conversation(), []
    samples = os.urandom(2_500_000)

    def reversed_(piece: memoryview) -> bytes:
        done.append(len(piece))
        return bytes(piece)[::-1]

    conversation.picture({"width": 1, "height": 1, "pixel_format": "gray", "sample_type": "u8"}, samples, reversed_)
    assert done == []
    sent = list(iter(conversation.outgoing, b""))
    payloads = [f.payload for f in frames.Parser().feed(b"".join(sent))]

    assert done == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]
    assert b"".join(payload[::-1] for payload in payloads) == samples


def test_nobody_listens_to_what_could_not_be_said() -> None:
    """A verb that is no JSON is the caller's mistake, who gives up: the end of the pipe must not find its listener."""
    talk, heard = Conversation(), list[Event]()

    with pytest.raises(TypeError):
        talk.stylize(heard.append, "p1", ["p2"], settings={"steps": object()})
    talk.end("lost")

    assert heard == []


def test_a_listener_hears_of_the_end_once() -> None:
    """An end of the pipe ends every request, and those that had ended hear nothing more."""
    heard: list[tuple[str, str]] = []
    conversation = Conversation()
    names = [conversation.status(lambda event: heard.append((event.told["id"], event.kind))) for _ in range(3)]
    conversation.feed(bridge.encoded({"event": "done", "id": names[0]}))
    conversation.feed(b"")
    conversation.feed(b"")

    assert heard == [(names[0], "done"), (names[1], "error"), (names[2], "error")]
    assert not conversation.open(names[1])
