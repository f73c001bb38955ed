"""Undo groups that a script opened: counted, so that one which an exception left open is closed.

GIMP keeps the count itself only until the plug-in ends, and then complains to the user. Called by `Image` and by `pdb`,
both with GIMP 3's image, and by whatever runs a script.
"""

from typing import Any

from ._error import done

_open: dict[int, tuple[Any, int]] = {}


def start(image: Any) -> None:
    """Opens a group. Raises `error` when GIMP refuses."""
    done(image.undo_group_start(), f"start an undo group on image {image.get_id()}")
    number = image.get_id()
    _open[number] = (image, _open.get(number, (image, 0))[1] + 1)


def end(image: Any) -> None:
    """Closes a group. Raises `error` when GIMP refuses."""
    number = image.get_id()
    done(image.undo_group_end(), f"end an undo group on image {number}")
    count = _open.get(number, (image, 0))[1] - 1
    if count > 0:
        _open[number] = (image, count)
    else:
        _open.pop(number, None)


def close_all() -> int:
    """Closes what is open on images that are still there; how many groups that were."""
    closed = 0
    for image, count in list(_open.values()):
        for _ in range(count if image.is_valid() else 0):
            image.undo_group_end()
            closed += 1
    _open.clear()
    return closed
