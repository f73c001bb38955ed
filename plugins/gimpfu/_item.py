"""What images, layers, channels and paths have in common: an identity, a live object of GIMP 3, parasites, a name.

The base of the API's objects. Whoever takes the live object out by `native` finds all pixels written that a script set,
and a script finds what was done with it: see `_buffers`. Reading one number goes by `_native`, which is quicker.
"""

from collections.abc import Callable, Iterable
from typing import Any, Self

from . import _buffers
from ._bytes import words
from ._error import done, error, refusal
from ._parasite import Parasite
from ._wrap import wrap


class Native:
    """Something with an ID; two of the same family and ID are equal, however they were come by."""

    _native: Any
    family = "object"

    @classmethod
    def of(cls, native: Any) -> Self:
        """What stands for a GIMP 3 object. A script's own constructors take other arguments."""
        made = cls.__new__(cls)
        made._native = native
        return made

    @property
    def native(self) -> Any:
        """The live GIMP 3 object; pixels that wait to be written are written first."""
        _buffers.settle()
        return self._native

    @property
    def ID(self) -> int:  # noqa: N802  # 2.10's own name
        """The number by which GIMP knows it."""
        return int(self._native.get_id())

    @property
    def name(self) -> str:
        """Its name, as the user sees it."""
        return str(self._native.get_name())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Native) and (self.family, self.ID) == (other.family, other.ID)

    def __hash__(self) -> int:
        return hash((self.family, self.ID))

    def __repr__(self) -> str:
        return f"<gimp.{type(self).__name__} '{self.name if self._native.is_valid() else '(deleted)'}'>"


class Sized(Native):
    """An image or a drawable, as far as its size goes."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self._native.get_width())

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self._native.get_height())


class Parasites(Native):
    """Data that plug-ins attach to an image or an item under a name."""

    def parasite_find(self, name: str) -> Parasite | None:
        """The parasite of that name, or None."""
        found = self.native.get_parasite(name)
        return None if found is None else Parasite.of(found)

    def parasite_attach(self, parasite: Parasite) -> None:
        """Attaches a parasite, in place of another of its name. Raises `error` when GIMP refuses."""
        done(self.native.attach_parasite(parasite.native), f"attach parasite '{parasite.name}' to {self!r}")

    def attach_new_parasite(self, name: str, flags: int, data: str | bytes) -> None:
        """Attaches `data` under `name`. Raises `error` when GIMP refuses."""
        self.parasite_attach(Parasite(name, flags, data))

    def parasite_detach(self, name: str) -> None:
        """Takes away the parasite of that name. Raises `error` when GIMP refuses."""
        done(self.native.detach_parasite(name), f"detach parasite '{name}' from {self!r}")

    def parasite_list(self) -> tuple[str, ...]:
        """Names of all parasites."""
        return tuple(self.native.get_parasite_list())


class Item(Parasites):
    """A layer, a channel, a mask or a path."""

    family = "item"

    @classmethod
    def from_id(cls, ID: int) -> Any:  # noqa: N803  # 2.10's own name
        """The item of that ID, or None."""
        from ._door import Gimp  # noqa: PLC0415  # only this asks GIMP for another item

        return wrap(Gimp.Item.get_by_id(ID)) if Gimp.Item.id_is_valid(ID) else None

    @property
    def name(self) -> str:
        """Its name, as the user sees it; GIMP adds #1 where it is taken."""
        return str(self._native.get_name())

    @name.setter
    def name(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"type mismatch: a name is a string, not {type(value).__name__}")
        done(self.native.set_name(words(value)), f"name {self!r} {value!r}")

    @property
    def image(self) -> Any:
        """The image that it belongs to."""
        return wrap(self._native.get_image())

    @property
    def visible(self) -> bool:
        """Whether it is shown."""
        return bool(self._native.get_visible())

    @visible.setter
    def visible(self, value: int) -> None:
        done(self.native.set_visible(flag(value)), f"show or hide {self!r}")

    @property
    def linked(self) -> bool:
        """Whether it was linked with others: GIMP 3 has sets of items instead, so what was set stays in a parasite."""
        return self._native.get_parasite(LINKED) is not None

    @linked.setter
    def linked(self, value: int) -> None:
        if flag(value):
            self.attach_new_parasite(LINKED, 0, b"1")
        elif self.linked:
            self.parasite_detach(LINKED)

    @property
    def tattoo(self) -> int:
        """A number that stays with the item in the file, unlike its ID."""
        return int(self._native.get_tattoo())

    @tattoo.setter
    def tattoo(self, value: int) -> None:
        done(self.native.set_tattoo(value), f"set tattoo {value} on {self!r}")

    @property
    def parent(self) -> Any:
        """The group that it is in, or None."""
        return wrap(self._native.get_parent())

    @property
    def children(self) -> list[Any]:
        """What is in it, from above: empty for what is no group."""
        return list(wrap(self._native.get_children())) if self._native.is_group() else []


LINKED = "impasto-gimpfu-linked"


def flag(value: object) -> bool:
    """A truth value, as 2.10 took it: an integer or a bool. Raises TypeError for others."""
    if not isinstance(value, int):
        raise TypeError(f"type mismatch: expected True or False, got {value!r}")
    return bool(value)


def need(value: object, kind: type, what: str) -> Any:
    """The live object of `value`, which must be a `kind`. Raises TypeError, naming `what` it was to be."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be a gimp.{kind.__name__}, not {value!r}")
    return value.native if isinstance(value, Native) else value


def made(native: Any, what: str) -> Any:
    """A new GIMP 3 object. Raises `error` where there is none: could not `what`."""
    if native is None:
        raise error(refusal(what))
    return native


def built(what: str, constructor: Callable[..., Any], *values: Any) -> Any:
    """What GIMP constructs of these values. Raises `error` where it does not, TypeError for values of other kinds."""
    try:
        return made(constructor(*(words(value) if isinstance(value, str) else value for value in values)), what)
    except TypeError as failed:
        if "NULL" not in str(failed):  # PyGObject's word for a constructor that gave nothing
            raise
        raise error(refusal(what)) from None


def wrapped(natives: Iterable[Any]) -> list[Any]:
    """A list of the API's objects."""
    return [wrap(native) for native in natives]
