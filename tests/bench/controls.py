"""What painters control, one picture for each position of each control, on one contact sheet.

    make gallery
    .venv/bin/python tests/bench/controls.py [--size 320] [--steps 80] [--only strength colour …] [--device cpu]

Knows the engine, its defaults for the shipped encoder and the gallery. Must never know the daemon: what is shown is
what the settings do. Called by people and by ``make gallery``. Writes out/gallery/controls.png; nothing is measured,
somebody must look: each caption says what is to be seen.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from rich.console import Console
from rich.progress import track
from torch import Tensor

from impasto import gallery
from impasto.engine import Encoder, Settings, Style, load_slim, stylize
from impasto.method.defaults import defaults

FOLDER = Path("out/gallery")
CONTENT, STYLE, SECOND = "harbour", "swirl", "stained-glass"
ENCODER = "vgg19-slim"


@dataclass(frozen=True)
class Shot:
    """One picture of the sheet: what is set, under which caption."""

    caption: str
    settings: dict[str, Any]
    pictures: dict[str, Any]
    tiled: bool = False


class Scene:
    """The pictures that all shots are made of."""

    def __init__(self, size: int, device: str) -> None:
        height = size * 3 // 4
        self.shape = (height, size)
        self.device = device
        self.drawn = {name: gallery.draw(name, width=size, height=height) for name in (CONTENT, STYLE, SECOND)}

    def tensor(self, name: str) -> Tensor:
        """A drawn picture as the engine takes it."""
        return _tensor(self.drawn[name]).to(self.device)

    def mask(self, kind: str) -> Tensor:
        """A mask of the content's size: its upper half, its left half, or an ellipse in its middle."""
        height, width = self.shape
        picture = Image.new("L", (width, height))
        pen = ImageDraw.Draw(picture)
        box = {"upper": (0, 0, width, height * 45 // 100), "left": (0, 0, width // 2, height)}
        if kind in box:
            pen.rectangle(box[kind], fill=255)
        else:
            pen.ellipse((width * 3 // 10, height * 3 // 10, width * 7 // 10, height * 9 // 10), fill=255)
        return (torch.from_numpy(np.array(picture)).float() / 255)[None, None].to(self.device)


def rows(scene: Scene, painted: Tensor) -> dict[str, list[Shot]]:
    """The sheet: controls by name, with their positions; `painted` is a result at the defaults, to go on from."""
    one, two = scene.tensor(STYLE), scene.tensor(SECOND)
    upper, middle = scene.mask("upper"), scene.mask("middle")
    halves = [Style(one, region=1 - upper), Style(two, region=upper)]
    seam = {"tileable": True, "start": "noise", "strength": 1.0}
    return {
        "strength": [Shot(f"strength {s:g}", {"strength": s}, {}) for s in (0.0, 0.2, 0.35, 0.5, 0.7, 1.0)],
        "detail": [
            *(Shot(f"detail {name}", {"detail": name}, {}) for name in ("fine", "balanced", "coarse")),
            *(Shot(f"stroke size {size}", {"style_scale": size}, {}) for size in (0.4, 0.7, 1.5)),
        ],
        "styles": [
            Shot("the second style", {}, {"style": two}),
            *(Shot(f"blend {a}:{b}", {}, {"style": [Style(one, a), Style(two, b)]}) for a, b in ((3, 1), (1, 3))),
            Shot("second above, first below", {}, {"style": halves}),
            Shot("only the upper part painted", {}, {"mask": upper}),
            Shot("the middle kept", {}, {"keep": middle}),
        ],
        "colour": [
            Shot("colours of the content: luminance", {"colour": "content-luminance"}, {}),
            Shot("by half", {"colour": "content-luminance", "colour_strength": 0.5}, {}),
            Shot("matched in RGB", {"colour": "content-match-rgb"}, {}),
            Shot("matched in Lab", {"colour": "content-match-lab"}, {}),
            Shot("Lab, by half", {"colour": "content-match-lab", "colour_strength": 0.5}, {}),
        ],
        "objective": [
            *(Shot(name, {"objective": name}, {}) for name in ("gatys", "neural-style", "spst", "w2")),
            Shot("gone on with the second style", {"max_scales": 1}, {"init": painted, "style": two}),
        ],
        "tileable": [
            Shot("texture, 2x2: seams", seam | {"tileable": False}, {"style": two}, tiled=True),
            Shot("tileable, 2x2: none", seam, {"style": two}, tiled=True),
            Shot("with content, tileable", seam | {"start": "content", "strength": 0.6}, {}, tiled=True),
        ],
    }


def paint(encoder: Encoder, scene: Scene, steps: int, shot: Shot) -> Image.Image:
    """One picture."""
    final = result(encoder, scene, steps, shot)
    return _picture(final.repeat(1, 1, 2, 2) if shot.tiled else final)


def result(encoder: Encoder, scene: Scene, steps: int, shot: Shot) -> Tensor:
    """Likewise as the engine gives it."""
    base = defaults(ENCODER, shot.settings.get("objective", "gatys"))
    settings: Settings = replace(base, steps=steps, **shot.settings)
    pictures = {"style": scene.tensor(STYLE)} | shot.pictures
    *_, final = stylize(encoder, scene.tensor(CONTENT), pictures.pop("style"), settings, **pictures)
    return final.image


def main() -> None:
    """Paints the sheet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--only", nargs="*", help="names of rows")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, default=FOLDER / "controls.png")
    asked = parser.parse_args()
    scene, encoder = Scene(asked.size, asked.device), load_slim().to(asked.device)
    painted = result(encoder, scene, asked.steps, Shot("", {}, {}))
    found = {name: shots for name, shots in rows(scene, painted).items() if not asked.only or name in asked.only}
    sheet = [list(scene.drawn.items())] + [
        [(shot.caption, paint(encoder, scene, asked.steps, shot)) for shot in found[name]]
        for name in track(found, console=Console(file=sys.stderr))
    ]
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    gallery.contact_sheet(sheet, cell=asked.size, title="What painters control").save(asked.output)
    Console().print(asked.output)


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def _picture(image: Tensor) -> Image.Image:
    return Image.fromarray((image[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy())


if __name__ == "__main__":
    main()
