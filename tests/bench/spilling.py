"""What a job takes in memory that has regions, selections and colours, beside what was predicted of it.

    .venv/bin/python tests/bench/spilling.py [--megapixels 4] [--tile 512] [--steps 3] [--in-memory] [CASE …]

Each case runs in a process of its own, one thread, slim, two scales, malloc as workers have it: its arrays lie on disk,
unless they are to lie in memory (then as a whole: `--tile 0`). Measured is its own memory (RssAnon: what is mapped from
files the system may take back at any time) at every moment, above what it had once torch and the encoder were loaded;
in memory those of L-BFGS's ten pairs are added that so few steps have not made; beside it, all that was in memory,
files included, likewise; and the most that lay on the disk at once, in bytes a pixel, where no state is being written.
Said is `impasto.engine.memory.bytes_needed`. Nothing is asserted; ``test_engine_spilled`` does, with small pictures.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from impasto import malloc
from impasto.engine import Style, load_slim, stylize
from impasto.engine.memory import bytes_needed
from impasto.engine.room import MEMORY, Room
from impasto.engine.scratch import Scratch
from impasto.method.defaults import defaults
from impasto.method.settings import PAIR_BYTES, USUAL_HISTORY

LOOK_S, STYLE = 0.01, (384, 512)
MIB = 1 << 20
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "selection, keep": {"selection": True, "keep": True},
    "2 regions": {"regions": 2},
    "4 regions": {"regions": 4},
    "8 regions": {"regions": 8},
    "8 regions, selection, keep": {"regions": 8, "selection": True, "keep": True},
    "8 regions, w2": {"regions": 8, "objective": "w2"},
    "luminance": {"colour": "content-luminance"},
    "lab": {"colour": "content-match-lab"},
    "4 regions, selection, lab": {"regions": 4, "selection": True, "colour": "content-match-lab"},
}


def memory() -> tuple[int, int]:
    """This process's own memory, and all that it has, files included; in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    told = dict(line.split(":") for line in lines if line.startswith(("RssAnon", "VmRSS")))
    return int(told["RssAnon"].split()[0]) * 1024, int(told["VmRSS"].split()[0]) * 1024


class Watch:
    """The most of both since it was made, and of the disk; the mutable state."""

    def __init__(self, scratch: Scratch | None) -> None:
        self.before, self.peaks, self.disk, self.ended = memory(), memory(), 0, False
        self._scratch = scratch
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.ended:
            now = memory()
            self.peaks = max(self.peaks[0], now[0]), max(self.peaks[1], now[1])
            with suppress(RuntimeError):  # an array was made while all were counted
                self.disk = max(self.disk, self._scratch.size_bytes if self._scratch is not None else 0)
            time.sleep(LOOK_S)

    def above(self) -> tuple[int, int]:
        """The peaks, above what there was."""
        return self.peaks[0] - self.before[0], self.peaks[1] - self.before[1]


def stripe(room: Room, size: tuple[int, int], part: int, parts: int) -> Tensor:
    """A mask of one of so many stripes from above."""
    made = room.empty((1, 1, *size), torch.empty(0)).zero_()
    made[:, :, size[0] * part // parts : size[0] * (part + 1) // parts] = 1
    return made


def weigh(case: str, megapixels: float, tile: int, steps: int, folder: Path | None) -> dict[str, int]:
    """In this fresh process."""
    torch.set_num_threads(1)
    chosen = dict(CASES[case])
    regions, selection, keep = (chosen.pop(name, 0) for name in ("regions", "selection", "keep"))
    scratch = None if folder is None else Scratch(folder)
    room, encoder, random = scratch or MEMORY, load_slim(), torch.Generator().manual_seed(0)
    height, width = round((megapixels * 1e6 * 3 / 4) ** 0.5), round((megapixels * 1e6 * 4 / 3) ** 0.5)
    settings = replace(defaults("vgg19-slim", chosen.pop("objective", "gatys")), steps=steps, max_scales=2, tile=tile)
    settings = replace(settings, spilled=scratch is not None, precision="mixed", **chosen)
    watch = Watch(scratch)
    content = room.empty((1, 3, height, width), torch.empty(0))
    for rows in content.split(256, 2):
        rows.uniform_(generator=random)
    styles = [
        Style(torch.rand(1, 3, *STYLE, generator=random), region=stripe(room, (height, width), index, regions))
        for index in range(regions)
    ] or [Style(torch.rand(1, 3, *STYLE, generator=random))]
    mask, kept = (stripe(room, (height, width), 0, 2) if wanted else None for wanted in (selection, keep))
    for step in stylize(encoder, content, styles, settings, mask=mask, keep=kept, scratch=scratch):
        _ = step.image
    watch.ended = True
    pixels = (height + 2 * settings.margin) * (width + 2 * settings.margin)
    missing = 0 if scratch is not None else max(0, USUAL_HISTORY + 1 - steps // 2) * PAIR_BYTES * pixels
    own, whole = (peak + missing for peak in watch.above())
    guides = regions or int(selection)
    said = bytes_needed(encoder, pixels, STYLE[0] * STYLE[1], settings, guides)
    return {"own": own, "all": whole, "said": said, "disk": watch.disk // pixels}


def told(case: str, options: argparse.Namespace) -> dict[str, int]:
    """`weigh` in a process of its own."""
    flags = ["--in-memory"] * options.in_memory
    numbers = ("--megapixels", str(options.megapixels), "--tile", str(options.tile), "--steps", str(options.steps))
    command = [sys.executable, __file__, case, *numbers, *flags, "--here"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | malloc.KEEPING)
    return dict(json.loads(done.stdout))


def main() -> None:
    """All cases, or those that are named."""
    parser = argparse.ArgumentParser(description="what regions, selections and colours take in memory")
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    parser.add_argument("--megapixels", type=float, default=4.0)
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--in-memory", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            place = None if options.in_memory else Path(folder)
            found = weigh(options.cases[0], options.megapixels, options.tile, options.steps, place)
        sys.stdout.write(json.dumps(found))
        return
    where = "in memory" if options.in_memory else "on disk"
    table = Table(title=f"{options.megapixels:g} MP {where}, tiles of {options.tile} px, MiB above the start")
    for column in ("", "own memory", "said", "said / own", "files included", "disk, B/px"):
        table.add_column(column, justify="right")
    for case in options.cases:
        found = told(case, options)
        own, said, whole = (found[name] / MIB for name in ("own", "said", "all"))
        table.add_row(case, f"{own:.0f}", f"{said:.0f}", f"{said / own:.2f}", f"{whole:.0f}", str(found["disk"]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
