"""Plots: an effective field with its profile, and the distances of two pictures as bars.

Knows `EffectiveField` and `LayerDistance` as numbers. Must not know encoders or files. ``sheet`` and the face call it.
"""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from impasto.inspection.distance import LayerDistance
from impasto.inspection.paper import (
    CONTENT,
    EDGE,
    FAINT,
    HALF,
    INK,
    MOST,
    PAPER,
    STYLE,
    fitting_size,
    heat,
    picture_of,
    square,
    write,
)
from impasto.inspection.receptive import EffectiveField


def field_picture(field: EffectiveField, cell: int) -> Image.Image:
    """The gradient's magnitude over the field, a square of `cell` px, with the 50 % and 95 % squares on it."""
    magnitude = field.energy.sqrt()  # energies span too many decades to be seen
    colours = picture_of(heat(magnitude / magnitude.max().clamp_min(1e-30)))
    image = colours.resize((cell, cell), Image.Resampling.NEAREST)
    pen, scale = ImageDraw.Draw(image), image.width / field.energy.shape[0]
    for share, colour in ((0.95, MOST), (0.5, HALF)):
        side = field.side_px(share) * scale
        square(pen, ((image.width - 1) / 2, (image.height - 1) / 2), min(side, image.width - 4), colour)
    return image


def profile_plot(field: EffectiveField, width: int, height: int) -> Image.Image:
    """The energy along an axis, a bar for each pixel across the field's whole width, and lines at the shares."""
    image = Image.new("RGB", (width, height), PAPER)
    pen, values = ImageDraw.Draw(image), field.profile.tolist()
    base, left, right = height - 22, 2, width - 3
    step = (right - left) / len(values)
    for index, value in enumerate(values):
        top = base - value * (base - 12)
        pen.rectangle(
            (left + index * step, top, max(left + (index + 1) * step - (step > 3), left + index * step), base),
            fill="#c9a86a",
        )
    for share, colour in ((0.95, MOST), (0.5, HALF)):
        half = field.side_px(share) * step / 2
        for x in (width / 2 - half, width / 2 + half):
            pen.line((min(max(x, 2), width - 3), 6, min(max(x, 2), width - 3), base), fill=colour, width=2)
    pen.line((left, base, right, base), fill=INK)
    half_px = len(values) / 2
    for x, text, anchor in ((left, f"-{half_px:g}", "la"), (width / 2, "0", "ma"), (right, f"+{half_px:g} px", "ra")):
        write(image, (x, base + 4), text, size=13, fill=FAINT, anchor=anchor)
    return image


def distance_plot(layers: Sequence[LayerDistance], title: str) -> Image.Image:
    """Relative content and style distance, a pair of bars for each layer, all to one scale."""
    head, row, left, right = 130, 74, 150, 760
    image = Image.new("RGB", (900, head + len(layers) * row + 66), PAPER)
    longest = max((max(layer.relative_content, layer.relative_style) for layer in layers), default=0.0) or 1.0
    ticks = _ticks(longest)
    scale = (right - left) / max(longest, ticks[-1])
    write(image, (40, 30), title, size=fitting_size(title, 820, 30))
    for x, text, colour in (
        (40, "content: the same things in the same places", CONTENT),
        (440, "style: the same use of colour and texture", STYLE),
    ):
        ImageDraw.Draw(image).rectangle((x, 84, x + 14, 98), fill=colour)
        write(image, (x + 24, 82), text, size=17, fill=FAINT)
    _grid(image, ticks, (left, head - 6, head + len(layers) * row), scale)
    for index, layer in enumerate(layers):
        top = head + index * row + 6
        write(image, (left - 16, top + 24), layer.layer, size=22, anchor="rm")
        for down, value, colour in ((0, layer.relative_content, CONTENT), (26, layer.relative_style, STYLE)):
            ImageDraw.Draw(image).rectangle(
                (left, top + down, left + max(1, value * scale), top + down + 20), fill=colour
            )
            write(image, (left + value * scale + 10, top + down + 10), f"{value:.3g}", size=17, fill=FAINT, anchor="lm")
    return image


def _ticks(longest: float) -> list[float]:
    """Round numbers from 0 to about `longest`, at most six steps."""
    power = 10.0 ** math.floor(math.log10(longest))
    step = next(power * part for part in (0.2, 0.5, 1.0, 2.0) if longest <= 6 * power * part)
    return [step * index for index in range(math.floor(longest / step + 1e-9) + 1)]


def _grid(image: Image.Image, ticks: Sequence[float], place: tuple[int, int, int], scale: float) -> None:
    left, top, bottom = place
    pen = ImageDraw.Draw(image)
    for tick in ticks:
        x = left + tick * scale
        pen.line((x, top, x, bottom), fill=INK if tick == 0 else EDGE)
        write(image, (x, bottom + 6), f"{tick:.3g}", size=15, fill=FAINT, anchor="ma")
    write(
        image,
        (left, bottom + 30),
        "distance divided by the first picture's own norm in that layer",
        size=15,
        fill=FAINT,
    )
