"""What the plug-in remembers from one run to the next, and what it asks for: files and plain values, no GIMP."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bridge import Event
from onto_canvas import order
from onto_canvas.settings import MOST_RECENT, NAME, Settings


@pytest.fixture
def memory(tmp_path: Path) -> Settings:
    """Settings in an empty profile."""
    return Settings(str(tmp_path))


def style(folder: Path, name: str = "starry.png", content: bytes = b"a picture") -> tuple[str, str]:
    """A style picture's path and what it is."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return str(folder / name), hashlib.sha256(content).hexdigest()


def test_a_result_that_crosses_a_cancel_is_nobodys() -> None:
    """The daemon may have finished before it hears of it; the user was told that it stops."""
    outcome = order.Outcome(unwanted=True)
    for kind, payload in (("result", b"samples"), ("done", b"")):
        outcome.hear(Event(kind, {}, payload))

    with pytest.raises(order.Cancelled):
        outcome.painting()


def test_a_style_whose_name_is_no_unicode_has_words(tmp_path: Path) -> None:
    """As old disks have them: GIMP takes no layer name, and GTK no title, that is none."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Path(path).write_bytes(b"picture")

    assert order.from_file(path).title == "caf\N{REPLACEMENT CHARACTER}"
    with pytest.raises(order.Failed, match="/n\N{REPLACEMENT CHARACTER}t"):
        order.from_file(str(tmp_path / "n\udce9t.png"))
    with pytest.raises(order.Failed, match="null byte"):
        order.from_file("/a\0b.png")


def test_presets_are_kept_replaced_and_dropped(memory: Settings, tmp_path: Path) -> None:
    """By their names; another GIMP of the same profile sees them."""
    memory.keep_preset("soft", {"strength": 0.2})
    memory.keep_preset("hard", {"strength": 0.9})
    memory.keep_preset("soft", {"strength": 0.3})
    again = Settings(str(tmp_path))

    assert again.presets() == {"hard": {"strength": 0.9}, "soft": {"strength": 0.3}}
    again.drop_preset("hard")
    assert list(memory.presets()) == ["soft"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"presets": [], "recent": {}}', '{"presets": {"odd": 3}}', '{"recent": [1, {"path": 2}]}'],
)
def test_a_damaged_file_counts_as_nothing(memory: Settings, tmp_path: Path, text: str) -> None:
    """A painting never fails for it, and the next thing kept makes it whole; what was no JSON stays beside it."""
    (tmp_path / NAME).write_text(text)

    assert memory.presets() == {}
    assert memory.find("/nowhere/a.png", "00") is None
    memory.keep_preset("soft", {})
    assert json.loads((tmp_path / NAME).read_text())["presets"] == {"soft": {}}
    aside = (tmp_path / NAME).with_suffix(".damaged")
    assert (aside.read_text() if aside.exists() else None) == (text if text in ("", "{") else None)


def test_a_file_that_cannot_be_read_is_not_written_over(memory: Settings, tmp_path: Path) -> None:
    """Its presets are there again as soon as the disk is: nothing was put in their place."""
    (tmp_path / NAME).symlink_to(tmp_path / NAME)  # no user may read this, not even root

    assert not memory.keep_preset("soft", {})

    assert memory.presets() == {}
    assert (tmp_path / NAME).is_symlink()
    assert list(tmp_path.iterdir()) == [tmp_path / NAME]


def test_a_profile_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    """Quietly."""
    Settings(str(tmp_path / "gone")).keep_preset("soft", {})


def test_a_style_is_found_where_it_was_and_where_it_was_used_since(memory: Settings, tmp_path: Path) -> None:
    """By its content: a file of that name with another picture in it is not it."""
    path, digest = style(tmp_path / "old")
    memory.used(path, digest)
    assert memory.find(path, digest) == path

    moved = Path(path).rename(tmp_path / "renamed.png")
    assert memory.find(path, digest) is None
    memory.used(str(moved), digest)
    assert memory.find(path, digest) == str(moved)

    Path(path).write_bytes(b"another picture")
    assert memory.find(path, digest) == str(moved)


def test_a_style_is_found_under_its_name_in_folders_of_styles(memory: Settings, tmp_path: Path) -> None:
    """Where all styles were moved together, one of them used since shows the way to the others."""
    path, digest = style(tmp_path / "old")
    other = style(tmp_path / "new", "other.png", b"other")
    memory.used(*other)
    Path(path).rename(tmp_path / "new" / "starry.png")

    assert memory.find(path, digest) == str(tmp_path / "new" / "starry.png")


def test_only_so_many_are_remembered(memory: Settings, tmp_path: Path) -> None:
    """The newest, each once."""
    for number in range(MOST_RECENT + 5):
        memory.used(f"/styles/{number}.png", f"{number}")
    memory.used("/styles/30.png", "new")
    recent = json.loads((tmp_path / NAME).read_text())["recent"]

    assert len(recent) == MOST_RECENT
    assert recent[0] == {"path": "/styles/30.png", "sha256": "new"}
    assert len({entry["path"] for entry in recent}) == MOST_RECENT


def test_what_another_version_remembers_is_taken_as_far_as_it_is_known() -> None:
    """Names become those of parameters; values of another kind, and what is unknown, are left out."""
    told: dict[str, Any] = {
        "style": "mosaic", "style_file": 3, "strength": 0.25, "stroke_size": "wide", "keep_colours": True, "size": 512,
        "steps": 1.5, "seed": True, "mood": "blue",
    }  # fmt: skip

    assert order.Choices.known(told) == {"style": "mosaic", "strength": 0.25, "keep-colours": True, "size": 512}


def test_a_style_is_told_apart_by_what_it_is() -> None:
    """The same samples under another size or profile are another picture; a file is known by its bytes alone."""
    header = {"width": 2, "height": 3, "pixel_format": "gray", "sample_type": "u8"}
    pictures = [
        order.StylePicture("a", built_in="swirl"),
        order.StylePicture("a", built_in="mosaic"),
        order.StylePicture("a", data=b"123456"),
        order.StylePicture("a", data=b"123456", header=header),
        order.StylePicture("a", data=b"123456", header={**header, "width": 3, "height": 2}),
        order.StylePicture("a", data=b"123456", header={**header, "icc_profile": b"wide"}),
    ]

    assert len({found.sha256 for found in pictures}) == len(pictures)
    assert order.StylePicture("b", data=b"123456").sha256 == hashlib.sha256(b"123456").hexdigest()


def test_a_small_area_is_painted_at_its_own_size() -> None:
    """Only what is larger than the size that was chosen is painted smaller."""
    choices = order.Choices("swirl", "", 0.5, 1.0, keep_colours=True, size=512, steps=0, seed=3)

    assert choices.settings(512, 300) == {
        "strength": 0.5, "stroke_size": 1.0, "seed": 3, "colour": "content-luminance",
    }  # fmt: skip
    assert choices.settings(300, 513)["size"] == 512
