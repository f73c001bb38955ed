"""Which encoders can be used here and now, found without importing torch.

Knows where the encoder files lie, and the card that each carries. Must not fetch, convert or load weights: ``imagenet``
does that once, ``painting`` reads the result. ``rpc`` asks before a job is made, so that a missing encoder is refused
at once; every answer is of the moment, so that a daemon sees what another process has put there.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto.errors import CannotServe
from impasto.spec import AUTO, SLIM, VGG19

TORCHVISION_FILE = "vgg19-dcbb9e9d.pth"  # the name in torchvision's VGG19_Weights.IMAGENET1K_V1.url; a test compares
METADATA_KEY = "impasto.encoder"  # as the engine writes it; a test compares
MAX_HEADER_BYTES = 1024 * 1024
HOW_TO_GET = "`impasto weights fetch` brings it (548 MB are loaded, 52 MB stay), `impasto weights import` takes a file"


@dataclass(frozen=True)
class Shelf:
    """Where encoder files live: the data folder's `encoders`, and the package for the one that is shipped."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        """Holds what was fetched or imported; may not be there yet."""
        return self.data_dir / "encoders"

    def path(self, encoder: str) -> Path:
        """The file of that encoder, whether or not it is there."""
        package = Path(__file__).parent / "encoders"
        return (package if encoder == SLIM else self.folder) / f"{encoder}.safetensors"

    def available(self, encoder: str) -> bool:
        """Whether the weights of `encoder` are on this machine."""
        return self.path(encoder).is_file()

    def default(self) -> str:
        """What "auto" means here and now."""
        return VGG19 if self.available(VGG19) else SLIM

    def resolve(self, encoder: str) -> str:
        """The encoder that a request means.

        Raises:
            CannotServe: its weights are not here.
        """
        if encoder == AUTO:
            return self.default()
        if not self.available(encoder):
            raise CannotServe(
                f"the weights of {encoder} are not on this machine: {HOW_TO_GET}; {SLIM} needs nothing",
                reason="ENCODER_UNAVAILABLE",
            )
        return encoder

    def sha256(self, encoder: str) -> str:
        """The checksum of that encoder's file as it is now; hashed once for each file.

        Raises:
            CannotServe: its weights are not here.
        """
        path = self.path(encoder)
        try:
            found = path.stat()
        except OSError:
            self.resolve(encoder)  # tells what to do
            raise
        return _sha256_of(path, found.st_ino, found.st_size, found.st_mtime_ns)

    def description(self, encoder: str) -> str:
        """For people: what the encoder is, or what to do to have it."""
        if encoder == SLIM:
            return "shipped with Impasto: trained on pictures drawn by its own code"
        if not self.available(encoder):
            return f"ImageNet's VGG-19: {HOW_TO_GET}"
        return f"ImageNet's VGG-19, from {card(self.path(encoder)).get('source', 'an unknown source')}"


def notice(asked: str, taken: str) -> str:
    """For people: which encoder was taken and why."""
    if asked != AUTO:
        return f"encoder {taken}"
    why = "is here" if taken == VGG19 else "is not here, see `impasto weights --help`"
    return f"encoder {taken} (auto: ImageNet's VGG-19 {why})"


def card(path: Path) -> dict[str, Any]:
    """What an encoder file tells of its origin; empty if it cannot be read. Reads the header alone."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= MAX_HEADER_BYTES else {}
        found = json.loads(header["__metadata__"][METADATA_KEY])["card"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def sha256_of(path: Path) -> str:
    """The file's checksum in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(16)
def _sha256_of(path: Path, *_identity: int) -> str:
    """Likewise, remembered as long as the file is the same."""
    return sha256_of(path)


def torchvision_path() -> Path:
    """Where torch.hub keeps torchvision's own file, by the same rules as torch.hub.get_dir()."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints" / TORCHVISION_FILE
