"""The docker as a painter meets it: in a real Krita, opened by the menu, used by mouse and keys, with a real daemon."""

import os
import signal
from pathlib import Path

import pytest

from editors import gimp
from editors.krita_seat import WAIT_S, Painter, canvas, changed, seated
from editors.studio import Studio
from impasto.editors import krita as installer

pytestmark = pytest.mark.timeout(1800)

CHOSEN = "[style.name for style in docker.widget().choices().styles]"
KILL_PIPE = "import os\nos.kill(ours('run').shared().pipe._process.processId(), 9)\nanswer = True"
NEWEST = "(lambda item: item and item.data(256))(named('history').item(0))"  # of the history; None while it is empty


def test_a_style_is_chosen_by_clicking_and_painted(painter: Painter) -> None:
    """Opened by the menu; a style clicked, Stylise clicked; one new layer; the history has it with its settings."""
    paint_by_clicking(painter)


def test_likewise_in_the_older_one(own_studio: Studio, tmp_path: Path) -> None:
    """This machine's Krita."""
    paint_by_clicking(seated(own_studio, tmp_path))


def paint_by_clicking(painter: Painter) -> None:
    """Chooses mosaic, and paints."""
    choose_mosaic(painter)
    painter.click("stylise")
    painter.until("__import__('impasto_probe').at.names == ['Background', 'Background, mosaic']", "the new layer")
    painter.until("named('stylise').isVisible()", "the button again")

    painter.until(f"{NEWEST} and {NEWEST}.title == 'mosaic'", "the history")
    assert painter.ask("ours('memory').Memory().last().styles[0].name") == "mosaic"
    assert not painter.ask("named('notice').isVisible()"), "a painting that goes well has nothing to tell"
    painter.until("'weights fetch' in named('state').toolTip()", "how to have the finer encoder")
    painter.shot("painted")


def choose_mosaic(painter: Painter) -> None:
    """Clicks it, again where the wall was still being filled."""
    painter.insist(lambda: painter.click_style("Mosaic"), f"{CHOSEN} == ['mosaic']", "the style that was clicked")


def test_what_was_clicked_stays_chosen_with_another_pipe(painter: Painter) -> None:
    """The pipe ends, and another one tells the built-in styles anew."""
    choose_mosaic(painter)
    painter.inside(
        "import impasto_probe\nimpasto_probe.told = told = []\npanel = docker.widget()\nusual = panel.show_built_in\n"
        "panel.show_built_in = lambda names: (usual(names), told.append(len(names)))\nanswer = True"
    )
    painter.inside(KILL_PIPE)
    painter.until("named('state_words').text() == 'Impasto cannot be reached'", "the loss of the pipe")
    painter.click("state_button")

    painter.until("__import__('impasto_probe').told", "the styles, told anew")
    assert painter.ask(CHOSEN) == ["mosaic"]
    painter.inside("del docker.widget().show_built_in\nanswer = True")


def test_the_picture_grows_and_what_there_is_can_be_kept(painter: Painter) -> None:
    """In mid-run: bar, step, losses, time, a live thumbnail, the overlay on the canvas; then Stop and keep."""
    painter.choose({"styles": [{"built_in": "swirl"}], "steps": 9000})
    before = painter.shot("before")

    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled() and named('progress_picture').isVisible()", "a preview")
    bar = painter.ask("[named('progress_bar').value(), named('progress_bar').maximum()]")
    words = painter.ask("[named(name).text() for name in ('progress_where', 'progress_losses', 'state_words')]")
    middle, box = painter.names(), canvas(painter)
    grows = "the picture on the canvas"  # the first one is hardly painted
    gimp.until(lambda: changed(before, painter.shot("during"), box) > 0.5, grows, WAIT_S, painter.window.log)
    painter.click("progress_keep")
    painter.until("named('stylise').isVisible()", "the end")

    assert 0 < bar[0] < bar[1] == 9000
    assert words[0].startswith("step ")
    assert "content" in words[1]
    assert words[2] == "Painting"
    assert middle == ["Background"]  # the document was not touched
    assert painter.names() == ["Background", "Background, swirl"]
    painter.until(f"{NEWEST} and {NEWEST}.kept", "the history's new entry")


def test_cancel_leaves_the_document_as_it_was(painter: Painter) -> None:
    """Layers, pixels, undo, and not even marked as changed; the history has nothing of it."""
    painter.choose({"styles": [{"built_in": "swirl"}], "steps": 9000})
    before, results = painter.state(), painter.ask("named('history').count()")

    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled()", "a first step")
    painter.click("progress_cancel")
    painter.until("named('stylise').isVisible()", "the end")

    assert painter.state() == before
    assert painter.ask("named('history').count()") == results
    painter.until("named('state_words').text() == 'Ready'", "the daemon's word that it rests")


def test_a_result_brings_its_settings_back(painter: Painter) -> None:
    """One click on its small picture: styles with weights and every dial."""
    told = {
        "styles": [{"built_in": "marbled", "weight": 0.5}, {"built_in": "mosaic", "weight": 0.25}],
        "strength": 0.7,
        "stroke_size": 2.0,
        "keep_colours": True,
        "size": 64,
        "steps": 3,
        "seed": 11,
    }
    painter.choose(told)
    painter.click("stylise")
    painter.until("len(__import__('impasto_probe').at.names) == 2", "the new layer")
    painter.until("named('stylise').isVisible()", "the button again")

    painter.until(f"{NEWEST} and {NEWEST}.choices.seed == 11", "the history's new entry")
    painter.choose({})
    assert painter.ask("docker.widget().choices().seed") == 0
    history = "(lambda row: row.viewport().mapToGlobal(row.visualItemRect(row.item(0)).center()))(named('history'))"
    painter.in_sight("history")
    painter.insist(lambda: painter.click_at(history), "docker.widget().choices().seed == 11", "the settings")
    assert painter.ask(f"docker.widget().choices() == ours('choices').Choices.read({told!r})")
    assert painter.ask("named('mixer').isVisible()")


def test_presets_are_kept_by_name_and_taken_up(painter: Painter) -> None:
    """Asked for in a window that does not hold Krita up; taken up from the list; forgotten."""
    painter.choose({"styles": [{"built_in": "cubist"}], "strength": 0.9})
    painter.click("keep_preset")
    every = "QtWidgets.QApplication.topLevelWidgets()"
    found = f"[one for one in {every} if isinstance(one, QtWidgets.QInputDialog) and one.isVisible()]"
    painter.until(f"len({found}) == 1", "the question")
    dialog = f"{found}[-1]"
    painter.inside(f"{dialog}.setTextValue('Strong')\n{dialog}.accept()\nanswer = True")
    painter.until("named('presets').currentText() == 'Strong'", "the preset")
    painter.choose({})

    painter.inside("box = named('presets')\nbox.setCurrentIndex(1)\nbox.activated.emit(1)\nanswer = True")
    assert painter.ask("[docker.widget().choices().strength, docker.widget().choices().title]") == [0.9, "cubist"]
    painter.click("forget_preset")

    painter.until("not ours('memory').Memory().presets()", "the preset to be gone")
    told = painter.inside(
        "panel, notice, answer = docker.widget(), named('notice'), []\n"
        "path = ours('memory').Memory().path\n"
        "path.unlink()\n"
        "path.mkdir()\n"
        "for name in ('', 'Lost'):\n"
        "    panel.presets.keep(name)\n"
        "    answer.append(notice.text())\n"
        "path.rmdir()\n"
    )
    assert told[0] == "a preset needs a name: write one"
    assert told[1].startswith("the preset 'Lost' is not kept: /")


def test_what_cannot_be_a_style_is_told(painter: Painter) -> None:
    """A file that is no picture: in words, and nothing is chosen."""
    path = painter.window.home.path / "letter.odt"
    path.write_text("no picture")

    painter.inside(f"docker._pictures.take([{str(path)!r}])\nanswer = True")

    painter.until("'letter.odt cannot be used as a style' in named('notice').text()", "the refusal")
    assert painter.ask("docker.widget().choices().title") == "marbled"


def test_the_state_is_told_without_a_daemon_and_one_is_started(painter: Painter) -> None:
    """Not running, with what to do; a click starts one; killed in mid-run it is lost, found again, and paints on."""
    daemon = painter.studio.daemon
    daemon.home.run("stop")
    painter.until("named('state_words').text() == 'Impasto is not running'", "the state")
    assert painter.ask("named('state_advice').text()") == "It starts by itself with the next painting."

    painter.click("state_button")
    painter.until("named('state_words').text() == 'Ready'", "a daemon")

    painter.choose({"styles": [{"built_in": "swirl"}], "steps": 9000})
    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled()", "a first step")
    painter.inside(  # it is back sooner than whoever looks now and then would see
        "import impasto_probe\nimpasto_probe.seen = seen = []\n"
        "docker._run.lost.connect(lambda _text: seen.append(named('state_words').text()))\nanswer = True"
    )
    (pid,) = daemon.home.serving()
    os.kill(pid, signal.SIGKILL)
    painter.until("'Connection lost' in __import__('impasto_probe').seen", "the loss")
    painter.until("named('state_words').text() == 'Painting'", "the return")

    def kept() -> bool:  # a click may come while the lines above the button still change
        if painter.ask("named('progress_keep').isEnabled() and named('progress_keep').isVisible()"):
            painter.click("progress_keep")
        return len(painter.names()) == 2

    gimp.until(kept, "the painting", WAIT_S, painter.window.log)

    painter.inside(KILL_PIPE)
    painter.until("named('state_words').text() == 'Impasto cannot be reached'", "the loss of the pipe")
    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled()", "a first step through another one")
    assert painter.ask("named('state_words').text()") == "Painting"
    assert painter.ask("len(ours('run').shared().pipe.children())") == 1
    painter.click("progress_cancel")
    painter.until("named('stylise').isVisible()", "the end")


def test_two_documents_have_a_painting_each(painter: Painter) -> None:
    """The docker shows that of the document in front; the other goes on."""
    painter.choose({"styles": [{"built_in": "swirl"}], "steps": 9000})
    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled()", "a first step")
    painter.inside("import impasto_probe\nimpasto_probe.first = impasto_probe.at\nanswer = True")
    painter.new_document()
    painter.until("named('stylise').isVisible()", "the second document's button")
    painter.choose({"styles": [{"built_in": "marbled"}], "steps": 9001})
    painter.click("stylise")
    # One editor's paintings take turns in the order in which they were asked for.
    painter.until("named('progress_where').text().startswith('waits, number 1 in line')", "the second, waiting")
    assert painter.ask("len(ours('run').shared().all)") == 2

    painter.inside("krita().action('windows_previous').trigger()\nanswer = True")
    painter.until("named('progress_bar').maximum() == 9000", "the first, shown again")
    painter.click("progress_cancel")
    painter.until("len(ours('run').shared().all) == 1", "the end of the first")
    painter.inside("krita().action('windows_next').trigger()\nanswer = True")
    painter.until("named('progress_bar').maximum() == 9001", "the second, in its turn")
    painter.click("progress_cancel")
    painter.until("named('stylise').isVisible()", "the end of the second")


def test_all_text_of_the_panel_is_translated(painter: Painter) -> None:
    """With a catalogue that brackets what it is asked for, every word on a new panel stands in brackets."""
    found = painter.inside(
        "import gettext\n"
        "class Brackets(gettext.NullTranslations):\n"
        "    def gettext(self, message):\n"
        "        return f'[{message}]'\n"
        "binding, panels = ours('binding'), ours('panel')\n"
        "usual, binding._catalogue = binding._catalogue, Brackets()\n"
        "try:\n"
        "    panel = panels.Panel(docker._memory, docker._pictures, lambda menu: None)\n"
        "    panel.begin()\n"
        "    panel.progress.show_progress({'step': 1, 'total_steps': 2, 'time_left_s': 3.0})\n"
        "    panel.state.show_known(ours('state').Known({'running': False}))\n"
        "finally:\n"
        "    binding._catalogue = usual\n"
        "answer = []\n"
        "for widget in panel.findChildren(QtWidgets.QWidget):\n"
        "    for name in ('text', 'toolTip', 'specialValueText', 'title'):\n"
        "        answer.append(getattr(widget, name)() if hasattr(widget, name) else '')\n"
        "    if isinstance(widget, QtWidgets.QComboBox):\n"
        "        answer += [widget.itemText(row) for row in range(widget.count())]\n"
    )

    words = [text for text in found if isinstance(text, str) and any(letter.isalpha() for letter in text)]
    assert len(words) > 25
    assert [text for text in words if not text.startswith("[") and not text.endswith(" px")] == []


def test_windows_and_dockers_close_in_mid_run(painter: Painter) -> None:
    """A second window with a docker of its own, closed; the docker hidden; the painting goes on, nothing complains."""
    said = painter.window.log.stat().st_size
    painter.choose({"styles": [{"built_in": "swirl"}], "steps": 9000})
    painter.click("stylise")
    painter.until("named('progress_keep').isEnabled()", "a first step")
    assert painter.inside(
        "import impasto_probe\n"
        "def steps():\n"
        "    host = krita()\n"
        "    first, run = host.activeWindow(), ours('run').shared().all[0]\n"
        "    second = host.openWindow()\n"
        "    second.qwindow().show()\n"
        "    theirs = second.qwindow().findChild(QtWidgets.QDockWidget, 'impasto_docker')\n"
        "    theirs.setVisible(True)\n"
        "    wall = theirs.findChild(QtWidgets.QWidget, 'impasto_wall')\n"
        "    yield from until(lambda: wall.isVisible() and wall.count() >= 12, 'the wall of the second')\n"
        "    yield from pause(1)\n"
        "    assert theirs.findChild(QtWidgets.QWidget, 'impasto_stylise') is not None\n"
        "    second.qwindow().close()\n"
        "    docker.setVisible(False)\n"
        "    steps = []\n"
        "    run.progress.connect(lambda told: steps.append(told.get('step')))\n"
        "    yield from until(lambda: len(steps) > 3, 'more steps')\n"
        "    first.activate()\n"
        "    docker.setVisible(True)\n"
        "    return run.active\n"
    ), "the painting ended with the window"
    painter.until("named('progress').isVisible()", "the progress, shown again")
    painter.click("progress_cancel")
    painter.until("named('stylise').isVisible()", "the end")
    assert "Traceback" not in painter.window.said_since(said)


def test_kritas_own_importer_takes_the_zip(painter: Painter, tmp_path: Path) -> None:
    """Tools > Scripts > Import: the class behind it puts the same files where `install` does."""
    file, into = tmp_path / "impasto.zip", painter.window.home.path / "imported"
    into.mkdir()
    installer.write_zip(file)

    names = painter.inside(
        "from plugin_importer.plugin_importer import PluginImporter\n"
        f"answer = [p['name'] for p in PluginImporter({str(file)!r}, {str(into)!r}, lambda plugin: True).import_all()]"
    )

    place = installer.Place(into, None)
    assert names == [installer.NAME]
    assert place.desktop.is_file()
    assert place.action.is_file()
    here = {path.relative_to(place.data) for path in place.plug_in.rglob("*.py")}
    mine = painter.window.home.data
    assert here == {path.relative_to(mine) for path in (mine / "pykrita" / installer.NAME).rglob("*.py")}
