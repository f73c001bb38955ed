"""Geometry of drawables: the `transform_*` methods, with what 2.10 took as arguments and GIMP 3 takes from its context.

A base of `Drawable`. Each returns the drawable, or the floating selection that a selected part became. The `_default`
forms interpolate as the user's preferences say.
"""

from typing import Any

from ._door import Gimp
from ._item import Item, made
from ._pixels import same

FORWARD, NEAREST = 0, 0
ADJUST, CLIP = 0, 1  # what becomes of the edges


class Transforms(Item):
    """Flip, perspective, rotate, scale, shear, and what is given by numbers."""

    def _transform(self, name: str, values: tuple[Any, ...], settings: tuple[int | None, int | None], clip: int) -> Any:
        """Runs GIMP 3's transform_`name` with direction and interpolation (None: as the context has them)."""
        direction, interpolation = settings
        native = self.native
        Gimp.context_push()
        try:
            if direction is not None:
                Gimp.context_set_transform_direction(Gimp.TransformDirection(direction))
            if interpolation is not None:
                Gimp.context_set_interpolation(Gimp.InterpolationType(interpolation))
            Gimp.context_set_transform_resize(Gimp.TransformResize(CLIP if clip else ADJUST))
            return same(made(getattr(native, f"transform_{name}")(*values), f"transform {self!r} ({name})"), self)
        finally:
            Gimp.context_pop()

    def _default(self, name: str, values: tuple[Any, ...], interpolate: int, clip: int) -> Any:
        return self._transform(name, values, (FORWARD, None if interpolate else NEAREST), clip)

    def transform_flip(self, x0: float, y0: float, x1: float, y1: float, transform_direction: int,
                       interpolation: int, supersample: int = 0, recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Mirrors at the line from (x0, y0) to (x1, y1)."""
        return self._transform("flip", (x0, y0, x1, y1), (transform_direction, interpolation), clip_result)

    def transform_flip_simple(self, flip_type: int, auto_center: int, axis: float = 0.0, clip_result: int = 0) -> Any:
        """Mirrors left and right (0) or up and down (1), at the middle or at `axis`."""
        values = (Gimp.OrientationType(flip_type), bool(auto_center), axis)
        return self._transform("flip_simple", values, (None, None), clip_result)

    def transform_flip_default(self, x0: float, y0: float, x1: float, y1: float, interpolate: int = 0,
                               clip_result: int = 0) -> Any:  # fmt: skip
        """Mirrors at the line from (x0, y0) to (x1, y1)."""
        return self._default("flip", (x0, y0, x1, y1), interpolate, clip_result)

    def transform_perspective(self, x0: float, y0: float, x1: float, y1: float, x2: float, y2: float, x3: float,
                              y3: float, transform_direction: int, interpolation: int, supersample: int = 0,
                              recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Moves the corners: upper left, upper right, lower left, lower right."""
        values = (x0, y0, x1, y1, x2, y2, x3, y3)
        return self._transform("perspective", values, (transform_direction, interpolation), clip_result)

    def transform_perspective_default(self, x0: float, y0: float, x1: float, y1: float, x2: float, y2: float,
                                      x3: float, y3: float, interpolate: int = 0, clip_result: int = 0) -> Any:  # fmt: skip
        """Moves the corners: upper left, upper right, lower left, lower right."""
        return self._default("perspective", (x0, y0, x1, y1, x2, y2, x3, y3), interpolate, clip_result)

    def transform_rotate(self, angle: float, auto_center: int, center_x: int, center_y: int, transform_direction: int,
                         interpolation: int, supersample: int = 0, recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Turns by `angle`, in radians."""
        values = (angle, bool(auto_center), center_x, center_y)
        return self._transform("rotate", values, (transform_direction, interpolation), clip_result)

    def transform_rotate_simple(self, rotate_type: int, auto_center: int, center_x: int, center_y: int,
                                clip_result: int = 0) -> Any:  # fmt: skip
        """Turns by 90 (0), 180 (1) or 270 (2) degrees."""
        values = (Gimp.RotationType(rotate_type), bool(auto_center), center_x, center_y)
        return self._transform("rotate_simple", values, (None, None), clip_result)

    def transform_rotate_default(self, angle: float, auto_center: int, center_x: int, center_y: int,
                                 interpolate: int = 0, clip_result: int = 0) -> Any:  # fmt: skip
        """Turns by `angle`, in radians."""
        return self._default("rotate", (angle, bool(auto_center), center_x, center_y), interpolate, clip_result)

    def transform_scale(self, x0: float, y0: float, x1: float, y1: float, transform_direction: int,
                        interpolation: int, supersample: int = 0, recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Scales into the rectangle from (x0, y0) to (x1, y1)."""
        return self._transform("scale", (x0, y0, x1, y1), (transform_direction, interpolation), clip_result)

    def transform_scale_default(self, x0: float, y0: float, x1: float, y1: float, interpolate: int = 0,
                                clip_result: int = 0) -> Any:  # fmt: skip
        """Scales into the rectangle from (x0, y0) to (x1, y1)."""
        return self._default("scale", (x0, y0, x1, y1), interpolate, clip_result)

    def transform_shear(self, shear_type: int, magnitude: float, transform_direction: int, interpolation: int,
                        supersample: int = 0, recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Shears by so many pixels, along x (0) or y (1)."""
        values = (Gimp.OrientationType(shear_type), magnitude)
        return self._transform("shear", values, (transform_direction, interpolation), clip_result)

    def transform_shear_default(
        self, shear_type: int, magnitude: float, interpolate: int = 0, clip_result: int = 0
    ) -> Any:
        """Shears by so many pixels, along x (0) or y (1)."""
        return self._default("shear", (Gimp.OrientationType(shear_type), magnitude), interpolate, clip_result)

    def transform_2d(self, source_x: float, source_y: float, scale_x: float, scale_y: float, angle: float,
                     dest_x: float, dest_y: float, transform_direction: int, interpolation: int, supersample: int = 0,
                     recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Scales and turns around a point, which goes to another."""
        values = (source_x, source_y, scale_x, scale_y, angle, dest_x, dest_y)
        return self._transform("2d", values, (transform_direction, interpolation), clip_result)

    def transform_2d_default(self, source_x: float, source_y: float, scale_x: float, scale_y: float, angle: float,
                             dest_x: float, dest_y: float, interpolate: int = 0, clip_result: int = 0) -> Any:  # fmt: skip
        """Scales and turns around a point, which goes to another."""
        return self._default(
            "2d", (source_x, source_y, scale_x, scale_y, angle, dest_x, dest_y), interpolate, clip_result
        )

    def transform_matrix(self, coeff_0_0: float, coeff_0_1: float, coeff_0_2: float, coeff_1_0: float, coeff_1_1: float,
                         coeff_1_2: float, coeff_2_0: float, coeff_2_1: float, coeff_2_2: float, transform_direction: int,
                         interpolation: int, supersample: int = 0, recursion_level: int = 3, clip_result: int = 0) -> Any:  # fmt: skip
        """Maps each point by a matrix of homogeneous coordinates, given row by row."""
        rows = (coeff_0_0, coeff_0_1, coeff_0_2, coeff_1_0, coeff_1_1, coeff_1_2, coeff_2_0, coeff_2_1, coeff_2_2)
        return self._transform("matrix", rows, (transform_direction, interpolation), clip_result)

    def transform_matrix_default(self, coeff_0_0: float, coeff_0_1: float, coeff_0_2: float, coeff_1_0: float,
                                 coeff_1_1: float, coeff_1_2: float, coeff_2_0: float, coeff_2_1: float, coeff_2_2: float,
                                 interpolate: int = 0, clip_result: int = 0) -> Any:  # fmt: skip
        """Maps each point by a matrix of homogeneous coordinates, given row by row."""
        rows = (coeff_0_0, coeff_0_1, coeff_0_2, coeff_1_0, coeff_1_1, coeff_1_2, coeff_2_0, coeff_2_1, coeff_2_2)
        return self._default("matrix", rows, interpolate, clip_result)
