"""`pdb`: 2.10's procedural database over GIMP 3's.

A name of 2.10's has 2.10's signature: arguments are counted and checked against it, then go to the table's row, to the
GIMP 3 procedure of a new name, or to the one of the same name. Any other name that GIMP 3 knows is called in 2.10's
manner: run mode filled in, one drawable for an array of them, arrays after their counts. Scripts reach it as `pdb`.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from . import _signature
from ._arguments import checked, flat, pythonic
from ._door import Gimp
from ._foreign import foreign_signature
from ._gimp3 import NONINTERACTIVE, WRAPPED, call, procedure, specifications
from ._signature import ARRAYS, TYPES, Parameter, Signature
from ._table import ABSENT, RENAMED, ROWS
from ._wrap import wrap

__all__ = ["Function", "Pdb", "UnknownProcedure", "pdb"]


# Scripts of GIMP's own that got further arguments at the end, under names that a comparison cannot see to be the same.
LENGTHENED = ("script-fu-addborder", "script-fu-coffee-stain")
OTHERWISE = "its arguments are others there, and no row of the shim's table tells how"
GONE = "GIMP 3 as it is installed has no such procedure, and no row of the shim's table does it another way"


class UnknownProcedure(RuntimeError, AttributeError):
    """No procedure has that name: 2.10's RuntimeError, and what `hasattr` asks for in Python 3."""


def canonical(name: str) -> str:
    """A name as the database has it."""
    return name.replace("_", "-")


@cache
def keep_errors() -> None:
    """Failures are the script's exceptions alone; GIMP would show each in a dialog of its own besides."""
    plug_in = Gimp.get_plug_in()
    if plug_in is not None:
        plug_in.set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)


class Function:
    """One procedure, callable; its attributes tell what 2.10's told."""

    def __init__(self, signature: Signature, run: Callable[..., Any]) -> None:
        self._signature = signature
        self._run = run
        self.proc_name = signature.name
        self.nparams = len(signature.parameters)
        self.nreturn_vals = len(signature.results)
        self.params = tuple(map(_described, signature.parameters))
        self.return_vals = tuple(map(_described, signature.results))

    def __repr__(self) -> str:
        return f"<pdb function '{self.proc_name}'>"

    def _native(self) -> Any:
        return procedure(RENAMED.get(self.proc_name, self.proc_name))

    @property
    def proc_blurb(self) -> str:
        """What GIMP 3 says of it in a line; empty where 2.10's procedure is gone."""
        native = self._native()
        return str(native.get_blurb() or "") if native else ""

    @property
    def proc_help(self) -> str:
        """What GIMP 3 says of it at length; empty where 2.10's procedure is gone."""
        native = self._native()
        return str(native.get_help() or "") if native else ""

    @property
    def proc_author(self) -> str:
        """Who wrote it."""
        native = self._native()
        return str(native.get_authors() or "") if native else ""

    @property
    def proc_copyright(self) -> str:
        """Whose it is."""
        native = self._native()
        return str(native.get_copyright() or "") if native else ""

    @property
    def proc_date(self) -> str:
        """When it was written."""
        native = self._native()
        return str(native.get_date() or "") if native else ""

    @property
    def proc_type(self) -> int:
        """0 in the core, 1 a plug-in, 2 an extension, 3 temporary."""
        native = self._native()
        return int(native.get_proc_type()) if native else 0

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Calls the procedure; `run_mode` is the one keyword.

        Raises:
            TypeError: for a wrong number or type of arguments.
            RuntimeError: when the procedure fails.
            NotImplementedError: when nothing in GIMP 3 does what it did; the message says why.
        """
        keep_errors()
        run_mode = named.pop("run_mode", NONINTERACTIVE)
        if named:
            raise TypeError(
                f"only 'run_mode' keyword argument accepted: {pythonic(self.proc_name)} got {sorted(named)}"
            )
        arguments = checked(self._signature, values)
        return returned(self._signature.results, self._run(arguments, int(run_mode)))


def _described(parameter: Parameter) -> tuple[int, str, str]:
    return TYPES[parameter.kind], parameter.name, parameter.name.replace("-", " ")


def returned(results: Sequence[Parameter], values: Any) -> Any:
    """None, a value or a tuple, each array after its count, as 2.10 gave them."""
    wanted = flat(results)
    several = list(values) if len(wanted) > 1 else [values]
    given: list[Any] = []
    for parameter, value in zip(wanted, several, strict=False):
        if parameter.kind in ARRAYS:
            array = tuple(value or ())
            given += [len(array), array] if len(wanted) != len(results) else [array]
        else:
            given.append(plain(value))
    if not wanted:
        return None
    return given[0] if len(given) == 1 else tuple(given)


def plain(value: Any) -> Any:
    """One result as a script knows it."""
    if isinstance(value, bool):
        return int(value)
    return wrap(value) if isinstance(value, WRAPPED) else value


def _of_row(name: str) -> Callable[..., Any]:
    function = ROWS[name].call
    wants_mode = "run_mode" in inspect.signature(function).parameters

    def run(arguments: list[Any], run_mode: int) -> Any:
        return function(*arguments, run_mode=run_mode) if wants_mode else function(*arguments)

    return run


def _of_procedure(name: str) -> Callable[..., Any]:
    def run(arguments: list[Any], run_mode: int) -> Any:
        return call(name, *arguments, run_mode=run_mode)

    return run


def _refusing(name: str, reason: str) -> Callable[..., Any]:
    def run(_arguments: list[Any], _run_mode: int) -> Any:
        raise NotImplementedError(f"pdb.{pythonic(name)} is not to be had on GIMP 3: {reason}")

    return run


def fits(signature: Signature, name: str) -> bool:
    """Whether 2.10's arguments can go to the GIMP 3 procedure of that name, one by one."""
    taken = [spec.name for spec in specifications(name)]
    given = [one.name for one in flat(signature.parameters)]
    if len(given) == len(taken) or name in LENGTHENED:
        return True
    return len(given) < len(taken) and _squeezed(given[3:]) == _squeezed(taken[3 : len(given)])


def _squeezed(names: Sequence[str]) -> list[str]:
    return [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]


def resolve(name: str) -> Function | None:
    """What `pdb` calls under a name, or None when neither 2.10 nor GIMP 3 had it."""
    target = RENAMED.get(name, name)
    if _signature.known(name):
        signature = _signature.signature(name)
        if name in ROWS:
            return Function(signature, _of_row(name))
        if name in ABSENT:
            return Function(signature, _refusing(name, ABSENT[name]))
        if procedure(target) and fits(signature, target):
            return Function(signature, _of_procedure(target))
        return Function(signature, _refusing(name, OTHERWISE if procedure(target) else GONE))
    if procedure(name):
        return Function(foreign_signature(name), _of_procedure(name))
    return None


class Pdb:
    """`pdb.gimp_image_new(...)` and `pdb['gimp-image-new'](...)`."""

    def __repr__(self) -> str:
        return "<gimp procedural database>"

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        function = resolve(canonical(name))
        if function is None:
            raise UnknownProcedure(
                f"procedure not found: {name} is neither one of GIMP 2.10's nor one that is installed"
            )
        return function

    def __getitem__(self, name: str) -> Function:
        if not isinstance(name, str):
            raise TypeError("Subscript must be a string")
        function = resolve(canonical(name))
        if function is None:
            raise KeyError(name)
        return function

    def __dir__(self) -> list[str]:
        return [pythonic(name) for name in sorted({*_signature.names(), *query()})] + ["query"]

    def query(self, name: str = ".*", *others: str) -> list[str]:
        """Names that match a regular expression (and six more: blurb, help, author, copyright, date, type)."""
        patterns = [pattern or ".*" for pattern in (name, *others)]
        return query(*patterns)


def query(*patterns: str) -> list[str]:
    """GIMP 3's own procedures that match."""
    padded = [*patterns, *[".*"] * 8][:8]
    return list(Gimp.get_pdb().query_procedures(*padded))


pdb = Pdb()
