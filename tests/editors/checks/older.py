"""2.10's older procedures, whose newer forms in GIMP 3 heed what these did not, through `pdb`.

What is expected was seen in GIMP 2.10.34, by Script-Fu.
"""

import importlib
from typing import Any

from editors.checking import check, refuses
from editors.checks.values import HEIGHT, WIDTH, at, picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
pdb: Any = fu.pdb
OPEN = [1, 1, 2, 2, 3, 3, 10, 10, 11, 11, 12, 12]  # control, anchor, control twice
TRIPLES = (2.0, 2.0, 1.0, 3.0, 3.0, 2.0, 10.0, 10.0, 2.0, 11.0, 11.0, 1.0, 12.0, 12.0, 2.0)
CLOSED = [x for corner in ((5, 5), (25, 5), (25, 25)) for x in corner * 3]


@check("values: gimp_edit_fill and gimp_edit_bucket_fill take nothing from the context")
def filled() -> None:
    _, layer = picture(fu.RGBA_IMAGE)
    gimp.set_foreground((0, 0, 0))
    pdb.gimp_context_set_opacity(50)
    pdb.gimp_context_set_paint_mode(fu.ADDITION_MODE)
    pdb.gimp_edit_fill(layer, fu.FOREGROUND_FILL)
    assert at(layer, 3, 3) == (0, 0, 0, 255)
    assert (pdb.gimp_context_get_opacity(), pdb.gimp_context_get_paint_mode()) == (50.0, fu.ADDITION_MODE)
    layer.fill(fu.TRANSPARENT_FILL)
    pdb.gimp_edit_bucket_fill(layer, fu.FG_BUCKET_FILL, fu.NORMAL_MODE, 100, 15, 0, 3, 3)
    assert at(layer, 3, 3) == (0, 0, 0, 0)
    pdb.gimp_edit_bucket_fill_full(layer, fu.FG_BUCKET_FILL, fu.NORMAL_MODE, 100, 15, 0, 1, 0, 3, 3)
    assert at(layer, 3, 3) == (0, 0, 0, 255)


@check("values: an older path is open or closed, has a name of its own and is stroked with the brush")
def older_path() -> None:
    image, layer = picture()
    path = pdb.gimp_vectors_new(image, "open")
    pdb.gimp_image_insert_vectors(image, path, None, 0)
    pdb.gimp_vectors_stroke_new_from_points(path, 0, len(OPEN), OPEN, False)
    told = pdb.gimp_path_get_points(image, "open")
    assert told == (1, 0, 15, TRIPLES)
    for _ in range(2):
        pdb.gimp_path_set_points(image, "again", 1, told[2], told[3])
    assert pdb.gimp_path_get_points(image, "again #1") == told
    assert pdb.gimp_path_list(image) == (3, ("again #1", "again", "open"))
    assert pdb.gimp_path_get_current(image) == "again #1"
    assert pdb.gimp_path_get_point_at_dist(image, 3) == (4, 4, 1.0)
    assert pdb.gimp_path_get_point_at_dist(image, 3000) == (0, 0, 0.0)
    pdb.gimp_vectors_stroke_new_from_points(path, 0, len(CLOSED), CLOSED, True)
    closed, count, triples = pdb.gimp_path_get_points(image, "open")[1:]
    assert (closed, count, triples[2:27:9], triples[27:]) == (0, 42, (1.0, 1.0, 1.0), (2.0, 2.0, 3.0, *TRIPLES[3:]))
    assert "4 points" in refuses(RuntimeError, lambda: pdb.gimp_path_set_points(image, "odd", 1, 12, [1.0] * 12))
    gimp.set_foreground((0, 0, 0))
    pdb.gimp_context_set_stroke_method(fu.STROKE_LINE)
    pdb.gimp_context_set_line_width(1)
    pdb.gimp_context_set_brush_size(8)
    pdb.gimp_path_stroke_current(image)
    assert at(layer, 8, 5) != (255, 255, 255)  # within 4 pixels of the path, not on it


@check("values: text is as large in points as in pixels, and whole")
def sizes() -> None:
    image, _ = picture()
    pdb.gimp_image_set_resolution(image, 300, 300)
    for size, kind in ((12, fu.PIXELS), (12.9, fu.PIXELS), (12, fu.POINTS)):
        layer = pdb.gimp_text_fontname(image, None, 0, 0, "Impasto", 0, True, size, kind, "Sans")
        assert pdb.gimp_text_layer_get_font_size(layer) == (12.0, 0), (size, kind)


@check("values: plug_in_rotate turns a whole layer and leaves the selection and the active layer")
def rotated() -> None:
    image, layer = picture()
    pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 0, 0, 10, 10)
    pdb.gimp_context_set_transform_resize(fu.TRANSFORM_RESIZE_CLIP)
    pdb.plug_in_rotate(image, layer, 1, False)
    assert (layer.width, layer.height, layer.offsets) == (HEIGHT, WIDTH, (5, -5))
    assert (image.layers, image.channels, image.active_layer) == ([layer], [], layer)
    assert pdb.gimp_selection_bounds(image) == (1, 0, 0, 10, 10)


@check("values: units and profiles have the names that 2.10 gave them")
def names() -> None:
    image, _ = picture()
    told = [(pdb.gimp_unit_get_singular(unit), pdb.gimp_unit_get_plural(unit)) for unit in range(5)]
    assert told[:3] == [("pixel", "pixels"), ("inch", "inches"), ("millimeter", "millimeters")]
    assert told[3:] == [("point", "points"), ("pica", "picas")]
    assert pdb.plug_in_icc_profile_info(image)[0] == "sRGB"


@check("values: a colour out of range is brought into it, and any number is one")
def ranges() -> None:
    class Whole(int):
        """As numpy's."""

    gimp.set_foreground((300, -20, Whole(51)))
    assert [round(getattr(gimp.get_foreground(), name), 3) for name in "rgb"] == [1.0, 0.0, 0.2]
