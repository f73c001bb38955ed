"""What a script passes to a procedure, checked and converted as 2.10 did, with the argument named where it is wrong.

From old objects, numbers, texts and sequences to GIMP's own objects, plain numbers, texts and lists. 2.10's words come
first in each message ("wrong number of parameters", "wrong parameter type"); what was wrong, and with which argument,
follows. Called by `_pdb`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import gimpcolor
from ._door import Gimp
from ._signature import ARRAYS, Parameter, Signature
from ._wrap import unwrap

CLASSES: dict[str, Any] = {
    "image": Gimp.Image, "display": Gimp.Display, "item": Gimp.Item, "drawable": Gimp.Drawable, "layer": Gimp.Layer,
    "channel": Gimp.Channel, "selection": Gimp.Channel, "vectors": Gimp.Path, "parasite": Gimp.Parasite,
}  # fmt: skip


class Argument:
    """One argument of one call, for messages."""

    def __init__(self, procedure: str, parameter: Parameter, number: int, value: object) -> None:
        self.procedure = procedure
        self.parameter = parameter
        self.number = number
        self.value = value

    def __str__(self) -> str:
        shown = repr(self.value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        kind = self.parameter.kind
        return f"{self.procedure}, argument {self.number} '{self.parameter.name}' must be {kind}, got {shown}"


def pythonic(name: str) -> str:
    """`gimp-image-new` as scripts write it."""
    return name.replace("-", "_")


def _number(kind: Callable[[Any], Any]) -> Callable[[Argument], Any]:
    """Numbers, and what Python makes one of: 2.10 took "3" and 2.7 for an integer, too."""

    def convert(argument: Argument) -> Any:
        try:
            return kind(argument.value)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(f"wrong parameter type: {argument}") from None

    return convert


def _text(argument: Argument) -> str | None:
    value = argument.value
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "surrogateescape")
    return str(value)


def _color(argument: Argument) -> gimpcolor.RGB:
    try:
        return gimpcolor.rgb(argument.value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"wrong parameter type: {argument} ({error})") from None


def _elements(kind: Callable[[Any], Any]) -> Callable[[Argument], list[Any]]:
    def convert(argument: Argument) -> list[Any]:
        value: Any = argument.value
        if isinstance(value, str) and kind is int:
            value = value.encode("latin-1", "replace")  # bytes that Python 2 kept in a str
        if value is None or not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
            raise TypeError(f"wrong parameter type: {argument}")
        try:
            return [kind(one) for one in value]
        except (TypeError, ValueError):
            raise TypeError(f"subscript of wrong type: {argument}") from None

    return convert


def _identifier(one: Any) -> int:
    """Arrays of int32 may hold images and layers: their numbers then."""
    return int(getattr(one, "ID", one))


def _object(argument: Argument) -> Any:
    """One of GIMP's objects; None for none. A bare number counts as an ID, which 2.10's own lists are made of."""
    value, kind = argument.value, argument.parameter.kind
    wanted = CLASSES[kind]
    if value is None or (isinstance(value, int) and value == -1):
        return None
    if isinstance(value, int) and kind != "parasite":
        found = {"image": Gimp.Image, "display": Gimp.Display}.get(kind, Gimp.Item).get_by_id(value)
        return _valid(found, argument)
    native = unwrap(value)
    if not isinstance(native, wanted):
        raise TypeError(f"wrong parameter type: {argument}")
    return native if kind in ("parasite", "display") else _valid(native, argument)


def _valid(native: Any, argument: Argument) -> Any:
    """Refuses what is deleted, in 2.10's words."""
    if native is not None and native.is_valid() and isinstance(native, CLASSES[argument.parameter.kind]):
        return native
    number, name = argument.number, argument.parameter.name
    raise RuntimeError(
        f"Procedure '{argument.procedure}' has been called with an invalid ID for argument '{name}' (#{number}). Most "
        f"likely a plug-in is trying to work on {argument.parameter.kind} {argument.value!r} that doesn't exist any "
        "longer."
    )


def _drawables(argument: Argument) -> list[Any]:
    """One drawable, or several, for a plug-in of GIMP 3's."""
    several = argument.value if isinstance(argument.value, (list, tuple)) else [argument.value]
    one = argument.parameter._replace(kind="drawable")
    return [_object(Argument(argument.procedure, one, argument.number, each)) for each in several]


CONVERSIONS: dict[str, Callable[[Argument], Any]] = {
    **dict.fromkeys(("int32", "int16", "int8", "status"), _number(int)),
    "bool": _number(lambda value: bool(int(value))),
    "float": _number(float),
    "string": _text,
    "color": _color,
    **dict.fromkeys(("int32array", "int16array", "int8array"), _elements(_identifier)),
    "floatarray": _elements(float),
    "stringarray": _elements(str),
    "colorarray": _elements(gimpcolor.rgb),
    **dict.fromkeys(CLASSES, _object),
    "drawables": _drawables,
    "any": lambda argument: argument.value,
}


def checked(signature: Signature, values: Sequence[Any]) -> list[Any]:
    """The arguments of one call, in order, arrays without the counts before them.

    Raises:
        TypeError: for the wrong number of arguments, or one of a wrong type.
        RuntimeError: for a number outside the range that 2.10 kept it in, or an object that was deleted.
    """
    given = signature.given
    if len(values) == 1 and len(given) != 1 and isinstance(values[0], tuple) and len(values[0]) == len(given):
        values = values[0]
    if signature.foreign and len(values) == len(flat(given)) != len(given):
        values = _counted(given, values)
    if (
        signature.foreign
        and len(values) == len(given) - 1
        and [one.kind for one in given[:2]] == ["image", "drawables"]
    ):
        values = [values[0], _selected(values[0]), *values[1:]]
    if len(values) != len(given):
        names = ", ".join(one.name for one in given) or "nothing"
        procedure = pythonic(signature.name)
        raise TypeError(f"wrong number of parameters: {procedure} takes {len(given)} ({names}), got {len(values)}")
    arguments = [
        Argument(signature.name, parameter, number, value)
        for number, (parameter, value) in enumerate(zip(given, values, strict=True), 1)
    ]
    converted = [_in_range(argument, CONVERSIONS[argument.parameter.kind](argument)) for argument in arguments]
    return _without_counts(arguments, converted)


def _selected(image: Any) -> list[Any]:
    """The image's selected drawables, for a script that registered an image alone."""
    native = unwrap(image)
    return list(native.get_selected_drawables()) if isinstance(native, Gimp.Image) else []


def _counted(given: Sequence[Parameter], values: Sequence[Any]) -> list[Any]:
    """Counts put before arrays that came without, as GIMP 3 wants them."""
    left = iter(values)
    counted: list[Any] = []
    for parameter, following in zip(given, [*given[1:], None], strict=True):
        if following is not None and following.kind in ARRAYS and counts(parameter):
            continue
        value = next(left)
        counted += [len(value), value] if parameter.kind in ARRAYS else [value]
    return counted


def _in_range(argument: Argument, value: Any) -> Any:
    parameter = argument.parameter
    if isinstance(value, (int, float)) and not parameter.least <= value <= parameter.most:
        raise RuntimeError(
            f"Procedure '{argument.procedure}' has been called with value '{value}' for argument '{parameter.name}' "
            f"(#{argument.number}, type {parameter.kind}). This value is out of range: {parameter.least:g} to "
            f"{parameter.most:g}."
        )
    return value


def _without_counts(arguments: Sequence[Argument], values: Sequence[Any]) -> list[Any]:
    """Cuts each array to the count before it, and drops the count."""
    kept: list[Any] = []
    for position, (argument, value) in enumerate(zip(arguments, values, strict=True)):
        if argument.parameter.kind in ARRAYS and kept and counts(arguments[position - 1].parameter):
            count = kept.pop()
            if not 0 <= count <= len(value):
                raise TypeError(f"wrong parameter type: {argument}: it has {len(value)} values, its count says {count}")
            value = value[:count]  # noqa: PLW2901  # what 2.10 read of it
        kept.append(value)
    return kept


def counts(parameter: Parameter) -> bool:
    """Whether a parameter before an array can be its count."""
    return parameter.kind in ("int32", "int16", "int8")


def flat(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Parameters without those that only count the array after them."""
    kept: list[Parameter] = []
    for parameter in parameters:
        if parameter.kind in ARRAYS and kept and counts(kept[-1]):
            kept.pop()
        kept.append(parameter)
    return kept
