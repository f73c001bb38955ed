"""`gimp.Parasite`: named data that stays with an image, an item or GIMP itself."""

from typing import Any, Self

from ._bytes import ByteString, as_bytes
from ._door import Gimp
from ._wrap import stands_for


@stands_for("Parasite")
class Parasite:
    """Data under a name. `gimp.Parasite(name, flags, data)`; flags are PARASITE_PERSISTENT and the like."""

    def __init__(self, name: str, flags: int, data: str | bytes) -> None:
        signed = [value - 256 if value > 127 else value for value in as_bytes(data)]  # gi takes chars, not bytes
        self._native = Gimp.Parasite.new(name, flags, signed)

    @classmethod
    def of(cls, native: Any) -> Self:
        """What stands for GIMP 3's parasite."""
        made = cls.__new__(cls)
        made._native = native
        return made

    @property
    def native(self) -> Any:
        """GIMP 3's parasite."""
        return self._native

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._native.get_name())

    @property
    def flags(self) -> int:
        """Persistent (1), undoable (2), and the same for parents."""
        return int(self._native.get_flags())

    @property
    def data(self) -> ByteString:
        """What it holds, byte by byte."""
        return ByteString.of(bytes(value & 255 for value in self._native.get_data() or ()))

    @property
    def is_persistent(self) -> bool:
        """Whether it is saved with the file."""
        return bool(self._native.is_persistent())

    @property
    def is_undoable(self) -> bool:
        """Whether attaching it is an undo step."""
        return bool(self._native.is_undoable())

    def is_type(self, name: str) -> bool:
        """Whether it has that name."""
        return bool(self._native.is_type(name))

    def has_flag(self, flag: int) -> bool:
        """Whether all bits of `flag` are set."""
        return bool(self._native.has_flag(flag))

    def copy(self) -> "Parasite":
        """Another of the same name, flags and data."""
        return Parasite.of(self._native.copy())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parasite):
            return NotImplemented
        return (self.name, self.flags, bytes(self.data)) == (other.name, other.flags, bytes(other.data))

    def __hash__(self) -> int:
        return hash((self.name, self.flags))

    def __repr__(self) -> str:
        return f"<gimp.Parasite '{self.name}'>"
