"""The slope: J and its gradient at a picture so large that each array of its size is counted.

Knows the objective's parts. Must not know how X is moved, files, or how much memory there is. ``spilled`` asks for it
once for each evaluation. What autograd would keep for the whole picture (differences to neighbours, distances from
[0, 1], content features and their gradient) is found here row by row and channel by channel, by autograd over each.
The slope and the content's features lie where the objective has its room; all else is a tile's or some rows'.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.engine.objective import Objective

ROW_VALUES, CHANNELS = 1 << 18, 4  # of a channel's rows, and of layers' channels, at a time


def slope(objective: Objective, image: Tensor) -> tuple[dict[str, float], Tensor]:
    """The weighted terms of J with their total, and its gradient (1, 3, H, W), at `image`.

    The same as of `Objective` and autograd, but for rounding.

    Raises:
        ValueError: the encoder is no chain (see ``chain``).
    """
    look, weights = objective.look, objective.weights
    tiling = look.tiling(objective.encoder, image)
    with torch.no_grad():
        found = tiling.there(image)
    statistics, features = found[: -len(weights.content_layers)], found[-len(weights.content_layers) :]
    style, pulls = _style(objective, statistics, image)
    content = sum(
        _content_(objective, name, whole) for name, whole in zip(weights.content_layers, features, strict=True)
    )
    with torch.no_grad():
        gradient = tiling.back(image, [*pulls, *features])
    del found, features
    variation, gamut = _of_rows_(objective, image, gradient)
    terms = {"content": float(content), "style": style, "total_variation": variation, "gamut": gamut}
    return {**terms, "total": sum(terms.values())}, gradient


def _style(objective: Objective, statistics: Sequence[Tensor], image: Tensor) -> tuple[float, Sequence[Tensor | None]]:
    """The term, and its gradient to each of the statistics."""
    leaves = [one.detach().requires_grad_() for one in statistics]
    total = objective.weights.style * objective.style_of(objective.look.by_layer(leaves), image)
    if not total.requires_grad:
        return 0.0, [None] * len(leaves)
    return float(total.detach()), torch.autograd.grad(total, leaves, allow_unused=True)


def _content_(objective: Objective, name: str, features: Tensor) -> float:
    """A layer's part of the term; its gradient is written over the features."""
    weights, total = objective.weights, 0.0
    scale = weights.content * weights.content_layers[name] * objective.content_scale
    for first in range(0, features.shape[1], CHANNELS):
        part = features[:, first : first + CHANNELS].detach().requires_grad_()
        value = scale * objective.content[name].of_channels(part, first)  # type: ignore[operator]  # it is a ContentLoss
        (pull,) = torch.autograd.grad(value, part)
        features[:, first : first + CHANNELS] = pull
        total += float(value.detach())
        objective.room.rest()
    objective.room.clear()
    return total


def _of_rows_(objective: Objective, image: Tensor, gradient: Tensor) -> tuple[float, float]:
    """What X itself costs, variation and gamut; its gradient is added."""
    weights, (height, width) = objective.weights, image.shape[2:]
    variation, gamut, step = 0.0, 0.0, max(2, ROW_VALUES // width)
    for first in range(0, height, step) if weights.total_variation or weights.gamut else ():
        after, above = min(first + step, height), int(first > 0 or objective.wraps)
        rows = torch.cat([image[:, :, first - 1 : first or None], image[:, :, first:after]][1 - above :], 2)
        rows = rows.detach().requires_grad_()
        varied = weights.total_variation * objective.variation.of_rows(rows, above, height)  # type: ignore[operator]
        beyond = weights.gamut * objective.gamut.of_rows(rows[:, :, above:], height)
        (pull,) = torch.autograd.grad(varied + beyond, rows)
        gradient[:, :, first:after] += pull[:, :, above:]
        if above:
            gradient[:, :, first - 1] += pull[:, :, 0]
        variation, gamut = variation + float(varied.detach()), gamut + float(beyond.detach())
        objective.room.rest()
    objective.room.clear()
    return variation, gamut
