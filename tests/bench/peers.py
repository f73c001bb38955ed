"""What others do for one evaluation of J and its gradient, restated plainly on our weights and our objective.

Written after reference sources, without a line of theirs: (a) neural-style-pt, (b) PyTorch's tutorial, (c) SPST's block
scheme. Each is built as its authors build it: where losses stand, what works in place, what is computed twice. Before
anything is timed each must give our loss and gradient to 1e-5 in float64, see ``bench.engine``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.engine import VGG, Weights

Evaluate: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""J and its gradient at X (1, 3, H, W)."""


@dataclass(frozen=True)
class Problem:
    """What J is made of."""

    encoder: VGG
    content: Tensor
    style: Tensor
    weights: Weights

    def layers(self, *, inplace: bool, layout: torch.memory_format) -> Iterator[tuple[str, nn.Module]]:
        """Fresh modules over the encoder's own weights, none of which takes a gradient."""
        spec = self.encoder.spec
        for name, step in self.encoder.steps.items():
            if isinstance(step, nn.Conv2d):
                layer = nn.Conv2d(step.in_channels, step.out_channels, 3, padding=1, padding_mode=step.padding_mode)
                weight = step.weight.detach().contiguous(memory_format=layout)  # the encoder's own stays as it is
                layer.weight, layer.bias = nn.Parameter(weight, requires_grad=False), step.bias
                yield name, layer
            elif name.startswith("relu"):
                yield name, nn.ReLU(inplace=inplace)
            else:
                yield name, nn.MaxPool2d(2) if spec.pooling == "max" else nn.AvgPool2d(2)

    def style_scale(self, name: str, channels: int) -> float:
        """What a layer's mean square counts."""
        return self.weights.style * self.weights.style_layers[name] * 1e3 / channels**2

    def content_scale(self, name: str) -> float:
        """Likewise."""
        return self.weights.content * self.weights.content_layers[name]


def by_autograd(loss: Callable[[Tensor], Tensor]) -> Evaluate:
    """The usual way."""

    def evaluate(x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.detach().requires_grad_()
        value = loss(x)
        value.backward()
        assert x.grad is not None
        return value.detach(), x.grad

    return evaluate


class _Taken(nn.Module):
    """A loss module as (a) and (b) have it: in the network, it hands on what it gets."""

    def __init__(self, scale: float, of: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.scale, self.of, self.target = scale, of, torch.zeros(())
        self.mode, self.loss = "none", torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        """The same `x`."""
        if self.mode == "capture":
            self.target = self.of(x).detach()
        elif self.mode == "loss":
            self.loss = self.scale * F.mse_loss(self.of(x), self.target)
        return x


class InNetwork:
    """(a) with `inplace` ReLUs, (b) without: one nn.Sequential with the losses between its layers."""

    def __init__(self, problem: Problem, *, inplace: bool, innermost: bool = False) -> None:
        """`innermost`: channels innermost in memory, which (a) does not do, and which is faster here."""
        self.net, self.losses, weights = nn.Sequential(), list[_Taken](), problem.weights
        self.mean, self.std = problem.encoder.mean, problem.encoder.std
        self.layout = torch.channels_last if innermost else torch.contiguous_format
        styles, contents, channels = [], [], 3
        for name, layer in problem.layers(inplace=inplace, layout=self.layout):
            self.net.append(layer)
            channels = layer.out_channels if isinstance(layer, nn.Conv2d) else channels
            if name in weights.style_layers:
                styles.append(_Taken(problem.style_scale(name, channels), gram))
                self.net.append(styles[-1])
            if name in weights.content_layers:
                contents.append(_Taken(problem.content_scale(name), lambda x: x))
                self.net.append(contents[-1])
        self.losses = [*styles, *contents]
        with torch.no_grad():
            self._run(problem.style, styles, "capture")
            self._run(problem.content, contents, "capture")

    def _run(self, image: Tensor, losses: list[_Taken], mode: str) -> None:
        for loss in self.losses:
            loss.mode = mode if loss in losses else "none"
        self.net(((image - self.mean) / self.std).contiguous(memory_format=self.layout))

    def __call__(self, x: Tensor) -> Tensor:
        """J."""
        self._run(x, self.losses, "loss")
        return torch.stack([loss.loss for loss in self.losses]).sum()


class Blocks:
    """(c): statistics over all blocks without a way back, then block by block the gradient that they ask for.

    Blocks of 512 px with 256 px around them; the last of a row or column takes the rest, so that up to 1024 px are one.
    """

    SIDE, AROUND = 512, 256

    def __init__(self, problem: Problem) -> None:
        self.problem, self.weights = problem, problem.weights
        self.wanted = (*self.weights.style_layers, *self.weights.content_layers)
        self.net = list(problem.layers(inplace=True, layout=torch.contiguous_format))
        with torch.no_grad():
            self.grams = {name: gram(x) for name, x in self._features(problem.style).items()}
            self.content = {name: self._features(problem.content)[name] for name in self.weights.content_layers}

    def _features(self, image: Tensor) -> dict[str, Tensor]:
        x, found = (image - self.problem.encoder.mean) / self.problem.encoder.std, {}
        for name, layer in self.net:
            x = layer(x)
            if name in self.wanted:
                found[name] = x
            if len(found) == len(set(self.wanted)):
                break
        return found

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """J and its gradient."""
        size, sums = x.shape[2:], dict[str, Tensor]()
        blocks = [(rows, columns) for rows in _cut(size[0], self.SIDE) for columns in _cut(size[1], self.SIDE)]
        with torch.no_grad():
            for block in blocks:
                outer, inner = self._around(x, block)
                for name, found in self._features(outer).items():
                    part = _inside(found, outer, inner).flatten(2).squeeze(0)
                    sums[name] = sums.get(name, 0) + part @ part.T
        shapes = {name: max(1, self._stride(name)) for name in self.wanted}
        counts = {name: (size[0] // stride) * (size[1] // stride) for name, stride in shapes.items()}
        total, pulls = x.new_zeros(()), dict[str, Tensor]()
        for name in self.weights.style_layers:
            apart = sums[name] / counts[name] - self.grams[name]
            scale = self.problem.style_scale(name, len(apart))
            total = total + scale * apart.pow(2).mean()
            pulls[name] = scale * 4 / apart.numel() / counts[name] * apart
        slope = torch.zeros_like(x)
        for block in blocks:
            total = total + self._pulled(x, block, pulls, slope)
        return total, slope

    def _pulled(self, x: Tensor, block: tuple[range, range], pulls: dict[str, Tensor], slope: Tensor) -> Tensor:
        """Writes a block's gradient; gives its part of the content's loss."""
        outer, inner = self._around(x.detach(), block)
        outer.requires_grad_()
        found, lost, cotangents = self._features(outer), x.new_zeros(()), {}
        for name, features in found.items():
            pull = torch.zeros_like(features)
            if name in pulls:
                pull += torch.einsum("ij,bjhw->bihw", pulls[name], features.detach())
            if name in self.content:
                target = _where(self.content[name], self._stride(name), *self._outer(x, block))
                apart = features.detach() - target
                scale = self.problem.content_scale(name) / self.content[name].numel()
                pull += 2 * scale * apart
                lost = lost + scale * _inside(apart, outer, inner).pow(2).sum()
            cotangents[name] = pull
        (gradient,) = torch.autograd.grad([found[name] for name in cotangents], outer, list(cotangents.values()))
        rows, columns = block
        slope[:, :, rows.start : rows.stop, columns.start : columns.stop] = _inside(gradient, outer, inner)
        return lost

    def _stride(self, name: str) -> int:
        return 1 << (int(name[4]) - 1)

    def _outer(self, x: Tensor, block: tuple[range, range]) -> tuple[range, range]:
        return tuple(  # type: ignore[return-value]  # two of two
            range(max(0, one.start - self.AROUND), min(size, one.stop + self.AROUND))
            for one, size in zip(block, x.shape[2:], strict=True)
        )

    def _around(self, x: Tensor, block: tuple[range, range]) -> tuple[Tensor, tuple[range, range]]:
        """The block with what is around it, and where it lies in that."""
        rows, columns = self._outer(x, block)
        inner = tuple(
            range(one.start - out.start, one.stop - out.start) for one, out in zip(block, (rows, columns), strict=True)
        )
        return x[:, :, rows.start : rows.stop, columns.start : columns.stop].clone(), inner  # type: ignore[return-value]


def gram(x: Tensor) -> Tensor:
    """F F^T / N."""
    if x.is_contiguous():
        flat = x.view(x.shape[1], -1)
        return torch.mm(flat, flat.t()) / flat.shape[1]
    flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    return torch.mm(flat.t(), flat) / flat.shape[0]


def _cut(length: int, side: int) -> list[range]:
    """Blocks of `side`, the last one with the rest."""
    count = max(1, length // side if length > 2 * side else 1)
    return [range(i * side, (i + 1) * side if i < count - 1 else length) for i in range(count)]


def _inside(values: Tensor, outer: Tensor, inner: tuple[range, range]) -> Tensor:
    """The part of a layer that belongs to the inner block."""
    stride = outer.shape[2] // values.shape[2]
    return _where(values, stride, *inner)


def _where(values: Tensor, stride: int, rows: range, columns: range) -> Tensor:
    return values[:, :, rows.start // stride : rows.stop // stride, columns.start // stride : columns.stop // stride]
