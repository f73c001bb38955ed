"""`impasto weights` as a painter meets it: real commands against a real server, and a real daemon that looks on."""

import hashlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from fakes import WeightsServer
from harness import Daemon, Home, request, wait_for
from impasto import fetching, weights
from impasto.engine import random_encoder, save_encoder
from impasto.errors import CannotServe
from impasto.imagenet.convert import TORCHVISION_POSITIONS
from impasto.v1 import server_pb2
from impasto.weights import Shelf
from impasto.worker.studio import Studio
from test_daemon import SUCCEEDED, Stub, created, job, watched

BODY = bytes(range(256)) * 12_000  # for those tests in which nobody looks inside
SHA256 = hashlib.sha256(BODY).hexdigest()

# The command, which looks at what it has fetched when it may: a quick one would be done before anybody sees it at that.
HELD = """
import sys, time
from pathlib import Path
from impasto import weights
checksum, go = weights.sha256_of, Path(sys.argv.pop(1))
def held(path):
    while not go.exists():
        time.sleep(0.01)
    return checksum(path)
weights.sha256_of = held
from impasto.cli import main
main()
"""


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """VGG-19's thirteen convolutions with random values, by our names."""
    return {name.removeprefix("steps."): weight.data for name, weight in random_encoder().named_parameters()}


def saved(state: dict[str, torch.Tensor], *, zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


@pytest.fixture(scope="module")
def torchvisions(state: dict[str, torch.Tensor]) -> bytes:
    """A file as torchvision's, in the format of 2017, without the classifier: 52 MB."""
    names = dict.fromkeys(name.split(".")[0] for name in state)
    positions = dict(zip(names, TORCHVISION_POSITIONS, strict=True))
    renamed = {f"features.{positions[name.split('.')[0]]}.{name.split('.')[1]}": state[name] for name in state}
    return saved(renamed, zipped=False)


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    """A good one."""
    with WeightsServer(BODY) as server:
        yield server


def shelf_of(home: Home) -> Shelf:
    return Shelf(home.config.data_dir)


def fetch_of(server: WeightsServer, sha256: str = SHA256, retries: int = 0) -> list[str]:
    """The arguments of one fetch."""
    return ["weights", "fetch", "--url", server.url, "--sha256", sha256, "--retries", str(retries)]


def told_of(daemon: Daemon) -> server_pb2.EncoderInfo:
    """What the daemon says of VGG-19."""
    return next(encoder for encoder in daemon.info().encoders if encoder.name == "vgg19")


def encoder_of_a_job(daemon: Daemon) -> str:
    """What "auto" means to a job made now, which is painted to its end."""
    with daemon.channel() as channel:
        name = created(Stub(channel), request(steps=2))
        done = watched(Stub(channel), name)[-1].job
        assert done.state == SUCCEEDED, job(Stub(channel), name).error.message
        return str(done.encoder)


@pytest.mark.slow
def test_a_fetch_is_seen_by_the_daemon_and_serves_it_at_once(start: Callable[..., Daemon], torchvisions: bytes) -> None:
    """A fetch is told at every stage by a daemon that paints with the slim encoder until the other is there.

    It breaks off, goes on and ends; nobody restarts the daemon.
    """
    daemon = start()
    home, sha256 = daemon.home, hashlib.sha256(torchvisions).hexdigest()
    with WeightsServer(torchvisions, drops=[20_000_000]) as server:
        assert (told_of(daemon).available, told_of(daemon).HasField("fetch")) == (False, False)
        broken = home.run(*fetch_of(server, sha256))
        left, status = told_of(daemon).fetch, home.run("status").stdout
        server.hold_at = 40_000_000
        words = [sys.executable, "-P", "-c", HELD, str(go := home.path / "go"), *fetch_of(server, sha256)]
        command = subprocess.Popen(words, env=home.environment, cwd=home.path, stderr=subprocess.DEVNULL)
        wait_for(lambda: told_of(daemon).fetch.received_bytes == 40_000_000, "the second part")
        held, meanwhile = told_of(daemon), encoder_of_a_job(daemon)
        facts = json.loads(home.run("status", "--json").stdout)
        busy = home.run(*fetch_of(server, sha256))
        server.released.set()
        wait_for(lambda: told_of(daemon).fetch.state == server_pb2.FETCH_STATE_IMPORTING, "all bytes")
        assert told_of(daemon).available is False
        go.touch()
        assert command.wait(240) == 0

    size = len(torchvisions)
    assert broken.returncode == 1
    assert f"closed after 20000000 of {size} bytes; 20000000 of {size} bytes are kept, and the same" in broken.stderr
    assert (left.state, left.received_bytes, left.total_bytes) == (server_pb2.FETCH_STATE_INTERRUPTED, 20_000_000, size)
    assert f"fetch (state interrupted, received_bytes 20000000, total_bytes {size})" in status
    assert (held.available, held.fetch.state) == (False, server_pb2.FETCH_STATE_DOWNLOADING)
    assert held.fetch.total_bytes == size
    assert meanwhile == "vgg19-slim"
    assert facts["encoder"] == "vgg19-slim"
    assert facts["encoders"][0]["fetch"] == {
        "state": "downloading", "received_bytes": 40_000_000, "total_bytes": size
    }  # fmt: skip
    assert busy.returncode == 1
    assert f"another `impasto weights` (process {command.pid}) is at work" in busy.stderr
    assert [(asked.range, asked.sent) for asked in server.asked] == [
        ("", 20_000_000), ("bytes=20000000-", size - 20_000_000)
    ]  # fmt: skip
    assert (told_of(daemon).available, told_of(daemon).HasField("fetch")) == (True, False)
    assert daemon.info().default_encoder == "vgg19"
    assert "from torchvision" in told_of(daemon).description
    assert encoder_of_a_job(daemon) == "vgg19"
    assert {path.name for path in shelf_of(home).folder.iterdir()} == {"vgg19.safetensors", "lock"}


@pytest.mark.slow
def test_an_import_is_listed_and_removed(home: Home, state: dict[str, torch.Tensor]) -> None:
    """Gatys' file is imported by one command, stays as it is, is listed with size, source and checksum, and removed."""
    file = home.path / "vgg_conv.pth"
    file.write_bytes(saved(state, zipped=True))
    before = json.loads(home.run("weights", "list", "--json").stdout)
    wrong = home.run("weights", "import", "vgg_conv.pth", "--sha256", "deadbeef")
    imported = home.run("weights", "import", "vgg_conv.pth", within_s=240)
    human, after = home.run("weights", "list").stdout, json.loads(home.run("weights", "list", "--json").stdout)
    again = home.run("weights", "fetch")
    removed, twice = home.run("weights", "remove"), home.run("weights", "remove")

    assert [entry["available"] for entry in before["encoders"]] == [False, True]
    assert wrong.returncode == 2
    assert "impasto: FILE: vgg_conv.pth: its " in wrong.stderr
    assert "and deadbeef… is expected" in wrong.stderr
    assert imported.returncode == 0, imported.stderr
    sha256 = weights.sha256_of(file)
    assert f"Caffe (VGG_ILSVRC_19) from a file, sha256 {sha256[:16]} (compared with nothing" in imported.stdout
    entry = after["encoders"][0]
    assert (entry["source_sha256"], entry["source_checked"]) == (sha256, False)
    assert 51_000_000 < entry["bytes"] < 53_000_000
    assert f"sha256 {entry['sha256'][:16]}  ImageNet's VGG-19, from Caffe (VGG_ILSVRC_19)" in human
    assert again.returncode == 0
    assert "vgg19 is here already: " in again.stdout
    assert (removed.stdout, twice.stdout) == ("removed vgg19\n", "there is nothing to remove\n")
    assert file.exists()


def change(**script: Any) -> Callable[[WeightsServer], None]:
    def apply(server: WeightsServer) -> None:
        for name, value in script.items():
            setattr(server, name, value)

    return apply


@pytest.mark.parametrize(
    ("script", "told", "kept"),
    [
        (change(drops=[1_000_000]), f"closed after 1000000 of {len(BODY)} bytes; 1000000 of {len(BODY)}", 1_000_000),
        (change(garbage=b"garbage\r\n\r\n"), "the server answers with something that is not HTTP", 0),
        (change(body=BODY[::-1]), f"not the file: its {len(BODY)} bytes have the SHA-256 ", 0),
        (change(body=BODY[:-9]), f"not the file: its {len(BODY) - 9} bytes have the SHA-256 ", 0),
        (change(status=404), "the server answered 404 As Told: check the address", 0),
    ],
    ids=["drops", "garbage", "another file", "truncated", "refuses"],
)
def test_a_bad_server_is_one_clear_line(
    home: Home, server: WeightsServer, script: Callable[[WeightsServer], None], told: str, kept: int
) -> None:
    """Exit code 1, what was wrong, what was expected; nothing half-made but what can be gone on from."""
    script(server)
    done = home.run(*fetch_of(server))

    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("impasto: ")]
    assert told in line
    assert "Traceback" not in done.stderr
    assert fetching.received_bytes(shelf_of(home)) == kept
    assert not shelf_of(home).available("vgg19")


def test_an_interrupt_keeps_what_has_arrived(home: Home, server: WeightsServer) -> None:
    """Ctrl-C ends the command with 130 and says so; the next one asks for the rest alone, where the bytes are."""
    server.hold_at = 2_000_000
    command = home.spawn(*fetch_of(server))
    wait_for(lambda: fetching.received_bytes(shelf_of(home)) == 2_000_000, "some bytes")
    command.send_signal(signal.SIGINT)
    code = command.wait(40)
    server.released.set()
    listed = home.run("weights", "list").stdout
    home.run(*fetch_of(server))
    removed = home.run("weights", "remove").stdout

    assert code == 130
    assert "the same command goes on from there" in (home.path / "spawned.log").read_text()
    assert f"fetch interrupted: 2.0 of {len(BODY) / 1e6:.1f} MB" in listed
    assert [asked.range for asked in server.asked] == ["", "bytes=2000000-"]
    assert removed == "there is nothing to remove\n"  # the bytes were as expected, and were no weights


def test_a_killed_fetch_holds_nobody_up(home: Home, server: WeightsServer) -> None:
    """After a SIGKILL the lock is free, and the fetch counts as interrupted."""
    server.hold_at = 2_000_000
    command = home.spawn(*fetch_of(server))
    wait_for(lambda: fetching.received_bytes(shelf_of(home)) == 2_000_000, "some bytes")
    command.kill()
    command.wait(40)
    found = fetching.look(shelf_of(home))
    removed = home.run("weights", "remove", within_s=30)

    assert found == fetching.Fetch(fetching.INTERRUPTED, 2_000_000, len(BODY))
    assert removed.stdout == "removed an unfinished download\n"


def test_the_address_of_a_mirror_can_be_configured(home: Home, server: WeightsServer) -> None:
    """By file or environment, as any other setting; progress is told by tenths where there is no terminal."""
    home.environment |= {"IMPASTO_WEIGHTS_URL": server.url, "IMPASTO_WEIGHTS_SHA256": "0123456789"}
    done = home.run("weights", "fetch")

    assert [asked.sent for asked in server.asked] == [len(BODY)]
    assert "and 0123456789… is expected" in done.stderr
    assert f"downloading 100 % of {len(BODY) / 1e6:.1f} MB" in done.stderr
    assert "checking" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fetch", "--url", "ftp://mirror.example/f"], "impasto: --url: is 'ftp://mirror.example/f'; an address"),
        (["fetch", "--url", "http://mirror.example/f"], "impasto: --url: is http://mirror.example/f; https is needed"),
        (["fetch", "--sha256", "12"], "impasto: --sha256: is '12'; 8 to 64 digits"),
        (["import", "absent.pth"], "impasto: FILE: absent.pth cannot be read: No such file"),
        (["import", "text.pth"], "impasto: FILE: text.pth: it is no file of weights that PyTorch can read safely"),
        (["import", "text.pth", "--sha256", "xyz"], "impasto: --sha256: is 'xyz'; 8 to 64 digits"),
        (["import"], "Missing argument 'FILE'"),
    ],
)
def test_bad_requests_are_one_clear_line(home: Home, arguments: list[str], told: str) -> None:
    """Exit code 2, under the name that the user typed."""
    (home.path / "text.pth").write_text("hello")
    done = home.run("weights", *arguments)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_other_weights_are_seen_by_a_worker_that_lives(home: Home) -> None:
    """A worker keeps what it has loaded until the file is another one, and when it was removed."""
    shelf = shelf_of(home)
    shelf.folder.mkdir(parents=True)
    studio, seen = Studio(torch.device("cpu"), shelf), []
    for seed in (1, 2):
        network = random_encoder(0.05, seed)
        own = {name.removeprefix("steps."): weight for name, weight in network.named_parameters()}
        save_encoder(shelf.folder / "vgg19.new", network.spec, own)
        (shelf.folder / "vgg19.new").replace(shelf.path("vgg19"))
        seen.append(studio.encoder("vgg19"))
        assert studio.encoder("vgg19") is seen[-1]
    shelf.path("vgg19").unlink()

    assert seen[0] is not seen[1]
    assert studio.encoder("vgg19") is seen[1]
    with pytest.raises(CannotServe, match="are not on this machine: `impasto weights fetch` brings it"):
        Studio(torch.device("cpu"), shelf).encoder("vgg19")


def test_a_damaged_encoder_fails_its_job_with_a_remedy(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """What lies on the shelf but is no encoder fails the job that wants it, and says what to do."""
    daemon = start()
    shelf = shelf_of(daemon.home)
    shelf.folder.mkdir(parents=True)
    shelf.path("vgg19").write_bytes(b"garbage")
    with daemon.channel() as channel:
        error = watched(Stub(channel), created(Stub(channel), request(steps=2)))[-1].job.error

    assert "vgg19.safetensors is not a readable safetensors file" in error.message
    assert "`impasto weights remove` and `impasto weights fetch` bring a whole one" in error.message
