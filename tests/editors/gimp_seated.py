"""Sits within GIMP while a test sits at its window: writes down what the image has become, and runs lines it is given.

Run by gimp_seat.py as a batch script, in GIMP's own Python. It reads; what changes an image here, a test asked for.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [ARGUMENTS[0]]  # type: ignore[name-defined]  # noqa: F821  # the driver gives it
from gi.repository import Gegl, Gimp, Gio  # noqa: E402  # Gio for lines that are given

from editors.painted import call, picture, samples  # noqa: E402

FOLDER = Path(ARGUMENTS[1])  # type: ignore[name-defined]  # noqa: F821
LOOK_S, BEATS = 0.1, 5
waits: list[float] = []  # how long GIMP's loop let a cheap question wait, in seconds: what its window waits, too
image: Any = None
display: Any = None


def fresh(width: int, height: int) -> None:
    """A new picture in the window, clean and without a history; the one that was there goes."""
    show(picture(size=(width, height))[0])


def blank(width: int, height: int) -> None:
    """A new picture of that size in the window, white: a large one is there at once."""
    made = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(made, "photo", width, height, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    made.insert_layer(layer, None, 0)
    layer.fill(Gimp.FillType.WHITE)
    show(made)


def show(made: Any) -> None:
    """Puts an image in the window, clean and without a history, in place of the one that was there."""
    global image, display  # noqa: PLW0603  # lines that are given use it by this name
    if display is not None and display.is_valid():
        display.delete()  # and its image with it
    image = made
    image.undo_disable()
    image.undo_enable()
    image.clean_all()
    display = Gimp.Display.new(image)
    Gimp.displays_flush()


def load(path: str) -> None:
    """Opens a file in the window, as from the menu."""
    show(Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path)))


def opened() -> None:
    """Looks at the picture that GIMP was started with."""
    global image
    (image,) = Gimp.get_images()


def state() -> dict[str, Any]:
    """What the image has now. Without its pixels: GIMP ends whoever reads a layer while the user converts it."""
    if image is None or not image.is_valid():
        return {"layers": [], "valid": False}
    layers = image.get_layers()
    return {
        "layers": [one.get_name() for one in layers],
        "locked": [one.get_name() for one in layers if one.get_lock_content()],
        "valid": True,
        "dirty": image.is_dirty(),
        "size": [image.get_width(), image.get_height()],
        "mode": int(image.get_base_type()),
        "precision": int(image.get_precision()),
        "undo": image.undo_is_enabled(),
        "selected": [one.get_name() for one in image.get_selected_layers()],
    }


@contextlib.contextmanager
def at_rest() -> Iterator[list[Any]]:
    """The image's layers as they are now, of a copy that nobody else has.

    GIMP ends whoever reads pixels of a layer that has gone, as those that a script pastes and anchors do: this script
    with all that the test would still ask of it.
    """
    copy = image.duplicate()
    try:
        yield copy.get_layers()
    finally:
        copy.delete()


def hashes() -> dict[str, str]:
    """What the layers look like, by name; nothing where the image has gone."""
    try:
        with at_rest() as layers:
            return {one.get_name(): hashlib.sha256(samples(one)).hexdigest() for one in layers}
    except (AttributeError, TypeError):
        return {}


def lies() -> dict[str, Any]:
    """Where the uppermost layer is, how large, what its mask shows, and its pixels in 8 bits."""
    with at_rest() as layers:
        return _lies(layers[0])


def _lies(layer: Any) -> dict[str, Any]:
    mask = layer.get_mask()
    shown = hashlib.sha256(samples(mask)).hexdigest() if mask is not None else ""
    place = list(layer.get_offsets()[1:])
    size = [layer.get_width(), layer.get_height()]
    seen = layer.get_buffer().get(Gegl.Rectangle.new(0, 0, *size), 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
    return {"place": place, "size": size, "mask": shown, "pixels": bytes(seen).hex()}


def words(**chosen: Any) -> str:
    """Why the image's first layer would not be painted when another script asks for it."""
    answer = call(image, image.get_layers()[0], **chosen)
    told = str(Gimp.get_pdb().get_last_error())
    return told if answer.index(0) != Gimp.PDBStatusType.SUCCESS else ""


def rest() -> None:
    """Lets time go by until the next look, with a beat now and then."""
    for _ in range(BEATS):
        began_s = time.monotonic()
        Gimp.context_get_opacity()
        waits.append(time.monotonic() - began_s)
        time.sleep(LOOK_S / BEATS)


def put(name: str, told: Any) -> None:
    """Writes a file at once."""
    (FOLDER / "part").write_text(json.dumps(told))
    os.replace(FOLDER / "part", FOLDER / name)  # noqa: PTH105


def obey(path: Path) -> None:
    """Runs a line that was given; its value, or its traceback, is the answer."""
    line, told = path.read_text(), {}
    path.unlink()
    try:
        told = {"gave": eval(line, globals())}
    except BaseException:  # told to the test, which fails with it
        told = {"failed": traceback.format_exc()}
    tell()  # first: who has the answer never reads what was there before it
    put(path.name.replace("do-", "done-").replace(".py", ".json"), told)


def tell() -> None:
    """Writes down what the image has now."""
    with contextlib.suppress(AttributeError, TypeError):  # the image went between two calls
        put("state.json", state())


Gegl.init(None)
while not (FOLDER / "end").exists():
    for path in sorted(FOLDER.glob("do-*.py")):
        obey(path)
    tell()
    rest()
