"""L-BFGS over arrays that memory does not hold: each is read band by band, and only products of them are kept.

Knows flat arrays on scratch and arithmetic on numbers. Must not know pictures, losses or files. ``spilled`` moves X by
it. The direction is a sum of the arrays remembered, so the two loops (Nocedal 1980) run on its coefficients, and all
they need are the products of each array with each other: as in "vector-free L-BFGS" (Chen, Wang and Zhou 2014).
Single steps without line search, as torch's are here: the first 1/|g| long, all others as long as curvature says.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from impasto.engine.scratch import Scratch, Stored

SPILLED_HISTORY = 5  # pairs: each is two arrays to be read twice a step
LEAST_CURVATURE = 1e-10  # as torch has it

Products = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Array:
    """One of those that directions are made of; numbers are never given twice."""

    number: int
    stored: Stored


@dataclass
class Memory:
    """What a step leaves for the next: pairs, the oldest first; the last gradient and move; products by number.

    The mutable state of the descent, beside the variable; no array in it is ever written again.
    """

    moves: list[Array] = field(default_factory=list)
    changes: list[Array] = field(default_factory=list)
    products: Products = field(default_factory=dict)
    gradient: Stored | None = None
    move: Array | None = None
    made: int = 0

    def numbered(self, stored: Stored) -> Array:
        """An array with a number of its own."""
        self.made += 1
        return Array(self.made, stored)


def learned(memory: Memory, gradient: Tensor, scratch: Scratch) -> tuple[Array, Tensor]:
    """Takes in a gradient (N,): its change makes a pair with the last move where the curvature is positive.

    Returns the gradient on scratch, with its products with everything remembered, and the sum of its absolute values.
    """
    now, last = memory.numbered(scratch.floats(len(gradient))), memory.gradient
    change = memory.numbered(scratch.floats(len(gradient))) if last is not None else None
    fresh = [one for one in (memory.move, change) if one is not None]
    older = [*memory.moves, *memory.changes]
    total, found = torch.zeros((), dtype=torch.float64), dict[tuple[int, int], Tensor]()
    everything = [one.stored for one in (now, *fresh, *older)] + ([last] if last is not None else [])
    for (first, after), parts in scratch.bands(*everything):
        parts[0].copy_(gradient[first:after])
        total += parts[0].abs().sum()
        if change is not None:
            torch.sub(parts[0], parts[-1], out=parts[len(fresh)])
        named = list(zip((now, *fresh, *older), parts, strict=False))
        for index, (one, part) in enumerate(named[: 1 + len(fresh)]):
            for other, beside in named[index:]:
                key = _key(one, other)
                found[key] = found.get(key, torch.zeros((), dtype=torch.float64)) + torch.dot(part, beside)
    memory.products.update({key: float(value) for key, value in found.items()})
    if change is not None and memory.move is not None and memory.products[_key(memory.move, change)] > LEAST_CURVATURE:
        memory.moves.append(memory.move)
        memory.changes.append(change)
    del memory.moves[:-SPILLED_HISTORY], memory.changes[:-SPILLED_HISTORY]
    memory.gradient = now.stored
    return now, total


def direction(memory: Memory, gradient: Array) -> dict[Array, float]:
    """How much of each array the direction of descent is."""

    def product(one: Array, coefficients: dict[int, float]) -> float:
        return sum(part * memory.products[_pair(one.number, number)] for number, part in coefficients.items())

    pairs = list(zip(memory.moves, memory.changes, strict=True))
    parts, shares = {gradient.number: 1.0}, list[float]()
    for move, change in reversed(pairs):
        shares.append(product(move, parts) / memory.products[_key(move, change)])
        parts[change.number] = parts.get(change.number, 0.0) - shares[-1]
    if pairs:
        move, change = pairs[-1]
        scale = memory.products[_key(move, change)] / memory.products[_key(change, change)]
        parts = {number: scale * part for number, part in parts.items()}
    for (move, change), share in zip(pairs, reversed(shares), strict=True):
        back = product(change, parts) / memory.products[_key(move, change)]
        parts[move.number] = parts.get(move.number, 0.0) + share - back
    everything = {one.number: one for one in (gradient, *memory.moves, *memory.changes)}
    _forget(memory, everything)
    return {everything[number]: -part for number, part in parts.items()}


def moved(variable: Stored, memory: Memory, parts: dict[Array, float], length: float, scratch: Scratch) -> Stored:
    """The variable after a move of `length` along that direction; the move is remembered."""
    count = len(variable.values)
    after_move, move = scratch.floats(count), memory.numbered(scratch.floats(count))
    arrays = [one.stored for one in parts]
    for _, (then, way, now, *others) in scratch.bands(after_move, move.stored, variable, *arrays):
        way.zero_()
        for part, other in zip(parts.values(), others, strict=True):
            way.add_(other, alpha=length * part)
        torch.add(now, way, out=then)
    memory.move = move
    return after_move


def shortened(before: Stored, memory: Memory, kept: float, scratch: Scratch) -> Stored:
    """The variable so much of the last move from where that began; the move is remembered as so short."""
    assert memory.move is not None
    count = len(before.values)
    after_move, move = scratch.floats(count), memory.numbered(scratch.floats(count))
    for _, (then, way, began, long) in scratch.bands(after_move, move.stored, before, memory.move.stored):
        torch.mul(torch.nan_to_num(long, posinf=0.0, neginf=0.0), kept, out=way)
        torch.add(began, way, out=then)
    memory.move = move
    return after_move


def held(memory: Memory) -> dict[str, Any]:
    """A memory as nested dicts and lists of tensors and numbers; the arrays themselves, which nobody writes again."""
    return {
        "moves": [[one.number, one.stored.values] for one in memory.moves],
        "changes": [[one.number, one.stored.values] for one in memory.changes],
        "products": [[*key, value] for key, value in memory.products.items()],
        "gradient": None if memory.gradient is None else memory.gradient.values,
        "move": None if memory.move is None else [memory.move.number, memory.move.stored.values],
        "made": memory.made,
    }


def recalled(state: dict[str, Any], scratch: Scratch) -> Memory:
    """The inverse of `held`, with arrays of its own."""
    return Memory(
        [Array(number, scratch.stored(values)) for number, values in state["moves"]],
        [Array(number, scratch.stored(values)) for number, values in state["changes"]],
        {(one, other): value for one, other, value in state["products"]},
        None if state["gradient"] is None else scratch.stored(state["gradient"]),
        None if state["move"] is None else Array(state["move"][0], scratch.stored(state["move"][1])),
        state["made"],
    )


def _forget(memory: Memory, everything: dict[int, Array]) -> None:
    """Products with arrays that are no longer remembered."""
    memory.products = {key: value for key, value in memory.products.items() if everything.keys() >= set(key)}


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _key(one: Array, other: Array) -> tuple[int, int]:
    return _pair(one.number, other.number)
