"""The process at the other end: which one, in what environment, started, written to, read from, let go.

Knows `Conversation` and pipes. Must not know what is said, or any toolkit. Called by plug-ins; threads write and, where
a loop cannot watch a file, read, so that no call here keeps a loop waiting.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Callable

from .conversation import REINSTALL, BridgeError, Conversation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENVIRONMENT_FILE = "impasto-environment.json"
READ_BYTES = 1 << 20
GONE_S = 5.0  # a process whose stdin was closed has so long to end by itself
# What an editor sets for its own interpreter and libraries would break another one.
FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
FOREIGN_PREFIX = "QT_"
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: else a console appears
Deliver = Callable[[], bool]


def command(folder: str) -> list[str]:
    """The command line of the pipe, from what the installer wrote into the plug-in's `folder`.

    That is ``{"python": "/absolute/path", "before": []}``; `before` goes in front of it, for Flatpak's
    ``["flatpak-spawn", "--host"]``.

    Raises:
        BridgeError: nothing was written there, or what it names has gone.
    """
    try:
        written = json.loads((Path(folder) / ENVIRONMENT_FILE).read_text(encoding="utf-8"))
        python, before = str(written["python"]), [str(part) for part in written.get("before", [])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BridgeError(f"the plug-in does not know where Impasto is installed: {REINSTALL}") from error
    if not before and not (Path(python).is_absolute() and os.access(python, os.X_OK)):  # a host's is not ours to see
        raise BridgeError(f"Impasto was installed with {python}, which is not there any more: {REINSTALL}")
    return [*before, python, "-I", "-m", "impasto", "pipe"]


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The editor's environment without what it set for itself."""
    return {
        name: value
        for name, value in base.items()
        if name not in FOREIGN_VARIABLES and not name.startswith(FOREIGN_PREFIX)
    }


class Bridge:
    """One `impasto pipe`, started when it is first needed, and again when it was lost.

    The mutable state is the process with its conversation. All methods are for one thread, that of the host's loop.
    """

    def __init__(self, line: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        """Takes what `command` gives; `variables` are the environment, by default the editor's own, cleaned."""
        self._line, self._variables = list(line), environment() if variables is None else dict(variables)
        self._process: subprocess.Popen[bytes] | None = None
        self._conversation = Conversation()
        self._writer: _Writer | None = None
        self._stderr: IO[bytes] | None = None
        self._followed: queue.Queue[Deliver] | None = None

    def conversation(self) -> Conversation:
        """The one that is under way; the process is started if there is none. Pictures of a former one are forgotten.

        Raises:
            BridgeError: it cannot be started.
        """
        if self._process is None:
            self._start()
        return self._conversation

    def fileno(self) -> int:
        """What a loop watches for bytes to read; another one after the process was lost."""
        return self._out().fileno()

    def read_ready(self) -> bool:
        """Reads what is there and calls the listeners; False at the end, when there is nothing to watch any more."""
        return self._deliver(self._running(), _read(self._out()))

    def follow(self, post: Callable[[Deliver], Any]) -> None:
        """Starts a thread that reads, and calls `post` with functions which the loop must call, each once, in order.

        With GLib `post` is ``GLib.idle_add``: the functions return False, as it wants them to.
        """
        process, file = self._running(), self._out()

        def deliver(data: bytes) -> bool:
            self._deliver(process, data)
            return False

        def read() -> None:
            data = b"?"
            while data:
                data = _read(file)
                post(functools.partial(deliver, data))

        threading.Thread(target=read, daemon=True, name="impasto-follow").start()

    def wait(self, request: str, timeout_s: float = threading.TIMEOUT_MAX) -> bool:
        """Blocks until the end of a request, calling listeners in this thread; False if time ran out before."""
        if self._followed is None:
            self._followed = queue.Queue()
            self.follow(self._followed.put)
        followed, end = self._followed, time.monotonic() + timeout_s
        with contextlib.suppress(queue.Empty):
            while self._conversation.open(request):
                followed.get(timeout=min(max(0.0, end - time.monotonic()), threading.TIMEOUT_MAX))()
        return not self._conversation.open(request)

    def close(self, why: str = "the plug-in let go of it") -> None:
        """Lets go of the process: all that runs is cancelled by the end of its stdin. Does not wait for it."""
        process, self._process, self._followed = self._process, None, None
        if process is None:
            return
        assert self._writer is not None
        conversation, self._conversation = self._conversation, Conversation()
        self._writer.close()
        threading.Thread(target=_reap, args=(process, self._stderr), daemon=True, name="impasto-reap").start()
        conversation.end(why)

    def _running(self) -> subprocess.Popen[bytes]:
        self.conversation()
        assert self._process is not None
        return self._process

    def _out(self) -> IO[bytes]:
        out = self._running().stdout
        assert out is not None
        return out

    def _start(self) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the process is reaped
        try:
            self._process = subprocess.Popen(
                self._line,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                bufsize=0,
                creationflags=NO_WINDOW,
            )
        except OSError as error:
            self._stderr.close()
            raise BridgeError(f"Impasto cannot be started ({error.strerror}): {REINSTALL}") from error
        self._writer = _Writer(self._process)
        self._conversation = Conversation(self._writer.wake)
        self._writer.begin(self._conversation)

    def _deliver(self, process: subprocess.Popen[bytes], data: bytes) -> bool:
        """Takes what came from a process, if it is still the one; False at its end."""
        if process is not self._process:
            return False
        try:
            if data:
                self._conversation.feed(data)
                return True
            why = self._why()
        except BridgeError as error:
            why = str(error)
        self.close(why)
        return False

    def _why(self) -> str:
        """Why the process has ended, as far as it can be told."""
        if self._conversation.version or self._stderr is None:
            return "the connection to Impasto was lost: try again"
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        if lines and "No module named" in lines[-1]:
            return f"Impasto is not installed any more where it was: {REINSTALL}"
        return f"Impasto did not start ({lines[-1] if lines else 'it said nothing'}): {REINSTALL}"

    def __repr__(self) -> str:
        return f"<Bridge [{'no process' if self._process is None else self._process.pid}]>"


class _Writer:
    """A thread that writes what a conversation has to send, as it comes; it alone closes the process's stdin."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._wake, self._closed = process, threading.Event(), False

    def begin(self, conversation: Conversation) -> None:
        """Starts the thread."""
        threading.Thread(target=self._run, args=(conversation,), daemon=True, name="impasto-write").start()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    def close(self) -> None:
        """Sends no more, and closes."""
        self._closed = True
        self._wake.set()

    def _run(self, conversation: Conversation) -> None:
        file = self._process.stdin
        assert file is not None
        with contextlib.suppress(OSError), file:  # the process may go at any time
            while not self._closed:
                self._wake.wait()
                self._wake.clear()
                self._empty(conversation, file)

    def _empty(self, conversation: Conversation, file: IO[bytes]) -> None:
        data = b"?"
        while data and not self._closed:
            data = conversation.outgoing()
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]


def _read(file: IO[bytes]) -> bytes:
    """What is there. By the file, never by its number: one that was closed here is another file's soon."""
    try:
        return file.read(READ_BYTES) or b""
    except (OSError, ValueError):  # closed here
        return b""


def _reap(process: subprocess.Popen[bytes], stderr: IO[bytes] | None) -> None:
    """Waits for the process to go, and closes what is left; one that does not go is killed."""
    try:
        process.wait(GONE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for file in (process.stdout, stderr):
        if file is not None:
            file.close()
