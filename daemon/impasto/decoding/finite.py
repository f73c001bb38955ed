"""The child that counts samples which are infinite or no numbers: ``python finite.py SAMPLES DTYPE`` prints how many.

Knows numpy and nothing else. In a process of its own because the front must stay without numpy, and quick to answer.
Started by ``impasto.codec.check_finite`` alone.
"""

import os
import sys
from collections.abc import Sequence

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # nothing here is for many threads, and each one costs start-up

import numpy as np  # see above

BAND_SAMPLES = 1 << 22


def main(arguments: Sequence[str]) -> None:
    """Reads `arguments` = (samples, dtype) and prints the number."""
    samples = np.memmap(arguments[0], dtype=arguments[1], mode="r")
    bands = (samples[start : start + BAND_SAMPLES] for start in range(0, len(samples), BAND_SAMPLES))
    sys.stdout.write(f"{sum(int((~np.isfinite(band)).sum()) for band in bands)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
