#!/usr/bin/env python3
"""A script whose dialog chooses a file, and that is told when it was chosen in a menu; it writes down what it got."""

import json
import os

from gimpfu import *

told = []


def chosen(image, drawable, file, colour, option):
    with open(os.environ["GIMPFU_SEEN"], "a") as out:
        out.write(json.dumps([told, drawable.name, file, list(colour)[:3], option]) + "\n")


register("chosen", "Writes down what was chosen.", "help", "author", "copyright", "2026", "Chosen...", "RGB*",
         [(PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "drawable", "Drawable", None),
          (PF_FILE, "file", "_File", ""), (PF_COLOUR, "colour", "Colour", (255, 0, 0)),
          (PF_OPTION, "option", "Option", 1, ["none", "one", "two"])], [], chosen,
         menu="<Image>/Filters/Echoes", on_run=lambda: told.append("run"))  # fmt: skip
main()
