"""2.10's procedures on brushes, patterns, gradients and palettes, all by name. Rows of the table; `_pdb` calls them."""

from typing import Any

from . import gimpcolor
from ._door import Babl
from ._gimp3 import call
from ._resources import by_name
from ._rows import absent, renamed, row

KINDS = ("brush", "gradient", "palette")
POPUPS = ("brushes", "fonts", "gradients", "palettes", "patterns")

renamed({
    "gimp-brushes-get-opacity": "gimp-context-get-opacity",
    "gimp-brushes-get-paint-mode": "gimp-context-get-paint-mode",
    "gimp-brushes-set-brush": "gimp-context-set-brush",
    "gimp-brushes-set-opacity": "gimp-context-set-opacity",
    "gimp-brushes-set-paint-mode": "gimp-context-set-paint-mode",
    "gimp-gradients-get-active": "gimp-context-get-gradient",
    "gimp-gradients-get-gradient": "gimp-context-get-gradient",
    "gimp-gradients-set-active": "gimp-context-set-gradient",
    "gimp-gradients-set-gradient": "gimp-context-set-gradient",
    "gimp-palettes-set-palette": "gimp-context-set-palette",
    "gimp-patterns-set-pattern": "gimp-context-set-pattern",
    "gimp-palette-get-background": "gimp-context-get-background",
    "gimp-palette-get-foreground": "gimp-context-get-foreground",
    "gimp-palette-set-background": "gimp-context-set-background",
    "gimp-palette-set-foreground": "gimp-context-set-foreground",
    "gimp-palette-set-default-colors": "gimp-context-set-default-colors",
    "gimp-palette-swap-colors": "gimp-context-swap-colors",
    "gimp-palette-refresh": "gimp-palettes-refresh",
    "gimp-palette-get-info": "gimp-palette-get-color-count",
    "gimp-palette-entry-get-color": "gimp-palette-get-entry-color",
    "gimp-palette-entry-get-name": "gimp-palette-get-entry-name",
    "gimp-palette-entry-set-color": "gimp-palette-set-entry-color",
    "gimp-palette-entry-set-name": "gimp-palette-set-entry-name",
    "gimp-dynamics-get-list": "gimp-dynamics-get-name-list",
    "gimp-context-get-dynamics": "gimp-context-get-dynamics-name",
    "gimp-context-set-dynamics": "gimp-context-set-dynamics-name",
})  # fmt: skip
absent({
    f"gimp-{kind}-{verb}": "GIMP 3 shows its choosers in a plug-in's own dialog: use PF_BRUSH, PF_FONT and the like"
    for kind in POPUPS
    for verb in ("popup", "set-popup", "close-popup")
})  # fmt: skip
absent({
    "gimp-context-get-transform-recursion": "GIMP has not supersampled transformations since 2.10",
    "gimp-context-set-transform-recursion": "GIMP has not supersampled transformations since 2.10",
})  # fmt: skip


def resource(kind: str, name: str | None) -> Any:
    """The brush (font, ...) of that name, the context's for an empty one. Raises RuntimeError when there is none."""
    try:
        return by_name(f"Gimp{kind.capitalize()}", name or "")
    except ValueError as error:
        raise RuntimeError(str(error)) from None


def _each_kind(kind: str) -> None:
    @row(f"gimp-{kind}-delete", target="gimp-resource-delete")
    def delete(name: str) -> None:
        call("gimp-resource-delete", resource(kind, name))

    @row(f"gimp-{kind}-duplicate", target="gimp-resource-duplicate")
    def duplicate(name: str) -> str:
        return str(call("gimp-resource-duplicate", resource(kind, name)))

    @row(f"gimp-{kind}-rename", target="gimp-resource-rename")
    def rename(name: str, new_name: str) -> str:
        renamed_one = resource(kind, name)
        call("gimp-resource-rename", renamed_one, new_name)
        return str(renamed_one.get_name())

    @row(f"gimp-{kind}-is-editable", target="gimp-resource-is-editable")
    def is_editable(name: str) -> int:
        return int(call("gimp-resource-is-editable", resource(kind, name)))


for _kind in KINDS:
    _each_kind(_kind)


def _list_of(plural: str, kind: str, *names: str) -> None:
    @row(*names, target=f"gimp-{plural}-get-list")
    def listed(filter_text: str) -> list[str]:
        from ._resources import LISTS  # noqa: PLC0415  # the functions themselves, not through the database

        return [one.get_name() for one in LISTS[kind](filter_text or "")]


_list_of("brushes", "GimpBrush", "gimp-brushes-get-list", "gimp-brushes-list")
_list_of("fonts", "GimpFont", "gimp-fonts-get-list")
_list_of("gradients", "GimpGradient", "gimp-gradients-get-list")
_list_of("palettes", "GimpPalette", "gimp-palettes-get-list")
_list_of("patterns", "GimpPattern", "gimp-patterns-get-list", "gimp-patterns-list")


@row("gimp-brushes-get-brush", target="gimp-context-get-brush")
def brushes_get_brush() -> tuple[Any, ...]:
    """The context's brush: name, width, height, spacing."""
    brush = resource("brush", "")
    width, height, *_ = call("gimp-brush-get-info", brush)
    return brush.get_name(), width, height, call("gimp-brush-get-spacing", brush)


@row("gimp-brushes-get-spacing", target="gimp-brush-get-spacing")
def brushes_get_spacing() -> int:
    """Spacing of the context's brush."""
    return int(call("gimp-brush-get-spacing", resource("brush", "")))


@row("gimp-brushes-set-spacing", target="gimp-brush-set-spacing")
def brushes_set_spacing(spacing: int) -> None:
    """Spacing of the context's brush."""
    call("gimp-brush-set-spacing", resource("brush", ""), spacing)


def pixels_of(buffer: Any, form: str | None) -> tuple[int, ...]:
    """All bytes of a GEGL buffer."""
    from ._door import Gegl  # noqa: PLC0415  # two rows need it

    return tuple(bytes(buffer.get(buffer.get_extent(), 1.0, form, Gegl.AbyssPolicy.NONE))) if buffer else ()


@row("gimp-brush-get-pixels", target="Gimp.Brush.get_mask")
def brush_get_pixels(name: str) -> tuple[Any, ...]:
    """Size, mask and colours of a brush, as bytes."""
    brush = resource("brush", name)
    width, height, mask_bpp, color_bpp = call("gimp-brush-get-info", brush)
    mask = pixels_of(brush.get_mask(0, 0, Babl.format("Y u8")), "Y u8")
    colours = pixels_of(brush.get_buffer(0, 0, Babl.format("R'G'B' u8")), "R'G'B' u8") if color_bpp else ()
    return width, height, mask_bpp or 1, mask, color_bpp, colours


@row("gimp-brushes-get-brush-data", target="Gimp.Brush.get_mask")
def brushes_get_brush_data(name: str) -> tuple[Any, ...]:
    """A brush with the context's opacity and mode, and its mask as bytes."""
    brush = resource("brush", name)
    width, height, *_ = call("gimp-brush-get-info", brush)
    mask = pixels_of(brush.get_mask(0, 0, Babl.format("Y u8")), "Y u8")
    spacing = call("gimp-brush-get-spacing", brush)
    mode, opacity = call("gimp-context-get-paint-mode"), call("gimp-context-get-opacity")
    return brush.get_name(), opacity, spacing, mode, width, height, mask


@row("gimp-patterns-get-pattern", target="gimp-context-get-pattern")
def patterns_get_pattern() -> tuple[Any, ...]:
    """The context's pattern: name, width, height."""
    pattern = resource("pattern", "")
    width, height, _bpp = call("gimp-pattern-get-info", pattern)
    return pattern.get_name(), width, height


def _pattern_pixels(name: str) -> tuple[Any, ...]:
    pattern = resource("pattern", name)
    width, height, bpp = call("gimp-pattern-get-info", pattern)
    form = {1: "Y' u8", 2: "Y'A u8", 3: "R'G'B' u8", 4: "R'G'B'A u8"}[bpp]
    return pattern.get_name(), width, height, bpp, pixels_of(pattern.get_buffer(0, 0, Babl.format(form)), form)


@row("gimp-pattern-get-pixels", target="Gimp.Pattern.get_buffer")
def pattern_get_pixels(name: str) -> tuple[Any, ...]:
    """Size and pixels of a pattern, as bytes."""
    return _pattern_pixels(name)[1:]


@row("gimp-patterns-get-pattern-data", target="Gimp.Pattern.get_buffer")
def patterns_get_pattern_data(name: str) -> tuple[Any, ...]:
    """Name, size and pixels of a pattern, as bytes."""
    return _pattern_pixels(name)


@row("gimp-palettes-get-palette", target="gimp-context-get-palette")
def palettes_get_palette() -> tuple[Any, ...]:
    """The context's palette: name and number of colours."""
    palette = resource("palette", "")
    return palette.get_name(), palette.get_color_count()


@row("gimp-palettes-get-palette-entry", target="gimp-palette-get-entry-color")
def palettes_get_palette_entry(name: str, entry: int) -> tuple[Any, ...]:
    """A palette's name, number of colours, and one of them."""
    palette = resource("palette", name)
    return palette.get_name(), palette.get_color_count(), call("gimp-palette-get-entry-color", palette, entry)


def samples(colours: Any) -> list[float]:
    """Four floats a colour, as 2.10 gave samples of a gradient."""
    return [value for colour in colours for value in (colour.r, colour.g, colour.b, colour.a)]


@row("gimp-gradient-get-uniform-samples", target="gimp-gradient-get-uniform-samples")
def uniform_samples(name: str, count: int, reverse: int) -> list[float]:
    """Colours along a gradient, at equal steps."""
    return samples(call("gimp-gradient-get-uniform-samples", resource("gradient", name), count, reverse))


@row("gimp-gradient-get-custom-samples", target="gimp-gradient-get-custom-samples")
def custom_samples(name: str, positions: list[float], reverse: int) -> list[float]:
    """Colours along a gradient, at places of one's own."""
    return samples(call("gimp-gradient-get-custom-samples", resource("gradient", name), positions, reverse))


@row("gimp-gradients-sample-uniform", target="gimp-gradient-get-uniform-samples")
def sample_uniform(count: int, reverse: int) -> list[float]:
    """Colours along the context's gradient, at equal steps."""
    return samples(call("gimp-gradient-get-uniform-samples", resource("gradient", ""), count, reverse))


@row("gimp-gradients-sample-custom", target="gimp-gradient-get-custom-samples")
def sample_custom(positions: list[float], reverse: int) -> list[float]:
    """Colours along the context's gradient, at places of one's own."""
    return samples(call("gimp-gradient-get-custom-samples", resource("gradient", ""), positions, reverse))


@row("gimp-gradients-get-gradient-data", target="gimp-gradient-get-uniform-samples")
def gradient_data(name: str, count: int, reverse: int) -> tuple[Any, ...]:
    """A gradient's name and colours along it."""
    return resource("gradient", name).get_name(), uniform_samples(name, count, reverse)


def _segment(side: str) -> None:
    @row(f"gimp-gradient-segment-get-{side}-color", target=f"gimp-gradient-segment-get-{side}-color")
    def get_color(name: str, segment: int) -> tuple[Any, float]:
        colour = call(f"gimp-gradient-segment-get-{side}-color", resource("gradient", name), segment)
        return colour, colour.a * 100

    @row(f"gimp-gradient-segment-set-{side}-color", target=f"gimp-gradient-segment-set-{side}-color")
    def set_color(name: str, segment: int, color: gimpcolor.RGB, opacity: float) -> None:
        opaque = gimpcolor.RGB(color.r, color.g, color.b, opacity / 100)
        call(f"gimp-gradient-segment-set-{side}-color", resource("gradient", name), segment, opaque)


_segment("left")
_segment("right")
