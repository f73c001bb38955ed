"""How one drawable is exported, and what each format's procedure of 2.10 could be told, in GIMP 3's words.

Called by `_procedures_file`. An option that GIMP 3's exporter has not (PNG's gamma) is left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ._door import Gimp

# Formats that held the whole image in 2.10, too.
LAYERED = frozenset(
    (".xcf", ".xcfgz", ".psd", ".ora", ".openraster", ".gif", ".pdf", ".ico", ".mng", ".gih", ".xmc", ".fli")
)
Options = Mapping[str, Any]


@contextmanager
def exported_alone(image: Any, drawable: Any, suffix: str) -> Iterator[Any]:
    """The image to export: itself, or for the time of the export a copy that holds the drawable alone."""
    if (
        suffix.lower() in LAYERED
        or drawable is None
        or not isinstance(drawable, Gimp.Drawable)
        or sole(image, drawable)
    ):
        yield image
        return
    copy = alone(image, drawable)
    try:
        yield copy
    finally:
        copy.delete()


def sole(image: Any, drawable: Any) -> bool:
    """Whether the image shows the drawable and nothing else."""
    if image.get_layers() != [drawable] or drawable.is_group():
        return False
    offsets = drawable.get_offsets()
    at_origin = tuple(offsets)[-2:] == (0, 0)
    same_size = (drawable.get_width(), drawable.get_height()) == (image.get_width(), image.get_height())
    plain = drawable.get_visible() and drawable.get_opacity() == 100.0 and drawable.get_mask() is None
    return bool(at_origin and same_size and plain)


def alone(image: Any, drawable: Any) -> Any:
    """A new image of the drawable's size with a copy of it, visible and opaque."""
    width, height = drawable.get_width(), drawable.get_height()
    made = Gimp.Image.new_with_precision(width, height, base_of(image, drawable), image.get_precision())
    if made.get_base_type() == Gimp.ImageBaseType.INDEXED:
        made.set_palette(image.get_palette())
    made.set_resolution(*tuple(image.get_resolution())[-2:])
    made.set_unit(image.get_unit())
    profile = image.get_color_profile()
    if profile and made.get_base_type() == image.get_base_type():
        made.set_color_profile(profile)
    comment = image.get_parasite("gimp-comment")
    if comment:
        made.attach_parasite(comment)
    layer = Gimp.Layer.new_from_drawable(drawable, made)
    made.insert_layer(layer, None, 0)
    if layer.get_mask():
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    layer.set_offsets(0, 0)
    layer.set_visible(True)  # libgimp's own signature
    layer.set_opacity(100.0)
    return made


def base_of(image: Any, drawable: Any) -> Any:
    """The image's kind, gray for a channel or mask."""
    return image.get_base_type() if isinstance(drawable, Gimp.Layer) else Gimp.ImageBaseType.GRAY


def png(image: Any, values: Sequence[Any]) -> Options:
    """Interlace, compression, bKGD, gAMA (which GIMP 3 has not), oFFs, pHYs, tIME, comment, hidden colours."""
    del image
    names = ("interlaced", "compression", "bkgd", None, "offs", "phys", "time", "include_comment", "save_transparent")
    return {name: value for name, value in zip(names, values, strict=False) if name}


def jpeg(image: Any, values: Sequence[Any]) -> Options:
    """Quality and smoothing of 0 to 1, what follows them, and a comment, which goes to the image as its own."""
    quality, smoothing, optimize, progressive, comment, subsampling, baseline, restart, dct = values
    if comment:
        parasite = Gimp.Parasite.new(
            "gimp-comment", Gimp.PARASITE_PERSISTENT, list(memoryview(f"{comment}\0".encode()).cast("b"))
        )
        image.attach_parasite(parasite)
    return {
        "quality": quality, "smoothing": smoothing, "optimize": optimize, "progressive": progressive,
        "sub_sampling": subsampling, "baseline": baseline, "restart": restart, "dct": dct,
        "include_comment": bool(comment),
    }  # fmt: skip


def gif(image: Any, values: Sequence[Any]) -> Options:
    """Interlace, loop, delay, disposal, and for the second form whether they hold for all frames."""
    interlace, loop, delay, dispose, *more = values
    named: dict[str, Any] = {
        "interlace": interlace, "loop": loop, "default_delay": delay, "default_dispose": dispose,
        "as_animation": len(image.get_layers()) > 1,
    }  # fmt: skip
    return named | dict(zip(("as_animation", "force_delay", "force_dispose"), more, strict=False))


def by_name(*names: str | None) -> Callable[[Any, Sequence[Any]], Options]:
    """Options in order; None for one that GIMP 3 has not."""

    def options(_image: Any, values: Sequence[Any]) -> Options:
        return {name: value for name, value in zip(names, values, strict=False) if name}

    return options


WEBP = by_name(
    "preset", "lossless", "quality", "alpha_quality", "animation", "animation_loop", "minimize_size",
    "keyframe_distance", "include_exif", "include_iptc", "include_xmp", "default_delay", "force_delay",
)  # fmt: skip
PRINT = by_name(
    "width", "height", "x_offset", "y_offset", "unit", "keep_ratio", "rotation", "eps_flag", "show_preview", "level",
)  # fmt: skip
EXPORTS: dict[str, Callable[[Any, Sequence[Any]], Options]] = {
    "file-png-save": png,
    "file-png-save2": png,
    "file-jpeg-save": jpeg,
    "file-gif-save": gif,
    "file-gif-save2": gif,
    "file-tiff-save": by_name("compression"),
    "file-tiff-save2": by_name("compression", "save_transparent_pixels"),
    "file-bigtiff-save": by_name("compression", "save_transparent_pixels", "bigtiff"),
    "file-webp-save": WEBP,
    "file-webp-save2": WEBP,
    "file-bmp-save2": by_name("use_rle", "write_color_space", "rgb_format"),
    "file-tga-save": by_name("rle", "origin"),
    "file-pnm-save": by_name("raw"),
    "file-ppm-save": by_name("raw"),
    "file-pgm-save": by_name("raw"),
    "file-pbm-save": by_name("raw"),
    "file-sgi-save": by_name("compression"),
    "file-sunras-save": by_name("rle"),
    "file-xpm-save": by_name("threshold"),
    "file-gbr-save": by_name("spacing", "description"),
    "file-pat-save": by_name("description"),
    "file-heif-save": by_name("quality", "lossless"),
    "file-heif-av1-save": by_name("quality", "lossless"),
    "file-pdf-save": by_name("vectorize", "ignore_hidden", "apply_masks"),
    "file-pdf-save2": by_name("vectorize", "ignore_hidden", "apply_masks", "layers_as_pages", "reverse_order"),
    "file-eps-save": PRINT,
    "file-ps-save": PRINT,
    "file-fli-save": by_name("from_frame", "to_frame"),
}
