"""GIMP 3's plug-in in a profile: one folder with the script, its package, the shim, the bridge and where Impasto is.

Every profile is one of a minor version: a plug-in for 3.0 is not seen by 3.2. Knows the folders that `adoption` knows,
and what Flatpak and Snap do to them. Called by the face and by `examination`.
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto.adoption import installation
from impasto.editors import plugin
from impasto.editors.plugin import NotInstalled

NAME = "impasto_neural_style"
SETTINGS_FILE = "impasto-neural-style.json"  # presets and recent styles, as the plug-in keeps them; a test compares
PARTS = ("gimpfu", "bridge")
OVERRIDE = "flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"
SNAP = (
    "GIMP from Snap is closed in, and what it starts with it: the plug-in could never reach Impasto. Take GIMP from"
    " your system's packages, from Flatpak or as an AppImage"
)


@dataclass(frozen=True)
class Place:
    """A profile of GIMP 3: its folder of plug-ins, and what kind of GIMP it is that looks there."""

    plug_ins: Path
    is_flatpak: bool = False
    is_snap: bool = False

    @property
    def plug_in(self) -> Path:
        """The folder of ours."""
        return self.plug_ins / NAME

    @property
    def settings(self) -> Path:
        """What the plug-in remembers, beside GIMP's own settings."""
        return self.plug_ins.parent / SETTINGS_FILE

    @property
    def script(self) -> Path:
        """What GIMP starts: it must have the name of its folder."""
        return self.plug_in / f"{NAME}.py"


def places(
    into: Path | None = None, environment: Mapping[str, str] | None = None, home: Path | None = None
) -> list[Place]:
    """The profile in or at `into`, else all of this account."""
    folders = [into.absolute()] if into is not None else installation.profiles(environment, home)
    return [_place(folder) for folder in folders]


def install(place: Place, python: Path | None = None) -> list[str]:
    """Puts the plug-in into a profile, whole or not at all; one that was there is replaced.

    Args:
        place: where to; its folder of plug-ins is made where it is missing.
        python: Impasto's interpreter, by default this one.

    Returns:
        What the user has to do beside, if anything.

    Raises:
        NotInstalled: it is a Snap, or there is a plug-in of that name that is not ours.
    """
    if place.is_snap:
        raise NotInstalled(SNAP)

    def fill(folder: Path) -> None:
        plugin.copy("gimp", folder)
        for part in PARTS:
            plugin.copy(part, folder / part)
        main = folder / place.script.name
        main.chmod(main.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        plugin.write_environment(folder, "gimp", python, plugin.FLATPAK if place.is_flatpak else ())

    plugin.put(place.plug_in, fill)
    return [f"once, so that GIMP may reach Impasto: {OVERRIDE}"] if place.is_flatpak else []


def uninstall(place: Place) -> bool:
    """Takes the plug-in away, with all that was made for it; whether it was there.

    Raises:
        NotInstalled: there is a plug-in of that name that is not ours.
    """
    there = plugin.remove(place.plug_in)
    place.settings.unlink(missing_ok=True)
    return there


def _place(folder: Path) -> Place:
    text = folder.as_posix()
    return Place(installation.plug_ins(folder), "/.var/app/org.gimp.GIMP/" in f"{text}/", "/snap/gimp/" in f"{text}/")
