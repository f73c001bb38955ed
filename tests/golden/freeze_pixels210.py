"""Writes down what GIMP 2.10 makes of a small picture of our own: `pixels210.json`, one line of pixels a case.

Needs GIMP 2.10 (`gimp-console-2.10`), which the tests do not: run by hand, `python tests/golden/freeze_pixels210.py`.
The cases are those of tests/editors/cases210.py; the pictures are drawn by tests/editors/pictures210.py.
"""

import base64
import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from editors.cases210 import CASES, DRAWABLE, IMAGE, MAP, Case, case_name
from editors.pictures210 import MODES, SIZE, samples

GOLDEN = Path(__file__).with_name("pixels210.json")


def scheme(value: Any) -> str:
    """A value as Script-Fu writes it."""
    if value in (IMAGE, DRAWABLE, MAP):
        return {IMAGE: "image", DRAWABLE: "drawable", MAP: "map"}[value]
    if isinstance(value, tuple):
        numbers = " ".join(map(str, value))
        return f"'({numbers})" if len(value) == 3 else f"#({numbers})"
    return str(value)


def script(case: Case, number: int, folder: Path) -> str:
    """One case as a line of Script-Fu: load, call, save."""
    names = [scheme(value) for value in case.arguments]
    run_mode = "1 " if case.procedure.startswith("plug-in-") else ""
    select = "(gimp-image-select-rectangle image 2 6 5 14 12)" if case.selected else ""
    out = folder / f"{number}.png"
    return (
        f'(let* ((image (car (gimp-file-load 1 "{folder / case.picture}.png" "")))'
        " (drawable (car (gimp-image-get-active-drawable image)))"
        f' (other (car (gimp-file-load 1 "{folder / "map"}.png" "")))'
        " (map (car (gimp-image-get-active-drawable other))))"
        " (gimp-context-set-defaults)"
        " (gimp-context-set-foreground '(250 120 10)) (gimp-context-set-background '(20 40 90))"
        f" {select} ({case.procedure} {run_mode}{' '.join(names)}) (gimp-selection-none image)"
        f' (file-png-save2 1 image (car (gimp-image-get-active-drawable image)) "{out}" "" 0 9 0 0 0 0 0 0 1)'
        " (gimp-image-delete image) (gimp-image-delete other))"
    )


def pictures(folder: Path) -> None:
    """The pictures that cases start from, as PNGs."""
    for name, mode in MODES.items():
        Image.frombytes(mode, SIZE, samples(name)).save(folder / f"{name}.png")


def main() -> None:
    """All cases, one GIMP each in a batch."""
    frozen: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        pictures(folder)
        lines = [script(case, number, folder) for number, case in enumerate(CASES)]
        batches = [argument for line in lines for argument in ("-b", line)]
        command = ["gimp-console-2.10", "-i", "-d", "-f", *batches, "-b", "(gimp-quit 0)"]
        done = subprocess.run(
            command, env={"HOME": home, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        for number, case in enumerate(CASES):
            path = folder / f"{number}.png"
            if not path.exists():
                raise SystemExit(f"no result: {case.procedure} {case.arguments}\n{done.stderr[-2000:]}")
            with Image.open(path) as picture:
                data = picture.convert(MODES[case.picture]).tobytes()
                frozen[case_name(number)] = {
                    "call": f"{case.procedure} {case.arguments}",
                    "size": "x".join(map(str, picture.size)),
                    "pixels": base64.b64encode(zlib.compress(data, 9)).decode(),
                }
    GOLDEN.write_text(json.dumps(frozen, indent=0) + "\n")


if __name__ == "__main__":
    main()
