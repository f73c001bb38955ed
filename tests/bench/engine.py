"""How fast one evaluation of J and its gradient is, and what it keeps in memory, beside what others do.

    .venv/bin/python tests/bench/engine.py [--sizes 256 512 1024] [--rounds 5] [--rounds-large 5]

The others are (a) neural-style-pt's loop, (b) the PyTorch tutorial's, (c) SPST's block scheme, restated plainly in
``bench.peers`` on the same weights and the same objective. Before anything is timed each must agree with us to 1e-5 in
loss and gradient, in float64; and (a) must run at no more than 1.6 times the float32 floor at 512 px, or it is no fair
opponent and the bench refuses to compare. *Floor* is what thirteen convolutions and the Gram matrices take in
floating-point operations, there and back, at the fastest convolution that this machine showed in the same run; *own
floor* has the way back at bfloat16's peak, where ours uses it. Rounds alternate, so that whatever else the machine does
meets all; ratios are medians over rounds. Memory is that of fresh processes. No time is asserted anywhere.

Everybody has a malloc that keeps what is freed (``bench.malloc``): without it (a) is no fair opponent.

Measured on 2026-11-26 on two quiet cores, full width, seven rounds (five at 1024 px); (a) at 1.41 times the floor:

      px                          median s    / a  x floor  x own floor  peak MiB    / a
     256  impasto (mixed)             0.21   0.57     0.92         1.63       259   1.47
     256  impasto float32             0.32   0.89     1.45         2.58       200   1.14
     256  a neural-style-pt           0.36   1.00     1.60         2.83       176   1.00
     256  a, channels innermost       0.32   0.89     1.45         2.57
     256  b tutorial                  0.36   1.03     1.61         2.86
     256  c SPST                      0.51   1.42     2.27         4.03
     512  impasto (mixed)             0.81   0.58     0.81         1.45       369   0.66
     512  impasto float32             1.30   0.93     1.31         2.33       320   0.58
     512  a neural-style-pt           1.40   1.00     1.41         2.52       557   1.00
     512  a, channels innermost       1.27   0.90     1.28         2.28
     512  b tutorial                  1.41   1.00     1.41         2.52
     512  c SPST                      2.01   1.41     2.02         3.61
    1024  impasto (mixed)             2.99   0.58     0.82         1.45       658   0.40
    1024  impasto float32             4.92   0.95     1.34         2.39       813   0.49
    1024  a neural-style-pt           5.17   1.00     1.41         2.51      1641   1.00
    1024  a, channels innermost       4.88   0.93     1.33         2.37
    1024  b tutorial                  5.30   1.02     1.45         2.57
    1024  c SPST                      7.59   1.47     2.07         3.69

With malloc as it is 1024 px took us 3.46 s and (a) 7.35 (0.48). Before the passage ours was autograd's: as (b).
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

from bench import malloc
from bench.contest import BUILDERS, EQUAL, apart, oracle, problem_of, scene_of
from bench.weighing import memory_tables
from impasto.engine import random_encoder
from impasto.engine.precision import paying_precision

LARGE_PX = 1024
FAIR_PX, FAIR = 512, 1.6
FIRST = "a neural-style-pt"
# VGG-19 to conv5_1, forward and backward to the picture only, Gram matrices included: 396.9 GFLOP at 512 px, of which
# the Gram matrices are 18.2; all of it in proportion to the pixels, half of it on the way back.
FLOPS_PER_PIXEL = 396.9e9 / 512**2
# (channels, side): the shapes that VGG's blocks have at 256 and 512 px.
PEAK_SHAPES = ((64, 256), (128, 128), (256, 64), (256, 128), (512, 32), (512, 64))
Times = dict[str, list[tuple[float, float]]]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


@torch.no_grad()
def convolution_peak(dtype: torch.dtype) -> float:
    """The best FLOP/s of any of VGG's convolutions in either layout, each given three tries."""
    best = 0.0
    for channels, side in PEAK_SHAPES:
        for layout in (torch.contiguous_format, torch.channels_last):
            image = torch.rand(1, channels, side, side).to(dtype).contiguous(memory_format=layout)
            weight = torch.rand(channels, channels, 3, 3).to(dtype).contiguous(memory_format=layout)
            seconds = min(timed(lambda i=image, w=weight: F.conv2d(i, w, padding=1))[0] for _ in range(3))  # type: ignore[misc]
            best = max(best, 2 * 9 * channels**2 * side**2 / seconds)
    return best


def check(console: Console) -> None:
    """Ends the bench if any of them does not compute the same."""
    for name, off in oracle().items():
        if max(off) > EQUAL:
            sys.exit(f"{name} does not compute the same: loss {off[0]:.1e}, gradient {off[1]:.1e} apart")
        console.print(f"{name}: the same objective to {off[0]:.0e} in loss and {off[1]:.0e} in gradient, in float64")


def time_rounds(side: int, rounds: int, console: Console) -> tuple[Times, dict[torch.dtype, float]]:
    """Seconds of each evaluation, taken in turns, and the machine's peaks between them."""
    problem, x = problem_of(random_encoder(1.0), side), scene_of(side).x
    taking_part = {name: build(problem) for name, build in BUILDERS.items()}
    first = taking_part[FIRST](x)  # each is warm after it
    for name, evaluate in taking_part.items():
        off = apart(evaluate(x), first)
        console.print(f"{side} px, {name}: {off[0]:.0e} in loss and {off[1]:.0e} in gradient from (a), in float32")
    found: Times = {name: [] for name in taking_part}
    peaks = dict.fromkeys((torch.float32, torch.bfloat16), 0.0)
    for turn in range(rounds):
        for name in sorted(taking_part, reverse=bool(turn % 2)):
            found[name].append(timed(lambda n=name: taking_part[n](x)))  # type: ignore[misc]
        peaks = {dtype: max(peak, convolution_peak(dtype)) for dtype, peak in peaks.items()}
    return found, peaks


def floors(side: int, peaks: dict[torch.dtype, float]) -> tuple[float, float]:
    """Seconds in float32 alone, and with the way back in what ours uses."""
    half = FLOPS_PER_PIXEL * side**2 / 2
    back = torch.bfloat16 if paying_precision(torch.device("cpu")) == "mixed" else torch.float32
    return 2 * half / peaks[torch.float32], half / peaks[torch.float32] + half / peaks[back]


def time_table(sizes: list[int], rounds: int, rounds_large: int, console: Console) -> Table:
    """Seconds per evaluation, beside (a) and the floor."""
    table = Table(title=f"one evaluation of J and its gradient, full width, {torch.get_num_threads()} threads")
    columns = ("px", "", "median s", "best s", "processor s", "/ a", "processor / a", "x floor", "x own floor")
    for column in columns:
        table.add_column(column, justify="right")
    for side in sizes:
        times, peaks = time_rounds(side, rounds_large if side >= LARGE_PX else rounds, console)
        floor, own = floors(side, peaks)
        told = ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {dtype}" for dtype, peak in peaks.items())
        console.print(f"{side} px: peaks {told}; floor {floor:.2f} s, own floor {own:.2f} s")
        fair = min(wall for wall, _ in times[FIRST]) / floor
        if side == FAIR_PX and fair > FAIR:
            sys.exit(f"(a) runs at {fair:.2f} x the float32 floor; above {FAIR} it is no fair opponent")
        for name, taken in times.items():
            walls = [wall for wall, _ in taken]
            ratios = [
                median(one[kind] / other[kind] for one, other in zip(taken, times[FIRST], strict=True))
                for kind in (0, 1)
            ]
            table.add_row(
                *(str(side), name, f"{median(walls):.2f}", f"{min(walls):.2f}"),
                *(f"{median(cpu for _, cpu in taken):.2f}", f"{ratios[0]:.2f}", f"{ratios[1]:.2f}"),
                *(f"{median(walls) / floor:.2f}", f"{median(walls) / own:.2f}"),
            )
    return table


def main() -> None:
    """Checks, times, weighs, prints."""
    parser = argparse.ArgumentParser(description="times and weighs the engine beside what others do")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rounds-large", type=int, default=5, help=f"at {LARGE_PX} px and more")
    parser.add_argument("--skip", choices=("times", "memory"), nargs="+", default=())
    options = parser.parse_args()
    malloc.keeping()
    console = Console(width=140)
    check(console)
    if "times" not in options.skip:
        console.print(time_table(options.sizes, options.rounds, options.rounds_large, console))
    if "memory" not in options.skip:
        for table in memory_tables(options.sizes, [side for side in options.sizes if side < LARGE_PX]):
            console.print(table)


if __name__ == "__main__":
    main()
