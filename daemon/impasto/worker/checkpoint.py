"""The state of a painting as a file, to go on from on any worker: whole and verified, or not there.

Knows the engine's `Checkpoint`, files and how often to write one. Must not know jobs, devices or the front.
``painting`` writes and reads it. A file is written beside its place, synced and renamed to a name that holds the
SHA-256 of its bytes, so that a half-written or damaged one is never taken for a state. The last two are kept: where the
newest is damaged, the one before serves.
"""

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from impasto.engine import Checkpoint
from impasto.weights import sha256_of

log = logging.getLogger(__name__)

KEPT = 2
SHARE = 0.05  # of the work, at most, goes into writing
LEAST_PAUSE_S = 0.5
SMALL_PIXELS, SMALL_PAUSE_S = 1_000_000, 5.0  # below so many pixels at most so much work is lost


@dataclass
class Cadence:
    """When a state is due: the mutable state is when the last was written, and what that cost."""

    pixels: int
    written_at_s: float = 0.0
    cost_s: float = 0.0

    def due(self, worked_s: float) -> bool:
        """Whether to write one now, after so many seconds of work in all."""
        pause = max(LEAST_PAUSE_S, self.cost_s / SHARE)
        return worked_s - self.written_at_s >= (min(pause, SMALL_PAUSE_S) if self.pixels < SMALL_PIXELS else pause)

    def written(self, worked_s: float, cost_s: float) -> None:
        """One was written."""
        self.written_at_s, self.cost_s = worked_s, cost_s


@dataclass(frozen=True)
class Saved:
    """What a folder holds: the newest whole state, with what ``painting`` put beside it, and how many were damaged."""

    state: Checkpoint | None
    beside: Mapping[str, Any]
    damaged: int


class _Hashing:
    """A file that is hashed as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Writes and hashes."""
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """As files do."""
        self._file.flush()


def write(folder: Path, state: Checkpoint, beside: Mapping[str, Any]) -> None:
    """Writes a state, whole or not at all, and removes those before the last one.

    Raises:
        OSError: the disk is full or fails; what was there stays.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / "next.part"
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            hashing = _Hashing(file)
            _put({"state": dict(vars(state)), "beside": dict(beside)}, hashing)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / f"{state.number:08}-{hashing.digest.hexdigest()}.state")
    finally:
        part.unlink(missing_ok=True)
    for old in _files(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def _put(told: Mapping[str, Any], file: _Hashing) -> None:
    """torch.save, whose errors at a full disk are RuntimeErrors of many words."""
    try:
        torch.save(told, file)  # type: ignore[arg-type]  # it writes and flushes, and that is all it needs
    except RuntimeError as error:
        raise OSError(28, f"the state could not be written: {error}") from error


def newest(folder: Path) -> Saved:
    """The newest state that is whole; damaged ones are removed."""
    damaged = 0
    for path in _files(folder):
        try:
            if sha256_of(path) != path.stem.partition("-")[2]:
                raise ValueError("its checksum differs")
            told = torch.load(path, map_location="cpu", weights_only=True)
            return Saved(Checkpoint(**told["state"]), told["beside"], damaged)
        except MemoryError:  # says nothing about the file, which would be removed
            raise
        except Exception as error:  # whatever is wrong with it, it is no state to go on from
            log.warning("a checkpoint is damaged and is not used: %s", error)
            damaged += 1
            path.unlink(missing_ok=True)
    return Saved(None, {}, damaged)


def _files(folder: Path) -> list[Path]:
    """All states, the newest first."""
    return sorted(folder.glob("*.state"), reverse=True)
