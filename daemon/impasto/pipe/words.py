"""What an editor shows when something went wrong: which of the artist's own things it is about, and what to do.

Knows our errors and the names that the contract uses. Must not know any editor. `session` and `painting` call it.
"""

import math
from typing import Any

from impasto.errors import Busy, ImpastoError, InvalidRequest

# What the contract calls a thing, and what an artist sees of it. Settings keep their names: plug-ins know them.
NAMES = {
    "spec.content": "the layer",
    "content": "the layer",
    "spec.mask": "the selection",
    "mask": "the selection",
    "spec.keep": "the mask of what to keep",
    "keep": "the mask of what to keep",
    "spec.init": "the picture to go on from",
    "init": "the picture to go on from",
    "spec.styles": "the styles",
    "style": "the style",
    "spec.styles[0].image": "the style",
    "spec.styles[0].mask": "the region of the style",
}
NAMES |= {f"spec.styles[{index}].image": f"style {index + 1}" for index in range(1, 16)}
NAMES |= {f"style[{index}]": f"style {index + 1}" for index in range(16)}
NAMES |= {f"spec.styles[{index}].mask": f"the region of style {index + 1}" for index in range(1, 16)}
NAMES |= {f"regions[{index}]": f"the region of style {index + 1}" for index in range(16)}

# Where our own words speak of commands, for people at a terminal; an editor starts the daemon by itself.
GONE = (
    "the painting process has gone and could not be started again: try once more; `impasto doctor` looks for the cause"
)
ROOM = "make room on it, or let `impasto forget` remove old pictures, and try again"
ADVICE = {
    "UNAVAILABLE": GONE,
    "CONNECTION_LOST": GONE,
    "START_FAILED": "the painting process could not be started: `impasto doctor` in a terminal looks for the cause",
    "OLDER_DAEMON_BUSY": "an older version of Impasto is still painting: wait until it is done, and try again",
    "CLIENT_CLOSED": "the painting was stopped",
    "SHUTDOWN": "the painting process was shut down by its user; start again when it is wanted",
    "QUEUE_FULL": "too many pictures wait already",
    "CLIENT_QUEUE_FULL": "as many pictures of this program wait already as are allowed",
    "DISK": f"the disk is full or fails, and the picture could not be kept: {ROOM}",
    "DISK_FULL": f"the disk is full: {ROOM}",
    "DISK_QUOTA": "all the room that Impasto may take of the disk is taken: paint a smaller picture,"
    " or let `impasto forget` remove old pictures, and try again",
    "DISK_SHARE": "your pictures have all your room on the server's disk: wait until your paintings are done,"
    " paint a smaller picture, or let `impasto forget` in a terminal remove your old ones there, and try again",
    "BLOB_EXPIRED": "the pictures that were sent are not there any more: try again",
    "INTERNAL": "the painting process had a fault of its own: try again; its log has the details",
    "DIVERGED": "the picture came apart: try a lower strength, fewer steps or another style",
    "WORKER_LOST": "the painting process was lost, perhaps for want of memory: try again, or a smaller size",
}
# Where the daemon's own words have the numbers, which an editor calls by another name.
SIZES = ("DOES_NOT_FIT", "DEVICE_OUT_OF_MEMORY")
SIZE = " (the longest side that is painted), or select a smaller part"


def told(error: ImpastoError) -> dict[str, Any]:
    """Reason, message and violations of an error, as a frame has them."""
    if isinstance(error, InvalidRequest):
        renamed = error.renamed(NAMES)
        found = [
            {"field": v.field.removeprefix("spec."), "description": v.description, "reason": v.reason}
            for v in renamed.violations
        ]
        message = "; ".join(f"{v['field']} {v['description']}" for v in found)
        return {"reason": error.reason, "message": message, "violations": found}
    return {"reason": error.reason, "message": _message(error), "violations": []}


def _message(error: ImpastoError) -> str:
    """In words for whoever paints: what is wrong and what to do."""
    message = ADVICE.get(error.reason, error.message)
    if isinstance(error, Busy) and error.reason == "DISK_SHARE" and error.actual and error.limit:
        return f"{message} (they would have {error.actual >> 20} MiB, and {error.limit >> 20} are allowed)"
    if error.reason in SIZES:
        return message + SIZE
    if isinstance(error, Busy) and error.reason in ("QUEUE_FULL", "CLIENT_QUEUE_FULL"):
        return f"{message}: try again in about {math.ceil(error.retry_s)} s"
    return message
