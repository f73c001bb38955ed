"""Puts the plug-ins into editors, takes them out again, and says why one is not there.

The face of the room. Knows folders and files; must never know what a plug-in does. Called by the command line. An
editor is a module with the same few verbs: `places`, `install`, `uninstall`.
"""

from impasto.editors import gimp, krita
from impasto.editors.examination import Finding, examine

__all__ = ["Finding", "examine", "gimp", "krita"]
