#!/usr/bin/env python3
"""A script with a dialog: it writes down what it got, paints the layer, or fails inside an undo group."""

import json
import os

from gimpfu import *


def windowed(image, drawable, name, amount, smooth):
    image.undo_group_start()
    gimp.progress_init("Painting")
    drawable.fill(WHITE_FILL)
    if name == "bad":
        raise ValueError("no picture is called %s" % name)
    pdb.gimp_context_set_foreground((255, 0, 0))
    drawable.fill(FOREGROUND_FILL)
    image.undo_group_end()
    with open(os.environ["GIMPFU_SEEN"], "a") as out:
        out.write(json.dumps([name, amount, smooth]) + "\n")


register("windowed", "Paints the layer red, unless it is called bad.", "help", "author", "copyright", "2026",
         "Windowed...", "RGB*", [(PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "drawable", "Drawable", None),
         (PF_STRING, "name", "_Name", "first"), (PF_SPINNER, "amount", "_Amount", 5, (1, 100, 1)),
         (PF_TOGGLE, "smooth", "_Smooth", True)], [], windowed, menu="<Image>/Filters/Echoes")  # fmt: skip
main()
