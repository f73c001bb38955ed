"""Another program on the painter's desktop: a window to drag a picture's file from; it has also copied a picture.

Run by the root's own Python with whichever PyQt it has, FILE COPIED X Y EDGE. Called by test_krita_own.py.
"""

import sys

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
except ImportError:
    from PyQt6 import QtCore, QtGui, QtWidgets

TITLE = "somebody's pictures"


class Thumbnail(QtWidgets.QLabel):  # type: ignore[misc]  # Qt is in the root, not here
    """What a file manager shows of a file: to be taken by the mouse."""

    def __init__(self, file: str, edge_px: int) -> None:
        super().__init__()
        self._file = file
        self.setWindowTitle(TITLE)
        self.setPixmap(QtGui.QPixmap(file).scaled(edge_px, edge_px))

    def mouseMoveEvent(self, _event: object) -> None:  # noqa: N802  # Qt's name
        """Moved with a button held: the drag begins, and lasts until the button is let go."""
        drag, data = QtGui.QDrag(self), QtCore.QMimeData()
        data.setUrls([QtCore.QUrl.fromLocalFile(self._file)])
        drag.setMimeData(data)
        (getattr(drag, "exec", None) or drag.exec_)(QtCore.Qt.DropAction.CopyAction)


def main() -> None:
    """Shows the file, and holds the other picture in the clipboard."""
    file, copied, left, top, edge = sys.argv[1:]
    program = QtWidgets.QApplication(sys.argv)
    thumbnail = Thumbnail(file, int(edge))
    thumbnail.setGeometry(int(left), int(top), int(edge), int(edge))
    thumbnail.show()
    program.clipboard().setImage(QtGui.QImage(copied))
    (getattr(program, "exec", None) or program.exec_)()


if __name__ == "__main__":
    main()
