"""The file of an image as 2.10 had it: of an image that a script loaded, too, and under any ending.

GIMP 3 keeps the file of what the user opened, none for what a plug-in loads, and lets a plug-in name only .xcf files.
What it does not keep is kept here, for as long as the script's process lives. Called by `Image` and by `pdb`'s rows.
"""

from pathlib import PurePath
from typing import Any

from ._door import Gio
from ._wrap import wrap

_named: dict[int, str] = {}  # by the image's number, which GIMP gives only once


def loaded(image: Any, path: str) -> Any:
    """The image, a native one or ours, whose file is remembered unless GIMP knows it."""
    native = getattr(image, "native", image)
    if native is not None and _kept(native) is None:
        _named[native.get_id()] = path
    return image


def of(native: Any) -> str | None:
    """Path of the file that an image was loaded from, saved to or named after, or None."""
    found = _named.get(native.get_id())
    return found if found is not None else _kept(native)


def name(native: Any, path: str) -> None:
    """Names an image's file; nothing is written."""
    _named.pop(native.get_id(), None)
    file = Gio.File.new_for_uri(path) if "://" in path else Gio.File.new_for_path(path)
    if not path.lower().endswith((".xcf", ".xcf.gz", ".xcf.bz2", ".xcf.xz")) or not native.set_file(file):
        _named[native.get_id()] = path


def title(native: Any) -> str:
    """What 2.10 called an image: the last part of its file's path, or what GIMP 3 calls it."""
    path = of(native)
    return str(native.get_name()) if path is None else PurePath(path).name


def uri(native: Any) -> str | None:
    """The same as an address."""
    path = of(native)
    if path is None or "://" in path:
        return path
    return str(Gio.File.new_for_path(path).get_uri())


def _kept(native: Any) -> str | None:
    files = (native.get_file, native.get_xcf_file, native.get_imported_file)
    found = next((file for get in files if (file := get()) is not None), None)
    return None if found is None else str(wrap(found))
