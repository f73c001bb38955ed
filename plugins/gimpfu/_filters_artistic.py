"""2.10's artistic plug-ins, GEGL operations now, and its croppers. Rows of the table; `_pdb` calls them."""

from typing import Any

from . import gimpcolor
from ._gegl import apply, background, check_drawable, foreground
from ._gimp3 import call
from ._rows import absent, renamed, row

renamed({"plug-in-nlfilt": "plug-in-nl-filter"})
absent({
    "plug-in-filter-pack": "it was a dialog only, and is gone",
    "plug-in-ccanalyze": "it was a dialog only, and is gone",
    "plug-in-goat-exercise": "it is an example, plug-in-goat-exercise-python now",
    "plug-in-curve-bend-Iterator": "use pdb.plug_in_curve_bend",
})  # fmt: skip


@row("plug-in-oilify", target="gegl:oilify")
def oilify(_image: Any, drawable: Any, mask: int, mode: int) -> None:
    """Dabs of a mask's size, by colour or by intensity."""
    oilified(drawable, mask, mode, 8, {})


@row("plug-in-oilify-enhanced", target="gegl:oilify")
def oilify_enhanced(  # 2.10's own signature
    _image: Any, drawable: Any, mode: int, mask: int, mask_map: Any, exponent: int, exponent_map: Any
) -> None:
    """The same, with maps for size and exponent."""
    maps = {"aux": mask_map, "aux2": exponent_map}
    oilified(drawable, mask, mode, exponent, {name: one for name, one in maps.items() if one is not None})


def oilified(drawable: Any, mask: int, mode: int, exponent: int, aux: dict[str, Any]) -> None:
    """Both forms of oil."""
    properties = {"mask-radius": max(mask // 2, 1), "exponent": exponent, "use-inten": bool(mode)}
    apply(drawable, "gegl:oilify", properties, aux)


@row("plug-in-cubism", target="gegl:cubism")
def cubism(_image: Any, drawable: Any, size: float, saturation: float, use_background: int) -> None:
    """Turned squares."""
    colour = background(0.0) if use_background else gimpcolor.RGB(0.0, 0.0, 0.0, 0.0)
    apply(drawable, "gegl:cubism", {"tile-size": size, "tile-saturation": saturation, "bg-color": colour})


@row("plug-in-mosaic", target="gegl:mosaic")
def mosaic(  # 2.10's own signature
    _image: Any, drawable: Any, size: float, height: float, spacing: float, neatness: float, split: int, light: float,
    variation: float, antialiasing: int, averaging: int, kind: int, surface: int, grout: int,
) -> None:  # fmt: skip
    """Tiles with joints."""
    lit, joints = (foreground(), background()) if grout else (gimpcolor.RGB(255, 255, 255), gimpcolor.RGB(0, 0, 0))
    properties = {
        "tile-size": size, "tile-height": height, "tile-spacing": spacing, "tile-neatness": neatness,
        "tile-allow-split": bool(split), "light-dir": light, "color-variation": variation,
        "antialiasing": bool(antialiasing), "color-averaging": bool(averaging), "tile-type": kind,
        "tile-surface": bool(surface), "light-color": lit, "joints-color": joints,
    }  # fmt: skip
    apply(drawable, "gegl:mosaic", properties)


@row("plug-in-newsprint", target="gegl:newsprint")
def newsprint(  # 2.10's own signature
    _image: Any, drawable: Any, cell: int, space: int, pullout: int, gray_angle: float, gray_spot: int,
    red_angle: float, red_spot: int, green_angle: float, green_spot: int, blue_angle: float, blue_spot: int,
    oversample: int,
) -> None:  # fmt: skip
    """Dots of print, whose shapes and samples are 2.10's own choice of GEGL's; intensity and luminance are gray."""
    model = {1: 2, 2: 3}.get(space, 1)
    spots = {0: 1, 1: 0, 2: 2, 3: 4, 4: 2}
    turned = [(angle + 180.0) % 360.0 - 180.0 for angle in (gray_angle, red_angle, green_angle, blue_angle)]
    kinds = [spots.get(spot, 1) for spot in (gray_spot, red_spot, green_spot, blue_spot)]
    gray, red, green, blue = zip(turned, kinds, strict=True)
    properties: dict[str, Any] = {
        "color-model": model, "black-pullout": pullout / 100.0, "aa-samples": min(max(oversample, 1), 128),
    }  # fmt: skip
    order = (red, green, blue, gray) if model >= 2 else (gray, gray, gray, gray)
    for suffix, (angle, kind) in zip(("2", "3", "4", ""), order, strict=True):
        properties |= {f"pattern{suffix}": kind, f"period{suffix}": float(cell), f"angle{suffix}": angle}
    apply(drawable, "gegl:newsprint", properties)


@row("plug-in-autocrop", target="gimp-image-autocrop")
def autocrop(image: Any, drawable: Any) -> None:
    """Crops the image to what is in a drawable."""
    call("gimp-image-autocrop", image, drawable)


@row("plug-in-autocrop-layer", target="gimp-image-autocrop-selected-layers")
def autocrop_layer(image: Any, drawable: Any) -> None:
    """Crops the active layer to what is in a drawable."""
    check_drawable(drawable, "plug-in-autocrop-layer")
    call("gimp-image-autocrop-selected-layers", image, drawable)


@row("plug-in-sel2path-advanced", target="plug-in-sel2path")
def sel2path_advanced(image: Any, drawable: Any, *values: Any) -> None:
    """The selection as a path, with all settings."""
    call("plug-in-sel2path", image, [drawable], *values)


@row("plug-in-decompose-registered", target="plug-in-decompose")
def decompose_registered(image: Any, drawable: Any, kind: str, layers_mode: int) -> Any:
    """Channels as images, with registration colour kept."""
    return call("plug-in-decompose", image, [drawable], kind, layers_mode, 1)


@row("plug-in-cml-explorer", target="plug-in-cml-explorer")
def cml_explorer(_run_mode: int, image: Any, drawable: Any, filename: str) -> None:
    """Patterns of coupled maps; 2.10 misspelt the run mode, so that scripts pass it."""
    call("plug-in-cml-explorer", image, [drawable], filename)


@row("plug-in-grid", target="plug-in-grid")
def grid(image: Any, drawable: Any, *values: Any) -> None:
    """Lines; what was an opacity of 0 to 255 is in the colour."""
    lines: list[Any] = []
    for start in range(0, 15, 5):
        width, space, offset, colour, opacity = values[start : start + 5]
        lines += [width, max(space, 1), offset, gimpcolor.RGB(colour.r, colour.g, colour.b, (opacity & 255) / 255.0)]
    call("plug-in-grid", image, [drawable], *lines)
