"""What the sheets are made of: paper, ink, text that fits, colours for numbers, tensors as pictures.

Knows Pillow images and tensors of pictures. Must not know layers or distances. ``sheet``, ``overview`` and ``plot``
draw with it.
"""

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

PAPER, INK, FAINT, EDGE, SHADE = "#f7f3ec", "#2b2722", "#7d746a", "#d8d0c3", "#ebe4d8"
SEEN, MOST, HALF = "#8a8177", "#1f6f8b", "#c8442b"  # the theoretical field; 95 % and 50 % of the effective one
CONTENT, STYLE = "#1f6f8b", "#c8442b"
# From nothing to everything, dark to light, so that it reads in gray as well; after matplotlib's inferno.
HEAT = (
    (0, 0, 4),
    (40, 11, 84),
    (101, 21, 110),
    (159, 42, 99),
    (212, 72, 66),
    (245, 125, 21),
    (250, 193, 39),
    (252, 255, 164),
)


def write(
    sheet: Image.Image, at: tuple[float, float], text: str, *, size: float, fill: str = INK, anchor: str = "la"
) -> int:
    """Sets a line of text and returns its width in px; `anchor` as Pillow's."""
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(sheet)
    pen.text(at, text, fill=fill, font=font, anchor=anchor)
    return round(pen.textlength(text, font=font))


def fitting_size(text: str, width: float, size: float) -> float:
    """The font size up to `size` at which a line is at most `width` px wide."""
    return min(size, size * width / max(1, ImageFont.load_default(size).getlength(text)))


def heat(values: Tensor) -> Tensor:
    """Colours (3, H, W) in [0, 1] of values (H, W) in [0, 1]."""
    table = torch.tensor(HEAT) / 255
    place = values.clamp(0, 1) * (len(HEAT) - 1)
    low = place.floor().long().clamp_max(len(HEAT) - 2)
    share = (place - low)[..., None]
    return (table[low] * (1 - share) + table[low + 1] * share).permute(2, 0, 1)


def picture_of(colours: Tensor) -> Image.Image:
    """(3, H, W) in [0, 1] as a picture, or (4, H, W) with coverage, laid on shaded paper."""
    samples = (colours.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    size = samples.shape[1], samples.shape[0]
    if samples.shape[2] == 3:
        return Image.frombytes("RGB", size, samples.numpy().tobytes())
    ground = Image.new("RGBA", size, SHADE)
    return Image.alpha_composite(ground, Image.frombytes("RGBA", size, samples.numpy().tobytes())).convert("RGB")


def fitted(image: Image.Image, cell: int) -> Image.Image:
    """A patch at a cell's size: whole multiples of small ones, so that their pixels are seen; large ones smoothly."""
    side = max(image.size)
    if 2 * side <= cell:
        times = cell // side
        return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    scale = cell / side
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def signed(gradient: Tensor) -> Tensor:
    """A gradient (3, h, w) as colours around the paper's middle gray: its 99.5th percentile reaches the ends."""
    strongest = gradient.abs().flatten().kthvalue(max(1, round(gradient.numel() * 0.995))).values
    return 0.5 + 0.5 * gradient / strongest.clamp_min(1e-30)


def framed(sheet: Image.Image, image: Image.Image, at: tuple[int, int]) -> None:
    """Lays a picture on the sheet with a hairline around it."""
    sheet.paste(image, at)
    box = (at[0] - 1, at[1] - 1, at[0] + image.width, at[1] + image.height)
    ImageDraw.Draw(sheet).rectangle(box, outline=EDGE)


def square(pen: ImageDraw.ImageDraw, middle: tuple[float, float], side: float, colour: str) -> None:
    """An outline, three pixels wide between hairlines of paper, so that it is seen on any ground."""
    x, y = middle
    left, top, right, bottom = (round(at) for at in (x - side / 2, y - side / 2, x + side / 2, y + side / 2))
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=PAPER, width=5)
    pen.rectangle((left, top, right, bottom), outline=colour, width=3)
