"""The daemon's log: one line an event, as text or as JSON, and never more of the disk than the configuration allows.

Knows Python's logging and files. Must not know jobs: who logs about one passes `extra={"job": job.name}`, which becomes
a field of the line. No name of a file, picture or label belongs in it. ``cli`` calls `begin` before the daemon's life,
``server`` calls `bound_stderr` now and then.
"""

import json
import logging
import os
import stat
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

LOG, STDERR = "daemon.log", "stderr.log"
OLDER = 1  # files that were put aside and are kept

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def begin(data_dir: Path, log_format: str, log_bytes: int, *, to_file: bool) -> None:
    """Sends all that is logged to the file in the data folder, or to the standard error.

    Args:
        data_dir: holds the file; made if it is not there.
        log_format: "text", "json", or "auto": text on a terminal, else JSON.
        log_bytes: size at which a file is put aside, in place of the one that was put aside before.
        to_file: for a daemon that has no terminal and no journal to write to.
    """
    logging.raiseExceptions = False  # a full disk must not fill the standard error in turn
    handler = _file(data_dir, log_bytes) if to_file else logging.StreamHandler()
    as_json = log_format == "json" or (log_format == "auto" and (to_file or not sys.stderr.isatty()))
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _file(data_dir: Path, log_bytes: int) -> logging.Handler:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _PrivateFile(data_dir / LOG, maxBytes=log_bytes, backupCount=OLDER, encoding="utf-8", errors="replace")


class _PrivateFile(RotatingFileHandler):
    """A log that only its owner reads, after it was put aside and begun anew, too."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()


def bound_stderr(most_bytes: int) -> None:
    """Empties the file that the standard error goes to, if it is one and has grown beyond `most_bytes`.

    What libraries and workers write there passes by all logging; the file was opened to append, so this is safe.
    """
    found = os.fstat(2)
    if stat.S_ISREG(found.st_mode) and found.st_size > most_bytes:
        os.ftruncate(2, 0)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was passed as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, then the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback is one field of it."""
        line = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in _fields(record).items() if name not in line}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """Time, logger, level, message and the event's own fields; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and what follows it."""
        own = "".join(f" {name}={value}" for name, value in _fields(record).items())
        line = f"{_when(record)} {record.name} {record.levelname} {record.getMessage()}{own}".replace("\n", "\\n")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
