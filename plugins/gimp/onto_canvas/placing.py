"""What becomes of a painting: one new layer above what was painted, one undo step.

Knows GIMP 3 and `samples`; must never know Impasto or a dialog. The script and `preview` call it. Nothing here writes
to the source layer or to its mask.

A layer that covers its source leaves alone what is below it. Where something shines through the source (alpha, a soft
mask, an opacity, a mode of its own) two layers over one another would show more than one did, whatever alpha the upper
one had: with alpha a of both, 1 - (1 - a)² instead of a. So the new layer stands in for the source then: it has all of
it, as it is now, painted where it was selected, with its alpha to the bit, its mask, opacity and mode; and the source
is hidden by the same undo step.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gi.repository import Gimp

from onto_canvas import layers, samples
from onto_canvas.layers import Source

PARASITE = "impasto-neural-style"
PERSISTENT = 1  # a parasite that is saved with the picture


def insert(source: Source, painted: samples.Bytes, name: str, told: Mapping[str, Any]) -> Any:  # noqa: ANN401  # GIMP's objects have no types, here and below
    """Adds a painting as one new layer above its source, as one undo step; the new layer.

    Args:
        source: what was painted.
        painted: its samples, in the format and of the size of what was painted, with its alpha.
        name: the new layer's.
        told: what is to be remembered with it, as a parasite.
    """
    where = {"source": source.layer.get_tattoo(), "stands_in": source.is_translucent}
    kept = json.dumps({**told, **where}).encode("ascii")

    def add() -> Any:  # noqa: ANN401
        put = insert_copy(source, made, name)
        _mask(put, source)
        for hidden in (source.layer, source.above) if source.is_translucent else ():
            hidden.set_visible(False)
        return put

    with (_stand_in if source.is_translucent else layer_of)(source, painted, name) as made:
        made.attach_parasite(Gimp.Parasite.new(PARASITE, PERSISTENT, list(kept)))
        return in_one_step(source.image, add)


def insert_copy(source: Source, made: Any, name: str) -> Any:  # noqa: ANN401
    """Inserts a copy of a layer that was made aside above what is painted; the copy.

    It is for the image from here on, and in it at once: `layers.aside` says why.

    Raises:
        layers.Unpaintable: the image has been closed.
    """
    image, above = source.image, source.above
    parent, position = above.get_parent(), image.get_item_position(above)
    copy = Gimp.Layer.new_from_drawable(made, image)
    if copy is None or not image.insert_layer(copy, parent, position):
        raise layers.Unpaintable("the image was closed while its layer was painted, so nothing was added")
    copy.set_name(name)  # GIMP calls it a copy
    return copy


def remembered(layer: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """What a painting's layer remembers of its making; None for any other layer, or where it cannot be read."""
    parasite = layer.get_parasite(PARASITE)
    if parasite is None:
        return None
    try:
        told = json.loads(bytes(value % 256 for value in parasite.get_data()).rstrip(b"\0"))
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def origin(image: Any, painting: Any) -> Any:  # noqa: ANN401
    """The layer that an earlier painting was made of, if the image still has it and it is none itself."""
    told = remembered(painting) or {}
    found = image.get_layer_by_tattoo(int(told.get("source") or 0))
    return found if isinstance(found, Gimp.Layer) and found != painting else None


def earlier(painting: Any) -> layers.Painted:  # noqa: ANN401
    """What an earlier painting is to its source."""
    return layers.Painted(painting, bool((remembered(painting) or {}).get("stands_in")))


@contextmanager
def layer_of(
    source: Source, pixels: samples.Bytes, name: str, between: Callable[[], None] = samples.nothing
) -> Iterator[Any]:
    """A layer aside with those pixels, at the place of what was painted; `between` as in `write`."""
    with layers.aside(source.image, source.size, source.layer.type(), name) as made:
        samples.write(made, source.babl, pixels, between=between)
        made.set_offsets(*source.place)
        yield made


def add_mask(layer: Any, mask: bytes, between: Callable[[], None] = samples.nothing) -> None:  # noqa: ANN401
    """Gives a layer a mask of those samples, in the format of masks."""
    made = layer.create_mask(Gimp.AddMaskType.WHITE)
    samples.write(made, samples.native(made), mask, between=between)
    layer.add_mask(made)


def wear(made: Any, source: Source) -> None:  # noqa: ANN401
    """Gives a layer the source's opacity and mode."""
    layer = source.layer
    mode = layer.get_mode()
    made.set_opacity(layer.get_opacity())
    made.set_mode(Gimp.LayerMode.NORMAL if mode == Gimp.LayerMode.PASS_THROUGH else mode)
    made.set_blend_space(layer.get_blend_space())
    made.set_composite_space(layer.get_composite_space())
    made.set_composite_mode(layer.get_composite_mode())


def in_one_step(image: Any, call: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What `call` gives, called as one undo step, which the user finds under the name of the menu entry."""
    image.undo_group_start()
    try:
        return call()
    finally:
        image.undo_group_end()


def _mask(made: Any, source: Source) -> None:  # noqa: ANN401
    """What the new layer shows: what was selected of its source; a stand-in what its source shows."""
    if not source.is_translucent:
        if source.mask is not None:
            add_mask(made, source.mask)
        return
    own = source.layer.get_mask()
    if own is not None:
        add_mask(made, samples.read(own))
        made.set_apply_mask(source.layer.get_apply_mask())


@contextmanager
def _stand_in(source: Source, pixels: samples.Bytes, name: str) -> Iterator[Any]:
    """A layer aside with all that the source has now, painted where it was selected."""
    layer = source.layer
    size = layer.get_width(), layer.get_height()
    with layers.aside(source.image, size, layer.type(), name) as made:
        babl, layout = samples.native(made), samples.Layout.native(made)
        samples.write(made, babl, layers.visible(layer, babl))
        before = samples.read(made, babl, source.area)
        if source.selection is None:
            samples.write(made, source.babl, pixels, source.area)
        else:
            samples.write(made, babl, _blended(source, before, pixels, source.selection), source.area)
        after = layout.with_alpha(samples.read(made, babl, source.area), layout.alpha(before))
        painted = _painted(source, layout.alpha(before))
        samples.write(made, babl, samples.kept(after, before, painted, pixel_bytes=made.get_bpp()), source.area)
        _, x, y = layer.get_offsets()
        made.set_offsets(x, y)
        wear(made, source)
        yield made


def _painted(source: Source, alpha: Sequence[int]) -> bytes:
    """A byte for each pixel, zero where it is not selected or not to be seen: it keeps its colours."""
    selected = source.selected or bytes([255]) * (source.area.width * source.area.height)
    return bytes(bool(one and seen) for one, seen in zip(selected, alpha, strict=True)) if alpha else selected


def _blended(source: Source, before: bytes, pixels: samples.Bytes, selection: bytes) -> bytes:
    """The painting over what is below it, as much as is selected and with the lower one's alpha: GIMP itself does it.

    As GIMP composites in 32-bit floats, doubles and 32-bit integers lose what these cannot hold where it was painted.
    """
    image, kind = layers.like(source.image, *source.size), source.layer.type()
    below, over = (
        Gimp.Layer.new(image, name, *source.size, kind, layers.OPAQUE, Gimp.LayerMode.NORMAL)
        for name in ("below", "over")
    )
    babl = samples.native(below)
    samples.write(below, babl, before)
    samples.write(over, source.babl, samples.opaque(source.header, pixels))
    image.insert_layer(below, None, 0)
    image.insert_layer(over, None, 0)
    over.set_composite_mode(Gimp.LayerCompositeMode.CLIP_TO_BACKDROP)
    add_mask(over, selection)
    merged = samples.read(image.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE), babl)
    image.delete()
    return merged
