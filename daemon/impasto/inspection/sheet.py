"""The sheet of one layer: its field above, then a row for each of its strongest channels.

Knows a `LayerView` and the picture. Must not know encoders, files or how anything was computed. The room's face calls
it. Every place that is a unit's is drawn where the unit looks: unit i of a layer stands in the middle of its stride.
"""

from PIL import Image, ImageDraw
from torch import Tensor

from impasto.inspection.layer import ChannelView, LayerView
from impasto.inspection.overview import field_numbers, with_fields
from impasto.inspection.paper import (
    FAINT,
    INK,
    PAPER,
    fitted,
    framed,
    heat,
    picture_of,
    signed,
    write,
)
from impasto.inspection.plot import field_picture, profile_plot
from impasto.inspection.receptive import Field

MARGIN, GAP = 48, 28
MAP = (434, 326)  # the most that a map may take, px
CELL, CELL_GAP = 160, 10  # of a patch
HEAD, ROW = 524, 408  # heights, px


def layer_sheet(view: LayerView, image: Tensor, encoder: str) -> Image.Image:
    """The sheet as a picture.

    Args:
        view: of the layer.
        image: (1, 3, H, W), the picture that was looked at.
        encoder: its name, for the title.
    """
    columns = max([3, *(len(channel.patches) for channel in view.strongest)])
    width = 2 * MARGIN + MAP[0] + GAP + max(columns, 5) * (CELL + CELL_GAP)
    sheet = Image.new("RGB", (width, HEAD + max(1, len(view.strongest)) * ROW + MARGIN // 2), PAPER)
    small = _panel(image)
    _head(sheet, view, small, image.shape[3], encoder)
    if not view.strongest:
        write(sheet, (MARGIN, HEAD), "No channel answers to this picture.", size=22, fill=FAINT)
    for index, channel in enumerate(view.strongest):
        _row(sheet, HEAD + index * ROW, channel, view.field, small, small.width / image.shape[3])
    return sheet


def _panel(image: Tensor) -> Image.Image:
    """The picture, as large as the space for a map allows."""
    full = picture_of(image[0])
    scale = min(MAP[0] / full.width, MAP[1] / full.height)
    return full.resize(
        (max(1, round(full.width * scale)), max(1, round(full.height * scale))), Image.Resampling.LANCZOS
    )


def _head(sheet: Image.Image, view: LayerView, small: Image.Image, picture_width: int, encoder: str) -> None:
    across = write(sheet, (MARGIN, 30), view.name, size=46)
    told = f"{view.channels} channels of {view.width} x {view.height} units, one every {view.field.stride} px"
    write(sheet, (MARGIN + across + 22, 52), f"{encoder}  ·  {told}", size=22, fill=FAINT)
    framed(sheet, with_fields(small, view, small.width / picture_width), (MARGIN, 106))
    left = MARGIN + MAP[0] + GAP
    framed(sheet, field_picture(view.effective, 2 * CELL), (left, 106))
    field_numbers(sheet, (left + 2 * CELL + GAP, 106), view)
    plot = profile_plot(view.effective, sheet.width - MARGIN - CELL_GAP - left - 2 * CELL - GAP, 150)
    sheet.paste(plot, (left + 2 * CELL + GAP, 106 + 2 * CELL - plot.height + 18))
    pen = ImageDraw.Draw(sheet)
    pen.line((MARGIN, HEAD - 70, sheet.width - MARGIN, HEAD - 70), fill=FAINT)
    _legend(sheet, view)


def _legend(sheet: Image.Image, view: LayerView) -> None:
    write(sheet, (MARGIN, HEAD - 56), "where the channel answers", size=18, fill=FAINT)
    side = view.field.size
    told = f"what excites it most, {side} x {side} px each; below, what speaks for it (guided backpropagation)"
    write(sheet, (MARGIN + MAP[0] + GAP, HEAD - 56), told, size=18, fill=FAINT)


def _row(sheet: Image.Image, top: int, channel: ChannelView, field: Field, small: Image.Image, scale: float) -> None:
    across = write(sheet, (MARGIN, top), f"channel {channel.index}", size=24)
    peak, mean = float(channel.activations.max()), float(channel.activations.mean())
    told = f"peak {peak:.1f}  ·  mean {mean:.2g}  ·  active at {channel.active_share:.0%}"
    write(sheet, (MARGIN + across + 16, top + 6), told, size=17, fill=FAINT)
    framed(sheet, _map(channel, field, small, scale), (MARGIN, top + 38))
    left = MARGIN + MAP[0] + GAP
    for number, patch in enumerate(channel.patches):
        x = left + number * (CELL + CELL_GAP)
        write(
            sheet, (x + CELL / 2, top + 8), f"{number + 1}:  {patch.activation:.1f}", size=17, fill=FAINT, anchor="ma"
        )
        for index, image in enumerate((picture_of(patch.colours), picture_of(signed(patch.gradient)))):
            cell = fitted(image, CELL)
            framed(sheet, cell, (x + (CELL - cell.width) // 2, top + 38 + index * (CELL + CELL_GAP // 2)))


def _map(channel: ChannelView, field: Field, small: Image.Image, scale: float) -> Image.Image:
    """The channel's activations over the picture in gray, and the numbers of its patches where they are."""
    height, width = channel.activations.shape
    size = round(width * field.stride * scale), round(height * field.stride * scale)
    strength = (channel.activations / _bright(channel.activations)).clamp(0, 1)
    colours = picture_of(heat(strength)).resize(size, Image.Resampling.BILINEAR)
    cover = picture_of(strength.sqrt().expand(3, -1, -1)).convert("L").resize(size, Image.Resampling.BILINEAR)
    ground = small.convert("L").point(lambda value: round(value * 0.55)).convert("RGB")
    ground.paste(colours, (0, 0), cover.point(lambda value: round(value * 0.9)))
    for number, patch in enumerate(channel.patches, 1):
        x, y = ((index + 0.5) * field.stride * scale for index in (patch.column, patch.row))
        _marker(ground, (min(max(x, 11), ground.width - 12), min(max(y, 11), ground.height - 12)), str(number))
    return ground


def _bright(activations: Tensor) -> Tensor:
    """The activation shown brightest: not the very peak, in whose shade a map of many small places would be dark."""
    positive = activations[activations > 0]
    return positive.sort().values[int(0.99 * (len(positive) - 1))]


def _marker(image: Image.Image, at: tuple[float, float], text: str) -> None:
    x, y = at
    ImageDraw.Draw(image).ellipse((x - 10, y - 10, x + 10, y + 10), fill=PAPER, outline=INK)
    write(image, (x, y), text, size=15, anchor="mm")
