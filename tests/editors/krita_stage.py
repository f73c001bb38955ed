"""What checks of the Krita plug-in use inside Krita: documents with pixels, paintings that are waited for, undo.

Runs under Krita's own Python; the host reads it, too, so that Krita and Qt are only known within functions. A check is
a generator: `yield` gives Krita's loop its turn, a function that is yielded is waited for.
"""

import importlib
import struct
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Turns = Generator[Callable[[], object] | None, None, T]
Check = Callable[[], Turns[None]]
SIZE = (64, 48)
STEPS = 3
WAIT_S = 200.0
SETTLED_TURNS = 10  # of Krita's loop, not seconds: what it does a little later it has done by then, however slow it is
CODES = {"U8": ("B", 255), "U16": ("H", 65535), "F16": ("e", 1.0), "F32": ("f", 1.0)}


@dataclass(frozen=True)
class Marked:
    """A check, and whether it is one of those that every edition of Krita has to pass."""

    function: Check
    core: bool


CHECKS: dict[str, Marked] = {}


def check(name: str, *, core: bool = False) -> Callable[[Check], Check]:
    """Marks a generator function as showing `name`."""

    def mark(function: Check) -> Check:
        assert name not in CHECKS, name
        CHECKS[name] = Marked(function, core)
        return function

    return mark


def krita() -> Any:
    """Krita itself."""
    return importlib.import_module("krita").Krita.instance()


def ours(module: str) -> Any:
    """A module of the plug-in."""
    return importlib.import_module(f"impasto_docker.{module}")


def until(look: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> Turns[None]:
    """Waits, with an end."""
    end = time.monotonic() + timeout_s
    while not look():
        assert time.monotonic() < end, f"{what} did not come within {timeout_s:.0f} s"
        yield None


def pause(seconds: float = 0.3) -> Turns[None]:
    """Lets Krita do what it does a little later, however slow it is: so many turns of its loop at least."""
    end, turns = time.monotonic() + seconds, 0
    while time.monotonic() < end or turns < SETTLED_TURNS:
        turns += 1
        yield None


def steps_made() -> int:
    """How many steps the picture in front has behind it: the row of Krita's own docker of them, seen or not."""
    binding = ours("binding")
    history = krita().activeWindow().qwindow().findChild(binding.QDockWidget, "History")
    return int(history.findChild(binding.QListView).currentIndex().row())


class Easel:
    """A document with a view and a layer of forms and grain."""

    def __init__(self, document: Any, node: Any) -> None:
        self.document, self.node = document, node

    @property
    def names(self) -> list[str]:
        """Names of the layers, from below."""
        return [node.name() for node in self.document.topLevelNodes()]

    @property
    def top(self) -> Any:
        """The uppermost layer."""
        return self.document.topLevelNodes()[-1]

    def samples(self, node: Any = None) -> bytes:
        """A layer's own samples, all over the image; what is to be seen of the whole without one."""
        whole = (0, 0, self.document.width(), self.document.height())
        return bytes((node or self.document).pixelData(*whole))

    def state(self) -> dict[str, Any]:
        """All that a painting that comes to nothing must leave as it was."""
        self.document.waitForDone()
        chosen = self.document.selection()
        whole = (0, 0, self.document.width(), self.document.height())
        return {
            "layers": [(node.name(), node.type(), self.samples(node)) for node in self.document.topLevelNodes()],
            "seen": self.samples(),
            "selection": bytes(chosen.pixelData(*whole)) if chosen else None,
            "active": self.document.activeNode().name(),
            "modified": self.document.modified(),
            "undo": krita().action("edit_undo").text(),
            "redo": krita().action("edit_redo").text(),
        }

    def exported(self) -> bytes:
        """The samples of the PNG file that an export makes, 8 or 16 bits."""
        binding = ours("binding")
        path = Path(importlib.import_module("impasto_probe").FOLDER) / "exported.png"
        path.unlink(missing_ok=True)
        self.document.setBatchmode(True)
        self.document.waitForDone()
        assert self.document.exportImage(str(path), importlib.import_module("krita").InfoObject())
        self.document.setBatchmode(False)
        image = binding.QImage(str(path))
        deep = self.document.colorDepth() != "U8"
        image = image.convertToFormat(getattr(binding.QImage.Format, "Format_RGBA64" if deep else "Format_RGBA8888"))
        return bytes(image.constBits().asstring(image.sizeInBytes()))

    def act(self, name: str) -> Turns[None]:
        """One of Krita's actions, as from its menu; it makes a step that can be undone."""
        yield from self._stepped(name, lambda before, now: now > before)

    def undo(self) -> Turns[None]:
        """One step back, as Ctrl+Z."""
        yield from self._stepped("edit_undo", lambda before, now: now == before - 1)

    def redo(self) -> Turns[None]:
        """One step forth."""
        yield from self._stepped("edit_redo", lambda before, now: now == before + 1)

    def _stepped(self, name: str, done: Callable[[int, int], bool]) -> Turns[None]:
        """Triggers an action, and waits until the list of steps has changed so, and the pixels with it.

        While a picture is still being worked out Krita drops an undo without a word.
        """
        self.document.waitForDone()
        before = steps_made()
        krita().action(name).trigger()
        yield from until(lambda: done(before, steps_made()), f"the step of {name}, from {before}")
        self.document.waitForDone()
        yield from pause()
        self.document.waitForDone()

    def choose(self, node: Any) -> Turns[None]:
        """Makes a layer the active one, as a click on it does; a layer that is new becomes active a little later."""
        self.document.waitForDone()
        yield from pause()
        turns = 0
        while turns < SETTLED_TURNS:
            if self.document.activeNode() == node:
                turns += 1
            else:
                self.document.setActiveNode(node)
                turns = 0
            yield None

    def select(self, samples: bytes) -> None:
        """Selects, softly: a byte a pixel of the image."""
        selection = importlib.import_module("krita").Selection()
        width, height = self.document.width(), self.document.height()
        selection.select(0, 0, width, height, 255)
        selection.setPixelData(ours("binding").QByteArray(samples), 0, 0, width, height)
        self.document.setSelection(selection)

    def close(self) -> None:
        """Closes it without a question."""
        self.document.setModified(False)
        self.document.close()


def pattern(size: tuple[int, int], channels: int, depth: str, *, alpha: bool = False, ink: float = 1.0) -> bytes:
    """Forms and grain, different in every sample; opaque, or alpha rises along rows. Full colour is `ink` in floats."""
    code, white = CODES[depth]
    width, height = size
    values: list[float] = []
    for y in range(height):
        for x in range(width):
            values += [ink * ((x * 7 + y * 5 * (c + 1)) % 61 + (x * y * 3) % 17) / 80 for c in range(channels - 1)]
            values.append(x / (width - 1) if alpha else 1.0)
    packed = [int(value * white) for value in values] if isinstance(white, int) else values
    return struct.pack(f"<{len(packed)}{code}", *packed)


def numbers(samples: bytes, depth: str) -> list[float]:
    """Samples as numbers."""
    code, _ = CODES[depth]
    return list(struct.unpack(f"<{len(samples) // struct.calcsize(code)}{code}", samples))


def easel(
    model: str = "RGBA", depth: str = "U8", size: tuple[int, int] = SIZE, profile: str = "", *, alpha: bool = False
) -> Turns[Easel]:
    """A new document in a window, its layer "Background" painted with `pattern`, unmodified."""
    # Krita 5.1 dies of a picture that is refreshed before its canvas was first painted: it has no OpenGL context yet
    # (KisOpenGLImageTextures::recalculateCache). That takes longer where another was closed in the same turn.
    yield from pause()
    document = krita().createDocument(*size, "photo", model, depth, profile, 72.0)
    krita().activeWindow().addView(document)
    yield from until(lambda: krita().activeDocument() == document and document.activeNode(), "the new document")
    yield from until(drawable, "the new document's canvas")
    node = document.activeNode()
    fill(node, size, alpha=alpha)
    document.refreshProjection()
    document.waitForDone()
    document.setModified(False)
    yield from pause()
    return Easel(document, node)


def drawable() -> bool:
    """Whether the canvas in front has what it draws with."""
    canvas = ours("canvas")
    controller = canvas.controller_of(krita().activeWindow())
    shown = canvas.canvas_of(controller) if controller is not None else None
    return shown is not None and (not hasattr(shown, "isValid") or shown.isValid())


def fill(node: Any, size: tuple[int, int], at: tuple[int, int] = (0, 0), *, alpha: bool = False) -> None:
    """Gives a layer the pattern, at a place of the image."""
    space = ours("spaces").of(node)
    ink = 100.0 if space.model == "CMYKA" and space.depth in ("F16", "F32") else 1.0  # Krita counts it in per cent
    samples = pattern(size, space.channels, space.depth, alpha=alpha, ink=ink)
    node.setPixelData(ours("binding").QByteArray(samples), *at, *size)


class Heard:
    """What a run has said: the mutable state of one painting."""

    def __init__(self, run: Any) -> None:
        self.run, self.steps, self.job, self.heard = run, 0, "", False
        self.words: list[str] = []
        self.previews: list[Any] = []
        self.ends: list[tuple[str, Any]] = []
        run.progress.connect(self._progressed)
        for signal in (run.notice, run.lost, run.found):
            signal.connect(self.words.append)
        run.preview.connect(self.previews.append)
        for name in ("finished", "failed", "cancelled"):
            getattr(run, name).connect(lambda told, name=name: self.ends.append((name, told)))

    def _progressed(self, told: dict[str, Any]) -> None:
        self.heard, self.steps = True, max(self.steps, told.get("step") or 0)
        if self.steps:
            self.job = str(told.get("job") or self.job)

    def seen(self) -> Turns[None]:
        """Waits for a picture on the canvas."""
        yield from until(lambda: self.previews or self.ends, "a preview")
        assert not self.ends, self.ends

    def end(self) -> Turns[tuple[str, Any]]:
        """How it ended, as soon as it has."""
        yield from until(lambda: self.ends, "the end of the painting")
        yield from pause()
        assert len(self.ends) == 1, self.ends
        return self.ends[0]


def begin(**settings: Any) -> Heard:
    """Begins a painting of the active layer, with few steps and the cheapest style."""
    return Heard(ours("run").shared().begin({"steps": STEPS, "styles": [{"built_in": "marbled"}], **settings}))


def paint(at: Easel, **settings: Any) -> Turns[Any]:
    """Paints, which must go well; the new layer, which is above the source, which is as it was."""
    before, source = at.samples(at.node), at.document.activeNode()
    layers = at.names
    word, told = yield from begin(**settings).end()
    assert word == "finished", (word, told)
    siblings = source.parentNode().childNodes()
    made = siblings[siblings.index(source) + 1]
    assert made.name() == told["layer"], (made.name(), told)
    assert len(at.names) == len(layers) + (source.parentNode() == at.document.rootNode())
    assert at.samples(at.node) == before, "the source was written to"
    spaces = ours("spaces")
    assert spaces.of(made) == spaces.of(source), "the new layer is of another kind"
    assert made.type() == "paintlayer"
    return made


def share(one: bytes, other: bytes) -> float:
    """How many of two pictures' bytes differ, in 0 to 1."""
    assert len(one) == len(other)
    return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)
