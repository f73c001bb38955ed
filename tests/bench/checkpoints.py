"""What writing checkpoints takes from the work, by the size of the picture: the share that the rule keeps under 5 %.

    .venv/bin/python tests/bench/checkpoints.py [--seconds 25] [--sizes 256 640 1152]

Each row is a painting as a worker makes it (slim encoder, all cores, the final size alone), for so many seconds of
work. *share* is what writing has cost in relation to the work: the standstill while the state is taken, and the
processor time of the thread that writes it. *pause* is the most work between two states; below a megapixel it is to be
five seconds and a step at most. Nothing is asserted.

Measured on 2026-11-26, two cores, nothing else at work (load 0.7 to 1.6), `--sizes 640 816 1152`:

    px    MP    step s     MiB  written    cost s  pause s  work s   share
   640  0.31     0.194      89       26     0.040      1.1      25   4.2 %
   816  0.50     0.276     144       19     0.059      1.5      25   4.5 %
  1152  1.00     0.586     282       11     0.110      3.2      25   4.8 %

An hour before, on the same quiet machine, with the library's writer and a checksum that read the file again:

   640  0.31     0.206      89       16     0.069      2.5      25   4.4 %
   816  0.50     0.304     144        8     0.195      5.2      25   6.2 %
  1152  1.00     0.622     282        6     0.450      5.6      25  10.7 %

Whether a step beside a writing thread takes longer than that share tells was tried, too: 4 to 20 % more processor time
in turns of five steps at a load of 15 to 21; two paintings that wrote nothing differed by as much: it says nothing.
"""

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rich.console import Console

from impasto.gallery import draw
from impasto.image import ImageHeader
from impasto.spec import StyleUse, StylizeSpec
from impasto.weights import Shelf
from impasto.worker.checkpoint import states
from impasto.worker.painting import Painting, Terms
from impasto.worker.saving import Outcome
from impasto.worker.studio import Studio

SIZES_PX = (256, 384, 640, 816, 1152, 1632)  # long sides of 4:3: 0.05 to 2 megapixels
STYLE_PX = 384
COLUMNS = "{:>6} {:>5} {:>9} {:>7} {:>8} {:>9} {:>8} {:>7} {:>7}"
LEAST_STEPS = 15  # of which ten are until L-BFGS has all its pairs


@dataclass
class Timed:
    """A painting, and in seconds of work how long its steps took and when states were due."""

    painting: Painting
    steps_s: list[float] = field(default_factory=list)
    written_at: list[float] = field(default_factory=list)

    def step(self) -> None:
        """One step as a worker makes it."""
        before = self.painting.seconds
        self.painting.advance()
        self.steps_s.append(self.painting.seconds - before)
        if self.painting.save_due:
            self.painting.save()
            self.written_at.append(self.painting.seconds)


def picture(folder: Path, name: str, width: int, height: int) -> dict[str, Any]:
    """A picture of the gallery at rest, as the front tells of it."""
    path = folder / f"{name}-{width}"
    path.write_bytes(draw(name, width=width, height=height).tobytes())
    return {"path": str(path), "header": ImageHeader(width, height).to_json(), "key": path.name}


def painting(studio: Studio, pictures: dict[str, Any], states_in: Path | None, told: list[Outcome]) -> Painting:
    """A painting that will not end by itself."""
    spec = StylizeSpec("content", (StyleUse("style"),), steps=9000, max_scales=1, encoder="vgg19-slim")
    return Painting(studio, spec, pictures, lambda: None, Terms(folder=states_in), told.append)


def row(studio: Studio, folder: Path, edge: int, seconds: float) -> str:
    """One size: a painting for some seconds of work, once L-BFGS has all its pairs."""
    height, told = edge * 3 // 4, list[Outcome]()
    pictures = {
        "content": picture(folder, "harbour", edge, height),
        "styles[0].image": picture(folder, "swirl", STYLE_PX, STYLE_PX),
    }
    place = folder / f"states-{edge}"
    timed = Timed(painting(studio, pictures, place, told))
    while timed.painting.seconds < seconds or len(timed.steps_s) < LEAST_STEPS:
        timed.step()
    timed.painting.saving.settle(lambda: None)
    size_mib = states(place)[0].stat().st_size / 2**20 if states(place) else 0.0
    cost_s, worked_s = timed.painting.saving.cost_s, timed.painting.seconds
    pauses = [after - before for before, after in zip([0.0, *timed.written_at], timed.written_at, strict=False)]
    failed = sum(outcome.error is not None for outcome in told)
    return COLUMNS.format(
        edge,
        f"{edge * height / 1e6:.2f}",
        f"{median(timed.steps_s):.3f}",
        f"{size_mib:.0f}",
        f"{len(told) - failed}",
        f"{cost_s / max(1, len(told)):.3f}",
        f"{max(pauses, default=0.0):.1f}",
        f"{worked_s:.0f}",
        f"{100 * cost_s / worked_s:.1f} %",
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_PX)
    parser.add_argument("--seconds", type=float, default=25.0)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    heads = ("px", "MP", "step s", "MiB", "written", "cost s", "pause s", "work s", "share")
    tell = Console(highlight=False, width=120).print
    tell(f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    tell(COLUMNS.format(*heads))
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(device, Shelf(Path(folder)))
        for edge in options.sizes:
            tell(row(studio, Path(folder), edge, options.seconds))


if __name__ == "__main__":
    main()
