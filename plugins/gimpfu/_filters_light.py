"""2.10's light, edge and relief plug-ins, GEGL operations now. Rows of the table; `_pdb` calls them."""

import random
from typing import Any

from . import gimpcolor
from ._gegl import apply, background, foreground, process
from ._rows import row

ABYSS = {0: 0, 1: 2, 2: 1, 3: 3}  # none, wrap, smear, black → GEGL's none, loop, clamp, black
WHITE, BLACK = 0, 1


def bump_mapped(drawable: Any, bumpmap: Any, tiled: bool, values: tuple[Any, ...]) -> None:  # one helper
    """Both forms of the bump map."""
    names = (
        "azimuth", "elevation", "depth", "offset-x", "offset-y", "waterlevel", "ambient", "compensate",
        "invert", "type",
    )  # fmt: skip
    properties = dict(zip(names, values, strict=True)) | {"tiled": tiled}
    apply(drawable, "gegl:bump-map", properties, {"aux": bumpmap})


@row("plug-in-bump-map", target="gegl:bump-map")
def bump_map(_image: Any, drawable: Any, bumpmap: Any, *values: Any) -> None:
    """Relief from a map."""
    bump_mapped(drawable, bumpmap, tiled=False, values=values)


@row("plug-in-bump-map-tiled", target="gegl:bump-map")
def bump_map_tiled(_image: Any, drawable: Any, bumpmap: Any, *values: Any) -> None:
    """Relief from a map that is repeated."""
    bump_mapped(drawable, bumpmap, tiled=True, values=values)


@row("plug-in-emboss", target="gegl:emboss")
def emboss(_image: Any, drawable: Any, azimuth: float, elevation: float, depth: int, gray: int) -> None:
    """Relief from the picture itself; with 0 at the end it keeps its colours."""
    nearest = max(2, round(depth / 6))  # 2.10's plug-in counted its depth in sixths; GEGL's is whole
    properties = {"type": 0 if gray else 1, "azimuth": azimuth % 360.0, "elevation": elevation, "depth": nearest}
    process(drawable, "gegl:emboss", properties, cast=True)


@row("plug-in-edge", target="gegl:edge")
def edge(_image: Any, drawable: Any, amount: float, wrap: int, algorithm: int) -> None:
    """Edges in six ways."""
    apply(drawable, "gegl:edge", {"algorithm": algorithm, "amount": amount, "border-behavior": ABYSS[wrap]})


@row("plug-in-laplace", target="gegl:edge-laplace")
def laplace(_image: Any, drawable: Any) -> None:
    """Edges one pixel wide."""
    apply(drawable, "gegl:edge-laplace", {})


@row("plug-in-sobel", target="gegl:edge-sobel")
def sobel(_image: Any, drawable: Any, horizontal: int, vertical: int, keep_sign: int) -> None:
    """Edges by direction."""
    properties = {"horizontal": bool(horizontal), "vertical": bool(vertical), "keep-sign": bool(keep_sign)}
    process(drawable, "gegl:edge-sobel", properties, cast=True)


@row("plug-in-neon", target="gegl:edge-neon")
def neon(_image: Any, drawable: Any, radius: float, amount: float) -> None:
    """Edges that glow."""
    apply(drawable, "gegl:edge-neon", {"radius": radius, "amount": amount})


@row("plug-in-dog", target="gegl:difference-of-gaussians")
def dog(_image: Any, drawable: Any, inner: float, outer: float, normalize: int, invert: int) -> None:
    """Edges as the difference of two blurs."""
    from ._gimp3 import call  # noqa: PLC0415  # one row needs it

    radii = {"radius1": inner * 0.32, "radius2": outer * 0.32}  # 2.10's plug-in took radii, GEGL takes deviations
    process(drawable, "gegl:difference-of-gaussians", radii, cast=True)
    if normalize:
        apply(drawable, "gegl:stretch-contrast", {"keep-colors": True})
    if invert:
        call("gimp-drawable-invert", drawable, 0)


@row("plug-in-flarefx", target="gegl:lens-flare")
def flarefx(_image: Any, drawable: Any, x: int, y: int) -> None:
    """A lens's flare."""
    apply(drawable, "gegl:lens-flare", {"pos-x": x / drawable.get_width(), "pos-y": y / drawable.get_height()})


@row("plug-in-nova", target="gegl:supernova")
def nova(  # 2.10's own signature
    _image: Any, drawable: Any, x: int, y: int, colour: gimpcolor.RGB, radius: int, spokes: int, hue: int
) -> None:
    """A star that bursts."""
    properties = {
        "center-x": x / drawable.get_width(), "center-y": y / drawable.get_height(), "radius": radius,
        "spokes-count": spokes, "random-hue": hue, "color": colour, "seed": random.getrandbits(32),
    }  # fmt: skip
    apply(drawable, "gegl:supernova", properties)


@row("plug-in-softglow", target="gegl:softglow")
def softglow(_image: Any, drawable: Any, radius: float, brightness: float, sharpness: float) -> None:
    """Lights that spread."""
    apply(drawable, "gegl:softglow", {"glow-radius": radius, "brightness": brightness, "sharpness": sharpness})


@row("plug-in-photocopy", target="gegl:photocopy")
def photocopy(_image: Any, drawable: Any, radius: float, sharpness: float, black: float, white: float) -> None:
    """Black and white, as copied."""
    properties = {"mask-radius": radius, "sharpness": sharpness, "black": black, "white": white}
    apply(drawable, "gegl:photocopy", properties)


@row("plug-in-cartoon", target="gegl:cartoon")
def cartoon(_image: Any, drawable: Any, radius: float, black: float) -> None:
    """Edges in black."""
    apply(drawable, "gegl:cartoon", {"mask-radius": radius, "pct-black": black})


@row("plug-in-apply-canvas", target="gegl:texturize-canvas")
def apply_canvas(_image: Any, drawable: Any, direction: int, depth: int) -> None:
    """A canvas's weave."""
    apply(drawable, "gegl:texturize-canvas", {"direction": direction, "depth": depth})


@row("plug-in-engrave", target="gegl:engrave")
def engrave(_image: Any, drawable: Any, height: int, limit: int) -> None:
    """Lines of an engraving."""
    apply(drawable, "gegl:engrave", {"row-height": height, "limit": bool(limit)})


def propagated(drawable: Any, mode: int) -> None:
    """Grows what is lighter or darker."""
    flags = dict.fromkeys(("top", "left", "right", "bottom", "value"), True)
    properties = {"mode": mode, "lower-threshold": 0.0, "upper-threshold": 1.0, "rate": 1.0, **flags, "alpha": False}
    apply(drawable, "gegl:value-propagate", properties)


@row("plug-in-dilate", target="gegl:value-propagate")
def dilate(_image: Any, drawable: Any, *_values: Any) -> None:
    """Grows what is lighter; 2.10 read no other argument."""
    propagated(drawable, WHITE)


@row("plug-in-erode", target="gegl:value-propagate")
def erode(_image: Any, drawable: Any, *_values: Any) -> None:
    """Grows what is darker; 2.10 read no other argument."""
    propagated(drawable, BLACK)


@row("plug-in-vpropagate", target="gegl:value-propagate")
def vpropagate(  # 2.10's own signature
    _image: Any, drawable: Any, mode: int, channels: int, rate: float, directions: int, lower: int, upper: int
) -> None:
    """Grows certain values in certain directions."""
    properties: dict[str, Any] = {
        "mode": {3: 3, 4: 4, 5: 4, 6: 5, 7: 6}.get(mode, mode), "rate": rate,
        "lower-threshold": lower / 255.0, "upper-threshold": upper / 255.0,
        "left": bool(directions & 1), "top": bool(directions & 2), "right": bool(directions & 4),
        "bottom": bool(directions & 8), "value": bool(channels & 1), "alpha": bool(channels & 2),
    }  # fmt: skip
    if mode in (3, 4, 5):
        properties["color"] = background() if mode == 5 else foreground()
    apply(drawable, "gegl:value-propagate", properties)
