"""`gimp.main` and what goes with it: 2.10's plug-ins without gimpfu, and what `on_query` of those with it calls.

Procedures that are installed so are called with their name and all parameters, run mode first. Part of the module
`gimp`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from . import _plugin
from ._door import Gimp
from ._error import error
from ._params import PF_INT32, Param
from ._registration import PLUGIN, Definition, canonical, registered

_runners: list[Callable[..., Any]] = []


def _call(name: str, params: Sequence[Any]) -> Any:
    """The script's own run procedure."""
    if not _runners:
        raise error(f"{name} is installed, but gimp.main was given nothing to run it")
    return _runners[-1](name, tuple(params))


def main(init_proc: Any, quit_proc: Any, query_proc: Any, run_proc: Any) -> None:
    """Hands a plug-in to GIMP: functions for its start, its end, what it installs, and what it runs."""
    if run_proc is None or query_proc is None:
        raise error("arguments must be callable: gimp.main(init, quit, query, run)")
    _runners.append(run_proc)
    _plugin.before_query.append(query_proc)
    _plugin.at_start.extend([init_proc] if init_proc else [])
    _plugin.at_end.extend([quit_proc] if quit_proc else [])
    _plugin.main()


def _param(entry: Sequence[Any]) -> Param:
    if len(entry) < 3:
        raise error(f"a parameter is (type, name, description), not {entry!r}")
    return Param(entry[0], entry[1], entry[2])


def install_procedure(name: str, blurb: str, help: str, author: str, copyright: str, date: str, menu_path: str | None,
                      image_types: str | None, type: int, params: Sequence[Sequence[Any]],
                      ret_vals: Sequence[Sequence[Any]]) -> None:  # fmt: skip
    """Installs a procedure, when GIMP asks for them."""
    entries = [_param(entry) for entry in params]
    has_run_mode = bool(entries) and canonical(entries[0].name) == "run-mode" and entries[0].type == PF_INT32
    label, menus = menu_path or "", []
    if label.startswith("<"):
        menu, _, label = label.rpartition("/")
        menus = [menu]
    name = canonical(name)
    registered[name] = Definition(
        name, blurb or "", help or "", author or "", copyright or "", date or "", label, image_types or "",
        entries[has_run_mode:], [_param(entry) for entry in ret_vals], _call, kind=type or PLUGIN, menus=menus,
        is_raw=True, has_run_mode=has_run_mode,
    )  # fmt: skip


def _installed(name: str) -> Definition:
    found = registered.get(canonical(name))
    if found is None:
        raise error(f"procedure '{name}' is not installed by this plug-in")
    return found


def menu_register(proc_name: str, menu_path: str) -> None:
    """Puts an installed procedure into a menu, too."""
    _installed(proc_name).menus.append(menu_path)


def domain_register(domain: str, path: str | None = None) -> None:
    """Names the catalogue of a script's translations: it finds them itself, as in 2.10, so there is nothing to do."""
    if not isinstance(domain, str):
        raise TypeError(f"a translation domain is a name, not {domain!r} ({path})")


def register_load_handler(name: str, extensions: str, prefixes: str = "") -> None:
    """Lets an installed procedure open files with these extensions."""
    _installed(name).load_handler = (extensions, prefixes, "")


def register_magic_load_handler(name: str, extensions: str, prefixes: str = "", magics: str = "") -> None:
    """Lets an installed procedure open files that begin with certain bytes, too."""
    _installed(name).load_handler = (extensions, prefixes, magics)


def register_save_handler(name: str, extensions: str, prefixes: str = "") -> None:
    """Lets an installed procedure write files with these extensions."""
    _installed(name).save_handler = (extensions, prefixes)


def install_temp_proc(*_arguments: Any, **_named: Any) -> NoReturn:
    """Procedures that last as long as the plug-in."""
    raise NotImplementedError("gimp.install_temp_proc: GIMP 3 would call it only from its own main loop")


def uninstall_temp_proc(name: str) -> NoReturn:
    """Procedures that last as long as the plug-in."""
    raise NotImplementedError(f"gimp.uninstall_temp_proc: no temporary procedure '{name}' can have been installed")


def extension_ack() -> None:
    """Tells GIMP that an extension is up; the shim has done so before it called the script."""


def extension_enable() -> None:
    """Lets GIMP call into an extension."""
    plugin = Gimp.get_plug_in()
    if plugin is None:
        raise error("gimp.extension_enable: no plug-in is running")
    plugin.persistent_enable()


def extension_process(timeout: int) -> None:
    """Waits so many milliseconds for GIMP to call into an extension; 0 waits for ever."""
    plugin = Gimp.get_plug_in()
    if plugin is None:
        raise error("gimp.extension_process: no plug-in is running")
    plugin.persistent_process(timeout)
