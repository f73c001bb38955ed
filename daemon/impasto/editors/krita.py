"""Krita's plug-in in the folders of an account's Kritas: the package, two files beside it, one line of kritarc.

One package serves Krita 5 and 6, which share their folders. What a user makes with it (presets, own styles, results)
lies beside the folder of plug-ins and is never touched here. Knows where each way of installing Krita keeps its things.
Called by the face and by `examination`.
"""

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto.editors import kritarc, plugin
from impasto.editors.plugin import NotInstalled

NAME = "impasto_docker"
FLATPAK_ID = "org.kde.krita"
OVERRIDE = f"flatpak override --user --talk-name=org.freedesktop.Flatpak {FLATPAK_ID}"
SNAP = (
    "Krita from Snap is closed in, and what it starts with it: the plug-in could never reach Impasto. Take Krita from"
    " your system's packages, from Flatpak or as an AppImage"
)
BY_HAND = "tick Impasto in Settings > Configure Krita > Python Plugin Manager (no kritarc is known for this folder)"


@dataclass(frozen=True)
class Place:
    """A Krita of this account: its folder of resources, its kritarc where it is known, and what kind of Krita it is."""

    data: Path
    config: Path | None
    is_flatpak: bool = False
    is_snap: bool = False

    @property
    def plug_in(self) -> Path:
        """The folder of ours."""
        return self.data / "pykrita" / NAME

    @property
    def desktop(self) -> Path:
        """By which Krita finds it."""
        return self.data / "pykrita" / f"{NAME}.desktop"

    @property
    def action(self) -> Path:
        """What can be bound to a key."""
        return self.data / "actions" / f"{NAME}.action"


def places(
    into: Path | None = None, environment: Mapping[str, str] | None = None, home: Path | None = None
) -> list[Place]:
    """The Krita whose folder of resources, or of Python plug-ins, is `into`; else every one of this account."""
    known = list(_known(environment if environment is not None else os.environ, home or Path.home()))
    if into is None:
        return [
            place for place in known if place.data.is_dir() or (place.config is not None and place.config.is_file())
        ]
    folder = into.absolute()
    data = folder.parent if folder.name == "pykrita" else folder
    return [next((place for place in known if place.data == data), _elsewhere(data))]


def is_folder_of_krita(folder: Path) -> bool:
    """Whether that is a folder of resources, or of Python plug-ins, of Krita's."""
    return folder.name == "pykrita" or (folder / "pykrita").is_dir()


def install(place: Place, python: Path | None = None) -> list[str]:
    """Puts the plug-in there, whole or not at all, and has Krita load it; one that was there is replaced.

    Args:
        place: where to; its folders are made where they are missing.
        python: Impasto's interpreter, by default this one.

    Returns:
        What the user has to do beside, if anything.

    Raises:
        NotInstalled: it is a Snap, or there is a plug-in of that name that is not ours.
    """
    if place.is_snap:
        raise NotInstalled(SNAP)
    plugin.put(place.plug_in, lambda folder: _fill(folder, python, plugin.FLATPAK if place.is_flatpak else ()))
    place.action.parent.mkdir(parents=True, exist_ok=True)
    for path in (place.desktop, place.action):
        shutil.copyfile(plugin.source("krita") / path.name, path)
    advice = [f"once, so that Krita may reach Impasto: {OVERRIDE}"] if place.is_flatpak else []
    if place.config is None:
        return [*advice, BY_HAND]
    kritarc.enable(place.config, NAME)
    return advice


def uninstall(place: Place) -> bool:
    """Takes the plug-in away, with all that was made for it; whether it was there. What its user made stays.

    Raises:
        NotInstalled: there is a plug-in of that name that is not ours.
    """
    there = plugin.remove(place.plug_in)
    for path in (place.desktop, place.action):
        if path.exists():
            path.unlink()
            there = True
    if place.config is not None:
        kritarc.forget(place.config, NAME)
    return there


def kept(place: Place) -> Path | None:
    """The folder of what its user made, if there is one."""
    folder = place.data / "impasto"
    return folder if folder.is_dir() else None


def write_zip(file: Path, python: Path | None = None) -> None:
    """The plug-in as a file for Tools > Scripts > Import Python Plugin from File, on this machine.

    Args:
        file: where to; one that is there is replaced.
        python: Impasto's interpreter, by default this one: the file is of use where that is.
    """
    with tempfile.TemporaryDirectory() as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(made) / NAME
        folder.mkdir()
        _fill(folder, python, ())
        for name in (f"{NAME}.desktop", f"{NAME}.action"):
            archive.write(plugin.source("krita") / name, name)
        for path in (folder, *sorted(folder.rglob("*"))):  # with folders: Krita looks for their entries
            archive.write(path, path.relative_to(made))


def _fill(folder: Path, python: Path | None, before: tuple[str, ...]) -> None:
    plugin.copy(f"krita/{NAME}", folder, "bridge")  # in a checkout that is a link
    plugin.copy("bridge", folder / "bridge")
    plugin.write_environment(folder, "krita", python, before)


def _elsewhere(data: Path) -> Place:
    text = f"{data.as_posix()}/"
    return Place(data, None, f"/.var/app/{FLATPAK_ID}/" in text, "/snap/krita/" in text)


def _known(environment: Mapping[str, str], home: Path) -> Iterator[Place]:
    """Where each way of installing Krita keeps resources and configuration. An AppImage uses the system's folders."""
    if sys.platform == "win32":
        yield from _on_windows(environment, home)
    elif sys.platform == "darwin":
        library = home / "Library"
        yield Place(library / "Application Support/krita", library / "Preferences/kritarc")
    else:
        data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
        yield Place(data / "krita", Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "kritarc")
        flatpak = home / ".var/app" / FLATPAK_ID
        yield Place(flatpak / "data/krita", flatpak / "config/kritarc", is_flatpak=True)
        snap = home / "snap/krita/current"
        yield Place(snap / ".local/share/krita", snap / ".config/kritarc", is_snap=True)


def _on_windows(environment: Mapping[str, str], home: Path) -> Iterator[Place]:
    """The installer's, and the Store's, whose folders have a number in their name."""
    roaming = Path(environment.get("APPDATA") or home / "AppData/Roaming")
    local = Path(environment.get("LOCALAPPDATA") or home / "AppData/Local")
    yield Place(roaming / "krita", local / "kritarc")
    for store in sorted(local.glob("Packages/49800Krita_*/LocalCache")):
        yield Place(store / "Roaming/krita", store / "Local/kritarc")
