"""2.10's colour procedures, whose values went to 255 where GIMP 3's go to 1. Rows of the table; `_pdb` calls them."""

from typing import Any

from ._gimp3 import call
from ._rows import absent, renamed, row

FULL = 255.0
MID_CONTRAST = 127.0

renamed({
    "gimp-color-balance": "gimp-drawable-color-balance",
    "gimp-colorize": "gimp-drawable-colorize-hsl",
    "gimp-desaturate-full": "gimp-drawable-desaturate",
    "gimp-equalize": "gimp-drawable-equalize",
    "gimp-posterize": "gimp-drawable-posterize",
    "gimp-levels-auto": "gimp-drawable-levels-stretch",
    "gimp-levels-stretch": "gimp-drawable-levels-stretch",
})  # fmt: skip
absent({"gimp-get-color-configuration": "GIMP 3 has it as an object: Gimp.get_color_configuration()"})


@row("gimp-invert", target="gimp-drawable-invert")
def invert(drawable: Any) -> None:
    """Inverts as seen, not in linear light."""
    call("gimp-drawable-invert", drawable, 0)


@row("gimp-desaturate", target="gimp-drawable-desaturate")
def desaturate(drawable: Any) -> None:
    """Grays by lightness."""
    call("gimp-drawable-desaturate", drawable, 0)


@row("gimp-brightness-contrast", target="gimp-drawable-brightness-contrast")
def brightness_contrast(drawable: Any, brightness: int, contrast: int) -> None:
    """Both from -127 to 127; brightness moves half as far as its number says, as in 2.10."""
    call("gimp-drawable-brightness-contrast", drawable, brightness / MID_CONTRAST / 2, contrast / MID_CONTRAST)


@row("gimp-levels", target="gimp-drawable-levels")
def levels(drawable: Any, channel: int, low: int, high: int, gamma: float, low_out: int, high_out: int) -> None:
    """Levels of 0 to 255."""
    scaled = [value / FULL for value in (low, high, low_out, high_out)]
    call("gimp-drawable-levels", drawable, channel, *scaled[:2], 0, gamma, *scaled[2:], 0)


@row("gimp-threshold", target="gimp-drawable-threshold")
def threshold(drawable: Any, low: int, high: int) -> None:
    """White between two levels of 0 to 255, black elsewhere."""
    call("gimp-drawable-threshold", drawable, 0, low / FULL, high / FULL)


@row("gimp-curves-spline", target="gimp-drawable-curves-spline")
def curves_spline(drawable: Any, channel: int, points: list[int]) -> None:
    """A curve through points of 0 to 255."""
    if len(points) % 2 or len(points) < 4:
        raise RuntimeError(f"gimp-curves-spline: 'control-pts' are pairs, at least two of them; got {len(points)} values")
    call("gimp-drawable-curves-spline", drawable, channel, [point / FULL for point in points])


@row("gimp-curves-explicit", target="gimp-drawable-curves-explicit")
def curves_explicit(drawable: Any, channel: int, values: list[int]) -> None:
    """A curve of 256 values of 0 to 255."""
    if len(values) != 256:
        raise RuntimeError(f"gimp-curves-explicit: 'curve' has 256 values, got {len(values)}")
    call("gimp-drawable-curves-explicit", drawable, channel, [value / FULL for value in values])


@row("gimp-hue-saturation", target="gimp-drawable-hue-saturation")
def hue_saturation(drawable: Any, hues: int, hue: float, lightness: float, saturation: float) -> None:
    """Without overlap between the ranges of hue."""
    call("gimp-drawable-hue-saturation", drawable, hues, hue, lightness, saturation, 0.0)


@row("gimp-histogram", target="gimp-drawable-histogram")
def histogram(drawable: Any, channel: int, start: int, end: int) -> tuple[float, ...]:
    """Mean, deviation and median of 0 to 255, pixels, count and percentile."""
    found = call("gimp-drawable-histogram", drawable, channel, start / FULL, end / FULL)
    return tuple(found)
