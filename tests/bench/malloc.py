"""Memory that is taken once: glibc's malloc told to keep what is freed, for everybody in a bench alike.

Knows the C library's two settings. Must not know what is timed. ``bench.engine`` and ``bench.race`` ask before they
load anything large; ``bench.weighing`` weighs without it, as users run.

By itself malloc gives blocks above 32 MB back to the system at once, and the next of them costs a page fault for every
4 KiB. Layers of 512 px are such blocks. (a), which makes all of them anew at each evaluation, then ran at 1.69 to 1.75
times the floor, most of what is above it faults, and was no fair opponent; without them it runs at 1.41.
"""

import os
import sys

SETTINGS = {"MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_MMAP_THRESHOLD_": str(1 << 34)}


def keeping() -> None:
    """Begins this command anew with those settings, unless it has them; other C libraries ignore them."""
    if not os.environ.keys() >= SETTINGS.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **SETTINGS})


def as_usual() -> dict[str, str]:
    """The environment without them."""
    return {name: value for name, value in os.environ.items() if name not in SETTINGS}
