"""The liaison: the only process that speaks with Ray. `python -m impasto.cluster`, started by ``pool``.

Knows arguments, Ray's way in, and the front's pipe (``line``). Must not know what is painted. It ends when the front
does, and with an exit code that says why it could not join; Ray's own words go to the log, never to a client.

    front → liaison   (to a worker) its orders · rest · wake · leave
    liaison → front   joined · alive · (of a worker) seeking · taken · what it says · lost · gone
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import uuid
from pathlib import Path

import ray
from ray.exceptions import AuthenticationError

from impasto.cluster.line import Line
from impasto.cluster.placement import Placement
from impasto.cluster.slot import Terms
from impasto.cluster.telling import OTHER_VERSION, REFUSED, UNREACHABLE

log = logging.getLogger(__name__)

ALIVE_S = 5.0
REACH_S = 5.0


async def serve(options: argparse.Namespace, more: list[str]) -> None:
    """Joins, and does what the front says until it goes."""
    line = Line()
    await join(options.address)
    threads = max(1, options.threads)
    terms = Terms(
        namespace=options.namespace,
        life=uuid.uuid4().hex,
        options=("--threads", str(threads), *more),
        silence_s=options.silence_s,
        orphan_s=options.orphan_s,
        data_dir=options.data_dir,
    )
    placement = Placement(terms, options.workers, threads, line.tell)
    line.say("joined")
    tasks = [asyncio.create_task(work) for work in (placement.run(), _live(line), _obey(line, placement))]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def join(address: str) -> None:
    """Enters the cluster; a process that cannot ends here."""
    host, _, port = address.rpartition(":")
    try:  # Ray itself looks for minutes
        _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), REACH_S)
        writer.close()
    except OSError as error:  # TimeoutError is one
        log.error("no Ray cluster answers at %s: %s", address, error or "no answer")
        sys.exit(UNREACHABLE)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except Exception as error:
        log.exception("the Ray cluster at %s cannot be joined", address)
        sys.exit(_why(error))


def _why(error: BaseException | None) -> int:
    """The exit code for what Ray says, which is in one of the causes."""
    while error is not None:
        if isinstance(error, AuthenticationError) or "AuthenticationError" in str(error):
            return REFUSED
        if "ersion mismatch" in str(error):
            return OTHER_VERSION
        error = error.__cause__ or error.__context__
    return UNREACHABLE


async def _live(line: Line) -> None:
    while True:
        line.say("alive")
        await asyncio.sleep(ALIVE_S)


async def _obey(line: Line, placement: Placement) -> None:
    """Returns when it is to leave, and everything of ours has ended."""
    beside: set[asyncio.Task[None]] = set()  # ending workers takes a while, and the others' orders do not wait for it
    while True:
        header = await line.inbox.get()
        if "to" in header:
            placement.send(header.pop("to"), header)
        elif header["verb"] in ("rest", "wake"):
            work = placement.rest(header["names"]) if header["verb"] == "rest" else placement.wake()
            beside.add(asyncio.create_task(work))
        else:
            await placement.leave()
            return


def main() -> None:
    """Sets up the process and serves; `--check` only joins."""
    parser = argparse.ArgumentParser(prog="impasto.cluster")
    for text in ("address", "namespace"):
        parser.add_argument(f"--{text}", required=True)
    for number in ("workers", "threads"):
        parser.add_argument(f"--{number}", type=int, default=0)
    for number in ("silence-s", "orphan-s"):
        parser.add_argument(f"--{number}", type=float, default=30.0)
    parser.add_argument("--data-dir", type=Path, default=Path())
    parser.add_argument("--check", action="store_true")
    options, more = parser.parse_known_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the daemon's terminal is the daemon's to handle
    logging.basicConfig(level=logging.INFO, format="%(asctime)s cluster %(levelname)s %(message)s")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(join(options.address) if options.check else serve(options, more))
    sys.stdout.flush()
    os._exit(0)  # Ray's own end waits for threads


if __name__ == "__main__":
    main()
