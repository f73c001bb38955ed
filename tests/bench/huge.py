"""A picture as large as a print through a real daemon that may take only so much memory.

    .venv/bin/python tests/bench/huge.py [--megapixels 100] [--memory 8GiB] [--steps 20] [--scales 2]
        [--environment NAME=VALUE …] [--output out/huge]

Uploads a raw picture (harbour, enlarged, with grain), paints it in swirl with the slim encoder at two scales, half of
the steps at the final one (`--scales 1`: all of them), looks at a preview on the way, and fetches the result. Told are,
of the worker's process, the peak of its own memory (RssAnon; what it maps from files the system may take back at any
time) and of all that it had in memory (VmHWM), those of the front, the seconds of each step, and what was left on the
disk. `--megapixels 2.3 --memory 2GiB` weighs a job just below what fits as a whole. `--environment` reaches the worker:
malloc's thresholds are weighed with it. Writes the result and the preview; nothing is asserted but that the job ends
well.
"""

import argparse
import sys
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

from harness import Daemon, Home
from impasto.client import Client, Picture, Progress
from impasto.gallery import draw
from impasto.image import ImageHeader

DRAWN_PX, STYLE_PX, GRAIN = 2048, 1024, 6
LOOK_S = 0.02
MIB = 1 << 20


def status(pid: int) -> dict[str, int]:
    """What a process has in memory and had at most, in bytes; nothing of one that has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    told = (line.split(":") for line in lines if line.startswith(("RssAnon", "RssFile", "VmHWM")))
    return {name: int(value.split()[0]) * 1024 for name, value in told}


class Watch:
    """The largest own memory of a process, looked at many times a second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak, self.ended = pid, 0, False
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.ended:
            self.peak = max(self.peak, status(self.pid).get("RssAnon", 0))
            time.sleep(LOOK_S)


def large(megapixels: float) -> Picture:
    """Harbour, 4:3, drawn at 2048 px and enlarged; with grain, or nothing in it would be as fine as its pixels."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    drawn = draw("harbour", width=min(DRAWN_PX, width), height=min(DRAWN_PX, width) * 3 // 4)
    image = np.array(drawn.resize((width, height), Image.Resampling.BICUBIC))
    random = np.random.default_rng(0)
    for first in range(0, height, 256):
        rows = image[first : first + 256]
        grain = random.integers(-GRAIN, GRAIN + 1, rows.shape, dtype=np.int16)
        rows[:] = (rows + grain).clip(0, 255).astype(np.uint8)
    return Picture(ImageHeader(width, height), image.tobytes())


def picture(name: str, side: int) -> Picture:
    """One of the gallery."""
    image = draw(name, width=side, height=side * 3 // 4)
    return Picture(ImageHeader(*image.size), image.tobytes())


def shown(picture: Picture) -> Image.Image:
    """For eyes."""
    return Image.frombytes("RGB", (picture.header.width, picture.header.height), picture.samples)


def painted(client: Client, content: Picture, lengths: tuple[int, int], console: Console, output: Path) -> Picture:
    """The whole job of so many steps and scales, each step told with its seconds; previews are kept."""
    began = last = time.perf_counter()
    seen = 0

    def progress(told: Progress) -> None:
        nonlocal last, seen
        if told.step > seen:
            now = time.perf_counter()
            console.print(f"step {told.step}: {now - last:.1f} s, J = {told.losses.get('total', 0):.5g}")
            last, seen = now, told.step

    def preview(frame: Picture) -> None:
        shown(frame).save(output / "preview.png")
        console.print(f"preview of {frame.header.width}x{frame.header.height} px, {len(frame.samples) >> 10} KiB")

    result = client.stylize(
        content,
        picture("swirl", STYLE_PX),
        on_progress=progress,
        on_preview=preview,
        encoder="vgg19-slim",
        steps=lengths[0],
        max_scales=lengths[1],
    )
    console.print(f"painted in {time.perf_counter() - began:.0f} s")
    return result


def main() -> None:
    """One job."""
    parser = argparse.ArgumentParser(description="a large picture in little memory")
    parser.add_argument("--megapixels", type=float, default=100.0)
    parser.add_argument("--memory", default="8GiB")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--scales", type=int, default=2)
    parser.add_argument("--environment", nargs="*", default=[])
    parser.add_argument("--output", type=Path, default=Path("out/huge"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    console, home = Console(width=120), Home(**dict(each.split("=", 1) for each in options.environment))
    daemon = Daemon(home, home.command("serve", "--memory", options.memory))
    try:
        watch, content = Watch(daemon.ready()), large(options.megapixels)
        before = status(watch.pid)["RssAnon"]
        size = f"{content.header.width}x{content.header.height}"
        console.print(f"{size} px, {options.memory}: {len(content.samples) / MIB:.0f} MiB to upload")
        with daemon.client() as client:
            result = painted(client, content, (options.steps, options.scales), console, options.output)
        worker, front, watch.ended = status(watch.pid), status(daemon.process.pid), True
        console.print(
            f"worker: own memory {watch.peak / MIB:.0f} MiB at most ({before / MIB:.0f} before), all in memory "
            f"{worker.get('VmHWM', 0) / MIB:.0f}; front: {front.get('VmHWM', 0) / MIB:.0f} MiB"
        )
        left = list(home.path.rglob("scratch-*"))
        console.print(f"result {result.header.width}x{result.header.height}; scratch files left: {len(left)}")
        shown(result).save(options.output / "result.png", compress_level=1)
    finally:
        daemon.end()
        home.remove()


if __name__ == "__main__":
    main()
