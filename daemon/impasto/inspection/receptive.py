"""Receptive fields: which pixels a unit can see, by arithmetic, and which of them move it, by gradient.

Knows an encoder's topology and its gradients. Must not know files, channels' ranks or how anything is drawn. ``layer``
calls it; a unit is one position (row, column) of a layer, across all its channels unless one is named.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.engine import VGG

SAMPLED_PIXELS = 600_000  # of all crops together: more units where fields are small, fewer where each is dear
MIN_UNITS, MAX_UNITS = 16, 256
BATCH_PIXELS = 150_000  # of crops in one pass: a VGG-19 of full width takes some 300 MB for them


@dataclass(frozen=True)
class Field:
    """Where the units of a layer look, alike along both axes: unit i sees `size` px from `offset + i * stride` on."""

    size: int
    stride: int
    offset: int

    def start(self, index: int) -> int:
        """The first pixel that unit `index` sees along an axis; below 0 where it looks over the edge."""
        return self.offset + index * self.stride

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in px of a unit's whole field, right and bottom excluded."""
        left, top = self.start(column), self.start(row)
        return left, top, left + self.size, top + self.size

    def reaching(self, side: int, outside: float = 0) -> range:
        """The units along an axis of `side` px whose fields reach at most `outside` px over either edge."""
        first = max(0, math.ceil((-outside - self.offset) / self.stride))
        last = min(side // self.stride - 1, math.floor((side + outside - self.size - self.offset) / self.stride))
        return range(first, max(first, last + 1))

    @property
    def side_needed(self) -> int:
        """The least side, px, of a picture that holds one field entirely."""
        return self.start(-(self.offset // self.stride)) + self.size


def fields(layers: Sequence[str]) -> dict[str, Field]:
    """The field of every layer of a chain of 3x3 convolutions (padding 1), ReLUs and 2x2 poolings, by arithmetic.

    Araujo, Norris and Sim 2019 (Computing receptive fields of convolutional neural networks, Distill), eq. 2 and 3: a
    kernel of k adds k - 1 of the strides so far; padding moves the first unit outwards by as many.
    """
    size, stride, offset = 1, 1, 0
    found = {}
    for name in layers:
        kernel, step, padding = (
            (3, 1, 1) if name.startswith("conv") else (2, 2, 0) if name.startswith("pool") else (1, 1, 0)
        )
        size, offset, stride = size + (kernel - 1) * stride, offset - padding * stride, stride * step
        found[name] = Field(size, stride, offset)
    return found


def cut(image: Tensor, field: Field, row: int, column: int) -> Tensor:
    """What a unit sees of `image` (1, C, H, W): (C, size, size), zero where its field lies outside the picture."""
    height, width = image.shape[2:]
    left, top, right, bottom = field.box(row, column)
    patch = image.new_zeros(image.shape[1], field.size, field.size)
    inside = image[0, :, max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    y, x = max(0, -top), max(0, -left)
    patch[:, y : y + inside.shape[1], x : x + inside.shape[2]] = inside
    return patch


def unit_gradients(
    encoder: VGG, image: Tensor, layer: str, units: Sequence[tuple[int, int]], weights: Tensor
) -> Tensor:
    """How each pixel moves each of some units: gradients of their channels' weighted sums, zero outside `image`.

    Each is computed on the smallest crop that gives the very same unit: it begins at a multiple of the stride, so that
    pooling meets the same cells, and ends where the field does or where the picture does. Crops of one shape share a
    pass, in which they do not meet.

    Args:
        encoder: its layers say where to look.
        image: (1, 3, H, W) in [0, 1].
        layer: one of the encoder's.
        units: (row, column) in the layer, n of them.
        weights: (n, C), how much each of the layer's channels counts; one of them 1, the others 0, is a single neuron.

    Returns:
        (n, 3, size, size), over each unit's whole field.
    """
    field = fields(encoder.spec.layers)[layer]
    found = image.new_zeros(len(units), 3, field.size, field.size)
    alike: dict[tuple[int, int], list[int]] = {}
    for index, unit in enumerate(units):
        left, top, right, bottom = _crop_box(field, unit, image)
        alike.setdefault((bottom - top, right - left), []).append(index)
    for (height, width), indices in alike.items():
        batch = max(1, BATCH_PIXELS // (height * width))
        for part in (indices[at : at + batch] for at in range(0, len(indices), batch)):
            found[part] = _gradients(encoder, image, layer, [units[index] for index in part], weights[part])
    return found


def _crop_box(field: Field, unit: tuple[int, int], image: Tensor) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the crop that a unit is computed on."""
    (height, width), stride = image.shape[2:], field.stride
    left, top, right, bottom = field.box(*unit)
    start = tuple(max(0, at // stride * stride) for at in (left, top))
    return start[0], start[1], min(width, -(-right // stride) * stride), min(height, -(-bottom // stride) * stride)


def _gradients(encoder: VGG, image: Tensor, layer: str, units: Sequence[tuple[int, int]], weights: Tensor) -> Tensor:
    """`unit_gradients` of units whose crops have one shape."""
    field = fields(encoder.spec.layers)[layer]
    boxes = [_crop_box(field, unit, image) for unit in units]
    crops = torch.cat([image[:, :, top:bottom, left:right] for left, top, right, bottom in boxes])
    crops = crops.detach().requires_grad_()
    rows, columns = (
        [unit[axis] - box[1 - axis] // field.stride for unit, box in zip(units, boxes, strict=True)] for axis in (0, 1)
    )
    with torch.enable_grad():
        features = encoder(crops, (layer,))[layer]  # (n, C, h, w)
        seen = features[range(len(units)), :, rows, columns]  # (n, C)
        (gradients,) = torch.autograd.grad((seen * weights).sum(), crops)
    canvas = Field(field.size, 1, 0)
    starts = [
        (field.start(row) - box[1], field.start(column) - box[0])
        for (row, column), box in zip(units, boxes, strict=True)
    ]
    return torch.stack([cut(gradients[i : i + 1], canvas, *start) for i, start in enumerate(starts)])


@dataclass(frozen=True)
class EffectiveField:
    """Where the gradient's energy lies in a field, on average over units and channels of a real picture.

    Attributes:
        energy: (size, size), sums to 1; all 0 where no unit answered at all.
        units: how many positions it was measured at.
    """

    energy: Tensor
    units: int

    def side_px(self, share: float) -> int:
        """Side of the smallest square around the middle that holds `share` of the energy; 0 where there is none."""
        size = self.energy.shape[0]
        for side in range(2 - size % 2, size + 1, 2):
            edge = (size - side) // 2
            if self.energy[edge : size - edge, edge : size - edge].sum() >= share * (1 - 1e-6) * self.energy.sum():
                return side if self.energy.sum() > 0 else 0
        return size

    def pixels(self, share: float) -> int:
        """How many pixels, wherever they lie, hold `share` of the energy."""
        running = self.energy.flatten().sort(descending=True).values.double().cumsum(0)
        return int((running < share * (1 - 1e-6) * running[-1]).sum()) + 1 if running[-1] > 0 else 0

    @property
    def profile(self) -> Tensor:
        """(size,): the energy along an axis, summed across it, both axes and directions averaged; its peak is 1."""
        along = self.energy.sum(0) + self.energy.sum(1)
        along = along + along.flip(0)
        return along / along.max().clamp_min(1e-30)

    @property
    def deviation_px(self) -> float:
        """Standard deviation of the energy along an axis, px: what Luo et al. fit their Gaussians to."""
        size = self.energy.shape[0]
        away = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
        return math.sqrt((away.square() * self.profile).sum() / self.profile.sum().clamp_min(1e-30))


def effective_field(encoder: VGG, image: Tensor, layer: str, *, seed: int = 0) -> EffectiveField:
    """The effective receptive field of a layer on a picture.

    Luo, Li, Urtasun and Zemel 2016 (arXiv 1701.04128) §2 and §4: the squared gradient of a unit, averaged. With a
    random sign for each channel the mean of the square is the sum over channels of their squares, as signs cancel.
    Units are drawn from a jittered grid over those whose fields lie entirely in the picture.

    Raises:
        ValueError: no field of this layer fits into the picture; tells both numbers.
    """
    field = fields(encoder.spec.layers)[layer]
    height, width = image.shape[2:]
    if min(height, width) < field.side_needed:
        raise ValueError(f"the picture is {width}x{height} px; {layer} needs {field.side_needed} on each side")
    generator = torch.Generator().manual_seed(seed)
    count = min(MAX_UNITS, max(MIN_UNITS, SAMPLED_PIXELS // (field.size + field.stride) ** 2))
    units = _spread(field.reaching(height), field.reaching(width), count, generator)
    with torch.no_grad():
        channels = encoder(image[:, :, : field.stride, : field.stride], (layer,))[layer].shape[1]
    signs = torch.randint(0, 2, (len(units), channels), generator=generator) * 2.0 - 1
    gradients = unit_gradients(encoder, image, layer, units, signs.to(image))
    energy = gradients.cpu().double().square().sum((0, 1))
    return EffectiveField((energy / energy.sum().clamp_min(1e-300)).float(), len(units))


def _spread(rows: range, columns: range, count: int, generator: torch.Generator) -> list[tuple[int, int]]:
    """About `count` units, one at a random place of each cell of a grid as square as the picture allows."""
    down = max(1, min(len(rows), round((count * len(rows) / len(columns)) ** 0.5)))
    across = max(1, min(len(columns), round(count / down)))
    jitter = torch.rand(down, across, 2, generator=generator).tolist()
    return [
        (
            rows[int((y + jitter[y][x][0]) * len(rows) / down)],
            columns[int((x + jitter[y][x][1]) * len(columns) / across)],
        )
        for y in range(down)
        for x in range(across)
    ]
