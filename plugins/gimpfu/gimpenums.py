"""The constants of 2.10 under their own names, with 2.10's numbers: `from gimpenums import *`.

A stand-in for the module that gimpfu re-exported. Names come from `enums210.txt`, so an editor does not see them; what
it must never do is import gi. Numbers that differ in GIMP 3 are translated where a procedure is called (`_enums`).
"""

from ._enums import constants

_MISCELLANEOUS = {
    "TRUE": 1, "FALSE": 0,
    "PARASITE_PERSISTENT": 1, "PARASITE_UNDOABLE": 2, "PARASITE_ATTACH_PARENT": 0x80 << 8,
    "PARASITE_PARENT_PERSISTENT": 1 << 8, "PARASITE_PARENT_UNDOABLE": 2 << 8,
    "PARASITE_ATTACH_GRANDPARENT": 0x80 << 16, "PARASITE_GRANDPARENT_PERSISTENT": 1 << 16,
    "PARASITE_GRANDPARENT_UNDOABLE": 2 << 16,
    "UNIT_PIXEL": 0, "UNIT_INCH": 1, "UNIT_MM": 2, "UNIT_POINT": 3, "UNIT_PICA": 4,
    "MIN_IMAGE_SIZE": 1, "MAX_IMAGE_SIZE": 524288, "MIN_RESOLUTION": 5e-3, "MAX_RESOLUTION": 1048576.0,
    "MAX_MEMSIZE": (1 << 42) - 1,
    "PIXEL_FETCHER_EDGE_NONE": 0, "PIXEL_FETCHER_EDGE_WRAP": 1, "PIXEL_FETCHER_EDGE_SMEAR": 2,
    "PIXEL_FETCHER_EDGE_BLACK": 3, "PIXEL_FETCHER_EDGE_BACKGROUND": 4,
    "EXPORT_CAN_HANDLE_RGB": 1, "EXPORT_CAN_HANDLE_GRAY": 2, "EXPORT_CAN_HANDLE_INDEXED": 4,
    "EXPORT_CAN_HANDLE_BITMAP": 8, "EXPORT_CAN_HANDLE_ALPHA": 16, "EXPORT_CAN_HANDLE_LAYERS": 32,
    "EXPORT_CAN_HANDLE_LAYERS_AS_ANIMATION": 64, "EXPORT_CAN_HANDLE_LAYER_MASKS": 128, "EXPORT_NEEDS_ALPHA": 256,
    "EXPORT_CANCEL": 0, "EXPORT_IGNORE": 1, "EXPORT_EXPORT": 2,
    "HISTOGRAM_RGB": 6,  # 2.10 had it, hidden from its own list of names
    # Names of GIMP 2.6 and before, which 2.10 no longer had and old scripts still use.
    "ADD_WHITE_MASK": 0, "ALPHA_MASK": 2, "RGB_MODE": 0, "WHITE_MASK": 0, "BLACK_MASK": 1,
}  # fmt: skip
_FROM_TYPES = {name: number for of_type in constants().values() for name, number in of_type.items()}

globals().update(_FROM_TYPES | _MISCELLANEOUS)
__all__ = sorted(_FROM_TYPES | _MISCELLANEOUS)  # noqa: PLE0605  # computed: that is the module's point
