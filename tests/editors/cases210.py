"""Calls whose pixels are compared with what GIMP 2.10 itself made of the same picture.

A case is a procedure of 2.10 with the arguments that a script passes; `freeze_pixels210.py` runs them in GIMP 2.10 by
Script-Fu and writes the pixels down, `checks/pdb_pixels.py` runs them through the shim. The file knows neither GIMP.
"""

from typing import Any, NamedTuple

IMAGE, DRAWABLE, MAP = "IMAGE", "DRAWABLE", "MAP"  # what stands for the picture, its layer, another picture's layer
BLUE = (30, 60, 200)
ANOTHER = "GEGL has another algorithm than 2.10's plug-in had"


class Case(NamedTuple):
    """One call: on which picture (`rgb`, `rgba`, `gray`), how far each 8-bit sample may be from 2.10's, and why.

    `later` is how far, at most and on average, with GIMP 3.2 and its GEGL where that is further.
    """

    procedure: str
    arguments: tuple[Any, ...]
    picture: str = "rgb"
    within: int = 1
    mean: float = 0.3  # of all samples' distances
    selected: bool = False
    why: str = ""
    later: tuple[int, float] | None = None


def of(procedure: str, *values: Any, **more: Any) -> Case:
    """A plug-in's call."""
    return Case(procedure, (IMAGE, DRAWABLE, *values), **more)


def on(procedure: str, *values: Any, **more: Any) -> Case:
    """A call on a drawable."""
    return Case(procedure, (DRAWABLE, *values), **more)


CASES = (
    of("plug-in-gauss", 9.0, 4.0, 0),
    of("plug-in-gauss-iir", 6.0, 1, 0),
    of("plug-in-gauss-rle", 6.0, 1, 1),
    of("plug-in-gauss-iir2", 3.0, 8.0),
    of("plug-in-gauss-rle2", 8.0, 3.0),
    of("plug-in-blur"),
    of("plug-in-sharpen", 40, within=8, mean=0.4, why="2.10 left the first and last rows as they were"),
    of("plug-in-unsharp-mask", 5.0, 0.6, 0),
    of("plug-in-sel-gauss", 4.0, 60),
    of("plug-in-median-blur", 3, 50.0),
    of("plug-in-mblur", 0, 8.0, 30.0, 0.0, 0.0),
    of("plug-in-mblur", 2, 40.0, 0.0, 16.0, 12.0),
    of("plug-in-mblur-inward", 2, 40.0, 0.0, 16.0, 12.0),
    of("plug-in-antialias"),
    of(
        "plug-in-convmatrix",
        25,
        (0,) * 6 + (1, 2, 1, 0, 0, 2, 4, 2, 0, 0, 1, 2, 1) + (0,) * 6,
        0,
        16.0,
        0.0,
        5,
        (1,) * 5,
        0,
    ),
    of("plug-in-displace", 12.0, 7.0, 1, 1, MAP, MAP, 1),
    of("plug-in-displace", 12.0, 7.0, 1, 0, MAP, MAP, 2),
    of("plug-in-displace-polar", 5.0, 9.0, 1, 1, MAP, MAP, 3),
    of("plug-in-waves", 5.0, 90.0, 7.0, 0, 0),
    of("plug-in-ripple", 12, 3, 0, 1, 1, 1, 0),
    of("plug-in-ripple", 12, 3, 1, 0, 0, 0, 0),
    of("plug-in-whirl-pinch", 60.0, 0.2, 1.0),
    of("plug-in-polar-coords", 60.0, 20.0, 0, 1, 1),
    of("plug-in-applylens", 1.7, 1, 0, 0),
    of("plug-in-lens-distortion", 5.0, 0.0, 30.0, -10.0, 0.0, 10.0),
    of("plug-in-pixelize", 5),
    of("plug-in-pixelize2", 7, 3),
    of("plug-in-make-seamless"),
    of("plug-in-glasstile", 12, 10, later=(35, 0.7)),
    of("plug-in-illusion", 5, 0),
    of("plug-in-fractal-trace", -1.0, 0.5, -1.0, 1.0, 3, 0, within=255, mean=20.0, why=ANOTHER),
    of("plug-in-video", 2, 1, 0),
    of("plug-in-deinterlace", 1),
    of("plug-in-deinterlace", 0),
    of("plug-in-bump-map", MAP, 135.0, 45.0, 12, 0, 0, 0.0, 0.0, 1, 0, 0),
    of("plug-in-bump-map-tiled", MAP, 80.0, 30.0, 8, 3, 2, 0.0, 0.1, 1, 1, 1),
    of("plug-in-emboss", 315.0, 45.0, 7, 1, within=255, mean=40.0, why=ANOTHER),
    of("plug-in-emboss", 120.0, 30.0, 12, 0, within=255, mean=7.0, why=ANOTHER),
    of("plug-in-edge", 2.0, 1, 0),
    of("plug-in-edge", 4.0, 2, 5),
    of("plug-in-laplace"),
    of("plug-in-sobel", 1, 1, 1),
    of("plug-in-sobel", 1, 0, 0),
    of("plug-in-neon", 5.0, 0.2),
    of("plug-in-dog", 4.0, 1.5, 0, 0, within=40, mean=1.6, why=ANOTHER),
    of("plug-in-softglow", 6.0, 0.5, 0.6, within=255, mean=27.0, why=ANOTHER),
    of("plug-in-photocopy", 6.0, 0.7, 0.2, 0.2, within=255, mean=24.0, why=ANOTHER),
    of("plug-in-cartoon", 6.0, 0.2, within=255, mean=26.0, why=ANOTHER),
    of("plug-in-apply-canvas", 1, 4),
    of("plug-in-engrave", 6, 0),
    of("plug-in-dilate", 0, 0, 1.0, 0, 0, 255),
    of("plug-in-erode", 0, 0, 1.0, 0, 0, 255),
    of("plug-in-vpropagate", 0, 1, 0.7, 5, 20, 250),
    of("plug-in-flarefx", 10, 8),
    of("plug-in-c-astretch"),
    of("plug-in-normalize"),
    of("plug-in-autostretch-hsv"),
    of("plug-in-color-enhance", within=50, mean=6.5, why=ANOTHER),
    of("plug-in-vinvert"),
    of("plug-in-colors-channel-mixer", 0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.2, 0.3, 0.0, 0.6),
    of("plug-in-colors-channel-mixer", 1, 0.4, 0.4, 0.2, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    of("plug-in-colorify", BLUE, within=4, mean=0.8, why="2.10 cut to whole numbers in between"),
    of("plug-in-max-rgb", 1),
    of("plug-in-exchange", 200, 40, 40, 10, 200, 30, 90, 90, 90),
    of("plug-in-alienmap2", 1.0, 90.0, 2.0, 0.0, 1.5, 30.0, 0, 1, 1, 0),
    of("plug-in-red-eye-removal", 50),
    of("plug-in-oilify", 5, 0),
    of("plug-in-oilify", 6, 1),
    of("plug-in-solid-noise", 0, 0, 7, 2, 4.0, 4.0),
    of("plug-in-plasma", 5, 1.0),
    of("plug-in-sinus", 12.0, 9.0, 2.0, 42, 0, 0, 2, BLUE, (250, 240, 20), 1.0, 1.0, 2, 0.0),
    of("plug-in-diffraction", 0.815, 1.221, 1.123, 0.821, 0.821, 0.974, 0.61, 0.677, 0.636, 0.066, 37.126, -0.473),
    of("plug-in-maze", 4, 4, 0, 0, 3, 57, 1),
    of("plug-in-randomize-hurl", 40.0, 1.0, 0, 11),
    of("plug-in-randomize-pick", 40.0, 2.0, 0, 11),
    of("plug-in-colortoalpha", (255, 255, 255), picture="rgba"),
    of("plug-in-semiflatten", picture="rgba"),
    of("plug-in-threshold-alpha", 100, picture="rgba"),
    of("plug-in-grid", 1, 8, 2, BLUE, 255, 1, 6, 1, (250, 0, 0), 255, 0, 2, 6, (0, 0, 0), 0),
    on("gimp-invert"),
    on("gimp-desaturate"),
    on("gimp-desaturate-full", 1),
    on("gimp-brightness-contrast", 40, -30),
    on("gimp-brightness-contrast", -60, 50),
    on("gimp-levels", 0, 20, 220, 1.4, 10, 240),
    on("gimp-levels", 1, 50, 200, 0.7, 0, 255),
    on("gimp-levels-stretch"),
    on("gimp-curves-spline", 0, 6, (0, 20, 120, 90, 255, 230)),
    on("gimp-curves-spline", 3, 8, (0, 0, 60, 120, 180, 140, 255, 255)),
    on("gimp-curves-explicit", 0, 256, tuple(min(255, value * 2) for value in range(256))),
    on("gimp-color-balance", 1, 1, 30.0, -20.0, 40.0),
    on("gimp-colorize", 200.0, 60.0, 10.0),
    on("gimp-hue-saturation", 0, 40.0, 10.0, -30.0),
    on("gimp-hue-saturation", 3, -60.0, 0.0, 50.0),
    on("gimp-equalize", 0),
    on("gimp-posterize", 4),
    on("gimp-threshold", 90, 200),
    on("gimp-edit-fill", 0),
    on("gimp-edit-fill", 2),
    on("gimp-edit-fill", 1, selected=True),
    on("gimp-edit-clear", picture="rgba", selected=True),
    on("gimp-edit-bucket-fill", 0, 0, 100.0, 0.0, 0, 0.0, 0.0, selected=True),
    on("gimp-edit-bucket-fill", 1, 28, 60.0, 40.0, 0, 3.0, 3.0),
    on("gimp-edit-blend", 0, 0, 0, 100.0, 0.0, 0, 0, 0, 1, 0.0, 0, 2.0, 3.0, 28.0, 20.0),
    on("gimp-edit-blend", 0, 0, 2, 80.0, 10.0, 2, 1, 0, 1, 0.0, 0, 16.0, 12.0, 26.0, 20.0),
    on("gimp-edit-blend", 2, 0, 1, 100.0, 0.0, 1, 0, 0, 1, 0.0, 0, 8.0, 4.0, 12.0, 20.0),
    on("gimp-drawable-offset", 1, 0, 7, 5),
    on("gimp-drawable-offset", 0, 1, 5, -4, picture="rgba"),
    on("gimp-flip", 0),
    on("gimp-drawable-transform-flip-simple", 1, 1, 0.0, 1),
    on("gimp-drawable-transform-rotate-simple", 1, 1, 0, 0, 1),
    of("plug-in-rotate", 2, 0),
    of("plug-in-gauss", 9.0, 9.0, 1, selected=True),
    of(
        "plug-in-whirl-pinch",
        90.0,
        0.0,
        1.0,
        selected=True,
        within=255,
        mean=16.0,
        why="2.10 shifted the selection twice",
    ),
    of("plug-in-gauss", 6.0, 6.0, 0, picture="rgba"),
    of("plug-in-gauss", 6.0, 6.0, 0, picture="gray"),
    on("gimp-levels", 0, 20, 220, 1.4, 10, 240, picture="gray"),
    of("plug-in-newsprint", 8, 1, 100, 45.0, 0, 15.0, 0, 75.0, 1, 0.0, 3, 2, within=80, mean=13.0, why=ANOTHER),
    of("plug-in-newsprint", 6, 2, 80, 45.0, 2, 15.0, 4, 75.0, 0, 200.0, 0, 3, within=80, mean=13.0, why=ANOTHER),
    of("plug-in-newsprint", 6, 0, 100, 30.0, 1, 15.0, 0, 75.0, 0, 0.0, 0, 4, within=80, mean=13.0, why=ANOTHER),
    of("plug-in-cubism", 8.0, 2.5, 0),
    of("plug-in-cubism", 6.0, 1.5, 1),
    of("plug-in-mosaic", 10.0, 4.0, 1.0, 0.65, 1, 135.0, 0.2, 1, 1, 1, 0, 0),
    of("plug-in-papertile", 8, 25.0, 0, 1, 0, 4, BLUE, 255),
    of("plug-in-shift", 8, 0),
    of("plug-in-shift", 5, 1),
    of("plug-in-wind", 10, 0, 10, 0, 0),
    of("plug-in-wind", 5, 2, 20, 1, 2),
    of("plug-in-vpropagate", 3, 3, 0.7, 15, 0, 255),
    of("plug-in-vpropagate", 6, 3, 1.0, 15, 0, 255, picture="rgba"),
    of("plug-in-vpropagate", 7, 3, 1.0, 15, 0, 255, picture="rgba"),
    of("plug-in-oilify-enhanced", 0, 6, MAP, 8, MAP),
    of("plug-in-randomize-slur", 40.0, 2.0, 0, 11),
    of("plug-in-waves", 5.0, -30.0, 9.0, 1, 0),
    of("plug-in-mblur", 1, 8.0, 30.0, 16.0, 12.0),
    of("plug-in-illusion", 5, 1),
    of("plug-in-maze", 4, 3, 1, 1, 3, 57, 1),
    of("plug-in-solid-noise", 1, 1, 7, 5, 3.0, 6.0),
    of("plug-in-colortoalpha", (255, 255, 255)),
    of("plug-in-edge", 3.0, 0, 1),
    of("plug-in-edge", 3.0, 3, 2),
    of("plug-in-edge", 3.0, 1, 3),
    of("plug-in-edge", 3.0, 1, 4),
    of("plug-in-max-rgb", 0),
    of("plug-in-polar-coords", 100.0, 0.0, 1, 0, 0),
    of("plug-in-applylens", 2.5, 0, 1, 0),
    of("plug-in-applylens", 2.5, 0, 0, 1, picture="rgba"),
    of("plug-in-alienmap2", 1.0, 90.0, 2.0, 0.0, 1.5, 30.0, 1, 0, 1, 1),
    of("plug-in-sinus", 12.0, 9.0, 2.0, 42, 1, 1, 1, BLUE, (250, 240, 20), 1.0, 1.0, 1, 0.5),
    on("gimp-edit-blend", 1, 28, 0, 100.0, 0.0, 0, 0, 0, 1, 0.0, 0, 2.0, 3.0, 28.0, 20.0),
    on("gimp-edit-blend", 0, 5, 3, 100.0, 0.0, 0, 0, 1, 3, 0.2, 0, 16.0, 12.0, 28.0, 20.0),
    on("gimp-edit-blend", 3, 28, 4, 70.0, 20.0, 1, 0, 0, 1, 0.0, 0, 16.0, 12.0, 28.0, 20.0),
    on("gimp-edit-blend", 0, 28, 6, 100.0, 0.0, 0, 0, 0, 1, 0.0, 0, 16.0, 12.0, 28.0, 20.0, selected=True),
    on("gimp-edit-blend", 0, 28, 9, 100.0, 0.0, 2, 0, 0, 1, 0.0, 0, 16.0, 12.0, 28.0, 20.0),
    on("gimp-edit-bucket-fill-full", 0, 5, 80.0, 60.0, 0, 1, 3, 3.0, 3.0),
    on("gimp-drawable-transform-rotate", 0.3, 1, 0, 0, 0, 0, 0, 3, 1),
    on("gimp-drawable-transform-rotate", 0.3, 0, 5, 6, 1, 1, 0, 3, 1),
    on("gimp-drawable-transform-rotate-default", 0.3, 1, 0, 0, 1, 1),
    on("gimp-drawable-transform-scale", 3.0, 2.0, 25.0, 20.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-shear", 0, 6.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-shear-default", 1, 6.0, 0, 1),
    on("gimp-drawable-transform-2d", 3.0, 4.0, 1.5, 0.7, 0.4, 9.0, 9.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-perspective", 3.0, 2.0, 28.0, 4.0, 1.0, 20.0, 30.0, 23.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-matrix", 1.0, 0.2, 3.0, 0.1, 0.9, -2.0, 0.0, 0.0, 1.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-flip", 3.0, 2.0, 20.0, 15.0, 0, 1, 0, 3, 1),
    on("gimp-drawable-transform-flip-simple", 0, 0, 9.0, 1),
    on("gimp-rotate", 1, 0.3),
    on("gimp-rotate", 0, 0.3),
    on("gimp-scale", 1, 1.0, 2.0, 20.0, 18.0),
    on("gimp-perspective", 1, 3.0, 2.0, 28.0, 4.0, 1.0, 20.0, 30.0, 23.0),
    on("gimp-transform-2d", 1, 3.0, 4.0, 1.5, 0.7, 0.4, 9.0, 9.0),
)


def case_name(number: int) -> str:
    """A case's name: its procedure, and which of its cases where there are several."""
    procedure = CASES[number].procedure
    same = sum(CASES[other].procedure == procedure for other in range(number))
    return f"{procedure} {same + 1}" if same else procedure


BY_NAME = {f"pixels of {case_name(number)}": case for number, case in enumerate(CASES)}
NAMES = list(BY_NAME)
