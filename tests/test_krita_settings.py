"""What Krita's docker chooses, says and remembers: the parts of the plug-in that need neither Qt nor Krita."""

import ast
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import impasto_docker
from bridge import wishes, words
from impasto_docker.choices import Choices, Style, Unusable
from impasto_docker.memory import MAX_RECENTS, MAX_RESULTS, Memory, Result
from impasto_docker.state import Known, State, line, tip

PLUGIN = Path(impasto_docker.__file__).parent
KEPT = "\N{NO-BREAK SPACE}"
OWN = Style("my picture", "/pictures/own.png", 0.25)
CHOSEN = Choices((Style("mosaic"), OWN), strength=0.7, stroke_size=2.0, keep_colours=True, size=640, steps=80, seed=7)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """A new one."""
    return Memory(tmp_path / "impasto")


def own(folder: Path, name: str) -> Style:
    """A style whose file is there."""
    path = folder / f"{name}.png"
    path.write_bytes(b"")
    return Style(name, str(path))


def result(number: int) -> Result:
    """A painting that came out."""
    return Result(f"style {number}", "2026-01-02T03:04:05", CHOSEN)


# choices


def test_choices_come_back_from_json_as_they_were() -> None:
    """Also through text, and with a title that is not the file's name."""
    assert Choices.read(json.loads(json.dumps(CHOSEN.told()))) == CHOSEN
    assert CHOSEN.told()["styles"] == [
        {"built_in": "mosaic", "weight": 1.0},
        {"file": "/pictures/own.png", "name": "my picture", "weight": 0.25},
    ]


def test_what_is_missing_is_as_usual_and_what_is_unknown_is_passed_over() -> None:
    """Files of older and of newer versions."""
    assert Choices.read({}) == Choices()
    assert Choices.read({"seed": 3, "of_tomorrow": True}) == Choices(seed=3)
    assert Choices.read({"styles": [{"file": "/a/sea.jpg"}]}).title == "sea"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"strength": 1.5}, "strength is 1.5; 0 to 1 is allowed"),
        ({"strength": True}, "strength is True"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"stroke_size": 0}, "stroke_size is 0; 0.05 to 4"),
        ({"size": "big"}, "size is 'big'"),
        ({"steps": -1}, "steps is -1; 0 to 10000"),
        ({"styles": []}, "a list of 1 to 8"),
        ({"styles": [{"built_in": "swirl"}] * 9}, "a list of 1 to 8"),
        ({"styles": [{"weight": 1.0}]}, "it needs either built_in, a name, or file, a path"),
        ({"styles": [{"built_in": "swirl", "file": "/a.png"}]}, "it needs either"),
        ({"styles": [{"built_in": "swirl", "weight": 0}]}, "weight is 0; 0.01 to 1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_value_and_what_is_allowed(told: dict[str, Any], message: str) -> None:
    """One mistake at a time."""
    with pytest.raises(Unusable) as refused:
        Choices.read(told)

    assert message in str(refused.value)


def test_dials_are_the_settings_of_the_api() -> None:
    """Only what was changed is asked for; a layer that is smaller than the size is painted as it is."""
    dials: dict[str, Any] = {"strength": 0.5, "stroke_size": 1.0, "keep_colours": False, "size": 640, "steps": 0}

    plain = wishes.settings(**dials, seed=1, width=640, height=480)
    asked = wishes.settings(**dials | {"keep_colours": True, "steps": 80}, seed=1, width=641, height=480)

    assert plain == {"strength": 0.5, "stroke_size": 1.0, "seed": 1}
    assert asked == plain | {"colour": "content-luminance", "size": 640, "steps": 80}


# memory


def test_nothing_remembered_is_as_usual(memory: Memory) -> None:
    """A first start; nothing is written by looking."""
    assert (memory.last(), memory.recents(), memory.presets(), memory.results()) == (Choices(), [], {}, [])


def test_the_last_choices_and_presets_are_there_the_next_day(memory: Memory, tmp_path: Path) -> None:
    """Names are trimmed, replaced, sorted, removed."""
    assert memory.remember(CHOSEN)
    assert memory.save_preset(" Oil ", CHOSEN)
    assert memory.save_preset("ink", Choices(seed=1))
    assert memory.save_preset("ink", Choices(seed=2))
    assert not memory.save_preset("  ", CHOSEN)

    tomorrow = Memory(tmp_path / "impasto")
    assert tomorrow.last() == CHOSEN
    assert list(tomorrow.presets().items()) == [("ink", Choices(seed=2)), ("Oil", CHOSEN)]
    tomorrow.remove_preset("Oil")
    assert list(memory.presets()) == ["ink"]


def test_own_pictures_the_newest_first_each_once_and_not_for_ever(memory: Memory, tmp_path: Path) -> None:
    """One that is deleted from the disk is no longer offered."""
    styles = [own(tmp_path, f"s{number}") for number in range(MAX_RECENTS + 2)]
    for style in [*styles, styles[5]]:
        memory.add_recent(style)
    Path(styles[-1].path).unlink()

    names = [style.name for style in memory.recents()]

    assert names[:2] == ["s5", f"s{MAX_RECENTS}"]
    assert len(names) == MAX_RECENTS - 1
    assert len(set(names)) == len(names)


def test_pictures_dropped_at_once_are_all_kept(memory: Memory, tmp_path: Path) -> None:
    """The docker takes them in threads: none writes over what another has just written."""
    styles = [own(tmp_path, f"s{number}") for number in range(MAX_RECENTS)]

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(memory.add_recent, styles))

    assert {style.name for style in memory.recents()} == {style.name for style in styles}


def test_a_picture_on_a_disk_that_is_away_is_on_the_wall_again_with_it(memory: Memory, tmp_path: Path) -> None:
    """A new style and one taken off meanwhile do not cost it its place; likewise what a newer version wrote."""
    disk, away = tmp_path / "disk", tmp_path / "away"
    disk.mkdir()
    for style in (own(disk, "travelling"), own(tmp_path, "old")):
        memory.add_recent(style)
    told = json.loads(memory.path.read_text())
    memory.path.write_text(json.dumps(told | {"recents": [*told["recents"], {"of_tomorrow": 1}]}))
    disk.rename(away)

    memory.add_recent(own(tmp_path, "new"))
    memory.forget_recent(own(tmp_path, "old"))
    assert [style.name for style in memory.recents()] == ["new"]

    away.rename(disk)
    assert [style.name for style in memory.recents()] == ["new", "travelling"]
    assert {"of_tomorrow": 1} in json.loads(memory.path.read_text())["recents"]


def test_a_path_that_is_no_unicode_is_remembered(memory: Memory) -> None:
    """Windows lets files be called so; without it every press of Stylise would be an error."""
    odd = Choices((Style("odd", "/pictures/\ud800.png"),))

    assert memory.remember(odd)
    assert memory.last() == odd


def test_a_picture_that_cannot_be_looked_at_is_no_style(memory: Memory, tmp_path: Path) -> None:
    """As one in a folder that is closed to this user; the wall has the others."""
    path = tmp_path / "seen.png"
    path.write_bytes(b"x")
    for name in (str(path), str(tmp_path / ("x" * 300))):  # which the system refuses to look for, even for root
        memory.add_recent(Style(Path(name).stem[:8], name))

    assert [style.name for style in memory.recents()] == ["seen"]


def test_a_copied_picture_goes_with_the_last_that_names_it(memory: Memory, tmp_path: Path) -> None:
    """The same picture is kept once; a file of the user's own is never touched."""
    mine = own(tmp_path, "mine")
    kept, same, newer = (memory.keep_picture(data, "pasted") for data in (b"one", b"one", b"two"))
    assert kept
    assert newer
    assert same == kept
    for style in (kept, mine, newer):
        memory.add_recent(style)
    for path in (kept.path, mine.path):
        os.utime(path, (0, 0))  # what has just been made is let be
    memory.add_result(Result("pasted", "", Choices((kept,))))

    memory.forget_recent(kept)
    memory.forget_recent(mine)
    assert Path(kept.path).read_bytes() == b"one"  # a result still has it
    memory.forget_results()

    assert not Path(kept.path).exists()
    assert Path(newer.path).exists()
    assert Path(mine.path).exists()


def test_results_have_their_settings_and_a_picture(memory: Memory) -> None:
    """The newest first, not more than a few dozen."""
    first = memory.add_result(result(0), b"picture")
    for number in range(1, 4):
        memory.add_result(result(number))
    found = memory.results()

    assert [one.title for one in found] == ["style 3", "style 2", "style 1", "style 0"]
    assert found[-1] == first
    assert found[-1].choices == CHOSEN
    assert Path(found[-1].thumbnail).read_bytes() == b"picture"
    os.utime(first.thumbnail, (0, 0))
    for number in range(MAX_RESULTS):
        memory.add_result(result(number))
    assert len(memory.results()) == MAX_RESULTS
    assert not Path(first.thumbnail).exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"last": 1, "presets": [], "recents": {}, "results": "x"}'])
def test_a_damaged_file_is_set_aside_and_begun_anew(memory: Memory, tmp_path: Path, text: str) -> None:
    """Whatever stands there; what was no JSON stays beside it for whoever wants to look."""
    path = tmp_path / "impasto" / "settings.json"
    path.parent.mkdir()
    path.write_text(text)

    assert (memory.last(), memory.recents(), memory.presets(), memory.results()) == (Choices(), [], {}, [])
    assert memory.remember(CHOSEN)
    assert memory.last() == CHOSEN
    assert path.with_suffix(".damaged").exists() == (text in ("", "{"))


def test_one_unreadable_entry_leaves_the_others(memory: Memory, tmp_path: Path) -> None:
    """A preset of another version."""
    memory.save_preset("good", CHOSEN)
    path = tmp_path / "impasto" / "settings.json"
    told = json.loads(path.read_text())
    told["presets"]["odd"] = {"strength": 9}
    path.write_text(json.dumps(told))

    assert list(memory.presets()) == ["good"]

    memory.add_result(result(1))
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"results": [{"of_tomorrow": 1}, *told["results"]]}))
    memory.add_result(result(2))
    assert [one.title for one in memory.results()] == ["style 2", "style 1"]
    assert {"of_tomorrow": 1} in json.loads(path.read_text())["results"]


def test_a_file_that_cannot_be_read_is_not_written_over(memory: Memory, tmp_path: Path) -> None:
    """What it holds is there again as soon as the disk is: nothing was put in its place."""
    path = tmp_path / "impasto" / "settings.json"
    path.parent.mkdir()
    path.symlink_to(path)  # no user may read this, not even root

    assert not memory.remember(CHOSEN)
    assert memory.last() == Choices()
    assert path.is_symlink()


def test_a_disk_that_does_not_let_us_is_told_and_nothing_breaks(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "impasto").write_text("")
    memory = Memory(tmp_path / "impasto")

    assert not memory.remember(CHOSEN)
    assert not memory.save_preset("a", CHOSEN)
    assert memory.keep_picture(b"x", "x") is None
    assert memory.last() == Choices()


# words


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "begins…"),
        ({"queue_position": 2, "time_left_s": 90}, "waits, number 2 in line, about 90 s left"),
        ({"step": 3, "total_steps": 80}, "step 3 of 80"),
        ({"step": 3, "total_steps": 80, "time_left_s": 130.0}, "step 3 of 80, about 2 min left"),
        ({"step": 3, "total_steps": 80, "time_left_s": 9000.0}, "step 3 of 80, about 2 h left"),
    ],
)
def test_how_far_it_is_in_words(told: dict[str, Any], said: str) -> None:
    """Place, step, time; a number and its unit stay on one line."""
    assert words.where(told).replace(KEPT, " ") == said
    assert (f"{KEPT}min" in words.where(told)) == (" min" in said)


def test_losses_in_words() -> None:
    """Three figures each, those that are there; no exponents."""
    told = {"losses": {"content": 12.3456, "style": 0.00123, "variation": 1.0}}
    assert words.losses(told).replace(KEPT, " ") == "content 12.3   style 0.00123"
    told = {"losses": {"content": 4.39e-6, "style": 1462.2, "total": 16213.4}}
    assert words.losses(told).replace(KEPT, " ") == "content 0   style 1462   total 16213"
    assert words.losses({"losses": {"style": 999.4, "total": 999.7}}).split() == ["style", "999", "total", "1000"]
    assert words.losses({}) == ""


# the state line

RUNNING = {"running": True, "encoder": "vgg19-slim", "devices": {"cpu": "2 cores"}, "queued_jobs": 0, "running_jobs": 0}


@pytest.mark.parametrize(
    ("known", "state", "said", "advice"),
    [
        (Known(), State.UNKNOWN, "Looking", ""),
        (Known(unreachable="run it again"), State.UNREACHABLE, "cannot be reached", "run it again"),
        (Known({"running": False}), State.NO_DAEMON, "not running", "starts by itself"),
        (Known({"running": False, "server": "it:7842"}), State.NO_DAEMON, "it:7842 does not answer", "Is the network"),
        (Known({"running": True}, refused="another token"), State.UNREACHABLE, "cannot be reached", "another token"),
        (Known({"running": False}, starting=True), State.STARTING, "Starting", "few seconds"),
        (Known({"running": False}, {}), State.STARTING, "Starting", "few seconds"),
        (Known(RUNNING, {}), State.PAINTING, "Painting", "go on drawing"),
        (Known(RUNNING), State.READY, "Ready", "vgg19-slim on cpu"),
        (Known(RUNNING | {"running_jobs": 2, "queued_jobs": 1}), State.BUSY, "2 in work, 1 waiting", "takes its turn"),
        (Known(RUNNING, {"job": "j", "state": "queued"}), State.BUSY, "Busy", "takes its turn"),
        (Known(RUNNING, {"job": "j", "state": "running", "step": 0}), State.LOADING, "Loading", "Only the first"),
        (Known(RUNNING, {"job": "j", "state": "running", "step": 1}), State.PAINTING, "Painting", "go on drawing"),
        (Known(RUNNING, {"job": "j", "step": 1}, lost="started again"), State.LOST, "lost", "started again"),
    ],
)
def test_the_state_is_told_with_what_to_do(known: Known, state: State, said: str, advice: str) -> None:
    """Each state, from what is known."""
    told = line(known)

    assert known.state is state
    assert said in told.words
    assert advice in told.advice


def test_who_paints_is_told_to_whoever_asks() -> None:
    """In the line's tip, with what to do for the finer encoder; no notice says so in every painting."""
    assert tip(RUNNING | {"descriptions": {"vgg19": "fetch brings it", "vgg19-slim": "shipped"}}) == (
        "vgg19: fetch brings it\nvgg19-slim: shipped"
    )
    assert tip(None) == tip({"running": False}) == ""


def test_every_sentence_goes_through_the_translator() -> None:
    """A translator that brackets finds no word outside of brackets but what the daemon says."""
    known = [Known(), Known({"running": False}), Known({}, {}), Known(RUNNING), Known(RUNNING | {"running_jobs": 1})]
    for one in known:
        told = line(one, lambda text: f"«{text}»")
        assert all(word.startswith("«") for word in told if word)
    assert words.where({"step": 1, "total_steps": 2, "time_left_s": 1}, lambda text: f"«{text}»").startswith("««step")


# text

SHOWN = {
    "QLabel", "QPushButton", "QCheckBox", "QMenu", "addAction", "addItem", "addMenu", "addRow", "setLabelText",
    "setNameFilter", "setPlaceholderText", "setSpecialValueText", "setText", "setTitle", "setToolTip",
    "setWindowTitle", "tell",
}  # fmt: skip


def shown_as_they_are(tree: ast.AST) -> Iterator[str]:
    """Words in the source that go to the screen without having been translated."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SHOWN:
            for argument in node.args:
                text = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(text, str) and any(letter.isalpha() for letter in text):
                    yield f"line {node.lineno}: {text!r}"


@pytest.mark.parametrize("path", sorted(PLUGIN.glob("*.py")), ids=lambda path: path.name)
def test_no_word_goes_to_the_screen_untranslated(path: Path) -> None:
    """All text passes `translated`, from which xgettext takes it (xgettext -k translated -k tr)."""
    assert list(shown_as_they_are(ast.parse(path.read_text()))) == []


def test_the_search_for_untranslated_words_finds_some() -> None:
    """The test above can fail."""
    assert list(shown_as_they_are(ast.parse('label.setText("Hello")'))) == ["line 1: 'Hello'"]
