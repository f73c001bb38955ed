"""Bytes by name that last as long as GIMP runs, as `gimp.set_data` kept them: unsaved parasites of GIMP itself."""

from ._door import Gimp

PREFIX = "gimpfu-data-"


def set_data(name: str, data: bytes) -> None:
    """Keeps bytes under a name."""
    Gimp.attach_parasite(Gimp.Parasite.new(PREFIX + name, 0, list(memoryview(data).cast("b"))))


def get_data(name: str) -> bytes:
    """The bytes of that name. Raises RuntimeError when there are none."""
    parasite = Gimp.get_parasite(PREFIX + name)
    if parasite is None:
        raise RuntimeError(f"no data for '{name}'")
    return bytes(value & 255 for value in parasite.get_data())
