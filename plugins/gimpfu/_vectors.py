"""`gimp.Vectors`: paths, as GIMP 3 calls them, and their strokes."""

from collections.abc import Sequence
from typing import Any, Self

from ._door import Gimp
from ._error import done, error
from ._item import Item, built, made, need
from ._wrap import stands_for

REPLACE = 2


class VectorsStroke:
    """A stroke of a path: a line that may be closed."""

    def __init__(self, vectors: "Vectors", stroke: int) -> None:
        self._vectors, self._stroke = vectors, stroke

    @property
    def ID(self) -> int:  # noqa: N802  # 2.10's own name
        """Its number within the path."""
        return self._stroke

    @property
    def vectors_ID(self) -> int:  # noqa: N802  # 2.10's own name
        """The path's number."""
        return self._vectors.ID

    def _call(self, name: str, *values: Any) -> Any:
        return getattr(self._vectors.native, f"stroke_{name}")(self._stroke, *values)

    @property
    def points(self) -> tuple[list[float], bool]:
        """Control points, x and y by turns, and whether the stroke is closed."""
        _, points, closed = self._call("get_points")
        return list(points), bool(closed)

    def get_length(self, precision: float) -> float:
        """In pixels."""
        return float(self._call("get_length", precision))

    def get_point_at_dist(self, dist: float, precision: float) -> tuple[float, float, float, bool]:
        """x, y, slope and whether there is such a point, so far along the stroke."""
        _, x, y, slope, valid = self._call("get_point_at_dist", dist, precision)
        return x, y, slope, bool(valid)

    def interpolate(self, precision: float) -> tuple[list[float], bool]:
        """Points on the line, x and y by turns, and whether the stroke is closed."""
        points, closed = self._call("interpolate", precision)
        return list(points), bool(closed)

    def close(self) -> None:
        """Closes the stroke."""
        done(self._call("close"), f"close {self!r}")

    def translate(self, off_x: float, off_y: float) -> None:
        """Moves the stroke."""
        done(self._call("translate", off_x, off_y), f"translate {self!r}")

    def scale(self, scale_x: float, scale_y: float) -> None:
        """Scales the stroke about the image's corner."""
        done(self._call("scale", scale_x, scale_y), f"scale {self!r}")

    def rotate(self, center_x: float, center_y: float, angle: float) -> None:
        """Turns the stroke, in degrees."""
        done(self._call("rotate", center_x, center_y, angle), f"rotate {self!r}")

    def flip(self, flip_type: int, axis: float) -> None:
        """Mirrors the stroke."""
        done(self._call("flip", Gimp.OrientationType(flip_type), axis), f"flip {self!r}")

    def flip_free(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Mirrors the stroke at the line from (x1, y1) to (x2, y2)."""
        done(self._call("flip_free", x1, y1, x2, y2), f"flip {self!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VectorsStroke):
            return NotImplemented
        return (self.vectors_ID, self.ID) == (other.vectors_ID, other.ID)

    def __hash__(self) -> int:
        return hash((self.vectors_ID, self.ID))

    def __repr__(self) -> str:
        return f"<gimp.{type(self).__name__} {self._stroke} of gimp.Vectors '{self._vectors.name}'>"


class VectorsBezierStroke(VectorsStroke):
    """A stroke of Bézier curves. `gimp.VectorsBezierStroke(vectors, controlpoints, closed)` adds one to a path."""

    def __init__(self, vectors: "Vectors", controlpoints: Sequence[float], closed: int = 0) -> None:
        path, points = need(vectors, Vectors, "a stroke's first argument"), [float(one) for one in controlpoints]
        stroke = path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, points, bool(closed))
        super().__init__(vectors, stroke)

    @classmethod
    def at(cls, vectors: "Vectors", stroke: int) -> Self:
        """A stroke that the path has."""
        found = cls.__new__(cls)
        VectorsStroke.__init__(found, vectors, stroke)
        return found

    @classmethod
    def new_moveto(cls, vectors: "Vectors", x0: float, y0: float) -> Self:
        """Begins a stroke at a point."""
        return cls.at(vectors, vectors.native.bezier_stroke_new_moveto(x0, y0))

    @classmethod
    def new_ellipse(
        cls, vectors: "Vectors", x0: float, y0: float, radius_x: float, radius_y: float, angle: float
    ) -> Self:
        """Adds an ellipse about a point."""
        return cls.at(vectors, vectors.native.bezier_stroke_new_ellipse(x0, y0, radius_x, radius_y, angle))

    def _to(self, name: str, *values: float) -> None:
        done(getattr(self._vectors.native, f"bezier_stroke_{name}")(self._stroke, *values), f"extend {self!r}")

    def lineto(self, x0: float, y0: float) -> None:
        """Goes straight to a point."""
        self._to("lineto", x0, y0)

    def conicto(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Goes to (x1, y1), pulled by (x0, y0)."""
        self._to("conicto", x0, y0, x1, y1)

    def cubicto(self, x0: float, y0: float, x1: float, y1: float, x2: float, y2: float) -> None:
        """Goes to (x2, y2), pulled by the other two."""
        self._to("cubicto", x0, y0, x1, y1, x2, y2)


@stands_for("Path")
class Vectors(Item):
    """A path. `gimp.Vectors(image, name)` makes one that is not yet in the image."""

    def __init__(self, image: Any, name: str) -> None:
        from ._image import Image  # noqa: PLC0415  # images know paths; here alone a path knows images

        owner = need(image, Image, "a path's first argument")
        self._native = built(f"create path '{name}'", Gimp.Path.new, owner, name)

    @property
    def strokes(self) -> list[VectorsBezierStroke]:
        """Its strokes."""
        return [VectorsBezierStroke.at(self, stroke) for stroke in self._native.get_strokes()]

    def remove_stroke(self, stroke: VectorsStroke | int) -> None:
        """Takes a stroke away, given itself or by its number."""
        number = stroke.ID if isinstance(stroke, VectorsStroke) else stroke
        if not isinstance(number, int):
            raise TypeError(f"stroke must be a gimp.VectorsBezierStroke object or an Integer, not {stroke!r}")
        done(self.native.remove_stroke(number), f"remove stroke {number} of {self!r}")

    def copy(self) -> "Vectors":
        """Another path with the same strokes, not yet in the image."""
        return Vectors.of(made(self.native.copy(), f"copy {self!r}"))

    def to_selection(self, operation: int = REPLACE, antialias: int = 1, feather: int = 0, feather_radius_x: float = 0,
                     feather_radius_y: float = 0.0) -> None:  # fmt: skip
        """Selects what it encloses."""
        native = self.native
        image = native.get_image()
        if image is None:
            raise error(f"could not select {self!r}: it is in no image")
        Gimp.context_push()
        try:
            Gimp.context_set_antialias(bool(antialias))
            Gimp.context_set_feather(bool(feather))
            Gimp.context_set_feather_radius(feather_radius_x, feather_radius_y)
            done(image.select_item(Gimp.ChannelOps(operation), native), f"select {self!r}")
        finally:
            Gimp.context_pop()
