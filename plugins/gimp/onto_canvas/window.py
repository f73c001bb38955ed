"""The window in which one watches: how far the painting is, and the picture growing on the canvas.

Knows GTK and the bridge; called by the script when it was chosen in the menu, or repeated. What the user does to the
image meanwhile (closes, scales or converts it, deletes the preview or the source) stops the painting, and `preview`
leaves nothing behind.
"""

from collections.abc import Mapping
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")

from gi.repository import GimpUi, GLib, Gtk  # noqa: E402  # versions must be chosen first

from bridge import Bridge, BridgeError, words  # noqa: E402
from onto_canvas import layers, order  # noqa: E402
from onto_canvas.preview import Preview, Unwanted  # noqa: E402

LOOK_MS = 250  # how often the image is looked at
PREVIEWS_PER_S = 2
PREVIEW_EDGE_PX = 1024  # at most what a preview may have
CANCEL, KEEP = Gtk.ResponseType.CANCEL, Gtk.ResponseType.OK
GONE = "the image was changed while it was painted, so nothing was added: it must keep its size, its kind and the layer"
BACK = ". Undoing what you did brings the preview layer back, too: delete it then"


class Line:
    """The bridge with GLib's loop watching it: one for the dialog and the window after it.

    The mutable state is the bridge, and whether the loop watches the process that it has now.
    """

    def __init__(self, folder: str) -> None:
        """To the Impasto that the plug-in in `folder` was installed from; nothing is started yet."""
        self._folder, self._watched = folder, -1
        self._bridge: Bridge | None = None

    def bridge(self) -> Bridge:
        """Started, and watched. Raises Failed when it cannot be."""
        if self._bridge is None:
            self._bridge = order.start(self._folder)
        try:
            file = self._bridge.fileno()
        except BridgeError as error:
            raise order.Failed(str(error)) from error
        if self._watched != file:
            self._watched = file
            condition = GLib.IOCondition.IN | GLib.IOCondition.HUP
            GLib.io_add_watch(GLib.IOChannel.unix_new(file), GLib.PRIORITY_DEFAULT, condition, self._ready)
        return self._bridge

    def close(self) -> None:
        """Lets go of it: what runs is cancelled."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None

    def _ready(self, *_: object) -> bool:
        goes_on = self._bridge is not None and self._bridge.read_ready()
        if not goes_on:
            self._watched = -1
        return goes_on


class Live:
    """One painting that is watched. The mutable state is what has come of it and what the user wants of it."""

    def __init__(self, source: layers.Source, choices: order.Choices, style: order.StylePicture) -> None:
        self._choices, self._source, self._style = choices, source, style
        self._preview, self.outcome = Preview(source, self._turn), order.Outcome()
        self._loop, self._request, self._disturbed, self._stops = GLib.MainLoop(), "", "", False
        self._bar = Gtk.ProgressBar(show_text=True, text="Impasto is called…", width_request=360)
        self._words = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=52)
        self._dialog = self._built()

    def _built(self) -> Any:  # noqa: ANN401
        GimpUi.init("python-fu-impasto")  # a repeated run had no dialog before this one
        dialog = GimpUi.Dialog(title=f"Neural Style: {self._style.title}", role="impasto-live", border_width=12)
        dialog.add_button("_Cancel", CANCEL)
        self._keep = dialog.add_button("_Stop and keep", KEEP)
        self._keep.set_sensitive(False)  # until there is something to keep
        box = dialog.get_content_area()
        box.set_spacing(12)
        for widget in (self._bar, self._words):
            box.pack_start(widget, False, False, 0)  # noqa: FBT003  # GTK's own signature
        dialog.connect("response", lambda _dialog, answer: self._answered(answer))
        dialog.connect("delete-event", lambda *_: True)  # closing it is an answer; it goes when the painting has ended
        return dialog

    def run(self, line: Line) -> order.Outcome:
        """Paints to the end, whatever it is; nothing of the preview is left then.

        Raises:
            order.Failed: it could not be begun, or the image was changed meanwhile.
        """
        source, bridge = self._source, line.bridge()
        edge = max(16, min(PREVIEW_EDGE_PX, max(source.size)))
        told = {"previews_per_s": PREVIEWS_PER_S, "preview_edge": edge}
        self._talk, content = bridge.conversation(), (source.header, source.samples)
        self._request = order.ask(bridge, self._choices, self._style, content, source.selected, self._hear, **told)
        looking = GLib.timeout_add(LOOK_MS, self._look)
        self._dialog.show_all()
        try:
            self._loop.run()
            self._look()  # what the user did since the last time
        finally:
            GLib.source_remove(looking)
            self._preview.remove()
            self._dialog.destroy()
        if self._disturbed:
            raise order.Failed(self._disturbed)
        return self.outcome

    def _answered(self, answer: Any) -> None:  # noqa: ANN401
        """The user wants it to end: a closed window is a cancel. A second time it does not wait for Impasto."""
        keep = answer == KEEP
        if self._stops and not keep:
            self._loop.quit()
        self._stops = self.outcome.unwanted = not keep
        self._talk.cancel(self._request, keep=keep)
        self._keep.set_sensitive(False)
        self._bar.set_text("stops, and keeps what there is…" if keep else "stops…")

    def _turn(self) -> None:
        """While a frame is drawn: keys and clicks are heard.

        Raises:
            Unwanted: it is to end.
        """
        while Gtk.events_pending():
            Gtk.main_iteration_do(False)  # noqa: FBT003  # GTK's own signature: without waiting
        if self._stops or self._disturbed:
            raise Unwanted

    def _look(self) -> bool:
        if not self._disturbed and not self._preview.undisturbed:
            self._disturbed = GONE + (BACK if self._preview.taken else "")
            self._talk.cancel(self._request, keep=False)
        return True

    def _hear(self, event: Any) -> None:  # noqa: ANN401  # the bridge's Event
        self.outcome.hear(event)
        if event.kind == "sending":
            self._bar.set_text(words.sent(event.told))
        elif event.kind == "progress":
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
        self._bar.set_text(words.where(told))
        self._keep.set_sensitive(step > 0)
