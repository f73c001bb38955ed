"""Seeing what the network sees: what each layer responds to, how far it looks, how far apart two pictures are.

The face of the room, called by `impasto inspect` and `impasto measure`, which import it lazily; usable as a library:

    from impasto import inspection

    inspection.inspect("photo.jpg", "out/inspect", layers=["relu4_2"])["relu4_2"].effective.side_px(0.95)
    inspection.measure("photo.jpg", "painted.jpg").layers[0].relative_style

On tensors, and with an encoder of one's own: `look`, `distances`, `fields`, `effective_field`. Knows the engine and the
pixels' edge; must never know jobs or the daemon, whose processes never import it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from impasto.errors import Violations
from impasto.inspection.distance import LayerDistance, distances
from impasto.inspection.guided import guided
from impasto.inspection.layer import ChannelView, LayerView, Patch, look
from impasto.inspection.overview import overview_sheet
from impasto.inspection.picture import check_folder, check_pictures, chosen_layers, load, open_picture, undivided
from impasto.inspection.plot import distance_plot
from impasto.inspection.receptive import EffectiveField, Field, effective_field, fields, unit_gradients
from impasto.inspection.sheet import layer_sheet

__all__ = [
    "ChannelView",
    "EffectiveField",
    "Field",
    "LayerDistance",
    "LayerView",
    "Measurement",
    "Patch",
    "distance_plot",
    "distances",
    "effective_field",
    "fields",
    "guided",
    "inspect",
    "layer_sheet",
    "look",
    "measure",
    "unit_gradients",
]

SIZE = 512
"""Long side, px, that pictures are limited to: fields are told in pixels of that size."""


def inspect(
    picture: str | Path,
    folder: str | Path,
    *,
    layers: Sequence[str] = (),
    encoder: str = "auto",
    size: int = SIZE,
    channels: int = 6,
    on_written: Callable[[Path], None] | None = None,
    data_dir: Path | None = None,
) -> dict[str, LayerView]:
    """Draws what each layer responds to in a picture: one sheet per layer, one of all fields, and their numbers.

    Args:
        picture: a PNG, JPEG, WebP or TIFF file.
        folder: gets `<layer>.png`, `overview.png` and `inspect.json`; older ones are replaced.
        layers: of the encoder; none means those that style and content use.
        encoder: ``vgg19``, ``vgg19-slim`` or ``auto``.
        size: px, what the picture's long side is limited to.
        channels: how many of each layer's strongest to show.
        on_written: called with each file when it is there.
        data_dir: where `vgg19` is looked for; the configured folder if None.

    Returns: the layers by name, from the first to the deepest.

    Raises:
        InvalidRequest: unknown layers, a picture that is none or too small, a folder that cannot be; before any work.
        CannotServe: the encoder's weights are not here.
    """
    path, out, network, found = Path(picture), Path(folder), load(encoder, data_dir), Violations()
    wanted, known = chosen_layers(network, layers, found), fields(network.spec.layers)
    check_pictures({"picture": path}, size, {name: known[name].side_needed for name in wanted}, found)
    check_folder(out, found)
    found.raise_if_any()
    image = open_picture(path, size, "picture")
    out.mkdir(parents=True, exist_ok=True)
    views, written = {}, on_written or (lambda _path: None)
    with undivided(network):
        for name in wanted:
            views[name] = look(network, image, name, channels=channels)
            written(_save(layer_sheet(views[name], image, network.spec.name), out / f"{name}.png"))
    written(_save(overview_sheet(list(views.values()), image, network.spec.name), out / "overview.png"))
    about = {"picture": path.name, "width": image.shape[3], "height": image.shape[2], "encoder": network.spec.name}
    written(_save_facts(about, views, out / "inspect.json"))
    return views


def _save_facts(about: Mapping[str, Any], views: Mapping[str, LayerView], path: Path) -> Path:
    facts = {**about, "layers": [view.to_json() for view in views.values()]}
    path.write_text(json.dumps(facts, indent=2) + "\n")
    return path


def _save(sheet: Image.Image, path: Path) -> Path:
    sheet.save(path)
    return path


@dataclass(frozen=True)
class Measurement:
    """Two pictures compared: the encoder that looked, their sizes (width, height) in px, the distances by layer."""

    encoder: str
    size_a: tuple[int, int]
    size_b: tuple[int, int]
    layers: tuple[LayerDistance, ...]

    @property
    def resized(self) -> bool:
        """Whether B had to be resized to A's shape for the content."""
        return self.size_a != self.size_b

    def to_json(self) -> dict[str, Any]:
        """Plain names and numbers."""
        layers = [layer.to_json() for layer in self.layers]
        sizes = {"size_a": self.size_a, "size_b": self.size_b, "b_resized_for_content": self.resized}
        return {"encoder": self.encoder} | sizes | {"layers": layers}


def measure(
    a: str | Path,
    b: str | Path,
    *,
    layers: Sequence[str] = (),
    encoder: str = "auto",
    size: int = SIZE,
    data_dir: Path | None = None,
) -> Measurement:
    """Content and style distance of picture `b` from picture `a`, layer by layer.

    Both are limited to a long side of `size` px. For the content, which is compared position by position, `b` is then
    resized to `a`'s shape; its style is taken as it is.

    Raises:
        InvalidRequest: unknown layers, pictures that are none or too small; before any work.
        CannotServe: the encoder's weights are not here.
    """
    paths, network, found = {"a": Path(a), "b": Path(b)}, load(encoder, data_dir), Violations()
    wanted = chosen_layers(network, layers, found)
    known = fields(network.spec.layers)
    check_pictures(paths, size, {name: known[name].stride for name in wanted}, found)
    found.raise_if_any()
    first, second = (open_picture(path, size, field) for field, path in paths.items())
    size_a, size_b = ((image.shape[3], image.shape[2]) for image in (first, second))
    return Measurement(network.spec.name, size_a, size_b, tuple(distances(network, first, second, wanted)))
