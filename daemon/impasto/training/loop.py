"""The training loop: chapters of canvases, steps of views, a checkpoint now and then.

Knows the world and the network; must never know who asked. Called by the face of the room. Step n of seed s is the
same whatever came before it, so that an interrupted run continued from its checkpoint ends in the same weights.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from impasto.engine.encoder import VGG
from impasto.training.network import Heads, Lessons, Network, initialise
from impasto.training.views import Views, views
from impasto.training.world import Canvases, World

CHAPTER_STREAM, STEP_STREAM = 1, 2
CURVE_STEPS = 50
ADOPTED_OVER = 64


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, the machine apart."""

    width: float = 0.25
    minutes: float = 60.0
    seed: int = 0
    batch: int = 64
    view_px: int = 64
    late_view_px: int = 96
    late_batch: int = 32
    late_from: float = 0.6
    chapter_steps: int = 250
    chapter_canvases: int = 2000
    chapters_kept: int = 4
    rate: float = 3e-3
    decay: float = 0.02
    warmup_steps: int = 200

    def lesson_size(self, elapsed_s: float) -> tuple[int, int]:
        """Pictures in a batch and their side in pixels: many small ones first, fewer larger ones in the last part.

        The deepest layer sees 4x4 places of a 64 px view, hardly enough to learn what is large.
        """
        late = elapsed_s >= self.late_from * self.minutes * 60
        return (self.late_batch, self.late_view_px) if late else (self.batch, self.view_px)


@dataclass(frozen=True)
class TrainingProgress:
    """One step: its number, pictures seen, seconds trained in all runs together, weighted losses, smoothed accuracy."""

    step: int
    pictures: int
    elapsed_s: float
    losses: dict[str, float]
    accuracy: float


class Training:
    """A network being trained; everything that a checkpoint holds."""

    def __init__(self, recipe: Recipe) -> None:
        """Start afresh from the recipe's seed."""
        self.recipe = recipe
        self.world = World.create(recipe.seed)
        self.network = Network(recipe.width).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.heads = Heads(recipe.width, self.world.traits(), self.world.kind_of())
        generator = stream(recipe.seed, 0, 0)
        initialise(self.network, generator)
        initialise(self.heads, generator, gain=0.1)
        self.network.calm()
        weights = [*self.network.parameters(), *self.heads.parameters()]
        self.optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=recipe.decay)
        self.step, self.pictures, self.elapsed_s, self.accuracy = 0, 0, 0.0, 0.0
        self.started_from: dict[str, Any] = {}  # the card of the encoder gone on from
        self.curve: list[tuple[int, dict[str, float]]] = []
        self._chapters: dict[int, Canvases] = {}
        self._pool: Canvases | None = None

    def adopt(self, encoder: VGG) -> None:
        """Begin with an encoder that was trained before, its batch norms set over this world's pictures."""
        self.network.adopt(encoder, self.world.canvases(ADOPTED_OVER, stream(self.recipe.seed, 0, 1)).pictures[:, :3])
        self.network.calm()
        self.started_from = dict(encoder.spec.card)

    def advance(self, elapsed_s: float) -> TrainingProgress:
        """Learn from one batch; `elapsed_s`, of all runs together, decides the learning rate."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = rate(recipe, self.step, elapsed_s)
        count, side = recipe.lesson_size(elapsed_s)
        lessons = self._learn(views(self._canvases(), count, stream(recipe.seed, STEP_STREAM, self.step), side))
        self.step, self.pictures, self.elapsed_s = self.step + 1, self.pictures + count, elapsed_s
        self.accuracy += 0.02 * (lessons.accuracy - self.accuracy)
        losses = {name: loss.item() for name, loss in lessons.losses.items()}
        self._remember(losses)
        return TrainingProgress(self.step, self.pictures, elapsed_s, losses, self.accuracy)

    def _learn(self, batch: Views) -> Lessons:
        seen = batch.seen.contiguous(memory_format=torch.channels_last)
        lessons: Lessons = self.heads(self.network(seen), batch.clean, batch.families)
        self.optimiser.zero_grad()
        lessons.total.backward()
        self.optimiser.step()
        self.network.calm()
        return lessons

    def _remember(self, losses: dict[str, float]) -> None:
        """Keep the mean losses of every CURVE_STEPS steps, with the pictures seen by then."""
        if (self.step - 1) % CURVE_STEPS == 0:
            self.curve.append((self.pictures, dict.fromkeys(losses, 0.0)))
        part = (self.step - 1) % CURVE_STEPS + 1
        means = self.curve[-1][1]
        self.curve[-1] = (
            self.pictures,
            {name: means[name] + (loss - means[name]) / part for name, loss in losses.items()},
        )

    def _canvases(self) -> Canvases:
        """The canvases of this chapter and of the last few.

        With one chapter alone the loss jumped at every new one: the network had learnt its canvases by heart.
        """
        recipe, number = self.recipe, self.step // self.recipe.chapter_steps
        if self._pool is None or number not in self._chapters:
            kept = range(max(0, number - recipe.chapters_kept + 1), number + 1)
            self._chapters = {n: self._chapters.get(n) or self._chapter(n) for n in kept}
            self._pool = Canvases.together(list(self._chapters.values()))
        return self._pool

    def _chapter(self, number: int) -> Canvases:
        return self.world.canvases(
            self.recipe.chapter_canvases, stream(self.recipe.seed, CHAPTER_STREAM, number)
        ).half()

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        parts = {n: getattr(self, n).state_dict() for n in ("network", "heads", "optimiser")}
        state = {
            **parts,
            "step": self.step,
            "pictures": self.pictures,
            "elapsed_s": self.elapsed_s,
            "accuracy": self.accuracy,
            "curve": self.curve,
            "from": self.started_from,
        }
        unfinished = path.with_suffix(".unfinished")
        torch.save({**state, "recipe": asdict(self.recipe)}, unfinished)
        unfinished.replace(path)

    @classmethod
    def resume(cls, path: Path) -> "Training":
        """Continue from a checkpoint."""
        state = torch.load(path, weights_only=True)
        training = cls(Recipe(**state["recipe"]))
        for name in ("network", "heads", "optimiser"):
            getattr(training, name).load_state_dict(state[name])
        training.step, training.elapsed_s = state["step"], state["elapsed_s"]
        training.pictures, training.accuracy = state["pictures"], state["accuracy"]
        training.started_from = state["from"]
        training.curve = [(pictures, dict(losses)) for pictures, losses in state["curve"]]
        return training


def stream(seed: int, kind: int, number: int) -> torch.Generator:
    """The generator of one chapter or step."""
    return torch.Generator().manual_seed((seed * 4 + kind) * 1_000_003 + number)


def rate(recipe: Recipe, step: int, elapsed_s: float) -> float:
    """Learning rate: a short linear rise in steps, a cosine fall in time to 1 % of the highest."""
    part = min(1.0, elapsed_s / (recipe.minutes * 60))
    fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part))
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup_steps) * fall


def run(
    training: Training, clock: Callable[[], float], checkpoint: Path | None, every_s: float = 120.0
) -> Iterator[TrainingProgress]:
    """Train until the recipe's minutes are over, a checkpoint every `every_s` seconds; yields each step."""
    start = clock() - training.elapsed_s
    saved_s = training.elapsed_s
    while (elapsed_s := clock() - start) < training.recipe.minutes * 60:
        yield training.advance(elapsed_s)
        if checkpoint is not None and elapsed_s - saved_s >= every_s:
            training.save(checkpoint)
            saved_s = elapsed_s
    if checkpoint is not None:
        training.save(checkpoint)
