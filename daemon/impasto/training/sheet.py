"""A contact sheet of the world: for looking at what the network looks at.

Knows the world; must never know the network. Called by the face of the room.
"""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from impasto.training.views import views
from impasto.training.world import CANVAS_PX, Canvases, World

ACROSS, VIEW_PX = 8, 64
ROWS_OF_A_KIND, ROWS_OF_VIEWS = 2, 4


@torch.no_grad()
def draw_sheet(seed: int) -> Tensor:
    """Two rows of canvases for each kind, then four of spoilt views, (3, h, w) in [0, 1]."""
    world, generator = World.create(seed), torch.Generator().manual_seed(seed)
    drawn, labels, rows, first = [], [], [], 0
    for kind, size in world.kinds:
        members = torch.randint(0, size, (ACROSS * ROWS_OF_A_KIND,), generator=generator)
        pictures = kind.draw(members, CANVAS_PX, generator)
        rows.append(mosaic(pictures[:, :3], ACROSS))
        drawn.append(pictures)
        labels.append(members + first)
        first += size
    canvases = Canvases(torch.cat(drawn), torch.cat(labels))
    across = ACROSS * CANVAS_PX // VIEW_PX
    seen = views(canvases, across * ROWS_OF_VIEWS, generator, VIEW_PX).seen
    return torch.cat([*rows, mosaic(seen, across)], 1)


def mosaic(pictures: Tensor, across: int) -> Tensor:
    """Pictures (n, 3, s, s) side by side, (3, n / across · s, across · s)."""
    rows = [torch.cat(list(row), 2) for row in pictures.split(across)]
    return torch.cat(rows, 1)


def write_png(path: Path, picture: Tensor) -> None:
    """Write a picture (3, h, w) in [0, 1] at 8 bits."""
    levels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    Image.fromarray(levels.numpy()).save(path, format="PNG")
