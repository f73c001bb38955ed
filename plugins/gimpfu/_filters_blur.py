"""2.10's blurring and sharpening plug-ins, GEGL operations now. Rows of the table; `_pdb` calls them."""

from collections.abc import Sequence
from typing import Any

from ._gegl import apply, process
from ._rows import row

CLAMP = 1
# 2.10's own factor between the radius of its Gaussian blurs and a standard deviation.
DEVIATION = 0.32
LINEAR, RADIAL, ZOOM = range(3)


def gaussian(drawable: Any, horizontal: float, vertical: float) -> None:
    """On the values as seen, edges repeated."""
    deviations = {"std-dev-x": horizontal * DEVIATION, "std-dev-y": vertical * DEVIATION}
    process(drawable, "gegl:gaussian-blur", {**deviations, "abyss-policy": CLAMP}, cast=True)


@row("plug-in-gauss", target="gegl:gaussian-blur")
def gauss(_image: Any, drawable: Any, horizontal: float, vertical: float, _method: int) -> None:
    """Blurs by two radii."""
    gaussian(drawable, horizontal, vertical)


@row("plug-in-gauss-iir2", "plug-in-gauss-rle2", target="gegl:gaussian-blur")
def gauss2(_image: Any, drawable: Any, horizontal: float, vertical: float) -> None:
    """Blurs by two radii."""
    gaussian(drawable, horizontal, vertical)


@row("plug-in-gauss-iir", "plug-in-gauss-rle", target="gegl:gaussian-blur")
def gauss1(_image: Any, drawable: Any, radius: float, horizontal: int, vertical: int) -> None:
    """Blurs by one radius, in one direction or both."""
    gaussian(drawable, radius if horizontal else 0.0, radius if vertical else 0.0)


@row("plug-in-sel-gauss", target="gegl:gaussian-blur-selective")
def sel_gauss(_image: Any, drawable: Any, radius: float, max_delta: int) -> None:
    """Blurs what differs little."""
    apply(drawable, "gegl:gaussian-blur-selective", {"blur-radius": max(radius, 1.0), "max-delta": max_delta / 255.0})


@row("plug-in-median-blur", target="gegl:median-blur")
def median_blur(_image: Any, drawable: Any, radius: int, percentile: float) -> None:
    """The middle of the neighbours."""
    apply(drawable, "gegl:median-blur", {"radius": radius, "percentile": percentile})


CELLS = tuple(f"{letter}{number}" for letter in "abcde" for number in range(1, 6))


def convolve(drawable: Any, matrix: Sequence[float], divisor: float, **more: Any) -> None:
    """A 5 x 5 kernel on the values as seen."""
    properties = {
        **dict(zip(CELLS, map(float, matrix), strict=True)),
        "divisor": divisor, "offset": 0.0, "normalize": False, "alpha-weight": True, "border": CLAMP, **more,
    }  # fmt: skip
    process(drawable, "gegl:convolution-matrix", properties, cast=True)


def inner(centre: float, around: float) -> list[float]:
    """A 3 x 3 kernel within 5 x 5."""
    ring = [0.0, around, around, around, 0.0]
    return [*[0.0] * 5, *ring, 0.0, around, centre, around, 0.0, *ring, *[0.0] * 5]


@row("plug-in-blur", target="gegl:convolution-matrix")
def blur(_image: Any, drawable: Any) -> None:
    """The mean of 3 x 3 pixels."""
    convolve(drawable, inner(1.0, 1.0), 9.0)


@row("plug-in-sharpen", target="gegl:convolution-matrix")
def sharpen(_image: Any, drawable: Any, percent: int) -> None:
    """Lifts each pixel from its eight neighbours, by 2.10's own kernel."""
    gain = 100.0 / (100.0 - min(max(percent, 1), 99))
    convolve(drawable, inner(8 * gain, 1 - gain), 8.0, alpha=False)


@row("plug-in-unsharp-mask", target="gegl:unsharp-mask")
def unsharp_mask(_image: Any, drawable: Any, radius: float, amount: float, threshold: int) -> None:
    """Adds the difference to a blur where it is above a threshold of 0 to 255."""
    properties = {"std-dev": radius, "scale": amount, "threshold": threshold / 255.0}
    apply(drawable, "gegl:unsharp-mask", properties)


def motion(drawable: Any, kind: int, length: float, angle: float, x: float, y: float, factor: float) -> None:
    """Along a line, around a point, or towards it."""
    centre = {"center-x": x / drawable.get_width(), "center-y": y / drawable.get_height()}
    if kind == LINEAR:
        apply(drawable, "gegl:motion-blur-linear", {"length": length, "angle": angle})
    elif kind == RADIAL:
        apply(drawable, "gegl:motion-blur-circular", {**centre, "angle": abs(angle)})
    elif kind == ZOOM:
        apply(drawable, "gegl:motion-blur-zoom", {**centre, "factor": factor})
    else:
        raise RuntimeError(f"plug-in-mblur: 'type' is 0 (linear), 1 (radial) or 2 (zoom), got {kind}")


@row("plug-in-mblur", target="gegl:motion-blur-linear, -circular, -zoom")
def mblur(_image: Any, drawable: Any, kind: int, length: float, angle: float, x: float, y: float) -> None:
    """Motion blur; zoom goes outwards."""
    turned = angle - 360.0 if angle > 180.0 else angle
    motion(drawable, kind, length, turned, x, y, min(max(length / 256.0, 0.0), 1.0))


@row("plug-in-mblur-inward", target="gegl:motion-blur-linear, -circular, -zoom")
def mblur_inward(_image: Any, drawable: Any, kind: int, length: float, angle: float, x: float, y: float) -> None:
    """Motion blur; zoom goes inwards."""
    turned = angle - 360.0 if angle > 180.0 else angle
    factor = -10.0 if length >= 256.0 else min(max(-length / (256.0 - length), -10.0), 0.0)
    motion(drawable, kind, length, turned, x, y, factor)


@row("plug-in-antialias", target="gegl:antialias")
def antialias(_image: Any, drawable: Any) -> None:
    """Smooths stairs."""
    apply(drawable, "gegl:antialias", {})


@row("plug-in-convmatrix", target="gegl:convolution-matrix")
def convmatrix(  # 2.10's own signature
    _image: Any, drawable: Any, matrix: Sequence[float], alpha_weight: int, divisor: float, offset: float,
    channels: Sequence[int], border: int,
) -> None:  # fmt: skip
    """A kernel of one's own; channels are gray, red, green, blue, alpha."""
    if len(matrix) != 25:
        raise RuntimeError(f"plug-in-convmatrix: array 'matrix' has {len(matrix)} members, must have 25")
    if len(channels) != 5:
        raise RuntimeError(f"plug-in-convmatrix: array 'channels' has {len(channels)} members, must have 5")
    gray, *colours, alpha = map(bool, channels)
    red, green, blue = [gray] * 3 if drawable.is_gray() else colours
    edge = {0: CLAMP, 1: 2, 2: 0}.get(border, CLAMP)
    convolve(
        drawable, matrix, divisor, offset=offset, red=red, green=green, blue=blue, alpha=alpha,
        **{"alpha-weight": bool(alpha_weight), "border": edge},
    )  # fmt: skip
