"""The bridge from an editor's Python to Impasto's own: starts `impasto pipe` and speaks its frames.

Editors bring an interpreter of their own, of any version, without grpc and without pip. So a plug-in has this folder
beside it, starts the interpreter that `impasto install` wrote down, and talks over its stdin and stdout. Standard
library only, and nothing that Python 3.9 cannot read. Knows frames and processes; must never know GIMP, Krita or a
toolkit. Nothing here waits for the other side but `Bridge.wait`:

- `Conversation` does no input or output. Qt drives it with a QProcess of `command` and `environment`: write `outgoing`
  when `bytesWritten`, `feed` when `readyReadStandardOutput`.
- `Bridge` holds the process for everybody else. GLib watches `fileno` and calls `read_ready`; a loop that cannot watch
  has `follow`, a thread that hands it what came; a script calls `wait`.

The end of stdin is a cancel for all that runs: an editor that is killed needs to do nothing. Verbs and events stand in
daemon/impasto/pipe/PROTOCOL.md.
"""

from .conversation import PROTOCOL, BridgeError, Conversation, Event, Listener, Parser, encoded
from .process import Bridge, command, environment

__all__ = [
    "PROTOCOL",
    "Bridge",
    "BridgeError",
    "Conversation",
    "Event",
    "Listener",
    "Parser",
    "command",
    "encoded",
    "environment",
]
