"""A painted print looked at: is it as deep as it should be, is anything black, shifted or in bands; pictures for eyes.

Knows raw samples and numbers. ``print_size`` calls it with what the editor has in the new layer. Told are

- how many of the samples between black and white are what 8 bits could say (a multiple of 257): one in 257 of true 16
  bits, all of false ones;
- the share of black pixels, and the least alpha;
- how far the picture lies from the one that was painted, in pixels of both at 512 px, by the peak of their correlation;
- the largest step between the means of two rows, in multiples of the median one, and where: a band begins there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

WHOLE_PX, PIECE_PX, SMALL_PX, ROWS = 1400, 700, 512, 256
DARK = 0.01  # of white

Samples = npt.NDArray[Any]


def samples(path: Path, size: tuple[int, int], depth: int, *, blue_first: bool) -> Samples:
    """Raw samples in a file, (H, W, C), red first."""
    kind = np.dtype("<u2" if depth == 16 else "u1")
    channels = path.stat().st_size // (size[0] * size[1] * kind.itemsize)
    found = np.memmap(path, kind, "r", shape=(size[1], size[0], channels))
    return found[..., [2, 1, 0, 3]] if blue_first else found


def told(painted: Samples, before: Image.Image) -> list[str]:
    """What there is to say of it."""
    white = int(np.iinfo(painted.dtype).max)
    coarse, between, dark, means = 0, 0, 0, []
    for first in range(0, len(painted), ROWS):
        rows = painted[first : first + ROWS, :, :3]
        inner = rows[(rows > 0) & (rows < white)]
        between += len(inner)
        coarse += int((inner.astype(np.uint16) % 257 == 0).sum())
        dark += int((rows.max(2) < DARK * white).sum())
        means.append(rows.mean((1, 2)) / white)
    steps = np.abs(np.diff(np.concatenate(means)))
    pixels = painted.shape[0] * painted.shape[1]
    least = int(painted[..., 3].min()) if painted.shape[2] == 4 else white
    like_8 = f"1 of {between / coarse:.0f}" if coarse else "none"
    return [
        f"{painted.shape[1]}x{painted.shape[0]} px, {painted.shape[2]} channels of {painted.dtype}, white {white}",
        *([f"of the samples is as 8 bits would have it: {like_8}"] if white > 255 else []),
        f"black: {100 * dark / pixels:.3f} % of the pixels; least alpha {least}",
        "away from what was painted by {} px in x, {} in y, of {}".format(
            *shift(small(painted), gray(before)), SMALL_PX
        ),
        f"largest step between rows: {steps.max() / np.median(steps):.1f} of the median, at row {steps.argmax() + 1}",
    ]


def small(painted: Samples) -> Samples:
    """The whole of it, gray, for correlation."""
    return gray(overview(painted, SMALL_PX))


def gray(image: Image.Image) -> Samples:
    """Light at `SMALL_PX` pixels' width, without its mean."""
    height = round(SMALL_PX * image.height / image.width)
    light = np.asarray(image.resize((SMALL_PX, height), Image.Resampling.BOX).convert("L"), np.float64)
    found: Samples = light - light.mean()
    return found


def shift(one: Samples, other: Samples) -> tuple[int, int]:
    """Where the correlation of two pictures is largest: x, y."""
    found = np.fft.ifft2(np.fft.fft2(one) * np.conj(np.fft.fft2(other))).real
    y, x = np.unravel_index(found.argmax(), found.shape)
    height, width = found.shape
    return int((x + width // 2) % width - width // 2), int((y + height // 2) % height - height // 2)


def overview(painted: Samples, width: int) -> Image.Image:
    """Every so many-th pixel of each row and column, in 8 bits."""
    stride = max(1, painted.shape[1] // width)
    return shown(painted[::stride, ::stride])


def shown(part: Samples) -> Image.Image:
    """For eyes."""
    return Image.fromarray(np.ascontiguousarray(part[..., :3] >> (8 * (part.dtype.itemsize - 1))).astype(np.uint8))


def saved(painted: Samples, places: Sequence[tuple[float, float]], path: Path) -> None:
    """The whole, small, beside pieces of it at their own size: PNG files whose names begin as `path`."""
    overview(painted, WHOLE_PX).save(f"{path}-whole.png")
    for number, (across, down) in enumerate(places):
        left, top = int(across * (painted.shape[1] - PIECE_PX)), int(down * (painted.shape[0] - PIECE_PX))
        shown(painted[top : top + PIECE_PX, left : left + PIECE_PX]).save(f"{path}-piece{number}.png")
