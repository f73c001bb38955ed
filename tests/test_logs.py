"""The log: one line an event, fields of its own, bounded; and the daemon's real log, in real files."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness import DEADLINE_S, Daemon, Home, long_request, request
from impasto import logs
from impasto.client import connect
from impasto.v1 import stylize_pb2
from test_daemon import Stub, created, watched


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    root = logging.getLogger()
    handlers, level, loud = root.handlers[:], root.level, logging.raiseExceptions
    yield root
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = loud


def lines(folder: Path) -> list[str]:
    """The log so far."""
    return (folder / logs.LOG).read_text().splitlines()


def test_an_event_is_one_json_line_with_its_own_fields(root: logging.Logger, tmp_path: Path) -> None:
    """Time, level, logger and message, the job's name as a field, a traceback as another; nothing breaks the line."""
    logs.begin(tmp_path, "json", 1 << 20, to_file=True)
    log = logging.getLogger("impasto.test")
    log.info("job %s\nis done", "jobs/1", extra={"job": "jobs/1", "device_s": 1.5, "folder": tmp_path})
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("a bug")
    log.debug("not told")
    first, second = map(json.loads, lines(tmp_path))

    assert list(first) == ["time", "level", "logger", "message", "job", "device_s", "folder"]
    assert first["time"].endswith("Z")
    assert (first["level"], first["logger"]) == ("info", "impasto.test")
    assert (first["message"], first["job"], first["device_s"]) == ("job jobs/1\nis done", "jobs/1", 1.5)
    assert second["traceback"].endswith("ValueError: broken")


def test_as_text_an_event_is_one_line_too(root: logging.Logger, tmp_path: Path) -> None:
    """Fields follow the message; a line break in it makes no second line."""
    logs.begin(tmp_path, "text", 1 << 20, to_file=True)
    logging.getLogger("impasto.test").warning("two\nlines", extra={"job": "jobs/1"})
    (line,) = lines(tmp_path)

    assert line.endswith(" impasto.test WARNING two\\nlines job=jobs/1")


def test_the_log_never_takes_more_than_twice_its_size(root: logging.Logger, tmp_path: Path) -> None:
    """A file that is full is put aside, in the place of the one before; both are private."""
    logs.begin(tmp_path, "json", 64 * 1024, to_file=True)
    log = logging.getLogger("impasto.test")
    for number in range(3000):
        log.info("event %d %s", number, "x" * 100)
    files = {path.name: path.stat().st_size for path in tmp_path.iterdir()}

    assert set(files) == {"daemon.log", "daemon.log.1"}
    assert max(files.values()) <= 64 * 1024
    assert "event 2999 " in lines(tmp_path)[-1]
    assert (tmp_path / logs.LOG).stat().st_mode & 0o077 == 0


BOUND = """
import os, sys
from impasto import logs
os.write(2, b"x" * 1000)
logs.bound_stderr(1000)
before = os.fstat(2).st_size
os.write(2, b"y")
logs.bound_stderr(1000)
os.write(2, b"z")
print(before, os.fstat(2).st_size)
"""


def test_what_passes_by_the_log_is_bounded_too(tmp_path: Path) -> None:
    """The standard error's file is emptied when it has grown too large, and goes on from its beginning."""
    with (tmp_path / "stderr.log").open("ab") as file:
        told = subprocess.run([sys.executable, "-c", BOUND], stdout=subprocess.PIPE, stderr=file, check=True).stdout

    assert told.split() == [b"1000", b"1"]
    assert (tmp_path / "stderr.log").read_text() == "z"


def test_a_standard_error_that_is_no_file_is_left_alone() -> None:
    """A terminal, a pipe or a journal cannot be emptied."""
    code = "from impasto import logs; logs.bound_stderr(0)"
    subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=True)


def test_a_full_disk_stops_no_work(root: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
    """What cannot be written is lost; nothing is raised, nothing is written elsewhere instead."""
    logs.begin(Path("/nowhere"), "json", 1 << 20, to_file=False)
    (handler,) = [h for h in root.handlers if isinstance(h.formatter, logs.JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    with Path("/dev/full").open("w") as full:
        handler.setStream(full)
        logging.getLogger("impasto.test").error("lost")
        root.removeHandler(handler)
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("log_format", "is_json"), [("auto", True), ("json", True), ("text", False)])
def test_a_daemon_that_a_client_starts_writes_its_log_into_a_file(home: Home, log_format: str, is_json: bool) -> None:
    """As JSON unless text is asked for; the standard error, kept beside it, has nothing to tell."""
    home.environment["IMPASTO_LOG_FORMAT"] = log_format
    home.run("demo", "--size", "64", "--steps", "2", "-o", "demo", within_s=120)
    told = lines(home.config.data_dir)

    assert told
    assert [line.startswith('{"time": ') for line in told] == [is_json] * len(told)
    assert any("serves on its socket" in line for line in told)
    assert (home.config.data_dir / logs.STDERR).read_text() == ""


def test_a_daemon_without_a_terminal_writes_json_to_its_standard_error(start: Callable[..., Daemon]) -> None:
    """As a service does, whose journal keeps it; no file is made."""
    daemon = start()
    daemon.end()
    told = [json.loads(line) for line in daemon.log.read_text().splitlines()]

    assert told[0]["message"].startswith("impasto 0.1.0 serves")
    assert not (daemon.home.config.data_dir / logs.LOG).exists()


def test_a_jobs_life_is_logged_under_its_name(start: Callable[..., Daemon]) -> None:
    """Accepted, running, ended: each is a line with the job, its client and how far it had come."""
    daemon = start()
    with daemon.channel() as channel:
        done, cancelled = created(Stub(channel), request(steps=2)), created(Stub(channel), long_request())
        watched(Stub(channel), done)
        Stub(channel).CancelJob(stylize_pb2.CancelJobRequest(name=cancelled))
        watched(Stub(channel), cancelled)
    daemon.end()
    told = [json.loads(line) for line in daemon.log.read_text().splitlines()]
    lives = {name: [line for line in told if line.get("job") == name] for name in (done, cancelled)}

    assert [line["message"] for line in lives[done] if "encoder" not in line["message"]] == [
        "accepted", "running", "succeeded"
    ]  # fmt: skip
    assert lives[done][-1]["step"] == 2
    assert lives[done][-1]["device_s"] > 0
    assert lives[cancelled][-1]["message"] == "cancelled: CANCELLED"
    assert {line["owner"] for line in told if line["message"] == "accepted"} == {f"uid:{os.getuid()}"}


def test_no_word_of_a_picture_is_logged(home: Home, tmp_path: Path) -> None:
    """Names and labels of pictures stay out of the log, in good and in bad requests."""
    daemon = Daemon(home)
    with daemon.channel() as channel:
        message = request()
        message.labels["title"] = "SECRET-LABEL"
        watched(Stub(channel), created(Stub(channel), message))
    (home.path / "SECRET-NAME.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"SECRET-BYTES")
    done = home.run("stylize", "SECRET-NAME.png", "--style", "SECRET-NAME.png", "-o", "o.png")
    daemon.end()

    assert done.returncode == 2
    assert "SECRET" not in daemon.log.read_text()


def test_the_last_words_of_a_daemon_that_cannot_start_reach_its_client(home: Home) -> None:
    """A failure at the start is told to who wanted it, though the log is in a file."""
    home.config.data_dir.mkdir(mode=0o700)
    (home.config.data_dir / "blobs").write_text("in the way")
    done = home.run("demo", "-o", "demo")

    assert done.returncode == 1
    assert "the daemon did not come up; its last words:" in done.stderr
    assert "File exists" in done.stderr or "Not a directory" in done.stderr


def test_it_ends_when_nobody_has_wanted_anything_for_long(home: Home) -> None:
    """A daemon that a client started leaves by itself with exit code 0, but not while there is a job."""
    message = long_request()
    message.delivery.on_disconnect = stylize_pb2.DISCONNECT_POLICY_KEEP_RUNNING
    daemon = Daemon(home)
    with daemon.channel() as channel:
        name = created(Stub(channel), message)
    daemon.end(signal.SIGKILL)
    home.environment["IMPASTO_EXIT_IDLE_S"] = "3"  # however long a call takes to come: there is a job from the start
    daemon = Daemon(home, home.command("serve", "--auto-started"))
    with daemon.channel() as channel:
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.process.wait(5)
        Stub(channel).CancelJob(stylize_pb2.CancelJobRequest(name=name))
        code = daemon.process.wait(DEADLINE_S)

    assert code == 0
    assert any("nobody has called for" in line for line in lines(home.config.data_dir)[-4:])
    assert {path.name for path in home.config.runtime_dir.iterdir()} == {"instance.lock"}


@pytest.mark.parametrize(("words", "idle_s"), [(["serve"], "1"), (["serve", "--auto-started"], "0")])
def test_it_stays_if_somebody_else_started_it_or_it_is_told_to(home: Home, words: list[str], idle_s: str) -> None:
    """Without the flag that clients give, or with exit_idle_s = 0, it stays."""
    home.environment["IMPASTO_EXIT_IDLE_S"] = idle_s
    daemon = Daemon(home, home.command(*words))
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.process.wait(4)
    assert daemon.end() == 0


def test_a_client_says_that_it_is_the_one_who_starts(home: Home) -> None:
    """The daemon that a client starts has the flag, and the client's whole configuration."""
    home.environment["IMPASTO_NICE"] = "3"
    home.run("stylize", "absent.png", "--style", "absent.png", "-o", "o.png")  # refused before a daemon starts
    assert home.serving() == []
    with connect(replace(home.config, nice=7, exit_idle_s=1234)) as client:
        process = Path(f"/proc/{client.info().pid}")
        words = process.joinpath("cmdline").read_text().split("\0")
        environment = process.joinpath("environ").read_text().split("\0")

    assert "--auto-started" in words
    assert {"IMPASTO_NICE=7", "IMPASTO_EXIT_IDLE_S=1234"} <= set(environment)
