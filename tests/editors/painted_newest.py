"""Checks of layers that GIMP 3.2 brought, run inside it by checking.py; GIMP 3.0 has none of them."""

import tempfile
from pathlib import Path
from typing import Any

from gi.repository import Gimp, Gio

from editors.checking import check
from editors.painted import picture
from editors.painted_places import added, bounds


def stays(image: Any, layer: Any) -> None:
    """It is painted as it looks, beside what it is, and stays what it is: not made into pixels."""
    made = added(image, layer)
    assert type(layer).__name__ not in ("Layer",)
    assert not layer.is_rasterized(), "the layer was made into pixels"
    assert type(made) is Gimp.Layer
    assert bounds(made) == bounds(layer)


@check("plug-in: a link layer is painted and stays a link")
def link() -> None:
    other, _ = picture(size=(64, 48))
    path = Path(tempfile.mkdtemp()) / "linked.png"
    file = Gio.File.new_for_path(str(path))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, other, file, None)
    image, _ = picture(size=(160, 80))
    layer = Gimp.LinkLayer.new(image, file)
    image.insert_layer(layer, None, 0)
    stays(image, layer)
    assert layer.get_file().equal(file)


@check("plug-in: a vector layer is painted and stays a path")
def vector() -> None:
    image, _ = picture(size=(160, 80))
    path = Gimp.Path.new(image, "curve")
    image.insert_path(path, None, 0)
    path.stroke_new_from_points(
        Gimp.PathStrokeType.BEZIER,
        [20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 120.0, 60.0, 120.0, 60.0, 120.0, 60.0, 40.0, 70.0, 40.0, 70.0, 40.0, 70.0],
        True,  # GIMP's own signature
    )
    layer = Gimp.VectorLayer.new(image, path)
    image.insert_layer(layer, None, 0)
    layer.set_enable_fill(True)
    layer.refresh()
    stays(image, layer)


@check("plug-in: a text layer of 3.2 is painted and stays text")
def text() -> None:
    image, _ = picture(size=(160, 80))
    layer = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40.0, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    stays(image, layer)
