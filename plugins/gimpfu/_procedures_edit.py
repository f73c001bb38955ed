"""2.10's procedures to copy, fill, blend and stroke, with what they took beside the context. Rows of the table."""

from typing import Any

from ._context import with_context
from ._gimp3 import call
from ._rows import absent, renamed, row

NORMAL = 28
AS_SEEN = 0  # how colours of a gradient are mixed
BLEND_FG_BG_RGB, BLEND_FG_BG_HSV, BLEND_FG_TRANSPARENT = range(3)
GRADIENTS = {
    BLEND_FG_BG_RGB: "gimp-context-set-gradient-fg-bg-rgb",
    BLEND_FG_BG_HSV: "gimp-context-set-gradient-fg-bg-hsv-cw",
    BLEND_FG_TRANSPARENT: "gimp-context-set-gradient-fg-transparent",
}

renamed({
    "gimp-edit-clear": "gimp-drawable-edit-clear",
    "gimp-edit-stroke": "gimp-drawable-edit-stroke-selection",
    "gimp-edit-stroke-vectors": "gimp-drawable-edit-stroke-item",
    "gimp-buffers-get-list": "gimp-buffers-get-name-list",
})  # fmt: skip
absent({
    "gimp-floating-sel-relax": "GIMP composes floating selections by itself since 2.10",
    "gimp-floating-sel-rigor": "GIMP composes floating selections by itself since 2.10",
})  # fmt: skip


@row("gimp-edit-fill", target="gimp-drawable-edit-fill")
def fill(drawable: Any, fill_type: int) -> None:
    """Fills all that is selected; 2.10 read no opacity and no mode of the context here."""
    with with_context({"opacity": 100.0, "paint-mode": NORMAL}):
        call("gimp-drawable-edit-fill", drawable, fill_type)


@row("gimp-edit-paste", target="gimp-edit-paste")
def paste(drawable: Any, paste_into: int) -> Any:
    """Pastes as a floating selection: the layer that came of it."""
    from ._door import Gimp  # noqa: PLC0415  # results are looked at, not wrapped twice

    identifiers = call("gimp-edit-paste", drawable, paste_into)
    if not identifiers:
        raise RuntimeError("gimp-edit-paste: there is nothing to paste")
    return Gimp.Item.get_by_id(identifiers[0])


@row("gimp-edit-paste-as-new", "gimp-edit-paste-as-new-image", target="gimp-edit-paste-as-new-image")
def paste_as_new() -> Any:
    """A new image of what was copied, as large as that; GIMP 3 leaves around it what was selected beside the layer."""
    image = call("gimp-edit-paste-as-new-image")
    if image is None:
        raise RuntimeError("gimp-edit-paste-as-new: there is nothing to paste")
    call("gimp-image-resize-to-layers", image)
    return image


@row("gimp-edit-named-paste-as-new", "gimp-edit-named-paste-as-new-image", target="gimp-edit-named-paste-as-new-image")
def named_paste_as_new(buffer_name: str) -> Any:
    """The same, of a named buffer."""
    image = call("gimp-edit-named-paste-as-new-image", buffer_name)
    call("gimp-image-resize-to-layers", image)
    return image


@row("gimp-bucket-fill", "gimp-edit-bucket-fill", target="gimp-drawable-edit-bucket-fill")
def bucket_fill(
    drawable: Any, fill: int, mode: int, opacity: float, threshold: float, merged: int, x: float, y: float
) -> None:
    """Fills the selection, or where nothing is selected the region of a like colour at (x, y), unless transparent."""
    bucket_fill_full(drawable, fill, mode, opacity, threshold, merged, 0, 0, x, y)


@row("gimp-edit-bucket-fill-full", target="gimp-drawable-edit-bucket-fill")
def bucket_fill_full(  # 2.10's own signature
    drawable: Any, fill: int, mode: int, opacity: float, threshold: float, merged: int, transparent: int,
    criterion: int, x: float, y: float,
) -> None:  # fmt: skip
    """The same, with what counts as alike."""
    kind = {0: 0, 1: 1, 2: 4}.get(fill)  # 2.10's bucket mode as 2.10's fill type
    if kind is None:
        raise RuntimeError(f"gimp-edit-bucket-fill: 'fill-mode' is 0, 1 or 2, got {fill}")
    settings = {
        "opacity": opacity, "paint-mode": mode, "sample-merged": merged, "sample-threshold": threshold / 255.0,
        "sample-transparent": transparent, "sample-criterion": criterion, "antialias": 1, "diagonal-neighbors": 0,
    }  # fmt: skip
    with with_context(settings):
        if not call("gimp-selection-is-empty", drawable.get_image()):
            call("gimp-drawable-edit-fill", drawable, kind)
        else:
            call("gimp-drawable-edit-bucket-fill", drawable, kind, x, y)


@row("gimp-blend", "gimp-edit-blend", target="gimp-drawable-edit-gradient-fill")
def blend(  # 2.10's own signature
    drawable: Any, blend_mode: int, mode: int, kind: int, opacity: float, offset: float, repeat: int, reverse: int,
    supersample: int, depth: int, threshold: float, dither: int, x1: float, y1: float, x2: float, y2: float,
) -> None:  # fmt: skip
    """Fills with the context's colours or gradient from one point to another."""
    settings = {
        "opacity": opacity, "paint-mode": mode, "gradient-repeat-mode": repeat, "gradient-reverse": reverse,
        "gradient-blend-color-space": AS_SEEN,
    }  # fmt: skip
    with with_context(settings):
        if blend_mode in GRADIENTS:
            call(GRADIENTS[blend_mode])
        quality = (supersample, min(max(depth, 1), 9), min(max(threshold, 0.0), 4.0))
        call("gimp-drawable-edit-gradient-fill", drawable, kind, offset, *quality, dither, x1, y1, x2, y2)
