"""Scripts that were written for GIMP 2.10's Python-Fu become plug-ins of GIMP 3: `impasto gimp adopt`.

The face of the room: `adopt` reads a script, converts what Python 3 does not read (`conversion`), says what it could
not do (`examination`), and puts it with the shim into GIMP's folders (`installation`). It knows files and Python's
grammar; it must never import GIMP, nor run what it reads.
"""

from impasto.adoption.adopting import Adopted, adopt
from impasto.adoption.conversion import Note

__all__ = ["Adopted", "Note", "adopt"]
