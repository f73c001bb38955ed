"""`register` in both forms, hooks, files, and what becomes of wrong registrations and wrong scripts."""

import importlib
import os
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp


def native(name: str) -> Any:
    """GIMP's procedure of that name."""
    from gimpfu._door import Gimp  # noqa: PLC0415

    return Gimp.get_pdb().lookup_procedure(name)


def registered(*changes: Any, **named: Any) -> Any:
    """Registers a procedure with some of its eleven arguments changed, by position."""
    values: list[Any] = ["name", "b", "h", "a", "c", "2026", "Label", "*", [], [], lambda: None]
    for index, value in changes:
        values[index] = value
    return fu.register(*values, **named)


@check("register: with menu=")
def new_form() -> None:
    image = picture()
    assert native("python-fu-new-form").get_menu_paths() == ["<Image>/Filters/Echoes"]
    assert native("python-fu-new-form").get_menu_label() == "New form"
    assert fu.pdb.python_fu_new_form(image, image.layers[0], 9) == f"{image!r}|{image.layers[0]!r}|9"


@check("register: the older form, a whole menu path")
def old_form() -> None:
    image = picture()
    assert native("python-fu-old-form").get_menu_paths() == ["<Image>/Filters/Echoes"]
    assert native("python-fu-old-form").get_menu_label() == "Old form"
    assert native("python-fu-old-form").get_image_types() == "RGB*, GRAY*"
    assert fu.pdb.python_fu_old_form(image, image.layers[0], 9) == f"{image!r}|{image.layers[0]!r}|9"


@check("register: an image alone, no image, the toolbox")
def other_forms() -> None:
    image = picture()
    assert fu.pdb.python_fu_image_alone(image) == repr(image)
    assert fu.pdb.python_fu_toolbox_form(8) == "8"
    assert native("python-fu-toolbox-form").get_menu_paths() == ["<Image>/Echoes"]


@check("register: names")
def names() -> None:
    assert native("python-fu-named") is not None
    assert native("file-echo-load") is not None
    for wrong in ("with space", "naïve", "dots.are.wrong"):
        assert "illegal characters" in refuses(fu.error, lambda wrong=wrong: registered((0, wrong)))


@check("register: wrong parameters and results")
def wrong_registrations() -> None:
    for entry, words in (
        ((fu.PF_INT, "a", "A"), "at least 4 elements"),
        (("PF_INT", "a", "A", 0), "must be integers"),
        ((fu.PF_INT, "a b", "A", 0), "illegal characters"),
        ((555, "a", "A", 0), "none of the PF_ types"),
    ):
        assert words in refuses(fu.error, lambda entry=entry: registered((8, [entry])))
    assert "at least 3 elements" in refuses(fu.error, lambda: registered((9, [(fu.PF_INT, "a")])))


@check("register: on_query and on_run")
def hooks() -> None:
    # asked once when GIMP asks what there is; run is for the dialog alone, as in 2.10
    assert fu.pdb.python_fu_with_hooks() == 1


def run_natively(name: str, run_mode: int, image: Any, layers: list[Any], **values: Any) -> Any:
    """Calls a procedure as GIMP's own menus do: drawables in an array; its first result."""
    from gimpfu._door import Gimp  # noqa: PLC0415

    config = native(name).create_config()
    config.set_property("run-mode", Gimp.RunMode(run_mode))
    config.set_property("image", image.native)
    config.set_core_object_array("drawables", [layer.native for layer in layers])
    for key, value in values.items():
        config.set_property(key, value)
    answer = native(name).run(config)
    assert answer.index(0) == Gimp.PDBStatusType.SUCCESS, Gimp.get_pdb().get_last_error()
    return answer.index(1)


@check("register: several layers that are selected, of which a script gets the first")
def several() -> None:
    image = picture(40, 30, "one", "two")
    first, second = image.layers
    assert run_natively("python-fu-old-form", 1, image, [second, first], amount=4) == f"{image!r}|{second!r}|4"


@check("register: with last values, without a dialog")
def last_values() -> None:
    image = picture()
    layer = image.layers[0]
    assert run_natively("python-fu-new-form", 2, image, [layer]) == f"{image!r}|{layer!r}|5"
    assert fu.pdb.python_fu_new_form(image, layer, 9) == f"{image!r}|{layer!r}|9"
    assert run_natively("python-fu-new-form", 2, image, [layer]) == f"{image!r}|{layer!r}|5"


@check("register: domain")
def domain() -> None:
    assert native("python-fu-new-form") is not None  # it was registered with a domain whose folder it does not have


@check("register: <Load> and <Save>", "gimp.register_magic_load_handler: a file", "gimp.register_save_handler: a file")
def files() -> None:
    name = os.path.join(gimp.directory, "picture.echo")
    image = gimp.Image(4, 3, fu.RGB)
    layer = gimp.Layer(image, "one", 4, 3, fu.RGB_IMAGE)
    image.add_layer(layer)
    layer.get_pixel_rgn(0, 0, 4, 3)[0:4, 0:3] = bytes(range(36))
    fu.pdb.gimp_file_save(image, layer, name, name)
    with open(name, "rb") as saved:
        assert saved.read() == b"ECHO" + bytes(range(36))
    loaded = fu.pdb.gimp_file_load(name, name)
    assert (loaded.width, loaded.layers[0].name) == (4, "loaded")
    assert loaded.layers[0].get_pixel_rgn(0, 0, 4, 3)[0:4, 0:3] == bytes(range(36))


@check("main: in a script that a batch command reads")
def main() -> None:
    registered((0, "read-by-batch"))
    assert fu.main() is None


WRONG = {
    "wrong-procedure": "gimp_no_such_procedure",
    "wrong-length": "string is wrong length",
    "wrong-type": "the drawable",
    "wrong-value": "the sky is green",
    "gives-up": "nothing to do",
    "history-off": "never turned on again",
}


@check("wrong scripts: an unknown procedure, a wrong length, a wrong type, an exception, fail")
def wrong_scripts() -> None:
    with open(os.path.join(gimp.directory, "plug-ins", "echoes", "echoes.py"), encoding="utf-8") as source:
        lines = source.read().splitlines()
    for name, words in WRONG.items():
        image = picture(8, 6)
        message = refuses(
            RuntimeError, lambda name=name, image=image: fu.pdb[f"python-fu-{name}"](image, image.layers[0])
        )
        assert words.replace("_", "-") in message.replace("_", "-"), message
        line = int(message.split("echoes.py, line ")[1].split(":")[0])
        assert lines[line - 1].startswith("    ")
        assert image.undo_is_enabled()
        image.undo_group_start()  # GIMP would say so if the script's own were open still
        image.layers[0].fill(fu.WHITE_FILL)
        image.undo_group_end()
        assert image.layers[0].get_pixel(0, 0) == (255, 255, 255, 255)
    image = picture(8, 6)
    assert fu.pdb.python_fu_ends_early(image, image.layers[0]) is None  # gimp.quit(): not a failure
    assert image.layers[0].get_pixel(0, 0) == (255, 255, 255, 255)
