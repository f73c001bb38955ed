"""Another user of this machine: a real one, whose process has really given up all rights of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from harness import Daemon, Home, request
from test_daemon import SUCCEEDED, Stub, created, watched

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not applicable: only root can become another user")

# Imports come first: the interpreter of these tests may lie where only its own user can read.
BECOME = """
import json, os, socket, sys
from pathlib import Path
import grpc
from impasto import launch
from impasto.config import Config
from impasto.errors import ImpastoError
from impasto.instance import Instance
from impasto.v1 import server_pb2, server_pb2_grpc
os.setgroups([]); os.setgid(65534); os.setuid(65534)
home = Path(sys.argv[1])
"""


def as_nobody(code: str, *arguments: object) -> list[str]:
    """What `code` prints as JSON, run by a user who has no right to anything of ours."""
    command = [sys.executable, "-P", "-c", BECOME + code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


CONNECT = """
try:
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(home / "run" / "impasto.sock"))
    print(json.dumps(["connected"]))
except OSError as error:
    print(json.dumps([type(error).__name__]))
"""

CALL = """
with grpc.insecure_channel(f"unix:{home}/run/impasto.sock") as channel:
    try:
        server_pb2_grpc.ServerServiceStub(channel).GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=60)
        print(json.dumps(["answered"]))
    except grpc.RpcError as error:
        print(json.dumps([error.code().name, error.details()]))
"""

READ = """
readable = []
for path in sys.argv[2:]:
    try:
        readable.append(str(list(Path(path).iterdir()) if Path(path).is_dir() else Path(path).open("rb").read(1)))
    except PermissionError:
        pass
print(json.dumps(readable))
"""

CLAIM = """
def told(action):
    try:
        action()
    except ImpastoError as error:
        return error.message
    return "allowed"
config = Config(runtime_dir=home / "run", data_dir=home / "data")
print(json.dumps([told(lambda: Instance.claim(config.runtime_dir)), told(lambda: launch.running(config))]))
"""


def test_is_not_let_to_the_socket(daemon: Daemon) -> None:
    """Neither by a bare connection nor by gRPC; the daemon's own user is at the same moment."""
    assert as_nobody(CONNECT, daemon.home.path) == ["PermissionError"]
    code, details = as_nobody(CALL, daemon.home.path)

    assert code == "UNAVAILABLE"
    assert "Permission denied" in details
    assert daemon.info().pid == daemon.process.pid


def test_is_not_let_to_the_socket_even_if_its_folder_is_opened(start: Callable[..., Daemon]) -> None:
    """The socket is closed by its own mode, too: what somebody does to the folder later opens nothing."""
    daemon = start()
    home = daemon.home
    home.path.chmod(0o755)
    home.config.runtime_dir.chmod(0o755)
    try:
        assert as_nobody(CONNECT, home.path) == ["PermissionError"]
    finally:
        home.config.runtime_dir.chmod(0o700)


def test_reads_nothing_that_is_at_rest(home: Home) -> None:
    """Pictures, jobs, log, lock: of all the daemon writes nothing can be read, even where all folders were opened."""
    home.run("status")
    done = home.run("demo", "--size", "64", "--steps", "2", "-o", "demo", within_s=120)
    assert done.returncode == 0, done.stderr
    daemon = Daemon(home)
    with daemon.channel() as channel:
        assert watched(Stub(channel), created(Stub(channel), request()))[-1].job.state == SUCCEEDED
    ours = [home.config.data_dir, home.config.runtime_dir]
    closed = as_nobody(READ, home.path, *ours)
    everything = [path for folder in ours for path in folder.rglob("*")]
    home.path.chmod(0o755)
    for folder in (*ours, *(path for path in everything if path.is_dir())):
        folder.chmod(0o755)
    files = [path for path in everything if path.is_file()]
    opened = as_nobody(READ, home.path, *files)
    home.config.runtime_dir.chmod(0o700)
    daemon.end()

    assert closed == []
    assert opened == []
    assert {"blobs", "daemon.log", "instance.lock"} <= {path.name for path in everything}
    assert [path for path in files if path.suffix == ".raw"]


def test_does_not_take_the_place_of_our_daemon(daemon: Daemon) -> None:
    """Their daemon and their client refuse our folder, and say whose it is."""
    daemon.home.path.chmod(0o755)
    refused = as_nobody(CLAIM, daemon.home.path)
    daemon.home.path.chmod(0o700)

    assert [f"belongs to user {os.getuid()} and not to this one (65534)" in told for told in refused] == [True, True]


@pytest.fixture
def trap(home: Home) -> Iterator[Home]:
    """A home whose folders somebody else may own or write; it is given back at the end."""
    yield home
    for folder in (home.path, home.config.runtime_dir, home.config.data_dir):
        if folder.exists():
            os.chown(folder, 0, 0)
            folder.chmod(0o700)


def refusals(home: Home) -> list[str]:
    """What the daemon and a client say to the place where they are to meet."""
    done = [home.run("serve"), home.run("status")]
    assert [command.returncode for command in done] == [1, 1]
    assert not any("Traceback" in command.stderr for command in done)
    return [command.stderr for command in done]


def test_made_our_folder_first(trap: Home) -> None:
    """A folder with our name, but theirs, is used by neither side; both say whose it is and what to do."""
    trap.config.runtime_dir.mkdir(mode=0o700)
    os.chown(trap.config.runtime_dir, NOBODY, NOBODY)

    for told in refusals(trap):
        assert "the runtime folder belongs to user 65534 and not to this one (0)" in told
        assert "set runtime_dir (or IMPASTO_RUNTIME_DIR) to another folder" in told


def test_made_the_folder_above_ours(trap: Home) -> None:
    """Who owns the folder above could put another in the place of ours."""
    os.chown(trap.path, NOBODY, NOBODY)

    for told in refusals(trap):
        assert "a folder above the runtime folder belongs to user 65534, who could put another in its place" in told


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_can_write_to_the_folder_above_ours(trap: Home, mode: int) -> None:
    """Likewise who may write there, as one of all or of a group; in a folder like /tmp they cannot."""
    os.chown(trap.path, 0, NOBODY)
    trap.path.chmod(mode)
    for told in refusals(trap):
        assert f"a folder above the runtime folder has mode {mode:04o}" in told

    trap.path.chmod(mode | 0o1000)
    assert "no daemon runs" in trap.run("stop").stdout


def test_led_us_elsewhere(trap: Home) -> None:
    """A link in the place of our folder, or above it in somebody else's name, is not followed."""
    (trap.path / "real").mkdir(mode=0o700)
    trap.config.runtime_dir.symlink_to(trap.path / "real")
    for told in refusals(trap):
        assert "the runtime folder is a link; a folder of this user's own is needed: remove it" in told

    trap.config.runtime_dir.unlink()
    (trap.path / "way").symlink_to(trap.path / "real")
    os.chown(trap.path / "way", NOBODY, NOBODY, follow_symlinks=False)
    trap.environment["IMPASTO_RUNTIME_DIR"] = str(trap.path / "way" / "run")
    for told in refusals(trap):
        assert "a folder above the runtime folder belongs to user 65534" in told


def test_owns_the_folder_of_pictures(trap: Home) -> None:
    """Nothing is kept where somebody else could read or exchange it; a client that starts a daemon says so as well."""
    trap.config.data_dir.mkdir(mode=0o700)
    os.chown(trap.config.data_dir, NOBODY, NOBODY)
    for told in (trap.run("serve").stderr, trap.run("demo", "-o", "demo").stderr):
        assert "the data folder belongs to user 65534 and not to this one (0)" in told
        assert "set data_dir (or IMPASTO_DATA_DIR) to another folder" in told

    os.chown(trap.config.data_dir, 0, NOBODY)
    trap.config.data_dir.chmod(0o770)
    assert "the data folder has mode 0770, so others can enter it" in trap.run("serve").stderr


def test_could_only_read_the_folder_of_pictures(trap: Home) -> None:
    """Then it is closed, and the daemon serves."""
    trap.config.data_dir.mkdir(mode=0o755)
    trap.config.data_dir.chmod(0o755)
    daemon = Daemon(trap)

    assert trap.config.data_dir.stat().st_mode & 0o777 == 0o700
    assert daemon.end() == 0
