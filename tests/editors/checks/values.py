"""Values of what the sweep only calls: selections, context, text, paths, channels, transformations, through `pdb`."""

import importlib
from typing import Any

from editors.checking import check

fu: Any = importlib.import_module("gimpfu")
gimp: Any = fu.gimp
pdb: Any = fu.pdb
WIDTH, HEIGHT = 40, 30


def picture(kind: int = 0) -> tuple[Any, Any]:
    """A white image with one layer."""
    image = gimp.Image(WIDTH, HEIGHT, fu.RGB)
    layer = gimp.Layer(image, "photo", WIDTH, HEIGHT, kind, 100, fu.NORMAL_MODE)
    image.add_layer(layer, 0)
    layer.fill(fu.WHITE_FILL)
    return image, layer


def selected(image: Any) -> int:
    """How many pixels are selected in full."""
    mask = pdb.gimp_image_get_selection(image)
    whole = mask.get_pixel_rgn(0, 0, WIDTH, HEIGHT, False)[:, :]
    return sum(ord(value) == 255 for value in whole)


def at(drawable: Any, x: int, y: int) -> tuple[int, ...]:
    """A pixel as GIMP has it."""
    return tuple(pdb.gimp_drawable_get_pixel(drawable, x, y)[1])


@check("values: rectangles, ellipses and free forms are selected")
def forms() -> None:
    image, _ = picture()
    pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 5, 6, 10, 8)
    assert (selected(image), pdb.gimp_selection_bounds(image)) == (80, (1, 5, 6, 15, 14))
    pdb.gimp_rect_select(image, 10, 6, 10, 8, fu.CHANNEL_OP_ADD, False, 0)
    assert selected(image) == 120
    pdb.gimp_rect_select(image, 0, 0, 10, 30, fu.CHANNEL_OP_SUBTRACT, False, 0)
    assert (selected(image), pdb.gimp_selection_bounds(image)) == (80, (1, 10, 6, 20, 14))
    pdb.gimp_rect_select(image, 12, 0, 4, 30, fu.CHANNEL_OP_INTERSECT, False, 0)
    assert selected(image) == 32
    pdb.gimp_ellipse_select(image, 10, 5, 20, 20, fu.CHANNEL_OP_REPLACE, False, False, 0)
    assert abs(selected(image) - 314) < 12
    pdb.gimp_free_select(image, 8, [0, 0, 20, 0, 20, 10, 0, 10], fu.CHANNEL_OP_REPLACE, False, False, 0)
    assert selected(image) == 200


@check("values: a selection grows, shrinks, moves, is inverted, bordered, sharpened")
def changes() -> None:
    image, _ = picture()

    def begin() -> None:
        pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 10, 10, 10, 8)

    begin()
    pdb.gimp_selection_invert(image)
    assert selected(image) == WIDTH * HEIGHT - 80
    begin()
    pdb.gimp_selection_shrink(image, 2)
    assert (selected(image), pdb.gimp_selection_bounds(image)) == (24, (1, 12, 12, 18, 16))
    pdb.gimp_selection_grow(image, 2)
    assert pdb.gimp_selection_bounds(image) == (1, 10, 10, 20, 18)
    begin()
    pdb.gimp_selection_translate(image, -3, 4)
    assert pdb.gimp_selection_bounds(image) == (1, 7, 14, 17, 22)
    begin()
    pdb.gimp_selection_border(image, 2)
    assert pdb.gimp_selection_value(image, 15, 14) == 0 != pdb.gimp_selection_value(image, 10, 14)
    begin()
    pdb.gimp_selection_feather(image, 6)
    edge = pdb.gimp_selection_value(image, 10, 14)
    assert 60 < edge < 200, edge
    pdb.gimp_selection_sharpen(image)
    assert pdb.gimp_selection_value(image, 15, 14) == 255
    pdb.gimp_selection_all(image)
    assert (selected(image), pdb.gimp_selection_is_empty(image)) == (WIDTH * HEIGHT, 0)
    pdb.gimp_selection_none(image)
    assert pdb.gimp_selection_is_empty(image) == 1


@check("values: selected by colour, by region, by alpha, from a channel, and saved")
def sources() -> None:
    image, layer = picture(fu.RGBA_IMAGE)
    pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 0, 0, 10, 10)
    gimp.set_foreground((200, 0, 0))
    pdb.gimp_edit_fill(layer, fu.FOREGROUND_FILL)
    saved = pdb.gimp_selection_save(image)
    pdb.gimp_by_color_select(layer, (200, 0, 0), 10, fu.CHANNEL_OP_REPLACE, False, False, 0, False)
    assert selected(image) == 100
    pdb.gimp_fuzzy_select(layer, 20, 20, 10, fu.CHANNEL_OP_REPLACE, False, False, 0, False)
    assert selected(image) == WIDTH * HEIGHT - 100
    pdb.gimp_edit_clear(layer)
    pdb.gimp_selection_layer_alpha(layer)
    assert selected(image) == 100
    pdb.gimp_selection_none(image)
    pdb.gimp_selection_load(saved)
    assert (selected(image), at(saved, 3, 3), at(saved, 13, 3)) == (100, (255,), (0,))
    pdb.gimp_selection_combine(saved, fu.CHANNEL_OP_SUBTRACT)
    assert pdb.gimp_selection_is_empty(image)


SETTINGS: dict[str, Any] = {
    "opacity": 40.0, "antialias": 0, "feather": 1, "sample_merged": 1, "sample_threshold_int": 33, "brush_size": 17.0,
    "brush_angle": 30.0, "brush_hardness": 0.5, "brush_spacing": 0.2, "brush_aspect_ratio": 3.0, "ink_size": 5.0,
    "line_width": 7.0, "stroke_method": 1, "line_cap_style": 1, "line_join_style": 2, "line_miter_limit": 4.0,
    "interpolation": 1, "transform_direction": 1, "transform_resize": 1, "sample_criterion": 2, "diagonal_neighbors": 1,
    "dynamics": "Pressure Opacity", "brush": "2. Star", "gradient": "Golden", "pattern": "Pine", "palette": "Bears",
}  # fmt: skip


@check("values: what is set in the context is what it has")
def context() -> None:
    for name, value in SETTINGS.items():
        getattr(pdb, f"gimp_context_set_{name}")(value)
    for name, value in SETTINGS.items():
        found = getattr(pdb, f"gimp_context_get_{name}")()
        assert found == value or abs(found - value) < 1e-6, (name, found)
    pdb.gimp_context_set_feather_radius(3.0, 5.0)
    assert pdb.gimp_context_get_feather_radius() == (3.0, 5.0)
    pdb.gimp_context_set_paint_mode(fu.MULTIPLY_MODE)
    assert pdb.gimp_context_get_paint_mode() == fu.MULTIPLY_MODE
    pdb.gimp_context_set_foreground((10, 20, 30))
    pdb.gimp_context_set_background((40, 50, 60))
    pdb.gimp_context_swap_colors()
    assert tuple(pdb.gimp_context_get_foreground())[:3] == (40, 50, 60)
    pdb.gimp_context_set_default_colors()
    assert tuple(pdb.gimp_context_get_background())[:3] == (255, 255, 255)


@check("values: a text layer has the text, size, colour and lines that were set")
def text() -> None:
    image, _ = picture()
    layer = pdb.gimp_text_layer_new(image, "Impasto", "Sans", 20, fu.PIXELS)
    image.add_layer(layer, 0)
    wide = layer.width
    pdb.gimp_text_layer_set_text(layer, "II")
    assert (pdb.gimp_text_layer_get_text(layer), layer.width < wide) == ("II", True)
    pdb.gimp_text_layer_set_font_size(layer, 12, fu.PIXELS)
    assert pdb.gimp_text_layer_get_font_size(layer) == (12.0, 0)
    pdb.gimp_text_layer_set_color(layer, (255, 0, 0))
    assert tuple(pdb.gimp_text_layer_get_color(layer))[:3] == (255, 0, 0)
    for name, value in {"antialias": 0, "kerning": 0, "justification": 2, "letter_spacing": 2.5, "line_spacing": 4.0,
                        "indent": 6.0, "language": "de", "base_direction": 1}.items():  # fmt: skip
        getattr(pdb, f"gimp_text_layer_set_{name}")(layer, value)
        assert getattr(pdb, f"gimp_text_layer_get_{name}")(layer) == value, name
    pdb.gimp_text_layer_resize(layer, 33, 22)
    assert (layer.width, layer.height) == (33, 22)
    width, height, ascent, descent = pdb.gimp_text_get_extents_fontname("Impasto", 20, fu.PIXELS, "Sans")
    assert (abs(width - wide) <= 2, ascent - descent <= height + 1) == (True, True)


@check("values: a path's points, length and flips, and what it selects")
def path() -> None:
    image, _ = picture()
    vectors = pdb.gimp_vectors_new(image, "square")
    image_paths = pdb.gimp_image_insert_vectors(image, vectors, None, 0)
    corners = [5, 5, 5, 5, 5, 5, 25, 5, 25, 5, 25, 5, 25, 25, 25, 25, 25, 25, 5, 25, 5, 25, 5, 25]
    stroke = pdb.gimp_vectors_stroke_new_from_points(vectors, 0, 24, corners, True)
    assert image_paths is None
    assert pdb.gimp_vectors_get_strokes(vectors) == (1, (stroke,))
    kind, count, points, closed = pdb.gimp_vectors_stroke_get_points(vectors, stroke)
    assert (kind, count, list(points), closed) == (0, 24, corners, 1)
    assert abs(pdb.gimp_vectors_stroke_get_length(vectors, stroke, 0.1) - 80) < 0.1
    x, y, _, valid = pdb.gimp_vectors_stroke_get_point_at_dist(vectors, stroke, 30.0, 0.1)
    assert (round(x), round(y), valid) == (25, 15, 1)
    pdb.gimp_image_select_item(image, fu.CHANNEL_OP_REPLACE, vectors)
    assert selected(image) == 400
    pdb.gimp_vectors_stroke_translate(vectors, stroke, 3, -2)
    pdb.gimp_vectors_stroke_scale(vectors, stroke, 0.5, 1.0)
    assert list(pdb.gimp_vectors_stroke_get_points(vectors, stroke)[2][:2]) == [4.0, 3.0]
    pdb.gimp_vectors_stroke_flip(vectors, stroke, 0, 10.0)
    assert pdb.gimp_vectors_stroke_get_points(vectors, stroke)[2][1] in (3.0, 17.0)
    other = pdb.gimp_vectors_copy(vectors)
    pdb.gimp_image_insert_vectors(image, other, None, 0)
    pdb.gimp_item_set_name(other, "copy")
    assert [one.name for one in image.vectors] == ["copy", "square"]


@check("values: channels are combined, shown and put into layers")
def channels() -> None:
    image, layer = picture()
    one = gimp.Channel(image, "one", WIDTH, HEIGHT, 50, (255, 0, 0))
    other = gimp.Channel(image, "other", WIDTH, HEIGHT, 50, (0, 255, 0))
    for channel, place in ((one, 0), (other, 5)):
        image.add_channel(channel)
        pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, place, 0, 10, 10)
        pdb.gimp_edit_fill(channel, fu.WHITE_FILL)
    pdb.gimp_selection_none(image)
    pdb.gimp_channel_combine_masks(one, other, fu.CHANNEL_OP_SUBTRACT, 0, 0)
    found = [at(one, x, 3)[0] for x in (0, 4, 5, 12)]
    assert found == [255, 255, 0, 0], found
    pdb.gimp_channel_combine_masks(one, other, fu.CHANNEL_OP_ADD, 0, 0)
    assert [at(one, x, 3)[0] for x in (0, 7, 14, 15)] == [255, 255, 255, 0]
    pdb.gimp_channel_set_color(one, (1, 2, 3))
    pdb.gimp_channel_set_opacity(one, 25)
    assert (tuple(pdb.gimp_channel_get_color(one))[:3], round(pdb.gimp_channel_get_opacity(one))) == ((1, 2, 3), 25)
    mask = pdb.gimp_layer_create_mask(layer, fu.ADD_BLACK_MASK)
    layer.add_mask(mask)
    assert at(mask, 3, 3) == (0,)
    red = pdb.gimp_channel_new_from_component(image, fu.RED_CHANNEL, "red")
    image.add_channel(red)
    assert at(red, 3, 3)[0] in (0, 255)  # what is seen through the black mask


@check("values: an image is scaled, cropped, resized, turned and mirrored about the right place")
def geometry() -> None:
    image, layer = picture()
    gimp.set_foreground((0, 0, 200))
    pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 0, 0, 10, 10)
    pdb.gimp_edit_fill(layer, fu.FOREGROUND_FILL)
    pdb.gimp_selection_none(image)
    pdb.gimp_image_flip(image, fu.ORIENTATION_HORIZONTAL)
    assert (at(layer, 35, 5), at(layer, 5, 5)) == ((0, 0, 200), (255, 255, 255))
    pdb.gimp_image_rotate(image, fu.ROTATE_90)
    assert (image.width, image.height) == (HEIGHT, WIDTH)
    assert at(layer, 25, 35) == (0, 0, 200)
    pdb.gimp_image_crop(image, 12, 12, 18, 28)
    assert (image.width, image.height, at(image.layers[0], 9, 9)) == (12, 12, (0, 0, 200))
    pdb.gimp_image_scale(image, 24, 36)
    assert (image.width, image.height, layer.width, layer.height) == (24, 36, 24, 36)
    pdb.gimp_image_resize(image, 30, 40, 4, 2)
    assert (image.width, image.height, layer.offsets) == (30, 40, (4, 2))
    pdb.gimp_layer_resize_to_image_size(layer)
    assert (layer.width, layer.height, layer.offsets) == (30, 40, (0, 0))
    turned = pdb.gimp_item_transform_rotate_simple(layer, fu.ROTATE_180, True, 0, 0)
    assert (turned.width, turned.height) == (30, 40)


@check("values: what a drawable counts and samples")
def counted() -> None:
    image, layer = picture()
    gimp.set_foreground((100, 100, 100))
    pdb.gimp_image_select_rectangle(image, fu.CHANNEL_OP_REPLACE, 0, 0, WIDTH, HEIGHT // 2)
    pdb.gimp_edit_fill(layer, fu.FOREGROUND_FILL)
    pdb.gimp_selection_none(image)
    mean, deviation, median, pixels, count, share = pdb.gimp_histogram(layer, fu.HISTOGRAM_VALUE, 0, 120)
    assert (round(mean), round(deviation), round(median), pixels, count) == (100, 0, 100, 1200, 600)
    assert abs(share - 0.5) < 1e-6
    assert tuple(pdb.gimp_image_pick_color(image, layer, 3, 3, False, False, 0))[:3] == (100, 100, 100)
    pdb.gimp_drawable_set_pixel(layer, 1, 20, 3, (1, 2, 3))
    assert at(layer, 1, 20) == (1, 2, 3)


@check("values: a gradient's segments and a palette's entries")
def resources() -> None:
    gradient = pdb.gimp_gradient_new("values")
    pdb.gimp_gradient_segment_set_left_color(gradient, 0, (255, 0, 0), 100)
    pdb.gimp_gradient_segment_set_right_color(gradient, 0, (0, 0, 255), 50)
    colour, opacity = pdb.gimp_gradient_segment_get_right_color(gradient, 0)
    assert (tuple(colour)[:3], round(opacity)) == ((0, 0, 255), 50)
    pdb.gimp_gradient_segment_range_split_midpoint(gradient, 0, 0)
    assert pdb.gimp_gradient_get_number_of_segments(gradient) == 2
    count, samples = pdb.gimp_gradient_get_uniform_samples(gradient, 3, False)
    assert (count, [round(value, 1) for value in samples[:4]]) == (12, [1.0, 0.0, 0.0, 1.0])
    pdb.gimp_gradient_delete(gradient)
    palette = pdb.gimp_palette_new("values")
    assert [pdb.gimp_palette_add_entry(palette, name, (number, 0, 9)) for number, name in enumerate("abc")] == [0, 1, 2]
    pdb.gimp_palette_entry_set_color(palette, 1, (7, 8, 9))
    pdb.gimp_palette_entry_set_name(palette, 1, "B")
    pdb.gimp_palette_delete_entry(palette, 0)
    assert pdb.gimp_palette_get_info(palette) == 2
    assert (tuple(pdb.gimp_palette_entry_get_color(palette, 0))[:3], pdb.gimp_palette_entry_get_name(palette, 0)) == (
        (7, 8, 9), "B",
    )  # fmt: skip
    pdb.gimp_palette_delete(palette)
