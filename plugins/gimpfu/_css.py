"""Colours in words, as 2.10 read them: CSS names, hexadecimal digits, `rgb(...)`, `hsl(...)`."""

import colorsys

Components = tuple[float, float, float, float]

# What CSS and X11 name and scripts are likely to; GEGL knows sixteen.
NAMES = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff", "maroon": "800000",
    "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "magenta": "ff00ff", "green": "008000", "lime": "00ff00",
    "olive": "808000", "yellow": "ffff00", "navy": "000080", "blue": "0000ff", "teal": "008080", "aqua": "00ffff",
    "cyan": "00ffff", "orange": "ffa500", "pink": "ffc0cb", "brown": "a52a2a", "gold": "ffd700", "violet": "ee82ee",
    "indigo": "4b0082", "beige": "f5f5dc", "ivory": "fffff0", "khaki": "f0e68c", "coral": "ff7f50", "crimson": "dc143c",
    "salmon": "fa8072", "turquoise": "40e0d0", "tan": "d2b48c", "orchid": "da70d6", "plum": "dda0dd",
    "chocolate": "d2691e", "darkred": "8b0000", "darkgreen": "006400", "darkblue": "00008b", "lightblue": "add8e6",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "darkgray": "a9a9a9", "darkgrey": "a9a9a9", "steelblue": "4682b4",
    "skyblue": "87ceeb", "royalblue": "4169e1", "forestgreen": "228b22", "seagreen": "2e8b57", "tomato": "ff6347",
    "sienna": "a0522d", "firebrick": "b22222", "wheat": "f5deb3", "lavender": "e6e6fa", "dimgray": "696969",
}  # fmt: skip


def named(name: str) -> Components:
    """The colour of that name. Raises ValueError for a name that is not known."""
    try:
        return hexadecimal(NAMES[name.strip().lower()])
    except KeyError:
        raise ValueError(f"unable to parse color name: {name!r}") from None


def hexadecimal(text: str) -> Components:
    """`#f80`, `#ff8000`, `#ffff88880000`, with or without the sign. Raises ValueError for anything else."""
    digits = text.strip().removeprefix("#")
    size, rest = divmod(len(digits), 3)
    try:
        if rest or not 1 <= size <= 4:
            raise ValueError
        red, green, blue = (int(digits[start : start + size], 16) for start in range(0, len(digits), size))
    except ValueError:
        raise ValueError(f"unable to parse hex value: {text!r}") from None
    most = 16**size - 1
    return red / most, green / most, blue / most, 1.0


def parsed(css: str, *, with_alpha: bool) -> Components:
    """Whatever CSS may write. Raises ValueError for anything else."""
    text = css.strip().lower()
    kind, bracket, rest = text.partition("(")
    if not bracket:
        return hexadecimal(text) if text.startswith("#") else named(text)
    try:
        return _function(kind, [part.strip() for part in rest.rstrip(")").split(",")], with_alpha=with_alpha)
    except ValueError:
        raise ValueError(f"unable to parse CSS color: {css!r}") from None


def _function(kind: str, parts: list[str], *, with_alpha: bool) -> Components:
    alpha = float(parts.pop()) if kind in ("rgba", "hsla") and with_alpha else 1.0
    first, second, third = parts
    if kind.startswith("hsl"):
        saturation, lightness = (float(part.rstrip("%")) / 100 for part in (second, third))
        return (*colorsys.hls_to_rgb(float(first) / 360, lightness, saturation), alpha)
    if not kind.startswith("rgb"):
        raise ValueError(kind)
    red, green, blue = (float(part[:-1]) / 100 if part.endswith("%") else float(part) / 255 for part in parts)
    return red, green, blue, alpha
