"""One job on one device: pixels → tensors → engine → pixels, in slices of time.

Knows the engine, the pixels' edge and the files that the front names. Must not know queues, clients or gRPC. ``worker``
passes on what the front says. What decides the pixels is given in `Terms` and the request; a painting that was written
down (``checkpoint``) goes on from there, anywhere, to the same pixels.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from impasto import pixels
from impasto.engine import VGG, Checkpoint, Pulse, Step, Style, pyramid, stylize
from impasto.engine.large import resized
from impasto.engine.memory import need_of, within
from impasto.engine.room import MEMORY
from impasto.errors import CannotServe
from impasto.image import ImageHeader, PixelFormat, fit_long_side
from impasto.method.choices import settings_from_json, settings_of
from impasto.spec import StylizeSpec
from impasto.worker import checkpoint
from impasto.worker.budget import Budget
from impasto.worker.material import Material
from impasto.worker.result import Beside, put, put_result
from impasto.worker.saving import Outcome, Saving
from impasto.worker.studio import HOST, Picture, Studio


@dataclass(frozen=True)
class Terms:
    """What the front says of a job beside its request and pictures.

    Attributes:
        threads: to compute with; 0 means as the process has them.
        encoder_sha256: of the file that the encoder must come from; empty means any.
        settings: the engine's, as an earlier attempt had them; empty means as the request and today's defaults say.
        folder: where its states lie and are written; None means nowhere.
    """

    threads: int = 0
    encoder_sha256: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


class Painting:
    """One job: its pictures, its generator of steps, and the time it has taken."""

    def __init__(
        self,
        studio: Studio,
        spec: StylizeSpec,
        pictures: Mapping[str, Any],
        pulse: Pulse,
        terms: Terms | None = None,
        saved: Callable[[Outcome], None] = lambda _outcome: None,
    ) -> None:
        """Opens the pictures and prepares the run, from its newest state if there is one.

        Computes nothing of it yet; but on a GPU, once for each encoder, how near to float32 TF32 is with its weights.

        `saved` hears of every state that was to be written down, in another thread.

        Raises:
            InvalidRequest: a sample is no number, or there is nothing to be seen in the style.
            CannotServe: the device's memory cannot hold it, or its encoder is another one by now.
        """
        opened = {field: Picture.open(told) for field, told in pictures.items()}
        self._spec, self._studio, self._terms = spec, studio, terms or Terms()
        self.header = spec.result_header(opened["content"].header)
        self.settings = (
            settings_from_json(self._terms.settings) if self._terms.settings else settings_of(spec, studio.precision)
        )
        self._material = Material(opened, self.header, self.settings.style_scale)
        self.nothing, self.again = self._material.selects_nothing(), ""
        encoder = studio.encoder(spec.encoder, self._terms.encoder_sha256)
        encoder = studio.placed(encoder, studio.place(self.settings))
        if not self.nothing:
            self._check_memory(studio, encoder, pulse)
        self._scales = pyramid(self.header.height, self.header.width, self.settings.steps, self.settings.max_scales)
        self._budget, self._began = Budget(spec.budget_s, self._scales), 0.0
        self.total_steps, self.step = self.settings.steps, 0
        self.seconds, self._besides, self._billed, self._pixel_rate, self._step_s = 0.0, 0.0, 0.0, 0.0, 0.0
        self._last, self.saving = cast("Step | None", None), Saving(self._terms.folder, self.header.pixels, saved)
        self.saving.spare = self._material.spare_bytes
        self._resume = self._taken_up()
        if self._resume is None and not self.nothing:  # what has begun keeps its precision, wherever it goes on
            precision = studio.precision_of(spec.encoder, encoder, self.settings.precision, pulse)
            self.settings = replace(self.settings, precision=precision)
        self._anew = partial(self._begin, studio, encoder, pulse)
        self._steps = self._anew()

    @property
    def _device(self) -> torch.device:
        """Where its pictures lie."""
        return HOST if self.settings.spilled else self._studio.device

    def _taken_up(self) -> Checkpoint | None:
        """The state to go on from, with the time that it took; and what a person should know of it."""
        folder = self._terms.folder
        saved = checkpoint.newest(folder) if folder is not None else None
        self.notice = ""
        if saved is None or saved.state is None:
            if saved is not None and saved.damaged:
                self.notice = "no checkpoint of this job is whole; it begins anew"
            return None
        if saved.state.spilled != self.settings.spilled:  # there was more memory, or less, when it was written
            self.notice = "memory is not what it was when its checkpoint was written; it begins anew"
            return None
        self.step, beside = saved.state.number, saved.beside
        self.saving.newest = self.step
        # As the state was made: the front may have died before it wrote down what the weights allow.
        self.settings = replace(self.settings, precision=beside.get("precision", self.settings.precision))
        self.seconds = self._billed = beside["seconds"]
        self._budget.elapsed_s, self._pixel_rate = beside["elapsed_s"], beside["pixel_rate"]
        self.notice = f"it goes on from step {self.step}" + ", as a newer checkpoint is damaged" * bool(saved.damaged)
        return saved.state

    def _check_memory(self, studio: Studio, encoder: VGG, pulse: Pulse) -> None:
        sizes = [self._material.style_size(index) for index in range(len(self._spec.styles))]
        largest = max(width * height for width, height in sizes)
        around, guides = 2 * self.settings.margin, self._spec.guides(self._material.content.header)
        size = (self.header.height + around, self.header.width + around)
        free, asked = studio.free_bytes(studio.place(self.settings)), self.settings
        self.settings, self._needed = within(encoder, size, largest, asked, free, spills=True, guides=guides)
        if self.settings != asked:  # there is less than when the job came in
            self.again = f"memory is short now: it is painted in tiles of {self.settings.tile} px"
        if self._needed > free:
            raise CannotServe(self.shortage(free), reason="DOES_NOT_FIT")
        if self.settings.tiles_on_gpu and studio.device != HOST:
            need = need_of(encoder, self.settings, guides)
            self._check_host(need.host(size[0] * size[1], largest, self.settings.tile))
        if self.settings.spilled and self._terms.folder is not None:
            checkpoint.prepare(self._terms.folder)
            masks = self._spec.masks(self._material.content.header)
            self._material.lie_in(self._terms.folder, size[0] * size[1], pulse, masks)

    def _check_host(self, needed: int) -> None:
        """Whether the memory beside a GPU holds what is there of a picture whose tiles go to it."""
        free = self._studio.free_bytes(HOST)
        if needed > free:
            raise CannotServe(self._studio.shortage(self.header, needed, free, HOST), reason="DOES_NOT_FIT")

    def shortage(self, free: int) -> str:
        """For people: how much it needs, that only `free` bytes are there, and what to do."""
        return self._studio.shortage(self.header, self._needed, free)

    def _begin(self, studio: Studio, encoder: VGG, pulse: Pulse) -> Iterator[Step]:
        """The engine's generator over this job's tensors; they are made when the first step is asked for."""
        material = self._material
        content = material.shown(pulse)
        self._reach, self._pulse = pixels.reach_of(content), pulse
        init = material.shown(pulse, "init") if "init" in material.pictures else None
        mask, keep = material.painted(), material.selected("keep")
        return stylize(
            encoder,
            content.to(self._device),
            [self._style_use(studio, encoder, index) for index in range(len(self._spec.styles))],
            self.settings,
            mask=None if mask is None else mask.to(self._device),
            keep=None if keep is None else keep.to(self._device),
            init=None if init is None else init.to(self._device),
            resume=self._resume,
            scratch=material.scratch,
            pulse=pulse,
            enough=lambda scale, _step: self._budget.spent(scale, self.seconds + time.perf_counter() - self._began),
        )

    def _style_use(self, studio: Studio, encoder: VGG, index: int) -> Style:
        """A style as the engine takes it; what is transparent in it lends nothing.

        Raises:
            InvalidRequest: there is nothing to be seen in it.
        """
        use, (image, cover) = self._spec.styles[index], self._material.style_seen(index, self._pulse)
        region = self._material.selected(f"styles[{index}].mask")
        return Style(
            image.to(self._device),
            use.weight,
            None if region is None else region.to(self._device),
            None if cover is None else cover.to(self._device),
            studio.targets[encoder.spec.name].source(self._style_key(index), self.settings.objective),
        )

    def _style_key(self, index: int) -> tuple[object, ...]:
        """What the pixels of a style depend on as the network sees them: recoloured ones on the content, too."""
        key = self._material.style(index).key
        settings = self.settings
        if settings.colour == "style":
            return (key,)
        others = [self._material.pictures.get(field) for field in ("content", "mask", f"styles[{index}].mask")]
        size = (self.header.width, self.header.height)
        return (key, settings.colour, settings.colour_strength, size, *(o.key if o else None for o in others))

    def advance(self) -> Step:
        """One step; its time is charged to the job."""
        self._studio.use_threads(self._terms.threads)
        self._began = time.perf_counter()
        try:
            self._last = next(self._steps)
        finally:
            took = self._step_s = time.perf_counter() - self._began
            self.seconds += took
        self.step = self._last.number
        self.total_steps = self._budget.total_steps(self.step, self._last.last, self.settings.steps)
        size = self._last.scale.height * self._last.scale.width
        fresh = took / size
        self._pixel_rate = fresh if self._pixel_rate == 0 else 0.8 * self._pixel_rate + 0.2 * fresh
        return self._last

    def bill(self) -> float:
        """Device seconds since the last bill, those beside the steps included."""
        spent = self.seconds + self._besides + self.saving.cost_s
        due, self._billed = spent - self._billed, spent
        return due

    def spend(self, seconds: float) -> None:
        """Device time that was not a step's: opening the pictures, writing the result."""
        self._besides += seconds

    def fits(self, before: float, quantum_s: float) -> bool:
        """Whether a step as long as the last one ends before the turn does, which began at `before`."""
        return self.seconds + self._step_s - before <= quantum_s

    @property
    def save_due(self) -> bool:
        """Whether its state should be written down now: at the end of a scale, and every so often."""
        if self._last is None or self.done:
            return False
        return self.saving.due(self.seconds, at_landmark=self._last.ends_scale)

    def save(self) -> None:
        """Has its state written down, to go on from anywhere; the work may go on meanwhile."""
        if self._last is not None:
            timing = {"seconds": self.seconds, "elapsed_s": self._budget.elapsed_s, "pixel_rate": self._pixel_rate}
            beside = timing | {"precision": self.settings.precision}
            self.saving.begin(self._last.checkpoint, beside, self.seconds, self._pulse)

    @property
    def done(self) -> bool:
        """Whether all steps are done, or there are none to do."""
        return self.nothing or (self._last is not None and self._last.last)

    @property
    def time_left_s(self) -> float:
        """Device time that the remaining steps will take: each costs in proportion to its scale's pixels."""
        left, before = 0.0, 0
        for scale in self._scales:
            remaining = min(scale.steps, max(0, before + scale.steps - self.step))
            left += remaining * scale.height * scale.width
            before += scale.steps
        by_steps = left * self._pixel_rate
        return by_steps if self._spec.budget_s is None else max(0.0, min(by_steps, self._spec.budget_s - self.seconds))

    def preview(self, max_edge: int) -> tuple[ImageHeader, bytes]:
        """X as it is now: RGB, 8 bits, its long side at most `max_edge` px."""
        assert self._last is not None
        image = self._last.image
        height, width = image.shape[2:]
        if max(height, width) > max_edge:
            width, height = fit_long_side(width, height, max_edge)
            image = resized(image, height, width, self._material.scratch or MEMORY)
        header = ImageHeader(width, height, PixelFormat.RGB)
        return header, pixels.samples_of(image, header, None).tobytes()

    def write(self, path: Path) -> ImageHeader:
        """Writes X at the result's size and depth; unpainted samples and alpha are the content's own."""
        material, source = self._material, self._material.content
        if self.nothing and self.header == source.header:
            put(path, np.array(source.samples))
            return self.header
        if self._last is None and self._resume is not None:
            self._steps = self._anew()  # whatever stopped it before its first step
            self.advance()  # a state becomes a picture by the step after it
        image, cover = (
            material.resized(self._last.image) if self._last else material.shown(self._pulse),
            material.cover(),
        )
        painted = material.painted() if self.header == source.header else None
        put_result(path, image, self.header, Beside(source, cover, painted, self._reach), self._pulse)
        return self.header

    def __repr__(self) -> str:
        return f"<Painting {self.header.width}x{self.header.height} [step {self.step} of {self.total_steps}]>"
