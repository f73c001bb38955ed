"""The door to GIMP's and GTK's widgets, opened only when a dialog is shown: batch has no screen."""

from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")

from gi.repository import GimpUi as _GimpUi  # noqa: E402  # versions must be chosen first
from gi.repository import Gtk as _Gtk  # noqa: E402

GimpUi: Any = _GimpUi
Gtk: Any = _Gtk
