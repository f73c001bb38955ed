"""Checks of where a style comes from, run inside GIMP by checking.py."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from gi.repository import Gimp, Gio

from editors.checking import check
from editors.painted import GRAY, P, paint, picture, refused, samples

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
