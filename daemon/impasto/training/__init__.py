"""The face of the room that makes the offline encoder: train it, and look at the world it is trained on.

Knows its own parts; must never know jobs, files of users or the other rooms. Called by `impasto train-encoder` alone,
which imports it lazily. Nothing here is needed to stylise: the result is shipped as `encoders/vgg19-slim.safetensors`.
How the shipped file came to be, failures included, stands in LOG.md beside this file.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import torch

import impasto
from impasto.engine.encoder.files import load_encoder
from impasto.training import curve, export, sheet
from impasto.training.loop import Recipe, Training, TrainingProgress, run
from impasto.training.world import FAMILIES, World

__all__ = ["TrainingProgress", "UnfitStart", "train", "world_sheet"]

NORMAL_SEED, NORMAL_PICTURES = 99, 96
"""The fixed set of canvases over which every filter's mean activation is made 1."""


def train(
    out: Path,
    *,
    width: float = 0.25,
    minutes: float,
    seed: int = 0,
    start: Path | None = None,
    threads: int | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> None:
    """Train an encoder and write it to `out` as safetensors.

    Args:
        out: the encoder file; its folder must exist.
        width: fraction of VGG-19's channels, more than 0, at most 1.
        minutes: time to train, of all runs that share a checkpoint together.
        seed: decides families, pictures and first weights; the clock decides how many steps fit and how the rate falls.
        start: an encoder file made here, of the same width, to go on from; a checkpoint counts before it.
        threads: processor threads, PyTorch's own choice if None.
        checkpoint: read if it exists (its recipe then counts, not the arguments), written every two minutes.
        progress: called after every step.

    Beside `out`, ending in .curve.png, stands the learning curve at last.

    Raises:
        ValueError: width or minutes out of range; `UnfitStart`: the encoder cannot be gone on from.
    """
    if not 0 < width <= 1:
        raise ValueError(f"width is {width}, must be more than 0 and at most 1")
    if minutes <= 0:
        raise ValueError(f"minutes is {minutes}, must be more than 0")
    if threads is not None:
        torch.set_num_threads(threads)
    if checkpoint is not None and checkpoint.exists():
        training = Training.resume(checkpoint)
    else:
        training = Training(Recipe(width=width, minutes=minutes, seed=seed))
        if start is not None:
            _adopt(training, start)
    for step in run(training, time.monotonic, checkpoint):
        if progress is not None:
            progress(step)
    finish(training, out)
    curve.write_png(out.with_suffix(".curve.png"), training.curve)


class UnfitStart(ValueError):
    """The encoder to go on from cannot be: damaged, made elsewhere, or of another width."""


def _adopt(training: Training, start: Path) -> None:
    try:
        training.adopt(load_encoder(start))
    except ValueError as error:
        raise UnfitStart(str(error)) from error


def finish(training: Training, out: Path, notes: str = "") -> None:
    """Write what the training has reached as an encoder file; `notes` tell what its recipe does not."""
    world = World.create(training.recipe.seed)
    pictures = world.canvases(NORMAL_PICTURES, torch.Generator().manual_seed(NORMAL_SEED)).pictures
    plain = export.normalise(export.fold(training.network.eval()), pictures[:, :3])
    export.write(out, plain, card(training) | {"notes": notes})


def card(training: Training) -> dict[str, object]:
    """The model card: how the weights came to be."""
    return {
        "about": "VGG-19 to relu5_1, narrower; taught by procedurally drawn pictures alone, no photograph",
        "started_from": training.started_from,
        "recipe": asdict(training.recipe),
        "families": FAMILIES,
        "steps": training.step,
        "pictures": training.pictures,
        "trained_s": round(training.elapsed_s),
        "accuracy": round(training.accuracy, 4),
        "losses": {name: round(loss, 3) for name, loss in training.curve[-1][1].items()} if training.curve else {},
        "code": impasto.__version__,
        "torch": torch.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def world_sheet(path: Path, seed: int) -> None:
    """Write a PNG contact sheet of the world that this seed makes."""
    sheet.write_png(path, sheet.draw_sheet(seed))
