"""One script adopted: read, converted, examined, installed. Called by the command line, through the room's face."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.adoption import installation
from impasto.adoption.conversion import Converted, Note, Unreadable, convert
from impasto.adoption.examination import arguments_of, examine
from impasto.errors import ImpastoError

SHEBANG = "#!/usr/bin/env python3\n"
LARGEST_SCRIPT = 4_000_000  # bytes; the largest of the old registry's has 200 thousand


@dataclass(frozen=True)
class Adopted:
    """What became of a script.

    Attributes:
        name: of the plug-in.
        python2: whether it was taken for Python 2.
        done: what was changed.
        undone: what could not be, or will not work.
        folders: where it was put.
    """

    name: str
    python2: bool
    done: tuple[Note, ...]
    undone: tuple[Note, ...]
    folders: tuple[Path, ...]


def adopt(script: Path, into: Sequence[Path], *, name: str = "", python: int | None = None) -> Adopted:
    """Makes a script a plug-in of GIMP 3.

    Args:
        script: the file.
        into: folders of plug-ins; none to look only.
        name: of the plug-in; of the file when empty.
        python: 2 or 3, when it is known which Python it was written for.

    Raises:
        ImpastoError: when it cannot be read, or not be put there; nothing is changed then.
    """
    chosen = plug_in_name(name or script.stem)
    converted = convert(read(script), python)
    shim = installation.shim_folder()
    found = examine(converted.text, arguments_of(shim))
    undone = [*converted.undone, *(original(note, converted) for note in found)]
    modules = {f"{chosen}.py": with_shebang(converted.text)}
    for module, text in beside(script, converted).items():
        modules.setdefault(f"{module}.py", text)
        undone.append(Note(1, f"{module}.py, which lies beside the script, goes with it"))
    folders = tuple(installation.install(chosen, modules, folder, shim) for folder in into)
    return Adopted(chosen, converted.python2, tuple(sorted(converted.done)), tuple(sorted(undone)), folders)


def original(note: Note, converted: Converted) -> Note:
    """A note on the converted text, by the line of the script as it was."""
    return Note(note.line - 1, note.text) if 0 < converted.inserted < note.line else note


def read(script: Path) -> bytes:
    """A script's bytes. Raises Unreadable for what is no file of a script's size."""
    if not script.is_file():
        raise Unreadable(f"{script.name} is no file")
    if script.stat().st_size > LARGEST_SCRIPT:
        raise Unreadable(f"{script.name} has {script.stat().st_size} bytes, a script may have {LARGEST_SCRIPT}")
    return script.read_bytes()


def plug_in_name(wanted: str) -> str:
    """A name that GIMP takes for a folder and its script: letters, digits, - and _."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-")
    if not name or name in ("gimpfu", "gimp", "gtk"):
        raise ImpastoError(f"'{wanted}' is no name for a plug-in: use letters, digits, - and _, and none of the shim's")
    return name


def with_shebang(text: str) -> str:
    """The text with the line by which a system finds Python 3."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    return SHEBANG + "".join(lines)


def beside(script: Path, converted: Converted) -> dict[str, str]:
    """Modules of the script's own folder that it imports, converted, by name."""
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(converted.text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    files = {name: script.with_name(f"{name}.py") for name in imported if name}
    python = 2 if converted.python2 else 3
    return {
        name: convert(read(path), python).text
        for name, path in sorted(files.items())
        if path.is_file() and not (installation.shim_folder() / path.name).exists() and name != "gimpfu"
    }
