"""What `impasto gimp adopt` writes into scripts of Python 2, where Python 3's own words would do something else.

Division of whole numbers, sorting by comparison, text that is bytes at once, files of bytes. Knows nothing of GIMP.
Called by adopted scripts, which import it by name, and by `_python2`.
"""

import codecs
import functools
from collections.abc import Iterator
from typing import Any, Self

from ._bytes import ByteString, as_bytes

turned_to: Any = codecs.encode  # their codecs' names are not known before
turned_from: Any = codecs.decode
TURNED = ("hex", "base64", "zlib", "bz2", "rot13", "quopri", "uu")  # codecs that made strings of strings
ESCAPED = ("string_escape", "string-escape", "unicode_escape", "unicode-escape")


def divide(left: Any, right: Any) -> Any:
    """Python 2's `/`: whole between whole numbers, rounded down."""
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right


def cmp(left: Any, right: Any) -> int:
    """Python 2's `cmp`: -1, 0 or 1."""
    return int(left > right) - int(left < right)


def compared(function: Any) -> Any:
    """A key for a comparing function; None sorts by the values themselves."""
    return None if function is None else functools.cmp_to_key(function)


class Compared:
    """Base of a class that says by `__cmp__` how its objects compare."""

    def __lt__(self, other: object) -> bool:
        return bool(self.__cmp__(other) < 0)  # type: ignore[attr-defined]  # the class that has this base has it

    def __le__(self, other: object) -> bool:
        return bool(self.__cmp__(other) <= 0)  # type: ignore[attr-defined]  # likewise

    def __gt__(self, other: object) -> bool:
        return bool(self.__cmp__(other) > 0)  # type: ignore[attr-defined]  # likewise

    def __ge__(self, other: object) -> bool:
        return bool(self.__cmp__(other) >= 0)  # type: ignore[attr-defined]  # likewise

    def __eq__(self, other: object) -> bool:
        return bool(self.__cmp__(other) == 0)  # type: ignore[attr-defined]  # likewise

    def __hash__(self) -> int:
        return object.__hash__(self)


class Encoded(str):
    """Text that was encoded: still text for whoever wants some, and its bytes for whoever asks for a buffer."""

    data: bytes

    def __new__(cls, text: str, data: bytes) -> Self:
        """The text and what it is as bytes."""
        made = super().__new__(cls, text)
        made.data = data
        return made

    def __bytes__(self) -> bytes:
        return self.data

    def __buffer__(self, _flags: int, /) -> memoryview:  # PEP 688
        return memoryview(self.data)

    def decode(self, *_how: str) -> str:
        """The text again."""
        return str(self)


def _how(encoding: str = "ascii", errors: str = "strict") -> tuple[str, str]:
    """Python 2's parameters; its ASCII was the part of UTF-8 that it knew without being told."""
    return ("utf-8" if encoding.lower() == "ascii" and errors == "strict" else encoding), errors


def decode(value: Any, *how: Any, **named: Any) -> Any:
    """`value.decode(...)` as Python 2 had it for texts, which are decoded already unless they hold bytes."""
    if not isinstance(value, (str, bytes, bytearray)):
        return value.decode(*how, **named)
    encoding, errors = _how(*how, **named)
    name = encoding.lower()
    if name in ESCAPED:
        return turned_from(value, "unicode_escape", errors)
    if name in TURNED:
        return turned_from(value, name) if name == "rot13" else ByteString.of(turned_from(as_bytes(value), name))
    if isinstance(value, str) and not isinstance(value, ByteString):
        return str(value)
    return as_bytes(value).decode(encoding, errors)


def encode(value: Any, *how: Any, **named: Any) -> Any:
    """`value.encode(...)` as Python 2 had it: what comes of it is text and bytes at once."""
    if not isinstance(value, str):
        return value.encode(*how, **named)
    encoding, errors = _how(*how, **named)
    name = encoding.lower()
    if name in ESCAPED:
        return value.encode("unicode_escape").decode("ascii")
    if name in TURNED:
        return turned_to(value, name) if name == "rot13" else ByteString.of(turned_to(as_bytes(value), name))
    data = value.encode(encoding, errors)
    return Encoded(data.decode(encoding), data)


def tostring(value: Any, *how: Any, **named: Any) -> Any:
    """`value.tostring(...)`, which arrays of Python 3 (a slice of one of ours, too) and numpy's have no more."""
    if hasattr(value, "tostring") or not hasattr(value, "tobytes"):
        return value.tostring(*how, **named)
    return ByteString.of(value.tobytes())


class ByteFile:
    """A file of bytes, which takes and gives Python 2's strings."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[ByteString]:
        return map(ByteString.of, self._file)

    def read(self, *size: int) -> ByteString:
        """So many bytes, or the rest."""
        return ByteString.of(self._file.read(*size))

    def readline(self, *size: int) -> ByteString:
        """A line."""
        return ByteString.of(self._file.readline(*size))

    def readlines(self, *size: int) -> list[ByteString]:
        """All lines."""
        return [ByteString.of(line) for line in self._file.readlines(*size)]

    def write(self, data: Any) -> None:
        """Writes bytes, or a text: as Latin-1 where it can be, as it is for strings of bytes, else as UTF-8."""
        try:
            self._file.write(as_bytes(data) if not isinstance(data, Encoded) else data.data)
        except TypeError:
            if not isinstance(data, str):
                raise
            self._file.write(data.encode())

    def writelines(self, lines: Any) -> None:
        """Writes one after the other."""
        for line in lines:
            self.write(line)


def opened(name: Any, mode: str = "r", buffering: int = -1, **more: Any) -> Any:
    """`open` and `file` of Python 2: no file is refused for its letters, and one of bytes takes text."""
    mode = mode.replace("U", "") or "r"
    if "b" in mode:
        return ByteFile(open(name, mode, max(buffering, -1)))  # noqa: PTH123  # what scripts call
    more.setdefault("errors", "surrogateescape")
    return open(name, mode, buffering if buffering > 0 else -1, **more)  # noqa: PTH123  # likewise
