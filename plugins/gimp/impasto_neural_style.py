#!/usr/bin/env python3
"""Neural Style: paints a layer of GIMP 3 in the manner of another picture. An ordinary Python-Fu script over gimpfu.

What it registers, and the two ways in which it runs: for other scripts and in batch to the end, with GIMP's progress;
from the menu in a window of its own. GIMP's own Cancel ends this process: the end of the bridge's stdin is the job's
cancel then, and nothing was in the image yet.
"""

from pathlib import Path
from typing import Any

from gimpfu import (
    PF_DRAWABLE,
    PF_FILENAME,
    PF_IMAGE,
    PF_INT,
    PF_RADIO,
    PF_SLIDER,
    PF_SPINNER,
    PF_TOGGLE,
    CancelError,
    error,
    gimp,
    main,
    register,
)  # fmt: skip
from onto_canvas import layers, order

TITLE = "Neural Style"
FOLDER = str(Path(__file__).resolve().parent)
from_menu: list[bool] = []  # gimpfu tells a script that it was chosen in the menu by calling `on_run`


class Refused(error):
    """Told to the user in its own words, without the line of the script that it came from."""

    plain = True


def neural_style(image: Any, drawable: Any, *chosen: Any) -> None:  # noqa: ANN401  # GIMP's objects have no types
    """Paints `drawable` of `image` as `chosen`, in the order of the parameters below."""
    choices = order.Choices(*chosen)
    try:
        source = layers.read(image.native, drawable.native)
        painted = (_in_a_window if from_menu else _to_the_end)(source, choices)
        header, samples = painted.painting()
    except order.Cancelled:
        raise CancelError from None
    except (layers.Unpaintable, order.Failed) as failed:
        raise Refused(str(failed)) from failed
    name = f"{source.layer.get_name()}, {choices.title}"
    layers.insert(source, header, samples, name, choices.told())
    gimp.displays_flush()


def _to_the_end(source: layers.Source, choices: order.Choices) -> order.Outcome:
    """Paints without a window; GIMP shows how far it is."""
    outcome = order.Outcome()

    def hear(event: Any) -> None:  # noqa: ANN401  # the bridge's Event
        outcome.hear(event)
        if event.kind == "progress" and event.told.get("total_steps"):
            gimp.progress_update(event.told["step"] / event.told["total_steps"])

    bridge = order.start(FOLDER)
    gimp.progress_init(f"{TITLE}: {choices.title}")
    try:
        content = source.header, source.samples
        bridge.wait(order.ask(bridge, choices, content, source.selected, hear, previews_per_s=0))
    finally:
        bridge.close()
    return outcome


def _in_a_window(source: layers.Source, choices: order.Choices) -> order.Outcome:
    """Paints in a window of its own, the picture growing on the canvas."""
    from onto_canvas.live import Live  # noqa: PLC0415  # batch has no screen, and GTK wants one

    bridge = order.start(FOLDER)
    try:
        return Live(source, choices).run(bridge)
    finally:
        bridge.close()


register(
    "impasto",
    "Paint the layer in the manner of another picture",
    "The selected layer, or what of it is selected, is painted by Impasto on this machine: in the manner of a picture"
    " of yours or of one of the built-in styles, at the layer's own precision. The result is one new layer above it.",
    "The Impasto project",
    "MIT licence",
    "2026",
    "_Neural Style…",
    "*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Layer", None),
        (PF_RADIO, "style", "Style", order.STYLES[0],
         [*((name.replace("-", " ").capitalize(), name) for name in order.STYLES), ("From a file", order.FILE)]),
        (PF_FILENAME, "style-file", "Style picture", None),
        (PF_SLIDER, "strength", "Strength", 0.5, (0.0, 1.0, 0.01)),
        (PF_SLIDER, "stroke-size", "Stroke size", 1.0, (0.05, 4.0, 0.05)),
        (PF_TOGGLE, "keep-colours", "Keep the picture's colours", False),
        (PF_SPINNER, "size", "Longest side painted, in pixels (larger layers are scaled; 0: never)", 1024,
         (0, 16384, 16)),
        (PF_SPINNER, "steps", "Steps (0: as usual)", order.AS_USUAL, (0, 10000, 10)),
        (PF_INT, "seed", "Seed of all chance", 0),
    ],
    [],
    neural_style,
    menu="<Image>/Filters/Artistic",
    on_run=lambda: from_menu.append(True),
)  # fmt: skip

main()
