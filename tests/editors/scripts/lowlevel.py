#!/usr/bin/env python3
"""A plug-in without gimpfu's register: gimp.main, gimp.install_procedure and gimpplugin, as 2.10's manual has them."""

import gimpfu
import gimp
import gimpenums
import gimpplugin


class Adder(gimpplugin.plugin):
    def query(self):
        gimp.install_procedure("check_lowlevel_add", "Adds", "Adds two numbers", "author", "copyright", "2026", None, "",
                               gimpenums.PLUGIN,
                               [(gimpenums.PDB_INT32, "run-mode", "The run mode"), (gimpenums.PDB_INT32, "a", "First"),
                                (gimpenums.PDB_INT32, "b", "Second")],
                               [(gimpenums.PDB_INT32, "sum", "The sum")])  # fmt: skip
        gimp.menu_register("check_lowlevel_add", "<Image>/Filters/Echoes")

    def check_lowlevel_add(self, run_mode, a, b):
        return a + b


if __name__ == "__main__":
    Adder().start()
