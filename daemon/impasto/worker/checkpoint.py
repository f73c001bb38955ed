"""The state of a painting as a file, to go on from on any worker: whole and verified, or not there.

Knows the engine's `Checkpoint` and files. Must not know jobs, devices, the front, or when one is due (``saving``). A
file is safetensors: every tensor of the state, and beside them as JSON what else it is made of; reading one executes
nothing. It is written beside its place, synced and renamed to a name that holds its XXH3, so that a half-written or
damaged one is never taken for a state. The last two are kept: where the newest is damaged, the one before serves.

The checksum is against damage, not against forgery: whoever can write here can do as much as we. XXH3 of 64 bits runs
at 8.8 GB/s where CRC-32 runs at 2.1 and SHA-256 at 1.25.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from impasto.engine import Checkpoint
from impasto.worker import tensor_file

log = logging.getLogger(__name__)

KEPT = 2
PART, SUFFIX = "next.part", ".safetensors"
LEFT_BEHIND = ("*.part", ".tmp*")  # ours and safetensors' own, of a worker that was killed while it wrote
METADATA_KEY = "impasto.checkpoint"
MAPPED_BYTES = 48 << 20


@dataclass(frozen=True)
class Saved:
    """What a folder holds: the newest whole state, with what ``painting`` put beside it, and how many were damaged."""

    state: Checkpoint | None
    beside: Mapping[str, Any]
    damaged: int


@dataclass(frozen=True)
class Packed:
    """A state as a file holds it: tensors by name, and all else as JSON in which they are named."""

    number: int
    tensors: dict[str, Tensor]
    told: str

    @classmethod
    def of(cls, state: Checkpoint, beside: Mapping[str, Any]) -> "Packed":
        """Takes a state apart; the tensors are the state's own, not copies."""
        tensors: dict[str, Tensor] = {}
        told = json.dumps({"state": _apart(vars(state), tensors), "beside": dict(beside)})
        return cls(state.number, tensors, told)

    @property
    def size_bytes(self) -> int:
        """About what its file takes."""
        return sum(tensor.nbytes for tensor in self.tensors.values()) + len(self.told)


def prepare(folder: Path) -> None:
    """Makes the folder of a job's states, and removes what was never finished there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for pattern in LEFT_BEHIND:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def write(folder: Path, packed: Packed, put: Callable[[Path, Path], object] = Path.replace) -> None:
    """Writes a state, whole or not at all, and removes those before the last one; the folder must be there.

    Args:
        folder: of the job's states.
        packed: the state; its tensors are none of it any more once they are written.
        put: gives the finished file its name; who must not have it any more does nothing instead.

    Raises:
        OSError: the disk is full or fails; what was there stays.
    """
    part = folder / PART
    try:
        checksum = tensor_file.write(part, packed.tensors, {METADATA_KEY: packed.told})
        put(part, folder / f"{packed.number:08}-{checksum}{SUFFIX}")
    finally:
        part.unlink(missing_ok=True)
    for old in states(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def newest(folder: Path) -> Saved:
    """The newest state that is whole; damaged ones are removed.

    Raises:
        MemoryError, RuntimeError: there is no memory for it, which says nothing about the file: it stays.
    """
    damaged = 0
    for path in states(folder):
        try:
            state, beside = _read(path)
            return Saved(state, beside, damaged)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:  # of what is in it
            log.warning("a checkpoint is damaged and is not used: %s", error)
            path.unlink(missing_ok=True)
        except OSError as error:  # of the disk, which may be better another time
            log.warning("a checkpoint cannot be read and is not used: %s", error)
        damaged += 1
    return Saved(None, {}, damaged)


def _read(path: Path) -> tuple[Checkpoint, dict[str, Any]]:
    """A state and what was put beside it.

    Raises:
        SafetensorError, ValueError, KeyError, TypeError: it is damaged.
        OSError: it cannot be read.
    """
    if tensor_file.checksum_of(path) != path.stem.partition("-")[2]:
        raise ValueError("its checksum differs")
    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()[METADATA_KEY])
        # Copies: what is mapped from a file would fail where nobody expects it, should the disk fail later. But not of
        # arrays so large that they lay on the disk before (``engine.spilled``, which copies them at once).
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        tensors = {name: one.clone() if one.nbytes < MAPPED_BYTES else one for name, one in found.items()}
    return Checkpoint(**_together(told["state"], tensors)), told["beside"]


def _apart(value: Any, tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401  # an optimiser's state is nested anything
    """What JSON can hold of nested dicts and lists; tensors go into `tensors`, keys keep their types."""
    if isinstance(value, Tensor):
        name = f"{len(tensors):03}"
        tensors[name] = value.contiguous()
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"pairs": [[key, _apart(inner, tensors)] for key, inner in value.items()]}
    return [_apart(inner, tensors) for inner in value] if isinstance(value, list | tuple) else value


def _together(told: Any, tensors: Mapping[str, Tensor]) -> Any:  # noqa: ANN401
    """The inverse of `_apart`; what was a tuple is a list."""
    if isinstance(told, list):
        return [_together(inner, tensors) for inner in told]
    if not isinstance(told, dict):
        return told
    if "tensor" in told:
        return tensors[told["tensor"]]
    return {key: _together(inner, tensors) for key, inner in told["pairs"]}


def states(folder: Path) -> list[Path]:
    """The files of all states, the newest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
