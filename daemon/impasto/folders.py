"""Folders that are this user's alone: made closed, and verified up to the root before anything is trusted to them.

Knows owners, modes and links. Must not know what lies in the folders. ``instance`` asks for the runtime folder, daemon
and client alike; ``server`` and ``launch`` for the data folder, ``access`` for what it keeps. Messages hold no path;
they say which setting it is.
"""

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from impasto.errors import CannotServe


@dataclass(frozen=True)
class Place:
    """A folder in the user's words, and the setting that chooses another."""

    told: str
    key: str

    @property
    def another(self) -> str:
        """What to do if it cannot be used."""
        return f"set {self.key} (or IMPASTO_{self.key.upper()}) to another folder"


RUNTIME: Final = Place("the runtime folder", "runtime_dir")
DATA: Final = Place("the data folder", "data_dir")
SERVER: Final = Place("the folder of the server's certificate and the token", "server_dir")


def prepare(folder: Path, place: Place) -> None:
    """Makes the folder with mode 0700, or verifies that it is ours and closed to others.

    A data folder of ours that others can only read is closed; a runtime folder is not, as somebody may be in it.

    Raises:
        CannotServe: it cannot be made, belongs to somebody else, others can enter it or put another in its place.
    """
    if sys.platform == "win32":
        raise CannotServe("Windows is not served yet: this version speaks over Unix sockets", reason="PLATFORM")
    try:
        with contextlib.suppress(FileExistsError):  # a file, or a link that leads nowhere: refused below
            for each in (*reversed(folder.parents), folder):  # mkdir's parents=True would leave those open
                each.mkdir(mode=0o700, exist_ok=True)
        found, above = folder.lstat(), _above(folder)
    except OSError as error:
        raise CannotServe(
            f"{place.told} cannot be made ({error.strerror}); {place.another}", reason="FOLDER_NOT_MADE"
        ) from error
    _check_ours(found, place)
    for status in above:
        _check_above(status, place)
    _check_closed(folder, stat.S_IMODE(found.st_mode), found.st_gid, place)


def _check_ours(found: os.stat_result, place: Place) -> None:
    if not stat.S_ISDIR(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
        raise CannotServe(
            f"{place.told} is {kind}; a folder of this user's own is needed: remove it, or {place.another}",
            reason="FOLDER_NOT_OURS",
        )
    if found.st_uid != os.getuid():
        raise CannotServe(
            f"{place.told} belongs to user {found.st_uid} and not to this one ({os.getuid()}), who could read along: "
            f"{place.another}",
            reason="FOLDER_NOT_OURS",
        )


def _check_closed(folder: Path, mode: int, gid: int, place: Place) -> None:
    if place is not RUNTIME and mode & 0o077 and not _others_write(mode, gid):
        folder.chmod(0o700)
    elif mode & 0o077:
        raise CannotServe(
            f"{place.told} has mode {mode:04o}, so others can enter it; 0700 is needed: chmod 700 it",
            reason="FOLDER_OPEN",
        )


def _above(folder: Path) -> list[os.stat_result]:
    """What lies above the folder, down from the root: as it is written, links too, and where it really is."""
    written = folder.absolute()
    really = written.parent.resolve()
    return [each.lstat() for each in written.parents] + [each.stat() for each in (really, *really.parents)]


def _check_above(found: os.stat_result, place: Place) -> None:
    """Who can write to a folder above can put a folder of their own in the place of ours."""
    trusted = {0, os.getuid(), Path("/").stat().st_uid}  # in a container root's files may be shown as another's
    if found.st_uid not in trusted:
        raise CannotServe(
            f"a folder above {place.told} belongs to user {found.st_uid}, who could put another in its place: "
            f"{place.another}",
            reason="FOLDER_MOVABLE",
        )
    mode = stat.S_IMODE(found.st_mode)
    if _others_write(mode, found.st_gid) and not mode & stat.S_ISVTX and not stat.S_ISLNK(found.st_mode):
        raise CannotServe(
            f"a folder above {place.told} has mode {mode:04o}, so others could put another in its place: take their "
            f"right to write away, or {place.another}",
            reason="FOLDER_MOVABLE",
        )


def _others_write(mode: int, gid: int) -> bool:
    return bool(mode & 0o002) or (bool(mode & 0o020) and not _is_private(gid))


def _is_private(gid: int) -> bool:
    """Whether a group is this user's alone, as most systems give each user one: then its right to write is ours."""
    import grp  # noqa: PLC0415  # both are absent on Windows
    import pwd  # noqa: PLC0415

    try:
        user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return gid == user.pw_gid and group.gr_name == user.pw_name and not set(group.gr_mem) - {user.pw_name}
