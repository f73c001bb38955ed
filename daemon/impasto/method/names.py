"""The words of which a setting may be one; what each means is told where it is carried out.

Knows nothing. ``settings`` and the engine's modules use them.
"""

from typing import Literal, TypeAlias

ObjectiveName: TypeAlias = Literal["gatys", "neural-style", "spst", "w2"]
"""Whose J, see ``engine.presets``."""

Colour: TypeAlias = Literal["style", "content-luminance", "content-match-rgb", "content-match-lab"]
"""Whose colours the result has, see ``engine.colour``."""

Detail: TypeAlias = Literal["fine", "balanced", "coarse"]
"""Which of the style's forms count, see ``settings.DETAIL``."""

Precision: TypeAlias = Literal["float32", "mixed", "tf32"]
"""``mixed``: the way there in float32, the way back and what is kept for it in bfloat16. The first decides how good the
gradient is, the second hardly matters (engine/LOG.md has the figures). ``tf32``: likewise, but the way there with ten
bits of mantissa, on a GPU, which multiplies so seven times as fast; elsewhere it is ``mixed``. Whether the gradient
stays near hangs on the weights, see ``engine.closeness``."""
