"""One call into GIMP 3's procedures, with plain values going in and 2.10's kind of values coming out.

Numbers of enumerations are 2.10's on both sides, brushes and fonts are names, units and choices are numbers, files are
paths, arrays are lists. Knows nothing of scripts: `call` is what the table's rows use, `_pdb` builds on the rest.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from . import _enums, gimpcolor
from ._bytes import words
from ._door import Gegl, Gimp, Gio, GLib, GObject
from ._resources import by_name
from ._wrap import path_of, unwrap, wrap

# These classes must have been looked at before a value of theirs is made, or PyGObject crashes.
ARRAYS = {"GimpDoubleArray": Gimp.DoubleArray, "GimpInt32Array": Gimp.Int32Array}
NONINTERACTIVE = 1
WORDLESS = (None, "", "success", "execution error", "calling error", "cancelled")


class CallingError(RuntimeError, TypeError):
    """GIMP refused the arguments of a call: some 2.x raised the one, some the other."""


def procedure(name: str) -> Any:
    """GIMP 3's procedure of that name, or None."""
    return Gimp.get_pdb().lookup_procedure(name)


@cache
def specifications(name: str) -> tuple[Any, ...]:
    """What a GIMP 3 procedure takes, as GParamSpecs. Raises RuntimeError when there is none of that name."""
    found = procedure(name)
    if found is None:
        raise RuntimeError(f"procedure not found: {name}")
    return tuple(found.get_arguments())


def call(name: str, *values: Any, run_mode: int = NONINTERACTIVE, **named: Any) -> Any:
    """Calls a GIMP 3 procedure: values in its own order without a run mode, or by name; None keeps the default.

    Raises:
        RuntimeError: when it fails or a value cannot be one of its arguments; CallingError when GIMP refuses them.
    """
    specs = specifications(name)
    config = procedure(name).create_config()
    if specs and specs[0].name == "run-mode":
        config.set_property("run-mode", run_mode)
        specs = specs[1:]
    if len(values) > len(specs):
        raise RuntimeError(f"{name} takes {len(specs)} values, got {len(values)}")
    given = list(zip(specs, values, strict=False))
    given += [(spec, named[spec.name.replace("-", "_")]) for spec in specs if spec.name.replace("-", "_") in named]
    for spec, value in given:
        if value is not None:
            assign(config, spec, value, name)
    return outcome(name, procedure(name).run(config))


def outcome(name: str, values: Any) -> Any:
    """What a call gave: nothing, one value, or a tuple; raises what its status says."""
    status = values.index(0)
    if status != Gimp.PDBStatusType.SUCCESS:
        told = values.index(1) if values.length() > 1 else Gimp.get_pdb().get_last_error()
        message = f"{name}: {told or 'execution error'}" if told in WORDLESS else str(told)
        raise (CallingError if status == Gimp.PDBStatusType.CALLING_ERROR else RuntimeError)(message)
    specs = procedure(name).get_return_values()
    results = tuple(classic(spec, values, index) for index, spec in enumerate(specs, 1) if index < values.length())
    return results[0] if len(results) == 1 else results or None


def assign(config: Any, spec: Any, value: Any, name: str) -> None:
    """Sets one argument. Raises RuntimeError, with procedure and argument named, for a value that it cannot have."""
    kind = spec.value_type.name
    try:
        if kind == "GimpCoreObjectArray":
            config.set_core_object_array(spec.name, _objects(value))
        elif kind == "GimpColorArray":
            config.set_color_array(spec.name, [gimpcolor.native(one) for one in value])
        else:
            config.set_property(spec.name, native(spec, value))
    except (TypeError, ValueError, OverflowError) as error:
        shown = wrap(value) if isinstance(value, WRAPPED) else value
        reason = f": {error}" if isinstance(error, ValueError) else ""
        raise RuntimeError(f"{name}: argument '{spec.name}' ({kind}) cannot be {shown!r}{reason}") from None


def _objects(value: Any) -> list[Any]:
    """Objects of an array, given alone, as a list, or by their IDs."""
    several = value if isinstance(value, (list, tuple)) else [value]
    several = unwrap(several)
    return [(Gimp.Item.get_by_id(one) or Gimp.Image.get_by_id(one)) if isinstance(one, int) else one for one in several]


def native(spec: Any, value: Any) -> Any:  # noqa: PLR0911  # one line a kind of value
    """A value as GIMP 3 wants it for one argument; ValueError where it cannot be one."""
    kind = spec.value_type
    value = unwrap(value)
    if kind.is_a(GObject.TYPE_ENUM):
        return _enumerated(kind, int(value))
    if spec.__gtype__.name == "GimpParamChoice":
        return choice(spec, value)
    if kind.name in NATIVE:
        return NATIVE[kind.name](value)
    if kind.is_a(Gimp.Resource.__gtype__):
        return by_name(kind.name, value)
    if kind.name in NUMBERS:
        return _in_range(spec, value)
    if isinstance(value, int) and kind.is_a(Gimp.Item.__gtype__):
        return Gimp.Item.get_by_id(value)  # 2.10 passed some maps as bare IDs
    return value


NUMBERS = {"gint": int, "guint": int, "gchar": int, "guchar": int, "gdouble": float}


def _in_range(spec: Any, value: Any) -> float:
    """A number that the argument can have; ValueError for any other."""
    number: float = NUMBERS[spec.value_type.name](value)
    if not spec.minimum <= number <= spec.maximum:
        raise ValueError(f"out of range, {spec.minimum:g} to {spec.maximum:g}")
    return number


def _enumerated(kind: Any, number: int) -> int:
    """GIMP 3's number of an enumeration for 2.10's."""
    moved = _enums.native(kind.name, number)
    if moved not in members(kind.name):
        raise ValueError(f"{number} is not one of {kind.name}'s numbers")
    return moved


@cache
def members(kind: str) -> frozenset[int]:
    """The numbers of GIMP 3's enumeration `GimpFillType` and the like."""
    house = Gimp if kind.startswith("Gimp") else Gegl
    found = getattr(house, kind.removeprefix("Gimp").removeprefix("Gegl"))
    return frozenset(map(int, getattr(found, "__enum_values__", None) or found))


def choice(spec: Any, value: Any) -> str:
    """The nick of a choice, for a nick or the number that 2.10 had for it."""
    offered = Gimp.param_spec_choice_get_choice(spec)
    nicks = offered.list_nicks()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for nick in nicks:
            if offered.get_id(nick) == int(value):
                return str(nick)
    if value in nicks:
        return str(value)
    lower = str(value).lower()
    if lower in nicks:
        return lower
    raise ValueError(f"not one of {', '.join(nicks)}")


def boxed_array(kind: str, set_values: Callable[[Any, list[Any]], None], values: Any) -> Any:
    """A GimpDoubleArray or GimpInt32Array of a list."""
    holder = GObject.Value()
    holder.init(ARRAYS[kind].__gtype__)
    set_values(holder, list(values))
    return holder.get_boxed()


def numbers_of(array: Any, values_of: Callable[[Any], list[Any]]) -> tuple[Any, ...]:
    """The numbers of a GimpDoubleArray or GimpInt32Array; their own getters do not work in GIMP 3.0's bindings."""
    holder = GObject.Value()
    holder.init(type(array).__gtype__)
    holder.set_boxed(array)
    return tuple(values_of(holder))


def file(path: Any) -> Any:
    """A GFile of a path or a URI."""
    text = str(path)
    return Gio.File.new_for_uri(text) if "://" in text else Gio.File.new_for_path(text)


NATIVE: dict[str, Callable[[Any], Any]] = {
    "gboolean": bool,
    "gchararray": words,  # of a file, say, whose name is no Unicode
    "GeglColor": gimpcolor.native,
    "GimpUnit": lambda value: Gimp.Unit.get_by_id(int(value)),
    "GFile": file,
    "GBytes": lambda value: GLib.Bytes.new(bytes(value)),
    "GStrv": lambda value: [words(one) for one in value],
    "GimpDoubleArray": lambda value: boxed_array("GimpDoubleArray", Gimp.value_set_double_array, map(float, value)),
    "GimpInt32Array": lambda value: boxed_array("GimpInt32Array", Gimp.value_set_int32_array, map(int, value)),
}


def classic(spec: Any, values: Any, index: int) -> Any:
    """One result as 2.10 gave it: objects wrapped, arrays as tuples, names for resources, integers for truth."""
    kind = spec.value_type
    if kind.name == "GimpCoreObjectArray":
        return tuple(one.get_id() for one in values.get_core_object_array(index))
    if kind.name == "GimpColorArray":
        return tuple(gimpcolor.from_native(one) for one in values.get_color_array(index))
    return single(kind, values.index(index))


def single(kind: Any, value: Any) -> Any:
    """One result that is no array of objects."""
    if value is None:
        return () if kind.name in ("GStrv", "GBytes", "GimpDoubleArray", "GimpInt32Array") else None
    if kind.name in CLASSIC:
        return CLASSIC[kind.name](value)
    if kind.is_a(GObject.TYPE_ENUM):
        return _enums.classic(kind.name, int(value))
    if kind.is_a(Gimp.Resource.__gtype__):
        return value.get_name()
    if isinstance(value, Gimp.Parasite):
        return wrap(value.copy())  # the call's own goes with the values it gave
    return wrap(value) if isinstance(value, WRAPPED) else value


WRAPPED = (Gimp.Image, Gimp.Item, Gimp.Display, Gimp.Parasite)
CLASSIC: dict[str, Callable[[Any], Any]] = {
    "gboolean": int,
    "GeglColor": gimpcolor.from_native,
    "GimpUnit": lambda unit: unit.get_id(),
    "GFile": path_of,
    "GBytes": lambda data: tuple(data.get_data() or b""),
    "GStrv": tuple,
    "GimpDoubleArray": lambda array: numbers_of(array, Gimp.value_get_double_array),
    "GimpInt32Array": lambda array: numbers_of(array, Gimp.value_get_int32_array),
}
