"""The module `gimp`, as scripts know it: its classes, functions and constants, from the rooms that have them.

`from gimpfu import *` gives it as `gimp`, and the face puts it where `import gimp` finds it.
"""

from ._channel import Channel
from ._display import Display
from ._drawable import Drawable
from ._error import error
from ._image import Image
from ._item import Item
from ._layer import GroupLayer, Layer
from ._lowlevel import (
    domain_register,
    extension_ack,
    extension_enable,
    extension_process,
    install_procedure,
    install_temp_proc,
    main,
    menu_register,
    register_load_handler,
    register_magic_load_handler,
    register_save_handler,
    uninstall_temp_proc,
)
from ._paint import (
    checks_get_shades,
    context_get_gradient,
    context_pop,
    context_push,
    context_set_gradient,
    fonts_get_list,
    fonts_refresh,
    get_background,
    get_foreground,
    gradient_get_custom_samples,
    gradient_get_uniform_samples,
    gradients_get_gradient,
    gradients_get_list,
    gradients_sample_custom,
    gradients_sample_uniform,
    gradients_set_gradient,
    set_background,
    set_foreground,
)
from ._parasite import Parasite
from ._pdb import pdb
from ._pixels import PixelFetcher, PixelRgn, Tile
from ._places import (
    check_size,
    check_type,
    data_directory,
    directory,
    display_name,
    gamma,
    get_progname,
    gtkrc,
    locale_directory,
    monitor_number,
    personal_rc_file,
    plug_in_directory,
    show_help_button,
    show_tool_tips,
    sysconf_directory,
    tile_cache_ntiles,
    tile_cache_size,
    tile_height,
    tile_width,
    user_directory,
    version,
    wm_class,
)
from ._session import (
    _id2display,
    _id2drawable,
    _id2image,
    _id2vectors,
    attach_new_parasite,
    default_display,
    delete,
    displays_flush,
    displays_reconnect,
    exit,
    export_dialog,
    export_image,
    get_data,
    image_list,
    message,
    parasite_attach,
    parasite_detach,
    parasite_find,
    parasite_list,
    progress_init,
    progress_install,
    progress_uninstall,
    progress_update,
    quit,
    set_data,
    vectors_import_from_file,
    vectors_import_from_string,
)
from ._vectors import Vectors, VectorsBezierStroke, VectorsStroke

__all__ = [
    "Channel", "Display", "Drawable", "GroupLayer", "Image", "Item", "Layer", "Parasite", "PixelFetcher", "PixelRgn",
    "Tile", "Vectors", "VectorsBezierStroke", "VectorsStroke", "_id2display", "_id2drawable", "_id2image",
    "_id2vectors",
    "attach_new_parasite", "check_size", "check_type", "checks_get_shades", "context_get_gradient", "context_pop",
    "context_push", "context_set_gradient", "data_directory", "default_display", "delete", "directory", "display_name",
    "displays_flush", "displays_reconnect", "domain_register", "error", "exit", "export_dialog", "export_image",
    "extension_ack", "extension_enable", "extension_process", "fonts_get_list", "fonts_refresh", "gamma",
    "get_background", "get_data", "get_foreground", "get_progname", "gradient_get_custom_samples",
    "gradient_get_uniform_samples", "gradients_get_gradient", "gradients_get_list", "gradients_sample_custom",
    "gradients_sample_uniform", "gradients_set_gradient", "gtkrc", "image_list", "install_procedure",
    "install_temp_proc", "locale_directory", "main", "menu_register", "message", "monitor_number", "parasite_attach",
    "parasite_detach", "parasite_find", "parasite_list", "pdb", "personal_rc_file", "plug_in_directory",
    "progress_init", "progress_install", "progress_uninstall", "progress_update", "quit", "register_load_handler",
    "register_magic_load_handler", "register_save_handler", "set_background", "set_data", "set_foreground",
    "show_help_button", "show_tool_tips", "sysconf_directory", "tile_cache_ntiles", "tile_cache_size", "tile_height",
    "tile_width", "uninstall_temp_proc", "user_directory", "vectors_import_from_file", "vectors_import_from_string",
    "version", "wm_class",
]  # fmt: skip
