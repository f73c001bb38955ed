"""Every procedure of 2.10 called once: it gives as many results as 2.10 did, or refuses with the words expected.

This finds rows whose target is not there, arguments that go astray and results of a wrong shape; that values are right is
for the other checks. What is refused for want of a counterpart counts as refused.
"""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from editors.checking import check_each, is_later
from editors.sweep210 import expected

ENDINGS = {"jpeg": "jpg", "gimp": "png", "tiff": "tif"}
PROFILE_PROCEDURES = ("color-profile", "icc-profile")
NAMED = {"brush": "2. Star", "gradient": "Golden", "palette": "Bears", "pattern": "Pine", "font": "Sans"}
ARRAYS: dict[str, tuple[Any, ...]] = {
    "floatarray": (1.0, 2.0, 20.0, 2.0, 20.0, 15.0),
    "int8array": tuple(range(256)),
    "stringarray": ("a",),
}


class World(NamedTuple):
    """What the arguments of a call are taken from."""

    image: Any
    layer: Any
    mask: Any
    channel: Any
    vectors: Any
    stroke: int
    folder: Path


def world(folder: Path) -> World:
    """An image with two layers, a channel and a path."""
    from gimpfu import pdb  # noqa: PLC0415

    image = pdb.gimp_image_new(32, 24, 0)
    for name, kind, fill in (("below", 0, 2), ("above", 1, 0)):
        layer = pdb.gimp_layer_new(image, 32, 24, kind, name, 100, 28)
        pdb.gimp_image_insert_layer(image, layer, None, 0)
        pdb.gimp_drawable_fill(layer, fill)
    channel = pdb.gimp_channel_new(image, 32, 24, "channel", 50, (255, 0, 0))
    pdb.gimp_image_insert_channel(image, channel, None, 0)
    vectors = pdb.gimp_vectors_new(image, "path")
    pdb.gimp_image_insert_vectors(image, vectors, None, 0)
    stroke = pdb.gimp_vectors_bezier_stroke_new_moveto(vectors, 2, 2)
    pdb.gimp_vectors_bezier_stroke_lineto(vectors, stroke, 20, 15)
    pdb.gimp_image_set_active_layer(image, layer)
    pdb.gimp_image_set_active_vectors(image, vectors)
    pdb.gimp_image_attach_parasite(image, parasite())
    pdb.gimp_item_attach_parasite(layer, parasite())
    pdb.gimp_attach_parasite(parasite())
    return World(image, layer, None, channel, vectors, stroke, folder)


def parasite() -> Any:
    """Something to attach."""
    from gimpfu import gimp  # noqa: PLC0415

    return gimp.Parasite("kept", 1, "abc")


def text(procedure: str, name: str, folder: Path) -> str:
    """A name, path or word that a procedure may take."""
    if name in ("filename", "raw-filename", "uri", "raw-uri", "string", "profile") and "vectors" not in procedure:
        if any(word in procedure for word in PROFILE_PROCEDURES):
            return str(profile(folder))
        ending = procedure.split("-")[1]
        return str(folder / f"x.{ENDINGS.get(ending, ending)}")
    if "filename" in name or name == "string":
        return str(svg(folder))
    for word, known in NAMED.items():
        if word in procedure or word in name:
            return known
    special = {"decompose-type": "RGB", "procedure-name": "gimp-image-new", "compose-type": "RGB", "name": "kept"}
    if procedure.startswith("gimp-path"):
        return "path"
    return special.get(name, "/tmp" if "dir" in name else "text")


def profile(folder: Path) -> Path:
    """A profile in a file."""
    from gimpfu._door import Gimp  # noqa: PLC0415

    path = folder / "srgb.icc"
    path.write_bytes(bytes(Gimp.ColorProfile.new_rgb_srgb().get_icc_profile()))
    return path


def svg(folder: Path) -> Path:
    """A path in a file."""
    path = folder / "path.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M 1 1 L 8 8"/></svg>')
    return path


def argument(procedure: str, parameter: Any, here: World) -> Any:  # noqa: PLR0911, PLR0912, C901  # a table of kinds
    """A plausible value for one parameter."""
    from gimpfu import pdb  # noqa: PLC0415

    kind, name = parameter.kind, parameter.name
    if name == "parent" or kind == "display":
        return None
    if kind in ("drawable", "layer"):
        return here.layer
    if kind == "item":
        return {"channel": here.channel, "vectors": here.vectors}.get(procedure.split("-")[1], here.layer)
    if name == "mask" and kind == "channel":
        return pdb.gimp_layer_create_mask(here.layer, 0)
    if kind in ("channel", "selection"):
        return here.channel
    if kind in ("image", "vectors"):
        return getattr(here, kind)
    if kind == "string":
        return text(procedure, name, here.folder)
    if kind in ARRAYS:
        return (
            ARRAYS[kind][:4]
            if name == "pixel"
            else (ARRAYS[kind] * 50)[:256]
            if "curves-explicit" in procedure
            else ARRAYS[kind]
        )
    if kind == "int32array":
        return (here.image.ID,) if "image" in name else (here.layer.ID,)
    if kind in ("color", "bool", "parasite"):
        return {"color": (10, 200, 30), "bool": 1, "parasite": parasite()}[kind]
    if name == "stroke-id":
        return here.stroke
    if name == "precision":
        return 150
    wished = 0 if name in ("type", "fill-type", "fill-mode") else 16 if "width" in name or "height" in name else 1
    if "curves-spline" in procedure and name == "num-points":
        wished = 6
    number = min(max(wished, parameter.least), parameter.most)
    return float(number) if kind == "float" else int(number)


def arguments(signature: Any, here: World) -> list[Any]:
    """Values for a whole call, counts as long as their arrays."""
    from gimpfu._arguments import counts  # noqa: PLC0415
    from gimpfu._signature import ARRAYS as KINDS  # noqa: PLC0415

    given = signature.given
    values = [argument(signature.name, parameter, here) for parameter in given]
    for position in range(len(given) - 1):
        if given[position + 1].kind in KINDS and counts(given[position]):
            most = int(min(len(values[position + 1]), given[position].most))
            values[position] = most - most % 2 if "spline" in signature.name else most
    return values


@check_each("editors.sweep210", "NAMES")
def is_called(name: str) -> None:
    """It answers with 2.10's number of results, or with the words that are right for these arguments."""
    from gimpfu import _buffers, pdb  # noqa: PLC0415
    from gimpfu._signature import signature  # noqa: PLC0415

    procedure = name.removeprefix("pdb.").removesuffix(" is called").replace("_", "-")
    words = expected(procedure, later=is_later())
    with tempfile.TemporaryDirectory() as folder:
        here = world(Path(folder))
        pdb.gimp_context_set_foreground((200, 100, 50))
        pdb.gimp_edit_named_copy(here.layer, "text")
        pdb.gimp_edit_copy(here.layer)
        told = signature(procedure)
        given = arguments(told, here)
        if words:
            try:
                answer = pdb[procedure](*given)
            except NotImplementedError:
                raise
            except RuntimeError as error:
                if words not in str(error):
                    raise
                return
        else:
            answer = pdb[procedure](*given)
    _buffers._native_precision = False  # gimp_plugin_enable_precision is among them; the next checks see 8 bits again
    results = len(told.results)
    if results == 0:
        assert answer is None
    elif results > 1:
        assert isinstance(answer, tuple)
        assert len(answer) == results
