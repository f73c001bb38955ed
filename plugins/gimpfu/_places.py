"""`gimp`'s constants and functions about where GIMP is installed and how it is set up.

Part of the module `gimp`, which `_gimp` puts together. What GIMP 3 no longer has gives what 2.10 gave by default.
"""

import os

from ._door import Gimp, GLib
from ._pixels import TILE

version = (int(Gimp.MAJOR_VERSION), int(Gimp.MINOR_VERSION), int(Gimp.MICRO_VERSION))
directory = Gimp.directory()
data_directory = Gimp.data_directory()
locale_directory = Gimp.locale_directory()
sysconf_directory = Gimp.sysconf_directory()
plug_in_directory = Gimp.PlugIn.directory()


def personal_rc_file(basename: str) -> str:
    """Path of a file in the user's folder of GIMP."""
    return str(GLib.build_filenamev([directory, basename]))


def user_directory(type: int) -> str | None:
    """One of the user's folders (desktop 0, documents 1, downloads 2, ...), or None."""
    found = GLib.get_user_special_dir(GLib.UserDirectory(type))
    return None if found is None else str(found)


def gtkrc() -> str:
    """Path of the theme's file, which GTK 3 does not read."""
    return personal_rc_file("gtkrc")


def gamma() -> float:
    """2.10 said 2.2."""
    return 2.2


def get_progname() -> str:
    """Name that the plug-in was started by."""
    return str(Gimp.get_progname())


def wm_class() -> str:
    """Window class of the plug-in's windows."""
    return str(Gimp.wm_class() or get_progname())


def display_name() -> str | None:
    """The screen that the plug-in's windows are on."""
    return os.environ.get("DISPLAY")


def monitor_number() -> int:
    """The monitor that the plug-in's windows are on; 0 where GIMP does not say."""
    number = int(Gimp.monitor_number())
    return number if 0 <= number < 64 else 0  # without a window GIMP 3.0 leaves the number as memory had it


def show_tool_tips() -> bool:
    """Whether dialogs have tooltips: always, since GIMP 3."""
    return True


def show_help_button() -> bool:
    """Whether dialogs have a help button."""
    return bool(Gimp.show_help_button())


def check_size() -> int:
    """Size of a checkerboard's squares: CHECK_SIZE_MEDIUM_CHECKS and so on."""
    return int(Gimp.check_size())


def check_type() -> int:
    """Grays of a checkerboard: CHECK_TYPE_GRAY_CHECKS and so on."""
    return int(Gimp.check_type())


def tile_width() -> int:
    """Pixels a tile is wide."""
    return TILE


def tile_height() -> int:
    """Pixels a tile is high."""
    return TILE


def tile_cache_size(kilobytes: int) -> None:
    """GIMP 3 sees to its cache itself; the number must be one."""
    if not isinstance(kilobytes, int) or kilobytes < 0:
        raise TypeError(f"tile_cache_size takes a number of kilobytes, not {kilobytes!r}")


def tile_cache_ntiles(ntiles: int) -> None:
    """GIMP 3 sees to its cache itself; the number must be one."""
    if not isinstance(ntiles, int) or ntiles < 0:
        raise TypeError(f"tile_cache_ntiles takes a number of tiles, not {ntiles!r}")
