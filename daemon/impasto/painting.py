"""One job on one device: pixels → tensors → engine → pixels, in slices of time.

Knows the engine, the pixels' edge and the files that the front names. Must not know queues, clients or gRPC. ``worker``
owns one `Studio` and passes on what the front says.
"""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from impasto import pixels
from impasto.engine import VGG, Pulse, Settings, Step, TargetCache, load_encoder, load_slim, pyramid, stylize
from impasto.engine.defaults import bytes_needed, defaults
from impasto.engine.encoder import resize
from impasto.errors import CannotServe, InvalidRequest, Violation
from impasto.image import ImageHeader, PixelFormat, fit_long_side
from impasto.spec import SLIM, StylizeSpec
from impasto.weights import Shelf

STYLE = "spec.styles[0].image"  # as the contract names it


def open_encoder(name: str, shelf: Shelf) -> VGG:
    """The encoder of that name, from the package or from the shelf.

    Raises:
        CannotServe: it has gone since the request was accepted, or its file is damaged.
    """
    if name == SLIM:
        return load_slim()
    try:
        return load_encoder(shelf.path(shelf.resolve(name)))
    except ValueError as error:
        raise CannotServe(
            f"{error}: `impasto weights remove` and `impasto weights fetch` bring a whole one",
            reason="ENCODER_UNAVAILABLE",
        ) from error


@dataclass(frozen=True)
class Picture:
    """A blob that the front named: its samples on disk, its header, and its name as a key for caches."""

    samples: pixels.Samples
    header: ImageHeader
    key: str

    @classmethod
    def open(cls, told: Mapping[str, Any]) -> "Picture":
        """From what the front says: path, header, key."""
        header = ImageHeader.from_json(told["header"])
        return cls(pixels.open_samples(Path(told["path"]), header), header, told["key"])


class Studio:
    """A device with the encoders that were loaded on it; weights are kept until their file is another one."""

    def __init__(self, device: torch.device, shelf: Shelf) -> None:
        self.device, self._shelf = device, shelf
        self.encoders: dict[str, VGG] = {}
        self._loaded: dict[str, tuple[int, ...]] = {}
        self.targets: dict[str, TargetCache] = {}

    def encoder(self, name: str) -> VGG:
        """The encoder of that name, on the device."""
        now = self._identity(name)
        if name not in self.encoders or now != self._loaded[name]:
            self.encoders[name] = open_encoder(name, self._shelf).to(self.device)
            self.targets[name], self._loaded[name] = TargetCache(), now
        return self.encoders[name]

    def _identity(self, name: str) -> tuple[int, ...]:
        """What changes with the file: other weights may be imported while this process lives."""
        try:
            found = self._shelf.path(name).stat()
        except OSError:
            return self._loaded.get(name, ())  # removed: what was loaded still serves the jobs that were accepted
        return found.st_ino, found.st_size, found.st_mtime_ns

    def free_bytes(self) -> int:
        """Memory that a job may still take on this device."""
        if self.device.type == "cuda":
            return torch.cuda.mem_get_info(self.device)[0]
        try:
            lines = Path("/proc/meminfo").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
        except (OSError, StopIteration):
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def __repr__(self) -> str:
        return f"<Studio on {self.device} [{', '.join(self.encoders) or 'nothing loaded'}]>"


class Painting:
    """One job: its pictures, its generator of steps, and the time it has taken."""

    def __init__(self, studio: Studio, spec: StylizeSpec, pictures: Mapping[str, Any], pulse: Pulse) -> None:
        """Opens the pictures and prepares the run; computes nothing yet.

        Raises:
            InvalidRequest: a sample is no number, or there is nothing to be seen in the style.
            CannotServe: the device's memory cannot hold it.
        """
        self._content = Picture.open(pictures["content"])
        self._style = Picture.open(pictures["style"])
        self._mask = Picture.open(pictures["mask"]) if spec.mask else None
        self.header = spec.result_header(self._content.header)
        self.settings = settings_of(spec)
        encoder = studio.encoder(spec.encoder)
        self._check_memory(studio, encoder)
        self._scales = pyramid(self.header.height, self.header.width, self.settings.steps, self.settings.max_scales)
        self.total_steps, self.step = self.settings.steps, 0
        self.seconds, self._billed, self._last, self._pixel_rate = 0.0, 0.0, cast("Step | None", None), 0.0
        self._steps = self._begin(studio, encoder, pulse)

    def _check_memory(self, studio: Studio, encoder: VGG) -> None:
        style_width, style_height = self._style_size()
        needed = bytes_needed(encoder, self.header.pixels, style_width * style_height)
        free = studio.free_bytes()
        if needed > free:
            size = f"{self.header.width}x{self.header.height}"
            raise CannotServe(
                f"{size} px need about {needed >> 20} MiB on {studio.device}, and {free >> 20} MiB are free: ask for a "
                f"size of about {int(max(self.header.width, self.header.height) * (free / needed) ** 0.5 * 0.9)}",
                reason="DOES_NOT_FIT",
            )

    def _begin(self, studio: Studio, encoder: VGG, pulse: Pulse) -> Iterator[Step]:
        """The engine's generator over this job's tensors."""
        content = self._resized(self._seen(pulse))
        style, guide = self._style_seen(pulse)
        self._reach, self._pulse = pixels.reach_of(content), pulse
        mask = self._painted()
        return stylize(
            encoder,
            content.to(studio.device),
            style.to(studio.device),
            self.settings,
            mask=None if mask is None else self._resized(mask).to(studio.device),
            targets=studio.targets[encoder.spec.name].source(
                self._style.key, None if guide is None else guide.to(studio.device)
            ),
            pulse=pulse,
        )

    def _seen(self, pulse: Pulse) -> Tensor:
        return pixels.shown(self._content.samples, self._content.header, "spec.content", pulse)

    def _style_seen(self, pulse: Pulse) -> tuple[Tensor, Tensor | None]:
        """The style at the size it is used at, and how much each place counts, if not all count alike.

        Raises:
            InvalidRequest: there is nothing to be seen in it.
        """
        samples, header = self._style.samples, self._style.header
        style, cover = pixels.opaque(samples, header, STYLE, pulse), pixels.coverage(samples, header)
        if cover is None or bool((cover == 1).all()):
            return self._bounded_style(style), None
        cover = self._bounded_style(cover)
        if float(cover.max()) == 0:
            raise InvalidRequest([Violation(STYLE, "is wholly transparent; a style must be seen", "STYLE_TRANSPARENT")])
        return self._bounded_style(style), cover

    def _painted(self) -> Tensor | None:
        """How much of each pixel of the content is painted, (1, 1, H, W) at its own size; None where all of all is.

        Transparent pixels are not: they keep their hidden colours, and the style is matched without them.
        """
        mask = None if self._mask is None else pixels.mask(self._mask.samples, self._mask.header)
        cover = pixels.coverage(self._content.samples, self._content.header)
        if cover is None or bool((cover > 0).all()):
            return mask
        there = (cover > 0).float()
        return there if mask is None else mask * there

    def _resized(self, image: Tensor) -> Tensor:
        return resize(image, self.header.height, self.header.width).clamp(*pixels.reach_of(image))

    def _style_size(self) -> tuple[int, int]:
        """Width and height of the style, no larger than the finest scale can use: 50 megapixels cost nothing."""
        width, height = self._style.header.width, self._style.header.height
        edge = round(self.settings.style_scale * max(self.header.width, self.header.height))
        if max(width, height) <= edge or min(width, height) <= 16:
            return width, height
        width, height = fit_long_side(width, height, edge)
        return max(16, width), max(16, height)

    def _bounded_style(self, style: Tensor) -> Tensor:
        width, height = self._style_size()
        return resize(style, height, width).clamp(*pixels.reach_of(style))

    def advance(self) -> Step:
        """One step; its time is charged to the job."""
        began = time.perf_counter()
        try:
            self._last = next(self._steps)
        finally:
            took = time.perf_counter() - began
            self.seconds += took
        self.step = self._last.number
        size = self._last.scale.height * self._last.scale.width
        fresh = took / size
        self._pixel_rate = fresh if self._pixel_rate == 0 else 0.8 * self._pixel_rate + 0.2 * fresh
        return self._last

    def bill(self) -> float:
        """Device seconds since the last bill."""
        due, self._billed = self.seconds - self._billed, self.seconds
        return due

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.total_steps

    @property
    def time_left_s(self) -> float:
        """Device time that the remaining steps will take: each costs in proportion to its scale's pixels."""
        left, before = 0.0, 0
        for scale in self._scales:
            remaining = min(scale.steps, max(0, before + scale.steps - self.step))
            left += remaining * scale.height * scale.width
            before += scale.steps
        return left * self._pixel_rate

    def preview(self, max_edge: int) -> tuple[ImageHeader, bytes]:
        """X as it is now: RGB, 8 bits, its long side at most `max_edge` px."""
        assert self._last is not None
        image = self._last.image
        height, width = image.shape[2:]
        if max(height, width) > max_edge:
            width, height = fit_long_side(width, height, max_edge)
            image = resize(image, height, width)
        header = ImageHeader(width, height, PixelFormat.RGB)
        return header, pixels.samples_of(image, header, None).tobytes()

    def write(self, path: Path) -> ImageHeader:
        """Writes X at the result's size and depth; unpainted samples and alpha are the content's own."""
        image = self._resized(self._last.image if self._last else self._seen(self._pulse))
        source, alpha = self._content, pixels.coverage(self._content.samples, self._content.header)
        cover = None if alpha is None else self._resized(alpha)
        result = pixels.samples_of(image, self.header, cover, self._reach, self._pulse)
        if self.header == source.header:
            result = pixels.keep_alpha(result, source.samples, self.header)
            painted = self._painted()
            if painted is not None:
                result = pixels.keep_unpainted(result, source.samples, painted)
        np.ascontiguousarray(result).tofile(path)
        return self.header

    def __repr__(self) -> str:
        return f"<Painting {self.header.width}x{self.header.height} [step {self.step} of {self.total_steps}]>"


def settings_of(spec: StylizeSpec) -> Settings:
    """The engine's settings: what the request says, and the encoder's defaults for what it leaves open."""
    base = defaults(spec.encoder)
    weights = replace(
        base.weights,
        content=_or(spec.content_weight, base.weights.content),
        style=_or(spec.style_weight, base.weights.style),
        total_variation=_or(spec.total_variation_weight, base.weights.total_variation),
        content_layers=spec.content_layers or base.weights.content_layers,
        style_layers=spec.style_layers or base.weights.style_layers,
    )
    return replace(
        base,
        steps=base.steps if spec.steps is None else spec.steps,
        optimizer=cast("Literal['lbfgs', 'adam']", spec.optimizer),
        start=cast("Literal['content', 'noise']", spec.start),
        max_scales=base.max_scales if spec.max_scales is None else spec.max_scales,
        seed=spec.seed,
        style_scale=base.style_scale * spec.stroke_size,
        weights=weights,
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
