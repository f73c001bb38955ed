"""One file from a server that may fail in any way: resumed, retried, bounded, and never more than bytes on a disk.

Knows HTTP, one growing file, and what an earlier try has noted. Must not know what the bytes mean: whether they are the
right ones is for the checksum to say, and until then nothing parses them. The room's face calls it.

A Ctrl-C or any other end keeps what has arrived. Where the server understands Range, the next try asks for the rest, by
If-Range with the ETag that the server gave, so that a file that changed there is begun anew; where it does not, the
file is begun anew, too.
"""

import http.client
import ipaddress
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from impasto import __version__
from impasto.errors import CannotServe, ImpastoError, Unavailable
from impasto.fetching import Note

CHUNK_BYTES = 256 * 1024
MAX_BYTES = 2 * 1024**3  # torchvision's file has 574 673 361
SPARE_BYTES = 128 * 1024**2  # the encoder file that is written beside the one fetched, and some air
PROGRESS_BYTES = 1024**2  # a try that brought so much is no failure: the next one starts counting anew
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
LONGEST_PAUSE_S = 30.0


class Broken(Exception):
    """This try failed in a way that another one may not."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows the server elsewhere, but never from a connection that is encrypted to one that is not."""

    def redirect_request(self, req: urllib.request.Request, *args: Any) -> urllib.request.Request | None:  # noqa: ANN401
        there = super().redirect_request(req, *args)
        if there is not None and (there.type not in ("http", "https") or (req.type, there.type) == ("https", "http")):
            raise Unavailable(f"the server sends us from {req.type} to {there.type}, which is not followed")
        return there


@dataclass
class Download:
    """A file on its way. The mutable state is the file and the note."""

    part: Path
    note: Note
    on_note: Callable[[Note], None]
    on_progress: Callable[[int, int], None]
    retries: int = 4
    timeout_s: float = 30.0
    pause_s: float = 1.0

    def run(self) -> None:
        """Until the file is whole as far as the server says.

        Raises:
            Unavailable: the server cannot be reached, refuses, or failed too often.
            CannotServe: the disk has no room for the file, or it is larger than anything that is expected.
        """
        failures = 0
        while self.note.total_bytes == 0 or self._had() != self.note.total_bytes:
            before = self._had()
            try:
                self._attempt()
                return
            except Broken as error:
                failures = 1 if self._had() - before >= PROGRESS_BYTES else failures + 1
                if failures > self.retries:
                    raise self._given_up(failures, error) from error
                time.sleep(min(self.pause_s * 2 ** (failures - 1), LONGEST_PAUSE_S))

    def _given_up(self, failures: int, error: Broken) -> ImpastoError:
        had, of = self._had(), f" of {self.note.total_bytes}" if self.note.total_bytes else ""
        kept = f"; {had}{of} bytes are kept, and the same command goes on from there" if had else ""
        tries = "once" if failures == 1 else f"{failures} times"
        return Unavailable(f"the download failed, tried {tries}: {error}{kept}", reason="DOWNLOAD_FAILED")

    def _had(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self) -> None:
        """One connection, from where the file ends to the end."""
        had = self._had()
        with self._open(had) as response, _private(self.part) as file:
            start = self._begin(response, had)
            file.seek(start)
            file.truncate()
            self._receive(response, file, start)

    def _open(self, had: int) -> http.client.HTTPResponse:
        headers = {"User-Agent": f"impasto/{__version__}", "Accept-Encoding": "identity"}
        if had:
            headers["Range"] = f"bytes={had}-"
            headers |= {"If-Range": self.note.validator} if self.note.validator else {}
        request = urllib.request.Request(self.note.url, headers=headers)  # noqa: S310  # the face has checked its scheme
        try:
            response: http.client.HTTPResponse = _opener(self.note.url).open(request, timeout=self.timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error, had) from error
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(error) from error
        return response

    def _refused(self, error: urllib.error.HTTPError, had: int) -> Exception:
        """What an answer that is no success means."""
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            self.part.unlink()  # longer than the server's file: it is another one
            return Broken("the server's file is shorter than what had arrived, so it was begun anew")
        told = f"the server answered {error.code} {error.reason}".rstrip()
        if error.code in TRANSIENT:
            return Broken(told)
        return Unavailable(f"{told}: check the address", reason="DOWNLOAD_REFUSED")

    def _begin(self, response: http.client.HTTPResponse, had: int) -> int:
        """Where in the file the answer's bytes belong; checks and notes what the server says of the whole."""
        start, total = _place(response)
        if start not in (had, 0):
            self.part.unlink(missing_ok=True)
            raise Broken(f"the server sent bytes from {start} on, {had} were asked for")
        if start and self.note.total_bytes not in (0, total):
            self.part.unlink()
            raise Broken(f"the server's file has {total} bytes, and had {self.note.total_bytes} when it was begun")
        if response.headers.get_content_type() == "text/html":
            raise Unavailable(
                "the server answered with a web page in place of the file: check the address, and whether this network "
                "wants a sign-in",
                reason="NOT_THE_FILE",
            )
        self._check_room(total)
        etag = response.headers.get("ETag", "")
        self.note = replace(self.note, validator="" if etag.startswith("W/") else etag, total_bytes=total)
        self.on_note(self.note)
        return start

    def _check_room(self, total: int) -> None:
        """Before the first byte, not after the last that fits."""
        if total > MAX_BYTES:
            raise CannotServe(f"the server's file has {total} bytes; at most {MAX_BYTES} are taken", reason="TOO_BIG")
        free, needed = shutil.disk_usage(self.part.parent).free, max(0, total - self._had()) + SPARE_BYTES
        if free < needed:
            raise CannotServe(
                f"the disk has {free >> 20} MiB free and {needed >> 20} MiB are needed: make room, or set data_dir (or "
                "IMPASTO_DATA_DIR) to a folder on another disk",
                reason="DISK_FULL",
            )

    def _receive(self, response: http.client.HTTPResponse, file: IO[bytes], had: int) -> None:
        """Writes what comes; a full disk is an OSError of the file's own and is not tried again."""
        total = self.note.total_bytes
        self.on_progress(had, total)
        while data := _read(response):
            had += len(data)
            if had > (total or MAX_BYTES):
                raise CannotServe(f"the server sends more than {total or MAX_BYTES} bytes", reason="TOO_BIG")
            file.write(data)
            file.flush()  # the file's length tells others what has arrived
            self.on_progress(had, total)
        if had < total:
            raise Broken(f"the connection was closed after {had} of {total} bytes")
        if not had:
            raise Broken("the server sent an empty file")


def is_here(host: str) -> bool:
    """Whether that is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _opener(url: str) -> urllib.request.OpenerDirector:
    """By the proxy that the environment names, which studios have, save to this machine."""
    direct = [urllib.request.ProxyHandler({})] if is_here(urlsplit(url).hostname or "") else []
    return urllib.request.build_opener(_Redirects, *direct)


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK_BYTES)
    except TimeoutError as error:
        raise Broken("the server has stopped sending") from error
    except (OSError, http.client.HTTPException) as error:
        raise Broken(f"the connection broke: {error}") from error


def _place(response: http.client.HTTPResponse) -> tuple[int, int]:
    """Where the answer's bytes begin, and how many the whole file has (0 if nobody says)."""
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0, response.length or 0
    told = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})", told)
    if match is None:
        raise Broken(f"the server sent a part of the file without saying which: {told[:40]!r}")
    return int(match[1]), int(match[2])


def _unreachable(error: Exception) -> Exception:
    """Why no answer came, and whether another try may help."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Unavailable(f"the server's certificate is not trusted: {reason.verify_message}", reason="NOT_TRUSTED")
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, http.client.RemoteDisconnected):
        return Broken(f"the server answers with something that is not HTTP ({type(reason).__name__})")
    if isinstance(reason, TimeoutError):
        return Broken("the server does not answer")
    return Broken(f"the server cannot be reached: {getattr(reason, 'strerror', None) or reason}")


def _private(path: Path) -> IO[bytes]:
    """The file for writing anywhere in it, its owner's alone; made if it is not there."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
