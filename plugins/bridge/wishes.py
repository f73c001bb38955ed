"""What an artist's dials mean to Impasto: the `settings` of the verb ``stylize``, the same from every editor.

Knows the names of the Python API. Must not know an editor, its widgets or how anything is sent. Called by plug-ins.
"""

from __future__ import annotations

from typing import Any

AS_USUAL = 0  # steps: as many as the encoder is best with


def settings(  # the dials, each by its name
    *,
    strength: float,
    stroke_size: float,
    keep_colours: bool,
    size: int,
    steps: int,
    seed: int,
    width: int,
    height: int,
) -> dict[str, Any]:
    """What is asked for.

    Args:
        strength: 0 is the picture, 0.5 as usual, 1 all style.
        stroke_size: how large the style's marks become, 1 as they are.
        keep_colours: whether only light and dark are painted.
        size: px of the longest side that is painted; larger layers are painted smaller, and scaled. 0: never.
        steps: in all; `AS_USUAL` leaves it to the encoder.
        seed: of all chance.
        width: px of the layer.
        height: likewise.
    """
    told: dict[str, Any] = {"strength": strength, "stroke_size": stroke_size, "seed": seed}
    if keep_colours:
        told["colour"] = "content-luminance"
    if size and size < max(width, height):
        told["size"] = size
    if steps != AS_USUAL:
        told["steps"] = steps
    return told
