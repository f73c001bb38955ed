"""Material: a job's pictures as tensors, at the sizes and in the room that it works in.

Knows the pixels' edge, sizes and scratch. Must not know the engine's steps, encoders, memory or the front. ``painting``
takes its pictures from here. Where the job's arrays lie on a disk these do, too, and are made there a band at a time;
in memory ``opening`` never has the whole of a picture that is painted smaller.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from impasto import pixels
from impasto.engine import Pulse
from impasto.engine.encoder import resize
from impasto.engine.large import resized
from impasto.engine.memory import SCRATCH_BYTES, SCRATCH_MASK_BYTES
from impasto.engine.scratch import Scratch
from impasto.errors import CannotServe, InvalidRequest, Violation
from impasto.image import ImageHeader, fit_long_side
from impasto.worker import opening
from impasto.worker.studio import Picture


class Material:
    """The pictures of one job, by the fields of its request; the mutable state is where their arrays lie."""

    def __init__(self, pictures: Mapping[str, Picture], header: ImageHeader, style_scale: float) -> None:
        """`header` of the result; `style_scale`: a style's longer side in relation to the result's."""
        self.pictures, self.content, self.header = pictures, pictures["content"], header
        self._style_scale = style_scale
        self.scratch: Scratch | None = None  # in memory
        self._needed = 0

    def lie_in(self, folder: Path, count: int, pulse: Pulse, masks: int = 0) -> None:
        """From now on arrays lie in files there, of a picture of so many pixels and with so many masks of its size.

        `pulse` is called between its bands.

        Raises:
            CannotServe: the disk has not the room that the whole job needs.
        """
        needed, free = int(count * (SCRATCH_BYTES + masks * SCRATCH_MASK_BYTES)), shutil.disk_usage(folder).free
        self._needed = needed
        if needed > free:
            raise CannotServe(
                f"{self.header.width}x{self.header.height} px do not fit into memory, and need about {needed >> 20} "
                f"MiB of the disk while they are painted, of which {free >> 20} MiB are free: make room on it, or ask "
                "for a smaller size",
                reason="DISK_FULL",
            )
        self.scratch = Scratch(folder, pulse)

    def spare_bytes(self) -> int | None:
        """What is free on that disk and will not be needed there; None where nothing lies on any."""
        if self.scratch is None:
            return None
        return shutil.disk_usage(self.scratch.folder).free - max(0, self._needed - self.scratch.size_bytes)

    @property
    def _size(self) -> tuple[int, int]:
        """The result's width and height."""
        return self.header.width, self.header.height

    def selects_nothing(self) -> bool:
        """Whether mask and alpha leave no pixel to be painted: then the content is the result, and costs nothing."""
        return opening.selects_nothing(self.content, self.pictures.get("mask"))

    def shown(self, pulse: Pulse, field: str = "content") -> Tensor:
        """The content, or a picture to start from, with its own colours; (1, 3, H, W) at the result's size.

        Raises:
            InvalidRequest: a sample is no number.
        """
        picture, told = self.pictures[field], f"spec.{field}"
        if self.scratch is None:
            return opening.seen(picture, self._size, told, pulse)
        found = pixels.shown(picture.samples, picture.header, told, pulse, self._room)
        self._rest()
        return self.resized(found)

    def painted(self) -> Tensor | None:
        """How much of each pixel is painted, (1, 1, H, W) at the result's size; None where all of all is.

        Transparent pixels are not: they keep their hidden colours, and the style is matched without them.
        """
        if self.scratch is None:
            return opening.painted(self.content, self.pictures.get("mask"), self._size)
        mask, alpha = self._mask("mask"), self._alpha()
        if alpha is not None and float(alpha.min()) == 0:
            there = alpha.gt_(0)
            mask = there if mask is None else mask.mul_(there)
        return None if mask is None else self.resized(mask)

    def cover(self) -> Tensor | None:
        """The content's alpha, (1, 1, H, W) at the result's size, if it has any."""
        if self.scratch is None:
            return opening.cover(self.content, self._size)
        alpha = self._alpha()
        return None if alpha is None else self.resized(alpha)

    def selected(self, field: str) -> Tensor | None:
        """A mask at the result's size."""
        if self.scratch is None:
            return opening.mask(self.pictures[field], self._size) if field in self.pictures else None
        mask = self._mask(field)
        return None if mask is None else self.resized(mask)

    def _alpha(self) -> Tensor | None:
        return pixels.coverage(self.content.samples, self.content.header, self._room)

    def _mask(self, field: str) -> Tensor | None:
        picture = self.pictures.get(field)
        return None if picture is None else pixels.mask(picture.samples, picture.header, self._room)

    def style(self, index: int) -> Picture:
        """One of the styles."""
        return self.pictures[f"styles[{index}].image"]

    def style_seen(self, index: int, pulse: Pulse) -> tuple[Tensor, Tensor | None]:
        """A style at the size it is used at, and how much each place counts, if not all count alike.

        Raises:
            InvalidRequest: there is nothing to be seen in it.
        """
        picture, field = self.style(index), f"spec.styles[{index}].image"
        image, cover = self._lent(picture, self.style_size(index), field, pulse)
        if cover is not None and float(cover.max()) == 0:
            raise InvalidRequest([Violation(field, "is wholly transparent; a style must be seen", "STYLE_TRANSPARENT")])
        return image, cover

    def _lent(self, picture: Picture, size: tuple[int, int], field: str, pulse: Pulse) -> tuple[Tensor, Tensor | None]:
        if self.scratch is None:
            return opening.lent(picture, size, field, pulse)
        width, height = size
        image = self._sized(pixels.opaque(picture.samples, picture.header, field, pulse, self._room), height, width)
        cover = pixels.coverage(picture.samples, picture.header, self._room)
        return image, None if cover is None or float(cover.min()) == 1 else self._sized(cover, height, width)

    def style_size(self, index: int) -> tuple[int, int]:
        """Width and height of a style, no larger than the finest scale can use: 50 megapixels cost nothing."""
        width, height = self.style(index).header.width, self.style(index).header.height
        edge = round(self._style_scale * max(self.header.width, self.header.height))
        if max(width, height) <= edge or min(width, height) <= 16:
            return width, height
        width, height = fit_long_side(width, height, edge)
        return max(16, width), max(16, height)

    def resized(self, image: Tensor) -> Tensor:
        """A picture at the result's size; itself where that is its own."""
        return self._sized(image, self.header.height, self.header.width)

    def _sized(self, image: Tensor, height: int, width: int) -> Tensor:
        if tuple(image.shape[2:]) == (height, width):
            return image
        reach = pixels.reach_of(image)
        found = resize(image, height, width) if self.scratch is None else resized(image, height, width, self.scratch)
        return found.clamp_(*reach)

    def _room(self, *shape: int) -> Tensor:
        return torch.empty(shape) if self.scratch is None else self.scratch.empty(shape, torch.empty(0))

    def _rest(self) -> None:
        if self.scratch is not None:
            self.scratch.clear()

    def __repr__(self) -> str:
        return f"<Material of {len(self.pictures)} pictures [{self.scratch or 'in memory'}]>"
