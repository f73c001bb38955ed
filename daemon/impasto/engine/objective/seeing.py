"""Seeing: what is to be known of a picture, by the shortest way that its encoder allows.

Knows encoders, guides and the two ways of running them. Must not know targets, losses or how X is moved. ``objective``
looks at X through it once for each evaluation, and at content and styles once.

An encoder that is a chain of convolutions goes by a ``passage``, in either precision. Any other module is run as it is,
with autograd and in full precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.engine.encoder import VGG, Encoder
from impasto.engine.objective.guides import Guide
from impasto.engine.objective.losses import gram_matrix
from impasto.engine.objective.moments import moments
from impasto.engine.passage import Wanted, through
from impasto.engine.passage.at_once import passage_of
from impasto.engine.passage.chain import Chain, chain_of
from impasto.engine.passage.tiling import Tiling, in_tiles, tiles_of
from impasto.engine.room import MEMORY, Room
from impasto.method import Precision


@dataclass(frozen=True)
class Seen:
    """Statistics of each style layer, once for each guide, and features of content layers, (1, C, h, w)."""

    statistics: Mapping[str, Sequence[Tensor]]
    features: Mapping[str, Tensor]


@dataclass(frozen=True)
class Look:
    """What to look for.

    Attributes:
        style: layers whose Gram matrices, or moments, are wanted.
        content: layers whose features are.
        guides: each asks for statistics of its own.
        moments: instead of Gram matrices.
        precision: see `Precision`; another module than a chain has its own.
        tile: the side of tiles in px, a multiple of 16, where the whole does not fit into memory; 0 means the whole.
        room: where content features lie, and gradients of the picture.
    """

    style: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    guides: tuple[Guide, ...] = (Guide(),)
    moments: bool = False
    precision: Precision = "float32"
    tile: int = 0
    room: Room = MEMORY

    def at(self, encoder: Encoder, image: Tensor) -> Seen:
        """What there is at `image` (1, 3, H, W), differentiable once."""
        chain = self._chain(encoder, image)
        if chain is None:
            return self._by_autograd(encoder, image)
        assert isinstance(encoder, VGG)
        return self._by_passage(encoder, chain, image)

    def tiling(self, encoder: Encoder, image: Tensor) -> Tiling:
        """The passage over `image` in tiles, without autograd around it.

        Raises:
            ValueError: the encoder is no chain.
        """
        chain = self._chain(encoder, image)
        if chain is None or not isinstance(encoder, VGG):
            raise ValueError("only a chain of convolutions, ReLUs and poolings runs in tiles; this encoder is none")
        size = (image.shape[2], image.shape[3])
        return Tiling(encoder, chain, self._wanted(chain, size), self.tile, size, self.room)

    def by_layer(self, found: Sequence[Tensor]) -> dict[str, list[Tensor]]:
        """Statistics by layer and guide, as a passage finds them one after the other."""
        each = len(self.guides)
        return {name: list(found[index * each : (index + 1) * each]) for index, name in enumerate(self.style)}

    def _chain(self, encoder: Encoder, image: Tensor) -> Chain | None:
        dtype = image.dtype if self.precision == "float32" else torch.bfloat16
        return chain_of(encoder, dtype, (*self.style, *self.content), tf32=self.precision == "tf32")

    def _wanted(self, chain: Chain, size: tuple[int, int]) -> Wanted:
        sizes = chain.sizes(*size)
        shares = {name: tuple(guide.shares(sizes[name]) for guide in self.guides) for name in self.style}
        return Wanted(self.content, shares, self.moments)

    def _by_passage(self, encoder: VGG, chain: Chain, image: Tensor) -> Seen:
        size = (image.shape[2], image.shape[3])
        wanted = self._wanted(chain, size)
        if len(tiles_of(*size, self.tile)) > 1 or self.room is not MEMORY:
            found = list(in_tiles(image, Tiling(encoder, chain, wanted, self.tile, size, self.room)))
        else:
            returns = image.requires_grad and torch.is_grad_enabled()
            device = chain.units[0].weight.device  # the picture may lie elsewhere
            passage = passage_of(chain, wanted.to(device), returns=returns, pulse=encoder.pulse)
            found = list(through(encoder.entered(image.to(device)), passage))
        count = len(self.style) * len(self.guides)
        return Seen(self.by_layer(found[:count]), dict(zip(self.content, found[count:], strict=True)))

    def _by_autograd(self, encoder: Encoder, image: Tensor) -> Seen:
        found = encoder(image, tuple(dict.fromkeys((*self.style, *self.content))))
        of = moments if self.moments else gram_matrix
        statistics = {
            name: [of(found[name], guide.at(found[name].shape[2:])) for guide in self.guides] for name in self.style
        }
        return Seen(statistics, {name: found[name] for name in self.content})
