"""2.10's distorting and mapping plug-ins, GEGL operations now. Rows of the table; `_pdb` calls them."""

from typing import Any

from . import gimpcolor
from ._gegl import apply, background, foreground, process
from ._rows import row

ABYSS = {0: 0, 1: 2, 2: 1, 3: 3}  # none, wrap, smear, black → GEGL's none, loop, clamp, black
CUBIC, NEAREST = 2, 0


@row("plug-in-displace", target="gegl:displace")
def displace(  # 2.10's own signature
    _image: Any, drawable: Any, x: float, y: float, do_x: int, do_y: int, map_x: Any, map_y: Any, edge: int
) -> None:
    """Moves pixels by maps."""
    displaced(drawable, (x, y), (map_x if do_x else None, map_y if do_y else None), edge, mode=0)


@row("plug-in-displace-polar", target="gegl:displace")
def displace_polar(  # 2.10's own signature
    _image: Any, drawable: Any, x: float, y: float, do_x: int, do_y: int, map_x: Any, map_y: Any, edge: int
) -> None:
    """Moves pixels by maps, in and around."""
    displaced(drawable, (x, y), (map_x if do_x else None, map_y if do_y else None), edge, mode=1)


def displaced(drawable: Any, amount: tuple[float, float], maps: tuple[Any, Any], edge: int, *, mode: int) -> None:
    """Both ways of displacing."""
    aux = {name: one for name, one in zip(("aux", "aux2"), maps, strict=True) if one is not None}
    if aux:
        properties = {
            "displace-mode": mode, "sampler-type": CUBIC, "abyss-policy": ABYSS[edge],
            "amount-x": amount[0], "amount-y": amount[1],
        }  # fmt: skip
        apply(drawable, "gegl:displace", properties, aux)


@row("plug-in-waves", target="gegl:waves")
def waves(_image: Any, drawable: Any, amplitude: float, phase: float, wavelength: float, black: int, _: int) -> None:
    """Rings from the middle."""
    aspect = min(max(drawable.get_width() / drawable.get_height(), 0.1), 10.0)
    properties = {
        "x": 0.5, "y": 0.5, "amplitude": amplitude, "phi": (phase % 360.0 - 180.0) / 180.0, "period": wavelength * 2.0,
        "aspect": aspect, "clamp": not black,
    }  # fmt: skip
    apply(drawable, "gegl:waves", properties)


@row("plug-in-ripple", target="gegl:ripple")
def ripple(  # 2.10's own signature
    _image: Any, drawable: Any, period: int, amplitude: int, vertical: int, edges: int, sine: int, antialias: int,
    tile: int,
) -> None:  # fmt: skip
    """Rows or columns along a wave."""
    phase = 0.5 if sine and not vertical else 0.0 if sine else 0.75
    properties = {
        "amplitude": float(amplitude), "period": float(period), "phi": phase, "angle": 0.0 if vertical else 90.0,
        "sampler-type": CUBIC if antialias else NEAREST, "wave-type": 0 if sine else 1,
        "abyss-policy": {0: 1, 1: 2}.get(edges, 0), "tileable": bool(tile),
    }  # fmt: skip
    process(drawable, "gegl:ripple", properties, cast=True)


@row("plug-in-whirl-pinch", target="gegl:whirl-pinch")
def whirl_pinch(_image: Any, drawable: Any, whirl: float, pinch: float, radius: float) -> None:
    """Turns and pinches around the middle of the selection."""
    process(drawable, "gegl:whirl-pinch", {"whirl": whirl, "pinch": pinch, "radius": radius})


@row("plug-in-polar-coords", target="gegl:polar-coordinates")
def polar_coords(  # 2.10's own signature
    _image: Any, drawable: Any, depth: float, angle: float, backwards: int, top: int, polar: int
) -> None:
    """To or from polar coordinates."""
    properties = {
        "depth": depth, "angle": angle % 360.0, "bw": bool(backwards), "top": bool(top), "polar": bool(polar),
    }  # fmt: skip
    process(drawable, "gegl:polar-coordinates", properties)


@row("plug-in-applylens", target="gegl:apply-lens")
def applylens(_image: Any, drawable: Any, refraction: float, keep: int, fill: int, _transparent: int) -> None:
    """A lens over the selection."""
    colour = background() if fill else gimpcolor.RGB(0.0, 0.0, 0.0, 0.0)
    properties = {"refraction-index": refraction, "keep-surroundings": bool(keep), "background-color": colour}
    process(drawable, "gegl:apply-lens", properties)


@row("plug-in-lens-distortion", target="gegl:lens-distortion")
def lens_distortion(  # 2.10's own signature
    _image: Any, drawable: Any, x: float, y: float, main: float, edge: float, zoom: float, brighten: float
) -> None:
    """Barrel and pincushion."""
    properties = {
        "main": main, "edge": edge, "zoom": zoom, "x-shift": x, "y-shift": y, "brighten": brighten,
        "background": background(0.0 if drawable.has_alpha() else 1.0),
    }  # fmt: skip
    process(drawable, "gegl:lens-distortion", properties)


@row("plug-in-shift", target="gegl:shift")
def shift(_image: Any, drawable: Any, amount: int, orientation: int) -> None:
    """Rows or columns by random amounts."""
    apply(drawable, "gegl:shift", {"shift": amount // 2, "direction": 0 if orientation else 1})


@row("plug-in-wind", target="gegl:wind")
def wind(_image: Any, drawable: Any, threshold: int, direction: int, strength: int, style: int, edge: int) -> None:
    """Streaks."""
    properties = {
        "threshold": threshold, "direction": direction, "strength": strength, "style": style, "edge": edge,
    }  # fmt: skip
    apply(drawable, "gegl:wind", properties)


@row("plug-in-pixelize", target="gegl:pixelize")
def pixelize(_image: Any, drawable: Any, width: int) -> None:
    """Squares of one colour."""
    apply(drawable, "gegl:pixelize", {"size-x": width, "size-y": width})


@row("plug-in-pixelize2", target="gegl:pixelize")
def pixelize2(_image: Any, drawable: Any, width: int, height: int) -> None:
    """Rectangles of one colour."""
    apply(drawable, "gegl:pixelize", {"size-x": width, "size-y": height})


@row("plug-in-make-seamless", target="gegl:tile-seamless")
def make_seamless(_image: Any, drawable: Any) -> None:
    """Tileable edges."""
    process(drawable, "gegl:tile-seamless", {})


@row("plug-in-glasstile", target="gegl:tile-glass")
def glasstile(_image: Any, drawable: Any, width: int, height: int) -> None:
    """Glass blocks."""
    apply(drawable, "gegl:tile-glass", {"tile-width": width, "tile-height": height})


@row("plug-in-papertile", target="gegl:tile-paper")
def papertile(  # 2.10's own signature
    _image: Any, drawable: Any, size: int, move: float, fractional: int, wrap: int, centering: int, kind: int,
    colour: gimpcolor.RGB, _alpha: int,
) -> None:  # fmt: skip
    """Paper tiles that slid."""
    chosen = {3: foreground(), 4: background(), 5: colour}.get(kind, gimpcolor.RGB(0.0, 0.0, 1.0))
    properties = {
        "tile-width": size, "tile-height": size, "move-rate": move, "bg-color": chosen, "centering": bool(centering),
        "wrap-around": bool(wrap), "background-type": min(kind, 3), "fractional-type": fractional,
    }  # fmt: skip
    apply(drawable, "gegl:tile-paper", properties)


@row("plug-in-illusion", target="gegl:illusion")
def illusion(_image: Any, drawable: Any, division: int, kind: int) -> None:
    """Copies of the picture over it."""
    apply(drawable, "gegl:illusion", {"division": division, "illusion-type": kind})


@row("plug-in-fractal-trace", target="gegl:fractal-trace")
def fractal_trace(  # 2.10's own signature
    _image: Any, drawable: Any, xmin: float, xmax: float, ymin: float, ymax: float, depth: int, outside: int
) -> None:
    """The picture seen through Mandelbrot's set."""
    properties = {
        "fractal": 0, "X1": xmin, "X2": xmax, "Y1": ymin, "Y2": ymax, "depth": depth,
        "abyss-policy": {0: 2, 1: 0, 2: 3, 3: 4}.get(outside, 2),
    }  # fmt: skip
    apply(drawable, "gegl:fractal-trace", properties)


@row("plug-in-video", target="gegl:video-degradation")
def video(_image: Any, drawable: Any, pattern: int, additive: int, rotated: int) -> None:
    """An old monitor."""
    properties = {"pattern": pattern, "additive": bool(additive), "rotated": bool(rotated)}
    apply(drawable, "gegl:video-degradation", properties)


@row("plug-in-deinterlace", target="gegl:deinterlace")
def deinterlace(_image: Any, drawable: Any, keep_even: int) -> None:
    """Every other line from its neighbours."""
    process(drawable, "gegl:deinterlace", {"keep": 0 if keep_even else 1, "orientation": 0, "size": 1}, cast=True)
