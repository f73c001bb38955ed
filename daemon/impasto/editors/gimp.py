"""GIMP 3's plug-in in a profile: one folder with the script, its package, the shim, the bridge and where Impasto is.

Every profile is one of a minor version: a plug-in for 3.0 is not seen by 3.2. Knows the folders that `adoption` knows,
and what Flatpak and Snap do to them. Called by the face and by `examination`.
"""

import json
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import impasto
from impasto.adoption import installation
from impasto.errors import ImpastoError

NAME = "impasto_neural_style"
ENVIRONMENT_FILE = "impasto-environment.json"  # as the bridge reads it; a test compares
MARK = "installed-by-impasto.txt"
SETTINGS_FILE = "impasto-neural-style.json"  # presets and recent styles, as the plug-in keeps them; a test compares
PARTS = ("gimp", "gimpfu", "bridge")
FLATPAK = ("flatpak-spawn", "--host")
OVERRIDE = "flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"
SNAP = (
    "GIMP from Snap is closed in, and what it starts with it: the plug-in could never reach Impasto. Take GIMP from"
    " your system's packages, from Flatpak or as an AppImage"
)


class NotInstalled(ImpastoError):
    """Nothing was put anywhere, or nothing taken away; the message says why and what to do."""

    reason = "NOT_INSTALLED"


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


@dataclass(frozen=True)
class Installed:
    """Where the plug-in is now, and what the user has to do beside, if anything."""

    folder: Path
    advice: str = ""


def places(
    into: Path | None = None, environment: Mapping[str, str] | None = None, home: Path | None = None
) -> list[Place]:
    """The profile in or at `into`, else all of this account."""
    folders = [into.absolute()] if into is not None else installation.profiles(environment, home)
    return [_place(folder) for folder in folders]


def install(place: Place, python: Path | None = None) -> Installed:
    """Puts the plug-in into a profile, whole or not at all; one that was there is replaced.

    Args:
        place: where to; its folder of plug-ins is made where it is missing.
        python: Impasto's interpreter, by default this one.

    Raises:
        NotInstalled: it is a Snap, or there is a plug-in of that name that is not ours.
    """
    if place.is_snap:
        raise NotInstalled(SNAP)
    _check_ours(place)
    part = place.plug_ins / f".{NAME}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _fill(part, _source(), python or Path(sys.executable), FLATPAK if place.is_flatpak else ())
    shutil.rmtree(place.plug_in, ignore_errors=True)
    part.rename(place.plug_in)
    return Installed(place.plug_in, f"once, so that GIMP may reach Impasto: {OVERRIDE}" if place.is_flatpak else "")


def uninstall(place: Place) -> bool:
    """Takes the plug-in away, with all that was made for it; whether it was there.

    Raises:
        NotInstalled: there is a plug-in of that name that is not ours.
    """
    _check_ours(place)
    there = place.plug_in.exists()
    shutil.rmtree(place.plug_in, ignore_errors=True)
    shutil.rmtree(place.plug_ins / f".{NAME}.part", ignore_errors=True)
    place.settings.unlink(missing_ok=True)
    return there


def _place(folder: Path) -> Place:
    text = folder.as_posix()
    return Place(installation.plug_ins(folder), "/.var/app/org.gimp.GIMP/" in f"{text}/", "/snap/gimp/" in f"{text}/")


def _check_ours(place: Place) -> None:
    if place.plug_in.exists() and not (place.plug_in / MARK).exists():
        raise NotInstalled(f"{place.plug_in} is there already and was not put there by Impasto: move it away first")


def _source() -> Path:
    """The folder that has the parts: in the wheel within this package, in a checkout beside the daemon."""
    return installation.shim_folder().parent


def _fill(folder: Path, source: Path, python: Path, before: tuple[str, ...]) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", "*.md", "beside")
    script, *rest = PARTS
    shutil.copytree(source / script, folder, ignore=unwanted, dirs_exist_ok=True)
    for part in rest:
        shutil.copytree(source / part, folder / part, ignore=unwanted)
    main = folder / f"{NAME}.py"
    main.chmod(main.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    # Not resolved: an environment's interpreter is a link, and only by its name does it know its packages.
    told = {"python": str(python.absolute()), "before": list(before), "version": impasto.__version__}
    (folder / ENVIRONMENT_FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / MARK).write_text("Put here by `impasto install gimp`; `impasto uninstall gimp` takes it away.\n")
