"""Who takes part: this engine in either precision, and what others do (``bench.peers``), on one problem.

Knows how each is built. Measures nothing: ``bench.engine`` times them, ``bench.weighing`` weighs them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.peers import Blocks, Evaluate, InNetwork, Problem, by_autograd
from impasto.engine import VGG, Objective, Weights, random_encoder, style_targets
from impasto.engine.precision import paying_precision
from impasto.method import Precision

EQUAL = 1e-5
ORACLE_PX, ORACLE_WIDTH = 128, 0.25


@dataclass(frozen=True)
class Scene:
    """A content, a style and an X near the content."""

    content: Tensor
    style: Tensor
    x: Tensor


def scene_of(side: int, dtype: torch.dtype = torch.float32) -> Scene:
    """Seeded pictures of `side` x `side` px."""
    random = torch.Generator().manual_seed(side)
    content, style, noise = (torch.rand(1, 3, side, side, generator=random).to(dtype) for _ in range(3))
    return Scene(content, style, 0.9 * content + 0.1 * noise)


def problem_of(encoder: VGG, side: int) -> Problem:
    """Gatys' notebook's J over the scene of that size."""
    scene = scene_of(side, next(encoder.parameters()).dtype)
    return Problem(encoder, scene.content, scene.style, Weights())


def impasto(problem: Problem, precision: Precision) -> Evaluate:
    """Ours."""
    targets = style_targets(problem.encoder, problem.style, tuple(problem.weights.style_layers))
    objective = Objective(problem.encoder, problem.content, targets, problem.weights, precision=precision)
    return by_autograd(lambda x: objective(x).total)


BUILDERS: Mapping[str, Callable[[Problem], Evaluate]] = {
    "impasto": lambda problem: impasto(problem, paying_precision(torch.device("cpu"))),
    "impasto float32": lambda problem: impasto(problem, "float32"),
    "a neural-style-pt": lambda problem: by_autograd(InNetwork(problem, inplace=True)),
    "a, channels innermost": lambda problem: by_autograd(InNetwork(problem, inplace=True, innermost=True)),
    "b tutorial": lambda problem: by_autograd(InNetwork(problem, inplace=False)),
    "c SPST": Blocks,
}


def apart(found: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """How far two are apart, relatively, in loss and gradient."""
    (loss, slope), (wanted, wanted_slope) = found, expected
    return float(abs(loss - wanted) / wanted), float((slope - wanted_slope).norm() / wanted_slope.norm())


def oracle(side: int = ORACLE_PX, width: float = ORACLE_WIDTH) -> dict[str, tuple[float, float]]:
    """How far each is from our float32 path run in float64, where no sign of a ReLU depends on the order of a sum."""
    problem = problem_of(random_encoder(width).double(), side)
    x = scene_of(side, torch.float64).x
    expected = impasto(problem, "float32")(x)
    return {
        name: apart(build(problem)(x), expected) for name, build in BUILDERS.items() if not name.startswith("impasto")
    }
