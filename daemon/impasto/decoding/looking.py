"""The child that looks at raw samples: ``python looking.py QUESTION SAMPLES DTYPE CHANNELS`` prints a number.

Questions: how many samples are ``not_finite`` (infinite or no numbers); whether any pixel is ``seen`` (its alpha is
above 0) or ``lit`` (as a mask it selects something: see `impasto.pixels.mask`), 1 or 0. Knows numpy and nothing else.
In a process of its own because the front must stay without numpy, and quick to answer. Started by ``codec`` alone.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # nothing here is for many threads, and each one costs start-up

import numpy as np  # see above
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[Any]  # (N, channels)

BAND_PIXELS = 1 << 20
LUMA = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709


def not_finite(pixels: Pixels) -> int:
    """How many samples are infinite or no numbers."""
    return int((~np.isfinite(pixels)).sum())


def seen(pixels: Pixels) -> int:
    """1 if any pixel has alpha above 0."""
    return int((pixels[:, -1] > 0).any())


def lit(pixels: Pixels) -> int:
    """1 if any pixel has luminance above 0 and is not transparent."""
    light = pixels if pixels.shape[1] in (1, 3) else pixels[:, :-1]
    bright = (light if light.shape[1] == 1 else light @ np.array(LUMA, np.float32)[:, None]) > 0
    return int((bright if light is pixels else bright & (pixels[:, -1:] > 0)).any())


QUESTIONS: Mapping[str, Callable[[Pixels], int]] = {"not_finite": not_finite, "seen": seen, "lit": lit}


def main(arguments: Sequence[str]) -> None:
    """Reads `arguments` = (question, samples, dtype, channels) and prints the number; a yes ends the search."""
    ask, channels = QUESTIONS[arguments[0]], int(arguments[3])
    pixels = np.memmap(arguments[1], dtype=arguments[2], mode="r").reshape(-1, channels)
    found = 0
    for start in range(0, len(pixels), BAND_PIXELS):
        found += ask(pixels[start : start + BAND_PIXELS])
        if found and ask is not not_finite:
            break
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
