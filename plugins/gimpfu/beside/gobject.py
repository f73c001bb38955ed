"""Stands where `gobject` was and says why it cannot be had: it lies beside scripts that were written for GIMP 2.10."""

raise ImportError(
    "gobject is PyGTK 2, which GIMP 3 and Python 3 do not have: a script that draws its own windows must "
    "be rewritten for GTK 3 (gi.repository.Gtk), or describe its dialog by register's parameters, which GIMP 3 draws"
)
