"""Calls each adopted script in batch and writes down what it did, for test_wild.py; within GIMP, by GIMP's own API.

The shim is not imported here: the scripts are plug-ins of their own processes, reached as any plug-in is.
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402  # versions must be chosen first

Gegl.init(None)
FOLDER = ARGUMENTS[0]  # type: ignore[name-defined]  # noqa: F821  # the driver gives it
sys.path.insert(0, ARGUMENTS[1])  # type: ignore[name-defined]  # noqa: F821  # where the pictures are drawn
from editors.pictures210 import SIZE, samples  # noqa: E402

FORM = "R'G'B' u8"


def picture() -> tuple[Any, Any]:
    """The image and layer that each script gets."""
    image = Gimp.Image.new(*SIZE, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(image, "photo one", *SIZE, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *SIZE), FORM, samples("rgb"))
    buffer.flush()
    image.clean_all()
    return image, layer


def shown(image: Any) -> list[Any]:
    """What an image shows: size and bytes."""
    copy = image.duplicate()
    if copy.get_base_type() != Gimp.ImageBaseType.RGB:
        copy.convert_rgb()
    layer = copy.flatten()
    width, height = layer.get_width(), layer.get_height()
    place = Gegl.Rectangle.new(0, 0, width, height)
    data = bytes(layer.get_buffer().get(place, 1.0, FORM, Gegl.AbyssPolicy.NONE))
    copy.delete()
    return [width, height, data.hex()]


def run(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Calls a procedure, and tells status, results and what the images look like."""
    image, layer = picture()
    procedure = Gimp.get_pdb().lookup_procedure(name)
    if procedure is None:
        return {"status": "there is no such procedure"}
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    names = {argument.name for argument in procedure.get_arguments()}
    if "image" in names:
        config.set_property("image", image)
        config.set_core_object_array("drawables", [layer])
    for key, value in values.items():
        config.set_property(key, value)
    outcome = procedure.run(config)
    results = [outcome.index(index) for index in range(1, outcome.length())]
    made = next((one for one in results if isinstance(one, Gimp.Image)), None)
    answer = {
        "status": outcome.index(0).value_nick,
        "results": [one if isinstance(one, (int, float, str)) else type(one).__name__ for one in results],
        "before": shown_samples(),
        "after": shown(made or image),
        "layers": [one.get_name() for one in (made or image).get_layers()],
        "base": int((made or image).get_base_type()),
        "undo": image.undo_is_enabled(),
        "selection": not Gimp.Selection.is_empty(image),
        "channels": [one.get_name() for one in image.get_channels()],
        "paths": len(image.get_paths()),
        "files": sorted(path.name for path in Path(FOLDER).iterdir()),
    }
    for one in Gimp.get_images():
        one.delete()
    return answer


def shown_samples() -> list[Any]:
    """The picture that all began with."""
    return [*SIZE, samples("rgb").hex()]


CALLS = {
    "swap_channels": ("python-fu-wild-swap-channels", {"amount": 50}),
    "tile_invert": ("python-fu-wild-tile-invert", {"value": 255}),
    "old_photo": ("python-fu-wild-old-photo", {}),
    "shadow_text": ("python-fu-wild-shadow-text", {"colour": Gegl.Color.new("rgb(0.8, 0.1, 0.1)")}),
    "export_all": ("python-fu-wild-export-all", {"folder": Gio.File.new_for_path(FOLDER)}),
    "vignette": ("python-fu-wild-vignette", {}),
    "contact_sheet": ("python-fu-wild-contact-sheet", {}),
    "threshold_report": ("python-fu-wild-threshold-report", {}),
    "brush_strokes": ("python-fu-wild-brush-strokes", {}),
    "palette_picker": ("python-fu-wild-palette-picker", {}),
    "group_export": ("python-fu-wild-group-export", {"folder": Gio.File.new_for_path(FOLDER)}),
    "clipboard": ("python-fu-wild-clipboard", {}),
    "shadow_tiles": ("python-fu-wild-shadow-tiles", {}),
    "path_brush": ("python-fu-wild-path-brush", {}),
    "text_labels": ("python-fu-wild-text-labels", {}),
    "channel_math": ("python-fu-wild-channel-math", {}),
    "layer_effects": ("python-fu-wild-layer-effects", {}),
    "nested_groups": ("python-fu-wild-nested-groups", {}),
    "colour_bands": ("python-fu-wild-colour-bands", {}),
    "walk_export": (  # of what the others wrote, and a file that is none
        "python-fu-wild-walk-export",
        {"source": Gio.File.new_for_path(FOLDER), "target": Gio.File.new_for_path(f"{FOLDER}/walk"), "kind": "all"},
    ),
}
(Path(FOLDER) / "broken.png").write_bytes(b"no picture")
answers: dict[str, Any] = {}
for script, (name, values) in CALLS.items():
    try:
        answers[script] = run(name, values)
    except BaseException:  # told to the test, which fails with it
        answers[script] = {"status": traceback.format_exc()}
(Path(FOLDER) / "answers.json").write_text(json.dumps(answers))
