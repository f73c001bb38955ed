"""The precision that pays on a processor, by trying it.

Knows torch and a clock. Must not know encoders or pictures. ``worker`` asks it once; what it says is written down with
a job, so that a job keeps its pixels wherever it goes on.
"""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from impasto.engine.chain import INNERMOST
from impasto.engine.seeing import Precision

CHANNELS, SIDE_PX, TRIES = 128, 64, 3  # a convolution of VGG's second block, some milliseconds long
GAIN = 1.3  # with less, rounding and copies cost what the convolutions save


@torch.no_grad()
def paying_precision(device: torch.device) -> Precision:
    """``mixed`` where a convolution in bfloat16 is faster by far than in float32: with matrix units, or AVX-512 BF16.

    Without them torch emulates it at a tenth of the speed. A GPU stays with float32: nobody has measured one here yet.
    """
    if device.type != "cpu":
        return "float32"
    single, half = (_seconds(dtype, time.perf_counter) for dtype in (torch.float32, torch.bfloat16))
    return "mixed" if single > GAIN * half else "float32"


def _seconds(dtype: torch.dtype, clock: Callable[[], float]) -> float:
    """The shortest of a few tries."""
    image = torch.ones(1, CHANNELS, SIDE_PX, SIDE_PX, dtype=dtype).contiguous(memory_format=INNERMOST)
    weight = torch.ones(CHANNELS, CHANNELS, 3, 3, dtype=dtype).contiguous(memory_format=INNERMOST)
    took = []
    for _ in range(TRIES):
        began = clock()
        F.conv2d(image, weight, padding=1)
        took.append(clock() - began)
    return min(took)
