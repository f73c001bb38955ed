"""2.10's noise and texture plug-ins, GEGL operations now. Rows of the table; `_pdb` calls them.

Where 2.10 took a seed from the clock so does this, by Python's `random`: `random.seed` makes a script's noise
repeatable.
"""

import random
from typing import Any

from . import gimpcolor
from ._gegl import apply, background, foreground, process, selected
from ._rows import row


def fresh_seed() -> int:
    """31 random bits: GEGL's nodes take no more through their bindings."""
    return random.getrandbits(31)


def unsigned(seed: int) -> int:
    """A seed as GEGL takes it; 2.10's -1 is one of the clock's."""
    return fresh_seed() if seed == -1 else seed & 0xFFFFFFFF


def size_of(drawable: Any) -> dict[str, int]:
    """Width and height of what is selected."""
    region = selected(drawable)
    return {"width": region.width, "height": region.height} if region else {"width": 1, "height": 1}


@row("plug-in-hsv-noise", target="gegl:noise-hsv")
def hsv_noise(_image: Any, drawable: Any, holdness: int, hue: int, saturation: int, value: int) -> None:
    """Scatters hue, saturation and value."""
    properties = {
        "holdness": holdness, "hue-distance": float(hue), "saturation-distance": saturation / 255.0,
        "value-distance": value / 255.0, "seed": fresh_seed(),
    }  # fmt: skip
    apply(drawable, "gegl:noise-hsv", properties)


def rgb_noised(drawable: Any, independent: int, correlated: int, amounts: tuple[float, ...]) -> None:
    """Both forms of noise by channel."""
    red, green, blue, alpha = (amounts[0], amounts[0], amounts[0], amounts[1]) if drawable.is_gray() else amounts
    properties = {
        "correlated": bool(correlated), "independent": bool(independent), "red": red, "green": green, "blue": blue,
        "alpha": alpha, "seed": fresh_seed(),
    }  # fmt: skip
    process(drawable, "gegl:noise-rgb", properties, cast=True)


@row("plug-in-rgb-noise", target="gegl:noise-rgb")
def rgb_noise(_image: Any, drawable: Any, independent: int, correlated: int, *amounts: float) -> None:
    """Noise by channel, added or multiplied."""
    rgb_noised(drawable, independent, correlated, amounts)


@row("plug-in-noisify", target="gegl:noise-rgb")
def noisify(_image: Any, drawable: Any, independent: int, *amounts: float) -> None:
    """Noise by channel, added."""
    rgb_noised(drawable, independent, 0, amounts)


def _randomize(kind: str) -> None:
    @row(f"plug-in-randomize-{kind}", target=f"gegl:noise-{kind}")
    def noise(_image: Any, drawable: Any, percent: float, repeat: float, randomize: int, seed: int) -> None:
        chosen = fresh_seed() if randomize else unsigned(seed)
        properties = {"pct-random": percent, "repeat": int(repeat), "seed": chosen}
        apply(drawable, f"gegl:noise-{kind}", properties)


for _kind in ("hurl", "pick", "slur"):
    _randomize(_kind)


@row("plug-in-spread", target="gegl:noise-spread")
def spread(_image: Any, drawable: Any, x: float, y: float) -> None:
    """Moves pixels about."""
    apply(drawable, "gegl:noise-spread", {"amount-x": int(x), "amount-y": int(y), "seed": fresh_seed()})


@row("plug-in-solid-noise", target="gegl:noise-solid")
def solid_noise(  # 2.10's own signature
    _image: Any, drawable: Any, tileable: int, turbulent: int, seed: int, detail: int, xsize: float, ysize: float
) -> None:
    """Clouds."""
    properties = {
        "x-size": min(max(xsize, 0.1), 16.0), "y-size": min(max(ysize, 0.1), 16.0), "detail": detail,
        "tileable": bool(tileable), "turbulent": bool(turbulent), "seed": unsigned(seed), **size_of(drawable),
    }  # fmt: skip
    apply(drawable, "gegl:noise-solid", properties)


@row("plug-in-plasma", target="gegl:plasma")
def plasma(_image: Any, drawable: Any, seed: int, turbulence: float) -> None:
    """Plasma's colours."""
    region = selected(drawable)
    place = {"x": region.x, "y": region.y} if region else {}
    apply(drawable, "gegl:plasma", {"seed": unsigned(seed), "turbulence": turbulence, **place, **size_of(drawable)})


@row("plug-in-sinus", target="gegl:sinus")
def sinus(  # 2.10's own signature
    _image: Any, drawable: Any, xscale: float, yscale: float, complexity: float, seed: int, tiling: int, perturb: int,
    colours: int, first: gimpcolor.RGB, second: gimpcolor.RGB, alpha1: float, alpha2: float, blend: int, power: float,
) -> None:  # fmt: skip
    """Waves of two colours."""
    if colours == 0:
        first, second = gimpcolor.RGB(0, 0, 0), gimpcolor.RGB(255, 255, 255)
    elif colours == 1:
        first, second = foreground(), background()
    one, two = (gimpcolor.RGB(c.r, c.g, c.b, float(a)) for c, a in ((first, alpha1), (second, alpha2)))
    properties = {
        "x-scale": max(xscale, 0.0001), "y-scale": max(yscale, 0.0001), "complexity": complexity,
        "seed": unsigned(seed), "tiling": bool(tiling), "perturbation": bool(perturb), "color1": one, "color2": two,
        "blend-mode": blend, "blend-power": power, **size_of(drawable),
    }  # fmt: skip
    apply(drawable, "gegl:sinus", properties)


@row("plug-in-diffraction", target="gegl:diffraction-patterns")
def diffraction(_image: Any, drawable: Any, *values: float) -> None:
    """Colours of diffracted light."""
    names = (
        "red-frequency", "green-frequency", "blue-frequency", "red-contours", "green-contours", "blue-contours",
        "red-sedges", "green-sedges", "blue-sedges", "brightness", "scattering", "polarization",
    )  # fmt: skip
    apply(drawable, "gegl:diffraction-patterns", dict(zip(names, values, strict=True)) | size_of(drawable))


@row("plug-in-maze", target="gegl:maze")
def maze(  # 2.10's own signature
    _image: Any, drawable: Any, width: int, height: int, tileable: int, algorithm: int, seed: int, _multiple: int,
    _offset: int,
) -> None:  # fmt: skip
    """A labyrinth."""
    properties = {
        "x": width, "y": height, "algorithm-type": algorithm, "tileable": bool(tileable), "seed": unsigned(seed),
        "fg-color": foreground(), "bg-color": background(),
    }  # fmt: skip
    apply(drawable, "gegl:maze", properties)
