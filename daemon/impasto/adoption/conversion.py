"""A script's text as Python 3 reads it: fissix's fixers, and what they have not: tabs, and `/` between whole numbers.

Knows Python's two grammars and nothing of GIMP. Called by `adopting`.
"""

import ast
import io
import re
import sys
import tokenize
from dataclasses import dataclass, field

from fissix import pytree, refactor
from fissix.fixer_util import token
from fissix.pgen2.parse import ParseError
from fissix.pygram import python_symbols as syms

from impasto.adoption.rewriting import BASE, DECODE, ENCODE, OPENERS, TOSTRING, rewritten
from impasto.errors import ImpastoError

# Fixers that tidy, and the one that guesses relative imports from what lies in a folder.
LEFT_OUT = ("fix_idioms", "fix_ws_comma", "fix_set_literal", "fix_buffer", "fix_import", "fix_future", "fix_sorted")
DIVIDE = "_divide"
COMPARED = "_compared"
HELPERS = {
    DIVIDE: f"divide as {DIVIDE}", COMPARED: f"compared as {COMPARED}", "cmp": "cmp", DECODE: f"decode as {DECODE}",
    ENCODE: f"encode as {ENCODE}", TOSTRING: f"tostring as {TOSTRING}", BASE: f"Compared as {BASE}",
    **{name: f"opened as {name}" for name in OPENERS},
}  # fmt: skip
PYTHON_3_ONLY = re.compile(
    r"^#!.*python3|\bnonlocal\b|\basync def\b|\bfrom urllib\.request\b|\bprint\(.*\b(end|sep|file)=", re.M
)
PRINT_TO = re.compile(r"^\s*print\s*>>", re.M)  # Python 3 reads it, as a comparison of two things that nobody shifts
FUTURE_DIVISION = re.compile(r"^from __future__ import .*\bdivision\b", re.M)
COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class Unreadable(ImpastoError):
    """A script that neither Python reads."""

    reason = "SCRIPT_UNREADABLE"


@dataclass(frozen=True, order=True)
class Note:
    """Something about one line of a script."""

    line: int
    text: str


@dataclass
class Converted:
    """A script in Python 3.

    Attributes:
        text: the whole of it.
        python2: whether it was taken for Python 2.
        done: what was changed, by line of the original.
        undone: what could not be, by line of the original.
    """

    text: str
    python2: bool
    inserted: int = 0  # the one line that was put in, counted in `text`; 0 for none
    helpers: list[str] = field(default_factory=list)  # of the shim's, to be imported
    done: list[Note] = field(default_factory=list)
    undone: list[Note] = field(default_factory=list)


def decoded(data: bytes) -> str:
    """A script's text: by its own cookie, as UTF-8, else as Latin-1, which reads anything."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("latin-1")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    for index, line in enumerate(lines[:2]):  # it is written as UTF-8 whatever it was
        if match := COOKIE.match(line):
            lines[index] = line.replace(match[1], "utf-8")
    return "\n".join(lines).rstrip("\n") + "\n"


def compiles(text: str) -> bool:
    """Whether Python 3 reads it."""
    try:
        compile(text, "script", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def convert(data: bytes, python: int | None = None) -> Converted:
    """A script in Python 3.

    Args:
        data: the file.
        python: 2 or 3 when it is known which Python it was written for.

    Raises:
        Unreadable: when neither Python reads it, with the line.
    """
    text = decoded(data)
    readable = compiles(text)
    if python == 3 or (python is None and readable and _is_python_3(text)):
        if not readable:
            raise Unreadable(_complaint(text))
        return Converted(text, python2=False)
    converted = Converted(text, python2=True)
    _expand_tabs(converted)
    _fix(converted, statements=not compiles(converted.text) or bool(PRINT_TO.search(converted.text)))
    if not FUTURE_DIVISION.search(text):
        _keep_whole(converted)
    if compiles(converted.text):
        _compare(converted)
        _rewrite(converted)
    if converted.helpers:
        _import_helpers(converted)
    if not compiles(converted.text):
        raise Unreadable(f"after conversion, {_complaint(converted.text)}")
    return converted


def _is_python_3(text: str) -> bool:
    """Whether a script that Python 3 reads was written for it: by what Python 2 would not read, or its own word."""
    if PYTHON_3_ONLY.search(text):
        return True
    return any(
        isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr))
        or (isinstance(node, ast.FunctionDef) and bool(node.returns))
        or (isinstance(node, ast.arg) and bool(node.annotation))
        for node in ast.walk(ast.parse(text))
    )


def _complaint(text: str) -> str:
    try:
        compile(text, "script", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}: {(error.text or '').strip()!r}"
    except ValueError as error:
        return str(error)
    return ""


def _expand_tabs(converted: Converted) -> None:
    """Tabs before a line's text become spaces, to multiples of eight as Python 2 counted them."""
    lines = converted.text.split("\n")
    touched = [number for number, line in enumerate(lines, 1) if "\t" in line[: len(line) - len(line.lstrip())]]
    if not touched:
        return
    for number in touched:
        line = lines[number - 1]
        rest = line.lstrip()
        lines[number - 1] = line[: len(line) - len(rest)].expandtabs(8) + rest
    converted.text = "\n".join(lines)
    converted.done.append(Note(touched[0], f"tabs became spaces in {len(touched)} lines"))


class _Tool(refactor.RefactoringTool):  # type: ignore[misc]  # fissix has no types
    """fissix, raising where it would log."""

    def log_error(self, msg: str, *args: object, **_kwargs: object) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, ParseError):
            line = error.context[1][0] if error.context else 0
            raise Unreadable(f"line {line}: neither Python 2 nor Python 3 reads {error.value!r} there") from None
        raise Unreadable(msg % args if args else msg)

    def log_message(self, msg: str, *args: object) -> None:
        """Nothing is told on the way."""

    def log_debug(self, msg: str, *args: object) -> None:
        """Nothing is told on the way."""


def _fix(converted: Converted, *, statements: bool) -> None:
    """Runs the fixers; `statements` says that print is one."""
    names = [name for name in refactor.get_fixers_from_package("fissix.fixes") if name.split(".")[-1] not in LEFT_OUT]
    tool = _Tool(names, {"print_function": not statements})
    before = converted.text.split("\n")
    converted.text = str(tool.refactor_string(converted.text, "script"))
    for message in tool.fixer_log:
        line, _, told = str(message).removeprefix("Line ").partition(": ")
        converted.undone.append(Note(int(line) if line.isdigit() else 0, told or str(message)))
    changed = [
        number
        for number, pair in enumerate(zip(before, converted.text.split("\n"), strict=False), 1)
        if pair[0] != pair[1]
    ]
    if changed:
        converted.done.append(Note(changed[0], f"Python 3's words in about {len(changed)} lines"))


def _keep_whole(converted: Converted) -> None:
    """`a / b` becomes a call that divides as Python 2 did, save where a number with a point stands in it."""
    tree = _Tool([], {"print_function": True}).driver.parse_string(converted.text)
    lines: list[int] = []
    _divide_in(tree, lines)
    if not lines:
        return
    converted.text = str(tree)
    converted.helpers.append(DIVIDE)
    where = ", ".join(map(str, sorted(set(lines))[:12])) + (" ..." if len(set(lines)) > 12 else "")
    converted.done.append(Note(lines[0], f"/ divides whole numbers as in Python 2 (lines {where})"))


def _divide_in(node: pytree.Base, lines: list[int]) -> None:
    """Rewrites all divisions below a node; their lines go into `lines`."""
    for child in list(node.children):
        _divide_in(child, lines)
    if node.type == syms.term and any(child.type == token.SLASH for child in node.children):
        line = node.get_lineno()
        text, changed = _folded(node)
        if changed:
            lines.append(line)
            node.replace(pytree.Leaf(token.NAME, text.lstrip(), prefix=node.prefix))
    elif node.type == syms.expr_stmt and len(node.children) == 3 and str(node.children[1]).strip() == "/=":
        target, _, value = node.children
        if not _floats(value):
            lines.append(node.get_lineno())
            text = f"{str(target).strip()} = {DIVIDE}({str(target).strip()}, {str(value).strip()})"
            node.replace(pytree.Leaf(token.NAME, text, prefix=node.prefix))


def _folded(term: pytree.Base) -> tuple[str, bool]:
    """`a * b / c` as nested calls, from the left; and whether any call was needed."""
    children = list(term.children)
    made, float_so_far, changed = str(children[0]), _floats(children[0]), False
    for operator, right in zip(children[1::2], children[2::2], strict=True):
        floats = float_so_far or _floats(right)
        if operator.type == token.SLASH and not floats:
            made, changed = f"{DIVIDE}({made.strip()}, {str(right).strip()})", True
        else:
            made = f"{made}{operator}{right}"
        float_so_far = floats
    return made, changed


def _floats(node: pytree.Base) -> bool:
    """Whether an operand is a float beyond doubt: `2.0`, `float(x)`, `(x * 2.0)`."""
    text = str(node).strip()
    if node.type == token.NUMBER:
        return "." in text or ("e" in text.lower() and not text.lower().startswith("0x"))
    if node.type == syms.power:
        return text.startswith(("float(", "math.sqrt(", "math.sin(", "math.cos(", "math.pi"))
    if node.type in (syms.atom, syms.term, syms.arith_expr, syms.factor):
        return any(_floats(child) for child in node.children)
    return False


def _compare(converted: Converted) -> None:
    """`x.sort(f)` and `sorted(x, f)` get their comparing function as a key, and `cmp` is there again."""
    tree = ast.parse(converted.text)
    compared = [argument for node in ast.walk(tree) if (argument := _comparing(node))]
    lines = converted.text.split("\n")
    for argument in sorted(compared, key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0), reverse=True):
        for line, column, text in (
            ((argument.end_lineno or 1) - 1, argument.end_col_offset or 0, ")"),
            (argument.lineno - 1, argument.col_offset, f"key={COMPARED}("),
        ):
            encoded = lines[line].encode()
            lines[line] = (encoded[:column] + text.encode() + encoded[column:]).decode()
    if compared:
        converted.text = "\n".join(lines)
        converted.helpers.append(COMPARED)
        converted.done.append(Note(compared[0].lineno, f"{len(compared)} comparing functions became keys of sorting"))
    uses_cmp = any(isinstance(node, ast.Name) and node.id == "cmp" for node in ast.walk(tree))
    if uses_cmp and not any(isinstance(node, ast.FunctionDef) and node.name == "cmp" for node in ast.walk(tree)):
        converted.helpers.append("cmp")


def _comparing(node: ast.AST) -> ast.expr | None:
    """The comparing function that a call sorts by, as Python 2 took it: by its place."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "sort" and len(node.args) == 1:
        return node.args[0]
    if isinstance(node.func, ast.Name) and node.func.id == "sorted" and len(node.args) == 2:
        return node.args[1]
    return None


def _rewrite(converted: Converted) -> None:
    """Texts that are bytes at once, files of bytes, classes that compare by `__cmp__`."""
    converted.text, edits = rewritten(converted.text)
    converted.helpers += edits.helpers
    if edits.lines:
        where = ", ".join(map(str, sorted(set(edits.lines))[:12]))
        converted.done.append(Note(min(edits.lines), f"texts, files and comparing as in Python 2 (lines {where})"))


def _import_helpers(converted: Converted) -> None:
    """Puts the import of the shim's helpers after the docstring and what must come first."""
    text = converted.text
    names = ", ".join(HELPERS[name] for name in converted.helpers)
    line = f"from gimpfu._converted import {names}  # what Python 2 did\n"
    first = 0
    for statement in ast.parse(text).body:
        is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (is_docstring or is_future):
            break
        first = statement.end_lineno or 0
    lines = text.splitlines(keepends=True)
    if first == 0:
        while first < len(lines) and lines[first].startswith("#"):
            first += 1
    converted.text = "".join([*lines[:first], line, *lines[first:]])
    converted.inserted = first + 1
