"""How fast one evaluation of J and its gradient is on a GPU, beside (a) as PyTorch ships it and the GPU's own floor.

    python tests/bench/gpu.py [--sizes 512 1024] [--rounds 9]

(a) is neural-style-pt's loop (``bench.peers``) with torch's settings as they come: convolutions in TF32, matrix
products in float32, kernels begun one by one. Ours is what a worker runs: the passage for GPUs, recorded as a CUDA
graph. *Own floor* is what VGG's thirteen convolutions and the Gram matrices take in floating-point operations at the
fastest convolution of VGG's shapes at that size, each half of the way at its own precision's measured peak. The
gradient is compared with that of (a) in full float32; both scenes are told: noise with random weights, where every
rounding turns some ReLU, and the gallery's pictures with the encoder that is shipped. Rounds alternate; medians of
events on the device. Nothing is asserted.

Measured on 2026-11-26 on one H100 (80 GB), torch 2.11, cuDNN 9.19; peaks at 512 px 39, 245 and 349 TFLOP/s in float32,
TF32 and bfloat16, at 1024 px 40, 314 and 547:

      px                          median ms    / a  x own floor  cosine   MiB
     512  impasto tf32                 2.20   0.33         1.59  0.9982   471
     512  impasto float32             15.07   2.19         1.49  1.0000   396
     512  a neural-style-pt            6.87   1.00         4.23  0.9984   430
     512  a, channels innermost        6.24   0.97         3.84  0.9983   454
    1024  impasto tf32                 6.71   0.38         1.69  0.9983  1153
    1024  impasto float32             58.03   3.34         1.46  1.0000  1569
    1024  a neural-style-pt           17.40   1.00         3.44  0.9986  1653
    1024  a, channels innermost       14.18   0.82         2.81  0.9983  1650

Slim over pictures, 512x384 and 1024x768 px: tf32 1.25 and 2.98 ms, (a) 6.7 and 6.4 (kernels begun one by one), cosine
0.9995. What is called tf32 here was called mixed that day.

A worker takes TF32 only with weights that keep the gradient's cosine at 0.999 or more (``engine.closeness``); the bench
says what it would take. With the encoder that is shipped it does. With these random weights it takes float32: 2.19 and
3.34 times as long as (a) as PyTorch ships it, which goes in TF32 whatever that does to its gradient, and 1.49 and 1.46
times its own floor. ImageNet's weights were not there to be asked. *impasto mixed*, float32 there and bfloat16 back, is
what a job keeps that comes from a processor; no card has timed it yet.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

from bench import race
from bench.contest import apart, problem_of, scene_of
from bench.engine import FLOPS_PER_PIXEL
from bench.peers import Evaluate, InNetwork, Problem, by_autograd
from impasto.engine import Objective, load_slim, random_encoder, style_targets
from impasto.engine.descent.replay import Replay
from impasto.engine.passage.at_once import multiplying
from impasto.method import Precision, Weights

FIRST, WARM_UPS = "a neural-style-pt", 3
BLOCKS = ((64, 1), (128, 2), (256, 4), (512, 8), (512, 16))  # channels, and how much smaller than the picture


def milliseconds(work: Callable[[], object]) -> float:
    """On the device."""
    began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    began.record()
    work()
    ended.record()
    torch.cuda.synchronize()
    return float(began.elapsed_time(ended))


@torch.no_grad()
def convolution_peak(side: int, dtype: torch.dtype, *, tf32: bool = False) -> float:
    """The best FLOP/s of any of VGG's convolutions of that picture, in either layout; of each the median of eight."""
    best = 0.0
    with multiplying(tf32=tf32):
        for channels, smaller in BLOCKS:
            for layout in (torch.contiguous_format, torch.channels_last):
                shape = (1, channels, side // smaller, side // smaller)
                image = torch.rand(shape, device="cuda").to(dtype).contiguous(memory_format=layout)
                weight = torch.rand(channels, channels, 3, 3, device="cuda").to(dtype).contiguous(memory_format=layout)
                taken = median(milliseconds(lambda i=image, w=weight: F.conv2d(i, w, padding=1)) for _ in range(8))  # type: ignore[misc]
                best = max(best, 2 * 9 * channels**2 * shape[2] ** 2 / taken * 1e3)
    return best


def ours(problem: Problem, x: Tensor, precision: Precision) -> Evaluate:
    """As a worker has it: recorded."""
    targets = style_targets(problem.encoder, problem.style, tuple(problem.weights.style_layers))
    replay = Replay(Objective(problem.encoder, problem.content, targets, problem.weights, precision=precision), x)

    def evaluate(at: Tensor) -> tuple[Tensor, Tensor]:
        terms, gradient = replay.played(at)
        return terms[-1], gradient

    return evaluate


def on_gpu(problem: Problem) -> Problem:
    """All of it."""
    return replace(problem, encoder=problem.encoder.cuda(), content=problem.content.cuda(), style=problem.style.cuda())


def scenes(side: int) -> Iterator[tuple[str, Problem, Tensor]]:
    """By name: a problem, and an X."""
    yield "noise, random weights", on_gpu(problem_of(random_encoder(1.0), side)), scene_of(side).x.cuda()
    weights = Weights(2.0, 150.0)
    drawn = on_gpu(race.problem_of(load_slim(), weights, side))
    yield "harbour and swirl, slim", drawn, 0.9 * drawn.content + 0.1 * torch.rand_like(drawn.content)


@contextmanager
def weighed(found: dict[str, float], name: str) -> Iterator[None]:
    """The most memory that tensors took meanwhile, in MiB above what there was."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    yield
    found[name] = (torch.cuda.max_memory_allocated() - before) / 2**20


def table_of(name: str, problem: Problem, x: Tensor, rounds: int, console: Console) -> Table:
    """Milliseconds, beside (a) and the floor; how far gradients are from float32's."""
    side, pixels = x.shape[3], x.shape[2] * x.shape[3]
    made: dict[str, Callable[[], Evaluate]] = {
        FIRST: lambda: by_autograd(InNetwork(problem, inplace=True)),
        "a, channels innermost": lambda: by_autograd(InNetwork(problem, inplace=True, innermost=True)),
        "impasto tf32": lambda: ours(problem, x, "tf32"),
        "impasto mixed": lambda: ours(problem, x, "mixed"),
        "impasto float32": lambda: ours(problem, x, "float32"),
    }
    precision, told = race.taken(problem)
    console.print(f"{name}: a worker takes {precision}, as {told}")
    with multiplying(tf32=False):
        expected = by_autograd(InNetwork(problem, inplace=True))(x)
    memory, taking_part = dict[str, float](), dict[str, Evaluate]()
    off = dict[str, tuple[float, float]]()
    for each, build in made.items():
        with weighed(memory, each):
            taking_part[each] = build()
            found = taking_part[each](x)
            for _ in range(WARM_UPS):
                taking_part[each](x)
        cosine = F.cosine_similarity(found[1].flatten(), expected[1].flatten(), 0)
        off[each] = float(cosine), apart(found, expected)[0]
    taken: dict[str, list[float]] = {each: [] for each in made}
    for turn in range(rounds):
        for each in sorted(made, reverse=bool(turn % 2)):
            taken[each].append(milliseconds(lambda e=each: taking_part[e](x)))  # type: ignore[misc]
    peaks = [
        convolution_peak(side, torch.float32),
        convolution_peak(side, torch.float32, tf32=True),
        convolution_peak(side, torch.bfloat16),
    ]
    told = ", ".join(
        f"{peak / 1e12:.0f} TFLOP/s in {of}" for of, peak in zip(("float32", "TF32", "bfloat16"), peaks, strict=True)
    )
    console.print(f"{name}, {side} px: peaks {told}")
    half = FLOPS_PER_PIXEL * pixels / 2 * 1e3
    floors = {each: half / peaks[1] + half / peaks[1 if each.startswith("a") else 2] for each in made}
    floors |= {"impasto float32": 2 * half / peaks[0], "impasto mixed": half / peaks[0] + half / peaks[2]}
    table = Table(title=f"{name}, {x.shape[3]}x{x.shape[2]} px")
    for column in ("", "median ms", "best ms", "/ a", "x own floor", "cosine to float32", "J apart", "MiB"):
        table.add_column(column, justify="right")
    for each, times in taken.items():
        ratio = median(mine / theirs for mine, theirs in zip(times, taken[FIRST], strict=True))
        full = each.startswith("impasto") or "slim" not in name
        table.add_row(
            *(each, f"{median(times):.2f}", f"{min(times):.2f}", f"{ratio:.2f}"),
            *(f"{median(times) / floors[each]:.2f}" if full and "slim" not in name else "-", f"{off[each][0]:.5f}"),
            *(f"{off[each][1]:.0e}", f"{memory[each]:.0f}"),
        )
    return table


def main() -> None:
    """Times, prints."""
    parser = argparse.ArgumentParser(description="one evaluation of J and its gradient on a GPU")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("torch sees no GPU here, so none is measured; tests/bench/engine.py is for processors")  # noqa: T201  # a command
        return
    console = Console(width=140)
    console.print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}")
    for side in options.sizes:
        for name, problem, x in scenes(side):
            console.print(table_of(name, problem, x, options.rounds, console))


if __name__ == "__main__":
    main()
