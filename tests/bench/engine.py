"""How fast one evaluation of J and its gradient is, and what a run keeps in memory: this engine beside a plain loop.

    .venv/bin/python tests/bench/engine.py [--sizes 256 512] [--pairs 5] [--pairs-large 3]

*plain* is the same objective as an fp32 autograd loop the way neural-style-pt writes it (max pooling, zero padding,
losses between the layers); before anything is timed, loss and gradient must agree to 1e-5. *floor* is what thirteen
convolutions and the Gram matrices take in floating-point operations, there and back, at the fastest convolution that
this machine showed in the same run. Evaluations alternate, so that whatever else the machine does meets both. Memory is
that of fresh processes, above what they had before the first evaluation. No time is asserted anywhere.

Measured on 2026-11-22 with the command above (2 minutes 25): 2 cores of a shared Xeon (AVX-512), torch 2.12.1,
while a training ran beside it at nice 19; processor seconds are those of both threads:

      px           median s  best s  processor s  plain / it  x floor  floor s  peak GFLOP/s  peak MiB  kept MiB
     256  impasto      0.43    0.42         0.85        0.98     1.44     0.30           333       228       102
     256  plain        0.42    0.42         0.84        1.00     1.41     0.30           333       150       102
     512  impasto      1.94    1.89         3.86        0.97     1.62     1.20           331       706       396
     512  plain        1.89    1.79         3.76        1.00     1.58     1.20           331       589       396

The runs were weighed again on 2026-11-25, load 5 to 8, with moments, too:

      px  a whole run, L-BFGS           peak MiB  bytes_needed MiB  needed / peak
     256  full, max, zeros                     398               474            1.19
     256  half, avg, replicate                 313               396            1.27
     256  quarter, avg, replicate              242               340            1.41
     256  full, spst                           514               618            1.20
     256  full, w2                             589               714            1.21
     256  quarter, avg, replicate, spst        274               424            1.55
     256  quarter, avg, replicate, w2          307               496            1.62
     512  full, max, zeros                     857              1128            1.32
     512  half, avg, replicate                 698               818            1.17
     512  quarter, avg, replicate              510               592            1.16
     512  full, spst                          1183              1512            1.28
     512  full, w2                            1332              1704            1.28
     512  quarter, avg, replicate, spst        564               736            1.31
     512  quarter, avg, replicate, w2          616               832            1.35

The plain loop's lower peak is its order: it takes each loss as the picture passes by, so that on the way back one
layer's gradient of a Gram matrix lives at a time; ours takes them all at the end, and they live together.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from impasto.engine import VGG, Objective, Settings, Weights, random_encoder, style_targets, stylize
from impasto.engine.descent import LBFGS_HISTORY
from impasto.engine.memory import bytes_needed
from impasto.engine.presets import ObjectiveName

MIB = 1 << 20
LARGE_PX = 512
# VGG-19 to conv5_1, forward and backward to the picture only, Gram matrices included: 396.9 GFLOP at 512 px, of which
# the Gram matrices are 18.2; all of it in proportion to the pixels.
FLOPS_PER_PIXEL = 396.9e9 / 512**2
EQUAL = 1e-5
# (channels, side): the shapes that VGG's blocks have at 256 and 512 px.
PEAK_SHAPES = ((64, 256), (128, 128), (256, 64), (256, 128), (512, 32), (512, 64))
RUNS: dict[str, tuple[float, str, str, ObjectiveName]] = {
    "full, max, zeros": (1.0, "max", "zeros", "gatys"),
    "half, avg, replicate": (0.5, "avg", "replicate", "gatys"),
    "quarter, avg, replicate": (0.25, "avg", "replicate", "gatys"),
    "full, spst": (1.0, "max", "zeros", "spst"),
    "full, w2": (1.0, "max", "zeros", "w2"),
    "quarter, avg, replicate, spst": (0.25, "avg", "replicate", "spst"),
    "quarter, avg, replicate, w2": (0.25, "avg", "replicate", "w2"),
}
Loss = Callable[[Tensor], Tensor]


class Plain(nn.Module):
    """Gatys' objective as neural-style-pt writes it: one nn.Sequential, each loss taken as the picture passes by."""

    def __init__(self, encoder: VGG, content: Tensor, style: Tensor) -> None:
        super().__init__()
        self.mean, self.std = encoder.mean, encoder.std
        self.net, self.names, channels = nn.Sequential(), [], 3
        for name in encoder.spec.layers:
            if name.startswith("conv"):
                weight = encoder.get_parameter(f"steps.{name}.weight")
                layer = nn.Conv2d(channels, len(weight), 3, padding=1)
                layer.weight, layer.bias = (
                    nn.Parameter(weight),
                    nn.Parameter(encoder.get_parameter(f"steps.{name}.bias")),
                )
                self.net.append(layer)
                channels = len(weight)
            else:
                self.net.append(nn.ReLU(inplace=True) if name.startswith("relu") else nn.MaxPool2d(2, 2))
            self.names.append(name)
        self.net.requires_grad_(requires_grad=False)
        with torch.no_grad():
            self.content = dict(self.passing(content))["relu4_2"].clone()
            self.grams = {name: self.gram(x) for name, x in self.passing(style) if name[-2:] == "_1" and "relu" in name}

    def passing(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Each layer's name and what it gives."""
        x = (image - self.mean) / self.std
        for name, layer in zip(self.names, self.net, strict=True):
            x = layer(x)
            yield name, x

    @staticmethod
    def gram(x: Tensor) -> Tensor:
        """F F^T / N."""
        flat = x.view(x.shape[1], -1)
        return torch.mm(flat, flat.t()) / flat.shape[1]

    def forward(self, image: Tensor) -> Tensor:
        """J."""
        loss = image.new_zeros(())
        for name, x in self.passing(image):
            if name in self.grams:
                loss = loss + 1e3 / x.shape[1] ** 2 * F.mse_loss(self.gram(x), self.grams[name])
            if name == "relu4_2":
                loss = loss + F.mse_loss(x, self.content)
        return loss


@dataclass(frozen=True)
class Scene:
    """A content, a style and an X near the content."""

    content: Tensor
    style: Tensor
    x: Tensor

    @classmethod
    def of(cls, side: int) -> "Scene":
        """Seeded pictures of `side` x `side` px."""
        random = torch.Generator().manual_seed(side)
        content, style, noise = (torch.rand(1, 3, side, side, generator=random) for _ in range(3))
        return cls(content, style, (0.9 * content + 0.1 * noise).requires_grad_())


def losses_of(side: int, encoder: VGG) -> tuple[Scene, dict[str, Callable[[], Loss]]]:
    """The two implementations, built when asked for."""
    scene = Scene.of(side)

    def ours() -> Loss:
        targets = style_targets(encoder, scene.style, tuple(Weights().style_layers))
        objective = Objective(encoder, scene.content, targets, Weights())
        return lambda x: objective(x).total

    return scene, {"impasto": ours, "plain": lambda: Plain(encoder, scene.content, scene.style)}


def evaluate(loss: Loss, x: Tensor) -> tuple[float, Tensor]:
    """J and its gradient at x."""
    x.grad = None
    value = loss(x)
    value.backward()
    assert x.grad is not None
    return value.item(), x.grad


def check_equal(ours: Loss, plain: Loss, x: Tensor) -> tuple[float, float]:
    """How far apart the two are, relatively, in loss and gradient; ends the bench if they are not the same thing."""
    (loss, gradient), (expected, expected_gradient) = evaluate(ours, x), evaluate(plain, x)
    apart = abs(loss - expected) / expected, float((gradient - expected_gradient).norm() / expected_gradient.norm())
    if max(apart) > EQUAL:
        sys.exit(f"the two do not compute the same: loss {apart[0]:.1e}, gradient {apart[1]:.1e} apart")
    return apart


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


@torch.no_grad()
def convolution_peak() -> float:
    """The best FLOP/s of any of VGG's convolutions, each given two tries."""
    best = 0.0
    for channels, side in PEAK_SHAPES:
        image, weight = torch.rand(1, channels, side, side), torch.rand(channels, channels, 3, 3)
        seconds = min(timed(lambda i=image, w=weight: F.conv2d(i, w, padding=1))[0] for _ in range(3))  # type: ignore[misc]
        best = max(best, 2 * 9 * channels**2 * side**2 / seconds)
    return best


def time_evaluations(side: int, pairs: int, console: Console) -> tuple[dict[str, list[tuple[float, float]]], float]:
    """Wall and processor seconds of each evaluation, taken in turns, and the machine's peak between them."""
    encoder = random_encoder(1.0)
    scene, builders = losses_of(side, encoder)
    losses = {name: build() for name, build in builders.items()}
    apart = check_equal(losses["impasto"], losses["plain"], scene.x)  # also warms both up
    console.print(f"{side} px: the same objective to {apart[0]:.0e} in loss and {apart[1]:.0e} in gradient")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in losses}
    peak = convolution_peak()
    for turn in range(pairs):
        for name in sorted(losses, reverse=bool(turn % 2)):
            found[name].append(timed(lambda n=name: evaluate(losses[n], scene.x)))  # type: ignore[misc]
        peak = max(peak, convolution_peak())
    return found, peak


def memory_bytes(field: str) -> int:
    """What this process has in memory now (VmRSS) or ever had (VmHWM).

    Not getrusage's ru_maxrss: a child that Linux forks begins with the peak of its parent there.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def kept_bytes(loss: Loss, x: Tensor, encoder: VGG) -> int:
    """Bytes of the tensors that one forward pass keeps for the backward pass, weights not counted."""
    fixed = {p.untyped_storage().data_ptr() for p in encoder.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in fixed:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss(x)
    return sum(kept.values())


def weigh(what: str, side: int) -> dict[str, int]:
    """In this fresh process: the peak above the start, of one evaluation or of a whole run of `stylize`."""
    if what in RUNS:
        width, pooling, padding, objective = RUNS[what]
        encoder, scene = random_encoder(width, pooling=pooling, padding=padding), Scene.of(side)
        before = memory_bytes("VmRSS")
        list(stylize(encoder, scene.content, scene.style, Settings(steps=3, max_scales=1, objective=objective)))
        missing = (LBFGS_HISTORY - 2) * 2 * 3 * 4 * side**2  # of L-BFGS's pairs y, s; three steps make two
        needed = bytes_needed(encoder, side**2, side**2, Settings(objective=objective))
        return {"peak": memory_bytes("VmHWM") - before + missing, "needed": needed}
    encoder = random_encoder(1.0)
    scene, builders = losses_of(side, encoder)
    before = memory_bytes("VmRSS")
    loss = builders[what]()
    evaluate(loss, scene.x)
    return {"peak": memory_bytes("VmHWM") - before, "kept": kept_bytes(loss, scene.x, encoder)}


def weighed(what: str, side: int) -> dict[str, int]:
    """`weigh` in a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, "--weigh", what, str(side)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(told.stdout))


def time_table(sizes: list[int], pairs: int, pairs_large: int, console: Console) -> Table:
    """Seconds per evaluation, beside the plain loop and the floor."""
    table = Table(title=f"one evaluation of J and its gradient, full width, {torch.get_num_threads()} threads")
    for column in ("px", "", "median s", "best s", "processor s", "plain / it", "x floor", "floor s", "peak GFLOP/s"):
        table.add_column(column, justify="right")
    for side in sizes:
        found, peak = time_evaluations(side, pairs_large if side >= LARGE_PX else pairs, console)
        floor = FLOPS_PER_PIXEL * side**2 / peak
        for name, times in found.items():
            walls = [wall for wall, _ in times]
            ratio = median(plain / wall for (plain, _), wall in zip(found["plain"], walls, strict=True))
            table.add_row(
                *(str(side), name, f"{median(walls):.2f}", f"{min(walls):.2f}"),
                *(f"{median(cpu for _, cpu in times):.2f}", f"{ratio:.2f}", f"{median(walls) / floor:.2f}"),
                *(f"{floor:.2f}", f"{peak / 1e9:.0f}"),
            )
    return table


def memory_tables(sizes: list[int]) -> Iterator[Table]:
    """MiB of an evaluation beside the plain loop, and of whole runs beside what `bytes_needed` says."""
    table = Table(title="memory of an evaluation, full width")
    for column in ("px", "", "peak MiB", "kept for the way back MiB"):
        table.add_column(column, justify="right")
    for side in sizes:
        for name in ("impasto", "plain"):
            told = weighed(name, side)
            table.add_row(str(side), name, f"{told['peak'] / MIB:.0f}", f"{told['kept'] / MIB:.0f}")
    yield table
    table = Table(title="memory of a whole run, L-BFGS")
    for column in ("px", "encoder", "peak MiB", "bytes_needed MiB", "needed / peak"):
        table.add_column(column, justify="right")
    for side in sizes:
        for name in RUNS:
            told = weighed(name, side)
            numbers = (
                f"{told['peak'] / MIB:.0f}",
                f"{told['needed'] / MIB:.0f}",
                f"{told['needed'] / told['peak']:.2f}",
            )
            table.add_row(str(side), name, *numbers)
    yield table


def main() -> None:
    """Times, weighs, prints."""
    parser = argparse.ArgumentParser(description="times and weighs the engine beside a plain loop")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--pairs-large", type=int, default=3, help=f"pairs at {LARGE_PX} px and more")
    parser.add_argument("--weigh", nargs=2, metavar=("WHAT", "PX"), help="used by the bench itself")
    options = parser.parse_args()
    if options.weigh:
        sys.stdout.write(json.dumps(weigh(options.weigh[0], int(options.weigh[1]))))
        return
    console = Console(width=120)
    console.print(time_table(options.sizes, options.pairs, options.pairs_large, console))
    for table in memory_tables(options.sizes):
        console.print(table)


if __name__ == "__main__":
    main()
