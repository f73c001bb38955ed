"""The procedural world: canvases of five hundred families, and the views of them that the network learns from.

Knows the kinds of picture; must never know the network or a loss. Called by the training loop and the contact sheet.
All randomness comes from generators made of a seed and a number, so that any canvas and any view can be drawn again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields
from impasto.training.dabs import Dabs
from impasto.training.patterns import Clouds, Shaders, Wallpapers
from impasto.training.strokes import Strokes

CANVAS_PX, VIEW_PX = 128, 64
STROKES, DABS, SHADERS, WALLPAPERS, CLOUDS = 140, 140, 110, 55, 55
FAMILIES = STROKES + DABS + SHADERS + WALLPAPERS + CLOUDS


class Kind(Protocol):
    """A kind of picture: several families that one program draws."""

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,): RGB in [0, 1], then doubled angle or zeros."""
        ...


@dataclass(frozen=True)
class Canvases:
    """Drawn pictures (n, 5, CANVAS_PX, CANVAS_PX) and the family of each (n,)."""

    pictures: Tensor
    families: Tensor


@dataclass(frozen=True)
class Views:
    """What one step learns from: `seen` (b, 3, s, s) is `clean` (b, 5, s, s) spoilt by blur and noise."""

    seen: Tensor
    clean: Tensor
    families: Tensor


@dataclass(frozen=True)
class World:
    """The kinds and how many families each has, in the order of their labels."""

    kinds: Sequence[tuple[Kind, int]]

    @classmethod
    def create(cls, seed: int) -> "World":
        """Invent every family from the seed."""
        generator = torch.Generator().manual_seed(seed)
        return cls(
            (
                (Strokes.invent(STROKES, generator), STROKES),
                (Dabs.invent(DABS, generator), DABS),
                (Shaders.invent(SHADERS, generator), SHADERS),
                (Wallpapers.invent(WALLPAPERS, generator), WALLPAPERS),
                (Clouds.invent(CLOUDS, generator), CLOUDS),
            )
        )

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


@torch.no_grad()
def views(canvases: Canvases, count: int, generator: torch.Generator, side: int = VIEW_PX) -> Views:
    """`count` random cuts of the canvases: moved, scaled, mirrored, recoloured, then spoilt."""
    chosen = torch.randint(0, len(canvases.families), (count,), generator=generator)
    clean = _cut(canvases.pictures[chosen], side, generator)
    clean = torch.cat([_recolour(clean[:, :3], generator), clean[:, 3:]], 1)
    return Views(_spoil(clean[:, :3], generator), clean, canvases.families[chosen])


def _cut(pictures: Tensor, side: int, generator: torch.Generator) -> Tensor:
    count = len(pictures)
    # Never beyond the canvas, and little enough zoom that "fine" and "coarse" families stay apart.
    zoom = (0.75 * 2 ** torch.rand(count, generator=generator)).clamp_max(CANVAS_PX / side)
    corner = torch.rand(count, 2, generator=generator) * (CANVAS_PX - zoom * side)[:, None]
    place = fields.pixel_grid(side) * fields.column(zoom) + corner[:, None, None]
    cut = fields.sample(pictures, place)
    flip, swap = (torch.rand(count, generator=generator) < 0.5 for _ in range(2))
    return mirror(cut, flip, swap)


def mirror(pictures: Tensor, flip: Tensor, swap: Tensor) -> Tensor:
    """Pictures (b, 5, s, s) flipped left to right, then transposed, where told (b,); the doubled angle follows."""
    signs = torch.ones(2, 5, 1, 1)
    signs[0, 4] = -1  # a flip turns a into -a
    signs[1, 3] = -1  # a transposition turns a into 90° - a
    pictures = torch.where(fields.column(flip), pictures.flip(3) * signs[0], pictures)
    return torch.where(fields.column(swap), pictures.transpose(2, 3) * signs[1], pictures)


def _recolour(colours: Tensor, generator: torch.Generator) -> Tensor:
    """Turn the colour cube: three quarters of the views anyhow, the rest a little; one in twelve loses its colour.

    Several views are cut from one canvas. Left with its colours, each would be known by them, and so would its family.
    """
    count = len(colours)

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator)

    slight = torch.eye(3) + normal(3, 3) * 0.15
    anyhow = torch.linalg.qr(normal(3, 3)).Q * torch.sign(normal(1, 3))
    tint = torch.where(torch.rand(count, 1, 1, generator=generator) < 0.75, anyhow, slight)
    contrast = torch.exp(normal(1, 1, 1) * 0.3)
    colours = torch.einsum("bij,bjhw->bihw", tint, colours - 0.5) * contrast + 0.5 + normal(3, 1, 1) * 0.08
    grey = fields.column(torch.rand(count, generator=generator) < 1 / 12)
    return torch.where(grey, colours.mean(1, keepdim=True), colours).clamp(0, 1)


def _spoil(colours: Tensor, generator: torch.Generator) -> Tensor:
    """Blur or sharpen, then add noise: a network that must see through both finds no use in single pixels."""
    count = len(colours)
    soft = F.avg_pool2d(F.avg_pool2d(F.pad(colours, (2, 2, 2, 2), mode="replicate"), 3, 1), 3, 1)
    amount = fields.column(torch.rand(count, generator=generator) * 1.6 - 0.6).clamp(-0.4, 1)
    colours = colours + (soft - colours) * amount
    strength = fields.column(torch.rand(count, generator=generator) ** 3) * 0.18
    noise = torch.randn(colours.shape, generator=generator)
    grey = fields.column(torch.rand(count, generator=generator) < 0.5)
    noise = torch.where(grey, noise[:, :1], noise)
    return (colours + noise * strength).clamp(0, 1)
