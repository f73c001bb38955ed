"""A large picture on its way to the daemon: how much of it has gone is told, and it can be stopped, or the daemon die.

By a real pipe to a real daemon, which pauses in mid-upload, as a slow line would.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bridge import words
from harness import Daemon, wait_for
from impasto.bar import Bar
from test_pipe import Editor, Heard

WIDTH, HEIGHT = 8000, 6000  # 144 MB: more than a pipe has in memory of its own
LITTLE = 8 << 20  # bytes: no style has so many
GRAY = bytes([90]) * (WIDTH * HEIGHT * 3)
# A daemon that stops itself, as by SIGSTOP from outside, once so much of a picture has come: no hand is so quick.
PAUSING = f"""
import os, signal, sys
from impasto.rpc import intake
in_time, left = intake._in_time, [{LITTLE}]
async def pausing(messages):
    async for message in in_time(messages):
        yield message
        before, left[0] = left[0], left[0] - len(message.chunk)
        if before > 0 >= left[0]:
            os.kill(os.getpid(), signal.SIGSTOP)
intake._in_time, sys.argv[1:] = pausing, ["serve"]
from impasto.cli import main
main()
"""


def sending(start: Callable[..., Daemon]) -> tuple[Daemon, Editor, Heard, str]:
    """A painting whose layer is on its way, the daemon paused."""
    daemon = start(command=[sys.executable, "-P", "-c", PAUSING])
    editor, heard, request = stylising(daemon)
    editor.until(lambda: state_of(daemon.process.pid) == "T", "the daemon's pause")
    editor.until(partial(is_told, heard), "word of what has gone")
    return daemon, editor, heard, request


def stylising(daemon: Daemon) -> tuple[Editor, Heard, str]:
    """An editor that has asked for a painting of the large layer."""
    editor = Editor(daemon.home)
    header = {"width": WIDTH, "height": HEIGHT, "pixel_format": "rgb", "sample_type": "u8"}
    content, style = editor.conversation.picture(header, GRAY), editor.conversation.built_in("marbled")
    heard = Heard()
    request = editor.conversation.stylize(heard, content, [style], settings={"size": 64, "steps": 2}, previews_per_s=0)
    editor.conversation.forget(content)  # as plug-ins do; what has begun keeps it
    return editor, heard, request


def state_of(pid: int) -> str:
    """How the system has a process: T if it was stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def is_told(heard: Heard) -> bool:
    """Whether somebody has said how much of the large layer has gone."""
    return any(event.told["send_bytes"] == len(GRAY) for event in heard.of("sending"))


def own_bytes(pid: int) -> int:
    """What a process has in memory of its own."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


def test_it_is_stopped_on_its_way(start: Callable[..., Daemon]) -> None:
    """While nothing moves: the painting is over at once, and no job was made, then or later; nobody keeps the picture.

    The pipe of a Krita lives as long as Krita. What is told of a call that failed, as the question whether the daemon
    knows the style does, must not have the painting in it.
    """
    daemon, editor, heard, request = sending(start)
    told = heard.of("sending")[-1].told

    editor.conversation.cancel(request)
    try:
        editor.until(lambda: heard[-1].last, "the end")  # the daemon would never answer
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)

    assert heard[-1].kind == "cancelled"
    assert 0 < told["sent_bytes"] < len(GRAY)
    wait_for(lambda: own_bytes(editor.pid()) < len(GRAY), "an end of the picture in the pipe's memory")
    editor.bridge.close()
    wait_for(lambda: not list((daemon.home.config.data_dir / "blobs").glob("*.part")), "the end of what had come")
    with daemon.client() as client:
        assert client.jobs() == []


def test_the_daemon_dies_on_its_way(start: Callable[..., Daemon]) -> None:
    """With -9: the loss is told and the return, and the next one is sent the whole, and paints it."""
    daemon, editor, heard, _ = sending(start)
    daemon.process.kill()
    daemon.process.wait()
    editor.until(lambda: heard[-1].last, "the end")
    (result,) = heard.of("result")

    assert [event.kind for event in heard if event.kind in ("lost", "found")] == ["lost", "found"]
    assert heard[-1].kind == "done", heard[-1]
    assert (result.told["header"]["width"], result.told["header"]["height"]) == (64, 48)
    assert heard.of("progress")[-1].told["state"] == "succeeded"
    editor.bridge.close()


def test_words_of_what_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """For a window in hundredths, where there is no terminal a line for every tenth."""
    assert (
        words.sent({"sent_bytes": 35, "send_bytes": 100}).replace("\N{NO-BREAK SPACE}", " ")
        == "sends the picture, 35 %"
    )
    assert words.sent({"sent_bytes": 100, "send_bytes": 100}) == "is read…"
    bar = Bar()
    with bar:
        for million in (0, 31, 35, 64, 300, 300):
            bar.sent(million * 1_000_000, 300_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "sending: 10 % of 300 MB",
        "sending: 21 % of 300 MB",
        "reading: the picture",
    ]
