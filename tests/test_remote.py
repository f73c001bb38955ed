"""Another machine's daemon: TLS and tokens, one line that connects an artist's, bad networks; only a wire is ours."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import pytest

import rooms
from fakes import Wire
from harness import Home, caught, encoded, held, long_request, picture, request, wait_for
from impasto.access import certificate
from impasto.client import Client, Picture, Progress, sending
from impasto.client.lifeline import FAR_FOUND, FAR_LOST, Lifeline, OnConnection
from impasto.client.receiving import Arrival
from impasto.client.telling import FAR_AWAY
from impasto.editors import gimp, krita
from impasto.errors import CannotServe, Unavailable
from impasto.image import ImageHeader, PixelFormat, SampleType
from impasto.launch import ask, running
from impasto.v1 import server_pb2, server_pb2_grpc, stylize_pb2
from shared import Desk, Studio
from test_daemon import RUNNING, Stub, created, job
from test_pipe import Editor
from test_two_owners import ASKING, refusal, upload

CUT_S, AWAY_S = 20.0, 7.0  # a cable that is pulled; nobody being reached for longer than a try to connect takes
SATELLITE_S = 0.6  # each way
END = {stylize_pb2.JOB_STATE_SUCCEEDED, stylize_pb2.JOB_STATE_FAILED, stylize_pb2.JOB_STATE_CANCELLED}


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """One shared machine for all tests that leave it as they found it."""
    studio = Studio("ann", "ben", IMPASTO_THREADS="1")
    studio.daemon.ready()
    yield studio
    studio.remove()


@pytest.fixture
def desk(studio: Studio) -> Iterator[Desk]:
    """Ann's machine, connected by the one line."""
    desk = Desk(studio, "ann").connect()
    yield desk
    desk.remove()


# who is let in


def code(channel: grpc.Channel) -> str:
    """With what a call ends; OK if with an answer."""
    try:
        server_pb2_grpc.ServerServiceStub(channel).GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=30)
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


def test_without_a_known_token_nobody_is_let_in(studio: Studio) -> None:
    """None, a wrong one, one with a byte too much: UNAUTHENTICATED, from health to uploads, without a hint."""
    bare = grpc.secure_channel(
        f"127.0.0.1:{studio.port}",
        grpc.ssl_channel_credentials(studio.certificate.encode()),
        options=(("grpc.ssl_target_name_override", certificate.OUR_NAME),),
    )
    with bare, studio.channel("impasto_no") as wrong, studio.channel(studio.tokens["ann"] + "x") as longer:
        assert [code(channel) for channel in (bare, wrong, longer)] == ["UNAUTHENTICATED"] * 3
        with pytest.raises(grpc.RpcError) as caught:
            upload(wrong, encoded(picture()))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert caught.value.details() == "it is not known who calls"
    with studio.channel(studio.tokens["ann"]) as right:
        assert code(right) == "OK"


def test_a_server_with_another_certificate_is_refused_by_the_client(studio: Studio, tmp_path: Path) -> None:
    """It is told in words that nothing was sent, and nothing was: not even the token."""
    other = certificate.own(tmp_path / "other").certificate.decode()

    with studio.channel(studio.tokens["ann"], other) as channel, pytest.raises(CannotServe) as caught:
        ask(channel, 30)

    assert caught.value.reason == "WRONG_CERTIFICATE"
    assert "nothing was sent" in caught.value.message


def test_plain_text_is_refused(studio: Studio) -> None:
    """Whoever speaks without TLS hears nothing, whatever token is shown."""
    with grpc.insecure_channel(f"127.0.0.1:{studio.port}") as channel:
        stub = server_pb2_grpc.ServerServiceStub(channel)
        metadata = (("authorization", f"Bearer {studio.tokens['ann']}"),)
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=30, metadata=metadata)

    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_over_the_network_nobody_is_told_what_could_be_asked(studio: Studio) -> None:
    """Reflection is for the machine's own user."""
    with studio.channel(studio.tokens["ann"]) as channel:
        call = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError) as caught:
            list(call(iter([b""]), timeout=30))

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("method", ASKING)
def test_what_is_anns_does_not_exist_for_ben_over_the_network_either(studio: Studio, method: str) -> None:
    """NOT_FOUND for her job and her picture, in every method that takes a name."""
    with studio.channel(studio.tokens["ann"]) as ann, studio.channel(studio.tokens["ben"]) as ben:
        kind, message = ASKING[method]
        made = upload(ann, encoded(picture(seed=5))) if kind in ("blob", "result") else created(Stub(ann), request(2))
        assert refusal(ben, method, message(made))[0] == "NOT_FOUND"


def test_the_machines_own_user_and_an_artist_see_nothing_of_each_other(studio: Studio) -> None:
    """Both are served at once; neither lists the other's jobs."""
    with studio.daemon.channel() as local, studio.channel(studio.tokens["ann"]) as far:
        own, hers = created(Stub(local), request(2)), created(Stub(far), request(2))
        lists = [{told.name for told in Stub(c).ListJobs(stylize_pb2.ListJobsRequest()).jobs} for c in (local, far)]

    assert own in lists[0] - lists[1]
    assert hers in lists[1] - lists[0]


def test_an_artists_preview_does_not_end_anothers_of_the_same_name_and_label(studio: Studio) -> None:
    """What a client calls itself counts among its owner's own alone."""
    labelled = long_request(priority=stylize_pb2.PRIORITY_INTERACTIVE)
    labelled.labels["document"] = "harbour"
    create = stylize_pb2.CreateJobRequest(request=labelled)
    with studio.channel(studio.tokens["ann"]) as ann, studio.channel(studio.tokens["ben"]) as ben:
        stubs = [Stub(ann), Stub(ben)]
        names = [stub.CreateJob(create, metadata=(("impasto-client", "krita-7"),)).job.name for stub in stubs]
        hers = job(stubs[0], names[0]).state
        for stub, name in zip(stubs, names, strict=True):
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))

    assert hers not in END


# the door is closed unless it has all


@pytest.mark.parametrize("address", ["0.0.0.0:0", "127.0.0.1:0", "[::1]:0"])
def test_without_a_token_the_door_stays_closed_and_says_why(home: Home, address: str) -> None:
    """On loopback, too: other users of the machine reach that. The daemon does not start at all."""
    done = home.run("serve", "--listen", address)

    assert done.returncode == 1
    assert f"{address} is not served, as no token has been made" in done.stderr
    assert "`impasto token add NAME`" in done.stderr


def test_without_a_certificate_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `cryptography` is missing: the extra's name, and the settings that make it needless."""
    monkeypatch.setitem(sys.modules, "cryptography", None)

    with pytest.raises(CannotServe, match=r"pip install 'impasto\[remote\]', or set tls_certificate") as caught:
        certificate.own(tmp_path / "data")

    assert caught.value.reason == "NO_CERTIFICATE"
    assert not list(tmp_path.rglob("*.pem"))


def test_a_certificate_of_ones_own_is_served(tmp_path: Path) -> None:
    """Both files or neither; what cannot be read is told by the settings' names."""
    made, files = certificate.own(tmp_path), [str(tmp_path / "tls" / name) for name in ("certificate.pem", "key.pem")]

    assert certificate.given(*files) == made == certificate.own(tmp_path)
    assert (tmp_path / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600
    for wrong, told in (((files[0], ""), "tls_key is not set"), (("", files[1]), "tls_certificate is not set")):
        with pytest.raises(CannotServe, match=told):
            certificate.given(*wrong)
    with pytest.raises(CannotServe, match="cannot be read: No such file"):
        certificate.given(files[0], str(tmp_path / "none"))
    with pytest.raises(CannotServe, match="holds no PEM certificate"):
        certificate.given(files[1], files[1])


def test_an_address_that_this_machine_has_not_is_told(home: Home) -> None:
    """The daemon does not come up on its socket alone, which nobody would notice."""
    home.config.data_dir.mkdir(mode=0o700)
    assert home.run("token", "add", "ann").returncode == 0
    done = home.run("serve", "--listen", "192.0.2.1:0")  # an address for documentation, which nobody has

    assert done.returncode == 1
    assert "192.0.2.1:0 cannot be listened on" in done.stderr


# tokens


def test_tokens_are_shown_once_and_kept_as_hashes(home: Home) -> None:
    """The file is the user's alone and holds no token; names are plain; one name has one token."""
    first = home.run("token", "add", "ann").stdout.splitlines()[0]
    file = home.config.data_dir / "tokens.json"

    assert len(first) > 40
    assert file.stat().st_mode & 0o777 == 0o600
    assert first not in file.read_text()
    assert hashlib.sha256(first.encode()).hexdigest() in file.read_text()
    assert home.run("token", "add", "ann").returncode == 2
    assert "uid:0" in home.run("token", "add", "uid:0").stderr  # or a token could be the machine's own user
    assert home.run("token", "list").stdout.startswith("ann  20")
    assert home.run("token", "remove", "eve").returncode == 1
    assert home.run("token", "remove", "ann").returncode == 0
    assert home.run("token", "list").stdout == ""


def test_a_token_counts_from_the_next_call_on_and_a_removed_one_no_more(studio: Studio) -> None:
    """Nobody needs to start the daemon anew."""
    token = studio.home.run("token", "add", "cleo").stdout.splitlines()[0]
    with studio.channel(token) as channel:
        assert code(channel) == "OK"
        assert studio.home.run("token", "remove", "cleo").returncode == 0
        assert code(channel) == "UNAUTHENTICATED"


def test_a_picture_under_way_is_painted_to_its_end_when_its_token_is_removed(studio: Studio) -> None:
    """The open stream delivers it; nothing else is answered, and who asks is told what to do."""
    studio.tokens["eve"] = studio.home.run("token", "add", "eve").stdout.splitlines()[0]
    desk = Desk(studio, "eve").connect()
    with desk.client() as client:
        artist = Artist(client, 10)
        wait_for(lambda: artist.step > 0 or bool(artist.error), "a step")
        with held(studio.daemon):
            assert studio.home.run("token", "remove", "eve").returncode == 0
            with pytest.raises(CannotServe, match="or not any more: ask who runs it for another one"):
                client.jobs()
        artist.join(240)
    desk.remove()

    assert artist.error == ""
    assert len(artist.samples) == 3 * 160 * 120


# one line on the artist's machine


def test_one_line_sets_up_the_shell_scripts_and_editors(studio: Studio, desk: Desk, tmp_path: Path) -> None:
    """`impasto connect` once: then the command, the Python client and an editor's pipe paint on the server."""
    photo, style, out = (str(tmp_path / name) for name in ("photo.png", "style.png", "out.png"))
    picture(96, 72, 1).save(photo)
    picture(80, 60, 2).save(style)
    done = desk.home.run("stylize", photo, "--style", style, "--steps", "2", "-o", out, within_s=120)
    assert done.returncode == 0, done.stderr
    with desk.client() as client:
        assert client.stylize(photo, style, steps=2).header.width == 96
    editor = Editor(desk.home)
    files = (editor.conversation.file(Path(name).read_bytes()) for name in (photo, style))
    _, heard = editor.paint(*files, settings={"steps": 2})
    editor.until(lambda: bool(heard) and heard[-1].last, "the editor's end")
    assert heard.of("result"), heard[-1].told
    editor.bridge.close()

    told = [line for line in desk.home.run("jobs").stdout.splitlines() if "SUCCEEDED" in line]
    assert len(told) >= 3
    assert desk.facts()["running"] is True
    assert desk.facts()["server"] == f"127.0.0.1:{studio.port}"


def test_the_line_puts_the_plug_ins_into_the_editors_that_are_there(studio: Studio) -> None:
    """Into GIMP's profile and Krita's folder, which is told; without editors it says how, later; both are connected."""
    desk = Desk(studio, "ann")
    alone = desk.home.run(*desk.command)
    profile, resources = desk.home.path / ".config/GIMP/3.0", desk.home.path / ".local/share/krita"
    (profile / "plug-ins").mkdir(parents=True)
    resources.mkdir(parents=True)
    left = desk.home.run(*desk.command, "--no-editors")
    assert not list((profile / "plug-ins").iterdir())
    done = desk.home.run(*desk.command)

    assert [one.returncode for one in (alone, left, done)] == [0, 0, 0]
    assert "no GIMP 3 and no Krita was ever started here" in alone.stdout
    assert "GIMP" not in left.stdout
    for folder in (profile / "plug-ins" / gimp.NAME, resources / "pykrita" / krita.NAME):
        assert f"installed in {folder}" in done.stdout
        assert (folder / "bridge").is_dir()
    desk.remove()


def test_an_editor_that_cannot_be_served_is_told_and_the_line_connects_all_the_same(studio: Studio) -> None:
    """Somebody else's plug-in of that name stays; the other editor has ours, and the server is the one to paint on."""
    desk = Desk(studio, "ann")
    foreign = desk.home.path / ".config/GIMP/3.0/plug-ins" / gimp.NAME
    foreign.mkdir(parents=True)
    (foreign / "mine.txt").touch()
    resources = desk.home.path / ".local/share/krita"
    resources.mkdir(parents=True)

    done = desk.home.run(*desk.command)

    assert done.returncode == 1
    assert str(foreign) in done.stderr
    assert [path.name for path in foreign.iterdir()] == ["mine.txt"]
    assert (resources / "pykrita" / krita.NAME).is_dir()
    assert desk.config.elsewhere
    desk.remove()


def test_what_connect_keeps_is_closed_to_others_and_disconnect_takes_it_away(studio: Studio, desk: Desk) -> None:
    """Certificate and token 0600 in a folder 0700; every other line of the configuration stays."""
    files = {path.name: path.stat().st_mode & 0o777 for path in desk.folder.iterdir()}
    assert files == {"pinned.pem": 0o600, "token": 0o600}
    assert desk.folder.stat().st_mode & 0o777 == 0o700
    desk.file.write_text(f"# mine\nthreads = 2\n{desk.file.read_text()}")
    assert desk.connect().file.read_text().count("server =") == 1
    assert desk.config.threads == 2

    assert desk.home.run("disconnect").returncode == 0
    assert desk.file.read_text() == "# mine\nthreads = 2\n"
    assert not list(desk.folder.iterdir())
    assert not desk.config.elsewhere


@pytest.mark.parametrize(
    ("change", "told", "exit_code"),
    [
        ({"--fingerprint": "AB:CD"}, "--fingerprint: is not that of", 2),
        ({"--token-file": "wrong"}, "the server does not know this token", 1),
        ({"HOST": "127.0.0.1:9"}, "does not answer", 1),
        ({"HOST": "a b"}, "HOST or HOST:PORT is needed", 2),
    ],
)
def test_a_connection_that_does_not_work_changes_nothing(
    studio: Studio, change: dict[str, str], told: str, exit_code: int
) -> None:
    """A wrong fingerprint, a wrong token, a wrong place: told in words, and the machine stays as it was."""
    desk = Desk(studio, "ann")
    words = list(desk.command)
    for name, value in change.items():
        if name == "--token-file":
            Path(words[words.index(name) + 1]).write_text(value)
        else:
            words[1 if name == "HOST" else words.index(name) + 1] = value
    done = desk.home.run(*words)

    assert (done.returncode, told in done.stderr) == (exit_code, True), done.stderr
    assert not desk.file.exists()
    assert not desk.folder.exists()
    desk.remove()


def test_a_server_that_is_away_is_told_and_no_daemon_is_started_here(studio: Studio, desk: Desk) -> None:
    """Nobody's picture is painted on a laptop by surprise."""
    desk.file.write_text('server = "127.0.0.1:9"\n')
    done = desk.home.run("jobs")

    assert done.returncode == 1
    assert "127.0.0.1:9 does not answer" in done.stderr
    assert "impasto disconnect" in done.stderr
    assert desk.facts()["running"] is False
    assert desk.home.serving() == []


def test_a_style_is_sent_once(studio: Studio) -> None:
    """The second picture in the same style costs the line a fraction of that style's bytes."""
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        style = encoded(picture(1400, 1000, 9))
        with desk.client() as client:
            before = wire.sent
            name = client.upload(style)
            first, middle = wire.sent - before, wire.sent
            assert client.upload(style) == name
            again = wire.sent - middle
        desk.remove()

    assert len(style) > 2_000_000
    assert first >= len(style)
    assert again < 16_384  # it is asked for by its checksum before a byte of it goes out


# a bad network


class Artist(threading.Thread):
    """Somebody who paints one picture over a bad line."""

    def __init__(self, client: Client, steps: int) -> None:
        super().__init__()
        self._client, self._steps = client, steps
        self.heard: list[Progress] = []
        self.samples, self.error = b"", ""
        self.start()

    def run(self) -> None:
        """Paints it."""
        photo, style = picture(160, 120, 1), picture(80, 60, 2)
        try:
            self.samples = self._client.stylize(
                encoded(photo), encoded(style), steps=self._steps, on_progress=self.heard.append
            ).samples
        except Exception as error:  # told by the thread that waits
            self.error = f"{type(error).__name__}: {error}"

    @property
    def step(self) -> int:
        """How far it has come, as far as is known here."""
        return max((told.step for told in self.heard), default=0)

    def notices(self) -> list[str]:
        """What was said of the connection and the workers."""
        return [told.notice for told in self.heard if told.notice]

    def jobs(self) -> set[str]:
        """Names of all jobs that it has heard of."""
        return {told.job for told in self.heard}


@pytest.fixture(scope="module")
def undisturbed(studio: Studio) -> bytes:
    """The artist's picture as a client on the server's own machine has it."""
    with studio.daemon.client() as client:
        artist = Artist(client, 10)
        artist.join(240)
    assert not artist.error
    return artist.samples


def test_a_job_survives_a_line_that_is_broken(studio: Studio, undisturbed: bytes) -> None:
    """Delay, loss, every connection reset and nobody reachable for a while: the same job, pixels, and one stream."""
    artists = list[Artist]()

    def names() -> list[str]:
        return [told.name for told in Stub(ann).ListJobs(stylize_pb2.ListJobsRequest()).jobs]

    def begun() -> str:
        had = names()
        artists.append(Artist(client, 10))
        wait_for(lambda: names() != had, "a job over the bad line")
        return names()[0]

    with Wire(studio.port, delay_s=0.04, loss=0.01) as wire, studio.channel(studio.tokens["ann"]) as ann:
        desk = Desk(studio, "ann", wire.port).connect()
        with desk.client() as client:
            _, worker = caught(studio.daemon, begun, lambda name: job(Stub(ann), name).step > 0, ann)
            wait_for(lambda: artists[-1].step > 0, "word of a step over the bad line")
            wire.cut()
            time.sleep(AWAY_S)
            wait_for(lambda: FAR_LOST in artists[-1].notices(), "the loss being told")
            wire.mend()
            os.kill(worker, signal.SIGCONT)
            for artist in artists:
                artist.join(240)
        desk.remove()

    assert artist.error == ""
    assert artist.samples == undisturbed
    assert len(artist.jobs()) == 1
    assert FAR_LOST in artist.notices()
    assert FAR_FOUND in artist.notices()


def test_a_connection_may_take_longer_than_a_second(studio: Studio) -> None:
    """As where its first packet is lost, or over a satellite: the server does answer."""
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        wire.delay_s = SATELLITE_S
        assert running(desk.config) is not None
        desk.remove()


def test_a_call_that_nobody_answers_is_asked_again(studio: Studio, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network may swallow a question without a word, here before there is a job: the painting begins all the same."""
    looked, find_again = threading.Event(), Lifeline.find_again

    def looking(line: Lifeline, told: OnConnection, stopped: Unavailable | None = None) -> None:
        looked.set()
        find_again(line, told, stopped)

    monkeypatch.setattr(sending, "ASK_TIMEOUT_S", 0.5)
    monkeypatch.setattr(Lifeline, "find_again", looking)
    photo = Picture(ImageHeader(96, 72), picture(96, 72, 11).tobytes())
    painted: list[Picture] = []
    server = studio.daemon.process.pid
    with desk.client() as client:
        paint = partial(client.stylize, photo, encoded(picture(80, 60, 2)), steps=2)
        artist = threading.Thread(target=lambda: painted.append(paint()))
        os.kill(server, signal.SIGSTOP)  # its kernel takes what is sent; nobody answers
        try:
            artist.start()
            assert looked.wait(60)
        finally:
            os.kill(server, signal.SIGCONT)
        artist.join(240)

    assert [one.header for one in painted] == [photo.header]


def test_a_killed_server_goes_on_with_every_artists_job(undisturbed: bytes) -> None:
    """Kill -9 of the front in mid-work, another life at another port behind the same wire: streams resume."""
    studio = Studio("ann", "ben", IMPASTO_THREADS="1")
    with Wire(studio.port) as wire:
        desks = [Desk(studio, name, wire.port).connect() for name in ("ann", "ben")]
        clients = [desk.client() for desk in desks]
        artists = [Artist(client, 10) for client in clients]
        wait_for(lambda: all(artist.step > 0 or artist.error for artist in artists), "a step for each")
        studio.daemon.process.kill()
        studio.daemon.process.wait()
        studio.start()
        wire.target = studio.port
        for artist in artists:
            artist.join(240)
        for client in clients:
            client.close()
    studio.remove()
    for desk in desks:
        desk.remove()

    assert [artist.error for artist in artists] == ["", ""]
    assert [artist.samples for artist in artists] == [undisturbed] * 2
    assert [len(artist.jobs()) for artist in artists] == [1, 1]


LARGE = {"width": 480, "height": 360, "pixel_format": "rgba", "sample_type": "f32"}  # 2.8 MB
HELD_BYTES = 3 << 19  # of it, when the line breaks


@pytest.fixture(scope="module")
def layer() -> Picture:
    """A layer whose result takes its time on the way."""
    header = ImageHeader(480, 360, PixelFormat.RGBA, SampleType.F32)
    rgb = np.asarray(picture(480, 360, 3), np.float32) / 255
    return Picture(header, np.concatenate([rgb, np.ones((360, 480, 1), np.float32)], -1).tobytes())


@pytest.mark.parametrize("verb", ["stylize", "picture"])
def test_a_line_that_breaks_while_the_result_comes_costs_nothing_twice(
    studio: Studio, layer: Picture, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched as part of a painting or by its name: what has come is not sent again, and the picture is the same."""
    taken, take = list[int](), Arrival.take

    def counted(arrival: Arrival, chunk: bytes) -> None:
        take(arrival, chunk)
        taken.append(len(chunk))

    monkeypatch.setattr(Arrival, "take", counted)
    heard, jobs, got = list[str](), list[str](), list[Picture]()
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        with desk.client() as client:
            paint = partial(
                client.stylize, layer, encoded(picture(80, 60, 2)), steps=1,
                on_progress=lambda told: jobs.append(told.job), on_connection=heard.append,
            )  # fmt: skip
            fetch = paint
            if verb == "picture":
                paint()
                fetch = partial(client.picture, jobs[-1], heard.append)
            taken.clear()
            wire.hold(HELD_BYTES)
            artist = threading.Thread(target=lambda: got.append(fetch()))
            artist.start()
            wait_for(lambda: wire.holds.is_set() and sum(taken) >= 1 << 20, "a part of the picture", 240)
            early = sum(taken)
            wire.cut()
            wait_for(lambda: bool(heard), "the loss being told")
            wire.mend()
            artist.join(240)
            fetched = sum(taken)
            right = client.picture(jobs[-1])
        desk.remove()

    assert [one.samples for one in got] == [right.samples]
    assert early < fetched == right.header.size_bytes
    assert len(set(jobs)) == 1
    assert (heard[0], heard[-1], len(set(heard))) == (FAR_LOST, FAR_FOUND, 2)


def held_layer(editor: Editor, layer: Picture) -> tuple[str, str]:
    """A content and a style as an editor sends them."""
    return editor.conversation.picture(LARGE, layer.samples), editor.conversation.built_in("marbled")


def test_stop_and_keep_over_a_line_that_breaks_keeps_the_picture(studio: Studio, layer: Picture) -> None:
    """It breaks while the picture so far is fetched: an editor hears of it, and has the picture."""
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        editor = Editor(desk.home)
        request, heard = editor.paint(*held_layer(editor, layer), settings={"steps": 9000}, previews_per_s=0)
        editor.until(lambda: heard.step > 0, "a step", 240)
        wire.hold(HELD_BYTES)
        editor.conversation.cancel(request, keep=True)
        editor.until(wire.holds.is_set, "the picture being on its way", 240)
        wire.cut()
        editor.until(lambda: bool(heard.of("lost")), "the loss being told")
        wire.mend()
        editor.until(lambda: heard[-1].last, "the end", 240)
        with desk.client() as client:
            right = client.picture(heard.job)
        editor.bridge.close()
        desk.remove()

    assert [event.kind for event in heard if event.kind in ("lost", "found", "result", "done", "error")] == [
        "lost",
        "found",
        "result",
        "done",
    ]
    (result,) = heard.of("result")
    assert result.told["kept"] is True
    assert bytes(result.payload) == right.samples


def test_a_server_that_is_away_as_a_painting_begins_is_waited_for(studio: Studio, layer: Picture) -> None:
    """It is told that it does not answer, and the painting comes as soon as it does."""
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        wire.cut()
        editor = Editor(desk.home)
        _, heard = editor.paint(*held_layer(editor, layer), settings={"steps": 1}, previews_per_s=0)
        editor.until(lambda: bool(heard.of("lost")), "the want of a server being told")
        wire.mend()
        editor.until(lambda: heard[-1].last, "the end", 240)
        editor.bridge.close()
        desk.remove()

    assert heard[-1].kind == "done", heard[-1]
    assert [event.told["text"] for event in (*heard.of("lost"), *heard.of("found"))] == [FAR_AWAY, FAR_FOUND]


@pytest.mark.parametrize("begun", [False, True])
def test_who_waits_for_a_server_can_cancel(studio: Studio, layer: Picture, begun: bool) -> None:
    """Before there is a job and in the midst of one: it is over though nobody can be reached."""
    with Wire(studio.port) as wire:
        desk = Desk(studio, "ann", wire.port).connect()
        editor = Editor(desk.home)
        if not begun:
            wire.cut()
        request, heard = editor.paint(*held_layer(editor, layer), settings={"steps": 9000}, previews_per_s=0)
        if begun:
            editor.until(lambda: heard.step > 0, "a step", 240)
            wire.cut()
        editor.until(lambda: bool(heard.of("lost")), "the want of a server being told")
        editor.conversation.cancel(request)
        editor.until(lambda: heard[-1].last, "the end")
        editor.bridge.close()
        wire.mend()
        with studio.channel(studio.tokens["ann"]) as channel:
            for told in Stub(channel).ListJobs(stylize_pb2.ListJobsRequest()).jobs:
                Stub(channel).CancelJob(stylize_pb2.CancelJobRequest(name=told.name))
        desk.remove()

    assert heard[-1].kind == "cancelled", heard[-1]


def test_who_goes_on_purpose_has_the_job_ended_at_once(studio: Studio, desk: Desk) -> None:
    """A closed client says so: a server cannot tell it from a cut, for which jobs wait."""
    client = desk.client()
    artist = Artist(client, 9000)
    wait_for(lambda: artist.step > 0, "a step")
    name = artist.heard[0].job
    client.close()
    artist.join(60)
    with desk.client() as other:
        state = {told.name: told.state for told in other.jobs()}[name]
        wait_for(lambda: {told.name: told.state for told in other.jobs()}[name] in END, "the job's end")

    assert artist.error
    assert state in END | {RUNNING}


def test_who_cancels_by_an_exception_has_the_job_ended(desk: Desk) -> None:
    """As with Ctrl-C: what was reached stays."""
    heard: list[Progress] = []

    def told(progress: Progress) -> None:
        heard.append(progress)
        if progress.step > 1:
            raise KeyboardInterrupt

    with desk.client() as client:
        with pytest.raises(KeyboardInterrupt):
            client.stylize(encoded(picture(96, 72, 1)), encoded(picture(80, 60, 2)), steps=9000, on_progress=told)
        wait_for(lambda: {each.name: each.state for each in client.jobs()}[heard[0].job] in END, "its end")
        assert client.picture(heard[0].job).header.width == 96


@pytest.mark.skipif(bool(rooms.why_not()), reason=rooms.why_not())
def test_a_job_survives_a_cable_that_is_pulled_for_twenty_seconds(undisturbed: bytes, tmp_path: Path) -> None:
    """Two kernels' network stacks, a link that is down for 20 s, in which TCP hears nothing: the command ends right.

    It delays and loses packets, too, where this kernel can.
    """
    between = rooms.Rooms(0.04, 0.01) if not rooms.why_not(bad=True) else rooms.Rooms()
    studio = Studio("ann", IMPASTO_THREADS="1")
    studio.daemon.end()
    daemon = studio.start(listen=f"{rooms.SERVER}:0", before=between.server)
    desk = Desk(studio, "ann", host=rooms.SERVER)
    files = [str(tmp_path / name) for name in ("photo.png", "style.png", "out.png", "heard")]
    picture(160, 120, 1).save(files[0])
    picture(80, 60, 2).save(files[1])

    def far(*words: str) -> list[str]:
        return [*between.artist, *desk.home.command(*words)]

    def steps() -> bool:
        return "step 1/" in Path(files[3]).read_text()

    try:
        subprocess.run(far(*desk.command), env=desk.home.environment, check=True, timeout=60)
        with Path(files[3]).open("w") as heard:
            words = ("stylize", files[0], "--style", files[1], "--steps", "10", "-o", files[2])
            artist = subprocess.Popen(far(*words), env=desk.home.environment, stderr=heard, cwd=desk.home.path)
        wait_for(lambda: steps() or artist.poll() is not None, "a step over the cable", 120)
        with held(daemon):
            between.cut()
            time.sleep(CUT_S)
            between.mend()
        assert artist.wait(240) == 0, Path(files[3]).read_text()
        with daemon.client() as client:
            assert client.jobs() == []  # those of the machine's own user
    finally:
        studio.remove()
        between.close()
        desk.remove()

    from PIL import Image  # noqa: PLC0415

    with Image.open(files[2]) as out:
        assert out.convert("RGB").tobytes() == undisturbed
