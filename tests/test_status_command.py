"""`impasto status` on a real terminal and for programs, while a real daemon works."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness import DEADLINE_S, Daemon, Home, long_request, request
from impasto.v1 import stylize_pb2
from test_daemon import Stub, created, steps_done, watched

CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, home: Home, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = home.environment | {"TERM": "xterm", "COLUMNS": "140", "LINES": "50"}
        self.process = subprocess.Popen(
            home.command(*arguments), env=environment, stdin=theirs, stdout=theirs, stderr=theirs, cwd=home.path
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, pattern: str) -> None:
        """Reads until something new that fits was shown."""
        begun, deadline = len(self.seen), time.monotonic() + DEADLINE_S
        while not re.search(pattern, self.seen[begun:], re.DOTALL):
            assert time.monotonic() < deadline, f"{pattern!r} was not shown:\n{self.seen[-3000:]}"
            if select.select([self._ours], [], [], 0.2)[0]:
                with suppress(OSError):  # the other side has closed
                    self.seen += CONTROL.sub(b"", os.read(self._ours, 65536)).decode(errors="replace")

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(DEADLINE_S)
        os.close(self._ours)
        return code


def test_watch_shows_what_goes_on_until_interrupted(start: Callable[..., Daemon]) -> None:
    """A running job's steps grow under the eye, a waiting one has its place; then the daemon goes, and is told."""
    daemon = start()
    terminal = Terminal(daemon.home, "status", "--watch")
    with daemon.channel() as channel:
        stub = Stub(channel)
        running, waiting = created(stub, long_request()), created(stub, long_request())
        steps_done(stub, running)
        terminal.wait_for(rf"{running}\s+running")
        terminal.wait_for(rf"{waiting}\s+queued, 1\.")
        steps_done(stub, running, 3)
        terminal.wait_for(r"([3-9]|\d\d+)/9000")
        for name in (running, waiting):
            stub.CancelJob(stylize_pb2.CancelJobRequest(name=name))
    terminal.wait_for(rf"{running}\s+cancelled")
    daemon.end()
    terminal.wait_for(r"running\s+False")

    assert terminal.end() == 0


def test_watch_for_programs_is_a_line_at_a_time(daemon: Daemon) -> None:
    """Each line is one whole JSON object, sent at once."""
    command = subprocess.Popen(
        daemon.home.command("status", "--watch", "--json"), env=daemon.home.environment, stdout=subprocess.PIPE
    )
    assert command.stdout is not None
    told = [json.loads(command.stdout.readline()) for _ in range(2)]
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=DEADLINE_S)

    assert [facts["pid"] for facts in told] == [daemon.process.pid] * 2
    assert told[0]["uptime_s"] < told[1]["uptime_s"]
    assert command.returncode == 0


def test_once_it_tells_of_devices_and_jobs(daemon: Daemon) -> None:
    """For people and for programs; through a pipe nothing is cut off to fit a terminal."""
    daemon.ready()
    with daemon.channel() as channel:
        name = created(Stub(channel), request(steps=2))
        watched(Stub(channel), name)
    told = json.loads(daemon.home.run("status", "--json").stdout)
    human = daemon.home.run("status")

    assert human.returncode == 0
    assert re.search(rf"{name}\s+succeeded.*2/2.*vgg19-slim", human.stdout)
    assert f"worker_pid {daemon.info().devices[0].worker_pid}" in human.stdout
    assert next(job for job in told["jobs"] if job["name"] == name)["state"] == "SUCCEEDED"


def test_a_proxy_is_not_asked_for_the_way_to_our_own_socket(daemon: Daemon, tmp_path: Path) -> None:
    """Studios have proxies in the environment; what is on this machine does not go through them."""
    environment = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "grpc", "all")}
    home = Home(**environment)
    home.environment["IMPASTO_RUNTIME_DIR"] = str(daemon.home.config.runtime_dir)

    assert json.loads(home.run("status", "--json").stdout)["pid"] == daemon.process.pid
