"""2.10's text procedures; fonts go by name. Rows of the table.

2.10 took every size for whole pixels, whatever its type said, and told authors so.
"""

from typing import Any

from ._gimp3 import call
from ._rows import row

HINT_NONE, HINT_SLIGHT, HINT_MEDIUM, HINT_FULL = range(4)


def named(family: str | None, weight: str | None, slant: str | None) -> str:
    """One font name of 2.0's many; `*` is any."""
    parts = [family or "Sans"]
    if weight and weight.lower() in ("bold", "heavy", "black"):
        parts.append("Bold")
    if slant and slant.lower() in ("i", "o", "italic", "oblique"):
        parts.append("Italic")
    return " ".join(part for part in parts if part != "*") or "Sans"


@row("gimp-text-fontname", target="gimp-text-font")
def text_fontname(  # 2.10's own signature
    image: Any, drawable: Any, x: float, y: float, text: str, border: int, antialias: int, size: float,
    _size_type: int, font: str,
) -> Any:  # fmt: skip
    """Adds text, as a layer of its own or floating over a drawable."""
    return call("gimp-text-font", image, drawable, x, y, text, border, antialias, int(size), font or "")


@row("gimp-text", target="gimp-text-font")
def text(  # 2.10's own signature
    image: Any, drawable: Any, x: float, y: float, words: str, border: int, antialias: int, size: float,
    size_type: int, _foundry: str, family: str, weight: str, slant: str, *_rest: Any,
) -> Any:  # fmt: skip
    """Adds text, the font in the parts of an X font name."""
    font = named(family, weight, slant)
    return text_fontname(image, drawable, x, y, words, border, antialias, size, size_type, font)


@row("gimp-text-get-extents-fontname", target="gimp-text-get-extents-font")
def text_get_extents_fontname(words: str, size: float, _size_type: int, font: str) -> tuple[int, ...]:
    """Width, height, ascent and descent."""
    extents: tuple[int, ...] = call("gimp-text-get-extents-font", words, int(size), font or "")
    return extents


@row("gimp-text-get-extents", target="gimp-text-get-extents-font")
def text_get_extents(  # 2.10's own signature
    words: str, size: float, size_type: int, _foundry: str, family: str, weight: str, slant: str, *_rest: Any
) -> tuple[int, ...]:
    """The same, the font in the parts of an X font name."""
    del size_type
    extents: tuple[int, ...] = call("gimp-text-get-extents-font", words, int(size), named(family, weight, slant))
    return extents


@row("gimp-text-layer-get-hinting", target="gimp-text-layer-get-hint-style")
def get_hinting(layer: Any) -> tuple[int, int]:
    """Whether hinted, and by itself."""
    style = call("gimp-text-layer-get-hint-style", layer)
    return int(style != HINT_NONE), int(style in (HINT_SLIGHT, HINT_MEDIUM))


@row("gimp-text-layer-set-hinting", target="gimp-text-layer-set-hint-style")
def set_hinting(layer: Any, hinting: int, autohint: int) -> None:
    """Hinted or not, by itself or not."""
    style = HINT_NONE if not hinting else HINT_MEDIUM if autohint else HINT_FULL
    call("gimp-text-layer-set-hint-style", layer, style)
