"""`gimp.*`: each function and constant of the module."""

import importlib
import os
import sys
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
PATH_IN_SVG = '<svg><path d="M 10,10 L 30,10 L 30,20 z"/></svg>'


@check("gimp.version")
def version() -> None:
    assert gimp.version >= (3, 0, 0)
    assert gimp.version >= (2, 8)


@check("gimp.pdb")
def pdb() -> None:
    assert gimp.pdb is fu.pdb
    assert gimp.pdb.gimp_image_width(picture(40, 30)) == 40


@check("gimp.locale_directory", "gimp.directory", "gimp.data_directory", "gimp.sysconf_directory",
       "gimp.plug_in_directory")  # fmt: skip
def directories() -> None:
    assert os.path.isdir(gimp.directory)
    assert os.path.isdir(gimp.data_directory)
    assert gimp.locale_directory.startswith("/")
    assert "gimp" in gimp.sysconf_directory
    assert "gimp" in gimp.plug_in_directory


@check("import gimp, gimpenums, gimpcolor, gimpplugin")
def modules() -> None:
    assert importlib.import_module("gimp") is gimp
    assert importlib.import_module("gimpenums").RGB_IMAGE == 0
    assert importlib.import_module("gimpcolor").RGB(255, 0, 0).r == 1.0
    assert hasattr(importlib.import_module("gimpplugin"), "plugin")


@check("gimp.image_list")
def image_list() -> None:
    first, second = picture(), picture()
    assert gimp.image_list() == [second, first]  # the newest first


@check("gimp._id2image", "gimp._id2drawable", "gimp._id2vectors", "gimp._id2display")
def by_number() -> None:
    image = picture()
    assert gimp._id2image(image.ID) == image
    assert gimp._id2drawable(image.layers[0].ID) == image.layers[0]
    assert gimp._id2image(99999) is None
    assert gimp._id2drawable(99999) is None
    assert gimp._id2vectors(image.layers[0].ID) is None
    assert gimp._id2display(99999) is None


@check("gimp.delete")
def delete() -> None:
    image = picture()
    layer = gimp.Layer(image, "loose", 3, 3)
    gimp.delete(layer)
    gimp.delete(image)
    assert gimp.image_list() == []
    refuses(TypeError, lambda: gimp.delete(5))


@check("gimp.displays_flush", "gimp.displays_reconnect", "gimp.default_display")
def displays() -> None:
    assert gimp.displays_flush() is None
    assert gimp.default_display() is None
    refuses((gimp.error, TypeError), lambda: gimp.displays_reconnect(picture(), 3))


@check("gimp.message")
def message() -> None:
    assert gimp.message("a message of the checks") is None
    gimp.message(42)
    gimp.message("caf\udce9.png, a file of an old disk, cannot be read")
    fu.pdb.gimp_message("caf\udce9.png, likewise")


@check("gimp.progress_init", "gimp.progress_update")
def progress() -> None:
    gimp.progress_init("Working on caf\udce9.png")
    for share in (0, 0.5, 1.0, 1.5):
        gimp.progress_update(share)
    gimp.progress_init()


@check("gimp.progress_install")
def progress_install() -> None:
    gimp.progress_install(None, None, None, None)


@check("gimp.progress_uninstall")
def progress_uninstall() -> None:
    gimp.progress_uninstall("callback")


@check("gimp.install_temp_proc")
def install_temp_proc() -> None:
    gimp.install_temp_proc("name", "blurb", "help", "a", "c", "d", "menu", "*", fu.TEMPORARY, [], [], None)


@check("gimp.uninstall_temp_proc")
def uninstall_temp_proc() -> None:
    gimp.uninstall_temp_proc("name")


@check("gimp.export_dialog")
def export_dialog() -> None:
    gimp.export_dialog("PNG")


@check("gimp.export_image")
def export_image() -> None:
    image = picture(8, 6, "low", "high")
    refuses(TypeError, lambda: gimp.export_image(image))
    all_of_it = fu.EXPORT_CAN_HANDLE_RGB | fu.EXPORT_CAN_HANDLE_ALPHA | fu.EXPORT_CAN_HANDLE_LAYERS
    result, other, drawable = gimp.export_image(image, image.layers[1], "XCF", all_of_it)
    assert result in (fu.EXPORT_IGNORE, fu.EXPORT_EXPORT)  # GIMP 3 makes a copy in any case
    assert (len(other.layers), drawable.name, drawable.image) == (2, "low", other)
    result, other, drawable = gimp.export_image(image, None, "PNG", fu.EXPORT_CAN_HANDLE_RGB)
    assert result == fu.EXPORT_EXPORT
    assert other != image
    assert len(other.layers) == 1
    assert other.layers[0] == drawable


@check("gimp.set_data", "gimp.get_data")
def data() -> None:
    gimp.set_data("gimpfu-check", "\x00\xff text")
    assert gimp.get_data("gimpfu-check") == "\x00\xff text"
    refuses(gimp.error, lambda: gimp.get_data("nobody kept this"))


@check("gimp.parasite_attach", "gimp.parasite_find", "gimp.parasite_detach", "gimp.parasite_list",
       "gimp.attach_new_parasite")  # fmt: skip
def parasites() -> None:
    gimp.parasite_attach(gimp.Parasite("check-a", 0, "one"))
    gimp.attach_new_parasite("check-b", 0, "two")
    assert {"check-a", "check-b"} <= set(gimp.parasite_list())
    assert (gimp.parasite_find("check-a").data, gimp.parasite_find("check-b").data) == ("one", "two")
    gimp.parasite_detach("check-a")
    gimp.parasite_detach("check-b")
    assert gimp.parasite_find("check-a") is None


@check("gimp.context_push", "gimp.context_pop")
def context() -> None:
    gimp.set_foreground(1, 2, 3)
    gimp.context_push()
    gimp.set_foreground(9, 9, 9)
    gimp.context_pop()
    assert gimp.get_foreground()[0:3] == (1, 2, 3)


@check("gimp.get_foreground", "gimp.set_foreground", "gimp.get_background", "gimp.set_background")
def colours() -> None:
    gimp.set_foreground((255, 128, 0))
    gimp.set_background(fu.gimpcolor.RGB(0.0, 0.0, 1.0))
    assert (gimp.get_foreground()[0:3], gimp.get_background()[0:3]) == ((255, 128, 0), (0, 0, 255))
    assert isinstance(gimp.get_foreground(), fu.gimpcolor.RGB)
    gimp.set_foreground("red")
    gimp.set_background(1.0, 0.0, 0.0)
    assert gimp.get_foreground()[0:3] == gimp.get_background()[0:3] == (255, 0, 0)
    refuses(TypeError, lambda: gimp.set_foreground(3, 4))


@check("gimp.gradients_get_list")
def gradients_get_list() -> None:
    assert "FG to BG (RGB)" in gimp.gradients_get_list()
    assert gimp.gradients_get_list("FG to BG .RGB") == ("FG to BG (RGB)",)


@check("gimp.context_get_gradient", "gimp.context_set_gradient", "gimp.gradients_get_gradient",
       "gimp.gradients_set_gradient")  # fmt: skip
def gradient() -> None:
    gimp.context_set_gradient("Golden")
    assert gimp.context_get_gradient() == gimp.gradients_get_gradient() == "Golden"
    gimp.gradients_set_gradient("FG to BG (RGB)")
    assert gimp.context_get_gradient() == "FG to BG (RGB)"
    refuses(gimp.error, lambda: gimp.context_set_gradient("no such gradient"))


@check("gimp.gradient_get_uniform_samples", "gimp.gradient_get_custom_samples", "gimp.gradients_sample_uniform",
       "gimp.gradients_sample_custom")  # fmt: skip
def samples() -> None:
    gimp.set_foreground(0, 0, 0)
    gimp.set_background(255, 255, 255)
    gimp.context_set_gradient("FG to BG (RGB)")
    ends = gimp.gradient_get_uniform_samples("FG to BG (RGB)", 3)
    assert (ends[0], ends[2]) == ((0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0))
    assert gimp.gradients_sample_uniform(3) == ends
    assert gimp.gradients_sample_uniform(3, True) == ends[::-1]
    assert gimp.gradients_sample_custom([0.0, 1.0]) == gimp.gradient_get_custom_samples("FG to BG (RGB)", (0, 1))
    assert gimp.gradients_sample_custom([1.0])[0] == ends[2]


@check("gimp.fonts_get_list", "gimp.fonts_refresh")
def fonts() -> None:
    gimp.fonts_refresh()
    assert any("DejaVu" in name for name in gimp.fonts_get_list())
    assert all("Mono" in name for name in gimp.fonts_get_list("Mono"))


@check("gimp.checks_get_shades")
def checks_get_shades() -> None:
    assert gimp.checks_get_shades(fu.CHECK_TYPE_LIGHT_CHECKS) == (255, 204)
    assert gimp.checks_get_shades(fu.CHECK_TYPE_DARK_CHECKS) == (51, 0)


@check("gimp.check_size", "gimp.check_type")
def board() -> None:
    assert gimp.check_size() in (0, 1, 2)
    assert gimp.check_type() in range(7)


@check("gimp.tile_width", "gimp.tile_height", "gimp.tile_cache_size", "gimp.tile_cache_ntiles")
def tiles() -> None:
    assert (gimp.tile_width(), gimp.tile_height()) == (64, 64)
    assert gimp.tile_cache_size(1024) is None
    assert gimp.tile_cache_ntiles(20) is None
    refuses(TypeError, lambda: gimp.tile_cache_ntiles("many"))


@check("gimp.personal_rc_file")
def personal_rc_file() -> None:
    assert gimp.personal_rc_file("my.rc") == os.path.join(gimp.directory, "my.rc")


@check("gimp.user_directory")
def user_directory() -> None:
    assert gimp.user_directory(0) is None or gimp.user_directory(0).startswith("/")


@check("gimp.gamma", "gimp.gtkrc", "gimp.get_progname", "gimp.wm_class", "gimp.display_name", "gimp.monitor_number",
       "gimp.show_tool_tips", "gimp.show_help_button")  # fmt: skip
def surroundings() -> None:
    assert gimp.gamma() == 2.2
    assert gimp.gtkrc().endswith("gtkrc")
    assert gimp.get_progname() == sys.argv[0] or gimp.get_progname()
    assert gimp.wm_class()
    assert gimp.display_name() == os.environ.get("DISPLAY")
    assert gimp.monitor_number() == 0
    assert gimp.show_tool_tips() is True
    assert gimp.show_help_button() in (True, False)


@check("gimp.vectors_import_from_string", "gimp.vectors_import_from_file")
def import_paths() -> None:
    image = picture(40, 30)
    (path,) = gimp.vectors_import_from_string(image, PATH_IN_SVG, False, False)
    assert image.vectors == [path]
    assert path.strokes[0].points[1] is True
    name = os.path.join(gimp.directory, "path.svg")
    with open(name, "w", encoding="utf-8") as out:
        out.write(PATH_IN_SVG)
    assert len(gimp.vectors_import_from_file(image, name)) == 1
    with open(name, encoding="utf-8") as text:
        assert len(gimp.vectors_import_from_file(image, text, merge=True, scale=True)) == 1
    refuses(gimp.error, lambda: gimp.vectors_import_from_file(image, "/no/such.svg"))


@check("gimp.domain_register")
def domain_register() -> None:
    assert gimp.domain_register("gimp20-python", gimp.locale_directory) is None
    refuses(TypeError, lambda: gimp.domain_register(3))


@check("gimp.install_procedure", "gimp.menu_register", "gimp.register_load_handler", "gimp.register_magic_load_handler",
       "gimp.register_save_handler", "gimp.main")  # fmt: skip
def low_level() -> None:
    """The plug-in that scripts/lowlevel.py is was installed by these; here it is called, and a wrong use refused."""
    assert fu.pdb["check-lowlevel-add"](3, 4) == 7
    assert fu.pdb.procedure_exists("file-lowlevel-load") if hasattr(fu.pdb, "procedure_exists") else True
    refuses(gimp.error, lambda: gimp.menu_register("nobody-installed-this", "<Image>/Filters"))
    refuses(gimp.error, lambda: gimp.main(None, None, None, None))


@check("gimp.extension_ack", "gimp.extension_enable", "gimp.extension_process")
def extensions() -> None:
    assert gimp.extension_ack() is None


@check("fail")
def fail() -> None:
    error = fu.error
    assert refuses(error, lambda: fu.fail("nothing is selected")) == "nothing is selected"
    assert issubclass(error, RuntimeError)


@check("N_", "_", "math", "gimpfu.CancelError")
def small_names() -> None:
    import builtins  # noqa: PLC0415

    assert fu.N_("text") == builtins.__dict__["_"]("text") == "text"
    assert fu.math.pi > 3
    assert issubclass(fu.CancelError, RuntimeError)
