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
STYLES = ("swirl", "woodcut", "mosaic")
SIZES = (768, 448, 448)  # the first is the picture to hang up, the others show the range
CAPTION = "Impasto: one scene, three styles, the encoder that is shipped"


@dataclass(frozen=True)
class Painted:
    """One picture of the demonstration."""

    style: str
    path: Path
    image: Image.Image


def run(client: Client, folder: Path, steps: int | None, on_progress: Callable[[str, Progress], None]) -> list[Path]:
    """Paints every style into `folder` and returns the files written, the contact sheet last.

    A preview of the picture in work stands in `preview.png` meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    painted = [
        _paint(client, folder, style, size, steps, on_progress) for style, size in zip(STYLES, SIZES, strict=True)
    ]
    (folder / "preview.png").unlink(missing_ok=True)
    sheet = folder / "contact-sheet.png"
    content = gallery.draw(CONTENT)
    rows = [[(CONTENT, content), (p.style, gallery.draw(p.style)), ("painted", p.image)] for p in painted]
    gallery.contact_sheet(rows, title=CAPTION).save(sheet)
    return [p.path for p in painted] + [sheet]


def _paint(
    client: Client,
    folder: Path,
    style: str,
    size: int,
    steps: int | None,
    on_progress: Callable[[str, Progress], None],
) -> Painted:
    content, chosen = _drawn(CONTENT, folder, size), _drawn(style, folder, size)
    picture = client.stylize(
        content,
        chosen,
        steps=steps,
        on_progress=lambda progress: on_progress(style, progress),
        on_preview=lambda preview: preview.save(folder / "preview.png"),
    )
    path = folder / f"{CONTENT}-{style}.png"
    picture.save(path)
    return Painted(style, path, _image(picture))


def _drawn(name: str, folder: Path, size: int) -> Path:
    """The gallery's picture as a file: clients send files."""
    path = folder / f"{name}.png"
    gallery.draw(name, width=size, height=size * 3 // 4).save(path)
    return path


def _image(picture: Picture) -> Image.Image:
    header = picture.header
    return Image.frombytes("RGB", (header.width, header.height), picture.samples)
