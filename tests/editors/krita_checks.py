"""Checks of the plug-in's way from a layer to a new one, run inside Krita by test_krita.py: it paints for real.

Pictures are tiny and steps few: what is held is which samples change, where, at which depth, and what else does not.
"""

import importlib
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from editors.krita_stage import (
    SIZE,
    WAIT_S,
    Turns,
    begin,
    check,
    easel,
    fill,
    krita,
    numbers,
    ours,
    paint,
    pause,
    share,
    until,
)

LONG = 9000  # steps: it will not end by itself while a check looks


@check("8 bits: one new layer, one undo step, and redo", core=True)
def u8() -> Turns[None]:
    at = yield from easel()
    before = at.state()
    made = yield from paint(at)
    assert at.names == ["Background", "Background, marbled"]
    painted = at.samples(made)
    assert share(painted, at.samples(at.node)) > 0.4, "it is hardly painted"
    assert len(set(painted)) > 60
    assert at.samples() == painted, "it is not what is to be seen"
    assert set(painted[3::4]) == {255}
    yield from until(at.document.modified, "a modified document")
    yield from at.undo()
    assert at.state() == before | {"redo": at.state()["redo"]}
    yield from at.redo()
    assert at.samples(at.top) == painted
    at.close()


def deep(depth: str, model: str = "RGBA", profile: str = "") -> Turns[list[float]]:
    """Paints at a depth; the new samples."""
    at = yield from easel(model, depth, profile=profile)
    made = yield from paint(at)
    old, new = numbers(at.samples(at.node), depth), numbers(at.samples(made), depth)
    assert sum(a != b for a, b in zip(old, new, strict=True)) > len(old) * 0.35, "it is hardly painted"
    means = [sum(values) / len(values) for values in (old, new)]
    assert 0.5 < means[0] / means[1] < 2, f"light and tone are mixed up: {means}"
    yield from at.undo()
    assert at.names == ["Background"]
    at.close()
    return new


@check("16 bits, linear as Krita makes it, and not")
def u16() -> Turns[None]:
    for profile in ("", "sRGB-elle-V2-srgbtrc.icc"):
        new = yield from deep("U16", profile=profile)
        assert len({value % 257 for value in new}) > 200, "it went through 8 bits"


@check("half floats")
def f16() -> Turns[None]:
    new = yield from deep("F16")
    assert len(set(new)) > 1000, "it went through fewer bits"


@check("floats")
def f32() -> Turns[None]:
    new = yield from deep("F32")
    assert len(set(new)) > 4000, "it went through fewer bits"


@check("gray")
def gray() -> Turns[None]:
    yield from deep("U8", "GRAYA")
    new = yield from deep("U16", "GRAYA")
    assert len({value % 257 for value in new}) > 200, "it went through 8 bits"
    yield from deep("F32", "GRAYA")


@check("CMYK and Lab, by their own profile")
def others() -> Turns[None]:
    for model, depth in (("CMYKA", "U8"), ("LABA", "U16"), ("CMYKA", "F32")):
        new = yield from deep(depth, model)
        assert len(set(new)) > 60, model


@check("a profile that is not sRGB is sent along")
def profiles() -> Turns[None]:
    names = [name for name in krita().profiles("RGBA", "U8") if "ClayRGB" in name or "WideRGB" in name]
    assert names, krita().profiles("RGBA", "U8")
    profile = ours("spaces").profile_bytes("RGBA", names[0])
    assert profile[36:40] == b"acsp"
    assert profile[16:20] == b"RGB "
    yield from deep("U8", profile=names[0])


@check("alpha is kept")
def alpha() -> Turns[None]:
    for depth in ("U8", "F16"):
        at = yield from easel(depth=depth, alpha=True)
        made = yield from paint(at)
        assert numbers(at.samples(made), depth)[3::4] == numbers(at.samples(at.node), depth)[3::4]
        at.close()


def soft(width: int, height: int) -> bytes:
    """A selection with a soft edge: 0 far from the middle, 255 near it."""
    out = bytearray()
    for y in range(height):
        for x in range(width):
            away = ((x - width / 2) / width) ** 2 + ((y - height / 2) / height) ** 2
            out.append(int(max(0.0, min(1.0, (0.12 - away) * 14)) * 255))
    return bytes(out)


@check("a feathered selection: in the exported image not a sample outside it differs", core=True)
def selection() -> Turns[None]:
    mask = soft(*SIZE)
    outside = [at for at, value in enumerate(mask) if value == 0]
    inside = [at for at, value in enumerate(mask) if value == 255]
    assert min(len(outside), len(inside), len(set(mask))) > 100 or len(set(mask)) > 40, len(set(mask))
    for depth in ("U8", "U16"):
        at = yield from easel(depth=depth)
        at.select(mask)
        yield from pause()
        before, pixel = at.exported(), 4 if depth == "U8" else 8
        made = yield from paint(at)
        after = at.exported()
        changed = {i // pixel for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
        assert not changed & set(outside), "something outside has changed"
        assert len(changed & set(inside)) > len(inside) * 0.8
        white = 255 if depth == "U8" else 65535
        edges = {numbers(at.samples(made), depth)[4 * i + 3] for i, value in enumerate(mask) if 0 < value < 255}
        assert len(edges) > 30, "the edge is hard"
        assert {numbers(at.samples(made), depth)[4 * i + 3] for i in inside} == {white}
        assert at.document.selection() is not None
        at.close()


@check("a feathered selection in floats: what is seen outside is the same to the bit")
def selection_deep() -> Turns[None]:
    mask = soft(*SIZE)
    for model, depth in (("RGBA", "F32"), ("RGBA", "F16"), ("CMYKA", "U8"), ("GRAYA", "U16")):
        at = yield from easel(model, depth)
        at.select(mask)
        yield from pause()
        before = at.samples()
        yield from paint(at)
        after, pixel = at.samples(), ours("spaces").of(at.document).pixel_bytes
        changed = {i // pixel for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
        assert changed, model
        assert not {at for at in changed if mask[at] == 0}, f"something outside has changed in {model} {depth}"
        at.close()


@check("a small selection of a large layer: only what is near it is read")
def near() -> Turns[None]:
    at = yield from easel(size=(640, 480))
    mask = bytearray(640 * 480)
    for y in range(200, 240):
        mask[y * 640 + 300 : y * 640 + 350] = b"\xff" * 50
    at.select(bytes(mask))
    made = yield from paint(at)
    bounds = made.bounds()
    assert (bounds.x(), bounds.y(), bounds.width(), bounds.height()) == (300, 200, 50, 40)
    at.close()


@check("a group, and a layer in it")
def group() -> Turns[None]:
    at = yield from easel()
    folder = at.document.createGroupLayer("folder")
    at.document.rootNode().addChildNode(folder, None)
    inner = at.document.createNode("inner", "paintlayer")
    fill(inner, (40, 30), (5, 6))
    folder.addChildNode(inner, None)
    for node, expected in ((folder, at.document.rootNode()), (inner, folder)):
        yield from at.choose(node)
        made = yield from paint(at)
        assert made.parentNode() == expected
        bounds = made.bounds()
        assert (bounds.x(), bounds.y(), bounds.width(), bounds.height()) == (5, 6, 40, 30)
        yield from at.undo()
    at.close()


@check("vector, clone, file and fill layers")
def kinds() -> Turns[None]:
    at = yield from easel()
    at.document.setBatchmode(True)
    shapes = at.document.createVectorLayer("shapes")
    at.document.rootNode().addChildNode(shapes, None)
    shapes.addShapesFromSvg(
        '<svg width="64pt" height="48pt" viewBox="0 0 64 48"><rect x="6" y="6" width="40" height="30"/></svg>'
    )
    clone = at.document.createCloneLayer("clone", at.node) if hasattr(at.document, "createCloneLayer") else None
    linked = at.document.createFileLayer("file", file("layer.png"), "None")
    fill_ = at.document.createFillLayer(
        "fill", "color", importlib.import_module("krita").InfoObject(), importlib.import_module("krita").Selection()
    )
    for node in filter(None, (clone, linked, fill_)):
        at.document.rootNode().addChildNode(node, None)
    layers = [node for node in (shapes, clone, linked) if node is not None]
    # Shapes are drawn, and a file is read, a little later.
    yield from until(lambda: all(min(node.bounds().width(), node.bounds().height()) > 0 for node in layers), "layers")
    for node in layers:
        yield from at.choose(node)
        made = yield from paint(at)
        assert made.name() == f"{node.name()}, marbled"
        yield from at.undo()
    at.close()


def file(name: str) -> str:
    """The path of a picture's file that is written first."""
    path = Path(importlib.import_module("impasto_probe").FOLDER) / name
    image = ours("binding").QImage(50, 40, ours("binding").QImage.Format.Format_RGB32)
    for y in range(40):
        for x in range(50):
            image.setPixel(x, y, (x * 5) << 16 | (y * 6) << 8 | (x * y) % 256)
    assert image.save(str(path))
    return str(path)


@check("a layer beyond the canvas")
def beyond() -> Turns[None]:
    at = yield from easel()
    other = at.document.createNode("off", "paintlayer")
    fill(other, (90, 30), (-13, 30))
    at.document.rootNode().addChildNode(other, None)
    yield from at.choose(other)
    made = yield from paint(at)
    bounds = made.bounds()
    assert (bounds.x(), bounds.y(), bounds.width(), bounds.height()) == (-13, 30, 90, 30)
    place = (-13, 30, 90, 30)
    assert share(bytes(made.pixelData(*place)), bytes(other.pixelData(*place))) > 0.4
    at.close()


@check("a large layer is painted smaller and scaled")
def size() -> Turns[None]:
    for model, depth in (("RGBA", "U8"), ("CMYKA", "U8")):
        at = yield from easel(model, depth, size=(96, 80))
        made = yield from paint(at, size=48)
        assert share(at.samples(made), at.samples(at.node)) > 0.4
        channels = ours("spaces").of(made).channels
        assert set(at.samples(made)[channels - 1 :: channels]) == {255}
        at.close()


@check("several styles, one of them a file; the same seed gives the same pixels")
def styles() -> Turns[None]:
    at = yield from easel()
    chosen = {"styles": [{"file": file("my style.png"), "weight": 0.3}, {"built_in": "swirl"}], "keep_colours": True}
    made = yield from paint(at, **chosen)
    assert made.name() == "Background, my style + swirl"
    first = at.samples(made)
    yield from at.undo()
    made = yield from paint(at, **chosen)
    assert at.samples(made) == first
    at.close()


@check("cancelled: everything as before, and no undo entry", core=True)
def cancel() -> Turns[None]:
    at = yield from easel()
    at.select(soft(*SIZE))
    other = at.document.createNode("other", "paintlayer")
    at.document.rootNode().addChildNode(other, None)
    yield from at.choose(at.node)
    yield from pause()
    before = at.state()
    heard = begin(steps=LONG)
    yield from heard.seen()
    assert at.state() == before, "the document was touched by the preview"
    heard.run.cancel()
    ended = yield from heard.end()
    assert ended == ("cancelled", "")
    assert at.state() == before
    assert ours("run").shared().all == []
    assert ours("run").shared().children() == [], "its last preview stays in memory"
    at.close()


@check("stopped and kept: the picture so far is the layer", core=True)
def keep() -> Turns[None]:
    at = yield from easel()
    heard = begin(steps=LONG)
    yield from until(lambda: heard.steps >= 2, "some steps")
    heard.run.stop_and_keep()
    word, told = yield from heard.end()
    assert (word, told["kept"]) == ("finished", True)
    assert at.names == ["Background", "Background, marbled"]
    assert share(at.samples(at.top), at.samples(at.node)) > 0.3
    yield from at.undo()
    assert at.names == ["Background"]
    at.close()


@check("the layer is deleted, the picture converted, scaled or closed, or the source undone: a clean cancel", core=True)
def disturbed() -> Turns[None]:
    for what in ("delete", "convert", "scale", "close", "undo", "undo a stroke"):
        at = yield from easel()
        extra = at.document.createNode("extra", "paintlayer")
        fill(extra, SIZE)
        at.document.rootNode().addChildNode(extra, None)
        yield from at.choose(extra)
        if what == "undo a stroke":
            yield from at.act("fill_selection_foreground_color")
        heard = begin(steps=LONG)
        yield from heard.seen()
        if what == "delete":
            extra.remove()
        elif what == "convert":
            at.document.setColorSpace("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc")
        elif what == "scale":
            at.document.scaleImage(80, 60, 72, 72, "Bicubic")
        elif what == "close":
            at.close()
        else:
            yield from at.undo()
        word, told = yield from heard.end()
        assert word == "cancelled", (what, word, told)
        assert told, what
        assert ours("run").shared().all == []
        if what != "close":
            assert not [name for name in at.names if "marbled" in name], what
            at.close()


@check("own strokes undone in mid-run: it goes on", core=True)
def own_undo() -> Turns[None]:
    at = yield from easel()
    heard = begin(steps=LONG)
    yield from heard.seen()
    seen = [at.samples(at.node)]
    for name in ("fill_selection_foreground_color", "clear"):
        yield from at.act(name)
        seen.append(at.samples(at.node))
    assert len(set(seen)) == 3, "nothing was drawn"
    for expected in (seen[1], seen[0]):
        yield from at.undo()
        assert at.samples(at.node) == expected
        yield from pause(1.5)
        assert heard.run.active, heard.ends
    heard.run.stop_and_keep()
    word, told = yield from heard.end()
    assert word == "finished", (word, told)
    at.close()


@check("what was active when it began is painted, whatever is clicked while a style is read")
def pressed() -> Turns[None]:
    at = yield from easel()
    other = at.document.createNode("other", "paintlayer")
    fill(other, SIZE)
    at.document.rootNode().addChildNode(other, None)
    yield from at.choose(at.node)
    order, canvas = ours("order"), ours("canvas")
    awake, read = threading.Event(), order.style
    order.style = lambda told: awake.wait(WAIT_S) and read(told)  # a disk that is slow to wake
    try:
        heard = begin(steps=LONG)
        yield from at.choose(other)
        front = yield from easel()
        awake.set()
        yield from heard.seen()
    finally:
        order.style = read
    shown = canvas.canvas_of(canvas.controller_of(krita().activeWindow()))
    assert shown.findChild(ours("binding").QWidget, "impasto-preview") is None, "it grows on another picture"
    heard.run.stop_and_keep()
    yield from heard.end()
    assert at.names == ["Background", "Background, marbled", "other"]
    front.close()
    at.close()


@check("what cannot be painted is refused in words, and nothing is left")
def refusals() -> Turns[None]:
    at = yield from easel()
    before = at.state()

    def refused(**settings: Any) -> Turns[str]:
        word, told = yield from begin(**settings).end()
        assert word == "failed", (word, told)
        return str(told)

    told = yield from refused(styles=[{"file": "/nowhere/style.png"}])
    assert "/nowhere/style.png cannot be read: No such file" in told
    told = yield from refused(styles=[{"built_in": "nobody"}])
    assert "nobody" in told
    assert at.state() == before
    empty = at.document.createNode("empty", "paintlayer")
    at.document.rootNode().addChildNode(empty, None)
    yield from at.choose(empty)
    assert "'empty' is empty" in (yield from refused())
    fill(empty, (9, 30))
    assert "has 9 x 30 pixels; 16 each way are needed" in (yield from refused())
    fill(empty, (20, 20))
    mask = bytearray(SIZE[0] * SIZE[1])
    mask[-1] = 255
    at.select(bytes(mask))
    assert "nothing of 'empty' is selected" in (yield from refused())
    at.close()
    name = next(name for name in krita().profiles("RGBA", "U8") if "WideRGB" in name)
    at, tempfile.tempdir = (yield from easel(profile=name)), "/nowhere"  # where its bytes are to be had from Krita
    ours("spaces")._profiles.clear()
    faults: list[type[BaseException]] = []
    usual, sys.excepthook = sys.excepthook, lambda kind, *_: faults.append(kind)  # Krita's own opens a window
    try:
        assert "No such file or directory: '/nowhere" in (yield from refused())
        ours("order").PREVIEWS_PER_S = object()  # a mistake of ours
        tempfile.tempdir = None
        assert "Impasto made a mistake: TypeError" in (yield from refused())
    finally:
        ours("order").PREVIEWS_PER_S, tempfile.tempdir, sys.excepthook = 2, None, usual
    assert faults == [TypeError]
    assert ours("run").shared().all == []
    at.close()


@check("two pictures at once, each once")
def two() -> Turns[None]:
    first = yield from easel()
    one = begin(steps=LONG)
    yield from until(lambda: one.steps, "a step of the first")
    again = begin()
    word, told = yield from again.end()
    assert word == "failed"
    assert "is being painted already" in told
    second = yield from easel()
    other = begin()  # one editor is one client: what it asks for later may wait for what it asked for first
    yield from until(lambda: other.heard or other.ends, "word of the second")
    assert one.run.active
    assert ours("run").shared().of(first.document) is one.run
    one.run.cancel()
    ended = yield from one.end()
    assert ended[0] == "cancelled"
    ended = yield from other.end()
    assert ended[0] == "finished", ended
    assert second.names == ["Background", "Background, marbled"]
    assert first.names == ["Background"]
    first.close()
    second.close()
