"""`impasto pipe`: the client on stdin and stdout, for editors that cannot import grpcio.

An editor's plug-in starts it with an interpreter of ours (plugins/bridge) and speaks `frames` with it; PROTOCOL.md
beside this file lists every verb and event. Knows pipes; `session` carries the verbs out. Must not know gRPC, and
nothing heavy is imported before somebody asks for it: an editor waits for the first answer. The end of stdin means that
the editor or its plug-in has gone: every job of this process is cancelled by closing its connection.
"""

import contextlib
import os
import sys

from impasto import __version__
from impasto.config import Config
from impasto.frames import Frame, FrameError, Parser
from impasto.pipe.outbox import Outbox
from impasto.pipe.session import Session

__all__ = ["PROTOCOL", "serve"]

PROTOCOL = 3
READ_BYTES = 1 << 20
BAD_FRAMES = 2


def serve(config: Config) -> int:
    """Speaks with the editor until it goes; returns the exit code, 0 or 2 if what came were no frames."""
    _widen(0)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # stdout is the line; whatever else prints goes to stderr
    outbox = Outbox(out)
    session = Session(config, outbox)
    outbox.put(Frame({"event": "ready", "protocol": PROTOCOL, "version": __version__}))
    try:
        code = _read(session, outbox)
    finally:
        session.close()
        outbox.close()
    sys.stderr.flush()
    # Threads may still wait for a daemon that is starting; nobody waits for them.
    os._exit(code)


def _widen(file: int) -> None:
    """Has a pipe hold a megabyte, where the system can: an editor's loop is woken for each time that it was full.

    Not the one that goes there: an editor that is busy would find a megabyte of old previews in it.
    """
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415  # absent on Windows

        fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, READ_BYTES)


def _read(session: Session, outbox: Outbox) -> int:
    parser = Parser()
    try:
        while data := os.read(0, READ_BYTES):
            for frame in parser.feed(data):
                session.hear(frame)
    except FrameError as error:
        outbox.put(Frame({"event": "error", "id": "", "reason": "BAD_FRAME", "message": str(error)}))
        return BAD_FRAMES
    return 0
