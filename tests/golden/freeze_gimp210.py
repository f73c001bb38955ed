"""Writes down what GIMP 2.10 offered: `pdb210.txt` and `enums210.txt`, beside the shim, from an installed GIMP 2.10.

Names, types, ranges and numbers are facts of an interface; no text of GIMP's is taken. It needs `gimp-console-2.10` and
libgimp-2.0, which the shim and its tests do not: run it by hand, `python tests/golden/freeze_gimp210.py`, and look at
what changed. Debian 12's GIMP 2.10.34 is the one that was written down.
"""

import ctypes
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHIM = Path(__file__).parents[2] / "plugins" / "gimpfu"
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)', re.DOTALL)
NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
RANGE = re.compile(rf"\(({NUMBER}) <= [\w-]+ <= ({NUMBER})\)")
LEAST = re.compile(rf"\([\w-]+ >= ({NUMBER})\)")


def dump() -> str:
    """The text that GIMP's own `gimp-procedural-db-dump` writes."""
    with tempfile.TemporaryDirectory() as home:
        target = Path(home) / "dump.scm"
        batch = f'(gimp-procedural-db-dump "{target}")'
        command = ["gimp-console-2.10", "-i", "-d", "-f", "-b", batch, "-b", "(gimp-quit 0)"]
        subprocess.run(command, env={"HOME": home, "PATH": "/usr/bin:/bin"}, check=True, capture_output=True)
        return target.read_text()


def expressions(text: str) -> list[list]:  # type: ignore[type-arg]  # nested lists of texts, as deep as they are
    """S-expressions as nested lists."""
    stack: list[list] = [[]]  # type: ignore[type-arg]
    for match in TOKEN.finditer(text):
        string, bracket, word = match.groups()
        if bracket == "(":
            stack.append([])
        elif bracket == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(string if string is not None else word)
    return stack[0]


def parameter(name: str, kind: str, description: str, *, checked: bool) -> str:
    """`name:type`, with the range that 2.10 would refuse to leave; `bool` is an int32 that is no number."""
    if "(TRUE or FALSE)" in description:
        return f"{name}:bool"
    text = f"{name}:{kind.removeprefix('GIMP_PDB_').lower()}"
    if not checked:  # only 2.10's core looked at ranges, plug-ins merely told them
        return text
    if found := RANGE.search(description):
        return f"{text}[{found[1]},{found[2]}]"
    if found := LEAST.search(description):
        return f"{text}[{found[1]},]"
    return text


def signatures() -> Iterator[str]:
    """One line a procedure."""
    for expression in expressions(dump()):
        name, kind, arguments, results = expression[1], expression[7], expression[8], expression[9]
        core = kind == "Internal GIMP procedure"
        left, right = (", ".join(parameter(*one, checked=core) for one in side) for side in (arguments, results))
        yield f"{name}({left})" + (f" -> {right}" if right else "")


class EnumValue(ctypes.Structure):
    """GEnumValue."""

    _fields_ = (("value", ctypes.c_int), ("name", ctypes.c_char_p), ("nick", ctypes.c_char_p))


class EnumClass(ctypes.Structure):
    """GEnumClass."""

    _fields_ = (
        ("g_type", ctypes.c_size_t),
        ("minimum", ctypes.c_int),
        ("maximum", ctypes.c_int),
        ("n_values", ctypes.c_uint),
        ("values", ctypes.POINTER(EnumValue)),
    )


def enums() -> Iterator[str]:
    """`TYPE NAME=NUMBER ...`, older names of the same type on a line of their own."""
    gimp, base, gobject, glib = map(
        ctypes.CDLL, ("libgimp-2.0.so.0", "libgimpbase-2.0.so.0", "libgobject-2.0.so.0", "libglib-2.0.so.0")
    )
    for call in (gobject.g_type_from_name, gobject.g_type_get_qdata, base.gimp_check_size_get_type):
        call.restype = ctypes.c_size_t
    base.gimp_check_type_get_type.restype = ctypes.c_size_t
    gobject.g_type_get_qdata.argtypes = [ctypes.c_size_t, ctypes.c_uint32]
    gobject.g_type_class_ref.restype = ctypes.POINTER(EnumClass)
    gobject.g_type_class_ref.argtypes = [ctypes.c_size_t]
    gimp.gimp_enums_get_type_names.restype = ctypes.POINTER(ctypes.c_char_p)
    gimp.gimp_enums_init()
    count = ctypes.c_int()
    names = gimp.gimp_enums_get_type_names(ctypes.byref(count))
    older = glib.g_quark_from_static_string(b"gimp-compat-enum")
    types = {b"GimpCheckSize": base.gimp_check_size_get_type(), b"GimpCheckType": base.gimp_check_type_get_type()}
    types |= {names[i]: gobject.g_type_from_name(names[i]) for i in range(count.value)}
    for name, number in types.items():
        for gtype in filter(None, (number, gobject.g_type_get_qdata(number, older))):
            kind = gobject.g_type_class_ref(gtype).contents
            pairs = ((kind.values[i].name.decode(), kind.values[i].value) for i in range(kind.n_values))
            yield f"{name.decode()} " + " ".join(f"{one.removeprefix('GIMP_')}={value}" for one, value in pairs)


if __name__ == "__main__":
    (SHIM / "pdb210.txt").write_text("\n".join(sorted(signatures())) + "\n")
    (SHIM / "enums210.txt").write_text("\n".join(enums()) + "\n")
