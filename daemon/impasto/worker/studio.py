"""A device with the encoders that were loaded on it, and the pictures that the front names.

Knows torch's devices, encoder files and samples on disk. Must not know jobs or what is computed. ``worker`` owns one
`Studio`, and ``painting`` works in it.
"""

import copy
import gc
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from impasto import malloc, pixels
from impasto.engine import VGG, Pulse, TargetCache, load_encoder, load_slim
from impasto.engine.closeness import LEAST_COSINE, least_cosine
from impasto.engine.precision import has_tf32, paying_precision
from impasto.errors import CannotServe
from impasto.image import ImageHeader
from impasto.method import Precision, Settings
from impasto.method.defaults import defaults
from impasto.spec import SLIM
from impasto.weights import Shelf, sha256_of

HOST = torch.device("cpu")  # whose memory alone goes on to the disk

log = logging.getLogger(__name__)


def open_encoder(name: str, shelf: Shelf) -> VGG:
    """The encoder of that name, from the package or from the shelf.

    Raises:
        CannotServe: it has gone since the request was accepted, or its file is damaged.
    """
    if name == SLIM:
        return load_slim()
    try:
        return load_encoder(shelf.path(shelf.resolve(name)))
    except ValueError as error:
        raise CannotServe(
            f"{error}: `impasto weights remove` and `impasto weights fetch` bring a whole one",
            reason="ENCODER_UNAVAILABLE",
        ) from error


def cores() -> int:
    """The cores that this process may use; macOS tells only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fault(device: torch.device) -> str:
    """Why nothing can be computed there, in CUDA's own words; empty where it can.

    That CUDA is there says little: torch may have no code for a card so old or so new, another program may have taken
    all its memory, or it may be set to serve one process alone. A small convolution tells.
    """
    try:
        picture = torch.zeros(1, 3, 16, 16, device=device)
        torch.nn.functional.conv2d(picture, picture.new_zeros(16, 3, 3, 3)).sum().item()
    except RuntimeError as error:
        return str(error).strip().splitlines()[0]
    return ""


@dataclass(frozen=True)
class Picture:
    """A blob that the front named: its samples on disk, its header, and its name as a key for caches."""

    samples: pixels.Samples
    header: ImageHeader
    key: str

    @classmethod
    def open(cls, told: Mapping[str, Any]) -> "Picture":
        """From what the front says: path, header, key."""
        header = ImageHeader.from_json(told["header"])
        return cls(pixels.open_samples(Path(told["path"]), header), header, told["key"])


class Studio:
    """A device with the encoders that were loaded on it; weights are kept until their file is another one."""

    def __init__(self, device: torch.device, shelf: Shelf) -> None:
        self.device, self._shelf = device, shelf
        self.encoders: dict[str, VGG] = {}
        self._loaded: dict[str, tuple[int, ...]] = {}
        self._sha256: dict[str, str] = {}
        self.targets: dict[str, TargetCache] = {}
        self._precision: Precision | None = None
        self._tf32: dict[str, Precision] = {}  # by an encoder's hash: what a job gets that may have TF32

    @property
    def precision(self) -> Precision:
        """What pays on this device; found out when the first job begins."""
        if self._precision is None:
            self._precision = paying_precision(self.device)
        return self._precision

    @property
    def at_once(self) -> bool:
        """Whether layers are run as a whole, which takes more memory: as ``engine.seeing`` chooses."""
        return self.device.type == "cuda"

    def encoder(self, name: str, sha256: str = "") -> VGG:
        """The encoder of that name, on the device; from a file of that hash, if one is given.

        Raises:
            CannotServe: its file has gone, is damaged, or is another one by now.
        """
        if name in self.encoders and sha256 and sha256 == self._sha256[name]:
            return self.encoders[name]
        now = self._identity(name)
        if name not in self.encoders or now != self._loaded[name]:
            found = sha256_of(self._shelf.path(self._shelf.resolve(name)))
            self.encoders[name] = open_encoder(name, self._shelf).to(self.device)
            self.targets[name], self._loaded[name], self._sha256[name] = TargetCache(), now, found
        if sha256 and sha256 != self._sha256[name]:
            raise CannotServe(
                f"the weights of {name} are no longer those that this job was accepted with: send the request again",
                reason="ENCODER_CHANGED",
            )
        return self.encoders[name]

    def precision_of(self, name: str, encoder: VGG, allowed: Precision, pulse: Pulse) -> Precision:
        """What a job begins with where its terms allow so much: TF32 only where it is near float32 with these weights.

        Found out by trying, once for each encoder here, which a GPU does in less than a step takes a processor; the log
        says what was found. A processor has no TF32, and nothing is tried there.
        """
        device = next(encoder.parameters()).device
        if allowed != "tf32":
            return allowed
        if not has_tf32(device):
            return paying_precision(device)
        sha256 = self._sha256[name]
        if sha256 not in self._tf32:
            found = least_cosine(encoder, defaults(name).weights, pulse)
            self._tf32[sha256] = kept = "tf32" if found >= LEAST_COSINE else "float32"
            told = "in TF32 a gradient's cosine to that in float32 is %.5f with %s on %s, and %g is asked for: it is %s"
            log.info(told, found, name, device, LEAST_COSINE, kept)
        return self._tf32[sha256]

    def place(self, settings: Settings) -> torch.device:
        """Where a job is computed: one whose arrays lie on the disk on the processor, if its tiles do not go to a GPU.

        One that was begun on a processor goes on there, to the same pixels, beside a GPU, too.
        """
        return HOST if settings.spilled and not settings.tiles_on_gpu else self.device

    def placed(self, encoder: VGG, device: torch.device) -> VGG:
        """An encoder there: itself, or a copy, which is nobody else's."""
        return encoder if device == self.device else copy.deepcopy(encoder).to(device)

    def use_threads(self, threads: int) -> None:
        """So many of the processor's from now on; sums depend on it. 0 leaves it as it is."""
        if threads and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)

    def _identity(self, name: str) -> tuple[int, ...]:
        """What changes with the file: other weights may be imported while this process lives."""
        try:
            found = self._shelf.path(name).stat()
        except OSError:
            return self._loaded.get(name, ())  # removed: what was loaded still serves the jobs that were accepted
        return found.st_ino, found.st_size, found.st_mtime_ns

    def free_bytes(self, device: torch.device | None = None) -> int:
        """Memory that a job may still take on the device, or on another."""
        if (device or self.device).type == "cuda":  # what torch keeps for later counts as free
            kept = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
            return torch.cuda.mem_get_info(self.device)[0] + kept
        malloc.trim()  # likewise what malloc keeps
        try:
            lines = Path("/proc/meminfo").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
        except (OSError, StopIteration):
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def shortage(self, header: ImageHeader, needed: int, free: int, device: torch.device | None = None) -> str:
        """For people: that a picture needs so many bytes there and only so many are free, and what to do."""
        size = int(max(header.width, header.height) * min(0.7, (free / needed) ** 0.5 * 0.9))
        return (
            f"{header.width}x{header.height} px need about {needed >> 20} MiB on {device or self.device}, and "
            f"{free >> 20} MiB are free: ask for a size of about {size}"
        )

    def answers(self) -> bool:
        """Whether the device still computes for this process.

        After some errors of CUDA, as a kernel's access to memory that is not its own, nothing ever does again here; a
        new process has a whole device. Each call fails then, so one that does nothing tells it from any other error.
        """
        try:
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
        except RuntimeError:
            return False
        return True

    def release(self) -> None:
        """Gives back what a job that has left took: torch and malloc would keep it, errors hold circles."""
        gc.collect()
        malloc.trim()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def __repr__(self) -> str:
        return f"<Studio on {self.device} [{', '.join(self.encoders) or 'nothing loaded'}]>"
