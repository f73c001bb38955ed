"""The demonstration: a scene and several styles drawn by code, painted through a real daemon, and a contact sheet.

Knows the client and the gallery. Must not know the engine: what it shows is what any client gets. ``cli`` runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from impasto import gallery
from impasto.client import Client, Picture, Progress

CONTENT = "harbour"
STYLES = ("swirl", "watercolour", "stained-glass")
SIZE = 640  # long side of the first picture, the one to hang up; the others show the range
OTHERS = 0.7  # of it
CAPTION = "Impasto: one scene, three styles, the encoder that is shipped"

OnProgress = Callable[[str, Progress], None]


@dataclass(frozen=True)
class Demo:
    """One demonstration: where it writes, how large and how long it paints, whom it tells."""

    client: Client
    folder: Path
    size: int
    steps: int | None
    on_progress: OnProgress

    def run(self) -> list[Path]:
        """Paints every style and returns the files written, the contact sheet last.

        A preview of the picture in work stands in `preview.png` meanwhile.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        written, rows = [], []
        for index, style in enumerate(STYLES):
            content, chosen, picture = self._paint(style, self.size if index == 0 else round(self.size * OTHERS))
            path = self.folder / f"{CONTENT}-{style}.png"
            picture.save(path)
            written.append(path)
            rows.append([(CONTENT, content), (style, chosen), ("painted", _image(picture))])
        (self.folder / "preview.png").unlink(missing_ok=True)
        sheet = self.folder / "contact-sheet.png"
        gallery.contact_sheet(rows, title=CAPTION).save(sheet)
        return [*written, sheet]

    def _paint(self, style: str, size: int) -> tuple[Image.Image, Image.Image, Picture]:
        """Content and style as drawn, and what the daemon made of them."""
        content, chosen = (gallery.draw(name, width=size, height=size * 3 // 4) for name in (CONTENT, style))
        picture = self.client.stylize(
            self._file(CONTENT, content),
            self._file(style, chosen),
            steps=self.steps,
            on_progress=lambda progress: self.on_progress(style, progress),
            on_preview=lambda preview: preview.save(self.folder / "preview.png"),
        )
        return content, chosen, picture

    def _file(self, name: str, image: Image.Image) -> Path:
        """The picture as a file, as clients send them."""
        path = self.folder / f"{name}.png"
        image.save(path)
        return path


def _image(picture: Picture) -> Image.Image:
    return Image.frombytes("RGB", (picture.header.width, picture.header.height), picture.samples)
