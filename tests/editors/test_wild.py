"""Scripts of the kinds found in the wild, written afresh: adopted by the command, run in batch, and from the menu.

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
from PIL import Image

from editors import gimp, results

WILD = sorted((Path(__file__).parent / "wild").glob("*.txt"))
ADOPT_S = 120
BATCH_S = 600


@pytest.fixture(scope="session")
def wild_home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> gimp.Home:
    """A GIMP with all adopted by `impasto gimp adopt`."""
    folder = tmp_path_factory.mktemp("wild")
    home = results.home(root, folder / "home")
    (folder / "out").mkdir()
    home.extra["WILD_OUT"] = str(folder / "out")  # where scripts export to unless told
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


def test_all_kinds_are_here() -> None:
    """Python 2 and 3, both forms of registering."""
    texts = [path.read_bytes() for path in WILD]

    assert len(texts) == 20
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


def test_groups_are_walked_and_exported(answers: dict[str, Any]) -> None:
    """The visible layers within a group, each by another of the ways to write a PNG; the group has gone again."""
    answer = worked(answers, "group_export")
    names = answer["results"][0].split(";")

    assert names == ["child_0.png", "child_2.png", "photo_one.png"]
    for name, size in zip(names, [(10, 8), (12, 8), (32, 24)], strict=True):
        with Image.open(Path(answers["folder"]) / f"g-{name}") as picture:
            assert picture.size == size
    assert answer["after"] == answer["before"]


def test_a_corner_is_pasted_over_another(answers: dict[str, Any]) -> None:
    """The quarter at the upper left stands at the lower right, to the byte, and nothing else has changed."""
    answer = worked(answers, "clipboard")
    width, height, _ = answer["before"]
    before, after = samples(answer["before"]), samples(answer["after"])
    wanted = bytearray(before)
    for y in range(height // 2):
        start, target = 3 * y * width, 3 * ((y + height // 2) * width + width // 2)
        wanted[target : target + 3 * width // 2] = before[start : start + 3 * width // 2]

    assert answer["results"] == [True]
    assert after == bytes(wanted)


def test_shadow_tiles_are_merged_and_reversed(answers: dict[str, Any]) -> None:
    """Twice the contrast, every byte in its place from behind; the sum came back from before the turn."""
    answer = worked(answers, "shadow_tiles")
    wanted = [max(0, min(255, int((value - 127) * 2.0 + 127))) for value in samples(answer["before"])]

    assert list(samples(answer["after"])) == wanted[::-1]
    assert answer["results"] == [sum(wanted)]


def test_a_path_is_stroked(answers: dict[str, Any]) -> None:
    """A red hexagon of 6 sides of 8 pixels, up to three pixels wide, and two paths are left."""
    answer = worked(answers, "path_brush")
    before, after = samples(answer["before"]), samples(answer["after"])
    red = sum(
        after[at : at + 3] != before[at : at + 3] and after[at] > max(after[at + 1 : at + 3]) + 60
        for at in range(0, len(after), 3)
    )

    assert (answer["results"], answer["paths"]) == ([2], 2)
    assert 30 <= red <= 220


def test_labels_are_merged(answers: dict[str, Any]) -> None:
    """One layer is left, with what was written in blue over it at half opacity."""
    answer = worked(answers, "text_labels")
    pairs = zip(samples(answer["before"]), samples(answer["after"]), strict=True)

    assert answer["layers"] == ["Label in here"]
    assert 20 < sum(one != other for one, other in pairs) < len(samples(answer["before"])) // 2


def test_channels_are_reckoned_with(answers: dict[str, Any]) -> None:
    """Levels from 20 to 220 and a curve over red; two channels more."""
    answer = worked(answers, "channel_math")
    before, after = samples(answer["before"]), samples(answer["after"])
    green = [max(0, min(255, round((value - 20) * 255 / 200))) for value in before[1::3]]

    assert answer["channels"] == ["Selection Mask copy", "from red"]
    assert max(abs(one - other) for one, other in zip(green, after[1::3], strict=True)) <= 1
    assert sum(after[0::3]) > sum(max(0, min(255, (value - 20) * 255 // 200)) for value in before[0::3])


def test_layer_effects_are_merged(answers: dict[str, Any]) -> None:
    """Shadow, stroke and gradient with the layer on white: an oval with a red rim, its corner left white."""
    answer = worked(answers, "layer_effects")
    after = samples(answer["after"])
    pixels = [after[at : at + 3] for at in range(0, len(after), 3)]
    red = sum(pixel[0] > 200 and max(pixel[1:]) < 60 for pixel in pixels)

    assert answer["layers"] == ["fx"]
    assert answer["results"] == ["photo one-gradient,photo one,photo one-stroke,photo one-dropshadow"]
    assert 40 < red < 200
    assert pixels[0] == b"\xff\xff\xff"


def test_groups_within_groups_are_walked(answers: dict[str, Any]) -> None:
    """Names by a pattern, objects sorted by `__cmp__`, and six mistakes, each refused as one that scripts catch."""
    answer = worked(answers, "nested_groups")
    names, _, errors = answer["results"][0].rpartition(" ")

    assert names.startswith("a|b|c")
    assert errors == "gimp.error,RuntimeError,UnknownProcedure,TypeError,TypeError,gimp.error"
    assert len(answer["layers"]) == 2


def test_bands_of_colour(answers: dict[str, Any]) -> None:
    """From the one default colour to the other, eased; what was kept in parasites and the shelf came back."""
    answer = worked(answers, "colour_bands")
    bands = [tuple(map(int, band.split(","))) for band in answer["results"][0].split(";")]
    after = samples(answer["after"])

    assert (bands[0], bands[-1], len(bands)) == ((255, 128, 0), (0, 0, 255), 4)
    for number, band in enumerate(bands):
        at = 3 * (32 * 2 + number * 8 + 3)
        assert max(abs(one - other) for one, other in zip(after[at : at + 3], band, strict=True)) <= 1


def test_a_folder_is_walked_and_written_in_seven_formats(answers: dict[str, Any]) -> None:
    """Every PNG that opens, by its own file's name; the one that does not is told and passed over."""
    answer = worked(answers, "walk_export")
    walk = Path(answers["folder"]) / "walk"
    pictures = {path.stem for path in Path(answers["folder"]).glob("*.png")} - {"broken"}

    assert len(pictures) >= 4
    assert answer["results"] == [len(pictures), 1, "broken.png"]
    for name in pictures:
        for kind in ("jpg", "png", "gif", "bmp", "tif", "tga"):
            with Image.open(walk / f"{name}_{kind}.{kind}") as picture:
                assert max(picture.size) == 20
        assert (walk / f"{name}_xcf.xcf").read_bytes().startswith(b"gimp xcf")
    assert len((walk / "log.txt").read_text().splitlines()) == 7 * len(pictures) + 1
