"""What in a script will not work on GIMP 3, found by reading it: procedures nobody has, wrong counts, PyGTK.

Knows 2.10's procedures from the shim's own list, and Python's grammar; runs nothing. Called by `adopting`.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from impasto.adoption.conversion import Note

WINDOWS = {"gtk", "pygtk", "gobject", "glade"}
GONE_MODULES = {"gimpthumb": "2.10's thumbnails have no stand-in in the shim", "vips": "it is not part of GIMP"}


def arguments_of(shim: Path) -> dict[str, int]:
    """How many arguments a script passes to each procedure of 2.10; `shim` is the folder of gimpfu."""
    counts = {}
    for line in (shim / "pdb210.txt").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("(")
        given = [one for one in rest.partition(")")[0].split(", ") if one and not one.startswith("run-mode:")]
        counts[name.replace("-", "_")] = len(given)
    return counts


def examine(text: str, procedures: Mapping[str, int]) -> list[Note]:
    """Everything to be told of a script that Python 3 reads, by line."""
    tree = ast.parse(text)
    notes = [note for node in ast.walk(tree) for note in _of_node(node, procedures)]
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if not any(name.endswith(("register", "install_procedure")) for name in called):
        notes.append(Note(1, "nothing registers a procedure: GIMP will show nothing of it"))
    elif not any(name in ("main", "gimpfu.main", "gimp.main") or name.endswith(".start") for name in called):
        notes.append(Note(1, "main() is never called: GIMP will show nothing of it"))
    return sorted(set(notes))


def _of_node(node: ast.AST, procedures: Mapping[str, int]) -> Iterator[Note]:
    if isinstance(node, ast.Import):
        yield from (note for alias in node.names for note in _of_module(alias.name, node.lineno))
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from _of_module(node.module, node.lineno)
    elif isinstance(node, ast.Call):
        name = _procedure(node.func)
        if name:
            yield from _of_call(name, node, procedures)


def _of_module(name: str, line: int) -> Iterator[Note]:
    top = name.partition(".")[0]
    if top in WINDOWS:
        yield Note(
            line, f"import {name}: PyGTK 2 is gone; the shim refuses it, so this part must be rewritten for GTK 3"
        )
    elif top in GONE_MODULES:
        yield Note(line, f"import {name}: {GONE_MODULES[top]}")


def _procedure(function: ast.expr) -> str | None:
    """`gimp_image_new` for `pdb.gimp_image_new` and `pdb['gimp-image-new']`, also by gimp.pdb and gimpfu.pdb."""
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) in ("pdb", "gimp.pdb", "gimpfu.pdb"):
        return function.attr
    if isinstance(function, ast.Subscript) and ast.unparse(function.value) in ("pdb", "gimp.pdb", "gimpfu.pdb"):
        key = function.slice
        return key.value.replace("-", "_") if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    return None


def _of_call(name: str, node: ast.Call, procedures: Mapping[str, int]) -> Iterator[Note]:
    if name == "query":
        return
    if name not in procedures:
        yield Note(node.lineno, f"pdb.{name}: not one of GIMP 2.10's own; it works only if another plug-in brings it")
        return
    given = len(node.args)
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if not starred and given not in (procedures[name], 1):
        yield Note(node.lineno, f"pdb.{name} takes {procedures[name]} arguments, gets {given} here")
