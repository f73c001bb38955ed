"""GEGL operations on a drawable, as 2.10's core ran them: within the selection, one undo step.

Most go through `Gimp.DrawableFilter`. Those that 2.10 wrapped in others cannot: the ones that work on the values as
seen where the operation wants linear light (`cast`), and the ones for which the selection's bounds are the whole
picture. These run here, into the drawable's shadow, which the core then merges. Knows no procedure of 2.10's.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from . import gimpcolor
from ._door import Babl, Gegl, Gimp
from ._gimp3 import native

SEEN = "R'G'B'A float"
LINEAR = "RGBA float"


@cache
def ready() -> None:
    """GEGL's operations are loaded: GIMP does it before a plug-in's run, but not for a script run in batch."""
    Gegl.init(None)


def check_drawable(drawable: Any, procedure: str) -> None:
    """Refuses what 2.10's filters refused. Raises RuntimeError."""
    ready()
    if drawable is None:
        raise RuntimeError(f"{procedure}: there is no drawable to work on")
    image = drawable.get_image()
    if image is None or not _attached(drawable, image):
        raise RuntimeError(f"{procedure}: item '{drawable.get_name()}' is not attached to an image; insert it first")
    if drawable.is_group():
        raise RuntimeError(f"{procedure}: item '{drawable.get_name()}' is a group; its pixels are its members'")
    if drawable.get_lock_content():
        raise RuntimeError(f"{procedure}: the pixels of '{drawable.get_name()}' are locked")


def _attached(drawable: Any, image: Any) -> bool:
    if isinstance(drawable, (Gimp.LayerMask, Gimp.Selection)):
        return True
    if isinstance(drawable, Gimp.Layer):
        return bool(drawable.is_floating_sel() or image.get_item_position(drawable) >= 0)
    return bool(image.get_item_position(drawable) >= 0)


def apply(drawable: Any, operation: str, properties: Mapping[str, Any], aux: Mapping[str, Any] | None = None) -> None:
    """Runs an operation through the core's filters and merges it.

    Args:
        drawable: GIMP 3's own.
        operation: as GEGL names it, `gegl:pixelize`; the core's own (`gimp:semi-flatten`) too.
        properties: the operation's; enumerations as numbers.
        aux: other inputs by name, each a drawable.

    Raises:
        RuntimeError: for a drawable that cannot be changed, or a value that the operation cannot have.
    """
    check_drawable(drawable, operation)
    made = Gimp.DrawableFilter.new(drawable, operation, "")
    config = made.get_config()
    for name, value in properties.items():
        spec = config.find_property(name)
        try:
            config.set_property(name, native(spec, value))
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"{operation}: '{name}' cannot be {value!r}: {error}") from None
    for name, other in (aux or {}).items():
        made.set_aux_input(name, other)
    merge(drawable, made)


def merge(drawable: Any, made: Any) -> None:
    """Merges a filter, and cuts a layer that it made larger (by a blur's edge) back to its size, as 2.10 did."""
    image, width, height = drawable.get_image(), drawable.get_width(), drawable.get_height()
    x, y = tuple(drawable.get_offsets())[-2:]
    image.undo_group_start()
    try:
        drawable.merge_filter(made)
        if (drawable.get_width(), drawable.get_height()) != (width, height):
            now_x, now_y = tuple(drawable.get_offsets())[-2:]
            drawable.resize(width, height, now_x - x, now_y - y)
    finally:
        image.undo_group_end()


def selected(drawable: Any) -> Any:
    """The rectangle that the selection leaves of a drawable, in its own coordinates; None when it is empty."""
    any_left, x, y, width, height = drawable.mask_intersect()
    return Gegl.Rectangle.new(x, y, width, height) if any_left else None


def process(drawable: Any, operation: str, properties: Mapping[str, Any], *, cast: bool = False) -> None:
    """Runs an operation here, on the selection's bounds as if they were all; with `cast` on the values as seen.

    Raises:
        RuntimeError: for a drawable that cannot be changed, or a value that the operation cannot have.
    """
    check_drawable(drawable, operation)
    region = selected(drawable)
    if region is None:
        return
    form = SEEN if cast else Babl.get_name(drawable.get_format())
    working = LINEAR if cast else form
    source = Gegl.Buffer.new(working, 0, 0, region.width, region.height)
    place = Gegl.Rectangle.new(0, 0, region.width, region.height)
    source.set(place, working, bytes(drawable.get_buffer().get(region, 1.0, form, Gegl.AbyssPolicy.NONE)))
    result = run(source, operation, properties, working)
    shadow = drawable.get_shadow_buffer()
    shadow.set(region, form, bytes(result.get(place, 1.0, working, Gegl.AbyssPolicy.NONE)))
    shadow.flush()
    drawable.merge_shadow(True)  # libgimp's own signature: with undo
    drawable.update(region.x, region.y, region.width, region.height)


def run(source: Any, operation: str, properties: Mapping[str, Any], working: str) -> Any:
    """A buffer of the same size, with the operation applied."""
    extent = source.get_extent()
    result = Gegl.Buffer.new(working, extent.x, extent.y, extent.width, extent.height)
    graph = Gegl.Node()
    reader, worker, writer = (
        graph.create_child(name) for name in ("gegl:buffer-source", operation, "gegl:write-buffer")
    )
    reader.set_property("buffer", source)
    writer.set_property("buffer", result)
    for name, value in properties.items():
        try:
            worker.set_property(name, gimpcolor.native(value) if isinstance(value, gimpcolor.RGB) else value)
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"{operation}: '{name}' cannot be {value!r}: {error}") from None
    reader.link(worker)
    worker.link(writer)
    writer.process()
    return result


def foreground() -> gimpcolor.RGB:
    """The context's foreground."""
    return gimpcolor.from_native(Gimp.context_get_foreground())


def background(alpha: float | None = None) -> gimpcolor.RGB:
    """The context's background, with an alpha of one's own."""
    colour = gimpcolor.from_native(Gimp.context_get_background())
    if alpha is not None:
        colour.a = alpha
    return colour
