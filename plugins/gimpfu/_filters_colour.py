"""2.10's colour plug-ins, GEGL operations now. Rows of the table; `_pdb` calls them."""

from typing import Any

from . import gimpcolor
from ._gegl import apply, background, process
from ._rows import row


@row("plug-in-c-astretch", target="gegl:stretch-contrast")
def c_astretch(_image: Any, drawable: Any) -> None:
    """Each channel to its full range."""
    apply(drawable, "gegl:stretch-contrast", {"keep-colors": False})


@row("plug-in-normalize", target="gegl:stretch-contrast")
def normalize(_image: Any, drawable: Any) -> None:
    """All channels together to the full range."""
    apply(drawable, "gegl:stretch-contrast", {"keep-colors": True})


@row("plug-in-autostretch-hsv", target="gegl:stretch-contrast-hsv")
def autostretch_hsv(_image: Any, drawable: Any) -> None:
    """Saturation and value to their full range."""
    apply(drawable, "gegl:stretch-contrast-hsv", {})


@row("plug-in-color-enhance", target="gegl:color-enhance")
def color_enhance(_image: Any, drawable: Any) -> None:
    """Saturation to its full range."""
    apply(drawable, "gegl:color-enhance", {})


@row("plug-in-vinvert", target="gegl:value-invert")
def vinvert(_image: Any, drawable: Any) -> None:
    """Inverts the value alone."""
    apply(drawable, "gegl:value-invert", {})


@row("plug-in-colortoalpha", target="gegl:color-to-alpha")
def colortoalpha(_image: Any, drawable: Any, colour: gimpcolor.RGB) -> None:
    """Takes a colour away into transparency."""
    if not drawable.has_alpha() and hasattr(drawable, "add_alpha"):
        drawable.add_alpha()
    apply(drawable, "gegl:color-to-alpha", {"color": colour})


@row("plug-in-semiflatten", target="gimp:semi-flatten")
def semiflatten(_image: Any, drawable: Any) -> None:
    """Half-transparent pixels over the background."""
    needs_alpha(drawable, "plug-in-semiflatten")
    apply(drawable, "gimp:semi-flatten", {"color": background()})


@row("plug-in-threshold-alpha", target="gimp:threshold-alpha")
def threshold_alpha(_image: Any, drawable: Any, threshold: int) -> None:
    """All or nothing in transparency."""
    needs_alpha(drawable, "plug-in-threshold-alpha")
    apply(drawable, "gimp:threshold-alpha", {"value": threshold / 255.0})


def needs_alpha(drawable: Any, procedure: str) -> None:
    """Refuses a drawable without alpha, as 2.10 did. Raises RuntimeError."""
    if not drawable.has_alpha():
        raise RuntimeError(f"{procedure}: '{drawable.get_name()}' has no alpha channel")


@row("plug-in-colors-channel-mixer", target="gegl:channel-mixer")
def channel_mixer(_image: Any, drawable: Any, monochrome: int, *gains: float) -> None:
    """Channels from channels."""
    if monochrome:
        apply(drawable, "gegl:mono-mixer", dict(zip(("red", "green", "blue"), gains, strict=False)))
    else:
        names = (f"{to}{of}-gain" for to in "rgb" for of in "rgb")
        apply(drawable, "gegl:channel-mixer", dict(zip(names, gains, strict=True)))


@row("plug-in-colorify", target="gegl:channel-mixer")
def colorify(_image: Any, drawable: Any, colour: gimpcolor.RGB) -> None:
    """The luminance in one colour."""
    weights = {"r": 0.2126, "g": 0.7152, "b": 0.0722}  # 2.10's plug-in: those of sRGB, on the values as seen
    gains = {
        f"{to}{of}-gain": weight * getattr(colour, to) for to in "rgb" for of, weight in weights.items()
    }  # fmt: skip
    process(drawable, "gegl:channel-mixer", gains, cast=True)


@row("plug-in-exchange", target="gegl:color-exchange")
def exchange(_image: Any, drawable: Any, *values: int) -> None:
    """One colour for another."""
    before, after, thresholds = values[:3], values[3:6], values[6:]
    properties = {
        "from-color": gimpcolor.RGB(*(int(v) & 255 for v in before)),
        "to-color": gimpcolor.RGB(*(int(v) & 255 for v in after)),
        **{
            f"{name}-threshold": (int(v) & 255) / 255.0
            for name, v in zip(("red", "green", "blue"), thresholds, strict=True)
        },
    }  # fmt: skip
    apply(drawable, "gegl:color-exchange", properties)


@row("plug-in-alienmap2", target="gegl:alien-map")
def alienmap2(  # 2.10's own signature
    _image: Any, drawable: Any, f1: float, a1: float, f2: float, a2: float, f3: float, a3: float, model: int, m1: int,
    m2: int, m3: int,
) -> None:  # fmt: skip
    """Colours of another planet."""
    properties = {
        "color-model": model, "cpn-1-frequency": f1, "cpn-2-frequency": f2, "cpn-3-frequency": f3,
        "cpn-1-phaseshift": a1, "cpn-2-phaseshift": a2, "cpn-3-phaseshift": a3,
        "cpn-1-keep": not m1, "cpn-2-keep": not m2, "cpn-3-keep": not m3,
    }  # fmt: skip
    apply(drawable, "gegl:alien-map", properties)


@row("plug-in-red-eye-removal", target="gegl:red-eye-removal")
def red_eye_removal(_image: Any, drawable: Any, threshold: int) -> None:
    """Red eyes, by a threshold in percent."""
    apply(drawable, "gegl:red-eye-removal", {"threshold": (threshold - 50) / 50.0 * 0.2 + 0.4})


@row("plug-in-max-rgb", target="Gegl.Buffer")
def max_rgb(_image: Any, drawable: Any, hold_maximum: int) -> None:
    """Keeps the largest (or least) channel of each pixel, the others become 0."""
    from ._pixelwise import keep_extreme  # noqa: PLC0415  # one row needs it

    keep_extreme(drawable, largest=bool(hold_maximum))
