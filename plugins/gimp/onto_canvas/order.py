"""What an artist chose, as Impasto is asked for it, and what became of it in words.

Knows the bridge; must never know GIMP. Called by the script and by `live`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bridge import Bridge, BridgeError, Event, command

FILE = "file"
# The styles that Impasto draws itself; a test holds them against its gallery.
STYLES = (
    "swirl", "woodcut", "mosaic", "watercolour", "pointillist", "stained-glass", "ink-wash", "embroidery", "cubist",
    "pastel", "marbled", "palette-knife",
)  # fmt: skip
AS_USUAL = 0  # steps: as many as the encoder is best with


class Failed(Exception):
    """No painting came of it: why, in words for whoever paints."""


class Cancelled(Exception):
    """It was stopped."""


@dataclass(frozen=True)
class Choices:
    """What was chosen. `style` is one of `STYLES`, or `FILE` for the picture at `style_file`."""

    style: str
    style_file: str
    strength: float
    stroke_size: float
    keep_colours: bool
    size: int
    steps: int
    seed: int

    @property
    def title(self) -> str:
        """The style's name."""
        return Path(self.style_file).stem if self.style == FILE else self.style

    def settings(self, width: int, height: int) -> dict[str, Any]:
        """What is asked for, for a layer of that size: larger ones are painted smaller, and scaled."""
        told: dict[str, Any] = {"strength": self.strength, "stroke_size": self.stroke_size, "seed": self.seed}
        if self.keep_colours:
            told["colour"] = "content-luminance"
        if self.size and self.size < max(width, height):
            told["size"] = self.size
        if self.steps != AS_USUAL:
            told["steps"] = self.steps
        return told

    def told(self) -> dict[str, Any]:
        """What a layer remembers of them."""
        return asdict(self)


@dataclass
class Outcome:
    """What came of a request: the mutable state of one run."""

    header: Mapping[str, Any] | None = None
    samples: bytes = b""
    kept: bool = False
    refusal: str = ""
    cancelled: bool = False

    def hear(self, event: Event) -> None:
        """Takes what decides it."""
        if event.kind == "result":
            self.header, self.samples = event.told["header"], bytes(event.payload)
            self.kept = bool(event.told.get("kept"))
        elif event.kind == "error":
            self.refusal = str(event.told.get("message", ""))
        elif event.kind == "cancelled":
            self.cancelled = True

    def painting(self) -> tuple[Mapping[str, Any], bytes]:
        """Header and samples.

        Raises:
            Failed: it went wrong. Cancelled: it was stopped and nothing was to be kept.
        """
        if self.header is not None and not self.refusal:
            return self.header, self.samples
        if self.cancelled:
            raise Cancelled
        raise Failed(self.refusal or "Impasto ended without a picture: try again")


def style_bytes(choices: Choices) -> bytes:
    """The style picture's file. Raises Failed for one that is not chosen or cannot be read."""
    if not choices.style_file:
        raise Failed("no style picture was chosen: choose a file, or one of the built-in styles")
    try:
        return Path(choices.style_file).read_bytes()
    except OSError as error:
        raise Failed(f"the style picture {choices.style_file} cannot be read: {error.strerror}") from error


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
    content: tuple[Mapping[str, Any], bytes],
    selected: bytes | None,
    hear: Callable[[Event], None],
    **more: Any,  # noqa: ANN401  # what the verb stylize takes beside
) -> str:
    """Sends the pictures and asks for a painting; the request's name. Raises Failed for a style that cannot be read."""
    style = None if choices.style in STYLES else style_bytes(choices)
    header, samples = content
    width, height = header["width"], header["height"]
    try:
        talk = bridge.conversation()
    except BridgeError as error:
        raise Failed(str(error)) from error
    if selected is not None:
        mask = {"width": width, "height": height, "pixel_format": "gray", "sample_type": "u8"}
        more["mask"] = talk.picture(mask, selected)
    named = talk.built_in(choices.style) if style is None else talk.file(style)
    painted = talk.picture(header, samples)
    return talk.stylize(hear, painted, [named], settings=choices.settings(width, height), **more)
