"""`gimp.Display`: a window that shows an image."""

import sys
from typing import Any

from ._door import Gimp
from ._item import Native, need
from ._wrap import stands_for


@stands_for("Display")
class Display(Native):
    """A view of an image. `gimp.Display(image)` opens one.

    Where GIMP runs without an interface there is nothing to open. 2.10 raised an error then, after a script's work
    was done; here the display is one that nobody sees, its ID is -1, and a line on the error stream says so.
    """

    family = "display"

    def __init__(self, image: Any) -> None:
        from ._image import Image  # noqa: PLC0415  # `_image` and `_display` know each other here alone

        native = need(image, Image, "a display's argument")
        try:
            self._native = Gimp.Display.new(native)
        except TypeError:  # PyGObject's word for "returned NULL"
            self._native = None
            sys.stderr.write(f"gimpfu: GIMP runs without windows: {image!r} is not shown\n")

    @property
    def ID(self) -> int:  # noqa: N802  # 2.10's own name
        """The number by which GIMP knows it; -1 for one that nobody sees."""
        return -1 if self._native is None else int(self._native.get_id())

    @property
    def name(self) -> str:
        """Its number, as text."""
        return str(self.ID)

    def __repr__(self) -> str:
        return f"<gimp.Display {self.ID}>"
