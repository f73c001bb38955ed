"""A script's parameters and results as arguments and return values of GIMP 3: declared, read back, given.

GIMP 3's arguments have other names (lower case, -, unique), kinds and ranges than 2.10's; what a script then gets is
2.10's again. Called by `_plugin` and `_dialog`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from . import gimpcolor
from ._door import Gimp, Gio, GObject
from ._params import (
    ARRAYS,
    FLOATARRAY,
    INT8ARRAY,
    INT32ARRAY,
    INTEGERS,
    PARASITE,
    PF_BRUSH,
    PF_CHANNEL,
    PF_COLOR,
    PF_DIRNAME,
    PF_DISPLAY,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_FONT,
    PF_GRADIENT,
    PF_IMAGE,
    PF_INT8,
    PF_INT16,
    PF_INT32,
    PF_LAYER,
    PF_OPTION,
    PF_PALETTE,
    PF_PATTERN,
    PF_RADIO,
    PF_REGION,
    PF_SLIDER,
    PF_SPINNER,
    PF_STRING,
    PF_TEXT,
    PF_TOGGLE,
    PF_VECTORS,
    SELECTION,
    STATUS,
    STRINGARRAY,
    Param,
)  # fmt: skip
from ._resources import by_name
from ._wrap import unwrap, wrap

FLAGS = GObject.ParamFlags.READWRITE
MOST = 1e12  # what a number without a range may be: GIMP's dialogs cannot hold the largest float
RESERVED = {
    "plain": ("run-mode",), "image": ("run-mode", "image", "drawables"), "drawable": ("run-mode", "image", "drawables"),
    "load": ("run-mode", "file"), "save": ("run-mode", "image", "file", "options", "metadata"),
}  # fmt: skip
RESOURCES = {PF_FONT: "font", PF_BRUSH: "brush", PF_PATTERN: "pattern", PF_GRADIENT: "gradient", PF_PALETTE: "palette"}
OBJECTS = {
    PF_IMAGE: "image", PF_LAYER: "layer", PF_CHANNEL: "channel", PF_DRAWABLE: "drawable", PF_VECTORS: "path",
    PF_DISPLAY: "display", SELECTION: "selection",
}  # fmt: skip
FILES = (PF_FILE, PF_FILENAME, PF_DIRNAME)


def names(params: Sequence[Param], shape: str = "") -> list[str]:
    """GIMP 3's names for parameters, in their order: canonical, each once, and none that a shape has already."""
    taken = RESERVED.get(shape, ())
    made: list[str] = []
    for param in params:
        plain = re.sub(r"[^a-z0-9-]+", "-", param.name.lower().replace("_", "-")).strip("-") or "value"
        plain = plain if plain[0].isalpha() else f"p-{plain}"
        name, number = plain, 2
        while name in made or name in taken:
            name, number = f"{plain}-{number}", number + 1
        made.append(name)
    return made


def _whole(value: Any, bounds: tuple[float, float]) -> int:
    """A default as a whole number within bounds."""
    try:
        number = int(float(value or 0))
    except (TypeError, ValueError):
        number = 0
    return int(min(max(number, bounds[0]), bounds[1]))


def _real(value: Any, bounds: tuple[float, float]) -> float:
    """A default as a number within bounds."""
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        number = 0.0
    return min(max(number, bounds[0]), bounds[1])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _add_int(add: Callable[..., None], param: Param) -> None:
    bounds = INTEGERS.get(param.type, INTEGERS[PF_INT32])
    add(*bounds, _whole(param.default, bounds), FLAGS)


def _add_option(add: Callable[..., None], param: Param) -> None:
    bounds = (0, max(len(param.choices) - 1, 0))
    add(*bounds, _whole(param.default, bounds), FLAGS)


def _add_range(add: Callable[..., None], param: Param) -> None:
    low, high, _ = param.range
    add(low, high, _real(param.default, (low, high)), FLAGS)


def _add_whole_range(add: Callable[..., None], param: Param) -> None:
    low, high = int(param.range[0]), int(param.range[1])
    add(low, high, _whole(param.default, (low, high)), FLAGS)


def nicks(param: Param) -> list[str]:
    """GIMP 3's words for the values of a radio: the value itself where it can be one."""
    return [_text(value) or f"choice-{index}" for index, (_, value) in enumerate(param.choices)]


def is_numbered(param: Param) -> bool:
    """Whether a radio's values are whole numbers, to be passed as such."""
    return all(isinstance(value, int) for _, value in param.choices)


def _add_choice(add: Callable[..., None], param: Param) -> None:
    choice = Gimp.Choice.new()
    for index, (nick, (label, _)) in enumerate(zip(nicks(param), param.choices, strict=True)):
        choice.add(nick, index, label.replace("_", ""), "")
    default = next((nick for nick, (_, v) in zip(nicks(param), param.choices, strict=True) if v == param.default), None)
    add(choice, default or nicks(param)[0], FLAGS)


def _add_color(add: Callable[..., None], param: Param) -> None:
    colour = gimpcolor.rgb((0, 0, 0) if param.default in (None, "") else param.default)
    add(bool(colour.a < 1), gimpcolor.native(colour), FLAGS)


def _add_resource(add: Callable[..., None], param: Param) -> None:
    kind = f"Gimp{RESOURCES[param.type].capitalize()}"
    try:
        default = by_name(kind, param.default) if param.default else None
    except ValueError:
        default = None  # 2.10 showed whatever was there, too
    add(False, default, default is None, FLAGS)


def _add_file(add: Callable[..., None], param: Param) -> None:
    """Of any kind: GIMP would refuse a folder that is not there yet, which a script may be about to make."""
    default = Gio.File.new_for_path(str(param.default)) if param.default else None
    add(Gimp.FileChooserAction.ANY, True, default, FLAGS)


def kind_of(param: Param) -> tuple[str, Callable[[Callable[..., None], Param], None]]:
    """The word in GIMP 3's `add_WORD_argument` for a parameter, and who calls that."""
    kind = param.type
    if kind in (PF_SLIDER, PF_SPINNER):
        whole = kind == PF_SPINNER and param.is_whole
        return ("int", _add_whole_range) if whole else ("double", _add_range)
    if kind in (PF_RADIO, PF_OPTION):
        if kind == PF_RADIO and not is_numbered(param):
            return "choice", _add_choice
        return ("int", _add_option) if kind == PF_OPTION else ("int", _add_int)
    if kind in RESOURCES:
        return RESOURCES[kind], _add_resource
    if kind in OBJECTS:
        return OBJECTS[kind], lambda add, _: add(True, FLAGS)
    return SIMPLE[kind]


def _bare(add: Callable[..., None], _param: Param) -> None:
    add(FLAGS)


SIMPLE: dict[int, tuple[str, Callable[[Callable[..., None], Param], None]]] = {
    **dict.fromkeys((PF_INT8, PF_INT16, PF_INT32, PF_REGION, STATUS), ("int", _add_int)),
    PF_FLOAT: ("double", lambda add, param: add(-MOST, MOST, _real(param.default, (-MOST, MOST)), FLAGS)),
    **dict.fromkeys((PF_STRING, PF_TEXT), ("string", lambda add, param: add(_text(param.default), FLAGS))),
    PF_COLOR: ("color", _add_color),
    PF_TOGGLE: ("boolean", lambda add, param: add(bool(param.default), FLAGS)),
    **dict.fromkeys(FILES, ("file", _add_file)),
    INT32ARRAY: ("int32_array", _bare),
    FLOATARRAY: ("double_array", _bare),
    STRINGARRAY: ("string_array", _bare),
    INT8ARRAY: ("bytes", _bare),
    PARASITE: ("parasite", _bare),
}


def declare(procedure: Any, param: Param, name: str) -> None:
    """Adds a parameter to a GIMP 3 procedure as its argument. Raises NotImplementedError for kinds it has none for."""
    if param.type not in SIMPLE and param.type in ARRAYS:
        raise NotImplementedError(f"parameter '{param.name}': GIMP 3's Python takes no {ARRAYS[param.type]} argument")
    word, adder = kind_of(param)
    label = param.desc or param.name
    adder(lambda *rest: getattr(procedure, f"add_{word}_argument")(name, label, label.replace("_", ""), *rest), param)


def declare_result(procedure: Any, param: Param, name: str) -> None:
    """Adds a result to a GIMP 3 procedure. Raises NotImplementedError for kinds it has none for."""
    if param.type not in SIMPLE and param.type in ARRAYS:
        raise NotImplementedError(f"result '{param.name}': GIMP 3's Python gives no {ARRAYS[param.type]} result")
    word, _ = kind_of(Param(param.type, param.name, param.desc, 0, None))
    add = getattr(procedure, f"add_{word}_return_value")
    label = param.desc or param.name
    values: dict[str, tuple[Any, ...]] = {
        "int": (*INTEGERS[PF_INT32], 0), "double": (-MOST, MOST, 0.0), "string": ("",), "boolean": (False,),
        "color": (True, gimpcolor.native("black")), "choice": (Gimp.Choice.new(), ""),
    }  # fmt: skip
    objects = (True,) if param.type in OBJECTS else ()
    add(name, label, label, *values.get(word, objects), FLAGS)


def read(config: Any, param: Param, name: str) -> Any:
    """What a script gets for a parameter."""
    value = config.get_property(name)
    if param.type == PF_RADIO and not is_numbered(param):
        return dict(zip(nicks(param), (given for _, given in param.choices), strict=True)).get(value, param.default)
    if param.type in (PF_STRING, PF_TEXT):
        return value or ""
    if param.type == PF_COLOR:
        return _chosen_colour(wrap(value), param)
    return wrap(value)


def _chosen_colour(colour: Any, param: Param) -> Any:
    """The colour, or the script's default: to a caller who chooses none GIMP gives a wholly transparent one."""
    if param.default in (None, "") or (colour is not None and colour.a > 0):
        return colour
    return gimpcolor.rgb(param.default)


def forget(config: Any, params: Sequence[Param], called: Sequence[str]) -> None:
    """Takes images and items out again once they are read: GIMP keeps last values, but cannot keep these."""
    for param, name in zip(params, called, strict=True):
        if param.type in OBJECTS:
            config.set_property(name, None)


def give(result: Param, value: Any, value_type: Any) -> Any:
    """A GObject value of a result. Raises TypeError, naming the result, for what it cannot hold."""
    made = GObject.Value()
    made.init(value_type)
    try:
        made.set_value(_converted(result, value))
    except (TypeError, ValueError, OverflowError) as failed:
        raise TypeError(f"result '{result.name}' cannot be {value!r}: {failed}") from None
    return made


def _converted(result: Param, value: Any) -> Any:
    """A result as GIMP 3 holds it."""
    word, _ = kind_of(Param(result.type, result.name, result.desc, 0, None))
    if word in ("int", "double", "boolean", "string"):
        return {"int": int, "double": float, "boolean": bool, "string": str}[word](value)
    if word == "color":
        return gimpcolor.native(value)
    if word == "file":
        return Gio.File.new_for_path(str(value))
    if result.type in RESOURCES:
        return by_name(f"Gimp{word.capitalize()}", value)
    return unwrap(value)
