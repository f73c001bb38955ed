"""The commands about editors: `gimp adopt`. Knows the room that adopts scripts; imports it only inside the command."""

import sys
from pathlib import Path

import click


@click.group()
def gimp() -> None:
    """What impasto does for GIMP 3."""


@gimp.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="Profile or plug-ins folder.  [default: all]")
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
        print("no GIMP 3 profile was found: start GIMP 3 once, or name a folder with --into", file=sys.stderr)
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
