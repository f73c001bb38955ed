"""One box with more and more workers: how much is painted, and what a slice costs beside its work.

    python tests/bench/workers.py [--workers 1 2 4] [--pool local ray] [--clients 8] [--steps 40] [--size 128]

For each number of workers a real daemon with so many processes of one thread each, and as many clients as there are
jobs, all begun at once. With `--pool ray` they are on a cluster of two real nodes on this machine, which share no
folder with the daemon: what differs from `local` is what Ray, and carrying files, cost. *Throughput* is in
megapixel-iterations per second, by which a studio's size is reckoned (DEPLOYMENT.md): pixels painted times steps, over
the seconds from the first call to the last result. *Busy* is the share of the workers' time that was charged to jobs as
device seconds: what is missing was start, waiting and the front. *Overhead of a slice* is measured apart, on one worker
with one job: seconds from call to result less the device seconds, over the number of slices. Nothing is asserted, as a
loaded machine decides; all results are compared, and the command ends with 1 if pixels differ between numbers of
workers.

Measured on 2026-11-26 on two quiet cores (four workers share them), `--workers 1 2 4 --pool local ray`:

    local:
    workers  clients  took s  device s  megapixel-iterations/s  against one  busy
          1        8     6.9       6.5                   0.572         1.00   95%
          2        8     4.3       7.5                   0.923         1.61   88%
          4        8     4.6      16.1                   0.857         1.50   88%
    one job alone: 0.94 s, 0.85 of them on the device, about 3 slices:
    at most 26 ms beside the work for each of 0.25 s, upload and download included
    ray:
    workers  clients  took s  device s  megapixel-iterations/s  against one  busy
          1        8     7.5       6.8                   0.526         1.00   91%
          2        8     5.8      10.0                   0.674         1.28   86%
          4        8     5.7      16.1                   0.688         1.31   71%
    one job alone: 0.99 s, 0.87 of them on the device, about 3 slices:
    at most 36 ms beside the work for each of 0.25 s, upload and download included
    pixels are the same for every number of workers, wherever they are: yes

A second run of Ray's gave 0.526, 0.698, 0.660. Its two nodes, raylets and dashboards have to live on the same two
cores here, which a machine of its own would give them: that is what two workers lack there.
"""

import argparse
import hashlib
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import Daemon, Home, encoded, picture, wait_for  # found beside this folder
from impasto.scheduling.decision import QUANTUM_S
from ray_nodes import Cluster, front

tell = Console(highlight=False, width=120).print


@dataclass
class Run:
    """What one number of workers did: seconds in all, device seconds, and the pictures by client."""

    took_s: float = 0.0
    device_s: float = 0.0
    painted: dict[int, str] = field(default_factory=dict)


def measured(workers: int, clients: int, size: int, steps: int, cluster: Cluster | None) -> Run:
    """Everybody paints at once on so many workers, here or on the cluster."""
    home = Home(IMPASTO_NICE="0", IMPASTO_THREADS="1", IMPASTO_WORKERS=str(workers))
    daemon = Daemon(home) if cluster is None else front(home, cluster)
    wait_for(lambda: _ready(daemon) == workers, f"{workers} workers being ready", 300)
    _paint(daemon, workers, 64, 2)  # every worker has its encoder in memory then
    run = _paint(daemon, clients, size, steps)
    daemon.end()
    home.remove()
    return run


def _ready(daemon: Daemon) -> int:
    return sum(device.name != "starting" for device in daemon.info().devices)


def _paint(daemon: Daemon, clients: int, size: int, steps: int) -> Run:
    run, gate, style = Run(), threading.Barrier(clients + 1), encoded(picture(96, 72, 2))

    def paint(number: int) -> None:
        with daemon.client(f"client{number}") as client:
            gate.wait()
            photo = encoded(picture(size, size * 3 // 4, number))
            samples = client.stylize(photo, style, steps=steps, encoder="vgg19-slim").samples
            run.painted[number] = hashlib.sha256(samples).hexdigest()

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    run.took_s = time.monotonic() - began
    with daemon.client() as client:
        run.device_s = sum(job.device_s for job in client.jobs() if job.total_steps == steps)
    return run


def main() -> None:
    """Runs each number of workers and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--pool", nargs="+", default=["local", "ray"], choices=["local", "ray"])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    painted = [run.painted for pool in options.pool for run in _table(pool, options)]
    same = all(each == painted[0] for each in painted)
    tell(f"pixels are the same for every number of workers, wherever they are: {'yes' if same else 'NO'}")
    sys.exit(0 if same else 1)


def _table(pool: str, options: argparse.Namespace) -> list[Run]:
    """One pool's rows, and what a slice costs there beside its work; the runs."""
    size, steps, clients = options.size, options.steps, options.clients
    cluster = Cluster() if pool == "ray" else None
    runs: dict[int, Run] = {}
    try:
        tell(f"{pool}:")
        tell("workers  clients  took s  device s  megapixel-iterations/s  against one  busy")
        for workers in options.workers:
            run = runs[workers] = measured(workers, clients, size, steps, cluster)
            tell(_row(workers, clients, run, runs, size * (size * 3 // 4) * steps * clients / 1e6))
        _overhead(measured(1, 1, size, steps, cluster))
    finally:
        if cluster is not None:
            cluster.remove()
    return list(runs.values())


def _overhead(alone: Run) -> None:
    slices = max(1.0, alone.device_s / QUANTUM_S)
    overhead_ms = (alone.took_s - alone.device_s) / slices * 1000
    tell(f"one job alone: {alone.took_s:.2f} s, {alone.device_s:.2f} of them on the device, about {slices:.0f} slices:")
    tell(f"at most {overhead_ms:.0f} ms beside the work for each of {QUANTUM_S:g} s, upload and download included")


def _row(workers: int, clients: int, run: Run, runs: dict[int, Run], megapixels: float) -> str:
    rate, first = megapixels / run.took_s, next(iter(runs.values()))
    return (
        f"{workers:>7}  {clients:>7}  {run.took_s:>6.1f}  {run.device_s:>8.1f}  {rate:>22.3f}  "
        f"{first.took_s / run.took_s:>11.2f}  {run.device_s / run.took_s / workers:>4.0%}"
    )


if __name__ == "__main__":
    main()
