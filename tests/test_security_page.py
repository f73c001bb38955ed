"""SECURITY.md: every promise names tests, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "SECURITY.md"
ROWS = [
    (promise.strip(), tests)
    for promise, tests in re.findall(r"^\| (.+?) \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE)
    if not promise.startswith(("Promise", "**"))
]


def names_in(name: str) -> set[str]:
    """The tests of a file."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse((TESTS / name).read_text())) if isinstance(node, functions)}


def test_the_page_has_its_table() -> None:
    """The tests below must not pass because they found nothing."""
    assert len(ROWS) >= 20
    assert "SECURITY.md" in (TESTS.parent / "README.md").read_text()


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=[promise for promise, _ in ROWS])
def test_each_promise_is_tested(promise: str, tests: str) -> None:
    """`file.py::test_name`, further names of the same file after it, or a whole file."""
    file, named = "", re.findall(r"`([^`]+)`", tests)
    assert named, f"no test holds: {promise}"
    for name in named:
        before, separator, test = name.rpartition("::")
        if separator or name.endswith(".py"):
            file = before or name
        assert (TESTS / file).is_file(), file
        if not name.endswith(".py"):
            assert (test if separator else name) in names_in(file), f"{file} has no {name}"
