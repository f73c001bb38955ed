"""The learning curve: one panel for each lesson, one line for each layer, over the pictures seen.

Knows losses by name ("family relu5_1") as numbers. Must not know the network or the loop. Called by the room's face.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Curve = Sequence[tuple[int, Mapping[str, float]]]
"""Pictures seen, and mean losses up to there since the last point."""

PANEL, LEFT, TOP, GAP = (420, 260), 56, 34, 30
INK, PAPER, RULE = "#1d1d1f", "#f7f3ec", "#d8d2c6"
COLOURS = {"relu2_1": "#c9a86a", "relu3_1": "#0a6c8f", "relu4_1": "#c03a2b", "relu5_1": INK}


def write_png(path: Path, curve: Curve) -> None:
    """Write the panels side by side; nothing where there are fewer than two points."""
    if len(curve) >= 2:
        draw(curve).save(path, format="PNG")


def draw(curve: Curve) -> Image.Image:
    """A panel for each lesson in the order of the first point."""
    lessons = list(dict.fromkeys(name.split()[0] for name in curve[0][1]))
    width, height = PANEL
    image = Image.new("RGB", (len(lessons) * (width + LEFT) + GAP, height + TOP + GAP), PAPER)
    for number, lesson in enumerate(lessons):
        _panel(ImageDraw.Draw(image), number * (width + LEFT) + LEFT, lesson, curve)
    return image


def _panel(pen: ImageDraw.ImageDraw, left: int, lesson: str, curve: Curve) -> None:
    """One lesson's losses; the scale reaches from 0 to the largest after the first tenth, where all is still chance."""
    names = [name for name in curve[0][1] if name.split()[0] == lesson]
    settled = curve[len(curve) // 10 :]
    most = max(losses[name] for _, losses in settled for name in names) * 1.1
    large, small = ImageFont.load_default(15), ImageFont.load_default(11)
    pen.text((left, TOP / 2), lesson, fill=INK, font=large, anchor="lm")
    for share in (0.0, 0.5, 1.0):
        y = TOP + PANEL[1] * (1 - share)
        pen.line((left, y, left + PANEL[0], y), fill=RULE)
        pen.text((left - 6, y), f"{share * most:.2g}", fill=INK, font=small, anchor="rm")
    told = f"{curve[-1][0] / 1000:.0f}k pictures"
    pen.text((left + PANEL[0], TOP + PANEL[1] + 4), told, fill=INK, font=small, anchor="ra")
    for row, name in enumerate(names):
        colour = COLOURS.get(name.split()[1], INK)
        _line(pen, left, colour, [(pictures, losses[name] / most) for pictures, losses in curve])
        pen.text((left + 90 + row * 80, TOP / 2), name.split()[1], fill=colour, font=small, anchor="lm")


def _line(pen: ImageDraw.ImageDraw, left: int, colour: str, points: Sequence[tuple[int, float]]) -> None:
    last = points[-1][0]
    places = [(left + x / last * PANEL[0], TOP + PANEL[1] * (1 - min(y, 1.0))) for x, y in points]
    pen.line(places, fill=colour, width=2)
