"""Qt and Krita by plain names, whichever of PyQt5 and PyQt6 this Krita has.

Krita's version decides, not which binding can be imported: both may be installed, and only the host's own works. Enums
are written scoped everywhere (`Qt.WidgetAttribute.WA_...`), which both understand. Knows nothing of Impasto; every
module here that needs Qt or Krita takes it from this one.
"""

# ruff: noqa: F401  # names are here to be imported from here

from __future__ import annotations

import gettext
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The host's module has the name of this project's folder: what type checkers would take it for.
krita: Any = importlib.import_module("krita")


def host_version() -> tuple[int, ...]:
    """Krita's version as numbers, `(5, 2, 9)`; what is no number ends it."""
    found = []
    for part in str(krita.Krita.instance().version()).replace("-", ".").split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found) or (5,)


QT_MAJOR = 6 if host_version() >= (6,) else 5

_ROOMS = [importlib.import_module(f"PyQt{QT_MAJOR}.Qt{room}") for room in ("Core", "Gui", "Widgets")]

if TYPE_CHECKING:  # what there is, for whoever checks types; at run time all of Qt's is
    from PyQt6.QtCore import (
        QBuffer,
        QByteArray,
        QEvent,
        QIODevice,
        QLocale,
        QMimeData,
        QObject,
        QPoint,
        QPointF,
        QProcess,
        QProcessEnvironment,
        QRect,
        QRectF,
        QSize,
        Qt,
        QTimer,
        QUrl,
        pyqtSignal,
    )
    from PyQt6.QtGui import (
        QAction,
        QBrush,
        QColor,
        QContextMenuEvent,
        QDesktopServices,
        QDragEnterEvent,
        QDropEvent,
        QGuiApplication,
        QIcon,
        QImage,
        QImageReader,
        QPainter,
        QPalette,
        QPen,
        QPixmap,
        QResizeEvent,
        QTransform,
    )
    from PyQt6.QtWidgets import (
        QAbstractItemView,
        QAbstractScrollArea,
        QApplication,
        QCheckBox,
        QComboBox,
        QDialog,
        QDockWidget,
        QDoubleSpinBox,
        QFileDialog,
        QFormLayout,
        QFrame,
        QGridLayout,
        QHBoxLayout,
        QInputDialog,
        QLabel,
        QListView,
        QListWidget,
        QListWidgetItem,
        QMdiArea,
        QMenu,
        QMessageBox,
        QProgressBar,
        QPushButton,
        QScrollArea,
        QSizePolicy,
        QSlider,
        QSpinBox,
        QTabWidget,
        QToolButton,
        QVBoxLayout,
        QWidget,
    )
else:

    def __getattr__(name: str) -> Any:  # noqa: ANN401  # Qt's classes
        """A class of Qt by its name alone: Qt 6 has `QAction` in another room."""
        for room in _ROOMS:
            if hasattr(room, name):
                return getattr(room, name)
        raise AttributeError(f"neither this module nor PyQt{QT_MAJOR} has {name}")


_catalogue = gettext.translation(
    "impasto_docker", str(Path(__file__).parent / "locale"), [_ROOMS[0].QLocale().name()], fallback=True
)


def translated(text: str) -> str:
    """`text` in the language of Krita, where the folder `locale` has it."""
    return _catalogue.gettext(text)
