"""`gimp`'s functions about the running GIMP: images, displays, messages, progress, data for the session, parasites.

Part of the module `gimp`, which `_gimp` puts together.
"""

from typing import Any, NoReturn

from . import _buffers
from ._bytes import ByteString, words
from ._display import Display
from ._door import Gimp, Gio
from ._error import done, error
from ._image import Image
from ._item import Native, need, wrapped
from ._parasite import Parasite
from ._run import is_running
from ._wrap import wrap

IGNORED = 1  # 2.10's EXPORT_IGNORE, which GIMP 3 counts as 0
KEPT = "impasto-gimpfu-data-"  # GIMP 3 has no set-data; what lives as long as GIMP is a parasite that is not saved


def image_list() -> list[Image]:
    """All open images, the newest first."""
    return wrapped(Gimp.get_images())


def delete(thing: Native) -> None:
    """Deletes an image, an item that is in no image, or a display."""
    if not isinstance(thing, Native):
        raise TypeError(f"an image, a layer, a channel, a path or a display can be deleted, not {thing!r}")
    if isinstance(thing, Display) and thing.ID == -1:
        return
    shown = repr(thing)
    done(thing.native.delete(), f"delete {shown}")


def displays_flush() -> None:
    """Shows in all displays what was done."""
    _buffers.settle()
    Gimp.displays_flush()


def displays_reconnect(old_image: Image, new_image: Image) -> None:
    """Lets the displays of one image show another."""
    old, new = (need(image, Image, "displays_reconnect's argument") for image in (old_image, new_image))
    done(Gimp.displays_reconnect(old, new), f"reconnect the displays of {old_image!r} to {new_image!r}")


def default_display() -> Any:
    """The display that a plug-in was started from, or None."""
    return wrap(Gimp.default_display())


def message(msg: object) -> None:
    """Tells the user something: in a window, or on the error stream in batch."""
    Gimp.message(words(msg))


def quit() -> None:  # 2.10's own name
    """Ends the plug-in: a script that GIMP has called in peace, as `sys.exit()` does."""
    _buffers.settle()
    if is_running():
        raise SystemExit
    Gimp.quit()


def exit(force: int = 0) -> None:  # 2.10's own name
    """Ends GIMP, without asking for what is not saved where `force` says so."""
    _buffers.settle()
    config = Gimp.get_pdb().lookup_procedure("gimp-quit").create_config()
    config.set_property("force", bool(force))
    Gimp.get_pdb().lookup_procedure("gimp-quit").run(config)


def progress_init(message: str = "") -> None:
    """Begins a progress bar with these words."""
    Gimp.progress_init(words(message))


def progress_update(percentage: float) -> None:
    """Sets the progress bar: 0 to 1."""
    _buffers.settle()
    Gimp.progress_update(min(max(float(percentage), 0.0), 1.0))


def progress_install(*_callbacks: Any) -> NoReturn:
    """GIMP 3 gives Python no progress of its own to install."""
    raise NotImplementedError("gimp.progress_install: GIMP 3's Python cannot take progress callbacks")


def progress_uninstall(*_callback: Any) -> NoReturn:
    """There is none to take away."""
    raise NotImplementedError("gimp.progress_uninstall: GIMP 3's Python cannot take progress callbacks")


def set_data(id: str, data: str | bytes) -> None:
    """Keeps data under a name as long as GIMP runs."""
    done(Gimp.attach_parasite(Parasite(KEPT + id, 0, data).native), f"keep data '{id}'")


def get_data(id: str) -> ByteString:
    """The data kept under a name. Raises `error` when there are none."""
    found = Gimp.get_parasite(KEPT + id)
    if found is None:
        raise error(f"no data are kept under '{id}'")
    return Parasite.of(found).data


def parasite_find(name: str) -> Parasite | None:
    """GIMP's own parasite of that name, or None."""
    found = Gimp.get_parasite(name)
    return None if found is None else Parasite.of(found)


def parasite_attach(parasite: Parasite) -> None:
    """Attaches a parasite to GIMP itself."""
    done(Gimp.attach_parasite(need(parasite, Parasite, "a parasite").native), f"attach {parasite!r}")


def attach_new_parasite(name: str, flags: int, data: str | bytes) -> None:
    """Attaches data to GIMP itself under a name."""
    parasite_attach(Parasite(name, flags, data))


def parasite_detach(name: str) -> None:
    """Takes GIMP's own parasite of that name away."""
    done(Gimp.detach_parasite(name), f"detach parasite '{name}'")


def parasite_list() -> tuple[str, ...]:
    """Names of GIMP's own parasites, but for those that keep data."""
    return tuple(name for name in Gimp.get_parasite_list() if not name.startswith(KEPT))


def _id2image(id: int) -> Any:
    return wrap(Gimp.Image.get_by_id(id)) if Gimp.Image.id_is_valid(id) else None


def _id2drawable(id: int) -> Any:
    return wrap(Gimp.Item.get_by_id(id)) if Gimp.Item.id_is_drawable(id) else None


def _id2vectors(id: int) -> Any:
    return wrap(Gimp.Item.get_by_id(id)) if Gimp.Item.id_is_path(id) else None


def _id2display(id: int) -> Any:
    return wrap(Gimp.Display.get_by_id(id)) if Gimp.Display.id_is_valid(id) else None


def vectors_import_from_string(image: Image, svg_string: str, merge: int = 0, scale: int = 0) -> list[Any]:
    """Paths of an SVG text; merged into one, scaled to the image where asked."""
    native = need(image, Image, "image")
    good, paths = native.import_paths_from_string(svg_string, -1, bool(merge), bool(scale))
    done(good, "import paths from a string")
    return wrapped(paths)


def vectors_import_from_file(image: Image, svg_file: Any, merge: int = 0, scale: int = 0) -> list[Any]:
    """Paths of an SVG file, given by its path or open for reading."""
    if hasattr(svg_file, "read"):
        text = svg_file.read()
        return vectors_import_from_string(image, text if isinstance(text, str) else text.decode(), merge, scale)
    native = need(image, Image, "image")
    good, paths = native.import_paths_from_file(Gio.File.new_for_path(svg_file), bool(merge), bool(scale))
    done(good, f"import paths from {svg_file!r}")
    return wrapped(paths)


def export_image(image: Image, drawable: Any = None, format_name: str | None = None, capabilities: int = -1) -> Any:
    """An image ready for a format: what became of it (1: as it is, 2: a copy), the image, its drawable.

    Raises:
        TypeError: without capabilities. ValueError: when nothing is active in the image.
    """
    if capabilities == -1:
        told = f"for {format_name or 'the format'}: EXPORT_CAN_HANDLE_* and EXPORT_NEEDS_ALPHA, added"
        raise TypeError(f"the capabilities (4th) parameter must be set {told}")
    chosen = image.active_drawable if drawable is None else drawable
    if chosen is None:
        raise ValueError("no active drawable in the image and no drawable specified for export")
    options = Gimp.ExportOptions()
    options.set_property("capabilities", Gimp.ExportCapabilities(capabilities))
    result, ready = options.get_image(need(image, Image, "image"))
    exported = wrap(ready)
    if exported == image:
        return IGNORED, image, chosen
    return int(result) + IGNORED, exported, _counterpart(image, exported, chosen)


def _counterpart(image: Image, copy: Image, drawable: Any) -> Any:
    """The copy's drawable for one of an image: the one in the same place where both have as many layers."""
    places = [layer.ID for layer in image.layers]
    if drawable.ID in places and len(copy.layers) == len(places):
        return copy.layers[places.index(drawable.ID)]
    return copy.active_drawable or copy.layers[0]


def export_dialog(*_arguments: Any) -> NoReturn:
    """GTK 2's dialog is gone."""
    raise NotImplementedError("gimp.export_dialog: GIMP 3 has no such dialog for Python")
