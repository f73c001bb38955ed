"""2.10's selection procedures, with what they took beside the context. Rows of the table; `_pdb` calls them."""

from collections.abc import Sequence
from typing import Any

from ._context import feathered, with_context
from ._gimp3 import call
from ._rows import renamed, row

REPLACE = 2

renamed({"gimp-selection-clear": "gimp-selection-none"})


@row("gimp-rect-select", target="gimp-image-select-rectangle")
def rect_select(
    image: Any, x: float, y: float, width: float, height: float, operation: int, feather: int, radius: float
) -> None:
    """A rectangle."""
    with with_context({"antialias": 0, **feathered(feather, radius)}):
        call("gimp-image-select-rectangle", image, operation, x, y, width, height)


@row("gimp-ellipse-select", target="gimp-image-select-ellipse")
def ellipse_select(  # 2.10's own signature
    image: Any, x: float, y: float, width: float, height: float, operation: int, antialias: int, feather: int,
    radius: float,
) -> None:  # fmt: skip
    """An ellipse."""
    with with_context({"antialias": antialias, **feathered(feather, radius)}):
        call("gimp-image-select-ellipse", image, operation, x, y, width, height)


@row("gimp-round-rect-select", target="gimp-image-select-round-rectangle")
def round_rect_select(  # 2.10's own signature
    image: Any, x: float, y: float, width: float, height: float, corner_x: float, corner_y: float, operation: int,
    antialias: int, feather: int, radius_x: float, radius_y: float,
) -> None:  # fmt: skip
    """A rectangle with round corners."""
    with with_context({"antialias": antialias, **feathered(feather, radius_x, radius_y)}):
        call("gimp-image-select-round-rectangle", image, operation, x, y, width, height, corner_x, corner_y)


@row("gimp-free-select", target="gimp-image-select-polygon")
def free_select(
    image: Any, points: Sequence[float], operation: int, antialias: int, feather: int, radius: float
) -> None:
    """A polygon."""
    with with_context({"antialias": antialias, **feathered(feather, radius)}):
        call("gimp-image-select-polygon", image, operation, points)


def sampling(threshold: int, antialias: int, merged: int, transparent: int = 0, criterion: int = 0) -> dict[str, Any]:
    """The context's settings for what counts as a like colour."""
    return {
        "antialias": antialias, "sample-merged": merged, "sample-threshold-int": threshold,
        "sample-transparent": transparent, "sample-criterion": criterion,
    }  # fmt: skip


@row("gimp-by-color-select", target="gimp-image-select-color")
def by_color_select(  # 2.10's own signature
    drawable: Any, color: Any, threshold: int, operation: int, antialias: int, feather: int, radius: float, merged: int
) -> None:
    """All that has a like colour."""
    with with_context({**sampling(threshold, antialias, merged), **feathered(feather, radius)}):
        call("gimp-image-select-color", drawable.get_image(), operation, drawable, color)


@row("gimp-by-color-select-full", target="gimp-image-select-color")
def by_color_select_full(  # 2.10's own signature
    drawable: Any, color: Any, threshold: int, operation: int, antialias: int, feather: int, radius_x: float,
    radius_y: float, merged: int, transparent: int, criterion: int,
) -> None:  # fmt: skip
    """The same, with what counts as alike."""
    settings = sampling(threshold, antialias, merged, transparent, criterion)
    with with_context({**settings, **feathered(feather, radius_x, radius_y)}):
        call("gimp-image-select-color", drawable.get_image(), operation, drawable, color)


@row("gimp-fuzzy-select", target="gimp-image-select-contiguous-color")
def fuzzy_select(  # 2.10's own signature
    drawable: Any, x: float, y: float, threshold: int, operation: int, antialias: int, feather: int, radius: float,
    merged: int,
) -> None:  # fmt: skip
    """What hangs together and has a like colour."""
    with with_context({**sampling(threshold, antialias, merged), **feathered(feather, radius)}):
        call("gimp-image-select-contiguous-color", drawable.get_image(), operation, drawable, x, y)


@row("gimp-fuzzy-select-full", target="gimp-image-select-contiguous-color")
def fuzzy_select_full(  # 2.10's own signature
    drawable: Any, x: float, y: float, threshold: int, operation: int, antialias: int, feather: int, radius_x: float,
    radius_y: float, merged: int, transparent: int, criterion: int,
) -> None:  # fmt: skip
    """The same, with what counts as alike."""
    settings = sampling(threshold, antialias, merged, transparent, criterion)
    with with_context({**settings, **feathered(feather, radius_x, radius_y)}):
        call("gimp-image-select-contiguous-color", drawable.get_image(), operation, drawable, x, y)


@row("gimp-selection-layer-alpha", "gimp-selection-load", target="gimp-image-select-item")
def select_item(item: Any) -> None:
    """What a layer's alpha or a channel holds."""
    with with_context({"feather": 0}):
        call("gimp-image-select-item", item.get_image(), REPLACE, item)


@row("gimp-selection-combine", target="gimp-image-select-item")
def selection_combine(channel: Any, operation: int) -> None:
    """Combines the selection with a channel."""
    with with_context({"feather": 0}):
        call("gimp-image-select-item", channel.get_image(), operation, channel)


@row("gimp-vectors-to-selection", target="gimp-image-select-item")
def vectors_to_selection(
    vectors: Any, operation: int, antialias: int, feather: int, radius_x: float, radius_y: float
) -> None:
    """What a path encloses."""
    with with_context({"antialias": antialias, **feathered(feather, radius_x, radius_y)}):
        call("gimp-image-select-item", vectors.get_image(), operation, vectors)


@row("gimp-selection-float", target="gimp-selection-float")
def selection_float(drawable: Any, x: int, y: int) -> Any:
    """Cuts what is selected into a floating selection."""
    from ._door import Gimp  # noqa: PLC0415  # libgimp's own function: the procedure has no name of its own in 3.0

    floating = Gimp.Selection.float(drawable.get_image(), [drawable], x, y)
    if floating is None:
        raise RuntimeError(Gimp.get_pdb().get_last_error())
    return floating
