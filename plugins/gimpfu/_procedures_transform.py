"""2.10's transformations with their settings as arguments; GIMP 3 has them in the context. Rows of the table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ._context import with_context
from ._door import Gimp
from ._gimp3 import call
from ._rows import row

FORWARD = 0
ADJUST, CLIP = 0, 1
REPLACE = 2
INTERPOLATIONS = ("none", "linear", "cubic", "nohalo", "lohalo")
NONE, LINEAR, CUBIC = range(3)


def preferred(interpolate: int) -> int:
    """The interpolation of the user's preferences where one is asked for, which is cubic unless they changed it."""
    named = call("gimp-gimprc-query", "interpolation-type") if interpolate else "none"
    return INTERPOLATIONS.index(named) if named in INTERPOLATIONS else CUBIC


def settings(direction: int, interpolation: int, resize: int) -> dict[str, int]:
    """The context of one transformation."""
    return {"transform-direction": direction, "interpolation": interpolation, "transform-resize": resize}


def _of_item(target: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The three forms of 2.x: with all settings, with defaults, and 2.2's with the interpolation in front."""

    def full(drawable: Any, *values: Any) -> Any:
        *own, direction, interpolation, _supersample, _recursion, resize = values
        with with_context(settings(direction, interpolation, resize)):
            return call(target, drawable, *own)

    def default(drawable: Any, *values: Any) -> Any:
        *own, interpolate, resize = values
        with with_context(settings(FORWARD, preferred(interpolate), resize)):
            return call(target, drawable, *own)

    def oldest(drawable: Any, interpolate: int, *values: Any) -> Any:
        with with_context(settings(FORWARD, LINEAR if interpolate else NONE, ADJUST)):
            return call(target, drawable, *values)

    return full, default, oldest


for _name in ("2d", "flip", "matrix", "perspective", "rotate", "scale", "shear"):
    _target = f"gimp-item-transform-{_name}"
    _full, _default, _ = _of_item(_target)
    row(f"gimp-drawable-transform-{_name}", target=_target)(_full)
    row(f"gimp-drawable-transform-{_name}-default", target=_target)(_default)

for _name in ("scale", "shear", "perspective"):
    row(f"gimp-{_name}", target=f"gimp-item-transform-{_name}")(_of_item(f"gimp-item-transform-{_name}")[2])
row("gimp-transform-2d", target="gimp-item-transform-2d")(_of_item("gimp-item-transform-2d")[2])


@row("gimp-rotate", target="gimp-item-transform-rotate")
def rotate(drawable: Any, interpolate: int, angle: float) -> Any:
    """Turns around the middle, by radians."""
    with with_context(settings(FORWARD, LINEAR if interpolate else NONE, ADJUST)):
        return call("gimp-item-transform-rotate", drawable, angle, 1, 0, 0)


@row("gimp-flip", target="gimp-item-transform-flip-simple")
def flip(drawable: Any, kind: int) -> Any:
    """Mirrors across the middle."""
    with with_context({"transform-resize": ADJUST}):
        return call("gimp-item-transform-flip-simple", drawable, kind, 1, 0)


@row("gimp-drawable-transform-flip-simple", target="gimp-item-transform-flip-simple")
def flip_simple(drawable: Any, kind: int, auto_center: int, axis: float, clip: int) -> Any:
    """Mirrors, clipped or not."""
    with with_context({"transform-resize": CLIP if clip else ADJUST}):
        return call("gimp-item-transform-flip-simple", drawable, kind, auto_center, axis)


@row("gimp-drawable-transform-rotate-simple", target="gimp-item-transform-rotate-simple")
def rotate_simple(drawable: Any, kind: int, auto_center: int, x: float, y: float, clip: int) -> Any:
    """Turns by quarters, clipped or not."""
    with with_context({"transform-resize": CLIP if clip else ADJUST}):
        return call("gimp-item-transform-rotate-simple", drawable, kind, auto_center, x, y)


@row("plug-in-rotate", target="gimp-item-transform-rotate-simple")
def plug_in_rotate(image: Any, drawable: Any, angle: int, everything: int) -> None:
    """Turns a whole layer or the whole image by so many quarters, whatever is selected; a channel keeps its size."""
    if everything:
        call("gimp-image-rotate", image, angle - 1)
        return
    resize = CLIP if isinstance(drawable, Gimp.Channel) else ADJUST
    with unselected(drawable.get_image()), with_context({"transform-resize": resize}):
        call("gimp-item-transform-rotate-simple", drawable, angle - 1, 1, 0, 0)


@contextmanager
def unselected(image: Any) -> Iterator[None]:
    """Nothing is selected for the while; then what was is again, and so is the active layer or channel."""
    if Gimp.Selection.is_empty(image):
        yield
        return
    layers, channels = image.get_selected_layers(), image.get_selected_channels()
    image.undo_group_start()
    kept = Gimp.Selection.save(image)
    try:
        Gimp.Selection.none(image)
        yield
    finally:
        with with_context({"feather": 0}):
            call("gimp-image-select-item", image, REPLACE, kept)
        image.remove_channel(kept)
        image.set_selected_channels(channels) if channels else image.set_selected_layers(layers)
        image.undo_group_end()
