"""2.10's procedures about the database, progress, units, profiles and plug-ins themselves. Rows; `_pdb` calls them."""

from collections.abc import Sequence
from typing import Any

from . import _buffers, _data, _signature
from ._door import Gimp, GLib
from ._gimp3 import call, file
from ._rows import absent, renamed, row
from ._signature import TYPES

renamed({
    "gimp-parasite-attach": "gimp-attach-parasite",
    "gimp-parasite-detach": "gimp-detach-parasite",
    "gimp-parasite-find": "gimp-get-parasite",
    "gimp-parasite-list": "gimp-get-parasite-list",
})  # fmt: skip
REGISTERING = "call it through gimpfu: register(...) with menu=, domain= and on_query= does what it did"
absent({
    **{
        f"gimp-plugin-{name}": REGISTERING
        for name in ("domain-register", "help-register", "icon-register", "menu-branch-register", "menu-register")
    },
    **{
        f"gimp-register-{name}": REGISTERING
        for name in (
            "file-handler-mime", "file-handler-priority", "file-handler-raw", "file-handler-uri", "load-handler",
            "magic-load-handler", "save-handler", "thumbnail-loader",
        )
    },
    "gimp-plugins-query": "GIMP 3 tells less of its plug-ins: pdb.gimp_plug_ins_query",
    "gimp-progress-install": "GIMP 3 draws a plug-in's progress in its own dialog",
    "gimp-progress-uninstall": "GIMP 3 draws a plug-in's progress in its own dialog",
    "gimp-get-theme-dir": "themes are GIMP's own affair since 3.0",
    "gimp-get-icon-theme-dir": "themes are GIMP's own affair since 3.0",
    "gimp-online-wiki": "that page is gone",
    "gimp-procedural-db-dump": "Gimp.get_pdb().dump_to_file writes GIMP 3's own form",
})  # fmt: skip


@row("gimp-plugin-enable-precision", target="gimpfu's own pixels")
def enable_precision() -> None:
    """Pixel regions in their own depth from now on."""
    _buffers.enable_precision()


@row("gimp-plugin-precision-enabled", target="gimpfu's own pixels")
def precision_enabled() -> int:
    """Whether pixel regions are in their own depth."""
    return int(_buffers.precision_enabled())


HANDLER = {"mode": 1}  # PLUGIN: errors are exceptions, whatever is set


@row("gimp-plugin-set-pdb-error-handler", target="gimpfu's own errors")
def set_error_handler(mode: int) -> None:
    """Remembered; errors are exceptions in any case."""
    HANDLER["mode"] = mode


@row("gimp-plugin-get-pdb-error-handler", target="gimpfu's own errors")
def get_error_handler() -> int:
    """What was set last."""
    return HANDLER["mode"]


@row("gimp-progress-init", target="Gimp.progress_init")
def progress_init(message: str, _display: Any) -> None:
    """Begins a progress bar."""
    Gimp.progress_init(message or "")


@row("gimp-progress-update", target="Gimp.progress_update")
def progress_update(fraction: float) -> None:
    """Moves the progress bar, 0 to 1."""
    Gimp.progress_update(min(max(fraction, 0.0), 1.0))


@row("gimp-display-is-valid", target="gimp-display-id-is-valid")
def display_is_valid(display: Any) -> bool:
    """Whether there is such a display."""
    return bool(display and display.is_valid())


@row("gimp-procedural-db-proc-exists", target="gimpfu's own table")
def proc_exists(name: str) -> int:
    """Whether `pdb` has a procedure."""
    return int(_signature.known(name) or Gimp.get_pdb().procedure_exists(name))


@row("gimp-procedural-db-query", target="Gimp.PDB.query_procedures")
def query(*patterns: str) -> list[str]:
    """GIMP 3's own procedures that match seven regular expressions."""
    return list(Gimp.get_pdb().query_procedures(*[pattern or ".*" for pattern in patterns], ".*"))


def _function(name: str) -> Any:
    from ._pdb import pdb  # noqa: PLC0415  # the table is part of what it asks

    try:
        return pdb[name]
    except KeyError:
        raise RuntimeError(f"procedure '{name}' not found") from None


@row("gimp-procedural-db-proc-info", target="gimpfu's own table")
def proc_info(name: str) -> tuple[Any, ...]:
    """What a procedure is said to be, and how many arguments and results it has."""
    found = _function(name)
    told = (
        found.proc_blurb,
        found.proc_help,
        found.proc_author,
        found.proc_copyright,
        found.proc_date,
        found.proc_type,
    )
    return (*told, found.nparams, found.nreturn_vals)


@row("gimp-procedural-db-proc-arg", target="gimpfu's own table")
def proc_arg(name: str, number: int) -> tuple[Any, ...]:
    """Type, name and description of an argument."""
    return _one(_function(name).params, number, name, "argument")


@row("gimp-procedural-db-proc-val", target="gimpfu's own table")
def proc_val(name: str, number: int) -> tuple[Any, ...]:
    """Type, name and description of a result."""
    return _one(_function(name).return_vals, number, name, "result")


def _one(several: Sequence[tuple[Any, ...]], number: int, name: str, what: str) -> tuple[Any, ...]:
    if not 0 <= number < len(several):
        raise RuntimeError(f"'{name}' has {len(several)} {what}s, there is no number {number}")
    assert several[number][0] in TYPES.values()
    return several[number]


@row("gimp-procedural-db-temp-name", "gimp-temp-PDB-name", target="Gimp.PDB.temp_procedure_name")
def temp_name() -> str:
    """A name that no procedure has yet."""
    return str(Gimp.get_pdb().temp_procedure_name())


@row("gimp-procedural-db-set-data", target="gimp-attach-parasite")
def set_data(name: str, data: Sequence[int]) -> None:
    """Keeps bytes as long as GIMP runs."""
    _data.set_data(name, bytes(value & 255 for value in data))


@row("gimp-procedural-db-get-data", target="gimp-get-parasite")
def get_data(name: str) -> bytes:
    """The bytes kept under a name."""
    return _data.get_data(name)


@row("gimp-procedural-db-get-data-size", target="gimp-get-parasite")
def get_data_size(name: str) -> int:
    """How many bytes are kept under a name."""
    return len(_data.get_data(name))


def unit(number: int) -> Any:
    """GIMP 3's unit for 2.10's number. Raises RuntimeError when there is none."""
    found = Gimp.Unit.get_by_id(number)
    if found is None:
        raise RuntimeError(f"no unit has number {number}")
    return found


def _unit_text(attribute: str, getter: str) -> None:
    @row(f"gimp-unit-get-{attribute}", target=f"Gimp.Unit.{getter}")
    def get(number: int) -> Any:
        return getattr(unit(number), getter)()


for _attribute, _getter in (
    ("abbreviation", "get_abbreviation"), ("digits", "get_digits"), ("factor", "get_factor"),
    ("identifier", "get_name"), ("plural", "get_name"), ("symbol", "get_symbol"),
):  # fmt: skip
    _unit_text(_attribute, _getter)


SINGULAR = ("pixel", "inch", "millimeter", "point", "pica")


@row("gimp-unit-get-singular", target="2.10's words; of a unit that the user added Gimp.Unit.get_name")
def get_singular(number: int) -> str:
    """One of a unit; GIMP 3 has no word for it."""
    found = unit(number)
    return SINGULAR[number] if 0 <= number < len(SINGULAR) else str(found.get_name())


@row("gimp-unit-get-deletion-flag", target="1: units of a plug-in go with GIMP")
def get_deletion_flag(number: int) -> int:
    """Whether the unit goes when GIMP ends: all but the five that are built in."""
    return int(unit(number).get_id() > 4)


@row("gimp-unit-set-deletion-flag", target="nothing: GIMP 3 keeps its units by itself")
def set_deletion_flag(number: int, _flag: int) -> None:
    """GIMP 3 keeps the user's units by itself."""
    unit(number)


@row("gimp-unit-get-number-of-built-in-units", target="5")
def built_in_units() -> int:
    """Pixel, inch, millimetre, point, pica."""
    return 5


@row("gimp-unit-get-number-of-units", target="Gimp.Unit.get_by_id")
def number_of_units() -> int:
    """How many units there are."""
    count = 0
    while Gimp.Unit.get_by_id(count) is not None:
        count += 1
    return count


@row("gimp-unit-new", target="gimp-unit-new")
def unit_new(name: str, factor: float, digits: int, symbol: str, abbreviation: str, _one: str, _more: str) -> int:
    """A new unit's number."""
    return int(call("gimp-unit-new", name, factor, digits, symbol, abbreviation))


def told(profile: Any) -> tuple[str, str, str]:
    """Name (2.10 gave the model), description and more of an ICC profile."""
    return profile.get_model() or "", profile.get_description() or "", profile.get_summary() or ""


@row("plug-in-icc-profile-info", target="Gimp.Image.get_effective_color_profile")
def icc_profile_info(image: Any) -> tuple[str, str, str]:
    """What the image's profile is."""
    return told(image.get_effective_color_profile())


@row("plug-in-icc-profile-file-info", target="Gimp.ColorProfile.new_from_file")
def icc_profile_file_info(filename: str) -> tuple[str, str, str]:
    """What a profile in a file is."""
    try:
        return told(Gimp.ColorProfile.new_from_file(file(filename)))
    except GLib.Error as error:  # no such file, no profile
        raise RuntimeError(f"plug-in-icc-profile-file-info: {filename}: {error}") from None


@row("plug-in-icc-profile-set", target="gimp-image-set-color-profile-from-file")
def icc_profile_set(image: Any, filename: str) -> None:
    """Assigns a profile of a file."""
    call("gimp-image-set-color-profile-from-file", image, filename)


@row("plug-in-icc-profile-set-rgb", target="Gimp.Image.set_color_profile")
def icc_profile_set_rgb(image: Any) -> None:
    """Takes the profile away: the default holds."""
    image.set_color_profile(None)


@row("plug-in-icc-profile-apply", target="gimp-image-convert-color-profile-from-file")
def icc_profile_apply(image: Any, filename: str, intent: int, bpc: int) -> None:
    """Converts to a profile of a file."""
    call("gimp-image-convert-color-profile-from-file", image, filename, intent, bpc)


@row("plug-in-icc-profile-apply-rgb", target="Gimp.Image.convert_color_profile")
def icc_profile_apply_rgb(image: Any, intent: int, bpc: int) -> None:
    """Converts to sRGB."""
    image.convert_color_profile(Gimp.ColorProfile.new_rgb_srgb(), intent, bool(bpc))
