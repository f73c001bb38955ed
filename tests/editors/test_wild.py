"""Ten scripts of the kind found in the wild, written afresh: adopted by the command, run in batch, and from the menu.

They lie in wild/ as text, as most are Python 2. Each does what its pixels, layers and files show, and leaves the image
usable.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from editors import gimp, results

WILD = sorted((Path(__file__).parent / "wild").glob("*.txt"))
ADOPT_S = 120
BATCH_S = 600


@pytest.fixture(scope="session")
def wild_home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> gimp.Home:
    """A GIMP with all ten adopted by `impasto gimp adopt`."""
    folder = tmp_path_factory.mktemp("wild")
    home = results.home(root, folder / "home")
    for source in WILD:
        script = folder / f"{source.stem}.py"
        shutil.copy(source, script)
        command = [sys.executable, "-m", "impasto", "gimp", "adopt", str(script), "--into", str(home.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ADOPT_S, check=False)
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def answers(wild_home: gimp.Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each script did in batch."""
    out = tmp_path_factory.mktemp("answers")
    here = Path(__file__).parent
    ended = wild_home.batch(here / "wild_batch.py", str(out), str(here.parent), timeout_s=BATCH_S)
    assert (out / "answers.json").exists(), ended.output[-3000:]
    found: dict[str, Any] = json.loads((out / "answers.json").read_text())
    found["folder"] = str(out)
    return found


def samples(shown: list[Any]) -> bytes:
    return bytes.fromhex(shown[2])


def worked(answers: dict[str, Any], script: str) -> dict[str, Any]:
    """A script's answer, when it ended well."""
    answer: dict[str, Any] = answers[script]
    assert answer["status"] == "success", answer
    assert answer["undo"]
    assert not answer["selection"]
    return answer


def test_all_ten_are_here() -> None:
    """Python 2 and 3, both forms of registering."""
    texts = [path.read_bytes() for path in WILD]

    assert len(texts) == 10
    assert sum(b"python3" in text for text in texts) >= 2
    assert sum(b'"<Image>/' in text and b"menu=" not in text for text in texts) >= 4
    assert sum(b"menu=" in text for text in texts) >= 4


@pytest.mark.timeout(1200)
def test_a_pixel_region_is_swapped_to_the_byte(answers: dict[str, Any]) -> None:
    """Blue, halved by whole numbers, where red was, and red where blue was."""
    answer = worked(answers, "swap_channels")
    before, after = samples(answer["before"]), samples(answer["after"])
    wanted = bytes(
        value
        for start in range(0, len(before), 3)
        for value in (before[start + 2] * 50 // 100, before[start + 1], before[start])
    )

    assert after == wanted


def test_tiles_are_inverted_to_the_byte(answers: dict[str, Any]) -> None:
    """255 less each value."""
    answer = worked(answers, "tile_invert")

    assert samples(answer["after"]) == bytes(255 - value for value in samples(answer["before"]))


def test_a_photo_becomes_old(answers: dict[str, Any]) -> None:
    """One layer is left, brown, blurred, with a dark border."""
    answer = worked(answers, "old_photo")
    width, height, _ = answer["after"]
    after = samples(answer["after"])
    middle = 3 * (height // 2 * width + width // 2)

    assert answer["layers"] == ["Old photo"]
    assert sum(after[:3]) < sum(after[middle : middle + 3]) / 2
    assert after[middle] > after[middle + 2]


def test_text_has_a_shadow(answers: dict[str, Any]) -> None:
    """A new image with three layers: red letters over gray over white."""
    answer = worked(answers, "shadow_text")
    after = samples(answer["after"])
    pixels = [after[start : start + 3] for start in range(0, len(after), 3)]

    assert answer["after"][:2] == [200, 80]
    assert len(answer["layers"]) == 3
    assert sum(red > 150 and green < 90 for red, green, _ in pixels) > 300
    assert sum(max(pixel) - min(pixel) < 6 and 90 < pixel[0] < 235 for pixel in pixels) > 200
    assert sum(pixel == b"\xff\xff\xff" for pixel in pixels) > 4000


def test_layers_are_exported(answers: dict[str, Any]) -> None:
    """A PNG and a JPEG of half the size, and the image is as it was."""
    answer = worked(answers, "export_all")

    assert {"photo_one.png", "photo_one.jpg"} <= set(answer["files"])
    for ending in ("png", "jpg"):
        with Image.open(Path(answers["folder"]) / f"photo_one.{ending}") as picture:
            assert picture.size == (16, 12)
            assert picture.mode == "RGB"
    assert answer["after"] == answer["before"]


def test_corners_are_darkened(answers: dict[str, Any]) -> None:
    """The middle stays, the corner is much darker (a multiplying layer of 70 % in linear light)."""
    answer = worked(answers, "vignette")
    before, after = samples(answer["before"]), samples(answer["after"])
    middle, corner = 3 * (12 * 32 + 16), 3 * (23 * 32 + 31)

    assert answer["layers"] == ["Vignette", "photo one"]
    assert max(abs(before[middle + i] - after[middle + i]) for i in range(3)) <= 1
    assert sum(after[corner : corner + 3]) < sum(before[corner : corner + 3]) * 0.65


def test_copies_are_laid_out(answers: dict[str, Any]) -> None:
    """Six copies in other hues, with gaps, as one layer."""
    answer = worked(answers, "contact_sheet")

    assert answer["after"][:2] == [3 * 34 + 2, 2 * 26 + 2]
    assert len(answer["layers"]) == 1
    assert len({answer["after"][2][i : i + 6] for i in range(0, len(answer["after"][2]), 6)}) > 500


def test_a_threshold_is_found(answers: dict[str, Any]) -> None:
    """The level comes back; half of the pixels are black then, a channel and a path are there."""
    answer = worked(answers, "threshold_report")
    after = samples(answer["after"])

    assert 0 < answer["results"][0] < 255
    assert set(after) == {0, 255}
    assert 0.35 < after.count(0) / len(after) < 0.65
    assert answer["channels"] == [f"dark {answer['results'][0]}"]
    assert answer["paths"] == 1


def test_strokes_are_painted_into_a_group(answers: dict[str, Any]) -> None:
    """A group over the picture, and the picture is painted over in many places."""
    answer = worked(answers, "brush_strokes")
    before, after = samples(answer["before"]), samples(answer["after"])

    assert answer["layers"] == ["Strokes", "photo one"]
    assert sum(abs(a - b) > 20 for a, b in zip(before, after, strict=True)) > 150


def test_a_palette_is_picked(answers: dict[str, Any]) -> None:
    """Eight colours, an indexed image of no more."""
    answer = worked(answers, "palette_picker")
    after = answer["after"][2]

    assert answer["results"] == [8]
    assert answer["base"] == 2
    assert 2 <= len({after[i : i + 6] for i in range(0, len(after), 6)}) <= 8


IN_WINDOW = {  # script → its procedure and the title of its dialog
    "swap_channels": ("python-fu-wild-swap-channels", "Swap channels"),
    "vignette": ("python-fu-wild-vignette", "Wild vignette"),
    "old_photo": ("python-fu-wild-old-photo", "Old photo"),
    "brush_strokes": ("python-fu-wild-brush-strokes", "Brush strokes"),
}
OPEN = """
import sys
sys.path.insert(0, ARGUMENTS[0])
from gi.repository import Gegl, Gimp
from editors.pictures210 import SIZE, samples
Gegl.init(None)
image = Gimp.Image.new(*SIZE, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new(image, "photo", *SIZE, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
buffer = layer.get_buffer()
buffer.set(Gegl.Rectangle.new(0, 0, *SIZE), "R'G'B' u8", samples("rgb"))
buffer.flush()
image.scale(320, 240)
Gimp.Display.new(image)
"""
CHANGED = 5000  # pixels of the screen, where the picture has 76800


def picture_on(screen: gimp.Screen, path: Path) -> Image.Image:
    """The screen as a picture."""
    with Image.open(screen.screenshot(path)) as shot:
        return shot.convert("RGB")


def differing(one: Image.Image, other: Image.Image) -> int:
    """How many pixels of two screens differ."""
    distance = ImageChops.difference(one, other).convert("L").histogram()
    return sum(distance[1:])


@pytest.mark.timeout(1800)
def test_scripts_are_called_from_the_menu(wild_home: gimp.Home, tmp_path: Path) -> None:
    """Four in a row on one image: each shows its dialog, takes OK, and changes the picture on the screen."""
    actions = [
        f'(action "{procedure}" "<Primary><Alt>{number}")'
        for number, (procedure, _) in enumerate(IN_WINDOW.values(), 1)
    ]
    (wild_home.config / "shortcutsrc").write_text("(file-version 1)\n" + "\n".join(actions) + "\n")
    script = tmp_path / "open.py"
    script.write_text(OPEN)

    with gimp.window(wild_home, script, str(Path(__file__).parents[1]), stay=True) as window:
        screen = window.screen
        main = screen.wait_window("Untitled", log=window.log)
        for number, (name, (_, title)) in enumerate(IN_WINDOW.items(), 1):
            before = picture_on(screen, tmp_path / f"{name}-before.png")
            screen.focus(main)
            screen.keys(f"ctrl+alt+{number}")
            dialog = screen.wait_window(title, log=window.log)
            screen.screenshot(tmp_path / f"{name}-dialog.png")
            screen.focus(dialog)
            screen.keys("Return")
            screen.wait_gone(title, log=window.log)

            def changed(name: str = name, before: Image.Image = before) -> bool:
                return differing(before, picture_on(screen, tmp_path / f"{name}.png")) > CHANGED

            gimp.until(changed, f"what {name} does on the screen", 120, window.log)
        assert window.process.poll() is None
