"""Views: what the network sees of a canvas, moved, scaled, recoloured and spoilt, and what it must tell all the same.

Knows canvases as tensors; must never know families' names, the network or a loss. Called by the training loop, the
contact sheet and the export. The generator handed in is the only source of chance.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields
from impasto.training.world import CANVAS_PX, Canvases


@dataclass(frozen=True)
class Views:
    """What one step learns from: `seen` (b, 3, s, s) is `clean` (b, 5, s, s) spoilt by blur and noise."""

    seen: Tensor
    clean: Tensor
    families: Tensor


@torch.no_grad()
def views(canvases: Canvases, count: int, generator: torch.Generator, side: int) -> Views:
    """`count` random cuts of the canvases, `side` pixels each way: moved, scaled, mirrored, recoloured, then spoilt."""
    chosen = torch.randint(0, len(canvases.families), (count,), generator=generator)
    clean = _cut(canvases.pictures[chosen].float(), side, generator)
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
    """Turn the colour cube, most views anyhow and the rest a little, then mute what came out; one in twelve is grey.

    Several views are cut from one canvas. Left with its colours, each would be known by them, and so would its family.
    Muted, because in paint and in photographs light varies far more than hue, and an encoder that has seen as much of
    the one as of the other paints coloured noise.
    """
    count = len(colours)

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, generator=generator)

    slight = torch.eye(3) + normal(3, 3) * 0.15
    anyhow = torch.linalg.qr(normal(3, 3)).Q * torch.sign(normal(1, 3))
    tint = torch.where(torch.rand(count, 1, 1, generator=generator) < 0.6, anyhow, slight)
    contrast = torch.exp(normal(1, 1, 1) * 0.3)
    colours = torch.einsum("bij,bjhw->bihw", tint, colours - 0.5) * contrast + 0.5
    grey = colours.mean(1, keepdim=True)
    saturation = torch.rand(count, generator=generator) * 1.1
    saturation = torch.where(torch.rand(count, generator=generator) < 1 / 12, torch.zeros(()), saturation)
    colours = grey + (colours - grey) * fields.column(saturation)
    return (colours + normal(1, 1, 1) * 0.08 + normal(3, 1, 1) * 0.04).clamp(0, 1)


def _spoil(colours: Tensor, generator: torch.Generator) -> Tensor:
    """Blur or sharpen, then add noise: a network that must see through both finds no use in single pixels."""
    count = len(colours)
    amount = fields.column(torch.rand(count, generator=generator) * 1.6 - 0.6).clamp(-0.4, 1)
    colours = colours + (_softened(colours) - colours) * amount
    noise = torch.randn(colours.shape, generator=generator)
    coarse = fields.column(torch.rand(count, generator=generator) < 0.3)
    noise = torch.where(coarse, _softened(noise) * 4, noise)
    light = noise.mean(1, keepdim=True)
    light_strength, hue_strength = (fields.column(torch.rand(count, generator=generator) ** 4) * 0.16 for _ in range(2))
    return (colours + light * light_strength + (noise - light) * hue_strength).clamp(0, 1)


def _softened(pictures: Tensor) -> Tensor:
    return F.avg_pool2d(F.avg_pool2d(F.pad(pictures, (2, 2, 2, 2), mode="replicate"), 3, 1), 3, 1)
