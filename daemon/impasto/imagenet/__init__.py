"""ImageNet's weights, brought here once: fetched or imported, verified, cut to what is used, normalised, and kept.

The face of the room, called by `impasto weights`; usable as a library:

    from impasto import imagenet
    from impasto.config import Config
    from impasto.weights import Shelf

    imagenet.fetch(Shelf(Config().data_dir), Config().weights_url, Config().weights_sha256)

Knows the shelf, the claim on it, and in which order things happen: nothing is parsed before its checksum is right, and
the encoder appears whole or not at all. Must not know the daemon, which only looks. torch is loaded when bytes are
turned into an encoder, not before.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from impasto import fetching, weights
from impasto.errors import Corrupted, InvalidRequest, Violation
from impasto.fetching import IMPORTING, Note
from impasto.imagenet.transfer import Download, is_here
from impasto.spec import VGG19
from impasto.weights import Shelf

if TYPE_CHECKING:
    from impasto.imagenet.convert import Origin

__all__ = ["Progress", "fetch", "import_file", "remove"]

SHA256_DIGITS = 64


@dataclass(frozen=True)
class Progress:
    """Where a fetch stands: "downloading", "checking" or "importing"; bytes had, and in all (0 if nobody says)."""

    stage: str
    received_bytes: int = 0
    total_bytes: int = 0


OnProgress = Callable[[Progress], None]


def fetch(
    shelf: Shelf,
    url: str,
    sha256: str,
    *,
    retries: int = 4,
    pause_s: float = 1.0,
    on_progress: OnProgress | None = None,
) -> None:
    """Brings torchvision's VGG-19 from `url`, or from torch's cache if it is there, and makes the encoder of it.

    Args:
        shelf: where it goes.
        url: https, or http if the checksum is given in full or the server is this machine.
        sha256: what the file's checksum begins with.
        retries: how often a broken transfer is taken up again before giving up.
        pause_s: before the first retry; it doubles each time.
        on_progress: called about four times per MiB, and when the stage changes.

    Raises:
        InvalidRequest: the address cannot be trusted.
        Busy: another fetch or import is under way.
        Unavailable, CannotServe: the transfer failed; what has arrived is kept for the next try.
        Corrupted: what came is not the file; nothing of it is kept.
    """
    _check_address(url, sha256)
    tell = on_progress or (lambda _progress: None)
    with fetching.claim(shelf):
        cached = weights.torchvision_path()
        if cached.is_file() and weights.sha256_of(cached).startswith(sha256):
            _convert(cached, shelf, sha256, "torch's cache", tell)
        else:
            _download(shelf, url, sha256, retries, pause_s, tell)
        fetching.forget(shelf)


def import_file(path: Path, shelf: Shelf, sha256: str = "", on_progress: OnProgress | None = None) -> None:
    """Makes the encoder of a file that is here: torchvision's, or Gatys' `vgg_conv.pth`.

    Args:
        path: the `.pth` file; it is left as it is.
        shelf: where the encoder goes; one that is there is replaced.
        sha256: what the checksum must begin with; empty means what the file's name says as torch's own names do
            (`vgg19-dcbb9e9d.pth`), and if it says nothing, nothing is compared.
        on_progress: called when the stage changes.

    Raises:
        InvalidRequest: `file` cannot be read, has another checksum, or does not hold VGG-19's weights.
        Busy: another fetch or import is under way.
    """
    try:
        with path.open("rb"):
            expected = sha256 or _told_by_name(path.name)
    except OSError as error:
        told = f"{path.name} cannot be read: {error.strerror}"
        raise InvalidRequest([Violation("file", told, "UNREADABLE")]) from error
    with fetching.claim(shelf):
        try:
            _convert(path, shelf, expected, "a file", on_progress or (lambda _progress: None))
        except Corrupted as error:
            raise InvalidRequest([Violation("file", f"{path.name}: {error.message}", error.reason)]) from error


def remove(shelf: Shelf) -> list[str]:
    """Removes the encoder and what is left of a fetch, and tells what was there.

    Raises:
        Busy: a fetch or import is under way.
    """
    with fetching.claim(shelf):
        removed = ["an unfinished download"] if fetching.forget(shelf) else []
        if shelf.available(VGG19):
            shelf.path(VGG19).unlink()
            removed.insert(0, VGG19)
    return removed


def _download(shelf: Shelf, url: str, sha256: str, retries: int, pause_s: float, tell: OnProgress) -> None:
    part, before = fetching.part_path(shelf), fetching.read_note(shelf) or Note()
    note = Note(url=url, validator=before.validator if before.url == url else "", total_bytes=before.total_bytes)
    fetching.write_note(shelf, note)
    download = Download(
        part,
        note,
        on_note=lambda told: fetching.write_note(shelf, told),
        on_progress=lambda had, total: tell(Progress("downloading", had, total)),
        retries=retries,
        pause_s=pause_s,
    )
    try:
        download.run()
    finally:
        if not fetching.received_bytes(shelf):
            fetching.forget(shelf)  # there is nothing to go on from
    fetching.write_note(shelf, replace(download.note, state=IMPORTING))
    try:
        _convert(part, shelf, sha256, urlsplit(url).hostname or "", tell)
    except Corrupted as error:
        fetching.forget(shelf)  # going on from it would never end well
        told = f"what {urlsplit(url).hostname} sent is not the file: {error.message}. Nothing of it was kept"
        raise Corrupted(told, reason=error.reason) from error


def _convert(path: Path, shelf: Shelf, expected: str, came_from: str, tell: OnProgress) -> None:
    """From a file to the encoder, its checksum first.

    Raises:
        Corrupted: it has another checksum, or does not hold VGG-19's weights.
    """
    size = path.stat().st_size
    tell(Progress("checking", size, size))
    sha256 = weights.sha256_of(path)
    if not sha256.startswith(expected):
        raise Corrupted(
            f"its {size} bytes have the SHA-256 {sha256[: max(len(expected), 8)]}…, and {expected}… is expected",
            reason="CHECKSUM_MISMATCH",
        )
    tell(Progress("importing", size, size))
    from impasto.imagenet import convert  # noqa: PLC0415  # torch

    origin: Origin = convert.Origin(came_from, sha256, expected)
    fresh = fetching.fresh_path(shelf)
    try:
        convert.convert(path, fresh, origin)
        fresh.chmod(0o600)
        fresh.replace(shelf.path(VGG19))
    finally:
        fresh.unlink(missing_ok=True)


def _told_by_name(name: str) -> str:
    """The digits of its own checksum in a file's name, as torch.hub reads them."""
    match = re.search(r"-([0-9a-f]{8,64})\.", name)
    return match[1] if match else ""


def _check_address(url: str, sha256: str) -> None:
    """Eight digits prove that nothing was damaged, not that nobody meddled: without encryption all 64 are needed."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and (is_here(parts.hostname or "") or _is_full(sha256))):
        return
    told = f"is {url}; https is needed, or the checksum with all its {SHA256_DIGITS} digits"
    raise InvalidRequest([Violation("url", told, "ADDRESS_NOT_TRUSTED")])


def _is_full(sha256: str) -> bool:
    return len(sha256) == SHA256_DIGITS
