"""What an artist is told when something goes wrong: by real daemons that really refuse, and for every reason."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import Home, encoded, picture
from impasto import errors
from impasto.config import Limits
from impasto.pipe.words import ADVICE, told
from test_pipe import LONG, Editor, Heard, long_layer


@pytest.fixture
def editors() -> Iterator[Callable[[Home], Editor]]:
    """Editors at homes, closed at the end."""
    opened: list[Editor] = []

    def make(home: Home) -> Editor:
        opened.append(Editor(home))
        return opened[-1]

    yield make
    for editor in opened:
        editor.bridge.close()


@pytest.fixture
def homes() -> Iterator[Callable[..., Home]]:
    """Homes of daemons that are as a test wants them; what runs in them ends."""
    made: list[Home] = []

    def make(**environment: str) -> Home:
        made.append(Home(**environment))
        return made[-1]

    yield make
    for home in made:
        home.run("stop", "--cancel-jobs")
        home.remove()


def refusal(editor: Editor, heard: Heard) -> dict[str, Any]:
    """What is told at the end of a request that does not go well."""
    editor.until(lambda: bool(heard) and heard[-1].last, "the refusal")
    assert heard[-1].kind == "error", heard[-1]
    return heard[-1].told


def test_a_full_queue_says_when_to_try_again(homes: Callable[..., Home], editors: Callable[[Home], Editor]) -> None:
    """As many pictures as one editor may have are under way: one more is refused, with the daemon's own time."""
    editor = editors(homes())
    content, style = long_layer(editor)
    allowed = Limits().max_jobs_per_client
    under_way = [editor.paint(content, style, **LONG)[1] for _ in range(allowed)]
    editor.until(lambda: all(heard.job for heard in under_way), "all that are allowed")
    _, one_more = editor.paint(content, style, **LONG)
    refused = refusal(editor, one_more)

    assert refused["reason"] == "CLIENT_QUEUE_FULL"
    assert re.fullmatch(
        r"as many pictures of this program wait already as are allowed: try again in about \d+ s", refused["message"]
    )


def test_a_picture_that_never_fits_is_told_with_the_numbers(
    homes: Callable[..., Home], editors: Callable[[Home], Editor]
) -> None:
    """Before anything is computed, with a size that does fit."""
    editor = editors(homes(IMPASTO_MEMORY_MB="300"))
    content, style = editor.conversation.file(encoded(picture(1600, 1200, 1))), editor.conversation.built_in("marbled")
    _, heard = editor.paint(content, style, settings={"steps": 3})
    refused = refusal(editor, heard)

    assert refused["reason"] == "DOES_NOT_FIT"
    assert re.search(r"1600x1200 px need about \d+ MiB of a device's memory, and \d+ MiB are all", refused["message"])
    assert re.search(r"a size of at most \d+ px \(the longest side that is painted\)", refused["message"])


def test_no_room_on_the_disk(homes: Callable[..., Home], editors: Callable[[Home], Editor]) -> None:
    """All that Impasto may take of the disk is less than the picture: what to do is said."""
    editor, edge = editors(homes(IMPASTO_DISK_QUOTA_MB="64")), 8300
    header = {"width": edge, "height": edge, "pixel_format": "gray", "sample_type": "u8"}
    content, style = editor.conversation.picture(header, bytes(edge * edge)), editor.conversation.built_in("marbled")
    _, heard = editor.paint(content, style, settings={"steps": 3, "size": 64})
    refused = refusal(editor, heard)

    assert refused["reason"] == "DISK_QUOTA"
    assert "`impasto forget` remove old pictures, and try again" in refused["message"]


def test_a_daemon_that_does_not_start(homes: Callable[..., Home], editors: Callable[[Home], Editor]) -> None:
    """Here something else lies where its socket would be: what to do is said, not what its log says."""
    home = homes()
    socket = home.config.runtime_dir / "impasto.sock"
    home.config.runtime_dir.mkdir(mode=0o700)
    (socket / "something").mkdir(parents=True)
    editor = editors(home)
    _, heard = editor.paint(*long_layer(editor), **LONG)
    refused = refusal(editor, heard)
    shutil.rmtree(socket)

    assert refused["reason"] == "START_FAILED"
    assert "`impasto doctor` in a terminal looks for the cause" in refused["message"]
    assert "Traceback" not in refused["message"]


def test_every_reason_has_words_for_whoever_paints() -> None:
    """They speak of pictures and of what to do, and of no command but the two that help."""
    for reason in ADVICE:
        message = told(errors.Busy("inner words", reason=reason))["message"]
        assert "inner words" not in message
        assert set(re.findall(r"`impasto (\w+)`", message)) <= {"doctor", "forget"}
        assert not re.search(r"\b(daemon|gRPC|job|blob)\b", message), message


def test_a_reason_without_words_of_its_own_is_told_as_it_is() -> None:
    """Whatever the daemon says of it is for people, too."""
    assert told(errors.CannotServe("the weights are absent", reason="ODD"))["message"] == "the weights are absent"
