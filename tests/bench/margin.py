"""What painting only the area around a selection gains, and what its margin is for: python tests/bench/margin.py.

A photo's middle is selected, and painted twice with the same settings: as a part of the whole photo, and cut out with
margins of several widths, as the plug-in for GIMP does (plugins/gimp/onto_canvas/layers.py). Told are the seconds, and
how far the selected pixels are from those of the widest margin, as a mean of 255: in the middle of the selection, and
in the 16 px along its edge.
"""

import argparse
import io
import sys
import time

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto import client, gallery

Pixels = npt.NDArray[np.float64]
MARGINS = (0, 16, 32, 64, 96, 128, 192)
RIM_PX = 16


def painted(daemon: client.Client, photo: Image.Image, mask: Image.Image, steps: int) -> tuple[Pixels, float]:
    """The painting, and the seconds that it took."""
    began = time.perf_counter()
    style = gallery.draw("swirl", width=384, height=288)
    picture = daemon.stylize(_file(photo), _file(style), mask=_file(mask), steps=steps)
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(photo.height, photo.width, 3)
    return pixels.astype(np.float64), time.perf_counter() - began


def _file(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def main() -> None:
    """Prints one line a margin, and one for the whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=1024, help="the photo's longer side, in px")
    parser.add_argument("--selected", type=int, default=128, help="the selection's side, in px")
    parser.add_argument("--steps", type=int, default=60)
    asked = parser.parse_args()
    photo = gallery.draw("harbour", width=asked.size, height=asked.size * 3 // 4).convert("RGB")
    left, top = (photo.width - asked.selected) // 2, (photo.height - asked.selected) // 2
    box = (left, top, left + asked.selected, top + asked.selected)
    found: dict[int, tuple[Pixels, float]] = {}
    with client.connect() as daemon:
        for margin in MARGINS:
            area = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
            mask = Image.new("L", (area[2] - area[0], area[3] - area[1]))
            mask.paste(255, (margin, margin, margin + asked.selected, margin + asked.selected))
            pixels, seconds = painted(daemon, photo.crop(area), mask, asked.steps)
            found[margin] = pixels[margin : margin + asked.selected, margin : margin + asked.selected], seconds
        mask = Image.new("L", photo.size)
        mask.paste(255, box)
        pixels, whole_s = painted(daemon, photo, mask, asked.steps)
    whole = pixels[box[1] : box[3], box[0] : box[2]]
    widest = found[MARGINS[-1]][0]
    inner = slice(RIM_PX, -RIM_PX)
    lines = [
        f"margin {margin:3d} px: {taken_s:6.1f} s, {_told(part, widest, inner)}"
        for margin, (part, taken_s) in found.items()
    ]
    lines.append(f"the whole photo: {whole_s:6.1f} s, {_told(whole, widest, inner)}")
    sys.stdout.write("\n".join(lines) + "\n")


def _told(one: Pixels, other: Pixels, inner: slice) -> str:
    off = np.abs(one - other).mean(2)
    middle = off[inner, inner]
    rim = (off.sum() - middle.sum()) / (off.size - middle.size)
    return f"from the widest {middle.mean():5.1f} in the middle, {rim:5.1f} along the edge"


if __name__ == "__main__":
    main()
