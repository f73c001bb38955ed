"""Memory: what a run needs at its peak, from the sizes of its pictures; measured peaks lie below it.

Knows what `Passage` keeps and what L-BFGS remembers. Must not know devices or what is free on them. ``painting`` asks
before a job begins; ``scheduling.admission`` says the same without torch, and tests compare. tests/bench/engine.py
weighs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from impasto.engine.chain import Unit, chain_of
from impasto.engine.descent import LBFGS_HISTORY
from impasto.engine.encoder import VGG
from impasto.engine.passage import groups
from impasto.engine.presets import ObjectiveName
from impasto.engine.settings import Settings

TORCH_BYTES = 256 << 20  # code that torch loads at the first step, its workspaces, and strips of rows under way
# What moments take more than Gram matrices: LAPACK and its matrices, at any size.
MOMENTS_BYTES: Mapping[ObjectiveName, int] = MappingProxyType({"spst": 64 << 20, "w2": 128 << 20})
IMAGES_BYTES = 3 * 4 * (2 * LBFGS_HISTORY + 16)  # per pixel: the pairs, X, its gradient, copies and spectra
WRAPPED_LAYERS = 6  # copies of the largest layer where a picture goes around, as it is then not cut into strips


def bytes_needed(encoder: VGG, pixels: int, style_pixels: int, settings: Settings) -> int:
    """Of a run at `pixels`, margin included, with a style at `style_pixels`; in float32: mixed takes less."""
    weights = settings.weights
    chain = chain_of(encoder, next(encoder.parameters()).dtype)
    assert chain is not None  # all that are shipped or fetched are
    units = chain.units
    style, content = tuple(weights.style_layers), tuple(weights.content_layers)
    through = _through(units, wraps=False)
    here = kept_bytes(units, style, content) + _through(units, wraps=settings.tileable) + IMAGES_BYTES
    fixed = TORCH_BYTES + MOMENTS_BYTES.get(settings.objective, 0) + 2 * sum(unit.weight.nbytes for unit in units)
    return int(max(pixels * here, style_pixels * through)) + fixed


def kept_bytes(units: Iterable[Unit], style: tuple[str, ...], content: tuple[str, ...]) -> float:
    """Per pixel, for the way back: style features; content features, target and gradient; a bit for all else."""
    total, area = 0.0, 1.0
    for unit in units:
        layer = area * unit.channels
        features, bits = unit.name in style, unit.name not in style or unit.pool
        total += layer * bool(bits) / 8 + 4 * layer * (features + 3 * (unit.name in content))
        area /= 4 if unit.pool else 1
    return total


def _through(units: Sequence[Unit], *, wraps: bool) -> float:
    """Per pixel: the input and the output of the group of layers that is being run, where they are largest."""
    largest, area, before = 0.0, 1.0, 3.0
    for group in groups(units):
        if wraps:
            largest = max(largest, *(WRAPPED_LAYERS * area * unit.channels for unit in group))
        area /= 4 if group[-1].pool else 1
        after = area * group[-1].channels
        largest, before = max(largest, before + after), after
    return 4 * largest
