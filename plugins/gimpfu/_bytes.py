"""Pixels as 2.10's scripts got them: Python 2's `str`, which was text and bytes at once.

A ByteString is text, one character a byte (Latin-1), so `ord(s[0])`, `chr(a) + s`, `"".join(...)` and dictionary keys
do what they did; and it lends its bytes to whoever asks for a buffer (Python 3.12 and newer), so `struct`, `bytes`,
`b"".join`, files and numpy take it, too. Knows nothing of GIMP. What Python itself refuses to give a text (`array`,
`bytearray`) is in `_python2`.
"""

from collections.abc import Iterable
from typing import Any, SupportsIndex

MOST = 255


class ByteString(str):  # scripts of Python 2 hung attributes on nothing, but slots gain nothing either
    """Bytes that are characters."""

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> "ByteString":
        """These bytes."""
        return cls(bytes(data).decode("latin-1"))

    def __bytes__(self) -> bytes:
        return self.encode("latin-1")

    def __buffer__(self, flags: int, /) -> memoryview:  # PEP 688
        return memoryview(bytes(self))

    def __getitem__(self, key: SupportsIndex | slice) -> "ByteString":
        return ByteString(super().__getitem__(key))

    def __add__(self, other: Any) -> "ByteString":
        return ByteString(super().__add__(as_text(other)))

    def __radd__(self, other: Any) -> "ByteString":
        return ByteString(as_text(other) + str(self))

    def __mul__(self, count: SupportsIndex) -> "ByteString":
        return ByteString(super().__mul__(count))

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return super().__eq__(as_text(other) if isinstance(other, (bytes, bytearray)) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()

    def __contains__(self, part: Any) -> bool:
        return super().__contains__(as_text(part))

    def join(self, parts: Iterable[Any], /) -> "ByteString":
        """The parts with this between them."""
        return ByteString(super().join(as_text(part) for part in parts))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """As text in that encoding."""
        return bytes(self).decode(encoding, errors)

    def tobytes(self) -> bytes:
        """As bytes of Python 3."""
        return bytes(self)

    def hex(self) -> str:
        """Two digits a byte."""
        return bytes(self).hex()


def as_text(value: Any) -> str:
    """One character a byte, of a text or of bytes. Raises TypeError for what is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("latin-1")
    raise TypeError(f"must be a string, not {type(value).__name__}")


def words(value: object) -> str:
    """A text for the user: of a file's name that is no Unicode, which GIMP would refuse, what is none is marked."""
    return str(value).encode(errors="surrogateescape").decode(errors="replace")


def as_bytes(value: Any) -> bytes:
    """Bytes of what a script may give for them: a text of one character a byte, bytes, an array.

    Raises:
        TypeError: for what holds no bytes, or a text with a character above 255, which is named.
    """
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError as wrong:
            place, number = wrong.start, ord(value[wrong.start])
            raise TypeError(f"character {place} of the string is {number}; a byte is at most {MOST}") from None
    try:
        return memoryview(value).tobytes()
    except TypeError:
        raise TypeError(f"must assign a string of bytes, not {type(value).__name__}") from None
