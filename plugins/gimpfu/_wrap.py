"""From GIMP 3's objects to those that scripts know, and back.

Classes of the API name the GIMP 3 class that they stand for; this module must never import one of them. Called by every
object, and by `pdb` for what comes and goes.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from . import gimpcolor
from ._door import Gegl, Gimp, Gio

Class = TypeVar("Class", bound=type)
_classes: dict[str, Any] = {}


def stands_for(*names: str) -> Callable[[Class], Class]:
    """Marks a class as what scripts see of GIMP 3's classes of these names, and of those derived from them."""

    def mark(old: Class) -> Class:
        _classes.update(dict.fromkeys(names, old))
        return old

    return mark


def wrap(value: Any) -> Any:
    """What a script gets for a value of GIMP 3: objects of the API, numbers, names, paths, colours, lists of these."""
    if isinstance(value, (list, tuple)):
        return type(value)(wrap(one) for one in value)
    if isinstance(value, Gegl.Color):
        return gimpcolor.from_native(value)
    for base in type(value).__mro__:
        if base.__name__ in _classes and base.__module__.endswith("Gimp"):
            return _classes[base.__name__].of(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    """A number for a unit, a name for a brush or a font, a path for a file."""
    if isinstance(value, Gimp.Unit):
        return value.get_id()
    if isinstance(value, Gimp.Resource):
        return value.get_name()
    if isinstance(value, Gio.File):
        return path_of(value)
    return value


def path_of(file: Any) -> str:
    """The path of a file, or its address; without the second slash that GIMP 3.2 puts before one of last values."""
    path = str(file.get_path() or file.get_uri())
    return f"/{path.lstrip('/')}" if path.startswith("//") else path


def unwrap(value: Any) -> Any:
    """GIMP 3's object behind one of the API, with all its pixels written; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [unwrap(one) for one in value]
    return value.native if hasattr(type(value), "native") else value
