"""All rows of the table: importing this fills it. Called by `_pdb`."""

from . import (  # noqa: F401  # imported for the rows that they enter
    _filters_artistic,
    _filters_blur,
    _filters_colour,
    _filters_distort,
    _filters_light,
    _filters_noise,
    _procedures_colour,
    _procedures_edit,
    _procedures_file,
    _procedures_image,
    _procedures_item,
    _procedures_path,
    _procedures_plugin,
    _procedures_resource,
    _procedures_selection,
    _procedures_text,
    _procedures_transform,
)
from ._rows import ABSENT, RENAMED, ROWS

__all__ = ["ABSENT", "RENAMED", "ROWS"]
