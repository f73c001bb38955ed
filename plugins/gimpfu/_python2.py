"""What Python 2 did with strings of bytes and Python 3 refuses: `array("B", "abc")`, `.tostring()`, `bytearray("abc")`.

Scripts name these types in every way (`array.array`, `from array import array` before or after gimpfu), so `install`
puts ours into the module `array`, and `adapt` into a script's own names before it runs. Ours are kinds of the real
ones. Knows nothing of GIMP; it changes Python for the plug-in's own process alone, which runs one script.
"""

import array as array_module
import builtins
import gettext
import string
import sys
import time
from typing import Any, Self

from ._bytes import ByteString, as_bytes
from ._converted import opened

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

    def __add__(self, other: Any) -> Self:
        return type(self)(self.typecode, super().__add__(other))

    def __mul__(self, count: Any) -> Self:
        return type(self)(self.typecode, super().__mul__(count))

    __rmul__ = __mul__

    def tostring(self) -> ByteString:
        """Its bytes. A slice is one of the real arrays, which are quicker: `_converted.tostring` knows both."""
        return ByteString.of(self.tobytes())

    def fromstring(self, data: Any) -> None:
        """Appends what these bytes are in its type."""
        self.frombytes(as_bytes(data))


class bytearray(builtins.bytearray):  # noqa: N801  # the name that scripts use
    """`bytearray` that also takes strings for bytes, and whose text is its bytes."""

    def __init__(self, source: Any = b"", *encoding: str) -> None:
        if isinstance(source, str) and not encoding:
            super().__init__(as_bytes(source))
        else:
            super().__init__(source, *encoding)

    def __str__(self) -> str:  # what Python 2 made of it: how a script hands one to a region
        return ByteString.of(self)

    def __add__(self, other: Any) -> "bytearray":
        return bytearray(super().__add__(as_bytes(other)))

    def __iadd__(self, other: Any) -> Self:
        super().extend(as_bytes(other))
        return self

    def __mul__(self, count: Any) -> "bytearray":
        return bytearray(super().__mul__(count))

    __rmul__ = __mul__

    def extend(self, more: Any) -> None:
        """Appends bytes, given as a text or as numbers."""
        super().extend(as_bytes(more) if isinstance(more, str) else more)

    def append(self, one: Any) -> None:
        """Appends a byte, given as a character or as a number."""
        super().append(ord(one) if isinstance(one, str) else one)


ADAPTED: dict[Any, Any] = {Real: array, builtins.bytearray: bytearray}


def install() -> None:
    """Puts ours in place of `array.array` for imports to come, and back what scripts use of `gettext` and `string`."""
    module: Any = array_module
    module.array = module.ArrayType = array
    _install_words(string)
    _install_machine(sys, time)
    texts: Any = gettext
    if texts.install is not install_translation:
        texts.install = install_translation
        gettext.NullTranslations.ugettext = gettext.NullTranslations.gettext  # type: ignore[attr-defined]


def _install_words(words: Any) -> None:
    """What the module `string` had."""
    words.letters, words.lowercase, words.uppercase = (
        string.ascii_letters,
        string.ascii_lowercase,
        string.ascii_uppercase,
    )
    for name in ("replace", "split", "join", "lower", "upper", "strip", "lstrip", "rstrip", "find", "rfind", "count",
                 "ljust", "rjust", "zfill", "rsplit", "index", "rindex", "center", "capitalize", "swapcase",
                 "expandtabs", "translate"):  # fmt: skip
        if not hasattr(string, name):
            setattr(string, name, join if name == "join" else getattr(str, name))
    words.splitfields, words.joinfields = str.split, join
    words.atoi, words.atol, words.atof, words.maketrans = int, int, float, maketrans


def _install_machine(system: Any, clock: Any) -> None:
    """What `sys` and `time` had, and scripts do before their work: time it, and say which encoding they are in."""
    system.maxint = system.maxsize
    if not hasattr(system, "setdefaultencoding"):
        system.setdefaultencoding = lambda _name: None  # it is UTF-8
    if not hasattr(clock, "clock"):
        clock.clock = clock.perf_counter


def maketrans(old: Any, new: Any) -> ByteString:
    """`string.maketrans`: all 256 characters, those of `old` replaced by those of `new`."""
    return ByteString.of(bytes.maketrans(as_bytes(old), as_bytes(new)))


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
    """Puts ours in place in a module's names: those that it imported; `bytearray` and `file` unless it has its own."""
    for name, value in list(names.items()):
        if isinstance(value, type) and value in ADAPTED:
            names[name] = ADAPTED[value]
    names.setdefault("bytearray", bytearray)
    names.setdefault("file", opened)
