"""Where GIMP 3 keeps its plug-ins, and how one is put there: a folder with a script of its name and the shim.

Knows folders of users on each system; knows nothing of what is in a script. Called by `adopting` and the command line.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import impasto
from impasto.errors import ImpastoError

MARK = "adopted-by-impasto.txt"
VERSIONS = "3.*"


class NotInstalled(ImpastoError):
    """Nothing was put anywhere; the message says why and what to do."""

    reason = "NOT_INSTALLED"


def shim_folder() -> Path:
    """The folder of the package gimpfu: in the wheel beside this package, in a checkout beside the daemon.

    Raises:
        NotInstalled: when it is in neither place.
    """
    package = Path(impasto.__file__).parent
    for folder in (package / "plugins" / "gimpfu", package.parents[1] / "plugins" / "gimpfu"):
        if (folder / "pdb210.txt").exists():
            return folder
    raise NotInstalled("this installation has no gimpfu with it: install impasto anew")


def profiles(environment: Mapping[str, str] | None = None, home: Path | None = None) -> list[Path]:
    """Folders of GIMP 3's own in this account, of all versions and ways of installing it, that are there."""
    known = environment if environment is not None else os.environ
    if named := known.get("GIMP3_DIRECTORY"):
        return [Path(named)]
    return sorted(
        {path for base in _bases(known, home or Path.home()) for path in base.glob(VERSIONS) if path.is_dir()}
    )


def _bases(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Folders that hold one profile a version."""
    if sys.platform == "win32":
        yield Path(environment.get("APPDATA", home / "AppData/Roaming")) / "GIMP"
    elif sys.platform == "darwin":
        yield home / "Library/Application Support/GIMP"
    else:
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "GIMP"
        yield home / ".config/GIMP"  # what Flatpak takes where it was there before
        yield home / ".var/app/org.gimp.GIMP/config/GIMP"
        yield home / "snap/gimp/current/.config/GIMP"


def plug_ins(folder: Path) -> Path:
    """The folder of plug-ins for a folder that a user names: itself, or the one in a profile."""
    return folder if folder.name == "plug-ins" else folder / "plug-ins"


def install(name: str, modules: Mapping[str, str], into: Path, shim: Path) -> Path:
    """Puts a plug-in into a folder of plug-ins, whole or not at all.

    Args:
        name: of the folder and the script.
        modules: texts by file name, the script's own among them.
        into: a folder of plug-ins; made when it is not there.
        shim: the folder of gimpfu.

    Returns:
        The plug-in's folder.

    Raises:
        NotInstalled: when a plug-in of that name is there that was not put there by this.
    """
    target = into / name
    if target.exists() and not (target / MARK).exists():
        raise NotInstalled(
            f"a plug-in named '{name}' is there already and is not ours; choose another name with --name"
        )
    part = into / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file, text in modules.items():
        (part / file).write_text(text, encoding="utf-8")
    script = part / f"{name}.py"
    script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    unwanted = shutil.ignore_patterns("__pycache__", "*.md", "beside")
    shutil.copytree(shim, part / "gimpfu", ignore=unwanted)
    for path in (shim / "beside").glob("*.py"):
        if path.name != "__init__.py" and path.name not in modules:
            shutil.copy(path, part / path.name)
    (part / MARK).write_text("Put here by `impasto gimp adopt`, which replaces this folder when asked again.\n")
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return target
