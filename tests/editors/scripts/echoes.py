#!/usr/bin/env python3
"""A procedure for each kind of parameter and result that there is, which says what its function got."""

from gimpfu import *

KINDS = [
    ("PF_INT8", PF_INT8, 7, None), ("PF_INT16", PF_INT16, -300, None), ("PF_INT32", PF_INT32, 123456, None),
    ("PF_INT", PF_INT, 5, None), ("PF_FLOAT", PF_FLOAT, 2.5, None), ("PF_STRING", PF_STRING, "text", None),
    ("PF_VALUE", PF_VALUE, "value", None), ("PF_COLOR", PF_COLOR, (255, 128, 0), None),
    ("PF_COLOUR", PF_COLOUR, "blue", None), ("PF_REGION", PF_REGION, 3, None), ("PF_DISPLAY", PF_DISPLAY, None, None),
    ("PF_IMAGE", PF_IMAGE, None, None), ("PF_LAYER", PF_LAYER, None, None), ("PF_CHANNEL", PF_CHANNEL, None, None),
    ("PF_DRAWABLE", PF_DRAWABLE, None, None), ("PF_VECTORS", PF_VECTORS, None, None),
    ("PF_TOGGLE", PF_TOGGLE, True, None), ("PF_BOOL", PF_BOOL, 0, None),
    ("PF_SLIDER", PF_SLIDER, 0.5, (0, 1, 0.1)), ("PF_SPINNER", PF_SPINNER, 10, (1, 1000, 1)),
    ("PF_ADJUSTMENT", PF_ADJUSTMENT, 0.25, (0, 2, 0.05)), ("PF_FONT", PF_FONT, "Sans", None),
    ("PF_FILE", PF_FILE, "", None), ("PF_FILENAME", PF_FILENAME, "", None), ("PF_DIRNAME", PF_DIRNAME, "/tmp", None),
    ("PF_BRUSH", PF_BRUSH, "2. Hardness 050", None), ("PF_PATTERN", PF_PATTERN, "Pine", None),
    ("PF_GRADIENT", PF_GRADIENT, "Golden", None), ("PF_PALETTE", PF_PALETTE, "Bears", None),
    ("PF_RADIO", PF_RADIO, "b", (("First", "a"), ("Second", "b"))), ("PF_TEXT", PF_TEXT, "one\ntwo", None),
    ("PF_RADIO_of_ints", PF_RADIO, 5, (("Five", 5), ("Nine", 9))), ("PF_OPTION", PF_OPTION, 1, ["red", "green", "blue"]),
]  # fmt: skip
RESULTS = [
    ("PF_INT", PF_INT, 7), ("PF_FLOAT", PF_FLOAT, 0.5), ("PF_STRING", PF_STRING, "told"),
    ("PF_COLOR", PF_COLOR, (255, 0, 0)), ("PF_TOGGLE", PF_TOGGLE, True), ("PF_FONT", PF_FONT, "Sans"),
]  # fmt: skip


def echo(*values):
    return "|".join(repr(value) for value in values)


def thing(kind):
    """A new image, or something of one."""
    image = gimp.Image(8, 6, RGB)
    layer = gimp.Layer(image, "made", 8, 6, RGB_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    return image if kind == "image" else layer


def about(name, kind, default, extra):
    parameter = (kind, "the_Value", "The _value", default) + (() if extra is None else (extra,))
    # an image that comes first would be the one that the procedure is for
    before = [(PF_INT, "before", "Before", 0)] if kind == PF_IMAGE else []
    register("echo-" + name, "blurb", "help", "author", "copyright", "2026", "Echo " + name, "", before + [parameter],
             [(PF_STRING, "seen", "What was seen")], lambda *values: repr(values[-1]), menu="<Image>/Filters/Echoes")  # fmt: skip


for one in KINDS:
    about(*one)
for name, kind, value in RESULTS:
    register(
        "give-" + name, "b", "h", "a", "c", "2026", None, "", [], [(kind, "value", "Value")], lambda value=value: value
    )
register("give-image", "b", "h", "a", "c", "2026", None, "", [], [(PF_IMAGE, "image", "I")], lambda: thing("image"))
register("give-layer", "b", "h", "a", "c", "2026", None, "", [], [(PF_LAYER, "layer", "L")], lambda: thing("layer"))
register(
    "give-two",
    "b",
    "h",
    "a",
    "c",
    "2026",
    None,
    "",
    [],
    [(PF_INT, "a", "A"), (PF_STRING, "b", "B")],
    lambda: (1, "two"),
)
register("give-none", "b", "h", "a", "c", "2026", None, "", [(PF_INT, "n", "N", 1)], [], lambda n: n)
register("give-too-few", "b", "h", "a", "c", "2026", None, "", [], [(PF_INT, "a", "A"), (PF_INT, "b", "B")], lambda: 1)
register("python_fu_named", "b", "h", "a", "c", "2026", None, "", [], [(PF_INT, "a", "A")], lambda: 1)

# the older form: image and drawable come before what is named
register("old-form", "b", "h", "a", "c", "2026", "<Image>/Filters/Echoes/Old form", "RGB*, GRAY*",
         [(PF_INT, "amount", "Amount", 5)], [(PF_STRING, "seen", "Seen")], echo)  # fmt: skip
register("new-form", "b", "h", "a", "c", "2026", "New form", "*",
         [(PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "drawable", "Drawable", None), (PF_INT, "amount", "Amount", 5)],
         [(PF_STRING, "seen", "Seen")], echo, menu="<Image>/Filters/Echoes", domain=("gimp20-python", gimp.locale_directory))  # fmt: skip
register("image-alone", "b", "h", "a", "c", "2026", "Image alone", "*", [(PF_IMAGE, "image", "Image", None)],
         [(PF_STRING, "seen", "Seen")], echo, menu="<Image>/Image")  # fmt: skip
register("toolbox-form", "b", "h", "a", "c", "2026", "<Toolbox>/Xtns/Echoes/Toolbox", "", [(PF_INT, "n", "N", 3)],
         [(PF_STRING, "seen", "Seen")], echo)  # fmt: skip

queried = []
register("with-hooks", "b", "h", "a", "c", "2026", None, "", [], [(PF_INT, "queried", "Q")], lambda: len(queried),
         on_query=lambda: queried.append("query"), on_run=lambda: queried.append("run"))  # fmt: skip


def load(filename, raw_filename):
    image = gimp.Image(4, 3, RGB)
    layer = gimp.Layer(image, "loaded", 4, 3, RGB_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    with open(filename, "rb") as picture:
        layer.get_pixel_rgn(0, 0, 4, 3)[0:4, 0:3] = picture.read()[4:]
    image.filename = filename + ".xcf"
    return image


def save(image, drawable, filename, raw_filename):
    with open(filename, "wb") as out:
        out.write(b"ECHO" + bytes(drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height)[:, :]))


register("file-echo-load", "b", "h", "a", "c", "2026", "Echo pictures", None, [(PF_STRING, "filename", "F", ""),
         (PF_STRING, "raw-filename", "R", "")], [(PF_IMAGE, "image", "I")], load, menu="<Load>",
         on_query=lambda: gimp.register_magic_load_handler("file-echo-load", "echo", "", "0,string,ECHO"))  # fmt: skip
register("file-echo-save", "b", "h", "a", "c", "2026", "<Save>/Echo pictures", "RGB", [], [], save,
         on_query=lambda: gimp.register_save_handler("file-echo-save", "echo", ""))  # fmt: skip


def wrong_procedure(image, drawable):
    pdb.gimp_no_such_procedure(drawable)


def wrong_length(image, drawable):
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height)
    image.undo_group_start()
    region[0, 0] = "x"
    image.undo_group_end()


def wrong_type(image, drawable):
    image.undo_group_start()
    pdb.gimp_drawable_fill("the drawable", WHITE_FILL)


def wrong_value(image, drawable):
    pdb.gimp_image_undo_group_start(image)
    drawable.fill(WHITE_FILL)
    raise ValueError("the sky is %s in caf\udce9.png" % "green")  # a file of an old disk


def gives_up(image, drawable):
    fail("nothing to do")


def history_off(image, drawable):
    pdb.gimp_image_undo_disable(image)
    image.undo_freeze()
    raise ValueError("never turned on again")


def ends_early(image, drawable):
    pdb.gimp_image_undo_group_start(image)
    drawable.fill(WHITE_FILL)
    gimp.quit()


for function in (wrong_procedure, wrong_length, wrong_type, wrong_value, gives_up, history_off, ends_early):
    register(function.__name__, "b", "h", "a", "c", "2026", "<Image>/Filters/Echoes/" + function.__name__, "*", [], [],
             function)  # fmt: skip

main()
