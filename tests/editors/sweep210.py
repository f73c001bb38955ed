"""Every procedure of GIMP 2.10, to be called once with arguments that its signature makes plausible.

Names that are not called, and refusals that are right for these arguments, stand here with their reason. Knows no GIMP;
`checks/pdb_sweep.py` makes the calls.
"""

from pathlib import Path

LIST = Path(__file__).parents[2] / "plugins" / "gimpfu" / "pdb210.txt"
# What opens a window, a browser, a printer, or ends GIMP; the camera formats need a raw developer that is not there.
WINDOWS = (
    "gimp-quit", "gimp-help", "extension-", "file-print-gtk", "plug-in-web-browser", "plug-in-mail-image",
    "plug-in-script-fu-", "plug-in-screenshot", "plug-in-plug-in-details", "plug-in-unit-editor", "plug-in-dbbrowser",
    "plug-in-busy-dialog", "plug-in-imagemap", "plug-in-metadata-", "plug-in-animationplay", "plug-in-gfig",
    "plug-in-gimpressionist", "plug-in-spheredesigner", "gimp-online-", "file-raw-placeholder-", "gimp-palette-export-",
    "gimp-procedural-db-dump", "script-fu-paste-as-", "script-fu-font-map", "script-fu-spinning-globe",
)  # fmt: skip
# What GIMP answers to these arguments, and rightly so: the words that must be in it.
EXPECTED = {
    "gimp-brush-delete": "gimp-resource-delete",  # GIMP's own brush stays
    "gimp-brush-rename": "not renamable",
    "gimp-brush-set": "gimp-brush-set",  # a brush of GIMP's own
    "gimp-brushes-set-spacing": "gimp-brush-set-spacing",
    "gimp-buffer-": "gimp-buffer-",  # no buffer of that name
    "gimp-channel-delete": "gimp-item-delete",  # it is in an image
    "gimp-drawable-delete": "gimp-item-delete",
    "gimp-item-delete": "gimp-item-delete",
    "gimp-layer-delete": "gimp-item-delete",
    "gimp-clone-default": "source image",
    "gimp-heal-default": "source image",
    "gimp-context-set-mypaint-brush": "not found",
    "gimp-convert-rgb": "must not be of type 'rgb'",
    "gimp-image-convert-rgb": "must not be of type 'rgb'",
    "gimp-debug-timer-end": "gimp-debug-timer-end",
    "gimp-display": "gimp-display",  # there is no window
    "gimp-displays-reconnect": "gimp-displays-reconnect",
    "gimp-edit-stroke": "no selection",
    "gimp-drawable-edit-stroke-selection": "no selection",
    "gimp-edit-named-paste": "buffer",
    "gimp-floating-sel-": "not a floating selection",
    "gimp-gradient-delete": "gimp-resource-delete",  # GIMP's own gradient stays
    "gimp-gradient-rename": "not renamable",
    "gimp-gradient-segment-": "gimp-gradient-segment-",
    "gimp-get-path-by-tattoo": "tattoo",
    "gimp-gimprc": "gimp-gimprc",
    "gimp-image-add-channel": "already been added",
    "gimp-image-add-layer": "already been added",
    "gimp-image-add-vectors": "already been added",
    "gimp-image-insert-": "already been added",
    "gimp-image-delete-": "does not contain",
    "gimp-image-find-next-": "does not contain",
    "gimp-image-get-guide-": "does not contain",
    "gimp-image-get-sample-point-position": "does not contain",
    "gimp-image-raise-": "higher",
    "gimp-image-thaw-": "gimp-image-thaw-",
    "gimp-image-undo-group-end": "could not end an undo group",
    "gimp-undo-push-group-end": "could not end an undo group",
    "gimp-image-set-cmap": "not indexed",
    "gimp-image-set-colormap": "not indexed",
    "gimp-image-merge-layer-group": "GimpGroupLayer",
    "gimp-item-get-children": "gimp-item-get-children",  # a layer is no group
    "gimp-palette-": "gimp-",  # a palette of GIMP's own
    "gimp-selection-float": "empty",
    "gimp-text-layer-": "GimpTextLayer",  # a layer that is no text
    "gimp-vectors-new-from-text-layer": "not a text layer",
    "gimp-vectors-parasite-find": "gimp-item-get-parasite",  # the path has none
    "plug-in-cml-explorer": "plug-in-cml-explorer",
    "file-csource-save": "file-csource-export",  # it asks for settings
    "gimp-context-set-dynamics": "not found",
    "gimp-context-set-paint-method": "does not exist",
    "gimp-drawable-edit-stroke-item": "gimp-drawable-edit-stroke-item",  # a layer is no path
    "gimp-drawable-transform-scale": "gimp-item-transform-scale",  # to nothing
    "gimp-item-transform-scale": "gimp-item-transform-scale",
    "gimp-scale": "gimp-item-transform-scale",
    "gimp-file-save": "Unknown file type",
    "gimp-file-save-thumbnail": "gimp-file-create-thumbnail",
    "gimp-gradients-get-gradient-data": "num-samples",
    "gimp-image-convert-color-profile": "ICC",
    "gimp-image-convert-color-profile-from-file": "",
    "gimp-image-set-color-profile": "ICC",
    "gimp-image-set-color-profile-from-file": "",
    "gimp-image-convert-precision": "must not be of precision",
    "gimp-image-remove-layer-mask": "gimp-layer-remove-mask",  # it has none
    "gimp-layer-remove-mask": "gimp-layer-remove-mask",
    "gimp-layer-set-apply-mask": "gimp-layer-set-apply-mask",
    "gimp-layer-set-edit-mask": "gimp-layer-set-edit-mask",
    "gimp-layer-set-show-mask": "gimp-layer-set-show-mask",
    "gimp-palette-rename": "not renamable",
    "gimp-path-set-points": "gimp-path-stroke-new-from-points",  # the points are no path
    "gimp-path-import": "No such file",
    "gimp-procedural-db-get-data": "no data",
    "gimp-procedural-db-proc-val": "there is no number 1",
    "gimp-progress-cancel": "gimp-progress-cancel",
    "gimp-vectors-import-from-string": "Document",
    "plug-in-autocrop-layer": "gimp-image-autocrop-selected-layers",  # of one colour
    "plug-in-colormap-": "plug-in-colormap",  # no indexed image
    "plug-in-convmatrix": "must have 25",
    "plug-in-flame": "plug-in-flame",
    "plug-in-ifscompose": "plug-in-ifscompose",
    "plug-in-qbist": "plug-in-qbist",
    "plug-in-fractalexplorer": "n-colors",
    "plug-in-recompose": "plug-in-recompose",  # nothing was decomposed
    "plug-in-retinex": "scale",
    "plug-in-sel2path": "plug-in-sel2path",  # no selection
    "plug-in-small-tiles": "num-tiles",
    "plug-in-sparkle": "lum-threshold",
    "plug-in-warp": "plug-in-warp",
    "script-fu-add-bevel": "script-fu-add-bevel",
    "gimp-xcf-load": "No such file",
    "file-xcf": "No such file",
    "file-glob": "file-glob",
    "file-fli-info": "file-fli-info",
}


NO_DISPLAY = "gimp-display-new"
# Debian's GIMP 3.2 has Script-Fu's scripts, which 3.0's has not; what they answer to these arguments without a window.
EXPECTED_LATER = {
    **dict.fromkeys(
        (
            "script-fu-add-bevel", "script-fu-fuzzy-border", "script-fu-gradient-example", "script-fu-old-photo",
            "script-fu-ripply-anim", "script-fu-round-corners", "script-fu-slide", "script-fu-unsharp-mask",
            "script-fu-waves-anim",
        ),
        NO_DISPLAY,
    ),
    **dict.fromkeys(
        ("script-fu-circuit", "script-fu-clothify", "script-fu-lava", "script-fu-line-nova"), "out of range"
    ),
    "script-fu-burn-in-anim": "cannot be 'text'",
    "script-fu-set-cmap": "gimp-image-set-palette",
    "script-fu-sota-chrome-it": "No such file",
}  # fmt: skip


def names() -> list[str]:
    """Procedures of 2.10 that are called."""
    every = [line.partition("(")[0] for line in LIST.read_text().splitlines()]
    return [name for name in every if not name.startswith(WINDOWS) and "-load" not in name]


def expected(name: str, *, later: bool) -> str:
    """Words of the answer that is right for these arguments; empty for a call that works. `later`: in GIMP 3.2."""
    if later and name in EXPECTED_LATER:
        return EXPECTED_LATER[name]
    fitting = [start for start in EXPECTED if name.startswith(start)]
    return EXPECTED[max(fitting, key=len)] if fitting else ""


NAMES = [f"pdb.{name.replace('-', '_')} is called" for name in names()]
