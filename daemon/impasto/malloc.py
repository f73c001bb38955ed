"""The C library's malloc: what it keeps for later, and how it gives that back. Pure, but for the asking.

Knows glibc's settings and its one call; other C libraries have neither, and nothing is done there. Must not know what
the memory was for. A worker is started with ``KEEPING`` and trims when it is idle; the front trims when it is idle; the
engine between tiles whose arrays lie on disk.
"""

import ctypes
import sys
from collections.abc import Mapping
from types import MappingProxyType

# By itself glibc gives blocks above 32 MiB back at once, and whoever needs the next one pays a fault for every page. A
# step's layers are such blocks: kept, a step of vgg19-slim takes 0.85 of the processor's time at 512 px, and nearly
# as long as before at 1024 (engine/LOG.md). Larger ones are not worth it: arrays of a picture of 6 megapixels between
# kept layers of 200 MiB leave holes in which no other fits, and such a job took 1.3 GiB more.
KEPT_BYTES = 64 << 20
TOP_BYTES = 256 << 20  # what may lie free behind the last block
KEEPING: Mapping[str, str] = MappingProxyType(
    {"MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES), "MALLOC_TRIM_THRESHOLD_": str(TOP_BYTES)}
)

_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # musl has none


def trim() -> None:
    """Gives everything that is free back to the system, wherever it lies."""
    if _TRIM is not None:
        _TRIM(0)
