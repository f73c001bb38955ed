"""How long it takes to a loss as good as what others end with: time to within 1 % of it, from the same start.

    .venv/bin/python tests/bench/race.py [--side 256] [--encoder full|slim] [--starts content noise] [--device cuda]
                                         [--precision float32|mixed|tf32]

The other is (a) neural-style-pt's loop (``bench.peers``) with its own optimiser: L-BFGS with a hundred pairs, single
steps of rate 1, in pixels. It runs its 500 evaluations first; what it ends with, and one per cent more, is the finish
for both. Ours are the engine's own evaluations under several ways of stepping; the coarse scales that some go through
count as what they cost. J is Gatys' notebook's over the gallery's harbour and swirl, with the encoder's weights of
content and style, without variation: what both can say. All are timed in the same process; J is told as (a) has it, at
every step, for nothing (an evaluation gives it). Told beside seconds are evaluations of the final size, to which those
of coarse scales count by their pixels: they do not depend on what else the machine does. Nothing is asserted.

On a GPU (a) runs as PyTorch ships it, with convolutions in TF32, and ours as a worker runs it: in TF32 only where the
weights allow it (``engine.closeness``), unless --precision says otherwise. Since J may be TF32's then, what either ends
with is told in full float32, too.

Measured on 2026-11-26 on two quiet cores, full width with random weights, 256x192 px; (a) took 233 and 215 s, on a
machine that was slower by half than in the morning:

                                          from content                  from noise
                                 evaluations      s    / (a)   evaluations      s    / (a)
    (a) neural-style-pt                  438  204.3     0.88           419  183.1     0.85
    10 pairs                           never                         never
    100 pairs, power 0.25                107   31.9     0.14
    100 pairs, power 0.5                  78   20.9     0.09
    likewise, 0 + 30 coarse steps         82   26.0     0.11
    100 pairs                                                          283   65.9     0.31
    100 pairs, stirred at 60                                           123   33.7     0.16
    likewise, power 0.25                                               137   35.9     0.17

On one H100, full width, in one process each, all in TF32; (a) as PyTorch ships it took 15.5 s from content, where the
process began, and 7.8 from noise at 512x384 px, and 17.0 from content at 1024x768:

                                 512, content        512, noise      1024, content
                              evaluations     s  evaluations     s  evaluations     s
    (a) neural-style-pt               445  14.4          425   6.4          443  15.6
    10 pairs                        never              never              never
    100 pairs, power 0.25              91   1.1                              94   1.5
    100 pairs, power 0.5               91  0.45                             103   1.1
    likewise, 0 + 30 coarse steps      84   1.0                              74   0.9
    100 pairs                                            259   1.1
    100 pairs, stirred at 60                             125   0.5

Random weights do not allow TF32 (LOG.md), so that a worker would run these in float32. Computed, not raced, and without
what L-BFGS takes beside: as many evaluations of 15.07 and 58.03 ms (``bench.gpu``, of squares, a third larger) are 1.4
and, from noise, 1.9 s at 512 px, 0.09 and 0.24 of (a)'s 15.5 and 7.8 s, and 4.3 to 6.0 s at 1024, 0.25 to 0.35 of 17.0.

What each ends with is within the finish in full float32, too. The curves, and what was tried from noise, are in
engine/LOG.md.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

from bench import malloc
from bench.peers import InNetwork, Problem
from impasto.engine import VGG, Objective, load_slim, random_encoder, style_targets
from impasto.engine.closeness import LEAST_COSINE, least_cosine
from impasto.engine.descent import Descent
from impasto.engine.descent.coordinates import Coordinates
from impasto.engine.descent.replay import slope_of
from impasto.engine.encoder import resize
from impasto.engine.passage.at_once import multiplying
from impasto.engine.precision import paying_precision
from impasto.gallery import draw
from impasto.method import Precision, Weights

NEAR = 1.01
NOISE_DEVIATION = 0.1  # as the engine's own noise start has it
OTHERS_HISTORY = 100
TOLD = (10, 25, 50, 100, 200, 300, 400, 500)
# The encoder's weights of content and style (``method.defaults``) at the papers' five layers.
ENCODERS: dict[str, tuple[Callable[[], VGG], Weights]] = {
    "full": (lambda: random_encoder(1.0), Weights(1.0, 10.0)),
    "quarter": (lambda: random_encoder(0.25), Weights(1.0, 10.0)),
    "slim": (load_slim, Weights(2.0, 150.0)),
}


@dataclass(frozen=True)
class Way:
    """A way of stepping.

    Attributes:
        history: pairs that L-BFGS remembers.
        power: of X's coordinates, see ``engine.coordinates``.
        coarse: steps at a quarter and at half of the size, before the final one.
        stirred_at: evaluations of the final size after which X is stirred, see ``engine.descent``; 0 means never.
        carried: how much of the content's own detail X takes along from a scale to the next, as in the engine.
    """

    history: int
    power: float = 0.0
    coarse: tuple[int, int] = (0, 0)
    stirred_at: int = 0
    carried: float = 0.0

    def __str__(self) -> str:
        parts = [f"{self.history} pairs"]
        parts += [f"power {self.power:g}"] if self.power else []
        parts += [f"{self.coarse[0]} + {self.coarse[1]} coarse steps"] if any(self.coarse) else []
        parts += [f"stirred at {self.stirred_at}"] if self.stirred_at else []
        parts += [f"detail {self.carried:g}"] if self.carried else []
        return ", ".join(parts)


WAYS = {
    "content": (Way(10), Way(30, 0.25), Way(100, 0.25), Way(100, 0.5), Way(100, 0.5, (0, 30))),
    "noise": (Way(10), Way(100), Way(100, stirred_at=60), Way(100, 0.25, stirred_at=60)),
}


@dataclass
class Curve:
    """Who reached what when: evaluations of the final size, wall and processor seconds, J; of the final size alone."""

    cost: float = 0.0
    points: list[tuple[float, float, float, float]] = field(default_factory=list)
    ended: Tensor | None = None  # X, there
    began: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))

    def note(self, share: float, loss: float) -> None:
        """An evaluation that cost `share` of one of the final size."""
        self.cost += share
        wall, processor = self.began
        if share == 1:
            self.points.append((self.cost, time.perf_counter() - wall, time.process_time() - processor, loss))

    def first(self, finish: float) -> tuple[float, float, float, float] | None:
        """The point at which J was as good as that."""
        return next((point for point in self.points if point[-1] <= finish), None)


def problem_of(encoder: VGG, weights: Weights, side: int, device: str = "cpu") -> Problem:
    """Harbour and swirl, 4:3, the longer side in px."""
    drawn = (np.asarray(draw(name, width=side, height=side * 3 // 4)).copy() for name in ("harbour", "swirl"))
    content, style = (torch.from_numpy(one).permute(2, 0, 1)[None].float().to(device) / 255 for one in drawn)
    return Problem(encoder.to(device), content, style, weights)


def begun(content: Tensor, start: str) -> Tensor:
    """X as everybody begins with it."""
    if start == "content":
        return content.clone(memory_format=torch.contiguous_format)  # another layout crashes L-BFGS
    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(0)).to(content)
    return content.mean((2, 3), keepdim=True) + NOISE_DEVIATION * noise


def theirs(problem: Problem, x: Tensor, evaluations: int) -> Curve:
    """(a) as its authors run it: torch's L-BFGS with a hundred pairs, here in single steps, which are the same."""
    network, curve = InNetwork(problem, inplace=True), Curve()
    x = x.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [x], lr=1, max_iter=1, history_size=OTHERS_HISTORY, tolerance_grad=-1, tolerance_change=-1
    )

    def evaluate() -> float:
        optimizer.zero_grad()
        loss = network(x)
        loss.backward()
        curve.note(1, float(loss.detach()))
        return float(loss.detach())

    for _ in range(evaluations):
        optimizer.step(evaluate)
    curve.ended = x.detach()
    return curve


def taken(problem: Problem) -> tuple[Precision, str]:
    """The precision that a worker takes there, and why: on a GPU the weights have a say."""
    paying = paying_precision(problem.content.device)
    if paying != "tf32":
        return paying, "it pays there"
    found = least_cosine(problem.encoder, problem.weights)
    told = f"a gradient's cosine in TF32 is {found:.5f} at least with these weights, and {LEAST_COSINE:g} is asked for"
    return "tf32" if found >= LEAST_COSINE else "float32", told


def ours(problem: Problem, x: Tensor, way: Way, evaluations: int, finish: float, precision: Precision) -> Curve:
    """The engine's objective and descent; what the coarse scales cost is in the curve."""
    curve, (height, width), coarser = Curve(), x.shape[2:], None
    for steps, scale in zip((*way.coarse, evaluations), (4, 2, 1), strict=True):
        if not steps:
            continue
        size = (height // scale, width // scale)
        style = resize(problem.style, problem.style.shape[2] // scale, problem.style.shape[3] // scale)
        targets = style_targets(problem.encoder, style, tuple(problem.weights.style_layers))
        content = resize(problem.content, *size)
        objective = Objective(problem.encoder, content, targets, problem.weights, precision=precision)
        coordinates = Coordinates(*size, way.power, content)
        x = resize(x, *size)
        if coarser is not None:
            x = x + way.carried * (content - resize(coarser, *size))
        coarser = content
        descent = Descent(coordinates.variable(x), "lbfgs", 0.0, way.history, way.stirred_at if scale == 1 else 0)
        slope = slope_of(lambda v, o=objective, c=coordinates: o(c.image(v)), descent.variable, repeats=True)  # type: ignore[misc]
        for _ in range(steps):
            at = descent.variable.detach().clone()
            losses = descent.advance(slope)
            curve.note(scale**-2, losses["total"])
            if scale == 1 and losses["total"] <= finish:
                curve.ended = coordinates.image(at)
                return curve
        x = curve.ended = coordinates.image(descent.variable).detach()
    return curve


def exactly(problem: Problem, x: Tensor) -> float:
    """J there in full float32, as (a) has it."""
    with multiplying(tf32=False), torch.no_grad():
        return float(InNetwork(problem, inplace=True)(x))


def race(problem: Problem, start: str, evaluations: int, precision: Precision, console: Console) -> None:
    """(a) to its end, then ours until each has come within a hundredth of that."""
    x = begun(problem.content, start)
    curves = {"(a) neural-style-pt": theirs(problem, x, evaluations)}
    *_, whole_s, whole_processor_s, end = curves["(a) neural-style-pt"].points[-1]
    console.print(f"from {start}: (a) ends at J = {end:.5g} after {whole_s:.2f} s; the finish is {NEAR * end:.5g}")
    for way in WAYS[start]:
        curves[str(way)] = ours(problem, x, way, evaluations, NEAR * end, precision)
    for name, curve in curves.items() if problem.content.is_cuda else ():
        assert curve.ended is not None
        console.print(f"{name}: ends at J = {exactly(problem, curve.ended):.5g} in full float32")
    table = Table(title=f"from {start}: to within 1 % of (a)'s loss after {evaluations} evaluations")
    columns = ("", "evaluations", "s", "/ (a)'s s", "processor / (a)'s", *(f"J at {n}" for n in TOLD))
    for column in columns:
        table.add_column(column, justify="right")
    for name, curve in curves.items():
        found = curve.first(NEAR * end)
        told = ["never"] + ["-"] * 3 if found is None else [f"{found[0]:.0f}", f"{found[1]:.2f}"]
        if found is not None:
            told += [f"{found[1] / whole_s:.2f}", f"{found[2] / whole_processor_s:.2f}"]
        reached = [next((p[3] for p in reversed(curve.points) if p[0] <= n), None) for n in TOLD]
        over = [n > curve.points[-1][0] for n in TOLD]
        table.add_row(
            name, *told, *("" if past or j is None else f"{j:.4g}" for past, j in zip(over, reached, strict=True))
        )
    console.print(table)


def main() -> None:
    """Races from each start, prints."""
    parser = argparse.ArgumentParser(description="time to a loss as good as what others end with")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--encoder", choices=tuple(ENCODERS), default="full")
    parser.add_argument("--starts", choices=("content", "noise"), nargs="+", default=["content", "noise"])
    parser.add_argument("--evaluations", type=int, default=500)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=get_args(Precision))
    options = parser.parse_args()
    malloc.keeping()
    console, (made, weights) = Console(width=170), ENCODERS[options.encoder]
    problem = problem_of(made(), weights, options.side, options.device)
    precision, why = taken(problem)
    console.print(f"a worker takes {precision}, as {why}")
    for start in options.starts:
        race(problem, start, options.evaluations, options.precision or precision, console)


if __name__ == "__main__":
    main()
