"""Brushes, fonts, gradients, palettes and patterns by the names that 2.10's procedures took.

An empty name is the context's own. A name that GIMP 3 has under another spelling is found; a font that is nowhere is
replaced as 2.10's text renderer replaced it, silently; any other resource that is nowhere is refused. Called by
`_gimp3`.
"""

from collections.abc import Callable
from typing import Any

from ._door import Gimp

CURRENT: dict[str, Callable[[], Any]] = {
    "GimpBrush": Gimp.context_get_brush,
    "GimpFont": Gimp.context_get_font,
    "GimpGradient": Gimp.context_get_gradient,
    "GimpPalette": Gimp.context_get_palette,
    "GimpPattern": Gimp.context_get_pattern,
}
LISTS: dict[str, Callable[[str], list[Any]]] = {
    "GimpBrush": Gimp.brushes_get_list,
    "GimpFont": Gimp.fonts_get_list,
    "GimpGradient": Gimp.gradients_get_list,
    "GimpPalette": Gimp.palettes_get_list,
    "GimpPattern": Gimp.patterns_get_list,
}
CLASSES = {
    "GimpBrush": Gimp.Brush,
    "GimpFont": Gimp.Font,
    "GimpGradient": Gimp.Gradient,
    "GimpPalette": Gimp.Palette,
    "GimpPattern": Gimp.Pattern,
}
# 2.8's brushes, which 2.10 and 3 replaced by others of the same use.
SPELLED = {
    "GimpBrush": {
        "Circle (01)": "1. Pixel", "Circle (03)": "2. Hardness 100", "Circle (11)": "2. Hardness 100",
        "Circle (19)": "2. Hardness 100", "Circle Fuzzy (11)": "2. Hardness 050",
        "Circle Fuzzy (19)": "2. Hardness 050",
        "Pixel (1x1 square)": "1. Pixel", "Square (20x20)": "2. Block 01", "Pixel": "1. Pixel",
    },
    "GimpGradient": {
        "FG to BG (HSV Clockwise)": "FG to BG (HSV Clockwise Hue)",
        "FG to BG (HSV clockwise hue)": "FG to BG (HSV Clockwise Hue)",
    },
    "GimpFont": {"Sans": "Sans-serif", "sans": "Sans-serif", "Sans Bold": "Sans-serif Bold", "Arial": "Sans-serif"},
}  # fmt: skip


def by_name(kind: str, name: Any) -> Any:
    """The resource of that name.

    Raises:
        ValueError: when there is none, save for a font.
    """
    if not isinstance(name, str):
        return name
    if not name:
        return CURRENT[kind]()
    for spelling in (name, SPELLED.get(kind, {}).get(name, name)):
        found = CLASSES[kind].get_by_name(spelling)
        if found is not None:
            return found
    return _near(kind, name)


def _near(kind: str, name: str) -> Any:
    """Another spelling of the name: other case, or, for fonts, the family with another word for the style."""
    wanted = name.lower().replace(",", " ").split()
    offered = {one.get_name().lower(): one for one in LISTS[kind]("")}
    if " ".join(wanted) in offered:
        return offered[" ".join(wanted)]
    if kind != "GimpFont":
        raise ValueError(f"{kind.removeprefix('Gimp')} '{name}' not found")
    for length in range(len(wanted), 0, -1):
        family = " ".join(wanted[:length])
        for style in ("", " regular", " book", " roman", " medium"):
            if family + style in offered:
                return offered[family + style]
    bold = "bold" in wanted
    serif = "serif" in wanted or "times" in wanted
    base = "monospace" if {"mono", "monospace", "courier"} & set(wanted) else "serif" if serif else "sans-serif"
    return offered.get(f"{base} bold" if bold else base) or Gimp.context_get_font()
