"""2.10's colour procedures, whose values went to 255 where GIMP 3's go to 1. Rows of the table; `_pdb` calls them."""

from typing import Any

from ._gimp3 import call
from ._rows import absent, renamed, row
from ._seen import as_seen

FULL = 255.0
MID_CONTRAST = 127.0

renamed({
    "gimp-color-balance": "gimp-drawable-color-balance",
    "gimp-desaturate-full": "gimp-drawable-desaturate",
    "gimp-posterize": "gimp-drawable-posterize",
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
    """Both from -127 to 127."""
    as_seen("gimp-drawable-brightness-contrast", drawable, brightness / MID_CONTRAST, contrast / MID_CONTRAST)


@row("gimp-levels", target="gimp-drawable-levels")
def levels(drawable: Any, channel: int, low: int, high: int, gamma: float, low_out: int, high_out: int) -> None:
    """Levels of 0 to 255."""
    scaled = [value / FULL for value in (low, high, low_out, high_out)]
    as_seen("gimp-drawable-levels", drawable, channel, *scaled[:2], 1, gamma, *scaled[2:], 1)


@row("gimp-threshold", target="gimp-drawable-threshold")
def threshold(drawable: Any, low: int, high: int) -> None:
    """White between two levels of 0 to 255, black elsewhere."""
    call("gimp-drawable-threshold", drawable, 0, low / FULL, high / FULL)


@row("gimp-curves-spline", target="gimp-drawable-curves-spline")
def curves_spline(drawable: Any, channel: int, points: list[int]) -> None:
    """A curve through points of 0 to 255."""
    if len(points) % 2 or len(points) < 4:
        raise RuntimeError(
            f"gimp-curves-spline: 'control-pts' are pairs, at least two of them; got {len(points)} values"
        )
    as_seen("gimp-drawable-curves-spline", drawable, channel, [point / FULL for point in points])


@row("gimp-curves-explicit", target="gimp-drawable-curves-explicit")
def curves_explicit(drawable: Any, channel: int, values: list[int]) -> None:
    """A curve of 256 values of 0 to 255."""
    if len(values) != 256:
        raise RuntimeError(f"gimp-curves-explicit: 'curve' has 256 values, got {len(values)}")
    as_seen("gimp-drawable-curves-explicit", drawable, channel, [value / FULL for value in values])


@row("gimp-hue-saturation", target="gimp-drawable-hue-saturation")
def hue_saturation(drawable: Any, hues: int, hue: float, lightness: float, saturation: float) -> None:
    """Without overlap between the ranges of hue."""
    drawable_hue_saturation(drawable, hues, hue, lightness, saturation, 0.0)


@row("gimp-histogram", target="gimp-drawable-histogram")
def histogram(drawable: Any, channel: int, start: int, end: int) -> tuple[float, ...]:
    """Mean, deviation and median of 0 to 255, pixels, count and percentile."""
    found = call("gimp-drawable-histogram", drawable, channel, start / FULL, end / FULL)
    return tuple(found)


@row("gimp-drawable-levels", target="gimp-drawable-levels")
def drawable_levels(drawable: Any, *values: Any) -> None:
    """2.10's own procedure of 0 to 1."""
    as_seen("gimp-drawable-levels", drawable, *values)


@row("gimp-drawable-curves-spline", target="gimp-drawable-curves-spline")
def drawable_curves_spline(drawable: Any, channel: int, points: list[float]) -> None:
    """2.10's own procedure of 0 to 1."""
    as_seen("gimp-drawable-curves-spline", drawable, channel, points)


@row("gimp-drawable-curves-explicit", target="gimp-drawable-curves-explicit")
def drawable_curves_explicit(drawable: Any, channel: int, values: list[float]) -> None:
    """2.10's own procedure of 0 to 1."""
    as_seen("gimp-drawable-curves-explicit", drawable, channel, values)


@row("gimp-drawable-brightness-contrast", target="gimp-drawable-brightness-contrast")
def drawable_brightness_contrast(drawable: Any, brightness: float, contrast: float) -> None:
    """2.10's own procedure of -1 to 1."""
    as_seen("gimp-drawable-brightness-contrast", drawable, brightness, contrast)


@row("gimp-drawable-hue-saturation", target="gimp-drawable-hue-saturation")
def drawable_hue_saturation(  # 2.10's own signature
    drawable: Any, hues: int, hue: float, lightness: float, saturation: float, overlap: float
) -> None:
    """2.10's own procedure, with overlap; its lightness went half as far as GIMP 3's."""
    call("gimp-drawable-hue-saturation", drawable, hues, hue, lightness / 2, saturation, overlap)


@row("gimp-colorize", "gimp-drawable-colorize-hsl", target="gimp-drawable-colorize-hsl")
def colorize(drawable: Any, hue: float, saturation: float, lightness: float) -> None:
    """Light in one hue."""
    as_seen("gimp-drawable-colorize-hsl", drawable, hue, saturation, lightness)


@row("gimp-equalize", "gimp-drawable-equalize", target="gimp-drawable-equalize")
def equalize(drawable: Any, mask_only: int) -> None:
    """Each value as often as any other."""
    as_seen("gimp-drawable-equalize", drawable, mask_only)


@row("gimp-levels-auto", "gimp-levels-stretch", "gimp-drawable-levels-stretch", target="gimp-drawable-levels-stretch")
def levels_stretch(drawable: Any) -> None:
    """Each channel to its full range, but for stray pixels."""
    as_seen("gimp-drawable-levels-stretch", drawable)
