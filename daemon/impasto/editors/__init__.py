"""Puts the plug-ins into editors, takes them out again, and says why one is not there.

The face of the room. Knows folders and files; must never know what a plug-in does. Called by the command line.
"""

from impasto.editors.examination import Finding, examine
from impasto.editors.gimp import Installed, Place, install, places, uninstall

__all__ = ["Finding", "Installed", "Place", "examine", "install", "places", "uninstall"]
