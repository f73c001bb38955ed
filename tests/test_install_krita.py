"""`impasto install krita`, `uninstall krita` and `doctor`, as a user runs them, on folders as Krita makes them."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge
from harness import Home
from impasto import __version__
from impasto.editors import krita, kritarc, plugin

RC = """CanvasOnlyActive=true
[python]
enable_tenbrushes=true

[theme]
Theme=Krita dark
"""


@pytest.fixture
def home() -> Iterator[Home]:
    """A place for commands, with an account of its own; nothing of it is left."""
    home = Home()
    home.environment |= {"HOME": str(home.path)}
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "GIMP3_DIRECTORY"):
        home.environment.pop(name, None)
    yield home
    home.remove()


def account(folder: Path, text: str | None = RC) -> krita.Place:
    """Folders as Krita leaves them after its first start, with that kritarc."""
    place = krita.Place(folder / ".local/share/krita", folder / ".config/kritarc")
    (place.data / "pykrita").mkdir(parents=True)
    assert place.config is not None
    place.config.parent.mkdir(exist_ok=True)
    if text is not None:
        place.config.write_text(text)
    return place


def everything(folder: Path) -> dict[str, bytes]:
    """All that is in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_plug_in_is_there_with_all_it_needs_and_enabled(home: Home) -> None:
    """The package, what Krita finds it by, its action; the bridge finds this interpreter; kritarc has one line more."""
    place = account(home.path)

    done = home.run("install", "krita")

    assert (done.returncode, done.stderr) == (0, "")
    assert str(place.plug_in) in done.stdout
    there = set(everything(place.plug_in))
    assert {"__init__.py", "docker.py", "run.py", "bridge/conversation.py", "bridge/wishes.py"} <= there
    assert not [name for name in there if "pycache" in name or name.endswith((".md", ".action"))]
    assert not place.plug_in.joinpath("bridge").is_symlink()
    assert bridge.command(str(place.plug_in)) == [sys.executable, "-I", "-m", "impasto", "pipe"]
    assert f"X-KDE-Library={krita.NAME}" in place.desktop.read_text().splitlines()
    assert "<ActionCollection" in place.action.read_text()
    assert place.config is not None
    assert place.config.read_text() == RC.replace("[python]\n", f"[python]\nenable_{krita.NAME}=true\n")


def test_what_is_installed_can_be_imported_as_krita_does_it(home: Home) -> None:
    """The parts that need no Krita, from the folder of plug-ins alone, by an interpreter that has nothing of ours."""
    place = account(home.path)
    home.run("install", "krita")
    code = (
        f"import sys; sys.path.insert(0, {str(place.plug_in.parent)!r})\n"
        f"from {krita.NAME} import memory, state\nfrom {krita.NAME}.bridge import wishes\nprint(memory.data_folder())"
    )

    told = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)

    assert told.stdout.strip() == str(place.data / "impasto"), told.stderr


def test_uninstall_leaves_nothing_but_what_its_user_made(home: Home) -> None:
    """Also after an install on an install; presets and pictures stay, and it is said where."""
    place = account(home.path)
    (place.data / "pykrita" / "mine.desktop").write_text("")
    own = place.data / "impasto" / "settings.json"
    own.parent.mkdir()
    own.write_text("{}")
    before = everything(place.data) | everything(home.path / ".config")
    for _ in range(2):
        assert home.run("install", "krita").returncode == 0

    removed = home.run("uninstall", "krita")
    again = home.run("uninstall", "krita")

    assert f"removed {place.plug_in}" in removed.stdout
    assert f"stay in {own.parent}" in removed.stdout
    assert everything(place.data) | everything(home.path / ".config") == before
    assert (again.returncode, again.stdout) == (0, "nothing was installed\n")


def test_somebody_elses_plug_in_of_that_name_is_left_alone(home: Home) -> None:
    """It is neither replaced nor removed, and nothing is enabled."""
    place = account(home.path)
    place.plug_in.mkdir()
    (place.plug_in / "notes").write_text("mine")
    before = everything(home.path / ".local") | everything(home.path / ".config")

    for command in ("install", "uninstall"):
        done = home.run(command, "krita")
        assert done.returncode == 1
        assert "was not put there by Impasto" in done.stderr
    assert everything(home.path / ".local") | everything(home.path / ".config") == before


# every way to install Krita


def test_every_krita_of_the_account_is_found(tmp_path: Path) -> None:
    """The system's (or an AppImage's), Flatpak's, Snap's; Flatpak's starts Impasto outside of its sandbox."""
    account(tmp_path)
    account_of_flatpak = tmp_path / ".var/app/org.kde.krita"
    (account_of_flatpak / "data/krita").mkdir(parents=True)
    (tmp_path / "snap/krita/current/.local/share/krita").mkdir(parents=True)

    native, flatpak, snap = krita.places(environment={}, home=tmp_path)
    advice = krita.install(flatpak)

    assert native.data == tmp_path / ".local/share/krita"
    assert json.loads((flatpak.plug_in / plugin.ENVIRONMENT_FILE).read_text())["before"] == ["flatpak-spawn", "--host"]
    assert "flatpak override --user --talk-name=org.freedesktop.Flatpak org.kde.krita" in advice[0]
    assert (account_of_flatpak / "config/kritarc").read_text() == f"[python]\nenable_{krita.NAME}=true\n"
    with pytest.raises(plugin.NotInstalled, match="Krita from Snap is closed in"):
        krita.install(snap)


@pytest.mark.parametrize(
    ("platform", "data", "config"),
    [
        ("darwin", "Library/Application Support/krita", "Library/Preferences/kritarc"),
        ("win32", "AppData/Roaming/krita", "AppData/Local/kritarc"),
        (
            "win32",
            "AppData/Local/Packages/49800Krita_1a2b3c/LocalCache/Roaming/krita",
            "AppData/Local/Packages/49800Krita_1a2b3c/LocalCache/Local/kritarc",
        ),
    ],
)
def test_the_folders_of_other_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, data: str, config: str
) -> None:
    """macOS, Windows, and the Store's Krita on Windows."""
    monkeypatch.setattr(sys, "platform", platform)
    (tmp_path / data).mkdir(parents=True)

    (place,) = krita.places(environment={}, home=tmp_path)

    assert (place.data, place.config) == (tmp_path / data, tmp_path / config)


@pytest.mark.parametrize("named", [".", "pykrita"])
def test_a_folder_can_be_named(home: Home, named: str) -> None:
    """Krita's folder of resources, or its plug-ins'; where kritarc is not known, what to tick is said."""
    data = home.path / "elsewhere"
    (data / "pykrita").mkdir(parents=True)

    done = home.run("install", "krita", "--into", str(data / named))

    assert done.returncode == 0, done.stderr
    assert (data / "pykrita" / krita.NAME / "docker.py").is_file()
    assert "Python Plugin Manager" in done.stdout


def test_a_named_folder_of_the_account_has_its_kritarc(home: Home) -> None:
    """It is known where the configuration of a usual place lies."""
    place = account(home.path, None)

    home.run("install", "krita", "--into", str(place.data))

    assert place.config is not None
    assert kritarc.enabled(place.config, krita.NAME)


def test_no_krita_is_told(home: Home) -> None:
    """An account in which Krita never ran."""
    done = home.run("install", "krita")

    assert done.returncode == 1
    assert "start Krita once, or name its folder of resources with --into" in done.stderr


# kritarc


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "[python]\nenable_x=true\n"),
        ("", "[python]\nenable_x=true\n"),
        ("A=1", "A=1\n\n[python]\nenable_x=true\n"),
        ("A=1\r\n", "A=1\r\n\r\n[python]\r\nenable_x=true\r\n"),
        ("[python]", "[python]\nenable_x=true\n"),
        ("[python]\nenable_x=false\nenable_y=true\n[b]\nenable_x=false\n", None),
        ("# [python]\n[a]\nenable_x=true\n", "# [python]\n[a]\nenable_x=true\n\n[python]\nenable_x=true\n"),
        ("[python]\n enable_x = TRUE \n", "[python]\n enable_x = TRUE \n"),
    ],
)
def test_one_line_of_kritarc_is_ours(tmp_path: Path, before: str | None, after: str | None) -> None:
    """Only that one is made or changed, whatever else there is, with the ends of lines that the file has."""
    path = tmp_path / "config" / "kritarc"
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before.encode())

    kritarc.enable(path, "x")
    kritarc.enable(path, "x")

    wanted = after if after is not None else "[python]\nenable_x=true\nenable_y=true\n[b]\nenable_x=false\n"
    assert path.read_bytes() == wanted.encode()
    assert kritarc.enabled(path, "x")


@pytest.mark.parametrize("before", [None, "A=1\n", "[python]\nenable_y=true\n", "A=1\r\n", "[a]\nb=\xff\n\n[c]\nd=1\n"])
def test_kritarc_is_afterwards_as_it_was(tmp_path: Path, before: str | None) -> None:
    """Byte for byte, what is no UTF-8 among it; a file that was made for us goes."""
    path = tmp_path / "kritarc"
    if before is not None:
        path.write_bytes(before.encode("latin-1"))

    kritarc.enable(path, "x")
    kritarc.forget(path, "x")

    assert path.exists() == (before is not None)
    if before is not None:
        assert path.read_bytes() == before.encode("latin-1")


def test_a_linked_kritarc_stays_a_link(tmp_path: Path) -> None:
    """As people have who keep such files together; its permissions stay, too."""
    real, link = tmp_path / "dotfiles", tmp_path / "kritarc"
    real.write_text("A=1\n")
    real.chmod(0o600)
    link.symlink_to(real)

    kritarc.enable(link, "x")

    assert link.is_symlink()
    assert kritarc.enabled(real, "x")
    assert real.stat().st_mode & 0o777 == 0o600


# the zip


def test_the_zip_is_as_kritas_importer_wants_it(home: Home) -> None:
    """A desktop file, the package's own folder as an entry with an __init__.py, the action; nothing is installed."""
    file = home.path / "impasto-krita.zip"

    done = home.run("install", "krita", "--zip", str(file))

    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        archive.extractall(home.path / "out")
    assert {f"{krita.NAME}.desktop", f"{krita.NAME}/", f"{krita.NAME}/__init__.py"} <= set(names)
    assert f"{krita.NAME}.action" in names
    assert bridge.command(str(home.path / "out" / krita.NAME))[0] == sys.executable
    assert not (home.path / ".local").exists()


def test_gimp_has_no_zip(home: Home) -> None:
    """It is said, and nothing is written."""
    done = home.run("install", "gimp", "--zip", "x.zip")

    assert done.returncode == 2
    assert "--zip is for Krita" in done.stderr


# the doctor


def test_the_doctor_finds_nothing_where_all_is_well(home: Home) -> None:
    """Each link is named; who has no GIMP is not told to start it."""
    account(home.path)
    home.run("install", "krita")

    done = home.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "GIMP" not in done.stdout
    for what in ("plug-in", "enabled", f"version: {__version__}", "interpreter", "socket", "daemon", "weights"):
        assert what in done.stdout


def test_the_doctor_names_an_editor_that_is_asked_for_and_not_there(home: Home) -> None:
    """One, or with none at all both."""
    assert "start Krita once" in home.run("doctor", "krita").stdout
    both = home.run("doctor")
    assert both.returncode == 1
    assert "start Krita once" in both.stdout
    assert "start GIMP 3 once" in both.stdout


def harm(place: krita.Place, kind: str) -> None:
    """Breaks an installation in one way."""
    environment = place.plug_in / plugin.ENVIRONMENT_FILE
    written = json.loads(environment.read_text())
    assert place.config is not None
    if kind == "folder":
        krita.uninstall(place)
    elif kind == "desktop":
        place.desktop.unlink()
    elif kind == "bridge":
        (place.plug_in / "bridge" / "__init__.py").unlink()
    elif kind == "disabled":
        place.config.write_text(RC + f"[python]\nenable_{krita.NAME}=false\n")
    elif kind == "damaged":
        environment.write_text("{")
    else:
        changed = {"version": {"version": "0.0.1"}, "gone": {"python": "/nowhere/python"}}[kind]
        environment.write_text(json.dumps(written | changed))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("folder", "is not there"),
        ("desktop", f"{krita.NAME}.desktop is not there"),
        ("bridge", "is not there"),
        ("disabled", "Krita passes over it"),
        ("version", "the plug-in is of 0.0.1"),
        ("gone", "cannot be started"),
        ("damaged", "missing or damaged"),
    ],
)
def test_the_doctor_names_what_is_wrong_and_what_to_do(home: Home, kind: str, told: str) -> None:
    """One harm at a time; each is found, and the advice mends it."""
    place = account(home.path)
    krita.install(place)
    harm(place, kind)

    found = home.run("doctor", "krita", "--into", str(place.data))
    home.run("install", "krita")
    mended = home.run("doctor")

    assert found.returncode == 1
    assert told in found.stdout
    assert "run `impasto install krita`" in found.stdout
    assert mended.returncode == 0, mended.stdout
