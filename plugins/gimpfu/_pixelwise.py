"""Filters that GEGL has not: each pixel by itself, in Python, into the drawable's shadow."""

from typing import Any

from ._door import Gegl
from ._gegl import check_drawable, selected

FORM = "R'G'B'A u8"


def keep_extreme(drawable: Any, *, largest: bool) -> None:
    """Leaves of each pixel's colours those that are the largest (least) ones. About a second a megapixel."""
    check_drawable(drawable, "plug-in-max-rgb")
    region = selected(drawable)
    if region is None:
        return
    samples = bytearray(drawable.get_buffer().get(region, 1.0, FORM, Gegl.AbyssPolicy.NONE))
    wanted = max if largest else min
    for start in range(0, len(samples), 4):
        red, green, blue = samples[start : start + 3]
        kept = wanted(red, green, blue)
        samples[start : start + 3] = bytes(value if value == kept else 0 for value in (red, green, blue))
    shadow = drawable.get_shadow_buffer()
    shadow.set(region, FORM, bytes(samples))
    shadow.flush()
    drawable.merge_shadow(True)  # libgimp's own signature: with undo
    drawable.update(region.x, region.y, region.width, region.height)
