"""Filters, colours, fills and transformations through `pdb`, pixel by pixel against what GIMP 2.10 made of the same picture.

The pixels of 2.10 are in tests/golden/pixels210.json, written by freeze_pixels210.py; a case that may be further away
than a rounding says how far and why.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from editors.cases210 import BY_NAME, DRAWABLE, IMAGE, MAP
from editors.checking import check_each, is_later
from editors.pictures210 import MODES, SIZE, samples

GOLDEN = Path(__file__).parents[2] / "golden" / "pixels210.json"
FORMATS = {"RGB": "R'G'B' u8", "RGBA": "R'G'B'A u8", "L": "Y' u8"}
LEAST_EFFECT = 0.005  # mean change of a sample: less, and the case shows nothing


def picture(name: str) -> tuple[Any, Any]:
    """An image with one layer that holds one of our pictures."""
    from gimpfu import pdb  # noqa: PLC0415

    mode = MODES[name]
    image = pdb.gimp_image_new(*SIZE, 1 if mode == "L" else 0)
    layer = pdb.gimp_layer_new(image, *SIZE, {"RGB": 0, "RGBA": 1, "L": 2}[mode], "x", 100, 28)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    put(layer, FORMATS[mode], samples(name))
    return image, layer


def put(layer: Any, form: str, data: bytes) -> None:
    """Writes a layer's pixels past everything under test."""
    from gimpfu._door import Gegl  # noqa: PLC0415
    from gimpfu._wrap import unwrap  # noqa: PLC0415

    buffer = unwrap(layer).get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *SIZE), form, data)
    buffer.flush()
    unwrap(layer).update(0, 0, *SIZE)


def pixels(drawable: Any, form: str) -> tuple[str, bytes]:
    """Size and bytes of a drawable, read past everything under test."""
    from gimpfu._door import Gegl  # noqa: PLC0415
    from gimpfu._wrap import unwrap  # noqa: PLC0415

    native = unwrap(drawable)
    width, height = native.get_width(), native.get_height()
    place = Gegl.Rectangle.new(0, 0, width, height)
    return f"{width}x{height}", bytes(native.get_buffer().get(place, 1.0, form, Gegl.AbyssPolicy.NONE))


@check_each("editors.cases210", "NAMES")
def as_in_gimp_210(name: str) -> None:
    """The same size, and samples as near as the case allows."""
    from gimpfu import pdb  # noqa: PLC0415

    case, frozen = BY_NAME[name], json.loads(GOLDEN.read_text())[name.removeprefix("pixels of ")]
    pdb.gimp_context_set_defaults()
    pdb.gimp_context_set_foreground((250, 120, 10))
    pdb.gimp_context_set_background((20, 40, 90))
    image, layer = picture(case.picture)
    _, other = picture("map")
    if case.selected:
        pdb.gimp_image_select_rectangle(image, 2, 6, 5, 14, 12)
    known = {IMAGE: image, DRAWABLE: layer, MAP: other}
    pdb[case.procedure](*[known.get(one, one) if isinstance(one, str) else one for one in case.arguments])
    pdb.gimp_selection_none(image)
    size, made = pixels(pdb.gimp_image_get_active_drawable(image), FORMATS[MODES[case.picture]])
    wanted = zlib.decompress(base64.b64decode(frozen["pixels"]))
    distances = [abs(a - b) for a, b in zip(made, wanted, strict=True)]

    within, mean = case.later if case.later and is_later() else (case.within, case.mean)
    assert size == frozen["size"]
    assert max(distances) <= within
    assert sum(distances) / len(distances) <= mean
    if case.procedure != "plug-in-normalize":  # our picture is at its full range already
        effect = [abs(a - b) for a, b in zip(made, samples(case.picture), strict=False)]
        assert sum(effect) / len(effect) > LEAST_EFFECT
