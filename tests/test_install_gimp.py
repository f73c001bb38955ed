"""`impasto install gimp`, `uninstall gimp` and `doctor`, as a user runs them, on folders as GIMP makes them."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge
from harness import Home
from impasto import __version__
from impasto.editors import gimp, plugin
from impasto.gallery import STYLES
from onto_canvas.settings import NAME

PLUGINS = Path(bridge.__file__).parents[1]


@pytest.fixture
def home() -> Iterator[Home]:
    """A place for commands; nothing of it is left."""
    home = Home()
    yield home
    home.remove()


def profile(tmp_path: Path, name: str = "config/GIMP/3.0") -> Path:
    """A profile as GIMP leaves it."""
    made = tmp_path / name
    (made / "plug-ins").mkdir(parents=True)
    return made


def everything(folder: Path) -> set[str]:
    """All that is in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_plug_in_is_there_with_all_it_needs(home: Home, tmp_path: Path) -> None:
    """The script has the name of its folder and the run bit; the bridge finds this interpreter by what is written."""
    into = profile(tmp_path)

    done = home.run("install", "gimp", "--into", str(into))
    folder = into / "plug-ins" / gimp.NAME

    assert (done.returncode, done.stderr) == (0, "")
    assert str(folder) in done.stdout
    assert os.access(folder / f"{gimp.NAME}.py", os.X_OK)
    assert {"gimpfu/__init__.py", "bridge/process.py", "onto_canvas/window.py"} <= everything(folder)
    assert bridge.command(str(folder)) == [sys.executable, "-I", "-m", "impasto", "pipe"]
    assert not [name for name in everything(folder) if "pycache" in name or name.endswith(".md")]


def test_what_is_installed_finds_its_own_parts(home: Home, tmp_path: Path) -> None:
    """The parts that need no GIMP can be imported from the folder alone, by an interpreter that has nothing of ours."""
    into = profile(tmp_path)
    home.run("install", "gimp", "--into", str(into))
    folder = into / "plug-ins" / gimp.NAME
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from onto_canvas import order; print(order.STYLES[0])"

    told = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)

    assert told.stdout.strip() == "swirl", told.stderr


def test_uninstall_leaves_nothing(home: Home, tmp_path: Path) -> None:
    """The profile is as it was, also after an install on an install; a second time there is nothing to do."""
    into = profile(tmp_path)
    (into / "plug-ins" / "mine").mkdir()
    before = everything(into)
    for _ in range(2):
        assert home.run("install", "gimp", "--into", str(into)).returncode == 0

    (into / gimp.SETTINGS_FILE).write_text("{}")  # as the plug-in keeps its presets

    removed = home.run("uninstall", "gimp", "--into", str(into))
    again = home.run("uninstall", "gimp", "--into", str(into))

    assert removed.stdout.startswith("removed ")
    assert everything(into) == before
    assert (again.returncode, again.stdout) == (0, "nothing was installed\n")


def test_somebody_elses_plug_in_of_that_name_is_left_alone(home: Home, tmp_path: Path) -> None:
    """It is neither replaced nor removed."""
    into = profile(tmp_path)
    theirs = into / "plug-ins" / gimp.NAME
    theirs.mkdir()
    (theirs / "notes").write_text("mine")

    for command in ("install", "uninstall"):
        done = home.run(command, "gimp", "--into", str(into))
        assert done.returncode == 1
        assert "was not put there by Impasto" in done.stderr
    assert everything(theirs) == {"notes"}


def test_every_profile_of_the_account_is_found(tmp_path: Path) -> None:
    """One a minor version; what Flatpak and Snap do is known. Flatpak's GIMP starts Impasto outside of its sandbox."""
    for name in (".config/GIMP/3.0", ".config/GIMP/3.2", ".var/app/org.gimp.GIMP/config/GIMP/3.0", ".config/GIMP/2.10"):
        profile(tmp_path, name)
    profile(tmp_path, "snap/gimp/current/.config/GIMP/3.0")

    found = gimp.places(environment={}, home=tmp_path)
    flatpak = next(place for place in found if place.is_flatpak)
    advice = gimp.install(flatpak)

    assert len(found) == 4
    assert json.loads((flatpak.plug_in / plugin.ENVIRONMENT_FILE).read_text())["before"] == ["flatpak-spawn", "--host"]
    assert "flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP" in advice[0]
    with pytest.raises(plugin.NotInstalled, match="GIMP from Snap is closed in"):
        gimp.install(next(place for place in found if place.is_snap))


def test_no_profile_is_told(home: Home) -> None:
    """An account in which GIMP 3 never ran."""
    home.environment |= {"HOME": str(home.path), "XDG_CONFIG_HOME": str(home.path / "config")}
    home.environment.pop("GIMP3_DIRECTORY", None)

    done = home.run("install", "gimp")

    assert done.returncode == 1
    assert "start GIMP 3 once, or name a folder with --into" in done.stderr


def test_the_doctor_finds_nothing_where_all_is_well(home: Home, tmp_path: Path) -> None:
    """Each link is named; a daemon that does not run is no fault."""
    into = profile(tmp_path)
    home.run("install", "gimp", "--into", str(into))

    done = home.run("doctor", "--into", str(into))

    assert done.returncode == 0, done.stdout
    assert "!!" not in done.stdout
    for what in ("plug-in", "run bit", f"version: {__version__}", "interpreter", "socket", "daemon", "weights"):
        assert what in done.stdout


def harm(place: gimp.Place, kind: str, folder: Path) -> None:
    """Breaks an installation in one way."""
    environment = place.plug_in / plugin.ENVIRONMENT_FILE
    written = json.loads(environment.read_text())
    empty = folder / "python"
    empty.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S -c 'import impasto'\n")
    empty.chmod(0o755)
    if kind == "folder":
        gimp.uninstall(place)
    elif kind == "bit":
        place.script.chmod(0o644)
    elif kind == "damaged":
        environment.write_text("{")
    else:
        pythons = {"version": written["python"], "gone": "/nowhere/python", "empty": str(empty)}
        version = "0.0.1" if kind == "version" else written["version"]
        environment.write_text(json.dumps(written | {"python": pythons[kind], "version": version}))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("folder", "is not there"),
        ("bit", "run bit: not set"),
        ("version", "the plug-in is of 0.0.1"),
        ("gone", "cannot be started"),
        ("empty", "has no Impasto"),
        ("damaged", "missing or damaged"),
    ],
)
def test_the_doctor_names_what_is_wrong_and_what_to_do(home: Home, tmp_path: Path, kind: str, told: str) -> None:
    """One harm at a time; each is found, and the advice mends it."""
    place = gimp.places(profile(tmp_path))[0]
    gimp.install(place)
    harm(place, kind, tmp_path)

    found = home.run("doctor", "--into", str(place.plug_ins))
    home.run("install", "gimp", "--into", str(place.plug_ins))
    mended = home.run("doctor", "--into", str(place.plug_ins))

    assert found.returncode == 1
    assert told in found.stdout
    assert "run `impasto install gimp`" in found.stdout
    assert mended.returncode == 0, mended.stdout


def test_the_plug_in_offers_the_styles_that_there_are() -> None:
    """It cannot import the gallery; it has the same names in the same order."""
    tree = ast.parse((PLUGINS / "gimp" / "onto_canvas" / "order.py").read_text())
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STYLES"
    ]

    assert ast.literal_eval(value) == STYLES


def test_what_the_plug_in_keeps_has_the_name_that_uninstall_knows() -> None:
    """The two cannot import one another."""
    assert NAME == gimp.SETTINGS_FILE
