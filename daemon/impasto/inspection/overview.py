"""The overview: how far each layer sees, one beside the other on the picture itself.

Knows `LayerView`s and the picture. Must not know encoders, files or channels. The room's face calls it.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw
from torch import Tensor

from impasto.inspection.layer import SHARES, LayerView
from impasto.inspection.paper import (
    FAINT,
    HALF,
    INK,
    MOST,
    PAPER,
    SEEN,
    fitting_size,
    framed,
    picture_of,
    square,
    write,
)
from impasto.inspection.plot import field_picture

MARGIN, GAP, TALL = 48, 28, 264  # px; TALL is the height of what stands in a row
HEAD = 128


def overview_sheet(views: Sequence[LayerView], image: Tensor, encoder: str) -> Image.Image:
    """A row for each layer: the picture around its middle with the fields on it, the effective field, the numbers.

    Args:
        views: of the layers, in the order to be shown.
        image: (1, 3, H, W), the picture that was looked at.
        encoder: its name, for the title.
    """
    full = picture_of(image[0])
    scale = min(TALL / full.height, 400 / full.width)
    size = max(1, round(full.width * scale)), max(1, round(full.height * scale))
    small = full.resize(size, Image.Resampling.LANCZOS)
    width = 2 * MARGIN + small.width + GAP + TALL + GAP + 470
    sheet = Image.new("RGB", (width, HEAD + len(views) * (TALL + GAP) + MARGIN - GAP), PAPER)
    write(sheet, (MARGIN, 30), "How far each layer sees", size=40)
    told = f"{encoder}, on a picture of {full.width} x {full.height} px: one unit's field, to the picture's scale"
    write(sheet, (MARGIN, 84), told, size=fitting_size(told, width - 2 * MARGIN, 20), fill=FAINT)
    for index, view in enumerate(views):
        top = HEAD + index * (TALL + GAP)
        framed(sheet, with_fields(small, view, scale), (MARGIN, top + (TALL - small.height) // 2))
        framed(sheet, field_picture(view.effective, TALL), (MARGIN + small.width + GAP, top))
        _numbers(sheet, (MARGIN + small.width + GAP + TALL + GAP, top), view)
    return sheet


def with_fields(small: Image.Image, view: LayerView, scale: float) -> Image.Image:
    """The picture, shrunk by `scale`, with one unit's field, whole and effective, in its middle."""
    marked = small.copy()
    pen, middle = ImageDraw.Draw(marked), (small.width / 2, small.height / 2)
    sides = [view.field.size, *(view.effective.side_px(share) for share in reversed(SHARES))]
    for side, colour in zip(sides, (SEEN, MOST, HALF), strict=True):
        square(pen, middle, max(2, side * scale), colour)
    return marked


def field_numbers(sheet: Image.Image, at: tuple[int, int], view: LayerView) -> None:
    """The field in numbers, each in the colour that its square has."""
    half, most = (view.effective.side_px(share) for share in SHARES)
    lines = (
        (f"{view.field.size} px", "can be seen by one unit: its receptive field", SEEN),
        (f"{most} px", "hold 95 % of what moves it: the effective one", MOST),
        (f"{half} px", "hold 50 %", HALF),
    )
    for index, (number, words, colour) in enumerate(lines):
        y = at[1] + index * 36
        write(sheet, (at[0] + 92, y), number, size=26, fill=colour, anchor="ra")
        write(sheet, (at[0] + 106, y + 7), words, size=18, fill=INK)
    told = f"standard deviation {view.effective.deviation_px:.1f} px, over {view.effective.units} units of this picture"
    write(sheet, (at[0], at[1] + 118), told, size=16, fill=FAINT)


def _numbers(sheet: Image.Image, at: tuple[int, int], view: LayerView) -> None:
    write(sheet, at, view.name, size=32)
    field_numbers(sheet, (at[0], at[1] + 62), view)
    told = f"{view.channels} channels, a unit every {view.field.stride} px"
    write(sheet, (at[0], at[1] + 210), told, size=16, fill=FAINT)
