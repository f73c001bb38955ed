"""The precision that pays on a device, by what it says of itself.

Knows torch's devices and Linux's /proc. Must not know encoders or pictures. ``worker`` asks it once; what it says is
written down with a job, so that a job keeps its pixels wherever it goes on. Of TF32 ``closeness`` has the last word.
"""

from pathlib import Path

import torch

from impasto.method import Precision

CPUINFO = Path("/proc/cpuinfo")
MATRIX_UNITS = "amx_bf16"  # seven times as fast at bfloat16 as at float32 (LOG.md)
AMPERE = (8, 0)  # the compute capability since which GPUs have TF32 and bfloat16


def paying_precision(device: torch.device, cpuinfo: Path = CPUINFO) -> Precision:
    """``tf32`` on a GPU that has it, ``mixed`` where the processor has matrix units for bfloat16, else ``float32``.

    By name and not by trying: beside other work the best of sixteen tries was wrong about one time in three, and two
    equal requests would have had different pixels. Without the units torch emulates bfloat16 at a tenth of the
    speed; AVX-512 BF16 alone and other systems stay with float32, as nobody has measured them here yet.
    """
    if has_tf32(device):
        return "tf32"
    if device.type != "cpu":
        return "float32"
    try:
        told = cpuinfo.read_text()
    except OSError:
        return "float32"
    flags = next((line.split() for line in told.splitlines() if line.startswith("flags")), [])
    return "mixed" if MATRIX_UNITS in flags else "float32"


def has_tf32(device: torch.device) -> bool:
    """Whether it multiplies with ten bits of mantissa when it is let; it has matrix units for bfloat16 then, too."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= AMPERE
