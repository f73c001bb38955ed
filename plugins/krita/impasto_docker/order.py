"""What was chosen, as Impasto is asked for it: pictures sent, dials as settings.

Knows the bridge's conversation; must never know Krita. Called by `run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from . import document, spaces
from .binding import translated
from .bridge import wishes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .bridge import Conversation, Event
    from .document import Source

DEFAULTS: dict[str, Any] = {
    "styles": [{"built_in": "swirl", "weight": 1.0}],
    "strength": 0.5,
    "stroke_size": 1.0,
    "keep_colours": False,
    "size": 0,
    "steps": wishes.AS_USUAL,
    "seed": 0,
}
DIALS = ("strength", "stroke_size", "keep_colours", "size", "steps", "seed")
PREVIEWS_PER_S = 2
PREVIEW_EDGE_PX = 1024  # at most what a preview may have


class Unreadable(Exception):
    """A style picture cannot be read: which, and why."""


class Style(NamedTuple):
    """A style's name, its file's bytes where it is no built-in one, and its weight."""

    name: str
    data: bytes
    weight: float


def ask(
    talk: Conversation,
    source: Source,
    styles: Sequence[Style],
    settings: Mapping[str, Any],
    hear: Callable[[Event], None],
) -> str:
    """Sends the pictures and asks for the painting; the request's name."""
    space = source.space if source.space.native else spaces.BETWEEN
    each = (lambda piece: spaces.swapped(piece, space.sample_bytes)) if space.swapped else None
    content = talk.picture(source.header, source.samples, each)
    named = [talk.file(data) if data else talk.built_in(name) for name, data, _ in styles]
    width, height = source.size
    more: dict[str, Any] = {"blend": [weight for _, _, weight in styles]} if len(styles) > 1 else {}
    if source.selection is not None:
        header = {"width": width, "height": height, "pixel_format": "gray", "sample_type": "u8"}
        more["mask"] = talk.picture(header, source.selection, document.selected)
    dials = {name: settings[name] for name in DIALS}
    more["settings"] = wishes.settings(**dials, width=width, height=height)
    more["enlarged"] = True  # Krita scales a poster in one go, its window waiting
    more |= {"previews_per_s": PREVIEWS_PER_S, "preview_edge": max(16, min(PREVIEW_EDGE_PX, max(source.size)))}
    request = talk.stylize(hear, content, named, **more)
    for picture in (content, *named, *([more["mask"]] if "mask" in more else [])):
        talk.forget(picture)  # what has begun keeps it
    return request


def title(styles: list[dict[str, Any]]) -> str:
    """The styles' names."""
    return " + ".join(str(one.get("built_in") or one.get("name") or Path(one["file"]).stem) for one in styles)


def style(told: Mapping[str, Any]) -> Style:
    """What a style of the settings is.

    Raises:
        Unreadable: its file cannot be read.
    """
    weight = float(told.get("weight", 1.0))
    if told.get("built_in"):
        return Style(str(told["built_in"]), b"", weight)
    path = Path(str(told.get("file", "")))
    try:
        data = path.read_bytes()
    except (OSError, ValueError, MemoryError) as error:  # a path that no system knows; a file for another machine
        words = translated("the style picture {path} cannot be read: {reason}")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreadable(words.format(path=path, reason=reason)) from error
    if not data:
        raise Unreadable(translated("the style picture {path} is empty").format(path=path))
    return Style(path.stem, data, weight)
