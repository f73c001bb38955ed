"""Checks of where a style comes from, run inside GIMP by checking.py."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from gi.repository import Gimp, Gio

from editors.checking import check
from editors.painted import GRAY, P, fill, paint, picture, refused, samples

PARASITE = "impasto-neural-style"


def remembered(layer: Any) -> dict[str, Any]:
    """What a painting remembers."""
    return dict(json.loads(bytes(value % 256 for value in layer.get_parasite(PARASITE).get_data())))


def style_layer(precision: Any = P.U8_NON_LINEAR, **more: Any) -> tuple[Any, Any]:
    """A picture to be the style, in an image of its own."""
    image, layer = picture(precision, size=(40, 32), **more)
    layer.set_name("texture")
    return image, layer


@check("plug-in: a style from another layer, of any depth and kind")
def from_a_layer() -> None:
    image, layer = picture()
    made = {}
    for name, (style_image, style) in {
        "8 bits": style_layer(),
        "16 bits": style_layer(P.U16_NON_LINEAR),
        "linear": style_layer(P.FLOAT_LINEAR),
        "gray": style_layer(P.U8_NON_LINEAR, kind=GRAY),
    }.items():
        painted = paint(image, layer, style="layer", style_layer=style)
        assert painted.get_name() == "photo, texture"
        told = remembered(painted)
        assert (told["style"], told["style_title"]) == ("layer", "texture")
        assert len(told["style_sha256"]) == 64
        made[name] = samples(painted)
        image.remove_layer(painted)
        style_image.delete()
    assert made["8 bits"] != made["gray"]
    assert made["8 bits"] != samples(paint(image, layer))


@check("plug-in: a style of indexed colours")
def indexed() -> None:
    image, layer = picture()
    style_image, style = style_layer()
    style_image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 200, False, False, "")
    assert paint(image, layer, style="layer", style_layer=style).get_name() == "photo, texture"


@check("plug-in: a style file whose name is no UTF-8")
def odd_name() -> None:
    """As old disks have them. GIMP's own files hold paths as bytes; its layers' names are text."""
    image, layer = picture()
    folder = Path(tempfile.mkdtemp())
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png")).write_bytes(written(folder))
    file = folder_file(folder)
    painted = paint(image, layer, style="file", style_file=file)
    assert painted.get_name() == "photo, caf\N{REPLACEMENT CHARACTER}", painted.get_name()
    file.delete(None)
    told = refused(image, layer, style="file", style_file=file)
    assert "/caf\N{REPLACEMENT CHARACTER}.png cannot be read: No such file" in told, told


def written(folder: Path) -> bytes:
    """A PNG file's bytes."""
    path = folder / "plain.png"
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, style_layer()[0], Gio.File.new_for_path(str(path)), None)
    data = path.read_bytes()
    path.unlink()
    return data


def folder_file(folder: Path) -> Any:
    """The one file of a folder, as GIO found it."""
    listed = Gio.File.new_for_path(str(folder)).enumerate_children("standard::name", Gio.FileQueryInfoFlags.NONE, None)
    return listed.get_child(listed.next_file(None))


@check("plug-in: of a style layer what is selected in its image and its mask shows is the style")
def part_of_a_layer() -> None:
    """As if that part alone were a layer; in the painted image itself a selection says only what is painted."""
    image, layer = picture()
    for precision in (P.U8_NON_LINEAR, P.FLOAT_LINEAR):
        style_image, style = style_layer(precision)
        whole = samples(paint(image, layer, style="layer", style_layer=style))
        crop = style_image.duplicate()
        crop.crop(20, 18, 10, 8)
        part = samples(paint(image, layer, style="layer", style_layer=crop.get_layers()[0]))
        style_image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 20, 18)
        selected = samples(paint(image, layer, style="layer", style_layer=style))
        assert selected == part != whole
        style.add_mask(style.create_mask(Gimp.AddMaskType.SELECTION))
        Gimp.Selection.none(style_image)
        assert samples(paint(image, layer, style="layer", style_layer=style)) != whole
        style_image.select_ellipse(Gimp.ChannelOps.REPLACE, 4, 4, 30, 20)
        assert samples(paint(image, layer, style="layer", style_layer=style)) not in (whole, part)
    _, hidden = style_layer()
    hidden.add_mask(hidden.create_mask(Gimp.AddMaskType.BLACK))
    assert "'texture' hides all of it" in refused(image, layer, style="layer", style_layer=hidden)
    below = layer.copy()
    image.insert_layer(below, None, -1)
    fill(below, None)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 20, 18)
    apart = image.duplicate()
    Gimp.Selection.none(apart)
    whole = samples(paint(image, layer, style="layer", style_layer=apart.get_layers()[-1]))
    assert samples(paint(image, layer, style="layer", style_layer=below)) == whole


@check("plug-in: a style from what was copied is that layer")
def copied() -> None:
    image, layer = picture()
    style_image, style = style_layer()
    from_layer = paint(image, layer, style="layer", style_layer=style)
    assert Gimp.edit_copy([style])
    style_image.delete()
    number = len(Gimp.get_images())
    from_clipboard = paint(image, layer, style="clipboard")
    assert samples(from_clipboard) == samples(from_layer)
    assert from_clipboard.get_name() == "photo, clipboard"
    assert len(Gimp.get_images()) == number, "an image of the clipboard was left"


@check("plug-in: a style that is not there is told")
def not_there() -> None:
    image, layer = picture()
    assert "no layer was chosen for the style" in refused(image, layer, style="layer")


@check("plug-in: the style's hash is that of the file")
def digest() -> None:
    style_image, _ = style_layer()
    path = Path(tempfile.mkdtemp()) / "my style.png"
    file = Gio.File.new_for_path(str(path))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, style_image, file, None)
    image, layer = picture()
    told = remembered(paint(image, layer, style="file", style_file=file))
    assert told["style_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["style_file"] == str(path)
    path.unlink()


ENVIRONMENT = Path(Gimp.directory()) / "plug-ins" / "impasto_neural_style" / "impasto-environment.json"
AGAIN = "run `impasto install` again in a terminal"


@check("plug-in: no Impasto, or one that has gone, is told with what to do, and nothing is left")
def nobody_there() -> None:
    image, layer = picture()
    image.clean_all()
    whole = ENVIRONMENT.read_text()
    try:
        for written, expected in (
            ("{", "the plug-in does not know where Impasto is installed"),
            (
                '{"python": "/gone/bin/python"}',
                "Impasto was installed with /gone/bin/python, which is not there any more",
            ),
            ('{"python": "/usr/bin/python3"}', "Impasto is not installed any more where it was"),
            ('{"python": "/bin/true"}', "Impasto did not start (it said nothing)"),
            ('{"python": "/gone", "before": ["/nowhere/flatpak-spawn"]}', "Impasto cannot be started"),
        ):
            ENVIRONMENT.write_text(written)
            told = refused(image, layer)
            assert expected in told, told
            assert AGAIN in told, told
    finally:
        ENVIRONMENT.write_text(whole)
    assert paint(image, layer).get_name() == "photo, marbled"
