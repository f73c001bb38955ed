"""Lettering: pages in alphabets that nobody reads, each made of a few strokes and arcs on a small grid.

Knows fields; must never know labels or the network, nor load a font. Called by the world.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.training import fields

GLYPHS, STROKES, PIECES = 18, 4, 5
BOX_H, BOX_W = 36, 28
"""Dots of one glyph's box: its body is 20 by 28 with a margin of 4 on every side."""
BODY, MARGIN = 28.0, 4
BINS, SLOTS, LINES = 256, 48, 40
FAR = 9.0


@dataclass(frozen=True)
class Letters:
    """Families of lettering; each attribute has one row per family, lengths in bodies of a glyph."""

    atlas: Tensor
    width: Tensor
    weight: Tensor
    slant: Tensor
    gap: Tensor
    leading: Tensor
    words: Tensor
    height: Tensor
    tilt: Tensor
    fade: Tensor
    palette: Tensor

    @classmethod
    def invent(cls, count: int, generator: torch.Generator) -> "Letters":
        """`count` random alphabets."""

        def even(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=generator)

        narrow = even(0.35, 0.75)
        return cls(
            atlas=_atlas(count, generator),
            width=narrow[:, None] * (1 + 0.35 * (torch.rand(count, GLYPHS, generator=generator) - 0.5)),
            weight=fields.spread(count, 0.04, 0.13, generator),
            slant=even(-0.35, 0.35),
            gap=even(0.08, 0.35),
            leading=even(1.15, 2.2),
            words=even(0.0, 0.3),
            height=fields.spread(count, 8.0, 34.0, generator),
            tilt=even(-0.3, 1.0).clamp_min(0),
            fade=even(0.0, 0.4),
            palette=torch.rand(count, fields.COLOURS, 3, generator=generator),
        )

    def draw(self, members: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Pictures (b, 5, side, side) of the families `members` (b,); orientation unknown."""
        count = len(members)
        height = self.height[members] * fields.spread(count, 0.85, 1.2, generator)
        place = self._place(members, height, side, generator)
        line = (place[..., 1] / fields.column(self.leading[members])[:, 0]).floor()
        down = place[..., 1] - line * fields.column(self.leading[members])[:, 0]
        glyph, along = self._set(members, place[..., 0] - down * self.slant[members, None, None], line, generator)
        far = self._look_up(members, glyph, along, down)
        inside = (self.weight[members, None, None] - far) * height[:, None, None]
        return fields.blank_flow(self._inked((inside + 0.5).clamp(0, 1), members, generator))

    def _place(self, members: Tensor, height: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Places (b, side, side, 2) in bodies, all positive: a page laid down askew."""
        count = len(members)
        turn = self.tilt[members] * torch.randn(count, generator=generator)
        cos, sin = turn.cos(), turn.sin()
        matrix = torch.stack([cos, -sin, sin, cos], 1).view(count, 1, 2, 2)
        bent = fields.even_noise(count, 2, 4, side, generator).permute(0, 2, 3, 1) * 0.8
        middle = torch.rand(count, 1, 1, 2, generator=generator) * 3 + 14
        return (fields.pixel_grid(side) - side / 2 + bent) @ matrix / fields.column(height) + middle

    def _set(self, members: Tensor, x: Tensor, line: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Type set in lines: for each pixel its glyph (GLYPHS: none) and how far along it lies, (b, s, s)."""
        count = len(members)
        text = torch.randint(0, GLYPHS, (count, LINES, SLOTS), generator=generator)
        blank = torch.rand(count, LINES, SLOTS, generator=generator) < self.words[members].view(-1, 1, 1)
        width = self.width[members][:, None].expand(-1, LINES, -1).gather(2, text)
        ends = (width + self.gap[members].view(-1, 1, 1)).cumsum(2)
        text = torch.where(blank, GLYPHS, text)
        period = ends[:, :, -1]
        bins = (torch.arange(BINS) + 0.5) / BINS * period[..., None]
        slot = torch.searchsorted(ends, bins).clamp_max(SLOTS - 1)
        row = line.long().remainder(LINES)
        picture = torch.arange(count).view(-1, 1, 1)
        # The table's bin may belong to the neighbour by half a bin: the exact end decides.
        x = torch.remainder(x, period[picture, row])
        found = slot[picture, row, (x / period[picture, row] * BINS).long().clamp_max(BINS - 1)]
        found = (found + (x >= ends[picture, row, found]).long()).clamp_max(SLOTS - 1)
        begin = ends[picture, row, found] - width[picture, row, found]
        found = torch.where(x < begin - self.gap[members].view(-1, 1, 1), (found - 1).clamp_min(0), found)
        wide = width[picture, row, found]
        return text[picture, row, found], (x - ends[picture, row, found] + wide) / wide

    def _look_up(self, members: Tensor, glyph: Tensor, along: Tensor, down: Tensor) -> Tensor:
        """Distance (b, s, s) to the nearest stroke in bodies, from the family's atlas of one glyph below another."""
        # A glyph's body is 20 wide in the atlas, whatever its width on the page.
        across, below = along * 20 + MARGIN, down * BODY + MARGIN
        x, y = across.clamp(0.5, BOX_W - 0.5), below.clamp(0.5, BOX_H - 0.5)
        # Beyond the box every stroke is farther still; without this, thick ones would run down the page.
        beyond = torch.hypot(across - x, below - y) / BODY
        y = y + glyph * BOX_H
        spot = torch.stack([x / BOX_W, y / (BOX_H * (GLYPHS + 1))], -1) * 2 - 1
        atlas = self.atlas[members][:, None]
        return F.grid_sample(atlas, spot, padding_mode="border", align_corners=False)[:, 0] + beyond

    def _inked(self, ink: Tensor, members: Tensor, generator: torch.Generator) -> Tensor:
        """Two colours far apart in lightness, on paper that is stained and grained, under ink that fades."""
        count, side = len(members), ink.shape[-1]
        palette = fields.palettes(self.palette[members], generator)
        order = palette.mean(2).argsort(1)
        dark, pale = (palette[torch.arange(count), order[:, i], :, None, None] for i in (0, -1))
        dark, pale = dark * 0.6, pale + (1 - pale) * 0.3
        swap = fields.column(torch.rand(count, generator=generator) < 0.25)
        paper, colour = torch.where(swap, dark, pale), torch.where(swap, pale, dark)
        broad = fields.even_noise(count, 2, 6, side, generator)
        fine = fields.even_noise(count, 1, side // 2, side, generator)
        ink = ink[:, None] * (0.95 - fields.column(self.fade[members]) * (0.5 + 0.5 * broad[:, 1:] + 0.3 * fine)).clamp(
            0, 1
        )
        paper = paper * (1 + 0.06 * broad[:, :1] + 0.03 * fine)
        return (paper + (colour - paper) * ink).clamp(0, 1)


def _atlas(count: int, generator: torch.Generator) -> Tensor:
    """Distances (count, (GLYPHS + 1) · BOX_H, BOX_W) in bodies to the strokes of each glyph; the last one is blank."""
    pen = torch.rand(count, 1, 1, 1, generator=generator) * math.pi
    broad = torch.rand(count, 1, 1, 1, generator=generator) * 0.8
    points, absent = _strokes(count, generator)
    dots = torch.cartesian_prod(torch.arange(BOX_H) + 0.5, torch.arange(BOX_W) + 0.5).flip(1)
    grid = (dots - MARGIN) / BODY
    far = torch.full((count, GLYPHS, BOX_H * BOX_W), FAR)
    for stroke in range(STROKES):
        for piece in range(PIECES):
            start, end = points[:, :, stroke, piece, None], points[:, :, stroke, piece + 1, None]
            line = end - start
            share = ((grid - start) * line).sum(-1) / line.square().sum(-1).clamp_min(1e-6)
            apart = (grid - start - share.clamp(0, 1)[..., None] * line).norm(dim=-1)
            # A broad pen is thick across its edge and thin along it.
            turn = torch.atan2(line[..., 1], line[..., 0]) - pen[..., 0]
            apart = apart * (1 + broad[..., 0] * turn.cos().square()) + absent[:, :, stroke, None] * FAR
            far = torch.minimum(far, apart)
    far = torch.cat([far, torch.full((count, 1, BOX_H * BOX_W), FAR)], 1)
    return far.view(count, (GLYPHS + 1) * BOX_H, BOX_W)


def _strokes(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Strokes as chains (count, GLYPHS, STROKES, PIECES + 1, 2) in bodies, and which are absent."""
    shape = (count, GLYPHS, STROKES)
    ends = torch.stack([torch.randint(0, n, (*shape, 2), generator=generator) / (n - 1) for n in (3, 4)], -1)
    # Strokes hang together: most begin where the one before ended.
    joined = torch.rand(shape, generator=generator) < 0.6
    before = ends[:, :, :, 1].roll(1, 2)
    start = torch.where(joined[..., None], before, ends[:, :, :, 0])
    end = ends[:, :, :, 1]
    end = torch.where((end == start).all(-1, keepdim=True), 1 - end, end)
    across = torch.stack([start[..., 1] - end[..., 1], end[..., 0] - start[..., 0]], -1)
    roundness = torch.rand(count, 1, 1, 1, generator=generator)
    bow = (
        torch.randn(*shape, 1, generator=generator).sign()
        * 0.9
        * (torch.rand(*shape, 1, generator=generator) < roundness)
    )
    share = torch.linspace(0, 1, PIECES + 1).view(-1, 1)
    bend = (start + end)[..., None, :] / 2 + (across * bow)[..., None, :]
    chain = (1 - share) ** 2 * start[..., None, :] + 2 * share * (1 - share) * bend + share**2 * end[..., None, :]
    chain = chain.clamp(0, 1) * torch.tensor([20 / BODY, 1.0])
    absent = torch.rand(shape, generator=generator) > torch.tensor([1.0, 1.0, 0.6, 0.35])
    return chain, absent
