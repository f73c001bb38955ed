"""What Python 2 did with strings of bytes and Python 3 refuses: `array("B", "abc")`, `.tostring()`, `bytearray("abc")`.

Scripts name these types in every way (`array.array`, `from array import array` before or after gimpfu), so `install`
puts ours into the module `array`, and `adapt` into a script's own names before it runs. Ours are kinds of the real
ones. Knows nothing of GIMP; it changes Python for the plug-in's own process alone, which runs one script.
"""

import array as array_module
import builtins
import functools
import gettext
import string
from typing import Any

from ._bytes import ByteString, as_bytes

Real = array_module.array


class array(Real):  # type: ignore[type-arg]  # noqa: N801  # of any type; the name that scripts import
    """`array.array` that also takes strings for bytes, and has the two methods that Python 3.9 took away."""

    def __new__(cls, typecode: str, initial: Any = ()) -> Any:
        """As the real one; a string is its bytes, but for typecodes of characters."""
        if isinstance(initial, str) and typecode not in "uw":
            made = super().__new__(cls, typecode)
            made.frombytes(as_bytes(initial))
            return made
        return super().__new__(cls, typecode, initial)

    def tostring(self) -> ByteString:
        """Its bytes."""
        return ByteString.of(self.tobytes())

    def fromstring(self, data: Any) -> None:
        """Appends what these bytes are in its type."""
        self.frombytes(as_bytes(data))


class bytearray(builtins.bytearray):  # noqa: N801  # the name that scripts use
    """`bytearray` that also takes strings for bytes."""

    def __init__(self, source: Any = b"", *encoding: str) -> None:
        if isinstance(source, str) and not encoding:
            super().__init__(as_bytes(source))
        else:
            super().__init__(source, *encoding)


ADAPTED: dict[Any, Any] = {Real: array, builtins.bytearray: bytearray}


def install() -> None:
    """Puts ours in place of `array.array` for imports to come, and back what scripts use of `gettext` and `string`."""
    module: Any = array_module
    module.array = module.ArrayType = array
    words: Any = string
    words.letters, words.lowercase, words.uppercase = (
        string.ascii_letters,
        string.ascii_lowercase,
        string.ascii_uppercase,
    )
    for name in ("replace", "split", "join", "lower", "upper", "strip", "find", "zfill"):
        if not hasattr(string, name):
            setattr(string, name, join if name == "join" else getattr(str, name))
    texts: Any = gettext
    if texts.install is not install_translation:
        texts.install = install_translation
        gettext.NullTranslations.ugettext = gettext.NullTranslations.gettext  # type: ignore[attr-defined]


def join(parts: Any, between: str = " ") -> str:
    """`string.join`: the words first, what is between them after."""
    return between.join(parts)


_install_translation = gettext.install


def install_translation(
    domain: str, localedir: str | None = None, unicode: Any = None, names: Any = None, **_: Any
) -> None:  # Python 2's signature
    """`gettext.install` as Python 2 had it: text is unicode now, whether asked for or not."""
    del unicode
    _install_translation(domain, localedir, names=names)


def adapt(names: dict[str, Any]) -> None:
    """Puts ours in place in a module's names: those that it imported, and `bytearray` unless it has its own."""
    for name, value in list(names.items()):
        if isinstance(value, type) and value in ADAPTED:
            names[name] = ADAPTED[value]
    names.setdefault("bytearray", bytearray)


def divide(left: Any, right: Any) -> Any:
    """Python 2's `/`: whole between whole numbers, rounded down. `impasto gimp adopt` writes it where it is needed."""
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right


def cmp(left: Any, right: Any) -> int:
    """Python 2's `cmp`: -1, 0 or 1."""
    return int(left > right) - int(left < right)


def compared(function: Any) -> Any:
    """A key for a comparing function; None sorts by the values themselves."""
    return None if function is None else functools.cmp_to_key(function)
