"""The rules of `pdb` itself: access, run mode, none, results, errors, reach."""

from typing import Any

from editors.checking import check


def raised(call: Any, kind: type[BaseException]) -> str:
    """The words of the error that a call must raise."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__} was raised")


def small() -> tuple[Any, Any]:
    """An image of 8 x 6 pixels with a layer."""
    from gimpfu import pdb  # noqa: PLC0415

    image = pdb.gimp_image_new(8, 6, 0)
    layer = pdb.gimp_layer_new(image, 8, 6, 1, "one", 100, 28)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    return image, layer


@check("pdb: attribute access")
def attribute() -> None:
    """`pdb.gimp_image_new`."""
    from gimpfu import gimp, pdb  # noqa: PLC0415

    image = pdb.gimp_image_new(8, 6, 0)
    assert isinstance(image, gimp.Image)
    assert (image.width, image.height) == (8, 6)


@check("pdb: item access")
def item() -> None:
    """`pdb['gimp-image-new']`, with - and with _."""
    from gimpfu import pdb  # noqa: PLC0415

    assert pdb["gimp-image-new"](8, 6, 0).width == 8
    assert pdb["gimp_image_new"](9, 6, 0).width == 9
    raised(lambda: pdb["gimp-nothing"], KeyError)
    raised(lambda: pdb.__getitem__(1), TypeError)  # type: ignore[index]  # what is refused


@check("pdb: an unknown procedure")
def unknown() -> None:
    """It fails at the attribute, as a RuntimeError that names it, and hasattr says no."""
    from gimpfu import pdb  # noqa: PLC0415

    assert "gimp_image_anew" in raised(lambda: pdb.gimp_image_anew, RuntimeError)
    assert not hasattr(pdb, "gimp_image_anew")
    assert hasattr(pdb, "gimp_image_new")


@check("pdb: wrong number of parameters")
def count() -> None:
    """TypeError with the procedure and its parameters."""
    from gimpfu import pdb  # noqa: PLC0415

    words = raised(lambda: pdb.gimp_image_new(1, 2), TypeError)
    assert "wrong number of parameters" in words
    assert "gimp_image_new takes 3 (width, height, type), got 2" in words


@check("pdb: wrong parameter type")
def kind() -> None:
    """TypeError with the procedure, the argument and what it was."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    words = raised(lambda: pdb.gimp_image_new("wide", 2, 0), TypeError)
    assert "wrong parameter type" in words
    assert "gimp-image-new, argument 1 'width' must be int32, got 'wide'" in words
    assert "argument 1 'image'" in raised(lambda: pdb.gimp_image_get_layers(layer), TypeError)
    assert "argument 1 'drawable'" in raised(lambda: pdb.gimp_edit_clear(image), TypeError)
    assert "argument 1 'foreground'" in raised(lambda: pdb.gimp_context_set_foreground("no colour"), TypeError)


@check("pdb: an array shorter than its count")
def short_array() -> None:
    """TypeError with both numbers; a longer one is cut, as 2.10 read it."""
    from gimpfu import pdb  # noqa: PLC0415

    image, _ = small()
    words = raised(lambda: pdb.gimp_free_select(image, 8, [1, 1, 5, 1, 5, 5], 2, 0, 0, 0), TypeError)
    assert "it has 6 values, its count says 8" in words
    pdb.gimp_free_select(image, 6, [1, 1, 5, 1, 5, 5, 0, 0], 2, 0, 0, 0)
    assert pdb.gimp_selection_bounds(image) == (1, 1, 1, 5, 5)
    assert "subscript of wrong type" in raised(
        lambda: pdb.gimp_free_select(image, 2, ["a", "b"], 2, 0, 0, 0), TypeError
    )


@check("pdb: a value out of range")
def out_of_range() -> None:
    """RuntimeError with procedure, argument, value and range."""
    from gimpfu import pdb  # noqa: PLC0415

    _, layer = small()
    words = raised(lambda: pdb.gimp_levels(layer, 0, 0, 300, 1.0, 0, 255), RuntimeError)
    assert "'gimp-levels'" in words
    assert "'300' for argument 'high-input'" in words
    assert "0 to 255" in words


@check("pdb: a deleted item")
def deleted() -> None:
    """RuntimeError that says it is gone."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    pdb.gimp_image_remove_layer(image, layer)
    words = raised(lambda: pdb.gimp_edit_clear(layer), RuntimeError)
    assert "invalid ID for argument 'drawable'" in words
    assert "doesn't exist any longer" in words


@check("pdb: a call that fails")
def fails() -> None:
    """RuntimeError with GIMP's own reason."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    assert "already been added" in raised(lambda: pdb.gimp_image_add_layer(image, layer, 0), RuntimeError)
    assert "'/no/such.png'" in raised(lambda: pdb.gimp_file_load("/no/such.png", "x"), RuntimeError)
    assert "Brush 'none' not found" in raised(lambda: pdb.gimp_context_set_brush("none"), RuntimeError)


@check("pdb: a procedure that GIMP 3 has not")
def absent() -> None:
    """NotImplementedError that names it and says what to do."""
    from gimpfu import pdb  # noqa: PLC0415

    image, _ = small()
    words = raised(lambda: pdb.gimp_image_free_shadow(image), NotImplementedError)
    assert "pdb.gimp_image_free_shadow" in words
    assert "gimp_drawable_free_shadow" in words


@check("pdb: the run mode is filled in")
def run_mode() -> None:
    """It is not passed; `run_mode=` is the one keyword."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    assert pdb.plug_in_blur(image, layer) is None
    assert pdb.plug_in_blur(image, layer, run_mode=1) is None
    assert "run_mode" in raised(lambda: pdb.plug_in_blur(image, layer, mode=1), TypeError)


@check("pdb: None for no item")
def none() -> None:
    """In and out: no parent, no channel, no layer of that name; -1 is none, too."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    pdb.gimp_image_reorder_item(image, layer, group, 0)
    pdb.gimp_image_reorder_item(image, layer, None, 0)
    assert pdb.gimp_item_get_parent(layer) is None
    assert pdb.gimp_image_get_active_channel(image) is None
    assert pdb.gimp_image_get_layer_by_name(image, "another") is None
    assert pdb.gimp_layer_get_mask(layer) is None


@check("pdb: no result, one, several")
def results() -> None:
    """None, the value itself, a tuple."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    assert pdb.gimp_displays_flush() is None
    assert pdb.gimp_image_width(image) == 8
    assert pdb.gimp_drawable_offsets(layer) == (0, 0)
    assert type(pdb.gimp_drawable_has_alpha(layer)) is int


@check("pdb: arrays come after their count")
def arrays() -> None:
    """Layers as IDs, bytes, floats, texts."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    assert pdb.gimp_image_get_layers(image) == (1, (layer.ID,))
    count, names = pdb.gimp_brushes_get_list("Star")
    assert (count, names) == (1, ("2. Star",))
    assert pdb.gimp_drawable_get_pixel(layer, 0, 0) == (4, (0, 0, 0, 0))


@check("pdb: an ID stands for its item")
def identifiers() -> None:
    """What 2.10's lists are made of can be passed."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    _, (identifier,) = pdb.gimp_image_get_layers(image)
    assert pdb.gimp_item_get_name(identifier) == layer.name
    assert pdb.gimp_image_width(image.ID) == 8


@check("pdb: a colour in any form")
def colours() -> None:
    """A name, three numbers of 255 or of 1, gimpcolor's own; a gimpcolor.RGB comes back."""
    from gimpfu import gimpcolor, pdb  # noqa: PLC0415

    for form in ("red", "#ff0000", (255, 0, 0), (1.0, 0.0, 0.0), [255, 0, 0, 255], gimpcolor.RGB(255, 0, 0)):
        pdb.gimp_context_set_foreground((0, 0, 0))
        pdb.gimp_context_set_foreground(form)
        found = pdb.gimp_context_get_foreground()
        assert isinstance(found, gimpcolor.RGB)
        assert tuple(found)[:3] == (255, 0, 0), form


@check("pdb: what a procedure says of itself")
def described() -> None:
    """Name, counts, parameters by type and name, blurb."""
    from gimpfu import pdb  # noqa: PLC0415

    function = pdb.gimp_levels
    assert function.proc_name == "gimp-levels"
    assert (function.nparams, function.nreturn_vals) == (7, 0)
    assert function.params[1][:2] == (0, "channel")
    assert pdb.gimp_image_new.return_vals[0][:2] == (13, "image")
    assert pdb.gimp_image_new.proc_blurb
    assert repr(function) == "<pdb function 'gimp-levels'>"
    assert pdb.plug_in_blur.params[0][1] == "run-mode"


@check("pdb: query and dir")
def query() -> None:
    """Names by regular expression; every name of 2.10 is among the attributes."""
    from gimpfu import pdb  # noqa: PLC0415

    assert "gimp-image-new" in pdb.query("gimp-image-new.*")
    assert {"gimp_image_new", "plug_in_gauss", "gimp_image_add_layer"} <= set(dir(pdb))
    assert pdb.gimp_procedural_db_proc_exists("plug-in-gauss") == 1
    assert pdb.gimp_procedural_db_proc_exists("plug-in-nothing") == 0


@check("pdb: a procedure that only GIMP 3 has")
def foreign() -> None:
    """In 2.10's manner: counts before arrays or without, one drawable for several."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    other = pdb.gimp_layer_copy(layer, 0)
    pdb.gimp_image_insert_layer(image, other, None, 0)
    pdb.gimp_image_set_selected_layers(image, 2, [layer, other])
    assert pdb.gimp_image_get_selected_layers(image)[0] == 2
    pdb.gimp_image_set_selected_layers(image, [layer])
    assert pdb.gimp_image_get_selected_layers(image) == (1, (layer.ID,))
    assert pdb.python_fu_foggify(image, layer, "fog", (200, 200, 200), 1.0, 50.0) is None
    assert len(image.layers) == 3


@check("pdb: a plug-in of 2.10's with one drawable and an array")
def plug_in_array() -> None:
    """`pdb.plug_in_x(image, drawable, n, array)`: GIMP 3 wants drawables and no count."""
    from gimpfu import pdb  # noqa: PLC0415

    image, layer = small()
    other, _ = small()
    _, (identifier,) = pdb.gimp_image_get_layers(other)
    assert identifier != layer.ID
    pdb.gimp_image_select_rectangle(image, 2, 0, 0, 4, 4)
    strokes = [1.0, 1.0, 6.0, 4.0]
    pdb.gimp_context_set_foreground((255, 0, 0))
    pdb.gimp_selection_none(image)
    assert pdb.gimp_paintbrush_default(layer, 4, strokes) is None
    assert pdb.gimp_drawable_get_pixel(layer, 3, 2)[1][0] == 255


@check("pdb: numbers of 2.10's enumerations")
def enumerations() -> None:
    """White fill is 2, a mono palette 3, a sawtooth 1, as 2.10 counted; wrong ones are refused."""
    from gimpfu import WHITE_FILL, pdb  # noqa: PLC0415

    image, layer = small()
    assert WHITE_FILL == 2
    pdb.gimp_edit_fill(layer, 2)
    assert pdb.gimp_drawable_get_pixel(layer, 1, 1)[1] == (255, 255, 255, 255)
    pdb.gimp_edit_fill(layer, 3)
    assert pdb.gimp_drawable_get_pixel(layer, 1, 1)[1][3] == 0
    pdb.gimp_context_set_gradient_repeat_mode(1)
    assert pdb.gimp_context_get_gradient_repeat_mode() == 1
    assert "GimpFillType" in raised(lambda: pdb.gimp_edit_fill(layer, 99), RuntimeError)
    assert pdb.gimp_image_base_type(image) == 0


@check("pdb: every constant of 2.10 has GIMP 3's number")
def constants() -> None:
    """Of each enumeration that both have: the translated number is GIMP 3's of the same name."""
    from gimpfu import _enums  # noqa: PLC0415
    from gimpfu._door import Gimp  # noqa: PLC0415

    compared = 0
    other_meaning = ("LAYER_COLOR_SPACE_RGB_PERCEPTUAL", "GRADIENT_BLEND_RGB_PERCEPTUAL")  # GIMP 3's non-linear
    for kind, names in _enums.constants().items():
        house = getattr(Gimp, kind.removeprefix("Gimp"), None)
        for name, number in names.items():
            if name in other_meaning:
                continue
            words = name.split("_")
            known = [getattr(house, short, None) for short in ("_".join(words[at:]) for at in range(len(words)))]
            for member in known:
                if member is not None and not callable(member):
                    assert int(member) == _enums.native(kind, number), f"{kind} {name}"
                    compared += 1
                    break
    assert compared > 150


@check("gimpshelf.shelf")
def shelf() -> None:
    """Keeps literals and colours by name, and nothing that could run."""
    from gimpfu import gimpcolor  # noqa: PLC0415
    from gimpfu.gimpshelf import shelf as kept  # noqa: PLC0415

    kept["values"] = [1, 2.5, "ä", (True, None), {"colour": gimpcolor.RGB(255, 0, 0)}]
    assert kept["values"] == [1, 2.5, "ä", (True, None), {"colour": gimpcolor.RGB(255, 0, 0)}]
    assert kept.has_key("values")
    raised(lambda: kept["nothing"], KeyError)
    assert "cannot be kept" in raised(lambda: kept.__setitem__("bad", object()), TypeError)
    del kept["values"]
    assert "values" not in kept
