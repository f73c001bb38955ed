"""What a plug-in in any editor takes: our parts copied, where Impasto is written down, a mark that it is ours.

Knows folders. Must never know an editor. `gimp` and `krita` call it.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import impasto
from impasto.adoption import installation
from impasto.errors import ImpastoError

ENVIRONMENT_FILE = "impasto-environment.json"  # as the bridge reads it; a test compares
MARK = "installed-by-impasto.txt"
FLATPAK = ("flatpak-spawn", "--host")
UNWANTED = ("__pycache__", "*.md", "beside")


class NotInstalled(ImpastoError):
    """Nothing was put anywhere, or nothing taken away; the message says why and what to do."""

    reason = "NOT_INSTALLED"


def source(part: str) -> Path:
    """The folder of one of our parts: in the wheel within this package, in a checkout beside the daemon."""
    return installation.shim_folder().parent / part


def check_ours(folder: Path) -> None:
    """Raises NotInstalled if there is a plug-in of that name that is not ours."""
    if folder.exists() and not (folder / MARK).exists():
        raise NotInstalled(f"{folder} is there already and was not put there by Impasto: move it away first")


def put(folder: Path, fill: Callable[[Path], None]) -> None:
    """Puts a plug-in's folder there, whole or not at all; one of ours that was there is replaced.

    Raises:
        NotInstalled: there is one that is not ours.
    """
    check_ours(folder)
    part = _part(folder)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    fill(part)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def remove(folder: Path) -> bool:
    """Takes a plug-in's folder away, with all that was made for it; whether it was there.

    Raises:
        NotInstalled: it is not ours.
    """
    check_ours(folder)
    there = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(_part(folder), ignore_errors=True)
    return there


def copy(part: str, to: Path, *without: str) -> None:
    """Copies one of our parts into a folder, `without` files of those names and what is only for who works here."""
    shutil.copytree(source(part), to, ignore=shutil.ignore_patterns(*UNWANTED, *without), dirs_exist_ok=True)


def write_environment(folder: Path, editor: str, python: Path | None, before: tuple[str, ...]) -> None:
    """Writes down where Impasto is, by default here, and that the folder is ours.

    Args:
        folder: the plug-in's.
        editor: its name as the command line has it.
        python: Impasto's interpreter.
        before: what comes in front of it, for editors in a sandbox.
    """
    # Not resolved: an environment's interpreter is a link, and only by its name does it know its packages.
    python = (python or Path(sys.executable)).absolute()
    told = {"python": str(python), "before": list(before), "version": impasto.__version__}
    (folder / ENVIRONMENT_FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    told_by = f"Put here by `impasto install {editor}`; `impasto uninstall {editor}` takes it away.\n"
    (folder / MARK).write_text(told_by, encoding="utf-8")


def _part(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.part")
