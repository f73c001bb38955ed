"""Eight clients that begin at once with one picture each: how much longer each takes than it would alone.

    .venv/bin/python tests/bench/finish.py [--clients 8] [--steps 60] [--sizes 96 128]

Each client is a process of its own with the Python API, on a real daemon with one worker; all have connected before the
first begins. The *slowdown* of a client is the time from its call to its result over the device seconds of its job.
Jain's index of the slowdowns, (Σx)² / (n Σx²), is 1 where all are slowed alike and 1/n where one is slowed alone. With
pictures of equal work all should end together; of unequal work the small end first, at n times their own, and the large
gain from that, so that the index of a perfectly fair device is below 1: *fluid* tells that one, from the same device
seconds. Nothing is asserted: a loaded machine adds what no scheduler sees.

Measured on 2026-11-26 with the command above, two cores beside other jobs at a load of 14 to 20 (99 s):

    pictures         clients  took s          device s  slowdown        Jain   fluid
    equal                  8   31.1 to  37.3      4.50    6.6 to   8.4  0.992  0.992
    unequal                8   19.9 to  29.6      3.52    5.5 to   8.9  0.982  0.985
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import Daemon, Home, encoded, picture  # found beside this folder
from impasto import client, launch
from impasto.client import Client
from impasto.config import Config
from impasto.scheduling.forecast import Load, ends


def jain(values: Sequence[float]) -> float:
    """Jain's index of values that are not all 0."""
    return sum(values) ** 2 / (len(values) * sum(value**2 for value in values))


def paint(name: str, size: int, steps: int) -> None:
    """The process of one client: connects, begins when it is told to, prints seconds and device seconds."""
    with Client(launch.open_channel(Config.load()), name) as daemon:
        content, style, jobs = encoded(picture(size, size * 3 // 4, 1)), encoded(picture(96, 72, 2)), list[str]()
        daemon.info()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began = time.monotonic()
        daemon.stylize(
            content, style, steps=steps, encoder="vgg19-slim", on_progress=lambda told: jobs.append(told.job)
        )
        took_s = time.monotonic() - began
        device_s = next(job.device_s for job in daemon.jobs() if job.name == jobs[0])
    sys.stdout.write(f"{json.dumps([took_s, device_s])}\n")


def measured(home: Home, sizes: Sequence[int], steps: int) -> list[tuple[float, float]]:
    """Seconds and device seconds of clients with pictures of those sizes."""
    command = [sys.executable, "-P", __file__, "--steps", str(steps), "--paint"]
    clients = [
        subprocess.Popen(
            [*command, f"client-{number}", "--sizes", str(size)],
            env=home.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, size in enumerate(sizes)
    ]
    for each in clients:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in clients:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    return [tuple(json.loads(each.communicate(timeout=1800)[0])) for each in clients]


def fluid(device_s: Sequence[float]) -> float:
    """The index of a device that is shared without quanta, by jobs that need so much of it."""
    found = ends(
        [Load(f"{number}", f"{number}", 2, number, False, left_s) for number, left_s in enumerate(device_s)], {}
    )
    return jain([found[f"{number}"] / left_s for number, left_s in enumerate(device_s)])


def main() -> None:
    """Runs equal and unequal pictures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 128])
    parser.add_argument("--paint", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.paint:
        paint(options.paint, options.sizes[0], options.steps)
        return
    tell, home = Console(highlight=False, width=120).print, Home(IMPASTO_NICE="0")
    daemon = Daemon(home)
    daemon.ready()
    with client.connect(home.config, start=False) as warm:
        warm.stylize(encoded(picture(96, 72, 1)), encoded(picture(96, 72, 2)), steps=2, encoder="vgg19-slim")
    tell("pictures         clients  took s          device s  slowdown        Jain   fluid")
    equal, mixed = options.sizes[:1], options.sizes
    for words, sizes in (("equal", equal), ("unequal", mixed)):
        runs = measured(home, [sizes[n % len(sizes)] for n in range(options.clients)], options.steps)
        took, device = [run[0] for run in runs], [run[1] for run in runs]
        slowed = [one / other for one, other in runs]
        tell(
            f"{words:<16} {len(runs):>7}  {min(took):5.1f} to {max(took):5.1f}  {sum(device) / len(runs):8.2f}  "
            f"{min(slowed):5.1f} to {max(slowed):5.1f}  {jain(slowed):.3f}  {fluid(device):.3f}"
        )
    daemon.end()
    home.remove()


if __name__ == "__main__":
    main()
