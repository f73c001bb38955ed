"""`gimpplugin`: 2.10's base class for plug-ins without gimpfu: `class mine(gimpplugin.plugin)`, then `mine().start()`.

`query` installs procedures by `gimp.install_procedure`; each is the method of its name, called with all its parameters.
"""

from collections.abc import Sequence
from typing import Any

from ._lowlevel import main

__all__ = ["plugin"]


class plugin:  # noqa: N801  # 2.10's own name
    """A plug-in: give it `query` and a method for each procedure that it installs."""

    def init(self) -> None:
        """GIMP starts."""

    def quit(self) -> None:
        """GIMP ends."""

    def query(self) -> None:
        """Installs the procedures."""

    def _run(self, name: str, params: Sequence[Any]) -> Any:
        method = getattr(self, name.replace("-", "_"), None)
        if method is None:
            raise AttributeError(f"{type(self).__name__} has no method {name.replace('-', '_')} for procedure '{name}'")
        return method(*params)

    def start(self) -> None:
        """Hands the plug-in to GIMP."""
        main(self.init, self.quit, self.query, self._run)
