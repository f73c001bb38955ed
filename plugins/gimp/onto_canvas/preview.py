"""The picture growing on the canvas: a locked layer above the source, that no undo step knows of.

Knows GIMP's canvas; must never know the bridge or GTK. `window` calls it. The layer comes and goes under short freezes
of the undo history, so that the user's own strokes stay steps of it; no freeze and no group is ever held while a loop
runs. Whatever the user does to the image meanwhile is noticed, and nothing is left behind.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gi.repository import Gimp

from onto_canvas import layers, placing, samples

FORMATS = {"gray": "Y{} u8", "gray_alpha": "Y{}A u8", "rgb": "R{0}G{0}B{0} u8", "rgba": "R{0}G{0}B{0}A u8"}


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

    def __init__(self, source: layers.Source) -> None:
        self._source, self._layer = source, None
        self._shape = self._image_shape()

    def _image_shape(self) -> tuple[Any, ...]:
        image, layer = self._source.image, self._source.layer
        if not (image.is_valid() and layer.is_valid() and self._source.above.is_valid()):
            return ()
        size = (image.get_width(), image.get_height(), layer.get_width(), layer.get_height())
        return (*size, int(image.get_base_type()), int(image.get_precision()))

    @property
    def undisturbed(self) -> bool:
        """Whether image, source and preview are still as they were."""
        return self._image_shape() == self._shape and (self._layer is None or self._layer.is_valid())

    def show(self, header: Mapping[str, Any], picture: bytes) -> None:
        """Puts a picture of 8 bits on the canvas, enlarged to what is painted where it came smaller."""
        if not self.undisturbed:
            return
        if self._layer is None:
            self._insert()
        frozen(self._source.image, lambda: self._write(header, picture))
        Gimp.displays_flush()

    def remove(self) -> None:
        """Takes it off the canvas."""
        layer, self._layer = self._layer, None
        image = self._source.image
        if layer is not None and image.is_valid() and layer.is_valid():
            frozen(image, lambda: image.remove_layer(layer))
            Gimp.displays_flush()

    def _insert(self) -> None:
        source = self._source
        image = source.image
        layer = placing.layer_of(source, source.samples, f"{source.layer.get_name()}, growing")
        placing.wear(layer, source)
        selected = image.get_selected_layers()

        def put() -> None:
            image.insert_layer(layer, source.above.get_parent(), image.get_item_position(source.above))
            if source.mask is not None:
                placing.add_mask(layer, source.mask)
            image.set_selected_layers(selected)  # GIMP selects what is new: the user's brush must stay where it is
            layer.set_lock_content(True)  # GIMP's own signature

        frozen(image, put)
        self._layer = layer

    def _write(self, header: Mapping[str, Any], picture: bytes) -> None:
        layer, size = self._layer, (header["width"], header["height"])
        assert layer is not None
        babl = FORMATS[header["pixel_format"]].format("" if header.get("transfer") == "linear" else "'")
        if size != self._source.size:
            picture = samples.scaled(babl, picture, size, self._source.size)
        layer.set_lock_content(False)  # a write to a locked layer ends the plug-in
        samples.write(layer, babl, picture)
        layer.set_lock_content(True)
