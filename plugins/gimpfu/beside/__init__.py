"""Modules of 2.10 that scripts import by name, to be put beside each: none is imported from here."""
