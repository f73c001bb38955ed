"""The settings: everything a caller chooses beside the pictures, and what the painters' dials mean in numbers.

Knows numbers and names. Must not know tensors, encoders or how X is moved. ``stylize`` reads them; ``painting`` makes
them from a request. Controls that are pictures (styles, regions, masks) are in ``styles``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from impasto.method.names import Colour, Detail, ObjectiveName, Precision
from impasto.method.weights import Weights

USUAL_HISTORY = 10  # pairs descend as a hundred do for the first hundred steps, in a tenth of the memory
BLOCK = 10  # pairs of a longer history that are given memory, and forgotten, together
PAIR_BYTES = 2 * 3 * 4  # of each pixel: a move and a change
LEARNING_BYTES = 6 * 3 * 4  # likewise: spectra and powers of a pair, while a longer history's preconditioner is learned
STRENGTH_MIDDLE = 0.5  # the encoder's own weights
STRENGTH_POWER = 6.0  # 0.4 means a quarter of the style, 0.25 a sixtieth: ratios are seen in powers, not in sums
# Variation is let go less steeply: where content alone pulls it leaves coloured grain, which nothing else takes away.
VARIATION_POWER = 4.5
# What the style layers of each of VGG's five blocks count in a preset, times what they count anyway. The deeper a
# layer, the larger the forms whose use it sees (Gatys et al. 2015 §2, figure 1): brush marks below, motifs above.
DETAIL: Mapping[Detail, tuple[float, float, float, float, float]] = {
    "fine": (1.0, 2.0, 1.0, 0.0, 0.0),
    "balanced": (1.0, 1.0, 1.0, 1.0, 1.0),
    "coarse": (0.02, 0.05, 1.0, 8.0, 8.0),  # by eye: at 0.25, 0.25, 1, 2, 2 hardly a stroke was another
}


@dataclass(frozen=True)
class Settings:
    """What decides the pixels, beside content, styles and encoder.

    Attributes:
        steps: in all, shared among the scales; one step is one evaluation of J and its gradient.
        optimizer: ``lbfgs`` (from content, or for late scales) or ``adam`` (robust from noise).
        history: pairs that L-BFGS remembers. More than the usual ten are remembered in memory alone, never `spilled`,
            and moves are found from them as ``limited_memory`` does: for many steps at one scale.
        stirred_at: evaluations after which X is stirred where it begins with noise and the history is a longer one: see
            `Descent`. 0 means never, and so do fewer than twice as many steps at that scale.
        start: ``content``, or ``noise`` around the content's mean colour; a picture to start from comes before either.
        max_scales: 1 means only the final size.
        seed: of the noise start.
        style_scale: the style's long side in relation to the content's; it is never enlarged beyond its own pixels.
        adam_rate: learning rate of Adam in [0, 1] units of X.
        frequency_power: of the coordinates in which X moves; 0 means pixels, see ``coordinates``.
        colour_gain: of the same coordinates: how far colour moves where light moves by one.
        margin: pixels by which X is continued beyond its border, mirrored, while it is painted. At a border the network
            sees less and the coordinates meet the opposite border, which shows as a thin rim of odd colours. A picture
            that is `tileable` has no border and takes none.
        carried_detail: how much of the content's own detail, 0 to 1, X takes along from a scale to the next, finer one:
            resized alone it would be a blur, and what the style then paints into it forgets where things stood.
        weights: of the terms and layers of J.
        objective: whose J: ``gatys``, ``neural-style``, ``spst`` or ``w2``, see ``presets``.
        strength: one dial over `weights`: 0 gives the content back, 0.5 is `weights` as they are, 1 has no content
            term; None leaves them alone. See `dialled`, `kept_detail` and `freed_power`.
        detail: which of the style's forms count: brush marks (``fine``), all, or motifs (``coarse``); see `DETAIL`.
        tileable: the result continues at its opposite border; exact where sides are multiples of 16, see ``wrap``.
        colour: whose colours the result has, see ``colour``.
        colour_strength: from 0, the style's colours whatever `colour` says, to 1.
        tile: the side of tiles in px, a multiple of 16, of scales that do not fit into memory as a whole; 0 means the
            whole. The gradient is the same but for rounding, see ``tiling``.
        spilled: whether arrays of a large scale's size lie on disk instead of in memory, see ``spilled``.
        tiles_on_gpu: whether each tile then goes to a GPU and its gradient comes back; else the processor has all.
        precision: ``float32``; ``mixed``: the way back in bfloat16, where ``precision`` finds that it pays;
            ``tf32``: on a GPU the way there in TF32, too, where ``closeness`` finds that the gradient allows it.
    """

    steps: int = 300
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    history: int = USUAL_HISTORY
    stirred_at: int = 0
    start: Literal["content", "noise"] = "content"
    max_scales: int = 3
    seed: int = 0
    style_scale: float = 1.0
    adam_rate: float = 0.02
    frequency_power: float = 0.0
    colour_gain: float = 1.0
    margin: int = 0
    carried_detail: float = 0.0
    weights: Weights = field(default_factory=Weights)
    objective: ObjectiveName = "gatys"
    strength: float | None = None
    detail: Detail = "balanced"
    tileable: bool = False
    colour: Colour = "style"
    colour_strength: float = 1.0
    precision: Precision = "float32"
    tile: int = 0
    spilled: bool = False
    tiles_on_gpu: bool = False

    def __post_init__(self) -> None:
        for name in ("strength", "colour_strength", "carried_detail"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:  # also for NaN
                raise ValueError(f"{name} is {value}; 0 to 1 are allowed")
        if self.history < USUAL_HISTORY:
            raise ValueError(f"history is {self.history}; {USUAL_HISTORY} pairs at least are needed")
        if self.spilled and self.history > USUAL_HISTORY:
            raise ValueError(f"history is {self.history}; arrays on a disk are moved with a shorter one")


def rows_for(history: int) -> int:
    """How many pairs memory is taken for at most, where so many are to be remembered."""
    return -(-history // BLOCK) * BLOCK


def pairs_bytes(settings: Settings) -> int:
    """Of each pixel of the picture: what a longer history takes more than the usual one; no more than there are steps.

    Adam remembers none; what it is said to need counts the usual ones.
    """
    if settings.optimizer == "adam":
        return 0
    more = rows_for(max(USUAL_HISTORY, min(settings.history, settings.steps))) - USUAL_HISTORY
    return more * PAIR_BYTES + bool(more) * LEARNING_BYTES


def weights_of(settings: Settings) -> Weights:
    """The weights that `strength` and `detail` leave."""
    return dialled(detailed(settings.weights, settings.detail), settings.strength)


def dialled(weights: Weights, strength: float | None) -> Weights:
    """The dial: below the middle style and variation count less, above it content does; each end has none of the other.

    Style times min(1, 2s)^6, variation times min(1, 2s)^4.5, content times min(1, 2(1 - s))^6; the ratio of style to
    content rises with s, strictly, and the middle changes no bit.
    """
    if strength is None or strength == STRENGTH_MIDDLE:
        return weights
    style, content = (min(1.0, 2 * share) ** STRENGTH_POWER for share in (strength, 1 - strength))
    return replace(
        weights,
        content=weights.content * content,
        style=weights.style * style,
        total_variation=weights.total_variation * min(1.0, 2 * strength) ** VARIATION_POWER,
    )


def kept_detail(strength: float | None, usual: float = 0.0) -> float:
    """How much of the content's own detail a finer scale begins with: all of it at 0, the usual at 0.5, none at 1.

    Coming from a coarser scale X is blurred, and style must make it sharp; where style hardly counts nothing would.
    """
    if strength is None:
        return usual
    below, above = max(0.0, 1 - strength / STRENGTH_MIDDLE), min(1.0, 2 * (1 - strength))
    return usual * above + (1 - usual) * below


def freed_power(strength: float | None, usual: float) -> float:
    """The power of X's coordinates: the usual up to 0.5, 0 at 1.

    Coming from the content X ends near it even where no content term holds it, as large forms move first and fine ones
    follow; without that preference they are painted anew (training/LOG.md: layout 0.46 for 0.76).
    """
    return usual if strength is None else usual * min(1.0, 2 * (1 - strength))


def detailed(weights: Weights, detail: Detail) -> Weights:
    """Weights with the style layers of a preset.

    Raises:
        ValueError: a layer is not named as VGG's are (relu3_1), so that no preset can tell how deep it is.
    """
    if detail == "balanced":
        return weights
    layers = {name: weight * DETAIL[detail][_block(name) - 1] for name, weight in weights.style_layers.items()}
    if not any(layers.values()):
        raise ValueError(f"detail {detail!r} leaves nothing of the style layers {', '.join(weights.style_layers)}")
    return replace(weights, style_layers={name: weight for name, weight in layers.items() if weight})


def _block(layer: str) -> int:
    """3 for relu3_1."""
    found = re.fullmatch(r"(?:conv|relu)([1-5])_[1-9]", layer)
    if found is None:
        raise ValueError(f"detail needs layers named as VGG's are, like relu3_1; {layer!r} is not")
    return int(found[1])
