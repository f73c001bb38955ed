"""2.10's vectors, and 2.2's paths by name, which are GIMP 3's paths. Rows of the table; `_pdb` calls them."""

import math
from collections.abc import Sequence
from typing import Any

from ._context import feathered, with_context
from ._gimp3 import call
from ._rows import renamed, row

BEZIER = 0
PRECISION = 0.5
PAINT_METHOD = 1
STROKES = (
    "bezier-stroke-conicto", "bezier-stroke-cubicto", "bezier-stroke-lineto", "bezier-stroke-new-ellipse",
    "bezier-stroke-new-moveto", "copy", "get-strokes", "new", "new-from-text-layer", "remove-stroke", "stroke-close",
    "stroke-flip", "stroke-flip-free", "stroke-get-length", "stroke-get-point-at-dist", "stroke-get-points",
    "stroke-interpolate", "stroke-new-from-points", "stroke-rotate", "stroke-scale", "stroke-translate",
)  # fmt: skip

renamed({f"gimp-vectors-{name}": f"gimp-path-{name}" for name in STROKES})
renamed({
    "gimp-vectors-export-to-file": "gimp-image-export-path-to-file",
    "gimp-vectors-export-to-string": "gimp-image-export-path-to-string",
    "gimp-vectors-import-from-file": "gimp-image-import-paths-from-file",
    "gimp-vectors-import-from-string": "gimp-image-import-paths-from-string",
})  # fmt: skip


def path_named(image: Any, name: str) -> Any:
    """The image's path of that name. Raises RuntimeError when there is none."""
    found = image.get_path_by_name(name)
    if found is None:
        raise RuntimeError(f"path '{name}' not found in the image")
    return found


def current(image: Any) -> Any:
    """The image's selected path. Raises RuntimeError when there is none."""
    selected = image.get_selected_paths()
    if not selected:
        raise RuntimeError("no path is active in the image")
    return selected[0]


@row("gimp-path-list", target="gimp-image-get-paths")
def path_list(image: Any) -> list[str]:
    """Names of all paths."""
    return [path.get_name() for path in image.get_paths()]


@row("gimp-path-get-current", target="gimp-image-get-selected-paths")
def path_get_current(image: Any) -> str:
    """Name of the active path."""
    return str(current(image).get_name())


@row("gimp-path-set-current", target="gimp-image-set-selected-paths")
def path_set_current(image: Any, name: str) -> None:
    """Makes a path the active one."""
    image.set_selected_paths([path_named(image, name)])


@row("gimp-path-delete", target="gimp-image-remove-path")
def path_delete(image: Any, name: str) -> None:
    """Removes a path."""
    call("gimp-image-remove-path", image, path_named(image, name))


@row("gimp-path-get-tattoo", target="gimp-item-get-tattoo")
def path_get_tattoo(image: Any, name: str) -> int:
    """A path's tattoo."""
    return int(path_named(image, name).get_tattoo())


@row("gimp-path-set-tattoo", target="gimp-item-set-tattoo")
def path_set_tattoo(image: Any, name: str, tattoo: int) -> None:
    """Gives a path a tattoo."""
    call("gimp-item-set-tattoo", path_named(image, name), tattoo)


@row("gimp-get-path-by-tattoo", target="gimp-image-get-path-by-tattoo")
def path_by_tattoo(image: Any, tattoo: int) -> str:
    """Name of the path with that tattoo."""
    found = image.get_path_by_tattoo(tattoo)
    if found is None:
        raise RuntimeError(f"no path has tattoo {tattoo}")
    return str(found.get_name())


@row("gimp-path-get-locked", target="0: the chain is gone")
def path_get_locked(image: Any, name: str) -> int:
    """GIMP 3 has no chain: nothing is linked."""
    path_named(image, name)
    return 0


@row("gimp-path-set-locked", target="nothing: the chain is gone")
def path_set_locked(image: Any, name: str, _locked: int) -> None:
    """GIMP 3 has no chain: nothing happens."""
    path_named(image, name)


@row("gimp-path-get-points", target="gimp-path-stroke-get-points")
def path_get_points(image: Any, name: str) -> tuple[Any, ...]:
    """Type, whether closed, and triples of x, y and kind: 1 an anchor, 2 a control point, 3 a new stroke's anchor.

    The one stroke that may be open comes last, and has no control point before its first anchor.
    """
    path = path_named(image, name)
    strokes = [call("gimp-path-stroke-get-points", path, one)[1:] for one in call("gimp-path-get-strokes", path)]
    opened = sum(not closed for _, closed in strokes)
    if not strokes or opened > 1:
        what = f"{opened} open strokes, of which 2.2's form holds one" if strokes else "no strokes"
        raise RuntimeError(f"path '{name}' has {what}: use gimp-vectors-get-strokes")
    points: list[float] = []
    for controls, closed in sorted(strokes, key=lambda stroke: not stroke[1]):
        points += _triples(controls, closed=closed, first=not points)
    return 1, int(not opened), points


def _triples(controls: Sequence[float], *, closed: bool, first: bool) -> list[float]:
    """Control, anchor, control → anchor, control, control, anchor, as 2.2 had them."""
    pairs = [(controls[at], controls[at + 1]) for at in range(0, len(controls) - 1, 2)]
    made: list[float] = []
    for index, (x, y) in enumerate([*pairs[1:], *(pairs[:1] if closed else [])]):
        kind = 2.0 if index % 3 else 1.0
        made += [x, y, 3.0 if index == 0 and not first else kind]
    return made


@row("gimp-path-set-points", target="gimp-path-stroke-new-from-points")
def path_set_points(image: Any, name: str, _kind: int, points: Sequence[float]) -> None:
    """Another path, of that name or one made of it, from triples of x, y and kind; it becomes the active one.

    All strokes are closed but the last, which is where the number of points is one of whole curves.
    """
    from ._door import Gimp  # noqa: PLC0415  # the one place that makes a path

    count = len(points) // 3
    if count % 3 == 1:
        raise RuntimeError(f"gimp-path-set-points: {count} points are neither 3 for each anchor nor one less")
    path = Gimp.Path.new(image, name)
    image.insert_path(path, None, 0)
    strokes = _strokes(points)
    for stroke in strokes:
        closed = stroke is not strokes[-1] or count % 3 == 0
        ordered = [stroke[-1], *stroke[:-1]] if closed else [stroke[0], *stroke]
        flat = [value for pair in ordered for value in pair]
        call("gimp-path-stroke-new-from-points", path, BEZIER, flat, int(closed))


def _strokes(points: Sequence[float]) -> list[list[tuple[float, float]]]:
    """Points by stroke: a new one begins at each anchor of kind 3."""
    strokes: list[list[tuple[float, float]]] = [[]]
    for at in range(0, len(points) - 2, 3):
        x, y, kind = points[at : at + 3]
        if int(kind) == 3 and strokes[-1]:
            strokes.append([])
        strokes[-1].append((x, y))
    return [stroke for stroke in strokes if stroke]


@row("gimp-path-get-point-at-dist", target="gimp-path-stroke-get-point-at-dist")
def path_get_point_at_dist(image: Any, distance: float) -> tuple[int, int, float]:
    """Where the active path is after so many pixels, and its slope there; zeros behind its end, as 2.10 gave."""
    path = current(image)
    left = distance
    for stroke in call("gimp-path-get-strokes", path):
        length = call("gimp-path-stroke-get-length", path, stroke, PRECISION)
        if left <= length:
            x, y, slope, valid = call("gimp-path-stroke-get-point-at-dist", path, stroke, max(left, 0.0), PRECISION)
            if not valid:
                raise RuntimeError(f"the path has no point at {distance:g} pixels")
            return math.floor(x + 0.5), math.floor(y + 0.5), slope
        left -= length
    return 0, 0, 0.0


@row("gimp-path-stroke-current", target="gimp-drawable-edit-stroke-item")
def path_stroke_current(image: Any) -> None:
    """Strokes the active path on the active drawable, with the context's brush whatever its stroke method is."""
    drawables = image.get_selected_drawables()
    if not drawables:
        raise RuntimeError("no drawable is active in the image")
    with with_context({"stroke-method": PAINT_METHOD}):
        call("gimp-drawable-edit-stroke-item", drawables[0], current(image))


@row("gimp-path-to-selection", target="gimp-image-select-item")
def path_to_selection(  # 2.10's own signature
    image: Any, name: str, operation: int, antialias: int, feather: int, radius_x: float, radius_y: float
) -> None:
    """Selects what a path encloses."""
    with with_context({"antialias": antialias, **feathered(feather, radius_x, radius_y)}):
        call("gimp-image-select-item", image, operation, path_named(image, name))


@row("gimp-path-import", target="gimp-image-import-paths-from-file")
def path_import(image: Any, filename: str, merge: int, scale: int) -> None:
    """Paths of an SVG file."""
    call("gimp-image-import-paths-from-file", image, filename, merge, scale)
