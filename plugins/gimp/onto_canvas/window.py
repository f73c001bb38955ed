"""The window in which one watches: how far the painting is, and the picture growing on the canvas.

Knows GTK, GIMP's canvas and the bridge; called by the script when it was chosen in the menu. The preview is a locked
layer that comes and goes under short freezes of the undo history, so that it is no step of it and the user's own
strokes are; no freeze and no group is ever held while the loop runs. What the user does to the image meanwhile
(closes, scales or converts it, deletes the preview or the source) stops the painting, and leaves nothing behind.
"""

from collections.abc import Callable, Mapping
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")

from gi.repository import Gegl, Gimp, GimpUi, GLib, Gtk  # noqa: E402  # versions must be chosen first

from onto_canvas import layers, order  # noqa: E402

LOOK_MS = 250  # how often the image is looked at
PREVIEWS_PER_S = 2
PREVIEW_EDGE_PX = 1024  # at most what a preview may have
FORMATS = {"gray": "Y{} u8", "gray_alpha": "Y{}A u8", "rgb": "R{0}G{0}B{0} u8", "rgba": "R{0}G{0}B{0}A u8"}
CANCEL, KEEP = Gtk.ResponseType.CANCEL, Gtk.ResponseType.OK
GONE = "the image was changed while it was painted, so nothing was added: it must keep its size, its kind and the layer"


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
        if not (image.is_valid() and layer.is_valid()):
            return ()
        size = (image.get_width(), image.get_height(), layer.get_width(), layer.get_height())
        return (*size, int(image.get_base_type()), int(image.get_precision()))

    @property
    def undisturbed(self) -> bool:
        """Whether image, source and preview are still as they were."""
        return self._image_shape() == self._shape and (self._layer is None or self._layer.is_valid())

    def show(self, header: Mapping[str, Any], samples: bytes) -> None:
        """Puts a picture on the canvas, at the layer's size."""
        if not self.undisturbed:
            return
        if self._layer is None:
            self._insert()
        frozen(self._source.image, lambda: self._write(header, samples))
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
        image, (width, height) = source.image, source.size
        name = f"{source.layer.get_name()}, growing"
        layer = Gimp.Layer.new(image, name, width, height, source.layer.type(), 100.0, Gimp.LayerMode.NORMAL)
        layers.write(layer, source.babl, source.samples)
        _, x, y = source.layer.get_offsets()
        layer.set_offsets(x, y)
        if source.mask is not None:
            layers.add_mask(layer, source.mask)
        selected = image.get_selected_layers()

        def put() -> None:
            image.insert_layer(layer, source.layer.get_parent(), image.get_item_position(source.layer))
            image.set_selected_layers(selected)  # GIMP selects what is new: the user's brush must stay where it is
            layer.set_lock_content(True)  # GIMP's own signature

        frozen(image, put)
        self._layer = layer

    def _write(self, header: Mapping[str, Any], samples: bytes) -> None:
        layer = self._layer
        assert layer is not None
        layer.set_lock_content(False)  # a write to a locked layer ends the plug-in
        width, height = header["width"], header["height"]
        babl = FORMATS[header["pixel_format"]].format("" if header.get("transfer") == "linear" else "'")
        if (width, height) == (layer.get_width(), layer.get_height()):
            layers.write(layer, babl, samples)
        else:
            _write_scaled(layer, (width, height), babl, samples)
        layer.set_lock_content(True)


def _write_scaled(layer: Any, size: tuple[int, int], babl: str, samples: bytes) -> None:  # noqa: ANN401
    """Sets a layer's pixels to a smaller picture, enlarged."""
    small, target = Gegl.Buffer.new(babl, 0, 0, *size), layer.get_buffer()
    small.set(Gegl.Rectangle.new(0, 0, *size), babl, samples)
    graph = Gegl.Node()
    read, scale, write = (
        graph.create_child(f"gegl:{name}") for name in ("buffer-source", "scale-size", "write-buffer")
    )
    read.set_property("buffer", small)
    scale.set_property("x", float(layer.get_width()))
    scale.set_property("y", float(layer.get_height()))
    write.set_property("buffer", target)
    read.link(scale)
    scale.link(write)
    write.process()
    target.flush()
    layer.update(0, 0, layer.get_width(), layer.get_height())


class Live:
    """One painting that is watched. The mutable state is what has come of it and what the user wants of it."""

    def __init__(self, source: layers.Source, choices: order.Choices) -> None:
        self._choices, self._source = choices, source
        self._preview, self.outcome = Preview(source), order.Outcome()
        self._loop, self._request, self._disturbed = GLib.MainLoop(), "", False
        self._bar = Gtk.ProgressBar(show_text=True, text="Impasto is called…", width_request=360)
        self._words = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=52)
        self._dialog = self._built()

    def _built(self) -> Any:  # noqa: ANN401
        dialog = GimpUi.Dialog(title=f"Neural Style: {self._choices.title}", role="impasto-live", border_width=12)
        dialog.add_button("_Cancel", CANCEL)
        self._keep = dialog.add_button("_Stop and keep", KEEP)
        self._keep.set_sensitive(False)  # until there is something to keep
        box = dialog.get_content_area()
        box.set_spacing(12)
        for widget in (self._bar, self._words):
            box.pack_start(widget, False, False, 0)  # noqa: FBT003  # GTK's own signature
        dialog.connect("response", lambda _dialog, answer: self._answered(answer))
        return dialog

    def run(self, bridge: Any) -> order.Outcome:  # noqa: ANN401  # the bridge's own class
        """Paints to the end, whatever it is; nothing of the preview is left then.

        Raises:
            order.Failed: it could not be begun, or the image was changed meanwhile.
        """
        source, edge = self._source, max(16, min(PREVIEW_EDGE_PX, max(self._source.size)))
        told = {"previews_per_s": PREVIEWS_PER_S, "preview_edge": edge}
        self._talk, content = bridge.conversation(), (source.header, source.samples)
        self._request = order.ask(bridge, self._choices, content, source.selected, self._hear, **told)
        condition = GLib.IOCondition.IN | GLib.IOCondition.HUP
        GLib.io_add_watch(
            GLib.IOChannel.unix_new(bridge.fileno()), GLib.PRIORITY_DEFAULT, condition, lambda *_: bridge.read_ready()
        )
        looking = GLib.timeout_add(LOOK_MS, self._look)
        self._dialog.show_all()
        try:
            self._loop.run()
        finally:
            GLib.source_remove(looking)
            self._preview.remove()
            self._dialog.destroy()
        if self._disturbed:
            raise order.Failed(GONE)
        return self.outcome

    def _answered(self, answer: Any) -> None:  # noqa: ANN401
        """The user wants it to end: a closed window is a cancel."""
        keep = answer == KEEP
        self._talk.cancel(self._request, keep=keep)
        self._keep.set_sensitive(False)
        self._bar.set_text("stops, and keeps what there is…" if keep else "stops…")

    def _look(self) -> bool:
        if not self._disturbed and not self._preview.undisturbed:
            self._disturbed = True
            self._talk.cancel(self._request, keep=False)
        return True

    def _hear(self, event: Any) -> None:  # noqa: ANN401  # the bridge's Event
        self.outcome.hear(event)
        if event.kind == "progress":
            self._progressed(event.told)
        elif event.kind in ("notice", "lost", "found"):
            self._words.set_text(event.told["text"])
        elif event.kind == "preview":
            self._preview.show(event.told["header"], bytes(event.payload))
        if event.last:
            self._loop.quit()

    def _progressed(self, told: Mapping[str, Any]) -> None:
        step, total = told.get("step") or 0, told.get("total_steps") or 0
        self._bar.set_fraction(min(1.0, step / total) if total else 0.0)
        self._bar.set_text(where(told))
        self._keep.set_sensitive(step > 0)


def where(told: Mapping[str, Any]) -> str:
    """How far it is, in words: the place in the queue, or the step; and the time left where it can be told."""
    place, left = told.get("queue_position"), told.get("time_left_s")
    step, total = told.get("step") or 0, told.get("total_steps") or 0
    first = f"waits, number {place} in line" if place else f"step {step} of {total}" if total else "begins…"
    return first if left is None else f"{first}, about {_rounded(left)} left"


def _rounded(seconds: float) -> str:
    """A time as people say it."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds > 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
