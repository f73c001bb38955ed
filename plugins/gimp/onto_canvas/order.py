"""What an artist chose, as Impasto is asked for it, and what became of it in words.

Knows the bridge; must never know GIMP. Called by the script, by `style`, `chooser` and `window`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bridge import Bridge, BridgeError, Conversation, Event, command, wishes

FILE, LAYER, CLIPBOARD = "file", "layer", "clipboard"
# The styles that Impasto draws itself; a test holds them against its gallery.
STYLES = (
    "swirl", "woodcut", "mosaic", "watercolour", "pointillist", "stained-glass", "ink-wash", "embroidery", "cubist",
    "pastel", "marbled", "palette-knife",
)  # fmt: skip


class Failed(Exception):
    """No painting came of it: why, in words for whoever paints."""


class Cancelled(Exception):
    """It was stopped."""


@dataclass(frozen=True)
class Choices:
    """What was chosen. `style` is one of `STYLES`, `FILE` for the picture at `style_file`, `LAYER` or `CLIPBOARD`."""

    style: str
    style_file: str
    strength: float
    stroke_size: float
    keep_colours: bool
    size: int
    steps: int
    seed: int

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """What there is to choose, as a layer remembers it."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def known(cls, told: Mapping[str, Any]) -> dict[str, Any]:
        """What a layer or a preset remembers, by the parameters' names; what is of another kind is left out."""
        kinds = {"style": str, "style_file": str, "strength": float, "stroke_size": float, "keep_colours": bool}
        found = {name: told[name] for name in cls.names() if type(told.get(name)) is kinds.get(name, int)}
        return {name.replace("_", "-"): value for name, value in found.items()}

    def settings(self, width: int, height: int) -> dict[str, Any]:
        """What is asked for, for an area of that size: larger ones are painted smaller, and enlarged."""
        return wishes.settings(
            strength=self.strength, stroke_size=self.stroke_size, keep_colours=self.keep_colours, size=self.size,
            steps=self.steps, seed=self.seed, width=width, height=height,
        )  # fmt: skip


@dataclass(frozen=True)
class StylePicture:
    """A style, ready to be sent: a built-in one by its name, a file's bytes, or samples with their header."""

    title: str
    built_in: str = ""
    data: bytes = b""
    header: Mapping[str, Any] | None = None

    @property
    def sha256(self) -> str:
        """Of what it is: the file, the samples with their header, or the name."""
        told = {name: value for name, value in (self.header or {}).items() if name != "icc_profile"}
        profile = bytes((self.header or {}).get("icc_profile", b""))
        before = json.dumps(told, sort_keys=True).encode() + profile if self.header else self.built_in.encode()
        return hashlib.sha256(before + self.data).hexdigest()

    def send(self, talk: Conversation) -> str:
        """Sends it; the name by which a conversation knows it."""
        if self.built_in:
            return talk.built_in(self.built_in)
        return talk.file(self.data) if self.header is None else talk.picture(self.header, self.data)


@dataclass
class Outcome:
    """What came of a request: the mutable state of one run.

    `unwanted` is whether the user cancelled it: a result that was on its way already is none of his then.
    """

    samples: bytes | bytearray = b""
    kept: bool = False
    refusal: str = ""
    cancelled: bool = False
    unwanted: bool = False

    def hear(self, event: Event) -> None:
        """Takes what decides it."""
        if event.kind == "result":
            self.samples = event.payload
            self.kept = bool(event.told.get("kept"))
        elif event.kind == "error":
            self.refusal = str(event.told.get("message", ""))
        elif event.kind == "cancelled":
            self.cancelled = True

    def painting(self) -> bytes | bytearray:
        """The samples, in the format and of the size of what was painted.

        Raises:
            Failed: it went wrong. Cancelled: it was stopped and nothing was to be kept.
        """
        if self.unwanted:
            raise Cancelled
        if self.samples and not self.refusal:
            return self.samples
        if self.cancelled:
            raise Cancelled
        raise Failed(self.refusal or "Impasto ended without a picture: try again")


def from_file(path: str) -> StylePicture:
    """The style in a file. Raises Failed for one that is not chosen or cannot be read."""
    if not path:
        raise Failed("no style picture was chosen: choose a file, or one of the built-in styles")
    try:
        return StylePicture(shown(Path(path).stem), data=Path(path).read_bytes())
    except (OSError, ValueError, MemoryError) as error:  # a path that no system knows; a file for another machine
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Failed(f"the style picture {shown(path)} cannot be read: {reason}") from error


def shown(path: str) -> str:
    """A path, or a part of one, as text that GIMP and GTK take: a file's name need not be Unicode."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def start(folder: str) -> Bridge:
    """The bridge to the Impasto that the plug-in in `folder` was installed from. Raises Failed when there is none."""
    try:
        bridge = Bridge(command(folder))
        bridge.conversation()
    except BridgeError as error:
        raise Failed(str(error)) from error
    return bridge


def ask(
    bridge: Bridge,
    choices: Choices,
    style: StylePicture,
    content: tuple[Mapping[str, Any], bytes],
    selected: bytes | None,
    hear: Callable[[Event], None],
    **more: Any,  # noqa: ANN401  # what the verb stylize takes beside
) -> str:
    """Sends the pictures and asks for a painting; the request's name. Raises Failed when Impasto cannot be reached."""
    header, samples = content
    width, height = header["width"], header["height"]
    try:
        talk = bridge.conversation()
    except BridgeError as error:
        raise Failed(str(error)) from error
    if selected is not None:
        mask = {"width": width, "height": height, "pixel_format": "gray", "sample_type": "u8"}
        more["mask"] = talk.picture(mask, selected)
    named, painted = style.send(talk), talk.picture(header, samples)
    return talk.stylize(hear, painted, [named], settings=choices.settings(width, height), enlarged=True, **more)
