"""What styles are called on the screen: built-in ones in the user's language, own ones as they are.

Called by widgets; must never know which styles there are but by name: a newer Impasto may have more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .binding import translated

if TYPE_CHECKING:
    from .choices import Choices, Style

BUILT_IN = {
    "swirl": translated("Swirl"),
    "woodcut": translated("Woodcut"),
    "mosaic": translated("Mosaic"),
    "watercolour": translated("Watercolour"),
    "pointillist": translated("Pointillist"),
    "stained-glass": translated("Stained glass"),
    "ink-wash": translated("Ink wash"),
    "embroidery": translated("Embroidery"),
    "cubist": translated("Cubist"),
    "pastel": translated("Pastel"),
    "marbled": translated("Marbled"),
    "palette-knife": translated("Palette knife"),
}


def name(style: Style) -> str:
    """A style's."""
    return style.name if style.path else BUILT_IN.get(style.name, style.name.replace("-", " ").capitalize())


def title(choices: Choices) -> str:
    """Of all styles together."""
    return " + ".join(name(style) for style in choices.styles)
