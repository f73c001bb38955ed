"""Settings side by side: gallery pairs painted under several settings, as a table and a sheet.

    .venv/bin/python tests/bench/sweep.py --try "" --try "style=50 total_variation=40" [--pairs harbour:swirl …]
        [--encoder FILE] [--size 320] [--steps 120] [--judge measure.py] [--output out/sweep]

Each `--try` is one column: names of `Settings` and `Weights` with their values, on top of the encoder's defaults;
`style_layers=1/1/2/4/4` are the weights of relu1_1 to relu5_1, `style_layers=relu2_2:1/relu3_4:0.5` those of any.
Knows the engine, the gallery and the texture distance. Must never know pictures from outside: defaults are chosen on
the gallery, or what they are measured on afterwards would have been tuned on. `--judge` names a script with the team's
figures; they judge and are never a loss. Called by people; `training/LOG.md` keeps what came of it.
Writes each picture, `sheet.png` and `figures.json`.
"""

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

from impasto import gallery
from impasto.engine import VGG, Settings, Weights, load_encoder, load_slim, stylize
from impasto.method import STYLE_LAYERS
from impasto.method.defaults import defaults

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, only this folder would be searched
from bench.texture import distance, signature

PAIRS = ("harbour:swirl", "calm:swirl", "calm:still-life", "still-life:palette-knife")
JUDGED_SAMPLES = 12_000  # patches of a picture, where the judge would take 40 000: the same to about 0.01
CALM, SKY = (
    "calm",
    (0.22, 0.34),
)  # down to the first, as a share of the height, the sky is flat; from the second it is drawn
CAPTION = 32  # characters that fit under a picture
Figures = dict[str, float]


@dataclass(frozen=True)
class Trial:
    """One column: what was asked for, and the settings that this makes."""

    asked: str
    settings: Settings

    @classmethod
    def read(cls, asked: str, steps: int) -> "Trial":
        """From words like ``style=50 max_scales=3 objective=w2``.

        Raises:
            ValueError: no such setting.
        """
        words = dict(word.split("=", 1) for word in asked.replace(",", " ").split())
        base = replace(defaults("vgg19-slim", words.pop("objective", "gatys")), steps=steps)  # type: ignore[arg-type]
        weights, settings = dict[str, Any](), dict[str, Any]()
        for name, value in words.items():
            owner = weights if name in _names(Weights) else settings
            owner[name] = _value(name, value, _names(Weights) | _names(Settings))
        return cls(asked or "defaults", replace(base, weights=replace(base.weights, **weights), **settings))


def _names(of: type) -> set[str]:
    return {field.name for field in fields(of)}


def _value(name: str, value: str, known: set[str]) -> object:
    if name not in known:
        raise ValueError(f"no setting is named {name!r}; there are {', '.join(sorted(known))}")
    if name == "style_layers":
        return _layers(value.split("/"))
    if name == "content_layers":
        return dict.fromkeys(value.split("/"), 1.0)
    if name in ("max_scales", "steps", "margin", "seed"):
        return int(value)
    try:
        return float(value)
    except ValueError:
        return value


def _layers(shares: Sequence[str]) -> dict[str, float]:
    """Weights by layer, from the five of the papers in their order, or from pairs of a name and a weight."""
    if ":" not in shares[0]:
        shares = [f"{layer}:{share}" for layer, share in zip(STYLE_LAYERS, shares, strict=True)]
    told = (share.split(":") for share in shares)
    return {layer: float(weight) for layer, weight in told if float(weight)}


@cache
def drawn(name: str, size: int) -> Image.Image:
    """A scene or a style; `calm` is the harbour under a cloudless sky, as photographs have and our scenes do not."""
    if name != CALM:
        return gallery.draw(name, width=size, height=size * 3 // 4)
    pixels = np.array(drawn("harbour", size), np.float64)
    down = np.linspace(0, 1, len(pixels))[:, None, None]
    kept = ((down - SKY[0]) / (SKY[1] - SKY[0])).clip(0, 1)
    calm = pixels[: round(SKY[0] * len(pixels))].mean((0, 1)) * (1 + 0.2 * (down - SKY[0]))
    return Image.fromarray((kept * pixels + (1 - kept) * calm).clip(0, 255).round().astype(np.uint8))


@cache
def tensor(name: str, size: int) -> Tensor:
    """Likewise as the engine takes it."""
    return _tensor(drawn(name, size))


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def paint(encoder: VGG, pair: str, size: int, settings: Settings) -> Image.Image:
    """One picture, of 8 bits, as people get it."""
    scene, style = pair.split(":")
    *_, last = stylize(encoder, tensor(scene, size), tensor(style, size), settings)
    return Image.fromarray((last.image[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def judged(judge: ModuleType | None, pair: str, size: int, image: Image.Image) -> Figures:
    """Figures of one picture; without a judge the texture distance alone, as a share of the unpainted scene's."""
    scene, style = pair.split(":")
    before = unpainted(judge, pair, size)
    figures = {"palette-blind": distance(signature(image), signature(drawn(style, size))) / before["palette-blind"]}
    if judge is None:
        return figures
    content, model, output = tensor(scene, size), tensor(style, size), _tensor(image)
    return figures | {
        "texture": judge.sliced_wasserstein(output, model) / before["texture"],
        "strokes": judge.stroke_distance(output, model) / before["strokes"],
        "layout": judge.layout(content, output),
        **{name: getattr(judge, name)(model, output) for name in ("coherence", "chroma", "ghost", "grain")},
    }


@cache
def unpainted(judge: ModuleType | None, pair: str, size: int) -> Figures:
    """How far the scene itself is from the style: the unit of what is told as a share."""
    scene, style = pair.split(":")
    figures = {"palette-blind": distance(signature(drawn(scene, size)), signature(drawn(style, size)))}
    if judge is None:
        return figures
    pictures = tensor(scene, size), tensor(style, size)
    return figures | {"texture": judge.sliced_wasserstein(*pictures), "strokes": judge.stroke_distance(*pictures)}


def loaded(path: Path) -> ModuleType:
    """A judge's script as a module."""
    spec = importlib.util.spec_from_file_location("judge", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SAMPLES = JUDGED_SAMPLES  # type: ignore[attr-defined]  # the team's script has it
    return module


def table_of(found: Sequence[Sequence[Figures]], trials: Sequence[Trial]) -> Table:
    """Means over the pairs, and under each the pairs' own."""
    table, names = Table(), list(found[0][0])
    for column in ("settings", *names):
        table.add_column(column)
    for trial, rows in zip(trials, found, strict=True):
        cells = [f"{fmean(r[n] for r in rows):.3f}\n[dim]{' '.join(f'{r[n]:.2f}' for r in rows)}[/]" for n in names]
        table.add_row(trial.asked, *cells)
    return table


def main() -> None:
    """Paints, judges, hangs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--try", dest="tries", action="append", default=[])
    parser.add_argument("--pairs", nargs="*", default=PAIRS)
    parser.add_argument("--encoder", type=Path, help="a file; the shipped one by default")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--output", type=Path, default=Path("out/sweep"))
    parser.add_argument("--threads", type=int, default=1)
    asked, console = parser.parse_args(), Console(width=200)
    torch.set_num_threads(asked.threads)
    trials = [Trial.read(words, asked.steps) for words in asked.tries or [""]]
    asked.output.mkdir(parents=True, exist_ok=True)
    console.print(table_of(swept(asked, trials, console), trials))


def swept(asked: argparse.Namespace, trials: Sequence[Trial], console: Console) -> list[list[Figures]]:
    """Figures by trial and pair; tells and keeps each as it comes, as a sweep may be cut short."""
    encoder = load_slim() if asked.encoder is None else load_encoder(asked.encoder)
    judge = None if asked.judge is None else loaded(asked.judge)
    found, rows = [list[Figures]() for _ in trials], list[list[tuple[str, Image.Image]]]()
    for pair in asked.pairs:
        rows.append([(name, drawn(name, asked.size)) for name in pair.split(":")])
        for number, trial in enumerate(trials):
            began = time.monotonic()
            image = paint(encoder, pair, asked.size, trial.settings)
            took_s = time.monotonic() - began
            image.save(asked.output / f"{pair.replace(':', '-')}-{number}.png")
            found[number].append(judged(judge, pair, asked.size, image) | {"seconds": took_s})
            told = " ".join(f"{name} {value:.3f}" for name, value in found[number][-1].items())
            console.print(f"{pair} [{trial.asked}] {told}", highlight=False, markup=False)
            rows[-1].append((trial.asked if len(trial.asked) < CAPTION else f"try {number + 1}", image))
        gallery.contact_sheet(rows, cell=asked.size).save(asked.output / "sheet.png")
    kept = {"pairs": asked.pairs, "figures": {trial.asked: f for trial, f in zip(trials, found, strict=True)}}
    (asked.output / "figures.json").write_text(json.dumps(kept, indent=2) + "\n")
    return found


if __name__ == "__main__":
    main()
