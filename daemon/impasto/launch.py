"""Finding the daemon, starting one when none answers, replacing an old idle one, freeing its devices, stopping it.

Where another machine's is to be used it is only found. Knows processes, signals and the runtime folder. Must not know
jobs or pictures. ``client`` connects through it; ``cli``
stops through it. Every wait here has an end, and every failure says what the user can do.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import grpc

from impasto import __version__, folders, logs
from impasto.access.connection import Connection
from impasto.config import ENVIRONMENT_PREFIX, KEYS, Config
from impasto.errors import Busy, Unavailable
from impasto.instance import Instance, address, listener, note_stop, prepare_folder, read_note, stops
from impasto.refusals import turned_away
from impasto.v1 import server_pb2, server_pb2_grpc

ANY_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    # Small windows: a slow reader gets fresh previews instead of a backlog (reference/daemon.md, measured).
    ("grpc.http2.lookahead_bytes", 65536),
    ("grpc.http2.write_buffer_size", 65536),
)
# Studios have proxies; a local socket must not go through one (measured).
CHANNEL_OPTIONS = (*ANY_CHANNEL_OPTIONS, ("grpc.enable_http_proxy", 0))
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 30.0
LOST_THE_RACE = 75  # the exit code of a daemon that finds another one at its place (EX_TEMPFAIL)
ANSWER_TIMEOUT_S = 2.0
SERVER_UNREACHABLE = "SERVER_UNREACHABLE"  # the reason, where another machine's daemon does not answer
FAR_ANSWER_TIMEOUT_S = 8.0  # over a network, TLS included
FREE_TIMEOUT_S = 15.0
FORGET_TIMEOUT_S = 60.0  # with jobs to cancel

Info = server_pb2.GetServerInfoResponse


def open_channel(config: Config) -> grpc.Channel:
    """A channel to the daemon, this machine's or another's, whether or not it answers.

    Raises:
        CannotServe: the runtime folder belongs to somebody else or is open to others; or there is no certificate or
            token for the other machine.
    """
    if config.elsewhere:
        return Connection.read(config).channel(ANY_CHANNEL_OPTIONS)
    prepare_folder(config.runtime_dir)
    return grpc.insecure_channel(address(config.runtime_dir), options=CHANNEL_OPTIONS)


def ask(channel: grpc.Channel, within_s: float = ANSWER_TIMEOUT_S) -> Info | None:
    """What the daemon says of itself; None if nobody answers.

    Raises:
        CannotServe: somebody does, but does not know this token, or is not whom we know by that certificate.
    """
    try:
        stub = server_pb2_grpc.ServerServiceStub(channel)
        info: Info = stub.GetServerInfo(server_pb2.GetServerInfoRequest(), timeout=within_s)
    except grpc.RpcError as error:
        if (refused := turned_away(error)) is not None:
            raise refused from error
        return None
    return info


def running(config: Config) -> Info | None:
    """What the daemon says of itself; None if none runs, or the other machine's cannot be reached.

    Raises:
        CannotServe: as `open_channel` and `ask` do.
    """
    with open_channel(config) as channel:
        return ask(channel, FAR_ANSWER_TIMEOUT_S if config.elsewhere else ANSWER_TIMEOUT_S)


def unreachable(config: Config) -> Unavailable:
    """Why there is no daemon, where only another machine's is to be used."""
    told = f"{config.server} does not answer: is the network there, and the server running?"
    return Unavailable(f"{told} `impasto disconnect` goes back to this machine's own", reason=SERVER_UNREACHABLE)


def free(config: Config) -> server_pb2.FreeDevicesResponse | None:
    """Has the daemon give the memory of idle devices back; None if no daemon runs.

    Raises:
        Unavailable: it cannot, or does not answer.
    """
    with open_channel(config) as channel:
        if not _answers(config, channel):
            return None
        try:
            stub = server_pb2_grpc.ServerServiceStub(channel)
            freed: server_pb2.FreeDevicesResponse = stub.FreeDevices(
                server_pb2.FreeDevicesRequest(), timeout=FREE_TIMEOUT_S
            )
        except grpc.RpcError as error:
            raise Unavailable("the daemon could not free its devices; `impasto stop` does that, too") from error
        return freed


def forget(config: Config, *, cancel_jobs: bool) -> server_pb2.ForgetResponse | None:
    """Has the daemon remove every picture at rest of this user's; None if no daemon runs.

    Raises:
        Unavailable: it cannot, or does not answer.
    """
    with open_channel(config) as channel:
        if not _answers(config, channel):
            return None
        try:
            stub = server_pb2_grpc.ServerServiceStub(channel)
            told: server_pb2.ForgetResponse = stub.Forget(
                server_pb2.ForgetRequest(cancel_jobs=cancel_jobs), timeout=FORGET_TIMEOUT_S
            )
        except grpc.RpcError as error:
            raise Unavailable(f"not all is forgotten: {error.details()}") from error
        return told


def _answers(config: Config, channel: grpc.Channel) -> bool:
    """Whether a daemon is there; another machine's must be.

    Raises:
        Unavailable: that one is not.
    """
    if ask(channel, FAR_ANSWER_TIMEOUT_S if config.elsewhere else ANSWER_TIMEOUT_S) is not None:
        return True
    if config.elsewhere:
        raise unreachable(config)
    return False


def ensure(config: Config) -> Info:
    """A daemon of this version, started or replaced if need be; another machine's is taken as it is.

    Raises:
        Busy: an older daemon is at work and cannot be replaced now.
        Unavailable: it did not come up, and the message holds the end of its log; or the other machine's cannot be
            reached.
    """
    info = running(config)
    if config.elsewhere:
        if info is None:
            raise unreachable(config)
        return info
    if info is not None and is_older(info.version, __version__):
        _replace(config, info)
        info = None
    return info or _start(config)


def is_older(version: str, than: str) -> bool:
    """Whether `version` came before `than`; only the numbers count."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _replace(config: Config, info: Info) -> None:
    jobs = info.queued_jobs + info.running_jobs
    if jobs:
        raise Busy(
            f"an older daemon (version {info.version}, process {info.pid}) is busy with {jobs} jobs, and this is "
            f"version {__version__}: wait until it is done, or end it with `impasto stop`",
            reason="OLDER_DAEMON_BUSY",
        )
    stop(config)


def _start(config: Config) -> Info:
    """Starts a daemon and waits for it, or for the one that was quicker; if that one vanishes, starts another."""
    stderr, known = _stderr_path(config), stops(config.runtime_dir)
    pid = _spawn(config, stderr, known)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if (info := running(config)) is not None:
            return info
        ended = _ended(pid)
        if ended is not None and not _lock_held(config):
            if ended != LOST_THE_RACE:  # it could not start at all, and told why
                break
            pid = _spawn(config, stderr, known)  # the winner has gone before it has answered anybody
        time.sleep(0.02)
    raise Unavailable(f"the daemon did not come up; its last words:\n{_tail(stderr)}", reason="START_FAILED")


def _spawn(config: Config, stderr: Path, stops_known: str) -> int:
    """Starts a daemon that outlives this process, and returns its process id; a stop after those known ends it."""
    with stderr.open("ab") as words, Path(os.devnull).open("rb") as nothing:
        onto = [(os.POSIX_SPAWN_DUP2, file.fileno(), number) for number, file in enumerate((nothing, words, words))]
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", "impasto", "serve", "--auto-started", "--stops", stops_known],
            _environment(config),
            file_actions=onto,
            setsid=True,  # a Ctrl-C or a closed terminal must not reach it
        )


def _ended(pid: int) -> int | None:
    """With what code a process that we started has ended; None if it has not."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # somebody else in this process has asked before us, and has the code
        return LOST_THE_RACE
    return os.waitstatus_to_exitcode(status) if ended else None


def stop(config: Config) -> int:
    """Asks this machine's daemon to end and waits until it has; returns its process id, 0 if none ran.

    Raises:
        Unavailable: it did not end in time.
    """
    config = config.here
    prepare_folder(config.runtime_dir)
    note_stop(config.runtime_dir)
    pid = _pid(config)
    if not pid:
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while _lock_held(config) or _lives(pid):
        if time.monotonic() > deadline:
            raise Unavailable(f"the daemon (process {pid}) did not end within {STOP_TIMEOUT_S:g} s")
        time.sleep(0.02)
    return pid


def _pid(config: Config) -> int:
    """The daemon's process, 0 if none runs; one that has just taken the lock is waited for until it says who it is.

    Raises:
        Unavailable: it does not say so.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if (info := running(config)) is not None:
            return _in_sight(config, int(info.pid))
        if not _lock_held(config):
            return 0
        if (note := read_note(config.runtime_dir)) is not None:
            return note.pid
        time.sleep(0.02)
    raise Unavailable("a daemon has the lock, but does not answer and has not said which process it is")


def _in_sight(config: Config, pid: int) -> int:
    """The number by which this process can signal the daemon that calls itself `pid`.

    Raises:
        Unavailable: it cannot; the number would be somebody else's.
    """
    seen = listener(config.runtime_dir)
    if seen == 0:
        raise Unavailable(
            f"the daemon runs in another container, as process {pid} there, and cannot be stopped from here: run "
            "`impasto stop` where it runs"
        )
    return pid if seen is None else seen


def _lives(pid: int) -> bool:
    """Whether a process still runs; one that has ended and waits for its parent to notice does not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # ours, if this process started it
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return sys.platform != "linux"  # there /proc knows every process


def _lock_held(config: Config) -> bool:
    """Whether some daemon lives; taking the lock for a moment is the only proof."""
    instance = Instance.try_lock(config.runtime_dir)
    if instance is None:
        return True
    instance.close()
    return False


def _stderr_path(config: Config) -> Path:
    """Where a daemon says what its log cannot: why it did not start, how it crashed; empty for each start."""
    folders.prepare(config.data_dir, folders.DATA)
    path = config.data_dir / logs.STDERR
    path.touch(mode=0o600)
    os.truncate(path, 0)
    return path


def _tail(path: Path, lines: int = 8) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) or "(none)"


def _environment(config: Config) -> Mapping[str, str]:
    """The caller's own, with this configuration, so that a flag given here holds there too."""
    return os.environ | {f"{ENVIRONMENT_PREFIX}{key.upper()}": str(getattr(config, key)) for key in KEYS}
