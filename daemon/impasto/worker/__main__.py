"""A worker process: owns one device, paints what the front asks for, in slices, and dies with the front.

Speaks over stdin and stdout (``line``). Must not know jobs beyond their names, other workers or gRPC. ``pool`` executes
it (`python -m impasto.worker`); nobody imports it. torch is imported only after the process has made sure that it will
not outlive its parent, so that even a front killed in the first second leaves no orphan.

    front → worker   start · slice · preview · spill · cancel
    worker → front   ready · alive · loaded · begun · notice · step · saved · preview · sliced · spilled
                     kept · done · cancelled · failed
"""

import argparse
import contextlib
import ctypes
import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError
from impasto.spec import StylizeSpec
from impasto.weights import Shelf
from impasto.worker.line import Line

if TYPE_CHECKING:
    from impasto.worker.painting import Painting
    from impasto.worker.saving import Outcome
    from impasto.worker.studio import Studio

log = logging.getLogger(__name__)

IDLE_ALIVE_S = 5.0
BUDGET_SHARE = 0.9  # of what is free when a worker starts; the rest is for what else happens on the device
PR_SET_PDEATHSIG = 1
BROKEN = 70  # exit code, as sysexits.h has it for what broke inside
NOTHING_SELECTED = "nothing is selected: the picture comes back as it was"


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when process `parent` dies (Linux); elsewhere the end of stdin serves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


class Worker:
    """The main loop: one verb at a time, and a slice in between."""

    def __init__(self, line: Line, studio: "Studio") -> None:
        self._line, self._studio = line, studio
        self._paintings: dict[str, Painting] = {}
        self._results: dict[str, Path] = {}
        self._started: dict[str, dict[str, Any]] = {}  # what each was begun with
        self._unsaved: set[str] = set()
        self._current = ""
        self._verbs: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "start": self._start,
            "slice": self._slice,
            "spill": self._spill,
            "cancel": lambda job, _header: self._stop(job),
        }

    def run(self) -> None:
        """Serves until the front goes; whenever there is nothing to do for a while, gives memory back."""
        full = False
        while True:
            try:
                header = self._line.inbox.get(timeout=IDLE_ALIVE_S)
            except queue.Empty:
                self._line.say("alive")
                if full:
                    self._studio.release()
                full = False
                continue
            self._serve(header)
            full = True

    def _serve(self, header: dict[str, Any]) -> None:
        """Carries out one verb, and what comes of it where memory was wanting: an attempt in smaller tiles."""
        anew = self._carry_out(self._verbs[header["verb"]], header)
        if anew is not None:
            self._studio.release()  # not before: an error that is being handled holds all that its frames do
            self._carry_out(self._begin_anew, anew)

    def _carry_out(self, verb: Callable[[str, dict[str, Any]], None], header: dict[str, Any]) -> dict[str, Any] | None:
        """Whatever happens is told in the words of the job, and the worker lives on; the verb of a second attempt."""
        from impasto.engine import Cancelled, Diverged  # noqa: PLC0415  # torch comes late, see above

        job = header["job"]
        try:
            verb(job, header)
        except Cancelled:
            self._stop(job)
        except ImpastoError as error:
            self._fail(job, error.reason, error.message)
        except Diverged as error:
            self._fail(job, "DIVERGED", f"{error}: try fewer steps, a lower style weight or the adam optimizer")
        except Exception as error:  # the border of the process: the front must hear of it in any case
            log.exception("%s failed", job)
            return self._broke(job, error)
        return None

    def _broke(self, job: str, error: Exception) -> dict[str, Any] | None:
        """Ends a job; or, where another way is left, lets go of it and returns the verb to begin it anew with."""
        from impasto.worker.again import another_way, why  # noqa: PLC0415

        if not self._studio.answers():  # nor ever will: the front starts another worker, which goes on with the jobs
            log.critical("%s no longer computes for this process, which ends", self._studio.device)
            os._exit(BROKEN)
        painting, started = self._paintings.get(job), self._started.get(job, {})
        anew = None if painting is None else another_way(started, painting, error)
        if painting is None or anew is None:
            self._fail(job, *why(error, started, self._studio))
            self._studio.release()
            return None
        painting.saving.stop()
        del self._paintings[job]  # its memory is needed
        return {**anew, "seconds": painting.bill()}

    def _begin_anew(self, job: str, header: dict[str, Any]) -> None:
        self._start(job, header)
        self._line.say("sliced", job=job, seconds=header["seconds"])

    def _start(self, job: str, header: dict[str, Any]) -> None:
        from impasto.method.choices import settings_to_json  # noqa: PLC0415
        from impasto.worker.painting import Painting, Terms  # noqa: PLC0415

        began, self._current, self._results[job] = time.perf_counter(), job, Path(header["result"])
        self._started[job], again = header, header.get("again", "")
        spec, told = StylizeSpec.from_json(header["spec"]), header["terms"]
        terms = Terms(told["threads"], told["encoder_sha256"], told["settings"], Path(header["states"]))
        pictures, saved = header["pictures"], partial(self._saved, job)
        painting = self._paintings[job] = Painting(self._studio, spec, pictures, self._pulse, terms, saved)
        if painting.nothing:
            self._line.say("notice", job=job, text=NOTHING_SELECTED)
        self._line.say("loaded", encoders=list(self._studio.encoders))
        settings = settings_to_json(painting.settings)
        again = again or painting.again
        text = "; ".join(told for told in (again, painting.notice) if told)
        self._line.say("begun", job=job, step=painting.step, settings=settings, text=text, again=bool(again))
        painting.spend(time.perf_counter() - began)

    def _slice(self, job: str, header: dict[str, Any]) -> None:
        painting = self._paintings.get(job)
        if painting is None:  # it ended while this verb was on its way
            self._line.say("sliced", job=job, seconds=0.0)
            return
        self._current, before = job, painting.seconds
        # Whole steps, as many as fit, but one: a step that is longer is repaid by the client's counter.
        while not painting.done and (painting.seconds == before or painting.fits(before, header["seconds"])):
            step = painting.advance()
            self._line.say(
                "step",
                job=job,
                step=step.number,
                total_steps=painting.total_steps,
                losses=step.losses,
                time_left_s=painting.time_left_s,
            )
            self._show(job, painting)
            self._pulse()
            if painting.save_due:
                painting.saving.room_bytes = header.get("room_bytes")
                painting.save()
        if painting.done:
            began = time.perf_counter()
            result = painting.write(self._results[job]).to_json()
            painting.spend(time.perf_counter() - began)
            self._leave(job, "done", header=result)
        else:
            self._line.say("sliced", job=job, seconds=painting.bill())

    def _saved(self, job: str, outcome: "Outcome") -> None:
        """How far a job was written down, or that it was not: that costs nothing now, but work later."""
        from impasto.worker.again import why_unsaved  # noqa: PLC0415  # torch comes late, see above

        if outcome.error is None:
            self._line.say("saved", job=job, step=outcome.number)
            return
        log.warning("%s: no checkpoint", job, exc_info=outcome.error)
        if job not in self._unsaved:
            self._unsaved.add(job)
            text = f"no checkpoint could be written ({why_unsaved(outcome.error)}); the work goes on"
            self._line.say("notice", job=job, text=text)

    def _spill(self, job: str, header: dict[str, Any]) -> None:
        """Writes a job down and lets it go: it goes on later, here or elsewhere. What cannot be written is kept."""
        painting = self._paintings.get(job)
        if painting is None:
            return
        painting.saving.room_bytes = header.get("room_bytes")
        if painting.saving.settle(self._pulse) != painting.step:
            painting.save()
        if painting.saving.settle(self._pulse) == painting.step:
            self._leave(job, "spilled", step=painting.step)
            self._studio.release()
        else:
            self._line.say("kept", job=job, seconds=painting.bill())

    def _show(self, job: str, painting: "Painting") -> None:
        max_edge = self._line.previews.pop(job, 0)
        if max_edge:
            header, samples = painting.preview(max_edge)
            self._line.say("preview", samples, job=job, step=painting.step, header=header.to_json())

    def _pulse(self) -> None:
        from impasto.engine import Cancelled  # noqa: PLC0415

        self._line.alive()
        if self._current in self._line.cancelled:
            raise Cancelled

    def _stop(self, job: str) -> None:
        """Ends a job that was cancelled; a partial picture is written if it was asked for."""
        asked = self._line.cancelled.pop(job, None)
        if job not in self._results or asked is None:  # it has left, or was stopped already
            return
        painting = self._paintings.get(job)
        keep = asked["keep"] and painting is not None and painting.step
        header = painting.write(self._results[job]).to_json() if keep and painting is not None else None
        self._leave(job, "cancelled", why=asked["why"], reason=asked["reason"], header=header)

    def _fail(self, job: str, reason: str, message: str) -> None:
        self._leave(job, "failed", reason=reason, message=message)

    def _leave(self, job: str, event: str, **header: Any) -> None:  # noqa: ANN401
        painting = self._paintings.pop(job, None)
        if painting is not None:
            painting.saving.stop()
        self._results.pop(job, None)
        self._started.pop(job, None)
        self._line.previews.pop(job, None)
        self._line.say(event, job=job, seconds=painting.bill() if painting else 0.0, **header)

    def __repr__(self) -> str:
        return f"<Worker on {self._studio.device} [{len(self._paintings)} paintings]>"


def main() -> None:
    """Sets up the process, opens the device and serves."""
    parser = argparse.ArgumentParser(prog="impasto.worker")
    parser.add_argument("--parent", type=int, required=True)
    for number in ("index", "threads", "nice", "memory-mb", "sharers"):  # sharers: workers on the same processor
        parser.add_argument(f"--{number}", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args()
    die_with_parent(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the daemon's terminal is the daemon's to handle
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    line = Line()
    studio, told = open_studio(options.index, options.threads, options.nice, Shelf(options.data_dir))
    free = studio.free_bytes()
    budget = options.memory_mb << 20 or int(BUDGET_SHARE * free)
    budget = budget // max(1, options.sharers) if told["device"] == "cpu" else min(budget, free)  # a card has no swap
    told |= {"precision": studio.precision, "spills": True, "at_once": studio.at_once, "budget_bytes": budget}
    line.say("ready", **told, host_bytes=host_bytes(studio, told["devices"]))
    Worker(line, studio).run()


def host_bytes(studio: "Studio", devices: int) -> int:
    """What jobs may take of the memory beside each of so many devices; 0 where that is the device's own."""
    from impasto.worker.studio import HOST  # noqa: PLC0415  # seconds; see the module's contract

    return 0 if studio.device == HOST else int(BUDGET_SHARE * studio.free_bytes(HOST)) // devices


def open_studio(index: int, threads: int, nice: int, shelf: Shelf) -> tuple["Studio", dict[str, Any]]:
    """The device of that index, and what the front is told of it: the CPU where CUDA has none that computes.

    Raises:
        SystemExit: it does not compute, and is not the first, in whose place the CPU would serve.
    """
    import torch  # noqa: PLC0415  # seconds; see the module's contract

    from impasto.worker.studio import Studio, cores, fault  # noqa: PLC0415

    there = torch.cuda.is_available()
    device = torch.device("cuda", index) if there else torch.device("cpu")
    why = f"{device} cannot be used: {broken}" if there and (broken := fault(device)) else ""
    if why and index:
        raise SystemExit(why)
    if there and not why:
        torch.cuda.set_device(device)
        description, devices = torch.cuda.get_device_name(device), torch.cuda.device_count()
    else:
        with contextlib.suppress(OSError):
            os.nice(nice)
        torch.set_num_threads(threads or cores())
        device, description, devices = torch.device("cpu"), f"{torch.get_num_threads()} threads", 1
    if why:
        log.warning("%s; the processor computes instead", why)
        description += f"; {why}"
    return Studio(device, shelf), {"device": str(device), "description": description, "devices": devices}


if __name__ == "__main__":
    main()
