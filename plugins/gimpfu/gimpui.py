"""A stand-in for 2.10's `gimpui`, whose widgets were PyGTK 2's: importing it works, using one says why it cannot.

`gimpui.gimp_ui_init` and the like are what scripts call first; they do nothing. Scripts import this module.
"""

from typing import Any, NoReturn

WHY = (
    "gimpui.{name} is a PyGTK 2 widget, and GIMP 3 has GTK 3: describe the dialog by register's parameters (PF_IMAGE, "
    "PF_BRUSH, PF_FONT, ...), and GIMP 3 draws it"
)


def gimp_ui_init(*_arguments: Any) -> None:
    """Nothing is to be begun."""


def __getattr__(name: str) -> NoReturn:
    if name.startswith("_"):
        raise AttributeError(name)
    raise NotImplementedError(WHY.format(name=name))
