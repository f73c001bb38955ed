"""An editor's side through a real `impasto pipe` to a real daemon: driven by loops like those of GLib and of Qt."""

import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bridge
from bridge import Bridge, Conversation, Event
from bridge.process import ENVIRONMENT_FILE
from harness import Daemon, Home, alive, caught, encoded, picture, ran_s, wait_for
from impasto import gallery, launch, weights
from impasto.client import Client, Picture
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.pipe.styles import STYLES
from impasto.v1 import stylize_pb2

State = stylize_pb2.JobState
END_S = 2.0  # an editor that has gone must not keep the device for longer


class Heard(list[Event]):
    """A listener that remembers."""

    def __call__(self, event: Event) -> None:
        """As the conversation calls it."""
        self.append(event)

    def of(self, kind: str) -> list[Event]:
        """All events of a kind."""
        return [event for event in self if event.kind == kind]

    @property
    def job(self) -> str:
        """The job's name, once it is known."""
        return next((str(event.told["job"]) for event in self.of("progress")), "")

    @property
    def step(self) -> int:
        """How far it has come."""
        return max((int(event.told["step"]) for event in self.of("progress")), default=0)


class Editor:
    """A plug-in without an editor: one bridge, and the loop's part of it."""

    def __init__(self, home: Home) -> None:
        self.bridge = Bridge(home.command("pipe"), home.environment)
        self.conversation = self.bridge.conversation()

    def turn(self, seconds: float = 0.05) -> bool:
        """One turn of a loop that watches the file; False once there is nothing to watch."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.bridge.fileno(), selectors.EVENT_READ)
            return self.bridge.read_ready() if selector.select(seconds) else True

    def until(self, condition: Callable[[], bool], what: str, within_s: float = 120) -> None:
        """Turns the loop until something holds."""
        end = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < end, f"{what} did not happen within {within_s:g} s"
            assert self.turn() or condition(), f"the pipe ended before {what}"

    def paint(self, content: str, style: str, **more: Any) -> tuple[str, Heard]:
        """Asks for a picture."""
        heard = Heard()
        return self.conversation.stylize(heard, content, [style], **more), heard

    def pid(self) -> int:
        """The pipe's process id."""
        assert self.bridge._process is not None
        return self.bridge._process.pid


@pytest.fixture
def open_editor() -> Iterator[Callable[[Home], Editor]]:
    """Editors that are closed at the end, and their processes gone."""
    opened: list[Editor] = []

    def make(home: Home) -> Editor:
        opened.append(Editor(home))
        return opened[-1]

    yield make
    for editor in opened:
        pid = editor.bridge._process.pid if editor.bridge._process else 0
        editor.bridge.close()
        wait_for(lambda pid=pid: not pid or not alive(pid), "the pipe's end")  # type: ignore[misc]


@pytest.fixture
def editor(daemon: Daemon, open_editor: Callable[[Home], Editor]) -> Editor:
    return open_editor(daemon.home)


def layer(width: int = 64, height: int = 48, seed: int = 1) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """A layer of 16 bits with alpha, as an editor has it."""
    rgb = np.asarray(picture(width, height, seed)).astype(np.uint16) * 257
    samples = np.concatenate([rgb, np.full((height, width, 1), 65535, np.uint16)], -1)
    return {"width": width, "height": height, "pixel_format": "rgba", "sample_type": "u16"}, samples


def long_layer(editor: Editor) -> tuple[str, str]:
    """A content and a style for a run that does not end by itself."""
    conversation = editor.conversation
    return conversation.file(encoded(picture(160, 128, 1))), conversation.file(encoded(picture(80, 60, 2)))


LONG: dict[str, Any] = {"settings": {"steps": 9000}}


def state_of(client: Client, job: str) -> int:
    """How the daemon has a job."""
    return next(found.state for found in client.jobs() if found.name == job)


# what it brings


def test_a_layer_is_painted_at_its_own_depth(editor: Editor) -> None:
    """Raw pixels go in, progress, previews and the whole result come out: 16 bits, alpha untouched."""
    header, samples = layer()
    content, style = editor.conversation.picture(header, samples.tobytes()), editor.conversation.built_in("marbled")
    _, heard = editor.paint(content, style, settings={"steps": 20, "strength": 0.6}, preview_edge=32, previews_per_s=4)
    editor.until(lambda: bool(heard) and heard[-1].last, "the end")
    (result,) = heard.of("result")
    painted = np.frombuffer(result.payload, "<u2").reshape(48, 64, 4)
    told = heard.of("progress")[-1].told

    assert [event.kind for event in heard[-2:]] == ["result", "done"]
    assert (result.told["header"]["sample_type"], result.told["kept"]) == ("u16", False)
    assert (painted[..., 3] == 65535).all()
    assert (painted[..., :3] != samples[..., :3]).mean() > 0.9
    assert (told["state"], told["step"], told["total_steps"]) == ("succeeded", 20, 20)
    # Which encoder paints is no notice, which a window reads aloud.
    assert [event.told["text"] for event in heard.of("encoder")] == [weights.notice("auto", told["encoder"])]
    assert not heard.of("notice")
    preview = heard.of("preview")[0]
    assert (preview.told["header"]["width"], preview.told["header"]["height"]) == (32, 24)
    assert len(preview.payload) == 32 * 24 * 3


def test_what_is_painted_smaller_comes_at_the_layers_size(editor: Editor) -> None:
    """With the layer's very alpha; a file has no size that is known here, and is refused."""
    header, samples = layer(160, 120)
    samples[:60, :, 3] = 1234
    conversation = editor.conversation
    content, style = conversation.picture(header, samples.tobytes()), conversation.built_in("marbled")
    _, heard = editor.paint(content, style, settings={"steps": 3, "size": 48}, enlarged=True)
    _, refused = editor.paint(conversation.file(encoded(picture(64, 48, 1))), style, enlarged=True)
    editor.until(lambda: bool(heard and refused) and heard[-1].last and refused[-1].last, "both ends")
    (result,) = heard.of("result")
    painted = np.frombuffer(result.payload, "<u2").reshape(120, 160, 4)

    assert (result.told["header"]["width"], result.told["header"]["height"]) == (160, 120)
    np.testing.assert_array_equal(painted[..., 3], samples[..., 3])
    assert (painted[..., :3] != samples[..., :3]).mean() > 0.9
    assert [v["reason"] for v in refused[-1].told["violations"]] == ["NOT_RAW"]


def test_only_the_selection_is_painted(editor: Editor) -> None:
    """A selection of 8 bits keeps what is outside to the bit; its losses and terms are told."""
    header, samples = layer()
    selection = np.zeros((48, 64, 1), np.uint8)
    selection[:, 40:] = 255
    conversation = editor.conversation
    mask = conversation.picture(header | {"pixel_format": "gray", "sample_type": "u8"}, selection.tobytes())
    content, style = conversation.picture(header, samples.tobytes()), conversation.file(encoded(picture(80, 60, 2)))
    _, heard = editor.paint(content, style, mask=mask, settings={"steps": 3})
    editor.until(lambda: bool(heard) and heard[-1].last, "the end")
    painted = np.frombuffer(heard.of("result")[0].payload, "<u2").reshape(48, 64, 4)

    np.testing.assert_array_equal(painted[:, :40], samples[:, :40])
    assert (painted[:, 40:, :3] != samples[:, 40:, :3]).mean() > 0.9
    assert {"content", "style", "total"} <= set(heard.of("progress")[-2].told["losses"])


def test_a_profile_comes_back(editor: Editor) -> None:
    """Floats, linear light and an ICC profile are told in the header and come back in it."""
    import imagecodecs  # noqa: PLC0415  # this test alone makes a profile

    profile = imagecodecs.cms_profile("rgb", gamma=1.8)
    samples = (np.asarray(picture(32, 32, 1)) / 255).astype(np.float32)
    header = {"width": 32, "height": 32, "pixel_format": "rgb", "sample_type": "f32", "icc_profile": profile}
    content, style = editor.conversation.picture(header, samples.tobytes()), editor.conversation.built_in("marbled")
    _, heard = editor.paint(content, style, settings={"steps": 1})
    editor.until(lambda: bool(heard) and heard[-1].last, "the end")

    assert bytes.fromhex(heard.of("result")[0].told["header"]["icc_profile"]) == profile


def test_the_wall_of_styles(editor: Editor) -> None:
    """Every built-in style has a thumbnail, and they are those of the gallery."""
    heard = Heard()
    editor.conversation.styles(heard, edge=32)
    editor.until(lambda: bool(heard) and heard[-1].last, "all thumbnails")

    assert heard[0].told["names"] == list(STYLES) == list(gallery.STYLES)
    assert [event.told["name"] for event in heard.of("style")] == list(STYLES)
    assert {len(event.payload) for event in heard.of("style")} == {32 * 24 * 3}
    assert len({bytes(event.payload) for event in heard.of("style")}) == len(STYLES)


def test_the_daemon_is_only_started_when_it_is_wanted(home: Home, open_editor: Callable[[Home], Editor]) -> None:
    """A look at the state starts nothing; a request that wants it does, from the very environment of the pipe."""
    editor, looked, started = open_editor(home), Heard(), Heard()
    editor.conversation.status(looked)
    editor.until(lambda: bool(looked) and looked[-1].last, "a look")
    editor.conversation.status(started, start=True)
    editor.until(lambda: bool(started) and started[-1].last, "a start")

    assert [looked[0].told["running"], started[0].told["running"]] == [False, True]
    assert started[0].told["encoder"] == "vgg19-slim"
    assert started[0].told["limits"]["min_side"] == 16


def test_a_daemon_that_was_stopped_is_started_when_it_is_wanted_again(
    home: Home, open_editor: Callable[[Home], Editor]
) -> None:
    """Also by a pipe that has painted with the one before: its client is no daemon."""
    editor = open_editor(home)
    _, painted = editor.paint(
        editor.conversation.picture(*layer_bytes()), editor.conversation.built_in("marbled"), settings={"steps": 1}
    )
    editor.until(lambda: bool(painted) and painted[-1].last, "a painting")
    assert painted[-1].kind == "done"
    launch.stop(home.config)

    started = Heard()
    editor.conversation.status(started, start=True)
    editor.until(lambda: bool(started) and started[-1].last, "a start")

    assert started[0].told["running"] is True


def layer_bytes() -> tuple[dict[str, Any], bytes]:
    """A layer as it is sent."""
    header, samples = layer()
    return header, samples.tobytes()


def test_a_picture_that_is_there_is_not_sent_again(daemon: Daemon) -> None:
    """A raw layer is found by its name: the bytes of a second one never leave the client."""
    samples = np.asarray(picture(70, 50, 77)).tobytes()
    first = Picture(ImageHeader(70, 50, PixelFormat.RGB, SampleType.U8), samples)

    class Unsent(bytes):
        """Samples that must not be cut into chunks."""

        def __getitem__(self, _key: Any) -> Any:
            raise AssertionError("sent")

    with daemon.client() as client:
        name = client.upload(first)
        again = client.upload(Picture(first.header, Unsent(samples)))

    assert name == again == first.blob_name()


# stopping


def test_stop_and_keep_brings_the_picture_so_far(editor: Editor) -> None:
    """Its result is what was reached, and says that it was kept."""
    request, heard = editor.paint(*long_layer(editor), **LONG)
    editor.until(lambda: heard.step >= 2, "the second step")
    editor.conversation.cancel(request, keep=True)
    editor.until(lambda: heard[-1].last, "the end")

    assert [event.kind for event in heard[-2:]] == ["result", "done"]
    assert heard.of("result")[0].told["kept"]
    assert len(heard.of("result")[0].payload) == 160 * 128 * 3


def test_a_newer_preview_of_the_same_document_takes_the_place_of_the_older(daemon: Daemon, editor: Editor) -> None:
    """Priority and labels of a plug-in reach the daemon; the older ends with the daemon's words, the newer is made."""
    content, style = long_layer(editor)
    preview = {"priority": "interactive", "labels": {"document": "harbour"}}
    _, older = editor.paint(content, style, **LONG, **preview)
    editor.until(lambda: older.job != "", "the older preview's job")
    _, newer = editor.paint(content, style, settings={"size": 32, "steps": 1}, **preview)
    editor.until(lambda: bool(older.of("cancelled")), "the end of the older")
    editor.until(lambda: bool(newer.of("done")), "the newer")
    with daemon.client() as client:
        (job,) = [found for found in client.jobs() if found.name == older.job]

    assert older.of("cancelled")[0].told["text"] == "a newer preview took its place"
    assert (job.priority, dict(job.labels)) == (stylize_pb2.PRIORITY_INTERACTIVE, {"document": "harbour"})
    assert newer.of("result")


def test_an_editor_that_says_nonsense_about_urgency_hears_it(editor: Editor) -> None:
    """In the words of the verb."""
    content, style = long_layer(editor)
    _, heard = editor.paint(content, style, priority="urgent")
    editor.until(lambda: bool(heard.of("error")), "the refusal")

    assert [violation["field"] for violation in heard.of("error")[0].told["violations"]] == ["priority"]


def test_cancel_brings_nothing(daemon: Daemon, editor: Editor) -> None:
    """The end is `cancelled`, the job too; a second cancel changes nothing."""
    request, heard = editor.paint(*long_layer(editor), **LONG)
    editor.until(lambda: heard.step >= 1, "the first step")
    editor.conversation.cancel(request)
    editor.conversation.cancel(request)
    editor.until(lambda: heard[-1].last, "the end")

    assert heard[-1].kind == "cancelled"
    assert heard.of("result") == []
    with daemon.client() as client:
        assert state_of(client, heard.job) == State.JOB_STATE_CANCELLED


def test_a_cancel_before_there_is_a_job_is_not_lost(editor: Editor) -> None:
    """Whoever clicks Cancel at once means it, too."""
    request, heard = editor.paint(*long_layer(editor), **LONG)
    editor.conversation.cancel(request)
    editor.until(lambda: bool(heard) and heard[-1].last, "the end")

    assert heard[-1].kind == "cancelled"


@pytest.mark.parametrize("how", ["closed", "killed", "stopped reading and killed"])
def test_an_editor_that_goes_takes_its_job_along(daemon: Daemon, editor: Editor, how: str) -> None:
    """EOF on stdin, as when GIMP kills a plug-in, or the death of the pipe itself: the job is cancelled in time."""
    _, heard = editor.paint(*long_layer(editor), **LONG)
    editor.until(lambda: heard.step >= 1, "the first step")
    if how == "stopped reading and killed":
        time.sleep(2)
    if how == "closed":
        editor.bridge.close()
    else:
        os.kill(editor.pid(), signal.SIGKILL)

    with daemon.client() as client:
        wait_for(lambda: state_of(client, heard.job) == State.JOB_STATE_CANCELLED, "the job's cancel", END_S)


def test_an_editor_killed_with_its_plugin_takes_its_job_along(daemon: Daemon) -> None:
    """A host in a process of its own, killed with -9 in mid-run: its pipe sees the end of stdin and ends, too."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import json\n"
        "from bridge import Bridge\n"
        "it = Bridge(json.loads(sys.argv[2]))\n"
        "talk = it.conversation()\n"
        "data = sys.stdin.buffer.read()\n"
        "def hear(event):\n"
        "    if event.kind == 'progress' and event.told['step'] >= 1:\n"
        "        print(event.told['job'], it._process.pid, flush=True)\n"
        "it.wait(talk.stylize(hear, talk.file(data), [talk.built_in('marbled')], settings={'steps': 9000}))\n"
    )
    folder = str(os.path.dirname(os.path.dirname(bridge.__file__)))  # noqa: PTH120  # a path on a command line
    command = [sys.executable, "-c", script, folder, json.dumps(daemon.home.command("pipe"))]
    with subprocess.Popen(command, env=daemon.home.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        host.stdin.write(encoded(picture(160, 128, 3)))
        host.stdin.close()
        job, pid = host.stdout.readline().decode().split()
        host.kill()

        with daemon.client() as client:
            wait_for(lambda: state_of(client, job) == State.JOB_STATE_CANCELLED, "the job's cancel", END_S)
        wait_for(lambda: not alive(int(pid)), "the pipe's end", END_S)


# what goes wrong


def test_a_daemon_killed_in_mid_run_is_started_again(
    start: Callable[..., Daemon], open_editor: Callable[[Home], Editor]
) -> None:
    """The editor hears that it was lost, and gets its picture all the same."""
    daemon = start()
    editor = open_editor(daemon.home)
    content, style = long_layer(editor)
    paintings = list[Heard]()

    def begun() -> str:
        paintings.append(editor.paint(content, style, settings={"steps": 120})[1])
        editor.until(lambda: paintings[-1].job != "", "its job")
        return paintings[-1].job

    caught(daemon, begun, lambda _: editor.turn(0.01) and paintings[-1].step >= 2)
    heard = paintings[-1]
    daemon.end(signal.SIGKILL)
    editor.until(lambda: heard[-1].last, "the end")

    assert [event.kind for event in heard[-2:]] == ["result", "done"]
    assert heard.of("progress")[-1].told["state"] == "succeeded"
    assert len(heard.of("lost")) == len(heard.of("found")) == 1
    assert len({event.told["job"] for event in heard.of("progress")}) == 1  # it went on; it did not begin anew
    back = heard.index(heard.of("found")[0])
    assert [event for event in heard[back:] if event.kind == "preview"]


def test_a_stop_while_the_daemon_is_gone_is_not_lost(
    start: Callable[..., Daemon], open_editor: Callable[[Home], Editor]
) -> None:
    """Whoever clicks Stop and keep in that moment has the picture so far, once the daemon is back."""
    daemon = start()
    editor = open_editor(daemon.home)
    content, style = long_layer(editor)
    request, heard = editor.paint(content, style, **LONG)
    states = daemon.home.config.data_dir / "checkpoints"
    editor.until(lambda: any(states.rglob("*.safetensors")), "a state on the disk, which outlives the daemon")
    daemon.end(signal.SIGKILL)
    editor.until(lambda: bool(heard.of("lost")), "the loss")
    editor.conversation.cancel(request, keep=True)
    editor.until(lambda: heard[-1].last, "the end")

    assert [event.kind for event in heard[-2:]] == ["result", "done"]
    assert heard.of("result")[0].told["kept"]


def test_a_pipe_that_is_lost_is_started_again(daemon: Daemon, editor: Editor) -> None:
    """Its request ends with an error that says so; the next one has a new process."""
    _, heard = editor.paint(*long_layer(editor), **LONG)
    editor.until(lambda: heard.step >= 1, "the first step")
    os.kill(editor.pid(), signal.SIGKILL)
    while editor.turn():
        pass
    editor.conversation = editor.bridge.conversation()
    _, again = editor.paint(*long_layer(editor), settings={"steps": 1})
    editor.until(lambda: bool(again) and again[-1].last, "the end")

    assert (heard[-1].kind, heard[-1].told["reason"]) == ("error", "PIPE_LOST")
    assert again[-1].kind == "done"


@pytest.mark.parametrize(
    ("settings", "more", "reason", "message"),
    [
        ({"steps": 0}, {}, "STEPS_OUT_OF_RANGE", "steps is 0; 1 to 10000 are allowed"),
        ({"strength": 2.0}, {}, "STRENGTH_OUT_OF_RANGE", "strength is 2; 0 to 1 are allowed"),
        ({"brush": 1}, {}, "OPTION_UNKNOWN", "brush is no option"),
        ({}, {"mask": "hole"}, "PICTURE_MISSING", "the selection 'hole' was not sent"),
        ({}, {"strength": 0.5}, "UNKNOWN_FIELD", "strength is no field of a painting"),
        ({}, {"preview_edge": 5000}, "OUT_OF_RANGE", "edge is 5000 px; 16 to 1024 are allowed"),
        ({"size": 8}, {}, "SIZE_OUT_OF_RANGE", "size of 8 makes the result 8x6 px"),
    ],
)
def test_what_is_refused_is_told_in_an_artists_words(
    editor: Editor, settings: dict[str, Any], more: dict[str, Any], reason: str, message: str
) -> None:
    """By the names that a dialog has, without the contract's paths."""
    content = editor.conversation.file(encoded(picture(64, 48, 1)))
    _, heard = editor.paint(content, editor.conversation.file(encoded(picture(80, 60, 2))), settings=settings, **more)
    editor.until(lambda: bool(heard) and heard[-1].last, "the refusal")

    assert (heard[-1].kind, heard[-1].told["reason"]) == ("error", reason)
    assert message in heard[-1].told["message"]
    assert "spec." not in heard[-1].told["message"]


def test_a_style_that_nobody_sees_is_named(editor: Editor) -> None:
    """The daemon's refusal of a picture comes back as the thing that the artist chose."""
    hidden = picture(32, 32, 1).convert("RGBA")
    hidden.putalpha(0)
    conversation = editor.conversation
    _, heard = editor.paint(conversation.file(encoded(picture(64, 48, 1))), conversation.file(encoded(hidden)))
    _, unknown = editor.paint(conversation.file(encoded(picture(64, 48, 1))), conversation.built_in("sunflowers"))
    _, text = editor.paint(conversation.file(encoded(picture(64, 48, 1))), conversation.file(b"Dear editor,"))
    editor.until(lambda: all(each and each[-1].last for each in (heard, unknown, text)), "three refusals")

    assert heard[-1].told["message"] == "the style is wholly transparent; a style must be seen"
    assert "'sunflowers' is none of those built in: swirl" in unknown[-1].told["message"]
    assert "is not a PNG, JPEG, WebP or TIFF file" in text[-1].told["message"]


def test_nonsense_does_not_end_the_pipe(editor: Editor) -> None:
    """Unknown verbs, wrong types and too many samples are told, and the next request is served."""
    heard: list[dict[str, Any]] = []
    talk = editor.conversation
    for header, payload in (
        ({"verb": "dance", "id": "n1"}, b""),
        ({"id": "n2"}, b""),
        ({"verb": "picture", "id": "n3"}, b""),
        ({"verb": "picture", "id": "n4", "size_bytes": 10, "header": {"width": "wide"}}, b""),
        ({"verb": "stylize", "id": "n5", "content": [], "style": 3}, b""),
        ({"verb": "picture", "id": "n6", "size_bytes": 3}, b""),
        ({"verb": "samples", "id": "n6"}, b"1234"),
        ({"verb": "samples", "id": "nobody's"}, b"1234"),
        ({"verb": "cancel", "id": "nobody's"}, b""),
    ):
        if header.get("id") not in (None, "nobody's"):
            talk._listeners[str(header["id"])] = lambda event: heard.append(event.told)
        talk._send(bridge.encoded(header, payload))
    ended = Heard()
    talk.status(ended)
    editor.until(lambda: bool(ended) and ended[-1].last, "an answer")
    editor.until(lambda: len(heard) >= 6, "all refusals")

    assert [told["id"] for told in heard] == ["n1", "n2", "n3", "n4", "n5", "n6"]
    assert all(told["message"] for told in heard)
    assert ended[-1].kind == "done"


# whose loop it is


def test_a_loop_is_never_kept_waiting(daemon: Daemon) -> None:
    """A toolkit's loop with a tick of 10 ms sends 24 MB, starts a run and gets its result without missing many of them.

    The process is driven as Qt's QProcess would: bytes out when there is room, bytes in when they are there, and never
    a call that waits for the other side.
    """
    process = subprocess.Popen(
        daemon.home.command("pipe"),
        env=daemon.home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    talk, heard, gaps, waiting = Conversation(), Heard(), [], b""
    assert process.stdin is not None
    assert process.stdout is not None
    for file in (process.stdin, process.stdout):
        os.set_blocking(file.fileno(), False)
    width, height = 2000, 1500
    rgba = np.dstack([np.asarray(picture(width, height, 1)), np.full((height, width, 1), 255, np.uint8)])
    header = {"width": width, "height": height, "pixel_format": "rgba", "sample_type": "u16"}
    content = talk.picture(header, (rgba.astype(np.uint16) * 257).tobytes())
    talk.stylize(heard, content, [talk.built_in("marbled")], settings={"steps": 30, "size": 128}, previews_per_s=4)
    end, last = time.monotonic() + 200, ran_s()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not (heard and heard[-1].last):
            assert time.monotonic() < end
            for _ in selector.select(0.01):
                talk.feed(process.stdout.read(1 << 16) or b"")
            if waiting := waiting or talk.outgoing():
                waiting = waiting[process.stdin.write(waiting) or 0 :]
            gaps.append(ran_s() - last)
            last = ran_s()
    process.stdin.close()
    process.wait(60)
    process.stdout.close()

    assert [event.kind for event in heard[-2:]] == ["result", "done"]
    assert len(gaps) > 100
    assert max(gaps) < 2.0  # the run takes many seconds; one call that waited for any part of it would show
    assert sum(gap > 0.25 for gap in gaps) < 0.05 * len(gaps)


def test_a_loop_that_cannot_watch_is_handed_the_bytes(daemon: Daemon, editor: Editor) -> None:
    """As on Windows: a thread reads, the loop's own thread calls the listeners."""
    calls: queue.Queue[Callable[[], bool]] = queue.Queue()
    _, heard = editor.paint(*long_layer(editor), settings={"steps": 5})
    editor.bridge.follow(calls.put)
    while not (heard and heard[-1].last):
        assert calls.get(timeout=60)() is False  # GLib.idle_add would call it again otherwise

    assert heard[-1].kind == "done"


def test_a_busy_editor_is_not_behind(editor: Editor) -> None:
    """One that does not read for a while finds few previews afterwards, and the newest at once."""
    request, heard = editor.paint(*long_layer(editor), **LONG, preview_edge=160, previews_per_s=4)
    editor.until(lambda: bool(heard.of("preview")), "the first preview")
    before = len(heard.of("preview"))
    time.sleep(4)
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        editor.turn(0.01)
    editor.conversation.cancel(request)
    editor.until(lambda: heard[-1].last, "the end")

    assert len(heard.of("preview")) - before <= 5  # of about sixteen that there were time for


def test_a_script_may_simply_wait(daemon: Daemon, tmp_path: Any) -> None:
    """With the command that the installer writes down: isolated, absolute, whatever the editor has set."""
    (tmp_path / ENVIRONMENT_FILE).write_text(json.dumps({"python": sys.executable}))
    foreign = {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "LD_LIBRARY_PATH": "/nowhere", "QT_DEBUG": "1"}
    it = Bridge(bridge.command(str(tmp_path)), bridge.environment(daemon.home.environment | foreign))
    talk, heard = it.conversation(), Heard()
    content, style = talk.file(encoded(picture(64, 48, 1))), talk.file(encoded(picture(80, 60, 2)))

    assert it.wait(talk.stylize(heard, content, [style], settings={"steps": 2}), 120)
    assert heard[-1].kind == "done"
    assert not it.wait(talk.stylize(Heard(), content, [style], settings={"steps": 9000}), 0.2)
    it.close()
