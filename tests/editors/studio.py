"""A Krita with the plug-in in it and a daemon of its own, for tests; opened anew where it has died.

Called by the tests of the Krita plug-in.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from editors import krita
from editors.gimp import REPOSITORY
from harness import Daemon, Home

NAME = "impasto_docker"
SHORTCUT = "Ctrl+Alt+Shift+P"


def put(home: krita.Home, place: Home) -> None:
    """Installs the plug-in in a home, as a user does, with a key for its action."""
    done = place.run("install", "krita", "--into", str(home.data))
    assert done.returncode == 0, done.stdout + done.stderr
    if not home.edition.native:  # Impasto is reached from a root as from a sandbox
        path = home.data / "pykrita" / NAME / "impasto-environment.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"before": ["chroot", "/host"]}))
    home.enable(NAME)
    (home.path / ".config" / "kritashortcutsrc").write_text(f"[Shortcuts]\nimpasto_stylise={SHORTCUT}\n")


class Studio:
    """A window with the plug-in, and its daemon. The mutable state is which window."""

    def __init__(  # what a test may want of its window
        self,
        root: Path,
        folder: Path,
        daemon: Daemon,
        place: Home | None = None,
        before: Sequence[str] = (),
        outlived_s: int = 0,
    ) -> None:
        """The plug-in is that of `place`, where it is not the daemon's; `before` stands before Krita's command.

        What Krita started may outlive it for `outlived_s`, as it would outside a root, where nothing ends it.
        """
        self._root, self._folder, self._number = root, folder, 0
        self._place, self._before, self._outlived_s = place or daemon.home, before, outlived_s
        self.daemon = daemon
        self._opened: Any = None
        self._window: krita.Window | None = None

    @property
    def window(self) -> krita.Window:
        """The one that is open; a new one where it has died."""
        if self._window is None or self._window.process.poll() is not None:
            self.close()
            self._number += 1
            home = krita.new_home(krita.Edition(self._root), self._folder / f"home{self._number}")
            put(home, self._place)
            home.before = self._before
            home.extra |= self._place.variables
            self._opened = krita.window(home, outlived_s=self._outlived_s)
            self._window = self._opened.__enter__()
        return self._window

    def check(self, name: str) -> None:
        """Runs a check inside; after one that fails nobody knows what is open, so that the next has a new window."""
        try:
            self.window.run(
                f"import sys; sys.path[:0] = [{str(REPOSITORY / 'tests')!r}]\n"
                "from editors import krita_checks, krita_stage\n"
                f"steps = krita_stage.CHECKS[{name!r}].function\n"
            )
        except AssertionError:
            self.close()
            raise

    def close(self) -> None:
        """Ends the window, whatever it does."""
        if self._opened is not None:
            self._opened.__exit__(None, None, None)
        self._opened = self._window = None


@contextmanager
def studio(root: Path, folder: Path, **environment: str) -> Iterator[Studio]:
    """A studio with a daemon of its own, gone in the end; `environment` is the daemon's."""
    place = Home(**environment)
    daemon = Daemon(place)
    made = Studio(root, folder, daemon)
    try:
        yield made
    finally:
        made.close()
        daemon.end()
        place.remove()
