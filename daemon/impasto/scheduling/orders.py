"""What a worker is told of a job, and what its last word means for the job. Pure.

Knows jobs and the verbs that ``worker`` understands. Must not know processes, the store or who goes next. ``scheduler``
sends the one and hears the other.
"""

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from impasto.image import ImageHeader
from impasto.job import Failure, Job, Result
from impasto.scheduling.terms import kept_once

Verb = dict[str, Any]
DIED = "the process that computed this picture died"


def start(
    job: Job, pictures: Iterable[tuple[str, str, Path, ImageHeader]], states: Path, result: Path, need_bytes: int
) -> Verb:
    """To begin with a job, or to go on with it.

    Args:
        job: as it is written down.
        pictures: of each its field in the request, its blob's name, its file and its header.
        states: the folder of its checkpoints.
        result: the file that the result is to be written to.
        need_bytes: of memory, as predicted.
    """
    sources = {
        field: {"path": str(path), "header": header.to_json(), "key": key} for field, key, path, header in pictures
    }
    told = {"spec": job.spec.to_json(), "terms": asdict(job.terms), "pictures": sources}
    places = {"states": str(states), "result": str(result)}
    return {"verb": "start", "job": job.name, "need_bytes": need_bytes} | places | told


def turn(job: str, seconds: float, room_bytes: int | None = None) -> Verb:
    """To work at a job for so long; its states may take so much more of the disk, any if nobody tells."""
    return {"verb": "slice", "job": job, "seconds": seconds, "room_bytes": room_bytes}


def spill(job: str, room_bytes: int | None = None) -> Verb:
    """To write a job down and let it go."""
    return {"verb": "spill", "job": job, "room_bytes": room_bytes}


def cancel(job: Job, why: str, reason: str, *, keep: bool) -> Verb:
    """To stop with a job; with a picture of what there is, if it is to be kept."""
    return {"verb": "cancel", "job": job.name, "why": why, "reason": reason, "keep": keep}


def begun(job: Job, header: Mapping[str, Any]) -> Job:
    """The job as a worker has it in its memory, from its newest state; or anew in smaller tiles, as memory ran out.

    Its terms say from now on in which precision: of TF32 only the worker knows whether the encoder's weights allow it.
    """
    told, known, again = header["settings"], job.terms.settings, header.get("again", False)
    if not again:
        told = {**known, "precision": told["precision"]} if "precision" in known else known
    terms = job.terms if told == known else replace(job.terms, settings=kept_once(told))
    return replace(job, step=header["step"], terms=terms, attempt=job.attempt + again)


def losses(header: Mapping[str, Any]) -> dict[str, float]:
    """Those of a step. The same few names come at each step of each job, and a thousand are remembered: kept once."""
    return {sys.intern(layer): loss for layer, loss in header["losses"].items()}


def ended(job: Job, header: Mapping[str, Any], result: Result | None) -> Job:
    """The job in the final state that its worker's last message tells."""
    now = time.time()
    if header["event"] == "done" and result is not None:
        return job.succeeded(result, now)
    if header["event"] == "cancelled":
        return job.cancelled(Failure(header["reason"], header["why"]), now, result)
    return job.failed(Failure(header["reason"], header["message"]), now)
