"""What an evaluation and whole runs keep in memory, each in a fresh process, above what it had before.

python tests/bench/weighing.py WHAT PX      # one weighing, as JSON; ``bench.engine`` asks for all
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a script of its own it has no package

from bench.contest import BUILDERS, problem_of, scene_of
from bench.malloc import as_usual
from impasto.engine import Settings, random_encoder, stylize
from impasto.engine.memory import bytes_needed
from impasto.method import ObjectiveName
from impasto.method.settings import USUAL_HISTORY

MIB = 1 << 20
RUNS: dict[str, tuple[float, str, str, ObjectiveName]] = {
    "full, max, zeros": (1.0, "max", "zeros", "gatys"),
    "half, avg, replicate": (0.5, "avg", "replicate", "gatys"),
    "quarter, avg, replicate": (0.25, "avg", "replicate", "gatys"),
    "full, spst": (1.0, "max", "zeros", "spst"),
    "full, w2": (1.0, "max", "zeros", "w2"),
    "quarter, avg, replicate, spst": (0.25, "avg", "replicate", "spst"),
    "quarter, avg, replicate, w2": (0.25, "avg", "replicate", "w2"),
}


def memory_bytes(field: str) -> int:
    """What this process has in memory now (VmRSS) or ever had (VmHWM).

    Not getrusage's ru_maxrss: a child that Linux forks begins with the peak of its parent there.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def weigh(what: str, side: int) -> dict[str, int]:
    """In this fresh process: the peak above the start, of one evaluation or of a whole run of `stylize`."""
    if what in RUNS:
        width, pooling, padding, objective = RUNS[what]
        encoder, scene = random_encoder(width, pooling=pooling, padding=padding), scene_of(side)
        before = memory_bytes("VmRSS")
        settings = Settings(steps=3, max_scales=1, objective=objective)
        list(stylize(encoder, scene.content, scene.style, settings))
        missing = (USUAL_HISTORY - 2) * 2 * 3 * 4 * side**2  # of L-BFGS's pairs y, s; three steps make two
        needed = bytes_needed(encoder, side**2, side**2, settings)
        return {"peak": memory_bytes("VmHWM") - before + missing, "needed": needed}
    scene, problem = scene_of(side), problem_of(random_encoder(1.0), side)
    before = memory_bytes("VmRSS")
    evaluate = BUILDERS[what](problem)
    evaluate(scene.x)
    return {"peak": memory_bytes("VmHWM") - before}


def weighed(what: str, side: int) -> dict[str, int]:
    """`weigh` in a process of its own."""
    command = [sys.executable, __file__, what, str(side)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=as_usual())
    return dict(json.loads(told.stdout))


def memory_tables(sizes: list[int], run_sizes: list[int]) -> Iterator[Table]:
    """MiB of an evaluation beside (a), and of whole runs beside what `bytes_needed` says."""
    table = Table(title="memory of an evaluation, full width")
    for column in ("px", "", "peak MiB", "/ a"):
        table.add_column(column, justify="right")
    for side in sizes:
        first = weighed("a neural-style-pt", side)["peak"]
        for name in BUILDERS:
            peak = weighed(name, side)["peak"]
            table.add_row(str(side), name, f"{peak / MIB:.0f}", f"{peak / first:.2f}")
    yield table
    table = Table(title="memory of a whole run, L-BFGS, float32")
    for column in ("px", "encoder", "peak MiB", "bytes_needed MiB", "needed / peak"):
        table.add_column(column, justify="right")
    for side in run_sizes:
        for name in RUNS:
            told = weighed(name, side)
            numbers = f"{told['peak'] / MIB:.0f}", f"{told['needed'] / MIB:.0f}"
            table.add_row(str(side), name, *numbers, f"{told['needed'] / told['peak']:.2f}")
    yield table


if __name__ == "__main__":
    sys.stdout.write(json.dumps(weigh(sys.argv[1], int(sys.argv[2]))))
