"""The picture growing on the canvas: a locked layer above the source, that no undo step knows of.

Knows GIMP's canvas; must never know the bridge or GTK. `window` calls it. While the undo history is frozen, what the
user does is not in it and cannot be undone, so a freeze is held around single calls: no pixel travels in one, and none
is held while a loop runs. Pixels travel to a scratch layer that is put into no image: GIMP ends a plug-in that writes
to a layer which is converted, scaled or merged meanwhile. The scratch lasts as long as a frame is drawn and is for an
image of its own (`layers.aside` says why): what a plug-in leaves that is killed just then has no window. GIMP's core
copies the pixels from there in one call, to a layer that may be locked. Whatever the user does to the image is noticed,
and nothing is left behind. A frame of a hundred megapixels takes seconds: it is drawn in bands of rows, and whoever
watches has a turn between any two.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gi.repository import Gimp

from onto_canvas import layers, placing, samples

FORMATS = {"gray": "Y{} u8", "gray_alpha": "Y{}A u8", "rgb": "R{0}G{0}B{0} u8", "rgba": "R{0}G{0}B{0}A u8"}
COPY = "gimp:replace"
REST = 2.0  # times as long as a frame took, GIMP is left to the user before the next one


class Unwanted(Exception):
    """Nobody wants the frame that is being drawn."""


def frozen(image: Any, call: Callable[[], object]) -> None:  # noqa: ANN401  # GIMP's objects have no types
    """Calls `call` without a trace in the undo history; a clean image stays clean. For single calls only."""
    was_dirty = image.is_dirty()
    image.undo_freeze()
    try:
        call()
    finally:
        image.undo_thaw()
        if not was_dirty:
            image.clean_all()


class Preview:
    """A locked layer above the source; the mutable state is whether it is in the image."""

    def __init__(self, source: layers.Source, between: Callable[[], None] = samples.nothing) -> None:
        """`between` is called between any two bands of rows; it raises Unwanted to have no more of a frame."""
        self._source, self._between, self._is_drawing = source, between, False
        self._layer: Any = None
        self._shape = self._image_shape()
        self._ready_s = 0.0

    def _image_shape(self) -> tuple[Any, ...]:
        image, layer = self._source.image, self._source.layer
        if not (image.is_valid() and layer.is_valid() and self._source.above.is_valid()):
            return ()
        size = (image.get_width(), image.get_height(), layer.get_width(), layer.get_height())
        return (*size, int(image.get_base_type()), int(image.get_precision()))

    @property
    def undisturbed(self) -> bool:
        """Whether image, source and preview are still as they were."""
        return self._image_shape() == self._shape and not self.taken

    @property
    def taken(self) -> bool:
        """Whether the user deleted the layer, or merged it with others: undoing that brings it back."""
        return self._layer is not None and not self._layer.is_valid() and bool(self._source.image.is_valid())

    def show(self, header: Mapping[str, Any], picture: bytes) -> None:
        """Puts a picture of 8 bits on the canvas, enlarged to what is painted where it came smaller.

        One that comes before GIMP had its rest from the last one, or while that is drawn, is left out.
        """
        began_s = time.monotonic()
        if self._is_drawing or began_s < self._ready_s or not self.undisturbed:
            return
        self._is_drawing = True
        try:
            with suppress(Unwanted):
                self._draw(header, picture)
        except Exception:
            if self.undisturbed:  # else GIMP refused a call about what the user took away meanwhile
                raise
        finally:
            self._is_drawing = False
        self._ready_s = time.monotonic() + REST * (time.monotonic() - began_s)

    def remove(self) -> None:
        """Takes it off the canvas."""
        layer, self._layer = self._layer, None
        image = self._source.image
        if layer is not None and image.is_valid() and layer.is_valid():
            frozen(image, lambda: image.remove_layer(layer))
            Gimp.displays_flush()

    def _draw(self, header: Mapping[str, Any], picture: bytes) -> None:
        if self._layer is None:
            self._insert()
        self._write(header, picture)
        Gimp.displays_flush()

    def _insert(self) -> None:
        source, name = self._source, f"{self._source.layer.get_name()}, growing"
        with placing.layer_of(source, source.samples, name, self._between) as layer:
            placing.wear(layer, source)
            if source.mask is not None:
                placing.add_mask(layer, source.mask, self._between)
            selected = source.image.get_selected_layers()
            frozen(source.image, lambda: self._put(layer, name))
        source.image.set_selected_layers(selected)  # GIMP selects what is new: the user's brush stays where it is

    def _put(self, layer: Any, name: str) -> None:  # noqa: ANN401
        self._layer = placing.insert_copy(self._source, layer, name)
        self._layer.set_lock_content(True)  # the user's brush leaves no stroke on it

    def _write(self, header: Mapping[str, Any], picture: bytes) -> None:
        layer, size = self._layer, (header["width"], header["height"])
        babl = FORMATS[header["pixel_format"]].format("" if header.get("transfer") == "linear" else "'")
        is_seen, *found = layer.mask_intersect()
        if not is_seen:  # the user has selected something else meanwhile
            return
        area = samples.Area(*found)
        # As large as what is copied from it: GIMP copies within the selection alone, from its corner on whatever the
        # places of the two layers are, and makes the preview larger where the scratch reaches beyond it.
        with layers.aside(self._source.image, area.size, layer.type(), "frame") as scratch:
            samples.spread(scratch, babl, picture, size, self._source.size, area, self._between)
            if not self.undisturbed:
                return
            copy = Gimp.DrawableFilter.new(layer, COPY, "")
            copy.set_aux_input("aux", scratch)
            copy.set_blend_mode(Gimp.LayerMode.REPLACE)
            copy.update()
            frozen(self._source.image, lambda: layer.merge_filter(copy))
