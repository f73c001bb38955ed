"""The host side of the checks that run inside GIMP: their names, read without running them, and what became of each.

One GIMP runs all checks; where it dies, a new one goes on behind the check that it died of. Knows no GIMP: what checks
do is theirs. Called by the tests and by table.py.
"""

import ast
import importlib
import json
from dataclasses import dataclass
from pathlib import Path

from editors import gimp

TESTS = Path(__file__).resolve().parents[1]
CHECKS = Path(__file__).with_name("checks")
SCRIPTS = Path(__file__).with_name("scripts")
SHIM = TESTS.parent / "plugins" / "gimpfu"
RUN_S = 900
DEATHS = 8  # GIMPs that may die before the rest is given up


@dataclass(frozen=True)
class Result:
    """What became of one check."""

    name: str
    outcome: str  # works, refused, failed, died, missing
    detail: str = ""


def home(root: Path, path: Path) -> gimp.Home:
    """A home with the plug-ins installed that checks call, the shim beside each as it is for users."""
    made = gimp.new_home(root, path)
    for script in sorted(SCRIPTS.glob("*.py")):
        if script.name != "__init__.py":
            made.install(script.stem, script.read_text(), [SHIM])
    return made


def names_in(path: Path) -> list[str]:
    """The names that a file of checks shows, in its order."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if not isinstance(mark, ast.Call):
                    continue
                arguments = [ast.literal_eval(argument) for argument in mark.args]
                if ast.unparse(mark.func) == "check":
                    found += arguments
                elif ast.unparse(mark.func) == "check_each":
                    found += getattr(importlib.import_module(arguments[0]), arguments[1])
    return found


def every() -> dict[str, list[str]]:
    """Names of checks by the module that has them."""
    files = sorted(path for path in CHECKS.glob("*.py") if path.name != "__init__.py")
    return {f"editors.checks.{path.stem}": names_in(path) for path in files}


def answers(path: Path) -> dict[str, Result]:
    """The answers in a file, the last of each name."""
    lines = path.read_text().splitlines() if path.exists() else []
    records = [json.loads(line) for line in lines]
    return {r["name"]: Result(r["name"], r["outcome"], r.get("detail", "")) for r in records}


def run(home: gimp.Home, checks: dict[str, list[str]], folder: Path) -> dict[str, Result]:
    """Runs checks in `home`; `folder` takes the answers, and may hold modules of checks."""
    path, script = folder / "answers.jsonl", folder / "checks.py"
    found: dict[str, Result] = {}
    for _ in range(DEATHS):
        left = [name for names in checks.values() for name in names if name not in found]
        if not left:
            break
        script.write_text(
            f"import sys; sys.path[:0] = {[str(TESTS), str(TESTS.parent / 'plugins'), str(folder)]!r}\n"
            "import pathlib, editors.checking\n"
            f"editors.checking.main({list(checks)!r}, {left!r}, pathlib.Path({str(path)!r}))\n"
        )
        ended = home.batch(script, timeout_s=RUN_S)
        found = answers(path)
        for name, result in found.items():
            if result.outcome == "begun":
                found[name] = Result(name, "died", ended.output[-3000:])
                with path.open("a") as out:
                    out.write(json.dumps({"name": name, "outcome": "died", "detail": ended.output[-3000:]}) + "\n")
        if not found:  # nothing began: an import failed
            return {name: Result(name, "failed", ended.output[-3000:]) for name in left}
    names = [name for module in checks.values() for name in module]
    return {name: found.get(name, Result(name, "missing", "GIMP died too often before")) for name in names}
