#!/usr/bin/env python3
"""Neural Style: paints a layer of GIMP 3 in the manner of another picture. An ordinary Python-Fu script over gimpfu.

What it registers, and the two ways in which it runs: for other scripts and in batch to the end, with GIMP's progress;
from the menu, and repeated, in a window of its own. GIMP's own Cancel ends this process: the end of the bridge's stdin
is the job's cancel then, and nothing was in the image yet.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from bridge import wishes
from gimpfu import (
    PF_DRAWABLE,
    PF_FILENAME,
    PF_IMAGE,
    PF_RADIO,
    PF_SLIDER,
    PF_SPINNER,
    PF_TOGGLE,
    CancelError,
    beyond,
    error,
    gimp,
    main,
    register,
)  # fmt: skip
from gimpfu.gimpshelf import shelf
from onto_canvas import layers, order, placing, style
from onto_canvas.settings import Settings

TITLE = "Neural Style"
FOLDER = str(Path(__file__).resolve().parent)
LAST_LAYER = "impasto-style-layer"  # GIMP keeps last values, but not which layer; this is for as long as it runs
MOST_SEED = 2**31 - 1
on_screen: dict[str, Any] = {}  # the dialog's chooser and the line to Impasto, where there is a screen


class Refused(error):
    """Told to the user in its own words, without the line of the script that it came from."""

    plain = True


def neural_style(image: Any, drawable: Any, *chosen: Any) -> None:  # noqa: ANN401  # GIMP's objects have no types
    """Paints `drawable` of `image` as `chosen`, in the order of the parameters below."""
    *settings, named = chosen
    choices = order.Choices(*settings)
    chooser = on_screen.get("chooser")
    again = chooser.origin if chooser is not None else None
    try:
        manner = style.picture(choices, _style_layer(choices, named), Settings(gimp.directory), image.native)
        source = layers.read(
            image.native, again or drawable.native, placing.earlier(drawable.native) if again else None
        )
        is_shown = beyond.call().run_mode != beyond.NONINTERACTIVE
        painted = (_in_a_window if is_shown else _to_the_end)(source, choices, manner)
        told = {**asdict(choices), "style_title": manner.title, "style_sha256": manner.sha256}
        placing.insert(source, painted.painting(), f"{source.layer.get_name()}, {manner.title}", told)
    except order.Cancelled:
        raise CancelError from None
    except (layers.Unpaintable, order.Failed) as failed:
        raise Refused(str(failed)) from failed
    gimp.displays_flush()


def _style_layer(choices: order.Choices, named: Any) -> Any:  # noqa: ANN401
    """The layer that is the style: the one that was named, or on a repeat the one that was it the last time."""
    if choices.style != order.LAYER:
        return None
    if named is not None:
        shelf[LAST_LAYER] = named.ID
        return named.native
    repeated = beyond.call().run_mode == beyond.WITH_LAST_VALS
    return style.layer_by_number(shelf.get(LAST_LAYER, 0)) if repeated else None


def _to_the_end(source: layers.Source, choices: order.Choices, manner: order.StylePicture) -> order.Outcome:
    """Paints without a window; GIMP shows how far it is."""
    outcome = order.Outcome()

    def hear(event: Any) -> None:  # noqa: ANN401  # the bridge's Event
        outcome.hear(event)
        if event.kind == "progress" and event.told.get("total_steps"):
            gimp.progress_update(event.told["step"] / event.told["total_steps"])

    bridge = order.start(FOLDER)
    gimp.progress_init(f"{TITLE}: {manner.title}")
    try:
        content = source.header, source.samples
        bridge.wait(order.ask(bridge, choices, manner, content, source.selected, hear, previews_per_s=0))
    finally:
        bridge.close()
    return outcome


def _in_a_window(source: layers.Source, choices: order.Choices, manner: order.StylePicture) -> order.Outcome:
    """Paints in a window of its own, the picture growing on the canvas."""
    from onto_canvas.window import Line, Live  # noqa: PLC0415  # batch has no screen, and GTK wants one

    line = on_screen.setdefault("line", Line(FOLDER))
    try:
        return Live(source, choices, manner).run(line)
    finally:
        line.close()


def _style_row(dialog: Any, config: Any, param: Any, name: str) -> str:  # noqa: ANN401
    """Draws what chooses the style."""
    from onto_canvas.chooser import Chooser  # noqa: PLC0415  # likewise
    from onto_canvas.window import Line  # noqa: PLC0415

    image, drawable = (given.native for given in beyond.call().given)
    line = on_screen.setdefault("line", Line(FOLDER))
    on_screen["chooser"] = Chooser(line, Settings(gimp.directory), image, drawable)
    return str(on_screen["chooser"].row(dialog, config, param, name))


beyond.own_row("style", _style_row)
for _chosen_there in ("style-file", "style-layer"):
    beyond.own_row(_chosen_there, lambda *_: "")
register(
    "impasto",
    "Paint the layer in the manner of another picture",
    "The selected layer, or what of it is selected, is painted by Impasto: in the manner of a picture"
    " of yours, of another layer, of what was copied, or of one of the built-in styles, at the layer's own precision."
    " The result is one new layer above it.",
    "The Impasto project",
    "MIT licence",
    "2026",
    "_Neural Style…",
    "*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Layer", None),
        (PF_RADIO, "style", "Style", order.STYLES[0],
         [*((name.replace("-", " ").capitalize(), name) for name in order.STYLES), ("A picture's file", order.FILE),
          ("Another layer", order.LAYER), ("What was copied", order.CLIPBOARD)]),
        (PF_FILENAME, "style-file", "Style picture", None),
        (PF_SLIDER, "strength", "Strength", 0.5, (0.0, 1.0, 0.01)),
        (PF_SLIDER, "stroke-size", "Stroke size", 1.0, (0.05, 4.0, 0.05)),
        (PF_TOGGLE, "keep-colours", "Keep the picture's colours", False),
        (PF_SPINNER, "size", "Longest side painted, in pixels (larger ones are scaled; 0: never)", 1024,
         (0, 16384, 16)),
        (PF_SPINNER, "steps", "Steps (0: as usual)", wishes.AS_USUAL, (0, 10000, 10)),
        (PF_SPINNER, "seed", "Seed of all chance", 0, (0, MOST_SEED, 1)),
        (PF_DRAWABLE, "style-layer", "Style layer", None),
    ],
    [],
    neural_style,
    menu="<Image>/Filters/Artistic",
)  # fmt: skip

main()
