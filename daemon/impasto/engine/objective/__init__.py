"""The objective: J(X) = content + style + total variation, for one content, its styles, one size.

Knows which layers count, how much and where. Must not know how X is moved, scales or jobs. ``stylize`` builds one per
scale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from impasto.engine.encoder import Encoder
from impasto.engine.large import changed
from impasto.engine.objective.guides import Guide
from impasto.engine.objective.losses import ContentLoss, Gamut
from impasto.engine.objective.presets import PRESETS
from impasto.engine.objective.seeing import Look
from impasto.engine.objective.styles import StyleTarget, Targets, TargetSource
from impasto.engine.room import MEMORY, Room
from impasto.method import ObjectiveName, Precision, Weights

# How much more the content counts where it is to be kept: enough that a face stays one under a style that outweighs it.
KEPT = 30.0
STYLE_TILE_PX = 1536  # a larger style is seen in tiles: its statistics are the same, and it needs no memory to speak of


@dataclass(frozen=True)
class Losses:
    """The weighted terms at one X, as scalars (0-dim tensors, with gradient where X has one)."""

    content: Tensor
    style: Tensor
    total_variation: Tensor
    gamut: Tensor

    NAMES: ClassVar = ("content", "style", "total_variation", "gamut", "total")

    @property
    def total(self) -> Tensor:
        """J(X)."""
        return self.content + self.style + self.total_variation + self.gamut

    def stacked(self) -> Tensor:
        """The terms in the order of `NAMES`, with gradient where X has one."""
        return torch.stack([getattr(self, name) for name in self.NAMES])

    def floats(self) -> dict[str, float]:
        """Plain numbers, `total` included, for progress and logs; the device is waited for once."""
        return dict(zip(self.NAMES, self.stacked().tolist(), strict=True))


def style_targets(encoder: Encoder, style: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    """The style's Gram matrices, layer by layer. Depends on nothing else, so it can be kept.

    `style` is (1, 3, h, w), or (1, 4, h, w) with a mask as fourth channel: then only what is masked counts.
    """
    return _statistics(encoder, style, Look(layers, tile=STYLE_TILE_PX))


def style_moments(encoder: Encoder, style: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    """Likewise mean and second moment, for objectives that match covariances; see `moments`."""
    return _statistics(encoder, style, Look(layers, moments=True, tile=STYLE_TILE_PX))


def target_source(objective: ObjectiveName) -> TargetSource:
    """What computes the style targets of an objective."""
    return style_moments if PRESETS[objective].moments else style_targets


@torch.no_grad()
def _statistics(encoder: Encoder, style: Tensor, look: Look) -> dict[str, Tensor]:
    mask = Guide(style[:, 3:].clamp(0, 1) if style.shape[1] > 3 else None)
    seen = replace(look, guides=(mask,)).at(encoder, style[:, :3])
    return {name: found[0] for name, found in seen.statistics.items()}


class StyleTerm(nn.Module):
    """One style, or several blended, wherever it applies."""

    def __init__(self, target: StyleTarget, objective: ObjectiveName, selection: Tensor | None, room: Room) -> None:
        """Takes what to match where, by which losses, within which selection; masks are laid into `room`."""
        super().__init__()
        self.share, self.guide = target.share, Guide(selection, target.region, room)
        self.layers = nn.ModuleDict({name: PRESETS[objective].style(found) for name, found in target.targets.items()})

    def forward(self, statistics: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """Scalar: the layers' losses by their weights."""
        terms = [weight * self.layers[name].of(statistics[name]) for name, weight in weights.items()]  # type: ignore[operator]  # every style loss has it
        return torch.stack(terms).sum() if terms else torch.zeros(())

    def extra_repr(self) -> str:
        """How much of the style term this is, and where."""
        return f"share {self.share:g}{', guided' if self.guide else ''}"


class Objective(nn.Module):
    """J as a module from X (1, 3, H, W) to its `Losses`."""

    def __init__(  # noqa: PLR0913  # what J is made of, each part by its name
        self,
        encoder: Encoder,
        content: Tensor,
        targets: Targets | Sequence[StyleTarget],
        weights: Weights,
        guide: Tensor | None = None,
        *,
        keep: Tensor | None = None,
        objective: ObjectiveName = "gatys",
        wraps: bool = False,
        precision: Precision = "float32",
        tile: int = 0,
        room: Room = MEMORY,
    ) -> None:
        """Computes the content's features once.

        Args:
            encoder: shared and fixed; not registered as a part, so that moving this module does not move it.
            content: (1, 3, H, W), the size of every X to come.
            targets: statistics by layer, from `target_source(objective)`; of several styles with shares and regions.
            weights: terms and layers.
            guide: (1, 1, H, W), where style is to be matched; none means everywhere.
            keep: (1, 1, H, W): where it is 1 the content counts `KEPT` times as much.
            objective: by which losses.
            wraps: whether X continues at its opposite border.
            precision: of the way back, see ``seeing``.
            tile: the side of tiles in px where the picture does not fit into memory, see ``tiling``; 0 means the whole.
            room: where arrays of the picture's size lie.
        """
        super().__init__()
        self._encoder = [encoder]  # in a list, so that nn.Module does not adopt it
        self.weights, self.wraps, preset = weights, wraps, PRESETS[objective]
        with torch.no_grad():
            look = Look(content=tuple(weights.content_layers), precision=precision, tile=tile, room=room)
            features = look.at(encoder, content).features  # as X's own will be seen: at the content J pulls at nothing
        kept = Guide(None if keep is None else changed(keep, lambda rows: 1 + (KEPT - 1) * rows, room))
        self.content = nn.ModuleDict(
            {name: ContentLoss(found, kept.at(found.shape[2:])) for name, found in features.items()}
        )
        parts = [StyleTarget(targets)] if isinstance(targets, Mapping) else targets
        self.style = nn.ModuleList([StyleTerm(part, objective, guide, room) for part in parts])
        self.variation = preset.variation(weights.colour_variation, wraps)
        self.gamut, self.content_scale = Gamut(), preset.content
        self._moments, self._precision, self._tile, self.room = preset.moments, precision, tile, room

    @property
    def look(self) -> Look:
        """What J asks of a picture."""
        guides = tuple(term.guide for term in self.style if isinstance(term, StyleTerm))
        layers = tuple(self.weights.style_layers), tuple(self.weights.content_layers)
        return Look(*layers, guides, self._moments, self._precision, self._tile, self.room)

    @property
    def repeats(self) -> bool:
        """Whether every evaluation runs the same kernels: tiles are many, and eigenvalues are waited for."""
        return not self._tile and not self._moments and self.room is MEMORY

    @property
    def encoder(self) -> Encoder:
        """That J looks through."""
        return self._encoder[0]

    def style_of(self, statistics: Mapping[str, Sequence[Tensor]], like: Tensor) -> Tensor:
        """Scalar of the type of `like`: the style term, unweighted, of statistics by layer and guide."""
        style = like.new_zeros(())
        for index, term in enumerate(self.style):
            found = {name: of_layer[index] for name, of_layer in statistics.items()}
            style = style + term.share * term(found, self.weights.style_layers).to(style)
        return style

    def forward(self, image: Tensor) -> Losses:
        """The weighted terms at X = `image` (1, 3, H, W)."""
        seen = self.look.at(self.encoder, image)
        zero = image.new_zeros(())
        content = zero
        for name, weight in self.weights.content_layers.items():
            content = content + weight * self.content_scale * self.content[name](seen.features[name])
        style = self.style_of(seen.statistics, image)
        variation = self.variation(image) if self.weights.total_variation else zero
        beyond = self.gamut(image) if self.weights.gamut else zero
        return Losses(
            self.weights.content * content,
            self.weights.style * style,
            self.weights.total_variation * variation,
            self.weights.gamut * beyond,
        )
