"""Undo history as a script changed it: groups opened, freezes, disables; what an exception left so is put back.

GIMP keeps the count of groups itself only until the plug-in ends, and then complains to the user; a history that is
frozen or off stays so. Called by `Image` and by the rows of `pdb`, with GIMP 3's image, and by whatever runs a script.
"""

from typing import Any

from ._error import done

_open: dict[int, tuple[Any, int]] = {}
_off: dict[int, tuple[Any, list[str]]] = {}  # what turns the history on again, the last first to be undone
BACK = {"undo_freeze": "undo_thaw", "undo_disable": "undo_enable"}


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


def turn(image: Any, how: str) -> bool:
    """Turns the history off or on: undo_freeze, undo_thaw, undo_disable, undo_enable; whether GIMP did."""
    good = bool(getattr(image, how)())
    _, left = _off.setdefault(image.get_id(), (image, []))
    if how in BACK:
        left.append(BACK[how])
    elif how in left:
        left.remove(how)
    return good


def close_all() -> int:
    """Closes what is open on images that are still there; how many groups that were."""
    closed = 0
    for image, count in list(_open.values()):
        for _ in range(count if image.is_valid() else 0):
            image.undo_group_end()
            closed += 1
    _open.clear()
    return closed


def turn_on() -> None:
    """Gives images their history back that a script turned off and, having failed, did not turn on again."""
    for image, left in list(_off.values()):
        for how in reversed(left if image.is_valid() else []):
            getattr(image, how)()
    _off.clear()
