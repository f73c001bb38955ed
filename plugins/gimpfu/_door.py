"""The one door to GIMP 3: GObject introspection.

PyGObject makes these modules at run time and ships no types, so each is Any here, and nowhere else in the shim is gi
imported: behind this door everything that is ours is typed in full. Called by every module that touches GIMP.

Nothing may ask GIMP anything while modules are imported: a plug-in's connection stands only once `main` was called.
GEGL is initialised then; doing it before would load its operations twice.
"""

from typing import Any

import gi

for _name, _version in {"Gimp": "3.0", "Gegl": "0.4", "Babl": "0.1"}.items():
    gi.require_version(_name, _version)

from gi.repository import Babl as _Babl  # noqa: E402  # versions must be chosen first
from gi.repository import Gegl as _Gegl  # noqa: E402
from gi.repository import Gimp as _Gimp  # noqa: E402
from gi.repository import Gio as _Gio  # noqa: E402
from gi.repository import GLib as _GLib  # noqa: E402
from gi.repository import GObject as _GObject  # noqa: E402

Babl: Any = _Babl
Gegl: Any = _Gegl
Gimp: Any = _Gimp
Gio: Any = _Gio
GLib: Any = _GLib
GObject: Any = _GObject
