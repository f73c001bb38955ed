"""Every objective and control restated plainly, in float64, without a line of Impasto: what our engine is held against.

Written after nst.md §2 (neural-style-pt, SPST, crowsonkb) and Gatys et al. 2017 (arXiv 1611.07865) section 3; runs on
the pictures and the network of ``golden.gatys``, whose restatement of VGG it shares. Nothing is kept in a file: the
numbers are made when a test asks, in a few milliseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from golden import gatys

Moments = tuple[Tensor, Tensor]  # second moment (C, C) and mean (C,)
LAYERS = gatys.STYLE_LAYERS


@dataclass(frozen=True)
class Case:
    """One J: its objective, what it is made of, and where.

    `styles` are pairs of a share and a picture; `regions` pairs of a share, a mask and a picture; one of them is given.
    """

    objective: str = "gatys"
    styles: tuple[tuple[float, Tensor], ...] = ()
    regions: tuple[tuple[float, Tensor, Tensor], ...] = ()
    selection: Tensor | None = None
    keep: Tensor | None = None
    kept: float = 1.0
    wraps: bool = False
    content: float = 1.0
    style: float = 1.0
    tv: float = 0.0
    colour_tv: float = 1.0
    layers: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(LAYERS, 1.0))


def features(x: Tensor, arrays: gatys.Arrays, *, wraps: bool) -> dict[str, Tensor]:
    """The network: ImageNet's mean and deviation, average pooling, zeros or the opposite border around."""
    mean, std = (torch.tensor(gatys.IMAGENET[key], dtype=torch.float64).view(1, 3, 1, 1) for key in ("mean", "std"))
    h, found = (x - mean) / std, {}
    for name, _ in gatys.TABLE:
        if name == "M":
            h = F.avg_pool2d(h, 2)
            continue
        weight, bias = (torch.from_numpy(arrays[f"{name}.{part}"]).double() for part in ("weight", "bias"))
        h = F.conv2d(F.pad(h, (1, 1, 1, 1), mode="circular" if wraps else "constant"), weight, bias).clamp(min=0)
        found[name.replace("conv", "relu")] = h
    return found


def terms(x: Tensor, content: Tensor, arrays: gatys.Arrays, case: Case) -> dict[str, Tensor]:
    """Content, style and variation at X, weighted; their sum is J."""
    f, c = features(x, arrays, wraps=case.wraps), features(content, arrays, wraps=case.wraps)
    factor = {"neural-style": 5.0}.get(case.objective, 1.0)
    emphasis = torch.ones_like(c["relu4_2"][:, :1])
    if case.keep is not None:
        emphasis = 1 + (case.kept - 1) * blocks(case.keep, c["relu4_2"])
    content_loss = factor * torch.mean(emphasis * (f["relu4_2"] - c["relu4_2"]) ** 2)
    style_loss = torch.zeros((), dtype=torch.float64)
    for layer, weight in case.layers.items():
        selected = None if case.selection is None else blocks(case.selection, f[layer])
        if case.styles:
            style_loss = style_loss + weight * layer_loss(
                case.objective, f[layer], selected, blend(case, layer, arrays)
            )
        for share, region, picture in case.regions:
            guide = eroded(blocks(region, f[layer]))
            guide = guide if selected is None else guide * selected
            target = plain_moments(features(picture, arrays, wraps=False)[layer], None)
            style_loss = style_loss + share * weight * layer_loss(case.objective, f[layer], guide, target)
    return {
        "content": case.content * content_loss,
        "style": case.style * style_loss,
        "total_variation": case.tv * variation(x, case),
    }


def blend(case: Case, layer: str, arrays: gatys.Arrays) -> Moments:
    """The mean of several styles' moments, by their shares."""
    found = [(share, plain_moments(features(s, arrays, wraps=False)[layer], None)) for share, s in case.styles]
    total = sum(share for share, _ in found)
    parts = [(share / total * second, share / total * mean) for share, (second, mean) in found]
    return torch.stack([p[0] for p in parts]).sum(0), torch.stack([p[1] for p in parts]).sum(0)


def plain_moments(activation: Tensor, guide: Tensor | None) -> Moments:
    """F T² F^T / N and F T² 1 / N for a guide T² whose mean is 1."""
    matrix = activation[0].reshape(activation.shape[1], -1)
    weight = torch.ones_like(matrix[:1]) if guide is None else guide.reshape(1, -1) / guide.mean()
    return (matrix * weight) @ matrix.T / matrix.shape[1], (matrix * weight).mean(1)


def layer_loss(objective: str, activation: Tensor, guide: Tensor | None, target: Moments) -> Tensor:
    """One layer's style loss."""
    return LOSSES[objective](activation, guide, target)


def _gatys(activation: Tensor, guide: Tensor | None, target: Moments) -> Tensor:
    second, _ = plain_moments(activation, guide)
    return 1e3 / len(second) ** 2 * torch.mean((second - target[0]) ** 2)


def _neural_style(activation: Tensor, guide: Tensor | None, target: Moments) -> Tensor:
    second, _ = plain_moments(activation, guide)
    return 100 * torch.mean((second / len(second) - target[0] / len(second)) ** 2)


def _spst(activation: Tensor, guide: Tensor | None, target: Moments) -> Tensor:
    second, mean = plain_moments(activation, guide)
    # A channel that is constant has no deviation and, as ours, no slope: the root is taken of what is above zero.
    own, wanted = (torch.diagonal(s) - m**2 for s, m in ((second, mean), target))
    own, wanted = (torch.where(v > 1e-12, v.clamp(min=1e-12).sqrt(), 0.0) for v in (own, wanted))
    apart = torch.mean((mean - target[1]) ** 2) + torch.mean((own - wanted) ** 2)
    return _gatys(activation, guide, target) + 1e4 * apart


def _w2(activation: Tensor, guide: Tensor | None, target: Moments) -> Tensor:
    """mean((m - m')²) + tr(S + S' - 2 (S'^½ S S'^½)^½) / C, the last trace as the sum of S'^½ B's singular values.

    S = B B^T, B being the centred features beside the root of what is added to the diagonal.
    """
    matrix = activation[0].reshape(activation.shape[1], -1)
    weight = torch.ones_like(matrix[:1]) if guide is None else guide.reshape(1, -1) / guide.mean()
    mean = (matrix * weight).mean(1)
    one = torch.eye(len(matrix), dtype=torch.float64)
    b = torch.cat([(matrix - mean[:, None]) * (weight / matrix.shape[1]).sqrt(), 1e-2 * one], 1)
    wanted = target[0] - torch.outer(target[1], target[1]) + 1e-4 * one
    values, vectors = torch.linalg.eigh(wanted)
    root = vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T
    trace = (b**2).sum() + torch.trace(wanted) - 2 * torch.linalg.svdvals(root @ b).sum()
    found: Tensor = torch.mean((mean - target[1]) ** 2) + trace / len(matrix)
    return found


LOSSES: dict[str, Callable[[Tensor, Tensor | None, Moments], Tensor]] = {
    "gatys": _gatys,
    "neural-style": _neural_style,
    "spst": _spst,
    "w2": _w2,
}


def variation(x: Tensor, case: Case) -> Tensor:
    """Of X and, where colour costs more, of its colours once again."""
    total = _variation(x, case)
    gray = (x[:, :1] + x[:, 1:2] + x[:, 2:]) / 3
    return total + (case.colour_tv - 1) * _variation(x - gray, case)


def _variation(x: Tensor, case: Case) -> Tensor:
    ahead = F.pad(x, (0, 1, 0, 1), mode="circular") if case.wraps else x
    dy, dx = ahead[..., 1:, : x.shape[3]] - ahead[..., :-1, : x.shape[3]], ahead[..., : x.shape[2], 1:]
    dx = dx - ahead[..., : x.shape[2], :-1]
    if case.objective == "neural-style":
        return 1e-3 * 255 * (dy.abs().sum() + dx.abs().sum())
    return torch.mean(dy**2) + torch.mean(dx**2)


def blocks(mask: Tensor, like: Tensor) -> Tensor:
    """The mean of each block."""
    height, width = like.shape[2:]
    rows, columns = mask.shape[2] // height, mask.shape[3] // width
    return mask.reshape(height, rows, width, columns).mean((1, 3))[None, None]


def eroded(region: Tensor) -> Tensor:
    """1 where all of a 3x3 neighbourhood within the picture is at least half inside; as it was if nothing is."""
    height, width = region.shape[2:]
    found = torch.zeros_like(region)
    for y in range(height):
        for x in range(width):
            near = region[0, 0, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            found[0, 0, y, x] = float((near >= 0.5).all())
    return found if found.any() else region


def gradient(x: Tensor, content: Tensor, arrays: gatys.Arrays, case: Case) -> tuple[dict[str, float], Tensor]:
    """The terms, and the gradient of their sum to X."""
    x = x.clone().requires_grad_()
    found: dict[str, Any] = terms(x, content, arrays, case)
    sum(found.values()).backward()
    assert x.grad is not None
    return {name: value.item() for name, value in found.items()}, x.grad
