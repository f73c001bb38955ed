"""What becomes of a painting that an error stopped: another try, in smaller tiles or on the processor, or words.

Knows what a job was started with, its painting and what went wrong. Must not know processes or frames.
``worker.__main__`` asks it.
"""

import errno
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from impasto.engine.memory import smaller, wants_memory
from impasto.engine.precision import paying_precision
from impasto.image import ImageHeader
from impasto.method.choices import settings_to_json
from impasto.spec import StylizeSpec
from impasto.worker.painting import Painting
from impasto.worker.studio import HOST, Studio

WHY_UNSAVED = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the daemon's disk quota is used up"}


def another_way(started: Mapping[str, Any], painting: Painting, error: Exception) -> dict[str, Any] | None:
    """The verb to start the job with anew; None where nothing is left to be tried."""
    return in_smaller_tiles(started, painting, error) or on_the_processor(started, painting, error)


def in_smaller_tiles(started: Mapping[str, Any], painting: Painting, error: Exception) -> dict[str, Any] | None:
    """The verb to start the job with anew, `again` telling people why; None where that would be no help.

    Once for each start: who finds no memory in half the side will hardly find it in a quarter.
    """
    if started.get("again") or not wants_memory(error):
        return None
    found = smaller(painting.settings, (painting.header.height, painting.header.width))
    if found is None:
        return None
    terms = {**started["terms"], "settings": settings_to_json(found)}
    return {**started, "terms": terms, "again": f"memory ran out: a new attempt is made in tiles of {found.tile} px"}


def on_the_processor(started: Mapping[str, Any], painting: Painting, error: Exception) -> dict[str, Any] | None:
    """Likewise, of a picture whose arrays lie on the disk and whose tiles went to a GPU: all that is left to it.

    Whatever broke on the way there and back, the processor works on the same arrays and goes on from the same state.
    """
    if not painting.settings.tiles_on_gpu or isinstance(error, OSError | MemoryError):
        return None
    precision = paying_precision(HOST)
    found = replace(painting.settings, tiles_on_gpu=False, precision=precision)
    terms = {**started["terms"], "settings": settings_to_json(found)}
    return {**started, "terms": terms, "again": "its tiles failed on the card: a new attempt is made on the processor"}


def why(error: Exception, started: Mapping[str, Any], studio: Studio) -> tuple[str, str]:
    """Reason and message of what nobody foresaw, in a job that was started so."""
    if wants_memory(error):
        told = _shortage(started, studio) if started else "ask for a smaller size"
        return "DEVICE_OUT_OF_MEMORY", f"the memory of {studio.device} is full: {told}"
    if isinstance(error, OSError):
        return "DISK", f"the daemon's disk failed: {error.strerror or 'see its log'}"
    return "INTERNAL", "the computation broke; the daemon's log has the details"


def _shortage(started: Mapping[str, Any], studio: Studio) -> str:
    """What the job needs at least, and what there is; known before there is a painting."""
    spec = StylizeSpec.from_json(started["spec"])
    content = ImageHeader.from_json(started["pictures"]["content"]["header"])
    return studio.shortage(spec.result_header(content), started["need_bytes"], studio.free_bytes())


def why_unsaved(error: Exception) -> str:
    """Why a state could not be written, in a few words; not every fault is the disk's."""
    if wants_memory(error):
        return "memory ran out"
    if isinstance(error, OSError):
        return WHY_UNSAVED.get(error.errno or 0, "the disk fails")
    return "the daemon's log has the details"
