"""The styles of one picture: how much each counts, where it applies, and which of its pixels lend anything.

Knows style pictures, their weights, regions and masks as tensors, and the function that gives a style's statistics.
Must not know losses or how X is moved. ``stylize`` asks it for what to match at each scale.

Several styles over the same region are blended by their statistics: the target is the weighted mean of theirs, as in
neural-style-pt and crowsonkb's style-transfer-pytorch. For Gram matrices this has the gradient of a weighted sum of
one loss per style, as sum b_i |G - A_i|^2 = |G - sum b_i A_i|^2 + a constant where sum b_i = 1; it costs one loss
instead of n, and of the W2 distance it asks for one mixed manner rather than for a compromise between distances. Styles
over different regions are terms of their own, each with guided statistics, and the terms have their styles' share of
all weights: 1/n for n regions of equal weight, as in Gatys et al. 2017 (arXiv 1611.07865) §3.1.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from impasto.engine.encoder import Encoder, resize
from impasto.engine.pyramid import Scale

Targets: TypeAlias = Mapping[str, Tensor]
TargetSource: TypeAlias = Callable[[Encoder, Tensor, tuple[str, ...]], Targets]


@dataclass(frozen=True, eq=False)
class Style:
    """One style picture.

    Attributes:
        image: (1, 3, h, w) RGB in [0, 1], each side ≥ 16 px.
        weight: its share among several; finite and not negative.
        region: (1, 1, H, W) of the content's size: where this style applies; none means everywhere.
        mask: (1, 1, h, w) of the image's size: which of its pixels count, e.g. the opaque ones; none means all.
        targets: computes or remembers this style's statistics, see `TargetCache`; none means that of the objective.
    """

    image: Tensor
    weight: float = 1.0
    region: Tensor | None = None
    mask: Tensor | None = None
    targets: TargetSource | None = None

    def at(self, scale: Scale, style_scale: float) -> Tensor:
        """The picture at the size it is compared at, its mask as a fourth channel where it has one."""
        image = self.image if self.mask is None else torch.cat([self.image, self.mask], 1)
        return resize_style(image, scale, style_scale)


class StyleTarget(NamedTuple):
    """What is to be matched somewhere.

    Attributes:
        targets: statistics by layer.
        share: of the style term; all shares together are 1.
        region: (1, 1, H, W), where; none means everywhere.
    """

    targets: Targets
    share: float = 1.0
    region: Tensor | None = None


def grouped(styles: Sequence[Style]) -> list[list[Style]]:
    """Styles over equal regions together, in the order of their first; those of weight 0 left out."""
    groups: list[list[Style]] = []
    for style in styles:
        if not style.weight:
            continue
        for group in groups:
            if _same(group[0].region, style.region):
                group.append(style)
                break
        else:
            groups.append([style])
    return groups


def blended(parts: Sequence[tuple[float, Targets]]) -> Targets:
    """The weighted mean of statistics, layer by layer; those of a single style as they are."""
    if len(parts) == 1:
        return parts[0][1]
    total = sum(weight for weight, _ in parts)
    return {
        name: torch.stack([(weight / total) * targets[name] for weight, targets in parts]).sum(0)
        for name in parts[0][1]
    }


def checked(
    content: Tensor, style: Tensor | Sequence[Style], masks: Mapping[str, Tensor | None], init: Tensor | None
) -> Sequence[Style]:
    """The styles of a run whose pictures fit each other.

    Raises:
        ValueError: one does not; says which, its size and the size needed.
    """
    _check_image("content", content)
    styles = [Style(style)] if isinstance(style, Tensor) else list(style)
    for index, each in enumerate(styles):
        name = "style" if isinstance(style, Tensor) else f"style {index + 1}"
        _check_image(name, each.image)
        _check_shape(f"the region of {name}", each.region, (1, 1, *content.shape[2:]))
        _check_shape(f"the mask of {name}", each.mask, (1, 1, *each.image.shape[2:]))
        if not (math.isfinite(each.weight) and each.weight >= 0):
            raise ValueError(f"{name} has weight {each.weight}; a finite number of at least 0 is needed")
    if not any(each.weight for each in styles):
        raise ValueError(f"{len(styles)} styles, none with a weight above 0; one is needed")
    for name, mask in masks.items():
        _check_shape(name, mask, (1, 1, *content.shape[2:]))
    _check_shape("init", init, tuple(content.shape))
    return styles


def _check_image(name: str, image: Tensor) -> None:
    if image.dim() != 4 or tuple(image.shape[:2]) != (1, 3):
        raise ValueError(f"{name} has shape {tuple(image.shape)}; (1, 3, height, width) is needed")
    if min(image.shape[2:]) < 16:
        raise ValueError(f"{name} is {image.shape[3]}x{image.shape[2]} px; each side must have at least 16")


def _check_shape(name: str, image: Tensor | None, needed: tuple[int, ...]) -> None:
    if image is not None and tuple(image.shape) != needed:
        raise ValueError(f"{name} has shape {tuple(image.shape)}; {needed} is needed")


def resize_style(style: Tensor, scale: Scale, style_scale: float) -> Tensor:
    """The style at the size it is compared at: its long side is `style_scale` times the scale's, never enlarged."""
    height, width = style.shape[2:]
    factor = min(1.0, style_scale * max(scale.height, scale.width) / max(height, width))
    # relu5_1 needs 16 px on either side: a thin style is kept large enough for that.
    factor = min(1.0, max(factor, 16 / min(height, width)))
    return resize(style, round(height * factor), round(width * factor))


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is other or (one is not None and other is not None and torch.equal(one, other))
