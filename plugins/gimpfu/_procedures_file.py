"""2.10's procedures to load and save files. Rows of the table; `_pdb` calls them.

2.10 saved the one drawable that a script named, where GIMP 3 exports the image: of an image with more than that, a
copy with the drawable alone is exported. What a format could be told stays where GIMP 3's has a setting for it
(`EXPORTS`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from . import _signature
from ._exporting import EXPORTS, exported_alone
from ._filename import loaded
from ._gimp3 import call, procedure
from ._rows import absent, renamed, row

renamed({
    "gimp-file-save-thumbnail": "gimp-file-create-thumbnail",
    "gimp-temp-name": "gimp-temp-file",
})  # fmt: skip
absent({
    "file-png-get-defaults": "GIMP 3 keeps the last values by itself",
    "file-png-set-defaults": "GIMP 3 keeps the last values by itself",
    "file-raw-get-defaults": "GIMP 3 keeps the last values by itself",
    "file-raw-set-defaults": "GIMP 3 keeps the last values by itself",
    "file-ps-load-setargs": "pass the resolution to pdb['file-ps-load'] of GIMP 3 itself: Gimp.get_pdb()",
    "file-mng-save": "GIMP 3 has no MNG any more",
    "file-gtm-save": "GIMP 3 has it as file-html-table-export, with settings of its own",
})  # fmt: skip


def found(filename: str) -> str:
    """A file's name, when there is such a file. Raises RuntimeError in 2.10's words otherwise."""
    if "://" not in (filename or "") and not Path(filename or "").exists():
        raise RuntimeError(f"Could not open '{filename}' for reading: No such file or directory")
    return filename


@row("gimp-file-load", target="gimp-file-load")
def file_load(filename: str, _raw: str, run_mode: int) -> Any:
    """Opens an image file."""
    return loaded(call("gimp-file-load", found(filename), run_mode=run_mode), filename)


@row("gimp-file-save", target="gimp-file-save")
def file_save(image: Any, drawable: Any, filename: str, _raw: str, run_mode: int) -> None:
    """Saves a drawable in the format that the name's ending says; layered formats hold the whole image."""
    with exported_alone(image, drawable, PurePath(filename or "").suffix) as single:
        call("gimp-file-save", single, filename, run_mode=run_mode)


@row("gimp-xcf-load", target="gimp-xcf-load")
def xcf_load(_dummy: int, filename: str, _raw: str) -> Any:
    """Opens GIMP's own format."""
    return loaded(call("gimp-xcf-load", found(filename)), filename)


@row("gimp-xcf-save", target="gimp-xcf-save")
def xcf_save(_dummy: int, image: Any, _drawable: Any, filename: str, _raw: str) -> None:
    """Saves the whole image in GIMP's own format."""
    call("gimp-xcf-save", image, filename)


OTHER_NAMES = {"file-load-rgbe": "file-rgbe-load", "file-save-rgbe": "file-rgbe-export"}
NOT_HERE = ("file-glob", "file-fli-info", "file-print-gtk")
OWN_SHAPE = ("multi", "internal", "get-defaults", "set-defaults", "setargs")


def _target(name: str) -> str:
    """The GIMP 3 procedure for a file procedure of 2.10's; GIMP is not asked, as it does not answer while it starts."""
    base = OTHER_NAMES.get(name, name).removesuffix("2")
    for old in ("-save-transparent", "-save-defaults", "-heif-av1-save", "-bigtiff-save"):
        base = base.replace(old, {"-heif-av1-save": "-heif-av1-save", "-bigtiff-save": "-tiff-save"}.get(old, "-save"))
    return base if base.endswith("-thumb") else base.replace("-save", "-export")


def there(name: str, target: str) -> str:
    """A procedure's name, when this GIMP has it. Raises NotImplementedError otherwise."""
    if procedure(target) is None:
        raise NotImplementedError(f"pdb.{name.replace('-', '_')}: GIMP 3 as it is installed has no {target}")
    return target


def _loader(name: str, target: str) -> None:
    """`file-png-load(filename, raw_filename, ...)`: what follows is GIMP 3's default."""
    dummy = _signature.signature(name).parameters[0].name == "dummy-param"

    @row(name, target=target)
    def load(*values: Any, run_mode: int) -> Any:
        filename = found(values[1] if dummy else values[0])
        return loaded(call(there(name, target), filename, run_mode=run_mode), filename)


def _thumbnailer(name: str) -> None:
    """`file-png-load-thumb`: 2.10 gave fewer results."""
    wanted = len(_signature.signature(name).results)

    @row(name, target=name)
    def load(*values: Any) -> Any:
        results = call(there(name, name), *values)
        return results[0] if wanted == 1 else results[:wanted]


def _saver(name: str, target: str, options: Callable[..., Mapping[str, Any]] | None) -> None:
    """`file-png-save(image, drawable, filename, raw_filename, ...)`."""

    @row(name, target=target)
    def save(image: Any, drawable: Any, filename: str, _raw: str, *values: Any, run_mode: int) -> None:
        named = dict(options(image, values)) if options else {}
        suffix = f".{name.removeprefix('file-').split('-')[0]}"
        with exported_alone(image, drawable, suffix) as single:
            call(there(name, target), single, filename, run_mode=run_mode, **named)


for _name in _signature.names():
    if not _name.startswith("file-") or _name in NOT_HERE or any(word in _name for word in OWN_SHAPE):
        continue
    if _name.endswith("-thumb"):
        _thumbnailer(_name)
    elif "-load" in _name:
        _loader(_name, _target(_name))
    elif "-save" in _name:
        _saver(_name, _target(_name), EXPORTS.get(_name))
