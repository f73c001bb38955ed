"""The commands about editors: `install`, `uninstall`, `doctor` and `gimp adopt`.

Knows the rooms that put plug-ins into editors and adopt scripts; imports them only inside the commands.
"""

import sys
from pathlib import Path
from typing import Any

import click

from impasto.config import Config

INTO = click.option(
    "--into", type=click.Path(path_type=Path), help="GIMP's profile, Krita's folder of resources.  [default: all]"
)
EDITORS = click.Choice(["gimp", "krita"])
NO_PROFILE = "no GIMP 3 profile was found: start GIMP 3 once, or name a folder with --into"
NO_KRITA = "no Krita was found: start Krita once, or name its folder of resources with --into"
ZIPPED = "written: in Krita, Tools > Scripts > Import Python Plugin from File; on this machine, where Impasto is"
SHOWN = {
    "gimp": "GIMP shows it when it is started next",
    "krita": "Krita shows it when it is started next: Settings > Dockers > Impasto",
}


@click.command()
@click.argument("editor", type=EDITORS)
@INTO
@click.option("--zip", "zip_file", type=click.Path(path_type=Path, dir_okay=False), help="Krita: only write this file.")
def install(editor: str, into: Path | None, zip_file: Path | None) -> int:
    """Put the plug-in into an editor: Filters > Artistic > Neural Style… in GIMP 3, a docker in Krita 5 and 6."""
    if zip_file is not None:
        return _write_zip(editor, zip_file)
    found, refused = _room(editor).places(into), 0
    for place in found:
        refused += _install(editor, place)
    if not found:
        print(f"impasto: {NO_PROFILE if editor == 'gimp' else NO_KRITA}", file=sys.stderr)
    return 0 if found and not refused else 1


def _write_zip(editor: str, file: Path) -> int:
    from impasto.editors import krita  # noqa: PLC0415

    if editor != "krita":
        raise click.BadOptionUsage("zip_file", "--zip is for Krita, which imports such files; GIMP does not")
    krita.write_zip(file)
    print(f"{file} {ZIPPED}")
    return 0


def _install(editor: str, place: Any) -> bool:  # noqa: ANN401  # a Place of that editor
    """Installs into one place, and says so; whether it could not be: one that cannot be served leaves the others."""
    from impasto.errors import ImpastoError  # noqa: PLC0415

    try:
        advice = _room(editor).install(place)
    except ImpastoError as error:
        print(f"impasto: {error.message}", file=sys.stderr)
        return True
    print(f"installed in {place.plug_in}; {SHOWN[editor]}")
    for line in advice:
        print(f"  {line}")
    return False


def into_all() -> bool:
    """Installs into every editor that was ever started here, and says so; whether one could not be served."""
    found = {editor: _room(editor).places(None) for editor in ("gimp", "krita")}
    if not any(found.values()):
        print("no GIMP 3 and no Krita was ever started here; then: impasto install gimp, impasto install krita")
    refused = [_install(editor, place) for editor, places in found.items() for place in places]
    return any(refused)


@click.command()
@click.argument("editor", type=EDITORS)
@INTO
def uninstall(editor: str, into: Path | None) -> int:
    """Take the plug-in out of an editor; nothing of it is left but what you made with it."""
    from impasto.editors import krita  # noqa: PLC0415

    room = _room(editor)
    removed = [place for place in room.places(into) if room.uninstall(place)]
    for place in removed:
        print(f"removed {place.plug_in}")
        if isinstance(place, krita.Place) and (kept := krita.kept(place)):
            print(f"  your presets, styles and results stay in {kept}")
    if not removed:
        print("nothing was installed")
    return 0


@click.command()
@click.argument("editor", type=EDITORS, required=False)
@INTO
@click.pass_obj
def doctor(config: Config, editor: str | None, into: Path | None) -> int:
    """Say why an editor's plug-in is missing or does nothing, and what to do; of every editor here, or of one."""
    from impasto import editors  # noqa: PLC0415

    if editor is None and into is not None:
        editor = "krita" if editors.krita.is_folder_of_krita(into) else "gimp"
    gimps = editors.gimp.places(into) if editor != "krita" else None
    kritas = editors.krita.places(into) if editor != "gimp" else None
    if editor is None and (gimps or kritas):  # who has one editor need not have the other
        gimps, kritas = gimps or None, kritas or None
    findings = list(editors.examine(config, gimps=gimps, kritas=kritas))
    for finding in findings:
        print(f"{'ok ' if finding.well else '!! '} {finding.what}: {finding.told}")
        if finding.advice:
            print(f"      {finding.advice}")
    return 0 if all(finding.well for finding in findings) else 1


def _room(editor: str) -> Any:  # noqa: ANN401  # a module with the verbs of `impasto.editors`
    """The module about an editor."""
    from impasto import editors  # noqa: PLC0415

    return getattr(editors, editor)


@click.group()
def gimp() -> None:
    """What impasto does for GIMP 3."""


@gimp.command()
@click.argument("script", type=click.Path(path_type=Path))
@INTO
@click.option("--name", default="", help="The plug-in's name.  [default: the file's]")
@click.option("--python", type=click.Choice(["2", "3"]), help="What it was written for.  [default: as it reads]")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and what will not work.")
def adopt(script: Path, into: Path | None, name: str, python: str | None, dry_run: bool) -> int:  # noqa: FBT001  # a flag
    """Make a Python-Fu script for GIMP 2.10 a plug-in of GIMP 3.

    Python 2 becomes Python 3, the gimpfu of this project goes beside the script, and what will not work is told with
    its line. The script itself is not changed, and not run.
    """
    from impasto import adoption  # noqa: PLC0415
    from impasto.adoption import installation  # noqa: PLC0415

    folders = [installation.plug_ins(folder) for folder in ([into] if into else installation.profiles())]
    if not folders and not dry_run:
        print(NO_PROFILE, file=sys.stderr)
        return 1
    adopted = adoption.adopt(script, [] if dry_run else folders, name=name, python=int(python) if python else None)
    print(f"{script.name}: {'Python 2' if adopted.python2 else 'Python 3'} (--python says otherwise)")
    for note in adopted.done:
        print(f"  line {note.line}: {note.text}")
    for note in adopted.undone:
        print(f"  ! line {note.line}: {note.text}")
    for folder in adopted.folders:
        print(f"installed in {folder}; GIMP shows it when it is started next")
    return 0
