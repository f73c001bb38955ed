"""2.10's procedures on items, layers and channels that GIMP 3 has in another form. Rows of the table."""

from typing import Any

from ._context import with_context
from ._door import Gimp
from ._gimp3 import call
from ._rows import absent, renamed, row

PROPERTIES = ("name", "tattoo", "visible")
KINDS = ("drawable", "layer", "channel", "vectors")

renamed({
    f"gimp-{kind}-{verb}-{name}": f"gimp-item-{verb}-{name}"
    for kind in KINDS
    for verb in ("get", "set")
    for name in PROPERTIES
})  # fmt: skip
renamed({
    "gimp-drawable-get-image": "gimp-item-get-image",
    "gimp-vectors-get-image": "gimp-item-get-image",
    "gimp-drawable-width": "gimp-drawable-get-width",
    "gimp-drawable-height": "gimp-drawable-get-height",
    "gimp-drawable-bpp": "gimp-drawable-get-bpp",
    "gimp-drawable-bytes": "gimp-drawable-get-bpp",
    "gimp-drawable-offsets": "gimp-drawable-get-offsets",
    "gimp-drawable-delete": "gimp-item-delete",
    "gimp-layer-delete": "gimp-item-delete",
    "gimp-channel-delete": "gimp-item-delete",
    "gimp-layer-mask": "gimp-layer-get-mask",
    "gimp-layer-get-preserve-trans": "gimp-layer-get-lock-alpha",
    "gimp-layer-set-preserve-trans": "gimp-layer-set-lock-alpha",
    "gimp-layer-translate": "gimp-item-transform-translate",
    **{
        f"gimp-{kind}-parasite-{old}": f"gimp-item-{new}"
        for kind in ("drawable", "vectors")
        for old, new in (
            ("attach", "attach-parasite"), ("detach", "detach-parasite"),
            ("find", "get-parasite"), ("list", "get-parasite-list"),
        )
    },
})  # fmt: skip
absent({
    "gimp-drawable-set-image": "an item stays in its image; pdb.gimp_layer_new_from_drawable copies one into another",
    "gimp-drawable-get-thumbnail-format": "GIMP 3 gives thumbnails as pixels, not by a format's name",
    "gimp-drawable-sub-thumbnail": "crop a copy and ask for its thumbnail: pdb.gimp_drawable_thumbnail",
})  # fmt: skip


@row(*(f"gimp-{kind}-get-linked" for kind in ("item", "drawable", "layer", "vectors")), target="0: the chain is gone")
def get_linked(_item: Any) -> int:
    """GIMP 3 has no chain: nothing is linked."""
    return 0


@row(
    *(f"gimp-{kind}-set-linked" for kind in ("item", "drawable", "layer", "vectors")),
    target="nothing: the chain is gone",
)
def set_linked(_item: Any, _linked: int) -> None:
    """GIMP 3 has no chain, layers are selected together instead: nothing happens."""


def _is(*names: str, kind: Any) -> None:
    @row(*names, target=f"isinstance {kind.__name__}")
    def answer(item: Any) -> bool:
        return isinstance(item, kind)


_is("gimp-item-is-channel", "gimp-drawable-is-channel", kind=Gimp.Channel)
_is("gimp-item-is-drawable", kind=Gimp.Drawable)
_is("gimp-item-is-layer", "gimp-drawable-is-layer", kind=Gimp.Layer)
_is("gimp-item-is-layer-mask", "gimp-drawable-is-layer-mask", kind=Gimp.LayerMask)
_is("gimp-item-is-selection", kind=Gimp.Selection)
_is("gimp-item-is-text-layer", "gimp-drawable-is-text-layer", kind=Gimp.TextLayer)
_is("gimp-item-is-vectors", kind=Gimp.Path)


@row("gimp-item-is-valid", "gimp-drawable-is-valid", "gimp-vectors-is-valid", target="gimp-item-id-is-valid")
def is_valid(item: Any) -> bool:
    """Whether there is such an item."""
    return bool(item and item.is_valid())


@row("gimp-layer-new", target="gimp-layer-new")
def layer_new(image: Any, width: int, height: int, kind: int, name: str, opacity: float, mode: int) -> Any:
    """A new layer, not yet in the image; 2.10 had the name behind the type."""
    return call("gimp-layer-new", image, name or "", width, height, kind, opacity, mode)


@row("gimp-channel-new", target="gimp-channel-new")
def channel_new(image: Any, width: int, height: int, name: str, opacity: float, color: Any) -> Any:
    """A new channel, not yet in the image; 2.10 had the name behind the size."""
    return call("gimp-channel-new", image, name or "", width, height, opacity, color)


@row("gimp-layer-copy", target="gimp-layer-copy")
def layer_copy(layer: Any, add_alpha: int) -> Any:
    """A copy of a layer, with alpha where asked."""
    copy = layer.copy()
    if add_alpha and not copy.has_alpha():
        call("gimp-layer-add-alpha", copy)
    return copy


@row("gimp-layer-group-new", target="gimp-group-layer-new")
def layer_group_new(image: Any) -> Any:
    """A new group, not yet in the image."""
    return call("gimp-group-layer-new", image, "Layer Group")


@row("gimp-layer-scale-full", target="gimp-layer-scale")
def layer_scale_full(layer: Any, width: int, height: int, local_origin: int, interpolation: int) -> None:
    """Scales a layer with an interpolation of one's own."""
    with with_context({"interpolation": interpolation}):
        call("gimp-layer-scale", layer, width, height, local_origin)


@row("gimp-drawable-get-format", target="Gimp.Drawable.get_format")
def get_format(drawable: Any) -> str:
    """The babl format's name."""
    from ._door import Babl  # noqa: PLC0415  # one row needs it

    return str(Babl.get_name(drawable.get_format()))


@row("gimp-drawable-get-pixel", target="Gegl.Buffer.get")
def get_pixel(drawable: Any, x: int, y: int) -> tuple[int, ...]:
    """One pixel as bytes, 8 bits a sample, as many as the drawable has channels."""
    from ._pixel import read_pixel  # noqa: PLC0415  # late: pixels need GEGL

    return read_pixel(drawable, x, y)


@row("gimp-drawable-set-pixel", target="Gegl.Buffer.set")
def set_pixel(drawable: Any, x: int, y: int, values: list[int]) -> None:
    """Sets one pixel from bytes."""
    from ._pixel import write_pixel  # noqa: PLC0415  # late: pixels need GEGL

    write_pixel(drawable, x, y, values)


@row("gimp-drawable-offset", "gimp-channel-ops-offset", target="gimp-drawable-offset")
def offset(drawable: Any, wrap_around: int, fill_type: int, x: int, y: int) -> None:
    """Moves the pixels within the drawable; what comes in is the background or transparent."""
    color = call("gimp-context-get-background")
    kind = Gimp.OffsetType.WRAP_AROUND if wrap_around else fill_type
    call("gimp-drawable-offset", drawable, wrap_around, int(kind), color, x, y)
