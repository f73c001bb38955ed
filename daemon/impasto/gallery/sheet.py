"""The contact sheet: pictures in rows on warm paper, each with its caption.

Knows Pillow images and text. Called by the face of this room.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

Captioned = tuple[str, Image.Image]

_PAPER, _INK, _FAINT, _EDGE = "#f7f3ec", "#2b2722", "#7d746a", "#d8d0c3"


def contact_sheet(rows: Sequence[Sequence[Captioned]], *, cell: int = 384, title: str = "") -> Image.Image:
    """Lay captioned pictures out in rows, each fitted into a square cell by its own aspect.

    Args:
        rows: captions and pictures; rows may differ in length.
        cell: the side of a cell in pixels.
        title: set large above the rows, where given.

    Raises:
        ValueError: there is nothing to show, or the cells are too small to show it in.
    """
    if not any(rows):
        raise ValueError("a contact sheet needs at least one picture, and had none")
    if cell < 16:
        raise ValueError(f"a cell is {cell} pixels wide, and must have at least 16")
    margin, gap = cell // 5, cell // 10
    shelves = [_shelf([(text, _fitted(picture, cell)) for text, picture in row], cell, gap) for row in rows if row]
    head = margin + (cell // 4 if title else 0)
    size = max(s.width for s in shelves) + 2 * margin, head + sum(s.height + gap for s in shelves) - gap + margin
    sheet = Image.new("RGB", size, _PAPER)
    _write(sheet, title, (size[0] / 2, margin * 0.8), cell / 9, _INK)
    for shelf in shelves:
        sheet.paste(shelf, (margin, head))
        head += shelf.height + gap
    return sheet


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    """The picture in RGB, its longer side as long as the cell."""
    scale = cell / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _shelf(row: Sequence[Captioned], cell: int, gap: int) -> Image.Image:
    """One row: pictures standing on one line, captions under it."""
    line = max(picture.height for _, picture in row)
    shelf = Image.new("RGB", (len(row) * (cell + gap) - gap, line + cell // 9), _PAPER)
    pen = ImageDraw.Draw(shelf)
    for column, (text, picture) in enumerate(row):
        left, top = column * (cell + gap) + (cell - picture.width) // 2, line - picture.height
        shelf.paste(picture, (left, top))
        pen.rectangle((left, top, left + picture.width - 1, line - 1), outline=_EDGE)
        _write(shelf, text, (left + picture.width / 2, line + cell / 36), cell / 20, _FAINT)
    return shelf


def _write(sheet: Image.Image, text: str, place: tuple[float, float], size: float, colour: str) -> None:
    """Set a line of text, its upper middle at a place."""
    ImageDraw.Draw(sheet).text(place, text, fill=colour, font=ImageFont.load_default(max(8.0, size)), anchor="ma")
