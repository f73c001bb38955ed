"""The built-in styles, drawn once and kept: as thumbnails for a wall of styles, and as files to be sent.

Knows the gallery and a folder for what it drew. Drawing takes seconds and numpy, so it is imported only when something
has to be drawn. `session` calls it from threads of its own.
"""

import hashlib
import io
import os
import threading
from functools import cache
from pathlib import Path

from PIL import Image

from impasto.errors import InvalidRequest, Violation
from impasto.image import ImageHeader, PixelFormat

# The names in the order of `impasto.gallery.STYLES`, which a test compares: asking it would cost numpy's start.
STYLES = (
    "swirl", "woodcut", "mosaic", "watercolour", "pointillist", "stained-glass", "ink-wash", "embroidery", "cubist",
    "pastel", "marbled", "palette-knife",
)  # fmt: skip
SIZE = (768, 576)
_drawing = threading.Lock()


class Gallery:
    """Styles as files in a folder; drawn when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, name: str, size: tuple[int, int] = SIZE) -> bytes:
        """A style as a PNG file.

        Raises:
            InvalidRequest: there is none of that name.
        """
        if name not in STYLES:
            told = f"{name!r} is none of those built in: {', '.join(STYLES)}"
            raise InvalidRequest([Violation("style", told, "UNKNOWN_STYLE")])
        path = self._folder / f"{name}-{size[0]}x{size[1]}-{_version()}.png"
        with _drawing:  # two at once would only take each other's time
            try:
                return path.read_bytes()
            except OSError:
                return _keep(path, _draw(name, size))

    def thumbnail(self, name: str, edge: int) -> tuple[ImageHeader, bytes]:
        """A style as raw 8-bit RGB, its long side `edge` px."""
        with Image.open(io.BytesIO(self.file(name, (edge, max(16, edge * 3 // 4))))) as image:
            rgb = image.convert("RGB")
        return ImageHeader(*rgb.size, PixelFormat.RGB), rgb.tobytes()


def _draw(name: str, size: tuple[int, int]) -> bytes:
    from impasto import gallery  # noqa: PLC0415  # numpy: see the module's contract

    file = io.BytesIO()
    gallery.draw(name, width=size[0], height=size[1]).save(file, "PNG")
    return file.getvalue()


def _keep(path: Path, data: bytes) -> bytes:
    """Keeps it for the next time, if the disk lets us."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
    return data


@cache
def _version() -> str:
    """Changes with the code that draws."""
    digest = hashlib.sha256()
    for source in sorted((Path(__file__).parents[1] / "gallery").glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
