"""The commands about editors: `install`, `uninstall`, `doctor` and `gimp adopt`.

Knows the rooms that put plug-ins into editors and adopt scripts; imports them only inside the commands.
"""

import sys
from pathlib import Path

import click

from impasto.config import Config

INTO = click.option("--into", type=click.Path(path_type=Path), help="Profile or plug-ins folder.  [default: all]")
EDITOR = click.argument("editor", type=click.Choice(["gimp"]))
NO_PROFILE = "no GIMP 3 profile was found: start GIMP 3 once, or name a folder with --into"


@click.command()
@EDITOR
@INTO
def install(editor: str, into: Path | None) -> int:  # noqa: ARG001  # there is one so far
    """Put the plug-in into an editor: Filters > Artistic > Neural Style… in GIMP 3."""
    from impasto import editors  # noqa: PLC0415
    from impasto.errors import ImpastoError  # noqa: PLC0415

    found, refused = editors.places(into), 0
    for place in found:
        try:
            done = editors.install(place)
        except ImpastoError as error:  # one profile that cannot be served leaves the others
            print(f"impasto: {error.message}", file=sys.stderr)
            refused += 1
            continue
        print(f"installed in {done.folder}; GIMP shows it when it is started next")
        if done.advice:
            print(f"  {done.advice}")
    if not found:
        print(f"impasto: {NO_PROFILE}", file=sys.stderr)
    return 0 if found and not refused else 1


@click.command()
@EDITOR
@INTO
def uninstall(editor: str, into: Path | None) -> int:  # noqa: ARG001  # there is one so far
    """Take the plug-in out of an editor; nothing of it is left."""
    from impasto import editors  # noqa: PLC0415

    removed = [place for place in editors.places(into) if editors.uninstall(place)]
    for place in removed:
        print(f"removed {place.plug_in}")
    if not removed:
        print("nothing was installed")
    return 0


@click.command()
@INTO
@click.pass_obj
def doctor(config: Config, into: Path | None) -> int:
    """Say why an editor's menu entry is missing or does nothing, and what to do."""
    from impasto import editors  # noqa: PLC0415

    findings = list(editors.examine(config, editors.places(into)))
    for finding in findings:
        print(f"{'ok ' if finding.well else '!! '} {finding.what}: {finding.told}")
        if finding.advice:
            print(f"      {finding.advice}")
    return 0 if all(finding.well for finding in findings) else 1


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
