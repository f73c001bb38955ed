"""The procedural world: canvases of thousands of families in ten kinds.

Knows the kinds of picture; must never know the network or a loss. Called by the training loop and the contact sheet.
All randomness comes from generators made of a seed and a number, so that any canvas and any view can be drawn again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training.dabs import Dabs
from impasto.training.fractals import Fractals
from impasto.training.leaves import Leaves
from impasto.training.letters import Letters
from impasto.training.patterns import Clouds, Shaders, Wallpapers
from impasto.training.prints import Prints
from impasto.training.solids import Solids
from impasto.training.strokes import Strokes

CANVAS_PX = 128
KINDS: Sequence[tuple[type["Kind"], int]] = (
    (Strokes, 440),
    (Dabs, 400),
    (Leaves, 200),
    (Solids, 160),
    (Shaders, 240),
    (Wallpapers, 120),
    (Clouds, 120),
    (Prints, 160),
    (Letters, 80),
    (Fractals, 80),
)
"""The kinds of picture and how many families each has; most of them painted, as styles mostly are."""
FAMILIES = sum(families for _, families in KINDS)


class Kind(Protocol):
    """A kind of picture: several families that one program draws."""

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Kind":
        """`count` random families."""
        ...

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,): RGB in [0, 1], then doubled angle or zeros."""
        ...


@dataclass(frozen=True)
class Canvases:
    """Drawn pictures (n, 5, CANVAS_PX, CANVAS_PX) and the family of each (n,)."""

    pictures: Tensor
    families: Tensor

    def half(self) -> "Canvases":
        """The same in half precision, which is finer than a picture's 8 bits and half as large."""
        return Canvases(self.pictures.half(), self.families)

    @classmethod
    def together(cls, parts: Sequence["Canvases"]) -> "Canvases":
        """All canvases of several drawings."""
        return cls(torch.cat([part.pictures for part in parts]), torch.cat([part.families for part in parts]))


@dataclass(frozen=True)
class World:
    """The kinds and how many families each has, in the order of their labels."""

    kinds: Sequence[tuple[Kind, int]]

    @classmethod
    def create(cls, seed: int) -> "World":
        """Invent every family from the seed."""
        generator = torch.Generator().manual_seed(seed)
        return cls([(kind.invent(families, generator), families) for kind, families in KINDS])

    def traits(self) -> Tensor:
        """What each family is like, (FAMILIES, traits) in [-1, 1]; not a number where its kind has no such trait."""
        tables = [ranked(kind) for kind, _ in self.kinds]
        first, rows = 0, []
        for table in tables:
            after = sum(other.shape[1] for other in tables) - first - table.shape[1]
            rows.append(F.pad(table, (first, after), value=float("nan")))
            first += table.shape[1]
        return torch.cat(rows)

    def kind_of(self) -> Tensor:
        """The number of each family's kind, (FAMILIES,)."""
        return torch.cat([torch.full((families,), number) for number, (_, families) in enumerate(self.kinds)])

    @torch.no_grad()
    def canvases(self, count: int, generator: torch.Generator) -> Canvases:
        """`count` canvases, every family as often as every other as far as that goes, in no order."""
        pictures, families, first = [], [], 0
        for kind, size in self.kinds:
            wanted = max(1, round(count * size / FAMILIES))
            rounds = [torch.randperm(size, generator=generator) for _ in range(-(-wanted // size))]
            members = torch.cat(rounds)[:wanted]
            pictures += [kind.draw(part, CANVAS_PX, generator) for part in members.split(16)]
            families.append(members + first)
            first += size
        shuffled = torch.randperm(sum(map(len, families)), generator=generator)[:count]
        return Canvases(torch.cat(pictures)[shuffled], torch.cat(families)[shuffled])


def ranked(kind: Kind) -> Tensor:
    """Every trait of a kind's families, (families, traits): its rank among them, spread over [-1, 1].

    Traits are the attributes with one or two numbers for a family; matrices and palettes say nothing by themselves.
    """
    columns = [a.float().view(len(a), -1) for a in attributes(kind) if a[0].numel() <= 2]
    values = torch.cat(columns, 1)
    below = (values[:, None] > values[None]).float().mean(1)
    above = (values[:, None] < values[None]).float().mean(1)
    return below - above


def attributes(part: Any) -> Iterator[Tensor]:  # noqa: ANN401  # a kind, or anything that one is made of
    """Every tensor in a dataclass and in the dataclasses within it."""
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, Tensor):
            yield value
        elif is_dataclass(value):
            yield from attributes(value)
