"""The picture that grows on the canvas: a transparent widget over it, so that the document is never touched.

It lets strokes pass, follows zoom, rotation and mirror, and is gone with the canvas. Drawn above everything, so order
and blending of layers do not show in it. Knows Krita's window and Qt; must never know Impasto. Called by `run`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from .binding import QAbstractScrollArea, QImage, QMdiArea, QPainter, QRectF, Qt, QTimer, QTransform, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_MS = 50  # how often the canvas is looked at: there is no signal of its zoom
SMOOTH_BELOW = 2.0  # pixels on the screen for one of the preview: as Krita does, larger ones are shown as they are


def picture(header: Mapping[str, Any], samples: bytes) -> QImage:
    """A preview, 8 bits RGB, as a QImage of its own memory."""
    width, height = header["width"], header["height"]
    return QImage(samples, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def stencil(selection: bytes, size: tuple[int, int], edge: int) -> QImage:
    """How much of each pixel is selected, as alpha, no larger than `edge`."""
    whole = QImage(selection, *size, size[0], QImage.Format.Format_Alpha8)
    if max(size) <= edge:
        return whole.copy()
    keep, fast = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    if max(size) > 4 * edge:  # smoothly from there: all of a poster would keep the editor waiting
        whole = whole.scaled(4 * edge, 4 * edge, keep, fast)
    return whole.scaled(edge, edge, keep, Qt.TransformationMode.SmoothTransformation)


def cut(image: QImage, mask: QImage) -> QImage:
    """A preview of which only what is selected shows, softly."""
    seen = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(seen)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(QRectF(seen.rect()), mask, QRectF(mask.rect()))
    painter.end()
    return seen


def controller_of(window: Any) -> Any | None:  # noqa: ANN401  # Krita's window, Qt's scroll area
    """The scroll area that holds the canvas of a window's active view; None without one."""
    middle = window.qwindow().centralWidget()  # the whole window has thousands of widgets to look through
    for area in middle.findChildren(QMdiArea) if middle is not None else ():
        sub = area.activeSubWindow()
        for found in sub.findChildren(QAbstractScrollArea) if sub is not None else ():
            if found.metaObject().className() == "KisCanvasController":
                return found
    return None


def canvas_of(controller: QAbstractScrollArea) -> QWidget | None:
    """The widget that Krita draws on; None where it was closed."""
    with contextlib.suppress(RuntimeError):
        for found in controller.viewport().findChildren(QWidget):
            if found.metaObject().className() in ("KisOpenGLCanvas2", "KisQPainterCanvas"):
                return found
    return None


def mapping(view: Any, controller: QAbstractScrollArea, size: tuple[int, int]) -> QTransform | None:  # noqa: ANN401
    """From pixels of the image to pixels of the canvas widget; None for a view that was closed."""
    canvas = view.canvas()
    if canvas is None:
        return None
    if hasattr(view, "flakeToCanvasTransform"):
        return view.flakeToImageTransform().inverted()[0] * view.flakeToCanvasTransform()
    return _mapped(canvas, controller, size)


def _mapped(canvas: Any, controller: QAbstractScrollArea, size: tuple[int, int]) -> QTransform:  # noqa: ANN401
    """The same in Krita 5.1, which does not tell it: the scroll bars have the upper left corner of what is shown."""
    zoom = canvas.zoomLevel()
    turned = QTransform.fromScale(-zoom if canvas.mirror() else zoom, zoom) * QTransform().rotate(canvas.rotation())
    shown = turned.mapRect(QRectF(0, 0, *size))
    left, top = controller.horizontalScrollBar().value(), controller.verticalScrollBar().value()
    return turned * QTransform.fromTranslate(-left - shown.x(), -top - shown.y())


class Overlay:
    """A preview over the canvas of one view. The mutable state is its picture and where that is just now."""

    def __init__(
        self,
        view: Any,  # noqa: ANN401  # Krita's view
        controller: QAbstractScrollArea | None,
        size: tuple[int, int],
        place: tuple[int, int, int, int],
    ) -> None:
        """Over the canvas that `controller` holds, where `view` shows an image of `size`; `place` is the preview's."""
        self._view, self._controller, self._size, self._place = view, controller, size, place
        canvas = canvas_of(controller) if controller is not None else None
        self._layer = _Glass(canvas, self._paint) if canvas is not None else None
        self._image: QImage | None = None
        self._seen: tuple[Any, ...] = ()
        self._timer = QTimer()
        self._timer.timeout.connect(self.follow)

    def show(self, image: QImage) -> None:
        """Shows a picture at the place, from now on."""
        self._image, self._seen = image, ()
        self._timer.start(LOOK_MS)
        self.follow()

    def remove(self) -> None:
        """Takes it away."""
        self._timer.stop()
        layer, self._layer = self._layer, None
        if layer is not None:
            with contextlib.suppress(RuntimeError):  # it went with the canvas
                layer.hide()
                layer.deleteLater()

    def follow(self) -> None:
        """Moves with the canvas."""
        layer = self._layer
        if layer is None:
            return
        try:
            transform = mapping(self._view, self._controller, self._size)
            now = (transform, layer.parentWidget().size())
            if now == self._seen:
                return
            self._seen = now if transform is not None else ()
            layer.setGeometry(layer.parentWidget().rect())
            layer.raise_()
            layer.show()
            layer.update()
        except RuntimeError:  # the view was closed, and everything in it with it
            self._timer.stop()
            self._layer = None

    def _paint(self, painter: QPainter) -> None:
        if self._image is None or not self._seen:
            return
        transform = self._seen[0]
        painter.setTransform(transform)
        painter.setClipRect(QRectF(0, 0, *self._size))
        enlarged = self._place[2] / self._image.width() * transform.m11()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, abs(enlarged) < SMOOTH_BELOW)
        painter.drawImage(QRectF(*self._place), self._image, QRectF(self._image.rect()))


class _Glass(QWidget):
    """A widget that nothing touches and that draws what it is told to."""

    def __init__(self, canvas: QWidget, paint: Any) -> None:  # noqa: ANN401
        super().__init__(canvas)
        self._paint = paint
        for attribute in (
            Qt.WidgetAttribute.WA_TransparentForMouseEvents,
            Qt.WidgetAttribute.WA_NoSystemBackground,
            Qt.WidgetAttribute.WA_TranslucentBackground,
        ):
            self.setAttribute(attribute)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setObjectName("impasto-preview")

    def paintEvent(self, _event: object) -> None:  # Qt's name
        """Draws."""
        painter = QPainter(self)
        self._paint(painter)
        painter.end()
