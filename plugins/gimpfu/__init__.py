"""The classic Python-Fu API of GIMP 2.10 on GIMP 3: `from gimpfu import *` in scripts that were written for it.

The face of the shim: what 2.10's module had, constants included, and the other modules of 2.10 put where scripts
import them (`gimp`, `gimpcolor`, `gimpenums`, ...). Importing it changes Python for this process, as `_python2` says:
a plug-in's process runs one script.
"""

import builtins
import gettext
import math
import sys
from typing import NoReturn

from . import _gimp as gimp
from . import _python2, gimpcolor, gimpenums, gimpplugin, gimpshelf, gimpui
from ._params import (
    PF_ADJUSTMENT,
    PF_BOOL,
    PF_BRUSH,
    PF_CHANNEL,
    PF_COLOR,
    PF_COLOUR,
    PF_DIRNAME,
    PF_DISPLAY,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_FONT,
    PF_GRADIENT,
    PF_IMAGE,
    PF_INT,
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
    PF_VALUE,
    PF_VECTORS,
    CancelError,
    error,
)
from ._pdb import pdb
from ._plugin import main
from ._registration import register
from .gimpenums import *  # noqa: F403  # constants by 2.10's own names, computed there

__all__ = [
    "N_",
    "PF_ADJUSTMENT",
    "PF_BOOL",
    "PF_BRUSH",
    "PF_CHANNEL",
    "PF_COLOR",
    "PF_COLOUR",
    "PF_DIRNAME",
    "PF_DISPLAY",
    "PF_DRAWABLE",
    "PF_FILE",
    "PF_FILENAME",
    "PF_FLOAT",
    "PF_FONT",
    "PF_GRADIENT",
    "PF_IMAGE",
    "PF_INT",
    "PF_INT8",
    "PF_INT16",
    "PF_INT32",
    "PF_LAYER",
    "PF_OPTION",
    "PF_PALETTE",
    "PF_PATTERN",
    "PF_RADIO",
    "PF_REGION",
    "PF_SLIDER",
    "PF_SPINNER",
    "PF_STRING",
    "PF_TEXT",
    "PF_TOGGLE",
    "PF_VALUE",
    "PF_VECTORS",
    "CancelError",
    "error",
    "fail",
    "gettext",
    "gimp",
    "gimpcolor",
    "main",
    "math",
    "pdb",
    "register",
]  # fmt: skip
__all__ += gimpenums.__all__


def fail(msg: str) -> NoReturn:
    """Tells the user what is wrong, and ends the script. Raises `error`."""
    gimp.message(msg)
    raise error(msg)


def N_(message: str) -> str:  # noqa: N802  # gettext's own name
    """A text to be translated later."""
    return message


def _translated(message: str) -> str:
    return message


def _install() -> None:
    """Puts 2.10's modules where scripts import them; `_` gives what it gets where the script brings none of its own."""
    modules = (gimp, gimpcolor, gimpenums, gimpplugin, gimpshelf, gimpui)
    for name, module in zip(
        ("gimp", "gimpcolor", "gimpenums", "gimpplugin", "gimpshelf", "gimpui"), modules, strict=True
    ):
        sys.modules.setdefault(name, module)
    if not hasattr(builtins, "_"):
        builtins.__dict__["_"] = _translated
    _python2.install()


_install()
