"""What decides a job's pixels and hangs on a device: precision and tiles, fixed before any work. Pure.

Knows jobs, footprints and what devices have told. Must not know workers or how anything is computed. ``scheduler`` asks
when a job comes in; of one that came before any device had told, when the first one does.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from impasto.job import Job
from impasto.method.choices import settings_at_admission
from impasto.method.settings import USUAL_HISTORY
from impasto.scheduling.admission import Footprint
from impasto.scheduling.device import Device


def fixed(job: Job, need: Footprint, devices: Sequence[Device]) -> Job:
    """The job with its precision, and the tiles in which it fits into the largest device, written into its terms.

    Once for all: where that is done already, or no device is known, it is the job as it is.
    """
    if not devices or "tile" in job.terms.settings:
        return job
    device = max(devices, key=lambda each: each.budget_bytes)
    base = job.terms.settings or settings_at_admission(job.spec)  # none: taken in by an older version
    spilled = device.spills and need.spills(device.budget_bytes)
    tile = need.tile(device.budget_bytes, spilled=spilled, host_limit=device.host_bytes)
    cut = {"tile": tile, "spilled": spilled, "tiles_on_gpu": spilled and device.at_once}
    if need.wishes_too_much(device.budget_bytes):
        cut |= {"history": USUAL_HISTORY}
    told = {**base, "precision": device.precision, **cut}
    return replace(job, terms=replace(job.terms, settings=kept_once(told)))


def kept_once(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings as JSON gives them back; most jobs have the same, and are remembered for a day: one object for all."""
    return _kept_once(json.dumps(settings))


@functools.lru_cache(maxsize=256)
def _kept_once(told: str) -> Mapping[str, Any]:
    settings: dict[str, Any] = json.loads(told)
    return settings
