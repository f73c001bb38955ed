"""One layer on one picture: its strongest channels, what excites them most, and why.

Knows features, fields and gradients. Must not know files, options or how anything is drawn. The room's face calls
`look`; ``sheet`` draws what it returns.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from impasto.engine import VGG
from impasto.inspection.guided import guided
from impasto.inspection.receptive import EffectiveField, Field, cut, effective_field, fields, unit_gradients

SHARES = (0.5, 0.95)  # of the gradient's energy, for which an effective field's side is told
OUTSIDE = 4  # a unit is judged if at most this part of its field, along an axis, lies outside the picture
APART = 16  # two patches of a channel are never nearer than this part of the picture's long side


@dataclass(frozen=True)
class Patch:
    """A place that excites a channel.

    Attributes:
        row, column: of the unit in its layer.
        activation: of the channel there.
        box: (left, top, right, bottom) in px of the unit's whole field; it may reach over the picture's edge.
        colours: (4, size, size), RGB in [0, 1] and coverage: 0 where the field lies outside the picture.
        gradient: (3, size, size), guided backpropagation of the unit to its pixels.
    """

    row: int
    column: int
    activation: float
    box: tuple[int, int, int, int]
    colours: Tensor
    gradient: Tensor


@dataclass(frozen=True)
class ChannelView:
    """A channel on the picture.

    Attributes:
        index: from 0, in the layer.
        activations: (h, w).
        patches: the places that excite it most, strongest first.
    """

    index: int
    activations: Tensor
    patches: tuple[Patch, ...]

    def to_json(self) -> dict[str, Any]:
        """The channel's numbers, without pictures."""
        patches = [
            {"row": p.row, "column": p.column, "activation": round(p.activation, 4), "box_px": p.box}
            for p in self.patches
        ]
        return {
            "channel": self.index,
            "peak": round(float(self.activations.max()), 4),
            "mean": round(float(self.activations.mean()), 4),
            "active_share": round(self.active_share, 4),
            "patches": patches,
        }

    @property
    def active_share(self) -> float:
        """Share of positions where the channel answers at all."""
        return float((self.activations > 0).float().mean())


@dataclass(frozen=True)
class LayerView:
    """A layer on the picture: what it is, how far it sees, and its strongest channels."""

    name: str
    channels: int
    height: int
    width: int
    field: Field
    effective: EffectiveField
    strongest: tuple[ChannelView, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything that the sheet tells in numbers; lengths in px of the picture."""
        effective = {f"side_{share:.0%}_px".replace("%", ""): self.effective.side_px(share) for share in SHARES}
        effective |= {"pixels_95": self.effective.pixels(0.95)}
        return {
            "layer": self.name,
            "channels": self.channels,
            "height": self.height,
            "width": self.width,
            "receptive_field": {
                "size_px": self.field.size,
                "stride_px": self.field.stride,
                "offset_px": self.field.offset,
            },
            "effective_receptive_field": effective
            | {
                "deviation_px": round(self.effective.deviation_px, 2),
                "units": self.effective.units,
                "profile": [round(value, 5) for value in self.effective.profile.tolist()],
            },
            "strongest": [channel.to_json() for channel in self.strongest],
        }


def look(encoder: VGG, image: Tensor, layer: str, *, channels: int = 6, patches: int = 5, seed: int = 0) -> LayerView:
    """What `layer` responds to in `image`.

    Zeiler and Fergus 2013 (arXiv 1311.2901) §4, on one picture instead of a data set. Strongest are the channels with
    the highest single activation; of those that peak at one place, one (`strongest`). Units that look past the
    picture's edge by more than a quarter of their field are shown in the maps and not judged: they respond to padding.

    Args:
        encoder: fixed; nothing of it is changed.
        image: (1, 3, H, W) in [0, 1], on the encoder's device.
        layer: one of the encoder's.
        channels: how many to show, at most.
        patches: how many for each, at most; they are apart by half a field, so there may be fewer.
        seed: of the units at which the effective field is measured.

    Raises:
        KeyError: the encoder has no such layer.
        ValueError: no field of this layer fits into the picture; tells both numbers.
    """
    with torch.no_grad():
        features = encoder(image, (layer,))[layer]
    field = fields(encoder.spec.layers)[layer]
    judged = _inner(features, field, image)[0]
    apart = max(field.size / 2, max(image.shape[2:]) / APART)
    best = strongest(judged, field, count=channels, apart_px=apart)
    units = {index: excited(judged[index], field, count=patches, apart_px=apart) for index in best}
    views = tuple(
        ChannelView(index, features[0, index].cpu(), _patches(encoder, image, layer, index, features[0], units[index]))
        for index in best
    )
    effective = effective_field(encoder, image, layer, seed=seed)
    count, height, width = features.shape[1:]
    return LayerView(layer, count, height, width, field, effective, views)


def _inner(features: Tensor, field: Field, image: Tensor) -> Tensor:
    """The features (1, C, h, w) with 0 where units look far past the edge; as they are where all of them do."""
    rows, columns = (field.reaching(side, field.size / OUTSIDE) for side in image.shape[2:])
    inner = torch.zeros_like(features)
    inside = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
    inner[inside] = features[inside]
    return inner if rows and columns else features


def strongest(features: Tensor, field: Field, *, count: int, apart_px: float) -> list[int]:
    """The channels of features (C, h, w) with the highest peaks, strongest first; silent ones never.

    Of those whose peaks lie less than `apart_px` from each other the weaker ones come in only where others are lacking:
    a deep layer has many channels for the one thing that a picture shows most, and a sheet should tell more than that.
    """
    peaks, places = features.flatten(1).max(1)
    order = [int(index) for index in peaks.argsort(descending=True, stable=True) if peaks[index] > 0]
    chosen: dict[int, tuple[int, int]] = {}
    for index in order:
        row, column = divmod(int(places[index]), features.shape[1] + 1)
        gaps = [max(abs(row - other[0]), abs(column - other[1])) * field.stride for other in chosen.values()]
        if len(chosen) < count and all(gap >= apart_px for gap in gaps):
            chosen[index] = (row, column)
    others = [index for index in order if index not in chosen]
    taken = {*chosen, *others[: count - len(chosen)]}
    return [index for index in order if index in taken]


def excited(activations: Tensor, field: Field, *, count: int, apart_px: float) -> list[tuple[int, int]]:
    """(row, column) of the strongest positions of a channel (h, w), each at least `apart_px` from those before it.

    The distance is along the axis where it is larger: fields half a field apart share at most half of their pixels.
    Positions that do not answer (0 or less) are never taken.
    """
    left = activations.clone()
    rows, columns = (torch.arange(side, device=left.device) for side in left.shape)
    units: list[tuple[int, int]] = []
    while len(units) < count and left.max() > 0:
        row, column = divmod(int(left.argmax()), left.shape[1])
        units.append((row, column))
        near = torch.maximum((rows - row).abs()[:, None], (columns - column).abs()[None]) * field.stride < apart_px
        left[near] = 0
    return units


def _patches(
    encoder: VGG, image: Tensor, layer: str, channel: int, features: Tensor, units: list[tuple[int, int]]
) -> tuple[Patch, ...]:
    """The places of one channel's neurons; `features` (C, h, w) are the layer's."""
    field = fields(encoder.spec.layers)[layer]
    only = torch.zeros(len(units), len(features), device=image.device)
    only[:, channel] = 1
    with guided(encoder):
        gradients = unit_gradients(encoder, image, layer, units, only).cpu()
    covered = torch.cat([image, torch.ones_like(image[:, :1])], 1)
    return tuple(
        Patch(
            row,
            column,
            float(features[channel, row, column]),
            field.box(row, column),
            cut(covered, field, row, column).cpu(),
            gradient,
        )
        for (row, column), gradient in zip(units, gradients, strict=True)
    )
