"""Calls in a script of Python 2 that Python 3 reads and takes for something else: put through helpers of the shim's.

`x.decode(...)`, `x.encode(...)` and `x.tostring()`, `open(...)`, classes with `__cmp__`. The fixers do not touch
them, as only at run time is it known what `x` is; the helpers look. Knows Python's grammar and nothing of GIMP. Called
by `conversion`.
"""

import ast
from dataclasses import dataclass, field

DECODE, ENCODE, BASE, TOSTRING = "_decode", "_encode", "_Compared", "_tostring"
METHODS = {"decode": DECODE, "encode": ENCODE, "tostring": TOSTRING}
OPENERS = "open", "file"
ORDERS = {"__lt__", "__eq__", "__gt__"}


@dataclass
class Edits:
    """Changes to be made to a text: where (line and column in bytes), how many bytes go, what comes; and helpers."""

    made: list[tuple[int, int, int, str]] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def need(self, helper: str, line: int) -> None:
        """A helper is used at that line."""
        self.lines.append(line)
        if helper not in self.helpers:
            self.helpers.append(helper)


def rewritten(text: str) -> tuple[str, Edits]:
    """The text with these calls put through helpers, and which; the text must be Python 3's."""
    edits, lines = Edits(), text.split("\n")
    tree = ast.parse(text)
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _call(node, lines, edits, own)
        elif isinstance(node, ast.ClassDef):
            _class(node, lines, edits)
    # From behind, so that places stay true; of wrappers that begin at one place the inner ones first.
    order = {id(edit): number for number, edit in enumerate(edits.made)}
    for edit in sorted(edits.made, key=lambda one: (one[0], one[1], order[id(one)]), reverse=True):
        line, column, gone, come = edit
        data = lines[line - 1].encode()
        lines[line - 1] = (data[:column] + come.encode() + data[column + gone :]).decode()
    return "\n".join(lines), edits


def _call(node: ast.Call, lines: list[str], edits: Edits, own: set[str]) -> None:
    function = node.func
    if isinstance(function, ast.Name) and function.id in OPENERS and function.id not in own:
        edits.need(function.id, node.lineno)
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return
    value, attribute = function.value, f".{function.attr}("
    data = lines[(value.end_lineno or 1) - 1].encode()
    column = value.end_col_offset or 0
    while data[column : column + 1] == b")":  # of parentheses around it, which its own place leaves out
        column += 1
    if data[column : column + len(attribute)] != attribute.encode():
        return  # written over several lines, or with spaces: left as it is
    helper = METHODS[function.attr]
    between = ", " if node.args or node.keywords else ""
    edits.made.append((node.lineno, node.col_offset, 0, f"{helper}("))
    edits.made.append((value.end_lineno or 1, column, len(attribute), between))
    edits.need(helper, node.lineno)


def _class(node: ast.ClassDef, lines: list[str], edits: Edits) -> None:
    methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    if "__cmp__" not in methods or methods & ORDERS:
        return
    head = lines[node.lineno - 1].encode()
    name = head.find(node.name.encode(), node.col_offset) + len(node.name.encode())
    if head[name : name + 1] == b"(":
        edits.made.append((node.lineno, name + 1, 0, f"{BASE}, " if node.bases else BASE))
    else:
        edits.made.append((node.lineno, name, 0, f"({BASE})"))
    edits.need(BASE, node.lineno)
