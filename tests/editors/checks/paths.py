"""`gimp.Vectors` and its strokes, `gimp.Parasite`, `gimp.Display`."""

import importlib
from typing import Any

from editors.checking import check, refuses
from editors.checks.image import picture

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
SQUARE = [x for corner in ((10, 10), (30, 10), (30, 20), (10, 20)) for x in corner * 3]


def path(points: list[float] | None = None) -> Any:
    """A path in an image of 40 x 30, with a closed stroke through these control points."""
    image = picture(40, 30)
    made = gimp.Vectors(image, "way")
    fu.pdb.gimp_image_insert_vectors(image, made, None, 0)
    gimp.VectorsBezierStroke(made, points or SQUARE, True)
    return made


@check("gimp.Vectors")
def constructor() -> None:
    image = picture()
    made = gimp.Vectors(image, "way")
    assert (made.name, made.strokes, isinstance(made, gimp.Item)) == ("way", [], True)
    fu.pdb.gimp_image_insert_vectors(image, made, None, 0)
    assert image.vectors == [made]
    assert gimp._id2vectors(made.ID) == made


@check("gimp.Vectors.image", "gimp.Vectors.name", "gimp.Vectors.visible", "gimp.Vectors.linked", "gimp.Vectors.tattoo",
       "gimp.Vectors.ID")  # fmt: skip
def attributes() -> None:
    made = path()
    assert made.image.vectors == [made]
    made.name, made.visible, made.linked, made.tattoo = "other", True, True, 99
    assert (made.name, made.visible, made.linked, made.tattoo) == ("other", True, True, 99)
    assert made.native.get_id() == made.ID


@check("gimp.Vectors.strokes", "gimp.VectorsBezierStroke", "gimp.VectorsBezierStroke.points",
       "gimp.VectorsBezierStroke.ID", "gimp.VectorsBezierStroke.vectors_ID")  # fmt: skip
def strokes() -> None:
    made = path()
    (stroke,) = made.strokes
    assert isinstance(stroke, gimp.VectorsBezierStroke)
    assert stroke.points == ([float(one) for one in SQUARE], True)
    assert (stroke.ID, stroke.vectors_ID) == (1, made.ID)


@check("gimp.Vectors.remove_stroke")
def remove_stroke() -> None:
    made = path()
    gimp.VectorsBezierStroke(made, SQUARE)
    first, second = made.strokes
    made.remove_stroke(first)
    made.remove_stroke(second.ID)
    assert made.strokes == []
    refuses(TypeError, lambda: made.remove_stroke("first"))


@check("gimp.Vectors.copy")
def copy() -> None:
    made = path()
    other = made.copy()
    assert other != made
    assert other.strokes[0].points == made.strokes[0].points


@check("gimp.Vectors.to_selection")
def to_selection() -> None:
    made = path()
    made.to_selection()
    selection = made.image.selection
    assert [selection.get_pixel(x, 15) for x in (5, 20, 35)] == [(0,), (255,), (0,)]
    made.to_selection(fu.CHANNEL_OP_SUBTRACT, antialias=False)
    assert selection.get_pixel(20, 15) == (0,)


@check("gimp.Vectors.parasite_attach", "gimp.Vectors.parasite_find", "gimp.Vectors.parasite_detach",
       "gimp.Vectors.parasite_list")  # fmt: skip
def parasites() -> None:
    made = path()
    made.parasite_attach(gimp.Parasite("note", 1, "text"))
    assert made.parasite_list() == ("note",)
    assert made.parasite_find("note").data == "text"
    made.parasite_detach("note")
    assert made.parasite_list() == ()


@check("gimp.VectorsBezierStroke.get_length", "gimp.VectorsBezierStroke.interpolate",
       "gimp.VectorsBezierStroke.get_point_at_dist")  # fmt: skip
def measures() -> None:
    (stroke,) = path().strokes
    assert abs(stroke.get_length(0.1) - 60) < 0.5
    points, closed = stroke.interpolate(1.0)
    assert closed is True
    assert (min(points[0::2]), max(points[0::2]), min(points[1::2]), max(points[1::2])) == (10, 30, 10, 20)
    x, y, slope, valid = stroke.get_point_at_dist(5, 0.1)
    assert (round(x), round(y), round(slope, 3), valid) == (15, 10, 0, True)


@check("gimp.VectorsBezierStroke.close", "gimp.VectorsBezierStroke.new_moveto", "gimp.VectorsBezierStroke.lineto",
       "gimp.VectorsBezierStroke.conicto", "gimp.VectorsBezierStroke.cubicto")  # fmt: skip
def drawing() -> None:
    made = path()
    stroke = gimp.VectorsBezierStroke.new_moveto(made, 1.0, 2.0)
    stroke.lineto(5.0, 2.0)
    stroke.conicto(6.0, 3.0, 7.0, 2.0)
    stroke.cubicto(8.0, 3.0, 9.0, 1.0, 10.0, 2.0)
    points, closed = stroke.points
    assert (points[0:2], points[-2:], closed) == ([1.0, 2.0], [10.0, 2.0], False)
    stroke.close()
    assert stroke.points[1] is True


@check("gimp.VectorsBezierStroke.new_ellipse")
def ellipse() -> None:
    stroke = gimp.VectorsBezierStroke.new_ellipse(path(), 20, 15, 5, 4, 0)
    points, closed = stroke.interpolate(0.5)
    assert closed is True
    assert (min(points[0::2]), max(points[0::2])) == (15, 25)


@check("gimp.VectorsBezierStroke.translate", "gimp.VectorsBezierStroke.scale", "gimp.VectorsBezierStroke.rotate",
       "gimp.VectorsBezierStroke.flip", "gimp.VectorsBezierStroke.flip_free")  # fmt: skip
def geometry() -> None:
    (stroke,) = path().strokes
    stroke.translate(5, -5)
    assert stroke.points[0][0:2] == [15.0, 5.0]
    stroke.scale(2, 2)
    assert stroke.points[0][0:2] == [30.0, 10.0]
    stroke.rotate(0, 0, 180)
    assert [round(one, 6) for one in stroke.points[0][0:2]] == [-30.0, -10.0]
    stroke.flip(fu.ORIENTATION_VERTICAL, 0)
    assert [round(one, 6) for one in stroke.points[0][0:2]] == [-30.0, 10.0]
    stroke.flip_free(0, 0, 0, 10)
    assert [round(one, 6) for one in stroke.points[0][0:2]] == [30.0, 10.0]


@check("gimp.Parasite", "gimp.Parasite.name", "gimp.Parasite.flags", "gimp.Parasite.data", "gimp.Parasite.is_persistent",
       "gimp.Parasite.is_undoable")  # fmt: skip
def parasite() -> None:
    made = gimp.Parasite("note", fu.PARASITE_PERSISTENT, "a\x00\xffz")
    assert (made.name, made.flags, made.data) == ("note", 1, "a\x00\xffz")
    assert (made.is_persistent, made.is_undoable) == (True, False)
    assert gimp.Parasite("note", fu.PARASITE_UNDOABLE, b"").is_undoable is True


@check("gimp.Parasite.copy", "gimp.Parasite.is_type", "gimp.Parasite.has_flag")
def parasite_methods() -> None:
    made = gimp.Parasite("note", 3, "x")
    assert made.copy() == made
    assert (made.is_type("note"), made.is_type("other")) == (True, False)
    assert (made.has_flag(1), made.has_flag(2)) == (True, True)


@check("gimp.Display", "gimp.Display.ID")
def display() -> None:
    shown = gimp.Display(picture())
    assert shown.ID == -1  # there is no window in batch; test_windows.py has one
    gimp.displays_flush()
    gimp.delete(shown)
    refuses(TypeError, lambda: gimp.Display(3))
