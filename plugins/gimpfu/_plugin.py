"""A script's procedures as a plug-in of GIMP 3, and `main`, which hands them over.

Each definition becomes one of GIMP 3's kinds: for an image (and its drawable), to open files, to write them, or
plain. Only this module knows how GIMP 3 calls them; a script's function gets what 2.10 gave it. Called by the face
and by `gimp.main`.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from . import beyond
from ._bytes import words
from ._declare import declare, declare_result, forget, give, names, read
from ._door import Gegl, Gimp, GLib, GObject
from ._params import PF_DRAWABLE, PF_IMAGE, PF_LAYER, Param
from ._registration import EXTENSION, Definition, registered
from ._run import INTERACTIVE, NONINTERACTIVE, Outcome, run
from ._wrap import wrap

STATUS = Gimp.PDBStatusType
before_query: list[Callable[[], Any]] = []  # gimp.main's query(), which registers by gimp.install_procedure
at_start: list[Callable[[], Any]] = []
at_end: list[Callable[[], Any]] = []
asked: set[str] = set()


class Classic(Gimp.PlugIn):  # type: ignore[misc]  # gi's classes are made at run time
    """The plug-in that GIMP talks to."""

    def do_query_procedures(self) -> list[str]:
        """Names of all procedures."""
        ask()
        return list(registered)

    def do_create_procedure(self, name: str) -> Any:
        """One of them."""
        Gegl.init(None)  # for the default of a colour; GIMP itself does it only before a run
        ask()
        return create(self, registered[name])

    def do_set_i18n(self, _name: str) -> Any:
        """The script translates itself, as in 2.10: GIMP is not to look for catalogues."""
        return False

    def do_quit(self) -> None:
        """GIMP ends."""
        for function in at_end:
            function()


def ask() -> None:
    """Lets a script say what it says only when GIMP asks: on_query of each definition, once."""
    while before_query:
        before_query.pop()()
    for definition in list(registered.values()):
        if definition.name not in asked:
            asked.add(definition.name)
            if definition.on_query is not None:
                definition.on_query()


def shape(definition: Definition) -> str:
    """How GIMP 3 calls it: load, save, drawable (an image and one of its drawables), image, or plain."""
    if definition.is_load or definition.is_save:
        return "load" if definition.is_load else "save"
    kinds = [param.type for param in definition.params[:2]]
    if definition.kind == EXTENSION or kinds[:1] != [PF_IMAGE]:
        return "plain"
    return "drawable" if kinds[1:] and kinds[1] in (PF_DRAWABLE, PF_LAYER) else "image"


LEADING = {"load": 2, "save": 4, "drawable": 2, "image": 1, "plain": 0}  # parameters that GIMP 3 gives by itself


def rest(definition: Definition) -> tuple[list[Param], list[str]]:
    """Parameters that are arguments of their own, and GIMP 3's names for them."""
    params = definition.params[LEADING[shape(definition)] :]
    return params, names(params, shape(definition))


def create(plugin: Any, definition: Definition) -> Any:
    """GIMP 3's procedure for a definition."""
    makers = {"load": _load, "save": _save, "drawable": _image, "image": _image, "plain": _plain}
    procedure = makers[shape(definition)](plugin, definition)
    describe(procedure, definition)
    for param, name in zip(*rest(definition), strict=True):
        declare(procedure, param, name)
    if shape(definition) != "load":
        for result, name in zip(definition.results, names(definition.results), strict=True):
            declare_result(procedure, result, name)
    return procedure


def describe(procedure: Any, definition: Definition) -> None:
    """What is said of a procedure, and where it is in the menus."""
    if definition.label:
        procedure.set_menu_label(definition.label)
    procedure.set_documentation(definition.blurb or definition.name, definition.help or None, definition.name)
    procedure.set_attribution(definition.author, definition.copyright, definition.date)
    files = shape(definition) in ("load", "save")
    for menu in definition.menus if definition.label and not files else ():
        procedure.add_menu_path(modern(menu))


def modern(menu: str) -> str:
    """A menu path of 2.10 in GIMP 3's menus; <Toolbox> is gone."""
    root, slash, path = menu.strip("/").partition("/")
    return f"<Image>{slash}{path.removeprefix('Xtns/')}" if root == "<Toolbox>" else f"{root}{slash}{path}"


def _image(plugin: Any, definition: Definition) -> Any:
    procedure = Gimp.ImageProcedure.new(plugin, definition.name, Gimp.PDBProcType.PLUGIN, on_image, None)
    procedure.set_image_types(definition.image_types or "*")
    mask = Gimp.ProcedureSensitivityMask
    one = shape(definition) == "drawable"
    procedure.set_sensitivity_mask(mask.DRAWABLE if one else mask.DRAWABLE | mask.DRAWABLES | mask.NO_DRAWABLES)
    return procedure


def _plain(plugin: Any, definition: Definition) -> Any:
    kind = Gimp.PDBProcType.PERSISTENT if definition.kind == EXTENSION else Gimp.PDBProcType.PLUGIN
    procedure = Gimp.Procedure.new(plugin, definition.name, kind, on_plain, None)
    if definition.has_run_mode:
        flags = GObject.ParamFlags.READWRITE
        procedure.add_enum_argument(
            "run-mode", "Run mode", "The run mode", Gimp.RunMode, Gimp.RunMode.INTERACTIVE, flags
        )
    if definition.image_types:
        procedure.set_image_types(definition.image_types)
    return procedure


def _load(plugin: Any, definition: Definition) -> Any:
    procedure = Gimp.LoadProcedure.new(plugin, definition.name, Gimp.PDBProcType.PLUGIN, on_load, None)
    extensions, prefixes, magics = definition.load_handler or ("", "", "")
    procedure.set_extensions(extensions)
    procedure.set_prefixes(prefixes)
    procedure.set_magics(magics)
    return procedure


def _save(plugin: Any, definition: Definition) -> Any:
    procedure = Gimp.ExportProcedure.new(plugin, definition.name, Gimp.PDBProcType.PLUGIN, False, on_save, None)
    extensions, prefixes = definition.save_handler or ("", "")
    procedure.set_extensions(extensions)
    procedure.set_prefixes(prefixes)
    procedure.set_image_types(definition.image_types or "*")
    return procedure


def on_image(procedure: Any, run_mode: Any, image: Any, drawables: Any, config: Any, _data: Any) -> Any:
    """GIMP calls a procedure for an image."""
    definition = registered[procedure.get_name()]
    given: list[Any] = [wrap(image)]
    if shape(definition) == "drawable":
        given.append(wrap(drawables[0]) if drawables else None)
    return answer(procedure, definition, perform(procedure, definition, int(run_mode), given, config))


def on_plain(procedure: Any, config: Any, _data: Any) -> Any:
    """GIMP calls a plain procedure."""
    definition = registered[procedure.get_name()]
    run_mode = int(config.get_property("run-mode")) if definition.has_run_mode else NONINTERACTIVE
    if definition.kind == EXTENSION:
        procedure.persistent_ready()
    return answer(procedure, definition, perform(procedure, definition, run_mode, [], config))


def on_load(procedure: Any, run_mode: Any, file: Any, _metadata: Any, flags: Any, config: Any, _data: Any) -> Any:
    """GIMP calls a procedure that opens a file; its result is the image."""
    definition = registered[procedure.get_name()]
    path = wrap(file)
    outcome = perform(procedure, definition, int(run_mode), [path, path], config)
    values = answer(procedure, definition, outcome, has_results=False)
    if outcome.results and not outcome.message:
        values.remove(1)
        values.insert(1, GObject.Value(Gimp.Image, outcome.results[0].native))
    return values, flags


def on_save(procedure: Any, run_mode: Any, image: Any, file: Any, _options: Any, _metadata: Any, config: Any,
            _data: Any) -> Any:  # fmt: skip
    """GIMP calls a procedure that writes a file."""
    definition = registered[procedure.get_name()]
    picture, path = wrap(image), wrap(file)
    given = [picture, picture.active_drawable, path, path]
    return answer(procedure, definition, perform(procedure, definition, int(run_mode), given, config))


def perform(procedure: Any, definition: Definition, run_mode: int, given: list[Any], config: Any) -> Outcome:
    """Runs the script's function with what GIMP gave and what `config` holds, after a dialog where there is one."""
    params, called = rest(definition)
    beyond.begin(run_mode, given)

    def values() -> list[Any] | None:
        if run_mode == INTERACTIVE and params and not definition.is_raw:
            from ._dialog import show  # noqa: PLC0415  # GTK is looked for only where there is something to show

            if not show(procedure, definition, config, params, called):
                return None
        read_all = [read(config, param, name) for param, name in zip(params, called, strict=True)]
        forget(config, params, called)
        if run_mode == NONINTERACTIVE:
            read_all = [
                "" if value is None and param.is_path else value for param, value in zip(params, read_all, strict=True)
            ]
        return [definition.name, (run_mode, *given, *read_all)] if definition.is_raw else [*given, *read_all]

    return run(definition, run_mode, values)


def answer(procedure: Any, definition: Definition, outcome: Outcome, *, has_results: bool = True) -> Any:
    """What GIMP is told of a run."""
    if outcome.cancelled:
        return procedure.new_return_values(STATUS.CANCEL, GLib.Error())
    if outcome.message:
        return failed(procedure, outcome.message)
    values = procedure.new_return_values(STATUS.SUCCESS, GLib.Error())
    if not has_results:
        return values
    try:
        for number, (result, value) in enumerate(zip(definition.results, outcome.results, strict=True), 1):
            made = give(result, value, procedure.get_return_values()[number - 1].value_type)
            values.remove(number)
            values.insert(number, made)
    except TypeError as wrong:
        return failed(procedure, str(wrong))
    return values


def failed(procedure: Any, message: str) -> Any:
    """GIMP is told that it went wrong, and why."""
    problem = GLib.Error.new_literal(GLib.quark_from_string("gimpfu"), words(message), 0)
    return procedure.new_return_values(STATUS.EXECUTION_ERROR, problem)


def main() -> None:
    """Hands the registered procedures to GIMP; the last line of a script.

    Where a plug-in runs already (a script read by the console or by a batch command) there is nothing to hand over: the
    script's functions are there, to be called.
    """
    if Gimp.get_plug_in() is None:
        Gimp.main(Classic.__gtype__, sys.argv)


def folder() -> str:
    """The folder that the script is in."""
    return os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120  # a string, as 2.10's
