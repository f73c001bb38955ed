"""`shelf`: what a script remembers by name as long as GIMP runs, as 2.10's `gimpshelf` kept it.

Values are numbers, texts, bytes, colours, and tuples, lists, dicts and sets of these: they are written as Python
writes them and read as literals, so that nothing that lies there can run. Scripts import this module.
"""

import ast
from collections.abc import Iterator, MutableMapping
from typing import Any

from . import gimpcolor
from ._data import get_data, set_data

PREFIX = "shelf-"
INDEX = "shelf-names"
COLOUR = "gimpcolor.RGB"


class Gimpshelf(MutableMapping[str, Any]):
    """A dictionary that lives in GIMP."""

    def _names(self) -> list[str]:
        try:
            return list(ast.literal_eval(get_data(INDEX).decode()))
        except RuntimeError:  # nothing was ever kept
            return []

    def __getitem__(self, key: str) -> Any:
        if key not in self._names():
            raise KeyError(key)
        return _read(ast.literal_eval(get_data(PREFIX + key).decode()))

    def __setitem__(self, key: str, value: Any) -> None:
        written = repr(_written(value))
        try:
            ast.literal_eval(written)
        except (ValueError, SyntaxError):
            raise TypeError(
                f"shelf[{key!r}]: {type(value).__name__} cannot be kept, only numbers, texts and the like"
            ) from None
        set_data(PREFIX + key, written.encode())
        if key not in (names := self._names()):
            set_data(INDEX, repr([*names, key]).encode())

    def __delitem__(self, key: str) -> None:
        names = self._names()
        if key not in names:
            raise KeyError(key)
        set_data(INDEX, repr([name for name in names if name != key]).encode())

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def has_key(self, key: str) -> bool:
        """Whether something is kept under a name."""
        return key in self


def _written(value: Any) -> Any:
    """A value as literals alone; colours as a marked tuple."""
    if isinstance(value, gimpcolor.RGB):
        return (COLOUR, value.r, value.g, value.b, value.a)
    if isinstance(value, dict):
        return {_written(key): _written(one) for key, one in value.items()}
    return type(value)(map(_written, value)) if type(value) in (list, tuple, set) else value


def _read(value: Any) -> Any:
    if isinstance(value, tuple) and value[:1] == (COLOUR,):
        return gimpcolor.RGB(*value[1:])
    if isinstance(value, dict):
        return {_read(key): _read(one) for key, one in value.items()}
    return type(value)(map(_read, value)) if type(value) in (list, tuple, set) else value


shelf = Gimpshelf()
